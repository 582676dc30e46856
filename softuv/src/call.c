// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Execution of one UVC: control block, shared checks, probe, handler, answer.
 */
#include "call.h"
#include "uv.h"

/* Translates the pages of the first @len bytes for writing; 0 or the interruption code. */
static uint16_t map_uvcb(struct softuv *uv, const struct uvc *c, uint64_t va, uint32_t len,
			 uint64_t *pgm_va)
{
	unsigned int pages = (unsigned int)((va % PAGE_SIZE + len - 1) / PAGE_SIZE) + 1;

	for (unsigned int i = uv->uvcb_pages; i < pages; i++) {
		uint64_t addr = i ? va - va % PAGE_SIZE + (uint64_t)i * PAGE_SIZE : va;
		uint64_t abs;
		int pgm;

		*pgm_va = addr;
		pgm = uv->ops.translate(uv->opaque, c->host_cpu, SOFTUV_SPACE_CURRENT, addr, true,
				       &abs);
		if (pgm)
			return (uint16_t)pgm;
		if (!suv_is_storage(uv, abs, 1))
			return SOFTUV_PGM_ADDRESSING;
		/* what a guest may access was asked for in the translation */
		if (!c->guest && softuv_host_access(uv, abs))
			return SOFTUV_PGM_SECURE;
		uv->uvcb_page[uv->uvcb_pages++] = abs - abs % PAGE_SIZE;
	}
	return 0;
}

/* Moves UVCB bytes [@off, @off + @len) between storage and uv->cb. */
static uint16_t copy_uvcb(struct softuv *uv, uint64_t va, uint32_t off, uint32_t len, bool store)
{
	while (len) {
		uint64_t pos = va % PAGE_SIZE + off;
		uint64_t abs = uv->uvcb_page[pos / PAGE_SIZE] + pos % PAGE_SIZE;
		uint32_t n = PAGE_SIZE - (uint32_t)(pos % PAGE_SIZE);
		int bad;

		if (n > len)
			n = len;
		bad = store ? uv->ops.write(uv->opaque, abs, uv->cb + off, n) :
			      uv->ops.read(uv->opaque, abs, uv->cb + off, n);
		if (bad)
			return SOFTUV_PGM_ADDRESSING;
		off += n;
		len -= n;
	}
	return 0;
}

/* Fetches the header, then the rest when the table allows this length. */
static uint16_t fetch(struct softuv *uv, struct uvc *c, uint64_t va, uint64_t *pgm_va)
{
	uint16_t pgm;

	*pgm_va = va;
	if (va % 8)
		return SOFTUV_PGM_SPECIFICATION;
	pgm = map_uvcb(uv, c, va, 8, pgm_va);
	if (!pgm)
		pgm = copy_uvcb(uv, va, 0, 8, false);
	if (pgm)
		return pgm;
	c->len = get16(c->cb);
	c->desc = suv_desc(get16(c->cb + 2));
	if (!c->desc || !suv_installed(uv, c->desc, c->guest) || c->len <= 8)
		return 0;
	pgm = map_uvcb(uv, c, va, c->len, pgm_va);
	return pgm ? pgm : copy_uvcb(uv, va, 8, c->len - 8u, false);
}

static bool len_ok(const struct uvc_desc *d, uint16_t len)
{
	return len >= d->len_min && len <= d->len_max && len % 8 == 0;
}

/* Resolves the handle that the table names; CPUs bring their configuration along. */
static uint16_t find_object(struct softuv *uv, struct uvc *c)
{
	unsigned int off = c->desc->handle == HANDLE_CONF_20 ? 0x20 : 0x18;

	switch (c->desc->handle) {
	case HANDLE_CONF:
	case HANDLE_CONF_20:
		c->conf = suv_handle_get(uv, OBJ_CONF, get64(c->cb + off));
		return c->conf ? 0 : SOFTUV_RC_INV_CONF;
	case HANDLE_CPU:
		c->vcpu = suv_handle_get(uv, OBJ_CPU, get64(c->cb + off));
		c->conf = c->vcpu ? c->vcpu->conf : NULL;
		return c->vcpu ? 0 : SOFTUV_RC_INV_CPU;
	}
	return 0;
}

