// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of what all calls share: control block access, command, length, state, handle.
 */
#include "../src/call.h"
#include "../src/uv.h"
#include "tests.h"

/* One guest with one CPU in each life-cycle state, to aim every call at. */
struct stage {
	enum conf_state state;
	struct guest g;
};

static void make_stages(struct machine *m, struct stage s[4])
{
	struct header_opts o;
	uint8_t hdr[8192];

	header_defaults(&o);
	s[0].state = CS_CREATED;
	guest_new(m, &s[0].g, 4 * MIB);
	s[1].state = CS_PARAMS;
	guest_new(m, &s[1].g, 4 * MIB);
	ok(guest_ssc(m, &s[1].g, hdr, header_make(&o, hdr)));
	s[2].state = CS_VERIFIED;
	guest_boot(m, &s[2].g, 4 * MIB, 2, &o);
	s[3].state = CS_RESET;
	guest_boot(m, &s[3].g, 4 * MIB, 2, &o);
	for (int i = 0; i < 4; i++)
		ok(guest_add_cpu(m, &s[i].g, 0));
	ok(uvc_handle(m, 0x0320, s[3].g.handle));
}

static bool host_row(const struct uvc_desc *d)
{
	return d->fn && (d->side & SIDE_HOST);
}

static void put_handle(uint8_t *cb, const struct uvc_desc *d, const struct guest *g)
{
	if (d->handle == HANDLE_CONF)
		set64(cb + 0x18, g->handle);
	if (d->handle == HANDLE_CPU)
		set64(cb + 0x18, g->cpu[0]);
	if (d->handle == HANDLE_CONF_20)
		set64(cb + 0x20, g->handle);
}

static void table_is_sorted_and_unique(void **state)
{
	uint64_t bits = 0;

	(void)state;
	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];

		assert_true(i == 0 || suv_table[i - 1].cmd < d->cmd);
		assert_false(bits & 1ull << d->bit);
		bits |= 1ull << d->bit;
		assert_ptr_equal(suv_desc(d->cmd), d);
		assert_int_equal(softuv_cmd_by_name(d->name), d->cmd);
		assert_string_equal(softuv_cmd_name(d->cmd), d->name);
		assert_true(d->len_min <= d->len_max && d->len_min % 8 == 0);
	}
	assert_string_equal(softuv_cmd_name(0x4242), "unknown");
}

static void wrong_length(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];
		uint16_t bad[] = { 0, 8, (uint16_t)(d->len_min - 8), (uint16_t)(d->len_min + 4),
				   (uint16_t)(d->len_min - 1), (uint16_t)(d->len_max + 8), 0xffff };

		for (size_t k = 0; host_row(d) && k < ARRAY_SIZE(bad); k++) {
			if (bad[k] == 0 && d->len_max > 0xfff0)
				continue;
			uvc_new(m, d->cmd, bad[k]);
			assert_rc(uvc_go(m), SOFTUV_RC_INV_LEN);
		}
	}
}

static void not_for_the_host(void **state)
{
	struct machine *m = *state;
	uint16_t unknown[] = { 0, 3, 0x4242, 0x1000, 0x1001, 0x1020, 0x1035, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		uvc_new(m, unknown[i], 8);
		assert_rc(uvc_go(m), SOFTUV_RC_INV_CMD);
		uvc_new(m, unknown[i], 0x100);
		assert_rc(uvc_go(m), SOFTUV_RC_INV_CMD);
	}
}

static void before_init(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];

		if (!host_row(d) || d->cmd == 0x0001 || d->cmd == 0x000f)
			continue;
		uvc_new(m, d->cmd, d->len_min);
		assert_rc(uvc_go(m), SOFTUV_RC_INV_STATE);
	}
}

static void wrong_handle(void **state)
{
	struct machine *m = *state;
	struct stage s[4];

	make_stages(m, s);
	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];
		uint64_t conf = s[2].g.handle, cpu = s[2].g.cpu[0];
		uint64_t bad[] = { 0, 1, ~0ull, conf + 1, cpu + 1, conf ^ 1ull << 40,
				   d->handle == HANDLE_CPU ? conf : cpu };

		for (size_t k = 0; d->handle >= HANDLE_CONF && k < ARRAY_SIZE(bad); k++) {
			uint8_t *cb = uvc_new(m, d->cmd, d->len_min);

			set64(cb + (d->handle == HANDLE_CONF_20 ? 0x20 : 0x18), bad[k]);
			assert_rc(uvc_go(m), d->handle == HANDLE_CPU ? SOFTUV_RC_INV_CPU :
								      SOFTUV_RC_INV_CONF);
		}
	}
}

static void wrong_state(void **state)
{
	struct machine *m = *state;
	struct stage s[4];

	make_stages(m, s);
	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];

		for (int k = 0; d->states && k < 4; k++) {
			if (d->states & s[k].state)
				continue;
			put_handle(uvc_new(m, d->cmd, d->len_min), d, &s[k].g);
			assert_rc(uvc_go(m), SOFTUV_RC_INV_STATE);
		}
	}
}

