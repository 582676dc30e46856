/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the numbers and layouts of the protected-guest dump ABI, stated independently of
 * any header. Never calls the kernel; where uapi headers know the ABI they must agree.
 */
#ifndef PV_DUMP_ABI_H
#define PV_DUMP_ABI_H

#include <assert.h>
#include <stddef.h>
#include <linux/types.h>
#include <linux/kvm.h>

/*
 * The values are those of the mainline ABI (Documentation/virt/kvm/api.rst, sections on
 * KVM_S390_PV_COMMAND and KVM_S390_PV_CPU_COMMAND). They are spelled out here, so that
 * the test builds against headers of a kernel that lacks the feature, and so that a
 * header which drifts from the ABI does not build.
 */
#define PVD_CAP_PROTECTED	180
#define PVD_CAP_DUMP		217

#define PVD_IOC_VM		_IOWR(0xAE, 0xc5, struct pvd_cmd)
#define PVD_IOC_VCPU		_IOWR(0xAE, 0xd0, struct pvd_cmd)

enum pvd_cmd_id {
	PVD_ENABLE		= 0,
	PVD_DISABLE		= 1,
	PVD_SET_SEC_PARMS	= 2,
	PVD_UNPACK		= 3,
	PVD_VERIFY		= 4,
	PVD_PREP_RESET		= 5,
	PVD_UNSHARE_ALL		= 6,
	PVD_INFO		= 7,
	PVD_DUMP		= 8,
};

enum pvd_subcmd {
	PVD_INIT		= 0,
	PVD_STOR_STATE		= 1,
	PVD_COMPLETE		= 2,
	PVD_CPU			= 3,
};

enum pvd_info_id {
	PVD_INFO_VM		= 0,
	PVD_INFO_DUMP		= 1,
};

struct pvd_cmd {
	__u32 cmd;
	__u16 rc;
	__u16 rrc;
	__u64 data;
	__u32 flags;
	__u32 reserved[3];
};

struct pvd_dmp {
	__u64 subcmd;
	__u64 buff_addr;
	__u64 buff_len;
	__u64 gaddr;
	__u64 reserved[4];
};

struct pvd_info_header {
	__u32 id;
	__u32 len_max;
	__u32 len_written;
	__u32 reserved;
};

struct pvd_info_vm {
	__u64 inst_calls_list[4];
	__u64 max_cpus;
	__u64 max_guests;
	__u64 max_guest_addr;
	__u64 feature_indication;
};

struct pvd_info_dump {
	__u64 cpu_len;		/* bytes of one DUMP_CPU area */
	__u64 stor_len;		/* bytes of storage state per MiB of guest */
	__u64 compl_len;		/* bytes of completion data */
};

struct pvd_info {
	struct pvd_info_header header;
	union {
		struct pvd_info_dump dump;
		struct pvd_info_vm vm;
	};
};

struct pvd_sec_parms {
	__u64 origin;
	__u64 length;
};

struct pvd_unpack {
	__u64 addr;
	__u64 size;
	__u64 tweak;
};

#define PVD_LAYOUT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define PVD_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)

PVD_SIZE(pvd_cmd, 32);
PVD_LAYOUT(pvd_cmd, cmd, 0);
PVD_LAYOUT(pvd_cmd, rc, 4);
PVD_LAYOUT(pvd_cmd, rrc, 6);
PVD_LAYOUT(pvd_cmd, data, 8);
PVD_LAYOUT(pvd_cmd, flags, 16);
PVD_SIZE(pvd_dmp, 64);
PVD_LAYOUT(pvd_dmp, buff_addr, 8);
PVD_LAYOUT(pvd_dmp, buff_len, 16);
PVD_LAYOUT(pvd_dmp, gaddr, 24);
PVD_LAYOUT(pvd_dmp, reserved, 32);
PVD_SIZE(pvd_info_header, 16);
PVD_LAYOUT(pvd_info_header, len_max, 4);
PVD_LAYOUT(pvd_info_header, len_written, 8);
PVD_SIZE(pvd_info_vm, 64);
PVD_LAYOUT(pvd_info_vm, max_cpus, 32);
PVD_LAYOUT(pvd_info_vm, max_guests, 40);
PVD_LAYOUT(pvd_info_vm, max_guest_addr, 48);
PVD_LAYOUT(pvd_info_vm, feature_indication, 56);
PVD_SIZE(pvd_info_dump, 24);
PVD_LAYOUT(pvd_info_dump, stor_len, 8);
PVD_LAYOUT(pvd_info_dump, compl_len, 16);
PVD_SIZE(pvd_info, 80);
PVD_LAYOUT(pvd_info, dump, 16);
PVD_LAYOUT(pvd_info, vm, 16);
PVD_SIZE(pvd_sec_parms, 16);
PVD_SIZE(pvd_unpack, 24);
static_assert(PVD_IOC_VM == 0xC020AEC5, "KVM_S390_PV_COMMAND");
static_assert(PVD_IOC_VCPU == 0xC020AED0, "KVM_S390_PV_CPU_COMMAND");