/* The checks every call shares, in their documented order; 0 = go on to the handler. */
static uint16_t check(struct softuv *uv, struct uvc *c)
{
	const struct uvc_desc *d = c->desc;
	uint16_t rc;

	if (!d || !suv_installed(uv, d, c->guest))
		return SOFTUV_RC_INV_CMD;
	if (!len_ok(d, c->len))
		return SOFTUV_RC_INV_LEN;
	if (!uv->initialised && d->handle != HANDLE_EARLY)
		return SOFTUV_RC_INV_STATE;
	rc = find_object(uv, c);
	if (rc)
		return rc;
	if (d->states && !(d->states & c->conf->state))
		return SOFTUV_RC_INV_STATE;
	return 0;
}

/* Runs checks, probe and handler; false = not done, nothing changed and nothing to store. */
static bool execute(struct softuv *uv, struct uvc *c, struct softuv_result *res)
{
	uint16_t rc = check(uv, c);

	if (c->desc && uv->probe.filter &&
	    uv->probe.filter(uv->probe_opaque, c->desc->cmd, c->conf ? c->conf->handle : 0, res))
		return res->cc < 2;
	if (!rc)
		rc = c->desc->fn(uv, c);
	if (c->intercept || c->pgm) {
		res->intercept = c->intercept;
		res->pgm = c->pgm;
		res->pgm_va = c->pgm_va;
		return false;
	}
	res->rc = rc;
	res->rrc = c->rrc;
	res->cc = rc == SOFTUV_RC_EXECUTED ? 0 : 1;
	return true;
}

static void call(struct softuv *uv, struct uvc *c, uint64_t uvcb_va, struct softuv_result *res)
{
	memset(res, 0, sizeof(*res));
	memset(uv->cb, 0, 8);
	uv->uvcb_pages = 0;
	res->pgm = fetch(uv, c, uvcb_va, &res->pgm_va);
	res->cmd = get16(uv->cb + 2);
	res->name = c->desc ? c->desc->name : "unknown";
	if (!res->pgm && execute(uv, c, res)) {
		put16(uv->cb + 4, res->rc);
		put16(uv->cb + 6, res->rrc);
		copy_uvcb(uv, uvcb_va, 4, 4, true);
		if (c->out_len)
			copy_uvcb(uv, uvcb_va, c->out_off, c->out_len, true);
	}
	uv->uvcb_pages = 0;
	if (uv->probe.done)
		uv->probe.done(uv->probe_opaque, res);
}

/**
 * softuv_call() - execute one UVC of a host CPU
 * @uv: the Ultravisor
 * @cpu: passed through to translate()
 * @uvcb_va: logical address of the control block
 * @res: outcome
 *
 * The caller has checked the privilege and the instruction's M3 and M4 fields. Checks are made in
 * this order: alignment, access to the control block, command, length, INIT_UV done, handle,
 * life-cycle state of the configuration, then those of the call itself.
 *
 * Context: serialised by the caller for one @uv; calls back into softuv_ops.
 */
void softuv_call(struct softuv *uv, void *cpu, uint64_t uvcb_va, struct softuv_result *res)
{
	struct uvc c = { .host_cpu = cpu, .cb = uv->cb };

	call(uv, &c, uvcb_va, res);
}

/**
 * softuv_guest_call() - execute one UVC of a guest in SIE
 * @uv: the Ultravisor
 * @cpu: passed through to translate(), which takes the guest's addresses then
 * @cpu_handle: the secure CPU that executes it
 * @uvcb_va: logical address of the control block in the guest
 * @res: outcome; its @pgm may be SOFTUV_PGM_NON_SECURE, for the host, with the address in the
 *	guest's address space
 *
 * Context: as softuv_call(). A bad handle gives the specification exception.
 */
void softuv_guest_call(struct softuv *uv, void *cpu, uint64_t cpu_handle, uint64_t uvcb_va,
		       struct softuv_result *res)
{
	struct uvc c = { .host_cpu = cpu, .cb = uv->cb, .guest = true };

	c.vcpu = suv_handle_get(uv, OBJ_CPU, cpu_handle);
	if (!c.vcpu) {
		*res = (struct softuv_result) { .pgm = SOFTUV_PGM_SPECIFICATION,
						.name = "unknown" };
		return;
	}
	c.conf = c.vcpu->conf;
	call(uv, &c, uvcb_va, res);
}
