// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compositions of nettle's primitives that the formats ask for: ECDH, key derivation, GCM, XTS.
 */
#include <string.h>

#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "crypto.h"

#define COORD_HALF	(SE_COORD_SIZE / 2)
#define COORD_PAD	(COORD_HALF - KEY_SCALAR_LEN)

/* Clears secrets in a way that the compiler keeps. */
void suv_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

/* Comparison whose time does not depend on where the first difference is. */
bool suv_equal(const void *a, const void *b, size_t len)
{
	return memeql_sec(a, b, len);
}

static bool load_scalar(struct ecc_scalar *s, const uint8_t raw[KEY_SCALAR_LEN])
{
	mpz_t z;
	bool ok;

	nettle_mpz_init_set_str_256_u(z, KEY_SCALAR_LEN, raw);
	ecc_scalar_init(s, nettle_get_secp_521r1());
	ok = ecc_scalar_set(s, z);
	mpz_clear(z);
	if (!ok)
		ecc_scalar_clear(s);
	return ok;
}

/* Affine coordinates as two big-endian numbers of 80 bytes, padded with zeros on the left. */
static void store_point(const struct ecc_point *p, uint8_t out[SE_COORD_SIZE])
{
	mpz_t x, y;

	mpz_inits(x, y, NULL);
	ecc_point_get(p, x, y);
	nettle_mpz_get_str_256(COORD_HALF, out, x);
	nettle_mpz_get_str_256(COORD_HALF, out + COORD_HALF, y);
	mpz_clears(x, y, NULL);
}

/* False when the coordinates are not those of a point of the curve. */
static bool load_point(struct ecc_point *p, const uint8_t raw[SE_COORD_SIZE])
{
	mpz_t x, y;
	bool ok;

	nettle_mpz_init_set_str_256_u(x, COORD_HALF, raw);
	nettle_mpz_init_set_str_256_u(y, COORD_HALF, raw + COORD_HALF);
	ecc_point_init(p, nettle_get_secp_521r1());
	ok = ecc_point_set(p, x, y);
	mpz_clears(x, y, NULL);
	if (!ok)
		ecc_point_clear(p);
	return ok;
}

/*
 * Takes a host private key and computes what slots name it by: SHA-256 over the 160-byte
 * public coordinates. False when @scalar is 0 or not below the group order.
 */
bool suv_host_key_set(struct host_key *key, const uint8_t scalar[KEY_SCALAR_LEN])
{
	uint8_t coord[SE_COORD_SIZE];
	struct sha256_ctx sha;
	struct ecc_scalar s;
	struct ecc_point p;

	if (!load_scalar(&s, scalar))
		return false;
	ecc_point_init(&p, nettle_get_secp_521r1());
	ecc_point_mul_g(&p, &s);
	store_point(&p, coord);
	ecc_point_clear(&p);
	ecc_scalar_clear(&s);
	sha256_init(&sha);
	sha256_update(&sha, SE_COORD_SIZE, coord);
	sha256_digest(&sha, sizeof(key->hash), key->hash);
	memcpy(key->scalar, scalar, KEY_SCALAR_LEN);
	key->present = true;
	return true;
}

/*
 * Key-encryption key of a key slot: SHA-256 over the shared X coordinate (66 bytes) and a
 * counter of 1 (ANSI X9.63 with one block). False when @peer is not on the curve.
 */
bool suv_ecdh_kek(const uint8_t scalar[KEY_SCALAR_LEN], const uint8_t peer[SE_COORD_SIZE],
		  uint8_t kek[SE_KEY_SIZE])
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	uint8_t coord[SE_COORD_SIZE];
	struct sha256_ctx sha;
	struct ecc_scalar s;
	struct ecc_point p;

	if (!load_point(&p, peer))
		return false;
	if (!load_scalar(&s, scalar)) {
		ecc_point_clear(&p);
		return false;
	}
	ecc_point_mul(&p, &s, &p);
	store_point(&p, coord);
	ecc_point_clear(&p);
	ecc_scalar_clear(&s);
	sha256_init(&sha);
	sha256_update(&sha, KEY_SCALAR_LEN, coord + COORD_PAD);
	sha256_update(&sha, sizeof(counter), counter);
	sha256_digest(&sha, SE_KEY_SIZE, kek);
	suv_wipe(coord, sizeof(coord));
	return true;
}

