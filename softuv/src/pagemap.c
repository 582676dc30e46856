// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One record for each touched page of each configuration, found by guest page or by host page.
 */
#include "uv.h"

/*
 * A record never moves: it lies in a chunk that belongs to its configuration and goes with it.
 * Two hash tables of record numbers find it, one by guest page and, while the page is in storage,
 * one by host page. They grow by doubling and chain through the records, so that memory follows
 * the number of touched pages alone, wherever in the guest these are:
 * 40 bytes of record and at most 8 of each table, 12 while one of them grows.
 *
 * The first record of a MiB is its head: it is hashed by its MiB, the others by their page, and
 * chains them up. One look therefore tells an untouched MiB.
 */
#define GFN_BITS	(ADDR_BITS - PAGE_SHIFT)
#define TABLE_MIN	64u
#define TABLE_MAX	(1u << 31)
#define MAX_CHUNKS	(UINT32_MAX / CHUNK_PAGES)

static struct gpage *record(const struct pagemap *map, uint32_t nr)
{
	return nr ? &map->chunk[(nr - 1) / CHUNK_PAGES].used->page[(nr - 1) % CHUNK_PAGES] : NULL;
}

/* Spreads neighbours and multiples alike. A host that finds collisions slows itself down. */
static uint32_t bucket(const struct pagetable *t, uint64_t key)
{
	key ^= key >> 32;
	key *= 0x9e3779b97f4a7c15ull;
	key ^= key >> 29;
	key *= 0xbf58476d1ce4e5b9ull;
	return (uint32_t)(key >> 32) & (t->size - 1);
}

static uint64_t page_key(uint32_t slot, uint64_t gfn)
{
	return (uint64_t)slot << GFN_BITS | gfn;
}

/* Keys of a MiB have a bit of their own, above those of every page. */
static uint64_t mib_key(uint32_t slot, uint64_t gfn)
{
	return 1ull << 63 | (uint64_t)slot << GFN_BITS | gfn / MIB_PAGES;
}

static uint64_t guest_key(const struct gpage *gp)
{
	return gp->head ? mib_key(gp->slot, gp->gfn) : page_key(gp->slot, gp->gfn);
}

static uint64_t host_key(const struct gpage *gp)
{
	return gp->hfn;
}

/* The two tables differ in the key and in the link of the chain. */
static uint32_t *guest_link(struct gpage *gp)
{
	return &gp->next;
}

static uint32_t *host_link(struct gpage *gp)
{
	return &gp->next_host;
}

struct access {
	uint64_t (*key)(const struct gpage *gp);
	uint32_t *(*link)(struct gpage *gp);
};

static const struct access by_guest = { guest_key, guest_link };
static const struct access by_host = { host_key, host_link };

/* Gives @t @size buckets; without memory it stays as it is, which costs time and nothing else. */
static bool resize(struct pagemap *map, struct pagetable *t, const struct access *k, uint32_t size)
{
	struct pagetable old = *t;
	uint32_t *first = calloc(size, sizeof(*first));

	if (!first)
		return false;
	t->first = first;
	t->size = size;
	for (uint32_t i = 0; i < old.size; i++) {
		uint32_t nr = old.first[i], next;

		for (; nr; nr = next) {
			struct gpage *gp = record(map, nr);
			uint32_t *to = &first[bucket(t, k->key(gp))];

			next = *k->link(gp);
			*k->link(gp) = *to;
			*to = nr;
		}
	}
	free(old.first);
	return true;
}

static void hash_in(struct pagemap *map, struct pagetable *t, const struct access *k, uint32_t nr)
{
	struct gpage *gp = record(map, nr);
	uint32_t *to;

	if (t->nr >= t->size && t->size < TABLE_MAX)
		resize(map, t, k, t->size * 2);
	to = &t->first[bucket(t, k->key(gp))];
	*k->link(gp) = *to;
	*to = nr;
	t->nr++;
}

static void hash_out(struct pagemap *map, struct pagetable *t, const struct access *k,
		     struct gpage *gp)
{
	uint32_t *at = &t->first[bucket(t, k->key(gp))];

	while (record(map, *at) != gp)
		at = k->link(record(map, *at));
	*at = *k->link(gp);
	t->nr--;
}

static struct gpage *find_head(const struct pagemap *map, uint32_t slot, uint64_t gfn)
{
	const struct pagetable *t = &map->guest;
	struct gpage *gp;

