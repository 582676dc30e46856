// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The libFuzzer target for boot images: header, IPIB, metadata block, components.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "seimg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the layout; the rest is spread over the places that are read. */
static int spread(int fd, const uint8_t *data, size_t size)
{
	static const uint32_t at[][3] = {
		{ SEIMG_META_OFF, SEIMG_IPIB_OFF, SEIMG_HDR_OFF },
		{ 0, SEIMG_IPIB_OFF, SEIMG_HDR_OFF },
	};
	static const uint32_t len[] = { SEIMG_META_SIZE, 512, 8192 };
	const uint32_t *where = at[data[0] & 1];
	size_t i, n, end = 0;

	data++;
	size--;
	for (i = 0; i < 3; i++) {
		n = size < len[i] ? size : len[i];
		if (pwrite(fd, data, n, where[i]) != (ssize_t)n)
			return -1;
		data += n;
		size -= n;
		end = where[i] + n;
	}
	return ftruncate(fd, (off_t)(end + (size ? data[0] * 4096u : 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seimg img;
	static int fd = -1;
	static char path[32];
	struct fail f;

	if (!size)
		return 0;
	if (fd < 0) {
		fd = memfd_create("image", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) || spread(fd, data, size))
		abort();
	if (!seimg_open(&img, path, &f) && (!img.ncomp || img.hdr.phs > SE_HDR_MAX))
		abort();
	seimg_close(&img);
	return 0;
}
