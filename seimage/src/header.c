// SPDX-License-Identifier: GPL-2.0-or-later
/* SE headers: assembly, and a file with nothing else. */
#include "outfile.h"
#include "seimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static int write_header(const struct create_opts *o, const struct se_digest_values *v,
			struct fail *f)
{
	struct outfile out = { .fd = -1 };
	uint8_t hdr[SE_HDR_MAX];

	if (header_build(o, v, hdr, f) || outfile_open(&out, o->out, f))
		return -1;
	if (outfile_pwrite(&out, hdr, SE_HDR_SIZE(o->nhosts), 0, f)) {
		outfile_discard(&out);
		return -1;
	}
	return outfile_commit(&out, f);
}

static int write_pages(const struct create_opts *o, const struct placed *p,
		       struct se_digest_values *v, struct fail *f)
{
	struct outfile out = { .fd = -1 };

	if (!o->pages)
		return components_write(o, p, NULL, true, v, f);
	if (outfile_open(&out, o->pages, f))
		return -1;
	if (components_write(o, p, &out, true, v, f)) {
		outfile_discard(&out);
		return -1;
	}
	return outfile_commit(&out, f);
}

static void report(const struct create_opts *o, const struct placed *p, const char *sep)
{
	uint32_t i;

	printf("%s: %u bytes, %u component%s", o->out, SE_HDR_SIZE(o->nhosts), o->ncomp,
	       o->ncomp == 1 ? "" : "s");
	for (i = 0; i < o->ncomp; i++)
		printf("%s0x%" PRIx64 " pages 0x%" PRIx64 " prefix 0x%016" PRIx64, i ? ", " : sep,
		       p[i].c.addr, seimg_comp_len(&p[i].c) / PAGE_SIZE, p[i].c.prefix);
	putchar('\n');
}

int header_write(const struct create_opts *o, struct fail *f)
{
	struct create_opts with_psw = *o;
	struct placed p[SEIMG_MAX_COMP];
	struct se_digest_values v;
	int ret;

	ret = components_open(o, 0, p, f);
	if (!ret && !o->has_psw)
		with_psw.psw_addr = p[0].c.addr;
	if (!ret)
		ret = write_pages(o, p, &v, f);
	if (!ret)
		ret = write_header(&with_psw, &v, f);
	if (!ret)
		report(o, p, ": address ");
	components_close(p, o->ncomp);
	return ret;
}
