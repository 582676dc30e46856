// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of the helpers that the image and dump tools share. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outfile.h"
#include "progress.h"
#include "sparse.h"

#define GIB	(1024ull * MIB)

static struct fail f;
static char dir[32];

static int enter_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test_lib.XXXXXX");
	return mkdtemp(dir) && !chdir(dir) ? 0 : -1;
}

/* How many files there are, "." and ".." not counted; each one is removed. */
static int clear_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = -2;

	assert_non_null(d);
	while ((e = readdir(d))) {
		n++;
		unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	return n;
}

static int leave_dir(void **state)
{
	(void)state;
	clear_dir();
	return chdir("/") || rmdir(dir);
}

static void write_text(struct outfile *o, const char *text)
{
	assert_int_equal(outfile_pwrite(o, text, strlen(text), 0, &f), 0);
}

static void has_text(const char *path, const char *text)
{
	size_t len;
	uint8_t *got = read_whole_file(path, 100, &len, &f);

	assert_non_null(got);
	assert_string_equal((char *)got, text);
	free(got);
}

static void two_writers_of_one_name(void **state)
{
	struct outfile a, b;

	(void)state;
	assert_int_equal(outfile_open(&a, "z", &f), 0);
	write_text(&a, "a long first one");
	assert_int_equal(outfile_open(&b, "z", &f), 0);
	write_text(&b, "second");
	assert_int_equal(outfile_commit(&a, &f), 0);
	has_text("z", "a long first one");
	assert_int_equal(outfile_commit(&b, &f), 0);
	has_text("z", "second");
	assert_int_equal(clear_dir(), 1);
}

