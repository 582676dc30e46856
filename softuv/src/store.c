// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state byte of every host page, donations, and access to operands.
 */
#include "uv.h"

static const uint8_t zero_page[PAGE_SIZE];

/* True when [@abs, @abs + @len) lies in host storage; @len 0 is storage when @abs is. */
bool suv_is_storage(const struct softuv *uv, uint64_t abs, uint64_t len)
{
	return abs < uv->mem_size && len <= uv->mem_size - abs;
}

enum page_state suv_state(const struct softuv *uv, uint64_t hfn)
{
	return atomic_load_explicit(&uv->state[hfn], memory_order_relaxed) & PS_MASK;
}

static bool is_blocked(uint8_t st)
{
	return (st & PS_MASK) == PS_DONATED || (st & PS_MASK) == PS_SECURE;
}

/**
 * softuv_host_access() - may the host touch this page now?
 * @uv: the Ultravisor
 * @abs: host absolute address in bytes; beyond the storage is always allowed here
 *
 * Context: any thread, concurrently with softuv_call().
 * Return: 0, or SOFTUV_PGM_SECURE for a secure or donated page.
 */
int softuv_host_access(const struct softuv *uv, uint64_t abs)
{
	if (abs >= uv->mem_size)
		return 0;
	return is_blocked(atomic_load_explicit(&uv->state[abs >> PAGE_SHIFT],
					       memory_order_acquire)) ? SOFTUV_PGM_SECURE : 0;
}

static bool is_guests(uint8_t st)
{
	return (st & PS_MASK) >= PS_SECURE;
}

/*
 * Changes the state of one host page; tells the machine when the host or a guest loses access.
 * From then on no CPU of theirs stores into the page, so that what firmware reads of it stays.
 */
void suv_set_state(struct softuv *uv, uint64_t hfn, enum page_state st)
{
	uint8_t old = atomic_load_explicit(&uv->state[hfn], memory_order_relaxed);

	uv->state_count[old & PS_MASK]--;
	uv->state_count[st]++;
	atomic_store_explicit(&uv->state[hfn], (uint8_t)((old & ~PS_MASK) | st),
			      memory_order_release);
	if (!uv->ops.restrict_access)
		return;
	if (is_blocked(st) && !is_blocked(old))
		uv->ops.restrict_access(uv->opaque, SOFTUV_HOST, hfn << PAGE_SHIFT, PAGE_SIZE);
	if (is_guests(old) && !is_guests(st))
		uv->ops.restrict_access(uv->opaque, SOFTUV_GUEST, hfn << PAGE_SHIFT, PAGE_SIZE);
}

/* True when every page of the range is storage that the host may touch and nobody owns. */
bool suv_is_plain(const struct softuv *uv, uint64_t abs, uint64_t len)
{
	if (!len || !suv_is_storage(uv, abs, len))
		return false;
	for (uint64_t hfn = abs >> PAGE_SHIFT; hfn <= (abs + len - 1) >> PAGE_SHIFT; hfn++) {
		if (suv_state(uv, hfn) != PS_PLAIN)
			return false;
	}
	return true;
}

/* True when the control block of the call in progress lies in the range. */
bool suv_holds_uvcb(const struct softuv *uv, uint64_t abs, uint64_t len)
{
	for (unsigned int i = 0; i < uv->uvcb_pages; i++) {
		if (uv->uvcb_page[i] + PAGE_SIZE > abs && uv->uvcb_page[i] < abs + len)
			return true;
	}
	return false;
}

/* True when the range touches absolute lowcore or the calling CPU's prefix area. */
bool suv_in_lowcore(struct softuv *uv, void *host_cpu, uint64_t abs, uint64_t len)
{
	uint64_t prefix = uv->ops.prefix ? uv->ops.prefix(uv->opaque, host_cpu) : 0;

	return abs < LOWCORE_LEN || (abs < prefix + LOWCORE_LEN && prefix < abs + len);
}

static bool holds_asce(const struct softuv *uv, uint64_t abs, uint64_t len)
{
	for (uint64_t a = abs; a < abs + len; a += PAGE_SIZE) {
		if (atomic_load_explicit(&uv->state[a >> PAGE_SHIFT], memory_order_relaxed) &
		    PS_ASCE)
			return true;
	}
	return false;
}

