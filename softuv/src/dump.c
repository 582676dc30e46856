// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dump of a configuration: session, CPU areas, storage state, completion data.
 */
#include "call.h"
#include "uv.h"

/* Encrypts @out[@from, @to) in place with the session's key and a fresh IV; stores IV and tag. */
static void seal(struct dump *d, uint8_t *out, unsigned int iv, uint32_t from, uint32_t to)
{
	memset(out + iv, 0, SE_IV_SIZE);
	put64(out + iv + 4, ++d->iv_ctr);
	gcm_aes256_set_iv(&d->gcm, SE_IV_SIZE, out + iv);
	gcm_aes256_update(&d->gcm, from, out);
	gcm_aes256_encrypt(&d->gcm, to - from, out + from, out + from);
	gcm_aes256_digest(&d->gcm, SE_TAG_SIZE, out + to);
}

/* DUMP_INIT: the dump key depends on a new seed, so that every session has a key of its own. */
uint16_t suv_uvc_dump_init(struct softuv *uv, struct uvc *c)
{
	struct conf *conf = c->conf;
	uint8_t key[SE_KEY_SIZE];

	if (!(conf->hdr.pcf & SE_PCF_DUMP))
		return SOFTUV_RC_DUMP_NOT_ALLOWED;
	if (conf->dump.active)
		return SOFTUV_RC_DUMP_ACTIVE;
	if (uv->ops.random(uv->opaque, conf->dump.seed, sizeof(conf->dump.seed)))
		return SOFTUV_RC_RESOURCES;
	suv_dump_key(conf->hdr.cck, conf->dump.seed, key);
	gcm_aes256_set_key(&conf->dump.gcm, key);
	suv_wipe(key, sizeof(key));
	conf->dump.iv_ctr = 0;
	conf->dump.active = true;
	return SOFTUV_RC_EXECUTED;
}

static void put_regs(uint8_t *out, const struct softuv_regs *r)
{
	for (unsigned int i = 0; i < 16; i++) {
		put64(out + CPU_AREA_GPRS + i * 8, r->gr[i]);
		put32(out + CPU_AREA_ACRS + i * 4, r->ar[i]);
		put64(out + CPU_AREA_CRS + i * 8, r->cr[i]);
	}
	for (unsigned int i = 0; i < 32; i++) {
		put64(out + CPU_AREA_VRS + i * 16, r->vr[i][0]);
		put64(out + CPU_AREA_VRS + i * 16 + 8, r->vr[i][1]);
	}
	for (unsigned int i = 0; i < 4; i++)
		put64(out + CPU_AREA_GSCB + i * 8, r->gs[i]);
	put64(out + CPU_AREA_PSW, r->psw[0]);
	put64(out + CPU_AREA_PSW + 8, r->psw[1]);
	put32(out + CPU_AREA_PREFIX, r->prefix);
	put32(out + CPU_AREA_FPC, r->fpc);
	put32(out + CPU_AREA_TODPREG, r->todpr);
	put64(out + CPU_AREA_TIMER, r->cputm);
	put64(out + CPU_AREA_TODCMP, r->ckc);
}

/* Stores an area, or as much of it as QUI says there is room for. */
static uint16_t store(struct softuv *uv, const struct uvc *c, const void *out, uint32_t len,
		      uint64_t reported)
{
	uint64_t va = get64(c->cb + 0x20);
	uint16_t rc = suv_write_logical(uv, c->host_cpu, va, out,
					reported < len ? (uint32_t)reported : len);

	return rc ? rc : SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_dump_cpu(struct softuv *uv, struct uvc *c)
{
	uint8_t out[CPU_STOR_LEN] = { 0 };
	struct vcpu *cpu = c->vcpu;

	if (!c->conf->dump.active)
		return SOFTUV_RC_DUMP_NONE;
	if (cpu->in_sie)
		return SOFTUV_RC_CPU_IN_SIE;
	put32(out, CPU_AREA_VERSION);
	put32(out + 4, CPU_AREA_SIZE);
	put_regs(out, &cpu->regs);
	put16(out + CPU_AREA_FLAGS, cpu->kept.open ? CPU_AREA_IN_FLIGHT : 0);
	seal(&c->conf->dump, out, CPU_AREA_OFF_IV, CPU_AREA_OFF_ENC, CPU_AREA_OFF_TAG);
	return store(uv, c, out, sizeof(out), uv->lens.cpu);
}

static void special(uint8_t *entry, uint8_t flags)
{
	memset(entry, 0, STATE_ENTRY);
	memset(entry, 0xff, 4);
	entry[STATE_ENTRY - 1] = flags;
}

/*
 * A secure page that was not exported yet reports the component its export is going to use, so
 * that memory may be read before or after the storage state.
 */
static void put_entry(const struct gpage *gp, uint8_t *entry)
{
	switch (gp->kind) {
	case GP_SECURE:
	case GP_EXPORTED:
		suv_component(gp, gp->ctr, entry);
		break;
	case GP_SHARED:
		special(entry, STATE_FLAG_SHARED | STATE_FLAG_MAPPED);
		break;
	case GP_SHARED_AWAY:
		special(entry, STATE_FLAG_SHARED);
		break;
	default:
		special(entry, STATE_FLAG_ZERO);
	}
}

/* The storage state of a MiB in which no page was ever used. */
void suv_dump_untouched(uint8_t *mib)
{
	for (unsigned int i = 0; i < MIB_PAGES; i++)
		special(mib + i * STATE_ENTRY, STATE_FLAG_ZERO);
}

uint16_t suv_uvc_dump_stor_state(struct softuv *uv, struct uvc *c)
{
	const struct conf *conf = c->conf;
	uint64_t gaddr = get64(c->cb + 0x28);
	const uint8_t *out = uv->untouched;
	const struct gpage *gp;

	if (!conf->dump.active)
		return SOFTUV_RC_DUMP_NONE;
	if (gaddr % MIB || !suv_in_guest(conf, gaddr))
		return SOFTUV_RC_DUMP_GADDR;
	gp = suv_mib_first(uv, conf, gaddr);
	if (gp)
		out = memcpy(uv->page, uv->untouched, DUMP_STATE_LEN);
	for (; gp; gp = suv_mib_next(uv, gp))
		put_entry(gp, uv->page + gp->gfn % MIB_PAGES * STATE_ENTRY);
	return store(uv, c, out, DUMP_STATE_LEN, uv->lens.state);
}

/* DUMP_COMPLETE hands the memory key and nonce over, under the dump key, and ends the session. */
uint16_t suv_uvc_dump_complete(struct softuv *uv, struct uvc *c)
{
	uint8_t out[DUMP_FINAL_LEN] = { 0 };
	struct conf *conf = c->conf;
	uint16_t rc;

	if (!conf->dump.active)
		return SOFTUV_RC_DUMP_NONE;
	put32(out, COMPL_VERSION);
	put32(out + 4, COMPL_SIZE);
	memcpy(out + COMPL_OFF_SEED, conf->dump.seed, sizeof(conf->dump.seed));
	memcpy(out + COMPL_OFF_ENC + COMPL_ENC_NONCE, conf->nonce, sizeof(conf->nonce));
	memcpy(out + COMPL_OFF_ENC + COMPL_ENC_XTS, conf->mem_key, sizeof(conf->mem_key));
	seal(&conf->dump, out, COMPL_OFF_IV, COMPL_OFF_ENC, COMPL_OFF_TAG);
	rc = store(uv, c, out, sizeof(out), uv->lens.final);
	if (rc == SOFTUV_RC_EXECUTED)
		suv_wipe(&conf->dump, sizeof(conf->dump));
	return rc;
}
