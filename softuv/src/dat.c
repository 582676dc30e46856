// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk of a guest ASCE's region, segment and page tables; each read is bounded by host storage.
 */
#include "uv.h"

/* z/Architecture Principles of Operation, chapter 3, Dynamic Address Translation. */
#define ORIGIN		0xfffffffffffff000ull
#define PT_ORIGIN	0xfffffffffffff800ull
#define TYPE_SHIFT	2
#define TYPE_MASK	3
#define LEN_MASK	3
#define OFFSET_SHIFT	6
#define INVALID		0x20ull
#define PROTECT		0x200ull
#define FORMAT_CONTROL	0x400ull
#define PTE_INVALID	0x400ull
#define PTE_RESERVED	0x800ull
#define REAL_SPACE	0x20ull

static bool read_entry(struct softuv *uv, uint64_t abs, uint64_t *entry)
{
	uint8_t raw[8];

	if (!suv_is_storage(uv, abs, 8) || softuv_host_access(uv, abs) ||
	    uv->ops.read(uv->opaque, abs, raw, sizeof(raw)))
		return false;
	*entry = get64(raw);
	return true;
}

static enum dat_result page_entry(struct softuv *uv, uint64_t ste, uint64_t gaddr, bool protect,
				  uint64_t *abs)
{
	uint64_t pte;

	if (!read_entry(uv, (ste & PT_ORIGIN) + (gaddr >> PAGE_SHIFT & 0xff) * 8, &pte))
		return DAT_BAD_TABLE;
	if (pte & PTE_INVALID)
		return DAT_NOT_MAPPED;
	if (pte & PTE_RESERVED)
		return DAT_BAD_TABLE;
	if (protect || (pte & PROTECT))
		return DAT_PROTECTED;
	*abs = (pte & ORIGIN) | (gaddr & (PAGE_SIZE - 1));
	return DAT_OK;
}

/*
 * Finds the host absolute address of @gaddr through @asce, for writing. A host's tables may
 * change at any time, so that the result is what they said now.
 */
enum dat_result suv_dat_walk(struct softuv *uv, uint64_t asce, uint64_t gaddr, uint64_t *abs)
{
	int level = asce >> TYPE_SHIFT & TYPE_MASK;	/* 3 = region first ... 0 = segment */
	uint64_t entry = asce;
	unsigned int first = 0;
	bool protect = false;

	if (asce & REAL_SPACE)
		return DAT_BAD_TABLE;
	if (level < 3 && gaddr >> (MIB_SHIFT + 11 * (level + 1)))
		return DAT_NOT_MAPPED;
	for (; level >= 0; level--) {
		unsigned int index = gaddr >> (MIB_SHIFT + 11 * level) & 0x7ff;

		if (index >> 9 < first || index >> 9 > (entry & LEN_MASK))
			return DAT_NOT_MAPPED;
		if (!read_entry(uv, (entry & ORIGIN) + index * 8, &entry))
			return DAT_BAD_TABLE;
		if (entry & INVALID)
			return DAT_NOT_MAPPED;
		if ((int)(entry >> TYPE_SHIFT & TYPE_MASK) != level)
			return DAT_BAD_TABLE;
		protect |= !!(entry & PROTECT);
		if (level < 2 && (entry & FORMAT_CONTROL))
			return DAT_LARGE;
		first = entry >> OFFSET_SHIFT & LEN_MASK;
	}
	return page_entry(uv, entry, gaddr, protect, abs);
}
