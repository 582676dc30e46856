// SPDX-License-Identifier: GPL-2.0-or-later
/* mkcomponent: reproducible component files for tests, every page non-zero and different. */
#include "outfile.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARKER_EVERY	16u	/* pages between two markers */

static const char help[] =
"Usage: mkcomponent --seed N --size BYTES [--marker TEXT] -o FILE\n"
"Write a component of pseudo-random pages (a multiple of 4096 bytes), the same for the same seed.\n"
"Every 16th page starts with TEXT and its page number, so that a search can tell plaintext.\n";

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void fill_page(uint8_t *page, uint64_t seed, uint64_t n, const char *marker)
{
	uint64_t state = seed * 0x2545f4914f6cdd1dull + n;
	size_t i;

	for (i = 0; i < PAGE_SIZE; i += 8)
		put64(page + i, next(&state) | 1);
	if (marker && n % MARKER_EVERY == 0)
		snprintf((char *)page, 256, "%s page %" PRIu64, marker, n);
}

static int write_file(const char *path, uint64_t seed, uint64_t pages, const char *marker)
{
	struct outfile out = { .fd = -1 };
	uint8_t page[PAGE_SIZE];
	struct fail f;
	uint64_t n;

	if (outfile_open(&out, path, &f))
		return fail_print(&f);
	for (n = 0; n < pages; n++) {
		fill_page(page, seed, n, marker);
		if (outfile_pwrite(&out, page, PAGE_SIZE, n * PAGE_SIZE, &f)) {
			outfile_discard(&out);
			return fail_print(&f);
		}
	}
	return outfile_commit(&out, &f) ? fail_print(&f) : EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'n' },
		{ "marker", required_argument, NULL, 'm' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *marker = NULL, *out = NULL;
	uint64_t seed = 1, size = 0;
	int c;

	program_start("mkcomponent");
	opterr = 0;
	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			if (parse_u64(optarg, &seed))
				usage_die("--seed: '%s' is not a number", optarg);
			break;
		case 'n':
			if (parse_u64(optarg, &size))
				usage_die("--size: '%s' is not a number", optarg);
			break;
		case 'm':
			marker = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			usage_die("unknown option or missing argument");
		}
	}
	if (optind != argc || !out || !size || size % PAGE_SIZE || size > INT64_MAX)
		usage_die("--size (a multiple of 4096) and -o are needed");
	if (marker && strlen(marker) > 200)
		usage_die("--marker: at most 200 bytes");
	return write_file(out, seed, size / PAGE_SIZE, marker);
}
