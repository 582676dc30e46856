/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the cryptography of SE headers and components on the owner's side, on top of nettle.
 * Never reads a file and never decides a layout.
 *
 * Algorithms: s390-tools rust/pv/src/crypto.rs, rust/pv/src/req.rs, rust/pvimg.
 */
#ifndef SECRYPT_H
#define SECRYPT_H

#include <nettle/sha2.h>
#include <nettle/xts.h>

#include "seimg.h"

#define P521_SIZE	66u	/* bytes of a coordinate or scalar */

/* Fill @buf from the kernel's random number generator. Return: 0 or -1. */
int se_random(void *buf, size_t len);

/* Fresh P-521 private scalar. Return: 0 or -1 (no entropy). */
int p521_generate(uint8_t priv[P521_SIZE]);
/* Public point of @priv as 80 + 80 bytes. Return: 0, -1 when the scalar is out of range. */
int p521_public(const uint8_t priv[P521_SIZE], uint8_t coord[SE_COORD_SIZE]);
/* True when @coord is a point on the curve. */
bool p521_valid(const uint8_t coord[SE_COORD_SIZE]);

/* SHA-256 of the 160-byte point: identifies a host key in a slot. */
void host_key_hash(const uint8_t coord[SE_COORD_SIZE], uint8_t hash[32]);

/**
 * slot_kek() - key-encryption key of a key slot
 * @priv: private scalar of one side, 66 bytes
 * @coord: public point of the other side, 160 bytes
 * @kek: result, 32 bytes: SHA-256(X coordinate || 00000001), ANSI X9.63
 *
 * Return: 0, -1 when the scalar is out of range or the point is not on the curve.
 */
int slot_kek(const uint8_t priv[P521_SIZE], const uint8_t coord[SE_COORD_SIZE], uint8_t kek[32]);

/* AES-256-GCM. gcm_open() returns -1 (and clears @out) when the tag does not match. */
void gcm_seal(const uint8_t key[32], const uint8_t iv[SE_IV_SIZE], const void *aad, size_t aad_len,
	      const void *in, size_t len, uint8_t *out, uint8_t tag[SE_TAG_SIZE]);
int gcm_open(const uint8_t key[32], const uint8_t iv[SE_IV_SIZE], const void *aad, size_t aad_len,
	     const void *in, size_t len, uint8_t *out, const uint8_t tag[SE_TAG_SIZE]);

/**
 * slot_seal() - make one key slot
 * @cust_priv: customer private scalar
 * @host_coord: public point of the host key
 * @hdr_key: header protection key, 32 bytes
 * @slot: result, SE_SLOT_SIZE bytes
 *
 * Return: 0 or -1 (a point or scalar is invalid).
 */
int slot_seal(const uint8_t *cust_priv, const uint8_t *host_coord, const uint8_t *hdr_key,
	      uint8_t *slot);
/* Unwrap the header key with one private half and the other side's point. Return: 0 or -1. */
int slot_open(const uint8_t *priv, const uint8_t *peer_coord, const uint8_t *slot,
	      uint8_t *hdr_key);
/* Find the slot for host key @host_priv in @h and unwrap it. Return: slot number or -1. */
int header_unwrap(const struct se_header *h, const uint8_t *host_priv, uint8_t *hdr_key);
/* Decrypt the encrypted area (SE_SEA bytes) of @h. Return: 0 or -1 (tag mismatch). */
int header_decrypt(const struct se_header *h, const uint8_t *hdr_key, uint8_t *area);

/**
 * struct se_digests - running page-list, address-list and tweak-list digest
 * @pages: pages hashed so far (nep)
 */
struct se_digests {
	struct sha512_ctx pld, ald, tld;
	uint64_t pages;
};

/**
 * struct se_digest_values - finished digests as an SE header stores them
 * @nep: number of pages
 */
struct se_digest_values {
	uint8_t pld[SE_DIGEST_SIZE], ald[SE_DIGEST_SIZE], tld[SE_DIGEST_SIZE];
	uint64_t nep;
};

void digests_init(struct se_digests *d);
/* Add one page as stored in the image. */
void digests_page(struct se_digests *d, const uint8_t *page, uint64_t addr,
		  const uint8_t tweak[16]);
void digests_final(struct se_digests *d, struct se_digest_values *v);
/* Tweak of the page at byte offset @off of a component. */
void page_tweak(uint64_t prefix, uint64_t off, uint8_t tweak[16]);

#endif /* SECRYPT_H */
