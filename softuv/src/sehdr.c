// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns SET_SEC_CONF_PARAMS: the Secure Execution header, version 1, checked, unwrapped, decrypted.
 * Never trusts a length in the header before it has been compared with the caller's.
 */
#include "internal.h"

/* Layout: s390-tools genprotimg/src/include/pv_hdr_def.h and rust/pvimg se_hdr. */
#define HDR_MAGIC	"IBMSecEx"
#define HDR_VERSION	0x100
#define OFF_VERSION	0x008
#define OFF_LENGTH	0x00c
#define OFF_IV		0x010
#define OFF_NKS		0x020
#define OFF_SEA		0x028
#define OFF_NEP		0x030
#define OFF_PCF		0x038
#define OFF_CUST_KEY	0x040
#define OFF_PLD		0x0e0
#define OFF_ALD		0x120
#define OFF_TLD		0x160
#define OFF_SLOTS	0x1a0
#define SLOT_LEN	80u
#define SLOT_KEY	32
#define SLOT_TAG	64
#define SECRET_LEN	128u
#define TAG_LEN		16u
#define HDR_MIN		(OFF_SLOTS + SECRET_LEN + TAG_LEN)

#define SECRET_IMAGE_KEY	0x20
#define SECRET_PSW		0x60
#define SECRET_SCF		0x70
#define SECRET_NOI		0x78

/* rrc: those of s390-tools rust/pvimg/boot/stage3a.c, then softuv's own from 0x80 on. */
#define RRC_VERSION		0x0001
#define RRC_NO_SLOT		0x0005
#define RRC_CUST_KEY		0x000b
#define RRC_PCF			0x0030
#define RRC_LENGTH		0x0031
#define RRC_BACKUP_SLOT		0x0034
#define RRC_SECRET_LEN		0x0039
#define RRC_NO_SLOTS		0x0040
#define RRC_MAGIC		0x0080
#define RRC_SLOT_TAG		0x0081
#define RRC_HEADER_TAG		0x0082
#define RRC_OPTIONAL_ITEMS	0x0083

static uint16_t fail(uint16_t rc, uint16_t *rrc, uint16_t reason)
{
	*rrc = reason;
	return rc;
}

static uint16_t check_plain(const uint8_t *raw, uint32_t len, uint16_t *rrc)
{
	uint64_t nks, sea;

	if (len < HDR_MIN)
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_LENGTH);
	if (memcmp(raw, HDR_MAGIC, 8))
		return fail(SOFTUV_RC_SSC_VERSION, rrc, RRC_MAGIC);
	if (get32(raw + OFF_VERSION) != HDR_VERSION)
		return fail(SOFTUV_RC_SSC_VERSION, rrc, RRC_VERSION);
	nks = get64(raw + OFF_NKS);
	sea = get64(raw + OFF_SEA);
	if (!nks)
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_NO_SLOTS);
	if (sea != SECRET_LEN)
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_SECRET_LEN);
	if (get32(raw + OFF_LENGTH) != len || nks > (len - HDR_MIN) / SLOT_LEN ||
	    HDR_MIN + nks * SLOT_LEN != len)
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_LENGTH);
	if (get64(raw + OFF_PCF) & ~PCF_SUPPORTED)
		return fail(SOFTUV_RC_SSC_PCF, rrc, RRC_PCF);
	return 0;
}

static const uint8_t *find_slot(const struct host_key *key, const uint8_t *raw)
{
	uint64_t nks = get64(raw + OFF_NKS);

	for (uint64_t i = 0; key->present && i < nks; i++) {
		const uint8_t *slot = raw + OFF_SLOTS + i * SLOT_LEN;

		if (suv_equal(slot, key->hash, sizeof(key->hash)))
			return slot;
	}
	return NULL;
}

