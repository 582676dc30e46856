// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DIAG 308 load normal ends the Ultravisor's life and gives its storage back, cleared.
 */
#include "test.h"

extern char load_psw_entry[];
void after_load(void);

/* Not in bss order of anything that a reset clears: plain storage stays. */
static u64 mark;

/* Comes here by the short PSW at absolute 0. */
void after_load(void)
{
	u64 addr;

	CHECK(mark == 0x1122334455667788ul);
	for (addr = UV_BASE; addr < UV_BASE + 0x10000; addr += 8)
		CHECK(*(u64 *)addr == 0);
	CHECK(store(PSW_MASK, UV_BASE) < 4);
	/* not initialised any more: INIT works again */
	init_uv();
	CHECK(load(PSW_MASK, UV_BASE) == PGM(PGM_SECURE));
}

int main(void)
{
	static struct uvcb u;

	*(u64 *)UV_BASE = 0x5a5a5a5a5a5a5a5aul;
	init_uv();
	u = (struct uvcb) { .len = 0x48, .cmd = UVC_INIT };
	u.word[0x18 / 8 - 1] = UV_BASE;
	u.word[0x20 / 8 - 1] = 0x100000;
	CHECK(uvc(&u) == 1);
	CHECK(u.rc == 0x101);

	mark = 0x1122334455667788ul;
	/* short PSW: bit 12 one, 31-bit mode, supervisor state */
	lc_set(0, 0x0008000080000000ul | (u64)load_psw_entry);
	asm volatile("lghi %%r3,1\n\tdiag %%r2,%%r3,0x308" : : : "r2", "r3", "memory");
	fail(__LINE__);
}
