// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the options of "seimage create".
 * Never writes the image itself (image_write.c).
 */
#include "seimage.h"
#include "keydoc.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PSW_MASK	0x0000000180000000ull	/* 64-bit addressing, as genprotimg */

enum {
	OPT_COMPONENT = 0x100, OPT_KERNEL, OPT_PARMLINE, OPT_RAMDISK, OPT_CCK, OPT_HDR_KEY,
	OPT_IMAGE_KEY, OPT_IV, OPT_CUST_KEY, OPT_PSW, OPT_PCF, OPT_SCF, OPT_NO_ENCRYPTION,
	OPT_LINUX,
	OPT_HELP,
};

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "host-key-document", required_argument, NULL, 'k' },
	{ "component", required_argument, NULL, OPT_COMPONENT },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "parmline", required_argument, NULL, OPT_PARMLINE },
	{ "parmfile", required_argument, NULL, OPT_PARMLINE },
	{ "ramdisk", required_argument, NULL, OPT_RAMDISK },
	{ "cck", required_argument, NULL, OPT_CCK },
	{ "comm-key", required_argument, NULL, OPT_CCK },
	{ "hdr-key", required_argument, NULL, OPT_HDR_KEY },
	{ "x-header-key", required_argument, NULL, OPT_HDR_KEY },
	{ "image-key", required_argument, NULL, OPT_IMAGE_KEY },
	{ "x-comp-key", required_argument, NULL, OPT_IMAGE_KEY },
	{ "x-iv", required_argument, NULL, OPT_IV },
	{ "x-cust-key", required_argument, NULL, OPT_CUST_KEY },
	{ "psw", required_argument, NULL, OPT_PSW },
	{ "x-psw", required_argument, NULL, OPT_PSW },
	{ "x-pcf", required_argument, NULL, OPT_PCF },
	{ "x-scf", required_argument, NULL, OPT_SCF },
	{ "no-component-encryption", no_argument, NULL, OPT_NO_ENCRYPTION },
	{ "linux", no_argument, NULL, OPT_LINUX },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 }
};

static const char help[] =
"Usage: seimage create -o IMAGE -k DOCUMENT... [COMPONENT...] [OPTION...]\n"
"Build a Secure Execution boot image (SE header version 1).\n"
"\n"
"  -o, --output FILE              image to write\n"
"  -k, --host-key-document FILE   host key: X.509 or public key, PEM or DER, or the raw\n"
"                                 160-byte point; one key slot each, up to 95\n"
"Components, in ascending order of address; each may end in @ADDR[,PREFIX]\n"
"(guest absolute address, default: behind its predecessor; 64-bit tweak prefix):\n"
"      --kernel FILE --parmline FILE --ramdisk FILE\n"
"      --component FILE           anything else, repeatable, after those three\n"
"      --linux                    --kernel is a Linux image: add a second boot stage that moves it\n"
"                                 to its place inside the protected guest and starts it\n"
"Keys (raw bytes; random when not given):\n"
"      --cck, --comm-key FILE     customer communication key, 32 bytes\n"
"      --hdr-key FILE             header protection key, 32 bytes\n"
"      --image-key FILE           component key, 64 bytes (AES-256-XTS)\n"
"      --x-cust-key FILE          customer private key, P-521: PEM, DER or raw\n"
"      --x-iv HEX                 IV of the header, 24 hex digits\n"
"Flags (--disable-NAME takes them back):\n";

static const char help_tail[] =
"      --no-component-encryption  the same as --disable-image-encryption\n"
"      --x-pcf VALUE, --x-scf VALUE\n"
"                                 all plaintext or secret control flags; later options change it\n"
"      --psw MASK:ADDR            initial PSW (hex); default: 64-bit mode, first component, with\n"
"                                 --linux the second boot stage\n"
"\n"
"The image has a bootloader that switches to protected mode (DIAG 308 subcodes 8 and 10). Without\n"
"--linux components stay where they are put and the PSW must fit that.\n";

static int show_help(void)
{
	size_t i;

	fputs(help, stdout);
	for (i = 0; i < se_nflags; i++)
		printf("      --enable-%-21s %s\n", se_flags[i].name, se_flags[i].text);
	fputs(help_tail, stdout);
	return EXIT_OK;
}

