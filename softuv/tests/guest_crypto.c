// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owner's side of the formats: SE header, encrypted components, reading a dump (OpenSSL).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

#include "guest_crypto.h"

static const uint8_t cust_scalar[66] = { [2] = 0x77, [40] = 0x55, [65] = 0x13 };

struct image_hash {
	EVP_MD_CTX *pld, *ald, *tld;
};

/* dir 1 = encrypt, 0 = decrypt; returns false for a bad tag */
static bool gcm(int dir, const uint8_t *key, const uint8_t *iv, const uint8_t *aad, int aad_len,
		const uint8_t *in, int len, uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n, fin;

	assert_int_equal(EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv, dir), 1);
	if (!dir)
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, 16, tag);
	if (aad_len)
		EVP_CipherUpdate(c, NULL, &n, aad, aad_len);
	EVP_CipherUpdate(c, out, &n, in, len);
	fin = EVP_CipherFinal_ex(c, out + n, &n);
	if (dir)
		EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, tag);
	EVP_CIPHER_CTX_free(c);
	return fin == 1;
}

static void xts(int dir, const uint8_t key[64], const uint8_t tweak[16], uint8_t *page)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_CipherInit_ex(c, EVP_aes_256_xts(), NULL, key, tweak, dir), 1);
	assert_int_equal(EVP_CipherUpdate(c, page, &n, page, 4096), 1);
	EVP_CIPHER_CTX_free(c);
}

struct image_hash *image_hash_new(void)
{
	struct image_hash *h = calloc(1, sizeof(*h));
	EVP_MD_CTX **all[] = { &h->pld, &h->ald, &h->tld };

	for (int i = 0; i < 3; i++) {
		*all[i] = EVP_MD_CTX_new();
		EVP_DigestInit_ex(*all[i], EVP_sha512(), NULL);
	}
	return h;
}

void image_page(struct image_hash *h, const struct header_opts *o, uint64_t gaddr,
		uint64_t prefix, uint64_t offset, uint8_t *page)
{
	uint8_t tweak[16], addr[8];

	set64(tweak, prefix);
	set64(tweak + 8, offset);
	set64(addr, gaddr);
	if (!(o->pcf & 0x10000000))
		xts(1, o->image_key, tweak, page);
	EVP_DigestUpdate(h->pld, page, 4096);
	EVP_DigestUpdate(h->ald, addr, 8);
	EVP_DigestUpdate(h->tld, tweak, 16);
}

void image_hash_done(struct image_hash *h, uint8_t pld[64], uint8_t ald[64], uint8_t tld[64])
{
	EVP_DigestFinal_ex(h->pld, pld, NULL);
	EVP_DigestFinal_ex(h->ald, ald, NULL);
	EVP_DigestFinal_ex(h->tld, tld, NULL);
	EVP_MD_CTX_free(h->pld);
	EVP_MD_CTX_free(h->ald);
	EVP_MD_CTX_free(h->tld);
	free(h);
}

static EC_POINT *public_point(const EC_GROUP *grp, const uint8_t scalar[66])
{
	EC_POINT *p = EC_POINT_new(grp);
	BIGNUM *d = BN_bin2bn(scalar, 66, NULL);

	EC_POINT_mul(grp, p, d, NULL, NULL, NULL);
	BN_free(d);
	return p;
}

static void coord_of(const EC_GROUP *grp, const EC_POINT *p, uint8_t out[160])
{
	BIGNUM *x = BN_new(), *y = BN_new();

	EC_POINT_get_affine_coordinates(grp, p, x, y, NULL);
	BN_bn2binpad(x, out, 80);
	BN_bn2binpad(y, out + 80, 80);
	BN_free(x);
	BN_free(y);
}

void host_key_coord(const uint8_t scalar[66], uint8_t coord[160])
{
	EC_GROUP *grp = EC_GROUP_new_by_curve_name(NID_secp521r1);
	EC_POINT *p = public_point(grp, scalar);

	coord_of(grp, p, coord);
	EC_POINT_free(p);
	EC_GROUP_free(grp);
}

/* Slot for the host key @scalar: its hash, the wrapped protection key, the tag. */
static void make_slot(const uint8_t scalar[66], const uint8_t prot[32], uint8_t slot[80])
{
	EC_GROUP *grp = EC_GROUP_new_by_curve_name(NID_secp521r1);
	EC_POINT *host = public_point(grp, scalar), *z = EC_POINT_new(grp);
	BIGNUM *d = BN_bin2bn(cust_scalar, 66, NULL);
	uint8_t coord[160], in[70], kek[32], iv[12] = { 0 };

	coord_of(grp, host, coord);
	EVP_Digest(coord, 160, slot, NULL, EVP_sha256(), NULL);
	EC_POINT_mul(grp, z, NULL, host, d, NULL);
	coord_of(grp, z, coord);
	memcpy(in, coord + 14, 66);
	set32(in + 66, 1);
	EVP_Digest(in, 70, kek, NULL, EVP_sha256(), NULL);
	gcm(1, kek, iv, NULL, 0, prot, 32, slot + 32, slot + 64);
	BN_free(d);
	EC_POINT_free(z);
	EC_POINT_free(host);
	EC_GROUP_free(grp);
}

