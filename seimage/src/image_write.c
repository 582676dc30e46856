// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the assembly of a boot image: header, IPIB, metadata block, boot code, components.
 * Never parses an option.
 */
#include "seimage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHORT_PSW	0x0008000180000000ull	/* 64-bit mode, short form */
#define MAX_ADDR	(1ull << 46)		/* above any main storage */

extern const uint8_t stage3a_start[], stage3a_end[];

/* One component while it is placed: where it comes from and where it goes. */
struct placed {
	struct seimg_comp c;
	int fd;
};

int header_build(const struct create_opts *o, const struct se_digest_values *d, uint8_t *hdr,
		 struct fail *f)
{
	uint32_t phs = SE_HDR_SIZE(o->nhosts), i;
	uint8_t area[SE_SEA] = { 0 };
	uint8_t *enc = hdr + SE_OFF_SLOTS + SE_SLOT_SIZE * o->nhosts;

	memset(hdr, 0, phs);
	put64(hdr, SE_MAGIC);
	put32(hdr + SE_OFF_VERSION, SE_VERSION);
	put32(hdr + SE_OFF_PHS, phs);
	memcpy(hdr + SE_OFF_IV, o->iv, SE_IV_SIZE);
	put64(hdr + SE_OFF_NKS, o->nhosts);
	put64(hdr + SE_OFF_SEA, SE_SEA);
	put64(hdr + SE_OFF_NEP, d->nep);
	put64(hdr + SE_OFF_PCF, o->pcf);
	memcpy(hdr + SE_OFF_PLD, d->pld, SE_DIGEST_SIZE);
	memcpy(hdr + SE_OFF_ALD, d->ald, SE_DIGEST_SIZE);
	memcpy(hdr + SE_OFF_TLD, d->tld, SE_DIGEST_SIZE);
	if (p521_public(o->cust_priv, hdr + SE_OFF_CUST_PUB))
		return fail_set(f, "SE header: customer private key: scalar out of range");
	for (i = 0; i < o->nhosts; i++) {
		if (slot_seal(o->cust_priv, o->hosts[i], o->hdr_key,
			      hdr + SE_OFF_SLOTS + SE_SLOT_SIZE * i))
			return fail_set(f, "SE header: key slot %u: invalid host key", i);
	}
	memcpy(area + SE_ENC_CCK, o->cck, SE_KEY_SIZE);
	memcpy(area + SE_ENC_XTS, o->xts, SE_XTS_SIZE);
	put64(area + SE_ENC_PSW_MASK, o->psw_mask);
	put64(area + SE_ENC_PSW_ADDR, o->psw_addr);
	put64(area + SE_ENC_SCF, o->scf);
	gcm_seal(o->hdr_key, o->iv, hdr, (size_t)(enc - hdr), area, SE_SEA, enc, enc + SE_SEA);
	return 0;
}

static int open_component(const struct create_comp *in, struct placed *p, struct fail *f)
{
	struct stat st;

	p->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p->fd < 0 || fstat(p->fd, &st))
		return fail_set(f, "%s: open: %s", in->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_set(f, "%s: not a regular file", in->path);
	/* an empty component is one zero page; a command line gets its NUL */
	p->c.size = (uint64_t)st.st_size + in->text;
	if (!p->c.size)
		p->c.size = PAGE_SIZE;
	return 0;
}

static int place(const struct create_comp *in, const struct seimg_comp *prev, struct placed *p,
		 struct fail *f)
{
	uint64_t least = prev ? prev->addr + seimg_comp_len(prev) : SEIMG_FIRST_COMPONENT;
	uint8_t rnd[8];

	p->c.addr = in->has_addr ? in->addr : least;
	if (p->c.addr % PAGE_SIZE)
		return fail_set(f,
				"%s: address 0x%" PRIx64 " is not page aligned", in->path,
				p->c.addr);
	if (p->c.addr < least)
		return fail_set(f,
				"%s: address 0x%" PRIx64 " is below 0x%" PRIx64 ", the end of %s",
				in->path, p->c.addr, least,
				prev ? "the component before it" : "the boot code and SE header");
	if (p->c.addr >= MAX_ADDR || p->c.size >= MAX_ADDR)
		return fail_set(f, "%s: address 0x%" PRIx64 " or size 0x%" PRIx64 " is too large",
				in->path, p->c.addr, p->c.size);
	if (se_random(rnd, sizeof(rnd)))
		return fail_set(f, "%s: tweak prefix: no entropy", in->path);
	put16(rnd, in->type);
	p->c.prefix = in->has_prefix ? in->prefix : get64(rnd);
	if (prev && p->c.prefix <= prev->prefix)
		return fail_set(f, "%s: tweak prefix 0x%016" PRIx64 " is not above 0x%016" PRIx64
				" of the component before it", in->path, p->c.prefix, prev->prefix);
	return 0;
}

