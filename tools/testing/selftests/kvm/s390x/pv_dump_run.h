/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns what a dump means for KVM_RUN: the gate at entry, vCPUs that are inside, sleepers.
 * Never executes a guest instruction; the machine's null SIE only enters and leaves.
 */
#ifndef PV_DUMP_RUN_H
#define PV_DUMP_RUN_H

#include <sched.h>
#include <sys/syscall.h>
#include "pv_dump_control.h"
#include "pv_dump_flow.h"

#define PVD_NEED_RUN	(PVD_NEED_T2 | PVD_NEED_CONTROL | PVD_NEED_NULL_SIE)

/* Milliseconds: for a vCPU to leave, which it has to do at once, and to get in on a slow host. */
#define PVD_PATIENCE	5000
#define PVD_ENTRY	60000

FIXTURE(run) {
	int unused;
};

FIXTURE_SETUP(run)
{
}

FIXTURE_TEARDOWN(run)
{
}

/**
 * struct run_thread - a thread inside KVM_RUN
 * @vm: its machine
 * @i: index of its vCPU
 * @tid: the thread
 * @task: its id in the kernel, valid when @started
 * @err: errno of KVM_RUN, valid when @done
 * @started: KVM_RUN is the next thing that it does
 * @done: KVM_RUN returned
 */
struct run_thread {
	struct pvd_vm *vm;
	int i;
	pthread_t tid;
	int task;
	int err;
	int started;
	int done;
};

static void run_interrupted(int sig)
{
}

static void *run_thread(void *arg)
{
	struct run_thread *t = arg;

	t->task = syscall(SYS_gettid);
	pvd_set_flag(&t->started);
	t->err = ioctl(t->vm->vcpu[t->i], KVM_RUN, NULL) ? errno : 0;
	pvd_set_flag(&t->done);
	return NULL;
}

/*
 * The thread has nothing to do but KVM_RUN, so it is in there when it sleeps or has used a while
 * of CPU time. The counter of guest entries cannot tell: it counts other vCPUs as well.
 */
static bool run_inside(const struct run_thread *t)
{
	char path[64], line[512], state;
	unsigned long utime, stime;
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", t->task);
	f = fopen(path, "r");
	if (!f)
		return false;
	n = fgets(line, sizeof(line), f) && strrchr(line, ')') ?
	    sscanf(strrchr(line, ')') + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu",
		   &state, &utime, &stime) : 0;
	fclose(f);
	return n == 3 && (state == 'S' || utime + stime >= 10);
}

/* Starts vCPU @i and waits until it was inside the guest. */
static void run_start(struct __test_metadata *_metadata, struct run_thread *t,
		      struct pvd_vm *vm, int i)
{
	struct kvm_mp_state operating = { .mp_state = KVM_MP_STATE_OPERATING };
	struct sigaction sa = { .sa_handler = run_interrupted };
	long before = pvd_entries();
	int ms;

	sigaction(SIGUSR1, &sa, NULL);
	memset(t, 0, sizeof(*t));
	t->vm = vm;
	t->i = i;
	if (i)
		ASSERT_EQ(0, ioctl(vm->vcpu[i], KVM_SET_MP_STATE, &operating));
	ASSERT_EQ(0, pthread_create(&t->tid, NULL, run_thread, t));
	ASSERT_TRUE(pvd_wait_flag(&t->started, PVD_ENTRY));
	for (ms = 0; ms < PVD_ENTRY && !t->done; ms += 20) {
		if (pvd_entries() > before && run_inside(t))
			return;
		pvd_sleep_ms(20);
	}
	if (t->done)
		TH_LOG("KVM_RUN returned %s, exit reason %u", pvd_errname(t->err),
		       vm->run[i]->exit_reason);
	else
		TH_LOG("vCPU %d is not inside KVM_RUN after %d ms", i, PVD_ENTRY);
	ASSERT_TRUE(false);
}

/* Gets the thread out, whatever the kernel thinks. */
static void run_stop(struct run_thread *t)
{
	while (!pvd_wait_flag(&t->done, 100))
		pthread_kill(t->tid, SIGUSR1);
	pthread_join(t->tid, NULL);
}

static void sie_exit(struct __test_metadata *_metadata, const char *how)
{
	char reply[128];

	ASSERT_EQ(0, pvd_control(reply, sizeof(reply), "sie exit=%s", how));
}

/* The vCPU is out of KVM_RUN on its own, with EINTR and KVM_EXIT_INTR. */
static void expect_left(struct __test_metadata *_metadata, struct run_thread *t)
{
	bool left = pvd_wait_flag(&t->done, PVD_PATIENCE);

	pvd_note("vCPU in KVM_RUN when INIT came: %s", left ? "left" : "stayed");
	EXPECT_TRUE(left);
	if (!left)
		return;
	EXPECT_EQ(EINTR, t->err);
	EXPECT_EQ(KVM_EXIT_INTR, t->vm->run[t->i]->exit_reason);
}

