// SPDX-License-Identifier: GPL-2.0-or-later
/* pvdump: the verbs. */
#include "pvdump.h"
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct verb verbs[] = {
	{ "take", cmd_take, "start a protected VM from an image and dump it (IBM Z host)" },
	{ "info", cmd_info, "print what a dump of a protected VM holds" },
	{ "decrypt", cmd_decrypt, "verify a dump with the owner's key and write a vmcore" },
};

/* What was printed must have arrived. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: standard output: write: %s\n", program, strerror(errno));
	return status ? status : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	program = "pvdump";
	return finish(run_verb(verbs, ARRAY_SIZE(verbs), "Dumps of protected (Secure Execution) VMs.",
			       "", argc, argv));
}
