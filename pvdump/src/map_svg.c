// SPDX-License-Identifier: GPL-2.0-or-later
/* A picture of where encrypted, zero, shared and invalid pages lie: as SVG. */
#define _GNU_SOURCE
#include "map.h"
#include "outfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS		128u
#define ROWS		64u
#define SIDE		6u	/* of a cell, in pixels */
#define LEFT		140u	/* for addresses */
#define TOP		44u
#define LEGEND		22u	/* height of one line */

static const char *const colour[SHADES] = {
	[SHADE_ZERO] = "#eeeeee",
	[SHADE_ZERO_MAPPED] = "#d0d0d0",
	[SHADE_FEW] = "#c6dbef",
	[SHADE_SOME] = "#9ecae1",
	[SHADE_MANY] = "#4292c6",
	[SHADE_FULL] = "#084594",
	[SHADE_SHARED_SOME] = "#fdae6b",
	[SHADE_SHARED] = "#e6550d",
	[SHADE_INVALID] = "#d00000",
};

/* Cells in a row that look the same are one rectangle. */
static void put_row(FILE *to, const struct map *m, uint32_t row)
{
	uint32_t first = row * m->columns, end = first + m->columns, i, from;
	enum shade s;

	if (end > m->ncells)
		end = m->ncells;
	for (i = first; i < end;) {
		from = i;
		s = map_shade(&m->cell[i]);
		while (i < end && map_shade(&m->cell[i]) == s)
			i++;
		fprintf(to, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\"/>\n",
			LEFT + (from - first) * SIDE, TOP + row * SIDE, (i - from) * SIDE, SIDE,
			colour[s]);
	}
}

static void put_legend(FILE *to, const struct map *m)
{
	uint32_t y = TOP + m->rows * SIDE + 12;
	int i;

	for (i = 0; i < SHADES; i++) {
		fprintf(to, "<rect x=\"%u\" y=\"%u\" width=\"14\" height=\"14\" fill=\"%s\"/>\n",
			LEFT + (uint32_t)(i % 3) * 220, y + (uint32_t)(i / 3) * LEGEND, colour[i]);
		fprintf(to, "<text x=\"%u\" y=\"%u\">%s%s</text>\n",
			LEFT + (uint32_t)(i % 3) * 220 + 20, y + (uint32_t)(i / 3) * LEGEND + 12,
			i > SHADE_FEW && i <= SHADE_FULL ? "encrypted: " : "", shade_text[i]);
	}
}

/* No name of the file: it may hold anything. */
static void put_svg(FILE *to, const struct map *m, const struct dumpread *d)
{
	uint32_t width = LEFT + m->columns * SIDE + 20, row;
	uint32_t height = TOP + m->rows * SIDE + 4 * LEGEND;

	fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\"\n", width,
		height);
	fputs("font-family=\"monospace\" font-size=\"12\">\n", to);
	fputs("<title>Pages of a dump of a protected VM</title>\n", to);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", to);
	fprintf(to, "<text x=\"10\" y=\"18\">0x%" PRIx64 " to 0x%" PRIx64 ", %" PRIu64
		" KiB per square</text>\n<text x=\"10\" y=\"34\">pages: %" PRIu64 " encrypted, %"
		PRIu64 " zero, %" PRIu64 " shared, %" PRIu64 " invalid</text>\n", d->mem_addr,
		d->mem_addr + d->mem_size, m->per * PAGE_SIZE / 1024, d->states[PAGE_ENCRYPTED],
		d->states[PAGE_ZERO], d->states[PAGE_SHARED], d->states[PAGE_INVALID]);
	for (row = 0; row < m->rows; row++) {
		if (row % 4 == 0)
			fprintf(to, "<text x=\"10\" y=\"%u\">0x%012" PRIx64 "</text>\n",
				TOP + row * SIDE + 10, d->mem_addr +
				(uint64_t)row * m->columns * m->per * PAGE_SIZE);
		put_row(to, m, row);
	}
	put_legend(to, m);
	fputs("</svg>\n", to);
}

static int write_file(const char *path, const char *text, size_t len, struct fail *f)
{
	struct outfile o = { .fd = -1 };

	if (!outfile_open(&o, path, f) && !outfile_pwrite(&o, text, len, 0, f) &&
	    !outfile_commit(&o, f))
		return 0;
	outfile_discard(&o);
	return -1;
}

int map_svg(const struct dumpread *d, const char *path, struct fail *f)
{
	char *text = NULL;
	size_t len = 0;
	struct map m;
	FILE *to;
	int ret;

	ret = outfile_distinct(path, d->src.name, f);
	if (ret)
		return ret;
	ret = map_fill(&m, d, COLUMNS, ROWS, f);
	if (!ret) {
		to = open_memstream(&text, &len);
		if (to)
			put_svg(to, &m, d);
		if (!to || fclose(to))
			ret = fail_set(f, "%s: map: no memory", path);
		else
			ret = write_file(path, text, len, f);
	}
	free(text);
	map_free(&m);
	return ret;
}
