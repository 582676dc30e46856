// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control channel of the emulated machine, which softuv/README.md describes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kselftest.h"
#include "control.h"

#define PORT		"/dev/virtio-ports/softuv.control"

/* The low 48 feature bits of the emulated machine spell "SOFTUV". */
#define SOFTUV_MARK	0x534f46545556ULL
#define SOFTUV_MASK	0xffffffffffffULL

static int control = -1;
static bool null_sie;

/**
 * ask() - send a command to the machine and receive the reply
 * @reply: receives the reply without its line end
 * @len: bytes at @reply, at least 2
 * @fmt: the command, without its line end
 *
 * Return: 0 if the machine said "ok", or -1.
 */
static int __printf(3, 4) ask(char *reply, size_t len, const char *fmt, ...)
{
	struct pollfd pfd = { .fd = control, .events = POLLIN };
	char line[200];
	va_list args;
	size_t got = 0;
	ssize_t n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	line[n++] = '\n';
	reply[0] = 0;
	if (write(control, line, n) != n)
		return -1;
	while (got < len - 1 && poll(&pfd, 1, 10000) > 0) {
		n = read(control, reply + got, len - 1 - got);
		if (n <= 0)
			break;
		got += n;
		reply[got] = 0;
		if (reply[got - 1] != '\n')
			continue;
		reply[got - 1] = 0;
		return strncmp(reply, "ok", 2) ? -1 : 0;
	}
	return -1;
}

/* The number behind @key in the reply to @command, or -1 */
static long ask_number(const char *command, const char *key)
{
	char reply[256];
	const char *at;

	if (ask(reply, sizeof(reply), "%s", command))
		return -1;
	at = strstr(reply, key);
	return at ? strtol(at + strlen(key), NULL, 0) : -1;
}

/**
 * inject_init() - open the control channel, after pv_host_init()
 *
 * Exits if this is not the emulated machine, or its control channel is missing. The machine's
 * answers are known, so that nothing else is accepted.
 */
void inject_init(void)
{
	char reply[200];

	if (!pv_host.info_err &&
	    (pv_host.vm.feature_indication & SOFTUV_MASK) != SOFTUV_MARK)
		ksft_exit_skip("this is not the emulated machine\n");
	control = open(PORT, O_RDWR | O_CLOEXEC);
	if (control < 0)
		ksft_exit_skip("no control channel (" PORT "): %s\n", strerror(errno));
	if (ask(reply, sizeof(reply), "rule clear"))
		ksft_exit_skip("no control channel (" PORT "): %s\n", reply);
	null_sie = !ask(reply, sizeof(reply), "sie exit=null");
	pv_host.exact = true;
}

/* Does the guest exit by rule? */
bool inject_null_sie(void)
{
	return null_sie;
}

/* Remove what a test has left behind that was aborted. */
void control_reset(void)
{
	rules_clear();
	if (null_sie)
		sie_exit("null");
}

/**
 * rule_add() - add a fault rule
 * @fmt: the rule in the machine's grammar: "cmd=... nth=... cc=... rc=..."
 *
 * Return: 0, or -1 if the machine did not take it.
 */
int __printf(1, 2) rule_add(const char *fmt, ...)
{
	char rule[160], reply[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(rule, sizeof(rule), fmt, args);
	va_end(args);
	if (!ask(reply, sizeof(reply), "rule add %s", rule))
		return 0;
	fprintf(stderr, "# rule add %s: %s\n", rule, reply);
	return -1;
}

void rules_clear(void)
{
	char reply[200];

	if (ask(reply, sizeof(reply), "rule clear"))
		fprintf(stderr, "# rule clear: %s\n", reply);
}

/* Let the guest exit from SIE in the given way. */
void sie_exit(const char *how)
{
	char reply[128];

	if (ask(reply, sizeof(reply), "sie exit=%s", how))
		fprintf(stderr, "# sie exit=%s: %s\n", how, reply);
}

/* How often the Ultravisor has been called with this command since the machine was started */
long uvc_calls(const char *uvc)
{
	char command[64];

	snprintf(command, sizeof(command), "calls cmd=%s", uvc);
	return ask_number(command, "ok ");
}

/* Wait up to @ms until the command has been called @value times. */
bool wait_calls(const char *uvc, long value, long ms)
{
	for (; ms > 0; ms -= 20) {
		if (uvc_calls(uvc) >= value)
			return true;
		pv_sleep_ms(20);
	}
	return false;
}

/* How often a guest has been entered */
long sie_entries(void)
{
	return ask_number("sie", "entries=");
}

/* Write the last @n Ultravisor calls to the log of the test, oldest first. */
void log_trace(int n)
{
	char reply[4096];

	if (!ask(reply, sizeof(reply), "trace n=%d", n))
		fprintf(stderr, "# trace: %s\n", reply);
}
