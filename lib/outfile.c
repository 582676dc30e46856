// SPDX-License-Identifier: GPL-2.0-or-later
/* Output files that appear under their name only when they are complete. */
#define _GNU_SOURCE
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_TMP	100	/* unfinished files of one name */

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

/* Read by the signal handler; changed only with these signals blocked. */
static struct outfile *volatile open_files;

static void remove_and_die(int sig)
{
	struct outfile *o;

	for (o = open_files; o; o = o->next)
		unlink(o->tmp);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void block_signals(sigset_t *old)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(deadly); i++)
		sigaddset(&set, deadly[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

static void catch_signals(void)
{
	struct sigaction sa;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadly); i++) {
		if (sigaction(deadly[i], NULL, &sa) || sa.sa_handler != SIG_DFL)
			continue;
		memset(&sa, 0, sizeof(sa));
		sa.sa_handler = remove_and_die;
		sigaction(deadly[i], &sa, NULL);
	}
}

static void forget(struct outfile *o)
{
	struct outfile **p = (struct outfile **)&open_files;

	while (*p && *p != o)
		p = &(*p)->next;
	if (*p)
		*p = o->next;
	o->next = NULL;
}

/* The files need not exist: compare directory and last component then. */
static bool same_place(const char *a, const char *b)
{
	char *dir[2] = { strdup(a), strdup(b) }, *base[2] = { strdup(a), strdup(b) };
	struct stat st[2];
	bool same = false;

	if (dir[0] && dir[1] && base[0] && base[1])
		same = !strcmp(basename(base[0]), basename(base[1])) &&
		       !stat(dirname(dir[0]), &st[0]) && !stat(dirname(dir[1]), &st[1]) &&
		       st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino;
	free(dir[0]);
	free(dir[1]);
	free(base[0]);
	free(base[1]);
	return same;
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!stat(a, &sa) && !stat(b, &sb))
		return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return same_place(a, b);
}

int outfile_distinct(const char *out, const char *in, struct fail *f)
{
	if (!in || !same_file(out, in))
		return 0;
	if (!strcmp(out, in))
		fail_set(f, "%s: create: input and output are the same file", out);
	else
		fail_set(f, "%s: create: the same file as %s", out, in);
	return fail_hint(f, "choose another name for the output");
}

static int create_tmp(struct outfile *o, struct fail *f)
{
	int i;

	for (i = 1; i <= MAX_TMP; i++) {
		if (i == 1 ? asprintf(&o->tmp, "%s.partial", o->path) < 0 :
			     asprintf(&o->tmp, "%s.partial.%d", o->path, i) < 0) {
			o->tmp = NULL;
			return fail_set(f, "%s: no memory", o->path);
		}
		o->fd = open(o->tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (o->fd >= 0)
			return 0;
		if (errno != EEXIST)
			fail_set(f, "%s: create: %s", o->tmp, strerror(errno));
		free(o->tmp);
		o->tmp = NULL;
		if (errno != EEXIST)
			return -1;
	}
	fail_set(f, "%s.partial: create: it and %d more of that name exist", o->path, MAX_TMP - 1);
	return fail_hint(f, "remove what interrupted runs left");
}

int outfile_open(struct outfile *o, const char *path, struct fail *f)
{
	struct stat st;
	sigset_t old;
	int ret;

	memset(o, 0, sizeof(*o));
	o->fd = -1;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return fail_set(f, "%s: create: exists and is not a regular file", path);
	o->path = strdup(path);
	if (!o->path)
		return fail_set(f, "%s: no memory", path);
	block_signals(&old);
	ret = create_tmp(o, f);
	if (!ret) {
		o->next = open_files;
		open_files = o;
		catch_signals();
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (ret)
		outfile_discard(o);
	return ret;
}

static int write_failed(const struct outfile *o, const char *what, uint64_t off, struct fail *f)
{
	int err = errno;

	fail_set(f, "%s: %s at 0x%" PRIx64 ": %s", o->tmp, what, off, strerror(err));
	if (err == ENOSPC || err == EDQUOT)
		fail_hint(f, "free space in the output's file system, or choose another with -o");
	errno = err;
	return -1;
}

int outfile_pwrite(struct outfile *o, const void *buf, size_t len, uint64_t off, struct fail *f)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = pwrite(o->fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (!n)
			errno = EIO;
		if (n <= 0)
			return write_failed(o, "write", off, f);
		p += n;
		len -= (size_t)n;
		off += (size_t)n;
	}
	return 0;
}

int outfile_extend(struct outfile *o, uint64_t size, struct fail *f)
{
	struct stat st;

	if (fstat(o->fd, &st) ||
	    ((uint64_t)st.st_size < size && ftruncate(o->fd, (off_t)size)))
		return write_failed(o, "extend", size, f);
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

/* From here on the file has its final name and a signal must not remove it. */
static int rename_tmp(struct outfile *o)
{
	sigset_t old;
	int ret, err;

	block_signals(&old);
	ret = rename(o->tmp, o->path);
	err = errno;
	if (!ret) {
		forget(o);
		free(o->tmp);
		o->tmp = NULL;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return ret;
}

static int finish(struct outfile *o, struct fail *f)
{
	int fd = o->fd;

	if (fsync(fd))
		return fail_set(f, "%s: fsync: %s", o->tmp, strerror(errno));
	o->fd = -1;
	if (close(fd))
		return fail_set(f, "%s: close: %s", o->tmp, strerror(errno));
	if (rename_tmp(o))
		return fail_set(f, "%s: rename to %s: %s", o->tmp, o->path, strerror(errno));
	if (sync_dir_of(o->path))
		return fail_set(f, "%s: complete, but fsync of its directory: %s", o->path,
				strerror(errno));
	return 0;
}

int outfile_commit(struct outfile *o, struct fail *f)
{
	int ret = finish(o, f);

	outfile_discard(o);
	return ret;
}

void outfile_discard(struct outfile *o)
{
	sigset_t old;

	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	block_signals(&old);
	if (o->tmp)
		unlink(o->tmp);
	forget(o);
	free(o->tmp);
	o->tmp = NULL;
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(o->path);
	o->path = NULL;
}
