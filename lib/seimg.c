// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading and checking of Secure Execution boot images. */
#include "seimg.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int bad_field(struct fail *f, const char *what, unsigned int off, uint64_t expected,
		     uint64_t got)
{
	return fail_set(f, "SE header: %s at 0x%03x: expected 0x%" PRIx64 ", found 0x%" PRIx64,
			what, off, expected, got);
}

static int check_sizes(const struct se_header *h, size_t len, struct fail *f)
{
	uint64_t want;

	if (h->nks < 1 || h->nks > SE_MAX_SLOTS)
		return fail_set(f,
				"SE header: number of key slots at 0x%03x: expected 1 to %u, found 0x%"
				PRIx64, SE_OFF_NKS, SE_MAX_SLOTS, h->nks);
	if (h->sea != SE_SEA)
		return bad_field(f, "size of encrypted area", SE_OFF_SEA, SE_SEA, h->sea);
	want = SE_HDR_SIZE(h->nks);
	if (h->phs != want)
		return bad_field(f, "header size", SE_OFF_PHS, want, h->phs);
	if (h->phs > len)
		return fail_set(f, "SE header: truncated: 0x%x bytes expected, 0x%zx present",
				h->phs, len);
	return 0;
}

int se_header_parse(const uint8_t *raw, size_t len, struct se_header *h, struct fail *f)
{
	memset(h, 0, sizeof(*h));
	if (len < SE_HDR_SIZE(1))
		return fail_set(f,
				"SE header: truncated: at least 0x%x bytes expected, 0x%zx present",
				SE_HDR_SIZE(1), len);
	if (get64(raw) != SE_MAGIC)
		return bad_field(f, "magic", 0, SE_MAGIC, get64(raw));
	h->raw = raw;
	h->version = get32(raw + SE_OFF_VERSION);
	if (h->version != SE_VERSION)
		return bad_field(f, "version", SE_OFF_VERSION, SE_VERSION, h->version);
	h->phs = get32(raw + SE_OFF_PHS);
	h->nks = get64(raw + SE_OFF_NKS);
	h->sea = get64(raw + SE_OFF_SEA);
	h->nep = get64(raw + SE_OFF_NEP);
	h->pcf = get64(raw + SE_OFF_PCF);
	if (check_sizes(h, len, f))
		return -1;
	h->iv = raw + SE_OFF_IV;
	h->cust_pub = raw + SE_OFF_CUST_PUB;
	h->pld = raw + SE_OFF_PLD;
	h->ald = raw + SE_OFF_ALD;
	h->tld = raw + SE_OFF_TLD;
	h->slots = raw + SE_OFF_SLOTS;
	h->enc = h->slots + SE_SLOT_SIZE * h->nks;
	h->tag = h->enc + SE_SEA;
	return 0;
}

static int check_component(const struct seimg_comp *c, const struct seimg_comp *prev, uint32_t i,
			   struct fail *f)
{
	if (c->addr % PAGE_SIZE)
		return fail_set(f, "IPIB: component %u: address 0x%" PRIx64 " is not page aligned",
				i, c->addr);
	if (!c->size || c->size > INT64_MAX - PAGE_SIZE ||
	    c->addr > INT64_MAX - PAGE_SIZE - c->size)
		return fail_set(f, "IPIB: component %u: size 0x%" PRIx64 " at address 0x%" PRIx64
				" is impossible", i, c->size, c->addr);
	if (!prev)
		return 0;
	if (c->prefix <= prev->prefix)
		return fail_set(f, "IPIB: component %u: tweak prefix 0x%016" PRIx64
				" is not above its predecessor's 0x%016" PRIx64,
				i, c->prefix, prev->prefix);
	if (c->addr < prev->addr + seimg_comp_len(prev))
		return fail_set(f, "IPIB: component %u: address 0x%" PRIx64
				" lies below the predecessor's end 0x%" PRIx64,
				i, c->addr, prev->addr + seimg_comp_len(prev));
	return 0;
}

int ipib_parse(const uint8_t *ipib, size_t len, struct seimg_comp *comp, uint32_t *ncomp,
	       struct fail *f)
{
	uint32_t i, n, total;
	const uint8_t *p;

	if (len < IPIB_OFF_COMP)
		return fail_set(f, "IPIB: truncated: 0x%zx bytes present", len);
	total = get32(ipib);
	if (total < IPIB_OFF_COMP + IPIB_COMP_SIZE || total > IPIB_MAX || total > len)
		return fail_set(f, "IPIB: length at 0x00: expected 0x%x to 0x%zx, found 0x%x",
				IPIB_OFF_COMP + IPIB_COMP_SIZE, len < IPIB_MAX ? len : IPIB_MAX,
				total);
	if (ipib[IPIB_OFF_TYPE] != IPIB_TYPE_PV)
		return fail_set(f, "IPIB: block type at 0x0c: expected 0x05, found 0x%02x",
				ipib[IPIB_OFF_TYPE]);
	n = get32(ipib + IPIB_OFF_NCOMP);
	if (!n || n > (total - IPIB_OFF_COMP) / IPIB_COMP_SIZE)
		return fail_set(f, "IPIB: number of components at 0x74: expected 1 to %u, found %u",
				(total - IPIB_OFF_COMP) / IPIB_COMP_SIZE, n);
	for (i = 0; i < n; i++) {
		p = ipib + IPIB_OFF_COMP + IPIB_COMP_SIZE * i;
		comp[i].prefix = get64(p);
		comp[i].addr = get64(p + 8);
		comp[i].size = get64(p + 16);
		if (check_component(&comp[i], i ? &comp[i - 1] : NULL, i, f))
			return -1;
	}
	*ncomp = n;
	return 0;
}

