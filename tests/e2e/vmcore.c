// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares a decrypted core file with plaintext: memory pages and registers.
 */
#define _GNU_SOURCE
#include "check-vmcore.h"
#include "dumpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_phdr(struct vmcore *v, const uint8_t *p, struct fail *f)
{
	struct load *l;

	if (get32(p) == PT_NOTE_ && !v->note_size) {
		v->note_off = get64(p + 8);
		v->note_size = get64(p + 32);
	}
	if (get32(p) != PT_LOAD_)
		return 0;
	if (v->nload == MAX_LOADS)
		return fail_set(f, "%s: more than %u memory ranges", v->path, MAX_LOADS);
	l = &v->load[v->nload++];
	l->off = get64(p + 8);
	l->addr = get64(p + 24);
	l->size = get64(p + 32);
	return 0;
}

int vmcore_open(struct vmcore *v, const char *path, struct fail *f)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 2, 1 };
	uint8_t b[EHDR_SIZE], p[PHDR_SIZE];
	uint32_t i;

	memset(v, 0, sizeof(*v));
	v->path = path;
	v->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0)
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	if (pread_full(v->fd, path, b, sizeof(b), 0, f))
		return -1;
	if (memcmp(b, ident, sizeof(ident)) || get16(b + 16) != ET_CORE_ ||
	    get16(b + 18) != EM_S390_)
		return fail_set(f,
				"%s: not a 64-bit s390x ELF core file: make it with zgetdump -f elf",
				path);
	for (i = 0; i < get16(b + 56); i++) {
		if (pread_full(v->fd, path, p, sizeof(p), get64(b + 32) + i * PHDR_SIZE, f) ||
		    add_phdr(v, p, f))
			return -1;
	}
	if (!v->nload || !v->note_size || v->note_size > 64 * MIB)
		return fail_set(f, "%s: no memory or no notes", path);
	return 0;
}

int vmcore_page(const struct vmcore *v, uint64_t addr, uint8_t *page, struct fail *f)
{
	const struct load *l;
	uint32_t i;

	for (i = 0; i < v->nload; i++) {
		l = &v->load[i];
		if (addr >= l->addr && addr - l->addr < l->size &&
		    l->size - (addr - l->addr) >= PAGE_SIZE)
			return pread_full(v->fd, v->path, page, PAGE_SIZE,
					  l->off + (addr - l->addr), f);
	}
	return fail_set(f, "%s: page 0x%" PRIx64 ": not in the file", v->path, addr);
}

/* Register groups of one CPU in its notes: where they are and what a reset leaves there. */
static const struct group {
	const char *name;
	uint32_t note;
	uint16_t off;
	uint8_t width, count;
} groups[] = {
	{ "psw", NT_PRSTATUS_, 112, 16, 1 },
	{ "gr", NT_PRSTATUS_, 128, 8, 16 },
	{ "ar", NT_PRSTATUS_, 256, 4, 16 },
	{ "fpc", NT_FPREGSET_, 0, 4, 1 },
	{ "fpr", NT_FPREGSET_, 8, 8, 16 },
	{ "cputm", NT_S390_TIMER_, 0, 8, 1 },
	{ "ckc", NT_S390_TODCMP_, 0, 8, 1 },
	{ "todpr", NT_S390_TODPREG_, 0, 4, 1 },
	{ "cr", NT_S390_CTRS_, 0, 8, 16 },
	{ "prefix", NT_S390_PREFIX_, 0, 4, 1 },
	{ "vrlow", NT_S390_VXRS_LOW_, 0, 8, 16 },
	{ "vrhigh", NT_S390_VXRS_HIGH_, 0, 16, 16 },
	{ "gs", NT_S390_GS_CB_, 0, 8, 4 },
};

/* Initial CPU reset (z/Architecture Principles of Operation, "CPU reset"): the rest is zero. */
static const struct {
	const char *name;
	uint64_t value;
} reset_values[] = {
	{ "cr0", 0xe0 },
	{ "cr14", 0xc2000000 },
};

