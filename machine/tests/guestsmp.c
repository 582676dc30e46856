// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest in SIE that never leaves by itself, and what another CPU of the host does to it.
 */
#include "guest.h"

#define DATA		0x20000ul
#define OTHER		0x30000ul

void cpu2_main(void);

static volatile u32 begin_nr;		/* CPU 0: enter */
static volatile u32 end_nr;		/* CPU 1: it left */
static volatile int how;		/* with this */
static u64 asce;

SNIPPET(g_spin, "	lghi	%r5,1\n	stg	%r5,8(%r3)\n0:	j	0b\n");
SNIPPET(g_watch, "	lghi	%r5,1\n	stg	%r5,8(%r3)\n"
	"0:	lg	%r2,0(%r6)\n	cghi	%r2,1\n	je	0b\n" DIAG_END);

void cpu2_main(void)
{
	u32 mine = 0;

	set_creg(1, asce);
	for (;;) {
		while (begin_nr == mine)
			;
		mine = begin_nr;
		how = enter();
		end_nr = mine;
	}
}

static u32 nr;

/* The guest of the other CPU has begun when this returns. */
static void let_it_run(void)
{
	volatile u64 *running = guest_dword(DATA + 8);

	*running = 0;
	gregs[3] = DATA;
	gregs[6] = OTHER;
	begin_nr = ++nr;
	while (!*running)
		;
}

static int left_with(void)
{
	while (end_nr != nr)
		;
	return how;
}

/* A bit in its state description is enough. */
static void requests(void)
{
	u32 i;

	for (i = 0; i < 50; i++) {
		put(g_spin);
		let_it_run();
		__atomic_or_fetch((u32 *)block, STOP_INT, __ATOMIC_SEQ_CST);
		CHECK(left_with() == 0x28 && GADDR == CODE + 10);
		__atomic_and_fetch((u32 *)block, ~STOP_INT, __ATOMIC_SEQ_CST);
	}
}

/* The host's IPTE on this CPU takes the translation from the guest on that one. */
static void purges(void)
{
	u64 good = *guest_pte(OTHER), i;

	*guest_dword(OTHER) = 1;
	*guest_dword(OTHER + PAGE_SIZE) = 2;
	for (i = 0; i < 50; i++) {
		put(g_watch);
		let_it_run();
		asm volatile("ipte %0,%1" : : "a" (page_table[GUEST_AT >> 20]),
			     "a" (GUEST_AT + OTHER) : "memory");
		*guest_pte(OTHER) = *guest_pte(OTHER + PAGE_SIZE);
		/* it may have met the invalid entry */
		if (left_with() == PGM(PGM_PAGE)) {
			begin_nr = ++nr;
			left_with();
		}
		CHECK(how == 4 && ended() && gregs[2] == 2);
		asm volatile("ipte %0,%1" : : "a" (page_table[GUEST_AT >> 20]),
			     "a" (GUEST_AT + OTHER) : "memory");
		*guest_pte(OTHER) = good;
	}
}

/* A CPU that is stopped has left SIE: its guest is all in the state description. */
static void stop(void)
{
	put(g_spin);
	GG14 = 0;
	let_it_run();
	GADDR = 0;
	CHECK(sigp(SIGP_STOP, 1, 0) == 0);
	while (sigp(SIGP_SENSE, 1, 0) != 1)
		;
	CHECK(!ICPTCODE && GADDR == CODE + 10);
}

int main(void)
{
	make_guest();
	asce = (u64)seg_table | ASCE_LEN_2GB;
	start_other_cpu();
	requests();
	purges();
	stop();
	stop_other_cpu();
	return 0;
}
