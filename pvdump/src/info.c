// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns "pvdump info": prints what a dump holds.
 * Never decrypts and never changes its input.
 */
#include "pvdump.h"
#include "dumpread.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
"Usage: pvdump info FILE\n"
"Print what a dump of a protected VM holds: sections, memory, vCPUs, page states, completion\n"
"data. Nothing is decrypted; whether the data is authentic needs the owner's key (zgetdump -k).\n"
"A malformed file is refused with the part, its offset, the expected and the found value.\n";

static void print_hex(const char *name, const uint8_t *p, size_t len)
{
	char s[129];

	hex_str(p, len, s);
	printf("  %-12s %s\n", name, s);
}

static void print_sections(const struct dumpread *d)
{
	uint32_t i;

	printf("sections\n");
	for (i = 1; i < d->nsec; i++)
		printf("  %-12s offset 0x%" PRIx64 " size 0x%" PRIx64 "\n", d->sec[i].name,
		       d->sec[i].offset, d->sec[i].size);
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
	printf("  %-12s %" PRIu64 " (of the zero and shared ones)\n", "mapped", d->mapped[PAGE_ZERO] + d->mapped[PAGE_SHARED]);
	printf("  %-12s %" PRIu64 "\n", "invalid", d->states[PAGE_INVALID]);
}

static void print_memory(const struct dumpread *d)
{
	uint32_t i;

	printf("memory\n");
	for (i = 0; i < d->nparts; i++)
		printf("  0x%" PRIx64 " to 0x%" PRIx64 " (%" PRIu64 " MiB) at offset 0x%" PRIx64 "\n",
		       d->part[i].addr, d->part[i].addr + d->part[i].size, d->part[i].size / MIB,
		       d->part[i].off);
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

int cmd_info(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static struct dumpread d;
	struct dump_source src = { .fd = -1 };
	struct fail f;
	int c, ret;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c != 'h')
			usage_die("info: unknown option");
		fputs(help, stdout);
		return EXIT_OK;
	}
	if (optind != argc - 1)
		usage_die("info: exactly one FILE expected");
	ret = dump_source_open(&src, argv[optind], &f);
	if (!ret)
		ret = dumpread_open(&d, &src, &f);
	if (!ret) {
		print_dump(&d);
		ret = dumpread_states(&d, &f);
		print_pages(&d);
	}
	dumpread_close(&d);
	dump_source_close(&src);
	return ret ? fail_print(&f) : EXIT_OK;
}
