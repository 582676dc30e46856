// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns: a page that one CPU makes secure is out of reach for another that is just using it.
 * Never runs with fewer than two CPUs.
 */
#include "conf.h"

/* As many rounds as fit into two seconds: CPUs that take turns need a while for each. */
#define ROUNDS		200u
#define ROUNDS_MIN	4u

void cpu2_main(void);

static volatile u32 round_nr;		/* CPU 0: use the page of this round */
static volatile u32 using_nr;		/* CPU 1: I do */
static volatile u32 denied_nr;		/* CPU 1: now I may not */
static volatile u64 page_addr;

/* RUN() keeps its notes in the lowcore: the second CPU needs its own. */
static u8 prefix[8192] __attribute__((aligned(8192)));

void cpu2_main(void)
{
	u32 mine = 0;

	for (;;) {
		while (round_nr == mine)
			;
		mine = round_nr;
		CHECK(store(PSW_MASK, page_addr) < 4);
		using_nr = mine;
		while (store(PSW_MASK, page_addr) < 4)
			;
		CHECK(lc(LC_CODE) == PGM_SECURE);
		denied_nr = mine;
	}
}

int main(void)
{
	u64 end;
	u32 i;

	init_uv();
	conf_check();

	for (i = 0; i < sizeof(prefix); i++)
		prefix[i] = i < 0x400 ? *(volatile u8 *)(u64)i : 0;
	CHECK(sigp(SIGP_SET_PREFIX, 1, (u64)prefix) == 0);
	CHECK(sigp(SIGP_RESTART, 1, 0) == 0);

	end = tod() + TOD_SECONDS(2);
	for (i = 1; i <= ROUNDS && (i <= ROUNDS_MIN || tod() < end); i++) {
		u64 handle;

		page_addr = (u64)conf_base + (i % 4) * PAGE_SIZE + 8 * (i % 512);
		round_nr = i;
		while (using_nr != i)
			;
		handle = conf_create();
		while (denied_nr != i)
			;
		conf_destroy(handle);
	}
	stop_other_cpu();
	return 0;
}
