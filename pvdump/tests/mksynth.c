// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns mksynth: writes a synthetic dump of a memory image, to try readers without a machine.
 * Never used for a real dump.
 */
#include "synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* mksynth CCK MEMORY VCPUS PSWADDR OUT: MEMORY is the plaintext, a multiple of 1 MiB */
int main(int argc, char **argv)
{
	struct outfile out = { .fd = -1 };
	uint64_t vcpus, psw;
	struct synth s;
	uint8_t cck[32], *mem;
	struct fail f;
	size_t len;

	program = "mksynth";
	if (argc != 6 || parse_u64(argv[3], &vcpus) || parse_u64(argv[4], &psw))
		usage_die("mksynth CCK MEMORY VCPUS PSWADDR OUT");
	if (read_exact_file(argv[1], cck, sizeof(cck), &f))
		return fail_print(&f);
	mem = read_whole_file(argv[2], 1u << 30, &len, &f);
	if (!mem)
		return fail_print(&f);
	if (synth_make(&s, len / MIB, (uint32_t)vcpus, cck, mem, psw))
		return EXIT_FAILED;
	if (outfile_open(&out, argv[5], &f) ||
	    outfile_pwrite(&out, s.file, s.layout.file_size, 0, &f) || outfile_commit(&out, &f)) {
		outfile_discard(&out);
		return fail_print(&f);
	}
	synth_free(&s);
	free(mem);
	return EXIT_OK;
}
