// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: whole dumps, in one piece and in many, and the ways in which a dump ends.
 *
 * Dumps can be written to files for zgetdump (option -o).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "pv_util.h"

FIXTURE(dump) {
	struct pv_vm vm;
	struct pv_buf buf;
};

FIXTURE_SETUP(dump)
{
	pv_vm_init(&self->vm);
	ASSERT_EQ(0, pv_buf_alloc(&self->buf, pv_host.compl_len + pv_host.cpu_len));
}

FIXTURE_TEARDOWN(dump)
{
	EXPECT_TRUE(pv_buf_canaries(&self->buf));
	pv_vm_close(&self->vm);
}

TEST_F_TIMEOUT(dump, image_loads, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_res res;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_IMAGE);
	PV_TRY(return, pv_vm_open(vm, 2, pv_image_room()));
	res = pv_vm_protect(vm);
	EXPECT_EQ(0, res.err) {
		TH_LOG("rc 0x%04x rrc 0x%04x", res.rc, res.rrc);
	}
	PV_EXPECT_OK(pv_vm_disable(vm));
}

TEST_F_TIMEOUT(dump, one_vcpu, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, 1, 0));
	PV_TRY(return, pv_dump_once(&self->vm, "one_vcpu"));
}

TEST_F_TIMEOUT(dump, several_vcpus, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, PV_MAX_VCPUS, 0));
	PV_TRY(return, pv_dump_once(&self->vm, "several_vcpus"));
}

/* Two dumps of a guest that did not run in between: different files, the same plaintext */
TEST_F_TIMEOUT(dump, twice_same_guest, PV_TIMEOUT(60))
{
	struct pv_dump first, second;
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	PV_TRY(return, pv_dump_guest(vm, &first));
	PV_TRY(return, pv_dump_write("twice_1", vm, &first));
	PV_TRY(return, pv_dump_guest(vm, &second));
	PV_TRY(return, pv_dump_write("twice_2", vm, &second));
	/* The seed (bytes 16 to 79) is new, and so is all that is encrypted with its key. */
	EXPECT_NE(0, memcmp(first.compl.p + 16, second.compl.p + 16, 64));
	EXPECT_NE(0, memcmp(first.compl.p + 96, second.compl.p + 96, 176));
	EXPECT_NE(0, memcmp(first.cpu[0].p + 32, second.cpu[0].p + 32, 1520));
}

TEST_F_TIMEOUT(dump, five_in_a_row, PV_TIMEOUT(120))
{
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, 1, 0));
	for (i = 0; i < 5; i++)
		PV_TRY(return, pv_dump_once(&self->vm, NULL));
}

TEST_F_TIMEOUT(dump, disable_enable_dump, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
	PV_EXPECT_OK(pv_vm_disable(vm));
	EXPECT_EQ(EINTR, pv_run(vm, 0));
	PV_ASSERT_OK(pv_vm_protect_again(vm));
	PV_TRY(return, pv_dump_once(vm, "again"));
}

/* Fields that a subcommand does not use may hold anything. */
TEST_F_TIMEOUT(dump, unused_fields_are_ignored, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp, was;
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	memset(&dmp, 0xff, sizeof(dmp));
	dmp.subcmd = KVM_PV_DUMP_INIT;
	was = dmp;
	PV_EXPECT_OK(pv_dump(vm->fd, &dmp));
	EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
	pv_fetch_all(vm);
	dmp.subcmd = KVM_PV_DUMP_COMPLETE;
	dmp.buff_addr = (unsigned long)self->buf.p;
	dmp.buff_len = pv_host.compl_len;
	was = dmp;
	PV_EXPECT_OK(pv_dump(vm->fd, &dmp));
	EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
}