/* --enable-NAME and --disable-NAME. Return: true when @arg was one of them. */
static bool flag_option(const char *arg, struct create_opts *o)
{
	const struct se_flag *f;
	uint64_t *word;
	bool on;
	size_t i;

	if (!strncmp(arg, "--enable-", 9))
		on = true;
	else if (!strncmp(arg, "--disable-", 10))
		on = false;
	else
		return false;
	arg += on ? 9 : 10;
	for (i = 0; i < se_nflags; i++) {
		f = &se_flags[i];
		if (strcmp(arg, f->name))
			continue;
		word = f->scf ? &o->scf : &o->pcf;
		if (on != f->inverted)
			*word |= f->mask;
		else
			*word &= ~f->mask;
		return true;
	}
	return false;
}

/* FILE[@ADDR[,PREFIX]]: a trailing part that is no number belongs to the file name. */
static void add_component(struct create_opts *o, char *arg, uint16_t type)
{
	struct create_comp *c = &o->comp[o->ncomp];
	char *at = strrchr(arg, '@');
	char *comma;

	if (o->ncomp == SEIMG_MAX_COMP)
		usage_die("more than %u components", (unsigned int)SEIMG_MAX_COMP);
	memset(c, 0, sizeof(*c));
	c->path = arg;
	c->type = type;
	c->text = type == SE_TYPE_PARMLINE;
	o->ncomp++;
	if (!at)
		return;
	comma = strchr(at, ',');
	if (comma)
		*comma = '\0';
	if (parse_u64(at + 1, &c->addr))
		usage_die("%s: '%s' is not an address (0x hex or decimal, suffix K, M, G)", arg,
			  at + 1);
	if (comma && parse_u64(comma + 1, &c->prefix))
		usage_die("%s: '%s' is not a tweak prefix", arg, comma + 1);
	c->has_addr = true;
	c->has_prefix = comma;
	*at = '\0';
}

/* The three named components come first, whatever the order of the options. */
struct named {
	char *arg[3];
	char *other[SEIMG_MAX_COMP + 1];
	uint32_t nother;
};

static void collect(struct create_opts *o, struct named *n)
{
	static const uint16_t type[] = { SE_TYPE_KERNEL, SE_TYPE_PARMLINE, SE_TYPE_RAMDISK };
	uint32_t i;

	for (i = 0; i < 3; i++) {
		if (n->arg[i])
			add_component(o, n->arg[i], type[i]);
	}
	for (i = 0; i < n->nother; i++)
		add_component(o, n->other[i], (uint16_t)(SE_TYPE_OTHER + i));
	if (!o->ncomp)
		usage_die("create: no component given");
	if (o->boot_linux && !n->arg[0])
		usage_die("--linux needs --kernel");
	if (o->boot_linux && o->ncomp == SEIMG_MAX_COMP)
		usage_die("--linux: more than %u components", (unsigned int)SEIMG_MAX_COMP - 1);
}

static void parse_psw(struct create_opts *o, const char *s)
{
	char *end;

	o->psw_mask = strtoull(s, &end, 16);
	if (*end != ':' || end == s)
		usage_die("--psw: '%s' is not MASK:ADDR in hex", s);
	s = end + 1;
	o->psw_addr = strtoull(s, &end, 16);
	if (*end || end == s)
		usage_die("--psw: '%s' is not an address in hex", s);
	o->has_psw = true;
}

static int add_host(struct create_opts *o, const char *path, struct fail *f)
{
	if (o->nhosts == SE_MAX_SLOTS)
		usage_die("more than %u host key documents", SE_MAX_SLOTS);
	return keydoc_read_public(path, o->hosts[o->nhosts++], f);
}

static void parse_number(const char *opt, const char *s, uint64_t *v)
{
	if (parse_u64(s, v))
		usage_die("%s: '%s' is not a number", opt, s);
}

static void add_named(struct named *n, int which, char *arg)
{
	if (n->arg[which])
		usage_die("--%s given twice",
			  which == 0 ? "kernel" : which == 1 ? "parmline" : "ramdisk");
	n->arg[which] = arg;
}

