// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of secure CPUs: creation, states, resets, the reset protocol, SIE entry.
 */
#include <stdio.h>

#include "tests.h"

static void create_args(void **state)
{
	struct machine *m = *state;
	struct guest g;
	const struct {
		unsigned int off;
		uint64_t value;
		uint16_t rc;
	} bad[] = {
		{ 0x30, 248, SOFTUV_RC_CREATE_CPU_NUMBER },
		{ 0x30, 0xffff, SOFTUV_RC_CREATE_CPU_NUMBER },
		{ 0x28, STORAGE, SOFTUV_RC_CREATE_CPU_STOR },
		{ 0x28, STORAGE + 8, SOFTUV_RC_CREATE_CPU_STOR },
		{ 0x28, 0x7000008, SOFTUV_RC_CREATE_CPU_STOR },
		{ 0x28, BASE_STOR, SOFTUV_RC_CREATE_CPU_STOR },
		{ 0x28, 0, SOFTUV_RC_CREATE_CPU_STOR_LOWCORE },
		{ 0x38, STORAGE, SOFTUV_RC_CREATE_CPU_STATE },
		{ 0x38, BASE_STOR, SOFTUV_RC_CREATE_CPU_STATE },
		{ 0x38, 0x7000200, SOFTUV_RC_CREATE_CPU_STATE },
	};

	guest_new(m, &g, MIB);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *cb = uvc_new(m, 0x0120, 0x60);

		set64(cb + 0x20, g.handle);
		set64(cb + 0x28, 0x7000000);
		set64(cb + 0x38, 0x7001000);
		set64(cb + bad[i].off, bad[i].value);
		assert_rc(uvc_go(m), bad[i].rc);
		assert_int_equal(be64(cb + 0x18), 0);
	}
	assert_int_equal(softuv_host_access(m->uv, 0x7000000), 0);
	m->no_random = true;
	assert_rc(guest_add_cpu(m, &g, 247), SOFTUV_RC_RESOURCES);
	m->no_random = false;
	ok(guest_add_cpu(m, &g, 247));
	assert_rc(guest_add_cpu(m, &g, 247), SOFTUV_RC_CREATE_CPU_DEFINED);
	ok(guest_add_cpu(m, &g, 0));
	assert_int_equal(softuv_host_access(m->uv, g.cpu_stor[0]), SOFTUV_PGM_SECURE);
	m->mem[g.cpu_stor[0]] = 0xaa;
	ok(uvc_handle(m, 0x0121, g.cpu[0]));
	assert_int_equal(softuv_host_access(m->uv, g.cpu_stor[0]), 0);
	assert_int_equal(m->mem[g.cpu_stor[0]], 0);
	assert_rc(uvc_handle(m, 0x0121, g.cpu[0]), SOFTUV_RC_INV_CPU);
}

static void states_need_verify(void **state)
{
	struct machine *m = *state;
	struct guest g;

	guest_new(m, &g, MIB);
	ok(guest_add_cpu(m, &g, 0));
	assert_rc(guest_set_state(m, g.cpu[0], 1), SOFTUV_RC_INV_STATE);
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_INV_STATE);
	ok(guest_set_state(m, g.cpu[0], 2));
	ok(guest_set_state(m, g.cpu[0], 3));
	for (unsigned int s = 0; s < 256; s++) {
		if (s != 1 && s != 2 && s != 3 && s != 5)
			assert_rc(guest_set_state(m, g.cpu[0], (uint8_t)s), SOFTUV_RC_CPU_STATE);
	}
}

static void expect_reg(struct machine *m, const char *name, const char *value)
{
	char line[80], reply[128];

	snprintf(line, sizeof(line), "reg get vm=0 cpu=0 name=%s", name);
	assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
	assert_string_equal(reply, value);
}

static void set_reg(struct machine *m, const char *name, const char *value)
{
	char line[80], reply[128];

	snprintf(line, sizeof(line), "reg set vm=0 cpu=0 name=%s value=%s", name, value);
	assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
}

