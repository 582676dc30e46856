// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the command line of seimage: names the verbs.
 * Never does the work of one.
 */
#include "seimage.h"

#include <signal.h>

static const struct verb verbs[] = {
	{ "create", cmd_create, "build a Secure Execution boot image" },
	{ "info", cmd_info, "print the header and the components of an image" },
	{ "verify", cmd_verify, "recompute the digests of an image" },
	{ "extract-hdr", cmd_extract_hdr, "write the bare SE header of an image to a file" },
};

int main(int argc, char **argv)
{
	program = "seimage";
	/* a file that grows too large is an error, not a signal */
	signal(SIGXFSZ, SIG_IGN);
	return run_verb(verbs, ARRAY_SIZE(verbs), "Secure Execution boot images for IBM Z.", "",
			argc, argv);
}
