// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU that does nothing but Ultravisor calls can be stopped and started by another.
 */
#include "test.h"

#define ROUNDS		2000u
#define ROUNDS_MIN	4u
#define SIGP_START	4u

void cpu2_main(void);

static volatile u64 calls;
static u8 prefix[8192] __attribute__((aligned(8192)));

void cpu2_main(void)
{
	static struct uvcb u;

	for (;;) {
		CHECK(qui(&u) == 0);
		calls++;
	}
}

int main(void)
{
	u64 end, seen;
	u32 i;

	for (i = 0; i < sizeof(prefix); i++)
		prefix[i] = i < 0x400 ? *(volatile u8 *)(u64)i : 0;
	CHECK(sigp(SIGP_SET_PREFIX, 1, (u64)prefix) == 0);
	CHECK(sigp(SIGP_RESTART, 1, 0) == 0);

	end = tod() + TOD_SECONDS(2);
	for (i = 1; i <= ROUNDS && (i <= ROUNDS_MIN || tod() < end); i++) {
		seen = calls;
		while (calls == seen)
			;
		stop_other_cpu();
		seen = calls;
		CHECK(calls == seen);
		while (sigp(SIGP_START, 1, 0) == 2)
			;
	}
	stop_other_cpu();
	return 0;
}
