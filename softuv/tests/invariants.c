// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold between calls, whatever the calls were: records, tables and states agree.
 */
#include "../src/call.h"
#include "../src/uv.h"
#include "machine.h"

struct sums {
	uint64_t pages, hosts, secure, shared;
	bool good;
};

static struct sums sums;

static bool in_mib_list(struct softuv *uv, struct conf *conf, const struct gpage *gp)
{
	const struct gpage *p = suv_mib_first(uv, conf, suv_page_gaddr(gp));

	for (unsigned int i = 0; p && i < MIB_PAGES; i++, p = suv_mib_next(uv, p)) {
		if (p == gp)
			return true;
	}
	return false;
}

static void look(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	enum page_state st;

	sums.pages++;
	sums.shared += gp->kind == GP_SHARED || gp->kind == GP_SHARED_AWAY;
	if (suv_page_owner(uv, gp) != conf || suv_page(uv, conf, suv_page_gaddr(gp)) != gp ||
	    !in_mib_list(uv, conf, gp))
		sums.good = false;
	if (!suv_in_storage(gp))
		return;
	sums.hosts++;
	st = suv_state(uv, gp->hfn);
	sums.secure += st == PS_SECURE;
	if (suv_page_in(uv, gp->hfn) != gp)
		sums.good = false;
	if (gp->kind == GP_SECURE ? st != PS_SECURE : st != PS_SHARED && st != PS_PINNED)
		sums.good = false;
}

/* Secure pages of dead configurations have no record; everything else is counted twice. */
bool pages_add_up(struct softuv *uv)
{
	uint64_t sum = 0;

	sums = (struct sums){ .good = true };
	for (int i = 0; i < PS_NR; i++)
		sum += uv->state_count[i];
	for (struct conf *conf = uv->confs; conf; conf = conf->next) {
		uint64_t before = sums.shared;

		suv_each_page(uv, conf, look);
		if (sums.shared - before != conf->nr_shared)
			sums.good = false;
	}
	return sums.good && sum == uv->mem_size >> PAGE_SHIFT &&
	       sums.pages == uv->pages.guest.nr && sums.hosts == uv->pages.host.nr &&
	       sums.secure <= uv->state_count[PS_SECURE] &&
	       sums.hosts - sums.secure ==
		       uv->state_count[PS_SHARED] + uv->state_count[PS_PINNED];
}