void header_defaults(struct header_opts *o)
{
	memset(o, 0, sizeof(*o));
	o->pcf = 0x200000e0;
	memset(o->cck, 0x31, 32);
	memset(o->prot, 0x32, 32);
	for (int i = 0; i < 64; i++)
		o->image_key[i] = (uint8_t)(i * 3 + 1);
	o->psw[0] = 0x0000000180000000ull;
	o->psw[1] = 0x11000;
	o->slots = 1;
}

uint32_t header_make(const struct header_opts *o, uint8_t *out)
{
	uint32_t len = 560 + 80 * o->slots, aad = len - 144;
	uint8_t secret[128] = { 0 }, other[66] = { [1] = 0x21, [65] = 7 };

	memset(out, 0, len);
	memcpy(out, "IBMSecEx", 8);
	set32(out + 8, 0x100);
	set32(out + 12, len);
	memset(out + 16, 0x33, 12);
	set64(out + 0x20, o->slots);
	set64(out + 0x28, 128);
	set64(out + 0x30, o->nep);
	set64(out + 0x38, o->pcf);
	host_key_coord(cust_scalar, out + 0x40);
	for (int i = 0; i < 3; i++) {
		const uint8_t *d[] = { o->pld, o->ald, o->tld };

		if (d[i])
			memcpy(out + 0xe0 + i * 64, d[i], 64);
		else
			EVP_Digest("", 0, out + 0xe0 + i * 64, NULL, EVP_sha512(), NULL);
	}
	for (unsigned int i = 0; i < o->slots; i++, other[60]++)
		make_slot(i != o->own_slot ? other : o->backup ? backup_scalar : host_scalar,
			  o->prot, out + 0x1a0 + 80 * i);
	memcpy(secret, o->cck, 32);
	memcpy(secret + 0x20, o->image_key, 64);
	set64(secret + 0x60, o->psw[0]);
	set64(secret + 0x68, o->psw[1]);
	set64(secret + 0x70, o->scf);
	set32(secret + 0x78, o->noi);
	gcm(1, o->prot, out + 16, out, (int)aad, secret, 128, out + aad, out + len - 16);
	return len;
}

static void hkdf(const uint8_t cck[32], const uint8_t seed[64], uint8_t key[32])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	size_t len = 32;

	EVP_PKEY_derive_init(c);
	EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha512());
	EVP_PKEY_CTX_set1_hkdf_salt(c, seed, 64);
	EVP_PKEY_CTX_set1_hkdf_key(c, cck, 32);
	EVP_PKEY_CTX_add1_hkdf_info(c, (const uint8_t *)"IBM Z Ultravisor Dump", 21);
	assert_int_equal(EVP_PKEY_derive(c, key, &len), 1);
	EVP_PKEY_CTX_free(c);
}

bool dump_open(const uint8_t cck[32], const uint8_t *compl, size_t len, struct dump_keys *k)
{
	uint8_t secret[176], tag[16];

	if (len < 288 || be64(compl) != 0x100000120ull)
		return false;
	hkdf(cck, compl + 16, k->dump_key);
	memcpy(tag, compl + 272, 16);
	if (!gcm(0, k->dump_key, compl + 80, compl, 96, compl + 96, 176, secret, tag))
		return false;
	memcpy(k->nonce, secret, 16);
	memcpy(k->mem_key, secret + 16, 64);
	return true;
}

bool dump_open_cpu(const struct dump_keys *k, const uint8_t *area, size_t len, uint8_t out[1520])
{
	uint8_t tag[16];

	if (len < 1568 || be64(area) != 0x100000620ull)
		return false;
	memcpy(tag, area + 1552, 16);
	return gcm(0, k->dump_key, area + 8, area, 32, area + 32, 1520, out, tag);
}

char dump_open_page(const struct dump_keys *k, const uint8_t entry[16], uint8_t *page)
{
	static const uint8_t special[4] = { 0xff, 0xff, 0xff, 0xff };
	uint8_t tweak[16];

	if (!memcmp(entry, special, 4)) {
		if (entry[14] || (entry[15] & 0xf8))
			return '?';
		switch (entry[15] & 3) {
		case 1:
			return 'z';
		case 2:
			return 's';
		default:
			return '?';
		}
	}
	for (int i = 0; i < 16; i++)
		tweak[i] = entry[i] | k->nonce[i];
	xts(0, k->mem_key, tweak, page);
	return 'e';
}
