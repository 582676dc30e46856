// SPDX-License-Identifier: GPL-2.0-or-later
/* "seimage info" and "seimage extract-hdr": what an image or a bare SE header holds. */
#include "seimage.h"
#include "keydoc.h"
#include "outfile.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char info_help[] =
"Usage: seimage info [OPTION...] FILE\n"
"Print every field of a Secure Execution header and the component list. FILE is a boot image\n"
"or a bare header. With the header protection key or the private host key the encrypted area is\n"
"shown too.\n"
"\n"
"Options:\n"
"      --hdr-key FILE   header protection key, 32 raw bytes\n"
"      --host-key FILE  private host key: PEM, DER or the raw scalar\n"
"      --show-secrets   show the keys in the encrypted area, too\n"
"  -h, --help           show this text\n";

static const char extract_help[] =
"Usage: seimage extract-hdr -o HEADER IMAGE\n"
"Write the bare SE header of a boot image to a file.\n"
"\n"
"Options:\n"
"  -o, --output FILE  header to write; never the image itself\n"
"  -h, --help         show this text\n";

static void print_hex(const char *name, const uint8_t *p, size_t len)
{
	char s[2 * SE_COORD_SIZE + 1];

	hex_str(p, len, s);
	printf("  %-22s %s\n", name, s);
}

static void print_flags(const char *name, uint64_t value, bool scf)
{
	uint64_t known = 0;
	size_t i;

	printf("  %-22s 0x%016" PRIx64 "\n", name, value);
	for (i = 0; i < se_nflags; i++) {
		const struct se_flag *fl = &se_flags[i];

		/* "pckmo" is a group; its members are listed one by one */
		if (fl->scf != scf || fl->mask & (fl->mask - 1))
			continue;
		known |= fl->mask;
		printf("    %-20s %s\n", fl->name,
		       !!(value & fl->mask) != fl->inverted ? "enabled" : "disabled");
	}
	if (value & ~known)
		printf("    %-20s 0x%016" PRIx64 "\n", "unknown bits", value & ~known);
}

static void print_slots(const struct se_header *h)
{
	const uint8_t *s = h->slots;
	char name[32];
	uint64_t i;

	for (i = 0; i < h->nks; i++, s += SE_SLOT_SIZE) {
		printf("  key slot %" PRIu64 "\n", i);
		snprintf(name, sizeof(name), "  host key hash");
		print_hex(name, s, 32);
		print_hex("  wrapped header key", s + SE_SLOT_WRAPPED, 32);
		print_hex("  tag", s + SE_SLOT_TAG, SE_TAG_SIZE);
	}
}

static void print_header(const struct se_header *h)
{
	printf("SE header\n");
	printf("  %-22s IBMSecEx\n", "magic");
	printf("  %-22s 0x%08x\n", "version", h->version);
	printf("  %-22s %u\n", "header size", h->phs);
	print_hex("iv", h->iv, SE_IV_SIZE);
	printf("  %-22s %" PRIu64 "\n", "key slots", h->nks);
	printf("  %-22s %" PRIu64 "\n", "encrypted area size", h->sea);
	printf("  %-22s %" PRIu64 "\n", "encrypted pages", h->nep);
	print_flags("plaintext flags (pcf)", h->pcf, false);
	print_hex("customer public X", h->cust_pub, 80);
	print_hex("customer public Y", h->cust_pub + 80, 80);
	print_hex("page list digest", h->pld, SE_DIGEST_SIZE);
	print_hex("address list digest", h->ald, SE_DIGEST_SIZE);
	print_hex("tweak list digest", h->tld, SE_DIGEST_SIZE);
	print_slots(h);
	print_hex("tag", h->tag, SE_TAG_SIZE);
}

static void print_area(const uint8_t *area, bool secrets)
{
	printf("encrypted area\n");
	if (secrets) {
		print_hex("cck", area + SE_ENC_CCK, SE_KEY_SIZE);
		print_hex("image key", area + SE_ENC_XTS, SE_XTS_SIZE);
	} else {
		printf("  %-22s hidden (--show-secrets)\n", "cck");
		printf("  %-22s hidden (--show-secrets)\n", "image key");
	}
	printf("  %-22s 0x%016" PRIx64 "\n", "psw mask", get64(area + SE_ENC_PSW_MASK));
	printf("  %-22s 0x%016" PRIx64 "\n", "psw address", get64(area + SE_ENC_PSW_ADDR));
	print_flags("secret flags (scf)", get64(area + SE_ENC_SCF), true);
	printf("  %-22s %u\n", "optional items", get32(area + SE_ENC_NOI));
}

