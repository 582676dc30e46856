/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns errors of the Ultravisor, made by fault rules of the emulated machine: each dump
 * call refused, or busy, at its first, middle and last turn; long and endless requests.
 * Never runs on hardware.
 */
#ifndef PV_DUMP_INJECT_H
#define PV_DUMP_INJECT_H

#include "pv_dump_control.h"
#include "pv_dump_flow.h"

#define PVD_NEED_RULES	(PVD_NEED_T2 | PVD_NEED_CONTROL | PVD_NEED_SOFTUV)
#define PVD_BLOCKS	40

FIXTURE(inject) {
	int unused;
};

FIXTURE_SETUP(inject)
{
}

FIXTURE_TEARDOWN(inject)
{
}

#define PVD_EXPECT_RULE(res) do {				\
	struct pvd_res __got = (res);				\
								\
	EXPECT_EQ(EINVAL, __got.err);				\
	EXPECT_EQ(PVD_RULE_RC, __got.rc);			\
	EXPECT_EQ(PVD_RULE_RRC, __got.rrc);			\
} while (0)

#define PVD_REFUSE(uvc, nth) \
	ASSERT_EQ(0, pvd_rule("cmd=%s nth=%d cc=1 rc=0x%04x rrc=0x%04x", uvc, nth, \
			      PVD_RULE_RC, PVD_RULE_RRC))

PVD_TEST(inject, init_refused, PVD_NEED_RULES, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	PVD_REFUSE(UVC_DUMP_INIT, 1);
	PVD_EXPECT_RULE(pvd_init(vm.fd));
	EXPECT_FALSE(pvd_dumping(&vm));
	EXPECT_EQ(EINTR, pvd_run(&vm, 1));
	pvd_one_dump(_metadata, &vm, NULL);
}

static void cpu_refused(struct __test_metadata *_metadata, int nth)
{
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 3, 0));
	PVD_BUFFER(&buf, host.dump.cpu_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_REFUSE(UVC_DUMP_CPU, nth);
	for (i = 1; i <= 3; i++) {
		pvd_buf_reset(&buf);
		res = pvd_cpu(vm.vcpu[i - 1], buf.p, buf.len);
		EXPECT_EQ(i == nth ? EINVAL : 0, res.err);
		EXPECT_EQ(i == nth, pvd_buf_untouched(&buf, 0, buf.len));
		EXPECT_TRUE(pvd_canaries(&buf));
	}
	/* The refusal spoils nothing: the same vCPU can be asked again. */
	EXPECT_TRUE(pvd_dumping(&vm));
	EXPECT_EQ(0, pvd_cpu(vm.vcpu[nth - 1], buf.p, buf.len).err);
}

PVD_TEST(inject, cpu_refused_first, PVD_NEED_RULES, 60)
{
	cpu_refused(_metadata, 1);
}

PVD_TEST(inject, cpu_refused_middle, PVD_NEED_RULES, 60)
{
	cpu_refused(_metadata, 2);
}

PVD_TEST(inject, cpu_refused_last, PVD_NEED_RULES, 60)
{
	cpu_refused(_metadata, 3);
}

/* D25: the codes of a refused vCPU dump arrive where they belong. */
PVD_TEST(inject, d25_cpu_refused_rc, PVD_NEED_RULES, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, host.dump.cpu_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_REFUSE(UVC_DUMP_CPU, 1);
	PVD_EXPECT_RULE(pvd_cpu(vm.vcpu[0], buf.p, buf.len));
}