static void vcpu_leaves(struct __test_metadata *_metadata, const char *how)
{
	struct run_thread t[2];
	struct pvd_buf buf;
	struct pvd_vm vm;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	PVD_BUFFER(&buf, host.dump.cpu_len + host.dump.compl_len);
	sie_exit(_metadata, how);
	for (i = 0; i < 2; i++)
		run_start(_metadata, &t[i], &vm, i);
	PVD_EXPECT_OK(pvd_init(vm.fd));
	for (i = 0; i < 2; i++)
		expect_left(_metadata, &t[i]);
	for (i = 0; i < 2; i++)
		run_stop(&t[i]);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(EINVAL, pvd_run(&vm, i));
		EXPECT_EQ(0, pvd_cpu(vm.vcpu[i], buf.p, host.dump.cpu_len).err);
	}
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, host.dump.compl_len));
	/* And they run again. */
	for (i = 0; i < 2; i++)
		run_start(_metadata, &t[i], &vm, i);
	for (i = 0; i < 2; i++)
		run_stop(&t[i]);
	sie_exit(_metadata, "null");
}

/* D5: vCPUs that are inside KVM_RUN leave; they must not spin for the length of a dump. */
PVD_TEST(run, d5_running_vcpus_leave, PVD_NEED_RUN, 60)
{
	vcpu_leaves(_metadata, "null");
}

/* D5: a vCPU asleep in a wait state holds its mutex; DUMP_CPU would wait for it. */
PVD_TEST(run, d5_sleeping_vcpus_leave, PVD_NEED_RUN, 60)
{
	vcpu_leaves(_metadata, "wait");
}

struct cpu_thread {
	struct pvd_vm *vm;
	struct pvd_buf buf;
	struct pvd_res res;
	int done;
};

static void *cpu_thread(void *arg)
{
	struct cpu_thread *t = arg;

	t->res = pvd_cpu(t->vm->vcpu[0], t->buf.p, t->buf.len);
	pvd_set_flag(&t->done);
	return NULL;
}

/* D5: dumping a vCPU does not wait until somebody signals its thread. */
PVD_TEST(run, d5_dump_cpu_does_not_hang, PVD_NEED_RUN, 60)
{
	struct cpu_thread c = { 0 };
	struct run_thread t;
	struct pvd_vm vm;
	pthread_t id;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&c.buf, host.dump.cpu_len);
	c.vm = &vm;
	run_start(_metadata, &t, &vm, 0);
	PVD_EXPECT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, pthread_create(&id, NULL, cpu_thread, &c));
	pvd_wait_flag(&c.done, PVD_PATIENCE);
	EXPECT_TRUE(c.done);
	run_stop(&t);
	pthread_join(id, NULL);
	EXPECT_EQ(0, c.res.err);
}

/**
 * struct hog - a thread that does not let others run on its CPU
 * @cpu: the CPU
 * @tid: the thread
 * @on: nothing else runs there
 * @off: it shall end
 */
struct hog {
	int cpu;
	pthread_t tid;
	int on;
	int off;
};

static bool run_pin(pid_t task, int cpu)
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

	if (!run_pin(0, hog->cpu) || sched_setscheduler(0, SCHED_FIFO, &param))
		return "no real-time thread on a CPU of the host";
	pvd_set_flag(&hog->on);
	while (!__atomic_load_n(&hog->off, __ATOMIC_ACQUIRE))
		;
	return NULL;
}

static void *hog_stop(struct hog *hog)
{
	void *why = NULL;

	pvd_set_flag(&hog->off);
	pthread_join(hog->tid, &why);
	return why;
}

/* Return: NULL, or why the CPU cannot be taken. */
static const char *hog_start(struct hog *hog)
{
	const char *why;

	if (pthread_create(&hog->tid, NULL, hog_thread, hog))
		return "no thread";
	if (pvd_wait_flag(&hog->on, PVD_PATIENCE))
		return NULL;
	why = hog_stop(hog);
	return why ?: "the CPU of the vCPU stays busy";
}

/* One of the CPUs that this process may use, and no longer does; -1 when it has but one. */
static int run_free_cpu(void)
{
	int cpu, last = -1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (last >= 0)
			return run_pin(0, cpu) ? last : -1;
		last = cpu;
	}
	return -1;
}

/* Bytes that the vCPU's pending interruptions take; -1 with errno. */
static int run_pending(struct pvd_vm *vm, int i)
{
	static struct kvm_s390_irq irq[64];
	struct kvm_s390_irq_state state = { .buf = (unsigned long)irq, .len = sizeof(irq) };

	return ioctl(vm->vcpu[i], KVM_S390_GET_IRQ_STATE, &state);
}

/*
 * D5: the guest gets no interruption while it is being dumped. The one here becomes pending
 * after INIT, with the vCPU in KVM_RUN: it was asleep, and its CPU is kept busy until then.
 * Restart, because no mask in the guest holds it back.
 */
