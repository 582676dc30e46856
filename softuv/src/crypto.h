/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the formats ask of nettle.
 */
#ifndef SOFTUV_CRYPTO_H
#define SOFTUV_CRYPTO_H

#include <stddef.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/sha2.h>

#include "bytes.h"
#include "formats.h"

#define KEY_SCALAR_LEN	66u		/* P-521 private key */
#define KEY_HASH_LEN	32u		/* SHA-256 over the coordinates */

struct host_key {
	uint8_t scalar[KEY_SCALAR_LEN];
	uint8_t hash[KEY_HASH_LEN];
	bool present;
};

/* Both directions of AES-256-XTS; which of them is set up says the name of the variable. */
struct xts_key {
	struct aes256_ctx data, tweak;
};

void suv_wipe(void *p, size_t len);
bool suv_equal(const void *a, const void *b, size_t len);
bool suv_host_key_set(struct host_key *key, const uint8_t scalar[KEY_SCALAR_LEN]);
bool suv_ecdh_kek(const uint8_t scalar[KEY_SCALAR_LEN], const uint8_t peer[SE_COORD_SIZE],
		  uint8_t kek[SE_KEY_SIZE]);
bool suv_gcm_open(const uint8_t key[SE_KEY_SIZE], const uint8_t iv[SE_IV_SIZE], const void *aad,
		  size_t aad_len, const uint8_t *in, size_t len, const uint8_t tag[SE_TAG_SIZE],
		  uint8_t *out);
void suv_dump_key(const uint8_t cck[SE_KEY_SIZE], const uint8_t seed[COMPL_SEED_SIZE],
		  uint8_t key[SE_KEY_SIZE]);
void suv_xts_encrypt_key(struct xts_key *xts, const uint8_t key[SE_XTS_SIZE]);
void suv_xts_decrypt_key(struct xts_key *xts, const uint8_t key[SE_XTS_SIZE]);
void suv_xts_encrypt_page(const struct xts_key *xts, const uint8_t tweak[16], uint8_t *page);
void suv_xts_decrypt_page(const struct xts_key *xts, const uint8_t tweak[16], uint8_t *page);

#endif /* SOFTUV_CRYPTO_H */
