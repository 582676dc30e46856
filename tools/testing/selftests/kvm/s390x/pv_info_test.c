// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_INFO, the capability of dumps, and the blocks of the protected-guest ioctls.
 *
 * None of these tests needs an image.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "pv_util.h"

/* Ultravisor calls, as bits of inst_calls_list[0] (arch/s390/include/asm/uv.h) */
#define INST_DUMP_INIT		24
#define INST_DUMP_COMPLETE	27

FIXTURE(info) {
	struct pv_vm vm;
};

FIXTURE_SETUP(info)
{
	pv_vm_init(&self->vm);
}

FIXTURE_TEARDOWN(info)
{
	pv_vm_close(&self->vm);
}

/* /dev/kvm and a VM agree: QEMU asks before it has a VM. */
TEST_F_TIMEOUT(info, capability_agrees, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, 0);
	PV_TRY(return, pv_vm_open(vm, 0, 0));
	EXPECT_GE(pv_host.cap, 0);
	EXPECT_LE(pv_host.cap, 1);
	EXPECT_EQ(pv_host.cap,
		  ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED_DUMP));
	EXPECT_EQ(pv_host.prot, ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED));
	/* Nothing can be dumped where nothing can be protected. */
	EXPECT_LE(pv_host.cap, pv_host.prot);
	pv_note("capability %d", pv_host.cap);
}

/* The capability says that all four dump calls are installed, and nothing else. */
TEST_F_TIMEOUT(info, capability_is_installed_calls, PV_TIMEOUT(30))
{
	__u64 all = 0;
	int bit;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	for (bit = INST_DUMP_INIT; bit <= INST_DUMP_COMPLETE; bit++)
		all |= 1ULL << (63 - bit);
	EXPECT_EQ(pv_host.cap, (pv_host.vm.inst_calls_list[0] & all) == all);
}

/* Without protected virtualization every command is refused and nothing is copied back. */
TEST_F_TIMEOUT(info, no_pv_host_refuses, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;
	__u32 cmd;

	PV_REQUIRE(return, PV_NEED_NO_HOST);
	EXPECT_EQ(0, pv_host.cap);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	for (cmd = 0; cmd < 16; cmd++)
		PV_EXPECT_KEPT(EINVAL, pv_vm_cmd(vm->fd, cmd, NULL));
	/* The command block is not even read. */
	EXPECT_EQ(-1, ioctl(vm->fd, KVM_S390_PV_COMMAND, NULL));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F_TIMEOUT(info, no_pv_host_vcpu_refuses, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_CPU };
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_NO_HOST);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_EXPECT_KEPT(EINVAL, pv_dump_vcpu(vm->vcpu[0], &dmp));
}

/* Each ioctl belongs to one kind of descriptor. */
TEST_F_TIMEOUT(info, wrong_descriptor, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, 0);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	EXPECT_EQ(ENOTTY, pv_ioctl(vm->fd, KVM_S390_PV_CPU_COMMAND, KVM_PV_DUMP, &dmp).err);
	EXPECT_NE(0, pv_ioctl(pv_host.kvm, KVM_S390_PV_COMMAND, KVM_PV_DUMP, &dmp).err);
	EXPECT_NE(0, pv_ioctl(vm->vcpu[0], KVM_S390_PV_COMMAND, KVM_PV_DUMP, &dmp).err);
}

/* Another size makes another ioctl number, which nobody answers. */
TEST_F_TIMEOUT(info, wrong_size, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;
	__u8 room[64] = { KVM_PV_DUMP };

	PV_REQUIRE(return, 0);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	EXPECT_EQ(-1, ioctl(vm->fd, _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0xc5, 24), room));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(vm->vcpu[0], _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0xd0, 24), room));
	EXPECT_EQ(ENOTTY, errno);
}

