// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What disturbs a guest all the time: forks make its memory copy-on-write, the dirty log takes its
 * right to write, a timer takes the CPU away.
 */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMER_US	100
#define PAUSE_US	5000	/* of the others, for the guest to come anywhere */

static unsigned long forks, reads, dirty;
static volatile int over;
static pthread_t threads[2];

/* A fork begins anew when a signal comes, so it would not end with the timer's. */
static void block_alarm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *fork_storm(void *arg)
{
	(void)arg;
	block_alarm();
	while (!over) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0 && waitpid(pid, NULL, 0) == pid)
			forks++;
		usleep(PAUSE_US);
	}
	return NULL;
}

static void *log_storm(void *arg)
{
	static uint64_t bitmap[MEM_SIZE / 4096 / 64];
	struct vmm *vmm = arg;
	struct kvm_dirty_log log = { .dirty_bitmap = bitmap };
	unsigned int i;

	block_alarm();
	while (!over) {
		if (ioctl(vmm->fd, KVM_GET_DIRTY_LOG, &log) < 0) {
			fprintf(stderr, "linux_guest: KVM_GET_DIRTY_LOG: %s\n", strerror(errno));
			break;
		}
		reads++;
		for (i = 0; i < sizeof(bitmap) / sizeof(*bitmap); i++)
			dirty += __builtin_popcountll(bitmap[i]);
		usleep(PAUSE_US);
	}
	return NULL;
}

static void tick(int signal)
{
	(void)signal;
}

/* Return: 0, or an error number. The slot must have KVM_MEM_LOG_DIRTY_PAGES. */
int storm_begin(struct vmm *vmm)
{
	const struct itimerval timer = { { 0, TIMER_US }, { 0, TIMER_US } };
	struct sigaction action = { .sa_handler = tick };
	int error;

	sigaction(SIGALRM, &action, NULL);
	error = pthread_create(&threads[0], NULL, fork_storm, vmm);
	if (!error)
		error = pthread_create(&threads[1], NULL, log_storm, vmm);
	if (!error && setitimer(ITIMER_REAL, &timer, NULL))
		error = errno;
	return error;
}

void storm_end(void)
{
	over = 1;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	printf("storm: forks=%lu reads=%lu dirty=%lu\n", forks, reads, dirty);
}
