/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synthetic dumps: what an Ultravisor would have produced, with a known CCK. For tests only. */
#ifndef SYNTH_H
#define SYNTH_H

#include "dumpauth.h"

#define SYNTH_MAX_PARTS	16u

/*
 * struct synth - one synthetic dump
 * @cck: owner's key, 32 bytes
 * @vcpus, @mem_size, @psw_addr: set by the caller; PSW of vCPU 0 (mask 0x180000000)
 * @parts: PT_LOADs that share the memory, 0 counts as 1
 * @regs: every register of every vCPU has a value of its own, instead of those of a reset
 * @layout, @keys, @seed: set by synth_begin()
 * @file: the dump, from synth_make(); malloc()ed
 * @size: bytes of the dump
 */
struct synth {
	const uint8_t *cck;
	uint32_t vcpus, parts;
	uint64_t mem_size, psw_addr;
	bool regs;
	struct dump_layout layout;
	struct dump_keys keys;
	uint8_t seed[64];
	uint8_t *file;
	uint64_t size;
};

/**
 * synth_begin() - compute layout and keys
 * @s: sizes and key in
 *
 * Return: 0 or -1.
 */
int synth_begin(struct synth *s);
/**
 * synth_head() - headers and notes
 * @s: dump
 * @buf: result, @s->layout.mem_off bytes, zeroed
 */
void synth_head(const struct synth *s, uint8_t *buf);
/**
 * synth_page() - one page of memory
 * @s: dump
 * @n: its number
 * @plain: plaintext; zero pages get a zero state, every 64th other page is stored as shared
 * @out: result, as it lies in the file
 * @entry: result, its storage-state entry
 */
void synth_page(const struct synth *s, uint64_t n, const uint8_t *plain, uint8_t *out,
		uint8_t *entry);
/**
 * synth_zero_entry() - storage-state entry of a zero page
 * @entry: result
 */
void synth_zero_entry(uint8_t *entry);
/**
 * synth_tail() - what follows the storage state
 * @s: dump
 * @buf: result, @s->size - @s->layout.compl_off bytes, zeroed
 */
void synth_tail(const struct synth *s, uint8_t *buf);

/**
 * synth_make() - build a dump in memory
 * @s: sizes and key in, @s->file out
 * @plain: plaintext of the memory
 *
 * Return: 0 or -1.
 */
int synth_make(struct synth *s, const uint8_t *plain);
void synth_free(struct synth *s);

#endif /* SYNTH_H */
