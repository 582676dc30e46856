// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decryption of dumps by libgcrypt: completion data, vCPU areas, memory pages.
 *
 * Its AES-256-XTS is the fastest of the kept libraries (x86 with VAES: 1.6 times OpenSSL 3.0), and
 * setting the tweak of a page costs next to nothing. tests/bench/decrypt shows it.
 */
#include "dumpcrypt.h"

#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

#define TAG_SIZE	16
#define IV_SIZE		12

/* Must come first, before threads are started. Pages do not fit into locked memory. */
static void init_once(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	gcry_check_version(NULL);
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static int hmac_sha512(const void *key, size_t key_len, const void *data, size_t len, uint8_t *out)
{
	gcry_mac_hd_t h;
	size_t n = 64;
	int ret = -1;

	if (gcry_mac_open(&h, GCRY_MAC_HMAC_SHA512, 0, NULL))
		return -1;
	if (!gcry_mac_setkey(h, key, key_len) && !gcry_mac_write(h, data, len) &&
	    !gcry_mac_read(h, out, &n) && n == 64)
		ret = 0;
	gcry_mac_close(h);
	return ret;
}

/* HKDF (RFC 5869): extract, and the first 32 bytes of one block of expand. */
static int derive_dump_key(const uint8_t *cck, const uint8_t *seed, uint8_t *key)
{
	static const char info[] = COMPL_INFO "\x01";
	uint8_t prk[64], block[64];
	int ret;

	ret = hmac_sha512(seed, 64, cck, 32, prk) ||
	      hmac_sha512(prk, sizeof(prk), info, sizeof(info) - 1, block) ? -1 : 0;
	memcpy(key, block, 32);
	dumpcrypt_forget(prk, sizeof(prk));
	dumpcrypt_forget(block, sizeof(block));
	return ret;
}

/* additional data in front, @len encrypted bytes behind it, then the tag */
struct sealed {
	const uint8_t *data, *iv;
	uint32_t aad, len;
};

/* Return: 0, 1 when the tag does not match, -1 when the library fails. */
static int open_with(gcry_cipher_hd_t h, const uint8_t *key, const struct sealed *s, uint8_t *out)
{
	uint8_t tag[TAG_SIZE];
	gcry_error_t e;

	memcpy(tag, s->data + s->aad + s->len, sizeof(tag));
	if (gcry_cipher_setkey(h, key, 32) || gcry_cipher_setiv(h, s->iv, IV_SIZE) ||
	    gcry_cipher_authenticate(h, s->data, s->aad) || gcry_cipher_final(h) ||
	    gcry_cipher_decrypt(h, out, s->len, s->data + s->aad, s->len))
		return -1;
	e = gcry_cipher_checktag(h, tag, sizeof(tag));
	return !e ? 0 : gcry_err_code(e) == GPG_ERR_CHECKSUM ? 1 : -1;
}

static int open_sealed(const uint8_t *key, const struct sealed *s, uint8_t *out)
{
	gcry_cipher_hd_t h;
	int ret;

	if (gcry_cipher_open(&h, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0))
		return -1;
	ret = open_with(h, key, s, out);
	gcry_cipher_close(h);
	return ret;
}

int dumpcrypt_completion(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
			 struct fail *f)
{
	const uint8_t *c = d->compl_data;
	const struct sealed s = { c, c + COMPL_OFF_IV, COMPL_OFF_ENC, COMPL_ENC_SIZE };
	uint8_t plain[COMPL_ENC_SIZE];
	int ret;

	init_once();
	ret = derive_dump_key(cck, c + COMPL_OFF_SEED, keys->dump_key);
	if (!ret)
		ret = open_sealed(keys->dump_key, &s, plain);
	if (!ret) {
		memcpy(keys->nonce, plain + COMPL_ENC_NONCE, sizeof(keys->nonce));
		memcpy(keys->xts, plain + COMPL_ENC_XTS, sizeof(keys->xts));
	}
	dumpcrypt_forget(plain, sizeof(plain));
	if (ret < 0)
		fail_set(f, "%s: completion data: libgcrypt: HKDF or AES-256-GCM failed",
			 d->src.name);
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
	int ret;

	if (dumpread_bytes(d, d->vcpu[n].offset, area, CPU_AREA_SIZE, f))
		return -1;
	if (get32(area) != CPU_AREA_VERSION)
		return fail_set(f, "%s: vCPU %u: PV data: changed while it was read", d->src.name,
				n);
	init_once();
	ret = open_sealed(keys->dump_key, &s, area + CPU_AREA_OFF_ENC);
	if (ret < 0)
		return fail_set(f, "%s: vCPU %u: libgcrypt: AES-256-GCM failed", d->src.name, n);
	if (ret)
		return fail_set(f,
				"%s: vCPU %u: PV data at offset 0x%llx: tag mismatch: modified data",
				d->src.name, n, (unsigned long long)d->vcpu[n].offset);
	return 0;
}

struct pagecrypt {
	gcry_cipher_hd_t xts;
	uint8_t nonce[16];
};

struct pagecrypt *pagecrypt_new(const struct dump_keys *keys)
{
	struct pagecrypt *p = calloc(1, sizeof(*p));

	init_once();
	if (!p)
		return NULL;
	memcpy(p->nonce, keys->nonce, sizeof(p->nonce));
	if (!gcry_cipher_open(&p->xts, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_XTS, 0) &&
	    !gcry_cipher_setkey(p->xts, keys->xts, sizeof(keys->xts)))
		return p;
	pagecrypt_free(p);
	return NULL;
}

void pagecrypt_free(struct pagecrypt *p)
{
	if (!p)
		return;
	gcry_cipher_close(p->xts);
	free(p);
}

/* The key schedule stays: only the tweak is set for each page. */
int pagecrypt_page(struct pagecrypt *p, const uint8_t *entry, uint8_t *page)
{
	uint8_t tweak[16];

	page_tweak_of(entry, p->nonce, tweak);
	return gcry_cipher_setiv(p->xts, tweak, sizeof(tweak)) ||
	       gcry_cipher_decrypt(p->xts, page, PAGE_SIZE, NULL, 0) ? -1 : 0;
}

void dumpcrypt_forget(void *p, size_t len)
{
	explicit_bzero(p, len);
}
