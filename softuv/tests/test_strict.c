// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of order and limits: which check is first, what may be donated, how many may be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests.h"

#define PAGE	4096ull

/* One field of a control block: a bad value with its rc, before it gets the good one. */
struct field {
	unsigned int off;
	uint64_t value;			/* big endian at @off, 8 bytes */
	uint16_t rc;			/* 0: this is the good value */
};

/*
 * Starts with everything wrong, then mends one thing after the other in the documented order: each
 * time the first thing that is still wrong is what the answer has to name.
 */
static void walk(struct machine *m, uint8_t *cb, const struct field *f, size_t nr)
{
	bool seen[0x100] = { false };

	for (size_t i = 0; i < nr; i++) {
		if (!seen[f[i].off])
			set64(cb + f[i].off, f[i].value);
		seen[f[i].off] = true;
	}
	for (size_t i = 0; i < nr; i++) {
		set64(cb + f[i].off, f[i].value);
		if (f[i].rc)
			assert_rc(uvc_go(m), f[i].rc);
	}
	ok(uvc_go(m));
}

static void order_of_init(void **state)
{
	struct machine *m = *state;
	const struct field f[] = {
		{ 0x20, BASE_LEN - 8, SOFTUV_RC_INIT_LEN }, { 0x20, BASE_LEN, 0 },
		{ 0x18, STORAGE, SOFTUV_RC_INIT_ORIGIN },
		{ 0x18, STORAGE - 8, SOFTUV_RC_INIT_BEYOND },
		{ 0x18, 0x1008, SOFTUV_RC_INIT_BELOW_2G },
		{ 0x18, BASE_STOR + 8, SOFTUV_RC_INIT_ORIGIN }, { 0x18, BASE_STOR, 0 },
	};
	uint8_t *cb = uvc_new(m, 0x000f, 0x48);

	m->others_running = true;
	assert_rc(uvc_go(m), SOFTUV_RC_INIT_RUNNING);
	m->others_running = false;
	walk(m, cb, f, ARRAY_SIZE(f));
	m->others_running = true;
	set64(cb + 0x20, 0);
	assert_rc(uvc_go(m), SOFTUV_RC_INIT_DONE);
}

static void order_of_create_conf(void **state)
{
	struct machine *m = *state;
	struct guest used, g = { 0 };

	guest_new(m, &used, MIB);
	guest_tables(m, &g, 4 * MIB);
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x2000);
	g.sca = machine_alloc(m, PAGE);

	const struct field f[] = {
		{ 0x38, ~0ull, SOFTUV_RC_CREATE_CONF_ORIGIN }, { 0x38, 0, 0 },
		{ 0x40, ~0ull, SOFTUV_RC_CREATE_CONF_LIMIT },
		{ 0x40, 8, SOFTUV_RC_CREATE_CONF_LENGTH }, { 0x40, 4 * MIB, 0 },
		{ 0x50, g.asce & ~0x100ull, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x50, used.asce, SOFTUV_RC_CREATE_CONF_ASCE_USED }, { 0x50, g.asce, 0 },
		{ 0x20, STORAGE + 8, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x20, 8, SOFTUV_RC_CREATE_CONF_BASE_LOWCORE },
		{ 0x20, used.base + 8, SOFTUV_RC_CREATE_CONF_BASE_ALIGN }, { 0x20, used.base, 0 },
		{ 0x48, 0, SOFTUV_RC_CREATE_CONF_SCA_NONE },
		{ 0x48, STORAGE, SOFTUV_RC_CREATE_CONF_SCA }, { 0x48, g.sca, 0 },
		{ 0x28, 8, SOFTUV_RC_CREATE_CONF_VIRT }, { 0x28, 0, 0 },
		{ 0x20, used.base, SOFTUV_RC_CREATE_CONF_BASE }, { 0x20, g.base, 0 },
		{ 0x28, 0, SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE },
		{ 0x28, used.virt, SOFTUV_RC_CREATE_CONF_VIRT }, { 0x28, g.virt, 0 },
	};

	walk(m, uvc_new(m, 0x0100, 0x80), f, ARRAY_SIZE(f));
}

