// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ended QEMU 7.2, the sum that it gets wrong, and how LPSW loads a short PSW.
 */
#include "dat.h"

#define VA		0xa00000ul
#define PSW_ACCREG	0x0000400000000000ul

/* Accesses in access-register mode go to the primary space, as with an ALET of 0. */
static void access_registers(void)
{
	CHECK(load(PSW_MASK | PSW_DAT | PSW_ACCREG, VA) < 4);
	*pte(VA) |= PTE_INVALID;
	asm volatile("ptlb" : : : "memory");
	CHECK(load(PSW_MASK | PSW_DAT | PSW_ACCREG, VA) == PGM(PGM_PAGE));
}

/* The condition code of the addition is still to be computed when the store faults. */
static void store_clock(void)
{
	CHECK(RUN(PSW_MASK | PSW_DAT, "lghi %%r0,-1\n alr %%r0,%%r0\n stck 0(%[va])",
		  [va] "a" (VA)) == PGM(PGM_PAGE));
	CHECK(RUN(PSW_MASK | PSW_DAT, "lghi %%r0,-1\n algr %%r0,%%r0\n stckf 0(%[va])",
		  [va] "a" (VA)) == PGM(PGM_PAGE));
	CHECK(RUN(PSW_MASK, "alr %%r0,%%r0\n stck 0(%[va])", [va] "a" (VA)) == 0);
}

/* The form that only tests: bits 50 to 63 of the first operand are not zero. */
static void rotate_test(void)
{
	u64 a = 0x10, b = 0, cc;

	asm volatile("	rosbg	%[a],%[b],178,63,0\n	ipm	%[cc]\n"
		: [a] "+&d" (a), [cc] "=d" (cc) : [b] "d" (b) : "cc");
	CHECK(a == 0x10 && (cc & 0x30000000) == 0x10000000);
}

/* Vectors have their sum in word 1, which is an operand, too; a carry is added at the other end. */
static void checksum(void)
{
	static const u32 words[4] = { 0x11111111, 0xf0000000, 0x20000000, 5 };
	static const u32 first[4] = { 9, 0x80000000, 8, 7 };
	u64 cr0 = 0x60000;
	u32 sum[4];

	asm volatile("lctlg %%c0,%%c0,%0" : : "Q" (cr0));
	asm volatile(".machine push\n	.machine \"z13\"\n"
		"	vl	%%v1,%[words]\n	vl	%%v2,%[first]\n"
		"	vcksm	%%v3,%%v1,%%v2\n	vst	%%v3,%[sum]\n"
		".machine pop\n"
		: [sum] "=Q" (sum) : [words] "Q" (words), [first] "Q" (first) : "v1", "v2", "v3");
	CHECK(sum[0] == 0 && sum[1] == 0xa1111117 && sum[2] == 0 && sum[3] == 0);
}

static void short_psw(void)
{
	u32 psw[2] __attribute__((aligned(8)));
	u64 high = 0, low = 0;

	asm volatile("	larl	%%r1,0f\n"
		"	oilh	%%r1,0x8000\n"
		"	st	%%r1,4(%[psw])\n"
		"	llilh	%%r1,0x0008\n"
		"	st	%%r1,0(%[psw])\n"
		"	lpsw	0(%[psw])\n"
		"0:	epsw	%[high],%[low]\n"
		"	sam64\n"
		: [high] "+&d" (high), [low] "+&d" (low), "=m" (psw)
		: [psw] "a" (psw) : "r1", "cc", "memory");
	/* bit 12 is zero in a PSW; 31-bit mode is one in bit 32 and none in bit 31 */
	CHECK((u32)high == 0 && (u32)low == 0x80000000);
}

int main(void)
{
	u64 asce = map_identity();

	set_creg(1, asce);
	set_creg(13, asce);
	access_registers();
	store_clock();
	rotate_test();
	checksum();
	short_psw();
	return 0;
}
