// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of softuv's own memory: how much page states take, and what happens without.
 */
#include <errno.h>
#include <stdlib.h>

#include "../src/call.h"
#include "../src/uv.h"
#include "tests.h"

/* The linker sends the allocations of softuv and of the tests here (--wrap, see Makefile). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static long countdown = -1;		/* allocations until one fails; below 0 none does */
static size_t allocated;		/* bytes asked for so far */
static bool no_tables;			/* arrays of record numbers are not to be had */

static bool fails(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	allocated += size;
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	if (no_tables && size == sizeof(uint32_t))
		return NULL;
	allocated += n * size;
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocated += size;
	return fails() ? NULL : __real_realloc(p, size);
}

/* Runs @step with the first, second, ... allocation failing until it answers @good. */
static void exhaust(struct machine *m, struct guest *g, uint16_t good, uint16_t bad,
		    uint16_t (*step)(struct machine *m, struct guest *g))
{
	unsigned int n = 0;
	uint16_t rc;

	do {
		countdown = (long)n++;
		rc = step(m, g);
		countdown = -1;
		assert_true(rc == good || rc == bad);
		assert_true(n < 50);
	} while (rc != good);
	assert_true(n > 1);
}

static uint16_t add_rule(struct machine *m, struct guest *g)
{
	char reply[128];

	(void)g;
	return (uint16_t)softuv_command(m->eq, "rule add cmd=pin delay=1", reply, sizeof(reply));
}

static uint16_t add_cpu(struct machine *m, struct guest *g)
{
	return guest_add_cpu(m, g, 3);
}

static uint16_t import(struct machine *m, struct guest *g)
{
	return guest_import(m, g, MIB);
}

static uint16_t share(struct machine *m, struct guest *g)
{
	return (uint16_t)softuv_guest_share(m->uv, g->handle, 3 * MIB, true);
}

static uint16_t unpack(struct machine *m, struct guest *g)
{
	return guest_unpack(m, g, 0, 1, 0);
}

/* Records are made in units: uses up the one that the last record began, so that the next fails. */
static void use_up(struct machine *m, struct guest *g, uint64_t gaddr)
{
	for (unsigned int i = 1; i < CHUNK_PAGES; i++)
		ok(softuv_guest_share(m->uv, g->handle, gaddr + i * 4096, true));
}

static void each_call(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g = { 0 };
	uint8_t hdr[8192];
	uint64_t page = machine_alloc(m, 8192);

	guest_tables(m, &g, 4 * MIB);
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x2000);
	g.sca = machine_alloc(m, 0x1000);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_RESOURCES, guest_create);
	guest_map(m, &g, MIB, page, 0);
	guest_map(m, &g, 0, page + 4096, 0);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_RESOURCES, add_cpu);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_RESOURCES, import);
	use_up(m, &g, 2 * MIB);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_RESOURCES, share);
	use_up(m, &g, 2 * MIB + CHUNK_PAGES * 4096);
	exhaust(m, &g, 0, 0xffff, add_rule);
	header_defaults(&o);
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_RESOURCES, unpack);
	guest_destroy(m, &g);
}

/* A page that is known needs no memory to move, to come back or to be shared. */
static void known_page_new_frame(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4096), far = 0x70000000;
	struct guest g;

	guest_new(m, &g, MIB);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	memset(m->mem + page, 0x42, 4096);
	countdown = 0;
	ok(uvc_page(m, 0x0201, page));
	memcpy(m->mem + far, m->mem + page, 4096);
	guest_map(m, &g, 0, far, 0);
	ok(guest_import(m, &g, 0));
	assert_int_equal(m->mem[far], 0x42);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	guest_map(m, &g, 0, far + 2 * MIB, 0);
	ok(guest_import(m, &g, 0));
	assert_int_equal(countdown, 0);
	countdown = -1;
}

/* Tables that cannot grow get slow, not wrong. */
static void tables_that_cannot_grow(void **state)
{
	struct machine *m = *state;
	uint64_t pages = machine_alloc(m, 2000 * 4096ull);
	struct guest g;

	guest_new(m, &g, 8 * MIB);
	for (uint64_t i = 0; i < 2000; i++)
		guest_map(m, &g, i * 4096, pages + i * 4096, 0);
	no_tables = true;
	assert_rc(guest_import(m, &g, 0), SOFTUV_RC_RESOURCES);
	no_tables = false;
	ok(guest_import(m, &g, 0));
	no_tables = true;
	for (uint64_t i = 1; i < 2000; i++)
		ok(guest_import(m, &g, i * 4096));
	assert_true(pages_add_up(m->uv));
	no_tables = false;
	for (uint64_t i = 0; i < 2000; i++) {
		assert_true(softuv_guest_page_present(m->uv, g.handle, i * 4096));
		ok(uvc_page(m, 0x0201, pages + i * 4096));
		assert_false(softuv_guest_page_present(m->uv, g.handle, i * 4096));
	}
	guest_destroy(m, &g);
}

static uint64_t record_bytes(struct machine *m)
{
	char reply[4096];

	assert_int_equal(softuv_command(m->eq, "stats", reply, sizeof(reply)), 0);
	assert_non_null(strstr(reply, " record-bytes="));
	return strtoull(strstr(reply, " record-bytes=") + 14, NULL, 10);
}