static void order_of_create_cpu(void **state)
{
	struct machine *m = *state;
	uint64_t block = machine_alloc(m, PAGE), stor = machine_alloc(m, PAGE);
	struct guest g;

	guest_new(m, &g, MIB);
	ok(guest_add_cpu(m, &g, 3));

	const struct field f[] = {
		{ 0x20, g.handle ^ 1, SOFTUV_RC_INV_CONF }, { 0x20, g.handle, 0 },
		{ 0x30, 248, SOFTUV_RC_CREATE_CPU_NUMBER },
		{ 0x30, 3, SOFTUV_RC_CREATE_CPU_DEFINED }, { 0x30, 4, 0 },
		{ 0x28, STORAGE, SOFTUV_RC_CREATE_CPU_STOR },
		{ 0x28, 0x1008, SOFTUV_RC_CREATE_CPU_STOR_LOWCORE },
		{ 0x28, stor + 8, SOFTUV_RC_CREATE_CPU_STOR }, { 0x28, g.base, 0 },
		{ 0x38, BASE_STOR, SOFTUV_RC_CREATE_CPU_STATE }, { 0x38, block, 0 },
		{ 0x28, g.base, SOFTUV_RC_CREATE_CPU_STOR }, { 0x28, stor, 0 },
	};

	walk(m, uvc_new(m, 0x0120, 0x60), f, ARRAY_SIZE(f));
}

static void order_of_dump_calls(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint8_t *cb;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	/* not even begun, and everything else is wrong, too */
	cb = uvc_new(m, 0x0401, 0x50);
	set64(cb + 0x18, g.handle);
	set64(cb + 0x20, STORAGE);
	set64(cb + 0x28, 5);
	assert_rc(uvc_go(m), SOFTUV_RC_DUMP_NONE);
	ok(uvc_handle(m, 0x0400, g.handle));
	cb = uvc_new(m, 0x0401, 0x50);

	const struct field stor[] = {
		{ 0x18, 0, SOFTUV_RC_INV_CONF }, { 0x18, g.handle, 0 },
		{ 0x28, 5, SOFTUV_RC_DUMP_GADDR }, { 0x28, 3 * MIB, 0 },
		{ 0x20, BASE_STOR, SOFTUV_RC_OPERAND_ADDR }, { 0x20, BUFFER, 0 },
	};

	walk(m, cb, stor, ARRAY_SIZE(stor));
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_int_equal(softuv_sie_enter(m->uv, g.cpu[0], g.handle, g.asce, NULL), 0);
	assert_rc(uvc_area(m, 0x0402, g.cpu[0], BASE_STOR, 0), SOFTUV_RC_CPU_IN_SIE);
	softuv_sie_leave(m->uv, g.cpu[0]);
	assert_rc(uvc_area(m, 0x0402, g.cpu[0], BASE_STOR, 0), SOFTUV_RC_OPERAND_ADDR);
}

/* Length is told before the missing INIT, that before the handle, that before the state. */
static void order_of_common_checks(void **state)
{
	struct machine *m = *state;
	struct guest g;

	uvc_new(m, 0x4242, 4);
	assert_rc(uvc_go(m), SOFTUV_RC_INV_CMD);
	uvc_new(m, 0x0401, 0x48);
	assert_rc(uvc_go(m), SOFTUV_RC_INV_LEN);
	uvc_new(m, 0x0401, 0x50);
	assert_rc(uvc_go(m), SOFTUV_RC_INV_STATE);
	ok(uvc_init(m));
	guest_new(m, &g, MIB);
	assert_rc(uvc_handle(m, 0x0302, g.handle + 1), SOFTUV_RC_INV_CONF);
	assert_rc(uvc_handle(m, 0x0302, g.handle), SOFTUV_RC_INV_STATE);
}