static const struct {
	__u32 id;
	__u32 len_max;
	int err;
	__u32 written;
} length_cases[] = {
	{ KVM_PV_INFO_VM,	0,	EINVAL },
	{ KVM_PV_INFO_VM,	15,	EINVAL },
	{ KVM_PV_INFO_VM,	16,	EINVAL },
	{ KVM_PV_INFO_VM,	79,	EINVAL },
	{ KVM_PV_INFO_VM,	80,	0, 80 },
	{ KVM_PV_INFO_VM,	81,	0, 80 },
	{ KVM_PV_INFO_VM,	~0u,	0, 80 },
	{ KVM_PV_INFO_DUMP,	0,	EINVAL },
	{ KVM_PV_INFO_DUMP,	15,	EINVAL },
	{ KVM_PV_INFO_DUMP,	39,	EINVAL },
	{ KVM_PV_INFO_DUMP,	40,	0, 40 },
	{ KVM_PV_INFO_DUMP,	80,	0, 40 },
	{ KVM_PV_INFO_DUMP,	~0u,	0, 40 },
	{ 2,			80,	EINVAL },
	{ ~0u,			4096,	EINVAL },
};

static void length_case(struct __test_metadata *_metadata, struct pv_vm *vm, unsigned int i)
{
	__u32 written = length_cases[i].err ? 0x11223344 : length_cases[i].written;
	struct kvm_s390_pv_info_header *header;
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, 4096));
	header = (struct kvm_s390_pv_info_header *)buf.p;
	header->id = length_cases[i].id;
	header->len_max = length_cases[i].len_max;
	header->len_written = 0x11223344;
	header->reserved = 0x55667788;
	PV_EXPECT_KEPT(length_cases[i].err, pv_info(vm->fd, buf.p));
	EXPECT_EQ(length_cases[i].id, header->id);
	EXPECT_EQ(length_cases[i].len_max, header->len_max);
	EXPECT_EQ(0x55667788, header->reserved);
	EXPECT_EQ(written, header->len_written);
	EXPECT_TRUE(pv_buf_canaries(&buf));
	EXPECT_TRUE(pv_buf_untouched(&buf, length_cases[i].err ? sizeof(*header) : written,
				     buf.len));
	pv_buf_free(&buf);
}

/* Lengths around each limit; nothing behind len_written changes. */
TEST_F_TIMEOUT(info, lengths, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 0, PV_MIB));
	for (i = 0; i < ARRAY_SIZE(length_cases); i++)
		length_case(_metadata, vm, i);
}

/* The answers are the host's, not the guest's. */
TEST_F_TIMEOUT(info, same_when_protected, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_info info = { .header = { .len_max = sizeof(info) } };
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	info.header.id = KVM_PV_INFO_VM;
	PV_EXPECT_KEPT(0, pv_info(vm->fd, &info));
	EXPECT_EQ(0, memcmp(&info.vm, &pv_host.vm, sizeof(info.vm)));
	info.header.id = KVM_PV_INFO_DUMP;
	PV_EXPECT_KEPT(0, pv_info(vm->fd, &info));
	EXPECT_EQ(0, memcmp(&info.dump, &pv_host.dump, sizeof(info.dump)));
	PV_EXPECT_OK(pv_vm_disable(vm));
}

TEST_F_TIMEOUT(info, bad_pointers, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_info_header *header;
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 0, PV_MIB));
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, NULL));
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, pv_map(PV_PAGE, PROT_NONE)));
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, (void *)-PV_PAGE));
	/* A header that lacks a byte */
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, pv_edge(15)));
	/* All that will be written is there, although not all that len_max promises. */
	header = pv_edge(80);
	ASSERT_NE(NULL, header);
	header->id = KVM_PV_INFO_VM;
	header->len_max = 4096;
	PV_EXPECT_KEPT(0, pv_info(vm->fd, header));
	EXPECT_EQ(80, header->len_written);
	header = pv_edge(79);
	ASSERT_NE(NULL, header);
	header->id = KVM_PV_INFO_VM;
	header->len_max = 80;
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, header));
}

