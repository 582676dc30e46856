// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cryptography of SE headers and components on the owner's side, on top of nettle.
 */
#include "secrypt.h"

#include <errno.h>
#include <gmp.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <string.h>
#include <sys/random.h>

int se_random(void *buf, size_t len)
{
	uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void import_num(mpz_t n, const uint8_t *p, size_t len)
{
	mpz_init(n);
	mpz_import(n, len, 1, 1, 1, 0, p);
}

/* Big endian, left padded with zeros to @len bytes. */
static void export_num(const mpz_t n, uint8_t *p, size_t len)
{
	size_t have = (mpz_sizeinbase(n, 2) + 7) / 8;

	memset(p, 0, len);
	if (mpz_sgn(n))
		mpz_export(p + len - have, NULL, 1, 1, 1, 0, n);
}

static int scalar_load(struct ecc_scalar *s, const uint8_t priv[P521_SIZE])
{
	mpz_t n;
	int ok;

	ecc_scalar_init(s, nettle_get_secp_521r1());
	import_num(n, priv, P521_SIZE);
	ok = ecc_scalar_set(s, n);
	mpz_clear(n);
	if (ok)
		return 0;
	ecc_scalar_clear(s);
	return -1;
}

static int point_load(struct ecc_point *p, const uint8_t coord[SE_COORD_SIZE])
{
	mpz_t x, y;
	int ok;

	ecc_point_init(p, nettle_get_secp_521r1());
	import_num(x, coord, SE_COORD_SIZE / 2);
	import_num(y, coord + SE_COORD_SIZE / 2, SE_COORD_SIZE / 2);
	ok = ecc_point_set(p, x, y);
	mpz_clear(x);
	mpz_clear(y);
	if (ok)
		return 0;
	ecc_point_clear(p);
	return -1;
}

int p521_generate(uint8_t priv[P521_SIZE])
{
	struct ecc_scalar s;

	do {
		if (se_random(priv, P521_SIZE))
			return -1;
		priv[0] &= 1;
	} while (scalar_load(&s, priv));
	ecc_scalar_clear(&s);
	return 0;
}

int p521_public(const uint8_t priv[P521_SIZE], uint8_t coord[SE_COORD_SIZE])
{
	struct ecc_scalar s;
	struct ecc_point p;
	mpz_t x, y;

	if (scalar_load(&s, priv))
		return -1;
	ecc_point_init(&p, nettle_get_secp_521r1());
	ecc_point_mul_g(&p, &s);
	mpz_init(x);
	mpz_init(y);
	ecc_point_get(&p, x, y);
	export_num(x, coord, SE_COORD_SIZE / 2);
	export_num(y, coord + SE_COORD_SIZE / 2, SE_COORD_SIZE / 2);
	mpz_clear(x);
	mpz_clear(y);
	ecc_point_clear(&p);
	ecc_scalar_clear(&s);
	return 0;
}

bool p521_valid(const uint8_t coord[SE_COORD_SIZE])
{
	struct ecc_point p;

	if (point_load(&p, coord))
		return false;
	ecc_point_clear(&p);
	return true;
}

void host_key_hash(const uint8_t coord[SE_COORD_SIZE], uint8_t hash[32])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, SE_COORD_SIZE, coord);
	sha256_digest(&ctx, 32, hash);
}

int slot_kek(const uint8_t priv[P521_SIZE], const uint8_t coord[SE_COORD_SIZE], uint8_t kek[32])
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	uint8_t z[P521_SIZE];
	struct ecc_scalar s;
	struct ecc_point p;
	struct sha256_ctx ctx;
	mpz_t x;

	if (scalar_load(&s, priv))
		return -1;
	if (point_load(&p, coord)) {
		ecc_scalar_clear(&s);
		return -1;
	}
	ecc_point_mul(&p, &s, &p);
	mpz_init(x);
	ecc_point_get(&p, x, NULL);
	export_num(x, z, sizeof(z));
	mpz_clear(x);
	ecc_point_clear(&p);
	ecc_scalar_clear(&s);
	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(z), z);
	sha256_update(&ctx, sizeof(counter), counter);
	sha256_digest(&ctx, 32, kek);
	return 0;
}

