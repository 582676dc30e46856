// SPDX-License-Identifier: GPL-2.0-or-later
/* Options of "seimage create" and "seimage header". */
#include "create_opts.h"
#include "keydoc.h"
#include "outfile.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PSW_MASK	0x0000000180000000ull	/* 64-bit addressing, as genprotimg */
#define PSW_EA		0x0000000100000000ull
#define PSW_BA		0x0000000080000000ull
#define MAX_INPUTS	512

enum {
	OPT_COMPONENT = 0x100, OPT_KERNEL, OPT_PARMLINE, OPT_RAMDISK, OPT_CCK, OPT_HDR_KEY,
	OPT_IMAGE_KEY, OPT_IV, OPT_CUST_KEY, OPT_PSW, OPT_PCF, OPT_SCF, OPT_NO_ENCRYPTION,
	OPT_LINUX, OPT_PAGES,
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
	{ "pages", required_argument, NULL, OPT_PAGES },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

const char keys_help[] =
"Keys, raw bytes; random when not given:\n"
"      --cck FILE         customer communication key, 32 bytes; also --comm-key\n"
"      --hdr-key FILE     header protection key, 32 bytes\n"
"      --image-key FILE   component key, 64 bytes (AES-256-XTS)\n"
"      --x-cust-key FILE  customer private key, P-521: PEM, DER or raw\n"
"      --x-iv HEX         IV of the header, 24 hex digits\n"
"\n";

static const char flags_tail[] =
"      --no-component-encryption      the same as --disable-image-encryption\n"
"      --x-pcf VALUE                  all plaintext control flags; later options change them\n"
"      --x-scf VALUE                  all secret control flags; later options change them\n"
"\n";

void flags_help(void)
{
	size_t i;

	puts("Flags; --disable-NAME takes one back:");
	for (i = 0; i < se_nflags; i++)
		printf("      --enable-%-20s  %s\n", se_flags[i].name, se_flags[i].text);
	fputs(flags_tail, stdout);
}

/* Collected so far: the three named components come first, in whatever order they are given. */
struct parse {
	struct create_opts *o;
	const char *verb;
	char *named[3];
	char *other[SEIMG_MAX_COMP];
	uint32_t nother;
	const char *inputs[MAX_INPUTS];
	uint32_t ninputs;
	bool has_cck;
};

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

static const char *input(struct parse *p, const char *path)
{
	if (p->ninputs == MAX_INPUTS)
		usage_die("too many files: at most %u", MAX_INPUTS);
	p->inputs[p->ninputs++] = path;
	return path;
}

/* Split off @ADDR[,PREFIX]; if no number follows the last @, it is part of the file name. */
static void split_place(struct create_comp *c, char *arg)
{
	char *at = strrchr(arg, '@'), *comma;

	if (!at)
		return;
	comma = strchr(at, ',');
	if (comma)
		*comma = '\0';
	c->has_addr = !parse_u64(at + 1, &c->addr);
	if (comma)
		*comma = ',';
	if (!c->has_addr)
		return;
	if (comma && parse_u64(comma + 1, &c->prefix))
		usage_die("%s: '%s' is not a tweak prefix", arg, comma + 1);
	c->has_prefix = comma;
	*at = '\0';
}

static void add_component(struct parse *p, char *arg, uint16_t type)
{
	struct create_comp *c = &p->o->comp[p->o->ncomp];

	if (p->o->ncomp == SEIMG_MAX_COMP)
		usage_die("more than %u components", (unsigned int)SEIMG_MAX_COMP);
	memset(c, 0, sizeof(*c));
	split_place(c, arg);
	c->path = input(p, arg);
	c->type = type;
	c->text = type == SE_TYPE_PARMLINE;
	p->o->ncomp++;
}

static void collect(struct parse *p)
{
	static const uint16_t type[] = { SE_TYPE_KERNEL, SE_TYPE_PARMLINE, SE_TYPE_RAMDISK };
	struct create_opts *o = p->o;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(type); i++) {
		if (p->named[i])
			add_component(p, p->named[i], type[i]);
	}
	for (i = 0; i < p->nother; i++)
		add_component(p, p->other[i], (uint16_t)(SE_TYPE_OTHER + i));
	if (!o->ncomp)
		usage_die("%s: no component given", p->verb);
	if (o->boot_linux && !p->named[0])
		usage_die("--linux needs --kernel");
	if (o->boot_linux && o->ncomp == SEIMG_MAX_COMP)
		usage_die("--linux: more than %u components", (unsigned int)SEIMG_MAX_COMP - 1);
}

/* Up to 16 hex digits, optionally behind 0x, that end at @end. */
static bool hex_number(const char *s, char end, uint64_t *v, const char **next)
{
	size_t digits;
	char *e;

	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		s += 2;
	if (!isxdigit((unsigned char)*s))
		return false;
	errno = 0;
	*v = strtoull(s, &e, 16);
	digits = (size_t)(e - s);
	*next = e + 1;
	return !errno && digits <= 16 && *e == end;
}

static void parse_psw(struct create_opts *o, const char *s)
{
	uint64_t max = UINT64_MAX;
	const char *p = s;

	if (!hex_number(p, ':', &o->psw_mask, &p) || !hex_number(p, '\0', &o->psw_addr, &p))
		usage_die("--psw: '%s' is not MASK:ADDR, two hex numbers of at most 64 bits", s);
	if (!(o->psw_mask & PSW_EA))
		max = o->psw_mask & PSW_BA ? 0x7fffffff : 0xffffff;
	else if (!(o->psw_mask & PSW_BA))
		usage_die("--psw: mask 0x%016" PRIx64
			  ": bit 31 without bit 32 is no addressing mode", o->psw_mask);
	if (o->psw_addr > max)
		usage_die("--psw: address 0x%" PRIx64 " is above 0x%" PRIx64
			  ", the end of storage in the addressing mode of the mask",
			  o->psw_addr, max);
	o->has_psw = true;
}

