/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output files that appear under their name only when they are complete. */
#ifndef TOOLS_OUTFILE_H
#define TOOLS_OUTFILE_H

#include "common.h"

/*
 * struct outfile - one output file
 * @path: final name
 * @tmp: name while it is written: "<path>.partial", with a number when that exists already
 * @fd: open descriptor, -1 when closed
 * @next: next open file of this process
 */
struct outfile {
	char *path;
	char *tmp;
	int fd;
	struct outfile *next;
};

/**
 * outfile_distinct() - refuse an output that would replace an input
 * @out: name of the output
 * @in: name of the input, or NULL
 * @f: set when they are the same
 *
 * Other names of the same file (links) and names of files to be made count, too.
 * Return: 0, or -1 when both name the same file.
 */
int outfile_distinct(const char *out, const char *in, struct fail *f);

/**
 * outfile_open() - start a file under a temporary name that nothing else has
 * @o: filled, must not move; outfile_discard() is allowed in every case
 * @path: final name; must not be anything but a regular file
 * @f: set on failure
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE remove the temporary file before they end the
 * process, unless the program handles or ignores them itself.
 * Return: 0 or -1.
 */
int outfile_open(struct outfile *o, const char *path, struct fail *f);
/**
 * outfile_pwrite() - write all bytes at an offset
 * @o: open file
 * @buf: bytes
 * @len: their number
 * @off: offset in bytes
 * @f: set on failure
 *
 * Return: 0 or -1 (with a hint when the file system is full).
 */
int outfile_pwrite(struct outfile *o, const void *buf, size_t len, uint64_t off, struct fail *f);
/**
 * outfile_extend() - make the file at least this long; what was not written is a hole
 * @o: open file
 * @size: bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int outfile_extend(struct outfile *o, uint64_t size, struct fail *f);
/**
 * outfile_commit() - fsync, rename to the final name, fsync the directory; closes in every case
 * @o: open file
 * @f: set on failure
 *
 * Return: 0, or -1: the temporary file is gone.
 */
int outfile_commit(struct outfile *o, struct fail *f);
/**
 * outfile_discard() - close and remove an unfinished file; nothing after a commit
 * @o: file, or one initialised with .fd = -1
 */
void outfile_discard(struct outfile *o);

#endif /* TOOLS_OUTFILE_H */
