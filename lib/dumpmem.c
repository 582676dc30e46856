// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest memory of a dump by address, decrypted. */
#include "dumpmem.h"

#include <inttypes.h>
#include <string.h>

/* The first bytes decide nearly always. */
static bool is_zero(const uint8_t *page)
{
	static const uint8_t zero[PAGE_SIZE];

	return !memcmp(page, zero, 16) && !memcmp(page, zero, PAGE_SIZE);
}

static int open_page(const struct dumpread *d, struct pagecrypt *p, uint64_t addr,
		     const uint8_t *entry, uint8_t *page, struct fail *f)
{
	if (get32(entry) == STATE_SPECIAL || !pagecrypt_page(p, entry, page))
		return 0;
	return fail_set(f, "%s: memory at 0x%" PRIx64 ": libgcrypt: AES-256-XTS failed",
			d->src.name, addr);
}

/* The pages from the first to the last one that is in the file, in one read. */
static int read_span(const struct dumpread *d, uint64_t addr, size_t n, const bool *zero,
		     uint8_t *buf, struct fail *f)
{
	const struct dump_part *part = dumpread_part(d, addr);
	size_t first = 0, last = n;

	while (first < n && zero[first])
		first++;
	while (last > first && zero[last - 1])
		last--;
	return dumpread_bytes(d, part->off + (addr - part->addr) + first * PAGE_SIZE,
			      buf + first * PAGE_SIZE, (last - first) * PAGE_SIZE, f);
}

int dumpmem_pages(const struct dumpread *d, struct pagecrypt *p, uint64_t page, size_t n,
		  const uint8_t *entries, uint8_t *buf, bool *zero, struct fail *f)
{
	uint64_t addr = d->mem_addr + page * PAGE_SIZE;
	enum page_state s;
	size_t i;

	for (i = 0; i < n; i++) {
		s = page_state_of(entries + i * STATE_ENTRY);
		if (s == PAGE_INVALID)
			return fail_set(f, "%s: memory at 0x%" PRIx64 ": undefined page state",
					d->src.name, addr + i * PAGE_SIZE);
		zero[i] = s == PAGE_ZERO;
	}
	if (read_span(d, addr, n, zero, buf, f))
		return -1;
	for (i = 0; i < n; i++) {
		if (zero[i])
			continue;
		if (open_page(d, p, addr + i * PAGE_SIZE, entries + i * STATE_ENTRY,
			      buf + i * PAGE_SIZE, f))
			return -1;
		zero[i] = is_zero(buf + i * PAGE_SIZE);
	}
	return 0;
}

int dumpmem_read(const struct dumpread *d, struct pagecrypt *p, uint64_t addr, void *buf,
		 size_t len, struct fail *f)
{
	uint8_t page[PAGE_SIZE], entry[STATE_ENTRY], *out = buf;
	uint64_t nr;
	size_t n, off;
	bool zero;

	while (len) {
		if (!dumpread_part(d, addr))
			return fail_set(f, "%s: address 0x%" PRIx64 ": outside of the memory",
					d->src.name, addr);
		nr = (addr - d->mem_addr) / PAGE_SIZE;
		off = addr % PAGE_SIZE;
		n = PAGE_SIZE - off < len ? PAGE_SIZE - off : len;
		if (dumpread_entries(d, nr, 1, entry, f) ||
		    dumpmem_pages(d, p, nr, 1, entry, page, &zero, f))
			return -1;
		if (zero)
			memset(out, 0, n);
		else
			memcpy(out, page + off, n);
		out += n;
		addr += n;
		len -= n;
	}
	return 0;
}
