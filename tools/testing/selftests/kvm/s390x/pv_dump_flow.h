/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns whole dumps: in one piece and in many, repeated, side by side, and torn down early.
 * Never decrypts: what the kernel handed out can be written to a file for zgetdump (-o).
 */
#ifndef PV_DUMP_FLOW_H
#define PV_DUMP_FLOW_H

#include "pv_dump_elf.h"
#include "pv_dump_firmware.h"

FIXTURE(dump) {
	int unused;
};

FIXTURE_SETUP(dump)
{
}

FIXTURE_TEARDOWN(dump)
{
}

/* A storage-state entry: an encrypted page's tweak, or one of four special states. */
static bool pvd_entry_valid(const __u8 *p)
{
	if (pvd_be32(p) != 0xffffffff)
		return true;
	switch (p[15]) {
	case 0x01:
	case 0x02:
	case 0x05:
	case 0x06:
		return !p[14];
	default:
		return false;
	}
}

/* Formats as zgetdump reads them (s390-tools, zdump/pv_defs.h). */
static void pvd_check_dump(struct __test_metadata *_metadata, struct pvd_vm *vm,
			   struct pvd_dumped *d)
{
	unsigned long secret = 0, want = 0;
	unsigned int i;
	size_t at;

	for (i = 0; i < (unsigned int)vm->nr; i++) {
		EXPECT_FALSE(pvd_buf_untouched(&d->cpu[i], 0, 16));
		EXPECT_TRUE(pvd_canaries(&d->cpu[i]));
	}
	EXPECT_FALSE(pvd_buf_untouched(&d->compl, 0, 16));
	EXPECT_TRUE(pvd_canaries(&d->compl));
	EXPECT_TRUE(pvd_canaries(&d->stor));
	/* Later firmware may have another version of the formats. */
	if (!host.softuv && pvd_be32(d->compl.p) != 1)
		return;
	for (i = 0; i < (unsigned int)vm->nr; i++)
		EXPECT_EQ(1, pvd_be32(d->cpu[i].p));
	EXPECT_EQ(1, pvd_be32(d->compl.p));
	EXPECT_EQ(288, pvd_be32(d->compl.p + 4));
	if (host.dump.stor_len != 4096)
		return;
	for (at = 0; at < d->stor.len; at += 16) {
		ASSERT_TRUE(pvd_entry_valid(d->stor.p + at)) {
			TH_LOG("entry of page 0x%lx is not valid", at / 16 * PVD_PAGE);
		}
		secret += pvd_be32(d->stor.p + at) != 0xffffffff;
	}
	for (i = 0; i < image.nr; i++)
		want += image.comp[i].size / PVD_PAGE;
	/* Each page of a component was read by the host and so is encrypted now. */
	EXPECT_LE(want, secret);
}

static void pvd_dumped_alloc(struct __test_metadata *_metadata, struct pvd_vm *vm,
			     struct pvd_dumped *d)
{
	int i;

	for (i = 0; i < vm->nr; i++)
		PVD_BUFFER(&d->cpu[i], host.dump.cpu_len);
	PVD_BUFFER(&d->stor, pvd_stor_bytes(vm));
	PVD_BUFFER(&d->compl, host.dump.compl_len);
}

static void pvd_dumped_free(struct pvd_vm *vm, struct pvd_dumped *d)
{
	int i;

	for (i = 0; i < vm->nr; i++)
		pvd_buf_free(&d->cpu[i]);
	pvd_buf_free(&d->stor);
	pvd_buf_free(&d->compl);
}

/* The whole dump, in the order of QEMU. */
static void pvd_full_dump(struct __test_metadata *_metadata, struct pvd_vm *vm,
			  struct pvd_dumped *d)
{
	int i;

