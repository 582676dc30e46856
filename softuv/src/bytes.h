/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Big-endian fields, and the units that everything is counted in.
 */
#ifndef SOFTUV_BYTES_H
#define SOFTUV_BYTES_H

#include <stdint.h>

#include "softuv.h"

#define PAGE_SIZE	SOFTUV_PAGE_SIZE
#define PAGE_SHIFT	12
#define MIB		(1ull << MIB_SHIFT)	/* unit of the page maps and of the dump */
#define MIB_SHIFT	20
#define MIB_PAGES	256

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

#endif /* SOFTUV_BYTES_H */
