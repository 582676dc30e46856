// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random guests: code, state description, PSW and control registers. Whatever they do, the host
 * goes on, and none of its storage has changed that is not theirs.
 */
#include "guest.h"

#define SECONDS		4u
#define SEED_AT		0x3000ul	/* where the machine is told to put it */
#define TABLES		0x50000ul

void cpu2_main(void);

static volatile u32 done;

/* What no guest can reach. */
static u64 canary[512] __attribute__((aligned(4096)));
static u64 guest_seg_table[2048] __attribute__((aligned(4096)));

/* Many random guests would never leave SIE: request it every half millisecond. */
void cpu2_main(void)
{
	while (!done) {
		u64 until = tod() + TOD_SECONDS(1) / 2000;

		while (tod() < until)
			;
		__atomic_or_fetch((u32 *)block, STOP_INT, __ATOMIC_SEQ_CST);
	}
	for (;;)
		;
}

/* xorshift64*; the state is what to start from to have a failure again */
static u64 state;

static u64 rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dul;
}

static int one_of(u32 n)
{
	return rnd() % n == 0;
}

/* Opcodes that do something to the CPU's state, more often than chance would have them. */
static const u16 opcodes[] = {
	0x8200, 0x8000, 0xac00, 0xad00, 0xae00, 0x8300, 0x0a00, 0xb700, 0xb600, 0x4400, 0x0d00,
	0xb202, 0xb204, 0xb205, 0xb206, 0xb207, 0xb208, 0xb209, 0xb20a, 0xb20b, 0xb20d, 0xb210,
	0xb211, 0xb212, 0xb214, 0xb218, 0xb219, 0xb220, 0xb221, 0xb223, 0xb224, 0xb225, 0xb226,
	0xb227, 0xb229, 0xb22a, 0xb22b, 0xb22c, 0xb22d, 0xb22e, 0xb233, 0xb240, 0xb241, 0xb246,
	0xb247, 0xb248, 0xb249, 0xb24a, 0xb250, 0xb254, 0xb255, 0xb25d, 0xb27d, 0xb280, 0xb2b0,
	0xb2b1, 0xb2b2, 0xb98a, 0xb98d, 0xb98e, 0xb9a4, 0xb9aa, 0xc600, 0xd900, 0xda00, 0xdb00,
	0xe501, 0xe502, 0xeb25, 0xeb2f, 0xee00, 0xc801, 0xc800, 0xaf00, 0x0101, 0x0102, 0x0107,
};

static void random_code(void)
{
	u16 *code = (u16 *)guest_dword(CODE);
	u32 i;

	for (i = 0; i < 256; i++)
		code[i] = rnd();
	for (i = 0; i < 256; i += 1 + rnd() % 4)
		code[i] = opcodes[rnd() % (sizeof(opcodes) / sizeof(*opcodes))] | (rnd() & 0x33);
}

/* Addresses that are often the guest's. */
static u64 address(void)
{
	switch (rnd() % 4) {
	case 0:
		return rnd();
	case 1:
		return rnd() % (2 * GUEST_SIZE);
	default:
		return rnd() % GUEST_SIZE & ~7ul;
	}
}

static void random_guest(void)
{
	u32 i;

	for (i = 0; i < 0x200 / 8; i++)
		*guest_dword(i * 8) = one_of(3) ? address() : GPSW_MASK;
	for (i = 0; i < 14; i++)
		gregs[i] = address();
	/* translation tables that may do */
	for (i = 0; i < 256; i++)
		*guest_dword(TABLES + 0x4000 + i * 8) = one_of(8) ? rnd() : (u64)i << 12;
	for (i = 0; i < 16; i++)
		*guest_dword(TABLES + i * 8) = one_of(8) ? rnd() : TABLES + 0x4000;
	for (i = 0x28 / 8; i < 512 / 8; i++)
		if (one_of(2))
			((u64 *)block)[i] = one_of(2) ? rnd() : address();
	for (i = 0; i < 16; i++)
		GCR(i) = one_of(2) ? 0 : address();
	for (i = 1; i < 14; i += 6)
		if (!one_of(3))
			GCR(i) = TABLES;
	block[0x68] = one_of(16) ? rnd() : 0;
	PREFIX = one_of(3) ? (u32)address() : 0;
	CPUFLAGS = CPU_GUEST | CPU_SM | (one_of(8) ? EXT_INT | IO_INT : 0);
	if (one_of(32))
		CPUFLAGS = (u32)rnd();
	if (!(CPUFLAGS & CPU_SM)) {
		MSO = one_of(2) ? 0 : rnd();
		MSL = one_of(2) ? MSO : rnd();
	}
	/* a bit that is not assigned ends it at once, so seldom */
	GPSW = one_of(8) ? rnd() : (GPSW_MASK | (rnd() & 0x0700000000000000) |
				    (rnd() & 0x0000f00000000000));
	GADDR = one_of(16) ? rnd() : CODE + (rnd() & 0xfe);
}

/* Enter until the guest wants something that it gets again and again. */
static void enter_often(void)
{
	u32 i;

	for (i = 0; i < 20; i++) {
		int rc = enter();

		__atomic_and_fetch((u32 *)block, ~STOP_INT, __ATOMIC_SEQ_CST);
		if (rc >= 0x100)
			return;		/* a fault that nobody mends */
		if (ICPTCODE == 0x20 || ICPTCODE == 0x1c || ICPTCODE == 0x08)
			return;
	}
}

int main(void)
{
	u64 end, asce;
	u32 i;

	state = *(volatile u64 *)SEED_AT;
	CHECK(state);
	make_guest();
	for (i = 0; i < 2048; i++)
		guest_seg_table[i] = SEG_INVALID;
	guest_seg_table[0] = (u64)page_table[GUEST_AT >> 20];
	asce = (u64)guest_seg_table | ASCE_LEN_2GB;
	set_creg(1, asce);
	for (i = 0; i < 512; i++)
		canary[i] = i * 0x9e3779b97f4a7c15ul;
	start_other_cpu();
	end = tod() + TOD_SECONDS(SECONDS);
	while (tod() < end) {
		u64 creg1;

		random_code();
		random_guest();
		enter_often();
		asm volatile("stctg %%c1,%%c1,%0" : "=Q" (creg1));
		CHECK(creg1 == asce);
		for (i = 0; i < 512; i += 64)
			CHECK(canary[i] == i * 0x9e3779b97f4a7c15ul);
	}
	for (i = 0; i < 512; i++)
		CHECK(canary[i] == i * 0x9e3779b97f4a7c15ul);
	done = 1;
	stop_other_cpu();
	return 0;
}