PVD_TEST(run, d5_interruption_stays_pending, PVD_NEED_RUN | PVD_NEED_SMP | PVD_NEED_ROOT, 60)
{
	struct kvm_s390_irq restart = { .type = KVM_S390_RESTART };
	struct hog hog = { .cpu = run_free_cpu() };
	struct pvd_buf buf;
	struct run_thread t;
	struct pvd_vm vm;
	const char *why;
	int pending;
	bool early;

	if (hog.cpu < 0)
		SKIP(return, "run.d5_interruption_stays_pending: no two CPUs to choose from");
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_BUFFER(&buf, host.dump.compl_len);
	sie_exit(_metadata, "wait");
	run_start(_metadata, &t, &vm, 0);
	ASSERT_TRUE(run_pin(t.task, hog.cpu));
	why = hog_start(&hog);
	if (why) {
		run_stop(&t);
		SKIP(return, "run.d5_interruption_stays_pending: %s", why);
	}
	PVD_EXPECT_OK(pvd_init(vm.fd));
	EXPECT_EQ(0, ioctl(vm.vcpu[0], KVM_S390_IRQ, &restart));
	early = pvd_wait_flag(&t.done, 0);
	hog_stop(&hog);
	if (early) {
		run_stop(&t);
		SKIP(return, "run.d5_interruption_stays_pending: the host is too slow");
	}
	expect_left(_metadata, &t);
	run_stop(&t);
	pending = run_pending(&vm, 0);
	pvd_note("interruption that came after INIT: %s", pending ? "pending" : "delivered");
	EXPECT_EQ(sizeof(restart), pending);
	/* It is not lost: the guest gets it when the dump is over. */
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	run_start(_metadata, &t, &vm, 0);
	run_stop(&t);
	EXPECT_EQ(0, run_pending(&vm, 0));
	sie_exit(_metadata, "null");
}

/* No guest is entered between INIT and COMPLETE. */
PVD_TEST(run, no_entry_while_active, PVD_NEED_RUN, 60)
{
	struct run_thread t[2];
	struct pvd_buf buf;
	struct pvd_vm vm;
	long before;
	int i;

	PVD_MADE(pvd_vm_boot(&vm, 2, 0));
	PVD_BUFFER(&buf, host.dump.compl_len);
	for (i = 0; i < 2; i++)
		run_start(_metadata, &t[i], &vm, i);
	PVD_EXPECT_OK(pvd_init(vm.fd));
	before = pvd_entries();
	pvd_sleep_ms(300);
	EXPECT_EQ(before, pvd_entries());
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
	for (i = 0; i < 2; i++)
		run_stop(&t[i]);
}

/* D6: others that block and unblock vCPUs must not open the gate. */
PVD_TEST(run, d6_crypto_does_not_open_gate, PVD_NEED_RUN, 60)
{
	struct kvm_device_attr attr = {
		.group = KVM_S390_VM_CRYPTO,
		.attr = KVM_S390_VM_CRYPTO_ENABLE_AES_KW,
	};
	struct run_thread t;
	struct pvd_vm vm;
	long before, entered;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	if (ioctl(vm.fd, KVM_SET_DEVICE_ATTR, &attr))
		SKIP(return, "run.d6_crypto_does_not_open_gate: the host has no key wrapping");
	run_start(_metadata, &t, &vm, 0);
	PVD_EXPECT_OK(pvd_init(vm.fd));
	before = pvd_entries();
	ASSERT_EQ(0, ioctl(vm.fd, KVM_SET_DEVICE_ATTR, &attr));
	pvd_sleep_ms(300);
	entered = pvd_entries() - before;
	pvd_note("guest entered after a crypto attribute was set: %s", entered ? "yes" : "no");
	EXPECT_EQ(0, entered) {
		TH_LOG("the guest was entered %ld times", entered);
	}
	run_stop(&t);
}

/* INIT that is refused late: no KVM_RUN returns, and the guest goes on. */
PVD_TEST(run, refused_init_disturbs_nobody, PVD_NEED_RUN | PVD_NEED_SOFTUV, 60)
{
	struct run_thread t;
	struct pvd_vm vm;
	long before;
	int ms;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	run_start(_metadata, &t, &vm, 0);
	ASSERT_EQ(0, pvd_rule("cmd=%s cc=1 rc=0x%04x rrc=0x%04x delay=300000", UVC_DUMP_INIT,
			      PVD_RULE_RC, PVD_RULE_RRC));
	EXPECT_EQ(EINVAL, pvd_init(vm.fd).err);
	before = pvd_entries();
	EXPECT_FALSE(pvd_wait_flag(&t.done, 300));
	for (ms = 0; ms < PVD_ENTRY && pvd_entries() == before; ms += 20)
		pvd_sleep_ms(20);
	EXPECT_LT(before, pvd_entries());
	EXPECT_FALSE(t.done);
	run_stop(&t);
	EXPECT_EQ(EINTR, t.err);
}

/* DISABLE during a dump with a vCPU that was running: it takes its time from nobody. */
PVD_TEST(run, d5_disable_does_not_hang, PVD_NEED_RUN, 60)
{
	struct run_thread t;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	run_start(_metadata, &t, &vm, 0);
	PVD_EXPECT_OK(pvd_init(vm.fd));
	EXPECT_TRUE(pvd_wait_flag(&t.done, PVD_PATIENCE));
	run_stop(&t);
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

#endif /* PV_DUMP_RUN_H */
