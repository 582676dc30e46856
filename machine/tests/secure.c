// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host cannot read, write, execute or translate through secure storage, by any path.
 */
#include "dat.h"

#define TEID_VALID	0x4ul
#define VA		0xa00000ul

static u64 page[512] __attribute__((aligned(4096)));

static void teid_is(u64 addr, u64 as)
{
	CHECK((lc(LC_TEID) & ~0xffful) == (addr & ~0xffful));
	CHECK(lc(LC_TEID) & TEID_VALID);
	CHECK((lc(LC_TEID) & 3) == as);
}

static void real_addresses(void)
{
	u64 before;

	CHECK(load(PSW_MASK, UV_BASE) == PGM(PGM_SECURE));
	teid_is(UV_BASE, 0);
	CHECK(store(PSW_MASK, UV_BASE + 0x123450) == PGM(PGM_SECURE));
	teid_is(UV_BASE + 0x123000, 0);
	CHECK(store(PSW_MASK, UV_BASE + 8) == PGM(PGM_SECURE));
	teid_is(UV_BASE, 0);
	CHECK(RUN(PSW_MASK, "lurag %%r0,%[a]", [a] "a" (UV_BASE)) == PGM(PGM_SECURE));
	CHECK(RUN(PSW_MASK, "sturg %%r0,%[a]", [a] "a" (UV_BASE)) == PGM(PGM_SECURE));
	CHECK(RUN(PSW_MASK, "cs %%r0,%%r1,0(%[a])", [a] "a" (UV_BASE)) == PGM(PGM_SECURE));
	CHECK(RUN(PSW_MASK, "br %[a]", [a] "a" (UV_BASE)) == PGM(PGM_SECURE));
	CHECK(lc(LC_OLD_ADDR) == UV_BASE);

	/* nullified: the PSW stays at the instruction and nothing is stored */
	before = 0x1122334455667788ul;
	page[511] = before;
	CHECK(RUN(PSW_MASK, "mvc 0(256,%[d]),0(%[s])", [d] "a" (&page[480]), [s] "a" (UV_BASE)) ==
	      PGM(PGM_SECURE));
	CHECK(page[511] == before);
	CHECK(*(u8 *)lc(LC_OLD_ADDR) == 0xd2);
	/* the first part is readable, the second is not */
	CHECK(RUN(PSW_MASK, "mvc 0(256,%[d]),0(%[s])", [d] "a" (&page[480]),
		  [s] "a" (UV_BASE - 128)) == PGM(PGM_SECURE));
	CHECK(page[511] == before);
	/* and the last byte before it is still ours */
	CHECK(store(PSW_MASK, UV_BASE - 8) < 4);

	CHECK(uvc((void *)UV_BASE) == PGM(PGM_SECURE));
	/* TEST PROTECTION answers with a condition code */
	CHECK(RUN(PSW_MASK, "tprot 0(%[a]),0", [a] "a" (UV_BASE)) < 4);
}

static void virtual_addresses(void)
{
	u64 asce = map_identity();

	*pte(VA) = UV_BASE;
	set_creg(1, asce);
	set_creg(7, asce);
	set_creg(13, asce);
	CHECK(load(PSW_MASK | PSW_DAT, VA + 8) == PGM(PGM_SECURE));
	teid_is(VA, 0);
	CHECK(load(PSW_MASK | PSW_DAT | PSW_HOME, VA + 8) == PGM(PGM_SECURE));
	teid_is(VA, 3);
	CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, (void *)VA) == PGM(PGM_SECURE));
	teid_is(VA, 3);
	/* an instruction that does not go through the TLB */
	CHECK(RUN(PSW_MASK | PSW_DAT,
		  "llilf %%r0,0x10000001\n lghi %%r1,1\n stsi 0(%[a])", [a] "a" (VA)) ==
	      PGM(PGM_SECURE));
	teid_is(VA, 0);
	/* LOAD REAL ADDRESS makes no access */
	CHECK(RUN(PSW_MASK | PSW_DAT, "lrag %%r0,0(%[a])", [a] "a" (VA)) == 0);
	/* MOVE PAGE probes before it moves */
	CHECK(RUN(PSW_MASK | PSW_DAT, "lghi %%r0,0\n mvpg %[d],%[s]", [d] "a" (page),
		  [s] "a" (VA)) == PGM(PGM_SECURE));
	/* a page table in secure storage, whose entry there would be a valid one */
	seg_table[VA >> 20] = UV_BASE;
	asm volatile("ptlb" : : : "memory");
	CHECK(load(PSW_MASK | PSW_DAT, VA + 3 * PAGE_SIZE) == PGM(PGM_ADDRESSING));
}

int main(void)
{
	/* translations and code that must not survive */
	CHECK(load(PSW_MASK, UV_BASE) < 4);
	CHECK(store(PSW_MASK, UV_BASE + 8) < 4);
	*(u16 *)UV_BASE = 0x07f1;		/* br %r1 */
	CHECK(RUN(PSW_MASK, "basr %%r1,%[a]", [a] "a" (UV_BASE)) < 4);
	((u64 *)UV_BASE)[3] = (u64)page;
	init_uv();
	real_addresses();
	virtual_addresses();
	return 0;
}
