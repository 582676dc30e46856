/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns regression tests for defects of released kernels, by their numbers.
 * Never needs a running guest or the machine's help; those tests are in other files.
 *
 * The comment before a test says what its defect is. On a kernel that has the defect the
 * test fails; that is its purpose.
 */
#ifndef PV_DUMP_DEFECTS_H
#define PV_DUMP_DEFECTS_H

#include "pv_dump_flow.h"

FIXTURE(defect) {
	int unused;
};

FIXTURE_SETUP(defect)
{
}

FIXTURE_TEARDOWN(defect)
{
}

/* D1: the dump must end with the protection, or the VM can never run again. */
PVD_TEST(defect, d1_disable_ends_dump, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_DISABLE_DUMPING(&vm);
	EXPECT_EQ(EINTR, pvd_run(&vm, 0));
	memset(vm.mem, 0, vm.size);
	PVD_ASSERT_OK(pvd_vm_protect(&vm));
	EXPECT_EQ(EINTR, pvd_run(&vm, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

/* D1: protection may end at every stage of a dump; the next guest knows nothing of it. */
PVD_TEST(defect, d1_disable_in_every_state, PVD_NEED_T2, 120)
{
	struct pvd_vm vm;
	int stage;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	for (stage = 0; stage < PVD_STAGES; stage++) {
		pvd_reach_stage(_metadata, &vm, stage);
		PVD_DISABLE_DUMPING(&vm);
		ASSERT_EQ(EINTR, pvd_run(&vm, 0));
		ASSERT_EQ(EINTR, pvd_run(&vm, 1));
		memset(vm.mem, 0, vm.size);
		PVD_ASSERT_OK(pvd_vm_protect(&vm));
	}
	pvd_one_dump(_metadata, &vm, NULL);
}

/* D1: a stale flag would let a dump subcommand of the next guest reach the Ultravisor. */
PVD_TEST(defect, d1_no_dump_in_next_guest, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_DISABLE_DUMPING(&vm);
	memset(vm.mem, 0, vm.size);
	PVD_ASSERT_OK(pvd_vm_protect(&vm));
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm.fd, buf.p, buf.len));
	PVD_EXPECT_KEPT(EINVAL, pvd_cpu(vm.vcpu[0], buf.p, host.dump.cpu_len));
}

/* D2: gaddr comes back as the address after the last MiB, on success only. */
PVD_TEST(defect, d2_gaddr_is_delivered, PVD_NEED_T2, 60)
{
	static const unsigned long starts[] = { 0, 1, 3 };
	static const unsigned long blocks[] = { 1, 2, 5 };
	struct pvd_dmp dmp = { .subcmd = PVD_STOR_STATE };
	struct pvd_buf buf;
	unsigned int s, b;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 8 * PVD_MIB));
	PVD_BUFFER(&buf, 5 * host.dump.stor_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		for (b = 0; b < ARRAY_SIZE(blocks); b++) {
			dmp.buff_addr = (unsigned long)buf.p;
			dmp.buff_len = blocks[b] * host.dump.stor_len;
			dmp.gaddr = starts[s] * PVD_MIB;
			PVD_EXPECT_OK(pvd_dump(vm.fd, &dmp));
			EXPECT_EQ((starts[s] + blocks[b]) * PVD_MIB, dmp.gaddr);
			EXPECT_EQ(PVD_STOR_STATE, dmp.subcmd);
			EXPECT_EQ((unsigned long)buf.p, dmp.buff_addr);
			EXPECT_EQ(blocks[b] * host.dump.stor_len, dmp.buff_len);
		}
	}
}

/* D3: completion data that could not be delivered can be asked for again. */
PVD_TEST(defect, d3_complete_fault_keeps_dump, PVD_NEED_T2, 60)
{
	static const enum pvd_where places[] = {
		AT_NULL, AT_NONE, AT_GONE, AT_RO, AT_EDGE, AT_KERNEL,
	};
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		PVD_MADE(pvd_vm_boot(&vm, 1, 0));
		PVD_BUFFER(&buf, host.dump.compl_len);
		PVD_ASSERT_OK(pvd_init(vm.fd));
		pvd_before_complete(&vm);
		res = pvd_complete(vm.fd, pvd_place(places[i], host.dump.compl_len),
				   host.dump.compl_len);
		EXPECT_EQ(EFAULT, res.err);
		PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
		EXPECT_FALSE(pvd_buf_untouched(&buf, 0, 16));
		EXPECT_TRUE(pvd_canaries(&buf));
		EXPECT_FALSE(pvd_dumping(&vm));
		pvd_vm_close(&vm);
		pvd_buf_free(&buf);
	}
}

