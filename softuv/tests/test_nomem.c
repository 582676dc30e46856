// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the tests with memory that runs out: every allocation of a scenario fails once.
 * Never counts how many allocations there are; it goes on until the scenario succeeds.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests.h"

/* The linker sends the allocations of softuv and of the tests here (--wrap, see Makefile). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static long countdown = -1;		/* allocations until one fails; below 0 none does */

static bool fails(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
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
	return (uint16_t)softuv_command(m->uv, "rule add cmd=pin delay=1", reply, sizeof(reply));
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
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_CSC_RESOURCES, guest_create);
	guest_map(m, &g, MIB, page, 0);
	guest_map(m, &g, 0, page + 4096, 0);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_CSP_RESOURCES, add_cpu);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_PAGE_RESOURCES, import);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_PAGE_RESOURCES, share);
	exhaust(m, &g, 0, 0xffff, add_rule);
	header_defaults(&o);
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_PAGE_RESOURCES, unpack);
	guest_destroy(m, &g);
}

/* The page is exported, then comes back in a part of storage that no page was owned in so far. */
static uint16_t import_elsewhere(struct machine *m, struct guest *g)
{
	return guest_import(m, g, 0);
}

static void known_page_new_frame(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4096), far = 0x70000000;
	struct guest g;

	guest_new(m, &g, MIB);
	guest_map(m, &g, 0, page, 0);
	ok(guest_import(m, &g, 0));
	memset(m->mem + page, 0x42, 4096);
	ok(uvc_page(m, 0x0201, page));
	memcpy(m->mem + far, m->mem + page, 4096);
	guest_map(m, &g, 0, far, 0);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_PAGE_RESOURCES, import_elsewhere);
	assert_int_equal(m->mem[far], 0x42);
	ok(softuv_guest_share(m->uv, g.handle, 0, true));
	guest_map(m, &g, 0, far + 2 * MIB, 0);
	exhaust(m, &g, SOFTUV_RC_EXECUTED, SOFTUV_RC_PAGE_RESOURCES, import_elsewhere);
}

static int no_translate(void *opaque, void *cpu, uint64_t va, bool write, uint64_t *abs)
{
	(void)opaque;
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
		.translate = no_translate, .read = no_read, .write = no_write, .random = no_random,
	};
	const struct softuv_config cfg = { .mem_size = MIB, .host_key = host_scalar };
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
	assert_true(n > 3);
	softuv_free(uv);
}

const struct CMUnitTest nomem_tests[] = {
	TEST(each_call),
	TEST(known_page_new_frame),
	cmocka_unit_test(new_instance),
};

const size_t nomem_nr = ARRAY_SIZE(nomem_tests);