static void print_image(const struct seimg *img)
{
	uint64_t pages = 0;
	uint32_t i;

	printf("boot image\n");
	printf("  %-22s %" PRIu64 "\n", "file size", img->file_size);
	printf("  %-22s %s\n", "metadata block", img->has_meta ? "yes" : "no");
	printf("  %-22s 0x%" PRIx64 "\n", "SE header offset", img->hdr_off);
	printf("  %-22s 0x%" PRIx64 "\n", "IPIB offset", img->ipib_off);
	printf("  %-22s %u\n", "components", img->ncomp);
	for (i = 0; i < img->ncomp; i++) {
		const struct seimg_comp *c = &img->comp[i];

		printf("    %-4u address 0x%012" PRIx64 " size 0x%010" PRIx64
		       " tweak prefix 0x%016" PRIx64 "\n", i, c->addr, c->size, c->prefix);
		pages += seimg_comp_len(c) / PAGE_SIZE;
	}
	printf("  %-22s %" PRIu64 "\n", "component pages", pages);
}

struct info_opts {
	const char *hdr_key, *host_key;
	bool secrets;
};

static int decrypt(const struct info_opts *o, const char *path, const struct se_header *h,
		   uint8_t *area, struct fail *f)
{
	uint8_t priv[P521_SIZE], key[SE_KEY_SIZE];
	int slot;

	if (o->hdr_key) {
		if (read_exact_file(o->hdr_key, key, sizeof(key), f))
			return -1;
	} else {
		if (keydoc_read_private(o->host_key, priv, f))
			return -1;
		slot = header_unwrap(h, priv, key);
		if (slot < 0)
			return fail_set(f,
					"%s: SE header: no key slot opens with host key %s", path,
					o->host_key);
		printf("  %-22s %d\n", "opened with slot", slot);
	}
	if (header_decrypt(h, key, area))
		return fail_set(f,
				"%s: SE header: tag mismatch: wrong header key or modified header",
				path);
	return 0;
}

/* A bare header starts with its magic; anything else must be an image. */
static int load(const char *path, struct seimg *img, bool *bare, struct fail *f)
{
	struct fail why;
	uint8_t *raw;
	size_t len;

	*bare = false;
	raw = read_whole_file(path, SE_HDR_MAX, &len, &why);
	if (raw && len >= 8 && get64(raw) == SE_MAGIC) {
		*bare = true;
		memset(img, 0, sizeof(*img));
		img->fd = -1;
		memcpy(img->hdr_raw, raw, len);
		free(raw);
		if (!se_header_parse(img->hdr_raw, len, &img->hdr, &why))
			return 0;
		return fail_set(f, "%s: %.400s", path, why.text);
	}
	free(raw);
	return seimg_open(img, path, f);
}

static void parse_info(int argc, char **argv, struct info_opts *o)
{
	static const struct option options[] = {
		{ "hdr-key", required_argument, NULL, 'K' },
		{ "host-key", required_argument, NULL, 'H' },
		{ "show-secrets", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'K':
			o->hdr_key = optarg;
			break;
		case 'H':
			o->host_key = optarg;
			break;
		case 's':
			o->secrets = true;
			break;
		case 'h':
			fputs(info_help, stdout);
			exit(EXIT_OK);
		default:
			usage_die("info: unknown option or missing argument");
		}
	}
	if (optind != argc - 1)
		usage_die("info: exactly one FILE expected");
	if (o->hdr_key && o->host_key)
		usage_die("info: --hdr-key and --host-key exclude each other");
}

int cmd_info(int argc, char **argv)
{
	static struct seimg img;
	struct info_opts o = { 0 };
	uint8_t area[SE_SEA];
	struct fail f;
	bool bare;
	int ret;

	parse_info(argc, argv, &o);
	ret = load(argv[optind], &img, &bare, &f);
	if (!ret) {
		if (!bare)
			print_image(&img);
		print_header(&img.hdr);
		if (o.hdr_key || o.host_key)
			ret = decrypt(&o, argv[optind], &img.hdr, area, &f);
		if (!ret && (o.hdr_key || o.host_key))
			print_area(area, o.secrets);
	}
	seimg_close(&img);
	return ret ? fail_print(&f) : EXIT_OK;
}

static const char *parse_extract(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *out = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			out = optarg;
			break;
		case 'h':
			fputs(extract_help, stdout);
			exit(EXIT_OK);
		default:
			usage_die("extract-hdr: unknown option or missing argument");
		}
	}
	if (optind != argc - 1)
		usage_die("extract-hdr: exactly one IMAGE expected");
	if (!out)
		usage_die("extract-hdr: no output file (-o)");
	return out;
}

int cmd_extract_hdr(int argc, char **argv)
{
	static struct seimg img;
	struct outfile out = { .fd = -1 };
	const char *path = parse_extract(argc, argv);
	struct fail f;
	int ret;

	ret = seimg_open(&img, argv[optind], &f);
	if (!ret)
		ret = outfile_distinct(path, argv[optind], &f);
	if (!ret)
		ret = outfile_open(&out, path, &f);
	if (!ret)
		ret = outfile_pwrite(&out, img.hdr_raw, img.hdr.phs, 0, &f);
	if (!ret)
		ret = outfile_commit(&out, &f);
	outfile_discard(&out);
	seimg_close(&img);
	return ret ? fail_print(&f) : EXIT_OK;
}
