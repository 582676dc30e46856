// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP when the Ultravisor refuses calls, is busy, or takes long: each dump call, at its
 * first, a middle and its last turn.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include "kselftest_harness.h"
#include "control.h"

#define BLOCKS	40

FIXTURE(inject) {
	struct pv_vm vm;
};

FIXTURE_SETUP(inject)
{
	control_reset();
	pv_vm_init(&self->vm);
}

FIXTURE_TEARDOWN(inject)
{
	rules_clear();
	pv_vm_close(&self->vm);
}

/* The rule's codes arrive. */
#define EXPECT_RULE(res) do {						\
	struct pv_res __got = (res);					\
									\
	EXPECT_EQ(EINVAL, __got.err);					\
	EXPECT_EQ(RULE_RC, __got.rc);					\
	EXPECT_EQ(RULE_RRC, __got.rrc);					\
} while (0)

#define REFUSE(uvc, nth) \
	ASSERT_EQ(0, rule_add("cmd=%s nth=%d cc=1 rc=0x%04x rrc=0x%04x", uvc, nth, \
			      RULE_RC, RULE_RRC))

TEST_F_TIMEOUT(inject, init_refused, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	REFUSE(UVC_DUMP_INIT, 1);
	EXPECT_RULE(pv_dump_init(vm->fd));
	EXPECT_FALSE(pv_dumping(vm));
	EXPECT_EQ(EINTR, pv_run(vm, 1));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

static void cpu_refused(struct __test_metadata *_metadata, struct pv_vm *vm, int nth)
{
	struct pv_buf buf;
	struct pv_res res;
	int i;

	PV_TRY(return, pv_vm_boot(vm, 3, 0));
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.cpu_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	REFUSE(UVC_DUMP_CPU, nth);
	for (i = 1; i <= 3; i++) {
		pv_buf_reset(&buf);
		res = pv_dump_cpu(vm->vcpu[i - 1], buf.p, buf.len);
		EXPECT_EQ(i == nth ? EINVAL : 0, res.err);
		EXPECT_EQ(i == nth, pv_buf_untouched(&buf, 0, buf.len));
		EXPECT_TRUE(pv_buf_canaries(&buf));
	}
	/* The refusal spoils nothing: the same vCPU can be asked again. */
	EXPECT_TRUE(pv_dumping(vm));
	EXPECT_EQ(0, pv_dump_cpu(vm->vcpu[nth - 1], buf.p, buf.len).err);
}

TEST_F_TIMEOUT(inject, cpu_refused_first, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	cpu_refused(_metadata, &self->vm, 1);
}

TEST_F_TIMEOUT(inject, cpu_refused_middle, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	cpu_refused(_metadata, &self->vm, 2);
}

TEST_F_TIMEOUT(inject, cpu_refused_last, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	cpu_refused(_metadata, &self->vm, 3);
}

/* The codes of a refused vCPU dump arrive where they belong. */
TEST_F_TIMEOUT(inject, cpu_refused_delivers_rc, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.cpu_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	REFUSE(UVC_DUMP_CPU, 1);
	EXPECT_RULE(pv_dump_cpu(vm->vcpu[0], buf.p, buf.len));
}

static void stor_refused(struct __test_metadata *_metadata, struct pv_vm *vm, int blocks,
			 int nth, bool delivers)
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_CONFIG_STOR_STATE };
	size_t good = (nth - 1) * pv_host.stor_len;
	struct pv_buf buf;
	int i;

	PV_TRY(return, pv_vm_boot(vm, 1, blocks * PV_MIB));
	PV_TRY(return, pv_buf_alloc(&buf, blocks * pv_host.stor_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	REFUSE(UVC_DUMP_STOR, nth);
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	EXPECT_RULE(pv_dump(vm->fd, &dmp));
	EXPECT_EQ(0, dmp.gaddr);
	EXPECT_TRUE(pv_buf_untouched(&buf, good, buf.len));
	EXPECT_TRUE(pv_buf_canaries(&buf));
	for (i = 0; i < nth - 1; i++)
		if (pv_buf_untouched(&buf, i * pv_host.stor_len, (i + 1) * pv_host.stor_len))
			break;
	if (delivers)
		EXPECT_EQ(nth - 1, i);
	EXPECT_TRUE(pv_dumping(vm));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, buf.p, buf.len));
	EXPECT_FALSE(pv_buf_untouched(&buf, buf.len - pv_host.stor_len, buf.len));
	pv_vm_close(vm);
	pv_buf_free(&buf);
}

