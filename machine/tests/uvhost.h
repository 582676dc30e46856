/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of uvhost.c that need an initialised Ultravisor: configurations, CPUs, pages.
 */
#ifndef TESTS_UVHOST_H
#define TESTS_UVHOST_H

#include "conf.h"
#include "dat.h"

#define WINDOW		0xa00000ul		/* below the 16 MiB of map_identity(), unused */
#define QUERY_FIELD(u, off)	((u)->word[(off) / 8 - 1])
/* softuv's own return codes (softuv.h); the others are published */
#define OWN_VIRT	0x5303
#define OWN_STATE	0x5311
#define OWN_ADDR	0x5320
#define OWN_FOREIGN	0x5321
#define OWN_INTEGRITY	0x5322
#define OWN_LARGE	0x5324
#define OWN_NO_DUMP	0x5332

#define GUEST_LEN	((u64)SEGMENTS << 20)

static u8 crossing[2 * PAGE_SIZE] __attribute__((aligned(4096)));
static u8 cpu_stor[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 cpu_block[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 guest_page[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 header[2 * PAGE_SIZE] __attribute__((aligned(4096)));
static u64 base_len, max_addr, base_pages, virt_pages;
static u16 max_cpu;
static u64 asce, conf, cpu, old_conf;

/* The second page of the window is not there. */
static inline void map_window(const void *unused)
{
	(void)unused;
	asce = map_identity();
	*pte(WINDOW) = (u64)crossing;
	*pte(WINDOW + PAGE_SIZE) = PTE_INVALID;
	set_creg(1, asce);
	set_creg(7, asce);
	set_creg(13, asce);
}

static inline void all_secure(u64 addr, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++) {
		CHECK(load(PSW_MASK, addr + i * PAGE_SIZE) == PGM(PGM_SECURE));
		CHECK(store(PSW_MASK, addr + i * PAGE_SIZE + 0xff8) == PGM(PGM_SECURE));
	}
}

/* CREATE_SEC_CONF with the word at @off changed: everything else is right. */
static inline u16 create_with(u32 off, u64 value)
{
	static struct uvcb u;

	conf_fill(&u, GUEST_LEN, asce);
	if (off)
		u.word[off / 8 - 1] = value;
	CHECK(uvc(&u) == (u.rc != 1));
	conf = u.word[0x18 / 8 - 1];
	CHECK(!conf == (u.rc != 1));
	return u.rc;
}

static inline void configurations(void)
{
	u64 first;

	CHECK(create_with(0x38, max_addr) == 0x101);
	CHECK(create_with(0x40, max_addr + 0x100000) == 0x102);
	CHECK(create_with(0x50, asce) == 0x105);
	CHECK(create_with(0x50, asce | 0x120) == 0x105);
	CHECK(create_with(0x20, 0xc0000000ul) == 0x108);
	CHECK(create_with(0x20, 0) == 0x109);
	CHECK(create_with(0x20, UV_BASE) == 0x108);
	CHECK(create_with(0x28, 0) == 0x10e);
	CHECK(create_with(0x28, 0xc0000000ul) == OWN_VIRT);
	CHECK(create_with(0x48, 0) == 0x10c);
	CHECK(create_with(0x48, 0xc0000000ul) == 0x10d);
	CHECK(create_with(0x48, UV_BASE) == 0x10d);
	for (u32 i = 0; i < sizeof(conf_base); i++)
		conf_base[i] = 0x5a;
	CHECK(create_with(0, 0) == 1);
	first = conf;
	CHECK(first > 0xffffffff);
	all_secure((u64)conf_base, base_pages);
	all_secure((u64)conf_virt, virt_pages);
	/* the storage, and the space, of the one that is there */
	CHECK(create_with(0, 0) == 0x104);
	CHECK(create_with(0x50, (u64)guest_table | 0x103) == 0x108);
	CHECK(create_with(0x50, (u64)conf_base | 0x103) == 0x105);
	CHECK(call(UVC_DSC, 0x40, first + 1, 0, 0, 0) == 0x20);
	CHECK(call(UVC_DSC, 0x40, 0, 0, 0, 0) == 0x20);
	CHECK(call(UVC_DSC, 0x40, first, 0, 0, 0) == 1);
	for (u32 i = 0; i < base_pages * PAGE_SIZE; i++)
		CHECK(conf_base[i] == 0);
	CHECK(call(UVC_DSC, 0x40, first, 0, 0, 0) == 0x20);
	CHECK(create_with(0, 0) == 1);
	CHECK(conf != first);
	old_conf = conf;
}

static inline u16 create_cpu(u64 handle, u16 number, u64 stor, u64 block)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x60, .cmd = 0x0120 };
	u.word[0x20 / 8 - 1] = handle;
	u.word[0x28 / 8 - 1] = stor;
	u.word[0x30 / 8 - 1] = number;
	u.word[0x38 / 8 - 1] = block;
	CHECK(uvc(&u) == (u.rc != 1));
	CHECK(!u.word[0x18 / 8 - 1] == (u.rc != 1));
	if (u.rc == 1)
		cpu = u.word[0x18 / 8 - 1];
	return u.rc;
}