/* D3: the probe of the buffer must not change it. */
PVD_TEST(defect, d3_probe_changes_nothing, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;
	size_t i = 0;
	__u8 *edge;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	edge = pvd_edge(host.dump.compl_len - 1);
	ASSERT_NE(NULL, edge);
	memset(edge, PVD_CANARY, host.dump.compl_len - 1);
	EXPECT_EQ(EFAULT, pvd_complete(vm.fd, edge, host.dump.compl_len).err);
	EXPECT_TRUE(pvd_dumping(&vm));
	while (i < host.dump.compl_len - 1 && edge[i] == PVD_CANARY)
		i++;
	EXPECT_EQ(host.dump.compl_len - 1, i);
}

/* A dump block that cannot be written: an error must mean that nothing happened. */
static struct pvd_res read_only_block(struct __test_metadata *_metadata, struct pvd_vm *vm,
				      const struct pvd_dmp *want, bool was, bool will)
{
	struct pvd_dmp *dmp = pvd_map(PVD_PAGE, PROT_READ | PROT_WRITE);
	struct pvd_res res;

	ASSERT_NE(NULL, dmp);
	*dmp = *want;
	ASSERT_EQ(0, mprotect(dmp, PVD_PAGE, PROT_READ));
	res = pvd_dump(vm->fd, dmp);
	if (res.err)
		EXPECT_EQ(EFAULT, res.err);
	EXPECT_EQ(res.err ? was : will, pvd_dumping(vm));
	return res;
}

/* D4: success must not be reported as EFAULT after the state changed. */
PVD_TEST(defect, d4_init_read_only_block, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	read_only_block(_metadata, &vm, &dmp, false, true);
}

PVD_TEST(defect, d4_complete_read_only_block, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_COMPLETE };
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	read_only_block(_metadata, &vm, &dmp, true, false);
	EXPECT_TRUE(pvd_canaries(&buf));
}

/* D4: storage state whose gaddr cannot be delivered is not fetched at all. */
PVD_TEST(defect, d4_stor_state_read_only_block, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_STOR_STATE };
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.stor_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	res = read_only_block(_metadata, &vm, &dmp, true, true);
	if (res.err) {
		EXPECT_TRUE(pvd_kept(res));
		EXPECT_TRUE(pvd_buf_untouched(&buf, 0, buf.len));
	}
	EXPECT_TRUE(pvd_canaries(&buf));
}

/* One subcommand whose outer block is read-only: its rc cannot be delivered. */
static int read_only_command(struct __test_metadata *_metadata, struct pvd_vm *vm,
			     const struct pvd_dmp *dmp)
{
	struct pvd_cmd *cmd = pvd_map(PVD_PAGE, PROT_READ | PROT_WRITE);
	int err;

	ASSERT_NE(NULL, cmd);
	memset(cmd, 0, sizeof(*cmd));
	cmd->cmd = PVD_DUMP;
	cmd->data = (unsigned long)dmp;
	ASSERT_EQ(0, mprotect(cmd, PVD_PAGE, PROT_READ));
	err = ioctl(vm->fd, PVD_IOC_VM, cmd) ? errno : 0;
	pvd_note("read-only command = %s", pvd_errname(err));
	return err;
}

/* D4 holds for the outer block too. */
PVD_TEST(defect, d4_init_read_only_command, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };
	struct pvd_vm vm;
	int err;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	err = read_only_command(_metadata, &vm, &dmp);
	EXPECT_TRUE(!err || err == EFAULT);
	EXPECT_EQ(!err, pvd_dumping(&vm));
}

PVD_TEST(defect, d4_complete_read_only_command, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_COMPLETE };
	struct pvd_buf buf;
	struct pvd_vm vm;
	int err;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	err = read_only_command(_metadata, &vm, &dmp);
	EXPECT_TRUE(!err || err == EFAULT);
	EXPECT_EQ(!!err, pvd_dumping(&vm));
	if (err)
		PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
}

/*
 * D8: what was fetched before the Ultravisor refused is delivered. 300 MiB need more than
 * one bounce buffer of any kernel.
 */
