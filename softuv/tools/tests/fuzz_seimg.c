// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the libFuzzer target for boot images: header, IPIB, metadata block, components.
 * Never writes outside an anonymous file.
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
static size_t layout(const uint8_t *data, size_t size, uint8_t *file)
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
		memcpy(file + where[i], data, n);
		data += n;
		size -= n;
		end = where[i] + n;
	}
	return end + (size ? data[0] * 4096u : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seimg img;
	static int fd = -1;
	static char path[32];
	uint8_t *file;
	struct fail f;
	size_t len;

	if (!size)
		return 0;
	if (fd < 0) {
		fd = memfd_create("image", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	file = calloc(1, 0x20000 + 256 * 4096);
	if (!file)
		return 0;
	len = layout(data, size, file);
	if (ftruncate(fd, 0) || pwrite(fd, file, len, 0) != (ssize_t)len)
		abort();
	free(file);
	if (!seimg_open(&img, path, &f) && (!img.ncomp || img.hdr.phs > SE_HDR_MAX))
		abort();
	seimg_close(&img);
	return 0;
}
