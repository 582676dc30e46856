// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Without the object none of its instructions and facilities exists; one fix of QEMU's own.
 */
#include "test.h"

/* A relative operand reaches 4 GiB in each direction (QEMU 7.2 as released: 2 GiB). */
static void relative_long(void)
{
	u64 here, far;

	asm volatile("basr %0,0\n\t.byte 0xc0,0x10,0x7f,0xff,0xff,0xff\n\tlgr %1,%%r1"
		     : "=&a" (here), "=&d" (far) : : "r1");
	CHECK(far - here == 0xfffffffeul);
	asm volatile("basr %0,0\n\t.byte 0xc0,0x10,0x80,0x00,0x00,0x00\n\tlgr %1,%%r1"
		     : "=&a" (here), "=&d" (far) : : "r1");
	CHECK(here - far == 0x100000000ul);
}

int main(void)
{
	static struct uvcb u = { .len = 0x120, .cmd = UVC_QUI };
	static u64 block[512] __attribute__((aligned(4096)));

	relative_long();
	CHECK(!facility(158));
	CHECK(uvc(&u) == PGM(PGM_OPERATION));
	CHECK(uvc_mask(PSW_MASK | PSW_PROBLEM, &u) == PGM(PGM_OPERATION));
	CHECK(u.rc == 0);
	CHECK(RUN(PSW_MASK, ".insn s,0xb2140000,0(%[b])", [b] "a" (block)) ==
	      PGM(PGM_OPERATION));
	CHECK(RUN(PSW_MASK, "lghi %%r0,0x100\n plo %%r0,0(%%r0),%%r0,0(%%r0)") ==
	      PGM(PGM_OPERATION));
	return 0;
}
