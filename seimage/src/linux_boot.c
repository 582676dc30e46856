// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The second boot stage as a component: checks the Linux image, fills in the arguments.
 */
#define _GNU_SOURCE
#include "seimage.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_SIZE	64u
#define LINUX_MAGIC_OFF	0x10008u
#define LINUX_MAX_CMD	0x10430u	/* u64, 0 in kernels that do not say */
#define LEGACY_MAX_CMD	896u
#define LINUX_HDR_END	0x11000u

extern const uint8_t stage3b_start[], stage3b_end[];

int linux_check(int fd, const char *path, uint64_t kernel_size, uint64_t cmd_size, struct fail *f)
{
	uint8_t magic[6], word[8];
	uint64_t max;

	if (kernel_size < LINUX_HDR_END)
		return fail_set(f,
				"%s: 0x%" PRIx64 " bytes: too small for a Linux kernel image", path,
				kernel_size);
	if (pread_full(fd, path, magic, sizeof(magic), LINUX_MAGIC_OFF, f) ||
	    pread_full(fd, path, word, sizeof(word), LINUX_MAX_CMD, f))
		return -1;
	if (memcmp(magic, "S390EP", sizeof(magic)))
		return fail_set(f,
				"%s: no S390EP at 0x%x: not a Linux kernel image for s390x (Image or bzImage)",
				path, LINUX_MAGIC_OFF);
	max = get64(word) ? get64(word) : LEGACY_MAX_CMD;
	if (cmd_size > max)
		return fail_set(f, "%s: the kernel's command line has room for 0x%" PRIx64
				" bytes, 0x%" PRIx64 " are needed", path, max, cmd_size);
	return 0;
}

int linux_stage(const struct linux_args *a, uint64_t *size, struct fail *f)
{
	const uint64_t words[] = { a->kernel, a->kernel_size, a->cmd, a->cmd_size, a->ramdisk,
				   a->ramdisk_size };
	size_t len = (size_t)(stage3b_end - stage3b_start), i;
	uint8_t blob[PAGE_SIZE];
	int fd;

	if (len < ARGS_SIZE || len > sizeof(blob))
		return fail_set(f, "stage3b: 0x%zx bytes do not fit", len);
	memcpy(blob, stage3b_start, len);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		put64(blob + len - ARGS_SIZE + 8 * i, words[i]);
	fd = memfd_create("stage3b", MFD_CLOEXEC);
	if (fd < 0 || write(fd, blob, len) != (ssize_t)len) {
		fail_set(f, "stage3b: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*size = len;
	return fd;
}
