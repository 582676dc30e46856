/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading of dump files: headers, sections, memory parts, notes and page states.
 *
 * No number from the file is trusted. The file is never mapped: if it is truncated while it is
 * read, that is an error, not a signal.
 */
#ifndef DUMPREAD_H
#define DUMPREAD_H

#include "dumpfile.h"

#define DUMP_MAX_VCPUS	4096u
#define DUMP_MAX_SECS	64u
#define DUMP_MAX_PHDRS	64u

/*
 * struct dump_source - bytes of a dump, from a file or (for the fuzzer) from memory
 * @name: for messages
 * @fd: file, or -1
 * @data: bytes when @fd is -1
 * @size: bytes
 */
struct dump_source {
	const char *name;
	int fd;
	const uint8_t *data;
	uint64_t size;
};

/**
 * dump_source_open() - open a dump file
 * @s: filled; dump_source_close() in every case
 * @path: regular file; must stay valid
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dump_source_open(struct dump_source *s, const char *path, struct fail *f);
void dump_source_close(struct dump_source *s);

struct dump_section {
	char name[32];
	uint32_t type;
	uint64_t offset, size;
};

/*
 * struct dump_vcpu - PV note of one vCPU
 * @notes: number of notes of this vCPU, the PV note included
 * @offset, @size: PV data in the file
 * @version, @length: first words of the PV data (not encrypted)
 * @iv: GCM IV (not encrypted)
 */
struct dump_vcpu {
	uint32_t notes;
	uint64_t offset, size;
	uint32_t version, length;
	uint8_t iv[12];
};

/* One PT_LOAD: @size bytes of guest memory from address @addr, at @off in the file. */
struct dump_part {
	uint64_t addr, off, size;
};

/*
 * struct dumpread - a checked dump
 * @src: where it is read from
 * @sec, @nsec: sections; @meta and @compl point into it
 * @part, @nparts: memory, by ascending address and without gaps
 * @mem_addr, @mem_size: guest addresses that the parts cover together
 * @vcpu, @nvcpu: vCPUs in file order, malloc()ed
 * @compl_data: first COMPL_SIZE bytes of the completion data
 * @states, @mapped: pages per state, and how many of them are marked as mapped
 */
struct dumpread {
	struct dump_source src;
	struct dump_section sec[DUMP_MAX_SECS];
	uint32_t nsec;
	const struct dump_section *meta, *compl;
	uint64_t note_off, note_size;
	struct dump_part part[DUMP_MAX_PHDRS];
	uint32_t nparts;
	uint64_t mem_addr, mem_size;
	struct dump_vcpu *vcpu;
	uint32_t nvcpu;
	uint8_t compl_data[COMPL_SIZE];
	uint64_t states[PAGE_STATES], mapped[PAGE_STATES];
	uint64_t first_invalid;
};

/**
 * dumpread_open() - read and check everything except the page contents
 * @d: filled; dumpread_close() in every case
 * @src: copied
 * @f: set on failure: part, offset, expected and found value
 *
 * Return: 0 or -1.
 */
int dumpread_open(struct dumpread *d, const struct dump_source *src, struct fail *f);
/**
 * dumpread_states() - count the page states
 * @d: dump
 * @f: set on failure
 *
 * Return: 0, or -1: read error, or a state that is not defined.
 */
int dumpread_states(struct dumpread *d, struct fail *f);
/**
 * dumpread_entries() - storage-state entries of consecutive pages
 * @d: dump
 * @page: first page, counted from the start of the memory
 * @n: number of pages
 * @buf: result, @n * STATE_ENTRY bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dumpread_entries(const struct dumpread *d, uint64_t page, size_t n, uint8_t *buf,
		     struct fail *f);
/**
 * dumpread_part() - the part of the memory that holds an address
 * @d: dump
 * @addr: guest absolute address
 *
 * Return: the part, or NULL when @addr is outside of the memory.
 */
const struct dump_part *dumpread_part(const struct dumpread *d, uint64_t addr);
/**
 * dumpread_bytes() - bytes of the file
 * @d: dump
 * @off: offset
 * @buf: result
 * @len: bytes
 * @f: set on failure
 *
 * Return: 0, or -1 when the file does not have them.
 */
int dumpread_bytes(const struct dumpread *d, uint64_t off, void *buf, size_t len, struct fail *f);
/**
 * dumpread_close() - free what dumpread_open() allocated; the source stays open
 * @d: dump
 */
void dumpread_close(struct dumpread *d);

#endif /* DUMPREAD_H */