TEST_F_TIMEOUT(inject, stor_refused_first, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	stor_refused(_metadata, &self->vm, BLOCKS, 1, false);
}

TEST_F_TIMEOUT(inject, stor_refused_middle, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	stor_refused(_metadata, &self->vm, BLOCKS, BLOCKS / 2, false);
}

TEST_F_TIMEOUT(inject, stor_refused_last, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	stor_refused(_metadata, &self->vm, BLOCKS, BLOCKS, false);
}

/* Fetched blocks are delivered, also around the sizes of bounce buffers. */
TEST_F_TIMEOUT(inject, stor_refused_delivers, PV_TIMEOUT(120))
{
	static const int turns[] = { 2, 15, 16, 17, 18, 32, 33, BLOCKS };
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		stor_refused(_metadata, &self->vm, BLOCKS, turns[i], true);
}

/* The same where a request gives up its lock for a moment, and at the very end */
TEST_F_TIMEOUT(inject, stor_refused_late_delivers, PV_TIMEOUT(120))
{
	static const int turns[] = { 255, 256, 257, 258, 300 };
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		stor_refused(_metadata, &self->vm, 300, turns[i], true);
}

/* A refused COMPLETE leaves the dump active; the next one ends it. */
TEST_F_TIMEOUT(inject, complete_refused, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.compl_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	REFUSE(UVC_DUMP_COMPLETE, 1);
	EXPECT_RULE(pv_dump_complete(vm->fd, buf.p, buf.len));
	EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
	EXPECT_TRUE(pv_dumping(vm));
	PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, buf.len));
	EXPECT_FALSE(pv_dumping(vm));
}

/* When COMPLETE keeps failing, DISABLE is the way out. */
TEST_F_TIMEOUT(inject, complete_always_refused, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.compl_len));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, rule_add("cmd=%s count=1000 cc=1 rc=0x%04x rrc=0x%04x", UVC_DUMP_COMPLETE,
			      RULE_RC, RULE_RRC));
	for (i = 0; i < 5; i++)
		EXPECT_RULE(pv_dump_complete(vm->fd, buf.p, buf.len));
	PV_EXPECT_OK(pv_vm_disable(vm));
	EXPECT_EQ(EINTR, pv_run(vm, 0));
}

#define BUSY	5
#define VCPUS	3

/* How often a dump calls the Ultravisor with this command */
static int calls_of_dump(const char *uvc)
{
	if (!strcmp(uvc, UVC_DUMP_CPU))
		return VCPUS;
	return !strcmp(uvc, UVC_DUMP_STOR) ? BLOCKS : 1;
}

/*
 * The caller does not see busy (cc 2) and partial (cc 3) answers: KVM repeats each of them, and
 * nothing else.
 */
static void busy(struct __test_metadata *_metadata, struct pv_vm *vm, const char *uvc,
		 int nth, int cc)
{
	int calls = calls_of_dump(uvc);
	long before;

	/* Large guests are slow on a kernel with checkers. */
	PV_TRY(return, pv_vm_boot(vm, VCPUS, calls == BLOCKS ? BLOCKS * PV_MIB : 0));
	before = uvc_calls(uvc);
	ASSERT_EQ(0, rule_add("cmd=%s nth=%d count=%d cc=%d", uvc, nth, BUSY, cc));
	PV_TRY(return, pv_dump_once(vm, NULL));
	rules_clear();
	EXPECT_EQ(before + calls + BUSY, uvc_calls(uvc));
	pv_vm_close(vm);
}

TEST_F_TIMEOUT(inject, busy_init, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	busy(_metadata, &self->vm, UVC_DUMP_INIT, 1, 2);
	busy(_metadata, &self->vm, UVC_DUMP_INIT, 1, 3);
}

TEST_F_TIMEOUT(inject, busy_cpu, PV_TIMEOUT(120))
{
	int nth;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (nth = 1; nth <= 3; nth++) {
		busy(_metadata, &self->vm, UVC_DUMP_CPU, nth, 2);
		busy(_metadata, &self->vm, UVC_DUMP_CPU, nth, 3);
	}
}

TEST_F_TIMEOUT(inject, busy_stor, PV_TIMEOUT(120))
{
	static const int turns[] = { 1, BLOCKS / 2, BLOCKS };
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	for (i = 0; i < ARRAY_SIZE(turns); i++) {
		busy(_metadata, &self->vm, UVC_DUMP_STOR, turns[i], 2);
		busy(_metadata, &self->vm, UVC_DUMP_STOR, turns[i], 3);
	}
}

