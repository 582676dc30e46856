// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of the guest's side: its calls, its access to pages, its CPUs in SIE.
 */
#include "tests.h"

#define PAGE	4096ull

static void setup(struct machine *m, struct guest *g)
{
	struct header_opts o;

	header_defaults(&o);
	guest_boot(m, g, 4 * MIB, 2, &o);
	ok(guest_add_cpu(m, g, 0));
	ok(guest_add_cpu(m, g, 3));
	ok(guest_set_state(m, g->cpu[0], 5));
}

/* The guest's call in the block at UVCB, whose addresses are the machine's in these tests. */
static struct softuv_result *guest_call(struct machine *m, const struct guest *g)
{
	softuv_guest_call(m->uv, NULL, g->cpu[0], UVCB, &m->res);
	return &m->res;
}

static struct softuv_result *guest_page(struct machine *m, const struct guest *g, uint16_t cmd,
					uint64_t guest_abs)
{
	uint8_t *cb = uvc_new(m, cmd, 0x30);

	set64(cb + 0x20, guest_abs);
	return guest_call(m, g);
}

static void calls_of_a_guest(void **state)
{
	static const uint16_t refused[] = {
		0x0002 + 1, 0x000f, 0x0100, 0x0200, 0x0301, 0x0400, 0x1020, 0x1031, 0x4242,
	};
	struct machine *m = *state;
	struct guest g;
	uint8_t *cb;

	setup(m, &g);
	for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++) {
		uvc_new(m, refused[i], 0x48);
		assert_rc(guest_call(m, &g)->rc, SOFTUV_RC_INV_CMD);
		assert_int_equal(m->res.cc, 1);
	}
	cb = uvc_new(m, 0x0001, 0x100);
	ok(guest_call(m, &g)->rc);
	assert_int_equal(be64(cb + 0x10), 0x80c0000020000000ull);
	assert_int_equal(be64(cb + 0x40), 0);
	assert_int_equal(be64(cb + 0xa0), 1ull << 63 | SOFTUV_MARK);
	uvc_new(m, 0x1000, 0x28);
	assert_rc(guest_call(m, &g)->rc, SOFTUV_RC_INV_LEN);
	softuv_guest_call(m->uv, NULL, g.handle, UVCB, &m->res);
	assert_int_equal(m->res.pgm, SOFTUV_PGM_SPECIFICATION);
	/* a host has none of them */
	uvc_new(m, 0x1000, 0x30);
	assert_rc(uvc_go(m), SOFTUV_RC_INV_CMD);
}

static void share_calls(void **state)
{
	const uint64_t page = 0x10000;
	struct machine *m = *state;
	struct guest g;
	uint64_t abs;

	setup(m, &g);
	abs = machine_alloc(m, PAGE);
	guest_map(m, &g, 2 * MIB, abs, 0);
	ok(guest_import(m, &g, 2 * MIB));
	assert_rc(guest_page(m, &g, 0x1000, page + 8)->rc, SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_page(m, &g, 0x1000, 4 * MIB)->rc, SOFTUV_RC_PAGE_ADDR);
	ok(guest_page(m, &g, 0x1000, 2 * MIB)->rc);
	assert_int_equal(softuv_host_access(m->uv, abs), 0);
	/* pinned: the host first, and nothing is stored */
	ok(uvc_page(m, 0x0341, abs));
	assert_true(guest_page(m, &g, 0x1001, 2 * MIB)->intercept);
	assert_int_equal(be16(m->mem + UVCB + 4), 0);
	ok(uvc_gaddr(m, 0x0342, g.handle, 2 * MIB));
	assert_false(guest_page(m, &g, 0x1001, 2 * MIB)->intercept);
	ok(m->res.rc);
	/* exported and not mapped: the host's to bring */
	ok(guest_import(m, &g, 2 * MIB));
	ok(uvc_page(m, 0x0201, abs));
	guest_map(m, &g, 2 * MIB, 0, 0x400);
	assert_int_equal(guest_page(m, &g, 0x1000, 2 * MIB)->pgm, SOFTUV_PGM_NON_SECURE);
	assert_int_equal(m->res.pgm_va, 2 * MIB);
	guest_map(m, &g, 2 * MIB, abs, 0);
	ok(guest_page(m, &g, 0x1000, 2 * MIB)->rc);
}

