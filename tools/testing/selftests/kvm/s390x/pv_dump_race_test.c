// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: threads that race. Every outcome has to be one that is allowed, and the end
 * consistent; who wins does not matter.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "pv_util.h"

#define ROUNDS		60
#define SIZE		(24 * PV_MIB)
#define MAX_RACERS	6

enum race_op {
	OP_INIT, OP_STOR, OP_STOR_ONE, OP_CPU, OP_COMPLETE, OP_DISABLE, OP_PROTECT, OP_RUN, OP_INFO,
	OP_UNMAP, NR_OPS,
};

static const char * const op_names[NR_OPS] = {
	"INIT", "STOR_STATE", "STOR_STATE of a MiB", "CPU", "COMPLETE", "DISABLE", "protect",
	"KVM_RUN", "INFO", "unmap",
};

/* What a thread does: each operation in turn */
struct plan {
	int rounds;
	int nr;
	enum race_op ops[3];
};

struct racer {
	struct race *race;
	const struct plan *plan;
	pthread_t tid;
	struct pv_buf buf;
};

/**
 * struct race - shared by the threads of a race
 * @vm: the machine; only OP_PROTECT protects it again
 * @racers: the threads
 * @start: all threads begin together
 * @good: successes of each operation
 * @bad: outcomes of each operation that are not allowed
 * @last_bad: the last of them
 * @lax_cpu: CPU may reach the Ultravisor after the end of the dump; one test looks for that
 * @open_end: on a kernel with defects the end depends on the winner: not for the transcript
 * @loose: a buffer that OP_UNMAP takes away and gives back, or NULL
 * @loose_len: its length
 */
struct race {
	struct pv_vm *vm;
	struct racer racers[MAX_RACERS];
	pthread_barrier_t start;
	unsigned long good[NR_OPS];
	unsigned long bad[NR_OPS];
	struct pv_res last_bad[NR_OPS];
	bool lax_cpu;
	bool open_end;
	__u8 *loose;
	size_t loose_len;
};

FIXTURE(race) {
	struct pv_vm vm;
	struct race race;
};

FIXTURE_SETUP(race)
{
	pv_vm_init(&self->vm);
	self->race.vm = &self->vm;
	self->race.lax_cpu = true;
}

FIXTURE_TEARDOWN(race)
{
	pv_vm_close(&self->vm);
}

/*
 * KVM refuses with EINVAL what does not fit the state, and asks the Ultravisor for nothing that
 * it would refuse for its state. EFAULT is allowed where buffers come and go.
 */
static bool allowed(enum race_op op, struct pv_res res, const struct race *race)
{
	if (!res.err || op == OP_PROTECT)
		return true;
	if (op == OP_RUN)
		return res.err == EINVAL || res.err == EINTR;
	if (res.err == EFAULT && race->loose)
		return true;
	/* The Ultravisor refuses INIT while another thread protects the guest again. */
	if (op == OP_INIT && race->open_end && pv_uv_refused(res))
		return res.err == EINVAL;
	/* An Ultravisor may keep a guest with a dump: KVM returns EIO from DISABLE. */
	if (pv_uv_refused(res) && (!pv_host.exact || (op == OP_CPU && race->lax_cpu)))
		return res.err == (op == OP_DISABLE ? EIO : EINVAL);
	return res.err == EINVAL && pv_kept(res);
}

static struct pv_res do_run(struct pv_vm *vm)
{
	struct pv_res res = { 0 };

	/* immediate_exit stays set during the race: the threads share the page. */
	if (ioctl(vm->vcpu[vm->nr - 1], KVM_RUN, NULL))
		res.err = errno;
	return res;
}

static struct pv_res do_unmap(struct race *race)
{
	static const int prots[] = { PROT_NONE, PROT_READ | PROT_WRITE };
	struct pv_res res = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		if (mmap(race->loose, race->loose_len, prots[i],
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != race->loose)
			res.err = errno;
		sched_yield();
	}
	return res;
}

static struct pv_res do_info(struct pv_vm *vm)
{
	struct kvm_s390_pv_info info = {
		.header = { .id = KVM_PV_INFO_DUMP, .len_max = sizeof(info) },
	};

	return pv_info(vm->fd, &info);
}

static struct pv_res do_op(struct racer *r, enum race_op op)
{
	struct race *race = r->race;
	__u8 *buf = race->loose ? race->loose : r->buf.p;
	struct pv_vm *vm = race->vm;

