// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP and KVM_RUN: vCPUs that are inside the guest or asleep when a dump begins. The
 * machine's guest executes no instruction; it exits by rule.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "kselftest_harness.h"
#include "control.h"

/* Milliseconds for a vCPU to leave, which it has to do at once, and to enter on a slow host */
#define PATIENCE	5000
#define ENTRY		60000

/**
 * struct vcpu_thread - a thread inside KVM_RUN
 * @vm: its machine
 * @i: index of its vCPU
 * @tid: the thread
 * @task: its id in the kernel, valid if @started
 * @err: errno of KVM_RUN, valid if @done
 * @started: KVM_RUN follows
 * @done: KVM_RUN returned
 */
struct vcpu_thread {
	struct pv_vm *vm;
	int i;
	pthread_t tid;
	int task;
	int err;
	int started;
	int done;
};

FIXTURE(run) {
	struct pv_vm vm;
	struct pv_buf buf;
	struct vcpu_thread t;
};

static void interrupted(int sig)
{
}

FIXTURE_SETUP(run)
{
	struct sigaction sa = { .sa_handler = interrupted };

	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	control_reset();
	pv_vm_init(&self->vm);
	ASSERT_EQ(0, pv_buf_alloc(&self->buf, pv_host.cpu_len + pv_host.compl_len));
}

FIXTURE_TEARDOWN(run)
{
	control_reset();
	EXPECT_TRUE(pv_buf_canaries(&self->buf));
	pv_vm_close(&self->vm);
}

static void *vcpu_thread(void *arg)
{
	struct vcpu_thread *t = arg;

	t->task = syscall(SYS_gettid);
	pv_set_flag(&t->started);
	t->err = ioctl(t->vm->vcpu[t->i], KVM_RUN, NULL) ? errno : 0;
	pv_set_flag(&t->done);
	return NULL;
}

/*
 * The thread has nothing to do but KVM_RUN, so it is in there if it sleeps or has used some CPU
 * time. The counter of guest entries cannot tell: it counts other vCPUs as well.
 */
static bool vcpu_inside(const struct vcpu_thread *t)
{
	char path[64], line[512], *rest, state;
	unsigned long utime, stime;
	FILE *file;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", t->task);
	file = fopen(path, "r");
	if (!file)
		return false;
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	if (rest)
		n = sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
			   &state, &utime, &stime);
	fclose(file);
	return n == 3 && (state == 'S' || utime + stime >= 10);
}

static void make_operating(struct __test_metadata *_metadata, struct pv_vm *vm, int i)
{
	struct kvm_mp_state operating = { .mp_state = KVM_MP_STATE_OPERATING };

	ASSERT_EQ(0, ioctl(vm->vcpu[i], KVM_SET_MP_STATE, &operating));
}

/* Start vCPU @i and wait until it has been inside the guest. */
static void vcpu_start(struct __test_metadata *_metadata, struct vcpu_thread *t,
		       struct pv_vm *vm, int i)
{
	long before = sie_entries();
	int ms;

	memset(t, 0, sizeof(*t));
	t->vm = vm;
	t->i = i;
	if (i)
		make_operating(_metadata, vm, i);
	ASSERT_EQ(0, pthread_create(&t->tid, NULL, vcpu_thread, t));
	ASSERT_TRUE(pv_wait_flag(&t->started, ENTRY));
	for (ms = 0; ms < ENTRY && !t->done; ms += 20) {
		if (sie_entries() > before && vcpu_inside(t))
			return;
		pv_sleep_ms(20);
	}
	if (t->done)
		TH_LOG("KVM_RUN returned %s, exit reason %u", pv_errname(t->err),
		       vm->run[i]->exit_reason);
	else
		TH_LOG("vCPU %d is not inside KVM_RUN after %d ms", i, ENTRY);
	ASSERT_TRUE(false);
}

