// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the comparison of softuv's page work with nettle's bare AES-256-XTS, as ratios of one run.
 * Never fails on a slow machine; the numbers are for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/internal.h"
#include "../guest_crypto.h"
#include "../machine.h"

#define PAGES	4096u
#define ROUNDS	5
#define PAGE_MB	0.004096

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

int main(void)
{
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
	printf("bench softuv export/xts-encrypt %.2f (%.0f MB/s of %.0f)\n", xe / se,
	       PAGES * PAGE_MB / se, PAGES * PAGE_MB / xe);
	printf("bench softuv import/xts-decrypt %.2f (%.0f MB/s of %.0f)\n", xd / sd,
	       PAGES * PAGE_MB / sd, PAGES * PAGE_MB / xd);
	printf("bench softuv stor-state untouched/touched %.2f (%.2f us, %.2f us)\n",
	       untouched / touched, untouched * 1e6, touched * 1e6);
	printf("bench softuv state bytes per touched page %zu, host storage 1 per page\n",
	       sizeof(struct gpage) + sizeof(struct frame));
	machine_free(m);
	return EXIT_SUCCESS;
}
