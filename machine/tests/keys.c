// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storage keys protect: from the PSW key, and from the keys that MVCOS is given.
 */
#include "dat.h"

#define KEYED(key)	"spka " #key "\n	"
#define NO_FETCH	0x08ul

static u64 page[512] __attribute__((aligned(4096)));
static u64 target[512] __attribute__((aligned(4096)));
static u64 both[1024] __attribute__((aligned(4096)));

static void set_key(void *addr, u64 key)
{
	asm volatile(".insn rrf,0xb22b0000,%0,%1,0,0" : : "d" (key), "a" (addr) : "memory");
}

static void psw_key(void)
{
	set_key(page, 0x10);
	page[0] = 1;
	CHECK(RUN(PSW_MASK, KEYED(0x10) "mvghi 0(%[a]),2\n	spka 0", [a] "a" (page)) < 4);
	CHECK(page[0] == 2);
	CHECK(RUN(PSW_MASK, KEYED(0x20) "mvghi 0(%[a]),3", [a] "a" (page)) == PGM(0x04));
	CHECK(page[0] == 2);
	CHECK((lc(LC_TEID) & ~0xffful) == (u64)page);
	/* what is not fetch-protected may be read */
	CHECK(RUN(PSW_MASK, KEYED(0x20) "lg %%r0,0(%[a])\n	spka 0", [a] "a" (page)) < 4);
	/* and still not be written, although the translation is known */
	CHECK(RUN(PSW_MASK, KEYED(0x20) "lg %%r0,0(%[a])\n	mvghi 0(%[a]),3", [a] "a" (page)) ==
	      PGM(0x04));
	set_key(page, 0x10 | NO_FETCH);
	CHECK(RUN(PSW_MASK, KEYED(0x20) "lg %%r0,0(%[a])", [a] "a" (page)) == PGM(0x04));
	/* key 0 is the master */
	page[0] = 4;
	CHECK(page[0] == 4);
}

/* By the key of the PSW that is loaded, and of the one that an interruption brings. */
static void new_psw(void)
{
	set_key(page, 0x10 | NO_FETCH);
	CHECK(load(PSW_MASK, (u64)page) < 4);
	CHECK(load(PSW_MASK | 0x0020000000000000, (u64)page) == PGM(0x04));
	CHECK(load(PSW_MASK, (u64)page) < 4);
}

/* MVCOS of 8 bytes in primary space: R0 has the keys of the first and second operand. */
static int mvcos(u64 oac, void *to, void *from)
{
	return RUN(PSW_MASK | PSW_DAT, "lgr %%r0,%[oac]\n	lghi %%r1,8\n"
		   "	.insn ssf,0xc80000000000,0(%[to]),0(%[from]),%%r1",
		   [oac] "d" (oac), [to] "a" (to), [from] "a" (from));
}

static void access_keys(void)
{
	set_creg(1, map_identity());
	set_key(page, 0x10 | NO_FETCH);
	set_key(target, 0x10);
	page[0] = 5;
	CHECK(mvcos(0, target, page) < 4 && target[0] == 5);
	page[0] = 6;
	CHECK(mvcos(0x1002, target, page) < 4 && target[0] == 6);
	page[0] = 7;
	CHECK(mvcos(0x2002, target, page) == PGM(0x04) && target[0] == 6);
	CHECK((lc(LC_TEID) & ~0xffful) == (u64)page);
	CHECK(mvcos(0x10020000, target, page) < 4 && target[0] == 7);
	page[0] = 8;
	CHECK(mvcos(0x20020000, target, page) == PGM(0x04) && target[0] == 7);
	CHECK((lc(LC_TEID) & ~0xffful) == (u64)target);
	/* the second page of an operand counts, too */
	set_key(both + 512, 0x10);
	set_key(target, 0);
	CHECK(mvcos(0x10020000, (u8 *)both + PAGE_SIZE - 4, target) == PGM(0x04));
}

int main(void)
{
	psw_key();
	new_psw();
	access_keys();
	return 0;
}