/* Get the thread out of KVM_RUN with signals. */
static void vcpu_stop(struct vcpu_thread *t)
{
	while (!pv_wait_flag(&t->done, 100))
		pthread_kill(t->tid, SIGUSR1);
	pthread_join(t->tid, NULL);
}

/* The vCPU leaves KVM_RUN without a signal, with EINTR and KVM_EXIT_INTR. */
static void expect_left(struct __test_metadata *_metadata, struct vcpu_thread *t)
{
	bool left = pv_wait_flag(&t->done, PATIENCE);

	pv_note("vCPU in KVM_RUN when INIT came: %s", left ? "left" : "stayed");
	EXPECT_TRUE(left);
	if (!left)
		return;
	EXPECT_EQ(EINTR, t->err);
	EXPECT_EQ(KVM_EXIT_INTR, t->vm->run[t->i]->exit_reason);
}

/* INIT with two vCPUs in KVM_RUN, whose guest exits as @how says */
static void vcpus_leave(struct __test_metadata *_metadata, struct pv_vm *vm, __u8 *buf,
			const char *how)
{
	struct vcpu_thread t[2];
	int i;

	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	sie_exit(how);
	for (i = 0; i < 2; i++)
		vcpu_start(_metadata, &t[i], vm, i);
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	for (i = 0; i < 2; i++)
		expect_left(_metadata, &t[i]);
	for (i = 0; i < 2; i++)
		vcpu_stop(&t[i]);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(EINVAL, pv_run(vm, i));
		EXPECT_EQ(0, pv_dump_cpu(vm->vcpu[i], buf, pv_host.cpu_len).err);
	}
	PV_EXPECT_OK(pv_dump_complete(vm->fd, buf, pv_host.compl_len));
	/* They run again. */
	for (i = 0; i < 2; i++)
		vcpu_start(_metadata, &t[i], vm, i);
	for (i = 0; i < 2; i++)
		vcpu_stop(&t[i]);
}

/* vCPUs inside KVM_RUN leave instead of spinning for the length of a dump. */
TEST_F_TIMEOUT(run, running_vcpus_leave, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	vcpus_leave(_metadata, &self->vm, self->buf.p, "null");
}

/* A vCPU that sleeps in a wait state would make DUMP_CPU wait for its mutex. */
TEST_F_TIMEOUT(run, sleeping_vcpus_leave, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	vcpus_leave(_metadata, &self->vm, self->buf.p, "wait");
}

/**
 * struct request_thread - a thread that issues an ioctl
 * @vm: the machine
 * @buf: a buffer for vCPU 0, or NULL
 * @res: outcome
 * @done: @res is valid
 */
struct request_thread {
	struct pv_vm *vm;
	struct pv_buf *buf;
	struct pv_res res;
	int done;
};

static void *cpu_thread(void *arg)
{
	struct request_thread *t = arg;

	t->res = pv_dump_cpu(t->vm->vcpu[0], t->buf->p, pv_host.cpu_len);
	pv_set_flag(&t->done);
	return NULL;
}

/* Dumping a vCPU does not wait until the vCPU's thread gets a signal. */
TEST_F_TIMEOUT(run, dump_cpu_does_not_hang, PV_TIMEOUT(60))
{
	struct request_thread c = { .vm = &self->vm, .buf = &self->buf };
	struct pv_vm *vm = &self->vm;
	pthread_t id;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	vcpu_start(_metadata, &self->t, vm, 0);
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	ASSERT_EQ(0, pthread_create(&id, NULL, cpu_thread, &c));
	EXPECT_TRUE(pv_wait_flag(&c.done, PATIENCE));
	vcpu_stop(&self->t);
	pthread_join(id, NULL);
	EXPECT_EQ(0, c.res.err);
}

static void *disable_thread(void *arg)
{
	struct request_thread *t = arg;

	t->res = pv_vm_disable(t->vm);
	pv_set_flag(&t->done);
	return NULL;
}

