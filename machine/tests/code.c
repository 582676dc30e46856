// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Code that an instruction moved somewhere is what runs there next, also behind its first byte.
 */
#include "test.h"

#define CODE_AT		16ul		/* in what is moved: not at its beginning */
#define LEN		32ul
#define NR(a)		(sizeof(a) / sizeof((a)[0]))

static u8 pages[2 * PAGE_SIZE] __attribute__((aligned(4096)));
static u8 image[PAGE_SIZE] __attribute__((aligned(4096)));

/* lghi %r2,@result; br %r14 */
static void make_image(u16 result, u64 code_at)
{
	u64 i;

	for (i = 0; i < PAGE_SIZE; i++)
		image[i] = 0;
	*(u16 *)&image[code_at] = 0xa729;
	*(u16 *)&image[code_at + 2] = result;
	*(u16 *)&image[code_at + 4] = 0x07fe;
}

static u64 run_at(const u8 *code)
{
	u64 result;

	asm volatile("basr %%r14,%[code]\n\tlgr %[result],%%r2"
		     : [result] "=d" (result) : [code] "a" (code) : "r2", "r14", "cc", "memory");
	return result;
}

static void by_mvc(u8 *to)
{
	asm volatile("mvc 0(32,%0),0(%1)" : : "a" (to), "a" (image) : "memory");
}

/* Clears, then fills. */
static void by_xc(u8 *to)
{
	asm volatile("xc 0(32,%0),0(%0)\n\txc 0(32,%0),0(%1)" : : "a" (to), "a" (image) :
		     "cc", "memory");
}

static void by_mvcl(u8 *to)
{
	asm volatile("lgr %%r2,%0\n\tlghi %%r3,32\n\tlgr %%r4,%1\n\tlghi %%r5,32\n\t"
		     "mvcl %%r2,%%r4" : : "a" (to), "a" (image) :
		     "r2", "r3", "r4", "r5", "cc", "memory");
}

static void by_mvcle(u8 *to)
{
	asm volatile("lgr %%r2,%0\n\tlghi %%r3,32\n\tlgr %%r4,%1\n\tlghi %%r5,32\n"
		     "0:\tmvcle %%r2,%%r4,0\n\tjo 0b" : : "a" (to), "a" (image) :
		     "r2", "r3", "r4", "r5", "cc", "memory");
}

static void by_mvpg(u8 *to)
{
	asm volatile("lghi %%r0,0\n\tmvpg %0,%1" : : "a" (to), "a" (image) :
		     "r0", "cc", "memory");
}

static void moves(void (*move)(u8 *to), u8 *to, u64 code_at)
{
	u16 i;

	for (i = 1; i <= 4; i++) {
		make_image(i, code_at);
		move(to);
		CHECK(run_at(to + code_at) == i);
		CHECK(run_at(to + code_at) == i);
	}
}

int main(void)
{
	static void (*const all[])(u8 *to) = { by_mvc, by_xc, by_mvcl, by_mvcle };
	u32 i;

	for (i = 0; i < NR(all); i++) {
		moves(all[i], pages, CODE_AT);
		moves(all[i], pages + 256, LEN - 8);
		/* the second part lies in the next page, its code not at the beginning */
		moves(all[i], pages + PAGE_SIZE - 8, CODE_AT);
	}
	moves(by_mvpg, pages, PAGE_SIZE - 8);
	return 0;
}