	if (!t->size)
		return NULL;
	gp = record(map, t->first[bucket(t, mib_key(slot, gfn))]);
	while (gp && !(gp->head && gp->slot == slot && gp->gfn / MIB_PAGES == gfn / MIB_PAGES))
		gp = record(map, gp->next);
	return gp;
}

static struct gpage *find_other(const struct pagemap *map, uint32_t slot, uint64_t gfn)
{
	const struct pagetable *t = &map->guest;
	struct gpage *gp = record(map, t->first[bucket(t, page_key(slot, gfn))]);

	while (gp && !(gp->gfn == gfn && gp->slot == slot && !gp->head))
		gp = record(map, gp->next);
	return gp;
}

/* What is known of the page at @gaddr; NULL when it was never touched. */
struct gpage *suv_page(const struct softuv *uv, const struct conf *conf, uint64_t gaddr)
{
	uint64_t gfn = gaddr >> PAGE_SHIFT;
	struct gpage *gp;

	if (gaddr >= MAX_GUEST_ADDR)
		return NULL;
	gp = find_head(&uv->pages, conf->slot, gfn);
	return !gp || gp->gfn == gfn ? gp : find_other(&uv->pages, conf->slot, gfn);
}

/* The touched pages of the MiB at @gaddr, in no order; NULL ends. */
struct gpage *suv_mib_first(const struct softuv *uv, const struct conf *conf, uint64_t gaddr)
{
	return find_head(&uv->pages, conf->slot, gaddr >> PAGE_SHIFT);
}

struct gpage *suv_mib_next(const struct softuv *uv, const struct gpage *gp)
{
	return record(&uv->pages, gp->next_in_mib);
}

/* The configuration's page that is in the host page @hfn; NULL when no living one has it. */
struct gpage *suv_page_in(const struct softuv *uv, uint64_t hfn)
{
	const struct pagemap *map = &uv->pages;
	struct gpage *gp;

	if (!map->host.nr)
		return NULL;
	gp = record(map, map->host.first[bucket(&map->host, hfn)]);
	while (gp && gp->hfn != hfn)
		gp = record(map, gp->next_host);
	return gp;
}

struct conf *suv_page_owner(const struct softuv *uv, const struct gpage *gp)
{
	return suv_handle_at(uv, gp->slot);
}

uint64_t suv_page_gaddr(const struct gpage *gp)
{
	return (uint64_t)gp->gfn << PAGE_SHIFT;
}

/* Does the page have a host page? */
bool suv_in_storage(const struct gpage *gp)
{
	return gp->kind == GP_SECURE || gp->kind == GP_SHARED;
}

/* Room for one more chunk in the directory; freed numbers are used again. */
static bool more_chunks(struct pagemap *map)
{
	uint32_t size = map->size ? map->size * 2 : 16;
	union chunkref *ref;

	if (map->free || map->nr < map->size)
		return true;
	if (size > MAX_CHUNKS)
		return false;
	ref = realloc(map->chunk, size * sizeof(*ref));
	if (!ref)
		return false;
	map->chunk = ref;
	map->size = size;
	return true;
}

static bool add_chunk(struct pagemap *map, struct conf *conf)
{
	struct pagechunk *chunk;
	uint32_t id;

	if (!more_chunks(map))
		return false;
	chunk = calloc(1, sizeof(*chunk));
	if (!chunk)
		return false;
	id = map->free ? map->free : ++map->nr;
	if (map->free)
		map->free = (uint32_t)map->chunk[id - 1].next_free;
	map->chunk[id - 1].used = chunk;
	map->nr_used++;
	chunk->next = conf->chunk;
	conf->chunk = id;
	return true;
}

/* Everything that a new record needs is there from here on; entering it cannot fail. */
static bool room_for_one(struct pagemap *map, struct conf *conf)
{
	if (!map->guest.size && !resize(map, &map->guest, &by_guest, TABLE_MIN))
		return false;
	if (!map->host.size && !resize(map, &map->host, &by_host, TABLE_MIN))
		return false;
	return (conf->chunk && map->chunk[conf->chunk - 1].used->nr < CHUNK_PAGES) ||
	       add_chunk(map, conf);
}

