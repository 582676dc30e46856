// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LOAD CONTROL purges the translations that depend on what it changed, and does all or nothing.
 */
#include "dat.h"

#define VA		0xa00000ul
#define HOLE		0xb00000ul
#define PRIVATE		0x100ul
#define CR0_EDAT	0x800000ul

static u64 one[512] __attribute__((aligned(4096)));
static u64 two[512] __attribute__((aligned(4096)));

static u64 get_creg1(void)
{
	u64 val;

	asm volatile("stctg %%c1,%%c1,%0" : "=Q" (val));
	return val;
}

static u64 value(u64 mask)
{
	static u64 val;

	CHECK(RUN(mask | PSW_DAT, "mvc 0(8,%[to]),0(%[from])", [to] "a" (&val),
		  [from] "a" (VA)) < 4);
	return val;
}

/* The space's TLB knows the page "one"; the table says "two" from now on. */
static void prepare(u64 mask)
{
	*pte(VA) = (u64)one;
	asm volatile("ptlb" : : : "memory");
	CHECK(value(mask) == 1);
	*pte(VA) = (u64)two;
}

#define LCTLG(nr, val)								\
({										\
	u64 v__ = (val);							\
										\
	asm volatile("lctlg %%c" #nr ",%%c" #nr ",%0" : : "Q" (v__));		\
})

#define LCTL(nr, val)								\
({										\
	u32 v__ = (u32)(val);							\
										\
	asm volatile("lctl %%c" #nr ",%%c" #nr ",%0" : : "Q" (v__));		\
})

/* What changes nothing in a space costs none of its translations. */
static void kept(u64 asce)
{
	prepare(PSW_MASK);
	LCTLG(2, 0x1000);
	LCTLG(2, 0);
	LCTL(4, 0x10000);
	LCTL(4, 0);
	LCTLG(1, asce);
	LCTL(1, asce);
	LCTLG(7, asce | PRIVATE);
	LCTLG(13, asce | PRIVATE);
	CHECK(value(PSW_MASK) == 1);
	prepare(PSW_MASK | PSW_HOME);
	LCTLG(1, asce | PRIVATE);
	CHECK(value(PSW_MASK | PSW_HOME) == 1);
}

static void purged(u64 asce)
{
	prepare(PSW_MASK);
	LCTLG(1, asce);
	CHECK(value(PSW_MASK) == 2);
	prepare(PSW_MASK);
	LCTL(1, asce | PRIVATE);
	CHECK(value(PSW_MASK) == 2);
	LCTLG(1, asce);
	prepare(PSW_MASK | PSW_HOME);
	LCTLG(13, asce);
	CHECK(value(PSW_MASK | PSW_HOME) == 2);
	prepare(PSW_MASK);
	LCTLG(0, CR0_EDAT);
	CHECK(value(PSW_MASK) == 2);
	LCTLG(0, 0);
}

/* The second operand is not there: the first register keeps its value. */
static void all_or_nothing(u64 asce)
{
	u64 *last = &one[511];

	*pte(HOLE) = (u64)one;
	*pte(HOLE + PAGE_SIZE) = PTE_INVALID;
	asm volatile("ptlb" : : : "memory");
	*last = asce | PRIVATE;
	CHECK(RUN(PSW_MASK | PSW_DAT, "lctlg %%c1,%%c2,0(%[a])",
		  [a] "a" (HOLE + PAGE_SIZE - 8)) == PGM(PGM_PAGE));
	CHECK(get_creg1() == asce);
	CHECK(RUN(PSW_MASK | PSW_DAT, "lctl %%c1,%%c2,0(%[a])",
		  [a] "a" (HOLE + PAGE_SIZE - 4)) == PGM(PGM_PAGE));
	CHECK(get_creg1() == asce);
	/* with it there, the repeated instruction loads both, and purges */
	*pte(HOLE + PAGE_SIZE) = (u64)two;
	prepare(PSW_MASK);
	CHECK(RUN(PSW_MASK | PSW_DAT, "lctlg %%c1,%%c2,0(%[a])",
		  [a] "a" (HOLE + PAGE_SIZE - 8)) < 4);
	CHECK(get_creg1() == (asce | PRIVATE));
	CHECK(value(PSW_MASK) == 2);
}

int main(void)
{
	u64 asce = map_identity();

	one[0] = 1;
	two[0] = 2;
	set_creg(1, asce);
	set_creg(7, asce);
	set_creg(13, asce);
	kept(asce);
	purged(asce);
	all_or_nothing(asce);
	return 0;
}
