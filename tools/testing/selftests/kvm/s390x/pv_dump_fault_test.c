// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: an error changes nothing, success loses nothing. Buffers and blocks that cannot
 * be written, refused requests, and what comes back in the blocks.
 */
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "pv_util.h"

FIXTURE(fault) {
	struct pv_vm vm;
	struct pv_buf buf;
};

FIXTURE_SETUP(fault)
{
	pv_vm_init(&self->vm);
	ASSERT_EQ(0, pv_buf_alloc(&self->buf, pv_host.compl_len));
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_TRUE(pv_buf_canaries(&self->buf));
	pv_vm_close(&self->vm);
}

/* A dump block for storage state of the first MiBs */
static struct kvm_s390_pv_dmp stor_state(struct pv_buf *buf)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = KVM_PV_DUMP_CONFIG_STOR_STATE,
		.buff_addr = (unsigned long)buf->p,
		.buff_len = buf->len,
	};

	return dmp;
}

static struct kvm_s390_pv_dmp complete(struct pv_buf *buf)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = KVM_PV_DUMP_COMPLETE,
		.buff_addr = (unsigned long)buf->p,
		.buff_len = buf->len,
	};

	return dmp;
}

/* COMPLETE with a bad buffer fails, and the data is still to be had. */
TEST_F_TIMEOUT(fault, complete_fault_keeps_dump, PV_TIMEOUT(60))
{
	static const enum pv_where places[] = {
		AT_NULL, AT_NONE, AT_GONE, AT_RO, AT_EDGE, AT_KERNEL,
	};
	size_t len = pv_host.compl_len;
	struct pv_vm *vm = &self->vm;
	unsigned int i;
	void *place;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		PV_TRY(return, pv_vm_boot(vm, 1, 0));
		pv_buf_reset(&self->buf);
		PV_ASSERT_OK(pv_dump_init(vm->fd));
		pv_fetch_all(vm);
		place = pv_place(places[i], len);
		EXPECT_EQ(EFAULT, pv_dump_complete(vm->fd, place, len).err);
		PV_EXPECT_OK(pv_dump_complete(vm->fd, self->buf.p, len));
		EXPECT_FALSE(pv_buf_untouched(&self->buf, 0, 16));
		EXPECT_TRUE(pv_buf_canaries(&self->buf));
		EXPECT_FALSE(pv_dumping(vm));
		pv_vm_close(vm);
	}
}

/* COMPLETE that fails does not write to the part of the buffer that is there. */
TEST_F_TIMEOUT(fault, complete_fault_changes_nothing, PV_TIMEOUT(60))
{
	size_t len = pv_host.compl_len, i = 0;
	struct pv_vm *vm = &self->vm;
	__u8 *edge;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	edge = pv_edge(len - 1);
	ASSERT_NE(NULL, edge);
	memset(edge, PV_CANARY, len - 1);
	EXPECT_EQ(EFAULT, pv_dump_complete(vm->fd, edge, len).err);
	EXPECT_TRUE(pv_dumping(vm));
	while (i < len - 1 && edge[i] == PV_CANARY)
		i++;
	EXPECT_EQ(len - 1, i);
}

/*
 * A dump block that cannot be written: an error means that nothing happened. @was and @will tell
 * whether a dump is active before the request and after its success.
 */
static struct pv_res read_only_block(struct __test_metadata *_metadata, struct pv_vm *vm,
				     const struct kvm_s390_pv_dmp *want, bool was, bool will)
{
	struct kvm_s390_pv_dmp *dmp = pv_map(PV_PAGE, PROT_READ | PROT_WRITE);
	struct pv_res res;

	ASSERT_NE(NULL, dmp);
	*dmp = *want;
	ASSERT_EQ(0, mprotect(dmp, PV_PAGE, PROT_READ));
	res = pv_dump(vm->fd, dmp);
	if (res.err)
		EXPECT_EQ(EFAULT, res.err);
	EXPECT_EQ(res.err ? was : will, pv_dumping(vm));
	return res;
}

TEST_F_TIMEOUT(fault, init_read_only_block, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, 1, 0));
	read_only_block(_metadata, &self->vm, &dmp, false, true);
}

