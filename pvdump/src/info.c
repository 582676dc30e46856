// SPDX-License-Identifier: GPL-2.0-or-later
/* "pvdump info": prints what a dump holds, and shows its pages. */
#include "pvdump.h"
#include "dumpread.h"
#include "map.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

static const char help[] =
"Usage: pvdump info [--map] [--svg FILE] DUMP\n"
"Print what a dump of a protected VM holds: sections, memory, vCPUs, page states, completion\n"
"data. Nothing is decrypted; whether the data is authentic needs the owner's key (pvdump decrypt).\n"
"A malformed file is refused with the part, its offset, the expected and the found value.\n"
"\n"
"      --map       one screen that shows where encrypted, zero, shared and invalid pages lie\n"
"      --svg FILE  the same as a picture\n"
"\n"
"Encrypted pages are those that the Ultravisor encrypted for the host, at the dump or before it;\n"
"the dump does not tell which. Zero and shared pages are marked if they are mapped.\n";

static void print_hex(const char *name, const uint8_t *p, size_t len)
{
	char s[129];

	hex_str(p, len, s);
	printf("  %-12s %s\n", name, s);
}

/* Names come from the file: a terminal must not obey them. */
static void print_name(const char *s)
{
	int n = 0;

	for (; *s; s++) {
		if (*s > ' ' && *s < 0x7f && *s != '\\')
			n += printf("%c", *s);
		else
			n += printf("\\x%02x", (unsigned char)*s);
	}
	printf("%*s", n < 12 ? 12 - n : 0, "");
}

static void print_sections(const struct dumpread *d)
{
	uint32_t i;

	printf("sections\n");
	for (i = 1; i < d->nsec; i++) {
		fputs("  ", stdout);
		print_name(d->sec[i].name);
		printf(" offset 0x%" PRIx64 " size 0x%" PRIx64 "\n", d->sec[i].offset,
		       d->sec[i].size);
	}
}

static void print_vcpus(const struct dumpread *d)
{
	const struct dump_vcpu *v;
	char iv[25];
	uint32_t i;

	printf("vCPUs %u\n", d->nvcpu);
	for (i = 0; i < d->nvcpu; i++) {
		v = &d->vcpu[i];
		hex_str(v->iv, sizeof(v->iv), iv);
		printf("  %-12u %u notes, PV data at 0x%" PRIx64 " size 0x%" PRIx64
		       ": version %u length %u iv %s\n", i, v->notes, v->offset, v->size,
		       v->version,
		       v->length, iv);
	}
}

static void print_completion(const struct dumpread *d)
{
	printf("completion data\n");
	printf("  %-12s %u\n", "version", get32(d->compl_data));
	printf("  %-12s %u\n", "length", get32(d->compl_data + 4));
	print_hex("seed", d->compl_data + COMPL_OFF_SEED, 64);
	print_hex("iv", d->compl_data + COMPL_OFF_IV, 12);
	print_hex("tag", d->compl_data + COMPL_OFF_TAG, 16);
}

static void print_pages(const struct dumpread *d)
{
	printf("pages %" PRIu64 "\n", d->mem_size / PAGE_SIZE);
	printf("  %-12s %" PRIu64 "\n", "encrypted", d->states[PAGE_ENCRYPTED]);
	printf("  %-12s %" PRIu64 "\n", "zero", d->states[PAGE_ZERO]);
	printf("  %-12s %" PRIu64 "\n", "shared", d->states[PAGE_SHARED]);
	printf("  %-12s %" PRIu64 " (of the zero and shared ones)\n", "mapped",
	       d->mapped[PAGE_ZERO] + d->mapped[PAGE_SHARED]);
	printf("  %-12s %" PRIu64 "\n", "invalid", d->states[PAGE_INVALID]);
}

static void print_memory(const struct dumpread *d)
{
	uint32_t i;

	printf("memory\n");
	for (i = 0; i < d->nparts; i++)
		printf("  0x%" PRIx64 " to 0x%" PRIx64 " (%" PRIu64 " MiB) at offset 0x%" PRIx64
		       "\n", d->part[i].addr, d->part[i].addr + d->part[i].size,
		       d->part[i].size / MIB, d->part[i].off);
}

static void print_dump(const struct dumpread *d)
{
	printf("%s: dump of a protected VM, ELF 64-bit big endian s390x, %" PRIu64 " bytes\n",
	       d->src.name, d->src.size);
	print_sections(d);
	print_memory(d);
	print_vcpus(d);
	print_completion(d);
}

struct opts {
	const char *svg;
	bool map;
};

/* The picture is there also when a state is undefined: it shows where. */
static int show(struct dumpread *d, const struct opts *o, struct fail *f)
{
	struct fail map;
	int ret;

	if (!o->map && !o->svg)
		print_dump(d);
	ret = dumpread_states(d, f);
	if (!o->map && !o->svg)
		print_pages(d);
	if (o->map && map_print(d, &map))
		goto bad;
	if (o->svg && map_svg(d, o->svg, &map))
		goto bad;
	return ret;
bad:
	*f = map;
	return -1;
}

static const char *parse(struct opts *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "map", no_argument, NULL, 'm' },
		{ "svg", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'm':
			o->map = true;
			break;
		case 's':
			o->svg = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return NULL;
		default:
			usage_die("info: unknown option or missing argument");
		}
	}
	if (optind != argc - 1)
		usage_die("info: exactly one FILE expected");
	return argv[optind];
}

int cmd_info(int argc, char **argv)
{
	struct dump_source src = { .fd = -1 };
	struct opts o = { 0 };
	static struct dumpread d;
	const char *path;
	struct fail f;
	int ret;

	path = parse(&o, argc, argv);
	if (!path)
		return EXIT_OK;
	ret = dump_source_open(&src, path, &f) || dumpread_open(&d, &src, &f) || show(&d, &o, &f);
	dumpread_close(&d);
	dump_source_close(&src);
	return ret ? fail_print(&f) : EXIT_OK;
}
