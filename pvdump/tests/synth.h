/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns synthetic dumps: what an Ultravisor would have produced, made with a known CCK.
 * Never used outside tests.
 */
#ifndef SYNTH_H
#define SYNTH_H

#include "dumpauth.h"

/*
 * struct synth - one synthetic dump in memory
 * @layout: offsets
 * @file: the dump, @layout.file_size bytes, malloc()ed
 */
struct synth {
	struct dump_layout layout;
	uint8_t *file;
};

/**
 * synth_make() - build a dump
 * @s: result
 * @mib: memory size in MiB
 * @vcpus: number of vCPUs
 * @cck: owner's key, 32 bytes
 * @plain: plaintext of the memory, @mib MiB; zero pages become zero states, every 64th other page
 *	   is stored as shared
 * @psw_addr: PSW address of vCPU 0 (mask 0x180000000); all other registers have reset values
 *
 * Return: 0 or -1.
 */
int synth_make(struct synth *s, uint64_t mib, uint32_t vcpus, const uint8_t cck[32],
	       const uint8_t *plain, uint64_t psw_addr);
void synth_free(struct synth *s);

#endif /* SYNTH_H */
