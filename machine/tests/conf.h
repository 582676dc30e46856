/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * * Creates and destroys a secure configuration: donates storage anywhere, at any time.
 */
#ifndef TESTS_CONF_H
#define TESTS_CONF_H

#include "test.h"

#define UVC_CSC		0x0100
#define UVC_DSC		0x0101
#define UVC_IMPORT	0x0200
#define UVC_EXPORT	0x0201

static u8 conf_base[0x10000] __attribute__((aligned(0x4000)));
static u8 conf_virt[0x20000] __attribute__((aligned(4096)));
static u8 conf_sca[4096] __attribute__((aligned(4096)));
static u64 guest_table[2048] __attribute__((aligned(16384)));

/* Once, after INIT: are our buffers what this Ultravisor wants? */
static inline void conf_check(void)
{
	static struct uvcb info;

	CHECK(qui(&info) == 0);
	CHECK(info.word[0x50 / 8 - 1] <= sizeof(conf_base));
	CHECK(info.word[0x58 / 8 - 1] + info.word[0x60 / 8 - 1] <= sizeof(conf_virt));
}

/* A call whose operands are @words of the control block from offset 0x18 on; its rc. */
static inline u16 call(u16 cmd, u16 len, u64 w18, u64 w20, u64 w28, u64 w30)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = len, .cmd = cmd };
	u.word[0x18 / 8 - 1] = w18;
	u.word[0x20 / 8 - 1] = w20;
	if (len > 0x28)
		u.word[0x28 / 8 - 1] = w28;
	if (len > 0x30)
		u.word[0x30 / 8 - 1] = w30;
	CHECK(uvc(&u) == (u.rc != 1));
	return u.rc;
}

/* CREATE_SEC_CONF for a configuration of @len bytes, with donations at conf_base and conf_virt. */
static inline void conf_fill(struct uvcb *u, u64 len, u64 asce)
{
	*u = (struct uvcb) { .len = 0x80, .cmd = UVC_CSC };
	u->word[0x20 / 8 - 1] = (u64)conf_base;
	u->word[0x28 / 8 - 1] = (u64)conf_virt;
	u->word[0x40 / 8 - 1] = len;
	u->word[0x48 / 8 - 1] = (u64)conf_sca;
	u->word[0x50 / 8 - 1] = asce | 0x100;
}

/* A configuration of @len bytes; its donations at conf_base and conf_virt become secure. */
static inline u64 conf_create_at(u64 len, u64 asce)
{
	static struct uvcb u;

	conf_fill(&u, len, asce);
	CHECK(uvc(&u) == 0);
	CHECK(u.rc == 1);
	return u.word[0x18 / 8 - 1];
}

/* 1 MiB that nothing is mapped in. */
static inline u64 conf_create(void)
{
	return conf_create_at(1ul << 20, (u64)guest_table | 3);
}

static inline void conf_destroy(u64 handle)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x40, .cmd = UVC_DSC };
	u.word[0x18 / 8 - 1] = handle;
	CHECK(uvc(&u) == 0);
}

/* Imports a page of ours into a guest whose storage is ours, one to one. */
static inline void make_secure(u64 handle, const void *page)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x28, .cmd = UVC_IMPORT };
	u.word[0x18 / 8 - 1] = handle;
	u.word[0x20 / 8 - 1] = (u64)page;
	CHECK(uvc(&u) == 0);
	CHECK(load(PSW_MASK, (u64)page) == PGM(PGM_SECURE));
}

static inline void make_plain(const void *page)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x20, .cmd = UVC_EXPORT };
	u.word[0x18 / 8 - 1] = (u64)page;
	CHECK(uvc(&u) == 0);
	CHECK(load(PSW_MASK, (u64)page) < 4);
}

#endif /* TESTS_CONF_H */
