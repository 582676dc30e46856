// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of QUI, QUERY_KEYS, INIT_UV and of configurations: creation, limits, end, reset.
 */
#include <errno.h>
#include <stdlib.h>

#include "guest_crypto.h"
#include "tests.h"

static void query_lengths(void **state)
{
	struct machine *m = *state;

	for (unsigned int len = 0xa8; len <= 0xfff8; len += 8) {
		uint8_t *cb = uvc_new(m, 0x0001, (uint16_t)len);

		memset(cb + 8, 0xee, len);
		assert_rc(uvc_go(m), len < 0x100 ? SOFTUV_RC_MORE_DATA : SOFTUV_RC_EXECUTED);
		assert_int_equal(cb[len], 0xee);
		assert_int_equal(cb[8], 0xee);
		assert_true(len <= 0x100 || (!cb[0x100] && !cb[len - 1] &&
					     !memcmp(cb + 0x100, cb + 0x101, len - 0x101)));
	}
}

static void query_values(void **state)
{
	struct machine *m = *state;
	uint8_t *cb = uvc_new(m, 0x0001, 0x120);

	ok(uvc_go(m));
	/* bits 0-7, 11-27 and 34: no guest call, so that Linux knows it is a host */
	assert_int_equal(be64(cb + 0x10), 0xff1ffff020000000ull);
	assert_int_equal(be64(cb + 0x18), 0);
	assert_int_equal(be64(cb + 0x40), BASE_LEN);
	assert_int_equal(be64(cb + 0x50), 0x4000);
	assert_int_equal(be64(cb + 0x58), 0x1000);
	assert_int_equal(be64(cb + 0x60), 64);
	assert_int_equal(be64(cb + 0x68), 0x1000);
	assert_int_equal(be64(cb + 0x78), 4096);
	assert_int_equal(be64(cb + 0x80), 0x800000000000ull);
	assert_int_equal(be16(cb + 0x9e), 247);
	assert_int_equal(be64(cb + 0xa0), 0x8000534f46545556ull);
	assert_int_equal(be64(cb + 0xb0), 0x8000000000000000ull);
	assert_int_equal(be64(cb + 0xb8), 0x300000f2);
	assert_int_equal(be64(cb + 0xc8), 0x1000);
	assert_int_equal(be64(cb + 0xd0), 0x1000);
}

static void query_keys(void **state)
{
	struct machine *m = *state;
	uint8_t *cb = uvc_new(m, 0x0002, 0x200), coord[160], zero[32] = { 0 };
	struct header_opts o;
	uint8_t hdr[8192];

	ok(uvc_go(m));
	header_defaults(&o);
	header_make(&o, hdr);
	assert_memory_equal(cb + 0x20, hdr + 0x1a0, 32);
	o.backup = true;
	header_make(&o, hdr);
	assert_memory_equal(cb + 0x40, hdr + 0x1a0, 32);
	assert_memory_equal(cb + 0x60, zero, 32);
	host_key_coord(host_scalar, coord);
	assert_int_equal(coord[0], 0);
}