TEST_F_TIMEOUT(fault, complete_read_only_block, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = complete(&self->buf);
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	read_only_block(_metadata, vm, &dmp, true, false);
}

/* Storage state is not fetched if gaddr cannot be delivered. */
TEST_F_TIMEOUT(fault, stor_state_read_only_block, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp;
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	struct pv_res res;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.stor_len));
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	dmp = stor_state(&buf);
	res = read_only_block(_metadata, vm, &dmp, true, true);
	if (res.err) {
		EXPECT_TRUE(pv_kept(res));
		EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
	}
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

/* A request whose command block is read-only: rc cannot be delivered. Return: the errno */
static int read_only_command(struct __test_metadata *_metadata, struct pv_vm *vm,
			     const struct kvm_s390_pv_dmp *dmp)
{
	struct kvm_pv_cmd *cmd = pv_map(PV_PAGE, PROT_READ | PROT_WRITE);
	int err;

	ASSERT_NE(NULL, cmd);
	memset(cmd, 0, sizeof(*cmd));
	cmd->cmd = KVM_PV_DUMP;
	cmd->data = (unsigned long)dmp;
	ASSERT_EQ(0, mprotect(cmd, PV_PAGE, PROT_READ));
	err = ioctl(vm->fd, KVM_S390_PV_COMMAND, cmd) ? errno : 0;
	pv_note("read-only command = %s", pv_errname(err));
	return err;
}

TEST_F_TIMEOUT(fault, init_read_only_command, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };
	struct pv_vm *vm = &self->vm;
	int err;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	err = read_only_command(_metadata, vm, &dmp);
	EXPECT_TRUE(!err || err == EFAULT);
	EXPECT_EQ(!err, pv_dumping(vm));
}

TEST_F_TIMEOUT(fault, complete_read_only_command, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = complete(&self->buf);
	struct pv_vm *vm = &self->vm;
	int err;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	err = read_only_command(_metadata, vm, &dmp);
	EXPECT_TRUE(!err || err == EFAULT);
	EXPECT_EQ(!!err, pv_dumping(vm));
	if (err)
		PV_EXPECT_OK(pv_dump_complete(vm->fd, self->buf.p, self->buf.len));
}

/* A buffer of which only the first half is mapped: the request faults, the dump goes on. */
TEST_F_TIMEOUT(fault, half_mapped_buffer, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	struct pv_res res;
	size_t half;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 40 * PV_MIB));
	PV_TRY(return, pv_buf_alloc(&buf, pv_stor_bytes(vm)));
	half = (buf.len / 2 + PV_PAGE - 1) & ~(PV_PAGE - 1);
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, munmap(buf.p + half, buf.map_len - PV_PAGE - half));
	res = pv_dump_stor_state(vm->fd, 0, buf.p, buf.len);
	EXPECT_EQ(EFAULT, res.err);
	EXPECT_TRUE(pv_kept(res) || res.rc == 1);
	EXPECT_TRUE(pv_dumping(vm));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, buf.p, buf.len / 2));
	PV_TRY(return, pv_buf_alloc(&buf, pv_stor_bytes(vm)));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, buf.p, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

/*
 * Storage state that was fetched before the Ultravisor refused is delivered. 300 MiB need more
 * than one bounce buffer of any kernel.
 */
