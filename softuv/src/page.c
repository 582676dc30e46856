// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns import, export and destruction of secure pages and what is remembered of each guest page.
 * Never keeps page content; host storage has it, as plaintext nobody may touch or as ciphertext.
 */
#include "internal.h"

/* The host page behind @gaddr, usable by firmware: 0 with *@abs set, or SOFTUV_RC_PAGE_*. */
uint16_t suv_find_page(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t *abs)
{
	static const uint16_t rc[] = {
		[DAT_NOT_MAPPED] = SOFTUV_RC_PAGE_NOT_MAPPED,
		[DAT_PROTECTED] = SOFTUV_RC_PAGE_NOT_MAPPED,
		[DAT_LARGE] = SOFTUV_RC_PAGE_LARGE,
		[DAT_BAD_TABLE] = SOFTUV_RC_PAGE_TABLE,
	};
	enum dat_result dat;

	if (gaddr % PAGE_SIZE || gaddr < conf->stor_origin ||
	    gaddr - conf->stor_origin >= conf->stor_len)
		return SOFTUV_RC_PAGE_ADDR;
	dat = suv_dat_walk(uv, conf->asce, gaddr, abs);
	if (dat != DAT_OK)
		return rc[dat];
	if (!suv_is_storage(uv, *abs, PAGE_SIZE))
		return SOFTUV_RC_PAGE_ADDR;
	if (*abs < LOWCORE_LEN || suv_holds_uvcb(uv, *abs, PAGE_SIZE))
		return SOFTUV_RC_PAGE_FOREIGN;
	return 0;
}

/*
 * Tweak component of an export: the configuration's export counter in bytes 4-11, the page
 * number in bytes 12-15. Bytes 0-3 are 0: they belong to the nonce and never read all ones.
 */
void suv_component(const struct gpage *gp, uint64_t ctr, uint8_t out[16])
{
	put32(out, 0);
	put64(out + 4, ctr);
	put32(out + 12, (uint32_t)gp->gfn);
}

static void page_tweak(const struct conf *conf, const struct gpage *gp, uint8_t out[16])
{
	suv_component(gp, gp->ctr, out);
	for (unsigned int i = 0; i < 16; i++)
		out[i] |= conf->nonce[i];
}

/* GMAC over the ciphertext, bound to the guest address and, by the nonce, to this one export. */
static void page_mac(struct conf *conf, const struct gpage *gp, const uint8_t *data,
		     uint8_t mac[16])
{
	uint8_t iv[12] = { 0 }, bind[16] = { 0 };

	put64(iv + 4, gp->ctr);
	put64(bind, suv_page_gaddr(gp));
	gcm_aes256_set_iv(&conf->mac, sizeof(iv), iv);
	gcm_aes256_update(&conf->mac, sizeof(bind), bind);
	gcm_aes256_update(&conf->mac, PAGE_SIZE, data);
	gcm_aes256_digest(&conf->mac, 16, mac);
}

bool suv_in_storage(const struct gpage *gp)
{
	return gp->kind == GP_SECURE || gp->kind == GP_SHARED;
}

/*
 * Makes the host page @hfn the home of @gp, which has none. A secure page gets the counter of its
 * next export now, so that its tweak component can be told before and after that export alike.
 */
void suv_settle(struct softuv *uv, struct conf *conf, struct gpage *gp, uint64_t hfn,
		enum page_state st)
{
	if (st == PS_SECURE) {
		gp->kind = GP_SECURE;
		gp->ctr = ++conf->export_ctr;
	} else {
		gp->kind = GP_SHARED;
	}
	suv_page_enter_host(uv, gp, hfn);
	suv_set_state(uv, hfn, st);
}

/* The host page of @gp, which is in storage, becomes the host's. */
void suv_vacate(struct softuv *uv, struct gpage *gp, enum gpage_kind kind)
{
	suv_set_state(uv, gp->hfn, PS_PLAIN);
	suv_page_leave_host(uv, gp);
	gp->kind = kind;
}

/*
 * Brings exported content back in the host page @hfn. No CPU stores into it from the check on; on
 * a mismatch it is what it was.
 */
static uint16_t decrypt_page(struct softuv *uv, struct conf *conf, const struct gpage *gp,
			     uint64_t hfn)
{
	enum page_state old = suv_state(uv, hfn);
	uint64_t abs = hfn << PAGE_SHIFT;
	uint8_t mac[16], tweak[16];

	suv_set_state(uv, hfn, PS_SECURE);
	uv->ops.read(uv->opaque, abs, uv->page, PAGE_SIZE);
	page_mac(conf, gp, uv->page, mac);
	if (!suv_equal(mac, gp->mac, sizeof(mac))) {
		suv_set_state(uv, hfn, old);
		return SOFTUV_RC_PAGE_INTEGRITY;
	}
	page_tweak(conf, gp, tweak);
	xts_aes256_decrypt_message(&conf->dec, tweak, PAGE_SIZE, uv->page, uv->page);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	return 0;
}

static uint16_t clear_page(struct softuv *uv, uint64_t hfn)
{
	suv_set_state(uv, hfn, PS_SECURE);
	suv_clear(uv, hfn << PAGE_SHIFT, PAGE_SIZE);
	return 0;
}