/* Finds the slot for this machine and unwraps the header protection key from it. */
static uint16_t unwrap(const struct host_key key[2], const uint8_t *raw, uint8_t prot[KEY_LEN],
		       uint16_t *rrc)
{
	static const uint8_t iv[12];
	bool backup = get64(raw + OFF_PCF) & PCF_BACKUP_KEY;
	const struct host_key *own = &key[0];
	const uint8_t *slot = find_slot(own, raw);
	uint8_t kek[KEY_LEN];
	bool ok;

	if (!slot && backup && key[1].present) {
		own = &key[1];
		slot = find_slot(own, raw);
		if (!slot)
			return fail(SOFTUV_RC_SSC_KEY, rrc, RRC_BACKUP_SLOT);
	}
	if (!slot)
		return fail(SOFTUV_RC_SSC_KEY, rrc, RRC_NO_SLOT);
	if (!suv_ecdh_kek(own->scalar, raw + OFF_CUST_KEY, kek))
		return fail(SOFTUV_RC_SSC_KEY, rrc, RRC_CUST_KEY);
	ok = suv_gcm_open(kek, iv, NULL, 0, slot + SLOT_KEY, KEY_LEN, slot + SLOT_TAG, prot);
	suv_wipe(kek, sizeof(kek));
	return ok ? 0 : fail(SOFTUV_RC_SSC_KEY, rrc, RRC_SLOT_TAG);
}

static uint16_t take_secret(const uint8_t *secret, struct sehdr *hdr, uint16_t *rrc)
{
	if (get32(secret + SECRET_NOI))
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_OPTIONAL_ITEMS);
	hdr->scf = get64(secret + SECRET_SCF);
	if (hdr->scf & ~SCF_SUPPORTED)
		return fail(SOFTUV_RC_SSC_SCF, rrc, 0);
	memcpy(hdr->cck, secret, KEY_LEN);
	memcpy(hdr->psw, secret + SECRET_PSW, sizeof(hdr->psw));
	xts_aes256_set_decrypt_key(&hdr->image_key, secret + SECRET_IMAGE_KEY);
	return 0;
}

/*
 * Checks and decrypts the header of @len bytes at @raw with one of the two host keys.
 * 0 with @hdr filled, or rc with *@rrc set.
 */
uint16_t suv_sehdr_open(const struct host_key key[2], const uint8_t *raw, uint32_t len,
			struct sehdr *hdr, uint16_t *rrc)
{
	uint8_t prot[KEY_LEN], secret[SECRET_LEN];
	uint32_t aad_len;
	uint16_t rc = check_plain(raw, len, rrc);

	if (!rc)
		rc = unwrap(key, raw, prot, rrc);
	if (rc)
		return rc;
	aad_len = len - SECRET_LEN - TAG_LEN;
	if (!suv_gcm_open(prot, raw + OFF_IV, raw, aad_len, raw + aad_len, SECRET_LEN,
			  raw + len - TAG_LEN, secret)) {
		suv_wipe(prot, sizeof(prot));
		return fail(SOFTUV_RC_SSC_FORMAT, rrc, RRC_HEADER_TAG);
	}
	suv_wipe(prot, sizeof(prot));
	rc = take_secret(secret, hdr, rrc);
	suv_wipe(secret, sizeof(secret));
	hdr->pcf = get64(raw + OFF_PCF);
	hdr->nep = get64(raw + OFF_NEP);
	memcpy(hdr->pld, raw + OFF_PLD, sizeof(hdr->pld));
	memcpy(hdr->ald, raw + OFF_ALD, sizeof(hdr->ald));
	memcpy(hdr->tld, raw + OFF_TLD, sizeof(hdr->tld));
	return rc;
}

uint16_t suv_uvc_set_params(struct softuv *uv, struct uvc *c)
{
	uint64_t va = get64(c->cb + 0x20);
	uint32_t len = get32(c->cb + 0x28);
	uint8_t raw[SEHDR_MAX];
	uint16_t rc;

	if (len < HDR_MIN || len > SEHDR_MAX)
		return fail(SOFTUV_RC_SSC_FORMAT, &c->rrc, RRC_LENGTH);
	if (suv_read_logical(uv, c->cpu, va, raw, len))
		return SOFTUV_RC_SSC_ACCESS;
	rc = suv_sehdr_open(uv->key, raw, len, &c->conf->hdr, &c->rrc);
	if (rc)
		return rc;
	suv_image_start(c->conf);
	c->conf->state = CS_PARAMS;
	return SOFTUV_RC_EXECUTED;
}
