/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture of where encrypted, zero, shared and invalid pages lie. */
#ifndef MAP_H
#define MAP_H

#include "dumpread.h"

/**
 * map_print() - one screen (80 x 24) on standard output
 * @d: dump, with dumpread_states() done
 * @f: set on failure
 *
 * Block characters on a terminal with UTF-8, else ASCII.
 *
 * Return: 0 or -1.
 */
int map_print(const struct dumpread *d, struct fail *f);
/**
 * map_svg() - the same as a picture for a document
 * @d: dump, with dumpread_states() done
 * @path: result
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int map_svg(const struct dumpread *d, const char *path, struct fail *f);

/*
 * struct cell - pages in a row of the memory
 * @pages: their number
 * @n, @mapped: pages by state, and those of them that are marked as mapped
 */
struct cell {
	uint64_t pages;
	uint64_t n[PAGE_STATES], mapped[PAGE_STATES];
};

/*
 * struct map - the memory as a grid
 * @per: pages in a cell, a power of two
 * @columns, @rows: size of the grid
 * @ncells: cells that are in the memory
 * @cell: malloc()ed
 */
struct map {
	uint64_t per;
	uint32_t columns, rows, ncells;
	struct cell *cell;
};

/**
 * map_fill() - count the page states of every cell
 * @m: filled; map_free() in every case
 * @d: dump
 * @columns: of the grid
 * @rows: at most
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int map_fill(struct map *m, const struct dumpread *d, uint32_t columns, uint32_t rows,
	     struct fail *f);
void map_free(struct map *m);

/* How a cell is shown: the rarer state wins. */
enum shade {
	SHADE_ZERO, SHADE_ZERO_MAPPED, SHADE_FEW, SHADE_SOME, SHADE_MANY, SHADE_FULL,
	SHADE_SHARED_SOME, SHADE_SHARED, SHADE_INVALID, SHADES
};

/**
 * map_shade() - how a cell is shown
 * @c: cell with pages
 *
 * Return: an undefined page state wins, then a shared page, then the share of encrypted pages.
 */
enum shade map_shade(const struct cell *c);

/* what the legends say */
extern const char *const shade_text[SHADES];

#endif /* MAP_H */