static void stor_refused(struct __test_metadata *_metadata, int blocks, int nth, bool delivers)
{
	struct pvd_dmp dmp = { .subcmd = PVD_STOR_STATE };
	size_t good = (nth - 1) * host.dump.stor_len;
	struct pvd_buf buf;
	struct pvd_vm vm;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 1, blocks * PVD_MIB));
	PVD_BUFFER(&buf, blocks * host.dump.stor_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_REFUSE(UVC_DUMP_STOR, nth);
	dmp.buff_addr = (unsigned long)buf.p;
	dmp.buff_len = buf.len;
	PVD_EXPECT_RULE(pvd_dump(vm.fd, &dmp));
	EXPECT_EQ(0, dmp.gaddr);
	EXPECT_TRUE(pvd_buf_untouched(&buf, good, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
	for (i = 0; i < nth - 1; i++)
		if (pvd_buf_untouched(&buf, i * host.dump.stor_len, (i + 1) * host.dump.stor_len))
			break;
	if (delivers)
		EXPECT_EQ(nth - 1, i);
	EXPECT_TRUE(pvd_dumping(&vm));
	PVD_EXPECT_OK(pvd_stor_state(vm.fd, 0, buf.p, buf.len));
	EXPECT_FALSE(pvd_buf_untouched(&buf, buf.len - host.dump.stor_len, buf.len));
	pvd_vm_close(&vm);
	pvd_buf_free(&buf);
}

PVD_TEST(inject, stor_refused_first, PVD_NEED_RULES, 60)
{
	stor_refused(_metadata, PVD_BLOCKS, 1, false);
}

PVD_TEST(inject, stor_refused_middle, PVD_NEED_RULES, 60)
{
	stor_refused(_metadata, PVD_BLOCKS, PVD_BLOCKS / 2, false);
}

PVD_TEST(inject, stor_refused_last, PVD_NEED_RULES, 60)
{
	stor_refused(_metadata, PVD_BLOCKS, PVD_BLOCKS, false);
}

/* D8 at every position around the sizes of bounce buffers. */
PVD_TEST(inject, d8_stor_refused_delivers, PVD_NEED_RULES, 120)
{
	static const int turns[] = { 2, 15, 16, 17, 18, 32, 33, PVD_BLOCKS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(turns); i++)
		stor_refused(_metadata, PVD_BLOCKS, turns[i], true);
}

/* D8 where a request gives up the VM's lock for a moment, and at the very end. */
PVD_TEST(inject, d8_stor_refused_late_delivers, PVD_NEED_RULES, 120)
{
	static const int turns[] = { 255, 256, 257, 258, 300 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(turns); i++)
		stor_refused(_metadata, 300, turns[i], true);
}

/* COMPLETE that is refused leaves the dump active; the next one ends it. */
PVD_TEST(inject, complete_refused, PVD_NEED_RULES, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_REFUSE(UVC_DUMP_COMPLETE, 1);
	PVD_EXPECT_RULE(pvd_complete(vm.fd, buf.p, buf.len));
	EXPECT_TRUE(pvd_buf_untouched(&buf, 0, buf.len));
	EXPECT_TRUE(pvd_dumping(&vm));
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	EXPECT_FALSE(pvd_dumping(&vm));
}

/* D16: when COMPLETE keeps failing, DISABLE is the way out. */
PVD_TEST(inject, d16_complete_never_works, PVD_NEED_RULES, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, pvd_rule("cmd=%s count=1000 cc=1 rc=0x%04x rrc=0x%04x", UVC_DUMP_COMPLETE,
			      PVD_RULE_RC, PVD_RULE_RRC));
	for (i = 0; i < 5; i++)
		PVD_EXPECT_RULE(pvd_complete(vm.fd, buf.p, buf.len));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
	EXPECT_EQ(EINTR, pvd_run(&vm, 0));
}

#define PVD_BUSY	5

/*
 * Busy (cc 2) and partial (cc 3) answers are never seen by the caller: KVM repeats each, and
 * nothing else.
 */
static void busy(struct __test_metadata *_metadata, const char *uvc, int nth, int cc)
{
	int calls = !strcmp(uvc, UVC_DUMP_CPU) ? 3 : !strcmp(uvc, UVC_DUMP_STOR) ? PVD_BLOCKS : 1;
	struct pvd_vm vm;
	long before;

	/* Much memory only for what goes over it: slow kernels are slow at that. */
	PVD_MADE(pvd_vm_boot(&vm, 3, calls == PVD_BLOCKS ? PVD_BLOCKS * PVD_MIB : 0));
	before = pvd_calls(uvc);
	ASSERT_EQ(0, pvd_rule("cmd=%s nth=%d count=%d cc=%d", uvc, nth, PVD_BUSY, cc));
	pvd_one_dump(_metadata, &vm, NULL);
	pvd_rules_clear();
	EXPECT_EQ(before + calls + PVD_BUSY, pvd_calls(uvc));
	pvd_vm_close(&vm);
}

PVD_TEST(inject, busy_init, PVD_NEED_RULES, 60)
{
	busy(_metadata, UVC_DUMP_INIT, 1, 2);
	busy(_metadata, UVC_DUMP_INIT, 1, 3);
}

PVD_TEST(inject, busy_cpu, PVD_NEED_RULES, 120)
{
	int nth;

	for (nth = 1; nth <= 3; nth++) {
		busy(_metadata, UVC_DUMP_CPU, nth, 2);
		busy(_metadata, UVC_DUMP_CPU, nth, 3);
	}
}

PVD_TEST(inject, busy_stor, PVD_NEED_RULES, 120)
{
	static const int turns[] = { 1, PVD_BLOCKS / 2, PVD_BLOCKS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(turns); i++) {
		busy(_metadata, UVC_DUMP_STOR, turns[i], 2);
		busy(_metadata, UVC_DUMP_STOR, turns[i], 3);
	}
}

PVD_TEST(inject, busy_complete, PVD_NEED_RULES, 60)
{
	busy(_metadata, UVC_DUMP_COMPLETE, 1, 2);
	busy(_metadata, UVC_DUMP_COMPLETE, 1, 3);
}

/* A child that dumps; it tells when it is inside its long request. */
static pid_t long_request(const char *uvc, size_t mib)
{
	struct pvd_buf buf;
	struct pvd_vm vm;
	pid_t pid = fork();

	if (pid)
		return pid;
	host.quiet = true;
	if (pvd_vm_boot(&vm, 1, mib * PVD_MIB) || pvd_init(vm.fd).err ||
	    !pvd_buf_alloc(&buf, pvd_stor_bytes(&vm) + host.dump.compl_len))
		_exit(1);
	if (!strcmp(uvc, UVC_DUMP_STOR))
		pvd_stor_state(vm.fd, 0, buf.p, pvd_stor_bytes(&vm));
	else
		pvd_complete(vm.fd, buf.p, host.dump.compl_len);
	_exit(2);
}

static bool wait_calls(const char *uvc, long value, long ms)
{
	for (; ms > 0; ms -= 20) {
		if (pvd_calls(uvc) >= value)
			return true;
		pvd_sleep_ms(20);
	}
	return false;
}

/**
 * kill_in_request() - SIGKILL for a child inside a long request
 * @delay: microseconds that each call takes
 *
 * The counter is read before and after the signal. When both are equal, what comes on top is
 * exactly what began after the signal.
 *
 * Return: calls that began after the signal, -1 when one began around it.
 */
static long kill_in_request(struct __test_metadata *_metadata, long delay)
{
	long before, killed, after;
	int status;
	pid_t pid;

	if (pvd_rule("cmd=%s count=100000 delay=%ld", UVC_DUMP_STOR, delay))
		return -1;
	before = pvd_calls(UVC_DUMP_STOR);
	pid = long_request(UVC_DUMP_STOR, 100);
	EXPECT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 60000));
	/* The counter has just moved, so the next call is not near. */
	wait_calls(UVC_DUMP_STOR, pvd_calls(UVC_DUMP_STOR) + 1, 60000);
	before = pvd_calls(UVC_DUMP_STOR);
	kill(pid, SIGKILL);
	killed = pvd_calls(UVC_DUMP_STOR);
	pvd_log_trace(4);
	status = pvd_wait_child(pid, 60000);
	after = pvd_calls(UVC_DUMP_STOR);
	pvd_rules_clear();
	EXPECT_TRUE(status != -1 && WIFSIGNALED(status));
	if (status == -1)
		waitpid(pid, &status, 0);
	TH_LOG("calls: %ld at the signal, %ld after it, %ld at the end", before, killed, after);
	/* More than one is too many whenever they began. */
	return before == killed || after > killed + 1 ? after - killed : -1;
}

