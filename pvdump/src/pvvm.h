/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one protected VM: KVM file descriptors, memory, vCPUs, PV and dump ioctls.
 */
#ifndef PVVM_H
#define PVVM_H

#include <linux/kvm.h>
#include <stdatomic.h>

#include "dumpfile.h"
#include "seimg.h"

#define FEATURE_MARK_MASK	0xffffffffffffull
#define FEATURE_MARK_SOFTUV	0x534f46545556ull	/* the software Ultravisor names itself */

/*
 * struct pvvm - one VM
 * @kvm, @vm: file descriptors, -1 when closed
 * @vcpu, @run, @nvcpu: vCPU descriptors and their kvm_run areas
 * @mem, @map, @map_size, @mem_size: guest memory and the mapping that holds it
 * @protected: KVM_PV_ENABLE succeeded and KVM_PV_DISABLE is due
 * @closing: the VM is being ended: a stop request no longer interrupts
 * @dumping: a dump is active in the kernel
 * @dump_allowed: the SE header has the plaintext control flag for dumps
 * @soft: the machine is the software Ultravisor
 * @sizes: buffer lengths from KVM_PV_INFO
 */
struct pvvm {
	int kvm, vm;
	int *vcpu;
	struct kvm_run **run;
	size_t run_size;
	uint32_t nvcpu;
	uint8_t *mem, *map;
	uint64_t map_size, mem_size;
	bool protected, dumping, closing, dump_allowed, soft;
	struct kvm_s390_pv_info_dump sizes;
};

/* Set by the signal handler: a request to stop; ioctls are then no longer restarted. */
extern atomic_int stop_signal;
/**
 * stop_check() - was a signal caught?
 * @f: set when one was
 *
 * Return: 0, or -1 when a signal asked to stop.
 */
int stop_check(struct fail *f);

/**
 * pvvm_init() - a VM that does not exist yet
 * @v: VM
 */
void pvvm_init(struct pvvm *v);
/**
 * pvvm_create() - check the host, create VM, memory and vCPUs
 * @v: VM after pvvm_init(); close it with pvvm_close() in every case
 * @mem_size: bytes, a multiple of 1 MiB
 * @vcpus: number of vCPUs
 * @backing: "anon", "shm" or "file=PATH"
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pvvm_create(struct pvvm *v, uint64_t mem_size, uint32_t vcpus, const char *backing,
		struct fail *f);
/**
 * pvvm_start() - place and unpack the components, verify them, start vCPU 0 as loaded
 * @v: VM
 * @img: opened image
 * @f: set on failure
 *
 * Return: 0 or -1; pvvm_close() knows how far it came.
 */
int pvvm_start(struct pvvm *v, struct seimg *img, struct fail *f);
/**
 * pvvm_close() - end an active dump, unprotect and free everything
 * @v: VM
 * @f: set to the first failure
 *
 * Return: 0 or -1.
 */
int pvvm_close(struct pvvm *v, struct fail *f);

/**
 * pvvm_dump_init() - KVM_PV_DUMP INIT
 * @v: VM
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pvvm_dump_init(struct pvvm *v, struct fail *f);
/**
 * pvvm_dump_cpu() - KVM_PV_DUMP CPU
 * @v: VM
 * @id: number of the vCPU
 * @buf: result, @v->sizes.dump_cpu_buffer_len bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pvvm_dump_cpu(struct pvvm *v, uint32_t id, uint8_t *buf, struct fail *f);
/**
 * pvvm_dump_state() - KVM_PV_DUMP CONFIG_STOR_STATE
 * @v: VM
 * @gaddr: guest absolute address, 1 MiB aligned
 * @mib: MiB of guest memory
 * @buf: result, @mib * @v->sizes.dump_config_mem_buffer_per_1m bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pvvm_dump_state(struct pvvm *v, uint64_t gaddr, uint64_t mib, uint8_t *buf, struct fail *f);
/**
 * pvvm_dump_complete() - KVM_PV_DUMP COMPLETE
 * @v: VM
 * @buf: result, @v->sizes.dump_config_finalize_len bytes
 * @f: set on failure
 *
 * Return: 0, or -1: the dump is still active.
 */
int pvvm_dump_complete(struct pvvm *v, uint8_t *buf, struct fail *f);
/**
 * pvvm_get_regs() - registers of a vCPU as the hypervisor sees them
 * @v: VM
 * @id: number of the vCPU
 * @r: result
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pvvm_get_regs(struct pvvm *v, uint32_t id, struct vcpu_regs *r, struct fail *f);

#endif /* PVVM_H */
