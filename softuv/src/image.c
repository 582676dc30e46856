// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UNPACK_IMG and VERIFY_IMG: the boot image's pages and its three digests.
 */
#include "call.h"
#include "uv.h"

#define RRC_ALD		0x001a
#define RRC_PLD		0x001b
#define RRC_TLD		0x001c
#define RRC_NEP		0x001d

void suv_image_start(struct conf *conf)
{
	sha512_init(&conf->pld);
	sha512_init(&conf->ald);
	sha512_init(&conf->tld);
	conf->nr_unpacked = 0;
}

/* The digests run over the pages in the order of the calls; content as stored in the image. */
static void hash_page(struct conf *conf, uint64_t guest_abs, const uint8_t *tweak,
		      const uint8_t *stored)
{
	uint8_t addr[8];

	put64(addr, guest_abs);
	sha512_update(&conf->pld, PAGE_SIZE, stored);
	sha512_update(&conf->ald, sizeof(addr), addr);
	sha512_update(&conf->tld, 16, tweak);
	conf->nr_unpacked++;
}

/*
 * UNPACK_IMG: the page becomes secure with its decrypted content. It does all or nothing, so
 * that a caller who rebuilds the control block and retries gets the page hashed once. The address
 * is guest absolute. What was hashed is stored again, also when it was not decrypted: a device may
 * have changed it in between.
 */
uint16_t suv_uvc_unpack(struct softuv *uv, struct uvc *c)
{
	struct conf *conf = c->conf;
	uint64_t guest_abs = get64(c->cb + 0x20), gaddr = conf->stor_origin + guest_abs, abs, hfn;
	const uint8_t *tweak = c->cb + 0x28;
	struct gpage *gp;
	uint16_t rc;

	if (guest_abs >= conf->stor_len)
		return SOFTUV_RC_PAGE_ADDR;
	rc = suv_find_page(uv, conf, gaddr, &abs);
	if (rc)
		return rc;
	hfn = abs >> PAGE_SHIFT;
	gp = suv_page(uv, conf, gaddr);
	if (gp && gp->kind != GP_UNUSED)
		return SOFTUV_RC_PAGE_UNPACKED;
	if (suv_state(uv, hfn) != PS_PLAIN)
		return SOFTUV_RC_PAGE_FOREIGN;
	gp = suv_page_make(uv, conf, gaddr);
	if (!gp)
		return SOFTUV_RC_RESOURCES;
	suv_occupy(uv, conf, gp, hfn, PS_SECURE);
	uv->ops.read(uv->opaque, abs, uv->page, PAGE_SIZE);
	hash_page(conf, guest_abs, tweak, uv->page);
	if (!(conf->hdr.pcf & SE_PCF_NO_ENCRYPTION))
		suv_xts_decrypt_page(&conf->hdr.image_dec, tweak, uv->page);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	return SOFTUV_RC_EXECUTED;
}

static bool digest_is(const struct sha512_ctx *running, const uint8_t expected[64])
{
	struct sha512_ctx ctx = *running;
	uint8_t digest[64];

	sha512_digest(&ctx, sizeof(digest), digest);
	return suv_equal(digest, expected, sizeof(digest));
}

uint16_t suv_uvc_verify(struct softuv *uv, struct uvc *c)
{
	struct conf *conf = c->conf;

	(void)uv;
	if (!digest_is(&conf->ald, conf->hdr.ald))
		c->rrc = RRC_ALD;
	else if (!digest_is(&conf->pld, conf->hdr.pld))
		c->rrc = RRC_PLD;
	else if (!digest_is(&conf->tld, conf->hdr.tld))
		c->rrc = RRC_TLD;
	else if (conf->nr_unpacked != conf->hdr.nep)
		c->rrc = RRC_NEP;
	if (c->rrc)
		return SOFTUV_RC_VERIFY;
	conf->state = CS_VERIFIED;
	return SOFTUV_RC_EXECUTED;
}
