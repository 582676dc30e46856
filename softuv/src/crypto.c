// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the compositions of nettle's primitives that the formats ask for: ECDH, key derivation, GCM.
 * Never implements a cipher, hash or curve of its own.
 */
#include <nettle/bignum.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "internal.h"

#define COORD_HALF	(COORD_LEN / 2)
#define COORD_PAD	(COORD_HALF - SCALAR_LEN)

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

static bool load_scalar(struct ecc_scalar *s, const uint8_t raw[SCALAR_LEN])
{
	mpz_t z;
	bool ok;

	nettle_mpz_init_set_str_256_u(z, SCALAR_LEN, raw);
	ecc_scalar_init(s, nettle_get_secp_521r1());
	ok = ecc_scalar_set(s, z);
	mpz_clear(z);
	if (!ok)
		ecc_scalar_clear(s);
	return ok;
}

/* Affine coordinates as two big-endian numbers of 80 bytes, padded with zeros on the left. */
static void store_point(const struct ecc_point *p, uint8_t out[COORD_LEN])
{
	mpz_t x, y;

	mpz_inits(x, y, NULL);
	ecc_point_get(p, x, y);
	nettle_mpz_get_str_256(COORD_HALF, out, x);
	nettle_mpz_get_str_256(COORD_HALF, out + COORD_HALF, y);
	mpz_clears(x, y, NULL);
}

/* False when the coordinates are not those of a point of the curve. */
static bool load_point(struct ecc_point *p, const uint8_t raw[COORD_LEN])
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
bool suv_host_key_set(struct host_key *key, const uint8_t scalar[SCALAR_LEN])
{
	uint8_t coord[COORD_LEN];
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
	sha256_update(&sha, COORD_LEN, coord);
	sha256_digest(&sha, sizeof(key->hash), key->hash);
	memcpy(key->scalar, scalar, SCALAR_LEN);
	key->present = true;
	return true;
}

/*
 * Key-encryption key of a key slot: SHA-256 over the shared X coordinate (66 bytes) and a
 * counter of 1 (ANSI X9.63 with one block). False when @peer is not on the curve.
 */
bool suv_ecdh_kek(const uint8_t scalar[SCALAR_LEN], const uint8_t peer[COORD_LEN],
		  uint8_t kek[KEY_LEN])
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	uint8_t coord[COORD_LEN];
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
	sha256_update(&sha, SCALAR_LEN, coord + COORD_PAD);
	sha256_update(&sha, sizeof(counter), counter);
	sha256_digest(&sha, KEY_LEN, kek);
	suv_wipe(coord, sizeof(coord));
	return true;
}

/* AES-256-GCM decryption of @len bytes; false, with @out cleared, when the tag does not match. */
bool suv_gcm_open(const uint8_t key[KEY_LEN], const uint8_t iv[12], const void *aad,
		  size_t aad_len, const uint8_t *in, size_t len, const uint8_t tag[16],
		  uint8_t *out)
{
	struct gcm_aes256_ctx gcm;
	uint8_t digest[16];
	bool ok;

	gcm_aes256_set_key(&gcm, key);
	gcm_aes256_set_iv(&gcm, 12, iv);
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
void suv_dump_key(const uint8_t cck[KEY_LEN], const uint8_t seed[64], uint8_t key[KEY_LEN])
{
	static const char info[] = "IBM Z Ultravisor Dump";
	struct hmac_sha512_ctx hmac;
	uint8_t prk[64];

	hmac_sha512_set_key(&hmac, 64, seed);
	hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha512_update,
		     (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk), KEY_LEN, cck,
		     prk);
	hmac_sha512_set_key(&hmac, sizeof(prk), prk);
	hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha512_update,
		    (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk),
		    sizeof(info) - 1, (const uint8_t *)info, KEY_LEN, key);
	suv_wipe(prk, sizeof(prk));
	suv_wipe(&hmac, sizeof(hmac));
}
