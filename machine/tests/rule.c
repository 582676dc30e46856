// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault rules of the command line do to a call what they say, and to no other call.
 */
#include "test.h"

int main(void)
{
	static struct uvcb u;
	u64 begin;

	CHECK(qui(&u) == 0 && u.rc == 1);
	/* nth=2 rc=0x0123 rrc=0x0007 */
	CHECK(qui(&u) == 1 && u.rc == 0x123 && u.rrc == 7);
	CHECK(u.word[QUI_CALLS] == 0);
	/* nth=3 count=2 cc=2, nth=5 cc=3: the block stays as it was */
	CHECK(qui(&u) == 2 && u.rc == 0 && u.rrc == 0);
	CHECK(qui(&u) == 2 && u.rc == 0);
	CHECK(qui(&u) == 3 && u.rc == 0 && u.word[QUI_CALLS] == 0);
	/* nth=6 delay=300000 */
	begin = tod();
	CHECK(qui(&u) == 0 && u.rc == 1 && u.word[QUI_CALLS]);
	CHECK(tod() - begin >= TOD_SECONDS(1) * 3 / 10);
	begin = tod();
	CHECK(qui(&u) == 0 && u.rc == 1);
	CHECK(tod() - begin < TOD_SECONDS(1) * 3 / 10);
	/* another call; QUI's lengths from "rule query" */
	u = (struct uvcb) { .len = 0x40, .cmd = UVC_INIT };
	CHECK(uvc(&u) == 1 && u.rc == 5);
	CHECK(uvc((u8 *)&u + 4) == PGM(PGM_SPECIFICATION));
	CHECK(qui(&u) == 0 && u.word[0x68 / 8 - 1] == 0x2000);
	return 0;
}
