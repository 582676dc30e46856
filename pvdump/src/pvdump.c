// SPDX-License-Identifier: GPL-2.0-or-later
/* pvdump: the verbs. */
#include "pvdump.h"
#include "common.h"
#include "version.h"

static const struct verb verbs[] = {
	{ "take", cmd_take, "start a protected VM from an image and dump it (IBM Z host)" },
	{ "info", cmd_info, "print what a dump of a protected VM holds" },
	{ "decrypt", cmd_decrypt, "verify a dump with the owner's key and write a vmcore" },
};

int main(int argc, char **argv)
{
	static const struct about about = {
		VERSION, "Dumps of protected (Secure Execution) VMs.", ""
	};

	program_start("pvdump");
	return run_verb(verbs, ARRAY_SIZE(verbs), &about, argc, argv);
}