/* 64 bytes for each touched page wherever it is, and a page that is touched again is no new one. */
static void bytes_per_page(void **state)
{
	static const uint64_t strides[] = { 4096, 16 * 4096, MIB, 33 * MIB };
	struct machine *m = *state;
	struct guest g, small;
	uint64_t bytes;

	guest_new(m, &small, MIB);
	ok(softuv_guest_share(m->uv, small.handle, 0x5000, true));
	bytes = record_bytes(m);
	assert_true(bytes < 4096);
	for (size_t i = 0; i < ARRAY_SIZE(strides); i++) {
		guest_new(m, &g, 3000 * strides[i] / MIB * MIB + MIB);
		for (uint64_t k = 1; k <= 3000; k++) {
			ok(softuv_guest_share(m->uv, g.handle, (k - 1) * strides[i], true));
			assert_true(k < 500 || record_bytes(m) <= 64 * k);
		}
		for (uint64_t k = 1; k <= 3000; k++) {
			ok(softuv_guest_share(m->uv, g.handle, (k - 1) * strides[i], false));
			ok(softuv_guest_share(m->uv, g.handle, (k - 1) * strides[i], true));
		}
		assert_true(record_bytes(m) <= 64 * 3000);
		guest_destroy(m, &g);
		/* the directory of the units stays for the next guest */
		assert_true(record_bytes(m) < bytes + 2048);
	}
	ok(softuv_guest_share(m->uv, small.handle, 0x5000, false));
	machine_reset(m);
	assert_int_equal(record_bytes(m), 0);
}

/* All of it in a dump: nothing is allocated for what nobody touched, and nothing found there. */
static void guest_of_a_tebibyte(void **state)
{
	struct machine *m = *state;
	const uint64_t len = 1ull << 40;
	uint64_t touched[] = { 0, 0x5ull << 36, len - 4096 };
	uint64_t before = 0, found = 0, page = machine_alloc(m, 3 * 4096);
	struct header_opts o;
	uint8_t hdr[8192];
	struct guest g;

	allocated = 0;
	guest_new(m, &g, len);
	assert_true(allocated < 100000);
	header_defaults(&o);
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	before = allocated;
	for (unsigned int i = 0; i < 3; i++) {
		guest_map(m, &g, touched[i], page + i * 4096, 0);
		ok(guest_import(m, &g, touched[i]));
	}
	assert_true(allocated - before < 10000);
	before = allocated;
	ok(uvc_handle(m, 0x0400, g.handle));
	for (uint64_t gaddr = 0; gaddr < len; gaddr += MIB)
		ok(uvc_area(m, 0x0401, g.handle, BUFFER, gaddr));
	for (unsigned int i = 0; i < 3; i++) {
		ok(uvc_area(m, 0x0401, g.handle, BUFFER, touched[i] & ~(MIB - 1)));
		for (unsigned int k = 0; k < 256; k++)
			found += m->mem[BUFFER + k * 16] != 0xff;
	}
	assert_int_equal(found, 3);
	assert_rc(uvc_area(m, 0x0401, g.handle, BUFFER, len), SOFTUV_RC_DUMP_GADDR);
	ok(uvc_area(m, 0x0403, g.handle, BUFFER, 0));
	guest_destroy_fast(m, &g);
	assert_int_equal(allocated, before);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(softuv_host_access(m->uv, page + i * 4096), SOFTUV_PGM_SECURE);
		ok(uvc_page(m, 0x0202, page + i * 4096));
	}
}

static int no_translate(void *opaque, void *cpu, enum softuv_space space, uint64_t va, bool write,
			uint64_t *abs)
{
	(void)opaque;
	(void)space;
	(void)cpu;
	(void)va;
	(void)write;
	(void)abs;
	return 5;
}

static int no_read(void *opaque, uint64_t abs, void *buf, size_t len)
{
	(void)opaque;
	(void)abs;
	(void)buf;
	(void)len;
	return -1;
}

static int no_write(void *opaque, uint64_t abs, const void *buf, size_t len)
{
	(void)opaque;
	(void)abs;
	(void)buf;
	(void)len;
	return -1;
}

static int no_random(void *opaque, void *buf, size_t len)
{
	(void)opaque;
	(void)buf;
	(void)len;
	return -1;
}

static void new_instance(void **state)
{
	const struct softuv_ops ops = {
		.size = sizeof(ops), .translate = no_translate, .read = no_read,
		.write = no_write, .random = no_random,
	};
	const struct softuv_config cfg = {
		.size = sizeof(cfg), .mem_size = MIB, .host_key = host_scalar,
	};
	struct softuv *uv = NULL;
	long n;

	(void)state;
	for (n = 0; n < 50 && !uv; n++) {
		countdown = n;
		errno = 0;
		uv = softuv_new(&cfg, &ops, NULL);
		countdown = -1;
		assert_true(uv || errno == ENOMEM);
	}
	assert_true(n > 1);
	softuv_free(uv);
}

const struct CMUnitTest nomem_tests[] = {
	TEST(each_call),
	TEST(known_page_new_frame),
	TEST(tables_that_cannot_grow),
	TEST(bytes_per_page),
	TEST(guest_of_a_tebibyte),
	cmocka_unit_test(new_instance),
};

const size_t nomem_nr = ARRAY_SIZE(nomem_tests);