static int one_option(int c, char *arg, struct create_opts *o, struct named *n, bool *has_cck,
		      struct fail *f)
{
	switch (c) {
	case 'o':
		o->out = arg;
		return 0;
	case 'k':
		return add_host(o, arg, f);
	case OPT_COMPONENT:
		if (n->nother <= SEIMG_MAX_COMP - 1)
			n->other[n->nother++] = arg;
		else
			usage_die("more than %u components", (unsigned int)SEIMG_MAX_COMP);
		return 0;
	case OPT_KERNEL:
		add_named(n, 0, arg);
		return 0;
	case OPT_PARMLINE:
		add_named(n, 1, arg);
		return 0;
	case OPT_RAMDISK:
		add_named(n, 2, arg);
		return 0;
	case OPT_CCK:
		*has_cck = true;
		return read_exact_file(arg, o->cck, SE_KEY_SIZE, f);
	case OPT_HDR_KEY:
		return read_exact_file(arg, o->hdr_key, SE_KEY_SIZE, f);
	case OPT_IMAGE_KEY:
		return read_exact_file(arg, o->xts, SE_XTS_SIZE, f);
	case OPT_CUST_KEY:
		return keydoc_read_private(arg, o->cust_priv, f);
	case OPT_IV:
		if (hex_parse(arg, o->iv, SE_IV_SIZE))
			usage_die("--x-iv: %u hex digits expected", 2 * SE_IV_SIZE);
		return 0;
	case OPT_PSW:
		parse_psw(o, arg);
		return 0;
	case OPT_PCF:
		parse_number("--x-pcf", arg, &o->pcf);
		return 0;
	case OPT_SCF:
		parse_number("--x-scf", arg, &o->scf);
		return 0;
	case OPT_NO_ENCRYPTION:
		o->pcf |= SE_PCF_NO_ENCRYPTION;
		return 0;
	case OPT_LINUX:
		o->boot_linux = true;
		return 0;
	default:
		usage_die("create: unknown option or missing argument");
	}
}

static int set_defaults(struct create_opts *o, struct fail *f)
{
	memset(o, 0, sizeof(*o));
	o->pcf = SE_PCF_DEFAULT;
	o->psw_mask = PSW_MASK;
	if (se_random(o->hdr_key, SE_KEY_SIZE) || se_random(o->cck, SE_KEY_SIZE) ||
	    se_random(o->xts, SE_XTS_SIZE) || se_random(o->iv, SE_IV_SIZE) ||
	    p521_generate(o->cust_priv))
		return fail_set(f, "keys: no entropy");
	return 0;
}

static void check_complete(const struct create_opts *o, bool has_cck)
{
	if (!o->out)
		usage_die("create: no output file (-o)");
	if (!o->nhosts)
		usage_die("create: no host key document (-k)");
	/* the same rule as pvimg: without a CCK nobody could read the dump */
	if ((o->pcf & SE_PCF_DUMP) && !has_cck && !(o->scf & SE_SCF_CCK_UPDATE))
		usage_die("--enable-dump needs --cck FILE or --enable-cck-update");
}

int cmd_create(int argc, char **argv)
{
	static struct create_opts o;
	static struct named n;
	bool has_cck = false;
	struct fail f;
	int c, prev;

	if (set_defaults(&o, &f))
		return fail_print(&f);
	opterr = 0;
	for (;;) {
		prev = optind;
		if (prev < argc && flag_option(argv[prev], &o)) {
			optind++;
			continue;
		}
		c = getopt_long(argc, argv, "+o:k:h", options, NULL);
		if (c == -1)
			break;
		if (c == OPT_HELP || c == 'h')
			return show_help();
		if (c == '?')
			usage_die("create: '%s': unknown option or missing argument", argv[prev]);
		if (one_option(c, optarg, &o, &n, &has_cck, &f))
			return fail_print(&f);
	}
	if (optind < argc)
		usage_die("create: unexpected argument '%s'", argv[optind]);
	check_complete(&o, has_cck);
	collect(&o, &n);
	return image_write(&o, &f) ? fail_print(&f) : EXIT_OK;
}