PVD_TEST(defect, d8_error_delivers_fetched, PVD_NEED_T2, 60)
{
	unsigned long blocks, at;
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 300 * PVD_MIB));
	blocks = vm.size / PVD_MIB;
	PVD_BUFFER(&buf, (blocks + 212) * host.dump.stor_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	res = pvd_stor_state(vm.fd, 0, buf.p, buf.len);
	if (!host.softuv && !res.err)
		SKIP(return, "defect.d8_error_delivers_fetched: no end of memory found");
	PVD_EXPECT_REFUSED(res);
	for (at = 0; at < blocks; at++)
		if (pvd_buf_untouched(&buf, at * host.dump.stor_len,
				      (at + 1) * host.dump.stor_len))
			break;
	pvd_note("blocks delivered before the error: %lu of %lu", at, blocks);
	EXPECT_EQ(blocks, at);
	EXPECT_TRUE(pvd_buf_untouched(&buf, blocks * host.dump.stor_len, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
}

/* D9: rc and rrc change only when a UVC was made. */
PVD_TEST(defect, d9_rc_kept_without_uvc, PVD_NEED_T2, 60)
{
	static const struct {
		unsigned long gaddr;
		long delta;
	} cases[] = {
		{ 1, 0 }, { 4096, 0 }, { PVD_MIB / 2, 0 }, { PVD_MIB - 1, 0 }, { ~0UL, 0 },
		{ 0, -1 }, { 0, 1 }, { 0, LONG_MIN }, { 0, 16 }, { 1, 1 },
	};
	unsigned long len;
	struct pvd_buf buf;
	struct pvd_vm vm;
	unsigned int i;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, 2 * host.dump.stor_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = host.dump.stor_len + cases[i].delta;
		if (cases[i].delta == LONG_MIN)
			len = 0;
		PVD_EXPECT_KEPT(EINVAL, pvd_stor_state(vm.fd, cases[i].gaddr, buf.p, len));
	}
	EXPECT_TRUE(pvd_buf_untouched(&buf, 0, buf.len));
	EXPECT_TRUE(pvd_dumping(&vm));
}

static bool odd_lengths_sane(void)
{
	return host.dump.stor_len && host.dump.stor_len <= 65536 &&
	       host.dump.cpu_len && host.dump.cpu_len <= PVD_MIB &&
	       host.dump.compl_len && host.dump.compl_len <= PVD_MIB;
}

/*
 * The emulated machine stores at most a page, whatever it reports. The rest of an area is
 * the kernel's to fill, and must not be what its memory held before.
 */
static bool odd_rest_is_zero(const struct pvd_buf *buf, size_t area)
{
	size_t at;

	for (at = 0; at < buf->len; at++)
		if (at % area >= PVD_PAGE && buf->p[at])
			return false;
	return true;
}

static void odd_cpu(struct __test_metadata *_metadata, struct pvd_vm *vm, struct pvd_buf *buf)
{
	PVD_EXPECT_KEPT(EINVAL, pvd_cpu(vm->vcpu[0], buf->p, buf->len - 1));
	PVD_EXPECT_KEPT(EINVAL, pvd_cpu(vm->vcpu[0], buf->p, buf->len + 1));
	EXPECT_TRUE(pvd_buf_untouched(buf, 0, buf->len));
	PVD_EXPECT_OK(pvd_cpu(vm->vcpu[0], buf->p, buf->len));
	EXPECT_FALSE(pvd_buf_untouched(buf, buf->len - 1, buf->len));
	EXPECT_TRUE(odd_rest_is_zero(buf, buf->len));
	EXPECT_TRUE(pvd_canaries(buf));
}

static void odd_stor(struct __test_metadata *_metadata, struct pvd_vm *vm, struct pvd_buf *whole,
		     struct pvd_buf *part)
{
	size_t len = host.dump.stor_len;
	unsigned long i;

	PVD_EXPECT_KEPT(EINVAL, pvd_stor_state(vm->fd, 0, whole->p, len + 1));
	PVD_EXPECT_KEPT(EINVAL, pvd_stor_state(vm->fd, 0, whole->p, 2 * len - 1));
	EXPECT_TRUE(pvd_buf_untouched(whole, 0, whole->len));
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, whole->p, whole->len));
	for (i = 0; i < whole->len / len; i++)
		PVD_EXPECT_OK(pvd_stor_state(vm->fd, i * PVD_MIB, part->p + i * len, len));
	EXPECT_EQ(0, memcmp(whole->p, part->p, whole->len));
	EXPECT_TRUE(odd_rest_is_zero(whole, len));
	EXPECT_TRUE(pvd_canaries(whole) && pvd_canaries(part));
}

static void odd_complete(struct __test_metadata *_metadata, struct pvd_vm *vm,
			 struct pvd_buf *buf, size_t len)
{
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm->fd, buf->p, len - 1));
	EXPECT_TRUE(pvd_buf_untouched(buf, 0, buf->len));
	PVD_EXPECT_OK(pvd_complete(vm->fd, buf->p, buf->len));
	EXPECT_FALSE(pvd_buf_untouched(buf, len - 1, len));
	EXPECT_TRUE(pvd_buf_untouched(buf, len, buf->len));
	EXPECT_TRUE(pvd_canaries(buf));
}

/*
 * D10: the firmware's lengths are taken for what they are: those that cannot be served are
 * refused at INIT without a call, all others are exact. An unfixed kernel lets the firmware
 * write beyond its buffer, so this needs a kernel that is known to be fixed.
 */