static void foreign_partial_is_not_touched(void **state)
{
	struct outfile o;
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("z.partial", 0600), 0);
	fd = open("z.partial.2", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(symlink("z.partial.2", "z.partial.3"), 0);
	assert_int_equal(outfile_open(&o, "z", &f), 0);
	assert_string_equal(o.tmp, "z.partial.4");
	write_text(&o, "text");
	assert_int_equal(outfile_commit(&o, &f), 0);
	has_text("z", "text");
	has_text("z.partial.2", "mine");
	assert_int_equal(lstat("z.partial", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(outfile_open(&o, "z", &f), 0);
	outfile_discard(&o);
	assert_int_equal(clear_dir(), 4);
}

static void a_hundred_partials_are_an_error(void **state)
{
	struct outfile o[101];
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(outfile_open(&o[i], "z", &f), 0);
	assert_int_equal(outfile_open(&o[100], "z", &f), -1);
	assert_non_null(strstr(f.text, "z.partial: create: "));
	assert_non_null(strstr(f.hint, "interrupted runs"));
	/* not in the order in which they were opened */
	for (i = 0; i < 100; i += 2)
		outfile_discard(&o[i]);
	for (i = 1; i < 101; i += 2)
		outfile_discard(&o[i]);
	outfile_discard(&o[100]);
	assert_int_equal(clear_dir(), 0);
}

/* Start two files and die of @sig; with @ignored the signal must not do anything. */
static int die_writing(int sig, void (*before)(int))
{
	struct outfile a, b;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		signal(sig, before);
		if (outfile_open(&a, "a", &f) || outfile_open(&b, "b", &f) ||
		    outfile_commit(&a, &f))
			_exit(2);
		raise(sig);
		_exit(outfile_commit(&b, &f) ? 3 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void signals_leave_nothing_half(void **state)
{
	static const int sig[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	int status;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sig); i++) {
		status = die_writing(sig[i], SIG_DFL);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), sig[i]);
		/* the finished one stays, and b.partial is gone */
		assert_int_equal(access("a", F_OK), 0);
		assert_int_equal(clear_dir(), 1);
	}
}

static void ignored_signals_stay_ignored(void **state)
{
	(void)state;
	assert_int_equal(die_writing(SIGHUP, SIG_IGN), 0);
	assert_int_equal(clear_dir(), 2);
}

static void full_disk(void **state)
{
	struct rlimit old, small;
	struct outfile o;
	char text[8192] = "x";
	int ret;

	(void)state;
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 4096;
	assert_int_equal(outfile_open(&o, "z", &f), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	ret = outfile_pwrite(&o, text, sizeof(text), 0, &f);
	if (ret)
		assert_int_equal(outfile_extend(&o, 10000, &f), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(ret, -1);
	assert_non_null(strstr(f.text, "z.partial: extend at 0x2710: File too large"));
	outfile_discard(&o);
	assert_int_equal(clear_dir(), 0);
}

static void extended_file_has_a_hole(void **state)
{
	struct outfile o;
	struct stat st;

	(void)state;
	assert_int_equal(outfile_open(&o, "z", &f), 0);
	write_text(&o, "text");
	assert_int_equal(outfile_extend(&o, MIB, &f), 0);
	assert_int_equal(outfile_extend(&o, 10, &f), 0);
	assert_int_equal(outfile_commit(&o, &f), 0);
	assert_int_equal(stat("z", &st), 0);
	assert_int_equal(st.st_size, MIB);
	assert_in_range(st.st_blocks, 0, 64);
	clear_dir();
}

static void outputs_are_distinct_from_inputs(void **state)
{
	(void)state;
	close(open("in", O_WRONLY | O_CREAT, 0600));
	close(open("other", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(link("in", "hard"), 0);
	assert_int_equal(symlink("in", "soft"), 0);
	assert_int_equal(outfile_distinct("in", "in", &f), -1);
	assert_string_equal(f.text, "in: create: input and output are the same file");
	assert_int_equal(outfile_distinct("./in", "in", &f), -1);
	assert_int_equal(outfile_distinct("hard", "in", &f), -1);
	assert_int_equal(outfile_distinct("soft", "in", &f), -1);
	assert_string_equal(f.text, "soft: create: the same file as in");
	assert_int_equal(outfile_distinct("in", "soft", &f), -1);
	/* files that are yet to be made */
	assert_int_equal(outfile_distinct("new.2", ".//new.2", &f), -1);
	assert_int_equal(outfile_distinct("new", "new.2", &f), 0);
	assert_int_equal(outfile_distinct("new", "in", &f), 0);
	assert_int_equal(outfile_distinct("other", "in", &f), 0);
	assert_int_equal(outfile_distinct("other", NULL, &f), 0);
	clear_dir();
}

static void holes_are_found(void **state)
{
	struct sparse s;
	int fd, i;

	(void)state;
	fd = open("z", O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 40 * MIB), 0);
	assert_int_equal(pwrite(fd, "x", 1, 10 * MIB), 1);
	assert_int_equal(pwrite(fd, "x", 1, 20 * MIB + 5), 1);
	sparse_init(&s, fd);
	for (i = 0; i < 50; i++)
		assert_int_equal(sparse_hole(&s, i * MIB, MIB), i != 10 && i != 20);
	sparse_init(&s, fd);
	assert_true(sparse_hole(&s, 9 * MIB, MIB));
	assert_false(sparse_hole(&s, 9 * MIB + 1, MIB));
	close(fd);
	/* what cannot seek is data */
	sparse_init(&s, -1);
	assert_false(sparse_hole(&s, 0, 1));
	assert_false(sparse_hole(&s, MIB, 1));
	clear_dir();
}

/* Exit status of a program that prints @text to @path. */
static int print_to(const char *path, const char *text)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
		close(STDOUT_FILENO);
		if (path)
			open(path, O_WRONLY);
		program_start("tool");
		printf("%s", text);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void lost_output_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(print_to("/dev/null", "text"), 0);
	assert_int_equal(print_to("/dev/full", "text"), EXIT_FAILED);
	has_text("err", "tool: standard output: write: No space left on device\n");
	assert_int_equal(print_to("/dev/full", ""), 0);
	assert_int_equal(print_to(NULL, ""), 0);
	assert_int_equal(print_to(NULL, "text"), EXIT_FAILED);
	clear_dir();
}

/* What a step of half a second has written to stderr (@fd), from offset @from on. */
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
		cmocka_unit_test(two_writers_of_one_name),
		cmocka_unit_test(foreign_partial_is_not_touched),
		cmocka_unit_test(a_hundred_partials_are_an_error),
		cmocka_unit_test(signals_leave_nothing_half),
		cmocka_unit_test(ignored_signals_stay_ignored),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(extended_file_has_a_hole),
		cmocka_unit_test(outputs_are_distinct_from_inputs),
		cmocka_unit_test(holes_are_found),
		cmocka_unit_test(lost_output_is_an_error),
		cmocka_unit_test(progress_is_one_line),
		cmocka_unit_test(progress_without_total),
		cmocka_unit_test(progress_fits_a_narrow_terminal),
		cmocka_unit_test(progress_needs_a_terminal),
	};

	return cmocka_run_group_tests(tests, enter_dir, leave_dir);
}