static void expected_value(const struct expect *e, uint32_t cpu, const char *name, uint8_t want[16])
{
	size_t i;

	memset(want, 0, 16);
	for (i = 0; i < ARRAY_SIZE(reset_values); i++) {
		if (!strcmp(name, reset_values[i].name))
			put64(want + 8, reset_values[i].value);
	}
	if (!cpu && !strcmp(name, "psw")) {
		put64(want, e->psw_mask);
		put64(want + 8, e->psw_addr);
	}
	for (i = 0; i < e->nreg; i++) {
		if (e->reg[i].cpu == cpu && !strcmp(e->reg[i].name, name))
			memcpy(want, e->reg[i].value, 16);
	}
}

static int check_group(const struct expect *e, uint32_t cpu, const struct group *g,
		       const uint8_t *desc, uint32_t size, uint32_t *checked, struct fail *f)
{
	char name[16], got[33], exp[33];
	uint8_t want[16];
	const uint8_t *p;
	uint32_t i;

	if ((uint32_t)g->off + g->width * g->count > size)
		return fail_set(f, "CPU %u: note 0x%x has only 0x%x bytes", cpu, g->note, size);
	for (i = 0; i < g->count; i++) {
		if (g->count == 1)
			snprintf(name, sizeof(name), "%s", g->name);
		else
			snprintf(name, sizeof(name), "%s%u", g->name, i);
		p = desc + g->off + i * g->width;
		expected_value(e, cpu, name, want);
		(*checked)++;
		if (!memcmp(p, want + 16 - g->width, g->width))
			continue;
		hex_str(p, g->width, got);
		hex_str(want + 16 - g->width, g->width, exp);
		return fail_set(f, "CPU %u: %s: expected 0x%s, found 0x%s", cpu, name, exp, got);
	}
	return 0;
}

/* Notes of one CPU that were seen: one bit per group. */
static int check_note(const struct expect *e, uint32_t cpu, uint32_t type, const uint8_t *desc,
		      uint32_t size, uint32_t *seen, uint32_t *checked, struct fail *f)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (groups[i].note != type)
			continue;
		if (check_group(e, cpu, &groups[i], desc, size, checked, f))
			return -1;
		*seen |= 1u << i;
	}
	return 0;
}

/* Notes before the first PRSTATUS belong to no CPU. */
static int walk_notes(const struct vmcore *v, const struct expect *e, const uint8_t *b,
		      uint32_t *seen, uint32_t *ncpu, uint32_t *checked, struct fail *f)
{
	uint64_t off = 0, name, size;
	uint32_t type;

	while (off + NOTE_HDR_SIZE <= v->note_size) {
		name = (get32(b + off) + 3ull) & ~3ull;
		size = get32(b + off + 4);
		type = get32(b + off + 8);
		off += NOTE_HDR_SIZE;
		if (name > v->note_size - off || size > v->note_size - off - name)
			return fail_set(f, "%s: notes: cut off at 0x%" PRIx64, v->path, off);
		off += name;
		if (type == NT_PRSTATUS_ && ++*ncpu > MAX_CPUS)
			return fail_set(f, "%s: more than %u CPUs", v->path, MAX_CPUS);
		if (*ncpu && check_note(e, *ncpu - 1, type, b + off, (uint32_t)size,
					&seen[*ncpu - 1], checked, f))
			return -1;
		off += (size + 3) & ~3ull;
	}
	return 0;
}

int check_registers(const struct vmcore *v, const struct expect *e, struct fail *f)
{
	uint32_t seen[MAX_CPUS] = { 0 }, ncpu = 0, checked = 0, i;
	uint8_t *b = malloc(v->note_size);
	int ret;

	if (!b)
		return fail_set(f, "%s: no memory", v->path);
	ret = pread_full(v->fd, v->path, b, v->note_size, v->note_off, f);
	if (!ret)
		ret = walk_notes(v, e, b, seen, &ncpu, &checked, f);
	free(b);
	if (ret)
		return ret;
	if (ncpu != e->vcpus)
		return fail_set(f, "%s: CPUs: expected %u, found %u", v->path, e->vcpus, ncpu);
	for (i = 0; i < ncpu; i++) {
		if (seen[i] != (1u << ARRAY_SIZE(groups)) - 1)
			return fail_set(f, "%s: CPU %u: register groups missing (seen mask 0x%x)",
					v->path, i, seen[i]);
	}
	printf("registers compared: %u CPUs, %u registers\n", ncpu, checked);
	return 0;
}