/* D7: SIGKILL ends a request of many calls: at most one begins after it. */
PVD_TEST(inject, d7_kill_ends_long_request, PVD_NEED_RULES, 120)
{
	long delay, calls = -1;

	/* A call has to take longer than reading the counter twice and sending a signal. */
	for (delay = 200000; calls < 0 && delay <= 1600000; delay *= 2)
		calls = kill_in_request(_metadata, delay);
	ASSERT_LE(0, calls) {
		TH_LOG("a call began around each signal: the host is too slow for this test");
	}
	host.quiet = false;
	pvd_note("calls after SIGKILL: %s", calls <= 1 ? "at most one" : "more");
	EXPECT_GE(1, calls) {
		TH_LOG("%ld calls after the signal", calls);
	}
}

/* Milliseconds for a process to die in; it has nothing to do but to take down its machine. */
#define PVD_DEATH	10000

/* D23: a call that stays busy for ever can be killed. */
static void endless(struct __test_metadata *_metadata, const char *uvc)
{
	struct pvd_vm vm;
	long before;
	int status;
	pid_t pid;

	ASSERT_EQ(0, pvd_rule("cmd=%s count=1000000000 cc=2", uvc));
	before = pvd_calls(uvc);
	pid = long_request(uvc, 1);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(wait_calls(uvc, before + 5, 20000));
	kill(pid, SIGKILL);
	status = pvd_wait_child(pid, PVD_DEATH);
	pvd_rules_clear();
	pvd_note("%s that is busy for ever: %s", uvc, status == -1 ? "survives SIGKILL" : "dies");
	EXPECT_TRUE(status != -1 && WIFSIGNALED(status)) {
		TH_LOG("%s: still there %d seconds after SIGKILL", uvc, PVD_DEATH / 1000);
	}
	if (status == -1)
		waitpid(pid, &status, 0);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

PVD_TEST(inject, d23_endless_stor, PVD_NEED_RULES, 60)
{
	endless(_metadata, UVC_DUMP_STOR);
}

PVD_TEST(inject, d23_endless_complete, PVD_NEED_RULES, 60)
{
	endless(_metadata, UVC_DUMP_COMPLETE);
}

struct stor_thread {
	struct pvd_vm *vm;
	struct pvd_buf buf;
	struct pvd_res res;
	int done;
};

static void *stor_thread(void *arg)
{
	struct stor_thread *t = arg;

	t->res = pvd_stor_state(t->vm->fd, 0, t->buf.p, t->buf.len);
	pvd_set_flag(&t->done);
	return NULL;
}

/*
 * D7: a long request lets others have the VM's lock, for at most 512 calls. ENABLE takes the
 * lock, to see that the guest is protected already, and calls nobody.
 */
PVD_TEST(inject, d7_lock_is_given_up, PVD_NEED_RULES, 120)
{
	struct stor_thread t = { 0 };
	long before, asked, answered;
	struct pvd_vm vm;
	pthread_t id;

	host.quiet = true;
	PVD_MADE(pvd_vm_boot(&vm, 1, 2000 * PVD_MIB));
	t.vm = &vm;
	PVD_BUFFER(&t.buf, pvd_stor_bytes(&vm));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, pvd_rule("cmd=%s count=100000 delay=5000", UVC_DUMP_STOR));
	before = pvd_calls(UVC_DUMP_STOR);
	ASSERT_EQ(0, pthread_create(&id, NULL, stor_thread, &t));
	ASSERT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 20000));
	asked = pvd_calls(UVC_DUMP_STOR);
	PVD_EXPECT_KEPT(EINVAL, pvd_vm_cmd(vm.fd, PVD_ENABLE, NULL));
	answered = pvd_calls(UVC_DUMP_STOR);
	EXPECT_FALSE(t.done);
	EXPECT_GE(asked + 512, answered) {
		TH_LOG("%ld calls between question and answer", answered - asked);
	}
	host.quiet = false;
	pvd_note("ENABLE during a long request: %s",
		 answered - asked <= 512 ? "answered" : "waits");
	host.quiet = true;
	pvd_rules_clear();
	pthread_join(id, NULL);
	EXPECT_EQ(0, t.res.err);
	EXPECT_TRUE(pvd_canaries(&t.buf));
}

