// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading of dump files: ELF header, sections, program headers and page states. */
#include "dumpread.h"
#include "dumpread-int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_STRTAB	4096u	/* zgetdump refuses more */

int dump_source_open(struct dump_source *s, const char *path, struct fail *f)
{
	struct stat st;

	s->name = path;
	s->data = NULL;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->fd < 0 || fstat(s->fd, &st))
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_set(f, "%s: not a regular file", path);
	s->size = (uint64_t)st.st_size;
	return 0;
}

void dump_source_close(struct dump_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static int bad(const struct dumpread *d, struct fail *f, const char *what, uint64_t off,
	       uint64_t want, uint64_t got)
{
	return fail_set(f,
			"%s: %s at offset 0x%" PRIx64 ": expected 0x%" PRIx64 ", found 0x%" PRIx64,
			d->src.name, what, off, want, got);
}

bool dumpread_inside(const struct dumpread *d, uint64_t off, uint64_t len)
{
	return off <= d->src.size && len <= d->src.size - off;
}

int dumpread_bytes(const struct dumpread *d, uint64_t off, void *buf, size_t len, struct fail *f)
{
	if (!dumpread_inside(d, off, len))
		return fail_set(f, "%s: truncated: 0x%zx bytes expected at offset 0x%" PRIx64
				", file has 0x%" PRIx64, d->src.name, len, off, d->src.size);
	if (d->src.fd >= 0)
		return pread_full(d->src.fd, d->src.name, buf, len, off, f);
	memcpy(buf, d->src.data + off, len);
	return 0;
}

static int read_ehdr(struct dumpread *d, struct dump_ehdr *e, struct fail *f)
{
	/* value checks: offset, size in bytes, expected value */
	static const struct {
		uint8_t off, size;
		uint32_t want;
		const char *what;
	} fixed[] = {
		{ 0, 4, 0x7f454c46, "ELF header: magic" },
		{ 4, 1, 2, "ELF header: class (64 bit)" },
		{ 5, 1, 2, "ELF header: byte order (big endian)" },
		{ 6, 1, 1, "ELF header: version" },
		{ 16, 2, ET_CORE_, "ELF header: type (core)" },
		{ 18, 2, EM_S390_, "ELF header: machine (s390)" },
		{ 20, 4, 1, "ELF header: version of the file" },
		{ 54, 2, PHDR_SIZE, "ELF header: size of a program header" },
	};
	uint8_t b[EHDR_SIZE];
	uint32_t got;
	size_t i;

	if (dumpread_bytes(d, 0, b, sizeof(b), f))
		return -1;
	for (i = 0; i < ARRAY_SIZE(fixed); i++) {
		got = fixed[i].size == 4 ? get32(b + fixed[i].off) :
		      fixed[i].size == 2 ? get16(b + fixed[i].off) : b[fixed[i].off];
		if (got != fixed[i].want)
			return bad(d, f, fixed[i].what, fixed[i].off, fixed[i].want, got);
	}
	e->phoff = get64(b + 32);
	e->shoff = get64(b + 40);
	e->phnum = get16(b + 56);
	e->shnum = get16(b + 60);
	e->shstrndx = get16(b + 62);
	if (!e->shnum || !e->shstrndx)
		return fail_set(f,
				"%s: ELF header: no sections at offset 0x3c: an ordinary core file, not a dump of a protected VM",
				d->src.name);
	if (get16(b + 58) != SHDR_SIZE)
		return bad(d, f,
			   "ELF header: size of a section header", 58, SHDR_SIZE, get16(b + 58));
	if (e->shnum > DUMP_MAX_SECS || e->phnum > DUMP_MAX_PHDRS)
		return fail_set(f,
				"%s: ELF header: %u sections and %u program headers: at most %u expected",
				d->src.name, e->shnum, e->phnum, DUMP_MAX_SECS);
	if (e->shstrndx >= e->shnum)
		return fail_set(f,
				"%s: ELF header: name section at offset 0x3e: below 0x%x expected, found 0x%x",
				d->src.name, e->shnum, e->shstrndx);
	return 0;
}

static int read_names(struct dumpread *d, const struct dump_ehdr *e, const uint32_t *name_off,
		      struct fail *f)
{
	const struct dump_section *s = &d->sec[e->shstrndx];
	char names[MAX_STRTAB];
	uint32_t i;
	size_t n;

	if (!s->size || s->size > sizeof(names))
		return fail_set(f,
				"%s: section %u: names: size 1 to 0x%x expected, found 0x%" PRIx64,
				d->src.name, e->shstrndx, MAX_STRTAB, s->size);
	if (dumpread_bytes(d, s->offset, names, s->size, f))
		return -1;
	for (i = 1; i < d->nsec; i++) {
		if (name_off[i] >= s->size)
			return fail_set(f,
					"%s: section %u: name offset 0x%x is outside of the names (0x%"
					PRIx64 " bytes)", d->src.name, i, name_off[i], s->size);
		n = strnlen(names + name_off[i], s->size - name_off[i]);
		if (n == s->size - name_off[i] || n >= sizeof(d->sec[i].name))
			return fail_set(f,
					"%s: section %u: name at 0x%x is not terminated or too long",
					d->src.name, i, name_off[i]);
		memcpy(d->sec[i].name, names + name_off[i], n + 1);
	}
	return 0;
}

static int read_sections(struct dumpread *d, const struct dump_ehdr *e, struct fail *f)
{
	uint32_t name_off[DUMP_MAX_SECS];
	uint8_t b[SHDR_SIZE];
	uint32_t i;

	d->nsec = e->shnum;
	for (i = 0; i < e->shnum; i++) {
		if (e->shoff > d->src.size ||
		    dumpread_bytes(d, e->shoff + i * SHDR_SIZE, b, sizeof(b), f))
			return fail_set(f,
					"%s: section header %u: outside of the file (table at 0x%"
					PRIx64 ", file has 0x%" PRIx64 ")", d->src.name, i,
					e->shoff,
					d->src.size);
		name_off[i] = get32(b);
		d->sec[i].type = get32(b + 4);
		d->sec[i].offset = get64(b + 24);
		d->sec[i].size = get64(b + 32);
		if (i && !dumpread_inside(d, d->sec[i].offset, d->sec[i].size))
			return fail_set(f, "%s: section %u: offset 0x%" PRIx64 " size 0x%" PRIx64
					" is outside of the file (0x%" PRIx64 ")", d->src.name, i,
					d->sec[i].offset, d->sec[i].size, d->src.size);
	}
	return read_names(d, e, name_off, f);
}

static const struct dump_section *find_section(const struct dumpread *d, const char *name)
{
	uint32_t i;

	for (i = 1; i < d->nsec; i++) {
		if (!strcmp(d->sec[i].name, name))
			return &d->sec[i];
	}
	return NULL;
}

static int check_sections(struct dumpread *d, struct fail *f)
{
	uint32_t v;

	d->compl = find_section(d, SEC_COMPL);
	d->meta = find_section(d, SEC_META);
	if (!d->compl || !d->meta)
		return fail_set(f,
				"%s: section %s: missing: not a dump of a protected VM",
				d->src.name,
				d->compl ? SEC_META : SEC_COMPL);
	if (d->compl->size < COMPL_SIZE || d->compl->size > COMPL_MAX)
		return fail_set(f,
				"%s: section " SEC_COMPL ": size 0x%x to 0x%x expected, found 0x%"
				PRIx64, d->src.name, COMPL_SIZE, COMPL_MAX, d->compl->size);
	if (dumpread_bytes(d, d->compl->offset, d->compl_data, COMPL_SIZE, f))
		return -1;
	v = get32(d->compl_data);
	if (v != COMPL_VERSION)
		return bad(d, f,
			   "section " SEC_COMPL ": version", d->compl->offset, COMPL_VERSION, v);
	v = get32(d->compl_data + 4);
	if (v != COMPL_SIZE)
		return bad(d, f,
			   "section " SEC_COMPL ": length", d->compl->offset + 4, COMPL_SIZE, v);
	return 0;
}

static int add_load(struct dumpread *d, const uint8_t *p, struct fail *f)
{
	uint64_t filesz = get64(p + 32), memsz = get64(p + 40);
	struct dump_part part = { .addr = get64(p + 24), .off = get64(p + 8), .size = memsz };

	if (!memsz || memsz % PAGE_SIZE || part.addr % PAGE_SIZE || filesz != memsz)
		return fail_set(f, "%s: memory at 0x%" PRIx64 ": size in file 0x%" PRIx64
				", in memory 0x%" PRIx64 ": equal multiples of a page expected",
				d->src.name, part.addr, filesz, memsz);
	if (!dumpread_inside(d, part.off, memsz) || part.addr + memsz < memsz)
		return fail_set(f, "%s: memory: offset 0x%" PRIx64 " size 0x%" PRIx64
				" is outside of the file (0x%" PRIx64 ")", d->src.name, part.off,
				memsz, d->src.size);
	d->part[d->nparts++] = part;
	return 0;
}

static int read_phdrs(struct dumpread *d, const struct dump_ehdr *e, struct fail *f)
{
	uint8_t b[PHDR_SIZE];
	uint64_t at;
	uint32_t i;

	for (i = 0; i < e->phnum; i++) {
		at = e->phoff + (uint64_t)i * PHDR_SIZE;
		if (e->phoff > d->src.size || dumpread_bytes(d, at, b, sizeof(b), f))
			return fail_set(f,
					"%s: program header %u: outside of the file (table at 0x%"
					PRIx64 ", file has 0x%" PRIx64 ")", d->src.name, i,
					e->phoff,
					d->src.size);
		if (get32(b) == PT_NOTE_) {
			if (d->note_size)
				return fail_set(f, "%s: program header %u: second PT_NOTE",
						d->src.name, i);
			d->note_off = get64(b + 8);
			d->note_size = get64(b + 32);
		} else if (get32(b) == PT_LOAD_ && add_load(d, b, f)) {
			return -1;
		}
	}
	if (!d->nparts || !d->note_size)
		return fail_set(f, "%s: program headers: no %s", d->src.name,
				d->nparts ? "notes" : "memory");
	if (!dumpread_inside(d, d->note_off, d->note_size))
		return fail_set(f, "%s: notes: offset 0x%" PRIx64 " size 0x%" PRIx64
				" is outside of the file (0x%" PRIx64 ")", d->src.name, d->note_off,
				d->note_size, d->src.size);
	return 0;
}

static int check_meta(struct dumpread *d, struct fail *f)
{
	uint64_t want = d->mem_size / PAGE_SIZE * STATE_ENTRY;

	if (d->meta->size != want)
		return bad(d, f, "section " SEC_META ": size for the memory", d->meta->offset, want,
			   d->meta->size);
	return 0;
}

int dumpread_open(struct dumpread *d, const struct dump_source *src, struct fail *f)
{
	struct dump_ehdr e = { 0 };

	memset(d, 0, sizeof(*d));
	d->src = *src;
	if (read_ehdr(d, &e, f) || read_sections(d, &e, f) || check_sections(d, f) ||
	    read_phdrs(d, &e, f) || dumpread_sort_parts(d, f) || check_meta(d, f) ||
	    dumpread_check_overlap(d, &e, f))
		return -1;
	return dumpread_notes(d, f);
}

int dumpread_entries(const struct dumpread *d, uint64_t page, size_t n, uint8_t *buf,
		     struct fail *f)
{
	return dumpread_bytes(d, d->meta->offset + page * STATE_ENTRY, buf, n * STATE_ENTRY, f);
}

int dumpread_states(struct dumpread *d, struct fail *f)
{
	uint64_t off = 0, n, i, page = 0;
	static uint8_t buf[64 * 1024];
	enum page_state s;

	for (off = 0; off < d->meta->size; off += n) {
		n = d->meta->size - off < sizeof(buf) ? d->meta->size - off : sizeof(buf);
		if (dumpread_bytes(d, d->meta->offset + off, buf, n, f))
			return -1;
		for (i = 0; i < n; i += STATE_ENTRY, page++) {
			s = page_state_of(buf + i);
			if (s == PAGE_INVALID && !d->states[s])
				d->first_invalid = page;
			d->states[s]++;
			d->mapped[s] += page_state_mapped(buf + i);
		}
	}
	if (!d->states[PAGE_INVALID])
		return 0;
	return fail_set(f,
			"%s: section " SEC_META ": %" PRIu64
			" page states are undefined, the first at offset 0x%"
			PRIx64 " for address 0x%" PRIx64, d->src.name, d->states[PAGE_INVALID],
			d->meta->offset + d->first_invalid * STATE_ENTRY,
			d->mem_addr + d->first_invalid * PAGE_SIZE);
}

void dumpread_close(struct dumpread *d)
{
	free(d->vcpu);
	d->vcpu = NULL;
}
