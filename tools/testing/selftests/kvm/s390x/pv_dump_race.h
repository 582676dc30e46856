/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns races: threads that issue every dump subcommand against each other, against KVM_RUN,
 * DISABLE, new vCPUs, unmapped buffers, closing and SIGKILL, for a bounded number of rounds.
 * Never asserts who wins; each outcome must be one of the allowed, and the end consistent.
 */
#ifndef PV_DUMP_RACE_H
#define PV_DUMP_RACE_H

#include "pv_dump_control.h"
#include "pv_dump_flow.h"

#define RACE_ROUNDS	60
#define RACE_MIB	24

enum race_op {
	RACE_INIT, RACE_STOR, RACE_STOR_ONE, RACE_CPU, RACE_COMPLETE, RACE_DISABLE, RACE_PROTECT,
	RACE_RUN, RACE_INFO, RACE_UNMAP, RACE_OPS,
};

/**
 * struct race - what the threads of one race share
 * @vm: the machine; not protected again but by RACE_PROTECT
 * @start: all threads begin together
 * @bad: outcomes that are not allowed, by operation
 * @good: how often an operation succeeded
 * @last_bad: errno of the last outcome that is not allowed
 * @open_end: how it ends on a kernel with defects depends on who won: not for the transcript
 * @loose: a buffer that RACE_UNMAP takes away and gives back
 * @loose_len: its length
 */
struct race {
	struct pvd_vm *vm;
	pthread_barrier_t start;
	unsigned long bad[RACE_OPS];
	unsigned long good[RACE_OPS];
	int last_bad[RACE_OPS];
	bool open_end;
	__u8 *loose;
	size_t loose_len;
};

struct racer {
	struct race *race;
	const enum race_op *ops;
	int nr_ops;
	int rounds;
	pthread_t tid;
	struct pvd_buf buf;
};

/* EINVAL and the UV's refusal are always possible; EFAULT where buffers come and go. */
static bool race_allowed(enum race_op op, int err, const struct race *race)
{
	if (!err || err == EINVAL || op == RACE_PROTECT)
		return true;
	if (op == RACE_RUN)
		return err == EINTR;
	/* An Ultravisor that keeps a guest with a dump: KVM says EIO to DISABLE. */
	if (op == RACE_DISABLE && !host.softuv)
		return err == EIO;
	return race->loose && err == EFAULT;
}

static int race_run(struct race *race)
{
	int i = race->vm->nr - 1;

	/* immediate_exit stays set for the whole race: the page is shared by threads. */
	return ioctl(race->vm->vcpu[i], KVM_RUN, NULL) ? errno : 0;
}

static int race_protect(struct race *race)
{
	struct pvd_vm copy = *race->vm;

	return pvd_vm_protect(&copy).err;
}

