// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump decrypt" in the static program for the host: its help, or a refusal that names the owner's program. */
#include "pvdump.h"
#include "common.h"

#include <stdio.h>
#include <string.h>

int cmd_decrypt(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") && strcmp(argv[i], "-h"))
			continue;
		fputs(decrypt_help, stdout);
		return EXIT_OK;
	}
	fprintf(stderr,
		"%s: decrypt: not in this program: the owner's key does not belong on the host\n",
		program);
	fprintf(stderr, "hint: copy the dump to the owner's machine and use build/bin/pvdump there\n");
	return EXIT_FAILED;
}