	switch (op) {
	case OP_INIT:
		return pv_dump_init(vm->fd);
	case OP_STOR:
		return pv_dump_stor_state(vm->fd, 0, buf, pv_stor_bytes(vm));
	case OP_STOR_ONE:
		return pv_dump_stor_state(vm->fd, vm->size - PV_MIB, buf, pv_host.stor_len);
	case OP_CPU:
		return pv_dump_cpu(vm->vcpu[0], buf, pv_host.cpu_len);
	case OP_COMPLETE:
		return pv_dump_complete(vm->fd, buf, pv_host.compl_len);
	case OP_DISABLE:
		return pv_vm_disable(vm);
	case OP_PROTECT:
		return pv_vm_protect(vm);
	case OP_RUN:
		return do_run(vm);
	case OP_INFO:
		return do_info(vm);
	default:
		return do_unmap(race);
	}
}

static void *racer(void *arg)
{
	struct racer *r = arg;
	struct race *race = r->race;
	struct pv_res res;
	enum race_op op;
	int i;

	pthread_barrier_wait(&race->start);
	for (i = 0; i < r->plan->rounds * r->plan->nr; i++) {
		op = r->plan->ops[i % r->plan->nr];
		res = do_op(r, op);
		if (!res.err)
			__atomic_add_fetch(&race->good[op], 1, __ATOMIC_RELAXED);
		if (allowed(op, res, race))
			continue;
		__atomic_add_fetch(&race->bad[op], 1, __ATOMIC_RELAXED);
		race->last_bad[op] = res;
	}
	return NULL;
}

static void start_racers(struct __test_metadata *_metadata, struct race *race,
			 const struct plan *plan, int n)
{
	struct racer *racers = race->racers;
	size_t len = pv_stor_bytes(race->vm) + pv_host.compl_len + pv_host.cpu_len;
	int i;

	ASSERT_EQ(0, pthread_barrier_init(&race->start, NULL, n));
	for (i = 0; i < race->vm->nr; i++)
		race->vm->run[i]->immediate_exit = 1;
	for (i = 0; i < n; i++) {
		racers[i].race = race;
		racers[i].plan = &plan[i];
		ASSERT_EQ(0, pv_buf_alloc(&racers[i].buf, len));
		ASSERT_EQ(0, pthread_create(&racers[i].tid, NULL, racer, &racers[i]));
	}
}

static void join_racers(struct __test_metadata *_metadata, struct racer *racers, int n)
{
	int i;

	for (i = 0; i < n; i++)
		pthread_join(racers[i].tid, NULL);
	for (i = 0; i < n; i++) {
		EXPECT_TRUE(pv_buf_canaries(&racers[i].buf));
		pv_buf_free(&racers[i].buf);
	}
}

static void expect_allowed(struct __test_metadata *_metadata, struct race *race)
{
	int i;

	for (i = 0; i < NR_OPS; i++) {
		EXPECT_EQ(0, race->bad[i]) {
			TH_LOG("%s: %lu outcomes not allowed, last %s rc 0x%04x", op_names[i],
			       race->bad[i], pv_errname(race->last_bad[i].err),
			       race->last_bad[i].rc);
		}
	}
}

/* Bring the machine to rest and dump it. */
static void expect_sane_end(struct __test_metadata *_metadata, struct race *race)
{
	struct pv_vm *vm = race->vm;
	struct pv_buf buf;

	PV_TRY(return, pv_buf_alloc(&buf, pv_host.compl_len));
	if (pv_dumping(vm)) {
		pv_fetch_all(vm);
		PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, buf.len));
	}
	pv_vm_disable(vm);
	pv_host.quiet = race->open_end;
	EXPECT_FALSE(pv_dumping(vm));
	PV_ASSERT_OK(pv_vm_protect_again(vm));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* Run the plans against each other. */
static void run_race(struct __test_metadata *_metadata, struct race *race,
		     const struct plan *plan, int n)
{
	pv_host.quiet = true;
	start_racers(_metadata, race, plan, n);
	join_racers(_metadata, race->racers, n);
	expect_allowed(_metadata, race);
	expect_sane_end(_metadata, race);
}

