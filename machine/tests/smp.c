// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns: a page that one CPU makes secure is out of reach for another that is just using it.
 * Never runs with fewer than two CPUs.
 */
#include "test.h"

/* As many rounds as fit into two seconds: CPUs that take turns need a while for each. */
#define ROUNDS		200u
#define ROUNDS_MIN	4u
#define TOD_SECONDS(n)	((n) * 4096000000ul)

#define UVC_CSC		0x0100		/* CREATE_SEC_CONF */
#define UVC_DSC		0x0101

void cpu2_main(void);

static volatile u32 round_nr;		/* CPU 0: use the page of this round */
static volatile u32 using_nr;		/* CPU 1: I do */
static volatile u32 denied_nr;		/* CPU 1: now I may not */
static volatile u64 page_addr;

static u8 conf_base[0x10000] __attribute__((aligned(0x4000)));
static u8 conf_virt[0x10000] __attribute__((aligned(4096)));
static u8 sca[4096] __attribute__((aligned(4096)));
static u64 guest_table[2048] __attribute__((aligned(16384)));
static struct uvcb info;

static u64 qui_word(u32 off)
{
	return info.word[off / 8 - 1];
}

/* A configuration of 1 MiB; its donation at conf_base becomes secure. */
static u64 create(void)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x80, .cmd = UVC_CSC };
	u.word[0x20 / 8 - 1] = (u64)conf_base;
	u.word[0x28 / 8 - 1] = (u64)conf_virt;
	u.word[0x40 / 8 - 1] = 1ul << 20;
	u.word[0x48 / 8 - 1] = (u64)sca;
	u.word[0x50 / 8 - 1] = (u64)guest_table | 0x100 | 3;
	CHECK(uvc(&u) == 0);
	CHECK(u.rc == 1);
	return u.word[0x18 / 8 - 1];
}

static void destroy(u64 handle)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x40, .cmd = UVC_DSC };
	u.word[0x18 / 8 - 1] = handle;
	CHECK(uvc(&u) == 0);
}

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

static u64 tod(void)
{
	u64 now;

	asm volatile("stck %0" : "=Q" (now) : : "cc");
	return now;
}

int main(void)
{
	u64 end;
	u32 i;

	init_uv();
	CHECK(qui(&info) == 0);
	CHECK(qui_word(0x50) <= sizeof(conf_base));
	CHECK(qui_word(0x58) + qui_word(0x60) <= sizeof(conf_virt));

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
		handle = create();
		while (denied_nr != i)
			;
		destroy(handle);
	}
	stop_other_cpu();
	return 0;
}
