// SPDX-License-Identifier: GPL-2.0-or-later
/* Decryption of dumps by OpenSSL: completion data, vCPU areas, memory pages. */
#include "dumpcrypt.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

#define TAG_SIZE	16
#define IV_SIZE		12

static int derive(EVP_PKEY_CTX *c, const uint8_t *cck, const uint8_t *seed, uint8_t *key)
{
	size_t len = 32;

	return EVP_PKEY_derive_init(c) > 0 &&
	       EVP_PKEY_CTX_set_hkdf_md(c, EVP_sha512()) > 0 &&
	       EVP_PKEY_CTX_set1_hkdf_salt(c, seed, 64) > 0 &&
	       EVP_PKEY_CTX_set1_hkdf_key(c, cck, 32) > 0 &&
	       EVP_PKEY_CTX_add1_hkdf_info(c, (const uint8_t *)COMPL_INFO,
					   (int)strlen(COMPL_INFO)) > 0 &&
	       EVP_PKEY_derive(c, key, &len) > 0 && len == 32 ? 0 : -1;
}

static int derive_dump_key(const uint8_t *cck, const uint8_t *seed, uint8_t *key)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	int ret;

	ret = c ? derive(c, cck, seed, key) : -1;
	EVP_PKEY_CTX_free(c);
	return ret;
}

/* additional data in front, @len encrypted bytes behind it, then the tag */
struct sealed {
	const uint8_t *data, *iv;
	uint32_t aad, len;
};

/* Return: 0, 1 when the tag does not match, -1 when the library fails. */
static int open_with(EVP_CIPHER_CTX *c, const uint8_t *key, const struct sealed *s, uint8_t *out)
{
	uint8_t tag[TAG_SIZE];
	int n;

	memcpy(tag, s->data + s->aad + s->len, sizeof(tag));
	if (EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, IV_SIZE, NULL) != 1 ||
	    EVP_DecryptInit_ex(c, NULL, NULL, key, s->iv) != 1 ||
	    EVP_DecryptUpdate(c, NULL, &n, s->data, (int)s->aad) != 1 ||
	    EVP_DecryptUpdate(c, out, &n, s->data + s->aad, (int)s->len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1)
		return -1;
	return EVP_DecryptFinal_ex(c, out + n, &n) == 1 ? 0 : 1;
}

static int open_sealed(const uint8_t *key, const struct sealed *s, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int ret;

	ret = c ? open_with(c, key, s, out) : -1;
	EVP_CIPHER_CTX_free(c);
	return ret;
}

int dumpcrypt_completion(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
			 struct fail *f)
{
	const uint8_t *c = d->compl_data;
	const struct sealed s = { c, c + COMPL_OFF_IV, COMPL_OFF_ENC, COMPL_ENC_SIZE };
	uint8_t plain[COMPL_ENC_SIZE];
	int ret;

	ret = derive_dump_key(cck, c + COMPL_OFF_SEED, keys->dump_key);
	if (!ret)
		ret = open_sealed(keys->dump_key, &s, plain);
	if (!ret) {
		memcpy(keys->nonce, plain + COMPL_ENC_NONCE, sizeof(keys->nonce));
		memcpy(keys->xts, plain + COMPL_ENC_XTS, sizeof(keys->xts));
	}
	OPENSSL_cleanse(plain, sizeof(plain));
	if (ret < 0)
		fail_set(f, "%s: completion data: OpenSSL: HKDF or AES-256-GCM failed", d->src.name);
	else if (ret)
		fail_set(f, "%s: completion data: tag mismatch: wrong CCK or modified data",
			 d->src.name);
	return ret;
}

int dumpcrypt_vcpu(const struct dumpread *d, const struct dump_keys *keys, uint32_t n,
		   uint8_t *area, struct fail *f)
{
	const struct sealed s = { area, area + CPU_AREA_OFF_IV, CPU_AREA_OFF_ENC,
				  CPU_AREA_ENC_SIZE };

	if (dumpread_bytes(d, d->vcpu[n].offset, area, CPU_AREA_SIZE, f))
		return -1;
	if (get32(area) != CPU_AREA_VERSION)
		return fail_set(f, "%s: vCPU %u: PV data: changed while it was read", d->src.name,
				n);
	if (!open_sealed(keys->dump_key, &s, area + CPU_AREA_OFF_ENC))
		return 0;
	return fail_set(f, "%s: vCPU %u: PV data at offset 0x%llx: tag mismatch: modified data",
			d->src.name, n, (unsigned long long)d->vcpu[n].offset);
}

struct pagecrypt {
	EVP_CIPHER_CTX *ctx;
	uint8_t nonce[16];
};

struct pagecrypt *pagecrypt_new(const struct dump_keys *keys)
{
	struct pagecrypt *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	memcpy(p->nonce, keys->nonce, sizeof(p->nonce));
	p->ctx = EVP_CIPHER_CTX_new();
	if (p->ctx && EVP_DecryptInit_ex(p->ctx, EVP_aes_256_xts(), NULL, keys->xts, NULL) == 1)
		return p;
	pagecrypt_free(p);
	return NULL;
}

void pagecrypt_free(struct pagecrypt *p)
{
	if (!p)
		return;
	EVP_CIPHER_CTX_free(p->ctx);
	free(p);
}

/* The key schedule stays: only the tweak is set for each page. */
int pagecrypt_page(struct pagecrypt *p, const uint8_t *entry, uint8_t *page)
{
	uint8_t tweak[16];
	int n;

	page_tweak_of(entry, p->nonce, tweak);
	if (EVP_DecryptInit_ex(p->ctx, NULL, NULL, NULL, tweak) != 1 ||
	    EVP_DecryptUpdate(p->ctx, page, &n, page, PAGE_SIZE) != 1 || n != (int)PAGE_SIZE)
		return -1;
	return 0;
}

void dumpcrypt_forget(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}
