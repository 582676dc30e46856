// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * * A second, simple model of the page states; random calls run against both.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests.h"

#define PAGE	4096ull
#define FRAMES	12
#define GUESTS	3
#define PAGES	8
#define STEPS	60000

enum fstate { PLAIN, SECURE, SHARED, PINNED };
enum kind { UNUSED, SEC, EXPORTED, SHR, AWAY };

struct mframe {
	enum fstate state;
	int g, p;		/* owner; g = -1 when its configuration is gone */
	uint64_t cipher;	/* export id whose ciphertext this is, 0 = filled with @fill */
	uint8_t fill;
};

struct mpage {
	enum kind kind;
	int frame, map;		/* where it is; where the host maps it, -1 = nowhere */
	uint64_t export;
	uint8_t fill;
	bool unshare;
};

struct model {
	struct machine *m;
	struct guest guest[GUESTS];
	uint8_t hdr[8192];
	uint32_t hdr_len;
	uint64_t base, exports, imports, broken, taken;
	struct mframe f[FRAMES];
	struct mpage p[GUESTS][PAGES];
};

/* Neighbours, one page of a block and one per block: the ways to a page's record differ. */
static uint64_t page_gaddr(int p)
{
	static const uint64_t gaddr[PAGES] = {
		0, PAGE, 5 * PAGE, MIB - PAGE, MIB, MIB + 3 * PAGE, 2 * MIB + 128 * PAGE,
		4 * MIB - PAGE,
	};

	return gaddr[p];
}

static uint64_t frame_abs(struct model *w, int f)
{
	return w->base + (uint64_t)f * PAGE;
}

/* A refused import changes nothing, so that everything is checked before anything happens. */
static uint16_t model_import(struct model *w, int g, int p)
{
	struct mpage *page = &w->p[g][p];
	struct mframe *f;

	if (page->map < 0)
		return SOFTUV_RC_PAGE_NOT_MAPPED;
	f = &w->f[page->map];
	if (f->state != PLAIN && f->g == g && f->p == p)
		return SOFTUV_RC_EXECUTED;
	if (f->state != PLAIN && f->state != SHARED)
		return SOFTUV_RC_PAGE_FOREIGN;
	if (page->kind == SEC || (page->kind == SHR && w->f[page->frame].state == PINNED))
		return SOFTUV_RC_PAGE_ELSEWHERE;
	if (page->kind == EXPORTED && f->cipher != page->export) {
		w->broken++;
		return SOFTUV_RC_PAGE_INTEGRITY;
	}
	w->imports += page->kind == EXPORTED;
	if (f->state == SHARED) {
		w->taken++;
		w->p[f->g][f->p].kind = AWAY;
	}
	if (page->kind == SHR)
		w->f[page->frame].state = PLAIN;
	f->g = g;
	f->p = p;
	page->frame = page->map;
	if (page->kind == UNUSED || page->kind == EXPORTED) {
		f->fill = page->kind == UNUSED ? 0 : page->fill;
		f->cipher = 0;
		f->state = SECURE;
		page->kind = SEC;
	} else {
		f->state = SHARED;
		page->kind = SHR;
	}
	return SOFTUV_RC_EXECUTED;
}

static void model_leave(struct model *w, int fi, bool keep)
{
	struct mframe *f = &w->f[fi];
	struct mpage *page = &w->p[f->g < 0 ? 0 : f->g][f->p];

	if (f->state == PLAIN)
		return;
	if (f->g < 0) {
		keep = false;
	} else if (f->state == SECURE && keep) {
		page->kind = EXPORTED;
		page->fill = f->fill;
		f->cipher = ++w->exports;
		page->export = f->cipher;
	} else if (f->state == SECURE) {
		page->kind = UNUSED;
	} else {
		page->kind = page->unshare ? UNUSED : AWAY;
		page->unshare = false;
	}
	if (!keep) {
		f->fill = 0;
		f->cipher = 0;
	}
	f->state = PLAIN;
}

static int model_share(struct model *w, int g, int p, bool on)
{
	struct mpage *page = &w->p[g][p];

	if (on && page->kind == EXPORTED) {
		uint16_t rc = model_import(w, g, p);

		if (rc != SOFTUV_RC_EXECUTED)
			return rc;
	}
	if (on) {
		page->unshare = false;
		if (page->kind == SEC) {
			page->kind = SHR;
			w->f[page->frame].state = SHARED;
		} else if (page->kind == UNUSED) {
			page->kind = AWAY;
		}
		return SOFTUV_RC_EXECUTED;
	}
	if (page->kind != SHR && page->kind != AWAY)
		return SOFTUV_RC_EXECUTED;
	if (page->kind == SHR && w->f[page->frame].state == PINNED) {
		page->unshare = true;
		return SOFTUV_GUEST_INTERCEPT;
	}
	if (page->kind == SHR)
		w->f[page->frame].state = PLAIN;
	page->kind = UNUSED;
	return SOFTUV_RC_EXECUTED;
}

