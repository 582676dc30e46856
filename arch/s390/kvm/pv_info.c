// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns what KVM tells user space about the Ultravisor: KVM_PV_INFO and the dump capability.
 * Never issues a UVC and never looks at a VM: all values are known since boot.
 */
#include <linux/kvm.h>
#include <linux/kvm_host.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/facility.h>
#include <asm/uv.h>
#include "pv_dump.h"

static void pv_info_vm(struct kvm_s390_pv_info *info)
{
	BUILD_BUG_ON(sizeof(info->vm.inst_calls_list) != sizeof(uv_info.inst_calls_list));
	memcpy(info->vm.inst_calls_list, uv_info.inst_calls_list, sizeof(uv_info.inst_calls_list));
	info->vm.max_cpus = uv_info.max_guest_cpu_id + 1;
	info->vm.max_guests = uv_info.max_num_sec_conf;
	info->vm.max_guest_addr = uv_info.max_sec_stor_addr;
	info->vm.feature_indication = uv_info.uv_feature_indications;
}

static void pv_info_dump(struct kvm_s390_pv_info *info)
{
	info->dump.dump_cpu_buffer_len = uv_info.guest_cpu_stor_len;
	info->dump.dump_config_mem_buffer_per_1m = uv_info.conf_dump_storage_state_len;
	info->dump.dump_config_finalize_len = uv_info.conf_dump_finalize_len;
}

static const struct {
	void (*fill)(struct kvm_s390_pv_info *info);
	u32 len;
} pv_infos[] = {
	[KVM_PV_INFO_VM] = { pv_info_vm, offsetofend(struct kvm_s390_pv_info, vm) },
	[KVM_PV_INFO_DUMP] = { pv_info_dump, offsetofend(struct kvm_s390_pv_info, dump) },
};

/**
 * kvm_s390_pv_info - KVM_PV_INFO: what the Ultravisor offers
 * @cmd: the command; its data is the address of a struct kvm_s390_pv_info
 *
 * The header goes back as it came, with len_written set; nothing behind
 * len_written bytes is touched.
 *
 * Context: Sleeps. Needs no lock, the values are constant since boot.
 * Return:
 * * 0		- done
 * * -EINVAL	- unknown id, or len_max too small for it
 * * -EFAULT	- the structure is not accessible
 */
int kvm_s390_pv_info(const struct kvm_pv_cmd *cmd)
{
	struct kvm_s390_pv_info __user *uinfo = u64_to_user_ptr(cmd->data);
	struct kvm_s390_pv_info info = {};
	u32 id;

	if (copy_from_user(&info.header, &uinfo->header, sizeof(info.header)))
		return -EFAULT;
	if (info.header.id >= ARRAY_SIZE(pv_infos))
		return -EINVAL;
	id = array_index_nospec(info.header.id, ARRAY_SIZE(pv_infos));
	if (info.header.len_max < pv_infos[id].len)
		return -EINVAL;

	pv_infos[id].fill(&info);
	info.header.len_written = pv_infos[id].len;
	if (copy_to_user(uinfo, &info, info.header.len_written))
		return -EFAULT;
	return 0;
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
