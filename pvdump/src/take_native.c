// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump take" where KVM has no protected VMs: its help, or a clear refusal. */
#include "pvdump.h"
#include "common.h"

#include <stdio.h>
#include <string.h>

int cmd_take(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") && strcmp(argv[i], "-h"))
			continue;
		fputs(take_help, stdout);
		return EXIT_OK;
	}
	fprintf(stderr,
		"%s: take: this program was not built for s390x: only a KVM host on IBM Z has protected VMs\n",
		program);
	fprintf(stderr, "hint: use build/s390x/pvdump there, or 'make host' for an emulated one\n");
	return EXIT_FAILED;
}
