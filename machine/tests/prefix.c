// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A prefix area that became secure takes no interruption, and nothing is stored in it.
 *
 * The verdict is the disabled wait of a lost prefix area; machine/tests/run looks at the page.
 */
#include "conf.h"

int main(void)
{
	u32 prefix;

	init_uv();
	conf_check();
	conf_create();
	prefix = (u32)(u64)conf_base;
	CHECK(store(PSW_MASK, prefix + 0x1d0) == PGM(PGM_SECURE));
	/* COMPARE AND TRAP: a data exception, whose code 0xff goes to the lowcore */
	asm volatile("spx %0\n\tcgrt %%r0,%%r0,8" : : "Q" (prefix) : "memory");
	fail(__LINE__);
}
