/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner's side of the formats in the tests: header, image pages, dump decryption.
 */
#ifndef SOFTUV_TEST_GUEST_CRYPTO_H
#define SOFTUV_TEST_GUEST_CRYPTO_H

#include "machine.h"

struct image_hash;

struct image_hash *image_hash_new(void);
/* Encrypts the 4096 bytes in place (unless pcf says no) and adds the page to the digests. */
void image_page(struct image_hash *h, const struct header_opts *o, uint64_t gaddr,
		uint64_t prefix, uint64_t offset, uint8_t *page);
void image_hash_done(struct image_hash *h, uint8_t pld[64], uint8_t ald[64], uint8_t tld[64]);

struct dump_keys {
	uint8_t dump_key[32], nonce[16], mem_key[64];
};

/* Each returns false when a version, length or tag is not as zgetdump wants it. */
bool dump_open(const uint8_t cck[32], const uint8_t *compl, size_t len, struct dump_keys *k);
bool dump_open_cpu(const struct dump_keys *k, const uint8_t *area, size_t len, uint8_t out[1520]);
/* 'z' zero, 's' shared, 'e' encrypted (page decrypted in place), '?' invalid entry */
char dump_open_page(const struct dump_keys *k, const uint8_t entry[16], uint8_t *page);

void host_key_coord(const uint8_t scalar[66], uint8_t coord[160]);

#endif /* SOFTUV_TEST_GUEST_CRYPTO_H */
