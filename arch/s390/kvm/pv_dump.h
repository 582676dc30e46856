/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the interface between KVM and the dump of a protected guest.
 * Never holds code beyond the one-line test that KVM_RUN makes on every pass.
 */
#ifndef ARCH_S390_KVM_PV_DUMP_H
#define ARCH_S390_KVM_PV_DUMP_H

#include <linux/compiler.h>
#include <linux/kvm_host.h>

struct kvm_pv_cmd;

/**
 * kvm_s390_pv_dump_active - is a dump of this guest going on?
 * @kvm: the VM
 *
 * Context: Any. Without the locks of pv_dump.c the answer may be stale; a vCPU
 *          that asks after it has cleared its PROG_REQUEST cannot miss a dump
 *          that began before it enters SIE.
 * Return: true from a successful DUMP_INIT until DUMP_COMPLETE or teardown.
 */
static inline bool kvm_s390_pv_dump_active(const struct kvm *kvm)
{
	return READ_ONCE(kvm->arch.pv_dump.active);
}

void kvm_s390_pv_dump_init_vm(struct kvm *kvm);
void kvm_s390_pv_dump_destroy_vm(struct kvm *kvm);
void kvm_s390_pv_dump_teardown_begin(struct kvm *kvm);
void kvm_s390_pv_dump_teardown_end(struct kvm *kvm, bool destroyed);

bool kvm_s390_pv_dump_supported(void);
int kvm_s390_pv_info(const struct kvm_pv_cmd *cmd);
int kvm_s390_pv_dump(struct kvm *kvm, struct kvm_pv_cmd *cmd,
		     struct kvm_pv_cmd __user *ucmd);
int kvm_s390_pv_dump_vcpu_command(struct kvm_vcpu *vcpu,
				  struct kvm_pv_cmd __user *ucmd);

#endif /* ARCH_S390_KVM_PV_DUMP_H */
