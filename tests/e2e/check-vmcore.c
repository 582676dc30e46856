// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of check-vmcore: what is compared with what.
 */
#include "check-vmcore.h"
#include "dumpauth.h"
#include "seimg.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PSW_MASK	0x0000000180000000ull	/* default of seimage and genprotimg */

static const char help[] =
"Usage: check-vmcore [OPTION...] [VMCORE]\n"
"Prove that a decrypted dump (zgetdump -f elf) is what was put into the protected VM.\n"
"\n"
"Memory and registers of VMCORE:\n"
"      --mem SIZE              guest memory\n"
"      --vcpus N               number of CPUs\n"
"      --component FILE[@ADDR] plaintext of a component, in image order, repeatable\n"
"      --image FILE            boot image that says where the components are\n"
"      --psw MASK:ADDR         PSW of CPU 0 (hex); default: seimage's for the first component\n"
"      --reg CPU:NAME=HEX      a register that a test command of the machine has set\n"
"      --ignore START-END      do not compare this range; repeatable\n"
"All other memory must be zero, all other registers must have their reset values:\n"
"CR0 0xe0, CR14 0xc2000000, everything else 0.\n"
"\n"
"The encrypted dump:\n"
"      --sections FILE         pv_mem_meta, pv_compl and a PV note for each CPU are there\n"
"      --authenticate FILE --cck KEY\n"
"                              the tags of the completion data and of every CPU's data are right\n"
"      --marker TEXT --absent FILE\n"
"                              TEXT does not occur in FILE\n"
"\n"
"Exit status: 0 everything is as expected, 1 the first difference was printed, 2 usage.\n";

struct opts {
	struct expect e;
	const char *image, *vmcore, *sections, *authenticate, *cck, *marker, *absent;
	bool has_psw;
};

enum {
	OPT_MEM = 0x100, OPT_VCPUS, OPT_COMPONENT, OPT_IMAGE, OPT_PSW, OPT_REG, OPT_IGNORE,
	OPT_SECTIONS, OPT_AUTH, OPT_CCK, OPT_MARKER, OPT_ABSENT,
};