static void bad_control_block(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];
		uint64_t end = UVCB + 0x1000 - 8;
		uint8_t *cb = m->mem + end;

		if (!host_row(d))
			continue;
		memset(cb, 0, 0x1000);
		set16(cb, d->len_min);
		set16(cb + 2, d->cmd);
		uvc_at(m, end + 4);
		assert_int_equal(m->res.pgm, SOFTUV_PGM_SPECIFICATION);
		m->bad_page = UVCB / 4096;
		uvc_at(m, end);
		assert_int_equal(m->res.pgm, 0x11);
		assert_int_equal(m->res.pgm_va, end);
		m->bad_page = UVCB / 4096 + 1;
		uvc_at(m, end);
		assert_int_equal(m->res.pgm, 0x11);
		assert_int_equal(m->res.pgm_va, UVCB + 0x1000);
		assert_int_equal(be16(cb + 4), 0);
		m->bad_page = ~0ull;
		uvc_at(m, BASE_STOR);
		assert_int_equal(m->res.pgm, SOFTUV_PGM_SECURE);
		assert_int_equal(m->res.pgm_va, BASE_STOR);
		uvc_at(m, m->size);
		assert_int_equal(m->res.pgm, SOFTUV_PGM_ADDRESSING);
	}
}

static void block_across_pages(void **state)
{
	struct machine *m = *state;
	uint64_t at = UVCB + 0x1000 - 0x10;
	uint8_t *cb = m->mem + at;

	memset(cb, 0, 0x200);
	set16(cb, 0x200);
	set16(cb + 2, 0x0001);
	assert_rc(uvc_at(m, at), SOFTUV_RC_EXECUTED);
	assert_int_equal(be16(cb + 4), SOFTUV_RC_EXECUTED);
	assert_int_equal(be64(cb + 0x40), BASE_LEN);
	/* the last page of the address space and the first: no storage there, no crash */
	uvc_at(m, ~0xfull);
	assert_int_equal(m->res.pgm, SOFTUV_PGM_ADDRESSING);
	m->bad_from = ~0ull << 12;
	m->bad_abs = UVCB;
	memcpy(m->mem + UVCB + 0xff8, cb, 8);
	m->mem[1] = 0;
	uvc_at(m, ~0ull - 7);
	assert_int_equal(m->res.pgm, 0);
	assert_int_equal(m->res.rc, SOFTUV_RC_EXECUTED);
}

static void longest_block(void **state)
{
	struct machine *m = *state;
	uint8_t *cb = uvc_new(m, 0x0001, 0xfff8);

	memset(cb + 8, 0xee, 0xfff8);
	ok(uvc_go(m));
	assert_int_equal(cb[0xfff7], 0);
	assert_int_equal(cb[0xfff8], 0xee);
}

static void trace_fields(void **state)
{
	struct machine *m = *state;

	assert_rc(uvc_area(m, 0x0402, 7, 0, 0), SOFTUV_RC_INV_CPU);
	assert_int_equal(m->res.cmd, 0x0402);
	assert_string_equal(m->res.name, "dump-cpu");
	assert_int_equal(m->res.delay_us, 0);
	assert_rc(uvc_handle(m, 0x0300, 7), SOFTUV_RC_INV_LEN);
	assert_int_equal(m->res.rrc, 0);
}

/* Two pages that are neighbours for the CPU only: the control block is in both. */
static void block_in_two_places(void **state)
{
	struct machine *m = *state;
	uint64_t far = machine_alloc(m, 0x1000), at = UVCB + 0xff0;
	const uint8_t block[0x10] = { 0, 0x48, 0, 0x0f };

	machine_reset(m);
	m->bad_from = UVCB + 0x1000;
	m->bad_abs = far;
	memcpy(m->mem + at, block, sizeof(block));
	memset(m->mem + UVCB + 0x1000, 0xee, 0x1000);
	set64(m->mem + far + 0x08, BASE_STOR);
	set64(m->mem + far + 0x10, BASE_LEN);
	ok(uvc_at(m, at));
	assert_int_equal(be16(m->mem + at + 4), SOFTUV_RC_EXECUTED);
	/* QUI writes its answer to both, and nothing behind the first in storage */
	set16(m->mem + at, 0x100);
	set16(m->mem + at + 2, 0x0001);
	ok(uvc_at(m, at));
	assert_int_equal(be64(m->mem + far), 0xff1ffff020000000ull);
	assert_int_equal(be64(m->mem + far + 0x30), BASE_LEN);
	for (unsigned int i = 0; i < 0x1000; i++)
		assert_int_equal(m->mem[UVCB + 0x1000 + i], 0xee);
}