static const struct component *component_at(const struct expect *e, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < e->ncomp; i++) {
		if (addr >= e->comp[i].addr &&
		    (addr - e->comp[i].addr) / PAGE_SIZE < e->comp[i].pages)
			return &e->comp[i];
	}
	return NULL;
}

static bool ignored(const struct expect *e, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < e->nignore; i++) {
		if (addr >= e->ignore[i].start && addr < e->ignore[i].end)
			return true;
	}
	return false;
}

static int plain_page(const struct component *c, uint64_t addr, uint8_t *page, struct fail *f)
{
	uint64_t off = addr - c->addr;

	memset(page, 0, PAGE_SIZE);
	if (off >= c->size)
		return 0;
	return pread_full(c->fd, c->path, page,
			  c->size - off < PAGE_SIZE ? c->size - off : PAGE_SIZE,
			  off, f);
}

static int differs(const struct vmcore *v, uint64_t addr, const uint8_t *want, const uint8_t *got,
		   const struct component *c, struct fail *f)
{
	char exp[33], found[33];
	size_t i;

	for (i = 0; want[i] == got[i]; i++)
		;
	if (i > PAGE_SIZE - 16)
		i = PAGE_SIZE - 16;
	hex_str(want + i, 16, exp);
	hex_str(got + i, 16, found);
	return fail_set(f,
			"%s: page 0x%" PRIx64 " (%s): offset 0x%zx: expected %s, found %s", v->path,
			addr, c ? c->path : "untouched memory", i, exp, found);
}

int check_memory(const struct vmcore *v, const struct expect *e, struct fail *f)
{
	uint64_t addr, comp = 0, zero = 0, skipped = 0;
	uint8_t want[PAGE_SIZE], got[PAGE_SIZE];
	const struct component *c;
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i < v->nload; i++)
		total += v->load[i].size;
	if (total != e->mem)
		return fail_set(f,
				"%s: memory: expected 0x%" PRIx64 " bytes, found 0x%" PRIx64,
				v->path,
				e->mem, total);
	for (addr = 0; addr < e->mem; addr += PAGE_SIZE) {
		if (ignored(e, addr)) {
			skipped++;
			continue;
		}
		c = component_at(e, addr);
		memset(want, 0, sizeof(want));
		if (vmcore_page(v, addr, got, f) || (c && plain_page(c, addr, want, f)))
			return -1;
		if (memcmp(want, got, PAGE_SIZE))
			return differs(v, addr, want, got, c, f);
		if (c)
			comp++;
		else
			zero++;
	}
	printf("pages compared: %" PRIu64 " encrypted component pages, %" PRIu64 " zero pages",
	       comp,
	       zero);
	if (skipped)
		printf(", %" PRIu64 " ignored", skipped);
	printf("\n");
	return 0;
}

#define SEARCH_CHUNK	(4u * MIB)

int check_absent(const char *marker, const char *path, struct fail *f)
{
	size_t len = strlen(marker), keep = 0, have;
	uint8_t *buf;
	uint64_t off = 0;
	const uint8_t *hit = NULL;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	buf = malloc(SEARCH_CHUNK + len);
	if (!buf) {
		close(fd);
		return fail_set(f, "%s: no memory", path);
	}
	while ((n = read(fd, buf + keep, SEARCH_CHUNK)) > 0 && !hit) {
		have = keep + (size_t)n;
		hit = memmem(buf, have, marker, len);
		if (hit)
			fail_set(f, "%s: plaintext marker '%s' at offset 0x%" PRIx64, path, marker,
				 off - keep + (uint64_t)(hit - buf));
		keep = have < len - 1 ? have : len - 1;
		off += (uint64_t)n;
		memmove(buf, buf + have - keep, keep);
	}
	if (n < 0)
		fail_set(f, "%s: read: %s", path, strerror(errno));
	free(buf);
	close(fd);
	if (hit || n < 0)
		return -1;
	printf("marker absent: '%s' does not occur in %" PRIu64 " bytes\n", marker, off);
	return 0;
}
