/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory of a dump by address, decrypted. */
#ifndef DUMPMEM_H
#define DUMPMEM_H

#include "dumpcrypt.h"

/**
 * dumpmem_read() - plaintext of guest memory
 * @d: dump
 * @p: state for the decryption
 * @addr: guest absolute address
 * @buf: result
 * @len: bytes
 * @f: set on failure
 *
 * Return: 0, or -1: outside of the memory, an undefined page state, or a read error.
 */
int dumpmem_read(const struct dumpread *d, struct pagecrypt *p, uint64_t addr, void *buf,
		 size_t len, struct fail *f);

/**
 * dumpmem_pages() - plaintext of pages in a row
 * @d: dump
 * @p: state for the decryption
 * @page: first page, counted from the start of the memory; all pages are in one part
 * @n: number of pages
 * @entries: their storage-state entries
 * @buf: result, @n * PAGE_SIZE bytes; a zero page is left as it is, see @zero
 * @zero: result, @n flags: the page is zero
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dumpmem_pages(const struct dumpread *d, struct pagecrypt *p, uint64_t page, size_t n,
		  const uint8_t *entries, uint8_t *buf, bool *zero, struct fail *f);

#endif /* DUMPMEM_H */
