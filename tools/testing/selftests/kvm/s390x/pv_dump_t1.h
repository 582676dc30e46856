/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns tier 1: a protected-virtualization host, but no image for it.
 * Never assumes an answer of the Ultravisor.
 */
#ifndef PV_DUMP_T1_H
#define PV_DUMP_T1_H

#include "pv_dump_firmware.h"

FIXTURE(t1) {
	int unused;
};

FIXTURE_SETUP(t1)
{
}

FIXTURE_TEARDOWN(t1)
{
}

/* The capability says exactly that all four dump calls are installed. */
PVD_TEST(t1, capability_is_installed_calls, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	__u64 all = 0;
	int bit;

	for (bit = PVD_BIT_DUMP_INIT; bit <= PVD_BIT_DUMP_COMPLETE; bit++)
		all |= 1ULL << (63 - bit);
	EXPECT_EQ(host.cap, (host.vm.inst_calls_list[0] & all) == all);
}

static const struct {
	__u32 id;
	__u32 len_max;
	int err;
	__u32 written;
} info_cases[] = {
	{ PVD_INFO_VM,		0,	EINVAL },
	{ PVD_INFO_VM,		15,	EINVAL },
	{ PVD_INFO_VM,		16,	EINVAL },
	{ PVD_INFO_VM,		79,	EINVAL },
	{ PVD_INFO_VM,		80,	0, 80 },
	{ PVD_INFO_VM,		81,	0, 80 },
	{ PVD_INFO_VM,		~0u,	0, 80 },
	{ PVD_INFO_DUMP,	0,	EINVAL },
	{ PVD_INFO_DUMP,	15,	EINVAL },
	{ PVD_INFO_DUMP,	39,	EINVAL },
	{ PVD_INFO_DUMP,	40,	0, 40 },
	{ PVD_INFO_DUMP,	80,	0, 40 },
	{ PVD_INFO_DUMP,	~0u,	0, 40 },
	{ 2,			80,	EINVAL },
	{ ~0u,			4096,	EINVAL },
};

static void info_case(struct __test_metadata *_metadata, struct pvd_vm *vm, unsigned int i)
{
	struct pvd_info_header *header;
	struct pvd_buf buf;

	PVD_BUFFER(&buf, 4096);
	header = (struct pvd_info_header *)buf.p;
	header->id = info_cases[i].id;
	header->len_max = info_cases[i].len_max;
	header->len_written = 0x11223344;
	header->reserved = 0x55667788;
	PVD_EXPECT_KEPT(info_cases[i].err, pvd_info(vm->fd, buf.p));
	EXPECT_EQ(info_cases[i].id, header->id);
	EXPECT_EQ(info_cases[i].len_max, header->len_max);
	EXPECT_EQ(0x55667788, header->reserved);
	EXPECT_EQ(info_cases[i].err ? 0x11223344 : info_cases[i].written, header->len_written);
	EXPECT_TRUE(pvd_canaries(&buf));
	EXPECT_TRUE(pvd_buf_untouched(&buf, info_cases[i].err ? 16 : info_cases[i].written,
				      buf.len));
	pvd_buf_free(&buf);
}

/* Lengths around each limit; nothing behind len_written changes. */
PVD_TEST(t1, info_lengths, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_vm vm;
	unsigned int i;

	PVD_MADE(pvd_vm_open(&vm, 0, PVD_MIB));
	for (i = 0; i < ARRAY_SIZE(info_cases); i++)
		info_case(_metadata, &vm, i);
}

/* The same before and after protection: the answers are the host's, not the guest's. */
PVD_TEST(t1, info_same_when_protected, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_info info;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	memset(&info, 0, sizeof(info));
	info.header.id = PVD_INFO_VM;
	info.header.len_max = sizeof(info);
	PVD_EXPECT_KEPT(0, pvd_info(vm.fd, &info));
	EXPECT_EQ(0, memcmp(&info.vm, &host.vm, sizeof(info.vm)));
	info.header.id = PVD_INFO_DUMP;
	PVD_EXPECT_KEPT(0, pvd_info(vm.fd, &info));
	EXPECT_EQ(0, memcmp(&info.dump, &host.dump, sizeof(info.dump)));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

/* Pointers that cannot be read or written. */
PVD_TEST(t1, info_bad_pointers, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_info_header *header;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 0, PVD_MIB));
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, NULL));
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, pvd_map(PVD_PAGE, PROT_NONE)));
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, (void *)-4096L));
	/* A header of which one byte is missing. */
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, pvd_edge(15)));
	/* All that will be written is there, although not all that len_max promises. */
	header = pvd_edge(80);
	ASSERT_NE(NULL, header);
	header->id = PVD_INFO_VM;
	header->len_max = 4096;
	PVD_EXPECT_KEPT(0, pvd_info(vm.fd, header));
	EXPECT_EQ(80, header->len_written);
	header = pvd_edge(79);
	ASSERT_NE(NULL, header);
	header->id = PVD_INFO_VM;
	header->len_max = 80;
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, header));
}

