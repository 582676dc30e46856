// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Import, export and destruction of secure pages, and what is remembered of each guest page.
 */
#include "call.h"
#include "uv.h"

/* Is @gaddr, an address in the configuration's address space, one of the guest's? */
bool suv_in_guest(const struct conf *conf, uint64_t gaddr)
{
	return gaddr >= conf->stor_origin && gaddr - conf->stor_origin < conf->stor_len;
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

	if (gaddr % PAGE_SIZE || !suv_in_guest(conf, gaddr))
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

/*
 * Makes the host page @hfn the home of @gp, which has none. A secure page gets the counter of its
 * next export now, so that its tweak component can be told before and after that export alike.
 */
void suv_occupy(struct softuv *uv, struct conf *conf, struct gpage *gp, uint64_t hfn,
		enum page_state st)
{
	if (st == PS_SECURE) {
		gp->kind = GP_SECURE;
		gp->ctr = ++conf->export_ctr;
	} else {
		gp->kind = GP_SHARED;
	}
	suv_link_host(uv, gp, hfn);
	suv_set_state(uv, hfn, st);
}

/* The host page of @gp, which is in storage, becomes the host's. */
static void vacate(struct softuv *uv, struct gpage *gp, enum gpage_kind kind)
{
	suv_set_state(uv, gp->hfn, PS_PLAIN);
	suv_unlink_host(uv, gp);
	gp->kind = kind;
}

/*
 * Gets the content of the exported page @gp, whose ciphertext is in the host page @hfn, into
 * uv->page. No CPU stores into the host page from the check on: it is secure then. On a mismatch it
 * is what it was.
 */
static uint16_t decrypt_copy(struct softuv *uv, struct conf *conf, const struct gpage *gp,
			     uint64_t hfn)
{
	enum page_state old = suv_state(uv, hfn);
	uint8_t mac[16], tweak[16];

	suv_set_state(uv, hfn, PS_SECURE);
	uv->ops.read(uv->opaque, hfn << PAGE_SHIFT, uv->page, PAGE_SIZE);
	page_mac(conf, gp, uv->page, mac);
	if (!suv_equal(mac, gp->mac, sizeof(mac))) {
		suv_set_state(uv, hfn, old);
		return SOFTUV_RC_PAGE_INTEGRITY;
	}
	page_tweak(conf, gp, tweak);
	suv_xts_decrypt_page(&conf->dec, tweak, uv->page);
	return 0;
}

static uint16_t decrypt_page(struct softuv *uv, struct conf *conf, const struct gpage *gp,
			     uint64_t hfn)
{
	uint16_t rc = decrypt_copy(uv, conf, gp, hfn);

	if (!rc)
		uv->ops.write(uv->opaque, hfn << PAGE_SHIFT, uv->page, PAGE_SIZE);
	return rc;
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
		vacate(uv, gp, GP_SHARED_AWAY);
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
		return SOFTUV_RC_RESOURCES;
	rc = fill_page(uv, conf, gp, hfn);
	if (rc)
		return rc;
	if (old) {
		suv_unlink_host(uv, old);
		old->kind = GP_SHARED_AWAY;
	}
	suv_occupy(uv, conf, gp, hfn, gp->kind == GP_SHARED_AWAY ? PS_SHARED : PS_SECURE);
	return SOFTUV_RC_EXECUTED;
}

/*
 * Reads @len bytes from the beginning of the guest's page at @gaddr, also of one that is exported:
 * 0, or the failure of its import. Nothing changes.
 */
uint16_t suv_peek(struct softuv *uv, struct conf *conf, uint64_t gaddr, void *buf, uint32_t len)
{
	const struct gpage *gp = suv_page(uv, conf, gaddr);
	enum page_state old;
	uint64_t abs;
	uint16_t rc;

	if (!gp || (gp->kind != GP_SECURE && gp->kind != GP_EXPORTED))
		return SOFTUV_RC_PAGE_NOT_MAPPED;
	if (gp->kind == GP_SECURE) {
		uv->ops.read(uv->opaque, gp->hfn << PAGE_SHIFT, buf, len);
		return 0;
	}
	rc = suv_find_page(uv, conf, gaddr, &abs);
	if (rc)
		return rc;
	old = suv_state(uv, abs >> PAGE_SHIFT);
	if (old != PS_PLAIN && old != PS_SHARED)
		return SOFTUV_RC_PAGE_FOREIGN;
	rc = decrypt_copy(uv, conf, gp, abs >> PAGE_SHIFT);
	if (rc)
		return rc;
	suv_set_state(uv, abs >> PAGE_SHIFT, old);
	memcpy(buf, uv->page, len);
	suv_wipe(uv->page, sizeof(uv->page));
	return 0;
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
	suv_xts_encrypt_page(&conf->enc, tweak, uv->page);
	page_mac(conf, gp, uv->page, mac);
	uv->ops.write(uv->opaque, abs, uv->page, PAGE_SIZE);
	vacate(uv, gp, GP_EXPORTED);
	memcpy(gp->mac, mac, sizeof(mac));
}

/* A page that is no longer shared counts as never used: its next import gives zeros. */
void suv_end_share(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	if (gp->kind == GP_SHARED)
		vacate(uv, gp, GP_UNUSED);
	gp->kind = GP_UNUSED;
	gp->unshare = 0;
	conf->nr_shared--;
}

/* The host page of a shared page is the host's again. */
static void shared_left(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	if (gp->unshare)
		suv_end_share(uv, conf, gp);
	else
		vacate(uv, gp, GP_SHARED_AWAY);
}

/* The guest ends: its page, cleared if it is secure, is the host's. */
void suv_release(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	if (gp->kind == GP_SHARED || gp->kind == GP_SHARED_AWAY) {
		suv_end_share(uv, conf, gp);
	} else if (gp->kind == GP_SECURE) {
		suv_clear(uv, gp->hfn << PAGE_SHIFT, PAGE_SIZE);
		vacate(uv, gp, GP_UNUSED);
	}
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
		vacate(uv, gp, GP_UNUSED);
	else
		shared_left(uv, suv_page_owner(uv, gp), gp);
}

/* Export and destroy-page take a host address and are no-ops on a page nobody owns. */
static uint16_t evict_at(struct softuv *uv, const struct uvc *c, bool keep)
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
	return evict_at(uv, c, true);
}

