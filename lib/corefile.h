/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of an ELF vmcore, equal to what zgetdump -f elf writes: headers and notes. */
#ifndef COREFILE_H
#define COREFILE_H

#include "dumpread.h"

#define CORE_VMCOREINFO_MAX	65536u	/* Linux writes at most a page */

/*
 * struct corefile - the head of a vmcore while it is built; memory follows it without padding
 * @head: bytes, malloc()ed
 * @size: bytes used; after corefile_end() the offset of the first memory part
 * @room: bytes allocated
 * @nparts: memory parts
 * @vcpus: vCPUs added
 */
struct corefile {
	uint8_t *head;
	size_t size, room;
	uint32_t nparts, vcpus;
};

/**
 * corefile_begin() - start with the ELF header and a note about the process
 * @c: filled; corefile_free() in every case
 * @nparts: memory parts
 * @vcpus: vCPUs that will be added
 * @f: set on failure
 *
 * Return: 0, or -1 without memory.
 */
int corefile_begin(struct corefile *c, uint32_t nparts, uint32_t vcpus, struct fail *f);
/**
 * corefile_vcpu() - add the notes of the next vCPU
 * @c: head
 * @area: its decrypted CPU area, CPU_AREA_SIZE bytes
 *
 * Source of order and layout: zgetdump's output (s390-tools 2.35).
 */
void corefile_vcpu(struct corefile *c, const uint8_t *area);
/**
 * corefile_vmcoreinfo() - add the guest kernel's VMCOREINFO, after all vCPUs
 * @c: head
 * @text: its text
 * @len: bytes, at most CORE_VMCOREINFO_MAX
 */
void corefile_vmcoreinfo(struct corefile *c, const char *text, size_t len);
/**
 * corefile_end() - fill in the program headers
 * @c: head
 * @part: memory parts as they are in the dump; their data follows the head in this order
 */
void corefile_end(struct corefile *c, const struct dump_part *part);
void corefile_free(struct corefile *c);

#endif /* COREFILE_H */
