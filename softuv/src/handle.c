// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The opaque 64-bit handles of configurations and CPUs: random, never 0, looked up in O(1).
 */
#include "uv.h"

#define INDEX_BITS	24
#define INDEX_MASK	((1u << INDEX_BITS) - 1)

static bool grow(struct handles *h)
{
	uint32_t size = h->size ? h->size * 2 : 16;
	struct slot *slot;

	if (size > INDEX_MASK)
		return false;
	slot = realloc(h->slot, size * sizeof(*slot));
	if (!slot)
		return false;
	memset(slot + h->size, 0, (size - h->size) * sizeof(*slot));
	h->slot = slot;
	h->size = size;
	return true;
}

/*
 * A new handle for @obj: the slot number in the low bits, hidden by a mask, below 40 random
 * bits, so that the handle of a destroyed object does not come to life again. 0 = no resources.
 */
uint64_t suv_handle_new(struct softuv *uv, enum obj_kind kind, void *obj)
{
	struct handles *h = &uv->handles;
	uint64_t random;
	uint32_t index;

	if (uv->ops.random(uv->opaque, &random, sizeof(random)))
		return 0;
	if (!h->free && h->nr == h->size && !grow(h))
		return 0;
	if (!h->nr)
		h->mask = (uint32_t)(random >> 8) & INDEX_MASK;
	if (h->free) {
		index = h->free - 1;
		h->free = h->slot[index].next_free;
	} else {
		index = h->nr++;
	}
	random |= 1ull << 63;
	h->slot[index].handle = (random & ~(uint64_t)INDEX_MASK) | (index ^ h->mask);
	h->slot[index].obj = obj;
	h->slot[index].kind = kind;
	return h->slot[index].handle;
}

static struct slot *find(const struct softuv *uv, uint64_t handle)
{
	const struct handles *h = &uv->handles;
	uint32_t index = suv_handle_slot(uv, handle);

	if (index >= h->nr || h->slot[index].kind == OBJ_FREE || h->slot[index].handle != handle)
		return NULL;
	return &h->slot[index];
}

void *suv_handle_get(const struct softuv *uv, enum obj_kind kind, uint64_t handle)
{
	struct slot *s = find(uv, handle);

	return s && s->kind == kind ? s->obj : NULL;
}

/* Slot number of @handle, and the handle of the configuration in a slot. */
uint32_t suv_handle_slot(const struct softuv *uv, uint64_t handle)
{
	return ((uint32_t)handle & INDEX_MASK) ^ uv->handles.mask;
}

struct conf *suv_handle_at(const struct softuv *uv, uint32_t slot)
{
	return uv->handles.slot[slot].obj;
}

void suv_handle_drop(struct softuv *uv, uint64_t handle)
{
	struct slot *s = find(uv, handle);

	if (!s)
		return;
	memset(s, 0, sizeof(*s));
	s->next_free = uv->handles.free;
	uv->handles.free = (uint32_t)(s - uv->handles.slot) + 1;
}

void suv_handles_free(struct softuv *uv)
{
	free(uv->handles.slot);
	memset(&uv->handles, 0, sizeof(uv->handles));
}
