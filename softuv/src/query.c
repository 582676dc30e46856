// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QUI, QUERY_KEYS and INIT_UV: what the Ultravisor says of itself and how it starts.
 */
#include "call.h"
#include "uv.h"

#define GIB_2		0x80000000ull

/* The query block; offsets: Linux arch/s390/include/asm/uv.h, struct uv_cb_qui. */
static void fill_query(const struct softuv *uv, bool guest, uint8_t *q)
{
	put64(q + 0xa0, 1ull << 63 | SOFTUV_MARK);	/* MISC, and the machine's mark */
	/* The rest is about what only a host does. */
	if (guest) {
		memcpy(q + 0x10, uv->guest_calls, sizeof(uv->guest_calls));
		return;
	}
	memcpy(q + 0x10, uv->calls, sizeof(uv->calls));
	put64(q + 0x40, uv->base_stor_len);
	put64(q + 0x50, CONF_BASE_LEN);
	put64(q + 0x58, CONF_VIRT_LEN);
	put64(q + 0x60, uv->lens.virt);
	put64(q + 0x68, uv->lens.cpu);
	put32(q + 0x7c, uv->max_conf);
	put64(q + 0x80, MAX_GUEST_ADDR);
	put16(q + 0x9e, MAX_CPU_ID);
	put64(q + 0xb0, 1ull << 63);			/* SE header version 0x100 */
	put64(q + 0xb8, PCF_SUPPORTED);
	put64(q + 0xc8, uv->lens.state);
	put64(q + 0xd0, uv->lens.final);
}

/*
 * QUI: a caller with a shorter block gets what fits and rc 0x0100, a longer one zeros. When a rule
 * makes the block a short one, what is behind it stays as the caller had it.
 */
uint16_t suv_uvc_query(struct softuv *uv, struct uvc *c)
{
	uint8_t q[QUI_LEN] = { 0 };
	uint16_t n = c->len < uv->lens.query ? c->len : uv->lens.query;
	uint16_t end = uv->lens.query < QUI_LEN ? n : c->len;

	fill_query(uv, c->guest, q);
	memset(c->cb + 0x10, 0, end - 0x10u);
	memcpy(c->cb + 0x10, q + 0x10, n - 0x10u);
	c->out_off = 0x10;
	c->out_len = end - 0x10;
	return c->len < uv->lens.query ? SOFTUV_RC_MORE_DATA : SOFTUV_RC_EXECUTED;
}

/* QUERY_KEYS: 15 hashes of 32 bytes; [0] host key, [1] backup host key, the rest reserved. */
uint16_t suv_uvc_query_keys(struct softuv *uv, struct uvc *c)
{
	memset(c->cb + 0x20, 0, 15 * 32);
	for (unsigned int i = 0; i < ARRAY_SIZE(uv->key); i++) {
		if (uv->key[i].present)
			memcpy(c->cb + 0x20 + i * 32, uv->key[i].hash, 32);
	}
	c->out_off = 0x20;
	c->out_len = 15 * 32;
	return SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_init(struct softuv *uv, struct uvc *c)
{
	uint64_t origin = get64(c->cb + 0x18), len = get64(c->cb + 0x20);

	if (uv->initialised)
		return SOFTUV_RC_INIT_DONE;
	if (uv->ops.others_running && uv->ops.others_running(uv->opaque))
		return SOFTUV_RC_INIT_RUNNING;
	if (len != uv->base_stor_len)
		return SOFTUV_RC_INIT_LEN;
	if (origin >= uv->mem_size)
		return SOFTUV_RC_INIT_ORIGIN;
	if (len > uv->mem_size - origin)
		return SOFTUV_RC_INIT_BEYOND;
	if (origin < GIB_2)
		return SOFTUV_RC_INIT_BELOW_2G;
	if (origin % MIB)
		return SOFTUV_RC_INIT_ORIGIN;
	if (!suv_donate(uv, c->host_cpu, origin, len))
		return SOFTUV_RC_INIT_BEYOND;
	uv->base_origin = origin;
	uv->initialised = true;
	return SOFTUV_RC_EXECUTED;
}
