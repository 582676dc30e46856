/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of 1 MiB for the test programs, and the host that runs it in SIE.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include "dat.h"

#define GUEST_AT	0x800000ul	/* its absolute address 0 in the host's storage */
#define GUEST_SIZE	0x100000ul
#define CODE		0x10000ul	/* where the guest's code begins */

#define GPSW_MASK	0x0000000180000000ul
#define CR0_CKC		0x800ul
#define CR0_AFP		0x40000ul

static u8 block[4096] __attribute__((aligned(4096)));
static u64 gregs[14];

#define FIELD(type, off)	(*(volatile type *)&block[off])
#define CPUFLAGS	FIELD(u32, 0x00)
#define PREFIX		FIELD(u32, 0x04)
#define CPUTM		FIELD(u64, 0x28)
#define CKC		FIELD(u64, 0x30)
#define EPOCH		FIELD(u64, 0x38)
#define LCTL_MASK	FIELD(u16, 0x44)
#define ICTL		FIELD(u32, 0x48)
#define ECA		FIELD(u32, 0x4c)
#define ICPTCODE	FIELD(u8, 0x50)
#define ICPTSTATUS	FIELD(u8, 0x51)
#define IHCPU		FIELD(u16, 0x52)
#define IPA		FIELD(u16, 0x56)
#define IPB		FIELD(u32, 0x58)
#define SCAOH		FIELD(u32, 0x5c)
#define ECB		FIELD(u8, 0x61)
#define SCAOL		FIELD(u32, 0x64)
#define MSO		FIELD(u64, 0x80)
#define MSL		FIELD(u64, 0x88)
#define GPSW		FIELD(u64, 0x90)
#define GADDR		FIELD(u64, 0x98)
#define GG14		FIELD(u64, 0xa0)
#define PTE_DEST	FIELD(u64, 0xc0)
#define PTE_SRC		FIELD(u64, 0xc8)
#define PGMILC		FIELD(u16, 0xcc)
#define IPRCC		FIELD(u16, 0xce)
#define GCR(n)		FIELD(u64, 0x100 + (n) * 8)
#define FAC		FIELD(u32, 0x1a0)

#define CPU_SM		0x00000080u
#define CPU_GUEST	0x00800800u	/* z/Architecture mode, running */
#define STOP_INT	0x04000000u
#define IO_INT		0x02000000u
#define EXT_INT		0x01000000u

/* What a guest of these tests ends with: DIAG 0x501. */
#define DIAG_END	"	.long	0x83000501\n"

/* A piece of guest code; it is copied to CODE and must not name its own addresses. */
struct snippet {
	const u8 *code, *end;
};

#define SNIPPET(name, text)						\
extern const u8 name##_code[], name##_end[];				\
asm("	.pushsection .rodata\n"						\
	"	.balign	8\n"						\
	"	.globl	" #name "_code, " #name "_end\n"		\
	#name "_code:\n" text #name "_end:\n"				\
	"	.popsection\n");					\
static const struct snippet name = { name##_code, name##_end }

/*
 * Enter with gregs[] as r0 to r13. A program interruption leads behind the
 * instruction, as it does for Linux.
 */
u64 sie_enter(void *sie_block, u64 regs[14]);
extern const u8 sie_instruction[];
asm("	.pushsection .text\n"
	"	.globl	sie_enter, sie_instruction\n"
	"sie_enter:\n"
	"	stmg	%r6,%r15,48(%r15)\n"
	"	aghi	%r15,-16\n"
	"	stg	%r3,0(%r15)\n"
	"	larl	%r1,0f\n"
	"	stg	%r1,0x400\n"		/* LC_RESUME */
	"	lgr	%r14,%r2\n"
	"	lmg	%r0,%r13,0(%r3)\n"
	"sie_instruction:\n"
	"	.insn	s,0xb2140000,0(%r14)\n"
	"0:	lg	%r14,0(%r15)\n"
	"	stmg	%r0,%r13,0(%r14)\n"
	"	aghi	%r15,16\n"
	"	mvghi	0x400,0\n"
	"	lmg	%r6,%r15,48(%r15)\n"
	"	br	%r14\n"
	"	.popsection\n");

static inline u64 *guest_dword(u64 gabs)
{
	return (u64 *)(GUEST_AT + gabs);
}

/* The guest's tables in the host: one segment, which page by page may change. */
static inline u64 *guest_pte(u64 gabs)
{
	return &page_table[GUEST_AT >> 20][(gabs >> 12) & 0xff];
}

/* Host primary space: the guest at 0, and what is there at its own address, too. */
static inline void make_guest(void)
{
	u64 asce = map_identity();

	seg_table[0] = (u64)page_table[GUEST_AT >> 20];
	seg_table[1] = SEG_INVALID;
	set_creg(1, asce);
	CPUFLAGS = CPU_GUEST | CPU_SM;
	IHCPU = 0xffff;
}

/* Put it and a PSW there. */
static inline void put(struct snippet snippet)
{
	u64 i, len = snippet.end - snippet.code;

	for (i = 0; i < len; i++)
		((u8 *)GUEST_AT + CODE)[i] = snippet.code[i];
	GPSW = GPSW_MASK;
	GADDR = CODE;
}

/* One entry: the interception code, or PGM() of a host program interruption. */
static inline int enter(void)
{
	ICPTCODE = 0;
	lc_set(LC_CODE, 0);
	sie_enter(block, gregs);
	return lc(LC_CODE) ? (int)PGM(lc(LC_CODE)) : ICPTCODE;
}

static inline int ended(void)
{
	return ICPTCODE == 4 && IPA == 0x8300 && IPB == 0x05010000;
}

static inline int run_guest(struct snippet snippet)
{
	put(snippet);
	return enter();
}

#endif /* TESTS_GUEST_H */
