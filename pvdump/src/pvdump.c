// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the command line of pvdump: names the verbs.
 * Never does the work of one.
 */
#include "pvdump.h"
#include "common.h"

static const struct verb verbs[] = {
	{ "take", cmd_take, "start a protected VM from an image and dump it (IBM Z host)" },
	{ "info", cmd_info, "print what a dump of a protected VM holds" },
};

int main(int argc, char **argv)
{
	program = "pvdump";
	return run_verb(verbs, ARRAY_SIZE(verbs), "Dumps of protected (Secure Execution) VMs.",
			" The owner decrypts a dump with zgetdump.", argc, argv);
}