static inline void cpus(void)
{
	static const u16 with_cpu[] = { 0x0121, 0x0310, 0x0311, 0x0321, 0x0330, 0x0402 };
	u64 stor = (u64)cpu_stor, block = (u64)cpu_block;
	u32 i;

	CHECK(create_cpu(conf + 1, 0, stor, block) == 0x20);
	CHECK(create_cpu(0, 0, stor, block) == 0x20);
	CHECK(create_cpu(conf, max_cpu + 1, stor, block) == 0x103);
	CHECK(create_cpu(conf, 0, 0xc0000000ul, block) == 0x105);
	CHECK(create_cpu(conf, 0, UV_BASE, block) == 0x105);
	CHECK(create_cpu(conf, 0, (u64)conf_base, block) == 0x105);
	CHECK(create_cpu(conf, 0, 0, block) == 0x106);
	CHECK(create_cpu(conf, 0, stor, 0xc0000000ul) == 0x107);
	CHECK(create_cpu(conf, 0, stor, (u64)conf_base) == 0x107);
	CHECK(create_cpu(conf, max_cpu, stor, block) == 1);
	all_secure(stor, 1);
	CHECK(call(0x0121, 0x40, cpu, 0, 0, 0) == 1);
	CHECK(create_cpu(conf, 0, stor, block) == 1);
	CHECK(create_cpu(conf, 0, stor, block) == 0x104);
	CHECK(create_cpu(conf, 1, stor, block) == 0x105);
	for (i = 0; i < sizeof(with_cpu) / 2; i++) {
		u16 len = with_cpu[i] == 0x0330 || with_cpu[i] == 0x0402 ? 0x50 : 0x40;

		CHECK(call(with_cpu[i], len, cpu + 1, 1, 0, 0) == 0x21);
		CHECK(call(with_cpu[i], len, conf, 1, 0, 0) == 0x21);
		CHECK(call(with_cpu[i], len, 0, 1, 0, 0) == 0x21);
	}
	/* the CPUs go first */
	CHECK(call(UVC_DSC, 0x40, conf, 0, 0, 0) >= 0x100);
}

#define IMPORT(gaddr)	call(0x0200, 0x28, conf, (u64)(gaddr), 0, 0)
#define EXPORT(abs)	call(0x0201, 0x20, (u64)(abs), 0, 0, 0)
#define DESTROY(abs)	call(0x0202, 0x20, (u64)(abs), 0, 0, 0)