/* COMPLETE takes a longer buffer, and fills only what it needs. */
TEST_F_TIMEOUT(dump, complete_longer_buffer, PV_TIMEOUT(60))
{
	size_t len = pv_host.compl_len;
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_buf_alloc(&buf, len + 3 * PV_PAGE));
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, buf.len));
	EXPECT_TRUE(pv_buf_untouched(&buf, len, buf.len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, ~0UL));
	EXPECT_TRUE(pv_buf_untouched(&buf, len, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

static struct pv_res stor_blocks(struct pv_vm *vm, struct pv_buf *buf, unsigned long at,
				 unsigned long n)
{
	size_t len = pv_host.stor_len;

	return pv_dump_stor_state(vm->fd, at * PV_MIB, buf->p + at * len, n * len);
}

static void stor_pieces(struct __test_metadata *_metadata, struct pv_vm *vm,
			struct pv_buf *buf, unsigned long blocks)
{
	unsigned long total = vm->size / PV_MIB, at, n;

	pv_buf_reset(buf);
	for (at = 0; at < total; at += n) {
		n = total - at < blocks ? total - at : blocks;
		PV_EXPECT_OK(stor_blocks(vm, buf, at, n));
	}
	EXPECT_TRUE(pv_buf_canaries(buf));
}

/*
 * The state of a guest that does not change is the same however it is asked for: at once, per
 * MiB, in odd pieces, backwards, and twice.
 */
TEST_F_TIMEOUT(dump, storage_state_in_pieces, PV_TIMEOUT(120))
{
	static const unsigned long pieces[] = { 1, 3, 7, 16, 17, 1 };
	struct pv_vm *vm = &self->vm;
	struct pv_buf whole, part;
	unsigned long at;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 40 * PV_MIB));
	PV_TRY(return, pv_buf_alloc(&whole, pv_stor_bytes(vm)));
	PV_TRY(return, pv_buf_alloc(&part, pv_stor_bytes(vm)));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_touch(vm);
	PV_ASSERT_OK(pv_dump_stor_state(vm->fd, 0, whole.p, whole.len));
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		stor_pieces(_metadata, vm, &part, pieces[i]);
		EXPECT_EQ(0, memcmp(whole.p, part.p, whole.len));
	}
	pv_buf_reset(&part);
	for (at = vm->size / PV_MIB; at; at--)
		PV_EXPECT_OK(stor_blocks(vm, &part, at - 1, 1));
	EXPECT_EQ(0, memcmp(whole.p, part.p, whole.len));
	EXPECT_TRUE(pv_buf_canaries(&part));
}

/* A request that begins in memory and ends beyond it */
TEST_F_TIMEOUT(dump, storage_state_beyond_memory, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_CONFIG_STOR_STATE };
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, 4 * pv_host.stor_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	dmp.gaddr = vm->size - PV_MIB;
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	PV_EXPECT_REFUSED(pv_dump(vm->fd, &dmp));
	/* QEMU repeats a request with the same block: an error must not move it. */
	EXPECT_EQ(vm->size - PV_MIB, dmp.gaddr);
	EXPECT_TRUE(pv_buf_untouched(&buf, pv_host.stor_len, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
	EXPECT_TRUE(pv_dumping(vm));
}

/* Dumps of two machines are independent. */
TEST_F_TIMEOUT(dump, two_machines, PV_TIMEOUT(120))
{
	struct pv_vm *a = &self->vm, b;
	struct pv_dump da, db;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(a, 1, 0));
	PV_TRY(return, pv_vm_boot(&b, 1, 0));
	PV_TRY(return, pv_dump_alloc(a, &da));
	PV_TRY(return, pv_dump_alloc(&b, &db));
	PV_EXPECT_OK(pv_dump_init(a->fd));
	EXPECT_FALSE(pv_dumping(&b));
	PV_EXPECT_OK(pv_dump_init(b.fd));
	PV_EXPECT_OK(pv_dump_stor_state(a->fd, 0, da.stor.p, da.stor.len));
	PV_ASSERT_OK(pv_dump_cpu(b.vcpu[0], db.cpu[0].p, db.cpu[0].len));
	PV_EXPECT_OK(pv_dump_stor_state(b.fd, 0, db.stor.p, db.stor.len));
	PV_ASSERT_OK(pv_dump_cpu(a->vcpu[0], da.cpu[0].p, da.cpu[0].len));
	PV_EXPECT_OK(pv_dump_complete(a->fd, da.compl.p, da.compl.len));
	EXPECT_FALSE(pv_dumping(a));
	EXPECT_TRUE(pv_dumping(&b));
	PV_EXPECT_OK(pv_dump_complete(b.fd, db.compl.p, db.compl.len));
	EXPECT_FALSE(pv_dumping(&b));
	EXPECT_NE(0, memcmp(da.compl.p + 16, db.compl.p + 16, 64));
}

/*
 * The Ultravisor may refuse a vCPU that is created during a dump. One that exists must not run
 * before the dump ends.
 */
TEST_F_TIMEOUT(dump, vcpu_created_during_dump, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	__u8 *p = self->buf.p;
	bool added;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	added = !pv_vm_add_vcpu(vm);
	if (added) {
		EXPECT_EQ(EINVAL, pv_run(vm, 1));
		pv_dump_cpu(vm->vcpu[1], p, pv_host.cpu_len);
	}
	EXPECT_TRUE(pv_dumping(vm));
	pv_fetch_all(vm);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, p, pv_host.compl_len));
	EXPECT_FALSE(pv_dumping(vm));
	if (added)
		EXPECT_EQ(EINTR, pv_run(vm, 1));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* A dump ends with protection, or the machine could never run again. */