uint16_t suv_uvc_destroy_page(struct softuv *uv, struct uvc *c)
{
	return evict_at(uv, c, false);
}

/**
 * softuv_guest_access() - may a guest use the host page that its host has mapped for it?
 * @uv: the Ultravisor
 * @conf_handle: configuration
 * @gaddr: address in bytes in the guest's address space
 * @abs: host absolute address that the host's tables have for it
 *
 * Context: serialised with softuv_call().
 * Return: 0; SOFTUV_PGM_NON_SECURE when the host has to import the page; SOFTUV_PGM_VIOLATION when
 * it belongs to somebody else or is a different page of this guest.
 */
int softuv_guest_access(struct softuv *uv, uint64_t conf_handle, uint64_t gaddr, uint64_t abs)
{
	const struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	const struct gpage *gp;

	if (!conf || !suv_in_guest(conf, gaddr) || !suv_is_storage(uv, abs, 1))
		return SOFTUV_PGM_VIOLATION;
	gp = suv_page_in(uv, abs >> PAGE_SHIFT);
	if (gp && suv_page_owner(uv, gp) == conf && suv_page_gaddr(gp) == gaddr - gaddr % PAGE_SIZE)
		return 0;
	return softuv_host_access(uv, abs) ? SOFTUV_PGM_VIOLATION : SOFTUV_PGM_NON_SECURE;
}

/**
 * softuv_guest_page_present() - can the guest use this page without an import?
 * @uv: the Ultravisor
 * @conf_handle: configuration
 * @guest_abs: guest absolute address in bytes
 *
 * Context: serialised with softuv_call().
 * Return: true for a secure or shared page that is in storage.
 */
bool softuv_guest_page_present(struct softuv *uv, uint64_t conf_handle, uint64_t guest_abs)
{
	struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	struct gpage *gp;

	if (!conf || guest_abs >= conf->stor_len)
		return false;
	gp = suv_page(uv, conf, conf->stor_origin + guest_abs);
	return gp && suv_in_storage(gp);
}
