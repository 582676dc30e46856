/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decryption of dumps by libgcrypt: completion data, vCPU areas, memory pages. */
#ifndef DUMPCRYPT_H
#define DUMPCRYPT_H

#include "dumpread.h"

/**
 * dumpcrypt_completion() - try to open the completion data with a key
 * @d: dump
 * @cck: customer communication key
 * @keys: result
 * @f: set on failure
 *
 * Return: 0; 1 when the tag does not match (another CCK, or modified data); -1 when the library
 * fails.
 */
int dumpcrypt_completion(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
			 struct fail *f);

/**
 * dumpcrypt_vcpu() - open the area of a vCPU
 * @d: dump
 * @keys: from dumpcrypt_completion()
 * @n: number of the vCPU
 * @area: result, CPU_AREA_SIZE bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dumpcrypt_vcpu(const struct dumpread *d, const struct dump_keys *keys, uint32_t n,
		   uint8_t *area, struct fail *f);

struct pagecrypt;

/**
 * pagecrypt_new() - state for the decryption of pages; every thread needs its own
 * @keys: from dumpcrypt_completion()
 *
 * Return: state for pagecrypt_free(), or NULL when there is no memory.
 */
struct pagecrypt *pagecrypt_new(const struct dump_keys *keys);
void pagecrypt_free(struct pagecrypt *p);

/**
 * pagecrypt_page() - decrypt one page in place
 * @p: state
 * @entry: storage-state entry of the page
 * @page: PAGE_SIZE bytes
 *
 * Memory has no tag: a page that was modified becomes other bytes without an error.
 *
 * Return: 0, or -1 when the library fails.
 */
int pagecrypt_page(struct pagecrypt *p, const uint8_t *entry, uint8_t *page);

/**
 * dumpcrypt_forget() - overwrite key material that is not needed any more
 * @p: bytes
 * @len: their number
 */
void dumpcrypt_forget(void *p, size_t len);

#endif /* DUMPCRYPT_H */