static void init_args(void **state)
{
	struct machine *m = *state;
	const struct {
		uint64_t origin, len;
		uint16_t rc;
	} bad[] = {
		{ BASE_STOR, BASE_LEN - 8, SOFTUV_RC_INIT_LEN },
		{ BASE_STOR, 0, SOFTUV_RC_INIT_LEN },
		{ STORAGE + 8, BASE_LEN, SOFTUV_RC_INIT_ORIGIN },
		{ ~0ull - 7, BASE_LEN, SOFTUV_RC_INIT_ORIGIN },
		{ STORAGE - 8, BASE_LEN, SOFTUV_RC_INIT_BEYOND },
		{ STORAGE - MIB, BASE_LEN, SOFTUV_RC_INIT_BEYOND },
		{ 1ull << 30, BASE_LEN, SOFTUV_RC_INIT_BELOW_2G },
		{ BASE_STOR + 0x1000, BASE_LEN, SOFTUV_RC_INIT_ORIGIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *cb = uvc_new(m, 0x000f, 0x48);

		set64(cb + 0x18, bad[i].origin);
		set64(cb + 0x20, bad[i].len);
		assert_rc(uvc_go(m), bad[i].rc);
	}
	m->others_running = true;
	assert_rc(uvc_init(m), SOFTUV_RC_INIT_RUNNING);
	m->others_running = false;
	m->prefix = BASE_STOR;
	assert_rc(uvc_init(m), SOFTUV_RC_INIT_BEYOND);
	m->prefix = 0;
	assert_int_equal(softuv_host_access(m->uv, BASE_STOR), 0);
	ok(uvc_init(m));
	assert_int_equal(m->restricted, BASE_LEN);
	assert_int_equal(softuv_host_access(m->uv, BASE_STOR), SOFTUV_PGM_SECURE);
	assert_int_equal(softuv_host_access(m->uv, BASE_STOR + BASE_LEN - 1), SOFTUV_PGM_SECURE);
	assert_int_equal(softuv_host_access(m->uv, BASE_STOR + BASE_LEN), 0);
	assert_int_equal(softuv_host_access(m->uv, ~0ull), 0);
	assert_rc(uvc_init(m), SOFTUV_RC_INIT_DONE);
}

/* Every argument check of CREATE_SEC_CONF; nothing may be donated by a refused call. */
static void create_args(void **state)
{
	struct machine *m = *state;
	struct guest good = { 0 };
	const struct {
		unsigned int off;
		uint64_t value;
		uint16_t rc;
	} bad[] = {
		{ 0x38, 0x800000000000ull, SOFTUV_RC_CREATE_CONF_ORIGIN },
		{ 0x38, 0x800000000008ull, SOFTUV_RC_CREATE_CONF_ORIGIN },
		{ 0x40, 0x800000100000ull, SOFTUV_RC_CREATE_CONF_LIMIT },
		{ 0x40, ~0ull, SOFTUV_RC_CREATE_CONF_LIMIT },
		{ 0x40, 0, SOFTUV_RC_CREATE_CONF_LENGTH },
		{ 0x40, MIB + 0x1000, SOFTUV_RC_CREATE_CONF_LENGTH },
		{ 0x50, 0x200000 | 0x0b, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x50, 0x200000 | 0x12b, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x50, STORAGE | 0x10b, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x20, STORAGE + 8, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x20, STORAGE - 0x1000, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x20, ~0xfffull, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x20, 0x1000, SOFTUV_RC_CREATE_CONF_BASE_LOWCORE },
		{ 0x20, 0x7000000 + 8, SOFTUV_RC_CREATE_CONF_BASE_ALIGN },
		{ 0x20, BASE_STOR, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x20, UVCB, SOFTUV_RC_CREATE_CONF_BASE },
		{ 0x48, 0, SOFTUV_RC_CREATE_CONF_SCA_NONE },
		{ 0x48, STORAGE, SOFTUV_RC_CREATE_CONF_SCA },
		{ 0x48, BASE_STOR, SOFTUV_RC_CREATE_CONF_SCA },
		{ 0x28, 0x8000008, SOFTUV_RC_CREATE_CONF_VIRT },
		{ 0x28, 0, SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE },
		{ 0x28, 0x1000, SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE },
		{ 0x50, BASE_STOR | 0x10b, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x50, (STORAGE - 0x1000) | 0x10b, SOFTUV_RC_CREATE_CONF_ASCE },
		{ 0x28, BASE_STOR - 0x1000, SOFTUV_RC_CREATE_CONF_VIRT },
		{ 0x28, STORAGE, SOFTUV_RC_CREATE_CONF_VIRT },
		{ 0x28, UVCB, SOFTUV_RC_CREATE_CONF_VIRT },
	};

	guest_tables(m, &good, 4 * MIB);
	good.base = machine_alloc(m, 0x4000);
	good.virt = machine_alloc(m, 0x2000);
	good.sca = machine_alloc(m, 0x1000);
	m->restricted = 0;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *cb = uvc_new(m, 0x0100, 0x80);

		set64(cb + 0x20, good.base);
		set64(cb + 0x28, good.virt);
		set64(cb + 0x40, good.len);
		set64(cb + 0x48, good.sca);
		set64(cb + 0x50, good.asce);
		set64(cb + bad[i].off, bad[i].value);
		assert_rc(uvc_go(m), bad[i].rc);
		assert_int_equal(be64(cb + 0x18), 0);
		assert_int_equal(softuv_host_access(m->uv, good.base), 0);
		assert_int_equal(softuv_host_access(m->uv, good.virt), 0);
	}
	m->prefix = good.virt;
	assert_rc(guest_create(m, &good), SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE);
	m->prefix = good.base;
	assert_rc(guest_create(m, &good), SOFTUV_RC_CREATE_CONF_BASE_LOWCORE);
	m->prefix = 0;
	m->bad_page = good.virt / 4096 + 1;
	assert_rc(guest_create(m, &good), SOFTUV_RC_CREATE_CONF_VIRT);
	m->bad_page = ~0ull;
	m->no_random = true;
	assert_rc(guest_create(m, &good), SOFTUV_RC_RESOURCES);
	m->no_random = false;
	ok(guest_create(m, &good));
}

