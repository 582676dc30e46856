// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the helpers that the image and dump tools share.
 * Never interprets a format.
 */
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *program = "tool";

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
	fprintf(stderr, "\nhint: %s --help lists the options\n", program);
	exit(EXIT_USAGE);
}

static void show_verbs(FILE *to, const struct verb *verbs, size_t nr, const char *what,
		       const char *more)
{
	size_t i;

	fprintf(to, "Usage: %s VERB [OPTION...]\n%s\n\n", program, what);
	for (i = 0; i < nr; i++)
		fprintf(to, "  %-12s %s\n", verbs[i].name, verbs[i].text);
	fprintf(to, "\n'%s VERB --help' describes a verb.%s\n", program, more);
}

int run_verb(const struct verb *verbs, size_t nr, const char *what, const char *more, int argc,
	     char **argv)
{
	size_t i;

	if (argc < 2) {
		show_verbs(stderr, verbs, nr, what, more);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		show_verbs(stdout, verbs, nr, what, more);
		return EXIT_OK;
	}
	for (i = 0; i < nr; i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
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

int outfile_open(struct outfile *o, const char *path, struct fail *f)
{
	struct stat st;

	o->fd = -1;
	o->tmp = NULL;
	o->path = strdup(path);
	if (!o->path || asprintf(&o->tmp, "%s.partial", path) < 0) {
		o->tmp = NULL;
		outfile_discard(o);
		return fail_set(f, "%s: no memory", path);
	}
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		outfile_discard(o);
		return fail_set(f, "%s: create: exists and is not a regular file", path);
	}
	o->fd = open(o->tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (o->fd < 0) {
		fail_set(f, "%s: create: %s", o->tmp, strerror(errno));
		outfile_discard(o);
		return -1;
	}
	return 0;
}

int outfile_pwrite(struct outfile *o, const void *buf, size_t len, uint64_t off, struct fail *f)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = pwrite(o->fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail_set(f, "%s: write at 0x%llx: %s", o->tmp, (unsigned long long)off,
				 n ? strerror(errno) : "nothing written");
			if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
				fail_hint(f,
					  "free space in the output's file system, or choose another with -o");
			return -1;
		}
		p += n;
		len -= (size_t)n;
		off += (size_t)n;
	}
	return 0;
}

static int sync_dir_of(const char *path)
{
	char *copy = strdup(path);
	int fd, ret;

	if (!copy)
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	ret = fsync(fd);
	/* some file systems cannot sync a directory; the rename stands */
	if (ret && (errno == EINVAL || errno == ENOTSUP))
		ret = 0;
	close(fd);
	return ret;
}

int outfile_commit(struct outfile *o, struct fail *f)
{
	int fd = o->fd;

	if (fsync(fd)) {
		fail_set(f, "%s: fsync: %s", o->tmp, strerror(errno));
		goto bad;
	}
	o->fd = -1;
	if (close(fd)) {
		fail_set(f, "%s: close: %s", o->tmp, strerror(errno));
		goto bad;
	}
	if (rename(o->tmp, o->path)) {
		fail_set(f, "%s: rename to %s: %s", o->tmp, o->path, strerror(errno));
		goto bad;
	}
	if (sync_dir_of(o->path)) {
		fail_set(f, "%s: complete, but fsync of its directory: %s", o->path,
			 strerror(errno));
		free(o->tmp);
		o->tmp = NULL;
		goto bad;
	}
	free(o->tmp);
	o->tmp = NULL;
	outfile_discard(o);
	return 0;
bad:
	outfile_discard(o);
	return -1;
}

void outfile_discard(struct outfile *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	o->fd = -1;
	o->tmp = NULL;
	o->path = NULL;
}
