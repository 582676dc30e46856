/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a Linux guest keeps its VMCOREINFO. */
#ifndef OSINFO_H
#define OSINFO_H

#include "common.h"

/*
 * osinfo_read_fn - read guest absolute memory
 * @ctx: of the caller
 * @addr: guest absolute address, any value
 *
 * Return: 0, or -1 when it cannot be read.
 */
typedef int (*osinfo_read_fn)(void *ctx, uint64_t addr, void *buf, size_t len);

/**
 * osinfo_vmcoreinfo() - find the VMCOREINFO of a Linux guest
 * @read: gives guest memory
 * @ctx: its argument
 * @buf: result, text without a terminating zero
 * @max: bytes of @buf
 * @len: set to the length of the text
 * @from: set to its guest address
 * @why: set when there is none
 *
 * The lowcore points to an os_info block, protected by checksums, or to an ELF note. Everything in
 * the guest's memory may be wrong.
 *
 * Sources: Linux arch/s390/include/asm/os_info.h, arch/s390/include/asm/lowcore.h,
 * arch/s390/kernel/os_info.c, arch/s390/kernel/machine_kexec.c.
 *
 * Return: 0 or -1.
 */
int osinfo_vmcoreinfo(osinfo_read_fn read, void *ctx, char *buf, size_t max, size_t *len,
		      uint64_t *from, struct fail *why);

/**
 * osinfo_checksum() - the CHECKSUM instruction, from 0: big-endian words, end-around carry
 * @p: bytes
 * @len: their number; the last word is padded with zeros
 *
 * Return: the checksum.
 */
uint32_t osinfo_checksum(const uint8_t *p, size_t len);

#endif /* OSINFO_H */