/* Every dump subcommand at the same time; none reaches the Ultravisor without a dump. */
TEST_F_TIMEOUT(race, all_subcommands, PV_TIMEOUT(120))
{
	static const struct plan plan[] = {
		{ ROUNDS, 2, { OP_INIT, OP_COMPLETE } },
		{ ROUNDS, 2, { OP_STOR_ONE, OP_STOR } },
		{ 2 * ROUNDS, 1, { OP_CPU } },
		{ 8 * ROUNDS, 1, { OP_RUN } },
		{ ROUNDS, 3, { OP_INIT, OP_INFO, OP_COMPLETE } },
	};
	unsigned long *good = self->race.good;

	PV_REQUIRE(return, PV_NEED_GUEST);
	self->race.lax_cpu = false;
	PV_TRY(return, pv_vm_boot(&self->vm, 2, SIZE));
	run_race(_metadata, &self->race, plan, ARRAY_SIZE(plan));
	EXPECT_LT(0, good[OP_INIT]);
	/* Each successful INIT is ended by one successful COMPLETE, or the dump is active. */
	EXPECT_GE(good[OP_INIT], good[OP_COMPLETE]);
	EXPECT_LE(good[OP_INIT], good[OP_COMPLETE] + 1);
	/* INFO does not depend on the state. */
	EXPECT_EQ(ROUNDS, good[OP_INFO]);
}

/* Protection ends and begins during dumps. */
TEST_F_TIMEOUT(race, disable_against_all, PV_TIMEOUT(180))
{
	static const struct plan plan[] = {
		{ 12, 3, { OP_PROTECT, OP_INIT, OP_DISABLE } },
		{ ROUNDS, 3, { OP_INIT, OP_STOR_ONE, OP_COMPLETE } },
		{ ROUNDS, 2, { OP_STOR, OP_CPU } },
		{ 8 * ROUNDS, 1, { OP_RUN } },
	};

	PV_REQUIRE(return, PV_NEED_GUEST);
	self->race.open_end = true;
	PV_TRY(return, pv_vm_boot(&self->vm, 2, SIZE));
	run_race(_metadata, &self->race, plan, ARRAY_SIZE(plan));
	EXPECT_LT(0, self->race.good[OP_DISABLE]);
}

/* Buffers are unmapped and mapped again under the kernel's copies. */
TEST_F_TIMEOUT(race, unmap_against_copies, PV_TIMEOUT(120))
{
	static const struct plan plan[] = {
		{ ROUNDS, 3, { OP_INIT, OP_STOR, OP_COMPLETE } },
		{ 2 * ROUNDS, 1, { OP_CPU } },
		{ 6 * ROUNDS, 1, { OP_UNMAP } },
	};
	struct race *race = &self->race;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, 2, SIZE));
	race->loose_len = pv_stor_bytes(&self->vm) + pv_host.compl_len + pv_host.cpu_len;
	race->loose_len = (race->loose_len + PV_PAGE - 1) & ~(PV_PAGE - 1);
	race->loose = pv_map(race->loose_len, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, race->loose);
	run_race(_metadata, &self->race, plan, ARRAY_SIZE(plan));
	EXPECT_LT(0, race->good[OP_INIT]);
}