/* Whatever has an owner, whoever it is, cannot be donated again; free storage next to it can. */
static void nothing_is_donated_twice(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4 * PAGE);
	struct guest a, b = { 0 };

	guest_new(m, &a, 4 * MIB);
	ok(guest_add_cpu(m, &a, 0));
	for (unsigned int i = 0; i < 4; i++) {
		guest_map(m, &a, i * PAGE, page + i * PAGE, 0);
		ok(guest_import(m, &a, i * PAGE));
	}
	ok(softuv_guest_share(m->uv, a.handle, PAGE, true));
	ok(softuv_guest_share(m->uv, a.handle, 2 * PAGE, true));
	ok(uvc_page(m, 0x0341, page + 2 * PAGE));

	const uint64_t owned[] = {
		BASE_STOR, BASE_STOR + BASE_LEN - PAGE, a.base, a.base + 0x3000, a.virt,
		a.virt + PAGE, a.cpu_stor[0], page, page + PAGE, page + 2 * PAGE, UVCB,
	};

	guest_tables(m, &b, MIB);
	b.sca = machine_alloc(m, PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++) {
		b.virt = machine_alloc(m, 0x2000);
		for (uint64_t off = 0; off < 0x4000; off += PAGE) {
			b.base = owned[i] - off;
			assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_BASE);
		}
		b.base = machine_alloc(m, 0x4000);
		for (uint64_t off = 0; off < 0x2000; off += PAGE) {
			b.virt = owned[i] - off;
			assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_VIRT);
			assert_int_equal(softuv_host_access(m->uv, b.base), 0);
		}
		uint8_t *cb = uvc_new(m, 0x0120, 0x60);

		set64(cb + 0x20, a.handle);
		set64(cb + 0x28, owned[i]);
		set16(cb + 0x36, 9);
		set64(cb + 0x38, b.sca);
		assert_rc(uvc_go(m), SOFTUV_RC_CREATE_CPU_STOR);
		/* nor is it a page of a guest, or where a guest's tables may lie */
		guest_map(m, &a, MIB, owned[i], 0);
		if (owned[i] != page + PAGE)
			assert_rc(guest_import(m, &a, MIB), SOFTUV_RC_PAGE_FOREIGN);
	}
	/* what the configuration itself, or a living one, names */
	const uint64_t kept[] = { a.root, b.root, b.root + 3 * PAGE, b.sca };
	uint64_t base = b.base;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		b.base = kept[i];
		b.virt = machine_alloc(m, 0x2000);
		assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_BASE);
		b.base = base;
		b.virt = kept[i] - PAGE;
		assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_VIRT);
	}
	b.virt = machine_alloc(m, 0x2000);
	ok(guest_create(m, &b));
}

static void fill(struct machine *m, uint64_t abs, uint64_t len)
{
	memset(m->mem + abs, 0xab, len);
}

static void assert_zero(struct machine *m, uint64_t abs, uint64_t len)
{
	for (uint64_t a = abs; a < abs + len; a++)
		assert_int_equal(m->mem[a], 0);
	for (uint64_t a = abs; a < abs + len; a += PAGE)
		assert_int_equal(softuv_host_access(m->uv, a), 0);
}

