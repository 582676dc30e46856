// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SET_SEC_CONF_PARAMS: the Secure Execution header, version 1, checked, unwrapped, decrypted.
 */
#include "call.h"
#include "uv.h"

#define KNOWN_PCF	(SE_PCF_DUMP | SE_PCF_NO_ENCRYPTION | SE_PCF_PCKMO_DEA | \
			 SE_PCF_PCKMO_AES | SE_PCF_PCKMO_ECC | SE_PCF_PCKMO_HMAC | \
			 SE_PCF_BACKUP_KEY)
#define SCF_SUPPORTED	(SE_SCF_CCK_EXTENSION | SE_SCF_CCK_UPDATE)

_Static_assert(PCF_SUPPORTED == KNOWN_PCF, "QUI reports what is supported");

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

	if (len < SE_HDR_SIZE(0))
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_LENGTH);
	if (get64(raw) != SE_MAGIC)
		return fail(SOFTUV_RC_SET_PARAMS_VERSION, rrc, RRC_MAGIC);
	if (get32(raw + SE_OFF_VERSION) != SE_VERSION)
		return fail(SOFTUV_RC_SET_PARAMS_VERSION, rrc, RRC_VERSION);
	nks = get64(raw + SE_OFF_NKS);
	sea = get64(raw + SE_OFF_SEA);
	if (!nks)
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_NO_SLOTS);
	if (sea != SE_SEA)
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_SECRET_LEN);
	if (get32(raw + SE_OFF_PHS) != len || nks > (len - SE_HDR_SIZE(0)) / SE_SLOT_SIZE ||
	    SE_HDR_SIZE(0) + nks * SE_SLOT_SIZE != len)
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_LENGTH);
	if (get64(raw + SE_OFF_PCF) & ~PCF_SUPPORTED)
		return fail(SOFTUV_RC_SET_PARAMS_PCF, rrc, RRC_PCF);
	return 0;
}

static const uint8_t *find_slot(const struct host_key *key, const uint8_t *raw)
{
	uint64_t nks = get64(raw + SE_OFF_NKS);

	for (uint64_t i = 0; key->present && i < nks; i++) {
		const uint8_t *slot = raw + SE_OFF_SLOTS + i * SE_SLOT_SIZE;

		if (suv_equal(slot, key->hash, sizeof(key->hash)))
			return slot;
	}
	return NULL;
}

/* Finds the slot for this machine and unwraps the header protection key from it. */
static uint16_t unwrap(const struct host_key key[2], const uint8_t *raw,
		       uint8_t prot[SE_KEY_SIZE], uint16_t *rrc)
{
	static const uint8_t iv[12];
	bool backup = get64(raw + SE_OFF_PCF) & SE_PCF_BACKUP_KEY;
	const struct host_key *own = &key[0];
	const uint8_t *slot = find_slot(own, raw);
	uint8_t kek[SE_KEY_SIZE];
	bool ok;

	if (!slot && backup && key[1].present) {
		own = &key[1];
		slot = find_slot(own, raw);
		if (!slot)
			return fail(SOFTUV_RC_SET_PARAMS_KEY, rrc, RRC_BACKUP_SLOT);
	}
	if (!slot)
		return fail(SOFTUV_RC_SET_PARAMS_KEY, rrc, RRC_NO_SLOT);
	if (!suv_ecdh_kek(own->scalar, raw + SE_OFF_CUST_PUB, kek))
		return fail(SOFTUV_RC_SET_PARAMS_KEY, rrc, RRC_CUST_KEY);
	ok = suv_gcm_open(kek, iv, NULL, 0, slot + SE_SLOT_WRAPPED, SE_KEY_SIZE,
			  slot + SE_SLOT_TAG, prot);
	suv_wipe(kek, sizeof(kek));
	return ok ? 0 : fail(SOFTUV_RC_SET_PARAMS_KEY, rrc, RRC_SLOT_TAG);
}

static uint16_t take_secret(const uint8_t *secret, struct sehdr *hdr, uint16_t *rrc)
{
	if (get32(secret + SE_ENC_NOI))
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_OPTIONAL_ITEMS);
	hdr->scf = get64(secret + SE_ENC_SCF);
	if (hdr->scf & ~SCF_SUPPORTED)
		return fail(SOFTUV_RC_SET_PARAMS_SCF, rrc, 0);
	memcpy(hdr->cck, secret, SE_KEY_SIZE);
	memcpy(hdr->psw, secret + SE_ENC_PSW_MASK, sizeof(hdr->psw));
	suv_xts_decrypt_key(&hdr->image_dec, secret + SE_ENC_XTS);
	return 0;
}

/*
 * Checks and decrypts the header of @len bytes at @raw with one of the two host keys.
 * 0 with @hdr filled, or rc with *@rrc set.
 */
uint16_t suv_sehdr_open(const struct host_key key[2], const uint8_t *raw, uint32_t len,
			struct sehdr *hdr, uint16_t *rrc)
{
	uint8_t prot[SE_KEY_SIZE], secret[SE_SEA];
	uint32_t aad_len;
	uint16_t rc = check_plain(raw, len, rrc);

	if (!rc)
		rc = unwrap(key, raw, prot, rrc);
	if (rc)
		return rc;
	aad_len = len - SE_SEA - SE_TAG_SIZE;
	if (!suv_gcm_open(prot, raw + SE_OFF_IV, raw, aad_len, raw + aad_len, SE_SEA,
			  raw + len - SE_TAG_SIZE, secret)) {
		suv_wipe(prot, sizeof(prot));
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, rrc, RRC_HEADER_TAG);
	}
	suv_wipe(prot, sizeof(prot));
	rc = take_secret(secret, hdr, rrc);
	suv_wipe(secret, sizeof(secret));
	hdr->pcf = get64(raw + SE_OFF_PCF);
	hdr->nep = get64(raw + SE_OFF_NEP);
	memcpy(hdr->pld, raw + SE_OFF_PLD, sizeof(hdr->pld));
	memcpy(hdr->ald, raw + SE_OFF_ALD, sizeof(hdr->ald));
	memcpy(hdr->tld, raw + SE_OFF_TLD, sizeof(hdr->tld));
	return rc;
}

uint16_t suv_uvc_set_params(struct softuv *uv, struct uvc *c)
{
	uint64_t va = get64(c->cb + 0x20);
	uint32_t len = get32(c->cb + 0x28);
	uint8_t raw[SE_HDR_MAX];
	struct sehdr hdr;
	uint16_t rc;

	if (len < SE_HDR_SIZE(0) || len > SE_HDR_MAX)
		return fail(SOFTUV_RC_SET_PARAMS_FORMAT, &c->rrc, RRC_LENGTH);
	if (suv_read_logical(uv, c->host_cpu, va, raw, len))
		return SOFTUV_RC_SET_PARAMS_ACCESS;
	rc = suv_sehdr_open(uv->key, raw, len, &hdr, &c->rrc);
	if (!rc) {
		c->conf->hdr = hdr;
		suv_image_start(c->conf);
		c->conf->state = CS_PARAMS;
		rc = SOFTUV_RC_EXECUTED;
	}
	suv_wipe(&hdr, sizeof(hdr));
	return rc;
}
