// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the libFuzzer target for dump files: everything "pvdump info" reads.
 * Never does I/O.
 */
#include <stdlib.h>

#include "dumpread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dump_source src = { .name = "fuzz", .fd = -1, .data = data, .size = size };
	static struct dumpread d;
	struct fail f;

	if (!dumpread_open(&d, &src, &f)) {
		if (!d.meta || !d.compl || d.mem_size > size)
			abort();
		dumpread_states(&d, &f);
	}
	dumpread_close(&d);
	return 0;
}