/* As suv_page(), and makes the record of a page that is touched now; NULL without memory. */
struct gpage *suv_page_make(struct softuv *uv, struct conf *conf, uint64_t gaddr)
{
	struct gpage *gp = suv_page(uv, conf, gaddr), *head;
	struct pagemap *map = &uv->pages;
	struct pagechunk *chunk;
	uint32_t nr;

	if (gp || gaddr >= MAX_GUEST_ADDR || !room_for_one(map, conf))
		return gp;
	head = find_head(map, conf->slot, gaddr >> PAGE_SHIFT);
	chunk = map->chunk[conf->chunk - 1].used;
	gp = &chunk->page[chunk->nr];
	nr = (conf->chunk - 1) * CHUNK_PAGES + ++chunk->nr;
	gp->gfn = gaddr >> PAGE_SHIFT;
	gp->slot = conf->slot;
	gp->head = !head;
	if (head) {
		gp->next_in_mib = head->next_in_mib;
		head->next_in_mib = nr;
	}
	hash_in(map, &map->guest, &by_guest, nr);
	return gp;
}

/* A record does not hold its own number; the chain that it is in does. */
static uint32_t number_of(const struct pagemap *map, const struct gpage *gp)
{
	uint32_t nr = map->guest.first[bucket(&map->guest, guest_key(gp))];

	while (record(map, nr) != gp)
		nr = record(map, nr)->next;
	return nr;
}

/* The page is in the host page @hfn from now on. It had none, and nobody else has this one. */
void suv_link_host(struct softuv *uv, struct gpage *gp, uint64_t hfn)
{
	gp->hfn = hfn;
	hash_in(&uv->pages, &uv->pages.host, &by_host, number_of(&uv->pages, gp));
}

/* The page has no host page any more; its place in the record is free for the MAC. */
void suv_unlink_host(struct softuv *uv, struct gpage *gp)
{
	hash_out(&uv->pages, &uv->pages.host, &by_host, gp);
}

/* Calls @fn for every touched page of @conf. */
void suv_each_page(struct softuv *uv, struct conf *conf,
		   void (*fn)(struct softuv *uv, struct conf *conf, struct gpage *gp))
{
	struct pagechunk *chunk;

	for (uint32_t id = conf->chunk; id; id = chunk->next) {
		chunk = uv->pages.chunk[id - 1].used;
		for (unsigned int i = 0; i < chunk->nr; i++)
			fn(uv, conf, &chunk->page[i]);
	}
}

static void forget(struct softuv *uv, struct conf *conf, struct gpage *gp)
{
	(void)conf;
	if (suv_in_storage(gp))
		suv_unlink_host(uv, gp);
	hash_out(&uv->pages, &uv->pages.guest, &by_guest, gp);
}

static void shrink(struct pagemap *map, struct pagetable *t, const struct access *k)
{
	uint32_t size = t->size;

	while (size > TABLE_MIN && size / 4 >= t->nr)
		size /= 2;
	if (size < t->size)
		resize(map, t, k, size);
}

/* The configuration ends: its records and their memory go; its secure pages have no owner then. */
void suv_pages_drop(struct softuv *uv, struct conf *conf)
{
	struct pagemap *map = &uv->pages;
	uint32_t next;

	suv_each_page(uv, conf, forget);
	for (uint32_t id = conf->chunk; id; id = next) {
		union chunkref *ref = &map->chunk[id - 1];

		next = ref->used->next;
		suv_wipe(ref->used, sizeof(*ref->used));
		free(ref->used);
		ref->next_free = map->free;
		map->free = id;
		map->nr_used--;
	}
	conf->chunk = 0;
	shrink(map, &map->guest, &by_guest);
	shrink(map, &map->host, &by_host);
}

/* No configuration is left. */
void suv_pages_free(struct softuv *uv)
{
	free(uv->pages.guest.first);
	free(uv->pages.host.first);
	free(uv->pages.chunk);
	memset(&uv->pages, 0, sizeof(uv->pages));
}

/* Bytes in use for the records and the ways to them. */
uint64_t suv_pages_memory(const struct softuv *uv)
{
	const struct pagemap *map = &uv->pages;

	return map->nr_used * (uint64_t)sizeof(struct pagechunk) +
	       map->size * (uint64_t)sizeof(*map->chunk) +
	       ((uint64_t)map->guest.size + map->host.size) * sizeof(uint32_t);
}