static void load_and_resets(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	expect_reg(m, "psw", "ok 0x00000000000000000000000000000000");
	expect_reg(m, "cr0", "ok 0x00000000000000e0");
	ok(guest_set_state(m, g.cpu[0], 5));
	ok(guest_set_state(m, g.cpu[0], 1));
	expect_reg(m, "psw", "ok 0x00000001800000000000000000011000");
	set_reg(m, "gr5", "0x1234");
	set_reg(m, "prefix", "0x4000");
	set_reg(m, "cr14", "7");
	set_reg(m, "fpc", "9");
	ok(uvc_handle(m, 0x0310, g.cpu[0]));
	expect_reg(m, "prefix", "ok 0x00004000");
	expect_reg(m, "psw", "ok 0x00000001800000000000000000011000");
	ok(uvc_handle(m, 0x0311, g.cpu[0]));
	expect_reg(m, "psw", "ok 0x00000000000000000000000000000000");
	expect_reg(m, "prefix", "ok 0x00000000");
	expect_reg(m, "cr14", "ok 0x00000000c2000000");
	expect_reg(m, "gr5", "ok 0x0000000000001234");
	ok(uvc_handle(m, 0x0321, g.cpu[0]));
	expect_reg(m, "gr5", "ok 0x0000000000000000");
}

static void sie_entry(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g, other;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	guest_boot(m, &other, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	assert_int_equal(softuv_sie_enter(m->uv, 1, g.handle, g.asce, NULL), 0x2001);
	assert_int_equal(softuv_sie_enter(m->uv, g.handle, g.handle, g.asce, NULL), 0x2001);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], other.handle, g.asce, NULL), 0x2002);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0x2004);
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, other.asce, NULL), 0x2005);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0x2003);
	assert_rc(uvc_handle(m, 0x0310, g.cpu[0]), SOFTUV_RC_CPU_IN_SIE);
	assert_rc(uvc_handle(m, 0x0121, g.cpu[0]), SOFTUV_RC_CPU_IN_SIE);
	assert_rc(guest_set_state(m, g.cpu[0], 2), SOFTUV_RC_CPU_IN_SIE);
	assert_rc(uvc_handle(m, 0x0340, g.handle), SOFTUV_RC_CPUS_RUNNING);
	softuv_sie_leave(m->uv, g.cpu[0]);
	softuv_sie_leave(m->uv, 1);
	assert_rc(uvc_handle(m, 0x0340, g.handle), SOFTUV_RC_CPUS_RUNNING);
	ok(guest_set_state(m, g.cpu[0], 2));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0x2004);
	ok(uvc_handle(m, 0x0340, g.handle));
}

/* DIAG 308 subcode 0/1: stop, unshare, prepare, reset, load from guest absolute 0. */
static void reset_protocol(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint64_t page;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	ok(guest_add_cpu(m, &g, 1));
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_rc(uvc_handle(m, 0x0320, g.handle), SOFTUV_RC_CPUS_RUNNING);
	ok(guest_set_state(m, g.cpu[0], 2));
	ok(uvc_handle(m, 0x0340, g.handle));
	ok(uvc_handle(m, 0x0320, g.handle));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0x2006);
	ok(uvc_handle(m, 0x0321, g.cpu[0]));
	ok(uvc_handle(m, 0x0310, g.cpu[1]));
	assert_rc(guest_set_state(m, g.cpu[0], 1), SOFTUV_RC_INV_STATE);
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_PSW);
	page = machine_alloc(m, 0x1000);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_PSW);
	set64(m->mem + page, 0x0008000180011000ull);
	ok(uvc_page(m, 0x0201, page));
	guest_map(m, &g, 0, page, 0x400);
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_PSW);
	guest_map(m, &g, 0, page, 0);
	ok(guest_set_state(m, g.cpu[0], 5));
	expect_reg(m, "psw", "ok 0x00000001800000000000000000011000");
	ok(guest_set_state(m, g.cpu[0], 1));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0);
}

/* One load, then the guest starts its other CPUs; another load after the next reset only. */
static void one_load(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 0x1000);
	struct header_opts o;
	struct guest g;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	for (uint16_t i = 0; i < 3; i++)
		ok(guest_add_cpu(m, &g, i));
	assert_rc(guest_set_state(m, g.cpu[1], 1), SOFTUV_RC_CPU_NOT_STARTED);
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_LOADED);
	assert_rc(guest_set_state(m, g.cpu[1], 5), SOFTUV_RC_CPU_LOADED);
	ok(guest_set_state(m, g.cpu[0], 2));
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_LOADED);
	ok(guest_set_state(m, g.cpu[0], 1));
	assert_rc(guest_set_state(m, g.cpu[1], 1), SOFTUV_RC_CPU_NOT_STARTED);
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[1], g.handle, g.asce, NULL), 0x2004);
	assert_true(softuv_guest_restart(m->uv, g.cpu[1]));
	assert_false(softuv_guest_restart(m->uv, g.handle));
	ok(guest_set_state(m, g.cpu[1], 1));
	/* a normal reset keeps the PSW, an initial one does not */
	ok(uvc_handle(m, 0x0310, g.cpu[1]));
	ok(guest_set_state(m, g.cpu[1], 1));
	ok(uvc_handle(m, 0x0311, g.cpu[1]));
	assert_rc(guest_set_state(m, g.cpu[1], 1), SOFTUV_RC_CPU_NOT_STARTED);
	ok(guest_set_state(m, g.cpu[0], 2));
	ok(uvc_handle(m, 0x0320, g.handle));
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	set64(m->mem + page, 0x0008000180011000ull);
	ok(guest_set_state(m, g.cpu[2], 5));
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_LOADED);
}