/* Neither does DISABLE, which takes the mutex of every vCPU. */
TEST_F_TIMEOUT(run, disable_does_not_hang, PV_TIMEOUT(60))
{
	struct request_thread d = { .vm = &self->vm };
	struct pv_vm *vm = &self->vm;
	pthread_t id;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	vcpu_start(_metadata, &self->t, vm, 0);
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	/* At once: the vCPU may still be inside. */
	ASSERT_EQ(0, pthread_create(&id, NULL, disable_thread, &d));
	EXPECT_TRUE(pv_wait_flag(&d.done, PATIENCE));
	vcpu_stop(&self->t);
	pthread_join(id, NULL);
	EXPECT_EQ(0, d.res.err);
}

/**
 * struct hog - a thread that keeps its CPU from running others
 * @cpu: the CPU
 * @tid: the thread
 * @on: it has the CPU
 * @off: it has to end
 */
struct hog {
	int cpu;
	pthread_t tid;
	int on;
	int off;
};

static bool pin(pid_t task, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(task, sizeof(set), &set);
}

static void *hog_thread(void *arg)
{
	struct sched_param param = { .sched_priority = 1 };
	struct hog *hog = arg;

	if (!pin(0, hog->cpu) || sched_setscheduler(0, SCHED_FIFO, &param))
		return "no real-time thread on a CPU of the host";
	pv_set_flag(&hog->on);
	while (!__atomic_load_n(&hog->off, __ATOMIC_ACQUIRE))
		;
	return NULL;
}

static void *hog_stop(struct hog *hog)
{
	void *why = NULL;

	pv_set_flag(&hog->off);
	pthread_join(hog->tid, &why);
	return why;
}

/* Return: NULL, or why the CPU cannot be taken */
static const char *hog_start(struct hog *hog)
{
	const char *why;

	if (pthread_create(&hog->tid, NULL, hog_thread, hog))
		return "no thread";
	if (pv_wait_flag(&hog->on, PATIENCE))
		return NULL;
	why = hog_stop(hog);
	return why ? why : "the CPU of the vCPU stays busy";
}

/* Give up the first of the CPUs that this process may use but one. Return: another, or -1 */
static int free_cpu(void)
{
	int cpu, last = -1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (last >= 0)
			return pin(0, cpu) ? last : -1;
		last = cpu;
	}
	return -1;
}

/* Bytes that the vCPU's pending interruptions take; -1 with errno */
static int pending_bytes(struct pv_vm *vm, int i)
{
	static struct kvm_s390_irq irq[64];
	struct kvm_s390_irq_state state = { .buf = (unsigned long)irq, .len = sizeof(irq) };

	return ioctl(vm->vcpu[i], KVM_S390_GET_IRQ_STATE, &state);
}

/*
 * INIT and an interruption that becomes pending after it, with the vCPU in KVM_RUN: it was asleep
 * and its CPU is kept busy until then. Restart, because no mask of the guest holds it back.
 * Return: NULL, or why that did not work
 */
static const char *interrupt_after_init(struct __test_metadata *_metadata, struct pv_vm *vm,
					struct vcpu_thread *t, int cpu)
{
	struct kvm_s390_irq restart = { .type = KVM_S390_RESTART };
	struct hog hog = { .cpu = cpu };
	const char *why;
	bool early;

	ASSERT_TRUE(pin(t->task, cpu));
	why = hog_start(&hog);
	if (why)
		return why;
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	EXPECT_EQ(0, ioctl(vm->vcpu[0], KVM_S390_IRQ, &restart));
	early = pv_wait_flag(&t->done, 0);
	hog_stop(&hog);
	return early ? "the host is too slow" : NULL;
}

