// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of import, export, destroy-page and of what the host may do with ciphertext.
 */
#include <stdio.h>

#include "tests.h"

#define PAGE	4096ull

static bool is_filled(const uint8_t *p, uint8_t value)
{
	for (unsigned int i = 0; i < PAGE; i++) {
		if (p[i] != value)
			return false;
	}
	return true;
}

static void first_import_clears(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, PAGE);
	struct guest g;

	guest_new(m, &g, 4 * MIB);
	memset(m->mem + page, 0x77, PAGE);
	assert_rc(guest_import(m, &g, 0x3000), SOFTUV_RC_PAGE_NOT_MAPPED);
	assert_false(softuv_guest_page_present(m->uv, g.handle, 0x3000));
	guest_map(m, &g, 0x3000, page, 0);
	m->restrict_calls = 0;
	ok(guest_import(m, &g, 0x3000));
	assert_int_equal(m->restrict_calls, 1);
	assert_true(is_filled(m->mem + page, 0));
	assert_int_equal(softuv_host_access(m->uv, page + 5), SOFTUV_PGM_SECURE);
	assert_true(softuv_guest_page_present(m->uv, g.handle, 0x3000));
	assert_false(softuv_guest_page_present(m->uv, g.handle + 1, 0x3000));
	ok(guest_import(m, &g, 0x3000));
	assert_int_equal(m->restrict_calls, 1);
}

static void round_trip(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, PAGE), other = machine_alloc(m, PAGE);
	uint8_t first[PAGE];
	struct guest g;

	guest_new(m, &g, 4 * MIB);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	memset(m->mem + page, 0x77, PAGE);
	ok(uvc_page(m, 0x0201, page));
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	assert_false(is_filled(m->mem + page, 0x77));
	assert_false(softuv_guest_page_present(m->uv, g.handle, 0));
	memcpy(first, m->mem + page, PAGE);
	ok(uvc_page(m, 0x0201, page));
	assert_memory_equal(first, m->mem + page, PAGE);
	/* the host swaps it out and in again, elsewhere */
	memcpy(m->mem + other, first, PAGE);
	memset(m->mem + page, 0, PAGE);
	guest_map(m, &g, 0, other, 0);
	ok(guest_import(m, &g, 0));
	assert_true(is_filled(m->mem + other, 0x77));
	ok(uvc_page(m, 0x0201, other));
	assert_true(memcmp(first, m->mem + other, PAGE) != 0);
}

static void tampering_is_found(void **state)
{
	struct machine *m = *state;
	uint64_t a = machine_alloc(m, PAGE), b = machine_alloc(m, PAGE);
	uint8_t old[PAGE], cur[PAGE];
	struct guest g;

	guest_new(m, &g, 4 * MIB);
	guest_map(m, &g, 0, a, 0);
	guest_map(m, &g, PAGE, b, 0);
	ok(guest_import(m, &g, 0));
	ok(uvc_page(m, 0x0201, a));
	memcpy(old, m->mem + a, PAGE);
	ok(guest_import(m, &g, 0));
	ok(guest_import(m, &g, PAGE));
	ok(uvc_page(m, 0x0201, a));
	ok(uvc_page(m, 0x0201, b));
	memcpy(cur, m->mem + a, PAGE);
	for (unsigned int bit = 0; bit < PAGE * 8; bit += 1237) {
		m->mem[a + bit / 8] ^= 1 << bit % 8;
		assert_rc(guest_import(m, &g, 0), SOFTUV_RC_PAGE_INTEGRITY);
		assert_int_equal(softuv_host_access(m->uv, a), 0);
		m->mem[a + bit / 8] ^= 1 << bit % 8;
	}
	memcpy(m->mem + a, old, PAGE);			/* replay */
	assert_rc(guest_import(m, &g, 0), SOFTUV_RC_PAGE_INTEGRITY);
	memcpy(m->mem + a, m->mem + b, PAGE);		/* another page's content */
	assert_rc(guest_import(m, &g, 0), SOFTUV_RC_PAGE_INTEGRITY);
	memcpy(m->mem + a, cur, PAGE);
	ok(guest_import(m, &g, 0));
	assert_true(is_filled(m->mem + a, 0));
}

