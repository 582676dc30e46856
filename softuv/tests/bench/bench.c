// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What softuv costs: page work beside OpenSSL's AES-256-XTS, as ratios of one run; memory.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#include "../../src/call.h"
#include "../../src/uv.h"
#include "../guest_crypto.h"
#include "../machine.h"

#define PAGES	4096u
#define ROUNDS	5
#define PAGE_MB	0.004096

/* Promised: bytes of page-state memory for each touched page, see softuv/README.md. */
#define MAX_BYTES	64.0
#define FEW_PAGES	1024u
/* Ratios within one run, of process time: these do not depend on the machine or its load. */
#define MIN_SPEED	0.2
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

static void xts(EVP_CIPHER_CTX *ctx, uint8_t *page, uint64_t nr)
{
	uint8_t tweak[16] = { 0 };
	int n;

	set64(tweak, nr);
	if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, tweak, -1) != 1 ||
	    EVP_CipherUpdate(ctx, page, &n, page, PAGE_SIZE) != 1 || n != (int)PAGE_SIZE)
		abort();
}

/* OpenSSL encrypts and decrypts every page where it lies, as export and import have to. */
static void openssl_xts(struct machine *m, uint64_t pages, double *enc, double *dec)
{
	EVP_CIPHER_CTX *e = EVP_CIPHER_CTX_new(), *d = EVP_CIPHER_CTX_new();
	uint8_t key[64] = { 1, [32] = 2 };
	double t0, t1;

	if (!e || !d || EVP_EncryptInit_ex(e, EVP_aes_256_xts(), NULL, key, NULL) != 1 ||
	    EVP_DecryptInit_ex(d, EVP_aes_256_xts(), NULL, key, NULL) != 1)
		abort();
	t0 = now();
	for (uint64_t i = 0; i < PAGES; i++)
		xts(e, m->mem + pages + i * PAGE_SIZE, i);
	t1 = now();
	for (uint64_t i = 0; i < PAGES; i++)
		xts(d, m->mem + pages + i * PAGE_SIZE, i);
	*enc = best(*enc, t1 - t0);
	*dec = best(*dec, now() - t1);
	EVP_CIPHER_CTX_free(e);
	EVP_CIPHER_CTX_free(d);
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
		openssl_xts(m, pages + PAGES * (uint64_t)PAGE_SIZE, &xe, &xd);
	}
	ok(uvc_handle(m, 0x0400, g.handle));
	touched = storage_state(m, &g, 0);
	untouched = storage_state(m, &g, 32 * MIB);
	export = xe / se;
	import = xd / sd;
	state = untouched / touched;
	printf("bench export softuv %.2f of-openssl-xts\n", export);
	printf("bench import softuv %.2f of-openssl-xts\n", import);
	printf("bench stor-state-untouched softuv %.2f of-touched\n", state);
	printf("export %.0f MB/s of %.0f, import %.0f MB/s of %.0f\n", PAGES * PAGE_MB / se,
	       PAGES * PAGE_MB / xe, PAGES * PAGE_MB / sd, PAGES * PAGE_MB / xd);
	printf("stor-state %.2f us untouched, %.2f us touched\n", untouched * 1e6, touched * 1e6);
	machine_free(m);
	if (!good)
		fprintf(stderr, "softuv: bench: page-state memory: more than %.0f bytes per page\n",
			MAX_BYTES);
	if (export < MIN_SPEED || import < MIN_SPEED || state > MAX_UNTOUCHED) {
		fprintf(stderr, "softuv: bench: below %.1f of OpenSSL, or above %.1f untouched\n",
			MIN_SPEED, MAX_UNTOUCHED);
		good = false;
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
