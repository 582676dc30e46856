/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bare-metal programs share: checks, wrapped instructions, UVCBs.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include "lowcore.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define PGM_OPERATION		0x01
#define PGM_PRIVILEGED		0x02
#define PGM_ADDRESSING		0x05
#define PGM_SPECIFICATION	0x06
#define PGM_SEGMENT		0x10
#define PGM_PAGE		0x11
#define PGM_SECURE		0x3d

#define PSW_MASK		0x0000000180000000ul
#define PSW_PROBLEM		0x0001000000000000ul
#define PSW_DAT			0x0400000000000000ul
#define PSW_HOME		0x0000c00000000000ul

#define PAGE_SIZE		4096ul
#define UV_BASE			0x80000000ul	/* first address that INIT accepts */

static inline u64 lc(u64 off)
{
	u64 val;

	asm volatile("lg %0,0(%1)" : "=d" (val) : "a" (off) : "memory");
	return val;
}

static inline void lc_set(u64 off, u64 val)
{
	asm volatile("stg %0,0(%1)" : : "d" (val), "a" (off) : "memory");
}

extern u64 fail_psw[2];

#define SIGP_SENSE		1u
#define SIGP_STOP		5u
#define SIGP_RESTART		6u
#define SIGP_SET_PREFIX		13u

static inline int sigp(u32 order, u64 cpu, u64 parm)
{
	register u64 r1 asm("1") = parm;
	int cc;

	asm volatile("\tsigp\t%[r1],%[cpu],0(%[order])\n\tipm %[cc]\n\tsrl %[cc],28"
		     : [cc] "=d" (cc), [r1] "+d" (r1)
		     : [cpu] "d" (cpu), [order] "a" (order) : "cc", "memory");
	return cc;
}

#define TOD_SECONDS(n)	((n) * 4096000000ul)

static inline u64 tod(void)
{
	u64 now;

	asm volatile("stck %0" : "=Q" (now) : : "cc");
	return now;
}

/* QEMU reports a disabled wait only when no other CPU runs. */
static inline void stop_other_cpu(void)
{
	u16 self;
	int cc;

	asm volatile("stap %0" : "=Q" (self));
	while ((cc = sigp(SIGP_STOP, self ^ 1, 0)) == 2)
		;
	if (cc == 3)
		return;
	/* cc 1: it has a status, which is "stopped" */
	while (sigp(SIGP_SENSE, self ^ 1, 0) != 1)
		;
}

static inline void __attribute__((noreturn)) fail(u32 line)
{
	u64 psw[2] = { fail_psw[0], fail_psw[1] | line };

	stop_other_cpu();
	asm volatile("lpswe 0(%0)" : : "a" (psw) : "memory");
	__builtin_unreachable();
}

/* The line number of the first check that does not hold is the verdict. */
#define CHECK(cond) do { if (!(cond)) fail(__LINE__); } while (0)

/*
 * CPU 1 starts at cpu2_main(). RUN() keeps its notes in the lowcore: it gets one of
 * its own, with this one's new PSWs.
 */
static inline void start_other_cpu(void)
{
	static u8 prefix[8192] __attribute__((aligned(8192)));
	u32 i;

	for (i = 0; i < sizeof(prefix); i++)
		prefix[i] = i < 0x400 ? *(volatile u8 *)(u64)i : 0;
	CHECK(sigp(SIGP_SET_PREFIX, 1, (u64)prefix) == 0);
	CHECK(sigp(SIGP_RESTART, 1, 0) == 0);
}

/* In problem state only an interruption leads back: any operation exception does. */
static inline void back_to_supervisor(void)
{
	u64 code = lc(LC_CODE), teid = lc(LC_TEID), old = lc(LC_OLD_ADDR);

	asm volatile("	larl	%%r1,0f\n"
		"	stg	%%r1,%[resume]\n"
		"	.word	0\n"
		"0:\n" : : [resume] "i" (LC_RESUME) : "r1", "cc", "memory");
	lc_set(LC_CODE, code);
	lc_set(LC_TEID, teid);
	lc_set(LC_OLD_ADDR, old);
}

