// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump decrypt" in the static program for the host: a refusal that names the program of the owner. */
#include "pvdump.h"
#include "common.h"

#include <stdio.h>

int cmd_decrypt(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fprintf(stderr,
		"%s: decrypt: not in this program: the owner's key does not belong on the host\n",
		program);
	fprintf(stderr, "hint: copy the dump to the owner's machine and use build/bin/pvdump there\n");
	return EXIT_FAILED;
}
