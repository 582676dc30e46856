/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the seam between the dump engine and firmware, user space, memory, signals and vCPUs.
 * Never costs anything without the unit test: then each function is the plain call.
 *
 * Part of pv_dump.c, for no other file.
 */
#ifndef ARCH_S390_KVM_PV_DUMP_SEAM_H
#define ARCH_S390_KVM_PV_DUMP_SEAM_H

#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/uv.h>
#include "kvm-s390.h"

/* What the unit test puts in the place of the real ones; see there for each. */
struct pv_dump_seam_ops {
	const struct uv_info *uv_info;
	int (*uvc)(void *uvcb);
	unsigned long (*copy_from_user)(void *to, const void __user *from, unsigned long len);
	unsigned long (*copy_to_user)(void __user *to, const void *from, unsigned long len);
	int (*fault_in_writeable)(void __user *buf, u64 len);
	void *(*alloc)(u64 len);
	bool (*killed)(void);
	void (*kick)(struct kvm_vcpu *vcpu);
};

#ifdef CONFIG_KVM_S390_PV_DUMP_KUNIT_TEST
static const struct pv_dump_seam_ops *pv_dump_seam;
#else
#define pv_dump_seam ((const struct pv_dump_seam_ops *)NULL)
#endif

static int pv_dump_fault_in_writeable(void __user *buf, u64 len);

/* What this machine's Ultravisor offers. */
static inline const struct uv_info *pv_dump_info(void)
{
	return pv_dump_seam ? pv_dump_seam->uv_info : &uv_info;
}

/* One attempt at a UVC. Return: the condition code. */
static inline int pv_dump_uvc(void *uvcb)
{
	return pv_dump_seam ? pv_dump_seam->uvc(uvcb) : __uv_call(0, (u64)uvcb);
}

static inline unsigned long pv_dump_copy_from(void *to, const void __user *from,
					      unsigned long len)
{
	if (pv_dump_seam)
		return pv_dump_seam->copy_from_user(to, from, len);
	return copy_from_user(to, from, len);
}

static inline unsigned long pv_dump_copy_to(void __user *to, const void *from,
					    unsigned long len)
{
	if (pv_dump_seam)
		return pv_dump_seam->copy_to_user(to, from, len);
	return copy_to_user(to, from, len);
}

/* Can the buffer be written? Return: 0, -EFAULT, or -EINTR when being killed. */
static inline int pv_dump_probe_buffer(void __user *buf, u64 len)
{
	if (pv_dump_seam)
		return pv_dump_seam->fault_in_writeable(buf, len);
	return pv_dump_fault_in_writeable(buf, len);
}

/* Zeroed memory that is charged to the caller, and may be in many pieces. */
static inline void *pv_dump_alloc(u64 len)
{
	return pv_dump_seam ? pv_dump_seam->alloc(len) : kvzalloc(len, GFP_KERNEL_ACCOUNT);
}

static inline bool pv_dump_killed(void)
{
	return pv_dump_seam ? pv_dump_seam->killed() : fatal_signal_pending(current);
}

/* Make a vCPU see the dump: out of SIE when it is in, awake when it sleeps. */
static inline void pv_dump_kick(struct kvm_vcpu *vcpu)
{
	if (pv_dump_seam) {
		pv_dump_seam->kick(vcpu);
		return;
	}
	kvm_s390_sync_request(KVM_REQ_PV_DUMP, vcpu);
	kvm_s390_vcpu_wakeup(vcpu);
}

#endif /* ARCH_S390_KVM_PV_DUMP_SEAM_H */
