// SPDX-License-Identifier: GPL-2.0-or-later
/* One line of progress on a terminal: done, rate, time left. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC	1000000000ll
#define INTERVAL	(NS_PER_SEC / 5)
#define LINE_MAX_LEN	256

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
	p->what = what;
	p->total = total;
	p->on = isatty(STDERR_FILENO);
	p->started = now_ns();
	p->shown = p->started;
	p->width = 0;
}

static int print_left(char *s, size_t len, double seconds)
{
	uint64_t sec;

	/* early rates are unreliable: do not print absurd times */
	if (seconds > 1e7)
		return 0;
	sec = (uint64_t)(seconds + 0.5);
	if (sec < 60)
		return snprintf(s, len, ", %" PRIu64 " s left", sec);
	if (sec < 3600)
		return snprintf(s, len, ", %" PRIu64 " min %02" PRIu64 " s left", sec / 60,
				sec % 60);
	return snprintf(s, len, ", %" PRIu64 " h %02" PRIu64 " min left", sec / 3600,
			sec % 3600 / 60);
}

static int print_line(const struct progress *p, uint64_t done, double seconds, char *s, size_t len)
{
	double rate = (double)done / seconds;
	int n;

	n = snprintf(s, len, "%s: %.64s: %" PRIu64, program, p->what, done / MIB);
	if (p->total)
		n += snprintf(s + n, len - (size_t)n, " of %" PRIu64 " MiB, %" PRIu64 "%%",
			      p->total / MIB,
			      (uint64_t)(100.0 * (double)done / (double)p->total));
	else
		n += snprintf(s + n, len - (size_t)n, " MiB");
	n += snprintf(s + n, len - (size_t)n, ", %.0f MiB/s", rate / MIB);
	if (p->total > done && rate > 0)
		n += print_left(s + n, len - (size_t)n, (double)(p->total - done) / rate);
	return n;
}

/* A line that wraps cannot be taken back with a carriage return. */
static int columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col)
		return 80;
	return w.ws_col < LINE_MAX_LEN ? w.ws_col : LINE_MAX_LEN;
}

void progress_update(struct progress *p, uint64_t done)
{
	char line[LINE_MAX_LEN + 1];
	int n, max;
	int64_t now;

	if (!p->on)
		return;
	now = now_ns();
	if (now - p->shown < INTERVAL)
		return;
	p->shown = now;
	n = print_line(p, done, (double)(now - p->started) / NS_PER_SEC, line, sizeof(line));
	max = columns() - 1;
	if (n > max)
		n = max;
	/* blanks overwrite the rest of a longer line */
	fprintf(stderr, "\r%-*.*s", p->width < max ? p->width : max, n, line);
	p->width = n;
}

void progress_end(struct progress *p)
{
	if (p->width)
		fprintf(stderr, "\r%*s\r", p->width, "");
	p->width = 0;
	p->on = false;
}
