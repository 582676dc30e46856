// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns what softuv costs: page work beside nettle's bare AES-256-XTS, as ratios of one run; memory.
 * Never fails because a machine is slow: what it judges are ratios and bytes.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/internal.h"
#include "../guest_crypto.h"
#include "../machine.h"

#define PAGES	4096u
#define ROUNDS	5
#define PAGE_MB	0.004096

/* Promised: bytes of page-state memory for each touched page, see softuv/README.md. */
#define MAX_BYTES	64.0
#define FEW_PAGES	1024u
/* Ratios within one run, of process time: these do not depend on the machine or its load. */
#define MIN_SPEED	0.5
#define MAX_UNTOUCHED	0.5

/* The linker sends every allocation here (--wrap): what is in use, and the most that ever was. */
static size_t in_use, most;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

/* With the allocator's own word before each piece. */
static void *count(void *p)
{
	if (p)
		in_use += malloc_usable_size(p) + sizeof(size_t);
	if (in_use > most)
		most = in_use;
	return p;
}

static void uncount(void *p)
{
	if (p)
		in_use -= malloc_usable_size(p) + sizeof(size_t);
}

void *__wrap_malloc(size_t size)
{
	return count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return count(__real_calloc(n, size));
}

/* As if there were two pieces for a moment, which may be so. */
void *__wrap_realloc(void *p, size_t size)
{
	void *new = count(__real_malloc(size));

	if (p && new) {
		size_t old = malloc_usable_size(p);

		memcpy(new, p, old < size ? old : size);
		__wrap_free(p);
	}
	return new;
}

void __wrap_free(void *p)
{
	uncount(p);
	__real_free(p);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1000000000;
}

static double best(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

/* Encrypts and decrypts every page where it lies, as export and import have to. */
static void plain_xts(struct machine *m, uint64_t pages, double *enc, double *dec)
{
	uint8_t key[64] = { 1, [32] = 2 }, tweak[16] = { 0 };
	struct xts_aes256_key e, d;
	double t0, t1;

	xts_aes256_set_encrypt_key(&e, key);
	xts_aes256_set_decrypt_key(&d, key);
	t0 = now();
	for (uint64_t i = 0; i < PAGES; i++) {
		set64(tweak, i);
		xts_aes256_encrypt_message(&e, tweak, PAGE_SIZE, m->mem + pages + i * PAGE_SIZE,
					   m->mem + pages + i * PAGE_SIZE);
	}
	t1 = now();
	for (uint64_t i = 0; i < PAGES; i++) {
		set64(tweak, i);
		xts_aes256_decrypt_message(&d, tweak, PAGE_SIZE, m->mem + pages + i * PAGE_SIZE,
					   m->mem + pages + i * PAGE_SIZE);
	}
	*enc = best(*enc, t1 - t0);
	*dec = best(*dec, now() - t1);
}

static void softuv_pages(struct machine *m, struct guest *g, uint64_t pages, double *enc,
			 double *dec)
{
	double t0 = now(), t1;

	for (uint64_t i = 0; i < PAGES; i++)
		ok(uvc_page(m, 0x0201, pages + i * PAGE_SIZE));
	t1 = now();
	for (uint64_t i = 0; i < PAGES; i++)
		ok(guest_import(m, g, i * PAGE_SIZE));
	*enc = best(*enc, t1 - t0);
	*dec = best(*dec, now() - t1);
}

static double storage_state(struct machine *m, struct guest *g, uint64_t gaddr)
{
	double t0 = now();

	for (unsigned int i = 0; i < 20000; i++)
		ok(uvc_area(m, 0x0401, g->handle, BUFFER, gaddr));
	return (now() - t0) / 20000;
}

/*
 * Touches @nr pages of a new guest, one each @stride bytes, and gives the most bytes per touched
 * page at any time, from FEW_PAGES on: below, the unit of allocation is what counts.
 */
static double state_memory(struct machine *m, unsigned int nr, uint64_t stride)
{
	uint64_t len = (nr * stride + MIB - 1) / MIB * MIB;
	uint64_t pages = machine_alloc(m, nr * (uint64_t)PAGE_SIZE);
	double worst = 0;
	struct guest g;
	size_t base;

	guest_new(m, &g, len);
	base = in_use;
	for (uint64_t i = 0; i < nr; i++) {
		guest_map(m, &g, i * stride, pages + i * PAGE_SIZE, 0);
		most = in_use;
		ok(guest_import(m, &g, i * stride));
		if (i + 1 >= FEW_PAGES && (double)(most - base) / (double)(i + 1) > worst)
			worst = (double)(most - base) / (double)(i + 1);
	}
	for (uint64_t i = 0; i < nr; i++)
		ok(uvc_page(m, 0x0202, pages + i * PAGE_SIZE));
	guest_destroy(m, &g);
	return worst;
}

static bool memory(void)
{
	static const struct {
		const char *name;
		unsigned int nr;
		uint64_t stride;
	} patterns[] = {
		{ "dense", 70000, PAGE_SIZE },
		{ "one-per-16", 20000, 16 * PAGE_SIZE },
		{ "one-per-MiB", 20000, MIB },
		{ "one-per-GiB", 4096, 1024 * MIB },
	};
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct machine *m = machine_new();
		double bytes;

		ok(uvc_init(m));
		bytes = state_memory(m, patterns[i].nr, patterns[i].stride);
		printf("bench state-%s softuv %.1f bytes/touched-page\n", patterns[i].name, bytes);
		good = good && bytes <= MAX_BYTES;
		machine_free(m);
	}
	return good;
}

