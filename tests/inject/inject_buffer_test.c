// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: buffers that go away during a call or have holes, and lengths that a real machine
 * does not have.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "control.h"

FIXTURE(buffer) {
	struct pv_vm vm;
	struct pv_buf buf;
};

FIXTURE_SETUP(buffer)
{
	control_reset();
	pv_vm_init(&self->vm);
	ASSERT_EQ(0, pv_buf_alloc(&self->buf, pv_host.compl_len));
}

FIXTURE_TEARDOWN(buffer)
{
	rules_clear();
	EXPECT_TRUE(pv_buf_canaries(&self->buf));
	pv_vm_close(&self->vm);
}

struct complete_thread {
	struct pv_vm *vm;
	__u8 *buf;
	struct pv_res res;
};

static void *complete_thread(void *arg)
{
	struct complete_thread *t = arg;

	t->res = pv_dump_complete(t->vm->fd, t->buf, pv_host.compl_len);
	return NULL;
}

/*
 * INIT, and a COMPLETE whose buffer is made inaccessible while the Ultravisor is busy, which it
 * is until then. Return: did COMPLETE fail?
 */
static bool lose_buffer(struct __test_metadata *_metadata, struct pv_vm *vm, __u8 **lost)
{
	struct complete_thread t = { .vm = vm };
	pthread_t tid;
	long calls;

	t.buf = pv_map(pv_host.compl_len, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, t.buf);
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	calls = uvc_calls(UVC_DUMP_COMPLETE);
	ASSERT_EQ(0, rule_add("cmd=%s count=all cc=2", UVC_DUMP_COMPLETE));
	ASSERT_EQ(0, pthread_create(&tid, NULL, complete_thread, &t));
	EXPECT_TRUE(wait_calls(UVC_DUMP_COMPLETE, calls + 3, 30000));
	EXPECT_EQ(0, mprotect(t.buf, pv_host.compl_len, PROT_NONE));
	rules_clear();
	pthread_join(tid, NULL);
	EXPECT_FALSE(pv_dumping(vm));
	*lost = t.buf;
	if (!t.res.err)
		return false;
	EXPECT_EQ(EFAULT, t.res.err);
	return true;
}

/*
 * The completion data survives: either KVM writes it to the pages that the buffer had when it was
 * checked, or a second COMPLETE delivers it without another Ultravisor call.
 */
TEST_F_TIMEOUT(buffer, lost_while_busy, PV_TIMEOUT(60))
{
	size_t len = pv_host.compl_len;
	struct pv_vm *vm = &self->vm;
	__u8 *lost, *data;
	long calls;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_SMP);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	data = self->buf.p;
	if (lose_buffer(_metadata, vm, &lost)) {
		calls = uvc_calls(UVC_DUMP_COMPLETE);
		/* A buffer that is too short or not there changes nothing. */
		PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, data, len - 1));
		EXPECT_EQ(EFAULT, pv_dump_complete(vm->fd, lost, len).err);
		EXPECT_EQ(0, pv_dump_complete(vm->fd, data, len).err);
		EXPECT_EQ(calls, uvc_calls(UVC_DUMP_COMPLETE));
	} else {
		EXPECT_EQ(0, mprotect(lost, len, PROT_READ));
		data = lost;
	}
	pv_host.quiet = false;
	pv_note("completion data: %s", pv_be32(data + 4) == 288 ? "delivered" : "lost");
	EXPECT_EQ(288, pv_be32(data + 4));
	/* It is delivered once. */
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, self->buf.p, len));
}

