// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared pages: the guest's share and unshare, the host's pin and unpin.
 */
#include "call.h"
#include "uv.h"

static int share(struct softuv *uv, struct conf *conf, uint64_t gaddr)
{
	struct gpage *gp = suv_page_make(uv, conf, gaddr);

	if (!gp)
		return SOFTUV_RC_RESOURCES;
	if (gp->kind == GP_EXPORTED) {
		int rc = suv_import(uv, conf, gaddr);

		if (rc != SOFTUV_RC_EXECUTED)
			return rc;
	}
	gp->unshare = 0;
	if (gp->kind == GP_SHARED || gp->kind == GP_SHARED_AWAY)
		return SOFTUV_RC_EXECUTED;
	if (gp->kind == GP_SECURE) {
		gp->kind = GP_SHARED;
		suv_set_state(uv, gp->hfn, PS_SHARED);
	} else {
		gp->kind = GP_SHARED_AWAY;
	}
	conf->nr_shared++;
	return SOFTUV_RC_EXECUTED;
}

static int unshare(struct softuv *uv, struct conf *conf, uint64_t gaddr)
{
	struct gpage *gp = suv_page(uv, conf, gaddr);

	if (!gp || (gp->kind != GP_SHARED && gp->kind != GP_SHARED_AWAY))
		return SOFTUV_RC_EXECUTED;
	if (gp->kind == GP_SHARED && suv_state(uv, gp->hfn) == PS_PINNED) {
		gp->unshare = 1;
		return SOFTUV_GUEST_INTERCEPT;
	}
	suv_end_share(uv, conf, gp);
	return SOFTUV_RC_EXECUTED;
}

/**
 * softuv_guest_share() - what a guest's SET_SHARED or REMOVE_SHARED access does
 * @uv: the Ultravisor
 * @conf_handle: the guest's configuration
 * @guest_abs: guest absolute address of the page
 * @on: true to share, false to unshare
 *
 * Sharing keeps the content. An unshared page counts as never used and reads as zeros. A page
 * that was exported is imported first and has to be mapped.
 *
 * Context: serialised with softuv_call().
 * Return: the rc for the guest (0x0001 done, also when nothing changed; SOFTUV_RC_PAGE_ADDR for
 * an address outside the guest; else the import's), SOFTUV_RC_INV_CONF for a bad handle, or
 * SOFTUV_GUEST_INTERCEPT when the host has to unpin the page first.
 */
int softuv_guest_share(struct softuv *uv, uint64_t conf_handle, uint64_t guest_abs, bool on)
{
	struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	uint64_t gaddr;

	if (!conf)
		return SOFTUV_RC_INV_CONF;
	if (guest_abs % PAGE_SIZE || guest_abs >= conf->stor_len)
		return SOFTUV_RC_PAGE_ADDR;
	gaddr = conf->stor_origin + guest_abs;
	return on ? share(uv, conf, gaddr) : unshare(uv, conf, gaddr);
}

/*
 * The guest's call. A page that is exported and that the host has not mapped is the host's to
 * bring, as for any other access of the guest.
 */
uint16_t suv_uvc_share(struct softuv *uv, struct uvc *c)
{
	uint64_t guest_abs = get64(c->cb + 0x20);
	int rc = softuv_guest_share(uv, c->conf->handle, guest_abs, c->desc->cmd == 0x1000);

	if (rc == SOFTUV_GUEST_INTERCEPT) {
		c->intercept = true;
		return 0;
	}
	if (rc == SOFTUV_RC_PAGE_NOT_MAPPED) {
		c->pgm = SOFTUV_PGM_NON_SECURE;
		c->pgm_va = c->conf->stor_origin + guest_abs;
	}
	return (uint16_t)rc;
}

/* PIN_PAGE_SHARED fails for every page that is not shared, so that the host exports instead. */
uint16_t suv_uvc_pin(struct softuv *uv, struct uvc *c)
{
	uint64_t abs = get64(c->cb + 0x18);
	enum page_state st;

	if (abs % PAGE_SIZE || !suv_is_storage(uv, abs, PAGE_SIZE))
		return SOFTUV_RC_PAGE_ADDR;
	st = suv_state(uv, abs >> PAGE_SHIFT);
	if (st != PS_SHARED && st != PS_PINNED)
		return SOFTUV_RC_PAGE_NOT_SHARED;
	suv_set_state(uv, abs >> PAGE_SHIFT, PS_PINNED);
	return SOFTUV_RC_EXECUTED;
}

/* UNPIN_PAGE_SHARED also completes an unshare that waited for it. */
uint16_t suv_uvc_unpin(struct softuv *uv, struct uvc *c)
{
	uint64_t gaddr = get64(c->cb + 0x20);
	struct gpage *gp = suv_page(uv, c->conf, gaddr);

	if (gaddr % PAGE_SIZE || !suv_in_guest(c->conf, gaddr))
		return SOFTUV_RC_PAGE_ADDR;
	if (!gp || gp->kind != GP_SHARED || suv_state(uv, gp->hfn) != PS_PINNED)
		return SOFTUV_RC_PAGE_NOT_SHARED;
	if (gp->unshare)
		suv_end_share(uv, c->conf, gp);
	else
		suv_set_state(uv, gp->hfn, PS_SHARED);
	return SOFTUV_RC_EXECUTED;
}

static void unshare_page(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	if (gp->kind == GP_SHARED || gp->kind == GP_SHARED_AWAY)
		suv_end_share(uv, conf, gp);
}

/* Ends every share of the configuration; pins go too, the host pages stay accessible. */
void suv_unshare_all(struct softuv *uv, struct conf *conf)
{
	if (conf->nr_shared)
		suv_each_page(uv, conf, unshare_page);
}
