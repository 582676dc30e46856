/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns buffers for the kernel to write to: with canaries around them, and in bad places.
 * Never issues an ioctl.
 */
#ifndef PV_DUMP_BUF_H
#define PV_DUMP_BUF_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include "pv_dump_abi.h"

/**
 * struct pvd_buf - a buffer with canaries on both sides
 * @p: the buffer
 * @len: its length in bytes
 * @map: the mapping around it
 * @map_len: length of the mapping
 */
struct pvd_buf {
	__u8 *p;
	size_t len;
	__u8 *map;
	size_t map_len;
};

#define PVD_CANARY	0xa5

static bool pvd_buf_alloc(struct pvd_buf *buf, size_t len)
{
	buf->len = len;
	buf->map_len = ((len + PVD_PAGE - 1) & ~(PVD_PAGE - 1)) + 2 * PVD_PAGE;
	buf->map = mmap(NULL, buf->map_len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf->map == MAP_FAILED)
		return false;
	memset(buf->map, PVD_CANARY, buf->map_len);
	buf->p = buf->map + PVD_PAGE;
	return true;
}

static void pvd_buf_free(struct pvd_buf *buf)
{
	munmap(buf->map, buf->map_len);
}

/* True when [@from, @to) of the buffer still holds the canary. */
static bool pvd_buf_untouched(const struct pvd_buf *buf, size_t from, size_t to)
{
	while (from < to)
		if (buf->p[from++] != PVD_CANARY)
			return false;
	return true;
}

static bool pvd_canaries(const struct pvd_buf *buf)
{
	const __u8 *p;

	for (p = buf->map; p < buf->p; p++)
		if (*p != PVD_CANARY)
			return false;
	for (p = buf->p + buf->len; p < buf->map + buf->map_len; p++)
		if (*p != PVD_CANARY)
			return false;
	return true;
}

static void pvd_buf_reset(struct pvd_buf *buf)
{
	memset(buf->map, PVD_CANARY, buf->map_len);
}

/**
 * pvd_edge() - @len bytes that end where an inaccessible page begins
 *
 * Return: the bytes, or NULL without memory; the mapping stays until exit.
 */
static void *pvd_edge(size_t len)
{
	size_t room = (len + PVD_PAGE - 1) & ~(PVD_PAGE - 1);
	__u8 *map;

	map = mmap(NULL, room + PVD_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (map == MAP_FAILED || mprotect(map + room, PVD_PAGE, PROT_NONE))
		return NULL;
	return map + room - len;
}

/* @len bytes at an address where nothing is mapped any more. */
static void *pvd_unmapped(size_t len)
{
	void *map = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map, len))
		return NULL;
	return map;
}

/* A mapping of @len bytes with protection @prot, filled with the canary. */
static void *pvd_map(size_t len, int prot)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	memset(map, PVD_CANARY, len);
	return mprotect(map, len, prot) ? NULL : map;
}

#endif /* PV_DUMP_BUF_H */