PVD_TEST(defect, d10_odd_lengths, PVD_NEED_T2 | PVD_NEED_SOFTUV | PVD_NEED_PANIC_OK, 60)
{
	struct pvd_buf whole, part, cpu, compl;
	size_t len = host.dump.stor_len;
	struct pvd_vm vm;

	if (len == 4096 && host.dump.cpu_len == 4096 && host.dump.compl_len == 4096)
		SKIP(return, "defect.d10_odd_lengths: the lengths are the usual ones");
	/* No kernel can make a protected vCPU of 0 bytes, and 5.10 warns when it tries. */
	PVD_MADE(pvd_vm_boot(&vm, host.dump.cpu_len ? 1 : 0, 40 * PVD_MIB));
	if (!odd_lengths_sane()) {
		PVD_EXPECT_KEPT(EINVAL, pvd_init(vm.fd));
		PVD_BUFFER(&compl, host.dump.compl_len + 1);
		PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm.fd, compl.p, compl.len));
		EXPECT_FALSE(vm.nr && pvd_dumping(&vm));
		return;
	}
	PVD_BUFFER(&whole, 40 * len);
	PVD_BUFFER(&part, 40 * len);
	PVD_BUFFER(&cpu, host.dump.cpu_len);
	PVD_BUFFER(&compl, host.dump.compl_len + 100);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	odd_cpu(_metadata, &vm, &cpu);
	pvd_touch(&vm);
	odd_stor(_metadata, &vm, &whole, &part);
	odd_complete(_metadata, &vm, &compl, host.dump.compl_len);
	EXPECT_FALSE(pvd_dumping(&vm));
}

/* D15: the dump block has 64 bytes, whatever a manual says; the reserved half is kept. */
PVD_TEST(defect, d15_block_has_64_bytes, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT }, was;
	struct pvd_dmp *edge;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	edge = pvd_edge(32);
	ASSERT_NE(NULL, edge);
	memset(edge, 0, 32);
	PVD_EXPECT_KEPT(EFAULT, pvd_vm_cmd(vm.fd, PVD_DUMP, edge));
	EXPECT_FALSE(pvd_dumping(&vm));
	memset(dmp.reserved, 0x77, sizeof(dmp.reserved));
	was = dmp;
	PVD_EXPECT_OK(pvd_dump(vm.fd, &dmp));
	EXPECT_EQ(0, memcmp(&was, &dmp, sizeof(dmp)));
}

/* D16: DISABLE is a way out of a dump; a new guest and a new dump follow. */
PVD_TEST(defect, d16_disable_is_abort, PVD_NEED_T2, 120)
{
	struct pvd_buf buf;
	struct pvd_vm vm;
	int i;

	PVD_BUFFER(&buf, host.dump.cpu_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	for (i = 0; i < 3; i++) {
		PVD_ASSERT_OK(pvd_init(vm.fd));
		PVD_ASSERT_OK(pvd_cpu(vm.vcpu[0], buf.p, buf.len));
		PVD_DISABLE_DUMPING(&vm);
		EXPECT_EQ(EINTR, pvd_run(&vm, 0));
		memset(vm.mem, 0, vm.size);
		PVD_ASSERT_OK(pvd_vm_protect(&vm));
	}
	pvd_one_dump(_metadata, &vm, NULL);
}

/* D22: protecting a VM without memory is refused without a kernel warning. */
PVD_TEST(defect, d22_enable_without_memory, PVD_NEED_PV | PVD_NEED_PANIC_OK, 30)
{
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, 0));
	res = pvd_vm_enable(&vm);
	EXPECT_NE(0, res.err);
	EXPECT_FALSE(pvd_dumping(&vm));
}

/* D22: a header of length 0 is refused without a kernel warning. */
PVD_TEST(defect, d22_header_of_length_0, PVD_NEED_PV | PVD_NEED_PANIC_OK, 30)
{
	struct pvd_sec_parms parms = { .origin = (unsigned long)&parms };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	EXPECT_EQ(EINVAL, pvd_vm_cmd(vm.fd, PVD_SET_SEC_PARMS, &parms).err);
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

/* D25: the vCPU ioctl delivers rc and rrc at offset 4 and leaves the command alone. */
PVD_TEST(defect, d25_vcpu_rc_offset, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, host.dump.cpu_len);
	res = pvd_cpu(vm.vcpu[0], buf.p, buf.len);
	PVD_EXPECT_KEPT(EINVAL, res);
	EXPECT_EQ(PVD_DUMP, res.cmd);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	res = pvd_cpu(vm.vcpu[0], buf.p, buf.len);
	PVD_EXPECT_OK(res);
	EXPECT_EQ(PVD_DUMP, res.cmd);
}

#endif /* PV_DUMP_DEFECTS_H */
