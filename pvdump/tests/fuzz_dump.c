// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: what "pvdump info" and "pvdump decrypt" read. The keys are given: no input
 * would fit a tag.
 */
#include <stdlib.h>

#include "corefile.h"
#include "dumpmem.h"
#include "osinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct guest {
	const struct dumpread *d;
	struct pagecrypt *crypt;
};

static int read_guest(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct guest *g = ctx;
	struct fail f;

	return dumpmem_read(g->d, g->crypt, addr, buf, len, &f);
}

/* The head of the vmcore from whatever the areas hold. */
static void build_core(const struct dumpread *d, const struct guest *g)
{
	static char text[CORE_VMCOREINFO_MAX];
	uint8_t area[CPU_AREA_SIZE];
	struct corefile c;
	uint64_t from;
	struct fail f;
	uint32_t i;
	size_t len;

	if (corefile_begin(&c, d->nparts, d->nvcpu, &f))
		abort();
	for (i = 0; i < d->nvcpu; i++) {
		if (dumpread_bytes(d, d->vcpu[i].offset, area, sizeof(area), &f))
			abort();
		corefile_vcpu(&c, area);
	}
	if (!osinfo_vmcoreinfo(read_guest, (void *)g, text, sizeof(text), &len, &from, &f))
		corefile_vmcoreinfo(&c, text, len);
	corefile_end(&c, d->part);
	if (c.size > c.room)
		abort();
	corefile_free(&c);
}

static void decrypt(const struct dumpread *d)
{
	static const struct dump_keys keys = { .xts = { 1, 2, 3 }, .nonce = { 4 } };
	static uint8_t page[PAGE_SIZE];
	struct guest g = { d, pagecrypt_new(&keys) };
	struct dump_keys tried;
	uint64_t addr;
	struct fail f;

	if (!g.crypt)
		abort();
	dumpcrypt_completion(d, keys.dump_key, &tried, &f);
	for (addr = 0; addr < d->mem_size; addr += PAGE_SIZE)
		dumpmem_read(d, g.crypt, d->mem_addr + addr, page, sizeof(page), &f);
	build_core(d, &g);
	pagecrypt_free(g.crypt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dump_source src = { .name = "fuzz", .fd = -1, .data = data, .size = size };
	static struct dumpread d;
	struct fail f;

	if (!dumpread_open(&d, &src, &f)) {
		if (!d.meta || !d.compl || d.mem_size > size)
			abort();
		dumpread_states(&d, &f);
		decrypt(&d);
	}
	dumpread_close(&d);
	return 0;
}
