/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An address space for the test programs: segment table, 16 MiB mapped one to one.
 */
#ifndef TESTS_DAT_H
#define TESTS_DAT_H

#include "test.h"

#define SEGMENTS	16u
#define SEG_INVALID	0x20ul
#define PTE_INVALID	0x400ul
#define ASCE_LEN_2GB	3ul

static u64 seg_table[2048] __attribute__((aligned(4096)));
static u64 page_table[SEGMENTS][256] __attribute__((aligned(4096)));

/* The page-table entry of a virtual address below 16 MiB. */
static inline u64 *pte(u64 va)
{
	return &page_table[va >> 20][(va >> 12) & 0xff];
}

static inline u64 map_identity(void)
{
	u32 i, j;

	for (i = 0; i < 2048; i++)
		seg_table[i] = SEG_INVALID;
	for (i = 0; i < SEGMENTS; i++) {
		seg_table[i] = (u64)page_table[i];
		for (j = 0; j < 256; j++)
			page_table[i][j] = (u64)i << 20 | (u64)j << 12;
	}
	return (u64)seg_table | ASCE_LEN_2GB;
}

#endif /* TESTS_DAT_H */
