// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns "pvdump take" on machines that are not IBM Z: a clear refusal.
 * Never pretends to take a dump.
 */
#include "pvdump.h"
#include "common.h"

#include <stdio.h>

int cmd_take(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr,
		"%s: take: this program was not built for s390x: only a KVM host on IBM Z has protected VMs\n",
		program);
	fprintf(stderr, "hint: use build/s390x/pvdump there, or 'make host' for an emulated one\n");
	return EXIT_FAILED;
}