TEST_F_TIMEOUT(inject, busy_complete, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	busy(_metadata, &self->vm, UVC_DUMP_COMPLETE, 1, 2);
	busy(_metadata, &self->vm, UVC_DUMP_COMPLETE, 1, 3);
}

/* A child that dumps, up to a request that takes long */
static pid_t long_request(const char *uvc, size_t mib)
{
	struct pv_buf buf;
	struct pv_vm vm;
	pid_t pid = fork();

	if (pid)
		return pid;
	pv_host.quiet = true;
	if (pv_vm_boot(&vm, 1, mib * PV_MIB) || pv_dump_init(vm.fd).err ||
	    pv_buf_alloc(&buf, pv_stor_bytes(&vm) + pv_host.compl_len))
		_exit(1);
	if (!strcmp(uvc, UVC_DUMP_STOR))
		pv_dump_stor_state(vm.fd, 0, buf.p, pv_stor_bytes(&vm));
	else
		pv_dump_complete(vm.fd, buf.p, pv_host.compl_len);
	_exit(2);
}

/**
 * kill_in_request() - SIGKILL for a child inside a long request
 * @delay: microseconds that each call takes
 *
 * The counter is read before and after the signal. If both values are equal, all further calls
 * began after the signal.
 *
 * Return: calls that began after the signal, -1 if one began around it.
 */
static long kill_in_request(struct __test_metadata *_metadata, long delay)
{
	long before, killed, after;
	int status;
	pid_t pid;

	if (rule_add("cmd=%s count=100000 delay=%ld", UVC_DUMP_STOR, delay))
		return -1;
	before = uvc_calls(UVC_DUMP_STOR);
	pid = long_request(UVC_DUMP_STOR, 100);
	EXPECT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 60000));
	/* The counter has just moved, so the next call is not near. */
	wait_calls(UVC_DUMP_STOR, uvc_calls(UVC_DUMP_STOR) + 1, 60000);
	before = uvc_calls(UVC_DUMP_STOR);
	kill(pid, SIGKILL);
	killed = uvc_calls(UVC_DUMP_STOR);
	log_trace(4);
	status = pv_wait_child(pid, 60000);
	after = uvc_calls(UVC_DUMP_STOR);
	rules_clear();
	EXPECT_TRUE(status != -1 && WIFSIGNALED(status));
	if (status == -1)
		waitpid(pid, &status, 0);
	TH_LOG("calls: %ld at the signal, %ld after it, %ld at the end", before, killed, after);
	/* More than one is too many whenever they began. */
	return before == killed || after > killed + 1 ? after - killed : -1;
}

/* SIGKILL ends a request of many calls: at most one begins after it. */
TEST_F_TIMEOUT(inject, kill_ends_long_request, PV_TIMEOUT(120))
{
	long delay, calls = -1;

	PV_REQUIRE(return, PV_NEED_GUEST);
	/* A call has to take longer than reading the counter twice and sending a signal. */
	for (delay = 200000; calls < 0 && delay <= 1600000; delay *= 2)
		calls = kill_in_request(_metadata, delay);
	ASSERT_LE(0, calls) {
		TH_LOG("a call began around each signal: the host is too slow for this test");
	}
	pv_host.quiet = false;
	pv_note("calls after SIGKILL: %s", calls <= 1 ? "at most one" : "more");
	EXPECT_GE(1, calls) {
		TH_LOG("%ld calls after the signal", calls);
	}
}

/* Milliseconds for a process to die; all it has to do is to take down its machine. */
#define DEATH	10000

