/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dumps of protected virtual machines: the interface to the rest of KVM.
 */
#ifndef ARCH_S390_KVM_PV_DUMP_H
#define ARCH_S390_KVM_PV_DUMP_H

#include <linux/kvm_host.h>

/**
 * kvm_s390_pv_dump_active - is a dump of this guest in progress?
 * @kvm: the VM
 *
 * Context: Any. The answer may be stale without the locks of pv_dump.c. A vCPU
 *          that finds KVM_REQ_PV_DUMP sees the dump which made the request.
 * Return: true from a successful DUMP_INIT until DUMP_COMPLETE or teardown.
 */
static inline bool kvm_s390_pv_dump_active(const struct kvm *kvm)
{
	return READ_ONCE(kvm->arch.pv_dump.active);
}

bool kvm_s390_pv_dump_supported(void);
int kvm_s390_pv_info(const struct kvm_pv_cmd *cmd);
int kvm_s390_pv_dump(struct kvm *kvm, struct kvm_pv_cmd *cmd);
int kvm_s390_pv_dump_cpu(struct kvm_vcpu *vcpu, struct kvm_pv_cmd *cmd);
void kvm_s390_pv_dump_teardown_begin(struct kvm *kvm);
void kvm_s390_pv_dump_teardown_end(struct kvm *kvm);

#endif /* ARCH_S390_KVM_PV_DUMP_H */
