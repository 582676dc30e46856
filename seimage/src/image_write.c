// SPDX-License-Identifier: GPL-2.0-or-later
/* Assembly of a boot image: header, IPIB, metadata block, boot code, components. */
#include "outfile.h"
#include "seimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHORT_PSW	0x0008000180000000ull	/* 64-bit mode, short form */

extern const uint8_t stage3a_start[], stage3a_end[];

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
		     struct se_digest_values *v, struct fail *f)
{
	uint8_t hdr[SE_HDR_MAX], ipib[IPIB_MAX];
	struct create_opts with_psw = *o;
	uint32_t phs = SE_HDR_SIZE(o->nhosts);

	if (components_write(o, p, out, false, v, f))
		return -1;
	if (!o->has_psw)
		with_psw.psw_addr = p[o->boot_linux ? o->ncomp - 1 : 0].c.addr;
	if (header_build(&with_psw, v, hdr, f))
		return -1;
	build_ipib(p, o->ncomp, phs, ipib);
	if (write_boot_code(out, phs, f) ||
	    outfile_pwrite(out, ipib, sizeof(ipib), SEIMG_IPIB_OFF, f))
		return -1;
	return outfile_pwrite(out, hdr, phs, SEIMG_HDR_OFF, f);
}

/* The named components of a Linux guest, wherever they are in the list. */
static int add_stage3b(const struct create_opts *o, struct placed *p, const struct create_comp *in,
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
	return p[n].fd < 0 ? -1 : component_place(&in[n], 0, &p[n - 1], &p[n], f);
}

static int write_image(const struct create_opts *o, struct placed *p, struct fail *f)
{
	struct outfile out = { .fd = -1 };
	struct se_digest_values v;

	if (outfile_open(&out, o->out, f))
		return -1;
	if (write_all(o, p, &out, &v, f)) {
		outfile_discard(&out);
		return -1;
	}
	if (outfile_commit(&out, f))
		return -1;
	printf("%s: %u component%s, %" PRIu64 " pages, %u key slot%s, pcf 0x%016" PRIx64 "\n",
	       o->out, o->ncomp, o->ncomp == 1 ? "" : "s", v.nep, o->nhosts,
	       o->nhosts == 1 ? "" : "s", o->pcf);
	return 0;
}

int image_write(const struct create_opts *o, struct fail *f)
{
	struct placed p[SEIMG_MAX_COMP];
	struct create_opts all = *o;
	int ret;

	if (o->boot_linux) {
		all.comp[all.ncomp] = (struct create_comp){ .path = "stage3b",
							    .type = SE_TYPE_STAGE3B };
		all.ncomp++;
	}
	ret = components_open(&all, SEIMG_FIRST_COMPONENT, p, f);
	if (!ret && o->boot_linux)
		ret = add_stage3b(&all, p, all.comp, f);
	if (!ret)
		ret = write_image(&all, p, f);
	components_close(p, all.ncomp);
	return ret;
}
