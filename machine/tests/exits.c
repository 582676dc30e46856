// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an entry into SIE and the exit after it take, by what an LPSWE takes, which leaves
 * translated code as well: the verdict's low half is the ratio in hundredths. For
 * tests/bench/guests.
 */
#include "guest.h"

#define ROUNDS	5
#define TURNS	20000ul

extern u64 pass_psw[2];

SNIPPET(g_exits, "0:	.long	0x83000501\n	j	0b\n");

static u64 exits(void)
{
	u64 begin = tod(), n;

	for (n = 0; n < TURNS; n++)
		sie_enter(block, gregs);
	CHECK(ICPTCODE == 4);
	return tod() - begin;
}

static u64 privileged(void)
{
	u64 psw[2] = { PSW_MASK, 0 }, begin = tod(), n = TURNS;

	asm volatile("	larl	%%r1,1f\n	stg	%%r1,8(%[psw])\n"
		"0:	lpswe	0(%[psw])\n"
		"1:	brctg	%[n],0b\n"
		: [n] "+d" (n) : [psw] "a" (psw) : "r1", "cc", "memory");
	return tod() - begin;
}

int main(void)
{
	u64 sie = -1ul, other = -1ul, took;
	int i;

	make_guest();
	put(g_exits);
	/* What disturbs makes slower, never faster. */
	for (i = 0; i < ROUNDS; i++) {
		took = exits();
		sie = took < sie ? took : sie;
		took = privileged();
		other = took < other ? took : other;
	}
	took = sie * 100 / other;
	pass_psw[1] |= took < 0xffff ? took : 0xffff;
	return 0;
}