/* Completion data is not given to the next dump, nor to the next guest. */
TEST_F_TIMEOUT(buffer, next_dump_has_its_own_data, PV_TIMEOUT(60))
{
	size_t len = pv_host.compl_len;
	struct pv_vm *vm = &self->vm;
	__u8 *p = self->buf.p, *lost;
	long calls;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_SMP);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	lose_buffer(_metadata, vm, &lost);
	/* A new INIT: COMPLETE is that of the new dump, and calls the Ultravisor. */
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	calls = uvc_calls(UVC_DUMP_COMPLETE);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, p, len));
	EXPECT_EQ(calls + 1, uvc_calls(UVC_DUMP_COMPLETE));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, p, len));
	/* The end of protection */
	lose_buffer(_metadata, vm, &lost);
	PV_ASSERT_OK(pv_vm_disable(vm));
	PV_ASSERT_OK(pv_vm_protect_again(vm));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, p, len));
	/* The end of the machine */
	lose_buffer(_metadata, vm, &lost);
	pv_vm_close(vm);
	pv_host.quiet = false;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* Hide each page of a buffer in turn. Return: was the Ultravisor not called? */
static bool pages_are_tried(struct __test_metadata *_metadata, struct pv_vm *vm,
			    const struct pv_buf *buf, size_t len, bool vcpu)
{
	const char *uvc = vcpu ? UVC_DUMP_CPU : UVC_DUMP_COMPLETE;
	__u8 *page = (__u8 *)((unsigned long)buf->p & ~(PV_PAGE - 1));
	long before = uvc_calls(uvc);
	struct pv_res res;

	for (; page < buf->p + len; page += PV_PAGE) {
		EXPECT_EQ(0, mprotect(page, PV_PAGE, PROT_NONE));
		if (vcpu)
			res = pv_dump_cpu(vm->vcpu[0], buf->p, len);
		else
			res = pv_dump_complete(vm->fd, buf->p, len);
		PV_EXPECT_KEPT(EFAULT, res);
		EXPECT_EQ(0, mprotect(page, PV_PAGE, PROT_READ | PROT_WRITE));
	}
	EXPECT_EQ(before, uvc_calls(uvc));
	EXPECT_TRUE(pv_dumping(vm));
	EXPECT_TRUE(pv_buf_untouched(buf, 0, len));
	return uvc_calls(uvc) == before;
}

static void note_tried(const char *what, bool tried)
{
	pv_host.quiet = false;
	pv_note("hidden page, %s: found %s the call", what, tried ? "before" : "after");
	pv_host.quiet = true;
}

/*
 * A buffer is tried page by page before the call, not at its ends only. Areas of more than two
 * pages need a boot with a rule: query cpu-len=0x3000 dump-final-len=0x3000
 */
TEST_F_TIMEOUT(buffer, every_page_is_tried, PV_TIMEOUT(60))
{
	size_t cpu_len = pv_host.cpu_len, compl_len = pv_host.compl_len;
	struct pv_vm *vm = &self->vm;
	struct pv_buf cpu, compl;

	PV_REQUIRE(return, PV_NEED_GUEST);
	if (cpu_len <= 2 * PV_PAGE || compl_len <= 2 * PV_PAGE)
		PV_SKIP(return, "the areas have less than three pages");
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	/* They do not begin a page, and so take one page more than the areas have. */
	PV_TRY(return, pv_buf_alloc(&cpu, cpu_len + PV_PAGE));
	PV_TRY(return, pv_buf_alloc(&compl, compl_len + PV_PAGE));
	cpu.p += 0x123;
	compl.p += 0x123;
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	note_tried("CPU", pages_are_tried(_metadata, vm, &cpu, cpu_len, true));
	note_tried("COMPLETE", pages_are_tried(_metadata, vm, &compl, compl_len, false));
	EXPECT_EQ(0, pv_dump_cpu(vm->vcpu[0], cpu.p, cpu_len).err);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, compl.p, compl_len));
	EXPECT_FALSE(pv_buf_untouched(&compl, compl_len - 1, compl_len));
	EXPECT_TRUE(pv_buf_untouched(&compl, compl_len, compl.len - 0x123));
}

/* Can a kernel serve these lengths? */
static bool lengths_sane(void)
{
	return pv_host.stor_len && pv_host.stor_len <= 65536 &&
	       pv_host.cpu_len && pv_host.cpu_len <= PV_MIB &&
	       pv_host.compl_len && pv_host.compl_len <= PV_MIB;
}