	pvd_dumped_alloc(_metadata, vm, d);
	EXPECT_FALSE(pvd_dumping(vm));
	PVD_EXPECT_OK(pvd_init(vm->fd));
	EXPECT_TRUE(pvd_dumping(vm));
	for (i = 0; i < vm->nr; i++)
		PVD_ASSERT_OK(pvd_cpu(vm->vcpu[i], d->cpu[i].p, d->cpu[i].len));
	pvd_touch(vm);
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d->stor.p, d->stor.len));
	PVD_EXPECT_OK(pvd_complete(vm->fd, d->compl.p, d->compl.len));
	EXPECT_FALSE(pvd_dumping(vm));
	pvd_check_dump(_metadata, vm, d);
}

static void pvd_one_dump(struct __test_metadata *_metadata, struct pvd_vm *vm, const char *name)
{
	struct pvd_dumped d;

	pvd_full_dump(_metadata, vm, &d);
	if (host.out && name)
		EXPECT_EQ(0, pvd_write_elf(name, vm, &d));
	pvd_dumped_free(vm, &d);
}

PVD_TEST(dump, image_loads, PVD_NEED_PV | PVD_NEED_IMAGE, 60)
{
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 2, pvd_image_room()));
	res = pvd_vm_protect(&vm);
	EXPECT_EQ(0, res.err) {
		TH_LOG("rc 0x%04x rrc 0x%04x", res.rc, res.rrc);
	}
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

PVD_TEST(dump, one_vcpu, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, "one_vcpu");
}

PVD_TEST(dump, several_vcpus, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, PVD_MAX_VCPUS, 0));
	pvd_one_dump(_metadata, &vm, "several_vcpus");
}

/* Two dumps of a guest that did not run in between: files for the same plaintext. */
PVD_TEST(dump, twice_same_guest, PVD_NEED_T2, 60)
{
	struct pvd_dumped first, second;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	pvd_full_dump(_metadata, &vm, &first);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf("twice_1", &vm, &first));
	pvd_full_dump(_metadata, &vm, &second);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf("twice_2", &vm, &second));
	/* The seed (bytes 16 to 79) is new, and so is all that is encrypted with its key. */
	EXPECT_NE(0, memcmp(first.compl.p + 16, second.compl.p + 16, 64));
	EXPECT_NE(0, memcmp(first.compl.p + 96, second.compl.p + 96, 176));
	EXPECT_NE(0, memcmp(first.cpu[0].p + 32, second.cpu[0].p + 32, 1520));
}

PVD_TEST(dump, five_in_a_row, PVD_NEED_T2, 120)
{
	struct pvd_vm vm;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	for (i = 0; i < 5; i++)
		pvd_one_dump(_metadata, &vm, NULL);
}

PVD_TEST(dump, disable_enable_dump, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
	EXPECT_EQ(EINTR, pvd_run(&vm, 0));
	memset(vm.mem, 0, vm.size);
	PVD_ASSERT_OK(pvd_vm_protect(&vm));
	pvd_one_dump(_metadata, &vm, "again");
}

/* What INIT does not use may hold anything (kept as lax as mainline). */
PVD_TEST(dump, unused_fields_are_ignored, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp, was;
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	memset(&dmp, 0xff, sizeof(dmp));
	dmp.subcmd = PVD_INIT;
	was = dmp;
	PVD_EXPECT_OK(pvd_dump(vm.fd, &dmp));
	EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
	pvd_before_complete(&vm);
	dmp.subcmd = PVD_COMPLETE;
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	was = dmp;
	PVD_EXPECT_OK(pvd_dump(vm.fd, &dmp));
	EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
}

