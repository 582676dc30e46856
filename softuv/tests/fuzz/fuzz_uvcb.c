// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fuzz target for sequences of UVCs by a host that lies about everything.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "../../src/call.h"
#include "../../src/uv.h"
#include "../guest_crypto.h"
#include "fuzz.h"

#define STEPS	64
#define POOL	32

struct world {
	struct machine *m;
	struct guest g[2];
	uint64_t pool[POOL];
	unsigned int nr;
	uint64_t pt;			/* page table of the first guest's first MiB */
	uint64_t pages;			/* 16 pages that the guests' tables may point at */
	uint8_t hdr[8192];
	uint32_t hdr_len;
};

static struct world w;

static void start(void)
{
	struct header_opts o;

	if (w.m)
		return;
	w.m = machine_new();
	header_defaults(&o);
	w.hdr_len = header_make(&o, w.hdr);
}

/* A fresh machine for every input: reset, storage empty, two guests, @image: one is verified. */
static void restart(bool image)
{
	static const uint64_t fixed[] = {
		0, 1, 0x1000, UVCB, BUFFER, BUFFER + 0xff8, BASE_STOR, STORAGE - 8, STORAGE,
		0x800000000000ull, ~0ull, ~0ull << 12, 0x10000, MIB, 4 * MIB,
	};

	machine_reset(w.m);
	madvise(w.m->mem, w.m->size, MADV_DONTNEED);
	w.m->next = HEAP;
	w.m->bad_page = ~0ull;
	w.m->seed = 1;
	memcpy(w.pool, fixed, sizeof(fixed));
	w.nr = ARRAY_SIZE(fixed);
	ok(uvc_init(w.m));
	w.pages = machine_alloc(w.m, 16 * PAGE_SIZE);
	for (int i = 0; i < 2; i++) {
		guest_new(w.m, &w.g[i], 2 * MIB);
		for (int k = 0; k < 8; k++)
			guest_map(w.m, &w.g[i], (uint64_t)k << 12,
				  w.pages + ((uint64_t)k << 12), 0);
		ok(guest_add_cpu(w.m, &w.g[i], 0));
		w.pool[w.nr++] = w.g[i].handle;
		w.pool[w.nr++] = w.g[i].cpu[0];
	}
	w.pt = be64(guest_ste(w.m, &w.g[0], 0)) & ~0x7ffull;
	if (image) {
		ok(guest_ssc(w.m, &w.g[0], w.hdr, w.hdr_len));
		ok(uvc_handle(w.m, 0x0302, w.g[0].handle));
	}
	w.pool[w.nr++] = w.pages;
	w.pool[w.nr++] = w.g[0].asce;
}

static uint64_t value(struct input *in)
{
	uint8_t how = take8(in);

	if (how < 0xc0)
		return w.pool[how % w.nr] + (how & 0x40 ? (uint64_t)take8(in) << 12 : 0);
	return take(in, how & 7 ? how & 7 : 8);
}

/* A call with sensible operands, some of them then replaced by the input. */
static void call(struct input *in)
{
	const struct uvc_desc *d = &suv_table[take8(in) % suv_table_len];
	const struct guest *g = &w.g[take8(in) & 1];
	uint8_t gp = take8(in), change = take8(in);
	uint8_t *cb = uvc_new(w.m, d->cmd, d->len_min);
	uint64_t at = UVCB;

	set64(cb + 0x18, d->handle == HANDLE_CPU ? g->cpu[0] : g->handle);
	if (d->handle < HANDLE_CONF)
		set64(cb + 0x18, w.pages + ((uint64_t)(gp & 15) << 12));
	set64(cb + 0x20, d->cmd >> 8 == 4 ? BUFFER : (uint64_t)(gp & 15) << 12);
	for (; change & 3; change--) {
		uint8_t off = take8(in);

		set64(cb + (off & 0x1f) * 8, value(in));
	}
	if (change & 4)
		at = value(in);
	if (at != UVCB && at < STORAGE - 0x1000)
		memmove(w.m->mem + at, cb, 0x200);
	uvc_at(w.m, at);
	if (w.m->res.cc == 0 && w.nr < POOL && (d->cmd == 0x0100 || d->cmd == 0x0120))
		w.pool[w.nr++] = be64(cb + 0x18);
}

static void other(struct input *in)
{
	const struct guest *g = &w.g[take8(in) & 1];
	uint8_t where = take8(in);
	uint64_t gaddr = (uint64_t)(where & 15) << 12, abs;

	switch (take8(in) % 6) {
	case 0:
		/* also in the second block, which has other ways to its records */
		softuv_guest_share(w.m->uv, g->handle, gaddr | (where & 16 ? MIB : 0),
				   take8(in) & 1);
		break;
	case 1:
		abs = value(in) & ~0xfffull;
		set64(w.m->mem + w.pt + (gaddr >> 12) * 8, abs | take(in, 2));
		break;
	case 2:
		set64(w.m->mem + g->r2 + (take8(in) & 7) * 8, value(in));
		break;
	case 3:
		softuv_sie_enter(w.m->uv, g->cpu[0], g->handle, g->asce, NULL);
		break;
	case 4:
		softuv_sie_leave(w.m->uv, g->cpu[0]);
		break;
	case 5:
		w.m->mem[w.pages + gaddr] ^= take8(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	start();
	restart(!(take8(&in) & 1));
	for (int i = 0; i < STEPS && in.left; i++) {
		if (take8(&in) & 3)
			call(&in);
		else
			other(&in);
		if (!pages_add_up(w.m->uv))
			abort();
	}
	return 0;
}