/*
 * The machine stores at most a page, whatever it reports. The kernel fills the rest of an area,
 * and not with what its memory held before.
 */
static bool rest_is_zero(const struct pv_buf *buf, size_t area)
{
	size_t at;

	for (at = 0; at < buf->len; at++)
		if (at % area >= PV_PAGE && buf->p[at])
			return false;
	return true;
}

static void odd_cpu(struct __test_metadata *_metadata, struct pv_vm *vm)
{
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, pv_host.cpu_len));
	PV_EXPECT_KEPT(EINVAL, pv_dump_cpu(vm->vcpu[0], buf.p, buf.len - 1));
	PV_EXPECT_KEPT(EINVAL, pv_dump_cpu(vm->vcpu[0], buf.p, buf.len + 1));
	EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
	PV_EXPECT_OK(pv_dump_cpu(vm->vcpu[0], buf.p, buf.len));
	EXPECT_FALSE(pv_buf_untouched(&buf, buf.len - 1, buf.len));
	EXPECT_TRUE(rest_is_zero(&buf, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

static void odd_stor(struct __test_metadata *_metadata, struct pv_vm *vm)
{
	struct pv_buf whole, part;
	size_t len = pv_host.stor_len;
	unsigned long i;

	PV_TRY(return, pv_buf_alloc(&whole, pv_stor_bytes(vm)));
	PV_TRY(return, pv_buf_alloc(&part, pv_stor_bytes(vm)));
	PV_EXPECT_KEPT(EINVAL, pv_dump_stor_state(vm->fd, 0, whole.p, len + 1));
	PV_EXPECT_KEPT(EINVAL, pv_dump_stor_state(vm->fd, 0, whole.p, 2 * len - 1));
	EXPECT_TRUE(pv_buf_untouched(&whole, 0, whole.len));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, whole.p, whole.len));
	for (i = 0; i < whole.len / len; i++)
		PV_EXPECT_OK(pv_dump_stor_state(vm->fd, i * PV_MIB, part.p + i * len, len));
	EXPECT_EQ(0, memcmp(whole.p, part.p, whole.len));
	EXPECT_TRUE(rest_is_zero(&whole, len));
	EXPECT_TRUE(pv_buf_canaries(&whole) && pv_buf_canaries(&part));
}

static void odd_complete(struct __test_metadata *_metadata, struct pv_vm *vm)
{
	size_t len = pv_host.compl_len;
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, len + 100));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, buf.p, len - 1));
	EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
	PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, buf.len));
	EXPECT_FALSE(pv_buf_untouched(&buf, len - 1, len));
	EXPECT_TRUE(pv_buf_untouched(&buf, len, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
}

/* Lengths that cannot be served: INIT is refused without a call. */
static void insane_lengths(struct __test_metadata *_metadata, struct pv_vm *vm)
{
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, pv_host.compl_len + 1));
	PV_EXPECT_KEPT(EINVAL, pv_dump_init(vm->fd));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, buf.p, buf.len));
	EXPECT_FALSE(vm->nr && pv_dumping(vm));
}

/*
 * The firmware's lengths are not rounded, and those that cannot be served are refused. An unfixed
 * kernel lets the firmware write beyond its buffer, so that this needs a fixed one.
 */
TEST_F_TIMEOUT(buffer, odd_lengths, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_RISK);
	if (pv_host.stor_len == 4096 && pv_host.cpu_len == 4096 && pv_host.compl_len == 4096)
		PV_SKIP(return, "the lengths are the usual ones");
	/* No kernel can create a protected vCPU of 0 bytes, and 5.10 warns when it tries. */
	PV_TRY(return, pv_vm_boot(vm, pv_host.cpu_len ? 1 : 0, 40 * PV_MIB));
	if (!lengths_sane()) {
		insane_lengths(_metadata, vm);
		return;
	}
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	odd_cpu(_metadata, vm);
	pv_touch(vm);
	odd_stor(_metadata, vm);
	odd_complete(_metadata, vm);
	EXPECT_FALSE(pv_dumping(vm));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	inject_init();
	return test_harness_run(1, argv);
}