/*
 * Takes page-aligned storage away from the host; false when a page of it is not free to give:
 * it has an owner, the control block of this call, the lowcore of the calling CPU, or the table
 * that a configuration's ASCE names.
 */
bool suv_donate(struct softuv *uv, void *host_cpu, uint64_t abs, uint64_t len)
{
	if ((abs | len) % PAGE_SIZE || !suv_is_plain(uv, abs, len) ||
	    suv_holds_uvcb(uv, abs, len) || suv_in_lowcore(uv, host_cpu, abs, len) ||
	    holds_asce(uv, abs, len))
		return false;
	for (uint64_t a = abs; a < abs + len; a += PAGE_SIZE) {
		uint64_t hfn = a >> PAGE_SHIFT;
		uint8_t old = atomic_load_explicit(&uv->state[hfn], memory_order_relaxed);

		atomic_store_explicit(&uv->state[hfn],
				      (uint8_t)((old & ~PS_MASK) | PS_DONATED),
				      memory_order_release);
	}
	uv->state_count[PS_PLAIN] -= len >> PAGE_SHIFT;
	uv->state_count[PS_DONATED] += len >> PAGE_SHIFT;
	if (uv->ops.restrict_access)
		uv->ops.restrict_access(uv->opaque, SOFTUV_HOST, abs, len);
	return true;
}

void suv_clear(struct softuv *uv, uint64_t abs, uint64_t len)
{
	for (uint64_t a = abs; a < abs + len; a += PAGE_SIZE)
		uv->ops.write(uv->opaque, a, zero_page, PAGE_SIZE);
}

/* Returns donated storage to the host, cleared. */
void suv_give_back(struct softuv *uv, uint64_t abs, uint64_t len)
{
	suv_clear(uv, abs, len);
	for (uint64_t a = abs; a < abs + len; a += PAGE_SIZE)
		suv_set_state(uv, a >> PAGE_SHIFT, PS_PLAIN);
}

/* Resolves one page of an operand for firmware's own access: 0 or SOFTUV_RC_OPERAND_*. */
static uint16_t operand_page(struct softuv *uv, void *host_cpu, uint64_t va, bool write,
			     uint64_t *abs)
{
	if (uv->ops.translate(uv->opaque, host_cpu, SOFTUV_SPACE_HOME, va, write, abs))
		return SOFTUV_RC_OPERAND_XLATE;
	if (!suv_is_storage(uv, *abs, 1) || softuv_host_access(uv, *abs))
		return SOFTUV_RC_OPERAND_ADDR;
	return 0;
}

static uint32_t chunk(uint64_t va, uint32_t len)
{
	uint32_t room = PAGE_SIZE - (uint32_t)(va % PAGE_SIZE);

	return len < room ? len : room;
}

/* Reads @len bytes at logical address @va of host CPU @cpu: 0 or SOFTUV_RC_OPERAND_*. */
uint16_t suv_read_logical(struct softuv *uv, void *host_cpu, uint64_t va, void *buf, uint32_t len)
{
	uint8_t *p = buf;

	while (len) {
		uint32_t n = chunk(va, len);
		uint64_t abs;
		uint16_t rc = operand_page(uv, host_cpu, va, false, &abs);

		if (rc)
			return rc;
		if (uv->ops.read(uv->opaque, abs, p, n))
			return SOFTUV_RC_OPERAND_ADDR;
		va += n;
		p += n;
		len -= n;
	}
	return 0;
}

/* Stores @len (at most 2 pages) bytes at @va, all or nothing: 0 or SOFTUV_RC_OPERAND_*. */
uint16_t suv_write_logical(struct softuv *uv, void *host_cpu, uint64_t va, const void *buf,
			   uint32_t len)
{
	const uint8_t *p = buf;
	uint64_t abs[3];
	uint32_t n, done;
	unsigned int i = 0;

	for (done = 0; done < len; done += n) {
		uint16_t rc = operand_page(uv, host_cpu, va + done, true, &abs[i++]);

		if (rc)
			return rc;
		n = chunk(va + done, len - done);
	}
	for (done = 0, i = 0; done < len; done += n) {
		n = chunk(va + done, len - done);
		if (uv->ops.write(uv->opaque, abs[i++], p + done, n))
			return SOFTUV_RC_OPERAND_ADDR;
	}
	return 0;
}