static int add_host(struct parse *p, const char *path, struct fail *f)
{
	if (p->o->nhosts == SE_MAX_SLOTS)
		usage_die("more than %u host key documents", SE_MAX_SLOTS);
	return keydoc_read_public(input(p, path), p->o->hosts[p->o->nhosts++], f);
}

static void parse_number(const char *opt, const char *s, uint64_t *v)
{
	if (parse_u64(s, v))
		usage_die("%s: '%s' is not a number", opt, s);
}

static void add_named(struct parse *p, int which, char *arg)
{
	static const char *const names[] = { "kernel", "parmline", "ramdisk" };

	if (p->named[which])
		usage_die("--%s given twice", names[which]);
	p->named[which] = arg;
}

static void add_other(struct parse *p, char *arg)
{
	if (p->nother == SEIMG_MAX_COMP)
		usage_die("more than %u components", (unsigned int)SEIMG_MAX_COMP);
	p->other[p->nother++] = arg;
}

/* Options that name a file to read. Return: 1 when @c is none of them. */
static int file_option(int c, char *arg, struct parse *p, struct fail *f)
{
	struct create_opts *o = p->o;

	switch (c) {
	case 'k':
		return add_host(p, arg, f);
	case OPT_CCK:
		p->has_cck = true;
		return read_exact_file(input(p, arg), o->cck, SE_KEY_SIZE, f);
	case OPT_HDR_KEY:
		return read_exact_file(input(p, arg), o->hdr_key, SE_KEY_SIZE, f);
	case OPT_IMAGE_KEY:
		return read_exact_file(input(p, arg), o->xts, SE_XTS_SIZE, f);
	case OPT_CUST_KEY:
		return keydoc_read_private(input(p, arg), o->cust_priv, f);
	default:
		return 1;
	}
}

static void other_option(int c, char *arg, struct parse *p)
{
	struct create_opts *o = p->o;

	switch (c) {
	case 'o':
		o->out = arg;
		break;
	case OPT_PAGES:
		o->pages = arg;
		break;
	case OPT_COMPONENT:
		add_other(p, arg);
		break;
	case OPT_KERNEL:
	case OPT_PARMLINE:
	case OPT_RAMDISK:
		add_named(p, c - OPT_KERNEL, arg);
		break;
	case OPT_IV:
		if (hex_parse(arg, o->iv, SE_IV_SIZE))
			usage_die("--x-iv: %u hex digits expected", 2 * SE_IV_SIZE);
		break;
	case OPT_PSW:
		parse_psw(o, arg);
		break;
	case OPT_PCF:
		parse_number("--x-pcf", arg, &o->pcf);
		break;
	case OPT_SCF:
		parse_number("--x-scf", arg, &o->scf);
		break;
	case OPT_NO_ENCRYPTION:
		o->pcf |= SE_PCF_NO_ENCRYPTION;
		break;
	case OPT_LINUX:
		o->boot_linux = true;
		break;
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

static void check_complete(const struct parse *p)
{
	const struct create_opts *o = p->o;

	if (!o->out)
		usage_die("%s: no output file (-o)", p->verb);
	if (!o->nhosts)
		usage_die("%s: no host key document (-k)", p->verb);
	/* the same rule as pvimg: without a CCK nobody could read the dump */
	if ((o->pcf & SE_PCF_DUMP) && !p->has_cck && !(o->scf & SE_SCF_CCK_UPDATE))
		usage_die("--enable-dump needs --cck FILE or --enable-cck-update");
}

static int check_outputs(const struct parse *p, struct fail *f)
{
	const struct create_opts *o = p->o;
	uint32_t i;

	if (o->pages && outfile_distinct(o->out, o->pages, f))
		return -1;
	for (i = 0; i < p->ninputs; i++) {
		if (outfile_distinct(o->out, p->inputs[i], f) ||
		    (o->pages && outfile_distinct(o->pages, p->inputs[i], f)))
			return -1;
	}
	return 0;
}

int create_parse(int argc, char **argv, void (*help)(void), struct create_opts *o, struct fail *f)
{
	static struct parse p;
	int c, prev, ret;

	p.o = o;
	p.verb = argv[0];
	if (set_defaults(o, f))
		return -1;
	opterr = 0;
	for (;;) {
		prev = optind;
		if (prev < argc && flag_option(argv[prev], o)) {
			optind++;
			continue;
		}
		c = getopt_long(argc, argv, "+o:k:h", options, NULL);
		if (c == -1)
			break;
		if (c == '?')
			usage_die("%s: '%s': unknown option or missing argument", p.verb,
				  argv[prev]);
		if (c == 'h') {
			help();
			exit(EXIT_OK);
		}
		ret = file_option(c, optarg, &p, f);
		if (ret < 0)
			return -1;
		if (ret)
			other_option(c, optarg, &p);
	}
	if (optind < argc)
		usage_die("%s: unexpected argument '%s'", p.verb, argv[optind]);
	check_complete(&p);
	collect(&p);
	return check_outputs(&p, f);
}