TEST_F_TIMEOUT(info, read_only_block, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_info_header *header = pv_map(PV_PAGE, PROT_READ | PROT_WRITE);
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	ASSERT_NE(NULL, header);
	PV_TRY(return, pv_vm_open(vm, 0, PV_MIB));
	header->id = KVM_PV_INFO_VM;
	header->len_max = 80;
	ASSERT_EQ(0, mprotect(header, PV_PAGE, PROT_READ));
	PV_EXPECT_KEPT(EFAULT, pv_info(vm->fd, header));
}

static bool sysfs_value(const char *name, unsigned long *value)
{
	char path[96];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "/sys/firmware/uv/query/%s", name);
	file = fopen(path, "r");
	if (!file)
		return false;
	ok = fscanf(file, "%lx", value) == 1;
	fclose(file);
	return ok;
}

/* sysfs and KVM_PV_INFO tell the same lengths. */
TEST_F_TIMEOUT(info, sysfs_agrees, PV_TIMEOUT(30))
{
	static const struct {
		const char *name;
		const __u64 *value;
	} attrs[] = {
		{ "dump_storage_state_len", &pv_host.dump.dump_config_mem_buffer_per_1m },
		{ "dump_finalize_len", &pv_host.dump.dump_config_finalize_len },
		{ "uv_query_dump_cpu_len", &pv_host.dump.dump_cpu_buffer_len },
		{ "feature_indications", &pv_host.vm.feature_indication },
	};
	unsigned long value;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	if (access("/sys/firmware/uv/query", R_OK))
		PV_SKIP(return, "/sys/firmware/uv/query: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		ASSERT_TRUE(sysfs_value(attrs[i].name, &value)) {
			TH_LOG("%s: no value", attrs[i].name);
		}
		EXPECT_EQ(*attrs[i].value, value);
	}
}

/* Flags have to be 0, and nothing is copied back if they are not. */
TEST_F_TIMEOUT(info, flags_must_be_zero, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };
	struct kvm_pv_cmd cmd = {
		.cmd = KVM_PV_DUMP,
		.rc = PV_RC_KEPT,
		.rrc = PV_RRC_KEPT,
		.data = (unsigned long)&dmp,
	}, was;
	struct pv_vm *vm = &self->vm;
	int bit;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	for (bit = 0; bit < 32; bit++) {
		cmd.flags = 1u << bit;
		was = cmd;
		EXPECT_EQ(-1, ioctl(vm->fd, KVM_S390_PV_COMMAND, &cmd));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, memcmp(&cmd, &was, sizeof(cmd)));
		EXPECT_EQ(-1, ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, &cmd));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, memcmp(&cmd, &was, sizeof(cmd)));
	}
}

TEST_F_TIMEOUT(info, command_block_pointers, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	EXPECT_EQ(-1, ioctl(vm->fd, KVM_S390_PV_COMMAND, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(vm->fd, KVM_S390_PV_COMMAND, pv_edge(31)));
	EXPECT_EQ(EFAULT, errno);
	if (!pv_host.cap)
		return;
	EXPECT_EQ(-1, ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, pv_edge(31)));
	EXPECT_EQ(EFAULT, errno);
}

/* ENOTTY tells a program that the kernel lacks a command. */
TEST_F_TIMEOUT(info, unknown_command, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_EXPECT_KEPT(ENOTTY, pv_vm_cmd(vm->fd, 0x1000, NULL));
	PV_EXPECT_KEPT(ENOTTY, pv_vm_cmd(vm->fd, ~0u, NULL));
	if (pv_host.info_err == ENOTTY)
		PV_EXPECT_KEPT(ENOTTY, pv_vm_cmd(vm->fd, KVM_PV_DUMP, NULL));
}

/* The vCPU ioctl knows one command, and leaves the block of any other alone. */
TEST_F_TIMEOUT(info, vcpu_unknown_command, PV_TIMEOUT(30))
{
	static const __u32 cmds[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 0x1000, ~0u };
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_CPU };
	struct pv_vm *vm = &self->vm;
	struct pv_res res;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		res = pv_ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, cmds[i], &dmp);
		PV_EXPECT_KEPT(EINVAL, res);
		EXPECT_EQ(cmds[i], res.cmd);
	}
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