#ifdef KVM_CAP_S390_PROTECTED_DUMP
/* The header under test has the feature: hold it to the ABI. */
#define PVD_SAME(name, value) static_assert((unsigned int)(name) == (unsigned int)(value), #name)

PVD_SAME(KVM_CAP_S390_PROTECTED, PVD_CAP_PROTECTED);
PVD_SAME(KVM_CAP_S390_PROTECTED_DUMP, PVD_CAP_DUMP);
PVD_SAME(KVM_S390_PV_COMMAND, PVD_IOC_VM);
PVD_SAME(KVM_S390_PV_CPU_COMMAND, PVD_IOC_VCPU);
PVD_SAME(KVM_PV_ENABLE, PVD_ENABLE);
PVD_SAME(KVM_PV_UNSHARE_ALL, PVD_UNSHARE_ALL);
PVD_SAME(KVM_PV_INFO, PVD_INFO);
PVD_SAME(KVM_PV_DUMP, PVD_DUMP);
PVD_SAME(KVM_PV_DUMP_INIT, PVD_INIT);
PVD_SAME(KVM_PV_DUMP_CONFIG_STOR_STATE, PVD_STOR_STATE);
PVD_SAME(KVM_PV_DUMP_COMPLETE, PVD_COMPLETE);
PVD_SAME(KVM_PV_DUMP_CPU, PVD_CPU);
PVD_SAME(KVM_PV_INFO_VM, PVD_INFO_VM);
PVD_SAME(KVM_PV_INFO_DUMP, PVD_INFO_DUMP);
PVD_SIZE(kvm_pv_cmd, 32);
PVD_SIZE(kvm_s390_pv_dmp, 64);
PVD_LAYOUT(kvm_s390_pv_dmp, subcmd, 0);
PVD_LAYOUT(kvm_s390_pv_dmp, buff_addr, 8);
PVD_LAYOUT(kvm_s390_pv_dmp, buff_len, 16);
PVD_LAYOUT(kvm_s390_pv_dmp, gaddr, 24);
PVD_LAYOUT(kvm_s390_pv_dmp, reserved, 32);
PVD_SIZE(kvm_s390_pv_info_header, 16);
PVD_LAYOUT(kvm_s390_pv_info_header, len_written, 8);
PVD_SIZE(kvm_s390_pv_info_vm, 64);
PVD_LAYOUT(kvm_s390_pv_info_vm, feature_indication, 56);
PVD_SIZE(kvm_s390_pv_info_dump, 24);
PVD_LAYOUT(kvm_s390_pv_info_dump, dump_cpu_buffer_len, 0);
PVD_LAYOUT(kvm_s390_pv_info_dump, dump_config_mem_buffer_per_1m, 8);
PVD_LAYOUT(kvm_s390_pv_info_dump, dump_config_finalize_len, 16);
PVD_SIZE(kvm_s390_pv_info, 80);
PVD_LAYOUT(kvm_s390_pv_info, dump, 16);
PVD_LAYOUT(kvm_s390_pv_info, vm, 16);
#endif

#define PVD_MIB			0x100000UL
#define PVD_PAGE		4096UL

/* Ultravisor call bits, MSB first in inst_calls_list (Linux arch/s390/include/asm/uv.h). */
#define PVD_BIT_DUMP_INIT	24
#define PVD_BIT_DUMP_COMPLETE	27

/* The low 48 feature bits of the emulated machine spell "SOFTUV". */
#define PVD_SOFTUV_MARK		0x534f46545556ULL
#define PVD_SOFTUV_MASK		0xffffffffffffULL

/* Plaintext control flag bit 34: the owner permits dumping (s390-tools, pvimg). */
#define PVD_PCF_ALLOW_DUMP	0x20000000ULL

#endif /* PV_DUMP_ABI_H */
