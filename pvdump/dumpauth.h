/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the keys of a dump: derives the dump key from the CCK, opens completion data and CPU areas.
 * Never used by "pvdump take": the host does not have the CCK.
 */
#ifndef DUMPAUTH_H
#define DUMPAUTH_H

#include "dumpread.h"
#include "secrypt.h"

/**
 * struct dump_keys - what the completion data holds
 * @dump_key: protects completion data and CPU areas
 * @nonce: tweak nonce, 16 bytes
 * @xts: memory key, 64 bytes
 */
struct dump_keys {
	uint8_t dump_key[32];
	uint8_t nonce[16];
	uint8_t xts[64];
};

/* HKDF-SHA-512 of the CCK with the seed of the completion data (s390-tools zdump/pv_utils.c). */
void dump_key_derive(const uint8_t cck[32], const uint8_t seed[64], uint8_t key[32]);

/**
 * dump_authenticate() - open the completion data of @d with @cck
 * Return: 0, or -1 with @f set when the tag does not match (wrong CCK or modified data).
 */
int dump_authenticate(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
		      struct fail *f);

/* Open the CPU area of vCPU @n; @area gets CPU_AREA_SIZE bytes, decrypted. Return: 0 or -1. */
int dump_open_vcpu(const struct dumpread *d, const struct dump_keys *keys, uint32_t n,
		   uint8_t *area, struct fail *f);

/* Decrypt one memory page in place with its storage-state entry. */
void dump_open_page(const struct dump_keys *keys, const uint8_t *entry, uint8_t *page);

#endif /* DUMPAUTH_H */
