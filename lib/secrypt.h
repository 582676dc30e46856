/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cryptography of SE headers and components on the owner's side, on top of nettle.
 *
 * Algorithms: s390-tools rust/pv/src/crypto.rs, rust/pv/src/req.rs, rust/pvimg.
 */
#ifndef SECRYPT_H
#define SECRYPT_H

#include <nettle/sha2.h>
#include <nettle/xts.h>

#include "seimg.h"

#define P521_SIZE	66u	/* bytes of a coordinate or scalar */

/**
 * se_random() - random bytes from the kernel
 * @buf: result
 * @len: bytes
 *
 * Return: 0, or -1 without entropy.
 */
int se_random(void *buf, size_t len);

/**
 * p521_generate() - fresh P-521 private scalar
 * @priv: result, big endian
 *
 * Return: 0, or -1 without entropy.
 */
int p521_generate(uint8_t priv[P521_SIZE]);
/**
 * p521_public() - public point of a scalar
 * @priv: scalar, big endian
 * @coord: result: X and Y, each left padded to 80 bytes
 *
 * Return: 0, or -1 when the scalar is 0 or not below the order.
 */
int p521_public(const uint8_t priv[P521_SIZE], uint8_t coord[SE_COORD_SIZE]);
/**
 * p521_valid() - is this a point on the curve?
 * @coord: 80 + 80 bytes
 *
 * Return: true when it is.
 */
bool p521_valid(const uint8_t coord[SE_COORD_SIZE]);

/**
 * host_key_hash() - what identifies a host key in a key slot
 * @coord: public point
 * @hash: SHA-256 of its 160 bytes
 */
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

/**
 * gcm_seal() - AES-256-GCM encryption
 * @key: 32 bytes
 * @iv: 12 bytes
 * @aad: additional data
 * @aad_len: its bytes
 * @in: plaintext
 * @len: its bytes
 * @out: ciphertext, may be @in
 * @tag: 16 bytes
 */
void gcm_seal(const uint8_t key[32], const uint8_t iv[SE_IV_SIZE], const void *aad, size_t aad_len,
	      const void *in, size_t len, uint8_t *out, uint8_t tag[SE_TAG_SIZE]);
/**
 * gcm_open() - AES-256-GCM decryption
 * @key: 32 bytes
 * @iv: 12 bytes
 * @aad: additional data
 * @aad_len: its bytes
 * @in: ciphertext
 * @len: its bytes
 * @out: plaintext, may be @in; zeros on failure
 * @tag: 16 bytes
 *
 * Return: 0, or -1 when the tag does not match.
 */
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
/**
 * slot_open() - unwrap the header key of one slot
 * @priv: private scalar of one side
 * @peer_coord: public point of the other side
 * @slot: SE_SLOT_SIZE bytes
 * @hdr_key: result, 32 bytes
 *
 * Return: 0, or -1 when the tag does not match or a number is invalid.
 */
int slot_open(const uint8_t *priv, const uint8_t *peer_coord, const uint8_t *slot,
	      uint8_t *hdr_key);
/**
 * header_unwrap() - find the slot of a host key and unwrap it
 * @h: header
 * @host_priv: private host key
 * @hdr_key: result, 32 bytes
 *
 * Return: slot number, or -1 when none opens.
 */
int header_unwrap(const struct se_header *h, const uint8_t *host_priv, uint8_t *hdr_key);
/**
 * header_decrypt() - decrypt the encrypted area of a header
 * @h: header
 * @hdr_key: header protection key, 32 bytes
 * @area: result, SE_SEA bytes
 *
 * Return: 0, or -1 when the tag does not match.
 */
int header_decrypt(const struct se_header *h, const uint8_t *hdr_key, uint8_t *area);

/*
 * struct se_digests - running page-list, address-list and tweak-list digest
 * @pages: pages hashed so far (nep)
 */
struct se_digests {
	struct sha512_ctx pld, ald, tld;
	uint64_t pages;
};

/*
 * struct se_digest_values - finished digests as an SE header stores them
 * @nep: number of pages
 */
struct se_digest_values {
	uint8_t pld[SE_DIGEST_SIZE], ald[SE_DIGEST_SIZE], tld[SE_DIGEST_SIZE];
	uint64_t nep;
};

/**
 * digests_init() - start the three digests
 * @d: state
 */
void digests_init(struct se_digests *d);
/**
 * digests_page() - add one page
 * @d: state
 * @page: 4096 bytes as stored in the image
 * @addr: guest absolute address
 * @tweak: its 16-byte tweak
 */
void digests_page(struct se_digests *d, const uint8_t *page, uint64_t addr,
		  const uint8_t tweak[16]);
/**
 * digests_final() - finish the three digests
 * @d: state
 * @v: result
 */
void digests_final(struct se_digests *d, struct se_digest_values *v);
/**
 * page_tweak() - tweak of one page of a component
 * @prefix: tweak prefix of the component
 * @off: offset of the page in bytes
 * @tweak: result
 */
void page_tweak(uint64_t prefix, uint64_t off, uint8_t tweak[16]);

#endif /* SECRYPT_H */