static void foreign_pages(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, PAGE), other = machine_alloc(m, PAGE);
	struct guest a, b;

	guest_new(m, &a, 4 * MIB);
	guest_new(m, &b, 4 * MIB);
	guest_map(m, &a, 0, page, 0);
	guest_map(m, &a, PAGE, page, 0);
	guest_map(m, &b, 0, page, 0);
	ok(guest_import(m, &a, 0));
	memset(m->mem + page, 0x42, PAGE);
	assert_rc(guest_import(m, &b, 0), SOFTUV_RC_PAGE_FOREIGN);
	assert_rc(guest_import(m, &a, PAGE), SOFTUV_RC_PAGE_FOREIGN);
	assert_true(is_filled(m->mem + page, 0x42));
	guest_map(m, &a, 0, other, 0);
	assert_rc(guest_import(m, &a, 0), SOFTUV_RC_PAGE_ELSEWHERE);
	guest_map(m, &a, 0, BASE_STOR, 0);
	assert_rc(guest_import(m, &a, 0), SOFTUV_RC_PAGE_FOREIGN);
	ok(uvc_page(m, 0x0201, page));
	ok(guest_import(m, &b, 0));
	assert_true(is_filled(m->mem + page, 0));
}

static void destroy_page(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, PAGE);
	struct guest g;

	guest_new(m, &g, 4 * MIB);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	memset(m->mem + page, 0x42, PAGE);
	ok(uvc_page(m, 0x0202, page));
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	assert_true(is_filled(m->mem + page, 0));
	memset(m->mem + page, 0x43, PAGE);
	ok(uvc_page(m, 0x0202, page));
	assert_true(is_filled(m->mem + page, 0x43));
	ok(guest_import(m, &g, 0));
	assert_true(is_filled(m->mem + page, 0));
}

static void page_addresses(void **state)
{
	struct machine *m = *state;
	static const uint16_t cmds[] = { 0x0201, 0x0202, 0x0341 };
	static const uint64_t bad[] = { 1, 0x300008, STORAGE, STORAGE + PAGE, ~0xfffull, ~0ull };

	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int k = 0; k < 6; k++)
			assert_rc(uvc_page(m, cmds[i], bad[k]), SOFTUV_RC_PAGE_ADDR);
	}
}

/* The host sweeps the pages of a configuration that ended fast with export or destroy. */
static void dead_configuration(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 3 * PAGE);
	struct guest g, h;

	guest_new(m, &g, 4 * MIB);
	guest_new(m, &h, 4 * MIB);
	for (unsigned int i = 0; i < 3; i++) {
		guest_map(m, &g, i * PAGE, page + i * PAGE, 0);
		ok(guest_import(m, &g, i * PAGE));
		memset(m->mem + page + i * PAGE, 0x42, PAGE);
	}
	guest_map(m, &h, 0, page + 2 * PAGE, 0);
	guest_destroy_fast(m, &g);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(softuv_host_access(m->uv, page + i * PAGE), SOFTUV_PGM_SECURE);
	ok(uvc_page(m, 0x0201, page));
	ok(uvc_page(m, 0x0202, page + PAGE));
	assert_rc(guest_import(m, &h, 0), SOFTUV_RC_PAGE_FOREIGN);
	ok(uvc_page(m, 0x0201, page + 2 * PAGE));
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(softuv_host_access(m->uv, page + i * PAGE), 0);
		assert_true(is_filled(m->mem + page + i * PAGE, 0));
	}
	ok(guest_import(m, &h, 0));
}

