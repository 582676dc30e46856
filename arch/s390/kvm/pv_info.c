// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM reports about the Ultravisor: KVM_PV_INFO and the dump capability.
 */
#include <linux/kvm.h>
#include <linux/kvm_host.h>
#include <linux/uaccess.h>
#include <asm/facility.h>
#include <asm/uv.h>
#include "pv_dump.h"

static void pv_info_vm(struct kvm_s390_pv_info_vm *vm)
{
	BUILD_BUG_ON(sizeof(vm->inst_calls_list) != sizeof(uv_info.inst_calls_list));
	memcpy(vm->inst_calls_list, uv_info.inst_calls_list, sizeof(vm->inst_calls_list));
	vm->max_cpus = uv_info.max_guest_cpu_id + 1;
	vm->max_guests = uv_info.max_num_sec_conf;
	vm->max_guest_addr = uv_info.max_sec_stor_addr;
	vm->feature_indication = uv_info.uv_feature_indications;
}

static void pv_info_dump(struct kvm_s390_pv_info_dump *dump)
{
	dump->dump_cpu_buffer_len = uv_info.guest_cpu_stor_len;
	dump->dump_config_mem_buffer_per_1m = uv_info.conf_dump_storage_state_len;
	dump->dump_config_finalize_len = uv_info.conf_dump_finalize_len;
}

/**
 * kvm_s390_pv_info - KVM_PV_INFO: report what the Ultravisor offers
 * @cmd: the command; its data is the address of a struct kvm_s390_pv_info
 *
 * The header is returned with len_written set. Nothing behind len_written bytes
 * is written.
 *
 * Context: Sleeps. Needs no lock, the values are constant since boot.
 * Return: 0, -EINVAL if the id is unknown or len_max too small for it, or -EFAULT
 */
int kvm_s390_pv_info(const struct kvm_pv_cmd *cmd)
{
	struct kvm_s390_pv_info __user *uinfo = u64_to_user_ptr(cmd->data);
	struct kvm_s390_pv_info info = {};

	if (copy_from_user(&info.header, &uinfo->header, sizeof(info.header)))
		return -EFAULT;

	switch (info.header.id) {
	case KVM_PV_INFO_VM:
		info.header.len_written = offsetofend(struct kvm_s390_pv_info, vm);
		pv_info_vm(&info.vm);
		break;
	case KVM_PV_INFO_DUMP:
		info.header.len_written = offsetofend(struct kvm_s390_pv_info, dump);
		pv_info_dump(&info.dump);
		break;
	default:
		return -EINVAL;
	}
	if (info.header.len_max < info.header.len_written)
		return -EINVAL;
	return copy_to_user(uinfo, &info, info.header.len_written) ? -EFAULT : 0;
}

/**
 * kvm_s390_pv_dump_supported - can this machine dump protected guests?
 *
 * Context: Any.
 * Return: true if the host may run protected guests and all four UVCs that a
 *         dump needs are installed.
 */
bool kvm_s390_pv_dump_supported(void)
{
	const unsigned long *calls = uv_info.inst_calls_list;

	return is_prot_virt_host() &&
	       test_bit_inv(BIT_UVC_CMD_DUMP_INIT, calls) &&
	       test_bit_inv(BIT_UVC_CMD_DUMP_CONFIG_STOR_STATE, calls) &&
	       test_bit_inv(BIT_UVC_CMD_DUMP_CPU, calls) &&
	       test_bit_inv(BIT_UVC_CMD_DUMP_COMPLETE, calls);
}
