// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of the guest table walk: every level, every way an entry can be wrong.
 */
#include "../src/call.h"
#include "../src/uv.h"
#include "tests.h"

#define PAGE	4096ull
#define GADDR	(5ull << 53 | 3ull << 42 | 700ull << 31 | 9ull << 20 | 7ull << 12)

struct tables {
	uint64_t t[5];			/* page table, segment, region 3, 2, 1 */
	uint64_t page;
};

static unsigned int index_of(uint64_t gaddr, int level)
{
	return level ? gaddr >> (20 + 11 * (level - 1)) & 0x7ff : gaddr >> 12 & 0xff;
}

static uint8_t *entry(struct machine *m, struct tables *t, uint64_t gaddr, int level)
{
	return m->mem + t->t[level] + index_of(gaddr, level) * 8;
}

static void build(struct machine *m, struct tables *t, uint64_t gaddr)
{
	t->page = machine_alloc(m, PAGE);
	for (int level = 0; level < 5; level++) {
		t->t[level] = machine_alloc(m, level ? 0x4000 : 2048);
		set64(entry(m, t, gaddr, level),
		      level ? t->t[level - 1] | (uint64_t)(level - 1) << 2 | (level > 1 ? 3 : 0) :
			      t->page);
	}
}

/* An ASCE of every type reaches the page that its range covers. */
static void every_type(void **state)
{
	struct machine *m = *state;
	uint64_t abs, gaddr = GADDR;

	for (int level = 4; level >= 1; level--) {
		struct tables t;
		uint64_t asce;

		build(m, &t, gaddr);
		asce = t.t[level] | 0x100 | (uint64_t)(level - 1) << 2 | 3;
		assert_int_equal(suv_dat_walk(m->uv, asce, gaddr | 0x123, &abs), DAT_OK);
		assert_int_equal(abs, t.page | 0x123);
		if (level < 4)
			assert_int_equal(suv_dat_walk(m->uv, asce,
						      gaddr | 1ull << (20 + 11 * level), &abs),
					 DAT_NOT_MAPPED);
		gaddr &= (1ull << (20 + 11 * (level - 1))) - 1;
	}
}

static void wrong_entries(void **state)
{
	struct machine *m = *state;
	struct tables t;
	uint64_t abs, asce;

	build(m, &t, GADDR);
	asce = t.t[4] | 0x10f;
	for (int level = 0; level < 5; level++) {
		uint8_t *e = entry(m, &t, GADDR, level);
		uint64_t good = be64(e);

		set64(e, good | (level ? 0x20 : 0x400));
		assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_NOT_MAPPED);
		set64(e, good | 0x200);
		assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_PROTECTED);
		set64(e, level ? good ^ 0x0c : good | 0x800);
		assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_BAD_TABLE);
		if (level) {
			set64(e, (good & 0xfff) | STORAGE);
			assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_BAD_TABLE);
			set64(e, (good & 0xfff) | BASE_STOR);
			assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_BAD_TABLE);
		}
		if (level == 1 || level == 2) {
			set64(e, good | 0x400);
			assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_LARGE);
		}
		if (level > 1) {	/* the next table's first and last quarter */
			unsigned int index = index_of(GADDR, level - 1);

			set64(e, good & ~3ull);
			assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs),
					 index >= 512 ? DAT_NOT_MAPPED : DAT_OK);
			set64(e, good | 0x80);
			assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs),
					 index < 1024 ? DAT_NOT_MAPPED : DAT_OK);
		}
		set64(e, good);
	}
	assert_int_equal(suv_dat_walk(m->uv, asce, GADDR, &abs), DAT_OK);
	assert_int_equal(suv_dat_walk(m->uv, asce | 0x20, GADDR, &abs), DAT_BAD_TABLE);
	assert_int_equal(suv_dat_walk(m->uv, asce & ~3ull, GADDR | 1ull << 62, &abs),
			 DAT_NOT_MAPPED);
}

static void rc_of_each(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, PAGE), ste;
	struct guest g;
	uint8_t *e;

	guest_new(m, &g, 4 * MIB);
	guest_map(m, &g, MIB, page, 0);
	e = guest_ste(m, &g, MIB);
	ste = be64(e);
	set64(e, ste | 0x400);
	assert_rc(guest_import(m, &g, MIB), SOFTUV_RC_PAGE_LARGE);
	set64(e, ste ^ 0x04);
	assert_rc(guest_import(m, &g, MIB), SOFTUV_RC_PAGE_TABLE);
	set64(e, ste | 0x20);
	assert_rc(guest_import(m, &g, MIB), SOFTUV_RC_PAGE_NOT_MAPPED);
	set64(e, ste | 0x200);
	assert_rc(guest_import(m, &g, MIB), SOFTUV_RC_PAGE_NOT_MAPPED);
	set64(e, ste);
	ok(guest_import(m, &g, MIB));
}

const struct CMUnitTest dat_tests[] = {
	TEST(every_type),
	TEST(wrong_entries),
	TEST(rc_of_each),
};

const size_t dat_nr = ARRAY_SIZE(dat_tests);
