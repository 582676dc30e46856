// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of shared and pinned pages, as guest, host and text commands see them.
 */
#include "tests.h"

#define PAGE	4096ull

static void setup(struct machine *m, struct guest *g, uint64_t *page)
{
	*page = machine_alloc(m, 2 * PAGE);
	guest_new(m, g, 4 * MIB);
	guest_map(m, g, 0, *page, 0);
	ok(guest_import(m, g, 0));
	memset(m->mem + *page, 0x42, PAGE);
}

static void share_and_unshare(void **state)
{
	struct machine *m = *state;
	struct guest g;
	uint64_t page;

	setup(m, &g, &page);
	assert_rc(uvc_page(m, 0x0341, page), SOFTUV_RC_PAGE_NOT_SHARED);
	assert_rc(uvc_page(m, 0x0341, page + PAGE), SOFTUV_RC_PAGE_NOT_SHARED);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	assert_int_equal(m->mem[page], 0x42);
	assert_true(softuv_guest_page_present(m->uv, g.handle, 0));
	ok(guest_import(m, &g, 0));
	assert_int_equal(m->mem[page], 0x42);
	ok(softuv_guest_share(m->uv, g.handle, 0, false));
	ok(softuv_guest_share(m->uv, g.handle, 0, false));
	ok(softuv_guest_share(m->uv, g.handle, 2 * MIB, false));
	assert_false(softuv_guest_page_present(m->uv, g.handle, 0));
	ok(guest_import(m, &g, 0));
	assert_int_equal(m->mem[page], 0);
	assert_int_equal(softuv_host_access(m->uv, page), SOFTUV_PGM_SECURE);
	assert_rc(softuv_guest_share(m->uv, 5, 0, true), SOFTUV_RC_INV_CONF);
	assert_rc(softuv_guest_share(m->uv, g.handle, 8, true), SOFTUV_RC_PAGE_ADDR);
	assert_rc(softuv_guest_share(m->uv, g.handle, 4 * MIB, true), SOFTUV_RC_PAGE_ADDR);
}

static void shared_page_travels(void **state)
{
	struct machine *m = *state;
	struct guest g;
	uint64_t page;

	setup(m, &g, &page);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	ok(uvc_page(m, 0x0201, page));
	assert_int_equal(m->mem[page], 0x42);
	assert_false(softuv_guest_page_present(m->uv, g.handle, 0));
	memset(m->mem + page + PAGE, 0x43, PAGE);
	guest_map(m, &g, 0, page + PAGE, 0);
	ok(guest_import(m, &g, 0));
	assert_int_equal(m->mem[page + PAGE], 0x43);
	assert_int_equal(softuv_host_access(m->uv, page + PAGE), 0);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	assert_rc(uvc_page(m, 0x0341, page + PAGE), SOFTUV_RC_PAGE_NOT_SHARED);
	ok(uvc_page(m, 0x0341, page));
	guest_map(m, &g, 0, page + PAGE, 0);
	assert_rc(guest_import(m, &g, 0), SOFTUV_RC_PAGE_ELSEWHERE);
	ok(uvc_page(m, 0x0202, page));
	assert_int_equal(m->mem[page], 0);
	ok(guest_import(m, &g, 0));
	assert_int_equal(m->mem[page + PAGE], 0x43);
}

static void share_before_use_and_after_export(void **state)
{
	struct machine *m = *state;
	struct guest g;
	uint64_t page;

	setup(m, &g, &page);
	ok(softuv_guest_share(m->uv, g.handle, PAGE, true));
	memset(m->mem + page + PAGE, 0x44, PAGE);
	guest_map(m, &g, PAGE, page + PAGE, 0);
	ok(guest_import(m, &g, PAGE));
	assert_int_equal(m->mem[page + PAGE], 0x44);
	ok(uvc_page(m, 0x0201, page));
	guest_map(m, &g, 0, page, 0x400);
	assert_rc(softuv_guest_share(m->uv, g.handle, 0, true), SOFTUV_RC_PAGE_NOT_MAPPED);
	guest_map(m, &g, 0, page, 0);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	assert_int_equal(m->mem[page], 0x42);
}