/* DESTROY_SEC_CONF: all of the guest's storage is the host's at once, nothing of it readable. */
static void destroyed_configuration(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4 * PAGE);
	struct guest g, h;

	guest_new(m, &g, 4 * MIB);
	guest_new(m, &h, 4 * MIB);
	for (unsigned int i = 0; i < 4; i++) {
		guest_map(m, &g, i * PAGE, page + i * PAGE, 0);
		ok(guest_import(m, &g, i * PAGE));
		memset(m->mem + page + i * PAGE, 0x42, PAGE);
	}
	ok(softuv_guest_share(m->uv, g.handle, 2 * PAGE, true));
	ok(softuv_guest_share(m->uv, g.handle, 3 * PAGE, true));
	ok(uvc_page(m, 0x0341, page + 3 * PAGE));
	guest_map(m, &h, 0, page, 0);
	assert_rc(guest_import(m, &h, 0), SOFTUV_RC_PAGE_FOREIGN);
	ok(guest_add_cpu(m, &g, 0));
	assert_rc(uvc_handle(m, 0x0101, g.handle), SOFTUV_RC_DESTROY_CONF_CPUS);
	assert_int_equal(softuv_host_access(m->uv, page), SOFTUV_PGM_SECURE);
	guest_destroy(m, &g);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(softuv_host_access(m->uv, page + i * PAGE), 0);
		assert_true(is_filled(m->mem + page + i * PAGE, i < 2 ? 0 : 0x42));
		assert_rc(uvc_page(m, 0x0341, page + i * PAGE), SOFTUV_RC_PAGE_NOT_SHARED);
	}
	assert_true(pages_add_up(m->uv));
	ok(guest_import(m, &h, 0));
}

/*
 * The guest's storage begins at an address of the host's, also beyond all storage: the host's
 * calls for pages name that, UNPACK and all of the guest's side say guest absolute.
 */
static void storage_origin(void **state)
{
	static const uint64_t origins[] = { 0, 2048 * MIB, 1ull << 45 };

	for (unsigned int i = 0; i < ARRAY_SIZE(origins); i++) {
		struct machine *m = *state;
		struct guest g = { 0 };
		uint64_t at = origins[i], page = machine_alloc(m, 2 * PAGE);
		struct softuv_page_view view;

		guest_tables(m, &g, 4 * MIB);
		g.origin = at;
		g.base = machine_alloc(m, 0x4000);
		g.virt = machine_alloc(m, 0x2000);
		g.sca = machine_alloc(m, PAGE);
		ok(guest_create(m, &g));
		guest_map(m, &g, at, page, 0);
		guest_map(m, &g, at + 4 * MIB - PAGE, page + PAGE, 0);
		assert_rc(guest_import(m, &g, at - PAGE), SOFTUV_RC_PAGE_ADDR);
		assert_rc(guest_import(m, &g, at + 4 * MIB), SOFTUV_RC_PAGE_ADDR);
		ok(guest_import(m, &g, at));
		ok(guest_import(m, &g, at + 4 * MIB - PAGE));
		assert_true(softuv_guest_page_present(m->uv, g.handle, 0));
		assert_true(softuv_guest_page_present(m->uv, g.handle, 4 * MIB - PAGE));
		assert_false(softuv_guest_page_present(m->uv, g.handle, 4 * MIB));
		assert_false(softuv_guest_page_present(m->uv, g.handle, PAGE));
		assert_int_equal(softuv_guest_share(m->uv, g.handle, 4 * MIB, true),
				 SOFTUV_RC_PAGE_ADDR);
		ok(softuv_guest_share(m->uv, g.handle, 4 * MIB - PAGE, true));
		assert_int_equal(softuv_host_access(m->uv, page + PAGE), 0);
		ok(uvc_page(m, 0x0341, page + PAGE));
		ok(uvc_gaddr(m, 0x0342, g.handle, at + 4 * MIB - PAGE));
		assert_true(softuv_view_page(m->uv, g.handle, 0, &view));
		assert_int_equal(view.abs, page);
		guest_destroy(m, &g);
	}
}

const struct CMUnitTest page_tests[] = {
	TEST(first_import_clears),
	TEST(round_trip),
	TEST(tampering_is_found),
	TEST(foreign_pages),
	TEST(destroy_page),
	TEST(page_addresses),
	TEST(dead_configuration),
	TEST(destroyed_configuration),
	TEST(storage_origin),
};

const size_t page_nr = ARRAY_SIZE(page_tests);