TEST_F_TIMEOUT(fault, refusal_delivers_fetched, PV_TIMEOUT(60))
{
	size_t len = pv_host.stor_len;
	struct pv_vm *vm = &self->vm;
	unsigned long blocks, at;
	struct pv_buf buf;
	struct pv_res res;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 300 * PV_MIB));
	blocks = vm->size / PV_MIB;
	PV_TRY(return, pv_buf_alloc(&buf, (blocks + 212) * len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	res = pv_dump_stor_state(vm->fd, 0, buf.p, buf.len);
	if (!pv_host.exact && !res.err)
		PV_SKIP(return, "no end of memory found");
	PV_EXPECT_REFUSED(res);
	for (at = 0; at < blocks; at++)
		if (pv_buf_untouched(&buf, at * len, (at + 1) * len))
			break;
	pv_note("blocks delivered before the error: %lu of %lu", at, blocks);
	EXPECT_EQ(blocks, at);
	EXPECT_TRUE(pv_buf_untouched(&buf, blocks * len, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

/* rc and rrc change only if the Ultravisor was called. */
TEST_F_TIMEOUT(fault, rc_kept_without_call, PV_TIMEOUT(60))
{
	static const struct {
		unsigned long gaddr;
		long delta;
	} cases[] = {
		{ 1, 0 }, { 4096, 0 }, { PV_MIB / 2, 0 }, { PV_MIB - 1, 0 }, { ~0UL, 0 },
		{ 0, -1 }, { 0, 1 }, { 0, LONG_MIN }, { 0, 16 }, { 1, 1 },
	};
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	unsigned long len;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, 2 * pv_host.stor_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = pv_host.stor_len + cases[i].delta;
		if (cases[i].delta == LONG_MIN)
			len = 0;
		PV_EXPECT_KEPT(EINVAL,
			       pv_dump_stor_state(vm->fd, cases[i].gaddr, buf.p, len));
	}
	EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
	EXPECT_TRUE(pv_dumping(vm));
}

/* The dump block has 64 bytes: they have to be there, no more are, and the reserved are kept. */
TEST_F_TIMEOUT(fault, block_has_64_bytes, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp was, *dmp;
	struct pv_vm *vm = &self->vm;
	size_t len;
	__u8 *edge;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	for (len = 32; len < 64; len += 31) {
		edge = pv_edge(len);
		ASSERT_NE(NULL, edge);
		memset(edge, 0, len);
		PV_EXPECT_KEPT(EFAULT, pv_vm_cmd(vm->fd, KVM_PV_DUMP, edge));
		EXPECT_FALSE(pv_dumping(vm));
	}
	dmp = pv_edge(64);
	ASSERT_NE(NULL, dmp);
	memset(dmp, 0, 32);
	dmp->subcmd = KVM_PV_DUMP_INIT;
	memset(dmp->reserved, 0x77, sizeof(dmp->reserved));
	was = *dmp;
	PV_EXPECT_OK(pv_dump(vm->fd, dmp));
	EXPECT_EQ(0, memcmp(&was, dmp, sizeof(was)));
	EXPECT_TRUE(pv_dumping(vm));
}

/* gaddr comes back as the address after the last MiB; nothing else changes. */
TEST_F_TIMEOUT(fault, gaddr_is_delivered, PV_TIMEOUT(60))
{
	static const unsigned long starts[] = { 0, 1, 3 };
	static const unsigned long blocks[] = { 1, 2, 5 };
	struct kvm_s390_pv_dmp dmp, want;
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	unsigned int s, b;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 8 * PV_MIB));
	PV_TRY(return, pv_buf_alloc(&buf, 5 * pv_host.stor_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		for (b = 0; b < ARRAY_SIZE(blocks); b++) {
			dmp = stor_state(&buf);
			dmp.buff_len = blocks[b] * pv_host.stor_len;
			dmp.gaddr = starts[s] * PV_MIB;
			want = dmp;
			want.gaddr += blocks[b] * PV_MIB;
			PV_EXPECT_OK(pv_dump(vm->fd, &dmp));
			EXPECT_EQ(want.gaddr, dmp.gaddr);
			EXPECT_EQ(0, memcmp(&want, &dmp, sizeof(dmp)));
		}
	}
}

/* The vCPU ioctl delivers rc and rrc where they belong, and leaves the command alone. */
TEST_F_TIMEOUT(fault, vcpu_command_is_kept, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	struct pv_res res;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.cpu_len));
	res = pv_dump_cpu(vm->vcpu[0], buf.p, buf.len);
	PV_EXPECT_KEPT(EINVAL, res);
	EXPECT_EQ(KVM_PV_DUMP, res.cmd);
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	res = pv_dump_cpu(vm->vcpu[0], buf.p, buf.len);
	PV_EXPECT_OK(res);
	EXPECT_EQ(KVM_PV_DUMP, res.cmd);
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
