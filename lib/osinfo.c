// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a Linux guest keeps its VMCOREINFO. */
#include "osinfo.h"

#include <inttypes.h>
#include <string.h>

#define LC_VMCORE_INFO	0xe0c	/* address of an ELF note */
#define LC_OS_INFO	0xe18	/* address of the os_info page */

/* offsets in the os_info page */
#define OS_MAGIC	0
#define OS_CSUM		8
#define OS_CSUM_FROM	12
#define OS_VMCOREINFO	32	/* address, size, checksum of the text */
#define OS_INFO_MAGIC	0x4f53494e464f535aull	/* "OSINFOSZ" */

#define NOTE_HDR	12
#define NOTE_NAME	"VMCOREINFO"

uint32_t osinfo_checksum(const uint8_t *p, size_t len)
{
	uint8_t last[4] = { 0 };
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		sum += get32(p + i);
		sum = (sum & 0xffffffff) + (sum >> 32);
	}
	if (i < len) {
		memcpy(last, p + i, len - i);
		sum += get32(last);
		sum = (sum & 0xffffffff) + (sum >> 32);
	}
	return (uint32_t)sum;
}

struct guest {
	osinfo_read_fn read;
	void *ctx;
};

/* @buf gets the text; a zero ends it early, as for zgetdump */
static int read_text(const struct guest *g, uint64_t addr, uint64_t size, char *buf, size_t max,
		     struct fail *why)
{
	if (!size || size > max)
		return fail_set(why, "VMCOREINFO at 0x%" PRIx64
				": size 1 to 0x%zx expected, found 0x%" PRIx64, addr, max, size);
	if (g->read(g->ctx, addr, buf, size))
		return fail_set(why, "VMCOREINFO at 0x%" PRIx64 " size 0x%" PRIx64
				": not in the memory", addr, size);
	return 0;
}

static int read_os_info(const struct guest *g, uint8_t *page, struct fail *why)
{
	uint8_t ptr[8];
	uint64_t addr;
	uint32_t sum;

	if (g->read(g->ctx, LC_OS_INFO, ptr, sizeof(ptr)))
		return fail_set(why, "lowcore: cannot be read");
	addr = get64(ptr);
	if (!addr)
		return fail_set(why, "lowcore: names none");
	if (addr % PAGE_SIZE || g->read(g->ctx, addr, page, PAGE_SIZE))
		return fail_set(why, "os_info at 0x%" PRIx64 ": not a page of the memory", addr);
	if (get64(page + OS_MAGIC) != OS_INFO_MAGIC)
		return fail_set(why, "os_info at 0x%" PRIx64
				": magic 0x%016llx expected, found 0x%016" PRIx64, addr,
				OS_INFO_MAGIC, get64(page));
	sum = osinfo_checksum(page + OS_CSUM_FROM, PAGE_SIZE - OS_CSUM_FROM);
	if (sum != get32(page + OS_CSUM))
		return fail_set(why, "os_info at 0x%" PRIx64
				": checksum 0x%08x expected, found 0x%08x", addr, sum,
				get32(page + OS_CSUM));
	return 0;
}

static int from_os_info(const struct guest *g, char *buf, size_t max, size_t *len, uint64_t *from,
			struct fail *why)
{
	uint8_t page[PAGE_SIZE], *entry = page + OS_VMCOREINFO;
	uint32_t sum;

	if (read_os_info(g, page, why))
		return -1;
	if (!get64(entry) || !get64(entry + 8))
		return fail_set(why, "os_info: names none");
	if (read_text(g, get64(entry), get64(entry + 8), buf, max, why))
		return -1;
	sum = osinfo_checksum((uint8_t *)buf, get64(entry + 8));
	if (sum != get32(entry + 16))
		return fail_set(why, "VMCOREINFO at 0x%" PRIx64
				": checksum 0x%08x expected, found 0x%08x", get64(entry),
				get32(entry + 16), sum);
	*from = get64(entry);
	*len = get64(entry + 8);
	return 0;
}

static int from_note(const struct guest *g, char *buf, size_t max, size_t *len, uint64_t *from,
		     struct fail *why)
{
	uint8_t ptr[8], note[NOTE_HDR + sizeof(NOTE_NAME) + 1];
	uint64_t addr;

	if (g->read(g->ctx, LC_VMCORE_INFO, ptr, sizeof(ptr)))
		return fail_set(why, "lowcore: cannot be read");
	addr = get64(ptr);
	/* early in its boot Linux keeps an odd number here that is no address */
	if (!addr || addr & 1)
		return fail_set(why, "lowcore: names none");
	if (g->read(g->ctx, addr, note, sizeof(note)))
		return fail_set(why, "note at 0x%" PRIx64 ": not in the memory", addr);
	if (get32(note) != sizeof(NOTE_NAME) ||
	    memcmp(note + NOTE_HDR, NOTE_NAME, sizeof(NOTE_NAME)))
		return fail_set(why, "note at 0x%" PRIx64 ": not named " NOTE_NAME, addr);
	if (addr > UINT64_MAX - sizeof(note))
		return fail_set(why, "note at 0x%" PRIx64 ": not in the memory", addr);
	*from = addr + sizeof(note);
	*len = get32(note + 4);
	return read_text(g, *from, *len, buf, max, why);
}

int osinfo_vmcoreinfo(osinfo_read_fn read, void *ctx, char *buf, size_t max, size_t *len,
		      uint64_t *from, struct fail *why)
{
	const struct guest g = { read, ctx };
	struct fail note;

	if (from_os_info(&g, buf, max, len, from, why) &&
	    from_note(&g, buf, max, len, from, &note)) {
		/* this message says more than the other one */
		if (strstr(why->text, "names none"))
			*why = note;
		return -1;
	}
	*len = strnlen(buf, *len);
	if (*len)
		return 0;
	return fail_set(why, "VMCOREINFO at 0x%" PRIx64 ": empty", *from);
}