/* The guest gets no interruption while it is being dumped. */
TEST_F_TIMEOUT(run, interruption_stays_pending, PV_TIMEOUT(60))
{
	struct vcpu_thread *t = &self->t;
	struct pv_vm *vm = &self->vm;
	const char *why;
	int pending, cpu;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_SMP | PV_NEED_ROOT);
	cpu = free_cpu();
	if (cpu < 0)
		PV_SKIP(return, "no two CPUs to choose from");
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	sie_exit("wait");
	vcpu_start(_metadata, t, vm, 0);
	why = interrupt_after_init(_metadata, vm, t, cpu);
	if (why) {
		vcpu_stop(t);
		PV_SKIP(return, "%s", why);
	}
	expect_left(_metadata, t);
	vcpu_stop(t);
	pending = pending_bytes(vm, 0);
	pv_note("interruption that came after INIT: %s", pending ? "pending" : "delivered");
	EXPECT_EQ(sizeof(struct kvm_s390_irq), pending);
	/* The guest gets it after the dump. */
	PV_EXPECT_OK(pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
	vcpu_start(_metadata, t, vm, 0);
	vcpu_stop(t);
	EXPECT_EQ(0, pending_bytes(vm, 0));
}

/* The guest is not entered between INIT and COMPLETE. */
TEST_F_TIMEOUT(run, no_entry_while_active, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct vcpu_thread t[2];
	long before;
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 2, 0));
	for (i = 0; i < 2; i++)
		vcpu_start(_metadata, &t[i], vm, i);
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	before = sie_entries();
	pv_sleep_ms(300);
	EXPECT_EQ(before, sie_entries());
	PV_EXPECT_OK(pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
	for (i = 0; i < 2; i++)
		vcpu_stop(&t[i]);
}

/* Other code that blocks and unblocks vCPUs does not let them in. */
TEST_F_TIMEOUT(run, crypto_attribute_does_not_open_gate, PV_TIMEOUT(60))
{
	struct kvm_device_attr attr = {
		.group = KVM_S390_VM_CRYPTO,
		.attr = KVM_S390_VM_CRYPTO_ENABLE_AES_KW,
	};
	struct pv_vm *vm = &self->vm;
	long before, entered;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	if (ioctl(vm->fd, KVM_SET_DEVICE_ATTR, &attr))
		PV_SKIP(return, "the host has no key wrapping");
	vcpu_start(_metadata, &self->t, vm, 0);
	PV_EXPECT_OK(pv_dump_init(vm->fd));
	before = sie_entries();
	ASSERT_EQ(0, ioctl(vm->fd, KVM_SET_DEVICE_ATTR, &attr));
	pv_sleep_ms(300);
	entered = sie_entries() - before;
	pv_note("guest entered after a crypto attribute was set: %s", entered ? "yes" : "no");
	EXPECT_EQ(0, entered) {
		TH_LOG("the guest was entered %ld times", entered);
	}
	vcpu_stop(&self->t);
}

/* INIT that is refused late: no KVM_RUN returns, and the guest goes on. */
TEST_F_TIMEOUT(run, refused_init_disturbs_nobody, PV_TIMEOUT(60))
{
	struct vcpu_thread *t = &self->t;
	struct pv_vm *vm = &self->vm;
	long before;
	int ms;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	vcpu_start(_metadata, t, vm, 0);
	ASSERT_EQ(0, rule_add("cmd=%s cc=1 rc=0x%04x rrc=0x%04x delay=300000", UVC_DUMP_INIT,
			      RULE_RC, RULE_RRC));
	EXPECT_EQ(EINVAL, pv_dump_init(vm->fd).err);
	before = sie_entries();
	EXPECT_FALSE(pv_wait_flag(&t->done, 300));
	for (ms = 0; ms < ENTRY && sie_entries() == before; ms += 20)
		pv_sleep_ms(20);
	EXPECT_LT(before, sie_entries());
	EXPECT_FALSE(t->done);
	vcpu_stop(t);
	EXPECT_EQ(EINTR, t->err);
}

