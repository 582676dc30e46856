/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of seimage and what decides an image. */
#ifndef SEIMAGE_H
#define SEIMAGE_H

#include "secrypt.h"

int cmd_create(int argc, char **argv);
int cmd_header(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_extract_hdr(int argc, char **argv);

/*
 * struct se_flag - one control flag of the SE header
 * @name: as in the options --enable-NAME and --disable-NAME, and in seimage info
 * @mask: bits in pcf or scf
 * @scf: the flag is in the secret control flags
 * @inverted: enabling clears the bits
 * @text: what it allows
 */
struct se_flag {
	const char *name;
	uint64_t mask;
	bool scf;
	bool inverted;
	const char *text;
};

extern const struct se_flag se_flags[];
extern const size_t se_nflags;

/* component types (s390-tools genprotimg): upper 16 bits of a generated tweak prefix */
#define SE_TYPE_KERNEL		0
#define SE_TYPE_PARMLINE	1
#define SE_TYPE_RAMDISK		2
#define SE_TYPE_OTHER		0x10	/* first type of --component */
#define SE_TYPE_STAGE3B		0x3000	/* behind all others */

/*
 * struct create_comp - one component to put into an image
 * @path: input file
 * @text: add a NUL terminator (command line)
 * @has_addr, @addr: requested guest absolute address
 * @has_prefix, @prefix: requested tweak prefix
 * @type: component type for a generated prefix
 */
struct create_comp {
	const char *path;
	bool text;
	bool has_addr, has_prefix;
	uint64_t addr, prefix;
	uint16_t type;
};

/*
 * struct create_opts - everything that decides an image or a header
 * @out: file to write
 * @pages: file for the components as they are unpacked, or NULL
 * @hosts, @nhosts: public points of the host keys, one slot each
 * @cust_priv: customer private scalar
 * @hdr_key, @cck, @xts, @iv: keys and the header IV
 * @psw_mask, @psw_addr: initial PSW; @has_psw false means: address of the first component, or of
 *			   the second boot stage
 * @boot_linux: components 0.. are a Linux kernel, its command line and ramdisk; add the second
 * boot stage
 */
struct create_opts {
	const char *out, *pages;
	struct create_comp comp[SEIMG_MAX_COMP];
	uint32_t ncomp;
	uint8_t hosts[SE_MAX_SLOTS][SE_COORD_SIZE];
	uint32_t nhosts;
	uint8_t cust_priv[P521_SIZE];
	uint8_t hdr_key[SE_KEY_SIZE], cck[SE_KEY_SIZE], xts[SE_XTS_SIZE], iv[SE_IV_SIZE];
	bool has_psw, boot_linux;
	uint64_t psw_mask, psw_addr, pcf, scf;
};

/*
 * struct linux_args - where the parts of a Linux guest lie (bytes, unpadded; size 0: not there)
 */
struct linux_args {
	uint64_t kernel, kernel_size, cmd, cmd_size, ramdisk, ramdisk_size;
};

/**
 * linux_check() - is this a Linux image, and does the command line fit?
 * @fd: open image
 * @path: its name
 * @kernel_size: its bytes
 * @cmd_size: bytes of the command line with its NUL
 * @f: set on failure
 *
 * Source: Linux arch/s390/boot/head.S, asm/setup.h.
 * Return: 0 or -1.
 */
int linux_check(int fd, const char *path, uint64_t kernel_size, uint64_t cmd_size, struct fail *f);
/**
 * linux_stage() - second boot stage as a file
 * @a: where the parts of the guest are
 * @size: set to its bytes
 * @f: set on failure
 *
 * Return: descriptor, or -1.
 */
int linux_stage(const struct linux_args *a, uint64_t *size, struct fail *f);

/*
 * struct placed - one component that is opened and has its place
 * @c: place, tweak prefix and size
 * @fd: descriptor, -1 when closed
 */
struct placed {
	struct seimg_comp c;
	int fd;
};

/**
 * components_open() - open all components of a list and give them their places
 * @o: list; the last one is skipped with @o->boot_linux
 * @least: lowest address
 * @p: filled, one for each component; components_close() is due in every case
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int components_open(const struct create_opts *o, uint64_t least, struct placed *p, struct fail *f);
/**
 * component_place() - give a component its address and tweak prefix
 * @in: what was asked for
 * @least: lowest address
 * @prev: component before it, or NULL
 * @p: its size is known
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int component_place(const struct create_comp *in, uint64_t least, const struct placed *prev,
		    struct placed *p, struct fail *f);
/**
 * components_close() - close what components_open() opened
 * @p: components
 * @n: their number
 */
void components_close(struct placed *p, uint32_t n);

struct outfile;
/**
 * components_write() - encrypt, hash and write all components
 * @o: keys and flags
 * @p: components
 * @out: file, or NULL to hash only
 * @packed: one after the other instead of at their addresses
 * @v: set to the digests
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int components_write(const struct create_opts *o, const struct placed *p, struct outfile *out,
		     bool packed, struct se_digest_values *v, struct fail *f);

/**
 * image_write() - build an image; no partial file is left on failure
 * @o: what it consists of
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int image_write(const struct create_opts *o, struct fail *f);

/**
 * header_write() - write a header alone, and the pages when @o asks for them
 * @o: what it consists of
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int header_write(const struct create_opts *o, struct fail *f);

/**
 * header_build() - assemble and encrypt an SE header
 * @o: keys, hosts, flags and PSW
 * @d: digests over all component pages
 * @hdr: result, at least SE_HDR_SIZE(@o->nhosts) bytes
 * @f: set on failure
 *
 * Return: 0 or -1 with @f set.
 */
int header_build(const struct create_opts *o, const struct se_digest_values *d, uint8_t *hdr,
		 struct fail *f);

#endif /* SEIMAGE_H */