/* The host moved a shared page without telling: its content is the host's, so follow it. */
static uint16_t move_shared(struct softuv *uv, struct gpage *gp)
{
	if (gp->kind == GP_SHARED) {
		if (suv_state(uv, gp->hfn) == PS_PINNED)
			return SOFTUV_RC_PAGE_ELSEWHERE;
		suv_vacate(uv, gp, GP_SHARED_AWAY);
	}
	return 0;
}

/* Prepares the host page for @gp: 0, or the failure, which changed nothing. */
static uint16_t fill_page(struct softuv *uv, struct conf *conf, struct gpage *gp, uint64_t hfn)
{
	switch (gp->kind) {
	case GP_UNUSED:
		return clear_page(uv, hfn);
	case GP_EXPORTED:
		return decrypt_page(uv, conf, gp, hfn);
	case GP_SECURE:
		return SOFTUV_RC_PAGE_ELSEWHERE;
	}
	return move_shared(uv, gp);
}

/*
 * Import of the page that the guest ASCE maps at @gaddr: SOFTUV_RC_EXECUTED or the failure.
 * A shared page of somebody else gives its host page up; a secure one is never taken.
 */
uint16_t suv_import(struct softuv *uv, struct conf *conf, uint64_t gaddr)
{
	struct gpage *gp, *old;
	enum page_state st;
	uint64_t abs, hfn;
	uint16_t rc = suv_find_page(uv, conf, gaddr, &abs);

	if (rc)
		return rc;
	hfn = abs >> PAGE_SHIFT;
	st = suv_state(uv, hfn);
	old = suv_page_in(uv, hfn);
	if (old && suv_page_owner(uv, old) == conf && suv_page_gaddr(old) == gaddr)
		return SOFTUV_RC_EXECUTED;
	if (st != PS_PLAIN && st != PS_SHARED)
		return SOFTUV_RC_PAGE_FOREIGN;
	gp = suv_page_make(uv, conf, gaddr);
	if (!gp)
		return SOFTUV_RC_PAGE_RESOURCES;
	rc = fill_page(uv, conf, gp, hfn);
	if (rc)
		return rc;
	if (old) {
		suv_page_leave_host(uv, old);
		old->kind = GP_SHARED_AWAY;
	}
	suv_settle(uv, conf, gp, hfn, gp->kind == GP_SHARED_AWAY ? PS_SHARED : PS_SECURE);
	return SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_import(struct softuv *uv, struct uvc *c)
{
	return suv_import(uv, c->conf, get64(c->cb + 0x20));
}

static void encrypt_page(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	uint64_t abs = gp->hfn << PAGE_SHIFT;
	uint8_t tweak[16], mac[16];

	page_tweak(conf, gp, tweak);
	uv->ops.read(uv->opaque, abs, uv->page, PAGE_SIZE);
	xts_aes256_encrypt_message(&conf->enc, tweak, PAGE_SIZE, uv->page, uv->page);
	page_mac(conf, gp, uv->page, mac);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	suv_vacate(uv, gp, GP_EXPORTED);
	memcpy(gp->mac, mac, sizeof(mac));
}

/* A secure or shared page leaves its host page; @keep encrypts, otherwise content is cleared. */
static void evict(struct softuv *uv, uint64_t hfn, bool keep)
{
	bool secure = suv_state(uv, hfn) == PS_SECURE;
	struct gpage *gp = suv_page_in(uv, hfn);

	if (gp && secure && keep) {
		encrypt_page(uv, suv_page_owner(uv, gp), gp);
		return;
	}
	if (secure || !keep)
		suv_clear(uv, hfn << PAGE_SHIFT, PAGE_SIZE);
	if (!gp)
		suv_set_state(uv, hfn, PS_PLAIN);
	else if (secure)
		suv_vacate(uv, gp, GP_UNUSED);
	else
		suv_shared_left(uv, suv_page_owner(uv, gp), gp);
}

/* Export and destroy-page take a host address and are no-ops on a page nobody owns. */
static uint16_t leave(struct softuv *uv, const struct uvc *c, bool keep)
{
	uint64_t abs = get64(c->cb + 0x18);

	if (abs % PAGE_SIZE || !suv_is_storage(uv, abs, PAGE_SIZE))
		return SOFTUV_RC_PAGE_ADDR;
	switch (suv_state(uv, abs >> PAGE_SHIFT)) {
	case PS_PLAIN:
		break;
	case PS_DONATED:
		return SOFTUV_RC_PAGE_FOREIGN;
	default:
		evict(uv, abs >> PAGE_SHIFT, keep);
	}
	return SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_export(struct softuv *uv, struct uvc *c)
{
	return leave(uv, c, true);
}

uint16_t suv_uvc_destroy_page(struct softuv *uv, struct uvc *c)
{
	return leave(uv, c, false);
}

/**
 * softuv_guest_page_present() - can the guest use this page without an import?
 * @uv: the Ultravisor
 * @conf_handle: configuration
 * @gaddr: guest absolute address in bytes
 *
 * Context: serialised with softuv_call().
 * Return: true for a secure or shared page that is in storage.
 */
bool softuv_guest_page_present(struct softuv *uv, uint64_t conf_handle, uint64_t gaddr)
{
	struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	struct gpage *gp = conf ? suv_page(uv, conf, gaddr) : NULL;

	return gp && suv_in_storage(gp);
}
