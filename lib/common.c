// SPDX-License-Identifier: GPL-2.0-or-later
/* What the image and dump tools share: messages, verbs, numbers, whole files. */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *program = "tool";

/* The verb that runs, for the hint of a usage error. */
static const char *running;

/* A full disk may only show here, when the buffer is flushed. */
static void close_stdout(void)
{
	bool pending = __fpending(stdout), failed = ferror(stdout);
	int err;

	errno = 0;
	/* standard output may be closed as long as nothing was written to it */
	if (fclose(stdout) && (pending || errno != EBADF))
		failed = true;
	err = errno;
	if (!failed)
		return;
	fprintf(stderr, "%s: standard output: write: %s\n", program,
		err ? strerror(err) : "failed");
	_exit(EXIT_FAILED);
}

void program_start(const char *name)
{
	program = name;
	/* a file that grows too large is an error, not a signal */
	signal(SIGXFSZ, SIG_IGN);
	atexit(close_stdout);
}

int fail_set(struct fail *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	f->hint[0] = '\0';
	return -1;
}

int fail_hint(struct fail *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->hint, sizeof(f->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int fail_print(const struct fail *f)
{
	fprintf(stderr, "%s: %s\n", program, f->text);
	if (f->hint[0])
		fprintf(stderr, "hint: %s\n", f->hint);
	return EXIT_FAILED;
}

void usage_die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nhint: %s%s%s --help\n", program, running ? " " : "",
		running ? running : "");
	exit(EXIT_USAGE);
}

static void show_verbs(FILE *to, const struct verb *verbs, size_t nr, const struct about *a)
{
	size_t i;

	fprintf(to, "Usage: %s VERB [OPTION...]\n%s\n\nVerbs:\n", program, a->what);
	for (i = 0; i < nr; i++)
		fprintf(to, "  %-12s %s\n", verbs[i].name, verbs[i].text);
	fprintf(to, "\nOptions:\n"
		"  -h, --help     show this text, or after VERB that of the verb\n"
		"      --version  show the version\n");
	if (a->more[0])
		fprintf(to, "\n%s\n", a->more);
}

int run_verb(const struct verb *verbs, size_t nr, const struct about *a, int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		show_verbs(stderr, verbs, nr, a);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		show_verbs(stdout, verbs, nr, a);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", program, a->version);
		return EXIT_OK;
	}
	for (i = 0; i < nr; i++) {
		if (!strcmp(argv[1], verbs[i].name)) {
			running = verbs[i].name;
			return verbs[i].run(argc - 1, argv + 1);
		}
	}
	usage_die("unknown verb '%s'", argv[1]);
}

static int suffix_shift(char c)
{
	switch (c) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	case 'T':
		return 40;
	default:
		return -1;
	}
}

int parse_u64(const char *s, uint64_t *v)
{
	unsigned long long n;
	char *end;
	int shift;

	if (*s < '0' || *s > '9')
		return -1;
	errno = 0;
	n = strtoull(s, &end, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10);
	if (errno || end == s)
		return -1;
	if (*end) {
		shift = suffix_shift(*end);
		if (shift < 0 || end[1] || n > UINT64_MAX >> shift)
			return -1;
		n <<= shift;
	}
	*v = n;
	return 0;
}

void hex_str(const uint8_t *p, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_parse(const char *s, uint8_t *out, size_t len)
{
	size_t i;
	int hi, lo;

	if (strlen(s) != 2 * len)
		return -1;
	for (i = 0; i < len; i++) {
		hi = hex_digit(s[2 * i]);
		lo = hex_digit(s[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -1;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

int pread_full(int fd, const char *path, void *buf, size_t len, uint64_t off, struct fail *f)
{
	uint8_t *p = buf;
	ssize_t n;

	if (off > INT64_MAX || len > INT64_MAX - off)
		return fail_set(f, "%s: read at 0x%016llx: offset too large", path,
				(unsigned long long)off);
	while (len) {
		n = pread(fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_set(f, "%s: read at 0x%llx: %s", path,
					(unsigned long long)off, strerror(errno));
		if (!n)
			return fail_set(f, "%s: file ends at 0x%llx, %zu more bytes expected",
					path, (unsigned long long)off, len);
		p += n;
		len -= (size_t)n;
		off += (size_t)n;
	}
	return 0;
}

static int open_regular(const char *path, size_t *size, struct fail *f)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	if (fstat(fd, &st)) {
		fail_set(f, "%s: stat: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		fail_set(f, "%s: not a regular file", path);
	} else {
		*size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

uint8_t *read_whole_file(const char *path, size_t max, size_t *len, struct fail *f)
{
	uint8_t *buf = NULL;
	size_t size = 0;
	int fd;

	fd = open_regular(path, &size, f);
	if (fd < 0)
		return NULL;
	if (size > max) {
		fail_set(f, "%s: file has %zu bytes: at most %zu expected", path, size, max);
		goto out;
	}
	buf = malloc(size + 1);
	if (!buf) {
		fail_set(f, "%s: no memory for %zu bytes", path, size);
		goto out;
	}
	if (pread_full(fd, path, buf, size, 0, f)) {
		free(buf);
		buf = NULL;
		goto out;
	}
	buf[size] = 0;
	*len = size;
out:
	close(fd);
	return buf;
}

int read_exact_file(const char *path, void *buf, size_t len, struct fail *f)
{
	size_t size = 0;
	int fd, ret;

	fd = open_regular(path, &size, f);
	if (fd < 0)
		return -1;
	if (size != len)
		ret = fail_set(f, "%s: file has %zu bytes: exactly %zu expected", path, size, len);
	else
		ret = pread_full(fd, path, buf, len, 0, f);
	close(fd);
	return ret;
}