/* AES-256-GCM decryption of @len bytes; false, with @out cleared, when the tag does not match. */
bool suv_gcm_open(const uint8_t key[SE_KEY_SIZE], const uint8_t iv[SE_IV_SIZE], const void *aad,
		  size_t aad_len, const uint8_t *in, size_t len, const uint8_t tag[SE_TAG_SIZE],
		  uint8_t *out)
{
	struct gcm_aes256_ctx gcm;
	uint8_t digest[16];
	bool ok;

	gcm_aes256_set_key(&gcm, key);
	gcm_aes256_set_iv(&gcm, SE_IV_SIZE, iv);
	gcm_aes256_update(&gcm, aad_len, aad);
	gcm_aes256_decrypt(&gcm, len, out, in);
	gcm_aes256_digest(&gcm, sizeof(digest), digest);
	ok = suv_equal(digest, tag, sizeof(digest));
	if (!ok)
		suv_wipe(out, len);
	suv_wipe(&gcm, sizeof(gcm));
	return ok;
}

/* HKDF-SHA-512 (RFC 5869) of the dump key; s390-tools zdump/pv_utils.c reads dumps this way. */
void suv_dump_key(const uint8_t cck[SE_KEY_SIZE], const uint8_t seed[COMPL_SEED_SIZE],
		  uint8_t key[SE_KEY_SIZE])
{
	static const char info[] = COMPL_INFO;
	struct hmac_sha512_ctx hmac;
	uint8_t prk[64];

	hmac_sha512_set_key(&hmac, COMPL_SEED_SIZE, seed);
	hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha512_update,
		     (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk), SE_KEY_SIZE, cck,
		     prk);
	hmac_sha512_set_key(&hmac, sizeof(prk), prk);
	hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha512_update,
		    (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk),
		    sizeof(info) - 1, (const uint8_t *)info, SE_KEY_SIZE, key);
	suv_wipe(prk, sizeof(prk));
	suv_wipe(&hmac, sizeof(hmac));
}

void suv_xts_encrypt_key(struct xts_key *xts, const uint8_t key[SE_XTS_SIZE])
{
	aes256_set_encrypt_key(&xts->data, key);
	aes256_set_encrypt_key(&xts->tweak, key + SE_KEY_SIZE);
}

void suv_xts_decrypt_key(struct xts_key *xts, const uint8_t key[SE_XTS_SIZE])
{
	aes256_set_decrypt_key(&xts->data, key);
	aes256_set_encrypt_key(&xts->tweak, key + SE_KEY_SIZE);
}

#define XTS_WORDS	(PAGE_SIZE / sizeof(uint64_t))

static uint64_t little_endian(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

/* IEEE 1619: the mask of a block is the one before, times x in GF(2^128), little endian. */
static void xts_masks(const struct xts_key *xts, const uint8_t tweak[16], uint64_t mask[XTS_WORDS])
{
	uint64_t lo, hi;

	aes256_encrypt(&xts->tweak, 16, (uint8_t *)mask, tweak);
	lo = little_endian(mask[0]);
	hi = little_endian(mask[1]);
	for (unsigned int i = 2; i < XTS_WORDS; i += 2) {
		uint64_t carry = hi >> 63;

		hi = hi << 1 | lo >> 63;
		lo = lo << 1 ^ carry * 0x87;
		mask[i] = little_endian(lo);
		mask[i + 1] = little_endian(hi);
	}
}

static void xor_page(uint8_t *page, const uint64_t mask[XTS_WORDS])
{
	for (unsigned int i = 0; i < XTS_WORDS; i++) {
		uint64_t v;

		memcpy(&v, page + i * sizeof(v), sizeof(v));
		v ^= mask[i];
		memcpy(page + i * sizeof(v), &v, sizeof(v));
	}
}

/*
 * One call of the cipher for the whole page: it is built for many blocks at a time, and nettle's
 * own XTS hands it one after the other.
 */
void suv_xts_encrypt_page(const struct xts_key *xts, const uint8_t tweak[16], uint8_t *page)
{
	uint64_t mask[XTS_WORDS];

	xts_masks(xts, tweak, mask);
	xor_page(page, mask);
	aes256_encrypt(&xts->data, PAGE_SIZE, page, page);
	xor_page(page, mask);
}

void suv_xts_decrypt_page(const struct xts_key *xts, const uint8_t tweak[16], uint8_t *page)
{
	uint64_t mask[XTS_WORDS];

	xts_masks(xts, tweak, mask);
	xor_page(page, mask);
	aes256_decrypt(&xts->data, PAGE_SIZE, page, page);
	xor_page(page, mask);
}