static void access_to_pages(void **state)
{
	struct machine *m = *state;
	struct guest a, b;
	uint64_t abs;

	setup(m, &a);
	guest_new(m, &b, 4 * MIB);
	abs = machine_alloc(m, 2 * PAGE);
	guest_map(m, &a, MIB, abs, 0);
	guest_map(m, &b, MIB, abs, 0);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, abs), SOFTUV_PGM_NON_SECURE);
	ok(guest_import(m, &a, MIB));
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB + 8, abs), 0);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, abs + PAGE),
			 SOFTUV_PGM_NON_SECURE);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, 0, abs), SOFTUV_PGM_VIOLATION);
	assert_int_equal(softuv_guest_access(m->uv, b.handle, MIB, abs), SOFTUV_PGM_VIOLATION);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, BASE_STOR),
			 SOFTUV_PGM_VIOLATION);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, 4 * MIB, abs), SOFTUV_PGM_VIOLATION);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, m->size), SOFTUV_PGM_VIOLATION);
	assert_int_equal(softuv_guest_access(m->uv, 1, MIB, abs), SOFTUV_PGM_VIOLATION);
	/* a shared page that its owner's host gave away is the host's */
	ok(softuv_guest_share(m->uv, a.handle, MIB, true));
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, abs), 0);
	assert_int_equal(softuv_guest_access(m->uv, b.handle, MIB, abs), SOFTUV_PGM_NON_SECURE);
	m->guest_losses = 0;
	ok(uvc_page(m, 0x0201, abs));
	assert_int_equal(m->guest_losses, 1);
	assert_int_equal(softuv_guest_access(m->uv, a.handle, MIB, abs), SOFTUV_PGM_NON_SECURE);
}

static void cpu_in_sie(void **state)
{
	struct machine *m = *state;
	struct softuv_sie sie;
	struct guest g;
	char reply[256];
	bool stopped, in_sie;

	setup(m, &g);
	ok(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, &sie) + 1);
	assert_int_equal(sie.cpu, g.cpu[0]);
	assert_int_equal(sie.conf, g.handle);
	assert_int_equal(sie.origin, 0);
	assert_int_equal(sie.len, 4 * MIB);
	assert_int_equal(sie.number, 0);
	assert_ptr_equal(sie.regs, softuv_cpu_regs(m->uv, g.cpu[0]));
	softuv_command(m->eq, "reg set vm=0 cpu=0 name=gr1 value=1", reply, sizeof(reply));
	assert_non_null(strstr(reply, "error: reg: cpu=0: it executes"));
	sie.kept->opcode = 0x8300;
	assert_true(softuv_cpu_emulating(m->uv, g.cpu[0], true));
	assert_int_equal(sie.kept->opcode, 0);
	sie.kept->opcode = 0x8300;
	assert_true(softuv_cpu_emulating(m->uv, g.cpu[0], true));
	assert_int_equal(sie.kept->opcode, 0x8300);
	sie.kept->left_at = 5;
	assert_int_equal(softuv_guest_sibling(m->uv, g.cpu[1], 0, &stopped, &in_sie), g.cpu[0]);
	assert_true(in_sie);
	softuv_sie_leave(m->uv, g.cpu[0]);
	assert_int_equal(softuv_guest_sibling(m->uv, g.cpu[0], 3, &stopped, &in_sie), g.cpu[1]);
	assert_false(in_sie);
	assert_true(stopped);
	assert_int_equal(softuv_guest_sibling(m->uv, g.cpu[1], 0, &stopped, &in_sie), g.cpu[0]);
	assert_false(stopped);
	assert_int_equal(softuv_guest_sibling(m->uv, g.cpu[0], 1, &stopped, &in_sie), 0);
	assert_int_equal(softuv_guest_sibling(m->uv, g.cpu[0], 0xffff, &stopped, &in_sie), 0);
	assert_int_equal(softuv_guest_sibling(m->uv, 1, 0, &stopped, &in_sie), 0);
	assert_true(softuv_guest_restart(m->uv, g.cpu[1]));
	assert_false(softuv_guest_ext_call(m->uv, 1, 0));
	assert_true(softuv_guest_ext_call(m->uv, g.cpu[1], 0));
	assert_false(softuv_guest_ext_call(m->uv, g.cpu[1], 3));
	ok(guest_set_state(m, g.cpu[1], 1));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[1], g.handle, g.asce, &sie), 0);
	assert_true(sie.kept->restart);
	assert_int_equal(sie.kept->ext_call, 1);
	softuv_sie_leave(m->uv, g.cpu[1]);
	/* restarted while it executes: the host's to inject */
	sie.kept->restart = false;
	assert_true(softuv_guest_restart(m->uv, g.cpu[1]));
	assert_false(sie.kept->restart);
	/* asked for a reset: not executed any more */
	softuv_guest_reset(m->uv, 1);
	softuv_guest_reset(m->uv, g.cpu[0]);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, &sie), 0x2006);
	ok(guest_set_state(m, g.cpu[0], 2));
	ok(guest_set_state(m, g.cpu[1], 2));
	ok(uvc_handle(m, 0x0320, g.handle));
	ok(uvc_handle(m, 0x0311, g.cpu[0]));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, &sie), 0x2006);
	assert_false(sie.kept->open);
	assert_int_equal(sie.kept->left_at, 0);
}

const struct CMUnitTest guest_tests[] = {
	TEST(calls_of_a_guest),
	TEST(share_calls),
	TEST(access_to_pages),
	TEST(cpu_in_sie),
};

const size_t guest_nr = ARRAY_SIZE(guest_tests);