/* 128 TiB want more donated pages than the storage has. */
static void create_absurd_length(void **state)
{
	struct machine *m = *state;
	struct guest g = { 0 };

	guest_tables(m, &g, 0x800000000000ull);
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x4000);
	g.sca = machine_alloc(m, 0x1000);
	assert_rc(guest_create(m, &g), SOFTUV_RC_CREATE_CONF_VIRT);
	assert_int_equal(softuv_host_access(m->uv, g.virt), 0);
}

static void donations(void **state)
{
	struct machine *m = *state;
	struct guest a, b = { 0 };

	guest_new(m, &a, 4 * MIB);
	for (uint64_t off = 0; off < 0x4000; off += 0x1000)
		assert_int_equal(softuv_host_access(m->uv, a.base + off), SOFTUV_PGM_SECURE);
	assert_int_equal(softuv_host_access(m->uv, a.virt + 0x1000), SOFTUV_PGM_SECURE);
	memset(m->mem + a.base, 0xab, 0x4000);
	guest_tables(m, &b, 4 * MIB);
	b.sca = machine_alloc(m, 0x1000);
	b.base = a.base;
	b.virt = machine_alloc(m, 0x2000);
	assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_BASE);
	b.base = machine_alloc(m, 0x4000);
	b.virt = a.virt;
	assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_VIRT);
	assert_int_equal(softuv_host_access(m->uv, b.base), 0);
	b.virt = b.base + 0x3000;
	assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_VIRT);
	b.virt = machine_alloc(m, 0x2000);
	b.asce = a.asce;
	assert_rc(guest_create(m, &b), SOFTUV_RC_CREATE_CONF_ASCE_USED);
	assert_int_equal(b.handle, 0);
	assert_rc(uvc_page(m, 0x0201, a.base), SOFTUV_RC_PAGE_FOREIGN);
	assert_rc(uvc_page(m, 0x0202, a.base), SOFTUV_RC_PAGE_FOREIGN);
	guest_destroy(m, &a);
	assert_int_equal(softuv_host_access(m->uv, a.base), 0);
	assert_int_equal(m->mem[a.base], 0);
	ok(guest_create(m, &b));
	guest_destroy(m, &b);
}

static void handles_die(void **state)
{
	struct machine *m = *state;
	struct guest g[8];
	uint64_t old;

	for (int i = 0; i < 8; i++)
		guest_new(m, &g[i], MIB);
	old = g[3].handle;
	for (int i = 0; i < 8; i++) {
		for (int k = 0; k < i; k++)
			assert_true(g[i].handle != g[k].handle && g[i].handle > 0x10000);
	}
	guest_destroy(m, &g[3]);
	assert_rc(uvc_handle(m, 0x0101, old), SOFTUV_RC_INV_CONF);
	guest_new(m, &g[3], MIB);
	assert_rc(uvc_handle(m, 0x0101, old), SOFTUV_RC_INV_CONF);
	ok(guest_add_cpu(m, &g[3], 5));
	assert_rc(uvc_handle(m, 0x0101, g[3].handle), SOFTUV_RC_DESTROY_CONF_CPUS);
	assert_rc(uvc_handle(m, 0x0102, g[3].handle), SOFTUV_RC_DESTROY_CONF_CPUS);
	ok(uvc_handle(m, 0x0121, g[3].cpu[0]));
	ok(uvc_handle(m, 0x0102, g[3].handle));
}

static void up_to_the_maximum(void **state)
{
	struct machine *m = machine_new_size(STORAGE, 40);
	struct guest g[41];

	(void)state;
	ok(uvc_init(m));
	for (int i = 0; i < 40; i++)
		guest_new(m, &g[i], MIB);
	memset(&g[40], 0, sizeof(g[40]));
	guest_tables(m, &g[40], MIB);
	g[40].base = machine_alloc(m, 0x4000);
	g[40].virt = machine_alloc(m, 0x2000);
	g[40].sca = machine_alloc(m, 0x1000);
	assert_rc(guest_create(m, &g[40]), SOFTUV_RC_CREATE_CONF_MAX);
	guest_destroy(m, &g[17]);
	ok(guest_create(m, &g[40]));
	machine_free(m);
}

