/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between the parts of check-vmcore.
 */
#ifndef CHECK_VMCORE_H
#define CHECK_VMCORE_H

#include "common.h"

#define MAX_COMPONENTS	165u
#define MAX_IGNORE	64u
#define MAX_LOADS	64u
#define MAX_REGS	256u
#define MAX_CPUS	512u

struct component {
	const char *path;
	bool has_addr;
	uint64_t addr, size, pages;
	int fd;
};

struct range {
	uint64_t start, end;
};

/* a register that a test command of the machine changed: expected value */
struct reg_value {
	uint32_t cpu;
	char name[16];
	uint8_t value[16];	/* right aligned */
};

/*
 * struct expect - what the decrypted memory and registers must be
 * @psw_mask, @psw_addr: of CPU 0; all others are 0
 */
struct expect {
	struct component comp[MAX_COMPONENTS];
	uint32_t ncomp;
	struct range ignore[MAX_IGNORE];
	uint32_t nignore;
	struct reg_value reg[MAX_REGS];
	uint32_t nreg;
	uint64_t mem;
	uint32_t vcpus;
	uint64_t psw_mask, psw_addr;
};

struct load {
	uint64_t addr, off, size;
};

/* An ELF core file as zgetdump writes it. */
struct vmcore {
	const char *path;
	int fd;
	struct load load[MAX_LOADS];
	uint32_t nload;
	uint64_t note_off, note_size;
};

/**
 * vmcore_open() - open a core file
 * @v: filled
 * @path: file written by zgetdump -f elf
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int vmcore_open(struct vmcore *v, const char *path, struct fail *f);
/**
 * vmcore_page() - one page of guest memory
 * @v: core file
 * @addr: guest absolute address
 * @page: result, 4096 bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int vmcore_page(const struct vmcore *v, uint64_t addr, uint8_t *page, struct fail *f);
/**
 * check_registers() - compare the registers of all CPUs
 * @v: core file
 * @e: expected values
 * @f: set to the first difference
 *
 * Return: 0 or -1.
 */
int check_registers(const struct vmcore *v, const struct expect *e, struct fail *f);
/**
 * check_memory() - compare every page
 * @v: core file
 * @e: expected contents
 * @f: set to the first difference
 *
 * Return: 0 or -1.
 */
int check_memory(const struct vmcore *v, const struct expect *e, struct fail *f);
/**
 * check_absent() - a text does not occur in a file
 * @marker: text
 * @path: file
 * @f: set to where it was found
 *
 * Return: 0 or -1.
 */
int check_absent(const char *marker, const char *path, struct fail *f);

#endif /* CHECK_VMCORE_H */