void gcm_seal(const uint8_t key[32], const uint8_t iv[SE_IV_SIZE], const void *aad, size_t aad_len,
	      const void *in, size_t len, uint8_t *out, uint8_t tag[SE_TAG_SIZE])
{
	struct gcm_aes256_ctx ctx;

	gcm_aes256_set_key(&ctx, key);
	gcm_aes256_set_iv(&ctx, SE_IV_SIZE, iv);
	gcm_aes256_update(&ctx, aad_len, aad);
	gcm_aes256_encrypt(&ctx, len, out, in);
	gcm_aes256_digest(&ctx, SE_TAG_SIZE, tag);
}

int gcm_open(const uint8_t key[32], const uint8_t iv[SE_IV_SIZE], const void *aad, size_t aad_len,
	     const void *in, size_t len, uint8_t *out, const uint8_t tag[SE_TAG_SIZE])
{
	struct gcm_aes256_ctx ctx;
	uint8_t have[SE_TAG_SIZE];

	gcm_aes256_set_key(&ctx, key);
	gcm_aes256_set_iv(&ctx, SE_IV_SIZE, iv);
	gcm_aes256_update(&ctx, aad_len, aad);
	gcm_aes256_decrypt(&ctx, len, out, in);
	gcm_aes256_digest(&ctx, SE_TAG_SIZE, have);
	if (memeql_sec(have, tag, SE_TAG_SIZE))
		return 0;
	memset(out, 0, len);
	return -1;
}

static const uint8_t zero_iv[SE_IV_SIZE];

int slot_seal(const uint8_t *cust_priv, const uint8_t *host_coord, const uint8_t *hdr_key,
	      uint8_t *slot)
{
	uint8_t kek[32];

	if (slot_kek(cust_priv, host_coord, kek))
		return -1;
	host_key_hash(host_coord, slot);
	gcm_seal(kek, zero_iv, "", 0, hdr_key, SE_KEY_SIZE, slot + SE_SLOT_WRAPPED,
		 slot + SE_SLOT_TAG);
	return 0;
}

int slot_open(const uint8_t *priv, const uint8_t *peer_coord, const uint8_t *slot, uint8_t *hdr_key)
{
	uint8_t kek[32];

	if (slot_kek(priv, peer_coord, kek))
		return -1;
	return gcm_open(kek, zero_iv, "", 0, slot + SE_SLOT_WRAPPED, SE_KEY_SIZE, hdr_key,
			slot + SE_SLOT_TAG);
}

int header_unwrap(const struct se_header *h, const uint8_t *host_priv, uint8_t *hdr_key)
{
	uint8_t coord[SE_COORD_SIZE], hash[32];
	const uint8_t *slot;
	uint64_t i;

	if (p521_public(host_priv, coord))
		return -1;
	host_key_hash(coord, hash);
	for (i = 0; i < h->nks; i++) {
		slot = h->slots + SE_SLOT_SIZE * i;
		if (!memcmp(slot, hash, sizeof(hash)) &&
		    !slot_open(host_priv, h->cust_pub, slot, hdr_key))
			return (int)i;
	}
	return -1;
}

int header_decrypt(const struct se_header *h, const uint8_t *hdr_key, uint8_t *area)
{
	return gcm_open(hdr_key, h->iv, h->raw, (size_t)(h->enc - h->raw), h->enc, SE_SEA, area,
			h->tag);
}

void digests_init(struct se_digests *d)
{
	sha512_init(&d->pld);
	sha512_init(&d->ald);
	sha512_init(&d->tld);
	d->pages = 0;
}

void digests_page(struct se_digests *d, const uint8_t *page, uint64_t addr, const uint8_t tweak[16])
{
	uint8_t a[8];

	put64(a, addr);
	sha512_update(&d->pld, PAGE_SIZE, page);
	sha512_update(&d->ald, sizeof(a), a);
	sha512_update(&d->tld, 16, tweak);
	d->pages++;
}

void digests_final(struct se_digests *d, struct se_digest_values *v)
{
	sha512_digest(&d->pld, SE_DIGEST_SIZE, v->pld);
	sha512_digest(&d->ald, SE_DIGEST_SIZE, v->ald);
	sha512_digest(&d->tld, SE_DIGEST_SIZE, v->tld);
	v->nep = d->pages;
}

void page_tweak(uint64_t prefix, uint64_t off, uint8_t tweak[16])
{
	put64(tweak, prefix);
	put64(tweak + 8, off);
}
