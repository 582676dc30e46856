// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exceptions and the result of ULTRAVISOR CALL as an instruction, and PLO.
 */
#include "test.h"

/* Beyond any storage of the test machine */
#define NO_STORAGE	0x7000000000000ul

static void exceptions(void)
{
	static struct uvcb u;
	static u8 buf[0x200] __attribute__((aligned(8)));

	u = (struct uvcb) { .len = 0x120, .cmd = UVC_QUI };
	CHECK(uvc_mask(PSW_MASK | PSW_PROBLEM, &u) == PGM(PGM_PRIVILEGED));
	CHECK(RUN(PSW_MASK, UVC_TEXT("%%r1,0"), [uvcb] "a" (&u)) == PGM(PGM_SPECIFICATION));
	CHECK(RUN(PSW_MASK, UVC_TEXT("%%r0,1"), [uvcb] "a" (&u)) == PGM(PGM_SPECIFICATION));
	CHECK(uvc(buf + 4) == PGM(PGM_SPECIFICATION));
	CHECK(u.rc == 0);
	CHECK(uvc((void *)NO_STORAGE) == PGM(PGM_ADDRESSING));
}

static void results(void)
{
	static struct uvcb u;

	CHECK(qui(&u) == 0);
	CHECK(u.rc == 1);
	/* bits 8 and 9 are guest calls: Linux would take itself for a guest */
	CHECK(!(u.word[QUI_CALLS] & (3ul << (63 - 9))));
	CHECK(u.word[QUI_CALLS] & (1ul << (63 - 1)));

	u = (struct uvcb) { .len = 8, .cmd = 0x4242 };
	CHECK(uvc(&u) == 1);
	CHECK(u.rc == 2);
	u = (struct uvcb) { .len = 0x40, .cmd = UVC_INIT };
	CHECK(uvc(&u) == 1);
	CHECK(u.rc == 5);
}

/* The address of the block has 24, 31 or 64 bits, as the PSW says. */
static void addressing_modes(void)
{
	static const u64 masks[] = { 0, 0x80000000ul, PSW_MASK };
	static const u64 beyond[] = { 0x41000000ul, 0x4180000000ul, 0 };
	static struct uvcb u;
	u32 i;

	for (i = 0; i < 3; i++) {
		u = (struct uvcb) { .len = 0x120, .cmd = UVC_QUI };
		CHECK(uvc_mask(masks[i], (void *)((u64)&u | beyond[i])) == 0);
		CHECK(u.rc == 1);
	}
}

static void other_instructions(void)
{
	static u64 block[512] __attribute__((aligned(4096)));
	u64 fc;

	CHECK(facility(158));
	for (fc = 0; fc < 256; fc++)
		CHECK(RUN(PSW_MASK, "la %%r0,0x100(%[fc])\n plo %%r0,0(%%r0),%%r0,0(%%r0)",
			  [fc] "a" (fc)) == 3);
	CHECK(RUN(PSW_MASK, "lghi %%r0,0\n plo %%r0,0(%%r0),%%r0,0(%%r0)") ==
	      PGM(PGM_SPECIFICATION));
	/* sie=off */
	CHECK(RUN(PSW_MASK, ".insn s,0xb2140000,0(%[b])", [b] "a" (block)) == PGM(PGM_OPERATION));
}

int main(void)
{
	exceptions();
	results();
	addressing_modes();
	other_instructions();
	return 0;
}