/* By the destroying call, or by a reset of the host: every byte of every donation. */
static void donations_come_back_cleared(void **state)
{
	struct machine *m = *state;

	for (int by_reset = 0; by_reset < 2; by_reset++) {
		struct guest g;

		guest_new(m, &g, 100 * MIB);
		ok(guest_add_cpu(m, &g, 0));
		fill(m, g.base, 0x4000);
		fill(m, g.virt, 3 * PAGE);
		fill(m, g.cpu_stor[0], PAGE);
		fill(m, BASE_STOR, BASE_LEN);
		if (by_reset)
			machine_reset(m);
		else
			guest_destroy(m, &g);
		assert_zero(m, g.base, 0x4000);
		assert_zero(m, g.virt, 3 * PAGE);
		assert_zero(m, g.cpu_stor[0], PAGE);
	}
	assert_zero(m, BASE_STOR, BASE_LEN);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void as_many_as_reported(void **state)
{
	struct machine *m = *state;
	uint8_t *cb = uvc_new(m, 0x0001, 0x100);
	struct guest *g;
	uint64_t *handle;
	uint32_t max;

	ok(uvc_go(m));
	max = (uint32_t)be64(cb + 0x78);
	assert_int_equal(max, 4096);
	g = calloc(max + 1, sizeof(*g));
	handle = calloc(max, sizeof(*handle));
	for (uint32_t i = 0; i < max; i++) {
		guest_new(m, &g[i], MIB);
		handle[i] = g[i].handle;
	}
	qsort(handle, max, sizeof(*handle), ascending);
	assert_true(handle[0] > 0xffffffff);
	for (uint32_t i = 1; i < max; i++)
		assert_true(handle[i - 1] < handle[i]);
	guest_tables(m, &g[max], MIB);
	g[max].base = machine_alloc(m, 0x4000);
	g[max].virt = machine_alloc(m, 0x2000);
	g[max].sca = machine_alloc(m, PAGE);
	assert_rc(guest_create(m, &g[max]), SOFTUV_RC_CREATE_CONF_MAX);
	guest_destroy(m, &g[max / 2]);
	ok(guest_create(m, &g[max]));
	/* one has not been mixed up with another */
	ok(guest_add_cpu(m, &g[7], 1));
	assert_rc(uvc_handle(m, 0x0101, g[7].handle), SOFTUV_RC_DESTROY_CONF_CPUS);
	ok(uvc_handle(m, 0x0101, g[8].handle));
	free(handle);
	free(g);
}

/* Each CPU number up to the highest, each with registers of its own, all in one dump. */
static void cpus_up_to_the_highest(void **state)
{
	struct machine *m = *state;
	uint64_t cpu[248];
	char line[96], reply[32768];
	struct header_opts o;
	struct guest g;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	for (unsigned int i = 0; i < 248; i++) {
		g.nr_cpus = 0;
		ok(guest_add_cpu(m, &g, (uint16_t)(247 - i)));
		cpu[247 - i] = g.cpu[0];
		snprintf(line, sizeof(line), "reg set vm=0 cpu=%u name=gr3 value=%u", 247 - i, i);
		assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
	}
	assert_rc(guest_add_cpu(m, &g, 248), SOFTUV_RC_CREATE_CPU_NUMBER);
	assert_rc(guest_add_cpu(m, &g, 0xffff), SOFTUV_RC_CREATE_CPU_NUMBER);
	assert_int_equal(softuv_command(m->eq, "cpus", reply, sizeof(reply)), 0);
	assert_int_equal(strncmp(reply, "ok cpus=248; vm=0 cpu=0 state=stopped sie=0 ", 44), 0);
	assert_int_equal(softuv_command(m->eq, "cpus vm=0", line, sizeof(line)), -1);
	assert_int_equal(softuv_command(m->eq, "cpus vm=1", reply, sizeof(reply)), -1);
	assert_int_equal(softuv_command(m->eq, "cpus vm=0", reply, sizeof(reply)), 0);
	assert_non_null(strstr(reply, "; vm=0 cpu=247 state=stopped "));
	ok(uvc_handle(m, 0x0400, g.handle));
	for (unsigned int i = 0; i < 248; i++) {
		snprintf(line, sizeof(line), "reg get vm=0 cpu=%u name=gr3", i);
		assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
		assert_int_equal(strtoull(reply + 3, NULL, 0), 247 - i);
		ok(uvc_area(m, 0x0402, cpu[i], BUFFER, 0));
	}
	ok(uvc_area(m, 0x0403, g.handle, BUFFER, 0));
	for (unsigned int i = 0; i < 248; i++)
		ok(uvc_handle(m, 0x0121, cpu[i]));
	ok(uvc_handle(m, 0x0101, g.handle));
}

const struct CMUnitTest strict_tests[] = {
	TEST_RAW(order_of_init),
	TEST(order_of_create_conf),
	TEST(order_of_create_cpu),
	TEST(order_of_dump_calls),
	TEST_RAW(order_of_common_checks),
	TEST(nothing_is_donated_twice),
	TEST(donations_come_back_cleared),
	TEST(as_many_as_reported),
	TEST(cpus_up_to_the_highest),
};

const size_t strict_nr = ARRAY_SIZE(strict_tests);