/* A machine that executes no guest instruction: nobody could send RESTART. */
static void machine_without_guests(void **state)
{
	struct softuv_config cfg = {
		.size = sizeof(cfg), .mem_size = STORAGE, .host_key = host_scalar,
		.virt_var_len = 64, .no_guest = true,
	};
	struct machine *m = machine_new_with(&cfg);
	struct header_opts o;
	struct guest g;

	(void)state;
	ok(uvc_init(m));
	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	ok(guest_add_cpu(m, &g, 1));
	ok(guest_set_state(m, g.cpu[1], 1));
	ok(uvc_handle(m, 0x0321, g.cpu[1]));
	ok(guest_set_state(m, g.cpu[1], 1));
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_rc(guest_set_state(m, g.cpu[1], 5), SOFTUV_RC_CPU_LOADED);
	machine_free(m);
}

/* A load that finds no PSW leaves an exported page where and what it is. */
static void refused_load(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 0x1000);
	struct softuv_page_view view;
	struct header_opts o;
	uint8_t copy[4096];
	struct guest g;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	ok(guest_set_state(m, g.cpu[0], 5));
	ok(guest_set_state(m, g.cpu[0], 2));
	ok(uvc_handle(m, 0x0320, g.handle));
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	ok(uvc_page(m, 0x0201, page));
	memcpy(copy, m->mem + page, sizeof(copy));
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_PSW);
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	assert_memory_equal(copy, m->mem + page, sizeof(copy));
	assert_true(softuv_view_page(m->uv, g.handle, 0, &view));
	assert_string_equal(view.kind, "exported");
	assert_true(pages_add_up(m->uv));
	/* spoilt, it is not looked into */
	m->mem[page + 7] ^= 1;
	assert_rc(guest_set_state(m, g.cpu[0], 5), SOFTUV_RC_CPU_PSW);
	assert_int_equal(softuv_host_access(m->uv, page), 0);
	m->mem[page + 7] ^= 1;
	ok(guest_import(m, &g, 0));
	set64(m->mem + page, 0x0008000180011000ull);
	ok(uvc_page(m, 0x0201, page));
	ok(guest_set_state(m, g.cpu[0], 5));
	expect_reg(m, "psw", "ok 0x00000001800000000000000000011000");
	assert_int_equal(softuv_host_access(m->uv, page), SOFTUV_PGM_SECURE);
}

/* Each reset leaves the CPU stopped and no interception open. */
static void resets_end_what_was(void **state)
{
	static const uint16_t cmds[] = { 0x0310, 0x0311, 0x0321 };
	struct machine *m = *state;
	char reply[256];
	struct header_opts o;
	struct guest g;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	ok(guest_set_state(m, g.cpu[0], 5));
	for (unsigned int i = 0; i < ARRAY_SIZE(cmds); i++) {
		assert_true(softuv_guest_restart(m->uv, g.cpu[0]));
		ok(guest_set_state(m, g.cpu[0], 1));
		assert_int_equal(softuv_command(m->eq, "emulating vm=0 cpu=0 on", reply,
						sizeof(reply)), 0);
		assert_int_equal(softuv_command(m->eq, "cpus", reply, sizeof(reply)), 0);
		assert_non_null(strstr(reply, "state=operating sie=0 emulating=1"));
		ok(uvc_handle(m, cmds[i], g.cpu[0]));
		assert_int_equal(softuv_command(m->eq, "cpus", reply, sizeof(reply)), 0);
		assert_non_null(strstr(reply, "state=stopped sie=0 emulating=0"));
	}
}

const struct CMUnitTest cpu_tests[] = {
	TEST(create_args),
	TEST(states_need_verify),
	TEST(load_and_resets),
	TEST(sie_entry),
	TEST(reset_protocol),
	TEST(one_load),
	TEST(machine_without_guests),
	TEST(refused_load),
	TEST(resets_end_what_was),
};

const size_t cpu_nr = ARRAY_SIZE(cpu_tests);