static void huge_guest(void **state)
{
	struct machine *m = *state;
	uint64_t len = 1ull << 40, top = len - 4096;
	struct guest g;

	guest_new(m, &g, len);
	guest_map(m, &g, top, 0x7f000000, 0);
	ok(guest_import(m, &g, top));
	assert_true(softuv_guest_page_present(m->uv, g.handle, top));
	guest_destroy(m, &g);
}

static void host_reset(void **state)
{
	struct machine *m = *state;
	struct guest g;
	uint64_t page;

	guest_new(m, &g, 4 * MIB);
	page = machine_alloc(m, 0x3000);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	memset(m->mem + page, 0x55, 4096);
	memset(m->mem + BASE_STOR, 0x66, 4096);
	for (int i = 1; i < 3; i++) {
		guest_map(m, &g, i * 0x1000, page + i * 0x1000, 0);
		ok(guest_import(m, &g, i * 0x1000));
		ok(softuv_guest_share(m->uv, g.handle, i * 0x1000, true));
	}
	ok(uvc_page(m, 0x0341, page + 0x2000));
	memset(m->mem + page + 0x1000, 0x77, 0x2000);
	ok(guest_add_cpu(m, &g, 0));
	machine_reset(m);
	assert_int_equal(m->mem[page], 0);
	assert_int_equal(m->mem[page + 0x1000], 0x77);
	assert_int_equal(m->mem[page + 0x2000], 0x77);
	assert_int_equal(softuv_host_access(m->uv, g.cpu_stor[0]), 0);
	assert_int_equal(m->mem[BASE_STOR], 0);
	assert_int_equal(softuv_host_access(m->uv, BASE_STOR), 0);
	assert_rc(uvc_handle(m, 0x0101, g.handle), SOFTUV_RC_INV_STATE);
	ok(uvc_init(m));
	assert_rc(uvc_handle(m, 0x0101, g.handle), SOFTUV_RC_INV_CONF);
	assert_rc(uvc_page(m, 0x0341, page + 0x2000), SOFTUV_RC_PAGE_NOT_SHARED);
	ok(guest_create(m, &g));
}

static void refuses_bad_machine(void **state)
{
	struct softuv_ops ops = { .size = sizeof(ops) };
	struct softuv_config cfg = {
		.size = sizeof(cfg), .mem_size = MIB, .host_key = host_scalar,
	};
	static const uint8_t zero[66];
	struct softuv *uv;

	(void)state;
	assert_int_equal(softuv_version(), SOFTUV_VERSION);
	errno = 0;
	assert_null(softuv_new(&cfg, &ops, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(softuv_new(NULL, &ops, NULL));
	assert_null(softuv_new(&cfg, NULL, NULL));
	ops.translate = (void *)abort;
	ops.read = (void *)abort;
	ops.write = (void *)abort;
	ops.random = (void *)abort;
	cfg.host_key = zero;
	errno = 0;
	assert_null(softuv_new(&cfg, &ops, NULL));
	assert_int_equal(errno, EINVAL);
	cfg.host_key = host_scalar;
	cfg.backup_key = zero;
	assert_null(softuv_new(&cfg, &ops, NULL));
	cfg.backup_key = NULL;
	cfg.mem_size = 4097;
	assert_null(softuv_new(&cfg, &ops, NULL));
	cfg.mem_size = MIB;
	cfg.virt_var_len = MIB + 1;
	assert_null(softuv_new(&cfg, &ops, NULL));
	cfg.virt_var_len = 0;
	cfg.size = 0;
	assert_null(softuv_new(&cfg, &ops, NULL));
	/* an interface in which the last, optional fields did not exist yet */
	cfg.size = offsetof(struct softuv_config, max_conf);
	cfg.max_conf = ~0u;
	ops.size = offsetof(struct softuv_ops, random);
	assert_null(softuv_new(&cfg, &ops, NULL));
	ops.size = offsetof(struct softuv_ops, restrict_access);
	uv = softuv_new(&cfg, &ops, NULL);
	assert_non_null(uv);
	softuv_free(uv);
	/* and one with fields that are not known here */
	cfg.max_conf = 0;
	cfg.size = sizeof(cfg) + 64;
	ops.size = sizeof(ops) + 64;
	uv = softuv_new(&cfg, &ops, NULL);
	assert_non_null(uv);
	softuv_free(uv);
	softuv_free(NULL);
}

/* Whole pages by default: a host may count in these, or round up. */
static void usual_donation(void **state)
{
	struct softuv_config cfg = {
		.size = sizeof(cfg), .mem_size = STORAGE, .host_key = host_scalar,
	};
	struct machine *m = machine_new_with(&cfg);
	struct guest g = { 0 };
	uint8_t *cb = uvc_new(m, 0x0001, 0x100);

	(void)state;
	ok(uvc_go(m));
	assert_int_equal(be64(cb + 0x60), 4096);
	ok(uvc_init(m));
	guest_tables(m, &g, 3 * MIB);
	g.base = machine_alloc(m, 0x4000);
	g.sca = machine_alloc(m, 0x1000);
	g.virt = machine_alloc(m, 0x5000);
	ok(guest_create(m, &g));
	assert_int_equal(softuv_host_access(m->uv, g.virt + 0x3000), SOFTUV_PGM_SECURE);
	assert_int_equal(softuv_host_access(m->uv, g.virt + 0x4000), 0);
	machine_free(m);
}

/* What the configuration itself names cannot be donated: here, the SCA in the virtual area. */
static void sca_in_the_donation(void **state)
{
	struct machine *m = *state;
	struct guest g = { 0 };

	guest_tables(m, &g, 4 * MIB);
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x2000);
	for (unsigned int i = 0; i < 2; i++) {
		g.sca = g.virt + i * 0x1000 + 0x800;
		assert_rc(guest_create(m, &g), SOFTUV_RC_CREATE_CONF_VIRT);
		assert_int_equal(softuv_host_access(m->uv, g.virt), 0);
		assert_int_equal(softuv_host_access(m->uv, g.base), 0);
	}
	g.sca = machine_alloc(m, 0x1000);
	ok(guest_create(m, &g));
}

/* A top-level table of up to four pages: none of them may be secure or be donated. */
static void long_table(void **state)
{
	struct machine *m = *state;
	struct guest g = { 0 }, other;
	uint64_t asce;

	guest_tables(m, &g, 4 * MIB);
	asce = g.asce;
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x2000);
	g.sca = machine_alloc(m, 0x1000);
	guest_new(m, &other, MIB);
	/* the fourth page of the table is somebody's donation */
	g.asce = (other.base - 0x3000) | (asce & 0xfff);
	assert_rc(guest_create(m, &g), SOFTUV_RC_CREATE_CONF_ASCE);
	g.asce = (other.base - 0x3000) | (asce & 0xffc) | 2;
	ok(guest_create(m, &g));
	guest_destroy(m, &g);
	/* the donation holds a page of the table */
	g.asce = asce;
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t base = g.base;

		g.base = (asce & ~0xfffull) + i * 0x1000;
		assert_rc(guest_create(m, &g), SOFTUV_RC_CREATE_CONF_BASE);
		g.base = base;
	}
	ok(guest_create(m, &g));
}

