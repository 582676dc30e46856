/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of a Secure Execution boot image: IPIB type 5, metadata block.
 * The SE header is in formats.h.
 *
 * Sources of the layouts: s390-tools genprotimg/src/include/pv_hdr_def.h, include/boot/ipl.h,
 * rust/pvimg; QEMU hw/s390x/ipl.h; Linux Documentation/virt/kvm/s390/s390-pv-boot.rst.
 */
#ifndef SEIMG_H
#define SEIMG_H

#include "common.h"
#include "formats.h"

/* image file, loaded flat at guest absolute 0 */
#define SEIMG_META_OFF		0xc000u
#define SEIMG_META_MAGIC	0x5365496d674c6e78ull	/* "SeImgLnx" */
#define SEIMG_META_VERSION	1u
#define SEIMG_META_SIZE		28u
#define SEIMG_STAGE3A_OFF	0x11000u
#define SEIMG_IPIB_OFF		0x13000u
#define SEIMG_HDR_OFF		0x14000u
#define SEIMG_FIRST_COMPONENT	0x16000u
#define SEIMG_SCAN_PAGES	0x15u	/* legacy header search, as s390-tools brcb.rs */

/* IPL parameter information block, type 5 (PV) */
#define IPIB_MAX		4096u
#define IPIB_OFF_VERSION	0x07
#define IPIB_OFF_BLK_LEN	0x08
#define IPIB_OFF_TYPE		0x0c
#define IPIB_OFF_BLK_VERSION	0x6f
#define IPIB_OFF_NCOMP		0x74
#define IPIB_OFF_HDR_ADDR	0x78
#define IPIB_OFF_HDR_SIZE	0x80
#define IPIB_OFF_COMP		0x88
#define IPIB_COMP_SIZE		24u
#define IPIB_TYPE_PV		5
#define SEIMG_MAX_COMP		((IPIB_MAX - IPIB_OFF_COMP) / IPIB_COMP_SIZE)

/*
 * struct seimg_comp - one component as the IPIB lists it
 * @prefix: tweak prefix (component type in the upper 16 bits)
 * @addr: guest absolute address and file offset, page aligned
 * @size: bytes as listed; seimg_comp_len() rounds up to pages
 */
struct seimg_comp {
	uint64_t prefix;
	uint64_t addr;
	uint64_t size;
};

/*
 * struct se_header - decoded view of the plaintext part of an SE header
 *
 * @raw points to the complete header of @phs bytes and is owned by the caller.
 */
struct se_header {
	const uint8_t *raw;
	uint32_t version;
	uint32_t phs;
	uint64_t nks, sea, nep, pcf;
	const uint8_t *iv, *cust_pub, *pld, *ald, *tld, *slots, *enc, *tag;
};

/*
 * struct seimg - an opened boot image
 * @path, @fd, @file_size: the file
 * @has_meta: the metadata block at 0xc000 exists (s390-tools 2.36 and newer)
 * @hdr_off, @ipib_off: file offsets
 * @hdr_raw: copy of the header, @hdr.phs bytes
 * @hdr: decoded header
 * @ipib: copy of the IPIB, @ipib_len bytes valid
 * @ncomp, @comp: components in ascending order
 */
struct seimg {
	const char *path;
	int fd;
	uint64_t file_size;
	bool has_meta;
	uint64_t hdr_off, ipib_off;
	uint8_t hdr_raw[SE_HDR_MAX];
	struct se_header hdr;
	uint8_t ipib[IPIB_MAX];
	uint32_t ipib_len;
	uint32_t ncomp;
	struct seimg_comp comp[SEIMG_MAX_COMP];
};

/**
 * seimg_comp_len() - bytes of a component in memory
 * @c: component of an opened image: its size cannot overflow
 *
 * Return: size rounded up to pages.
 */
static inline uint64_t seimg_comp_len(const struct seimg_comp *c)
{
	return (c->size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

/**
 * se_header_parse() - check and decode an SE header
 * @raw: header, stays in use by @h
 * @len: bytes available at @raw
 * @h: filled on success
 * @f: set on failure: field, offset, expected and found value
 *
 * Source: s390-tools genprotimg/src/include/pv_hdr_def.h.
 * Return: 0 or -1.
 */
int se_header_parse(const uint8_t *raw, size_t len, struct se_header *h, struct fail *f);

/**
 * ipib_parse() - check an IPIB as QEMU's iplb_valid_pv() does and decode its components
 * @ipib: block of at least @len bytes
 * @len: bytes available, at most IPIB_MAX are looked at
 * @comp: room for SEIMG_MAX_COMP components
 * @ncomp: set to their number
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int ipib_parse(const uint8_t *ipib, size_t len, struct seimg_comp *comp, uint32_t *ncomp,
	       struct fail *f);

/**
 * seimg_open() - open and check a boot image (with metadata block, or the older layout)
 * @img: filled; close it with seimg_close() in every case
 * @path: file, must stay valid
 * @f: set on failure
 *
 * All listed component pages lie inside the file.
 * Return: 0 or -1.
 */
int seimg_open(struct seimg *img, const char *path, struct fail *f);
/**
 * seimg_close() - close an image
 * @img: image, also after a failed seimg_open()
 */
void seimg_close(struct seimg *img);

#endif /* SEIMG_H */