/*
 * Execute @text under the PSW mask @mask; result: its condition code, or the
 * program interruption code plus 0x100 (never 0..3).
 */
#define RUN(mask, text, ...) ({						\
	u64 cc__, psw__[2] = { (mask) };				\
									\
	lc_set(LC_CODE, 0);						\
	asm volatile(							\
		"	larl	%%r1,9f\n"				\
		"	stg	%%r1,%[resume]\n"			\
		"	larl	%%r1,8f\n"				\
		"	stg	%%r1,8(%[psw])\n"			\
		"	lpswe	0(%[psw])\n"				\
		"8:	" text "\n"					\
		"9:	ipm	%[cc]\n"				\
		: [cc] "=&d" (cc__)					\
		: [psw] "a" (psw__), [resume] "i" (LC_RESUME),		\
		  ##__VA_ARGS__						\
		: "cc", "memory", "r0", "r1");				\
	back_to_supervisor();						\
	lc_set(LC_RESUME, 0);						\
	lc(LC_CODE) ? (int)(lc(LC_CODE) + 0x100) : (int)((cc__ >> 28) & 3); \
})

#define PGM(code)	((code) + 0x100)

#define UVC_TEXT(r3m4)	".insn rrf,0xb9a40000,%%r0,%[uvcb]," r3m4

static inline int uvc_mask(u64 mask, const void *uvcb)
{
	return RUN(mask, UVC_TEXT("%%r0,0"), [uvcb] "a" (uvcb));
}

static inline int uvc(const void *uvcb)
{
	return uvc_mask(PSW_MASK, uvcb);
}

static inline int load(u64 mask, u64 addr)
{
	return RUN(mask, "lg %%r0,0(%[addr])", [addr] "a" (addr));
}

static inline int store(u64 mask, u64 addr)
{
	return RUN(mask, "stg %%r0,0(%[addr])", [addr] "a" (addr));
}

struct uvcb {
	u16 len, cmd, rc, rrc;
	u64 word[63];
} __attribute__((aligned(8)));

#define UVC_QUI		0x0001
#define UVC_INIT	0x000f

#define QUI_CALLS	(0x10 / 8 - 1)	/* index into word[] */
#define QUI_BASE_LEN	(0x40 / 8 - 1)

static inline int qui(struct uvcb *u)
{
	*u = (struct uvcb) { .len = 0x120, .cmd = UVC_QUI };
	return uvc(u);
}

/* INIT at UV_BASE; donates QUI's base storage length there. */
static inline u64 init_uv(void)
{
	static struct uvcb u;
	u64 len;

	CHECK(qui(&u) == 0);
	len = u.word[QUI_BASE_LEN];
	u = (struct uvcb) { .len = 0x48, .cmd = UVC_INIT };
	u.word[0x18 / 8 - 1] = UV_BASE;
	u.word[0x20 / 8 - 1] = len;
	CHECK(uvc(&u) == 0);
	CHECK(u.rc == 1);
	return len;
}

static inline int facility(u32 nr)
{
	register u64 last asm("0") = 7;
	static u64 list[8];

	asm volatile("stfle %0" : "=Q" (list), "+d" (last) : : "cc");
	return list[nr / 64] >> (63 - nr % 64) & 1;
}

static inline void set_creg(u32 nr, u64 val)
{
	switch (nr) {
	case 1:
		asm volatile("lctlg %%c1,%%c1,%0" : : "Q" (val));
		break;
	case 7:
		asm volatile("lctlg %%c7,%%c7,%0" : : "Q" (val));
		break;
	case 13:
		asm volatile("lctlg %%c13,%%c13,%0" : : "Q" (val));
		break;
	}
}

int main(void);

#endif /* TESTS_TEST_H */
