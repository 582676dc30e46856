// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns import, export and destruction of secure pages and what is remembered of each guest page.
 * Never keeps page content; host storage has it, as plaintext nobody may touch or as ciphertext.
 */
#include "internal.h"

/* What is known of the page at @gaddr; NULL when nothing is, or without memory for @make. */
struct gpage *suv_gpage(struct conf *conf, uint64_t gaddr, bool make)
{
	struct gblock *b;

	b = make ? suv_radix_make(&conf->gpages, gaddr >> BLOCK_SHIFT, sizeof(*b)) :
		   suv_radix_get(&conf->gpages, gaddr >> BLOCK_SHIFT);
	return b ? &b->page[gaddr >> PAGE_SHIFT & (BLOCK_PAGES - 1)] : NULL;
}

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
void suv_component(const struct conf *conf, uint64_t gaddr, uint64_t ctr, uint8_t out[16])
{
	(void)conf;
	put32(out, 0);
	put64(out + 4, ctr);
	put32(out + 12, (uint32_t)(gaddr >> PAGE_SHIFT));
}

static void page_tweak(const struct conf *conf, uint64_t gaddr, uint64_t ctr, uint8_t out[16])
{
	suv_component(conf, gaddr, ctr, out);
	for (unsigned int i = 0; i < 16; i++)
		out[i] |= conf->nonce[i];
}

/* GMAC over the ciphertext, bound to the guest address and, by the nonce, to this one export. */
static void page_mac(struct conf *conf, uint64_t gaddr, uint64_t ctr, const uint8_t *data,
		     uint8_t mac[16])
{
	uint8_t iv[12] = { 0 }, bind[16] = { 0 };

	put64(iv + 4, ctr);
	put64(bind, gaddr);
	gcm_aes256_set_iv(&conf->mac, sizeof(iv), iv);
	gcm_aes256_update(&conf->mac, sizeof(bind), bind);
	gcm_aes256_update(&conf->mac, PAGE_SIZE, data);
	gcm_aes256_digest(&conf->mac, 16, mac);
}

/*
 * Makes the free host page @abs the home of @gaddr. A secure page gets the counter of its next
 * export now, so that its tweak component can be told before and after that export alike.
 */
bool suv_take_frame(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t abs,
		    enum page_state st)
{
	struct frame *f = suv_frame(uv, abs >> PAGE_SHIFT, true);
	struct gpage *gp = suv_gpage(conf, gaddr, true);

	if (!f || !gp)
		return false;
	f->conf = conf->handle;
	f->gaddr = gaddr;
	gp->hfn = (uint32_t)(abs >> PAGE_SHIFT);
	if (st == PS_SECURE) {
		gp->kind = GP_SECURE;
		gp->ctr = ++conf->export_ctr;
	} else {
		gp->kind = GP_SHARED;
	}
	suv_set_state(uv, abs >> PAGE_SHIFT, st);
	return true;
}

/* Brings exported content back; on a mismatch the host page stays the host's. */
static uint16_t decrypt_page(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t abs)
{
	struct gpage *gp = suv_gpage(conf, gaddr, false);
	uint64_t ctr = gp->ctr;
	uint8_t mac[16], tweak[16];

	if (!suv_take_frame(uv, conf, gaddr, abs, PS_SECURE))
		return SOFTUV_RC_PAGE_RESOURCES;
	uv->ops.read(uv->opaque, abs, uv->page, PAGE_SIZE);
	page_mac(conf, gaddr, ctr, uv->page, mac);
	if (!suv_equal(mac, gp->mac, sizeof(mac))) {
		gp->kind = GP_EXPORTED;
		gp->ctr = ctr;
		suv_set_state(uv, abs >> PAGE_SHIFT, PS_PLAIN);
		return SOFTUV_RC_PAGE_INTEGRITY;
	}
	page_tweak(conf, gaddr, ctr, tweak);
	xts_aes256_decrypt_message(&conf->dec, tweak, PAGE_SIZE, uv->page, uv->page);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	return SOFTUV_RC_EXECUTED;
}

static uint16_t clear_page(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t abs)
{
	if (!suv_take_frame(uv, conf, gaddr, abs, PS_SECURE))
		return SOFTUV_RC_PAGE_RESOURCES;
	suv_clear(uv, abs, PAGE_SIZE);
	return SOFTUV_RC_EXECUTED;
}