/* The block is found as the PSW says, addresses in it in home space. */
static void block_in_current_space(void **state)
{
	struct machine *m = *state;
	uint64_t hidden = machine_alloc(m, 0x1000);
	struct guest g;

	m->home_from = UVCB;
	m->home_at = hidden;
	uvc_new(m, 0x0001, 0x100);
	ok(uvc_go(m));
	assert_int_equal(be64(m->mem + hidden), 0);
	m->home_from = ~0ull;
	guest_new(m, &g, MIB);
	/* a virtual donation is an address in the block: home space */
	ok(uvc_handle(m, 0x0101, g.handle));
	m->home_from = g.virt;
	m->home_at = machine_alloc(m, 0x2000);
	ok(guest_create(m, &g));
	assert_int_equal(softuv_host_access(m->uv, g.virt), 0);
	assert_int_equal(softuv_host_access(m->uv, m->home_at), SOFTUV_PGM_SECURE);
}

struct seen {
	unsigned int filtered, done;
	uint64_t conf;
	bool answer;
};

static bool see_filter(void *opaque, uint16_t cmd, uint64_t conf, struct softuv_result *res)
{
	struct seen *seen = opaque;

	seen->filtered++;
	seen->conf = conf;
	if (!seen->answer || cmd != 0x0200)
		return false;
	res->cc = 1;
	res->rc = 0x1234;
	res->rrc = 0x5678;
	return true;
}

static void see_done(void *opaque, const struct softuv_result *res)
{
	((struct seen *)opaque)->done += res->rc != 0;
}

/* A probe sees each call, answers or lets it go on; there is room for one. */
static void probe_takes_part(void **state)
{
	struct machine *m = *state;
	struct softuv_probe probe = {
		.size = sizeof(probe), .filter = see_filter, .done = see_done,
	};
	struct seen seen = { 0 };
	struct guest g;

	guest_new(m, &g, MIB);
	assert_false(softuv_attach(m->uv, &probe, &seen));
	softuv_equip_free(m->eq);
	m->eq = NULL;
	probe.size = 0;
	assert_false(softuv_attach(m->uv, &probe, &seen));
	probe.size = sizeof(probe);
	assert_true(softuv_attach(m->uv, &probe, &seen));
	assert_rc(guest_import(m, &g, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	assert_int_equal(seen.conf, g.handle);
	seen.answer = true;
	m->odd_rc = true;
	assert_rc(guest_import(m, &g, 0), 0x1234);
	assert_int_equal(m->res.rrc, 0x5678);
	ok(uvc_page(m, 0x0201, 0));
	assert_int_equal(seen.conf, 0);
	assert_int_equal(seen.filtered, 3);
	assert_int_equal(seen.done, 3);
	assert_true(softuv_attach(m->uv, NULL, NULL));
	ok(uvc_page(m, 0x0201, 0));
	assert_int_equal(seen.done, 3);
	/* one of an older interface, which ends in front of what is new */
	probe.size = offsetof(struct softuv_probe, done);
	assert_true(softuv_attach(m->uv, &probe, &seen));
	ok(uvc_page(m, 0x0201, 0));
	assert_int_equal(seen.filtered, 4);
	assert_int_equal(seen.done, 3);
	assert_true(softuv_attach(m->uv, NULL, NULL));
}

static void return_codes_have_names(void **state)
{
	(void)state;
	assert_string_equal(softuv_rc_name(0x0400, SOFTUV_RC_DUMP_NOT_ALLOWED),
			    "dump not allowed by the image");
	assert_string_equal(softuv_rc_name(0x0200, 0x010a), "page not mapped for writing");
	assert_string_equal(softuv_rc_name(0x0301, 5), "invalid length");
	assert_string_equal(softuv_rc_name(0x0200, 0x0999), "unknown");
	/* no rc of softuv's own is one that firmware has a meaning for, or has bit 0x8000 */
	for (unsigned int cmd = 0; cmd <= 0x0403; cmd++) {
		for (unsigned int rc = 0x0101; rc < 0x10000; rc += rc == 0x010f ? 0x51f1 : 1) {
			const char *name = softuv_rc_name((uint16_t)cmd, (uint16_t)rc);

			if (strcmp(name, "unknown"))
				assert_true(rc < 0x0110 || rc >> 8 == SOFTUV_RC_OWN >> 8);
		}
	}
}

const struct CMUnitTest call_tests[] = {
	TEST(table_is_sorted_and_unique),
	TEST(wrong_length),
	TEST(not_for_the_host),
	TEST_RAW(before_init),
	TEST(wrong_handle),
	TEST(wrong_state),
	TEST(bad_control_block),
	TEST(block_across_pages),
	TEST(longest_block),
	TEST(trace_fields),
	TEST(block_in_two_places),
	TEST(block_in_current_space),
	TEST(probe_takes_part),
	TEST(return_codes_have_names),
};

const size_t call_nr = ARRAY_SIZE(call_tests);