/* Descriptors are closed while requests on them are in progress. */
TEST_F_TIMEOUT(race, close_against_all, PV_TIMEOUT(180))
{
	static const struct plan plan[] = {
		{ 10, 3, { OP_INIT, OP_STOR, OP_COMPLETE } },
		{ 20, 2, { OP_CPU, OP_RUN } },
	};
	struct pv_vm *vm = &self->vm;
	int round;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	for (round = 0; round < 8; round++) {
		PV_TRY(return, pv_vm_boot(vm, 2, SIZE));
		start_racers(_metadata, &self->race, plan, 2);
		pv_sleep_ms(round * 3);
		close(vm->vcpu[0]);
		close(vm->fd);
		join_racers(_metadata, self->race.racers, 2);
		vm->vcpu[0] = -1;
		vm->fd = -1;
		pv_vm_close(vm);
	}
	pv_host.quiet = false;
	EXPECT_LT(0, self->race.good[OP_INIT]);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

static void dump_until_killed(struct __test_metadata *_metadata, struct race *race, int ready)
{
	static const struct plan plan[] = {
		{ 100000, 3, { OP_INIT, OP_STOR, OP_COMPLETE } },
		{ 100000, 3, { OP_CPU, OP_RUN, OP_INFO } },
	};

	if (pv_vm_boot(race->vm, 2, SIZE))
		_exit(1);
	start_racers(_metadata, race, plan, 2);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* A VMM is killed at any moment of its dump. */
TEST_F_TIMEOUT(race, kill_at_any_time, PV_TIMEOUT(180))
{
	struct pv_vm *vm = &self->vm;
	int ready[2], round, status;
	char byte;
	pid_t pid;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			dump_until_killed(_metadata, &self->race, ready[1]);
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		close(ready[0]);
		pv_sleep_ms(1 + round * 7);
		kill(pid, SIGKILL);
		status = pv_wait_child(pid, 30000);
		ASSERT_NE(-1, status);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	pv_host.quiet = false;
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_TRY(return, pv_dump_once(vm, NULL));
}

static void *vcpu_adder(void *arg)
{
	pv_vm_add_vcpu(arg);
	pv_vm_add_vcpu(arg);
	return NULL;
}

/* vCPUs are created while dumps begin and end. */
TEST_F_TIMEOUT(race, new_vcpus_against_init, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	struct pv_buf buf;
	pthread_t tid;
	int round, i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	PV_TRY(return, pv_buf_alloc(&buf, pv_host.compl_len));
	for (round = 0; round < 10; round++) {
		PV_TRY(return, pv_vm_boot(vm, 1, 0));
		ASSERT_EQ(0, pthread_create(&tid, NULL, vcpu_adder, vm));
		for (i = 0; i < 10; i++) {
			PV_EXPECT_OK(pv_dump_init(vm->fd));
			PV_EXPECT_OK(pv_dump_complete(vm->fd, buf.p, buf.len));
		}
		pthread_join(tid, NULL);
		for (i = 0; i < vm->nr; i++)
			EXPECT_EQ(EINTR, pv_run(vm, i));
		PV_TRY(return, pv_dump_once(vm, NULL));
		pv_vm_close(vm);
	}
}

/**
 * struct twin - one of two machines that dump at the same time
 * @vm: the machine
 * @start: both begin together
 * @tid: its thread
 * @d: the last dump
 * @first: storage state of the first dump; memory does not change, and neither may this
 * @bad: requests that failed, areas that differ or were overrun
 */
struct twin {
	struct pv_vm vm;
	pthread_barrier_t *start;
	pthread_t tid;
	struct pv_dump d;
	__u8 *first;
	int bad;
};

static void twin_dump(struct twin *t)
{
	struct pv_vm *vm = &t->vm;
	struct pv_dump *d = &t->d;
	int i;

	t->bad += !!pv_dump_init(vm->fd).err;
	for (i = 0; i < vm->nr; i++)
		t->bad += !!pv_dump_cpu(vm->vcpu[i], d->cpu[i].p, d->cpu[i].len).err;
	t->bad += !!pv_dump_stor_state(vm->fd, 0, d->stor.p, d->stor.len).err;
	t->bad += !!pv_dump_complete(vm->fd, d->compl.p, d->compl.len).err;
}

static void *twin(void *arg)
{
	struct twin *t = arg;
	int round;

	pthread_barrier_wait(t->start);
	for (round = 0; round < 20; round++) {
		pv_buf_reset(&t->d.stor);
		twin_dump(t);
		if (!round)
			memcpy(t->first, t->d.stor.p, t->d.stor.len);
		t->bad += !!memcmp(t->first, t->d.stor.p, t->d.stor.len);
		t->bad += !pv_buf_canaries(&t->d.stor) + !pv_buf_canaries(&t->d.compl);
	}
	return NULL;
}

/* Two machines dump at the same time, each in a thread of its own. */
TEST_F_TIMEOUT(race, two_machines_at_once, PV_TIMEOUT(120))
{
	struct twin twins[2] = { 0 };
	pthread_barrier_t start;
	struct twin *t;

	PV_REQUIRE(return, PV_NEED_GUEST);
	pv_host.quiet = true;
	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, 2));
	for (t = twins; t < twins + 2; t++) {
		PV_TRY(return, pv_vm_boot(&t->vm, 2, SIZE));
		pv_touch(&t->vm);
		PV_TRY(return, pv_dump_alloc(&t->vm, &t->d));
		t->first = malloc(pv_stor_bytes(&t->vm));
		ASSERT_NE(NULL, t->first);
		t->start = &start;
		ASSERT_EQ(0, pthread_create(&t->tid, NULL, twin, t));
	}
	for (t = twins; t < twins + 2; t++) {
		pthread_join(t->tid, NULL);
		EXPECT_EQ(0, t->bad);
		EXPECT_TRUE(pv_dump_check(&t->vm, &t->d));
	}
	EXPECT_NE(0, memcmp(twins[0].d.compl.p, twins[1].d.compl.p, twins[0].d.compl.len));
	pv_host.quiet = false;
	for (t = twins; t < twins + 2; t++)
		PV_TRY(return, pv_dump_once(&t->vm, NULL));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
