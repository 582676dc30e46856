// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the null SIE is entered and left.
 */
#include "test.h"

#define EXT_MASK	0x0100000000000000ul
#define IO_MASK		0x0200000000000000ul
#define CR0_CKC		0x800ul

static u8 block[4096] __attribute__((aligned(4096)));

static u32 *flags(void) { return (u32 *)&block[0x00]; }
static u64 *gpsw(void) { return (u64 *)&block[0x90]; }

static int sie_mask(u64 mask, const void *b)
{
	return RUN(mask, ".insn s,0xb2140000,0(%[b])", [b] "a" (b));
}

/* Enter once; the interception code, or minus the program interruption. */
static int enter(u32 cpuflags, u64 psw_mask)
{
	int rc;

	*flags() = cpuflags;
	gpsw()[0] = psw_mask;
	block[0x50] = 0;
	rc = sie_mask(PSW_MASK, block);
	return rc < 4 ? block[0x50] : -rc;
}

static void exceptions(void)
{
	CHECK(sie_mask(PSW_MASK | PSW_PROBLEM, block) == PGM(PGM_PRIVILEGED));
	CHECK(sie_mask(PSW_MASK, block + 8) == PGM(PGM_SPECIFICATION));
	CHECK(sie_mask(PSW_MASK, (void *)0x7000000000000ul) == PGM(PGM_ADDRESSING));
}

static void format_0(void)
{
	CHECK(enter(0x880, 0) == 0);
	CHECK(enter(0x880 | 0x04000000, 0) == 0x28);
	CHECK(enter(0x880 | 0x01000000, 0) == 0);
	CHECK(enter(0x880 | 0x01000000, EXT_MASK) == 0x10);
	CHECK(enter(0x880 | 0x02000000, 0) == 0);
	CHECK(enter(0x880 | 0x02000000, IO_MASK) == 0x18);
	CHECK(enter(0x880 | 0x06000000, IO_MASK) == 0x28);
	/* only the fields that SIE writes have changed */
	CHECK(gpsw()[0] == IO_MASK);
	CHECK(*flags() == (0x880 | 0x06000000));
}

/* Format 4 with handles that nobody has: a validity interception of the Ultravisor. */
static void format_4(void)
{
	block[0x68] = 2;
	*(u64 *)&block[0x10] = 0x1234;
	*(u64 *)&block[0x18] = 0x5678;
	CHECK(enter(0x880, 0) == 0x20);
	CHECK((*(u32 *)&block[0x58] >> 24) == 0x20);
	block[0x68] = 0;
}

/* A host that does nothing but SIE still takes its interruptions. */
static void interruptions(void)
{
	u64 cr0 = CR0_CKC, now, i;

	lc_set(LC_EXT_ADDR, 0);
	*flags() = 0x880;
	asm volatile("lctlg %%c0,%%c0,%0" : : "Q" (cr0));
	asm volatile("stck %0" : "=Q" (now) : : "cc");
	now += 4096ul * 1000;			/* 1 ms */
	asm volatile("sckc %0" : : "Q" (now));
	asm volatile("	stosm	0x440,0x01\n"
		"	lghi	%[i],0\n"
		"	llilh	%%r1,0x1000\n"
		"0:	.insn	s,0xb2140000,0(%[b])\n"
		"	lg	%%r0,%[ext]\n"
		"	ltgr	%%r0,%%r0\n"
		"	jnz	1f\n"
		"	aghi	%[i],1\n"
		"	clgr	%[i],%%r1\n"
		"	jl	0b\n"
		"1:	stnsm	0x440,0xfe\n"
		: [i] "=&d" (i)
		: [b] "a" (block), [ext] "i" (LC_EXT_ADDR)
		: "r0", "r1", "cc", "memory");
	CHECK(lc(LC_EXT_ADDR));
}

int main(void)
{
	exceptions();
	format_0();
	format_4();
	interruptions();
	/* a control block in secure storage */
	init_uv();
	CHECK(sie_mask(PSW_MASK, (void *)UV_BASE) == PGM(PGM_SECURE));
	CHECK((lc(LC_TEID) & ~0xffful) == UV_BASE);
	return 0;
}