static inline void pages(void)
{
	u64 page = (u64)guest_page, segment = page >> 20, entry = *pte(page), old;

	CHECK(call(0x0200, 0x28, conf + 1, page, 0, 0) == 0x20);
	CHECK(IMPORT(page + 8) == OWN_ADDR);
	CHECK(IMPORT(GUEST_LEN) == OWN_ADDR);
	CHECK(IMPORT(~0xffful) == OWN_ADDR);
	CHECK(IMPORT(conf_base) == OWN_FOREIGN);
	CHECK(IMPORT(0) == OWN_FOREIGN);
	*pte(page) = entry | PTE_INVALID;
	CHECK(IMPORT(page) == 0x10a);
	*pte(page) = entry | 0x200;
	CHECK(IMPORT(page) == 0x10a);
	*pte(page) = 0xc0000000ul;
	CHECK(IMPORT(page) == OWN_ADDR);
	*pte(page) = entry;
	old = seg_table[segment];
	seg_table[segment] = segment << 20 | 0x400;
	CHECK(IMPORT(page) == OWN_LARGE);
	seg_table[segment] = old;
	CHECK(EXPORT(page + 8) == OWN_ADDR);
	CHECK(EXPORT(0xc0000000ul) == OWN_ADDR);
	CHECK(EXPORT(conf_base) == OWN_FOREIGN);
	CHECK(DESTROY(conf_base) == OWN_FOREIGN);
	CHECK(call(0x0341, 0x20, page, 0, 0, 0) >= 0x100);
	CHECK(call(0x0342, 0x28, conf, page, 0, 0) >= 0x100);

	/* no-ops on what is the host's; the content stays */
	guest_page[5] = 0x77;
	CHECK(EXPORT(page) == 1 && DESTROY(page) == 1);
	CHECK(guest_page[5] == 0x77);
	CHECK(IMPORT(page) == 1 && IMPORT(page) == 1);
	all_secure(page, 1);
	/* a secure page is no operand, no donation, no control block */
	CHECK(create_cpu(conf, 2, page, (u64)cpu_block) == 0x105);
	CHECK(uvc(guest_page) == PGM(PGM_SECURE));
	CHECK(call(0x0341, 0x20, page, 0, 0, 0) >= 0x100);
	CHECK(EXPORT(page) == 1);
	/* encrypted zeros; a changed one does not come back */
	CHECK(((u64 *)guest_page)[0] && ((u64 *)guest_page)[511]);
	guest_page[9] ^= 1;
	CHECK(IMPORT(page) == OWN_INTEGRITY);
	CHECK(load(PSW_MASK, page) < 4);
	guest_page[9] ^= 1;
	CHECK(IMPORT(page) == 1);
	CHECK(DESTROY(page) == 1);
	CHECK(((u64 *)guest_page)[0] == 0 && ((u64 *)guest_page)[511] == 0);
	CHECK(IMPORT(page) == 1);
}

/* A configuration without an SE header: what it can do, and the header's own place in storage. */
static inline void states(void)
{
	static struct uvcb u;

	CHECK(call(0x0301, 0x50, conf, (u64)guest_page, 0, 0) == 3);
	CHECK(call(0x0302, 0x40, conf, 0, 0, 0) == 3);
	CHECK(call(0x0320, 0x40, conf, 0, 0, 0) == 3);
	CHECK(call(0x0340, 0x40, conf, 0, 0, 0) == 3);
	CHECK(call(0x0330, 0x50, cpu, 1, 0, 0) == 3);
	CHECK(call(0x0330, 0x50, cpu, 5, 0, 0) == 3);
	CHECK(call(0x0330, 0x50, cpu, 4, 0, 0) == OWN_STATE);
	CHECK(call(0x0330, 0x50, cpu, 2, 0, 0) == 1);
	CHECK(call(0x0400, 0x40, conf, 0, 0, 0) == 3);
	CHECK(call(0x0401, 0x50, conf, (u64)header, 0, 0) == OWN_NO_DUMP);
	CHECK(call(0x0402, 0x50, cpu, (u64)header, 0, 0) == OWN_NO_DUMP);
	CHECK(call(0x0403, 0x50, conf, (u64)header, 0, 0) == OWN_NO_DUMP);
	/* length in the upper half of the word at 0x28 */
	CHECK(call(0x0300, 0x50, conf, (u64)header, 0, 0) == 0x10a);
	CHECK(call(0x0300, 0x50, conf, (u64)header, 640ul << 32, 0) == 0x104);
	CHECK(call(0x0300, 0x50, conf, UV_BASE, 640ul << 32, 0) == 0x103);
	u = (struct uvcb) { .len = 0x50, .cmd = 0x0300 };
	u.word[0x18 / 8 - 1] = conf;
	u.word[0x20 / 8 - 1] = WINDOW + PAGE_SIZE - 0x100;
	u.word[0x28 / 8 - 1] = 640ul << 32;
	CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, &u) == 1);
	CHECK(u.rc == 0x103);
}

#endif /* TESTS_UVHOST_H */