/**
 * struct runner - a thread that keeps a vCPU inside KVM_RUN
 * @vm: its machine
 * @i: index of its vCPU
 * @tid: the thread
 * @stop: leave when KVM_RUN returns
 * @out: it has left
 * @bad: outcomes of KVM_RUN that are not allowed
 * @inside: how often KVM_RUN returned after it had been inside
 */
struct runner {
	struct pv_vm *vm;
	int i;
	pthread_t tid;
	int stop;
	int out;
	int bad;
	int inside;
};

static void *runner(void *arg)
{
	struct runner *r = arg;
	int err;

	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		err = ioctl(r->vm->vcpu[r->i], KVM_RUN, NULL) ? errno : 0;
		r->inside += err == EINTR;
		r->bad += err != EINTR && err != EINVAL;
		if (err == EINVAL)
			pv_sleep_ms(1);
	}
	pv_set_flag(&r->out);
	return NULL;
}

/* A thread that dumps again and again, and counts failures and entries of the guest */
struct dumper {
	struct pv_vm *vm;
	struct pv_dump d;
	pthread_t tid;
	int bad;
	int entered;
	int done;
};

static void *dumper(void *arg)
{
	struct dumper *t = arg;
	struct pv_dump *d = &t->d;
	struct pv_vm *vm = t->vm;
	int round, i;
	long entries;

	for (round = 0; round < 20; round++) {
		t->bad += !!pv_dump_init(vm->fd).err;
		entries = sie_entries();
		for (i = 0; i < vm->nr; i++)
			t->bad += !!pv_dump_cpu(vm->vcpu[i], d->cpu[i].p, d->cpu[i].len).err;
		t->bad += !!pv_dump_stor_state(vm->fd, 0, d->stor.p, d->stor.len).err;
		t->entered += sie_entries() != entries;
		t->bad += !!pv_dump_complete(vm->fd, d->compl.p, d->compl.len).err;
		pv_sleep_ms(5);
	}
	pv_set_flag(&t->done);
	return NULL;
}

static void stop_runner(struct __test_metadata *_metadata, struct runner *r)
{
	pv_set_flag(&r->stop);
	while (!pv_wait_flag(&r->out, 20))
		pthread_kill(r->tid, SIGUSR1);
	pthread_join(r->tid, NULL);
	EXPECT_EQ(0, r->bad);
	EXPECT_LT(0, r->inside);
}

/*
 * vCPUs that run against dumps. Signals get them out of a kernel that leaves them inside, which
 * tests of its own show, so that this test goes on everywhere.
 */
TEST_F_TIMEOUT(run, against_dumps, PV_TIMEOUT(120))
{
	struct dumper d = { .vm = &self->vm };
	struct runner r[2] = { 0 };
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	PV_TRY(return, pv_vm_boot(&self->vm, 2, 0));
	make_operating(_metadata, &self->vm, 1);
	PV_TRY(return, pv_dump_alloc(&self->vm, &d.d));
	for (i = 0; i < 2; i++) {
		r[i].vm = &self->vm;
		r[i].i = i;
		ASSERT_EQ(0, pthread_create(&r[i].tid, NULL, runner, &r[i]));
	}
	ASSERT_EQ(0, pthread_create(&d.tid, NULL, dumper, &d));
	while (!pv_wait_flag(&d.done, 20))
		for (i = 0; i < 2; i++)
			pthread_kill(r[i].tid, SIGUSR1);
	pthread_join(d.tid, NULL);
	for (i = 0; i < 2; i++)
		stop_runner(_metadata, &r[i]);
	EXPECT_EQ(0, d.bad);
	EXPECT_EQ(0, d.entered);
	pv_host.quiet = false;
	PV_TRY(return, pv_dump_once(&self->vm, NULL));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	inject_init();
	if (!inject_null_sie())
		ksft_exit_skip("the machine has no null SIE\n");
	return test_harness_run(1, argv);
}
