// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads of a Linux guest, which it may be the only program of: copy-on-write, timers, all CPUs,
 * memory that is written all the time.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS	(256u * 512)	/* 1 MiB */
#define FORKS	200u
#define PAGES	4096u		/* 16 MiB */
#define ROUNDS	60u

static uint64_t words[WORDS];

static uint64_t sum(void)
{
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		total = total * 31 + words[i];
	return total;
}

/* Each child finds what the parent wrote and changes a copy of it. */
static unsigned int forks(void)
{
	unsigned int i, good = 0;
	int status;

	for (i = 0; i < FORKS; i++) {
		words[i * 512] = i;
		if (!fork()) {
			words[i * 512]++;
			_exit(words[i * 512] == i + 1 && words[i * 256] != 0xdead ? 7 : 1);
		}
		if (wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7)
			good++;
	}
	return good;
}

static long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Return: milliseconds that a sleep of 50 took */
static long nap(void)
{
	const struct timespec ms50 = { .tv_nsec = 50000000 };
	long begin = microseconds();

	nanosleep(&ms50, NULL);
	return (microseconds() - begin) / 1000;
}

/* On how many CPUs did this process run? */
static int cpus_used(void)
{
	long i, nr = sysconf(_SC_NPROCESSORS_ONLN);
	int used = 0;

	for (i = 0; i < nr; i++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(i, &set);
		if (!sched_setaffinity(0, sizeof(set), &set) && sched_getcpu() == i)
			used++;
	}
	return used;
}

/* "bench" on the kernel's command line or as an argument: how long this takes, and took so far */
static void measure(void)
{
	long boot = microseconds(), begin, loop;
	unsigned int i;

	/* Once without a clock: the host has no storage yet for what its guest touches first. */
	words[0] = sum();
	forks();
	begin = microseconds();
	for (i = 0; i < 1000; i++)
		words[i] = sum();
	loop = microseconds() - begin;
	begin = microseconds();
	forks();
	printf("bench: boot=%ld loop=%ld forks=%ld us\n", boot, loop, microseconds() - begin);
	fflush(stdout);
}

/* Writes each page in each round, and looks whether it has what the last round wrote. */
static int keep_writing(unsigned int rounds)
{
	uint64_t (*pages)[512] = aligned_alloc(4096, PAGES * sizeof(*pages));
	uint64_t round;
	unsigned int i, lost = 0;

	if (!pages)
		return 1;
	memset(pages, 0, PAGES * sizeof(*pages));
	for (i = 0; i < PAGES; i++)
		pages[i][i % 512] = i;
	for (round = 1; round <= rounds; round++) {
		uint64_t before = (round - 1) << 32;
		long begin = microseconds();

		for (i = 0; i < PAGES; i++) {
			uint64_t *word = &pages[i][(round * 7 + i) % 512];

			lost += pages[i][((round - 1) * 7 + i) % 512] != before + i;
			*word = round << 32 | i;
		}
		if (round % 4 == 0) {
			printf("guest: round=%u lost=%u\n", (unsigned int)round, lost);
			fflush(stdout);
		}
		/* Long enough for a migration or a storm to fall into the middle of it. */
		while (microseconds() - begin < 250000)
			usleep(10000);
	}
	return lost != 0;
}

int main(int argc, char **argv)
{
	unsigned int good;
	uint64_t before;
	long slept;

	if (argc > 1 && !strcmp(argv[1], "bench")) {
		measure();
		if (getpid() != 1)
			return 0;
		reboot(RB_POWER_OFF);
	}
	if (argc > 1 && !strcmp(argv[1], "memory")) {
		good = keep_writing(argc > 2 ? (unsigned int)atoi(argv[2]) : ROUNDS);
		if (getpid() != 1)
			return good;
		reboot(RB_POWER_OFF);
	}
	if (getpid() == 1)
		mount("none", "/sys", "sysfs", 0, NULL);
	memset(words, 0x5a, sizeof(words));
	good = forks();
	before = sum();
	slept = nap();
	printf("guest: forks=%u slept=%s cpus=%d sum=%s\n", good, slept >= 50 ? "yes" : "no",
	       cpus_used(), sum() == before ? "same" : "different");
	fflush(stdout);
	if (getpid() != 1)
		return 0;
	reboot(RB_POWER_OFF);
	return 1;
}