/* COMPLETE takes a longer buffer, and fills only what it needs. */
PVD_TEST(dump, complete_longer_buffer, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len + 3 * PVD_PAGE);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	EXPECT_TRUE(pvd_buf_untouched(&buf, host.dump.compl_len, buf.len));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, ~0UL));
	EXPECT_TRUE(pvd_buf_untouched(&buf, host.dump.compl_len, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
}

static void stor_pieces(struct __test_metadata *_metadata, struct pvd_vm *vm,
			struct pvd_buf *buf, unsigned long blocks)
{
	unsigned long total = vm->size / PVD_MIB, at, n;

	pvd_buf_reset(buf);
	for (at = 0; at < total; at += n) {
		n = total - at < blocks ? total - at : blocks;
		PVD_EXPECT_OK(pvd_stor_state(vm->fd, at * PVD_MIB, buf->p + at *
					     host.dump.stor_len, n * host.dump.stor_len));
	}
	EXPECT_TRUE(pvd_canaries(buf));
}

/*
 * The state of a guest that does not change is the same however it is asked for: at once,
 * per MiB, in odd pieces, backwards, and twice.
 */
PVD_TEST(dump, storage_state_in_pieces, PVD_NEED_T2, 120)
{
	static const unsigned long pieces[] = { 1, 3, 7, 16, 17, 1 };
	struct pvd_buf whole, part;
	unsigned long at;
	unsigned int i;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 40 * PVD_MIB));
	PVD_BUFFER(&whole, pvd_stor_bytes(&vm));
	PVD_BUFFER(&part, pvd_stor_bytes(&vm));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_touch(&vm);
	PVD_ASSERT_OK(pvd_stor_state(vm.fd, 0, whole.p, whole.len));
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		stor_pieces(_metadata, &vm, &part, pieces[i]);
		EXPECT_EQ(0, memcmp(whole.p, part.p, whole.len));
	}
	pvd_buf_reset(&part);
	for (at = vm.size; at; at -= PVD_MIB)
		PVD_EXPECT_OK(pvd_stor_state(vm.fd, at - PVD_MIB, part.p + (at / PVD_MIB - 1) *
					     host.dump.stor_len, host.dump.stor_len));
	EXPECT_EQ(0, memcmp(whole.p, part.p, whole.len));
	EXPECT_TRUE(pvd_canaries(&part));
}

/* A request that begins in memory and ends beyond it: what is in memory is refused late. */
PVD_TEST(dump, storage_state_beyond_memory, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_STOR_STATE };
	struct pvd_res res;
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, 4 * host.dump.stor_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	dmp.gaddr = vm.size - PVD_MIB;
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	res = pvd_dump(vm.fd, &dmp);
	PVD_EXPECT_REFUSED(res);
	/* QEMU repeats a request with the same block: an error must not move it. */
	EXPECT_EQ(vm.size - PVD_MIB, dmp.gaddr);
	EXPECT_TRUE(pvd_buf_untouched(&buf, host.dump.stor_len, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
	EXPECT_TRUE(pvd_dumping(&vm));
}

/* Two machines do not know of each other's dumps. */
PVD_TEST(dump, two_machines, PVD_NEED_T2, 120)
{
	struct pvd_dumped da, db;
	struct pvd_vm a, b;

	PVD_MADE(pvd_vm_boot(&a, 1, 0));
	PVD_MADE(pvd_vm_boot(&b, 1, 0));
	pvd_dumped_alloc(_metadata, &a, &da);
	pvd_dumped_alloc(_metadata, &b, &db);
	PVD_EXPECT_OK(pvd_init(a.fd));
	EXPECT_FALSE(pvd_dumping(&b));
	PVD_EXPECT_OK(pvd_init(b.fd));
	PVD_EXPECT_OK(pvd_stor_state(a.fd, 0, da.stor.p, da.stor.len));
	PVD_ASSERT_OK(pvd_cpu(b.vcpu[0], db.cpu[0].p, db.cpu[0].len));
	PVD_EXPECT_OK(pvd_stor_state(b.fd, 0, db.stor.p, db.stor.len));
	PVD_ASSERT_OK(pvd_cpu(a.vcpu[0], da.cpu[0].p, da.cpu[0].len));
	PVD_EXPECT_OK(pvd_complete(a.fd, da.compl.p, da.compl.len));
	EXPECT_FALSE(pvd_dumping(&a));
	EXPECT_TRUE(pvd_dumping(&b));
	PVD_EXPECT_OK(pvd_complete(b.fd, db.compl.p, db.compl.len));
	EXPECT_FALSE(pvd_dumping(&b));
	EXPECT_NE(0, memcmp(da.compl.p + 16, db.compl.p + 16, 64));
}

/*
 * A vCPU made during a dump: the Ultravisor may refuse it. One that exists must not run
 * before the dump ends.
 */
PVD_TEST(dump, vcpu_created_during_dump, PVD_NEED_T2, 60)
{
	struct pvd_buf buf, cpu;
	struct pvd_vm vm;
	int err;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_BUFFER(&cpu, host.dump.cpu_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	err = pvd_vm_add_vcpu(&vm);
	if (!err) {
		EXPECT_EQ(EINVAL, pvd_run(&vm, 1));
		pvd_cpu(vm.vcpu[1], cpu.p, cpu.len);
		EXPECT_TRUE(pvd_canaries(&cpu));
	}
	EXPECT_TRUE(pvd_dumping(&vm));
	pvd_before_complete(&vm);
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	EXPECT_FALSE(pvd_dumping(&vm));
	if (!err)
		EXPECT_EQ(EINTR, pvd_run(&vm, 1));
	pvd_one_dump(_metadata, &vm, NULL);
}

#define PVD_STAGES	6

/* How far a dump has come: not begun, begun, a CPU, a MiB, the whole memory, completed. */
static void pvd_reach_stage(struct __test_metadata *_metadata, struct pvd_vm *vm, int stage)
{
	struct pvd_buf buf;

	PVD_BUFFER(&buf, pvd_stor_bytes(vm) + host.dump.compl_len + host.dump.cpu_len);
	if (stage > 0)
		PVD_ASSERT_OK(pvd_init(vm->fd));
	if (stage > 1)
		PVD_ASSERT_OK(pvd_cpu(vm->vcpu[0], buf.p, host.dump.cpu_len));
	if (stage > 2)
		PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, buf.p, host.dump.stor_len));
	if (stage > 3)
		PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, buf.p, pvd_stor_bytes(vm)));
	if (stage > 4) {
		pvd_before_complete(vm);
		PVD_EXPECT_OK(pvd_complete(vm->fd, buf.p, host.dump.compl_len));
	}
	EXPECT_TRUE(pvd_canaries(&buf));
	pvd_buf_free(&buf);
}

