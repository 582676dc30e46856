// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump decrypt" in the host's program: its help, or a refusal that names the owner's program. */
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
		"%s: decrypt: not in this program: keep the owner's key off the host\n",
		program);
	fprintf(stderr, "hint: use build/bin/pvdump on the owner's machine\n");
	return EXIT_FAILED;
}