/* A process whose call stays busy forever can be killed. */
static void endless(struct __test_metadata *_metadata, struct pv_vm *vm, const char *uvc)
{
	long before;
	int status;
	pid_t pid;

	ASSERT_EQ(0, rule_add("cmd=%s count=1000000000 cc=2", uvc));
	before = uvc_calls(uvc);
	pid = long_request(uvc, 1);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(wait_calls(uvc, before + 5, 20000));
	kill(pid, SIGKILL);
	status = pv_wait_child(pid, DEATH);
	rules_clear();
	pv_note("%s that stays busy: %s", uvc, status == -1 ? "survives SIGKILL" : "dies");
	EXPECT_TRUE(status != -1 && WIFSIGNALED(status)) {
		TH_LOG("%s: still there %d seconds after SIGKILL", uvc, DEATH / 1000);
	}
	if (status == -1)
		waitpid(pid, &status, 0);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

TEST_F_TIMEOUT(inject, busy_stor_can_be_killed, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	endless(_metadata, &self->vm, UVC_DUMP_STOR);
}

TEST_F_TIMEOUT(inject, busy_complete_can_be_killed, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	endless(_metadata, &self->vm, UVC_DUMP_COMPLETE);
}

struct stor_thread {
	struct pv_vm *vm;
	struct pv_buf buf;
	struct pv_res res;
	int done;
};

static void *stor_thread(void *arg)
{
	struct stor_thread *t = arg;

	t->res = pv_dump_stor_state(t->vm->fd, 0, t->buf.p, t->buf.len);
	pv_set_flag(&t->done);
	return NULL;
}

/*
 * Other ioctls of the VM get its lock during a long request, after at most 512 calls. ENABLE
 * takes the lock, finds the guest protected already, and does not call the Ultravisor.
 */
TEST_F_TIMEOUT(inject, lock_is_given_up, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	struct stor_thread t = { 0 };
	long before, asked, answered;
	pthread_t id;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 2000 * PV_MIB));
	t.vm = vm;
	PV_TRY(return, pv_buf_alloc(&t.buf, pv_stor_bytes(vm)));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, rule_add("cmd=%s count=100000 delay=5000", UVC_DUMP_STOR));
	before = uvc_calls(UVC_DUMP_STOR);
	ASSERT_EQ(0, pthread_create(&id, NULL, stor_thread, &t));
	ASSERT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 20000));
	asked = uvc_calls(UVC_DUMP_STOR);
	PV_EXPECT_KEPT(EINVAL, pv_vm_cmd(vm->fd, KVM_PV_ENABLE, NULL));
	answered = uvc_calls(UVC_DUMP_STOR);
	EXPECT_FALSE(t.done);
	EXPECT_GE(asked + 512, answered) {
		TH_LOG("%ld calls between question and answer", answered - asked);
	}
	pv_host.quiet = false;
	pv_note("ENABLE during a long request: %s",
		answered - asked <= 512 ? "answered" : "waits");
	pv_host.quiet = true;
	rules_clear();
	pthread_join(id, NULL);
	EXPECT_EQ(0, t.res.err);
	EXPECT_TRUE(pv_buf_canaries(&t.buf));
}

/* A request whose dump ends stops with EINVAL. */
TEST_F_TIMEOUT(inject, disable_during_stor, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	struct stor_thread t = { 0 };
	pthread_t id;
	long before;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 1000 * PV_MIB));
	t.vm = vm;
	PV_TRY(return, pv_buf_alloc(&t.buf, pv_stor_bytes(vm)));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, rule_add("cmd=%s count=100000 delay=1000", UVC_DUMP_STOR));
	before = uvc_calls(UVC_DUMP_STOR);
	ASSERT_EQ(0, pthread_create(&id, NULL, stor_thread, &t));
	ASSERT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 20000));
	PV_EXPECT_OK(pv_vm_disable(vm));
	rules_clear();
	pthread_join(id, NULL);
	/* A kernel that holds its lock throughout lets the request end first. */
	EXPECT_TRUE(!t.res.err || (t.res.err == EINVAL && pv_kept(t.res)));
	EXPECT_TRUE(pv_buf_canaries(&t.buf));
}

static long meminfo_kib(const char *key)
{
	char line[128];
	long value = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* A vCPU that the Ultravisor refuses costs nothing. */
TEST_F_TIMEOUT(inject, refused_vcpu_leaks_nothing, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	long before, after;
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	ASSERT_EQ(0, rule_add("cmd=%s count=100000 cc=1 rc=0x%04x rrc=0x%04x", UVC_CREATE_CPU,
			      RULE_RC, RULE_RRC));
	/* The first refusals fill caches. */
	for (i = 0; i < 200; i++)
		ASSERT_EQ(-1, ioctl(vm->fd, KVM_CREATE_VCPU, 1));
	before = meminfo_kib("MemFree:");
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(-1, ioctl(vm->fd, KVM_CREATE_VCPU, 1));
	after = meminfo_kib("MemFree:");
	rules_clear();
	pv_host.quiet = false;
	pv_note("2000 refused vCPUs leak: %s", before - after <= 6000 ? "nothing" : "memory");
	/* Two pages or more each make 16 MB. */
	EXPECT_GE(6000, before - after) {
		TH_LOG("%ld KiB less for 2000 refused vCPUs", before - after);
	}
	EXPECT_FALSE(pv_dumping(vm));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	inject_init();
	return test_harness_run(1, argv);
}
