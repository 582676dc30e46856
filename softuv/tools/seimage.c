// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the command line of seimage: picks the verb.
 * Never does the work of one.
 */
#include "seimage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
} verbs[] = {
	{ "create", cmd_create, "build a Secure Execution boot image" },
	{ "info", cmd_info, "print the header and the components of an image" },
	{ "verify", cmd_verify, "recompute the digests of an image" },
	{ "extract-hdr", cmd_extract_hdr, "write the bare SE header of an image to a file" },
};

static void show_help(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: seimage VERB [OPTION...]\nSecure Execution boot images for IBM Z.\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-12s %s\n", verbs[i].name, verbs[i].text);
	fprintf(to, "\n'seimage VERB --help' describes a verb.\n");
}

int main(int argc, char **argv)
{
	size_t i;

	program = "seimage";
	/* a file that grows too large is an error, not a signal */
	signal(SIGXFSZ, SIG_IGN);
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
