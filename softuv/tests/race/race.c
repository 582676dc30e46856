// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * * Shows that softuv_host_access() may run in any thread while calls change page states.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "../machine.h"

#define PAGES	16u
#define ROUNDS	400

static struct machine *m;
static uint64_t pages;
static atomic_bool stop;
static atomic_ulong seen[2];

static void *reader(void *arg)
{
	while (!atomic_load(&stop)) {
		for (uint64_t i = 0; i < PAGES; i++) {
			int pgm = softuv_host_access(m->uv, pages + i * 4096);

			if (pgm && pgm != SOFTUV_PGM_SECURE)
				abort();
			atomic_fetch_add(&seen[!!pgm], 1);
		}
	}
	return arg;
}

static void change(struct guest *g)
{
	for (uint64_t i = 0; i < PAGES; i++)
		ok(guest_import(m, g, i * 4096));
	ok(softuv_guest_share(m->uv, g->handle, 0, true));
	ok(uvc_page(m, 0x0341, pages));
	for (uint64_t i = 0; i < PAGES; i++)
		ok(uvc_page(m, 0x0201, pages + i * 4096));
	ok(softuv_guest_share(m->uv, g->handle, 0, false));
}

int main(void)
{
	pthread_t t[2];
	struct guest g;

	m = machine_new();
	ok(uvc_init(m));
	guest_new(m, &g, MIB);
	pages = machine_alloc(m, PAGES * 4096);
	for (uint64_t i = 0; i < PAGES; i++)
		guest_map(m, &g, i * 4096, pages + i * 4096, 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, reader, NULL);
	for (int i = 0; i < ROUNDS || !seen[0] || !seen[1]; i++)
		change(&g);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	printf("softuv: race: %lu accesses allowed, %lu refused, no data race\n", seen[0], seen[1]);
	machine_free(m);
	return EXIT_SUCCESS;
}