PVD_TEST(t1, info_read_only, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_info_header *header = pvd_map(PVD_PAGE, PROT_READ | PROT_WRITE);
	struct pvd_vm vm;

	ASSERT_NE(NULL, header);
	PVD_MADE(pvd_vm_open(&vm, 0, PVD_MIB));
	header->id = PVD_INFO_VM;
	header->len_max = 80;
	ASSERT_EQ(0, mprotect(header, PVD_PAGE, PROT_READ));
	PVD_EXPECT_KEPT(EFAULT, pvd_info(vm.fd, header));
}

/* sysfs and KVM_PV_INFO tell the same lengths. */
PVD_TEST(t1, sysfs_agrees, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	static const struct {
		const char *name;
		const __u64 *value;
	} attrs[] = {
		{ "dump_storage_state_len", &host.dump.stor_len },
		{ "dump_finalize_len", &host.dump.compl_len },
		{ "uv_query_dump_cpu_len", &host.dump.cpu_len },
		{ "feature_indications", &host.vm.feature_indication },
	};
	unsigned long value;
	char path[96];
	unsigned int i;
	FILE *file;

	if (access("/sys/firmware/uv/query", R_OK))
		SKIP(return, "t1.sysfs_agrees: /sys/firmware/uv/query: %s", strerror(errno));
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), "/sys/firmware/uv/query/%s", attrs[i].name);
		file = fopen(path, "r");
		ASSERT_NE(NULL, file) {
			TH_LOG("%s: %s", path, strerror(errno));
		}
		EXPECT_EQ(1, fscanf(file, "%lx", &value));
		EXPECT_EQ(*attrs[i].value, value);
		fclose(file);
	}
}

/* Flags must be 0, and then nothing is copied back. */
PVD_TEST(t1, flags, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };
	struct pvd_cmd cmd = {
		.cmd = PVD_DUMP,
		.rc = PVD_RC_KEPT,
		.rrc = PVD_RRC_KEPT,
		.data = (unsigned long)&dmp,
	}, was;
	struct pvd_vm vm;
	int bit;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	for (bit = 0; bit < 32; bit++) {
		cmd.flags = 1u << bit;
		was = cmd;
		EXPECT_EQ(-1, ioctl(vm.fd, PVD_IOC_VM, &cmd));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, memcmp(&cmd, &was, sizeof(cmd)));
		EXPECT_EQ(-1, ioctl(vm.vcpu[0], PVD_IOC_VCPU, &cmd));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(0, memcmp(&cmd, &was, sizeof(cmd)));
	}
}

PVD_TEST(t1, command_block_pointers, PVD_NEED_PV, 30)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	EXPECT_EQ(-1, ioctl(vm.fd, PVD_IOC_VM, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(vm.fd, PVD_IOC_VM, pvd_edge(31)));
	EXPECT_EQ(EFAULT, errno);
	if (!host.cap)
		return;
	EXPECT_EQ(-1, ioctl(vm.vcpu[0], PVD_IOC_VCPU, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(vm.vcpu[0], PVD_IOC_VCPU, pvd_edge(31)));
	EXPECT_EQ(EFAULT, errno);
}

/* ENOTTY tells a program that the kernel lacks a command. */
PVD_TEST(t1, unknown_command, PVD_NEED_PV, 30)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_EXPECT_KEPT(ENOTTY, pvd_vm_cmd(vm.fd, 0x1000, NULL));
	PVD_EXPECT_KEPT(ENOTTY, pvd_vm_cmd(vm.fd, ~0u, NULL));
	if (host.info_err == ENOTTY)
		PVD_EXPECT_KEPT(ENOTTY, pvd_vm_cmd(vm.fd, PVD_DUMP, NULL));
}

