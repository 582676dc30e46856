/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns what tests say to the emulated machine: fault rules, counters, guest exits.
 * Never used on a machine without the control channel.
 */
#ifndef PV_DUMP_CONTROL_H
#define PV_DUMP_CONTROL_H

#include "pv_dump_vm.h"

/* Names of Ultravisor calls on the control channel. */
#define UVC_DUMP_INIT		"dump-init"
#define UVC_DUMP_STOR		"dump-conf-stor-state"
#define UVC_DUMP_CPU		"dump-cpu"
#define UVC_DUMP_COMPLETE	"dump-complete"
#define UVC_CREATE_CPU		"create-sec-cpu"

/* A code that no rule of the machine gives by itself. */
#define PVD_RULE_RC		0x0142
#define PVD_RULE_RRC		0x0017

/**
 * pvd_rule() - a fault rule, in the machine's grammar: "cmd=... nth=... cc=... rc=..."
 *
 * Return: 0, or -1 when the machine did not take it.
 */
static int __printf(1, 2) pvd_rule(const char *fmt, ...)
{
	char rule[160], reply[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(rule, sizeof(rule), fmt, args);
	va_end(args);
	if (!pvd_control(reply, sizeof(reply), "rule add %s", rule))
		return 0;
	fprintf(stderr, "# rule add %s: %s\n", rule, reply);
	return -1;
}

static void pvd_rules_clear(void)
{
	char reply[200];

	pvd_control(reply, sizeof(reply), "rule clear");
}

/* A counter of the machine by its name in the reply to "stats"; -1 when it is not there. */
static long pvd_stat(const char *name)
{
	char reply[4096], key[64];
	const char *at;

	if (pvd_control(reply, sizeof(reply), "stats"))
		return -1;
	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(reply, key);
	return at ? strtol(at + strlen(key), NULL, 0) : 0;
}

static void pvd_sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Waits up to @ms for a flag that another thread sets. */
static bool pvd_wait_flag(const int *flag, long ms)
{
	for (; ms > 0; ms -= 5) {
		if (__atomic_load_n(flag, __ATOMIC_ACQUIRE))
			return true;
		pvd_sleep_ms(5);
	}
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void pvd_set_flag(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* Waits up to @ms for a child to end; its status, or -1. */
static int pvd_wait_child(pid_t pid, long ms)
{
	int status;

	for (; ms > 0; ms -= 5) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		pvd_sleep_ms(5);
	}
	return -1;
}

#endif /* PV_DUMP_CONTROL_H */
