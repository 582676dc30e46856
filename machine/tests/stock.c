// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns: without the object none of its instructions and facilities exists.
 * Never runs with -object s390-softuv.
 */
#include "test.h"

int main(void)
{
	static struct uvcb u = { .len = 0x120, .cmd = UVC_QUI };
	static u64 block[512] __attribute__((aligned(4096)));
	static u64 list[8];
	register u64 nr asm("0") = 7;

	asm volatile("stfle %0" : "=Q" (list), "+d" (nr) : : "cc");
	CHECK(!(list[158 / 64] & (1ul << (63 - 158 % 64))));

	CHECK(uvc(&u) == PGM(PGM_OPERATION));
	CHECK(uvc_mask(PSW_MASK | PSW_PROBLEM, &u) == PGM(PGM_OPERATION));
	CHECK(u.rc == 0);
	CHECK(RUN(PSW_MASK, ".insn s,0xb2140000,0(%[b])", [b] "a" (block)) == PGM(PGM_OPERATION));
	CHECK(RUN(PSW_MASK, "lghi %%r0,0x100\n plo %%r0,0(%%r0),%%r0,0(%%r0)") == PGM(PGM_OPERATION));
	return 0;
}