/* The vCPU ioctl knows one command; it must leave the block alone otherwise. */
PVD_TEST(t1, vcpu_unknown_command, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	static const __u32 cmds[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 0x1000, ~0u };
	struct pvd_dmp dmp = { .subcmd = PVD_CPU };
	struct pvd_res res;
	struct pvd_vm vm;
	unsigned int i;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		res = pvd_ioctl(vm.vcpu[0], PVD_IOC_VCPU, cmds[i], &dmp);
		PVD_EXPECT_KEPT(EINVAL, res);
		EXPECT_EQ(cmds[i], res.cmd);
	}
}

/* Not protected: refused before the dump block is read. */
PVD_TEST(t1, dump_unprotected, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_dmp dmp = { 0 };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_EXPECT_KEPT(EINVAL, pvd_vm_cmd(vm.fd, PVD_DUMP, NULL));
	for (dmp.subcmd = 0; dmp.subcmd < 5; dmp.subcmd++)
		PVD_EXPECT_KEPT(EINVAL, pvd_dump(vm.fd, &dmp));
	PVD_EXPECT_KEPT(EINVAL, pvd_ioctl(vm.vcpu[0], PVD_IOC_VCPU, PVD_DUMP, NULL));
}

/* Protected but without a dump: nothing reaches the Ultravisor. */
PVD_TEST(t1, dump_before_init, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, 2 * PVD_PAGE);
	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	PVD_EXPECT_KEPT(EINVAL, pvd_stor_state(vm.fd, 0, buf.p, host.dump.stor_len));
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm.fd, buf.p, host.dump.compl_len));
	PVD_EXPECT_KEPT(EINVAL, pvd_cpu(vm.vcpu[0], buf.p, host.dump.cpu_len));
	PVD_EXPECT_KEPT(EFAULT, pvd_vm_cmd(vm.fd, PVD_DUMP, NULL));
	PVD_EXPECT_KEPT(EFAULT, pvd_vm_cmd(vm.fd, PVD_DUMP, pvd_edge(63)));
	EXPECT_TRUE(pvd_buf_untouched(&buf, 0, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

PVD_TEST(t1, unknown_subcommand, PVD_NEED_PV | PVD_NEED_INFO, 30)
{
	static const __u64 subcmds[] = { PVD_CPU, 4, 5, 1ULL << 32, ~0ULL };
	struct pvd_dmp dmp, was;
	struct pvd_vm vm;
	unsigned int i;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	for (i = 0; i < ARRAY_SIZE(subcmds); i++) {
		memset(&dmp, 0x5a, sizeof(dmp));
		dmp.subcmd = subcmds[i];
		was = dmp;
		PVD_EXPECT_KEPT(ENOTTY, pvd_dump(vm.fd, &dmp));
		EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
	}
}

/*
 * INIT on a guest that was never verified: the Ultravisor decides. If it refuses, its code
 * comes back, no dump is active, and protection can be ended. The same for COMPLETE.
 */
PVD_TEST(t1, init_unverified, PVD_NEED_PV | PVD_NEED_INFO | PVD_NEED_DUMP, 30)
{
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	EXPECT_EQ(EINTR, pvd_run(&vm, 0));
	res = pvd_init(vm.fd);
	if (!res.err) {
		EXPECT_EQ(1, res.rc);
		EXPECT_TRUE(pvd_dumping(&vm));
		pvd_before_complete(&vm);
		res = pvd_complete(vm.fd, buf.p, host.dump.compl_len);
		EXPECT_TRUE(res.err ? pvd_uv_refused(res) : res.rc == 1);
	} else {
		PVD_EXPECT_REFUSED(res);
		PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm.fd, buf.p, host.dump.compl_len));
		res.err = 0;
	}
	/* A COMPLETE that was refused leaves the dump active. */
	EXPECT_EQ(!!res.err, pvd_dumping(&vm));
	PVD_DISABLE_DUMPING(&vm);
	if (!res.err)
		EXPECT_EQ(EINTR, pvd_run(&vm, 0));
}

#endif /* PV_DUMP_T1_H */