/* The host moved a shared page without telling: its content is the host's, so follow it. */
static uint16_t move_shared(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t abs)
{
	struct gpage *gp = suv_gpage(conf, gaddr, false);

	if (gp->kind == GP_SHARED) {
		if (suv_state(uv, gp->hfn) == PS_PINNED)
			return SOFTUV_RC_PAGE_ELSEWHERE;
		suv_set_state(uv, gp->hfn, PS_PLAIN);
	}
	return suv_take_frame(uv, conf, gaddr, abs, PS_SHARED) ? SOFTUV_RC_EXECUTED :
								 SOFTUV_RC_PAGE_RESOURCES;
}

/* Gives the host page of another owner's shared page up; secure pages are never taken. */
static uint16_t release_frame(struct softuv *uv, uint64_t hfn)
{
	struct frame *f = suv_frame(uv, hfn, false);
	struct conf *owner = f ? suv_handle_get(uv, OBJ_CONF, f->conf) : NULL;

	if (suv_state(uv, hfn) != PS_SHARED)
		return SOFTUV_RC_PAGE_FOREIGN;
	if (owner)
		suv_gpage(owner, f->gaddr, true)->kind = GP_SHARED_AWAY;
	suv_set_state(uv, hfn, PS_PLAIN);
	return 0;
}

static bool owns(struct softuv *uv, const struct conf *conf, uint64_t gaddr, uint64_t hfn)
{
	struct frame *f = suv_frame(uv, hfn, false);

	return f && f->conf == conf->handle && f->gaddr == gaddr;
}

/* Import of the page that the guest ASCE maps at @gaddr: SOFTUV_RC_EXECUTED or the failure. */
uint16_t suv_import(struct softuv *uv, struct conf *conf, uint64_t gaddr)
{
	struct gpage *gp;
	uint64_t abs, hfn;
	uint16_t rc = suv_find_page(uv, conf, gaddr, &abs);

	if (rc)
		return rc;
	hfn = abs >> PAGE_SHIFT;
	if (suv_state(uv, hfn) == PS_DONATED)
		return SOFTUV_RC_PAGE_FOREIGN;
	if (suv_state(uv, hfn) != PS_PLAIN) {
		if (owns(uv, conf, gaddr, hfn))
			return SOFTUV_RC_EXECUTED;
		rc = release_frame(uv, hfn);
		if (rc)
			return rc;
	}
	gp = suv_gpage(conf, gaddr, true);
	if (!gp)
		return SOFTUV_RC_PAGE_RESOURCES;
	switch (gp->kind) {
	case GP_UNUSED:
		return clear_page(uv, conf, gaddr, abs);
	case GP_EXPORTED:
		return decrypt_page(uv, conf, gaddr, abs);
	case GP_SECURE:
		return SOFTUV_RC_PAGE_ELSEWHERE;
	}
	return move_shared(uv, conf, gaddr, abs);
}

uint16_t suv_uvc_import(struct softuv *uv, struct uvc *c)
{
	return suv_import(uv, c->conf, get64(c->cb + 0x20));
}

static void encrypt_page(struct softuv *uv, struct conf *conf, const struct frame *f,
			 uint64_t abs)
{
	struct gpage *gp = suv_gpage(conf, f->gaddr, false);
	uint8_t tweak[16];

	page_tweak(conf, f->gaddr, gp->ctr, tweak);
	uv->ops.read(uv->opaque, abs, uv->page, PAGE_SIZE);
	xts_aes256_encrypt_message(&conf->enc, tweak, PAGE_SIZE, uv->page, uv->page);
	page_mac(conf, f->gaddr, gp->ctr, uv->page, gp->mac);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	gp->kind = GP_EXPORTED;
}

/* A secure or shared page leaves its host page; @keep encrypts, otherwise content is cleared. */
static void evict(struct softuv *uv, uint64_t hfn, bool keep)
{
	struct frame *f = suv_frame(uv, hfn, false);
	struct conf *conf = suv_handle_get(uv, OBJ_CONF, f->conf);
	struct gpage *gp = conf ? suv_gpage(conf, f->gaddr, false) : NULL;

	if (suv_state(uv, hfn) == PS_SECURE) {
		if (gp && keep) {
			encrypt_page(uv, conf, f, hfn << PAGE_SHIFT);
		} else {
			suv_clear(uv, hfn << PAGE_SHIFT, PAGE_SIZE);
			if (gp)
				gp->kind = GP_UNUSED;
		}
	} else {
		if (!keep)
			suv_clear(uv, hfn << PAGE_SHIFT, PAGE_SIZE);
		if (gp)
			suv_shared_left(conf, f->gaddr);
	}
	suv_set_state(uv, hfn, PS_PLAIN);
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
	struct gpage *gp = conf ? suv_gpage(conf, gaddr, false) : NULL;

	return gp && (gp->kind == GP_SECURE || gp->kind == GP_SHARED);
}