static const struct option options[] = {
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "vcpus", required_argument, NULL, OPT_VCPUS },
	{ "component", required_argument, NULL, OPT_COMPONENT },
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "psw", required_argument, NULL, OPT_PSW },
	{ "reg", required_argument, NULL, OPT_REG },
	{ "ignore", required_argument, NULL, OPT_IGNORE },
	{ "sections", required_argument, NULL, OPT_SECTIONS },
	{ "authenticate", required_argument, NULL, OPT_AUTH },
	{ "cck", required_argument, NULL, OPT_CCK },
	{ "marker", required_argument, NULL, OPT_MARKER },
	{ "absent", required_argument, NULL, OPT_ABSENT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void to_u64(const char *opt, const char *s, uint64_t *v)
{
	if (parse_u64(s, v))
		usage_die("%s: '%s' is not a number", opt, s);
}

static void add_component(struct opts *o, char *arg)
{
	struct component *c = &o->e.comp[o->e.ncomp];
	char *at = strrchr(arg, '@');

	if (o->e.ncomp == MAX_COMPONENTS)
		usage_die("more than %u components", MAX_COMPONENTS);
	o->e.ncomp++;
	c->path = arg;
	c->fd = -1;
	if (!at)
		return;
	*at = '\0';
	to_u64("--component", at + 1, &c->addr);
	c->has_addr = true;
}

static void add_ignore(struct opts *o, char *arg)
{
	char *dash = strchr(arg, '-');

	if (!dash || o->e.nignore == MAX_IGNORE)
		usage_die("--ignore: START-END expected, at most %u times", MAX_IGNORE);
	*dash = '\0';
	to_u64("--ignore", arg, &o->e.ignore[o->e.nignore].start);
	to_u64("--ignore", dash + 1, &o->e.ignore[o->e.nignore].end);
	o->e.nignore++;
}

/* CPU:NAME=HEX */
static void add_reg(struct opts *o, char *arg)
{
	struct reg_value *r = &o->e.reg[o->e.nreg];
	char *name = strchr(arg, ':'), *hex, digits[33];
	uint64_t cpu;

	hex = name ? strchr(name, '=') : NULL;
	if (!hex || o->e.nreg == MAX_REGS)
		usage_die("--reg: CPU:NAME=HEX expected, at most %u times", MAX_REGS);
	*name++ = '\0';
	*hex++ = '\0';
	if (!strncmp(hex, "0x", 2))
		hex += 2;
	to_u64("--reg", arg, &cpu);
	if (strlen(hex) > 32 || strlen(name) >= sizeof(r->name))
		usage_die("--reg: '%s' or '%s' is too long", name, hex);
	memset(digits, '0', 32);
	memcpy(digits + 32 - strlen(hex), hex, strlen(hex) + 1);
	if (hex_parse(digits, r->value, 16))
		usage_die("--reg: '%s' is not hex", hex);
	strcpy(r->name, name);
	r->cpu = (uint32_t)cpu;
	o->e.nreg++;
}

static void set_psw(struct opts *o, const char *s)
{
	char *end;

	o->e.psw_mask = strtoull(s, &end, 16);
	if (*end != ':')
		usage_die("--psw: '%s' is not MASK:ADDR in hex", s);
	o->e.psw_addr = strtoull(end + 1, &end, 16);
	if (*end)
		usage_die("--psw: '%s' is not MASK:ADDR in hex", s);
	o->has_psw = true;
}

static void one_option(int c, struct opts *o)
{
	uint64_t n;

	switch (c) {
	case OPT_MEM:
		to_u64("--mem", optarg, &o->e.mem);
		break;
	case OPT_VCPUS:
		to_u64("--vcpus", optarg, &n);
		o->e.vcpus = (uint32_t)n;
		break;
	case OPT_COMPONENT:
		add_component(o, optarg);
		break;
	case OPT_IMAGE:
		o->image = optarg;
		break;
	case OPT_PSW:
		set_psw(o, optarg);
		break;
	case OPT_REG:
		add_reg(o, optarg);
		break;
	case OPT_IGNORE:
		add_ignore(o, optarg);
		break;
	case OPT_SECTIONS:
		o->sections = optarg;
		break;
	case OPT_AUTH:
		o->authenticate = optarg;
		break;
	case OPT_CCK:
		o->cck = optarg;
		break;
	case OPT_MARKER:
		o->marker = optarg;
		break;
	case OPT_ABSENT:
		o->absent = optarg;
		break;
	case 'h':
		fputs(help, stdout);
		exit(EXIT_OK);
	default:
		usage_die("unknown option or missing argument");
	}
}

static void check_usage(const struct opts *o)
{
	if (!o->vmcore && !o->sections && !o->authenticate && !o->absent)
		usage_die("nothing to check");
	if (o->vmcore && (!o->e.mem || o->e.mem % PAGE_SIZE || !o->e.vcpus || !o->e.ncomp))
		usage_die("VMCORE needs --mem, --vcpus and at least one --component");
	if (!o->authenticate != !o->cck)
		usage_die("--authenticate and --cck belong together");
	if (!o->absent != !o->marker || (o->marker && !*o->marker))
		usage_die("--marker and --absent belong together");
}

/* Addresses that the image knows; a component without one follows its predecessor's rule. */
static int place(struct opts *o, struct fail *f)
{
	static struct seimg img;
	uint32_t i;
	int ret = 0;

	if (o->image) {
		ret = seimg_open(&img, o->image, f);
		if (!ret && img.ncomp != o->e.ncomp)
			ret = fail_set(f, "%s: image has %u components, %u were given", o->image,
				       img.ncomp, o->e.ncomp);
	}
	for (i = 0; i < o->e.ncomp && !ret; i++) {
		struct component *c = &o->e.comp[i];

		if (!c->has_addr && !o->image)
			usage_die("--component %s: @ADDR or --image is needed", c->path);
		if (!c->has_addr)
			c->addr = img.comp[i].addr;
		if (o->image)
			c->pages = seimg_comp_len(&img.comp[i]) / PAGE_SIZE;
	}
	if (o->image)
		seimg_close(&img);
	return ret;
}

static int open_components(struct opts *o, struct fail *f)
{
	struct component *c;
	struct stat st;
	uint32_t i;

	for (i = 0; i < o->e.ncomp; i++) {
		c = &o->e.comp[i];
		c->fd = open(c->path, O_RDONLY | O_CLOEXEC);
		if (c->fd < 0 || fstat(c->fd, &st))
			return fail_set(f, "%s: open: %s", c->path, strerror(errno));
		c->size = (uint64_t)st.st_size;
		if (!o->image)
			c->pages = (c->size + PAGE_SIZE - 1) / PAGE_SIZE;
		if (c->size > c->pages * PAGE_SIZE)
			return fail_set(f, "%s: larger than the component in the image", c->path);
	}
	return 0;
}

static int check_vmcore(struct opts *o, struct fail *f)
{
	struct vmcore v;

	if (place(o, f) || open_components(o, f))
		return -1;
	if (!o->has_psw) {
		o->e.psw_mask = PSW_MASK;
		o->e.psw_addr = o->e.comp[0].addr;
	}
	if (vmcore_open(&v, o->vmcore, f) || check_memory(&v, &o->e, f))
		return -1;
	return check_registers(&v, &o->e, f);
}

/* @cck NULL: only the structure */
static int check_dump(const char *path, const char *cck, struct fail *f)
{
	uint8_t key[32], area[CPU_AREA_SIZE];
	struct dump_source src = { .name = path };
	static struct dumpread d;
	struct dump_keys keys;
	struct stat st;
	uint32_t i;

	src.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (src.fd < 0 || fstat(src.fd, &st))
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	src.size = (uint64_t)st.st_size;
	if (dumpread_open(&d, &src, f) || dumpread_states(&d, f))
		return -1;
	printf("sections present: " SEC_META ", " SEC_COMPL "; PV notes: %u CPUs; pages: %" PRIu64
	       " encrypted, %" PRIu64 " zero, %" PRIu64 " shared\n", d.nvcpu,
	       d.states[PAGE_ENCRYPTED], d.states[PAGE_ZERO], d.states[PAGE_SHARED]);
	if (!cck)
		return 0;
	if (read_exact_file(cck, key, sizeof(key), f) || dump_authenticate(&d, key, &keys, f))
		return -1;
	for (i = 0; i < d.nvcpu; i++) {
		if (dump_open_vcpu(&d, &keys, i, area, f))
			return -1;
	}
	printf("authenticated: completion data and %u CPUs\n", d.nvcpu);
	return 0;
}

int main(int argc, char **argv)
{
	static struct opts o;
	struct fail f;
	int c, ret = 0;

	program_start("check-vmcore");
	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		one_option(c, &o);
	if (optind < argc - 1)
		usage_die("unexpected argument '%s'", argv[optind + 1]);
	o.vmcore = optind < argc ? argv[optind] : NULL;
	check_usage(&o);
	if (o.sections)
		ret = check_dump(o.sections, NULL, &f);
	if (!ret && o.authenticate)
		ret = check_dump(o.authenticate, o.cck, &f);
	if (!ret && o.absent)
		ret = check_absent(o.marker, o.absent, &f);
	if (!ret && o.vmcore)
		ret = check_vmcore(&o, &f);
	return ret ? fail_print(&f) : EXIT_OK;
}
