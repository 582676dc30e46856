// SPDX-License-Identifier: GPL-2.0-or-later
/* Holes of sparse files, which need not be read. */
#define _GNU_SOURCE
#include "sparse.h"

#include <errno.h>
#include <unistd.h>

void sparse_init(struct sparse *s, int fd)
{
	s->fd = fd;
	s->data = 0;
	s->end = 0;
}

static void find_data(struct sparse *s, uint64_t off)
{
	off_t p = lseek(s->fd, (off_t)off, SEEK_DATA);

	if (p < 0) {
		/* ENXIO: no data up to the end of the file */
		s->data = errno == ENXIO ? UINT64_MAX : off;
		s->end = UINT64_MAX;
		return;
	}
	s->data = (uint64_t)p;
	p = lseek(s->fd, p, SEEK_HOLE);
	s->end = p < 0 ? UINT64_MAX : (uint64_t)p;
}

bool sparse_hole(struct sparse *s, uint64_t off, uint64_t len)
{
	if (off >= s->end && s->end != UINT64_MAX)
		find_data(s, off);
	return off + len <= s->data;
}
