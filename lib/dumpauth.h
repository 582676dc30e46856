/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of a dump from the CCK by nettle, for check-vmcore and the tests. */
#ifndef DUMPAUTH_H
#define DUMPAUTH_H

#include "dumpread.h"
#include "secrypt.h"

/**
 * dump_key_derive() - key of completion data and CPU areas
 * @cck: customer communication key
 * @seed: seed of the completion data
 * @key: result
 *
 * Source: s390-tools zdump/pv_utils.c: HKDF-SHA-512.
 */
void dump_key_derive(const uint8_t cck[32], const uint8_t seed[64], uint8_t key[32]);

/**
 * dump_authenticate() - open the completion data
 * @d: dump
 * @cck: customer communication key
 * @keys: result
 * @f: set on failure
 *
 * Return: 0, or -1 with @f set when the tag does not match (wrong CCK or modified data).
 */
int dump_authenticate(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
		      struct fail *f);

/**
 * dump_open_vcpu() - open the CPU area of a vCPU
 * @d: dump
 * @keys: from dump_authenticate()
 * @n: number of the vCPU
 * @area: result, CPU_AREA_SIZE bytes
 * @f: set on failure
 *
 * Return: 0, or -1 when the tag does not match.
 */
int dump_open_vcpu(const struct dumpread *d, const struct dump_keys *keys, uint32_t n,
		   uint8_t *area, struct fail *f);

/**
 * dump_open_page() - decrypt one memory page in place
 * @keys: from dump_authenticate()
 * @entry: its storage-state entry
 * @page: 4096 bytes
 */
void dump_open_page(const struct dump_keys *keys, const uint8_t *entry, uint8_t *page);

#endif /* DUMPAUTH_H */