/* The dump ends while a long request is under way: it stops with EINVAL, nothing is lost. */
PVD_TEST(inject, disable_during_stor, PVD_NEED_RULES, 120)
{
	struct stor_thread t = { 0 };
	struct pvd_vm vm;
	pthread_t id;
	long before;

	host.quiet = true;
	PVD_MADE(pvd_vm_boot(&vm, 1, 1000 * PVD_MIB));
	t.vm = &vm;
	PVD_BUFFER(&t.buf, pvd_stor_bytes(&vm));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, pvd_rule("cmd=%s count=100000 delay=1000", UVC_DUMP_STOR));
	before = pvd_calls(UVC_DUMP_STOR);
	ASSERT_EQ(0, pthread_create(&id, NULL, stor_thread, &t));
	ASSERT_TRUE(wait_calls(UVC_DUMP_STOR, before + 5, 20000));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
	pvd_rules_clear();
	pthread_join(id, NULL);
	/* A kernel that holds its lock throughout lets the request end first. */
	EXPECT_TRUE(!t.res.err || (t.res.err == EINVAL && t.res.rc == 1));
	EXPECT_TRUE(pvd_canaries(&t.buf));
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

/* D20: a vCPU that the Ultravisor refuses costs nothing. */
PVD_TEST(inject, d20_refused_vcpu_leaks_nothing, PVD_NEED_RULES, 120)
{
	long before, after;
	struct pvd_vm vm;
	int i;

	host.quiet = true;
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	ASSERT_EQ(0, pvd_rule("cmd=%s count=100000 cc=1 rc=0x%04x rrc=0x%04x", UVC_CREATE_CPU,
			      PVD_RULE_RC, PVD_RULE_RRC));
	/* The first refusals fill caches. */
	for (i = 0; i < 200; i++)
		ASSERT_EQ(-1, ioctl(vm.fd, KVM_CREATE_VCPU, 1));
	before = meminfo_kib("MemFree:");
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(-1, ioctl(vm.fd, KVM_CREATE_VCPU, 1));
	after = meminfo_kib("MemFree:");
	pvd_rules_clear();
	host.quiet = false;
	pvd_note("2000 refused vCPUs leak: %s", before - after <= 6000 ? "nothing" : "memory");
	/* Two pages or more each make 16 MB. */
	EXPECT_GE(6000, before - after) {
		TH_LOG("%ld KiB less for 2000 refused vCPUs", before - after);
	}
	EXPECT_FALSE(pvd_dumping(&vm));
}

#endif /* PV_DUMP_INJECT_H */