static uint16_t model_pin(struct model *w, int f)
{
	if (w->f[f].state != SHARED && w->f[f].state != PINNED)
		return SOFTUV_RC_PAGE_NOT_SHARED;
	w->f[f].state = PINNED;
	return SOFTUV_RC_EXECUTED;
}

static uint16_t model_unpin(struct model *w, int g, int p)
{
	struct mpage *page = &w->p[g][p];

	if (page->kind != SHR || w->f[page->frame].state != PINNED)
		return SOFTUV_RC_PAGE_NOT_SHARED;
	w->f[page->frame].state = page->unshare ? PLAIN : SHARED;
	if (page->unshare)
		page->kind = UNUSED;
	page->unshare = false;
	return SOFTUV_RC_EXECUTED;
}

/*
 * The configuration ends and a new one takes its place. Its secure pages have no owner then, or
 * are cleared and the host's.
 */
static void renew(struct model *w, int g, bool fast)
{
	if (fast)
		guest_destroy_fast(w->m, &w->guest[g]);
	else
		guest_destroy(w->m, &w->guest[g]);
	ok(guest_create(w->m, &w->guest[g]));
	ok(guest_ssc(w->m, &w->guest[g], w->hdr, w->hdr_len));
	for (int f = 0; f < FRAMES; f++) {
		if (w->f[f].state == PLAIN || w->f[f].g != g)
			continue;
		if (w->f[f].state == SECURE && !fast)
			w->f[f] = (struct mframe){ 0 };
		else if (w->f[f].state != SECURE)
			w->f[f].state = PLAIN;
		w->f[f].g = -1;
	}
	for (int p = 0; p < PAGES; p++)
		w->p[g][p] = (struct mpage){ .map = w->p[g][p].map };
}

/* Somebody who may stores to the page; or the host copies, or spoils, what it can reach. */
static void store(struct model *w, int f, int from, uint8_t value)
{
	uint8_t *page = w->m->mem + frame_abs(w, f);

	if (value & 1 && w->f[f].state == PLAIN && w->f[from].state != SECURE) {
		memmove(page, w->m->mem + frame_abs(w, from), PAGE);
		w->f[f].cipher = w->f[from].cipher;
		w->f[f].fill = w->f[from].fill;
		return;
	}
	memset(page, value, PAGE);
	w->f[f].cipher = 0;
	w->f[f].fill = value;
}

static void compare(struct model *w)
{
	for (int f = 0; f < FRAMES; f++) {
		const uint8_t *page = w->m->mem + frame_abs(w, f);

		assert_int_equal(softuv_host_access(w->m->uv, frame_abs(w, f)),
				 w->f[f].state == SECURE ? SOFTUV_PGM_SECURE : 0);
		if (!w->f[f].cipher) {
			assert_int_equal(page[0], w->f[f].fill);
			assert_int_equal(page[4095], w->f[f].fill);
		}
	}
	for (int g = 0; g < GUESTS; g++) {
		for (int p = 0; p < PAGES; p++)
			assert_int_equal(softuv_guest_page_present(w->m->uv, w->guest[g].handle,
								   page_gaddr(p)),
					 w->p[g][p].kind == SEC || w->p[g][p].kind == SHR);
	}
}

