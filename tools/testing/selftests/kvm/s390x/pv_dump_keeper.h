/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns a process beside a test that gives the host back what the test took, however it ends.
 * Never takes anything itself.
 */
#ifndef PV_DUMP_KEEPER_H
#define PV_DUMP_KEEPER_H

#include <errno.h>
#include <unistd.h>
#include <sys/types.h>
#include <sys/wait.h>

/**
 * struct pvd_keeper - a process that waits for the end of a test
 * @hold: closed when the test has ended, by itself or by the kernel
 * @pid: the process
 */
struct pvd_keeper {
	int hold;
	pid_t pid;
};

static void pvd_keeper_run(int ended, void (*undo)(void *arg), void *arg)
{
	char byte;

	/* A test that hangs is killed with its process group. */
	setsid();
	/* Nobody writes: it ends with the last descriptor of the other end. */
	while (read(ended, &byte, 1) < 0 && errno == EINTR)
		;
	undo(arg);
	_exit(0);
}

/**
 * pvd_keeper_start() - have something given back when the test has ended
 * @k: filled in
 * @undo: gives it back, in the keeper's process
 * @arg: for @undo, which sees it as it is now
 *
 * Return: 0, or -1 with errno; @undo is not called then.
 */
static int pvd_keeper_start(struct pvd_keeper *k, void (*undo)(void *arg), void *arg)
{
	int ends[2], err;

	if (pipe(ends))
		return -1;
	k->pid = fork();
	if (!k->pid) {
		close(ends[1]);
		pvd_keeper_run(ends[0], undo, arg);
	}
	err = errno;
	close(ends[0]);
	k->hold = ends[1];
	if (k->pid > 0)
		return 0;
	close(ends[1]);
	errno = err;
	return -1;
}

/* Gives back now, and waits until that is done. */
static void pvd_keeper_end(struct pvd_keeper *k)
{
	close(k->hold);
	waitpid(k->pid, NULL, 0);
}

#endif /* PV_DUMP_KEEPER_H */
