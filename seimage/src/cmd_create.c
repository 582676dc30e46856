// SPDX-License-Identifier: GPL-2.0-or-later
/* "seimage create": an image from components, keys and flags. */
#include "create_opts.h"

#include <stdio.h>

static const char help[] =
"Usage: seimage create -o IMAGE -k DOCUMENT... [COMPONENT...] [OPTION...]\n"
"Build a Secure Execution boot image (SE header version 1).\n"
"\n"
"Options:\n"
"  -o, --output FILE      image to write; it gets its name when it is complete\n"
"  -k, --host-key-document FILE\n"
"                         host key: X.509 or public key, PEM or DER, or the raw 160-byte point;\n"
"                         one key slot each, up to 95\n"
"      --psw MASK:ADDR    initial PSW (hex); default: 64-bit mode, first component, with --linux\n"
"                         the second boot stage\n"
"  -h, --help             show this text\n"
"\n"
"Components, in ascending order of address; each FILE may end in @ADDR[,PREFIX]:\n"
"      --kernel FILE      kernel or other first component\n"
"      --parmline FILE    kernel command line; also --parmfile\n"
"      --ramdisk FILE     initial RAM disk\n"
"      --component FILE   anything else, repeatable, after those three\n"
"      --linux            the first component is a Linux image: add a second boot stage that moves it\n"
"                         to its place inside the protected guest and starts it\n"
"\n"
"ADDR is the guest absolute address (default: behind the component before it), PREFIX the 64-bit\n"
"tweak prefix: decimal or 0x hex, with suffix K, M or G. Without a number behind it, @ belongs to\n"
"the file name.\n"
"\n";

static const char tail[] =
"The image has a bootloader that switches to protected mode (DIAG 308 subcodes 8 and 10). Without\n"
"--linux components stay where they are put and the PSW must fit that.\n";

static void show_help(void)
{
	fputs(help, stdout);
	fputs(keys_help, stdout);
	flags_help();
	fputs(tail, stdout);
}

int cmd_create(int argc, char **argv)
{
	static struct create_opts o;
	struct fail f;

	if (create_parse(argc, argv, show_help, &o, &f))
		return fail_print(&f);
	if (o.pages)
		usage_die("create: --pages belongs to header");
	return image_write(&o, &f) ? fail_print(&f) : EXIT_OK;
}