/* What a dump has to say of every page of one guest, touched or not. */
static void dump(struct model *w, int g)
{
	static const uint8_t flags[] = {
		[UNUSED] = 0x01, [SHR] = 0x06, [AWAY] = 0x02,
	};
	uint64_t handle = w->guest[g].handle;
	unsigned int unused = 0, expected = 1024;

	ok(uvc_handle(w->m, 0x0400, handle));
	for (uint64_t block = 0; block < 4; block++) {
		ok(uvc_area(w->m, 0x0401, handle, BUFFER + block * PAGE, block * MIB));
		for (unsigned int i = 0; i < 256; i++)
			unused += be64(w->m->mem + BUFFER + block * PAGE + i * 16) ==
					  0xffffffff00000000ull &&
				  w->m->mem[BUFFER + block * PAGE + i * 16 + 15] == 0x01;
	}
	for (int p = 0; p < PAGES; p++) {
		const uint8_t *entry = w->m->mem + BUFFER + page_gaddr(p) / PAGE * 16;
		enum kind kind = w->p[g][p].kind;

		expected -= kind != UNUSED;
		if (kind == SEC || kind == EXPORTED) {
			assert_int_equal(be64(entry) >> 32, 0);
			assert_int_equal(be64(entry + 8) & 0xffffffff, page_gaddr(p) / PAGE);
		} else {
			assert_int_equal(be64(entry), 0xffffffff00000000ull);
			assert_int_equal(entry[15], flags[kind]);
		}
	}
	assert_int_equal(unused, expected);
	ok(uvc_area(w->m, 0x0403, handle, BUFFER, 0));
}

static void step(struct model *w)
{
	uint64_t r = machine_random(w->m);
	int f = (int)(r % FRAMES), g = (int)(r >> 8 & 0xff) % GUESTS;
	int p = (int)(r >> 16 & 0xff) % PAGES, other = (int)(r >> 24 & 0xff) % FRAMES;
	struct guest *guest = &w->guest[g];
	uint64_t gaddr = page_gaddr(p);
	uint16_t want, rc;

	switch (r >> 32 & 15) {
	case 0 ... 4:
		rc = guest_import(w->m, guest, gaddr);
		want = model_import(w, g, p);
		assert_int_equal(rc, want);
		break;
	case 5 ... 6:
		ok(uvc_page(w->m, 0x0201, frame_abs(w, f)));
		model_leave(w, f, true);
		break;
	case 7:
		if (r >> 40 & 3)
			break;
		ok(uvc_page(w->m, 0x0202, frame_abs(w, f)));
		model_leave(w, f, false);
		break;
	case 8:
		assert_int_equal(softuv_guest_share(w->m->uv, guest->handle, gaddr, r >> 41 & 1),
				 model_share(w, g, p, r >> 41 & 1));
		break;
	case 9:
		assert_int_equal(uvc_page(w->m, 0x0341, frame_abs(w, f)), model_pin(w, f));
		break;
	case 10:
		assert_int_equal(uvc_gaddr(w->m, 0x0342, guest->handle, gaddr),
				 model_unpin(w, g, p));
		break;
	case 11:
		if (!(r >> 40 & 31))
			renew(w, g, r >> 45 & 1);
		else if (!(r >> 40 & 7))
			dump(w, g);
		break;
	case 12 ... 13:
		w->p[g][p].map = r >> 40 & 7 ? f : -1;
		guest_map(w->m, guest, gaddr, frame_abs(w, f), r >> 40 & 7 ? 0 : 0x400);
		break;
	default:
		if (!(r >> 40 & 3) || w->f[f].state != PLAIN)
			store(w, f, other, (uint8_t)(r >> 48));
	}
	compare(w);
}

static void random_calls(void **state)
{
	const char *seed = getenv("SOFTUV_SEED");
	struct model w = { .m = *state };
	struct header_opts o;

	w.m->seed = seed ? strtoull(seed, NULL, 0) : 0x5eed;
	printf("# model: SOFTUV_SEED=0x%llx\n", (unsigned long long)w.m->seed);
	header_defaults(&o);
	w.hdr_len = header_make(&o, w.hdr);
	for (int g = 0; g < GUESTS; g++) {
		guest_new(w.m, &w.guest[g], 4 * MIB);
		ok(guest_ssc(w.m, &w.guest[g], w.hdr, w.hdr_len));
		for (int p = 0; p < PAGES; p++) {
			guest_map(w.m, &w.guest[g], page_gaddr(p), 0, 0x400);
			w.p[g][p].map = -1;
		}
	}
	w.base = machine_alloc(w.m, FRAMES * PAGE);
	for (int i = 0; i < STEPS; i++) {
		step(&w);
		assert_true(pages_add_up(w.m->uv));
	}
	printf("# model: %u steps, %llu exports, %llu back, %llu refused as changed, %llu taken\n",
	       STEPS, (unsigned long long)w.exports, (unsigned long long)w.imports,
	       (unsigned long long)w.broken, (unsigned long long)w.taken);
	assert_true(w.exports > 500 && w.imports > 100 && w.broken > 500 && w.taken > 100);
}

const struct CMUnitTest model_tests[] = {
	TEST(random_calls),
};

const size_t model_nr = ARRAY_SIZE(model_tests);
