// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the command line of pvdump: picks the verb.
 * Never does the work of one.
 */
#include "pvdump.h"
#include "common.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} verbs[] = {
	{ "take", cmd_take, "start a protected VM from an image and dump it (IBM Z host)" },
	{ "info", cmd_info, "print what a dump of a protected VM holds" },
};

static void show_help(FILE *to)
{
	size_t i;

	fprintf(to,
		"Usage: pvdump VERB [OPTION...]\nDumps of protected (Secure Execution) VMs.\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-6s %s\n", verbs[i].name, verbs[i].text);
	fprintf(to,
		"\n'pvdump VERB --help' describes a verb. The owner decrypts a dump with zgetdump.\n");
}

int main(int argc, char **argv)
{
	size_t i;

	program = "pvdump";
	if (argc < 2) {
		show_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		show_help(stdout);
		return EXIT_OK;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	}
	usage_die("unknown verb '%s'", argv[1]);
}
