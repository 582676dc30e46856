// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of the helpers that the image and dump tools share. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "progress.h"

#define GIB	(1024ull * MIB)

/* What a step of half a second writes to stderr, which is @fd, read at @from. */
static void run_step(int fd, int from, uint64_t total, char *got, size_t len)
{
	int saved = dup(STDERR_FILENO), i;
	struct progress p;
	ssize_t n;

	assert_return_code(dup2(fd, STDERR_FILENO), 0);
	progress_begin(&p, "memory", total);
	for (i = 1; i <= 60; i++) {
		progress_update(&p, i * GIB);
		usleep(10000);
	}
	progress_end(&p);
	progress_end(&p);
	dup2(saved, STDERR_FILENO);
	close(saved);
	while (len > 1 && (n = read(from, got, len - 1)) > 0) {
		got += n;
		len -= (size_t)n;
	}
	*got = '\0';
}

static void on_pty(unsigned short cols, uint64_t total, char *got, size_t len)
{
	struct winsize w = { .ws_row = 24, .ws_col = cols };
	int master, slave;

	assert_return_code(openpty(&master, &slave, NULL, NULL, &w), 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	run_step(slave, master, total, got, len);
	close(slave);
	close(master);
}

static int count(const char *s, char c)
{
	int n = 0;

	while ((s = strchr(s, c))) {
		s++;
		n++;
	}
	return n;
}

static void progress_is_one_line(void **state)
{
	char got[4096], *p;

	(void)state;
	on_pty(200, 120 * GIB, got, sizeof(got));
	assert_null(strchr(got, '\n'));
	assert_non_null(strstr(got, "\rtool: memory: "));
	assert_non_null(strstr(got, " of 122880 MiB, "));
	assert_non_null(strstr(got, " MiB/s, "));
	assert_non_null(strstr(got, " s left"));
	/* at most five a second, and two to take the line away */
	assert_in_range(count(got, '\r'), 3, 7);
	p = strrchr(got, '\r');
	assert_string_equal(p, "\r");
}

static void progress_without_total(void **state)
{
	char got[4096];

	(void)state;
	on_pty(200, 0, got, sizeof(got));
	assert_non_null(strstr(got, " MiB, "));
	assert_null(strstr(got, "%"));
	assert_null(strstr(got, "left"));
}

static void progress_fits_a_narrow_terminal(void **state)
{
	char got[4096], *p, *next;

	(void)state;
	on_pty(20, 120 * GIB, got, sizeof(got));
	for (p = strchr(got, '\r'); p; p = next) {
		next = strchr(p + 1, '\r');
		if (next)
			assert_in_range(next - p - 1, 0, 19);
	}
}

static void progress_needs_a_terminal(void **state)
{
	char got[64];
	int fds[2];

	(void)state;
	assert_return_code(pipe2(fds, O_NONBLOCK), 0);
	run_step(fds[1], fds[0], 120 * GIB, got, sizeof(got));
	assert_string_equal(got, "");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_is_one_line),
		cmocka_unit_test(progress_without_total),
		cmocka_unit_test(progress_fits_a_narrow_terminal),
		cmocka_unit_test(progress_needs_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
