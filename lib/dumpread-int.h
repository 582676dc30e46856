/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read dumps share among themselves. */
#ifndef DUMPREAD_INT_H
#define DUMPREAD_INT_H

#include "dumpread.h"

/* numbers of the ELF header that are used after it was checked */
struct dump_ehdr {
	uint64_t phoff, shoff;
	uint32_t phnum, shnum, shstrndx;
};

/**
 * dumpread_inside() - is a range of bytes in the file?
 * @d: dump
 * @off: offset in bytes
 * @len: bytes
 *
 * Return: true when it is.
 */
bool dumpread_inside(const struct dumpread *d, uint64_t off, uint64_t len);
/**
 * dumpread_sort_parts() - order the parts of the memory and refuse overlaps and gaps
 * @d: dump with parts; sets @d->mem_addr and @d->mem_size
 * @f: set on failure
 *
 * QEMU finds the storage state of a page by its address, zgetdump by its distance from the start of
 * the memory. Both are the same only without gaps.
 *
 * Return: 0 or -1.
 */
int dumpread_sort_parts(struct dumpread *d, struct fail *f);
/**
 * dumpread_check_overlap() - no byte of the file belongs to two parts of it
 * @d: dump with sections, notes and memory
 * @e: where its tables are
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dumpread_check_overlap(const struct dumpread *d, const struct dump_ehdr *e, struct fail *f);
/**
 * dumpread_notes() - find and check the notes of the vCPUs
 * @d: dump; sets @d->vcpu and @d->nvcpu
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int dumpread_notes(struct dumpread *d, struct fail *f);

#endif /* DUMPREAD_INT_H */
