/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the interface between the parts of check-vmcore.
 * Never used by a program that takes or decrypts dumps.
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

/**
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

int vmcore_open(struct vmcore *v, const char *path, struct fail *f);
/* One page of guest memory. Return: 0 or -1 with @f set. */
int vmcore_page(const struct vmcore *v, uint64_t addr, uint8_t *page, struct fail *f);
/* Compare the registers of all CPUs with their expected values. Return: 0 or -1 with @f set. */
int check_registers(const struct vmcore *v, const struct expect *e, struct fail *f);
/* Compare every page. Return: 0 or -1 with @f set. */
int check_memory(const struct vmcore *v, const struct expect *e, struct fail *f);
/* @marker does not occur in file @path. Return: 0 or -1 with @f set. */
int check_absent(const char *marker, const char *path, struct fail *f);

#endif /* CHECK_VMCORE_H */