TEST_F_TIMEOUT(dump, disable_ends_dump, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	PV_DISABLE_DUMPING(return, vm);
	EXPECT_EQ(EINTR, pv_run(vm, 0));
	PV_ASSERT_OK(pv_vm_protect_again(vm));
	EXPECT_EQ(EINTR, pv_run(vm, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* Dump subcommands of the next guest do not reach the Ultravisor without an INIT. */
TEST_F_TIMEOUT(dump, next_guest_has_no_dump, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	__u8 *p = self->buf.p;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	PV_DISABLE_DUMPING(return, vm);
	PV_ASSERT_OK(pv_vm_protect_again(vm));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, p, pv_host.compl_len));
	PV_EXPECT_KEPT(EINVAL, pv_dump_cpu(vm->vcpu[0], p, pv_host.cpu_len));
}

/* DISABLE aborts a dump; a new guest and a new dump follow. */
TEST_F_TIMEOUT(dump, disable_aborts_dump, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	for (i = 0; i < 3; i++) {
		PV_ASSERT_OK(pv_dump_init(vm->fd));
		PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], self->buf.p, pv_host.cpu_len));
		PV_DISABLE_DUMPING(return, vm);
		EXPECT_EQ(EINTR, pv_run(vm, 0));
		PV_ASSERT_OK(pv_vm_protect_again(vm));
	}
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* How far a dump has come */
enum stage { NOT_BEGUN, BEGUN, ONE_CPU, ONE_MIB, WHOLE_MEMORY, COMPLETED, STAGES };

static void reach_stage(struct __test_metadata *_metadata, struct pv_vm *vm, enum stage stage)
{
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, pv_stor_bytes(vm) + pv_host.compl_len +
				    pv_host.cpu_len));
	if (stage >= BEGUN)
		PV_ASSERT_OK(pv_dump_init(vm->fd));
	if (stage >= ONE_CPU)
		PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], buf.p, pv_host.cpu_len));
	if (stage >= ONE_MIB)
		PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, buf.p, pv_host.stor_len));
	if (stage >= WHOLE_MEMORY)
		PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, buf.p, pv_stor_bytes(vm)));
	if (stage >= COMPLETED) {
		pv_fetch_all(vm);
		PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, pv_host.compl_len));
	}
	EXPECT_TRUE(pv_buf_canaries(&buf));
	pv_buf_free(&buf);
}

/* Protection may end at every stage of a dump, and must not affect the next guest. */
TEST_F_TIMEOUT(dump, disable_at_every_stage, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	enum stage stage;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	for (stage = NOT_BEGUN; stage < STAGES; stage++) {
		reach_stage(_metadata, vm, stage);
		PV_DISABLE_DUMPING(return, vm);
		ASSERT_EQ(EINTR, pv_run(vm, 0));
		ASSERT_EQ(EINTR, pv_run(vm, 1));
		PV_ASSERT_OK(pv_vm_protect_again(vm));
	}
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* All descriptors are closed at every stage of a dump; the next machine works. */
TEST_F_TIMEOUT(dump, close_at_every_stage, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	enum stage stage;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (stage = NOT_BEGUN; stage < STAGES; stage++) {
		PV_TRY(return, pv_vm_boot(vm, 2, 0));
		reach_stage(_metadata, vm, stage);
		pv_vm_close(vm);
	}
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* A vCPU keeps its machine and the dump alive without the VM's descriptor. */
TEST_F_TIMEOUT(dump, vcpu_outlives_vm_descriptor, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, close(vm->fd));
	vm->fd = -1;
	PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], self->buf.p, pv_host.cpu_len));
	EXPECT_FALSE(pv_buf_untouched(&self->buf, 0, 16));
	EXPECT_EQ(EINVAL, pv_run(vm, 1));
	pv_vm_close(vm);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

static void die_during_dump(struct pv_vm *vm, int sig)
{
	if (pv_vm_boot(vm, 2, 0) || pv_dump_init(vm->fd).err)
		_exit(1);
	if (sig)
		raise(sig);
	_exit(0);
}

/* A VMM that exits or is killed during a dump leaves nothing behind. */
TEST_F_TIMEOUT(dump, exit_during_dump, PV_TIMEOUT(60))
{
	static const int signals[] = { 0, SIGKILL, SIGKILL };
	struct pv_vm *vm = &self->vm;
	unsigned int i;
	int status;
	pid_t pid;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			die_during_dump(vm, signals[i]);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(signals[i], WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		EXPECT_EQ(0, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	}
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* The descriptors of a machine are of no use in another process: EIO, and no change. */
TEST_F_TIMEOUT(dump, other_process, PV_TIMEOUT(60))
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };
	struct pv_vm *vm = &self->vm;
	int status;
	pid_t pid;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(pv_dump(vm->fd, &dmp).err == EIO ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status));
	EXPECT_FALSE(pv_dumping(vm));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