/* Put the name of the file in front of what a parser says, which does not know it. */
static int name_file(const struct seimg *img, struct fail *f)
{
	struct fail inner = *f;

	return fail_set(f, "%s: %.400s", img->path, inner.text);
}

/* Bytes of the file at @off, at most @max. */
static size_t avail(const struct seimg *img, uint64_t off, size_t max)
{
	if (off >= img->file_size)
		return 0;
	return img->file_size - off < max ? (size_t)(img->file_size - off) : max;
}

static int find_by_metadata(struct seimg *img, struct fail *f)
{
	uint8_t meta[SEIMG_META_SIZE];

	if (avail(img, SEIMG_META_OFF, sizeof(meta)) < sizeof(meta))
		return 0;
	if (pread_full(img->fd, img->path, meta, sizeof(meta), SEIMG_META_OFF, f))
		return -1;
	if (get64(meta) != SEIMG_META_MAGIC)
		return 0;
	if (get32(meta + 16) != SEIMG_META_VERSION)
		return fail_set(f, "%s: metadata block: version at 0x%x: expected 0x1, found 0x%x",
				img->path, SEIMG_META_OFF + 16, get32(meta + 16));
	img->has_meta = true;
	img->hdr_off = get64(meta + 8);
	img->ipib_off = get64(meta + 20);
	return 1;
}

static bool looks_like_ipib(struct seimg *img, uint64_t off)
{
	uint8_t b[IPIB_OFF_COMP];
	struct fail f;

	if (avail(img, off, sizeof(b)) < sizeof(b) ||
	    pread_full(img->fd, img->path, b, sizeof(b), off, &f))
		return false;
	return b[IPIB_OFF_TYPE] == IPIB_TYPE_PV && b[IPIB_OFF_VERSION] == 1 &&
	       get32(b) >= IPIB_OFF_COMP + IPIB_COMP_SIZE && get32(b) <= IPIB_MAX &&
	       get32(b + IPIB_OFF_NCOMP) - 1 < SEIMG_MAX_COMP;
}

/* Without metadata block the header starts at a low page and the IPIB is the page before it. */
static int find_by_scan(struct seimg *img, struct fail *f)
{
	uint64_t off;
	uint8_t b[8];
	unsigned int i;

	for (i = 0; i <= SEIMG_SCAN_PAGES; i++) {
		off = (uint64_t)i * PAGE_SIZE;
		if (avail(img, off, sizeof(b)) < sizeof(b))
			break;
		if (pread_full(img->fd, img->path, b, sizeof(b), off, f))
			return -1;
		if (get64(b) != SE_MAGIC)
			continue;
		img->hdr_off = off;
		if (!i || !looks_like_ipib(img, off - PAGE_SIZE))
			return fail_set(f,
					"%s: IPIB: not found: no metadata block at 0x%x and no IPIB in front of the SE header at 0x%"
					PRIx64, img->path, SEIMG_META_OFF, off);
		img->ipib_off = off - PAGE_SIZE;
		return 0;
	}
	fail_set(f,
		 "%s: SE header: not found: no metadata block at 0x%x and no header in the first %u pages",
		 img->path, SEIMG_META_OFF, SEIMG_SCAN_PAGES + 1);
	return fail_hint(f, "is this a Secure Execution boot image? seimage create makes one");
}

static int load_header(struct seimg *img, struct fail *f)
{
	size_t n = avail(img, img->hdr_off, sizeof(img->hdr_raw));

	if (pread_full(img->fd, img->path, img->hdr_raw, n, img->hdr_off, f))
		return -1;
	return se_header_parse(img->hdr_raw, n, &img->hdr, f) ? name_file(img, f) : 0;
}

static int load_ipib(struct seimg *img, struct fail *f)
{
	size_t n = avail(img, img->ipib_off, IPIB_MAX);
	const struct seimg_comp *c;
	uint64_t size;
	uint32_t i;

	if (pread_full(img->fd, img->path, img->ipib, n, img->ipib_off, f))
		return -1;
	img->ipib_len = (uint32_t)n;
	if (ipib_parse(img->ipib, n, img->comp, &img->ncomp, f))
		return name_file(img, f);
	size = get64(img->ipib + IPIB_OFF_HDR_SIZE);
	if (size != img->hdr.phs)
		return fail_set(f,
				"%s: IPIB: SE header size at 0x80: expected 0x%x, found 0x%" PRIx64,
				img->path, img->hdr.phs, size);
	for (i = 0; i < img->ncomp; i++) {
		c = &img->comp[i];
		if (c->addr + seimg_comp_len(c) > img->file_size)
			return fail_set(f, "%s: component %u: ends at 0x%" PRIx64
					", but the file has 0x%" PRIx64 " bytes: truncated image",
					img->path, i, c->addr + seimg_comp_len(c), img->file_size);
	}
	return 0;
}

int seimg_open(struct seimg *img, const char *path, struct fail *f)
{
	struct stat st;
	int ret;

	memset(img, 0, sizeof(*img));
	img->path = path;
	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (img->fd < 0)
		return fail_set(f, "%s: open: %s", path, strerror(errno));
	if (fstat(img->fd, &st))
		return fail_set(f, "%s: stat: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_set(f, "%s: not a regular file", path);
	img->file_size = (uint64_t)st.st_size;
	ret = find_by_metadata(img, f);
	if (!ret)
		ret = find_by_scan(img, f);
	if (ret < 0 || load_header(img, f))
		return -1;
	return load_ipib(img, f);
}

void seimg_close(struct seimg *img)
{
	if (img->fd >= 0)
		close(img->fd);
	img->fd = -1;
}