static int race_unmap(struct race *race)
{
	void *p = race->loose;

	if (mmap(p, race->loose_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != p)
		return errno;
	sched_yield();
	if (mmap(p, race->loose_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_FIXED, -1, 0) != p)
		return errno;
	return 0;
}

static int race_do(struct racer *r, enum race_op op)
{
	struct pvd_info info = { .header = { .id = PVD_INFO_DUMP, .len_max = sizeof(info) } };
	struct race *race = r->race;
	__u8 *buf = race->loose ? race->loose : r->buf.p;
	struct pvd_vm *vm = race->vm;

	switch (op) {
	case RACE_INIT:
		return pvd_init(vm->fd).err;
	case RACE_STOR:
		return pvd_stor_state(vm->fd, 0, buf, pvd_stor_bytes(vm)).err;
	case RACE_STOR_ONE:
		return pvd_stor_state(vm->fd, vm->size - PVD_MIB, buf, host.dump.stor_len).err;
	case RACE_CPU:
		return pvd_cpu(vm->vcpu[0], buf, host.dump.cpu_len).err;
	case RACE_COMPLETE:
		return pvd_complete(vm->fd, buf, host.dump.compl_len).err;
	case RACE_DISABLE:
		return pvd_vm_cmd(vm->fd, PVD_DISABLE, NULL).err;
	case RACE_PROTECT:
		return race_protect(race);
	case RACE_RUN:
		return race_run(race);
	case RACE_INFO:
		return pvd_info(vm->fd, &info).err;
	default:
		return race_unmap(race);
	}
}

static void *racer(void *arg)
{
	struct racer *r = arg;
	struct race *race = r->race;
	enum race_op op;
	int i, err;

	pthread_barrier_wait(&race->start);
	for (i = 0; i < r->rounds * r->nr_ops; i++) {
		op = r->ops[i % r->nr_ops];
		err = race_do(r, op);
		if (!err)
			__atomic_add_fetch(&race->good[op], 1, __ATOMIC_RELAXED);
		if (race_allowed(op, err, race))
			continue;
		__atomic_add_fetch(&race->bad[op], 1, __ATOMIC_RELAXED);
		race->last_bad[op] = err;
	}
	return NULL;
}

#define RACE_MAX	6

struct race_plan {
	int rounds;
	int nr;
	enum race_op ops[3];
};

static void race_start(struct __test_metadata *_metadata, struct race *race,
		       struct racer *racers, const struct race_plan *plan, int n)
{
	int i;

	ASSERT_EQ(0, pthread_barrier_init(&race->start, NULL, n));
	for (i = 0; i < race->vm->nr; i++)
		race->vm->run[i]->immediate_exit = 1;
	for (i = 0; i < n; i++) {
		racers[i].race = race;
		racers[i].ops = plan[i].ops;
		racers[i].nr_ops = plan[i].nr;
		racers[i].rounds = plan[i].rounds;
		PVD_BUFFER(&racers[i].buf, pvd_stor_bytes(race->vm) +
					  host.dump.compl_len + host.dump.cpu_len);
		ASSERT_EQ(0, pthread_create(&racers[i].tid, NULL, racer, &racers[i]));
	}
}

/* Runs the plans against each other, then brings the machine to rest and dumps it. */
static void race_all(struct __test_metadata *_metadata, struct pvd_vm *vm, struct race *race,
		     const struct race_plan *plan, int n)
{
	struct racer racers[RACE_MAX] = { 0 };
	int i;

	host.quiet = true;
	race->vm = vm;
	race_start(_metadata, race, racers, plan, n);
	for (i = 0; i < n; i++)
		pthread_join(racers[i].tid, NULL);
	for (i = 0; i < n; i++)
		EXPECT_TRUE(pvd_canaries(&racers[i].buf));
	for (i = 0; i < RACE_OPS; i++) {
		EXPECT_EQ(0, race->bad[i]) {
			TH_LOG("operation %d: %lu outcomes not allowed, last %s", i,
			       race->bad[i], pvd_errname(race->last_bad[i]));
		}
	}
	if (pvd_dumping(vm)) {
		pvd_before_complete(vm);
		PVD_EXPECT_OK(pvd_complete(vm->fd, racers[0].buf.p, host.dump.compl_len));
	}
	pvd_vm_disable(vm);
	host.quiet = race->open_end;
	EXPECT_FALSE(pvd_dumping(vm));
	memset(vm->mem, 0, vm->size);
	PVD_ASSERT_OK(pvd_vm_protect(vm));
	pvd_one_dump(_metadata, vm, NULL);
}

FIXTURE(race) {
	int unused;
};

FIXTURE_SETUP(race)
{
}

FIXTURE_TEARDOWN(race)
{
}

/* D11: reads and writes of the dump's state from every side at once. */
PVD_TEST(race, d11_all_subcommands, PVD_NEED_T2, 120)
{
	static const struct race_plan plan[] = {
		{ RACE_ROUNDS, 2, { RACE_INIT, RACE_COMPLETE } },
		{ RACE_ROUNDS, 2, { RACE_STOR_ONE, RACE_STOR } },
		{ 2 * RACE_ROUNDS, 1, { RACE_CPU } },
		{ 8 * RACE_ROUNDS, 1, { RACE_RUN } },
		{ RACE_ROUNDS, 3, { RACE_INIT, RACE_INFO, RACE_COMPLETE } },
	};
	struct race race = { 0 };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, RACE_MIB * PVD_MIB));
	race_all(_metadata, &vm, &race, plan, ARRAY_SIZE(plan));
	EXPECT_LT(0, race.good[RACE_INIT]);
	/* Each INIT that worked is ended by one COMPLETE that worked, or is still active. */
	EXPECT_GE(race.good[RACE_INIT], race.good[RACE_COMPLETE]);
	EXPECT_LE(race.good[RACE_INIT], race.good[RACE_COMPLETE] + 1);
}

/* D1 in a race: protection goes and comes while others dump. */
PVD_TEST(race, d1_disable_against_all, PVD_NEED_T2, 180)
{
	static const struct race_plan plan[] = {
		{ 12, 3, { RACE_PROTECT, RACE_INIT, RACE_DISABLE } },
		{ RACE_ROUNDS, 3, { RACE_INIT, RACE_STOR_ONE, RACE_COMPLETE } },
		{ RACE_ROUNDS, 2, { RACE_STOR, RACE_CPU } },
		{ 8 * RACE_ROUNDS, 1, { RACE_RUN } },
	};
	struct race race = { .open_end = true };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, RACE_MIB * PVD_MIB));
	race_all(_metadata, &vm, &race, plan, ARRAY_SIZE(plan));
	EXPECT_LT(0, race.good[RACE_DISABLE]);
}

