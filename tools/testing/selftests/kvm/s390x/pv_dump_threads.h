/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns dumps beside other work: two machines that dump at once, vCPUs that run against dumps.
 * Never lets two threads dump one machine; that is a race, and elsewhere.
 */
#ifndef PV_DUMP_THREADS_H
#define PV_DUMP_THREADS_H

#include "pv_dump_race.h"
#include "pv_dump_run.h"

/**
 * struct twin - one of two machines that dump at the same time
 * @vm: the machine
 * @start: both begin together
 * @first: storage state of the first dump; memory does not change, so neither does that
 * @bad: requests that failed, areas that differ, canaries that died
 */
struct twin {
	struct pvd_vm vm;
	pthread_barrier_t *start;
	pthread_t tid;
	struct pvd_dumped d;
	__u8 *first;
	int bad;
};

static void twin_dump(struct twin *t)
{
	struct pvd_vm *vm = &t->vm;
	struct pvd_dumped *d = &t->d;
	int i;

	t->bad += !!pvd_init(vm->fd).err;
	for (i = 0; i < vm->nr; i++)
		t->bad += !!pvd_cpu(vm->vcpu[i], d->cpu[i].p, d->cpu[i].len).err;
	t->bad += !!pvd_stor_state(vm->fd, 0, d->stor.p, d->stor.len).err;
	t->bad += !!pvd_complete(vm->fd, d->compl.p, d->compl.len).err;
}

static void *twin(void *arg)
{
	struct twin *t = arg;
	int round;

	pthread_barrier_wait(t->start);
	for (round = 0; round < 20; round++) {
		pvd_buf_reset(&t->d.stor);
		twin_dump(t);
		if (!round)
			memcpy(t->first, t->d.stor.p, t->d.stor.len);
		t->bad += !!memcmp(t->first, t->d.stor.p, t->d.stor.len);
		t->bad += !pvd_canaries(&t->d.stor) + !pvd_canaries(&t->d.compl);
	}
	return NULL;
}

/* Two machines dump at once, each in a thread of its own. */
PVD_TEST(race, two_machines_at_once, PVD_NEED_T2, 120)
{
	struct twin twins[2] = { 0 };
	pthread_barrier_t start;
	int i;

	host.quiet = true;
	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, 2));
	for (i = 0; i < 2; i++) {
		PVD_MADE(pvd_vm_boot(&twins[i].vm, 2, RACE_MIB * PVD_MIB));
		pvd_touch(&twins[i].vm);
		pvd_dumped_alloc(_metadata, &twins[i].vm, &twins[i].d);
		twins[i].first = malloc(pvd_stor_bytes(&twins[i].vm));
		ASSERT_NE(NULL, twins[i].first);
		twins[i].start = &start;
		ASSERT_EQ(0, pthread_create(&twins[i].tid, NULL, twin, &twins[i]));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(twins[i].tid, NULL);
		EXPECT_EQ(0, twins[i].bad);
		pvd_check_dump(_metadata, &twins[i].vm, &twins[i].d);
	}
	EXPECT_NE(0, memcmp(twins[0].d.compl.p, twins[1].d.compl.p, twins[0].d.compl.len));
	host.quiet = false;
	for (i = 0; i < 2; i++)
		pvd_one_dump(_metadata, &twins[i].vm, NULL);
}

/**
 * struct runner - a thread that keeps a vCPU inside KVM_RUN
 * @stop: leave when KVM_RUN returns
 * @out: it has left
 * @bad: outcomes of KVM_RUN that are not allowed
 * @inside: how often KVM_RUN returned after it had been inside
 */
struct runner {
	struct pvd_vm *vm;
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
			pvd_sleep_ms(1);
	}
	pvd_set_flag(&r->out);
	return NULL;
}

struct dumper {
	struct twin t;
	pthread_t tid;
	int entered;
	int done;
};

/* Nobody may enter the guest between the end of INIT and COMPLETE. */
static void *dumper(void *arg)
{
	struct dumper *d = arg;
	struct pvd_dumped *to = &d->t.d;
	struct pvd_vm *vm = &d->t.vm;
	int round, i;
	long entries;

	for (round = 0; round < 20; round++) {
		d->t.bad += !!pvd_init(vm->fd).err;
		entries = pvd_entries();
		for (i = 0; i < vm->nr; i++)
			d->t.bad += !!pvd_cpu(vm->vcpu[i], to->cpu[i].p, to->cpu[i].len).err;
		d->t.bad += !!pvd_stor_state(vm->fd, 0, to->stor.p, to->stor.len).err;
		d->entered += pvd_entries() != entries;
		d->t.bad += !!pvd_complete(vm->fd, to->compl.p, to->compl.len).err;
		pvd_sleep_ms(5);
	}
	pvd_set_flag(&d->done);
	return NULL;
}

/*
 * vCPUs that really run, against dumps. Signals get them out of a kernel that leaves them
 * inside (D5, which tests of its own show), so that this goes on everywhere.
 */
PVD_TEST(race, run_against_dumps, PVD_NEED_RUN, 120)
{
	struct kvm_mp_state operating = { .mp_state = KVM_MP_STATE_OPERATING };
	struct sigaction sa = { .sa_handler = run_interrupted };
	struct runner runners[2] = { 0 };
	struct dumper d = { 0 };
	int i;

	host.quiet = true;
	sigaction(SIGUSR1, &sa, NULL);
	PVD_MADE(pvd_vm_boot(&d.t.vm, 2, 0));
	ASSERT_EQ(0, ioctl(d.t.vm.vcpu[1], KVM_SET_MP_STATE, &operating));
	pvd_dumped_alloc(_metadata, &d.t.vm, &d.t.d);
	for (i = 0; i < 2; i++) {
		runners[i].vm = &d.t.vm;
		runners[i].i = i;
		ASSERT_EQ(0, pthread_create(&runners[i].tid, NULL, runner, &runners[i]));
	}
	ASSERT_EQ(0, pthread_create(&d.tid, NULL, dumper, &d));
	while (!pvd_wait_flag(&d.done, 20))
		for (i = 0; i < 2; i++)
			pthread_kill(runners[i].tid, SIGUSR1);
	pthread_join(d.tid, NULL);
	for (i = 0; i < 2; i++) {
		pvd_set_flag(&runners[i].stop);
		while (!pvd_wait_flag(&runners[i].out, 20))
			pthread_kill(runners[i].tid, SIGUSR1);
		pthread_join(runners[i].tid, NULL);
		EXPECT_EQ(0, runners[i].bad);
		EXPECT_LT(0, runners[i].inside);
	}
	EXPECT_EQ(0, d.t.bad);
	EXPECT_EQ(0, d.entered);
	host.quiet = false;
	pvd_one_dump(_metadata, &d.t.vm, NULL);
}

#endif /* PV_DUMP_THREADS_H */
