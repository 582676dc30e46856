// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns: a prefix area that became secure takes no interruption and gives nothing away.
 * Never gets past that: the verdict is the disabled wait of a lost prefix area.
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
	asm volatile("spx %0\n\t.word 0" : : "Q" (prefix) : "memory");
	fail(__LINE__);
}
