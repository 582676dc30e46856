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

	start_other_cpu();

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