/* Read up to one page at @off; what the file does not have is zero. */
static int read_page(const struct create_comp *in, int fd, uint64_t off, uint8_t *page,
		     struct fail *f)
{
	size_t have = 0;
	ssize_t n;

	memset(page, 0, PAGE_SIZE);
	while (have < PAGE_SIZE) {
		n = pread(fd, page + have, PAGE_SIZE - have, (off_t)(off + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_set(f, "%s: read at 0x%" PRIx64 ": %s", in->path, off + have,
					strerror(errno));
		if (!n)
			break;
		have += (size_t)n;
	}
	return 0;
}

static int write_component(const struct create_opts *o, const struct create_comp *in,
			   const struct placed *p, struct outfile *out, struct se_digests *d,
			   struct fail *f)
{
	bool plain = o->pcf & SE_PCF_NO_ENCRYPTION;
	uint8_t page[PAGE_SIZE], tweak[16];
	struct xts_aes256_key key;
	uint64_t off;

	xts_aes256_set_encrypt_key(&key, o->xts);
	for (off = 0; off < seimg_comp_len(&p->c); off += PAGE_SIZE) {
		if (read_page(in, p->fd, off, page, f))
			return -1;
		page_tweak(p->c.prefix, off, tweak);
		if (!plain)
			xts_aes256_encrypt_message(&key, tweak, PAGE_SIZE, page, page);
		digests_page(d, page, p->c.addr + off, tweak);
		if (outfile_pwrite(out, page, PAGE_SIZE, p->c.addr + off, f))
			return -1;
	}
	return 0;
}

static void build_ipib(const struct placed *p, uint32_t n, uint32_t phs, uint8_t *ipib)
{
	uint32_t i;

	memset(ipib, 0, IPIB_MAX);
	put32(ipib, IPIB_OFF_COMP + IPIB_COMP_SIZE * n);
	ipib[IPIB_OFF_VERSION] = 1;
	put32(ipib + IPIB_OFF_BLK_LEN, IPIB_OFF_COMP - 8 + IPIB_COMP_SIZE * n);
	ipib[IPIB_OFF_TYPE] = IPIB_TYPE_PV;
	ipib[IPIB_OFF_BLK_VERSION] = 1;
	put32(ipib + IPIB_OFF_NCOMP, n);
	put64(ipib + IPIB_OFF_HDR_ADDR, SEIMG_HDR_OFF);
	put64(ipib + IPIB_OFF_HDR_SIZE, phs);
	for (i = 0; i < n; i++) {
		uint8_t *e = ipib + IPIB_OFF_COMP + IPIB_COMP_SIZE * i;

		put64(e, p[i].c.prefix);
		put64(e + 8, p[i].c.addr);
		put64(e + 16, seimg_comp_len(&p[i].c));
	}
}

static int write_boot_code(struct outfile *out, uint32_t phs, struct fail *f)
{
	uint8_t blob[SEIMG_IPIB_OFF - SEIMG_STAGE3A_OFF + 0x1000];
	size_t len = (size_t)(stage3a_end - stage3a_start);
	uint8_t meta[SEIMG_META_SIZE], psw[8];
	uint64_t base = SEIMG_STAGE3A_OFF - 0x1000, args;

	if (len < 24 || len > sizeof(blob))
		return fail_set(f, "stage3a: 0x%zx bytes do not fit", len);
	memcpy(blob, stage3a_start, len);
	args = base + len - 24;
	put64(blob + len - 24, SEIMG_HDR_OFF - args);
	put64(blob + len - 16, phs);
	put64(blob + len - 8, SEIMG_IPIB_OFF - args);
	put64(psw, SHORT_PSW | SEIMG_STAGE3A_OFF);
	put64(meta, SEIMG_META_MAGIC);
	put64(meta + 8, SEIMG_HDR_OFF);
	put32(meta + 16, SEIMG_META_VERSION);
	put64(meta + 20, SEIMG_IPIB_OFF);
	if (outfile_pwrite(out, psw, sizeof(psw), 0, f) ||
	    outfile_pwrite(out, meta, sizeof(meta), SEIMG_META_OFF, f))
		return -1;
	return outfile_pwrite(out, blob, len, base, f);
}

static int write_all(const struct create_opts *o, struct placed *p, struct outfile *out,
		     struct fail *f)
{
	uint8_t hdr[SE_HDR_MAX], ipib[IPIB_MAX];
	struct create_opts with_psw;
	uint32_t phs = SE_HDR_SIZE(o->nhosts), i;
	struct se_digest_values v;
	struct se_digests d;

	digests_init(&d);
	for (i = 0; i < o->ncomp; i++) {
		if (write_component(o, &o->comp[i], &p[i], out, &d, f))
			return -1;
	}
	with_psw = *o;
	if (!o->has_psw)
		with_psw.psw_addr = p[o->boot_linux ? o->ncomp - 1 : 0].c.addr;
	digests_final(&d, &v);
	if (header_build(&with_psw, &v, hdr, f))
		return -1;
	build_ipib(p, o->ncomp, phs, ipib);
	if (write_boot_code(out, phs, f) ||
	    outfile_pwrite(out, ipib, sizeof(ipib), SEIMG_IPIB_OFF, f) ||
	    outfile_pwrite(out, hdr, phs, SEIMG_HDR_OFF, f))
		return -1;
	printf("%s: %u component%s, %" PRIu64 " pages, %u key slot%s, pcf 0x%016" PRIx64 "\n",
	       o->out, o->ncomp, o->ncomp == 1 ? "" : "s", v.nep, o->nhosts,
	       o->nhosts == 1 ? "" : "s", o->pcf);
	return 0;
}

/* The named components of a Linux guest, wherever they are in the list. */
static int add_stage3b(const struct create_opts *o, struct placed *p, struct create_comp *in,
		       struct fail *f)
{
	struct linux_args a = { 0 };
	uint32_t i, n = o->ncomp - 1;

	for (i = 0; i < n; i++) {
		if (in[i].type == SE_TYPE_KERNEL) {
			a.kernel = p[i].c.addr;
			a.kernel_size = p[i].c.size;
		} else if (in[i].type == SE_TYPE_PARMLINE) {
			a.cmd = p[i].c.addr;
			a.cmd_size = p[i].c.size;
		} else if (in[i].type == SE_TYPE_RAMDISK) {
			a.ramdisk = p[i].c.addr;
			a.ramdisk_size = p[i].c.size;
		}
	}
	/* the kernel is the first component */
	if (linux_check(p[0].fd, in[0].path, a.kernel_size, a.cmd_size, f))
		return -1;
	p[n].fd = linux_stage(&a, &p[n].c.size, f);
	return p[n].fd < 0 ? -1 : place(&in[n], &p[n - 1].c, &p[n], f);
}

static int place_all(const struct create_opts *o, struct placed *p, uint32_t *opened,
		     struct fail *f)
{
	uint32_t i, files = o->ncomp - o->boot_linux;

	for (i = 0; i < files; i++) {
		*opened = i + 1;
		if (open_component(&o->comp[i], &p[i], f) ||
		    place(&o->comp[i], i ? &p[i - 1].c : NULL, &p[i], f))
			return -1;
	}
	return 0;
}

static int write_image(const struct create_opts *o, struct placed *p, struct fail *f)
{
	struct outfile out = { .fd = -1 };

	if (outfile_open(&out, o->out, f))
		return -1;
	if (!write_all(o, p, &out, f))
		return outfile_commit(&out, f);
	outfile_discard(&out);
	return -1;
}

int image_write(const struct create_opts *o, struct fail *f)
{
	struct placed p[SEIMG_MAX_COMP];
	struct create_opts all = *o;
	uint32_t i, opened = 0;
	int ret;

	if (o->boot_linux) {
		all.comp[all.ncomp] = (struct create_comp){ .path = "stage3b",
							    .type = SE_TYPE_STAGE3B };
		all.ncomp++;
	}
	ret = place_all(&all, p, &opened, f);
	if (!ret && o->boot_linux) {
		ret = add_stage3b(&all, p, all.comp, f);
		opened++;
	}
	if (!ret)
		ret = write_image(&all, p, f);
	for (i = 0; i < opened; i++) {
		if (p[i].fd >= 0)
			close(p[i].fd);
	}
	return ret;
}