/* Descriptors closed in every state; the next machine must work. */
PVD_TEST(dump, close_in_every_state, PVD_NEED_T2, 120)
{
	struct pvd_vm vm;
	int stage;

	for (stage = 0; stage < PVD_STAGES; stage++) {
		PVD_MADE(pvd_vm_boot(&vm, 2, 0));
		pvd_reach_stage(_metadata, &vm, stage);
		pvd_vm_close(&vm);
	}
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

/* A vCPU keeps its machine alive, and the dump with it, when the VM's descriptor is gone. */
PVD_TEST(dump, vcpu_outlives_vm_descriptor, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	PVD_BUFFER(&buf, host.dump.cpu_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, close(vm.fd));
	PVD_ASSERT_OK(pvd_cpu(vm.vcpu[0], buf.p, buf.len));
	EXPECT_FALSE(pvd_buf_untouched(&buf, 0, 16));
	EXPECT_EQ(EINVAL, pvd_run(&vm, 1));
	vm.fd = -1;
	pvd_vm_close(&vm);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

/* A VMM that dies in the middle of a dump leaves nothing behind. */
PVD_TEST(dump, exit_during_dump, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;
	int i, status;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (pvd_vm_boot(&vm, 2, 0) || pvd_init(vm.fd).err)
				_exit(1);
			if (i)
				raise(SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(i ? SIGKILL : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		EXPECT_TRUE(i || !WEXITSTATUS(status));
	}
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

/* The descriptors of a machine are useless in another process: EIO, and no change. */
PVD_TEST(dump, other_process, PVD_NEED_T2, 60)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };
	struct pvd_vm vm;
	int status;
	pid_t pid;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(pvd_dump(vm.fd, &dmp).err == EIO ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status));
	EXPECT_FALSE(pvd_dumping(&vm));
	pvd_one_dump(_metadata, &vm, NULL);
}

#endif /* PV_DUMP_FLOW_H */
