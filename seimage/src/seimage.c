// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of seimage: names the verbs. */
#include "seimage.h"
#include "version.h"

static const struct verb verbs[] = {
	{ "create", cmd_create, "build a Secure Execution boot image" },
	{ "info", cmd_info, "print the header and the components of an image" },
	{ "verify", cmd_verify, "recompute the digests of an image" },
	{ "header", cmd_header, "make an SE header alone, without an image" },
	{ "extract-hdr", cmd_extract_hdr, "write the bare SE header of an image to a file" },
};

int main(int argc, char **argv)
{
	static const struct about about = {
		VERSION, "Secure Execution boot images for IBM Z.",
		"Host key documents are not verified: for an image that holds a real secret use pvimg."
	};

	program_start("seimage");
	return run_verb(verbs, ARRAY_SIZE(verbs), &about, argc, argv);
}