static void pinned_pages(void **state)
{
	struct machine *m = *state;
	struct guest g;
	uint64_t page;

	setup(m, &g, &page);
	assert_rc(uvc_gaddr(m, 0x0342, g.handle, 0), SOFTUV_RC_PAGE_NOT_SHARED);
	assert_rc(uvc_gaddr(m, 0x0342, g.handle, 1), SOFTUV_RC_PAGE_ADDR);
	assert_rc(uvc_gaddr(m, 0x0342, g.handle, 4 * MIB), SOFTUV_RC_PAGE_ADDR);
	assert_rc(uvc_gaddr(m, 0x0342, g.handle, 3 * MIB), SOFTUV_RC_PAGE_NOT_SHARED);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	assert_rc(uvc_gaddr(m, 0x0342, g.handle, 0), SOFTUV_RC_PAGE_NOT_SHARED);
	ok(uvc_page(m, 0x0341, page));
	ok(uvc_page(m, 0x0341, page));
	ok(uvc_gaddr(m, 0x0342, g.handle, 0));
	ok(uvc_page(m, 0x0341, page));
	assert_int_equal(softuv_guest_share(m->uv, g.handle, 0, false), SOFTUV_GUEST_INTERCEPT);
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	ok(uvc_gaddr(m, 0x0342, g.handle, 0));
	assert_false(softuv_guest_page_present(m->uv, g.handle, 0));
	ok(softuv_guest_share(m->uv, g.handle, 0, false));
	/* an export while the unshare waits ends the share, too */
	ok(guest_import(m, &g, 0));
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	ok(uvc_page(m, 0x0341, page));
	assert_int_equal(softuv_guest_share(m->uv, g.handle, 0, false), SOFTUV_GUEST_INTERCEPT);
	ok(uvc_page(m, 0x0201, page));
	ok(guest_import(m, &g, 0));
	assert_int_equal(softuv_host_access(m->uv, page), SOFTUV_PGM_SECURE);
}

static void ownership_moves_with_a_shared_page(void **state)
{
	struct machine *m = *state;
	struct guest a, b;
	uint64_t page;

	setup(m, &a, &page);
	guest_new(m, &b, 4 * MIB);
	guest_map(m, &b, 0, page, 0);
	ok(softuv_guest_share(m->uv, a.handle, 0, true));
	ok(uvc_page(m, 0x0341, page));
	assert_rc(guest_import(m, &b, 0), SOFTUV_RC_PAGE_FOREIGN);
	ok(uvc_gaddr(m, 0x0342, a.handle, 0));
	ok(guest_import(m, &b, 0));
	assert_int_equal(m->mem[page], 0);
	assert_false(softuv_guest_page_present(m->uv, a.handle, 0));
	assert_true(softuv_guest_page_present(m->uv, b.handle, 0));
	ok(softuv_guest_share(m->uv, a.handle, 0, false));
}

static void unshare_all(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint64_t page;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 3, &o);
	page = machine_alloc(m, 4 * PAGE);
	for (unsigned int i = 0; i < 4; i++) {
		guest_map(m, &g, MIB + i * PAGE, page + i * PAGE, 0);
		ok(guest_import(m, &g, MIB + i * PAGE));
		ok(softuv_guest_share(m->uv, g.handle, MIB + i * PAGE, true));
	}
	ok(softuv_guest_share(m->uv, g.handle, 2 * MIB, true));
	ok(uvc_page(m, 0x0341, page));
	ok(uvc_page(m, 0x0201, page + PAGE));
	assert_true(softuv_guest_page_present(m->uv, g.handle, MIB));
	ok(uvc_handle(m, 0x0340, g.handle));
	for (unsigned int i = 0; i < 4; i++) {
		assert_false(softuv_guest_page_present(m->uv, g.handle, MIB + i * PAGE));
		assert_rc(uvc_page(m, 0x0341, page + i * PAGE), SOFTUV_RC_PAGE_NOT_SHARED);
	}
	assert_true(softuv_guest_page_present(m->uv, g.handle, 0x10000));
	ok(softuv_guest_share(m->uv, g.handle, MIB, true));
	ok(guest_import(m, &g, MIB));
	guest_destroy(m, &g);
	assert_rc(uvc_page(m, 0x0341, page), SOFTUV_RC_PAGE_NOT_SHARED);
}

const struct CMUnitTest share_tests[] = {
	TEST(share_and_unshare),
	TEST(shared_page_travels),
	TEST(share_before_use_and_after_export),
	TEST(pinned_pages),
	TEST(ownership_moves_with_a_shared_page),
	TEST(unshare_all),
};

const size_t share_nr = ARRAY_SIZE(share_tests);