/* Buffers that are unmapped and mapped again under the kernel's copies. */
PVD_TEST(race, unmap_against_copies, PVD_NEED_T2, 120)
{
	static const struct race_plan plan[] = {
		{ RACE_ROUNDS, 3, { RACE_INIT, RACE_STOR, RACE_COMPLETE } },
		{ 2 * RACE_ROUNDS, 1, { RACE_CPU } },
		{ 6 * RACE_ROUNDS, 1, { RACE_UNMAP } },
	};
	struct race race = { 0 };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 2, RACE_MIB * PVD_MIB));
	race.loose_len = pvd_stor_bytes(&vm) + host.dump.compl_len + host.dump.cpu_len;
	race.loose_len = (race.loose_len + PVD_PAGE - 1) & ~(PVD_PAGE - 1);
	race.loose = pvd_map(race.loose_len, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, race.loose);
	race_all(_metadata, &vm, &race, plan, ARRAY_SIZE(plan));
}

/* Descriptors are closed while requests on them are under way. */
PVD_TEST(race, close_against_all, PVD_NEED_T2, 180)
{
	static const struct race_plan plan[] = {
		{ 10, 3, { RACE_INIT, RACE_STOR, RACE_COMPLETE } },
		{ 20, 2, { RACE_CPU, RACE_RUN } },
	};
	struct racer racers[2];
	struct race race;
	struct pvd_vm vm;
	int round, i;

	host.quiet = true;
	for (round = 0; round < 8; round++) {
		memset(&race, 0, sizeof(race));
		memset(racers, 0, sizeof(racers));
		PVD_MADE(pvd_vm_boot(&vm, 2, RACE_MIB * PVD_MIB));
		race.vm = &vm;
		race_start(_metadata, &race, racers, plan, 2);
		pvd_sleep_ms(round * 3);
		close(vm.vcpu[0]);
		close(vm.fd);
		for (i = 0; i < 2; i++) {
			pthread_join(racers[i].tid, NULL);
			EXPECT_TRUE(pvd_canaries(&racers[i].buf));
			pvd_buf_free(&racers[i].buf);
		}
		vm.vcpu[0] = -1;
		vm.fd = -1;
		pvd_vm_close(&vm);
	}
	host.quiet = false;
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

/* A VMM that is killed at any moment of its dump. */
PVD_TEST(race, kill_at_any_time, PVD_NEED_T2, 180)
{
	static const struct race_plan plan[] = {
		{ 100000, 3, { RACE_INIT, RACE_STOR, RACE_COMPLETE } },
		{ 100000, 3, { RACE_CPU, RACE_RUN, RACE_INFO } },
	};
	struct racer racers[2] = { 0 };
	struct race race = { 0 };
	int ready[2], round;
	struct pvd_vm vm;
	char byte;
	pid_t pid;

	host.quiet = true;
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (pvd_vm_boot(&vm, 2, RACE_MIB * PVD_MIB))
				_exit(1);
			race.vm = &vm;
			race_start(_metadata, &race, racers, plan, 2);
			if (write(ready[1], "", 1) != 1)
				_exit(1);
			pause();
		}
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		close(ready[0]);
		pvd_sleep_ms(1 + round * 7);
		kill(pid, SIGKILL);
		ASSERT_NE(-1, pvd_wait_child(pid, 30000));
	}
	host.quiet = false;
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_one_dump(_metadata, &vm, NULL);
}

static void *vcpu_adder(void *arg)
{
	pvd_vm_add_vcpu(arg);
	pvd_vm_add_vcpu(arg);
	return NULL;
}

/* vCPUs that appear while dumps begin and end. */
PVD_TEST(race, new_vcpus_against_init, PVD_NEED_T2, 120)
{
	struct pvd_buf buf;
	struct pvd_vm vm;
	pthread_t tid;
	int round, i;

	host.quiet = true;
	PVD_BUFFER(&buf, host.dump.compl_len);
	for (round = 0; round < 10; round++) {
		PVD_MADE(pvd_vm_boot(&vm, 1, 0));
		ASSERT_EQ(0, pthread_create(&tid, NULL, vcpu_adder, &vm));
		for (i = 0; i < 10; i++) {
			PVD_EXPECT_OK(pvd_init(vm.fd));
			PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, buf.len));
		}
		pthread_join(tid, NULL);
		for (i = 0; i < vm.nr; i++)
			EXPECT_EQ(EINTR, pvd_run(&vm, i));
		pvd_one_dump(_metadata, &vm, NULL);
		pvd_vm_close(&vm);
	}
}

#endif /* PV_DUMP_RACE_H */
