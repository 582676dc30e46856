// SPDX-License-Identifier: GPL-2.0-or-later
/* "seimage header": an SE header alone, for hosts that load the components themselves. */
#include "create_opts.h"

#include <stdio.h>

static const char help[] =
"Usage: seimage header -o HEADER -k DOCUMENT... --component FILE[@ADDR[,PREFIX]]... [OPTION...]\n"
"Make the SE header of components without a boot image around them: for a host that places and\n"
"unpacks them itself, as bare-metal tests do. Component addresses may be any page from 0 on.\n"
"\n"
"Options:\n"
"  -o, --output FILE      header to write\n"
"      --pages FILE       write the components as they are unpacked, encrypted or in the clear, one\n"
"                         after the other, each filled up to whole pages\n"
"  -k, --host-key-document FILE\n"
"                         host key: X.509 or public key, PEM or DER, or the raw 160-byte point;\n"
"                         one key slot each, up to 95\n"
"      --psw MASK:ADDR    initial PSW (hex); default: 64-bit mode, first component\n"
"      --component FILE   in ascending order of address; the first one is at 0 without @ADDR;\n"
"                         PREFIX is the 64-bit tweak prefix\n"
"  -h, --help             show this text\n"
"\n"
"Encrypted components need --pages, or --image-key for a host that encrypts them.\n"
"\n";

static void show_help(void)
{
	fputs(help, stdout);
	fputs(keys_help, stdout);
	flags_help();
}

int cmd_header(int argc, char **argv)
{
	static struct create_opts o;
	struct fail f;

	if (create_parse(argc, argv, show_help, &o, &f))
		return fail_print(&f);
	if (o.boot_linux)
		usage_die("header: --linux belongs to create");
	return header_write(&o, &f) ? fail_print(&f) : EXIT_OK;
}