/* The last page of storage, and the first address behind it. */
static void end_of_storage(void **state)
{
	struct machine *m = *state;
	struct guest g;

	guest_new(m, &g, MIB);
	guest_map(m, &g, 0, STORAGE - 0x1000, 0);
	ok(guest_import(m, &g, 0));
	assert_int_equal(softuv_host_access(m->uv, STORAGE - 1), SOFTUV_PGM_SECURE);
	assert_int_equal(softuv_host_access(m->uv, STORAGE), 0);
	ok(uvc_page(m, 0x0201, STORAGE - 0x1000));
	assert_rc(uvc_page(m, 0x0201, STORAGE), SOFTUV_RC_PAGE_ADDR);
	guest_map(m, &g, 0x1000, STORAGE, 0);
	assert_rc(guest_import(m, &g, 0x1000), SOFTUV_RC_PAGE_ADDR);
	/* a control block on the last bytes */
	set16(m->mem + STORAGE - 8, 8);
	set16(m->mem + STORAGE - 6, 0x4242);
	assert_rc(uvc_at(m, STORAGE - 8), SOFTUV_RC_INV_CMD);
	uvc_at(m, STORAGE);
	assert_int_equal(m->res.pgm, SOFTUV_PGM_ADDRESSING);
	ok(uvc_page(m, 0x0202, STORAGE - 0x1000));
}

const struct CMUnitTest conf_tests[] = {
	TEST_RAW(query_lengths),
	TEST_RAW(query_values),
	TEST(query_keys),
	TEST_RAW(init_args),
	TEST(create_args),
	TEST(create_absurd_length),
	TEST(donations),
	TEST(handles_die),
	TEST_RAW(up_to_the_maximum),
	TEST(huge_guest),
	TEST(host_reset),
	TEST_RAW(refuses_bad_machine),
	TEST_RAW(usual_donation),
	TEST(sca_in_the_donation),
	TEST(long_table),
	TEST(end_of_storage),
};

const size_t conf_nr = ARRAY_SIZE(conf_tests);
