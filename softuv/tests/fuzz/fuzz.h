/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the fuzz targets take values from their input.
 */
#ifndef SOFTUV_FUZZ_H
#define SOFTUV_FUZZ_H

#include "../machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t left;
};

static inline uint8_t take8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static inline uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | take8(in);
	return v;
}

#endif /* SOFTUV_FUZZ_H */
