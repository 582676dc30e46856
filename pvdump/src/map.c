// SPDX-License-Identifier: GPL-2.0-or-later
/* A picture of where encrypted, zero, shared and invalid pages lie: on a terminal. */
#include "map.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS		64u
#define ROWS		16u
#define BATCH		4096u	/* entries per read */

const char *const shade_text[SHADES] = {
	[SHADE_ZERO] = "zero",
	[SHADE_ZERO_MAPPED] = "zero, some mapped",
	[SHADE_FEW] = "encrypted: to 1/4",
	[SHADE_SOME] = "to 1/2",
	[SHADE_MANY] = "not all",
	[SHADE_FULL] = "all",
	[SHADE_SHARED_SOME] = "some shared",
	[SHADE_SHARED] = "all shared",
	[SHADE_INVALID] = "some invalid",
};

static const struct glyph {
	const char *ascii, *block;
} glyphs[SHADES] = {
	[SHADE_ZERO] = { ".", "\u00b7" },
	[SHADE_ZERO_MAPPED] = { ":", ":" },
	[SHADE_FEW] = { "-", "\u2591" },
	[SHADE_SOME] = { "+", "\u2592" },
	[SHADE_MANY] = { "x", "\u2593" },
	[SHADE_FULL] = { "#", "\u2588" },
	[SHADE_SHARED_SOME] = { "s", "\u25a1" },
	[SHADE_SHARED] = { "S", "\u25a0" },
	[SHADE_INVALID] = { "!", "!" },
};

enum shade map_shade(const struct cell *c)
{
	uint64_t enc = c->n[PAGE_ENCRYPTED];

	if (c->n[PAGE_INVALID])
		return SHADE_INVALID;
	if (c->n[PAGE_SHARED])
		return c->n[PAGE_SHARED] == c->pages ? SHADE_SHARED : SHADE_SHARED_SOME;
	if (!enc)
		return c->mapped[PAGE_ZERO] ? SHADE_ZERO_MAPPED : SHADE_ZERO;
	if (enc == c->pages)
		return SHADE_FULL;
	if (enc > c->pages / 2)
		return SHADE_MANY;
	return enc > c->pages / 4 ? SHADE_SOME : SHADE_FEW;
}

static void count(struct map *m, uint64_t page, const uint8_t *entry)
{
	struct cell *c = &m->cell[page / m->per];
	enum page_state s = page_state_of(entry);

	c->pages++;
	c->n[s]++;
	c->mapped[s] += page_state_mapped(entry);
}

int map_fill(struct map *m, const struct dumpread *d, uint32_t columns, uint32_t rows,
	     struct fail *f)
{
	uint64_t pages = d->mem_size / PAGE_SIZE, page, i, n;
	static uint8_t entries[BATCH * STATE_ENTRY];

	m->per = 1;
	while ((pages + m->per - 1) / m->per > (uint64_t)columns * rows)
		m->per *= 2;
	m->ncells = (uint32_t)((pages + m->per - 1) / m->per);
	m->columns = columns;
	m->rows = (m->ncells + columns - 1) / columns;
	m->cell = calloc(m->ncells, sizeof(*m->cell));
	if (!m->cell)
		return fail_set(f, "%s: map: no memory", d->src.name);
	for (page = 0; page < pages; page += n) {
		n = pages - page < BATCH ? pages - page : BATCH;
		if (dumpread_entries(d, page, n, entries, f))
			return -1;
		for (i = 0; i < n; i++)
			count(m, page + i, entries + i * STATE_ENTRY);
	}
	return 0;
}

void map_free(struct map *m)
{
	free(m->cell);
	m->cell = NULL;
}

/* Only for a terminal, and only if it understands UTF-8. */
static bool blocks(void)
{
	return isatty(STDOUT_FILENO) && setlocale(LC_CTYPE, "") &&
	       !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static const char *glyph_of(enum shade s, bool utf8)
{
	return utf8 ? glyphs[s].block : glyphs[s].ascii;
}

static void print_legend(const struct dumpread *d, bool utf8)
{
	int i;

	for (i = 0; i < SHADES; i++)
		printf("%s%s %s", i == 0 ? "" : i == SHADE_SHARED_SOME ? "\n" : "  ",
		       glyph_of((enum shade)i, utf8), shade_text[i]);
	printf("\npages: %" PRIu64 " encrypted, %" PRIu64 " zero (%" PRIu64 " mapped), %" PRIu64
	       " shared (%" PRIu64 " mapped), %" PRIu64 " invalid\n", d->states[PAGE_ENCRYPTED],
	       d->states[PAGE_ZERO], d->mapped[PAGE_ZERO], d->states[PAGE_SHARED],
	       d->mapped[PAGE_SHARED], d->states[PAGE_INVALID]);
}

static void print_grid(const struct map *m, const struct dumpread *d, bool utf8)
{
	uint32_t row, col, i;

	for (row = 0; row < m->rows; row++) {
		printf("0x%012" PRIx64 " ",
		       d->mem_addr + (uint64_t)row * m->columns * m->per * PAGE_SIZE);
		for (col = 0; col < m->columns; col++) {
			i = row * m->columns + col;
			if (i < m->ncells)
				fputs(glyph_of(map_shade(&m->cell[i]), utf8), stdout);
		}
		putchar('\n');
	}
}

int map_print(const struct dumpread *d, struct fail *f)
{
	bool utf8 = blocks();
	struct map m;
	int ret;

	ret = map_fill(&m, d, COLUMNS, ROWS, f);
	if (!ret) {
		printf("%.40s: 0x%" PRIx64 " to 0x%" PRIx64 ", %" PRIu64 " KiB per character\n",
		       d->src.name, d->mem_addr, d->mem_addr + d->mem_size,
		       m.per * PAGE_SIZE / 1024);
		print_grid(&m, d, utf8);
		print_legend(d, utf8);
	}
	map_free(&m);
	return ret;
}
