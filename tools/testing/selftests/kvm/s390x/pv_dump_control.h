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
#define UVC_DUMP_STOR		"dump-stor-state"
#define UVC_DUMP_CPU		"dump-cpu"
#define UVC_DUMP_COMPLETE	"dump-complete"
#define UVC_CREATE_CPU		"create-cpu"

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

/* The number behind @key in the reply to @command; -1 when there is none. */
static long pvd_ask(const char *command, const char *key)
{
	char reply[256];
	const char *at;

	if (pvd_control(reply, sizeof(reply), "%s", command))
		return -1;
	at = strstr(reply, key);
	return at ? strtol(at + strlen(key), NULL, 0) : -1;
}

/* How often the Ultravisor was called with this command since the machine started. */
static long pvd_calls(const char *uvc)
{
	char command[64];

	snprintf(command, sizeof(command), "calls cmd=%s", uvc);
	return pvd_ask(command, "ok ");
}

/* The last Ultravisor calls, oldest first, into the log of the test. */
static void pvd_log_trace(int n)
{
	char reply[4096];

	if (!pvd_control(reply, sizeof(reply), "trace n=%d", n))
		fprintf(stderr, "# trace: %s\n", reply);
}

/* How often a guest was entered. */
static long pvd_entries(void)
{
	return pvd_ask("sie", "entries=");
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
