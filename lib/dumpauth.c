// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys of a dump from the CCK by nettle, for check-vmcore and the tests. */
#include "dumpauth.h"

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <string.h>

void dump_key_derive(const uint8_t cck[32], const uint8_t seed[64], uint8_t key[32])
{
	struct hmac_sha512_ctx ctx;
	uint8_t prk[SHA512_DIGEST_SIZE];

	hmac_sha512_set_key(&ctx, 64, seed);
	hkdf_extract(&ctx, (nettle_hash_update_func *)hmac_sha512_update,
		     (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk), 32, cck, prk);
	hmac_sha512_set_key(&ctx, sizeof(prk), prk);
	hkdf_expand(&ctx, (nettle_hash_update_func *)hmac_sha512_update,
		    (nettle_hash_digest_func *)hmac_sha512_digest, sizeof(prk),
		    strlen(COMPL_INFO), (const uint8_t *)COMPL_INFO, 32, key);
}

int dump_authenticate(const struct dumpread *d, const uint8_t cck[32], struct dump_keys *keys,
		      struct fail *f)
{
	const uint8_t *c = d->compl_data;
	uint8_t plain[COMPL_ENC_SIZE];

	dump_key_derive(cck, c + COMPL_OFF_SEED, keys->dump_key);
	if (gcm_open(keys->dump_key, c + COMPL_OFF_IV, c, COMPL_OFF_ENC, c + COMPL_OFF_ENC,
		     COMPL_ENC_SIZE, plain, c + COMPL_OFF_TAG))
		return fail_set(f, "%s: completion data: tag mismatch: wrong CCK or modified data",
				d->src.name);
	memcpy(keys->nonce, plain + COMPL_ENC_NONCE, sizeof(keys->nonce));
	memcpy(keys->xts, plain + COMPL_ENC_XTS, sizeof(keys->xts));
	return 0;
}

int dump_open_vcpu(const struct dumpread *d, const struct dump_keys *keys, uint32_t n,
		   uint8_t *area, struct fail *f)
{
	if (dumpread_bytes(d, d->vcpu[n].offset, area, CPU_AREA_SIZE, f))
		return -1;
	if (!gcm_open(keys->dump_key, area + CPU_AREA_OFF_IV, area, CPU_AREA_OFF_ENC,
		      area + CPU_AREA_OFF_ENC, CPU_AREA_ENC_SIZE, area + CPU_AREA_OFF_ENC,
		      area + CPU_AREA_OFF_TAG))
		return 0;
	return fail_set(f, "%s: vCPU %u: PV data: tag mismatch", d->src.name, n);
}

void dump_open_page(const struct dump_keys *keys, const uint8_t *entry, uint8_t *page)
{
	struct xts_aes256_key key;
	uint8_t tweak[16];

	page_tweak_of(entry, keys->nonce, tweak);
	xts_aes256_set_decrypt_key(&key, keys->xts);
	xts_aes256_decrypt_message(&key, tweak, PAGE_SIZE, page, page);
}
