// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Read-only views of an instance, its configurations, CPUs and pages.
 */
#include "uv.h"

/**
 * softuv_page_state_name() - name of a state of host pages
 * @state: index into the pages of struct softuv_totals
 *
 * Context: any.
 * Return: the name; NULL beyond SOFTUV_PAGE_STATES.
 */
const char *softuv_page_state_name(unsigned int state)
{
	static const char *const names[PS_NR] = {
		"plain", "donated", "secure", "shared", "pinned",
	};

	_Static_assert(PS_NR == SOFTUV_PAGE_STATES, "a view has room for every state");
	return state < PS_NR ? names[state] : NULL;
}

/**
 * softuv_view() - totals of an instance
 * @uv: the Ultravisor
 * @view: receives them
 *
 * Context: serialised with softuv_call().
 */
void softuv_view(const struct softuv *uv, struct softuv_totals *view)
{
	memset(view, 0, sizeof(*view));
	view->initialised = uv->initialised;
	view->confs = uv->nr_confs;
	for (const struct conf *conf = uv->confs; conf; conf = conf->next)
		view->cpus += conf->nr_cpus;
	view->records = uv->pages.guest.nr;
	view->record_bytes = suv_pages_memory(uv);
	memcpy(view->pages, uv->state_count, sizeof(view->pages));
	view->dump_entries = uv->dump_entries;
}

static const char *conf_state_name(enum conf_state state)
{
	switch (state) {
	case CS_CREATED:
		return "created";
	case CS_PARAMS:
		return "params";
	case CS_VERIFIED:
		return "verified";
	default:
		return "reset";
	}
}

/**
 * softuv_next_conf() - walk over the configurations, the newest first
 * @uv: the Ultravisor
 * @view: @view->handle names the one before, 0 = none; receives the next one
 *
 * Context: serialised with softuv_call().
 * Return: false at the end, or when the one before is gone.
 */
bool softuv_next_conf(const struct softuv *uv, struct softuv_conf_view *view)
{
	const struct conf *conf = uv->confs;

	if (view->handle) {
		conf = suv_handle_get(uv, OBJ_CONF, view->handle);
		conf = conf ? conf->next : NULL;
	}
	if (!conf)
		return false;
	*view = (struct softuv_conf_view) {
		.handle = conf->handle, .origin = conf->stor_origin, .len = conf->stor_len,
		.pcf = conf->hdr.pcf, .id = conf->id, .cpus = conf->nr_cpus,
		.state = conf_state_name(conf->state), .dumping = conf->dump.active,
	};
	return true;
}

/**
 * softuv_next_cpu() - walk over the CPUs of a configuration, by number
 * @uv: the Ultravisor
 * @conf_handle: the configuration
 * @view: @view->handle names the one before, 0 = none; receives the next one
 *
 * Context: serialised with softuv_call().
 * Return: false at the end, or when the configuration or the one before is gone.
 */
bool softuv_next_cpu(const struct softuv *uv, uint64_t conf_handle, struct softuv_cpu_view *view)
{
	static const char *const names[] = {
		[CPU_OPERATING] = "operating", [CPU_STOPPED] = "stopped",
		[CPU_CHECK_STOP] = "check-stop",
	};
	const struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	const struct vcpu *cpu;
	unsigned int nr = 0;

	if (view->handle) {
		cpu = suv_handle_get(uv, OBJ_CPU, view->handle);
		if (!cpu || cpu->conf != conf)
			return false;
		nr = cpu->id + 1u;
	}
	while (conf && nr <= MAX_CPU_ID && !conf->cpu[nr])
		nr++;
	if (!conf || nr > MAX_CPU_ID)
		return false;
	cpu = conf->cpu[nr];
	*view = (struct softuv_cpu_view) {
		.handle = cpu->handle, .number = cpu->id, .state = names[cpu->state],
		.in_sie = cpu->in_sie, .emulating = cpu->kept.open,
		.psw = { cpu->regs.psw[0], cpu->regs.psw[1] },
	};
	return true;
}

/**
 * softuv_view_page() - what is known of a guest page
 * @uv: the Ultravisor
 * @conf_handle: the configuration
 * @guest_abs: guest absolute address in bytes, anywhere in the page
 * @view: receives it
 *
 * Context: serialised with softuv_call().
 * Return: false for a bad handle.
 */
bool softuv_view_page(const struct softuv *uv, uint64_t conf_handle, uint64_t guest_abs,
		      struct softuv_page_view *view)
{
	static const char *const names[] = {
		[GP_UNUSED] = "unused", [GP_SECURE] = "secure", [GP_EXPORTED] = "exported",
		[GP_SHARED] = "shared", [GP_SHARED_AWAY] = "shared-away",
	};
	const struct conf *conf = suv_handle_get(uv, OBJ_CONF, conf_handle);
	const struct gpage *gp = NULL;

	if (!conf)
		return false;
	if (guest_abs < conf->stor_len)
		gp = suv_page(uv, conf, conf->stor_origin + guest_abs);
	*view = (struct softuv_page_view) { .kind = names[gp ? gp->kind : GP_UNUSED] };
	if (gp && suv_in_storage(gp)) {
		view->in_storage = true;
		view->abs = gp->hfn << PAGE_SHIFT;
		view->pinned = suv_state(uv, gp->hfn) == PS_PINNED;
	}
	return true;
}
