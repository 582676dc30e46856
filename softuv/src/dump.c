// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the dump of a configuration: session, CPU areas, storage state, completion data.
 * Never reads guest memory; the host reads the exported pages as they lie in its storage.
 */
#include "internal.h"

/* Layouts: s390-tools zdump/pv_defs.h; offsets in bytes. */
#define FORMAT_VERSION	1
#define IV_LEN		12u
#define TAG_LEN		16u

#define COMPL_LEN	288u
#define COMPL_SEED	16
#define COMPL_IV	80
#define COMPL_SECRET	96u
#define COMPL_KEYS	112
#define COMPL_TAG	272u

#define AREA_LEN	1568u
#define AREA_IV		8
#define AREA_SECRET	32u
#define AREA_TAG	1552u
#define AREA_GR		32
#define AREA_PSW	160
#define AREA_PREFIX	184
#define AREA_FPC	188
#define AREA_TODPR	196
#define AREA_CPUTM	200
#define AREA_CKC	208
#define AREA_AR		224
#define AREA_CR		288
#define AREA_VR		416
#define AREA_GS		1440
#define AREA_FLAGS	1536
#define FLAG_EMULATING	0x8000

#define ENTRY_LEN	16u
#define ENTRY_ZERO	0x01
#define ENTRY_SHARED	0x02
#define ENTRY_MAPPED	0x04

/* Encrypts @out[@from, @to) in place with the session's key and a fresh IV; stores IV and tag. */
static void seal(struct dump *d, uint8_t *out, unsigned int iv, uint32_t from, uint32_t to)
{
	memset(out + iv, 0, IV_LEN);
	put64(out + iv + 4, ++d->iv_ctr);
	gcm_aes256_set_iv(&d->gcm, IV_LEN, out + iv);
	gcm_aes256_update(&d->gcm, from, out);
	gcm_aes256_encrypt(&d->gcm, to - from, out + from, out + from);
	gcm_aes256_digest(&d->gcm, TAG_LEN, out + to);
}

/* DUMP_INIT: the dump key depends on a new seed, so that every session has a key of its own. */
uint16_t suv_uvc_dump_init(struct softuv *uv, struct uvc *c)
{
	struct conf *conf = c->conf;
	uint8_t key[KEY_LEN];

	if (!(conf->hdr.pcf & PCF_DUMP))
		return SOFTUV_RC_DUMP_NOT_ALLOWED;
	if (conf->dump.active)
		return SOFTUV_RC_DUMP_ACTIVE;
	if (uv->ops.random(uv->opaque, conf->dump.seed, sizeof(conf->dump.seed)))
		return SOFTUV_RC_DUMP_RESOURCES;
	suv_dump_key(conf->hdr.cck, conf->dump.seed, key);
	gcm_aes256_set_key(&conf->dump.gcm, key);
	suv_wipe(key, sizeof(key));
	conf->dump.iv_ctr = 0;
	conf->dump.active = true;
	return SOFTUV_RC_EXECUTED;
}

static void put_regs(uint8_t *out, const struct vcpu_regs *r)
{
	for (unsigned int i = 0; i < 16; i++) {
		put64(out + AREA_GR + i * 8, r->gr[i]);
		put32(out + AREA_AR + i * 4, r->ar[i]);
		put64(out + AREA_CR + i * 8, r->cr[i]);
	}
	for (unsigned int i = 0; i < 32; i++) {
		put64(out + AREA_VR + i * 16, r->vr[i][0]);
		put64(out + AREA_VR + i * 16 + 8, r->vr[i][1]);
	}
	for (unsigned int i = 0; i < 4; i++)
		put64(out + AREA_GS + i * 8, r->gs[i]);
	put64(out + AREA_PSW, r->psw[0]);
	put64(out + AREA_PSW + 8, r->psw[1]);
	put32(out + AREA_PREFIX, r->prefix);
	put32(out + AREA_FPC, r->fpc);
	put32(out + AREA_TODPR, r->todpr);
	put64(out + AREA_CPUTM, r->cputm);
	put64(out + AREA_CKC, r->ckc);
}

/* Stores an area, or as much of it as QUI says there is room for. */
static uint16_t store(struct softuv *uv, const struct uvc *c, const void *out, uint32_t len,
		      uint64_t reported)
{
	uint64_t va = get64(c->cb + 0x20);
	uint16_t rc = suv_write_logical(uv, c->cpu, va, out,
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
		return SOFTUV_RC_DUMP_CPU_IN_SIE;
	put32(out, FORMAT_VERSION);
	put32(out + 4, AREA_LEN);
	put_regs(out, &cpu->regs);
	put16(out + AREA_FLAGS, cpu->emulating ? FLAG_EMULATING : 0);
	seal(&c->conf->dump, out, AREA_IV, AREA_SECRET, AREA_TAG);
	return store(uv, c, out, sizeof(out), uv->lens.cpu);
}

static void special(uint8_t *entry, uint8_t flags)
{
	memset(entry, 0, ENTRY_LEN);
	memset(entry, 0xff, 4);
	entry[ENTRY_LEN - 1] = flags;
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
		special(entry, ENTRY_SHARED | ENTRY_MAPPED);
		break;
	case GP_SHARED_AWAY:
		special(entry, ENTRY_SHARED);
		break;
	default:
		special(entry, ENTRY_ZERO);
	}
}

/* The storage state of a block in which no page was ever used. */
void suv_dump_untouched(uint8_t block[DUMP_STATE_LEN])
{
	for (unsigned int i = 0; i < BLOCK_PAGES; i++)
		special(block + i * ENTRY_LEN, ENTRY_ZERO);
}

uint16_t suv_uvc_dump_stor_state(struct softuv *uv, struct uvc *c)
{
	const struct conf *conf = c->conf;
	uint64_t gaddr = get64(c->cb + 0x28);
	const uint8_t *out = uv->untouched;
	const struct gpage *gp;

	if (!conf->dump.active)
		return SOFTUV_RC_DUMP_NONE;
	if (gaddr % (1u << BLOCK_SHIFT) || gaddr < conf->stor_origin ||
	    gaddr - conf->stor_origin >= conf->stor_len)
		return SOFTUV_RC_DUMP_GADDR;
	gp = suv_block_first(uv, conf, gaddr);
	if (gp)
		out = memcpy(uv->page, uv->untouched, DUMP_STATE_LEN);
	for (; gp; gp = suv_block_next(uv, gp))
		put_entry(gp, uv->page + gp->gfn % BLOCK_PAGES * ENTRY_LEN);
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
	put32(out, FORMAT_VERSION);
	put32(out + 4, COMPL_LEN);
	memcpy(out + COMPL_SEED, conf->dump.seed, sizeof(conf->dump.seed));
	memcpy(out + COMPL_SECRET, conf->nonce, sizeof(conf->nonce));
	memcpy(out + COMPL_KEYS, conf->mem_key, sizeof(conf->mem_key));
	seal(&conf->dump, out, COMPL_IV, COMPL_SECRET, COMPL_TAG);
	rc = store(uv, c, out, sizeof(out), uv->lens.final);
	if (rc == SOFTUV_RC_EXECUTED)
		suv_wipe(&conf->dump, sizeof(conf->dump));
	return rc;
}
