// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading of dump files: order of the memory's parts, and overlaps in memory and file. */
#include "dumpread.h"
#include "dumpread-int.h"

#include <inttypes.h>
#include <stdlib.h>

#define SHT_NULL_	0u
#define SHT_NOBITS_	8u

static int by_address(const void *a, const void *b)
{
	const struct dump_part *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

int dumpread_sort_parts(struct dumpread *d, struct fail *f)
{
	uint64_t end;
	uint32_t i;

	qsort(d->part, d->nparts, sizeof(d->part[0]), by_address);
	for (i = 1; i < d->nparts; i++) {
		end = d->part[i - 1].addr + d->part[i - 1].size;
		if (d->part[i].addr != end)
			return fail_set(f, "%s: memory: part at 0x%" PRIx64
					" %s one that ends at 0x%" PRIx64
					": parts without gaps and overlaps expected", d->src.name,
					d->part[i].addr,
					d->part[i].addr < end ? "overlaps" : "leaves a gap behind",
					end);
	}
	d->mem_addr = d->part[0].addr;
	d->mem_size = d->part[d->nparts - 1].addr + d->part[d->nparts - 1].size - d->mem_addr;
	if (d->mem_size > DUMP_MAX_MEM)
		return fail_set(f, "%s: memory: size: at most 0x%llx expected, found 0x%" PRIx64,
				d->src.name, DUMP_MAX_MEM, d->mem_size);
	return 0;
}

const struct dump_part *dumpread_part(const struct dumpread *d, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < d->nparts; i++) {
		if (addr >= d->part[i].addr && addr - d->part[i].addr < d->part[i].size)
			return &d->part[i];
	}
	return NULL;
}

/* bytes of the file and what they are */
struct range {
	uint64_t off, size;
	const char *what;
	uint32_t nr;
};

struct ranges {
	struct range r[4 + DUMP_MAX_PHDRS + DUMP_MAX_SECS];
	uint32_t n;
};

static void add(struct ranges *l, const char *what, uint32_t nr, uint64_t off, uint64_t size)
{
	if (size)
		l->r[l->n++] = (struct range){ off, size, what, nr };
}

static int by_offset(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

int dumpread_check_overlap(const struct dumpread *d, const struct dump_ehdr *e, struct fail *f)
{
	const struct range *a, *b;
	struct ranges l;
	uint32_t i;

	l.n = 0;
	add(&l, "ELF header", 0, 0, EHDR_SIZE);
	add(&l, "section headers", 0, e->shoff, (uint64_t)e->shnum * SHDR_SIZE);
	add(&l, "program headers", 0, e->phoff, (uint64_t)e->phnum * PHDR_SIZE);
	add(&l, "notes", 0, d->note_off, d->note_size);
	for (i = 0; i < d->nparts; i++)
		add(&l, "memory part", i, d->part[i].off, d->part[i].size);
	for (i = 1; i < d->nsec; i++) {
		if (d->sec[i].type != SHT_NULL_ && d->sec[i].type != SHT_NOBITS_)
			add(&l, "section", i, d->sec[i].offset, d->sec[i].size);
	}
	qsort(l.r, l.n, sizeof(l.r[0]), by_offset);
	for (i = 1; i < l.n; i++) {
		a = &l.r[i - 1];
		b = &l.r[i];
		if (b->off - a->off < a->size)
			return fail_set(f, "%s: %s %u and %s %u overlap: offset 0x%" PRIx64
					" size 0x%" PRIx64 ", offset 0x%" PRIx64 " size 0x%" PRIx64,
					d->src.name, a->what, a->nr, b->what, b->nr, a->off,
					a->size, b->off, b->size);
	}
	return 0;
}