int main(void)
{
	bool good = memory();
	double export, import, state;
	double xe = 0, xd = 0, se = 0, sd = 0, touched, untouched;
	struct machine *m = machine_new();
	struct header_opts o;
	struct guest g;
	uint64_t pages;

	header_defaults(&o);
	ok(uvc_init(m));
	guest_boot(m, &g, 64 * MIB, 0, &o);
	pages = machine_alloc(m, PAGES * (uint64_t)PAGE_SIZE);
	for (uint64_t i = 0; i < PAGES; i++) {
		guest_map(m, &g, i * PAGE_SIZE, pages + i * PAGE_SIZE, 0);
		ok(guest_import(m, &g, i * PAGE_SIZE));
	}
	for (int i = 0; i < ROUNDS; i++) {
		softuv_pages(m, &g, pages, &se, &sd);
		plain_xts(m, pages + PAGES * (uint64_t)PAGE_SIZE, &xe, &xd);
	}
	ok(uvc_handle(m, 0x0400, g.handle));
	touched = storage_state(m, &g, 0);
	untouched = storage_state(m, &g, 32 * MIB);
	export = xe / se;
	import = xd / sd;
	state = untouched / touched;
	printf("bench export softuv %.2f of-plain-xts\n", export);
	printf("bench import softuv %.2f of-plain-xts\n", import);
	printf("bench stor-state-untouched softuv %.2f of-touched\n", state);
	printf("export %.0f MB/s of %.0f, import %.0f MB/s of %.0f\n", PAGES * PAGE_MB / se,
	       PAGES * PAGE_MB / xe, PAGES * PAGE_MB / sd, PAGES * PAGE_MB / xd);
	printf("stor-state %.2f us untouched, %.2f us touched\n", untouched * 1e6, touched * 1e6);
	machine_free(m);
	if (!good)
		fprintf(stderr, "softuv: bench: page-state memory: more than %.0f bytes per page\n",
			MAX_BYTES);
	if (export < MIN_SPEED || import < MIN_SPEED || state > MAX_UNTOUCHED) {
		fprintf(stderr, "softuv: bench: below %.1f of plain XTS, or above %.1f untouched\n",
			MIN_SPEED, MAX_UNTOUCHED);
		good = false;
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
