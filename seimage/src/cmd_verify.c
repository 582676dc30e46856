// SPDX-License-Identifier: GPL-2.0-or-later
/* "seimage verify": recomputes what VERIFY_IMG checks, and the header tag when a key is given. */
#include "seimage.h"
#include "keydoc.h"
#include "progress.h"
#include "sparse.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
"Usage: seimage verify [OPTION...] IMAGE\n"
"Recompute page-list, address-list and tweak-list digest and the number of pages of a boot image\n"
"and compare them with its header, as the Ultravisor does. With a key the header's tag is\n"
"checked too. Exit status 1 on any difference.\n"
"\n"
"Options:\n"
"      --hdr-key FILE   header protection key, 32 raw bytes\n"
"      --host-key FILE  private host key: PEM, DER or the raw scalar\n"
"  -h, --help           show this text\n";

/* The pages of one component, @done bytes behind the first of all. */
static int hash_component(const struct seimg *img, const struct seimg_comp *c, uint64_t done,
			  struct se_digests *d, struct progress *p, struct fail *f)
{
	static const uint8_t zero[PAGE_SIZE];
	uint8_t page[PAGE_SIZE], tweak[16];
	struct sparse holes;
	uint64_t off;
	bool hole;

	sparse_init(&holes, img->fd);
	for (off = 0; off < seimg_comp_len(c); off += PAGE_SIZE) {
		hole = sparse_hole(&holes, c->addr + off, PAGE_SIZE);
		if (!hole && pread_full(img->fd, img->path, page, PAGE_SIZE, c->addr + off, f))
			return -1;
		page_tweak(c->prefix, off, tweak);
		digests_page(d, hole ? zero : page, c->addr + off, tweak);
		progress_update(p, done + off + PAGE_SIZE);
	}
	return 0;
}

static int hash_image(const struct seimg *img, struct se_digests *d, struct fail *f)
{
	uint64_t total = 0, done = 0;
	struct progress p;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < img->ncomp; i++)
		total += seimg_comp_len(&img->comp[i]);
	digests_init(d);
	progress_begin(&p, "components", total);
	for (i = 0; i < img->ncomp && !ret; i++) {
		ret = hash_component(img, &img->comp[i], done, d, &p, f);
		done += seimg_comp_len(&img->comp[i]);
	}
	progress_end(&p);
	return ret;
}

static bool line(const char *what, bool ok, const char *detail)
{
	printf("%-24s %s%s\n", what, ok ? "ok" : "MISMATCH", detail);
	return ok;
}

static bool compare(const struct seimg *img, struct se_digests *d)
{
	struct se_digest_values v;
	char detail[64];
	bool ok;

	digests_final(d, &v);
	snprintf(detail, sizeof(detail), " (header %" PRIu64 ", image %" PRIu64 ")", img->hdr.nep,
		 v.nep);
	ok = line("pages (nep)", v.nep == img->hdr.nep, detail);
	ok &= line("page list digest", !memcmp(v.pld, img->hdr.pld, sizeof(v.pld)), "");
	ok &= line("address list digest", !memcmp(v.ald, img->hdr.ald, sizeof(v.ald)), "");
	ok &= line("tweak list digest", !memcmp(v.tld, img->hdr.tld, sizeof(v.tld)), "");
	return ok;
}

static int check_tag(const struct se_header *h, const char *hdr_key, const char *host_key, bool *ok,
		     struct fail *f)
{
	uint8_t key[SE_KEY_SIZE], priv[P521_SIZE], area[SE_SEA];

	if (hdr_key) {
		if (read_exact_file(hdr_key, key, sizeof(key), f))
			return -1;
	} else {
		if (keydoc_read_private(host_key, priv, f))
			return -1;
		if (!line("key slot", header_unwrap(h, priv, key) >= 0, "")) {
			*ok = false;
			return 0;
		}
	}
	*ok &= line("header tag", !header_decrypt(h, key, area), "");
	return 0;
}

int cmd_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{ "hdr-key", required_argument, NULL, 'K' },
		{ "host-key", required_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *hdr_key = NULL, *host_key = NULL;
	static struct seimg img;
	struct se_digests d;
	struct fail f;
	bool ok = true;
	int c, ret;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'K':
			hdr_key = optarg;
			break;
		case 'H':
			host_key = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			usage_die("verify: unknown option or missing argument");
		}
	}
	if (optind != argc - 1)
		usage_die("verify: exactly one IMAGE expected");
	ret = seimg_open(&img, argv[optind], &f);
	if (!ret)
		ret = hash_image(&img, &d, &f);
	if (!ret) {
		ok = compare(&img, &d);
		if (hdr_key || host_key)
			ret = check_tag(&img.hdr, hdr_key, host_key, &ok, &f);
	}
	seimg_close(&img);
	if (ret)
		return fail_print(&f);
	return ok ? EXIT_OK : EXIT_FAILED;
}
