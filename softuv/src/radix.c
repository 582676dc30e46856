// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns a three-level radix map from a 27-bit block number to a zeroed, lazily allocated leaf.
 * Never removes a leaf before the whole map goes; memory follows the blocks that were touched.
 */
#include "internal.h"

#define LEVELS		3
#define LEVEL_BITS	9
#define FANOUT		(1u << LEVEL_BITS)

static unsigned int slot_of(uint64_t key, int level)
{
	return (key >> (level * LEVEL_BITS)) & (FANOUT - 1);
}

/* The leaf of @key, or NULL when it was never made. */
void *suv_radix_get(const struct radix *r, uint64_t key)
{
	void **node = r->root;

	if (key >> (LEVELS * LEVEL_BITS))
		return NULL;
	for (int level = LEVELS - 1; node && level > 0; level--)
		node = node[slot_of(key, level)];
	return node ? node[slot_of(key, 0)] : NULL;
}

/* The leaf of @key, made of @size zero bytes when new; NULL without memory or beyond the range. */
void *suv_radix_make(struct radix *r, uint64_t key, size_t size)
{
	void **where = &r->root;

	if (key >> (LEVELS * LEVEL_BITS))
		return NULL;
	for (int level = LEVELS - 1; level >= 0; level--) {
		if (!*where)
			*where = calloc(FANOUT, sizeof(void *));
		if (!*where)
			return NULL;
		where = (void **)*where + slot_of(key, level);
	}
	if (!*where)
		*where = calloc(1, size);
	return *where;
}

static void walk(void **node, int level, uint64_t key,
		 void (*fn)(void *arg, uint64_t key, void *leaf), void *arg)
{
	if (!node)
		return;
	for (unsigned int i = 0; i < FANOUT; i++) {
		if (!node[i])
			continue;
		if (level)
			walk(node[i], level - 1, key << LEVEL_BITS | i, fn, arg);
		else
			fn(arg, key << LEVEL_BITS | i, node[i]);
	}
}

/* Calls @fn for every leaf in ascending order of its key. */
void suv_radix_each(const struct radix *r, void (*fn)(void *arg, uint64_t key, void *leaf),
		    void *arg)
{
	walk(r->root, LEVELS - 1, 0, fn, arg);
}

static void free_node(void **node, int level)
{
	if (!node)
		return;
	for (unsigned int i = 0; i < FANOUT; i++) {
		if (level)
			free_node(node[i], level - 1);
		else
			free(node[i]);
	}
	free(node);
}

void suv_radix_free(struct radix *r)
{
	free_node(r->root, LEVELS - 1);
	r->root = NULL;
}
