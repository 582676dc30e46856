// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page that one CPU makes secure is out of reach for another that is just using it, and
 * what that one had stored by then is all that is there.
 */
#include "conf.h"
#include "dat.h"

/* As many rounds of a kind as fit into 2 s: CPUs that take turns need a while for each. */
#define ROUNDS		200u
#define ROUNDS_MIN	4u

void cpu2_main(void);

static volatile u32 round_nr;		/* CPU 0: use the page of this round */
static volatile u32 using_nr;		/* CPU 1: I do */
static volatile u32 denied_nr;		/* CPU 1: now I may not */
static volatile u64 page_addr;

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

static u32 nr;

/* The other CPU is using @addr when this returns. */
static void let_it_use(u64 addr)
{
	page_addr = addr;
	round_nr = ++nr;
	while (using_nr != nr)
		;
}

static void until_denied(void)
{
	while (denied_nr != nr)
		;
}

static void donations(void)
{
	u64 end = tod() + TOD_SECONDS(2);
	u32 i;

	for (i = 1; i <= ROUNDS && (i <= ROUNDS_MIN || tod() < end); i++) {
		u64 handle;

		let_it_use((u64)conf_base + (i % 4) * PAGE_SIZE + 8 * (i % 512));
		handle = conf_create();
		until_denied();
		conf_destroy(handle);
	}
}

static int page_call(u16 cmd, u64 w18, u64 w20)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = cmd == 0x0200 ? 0x28 : 0x20, .cmd = cmd };
	u.word[0x18 / 8 - 1] = w18;
	u.word[0x20 / 8 - 1] = w20;
	CHECK(uvc(&u) == (u.rc != 1));
	return u.rc;
}

/*
 * The second import compares with what the export gave: a store that came after the first one
 * would be found.
 */
static void guest_pages(void)
{
	static u8 page[4 * PAGE_SIZE] __attribute__((aligned(4096)));
	u64 handle = conf_create_at((u64)SEGMENTS << 20, map_identity());
	u64 end = tod() + TOD_SECONDS(2);
	u32 i;

	for (i = 1; i <= ROUNDS && (i <= ROUNDS_MIN || tod() < end); i++) {
		u64 addr = (u64)page + (i % 4) * PAGE_SIZE;

		let_it_use(addr + 8 * (i % 512));
		CHECK(page_call(0x0200, handle, addr) == 1);
		until_denied();
		CHECK(page_call(0x0201, addr, 0) == 1);
		CHECK(load(PSW_MASK, addr) < 4);
		CHECK(page_call(0x0200, handle, addr) == 1);
		CHECK(load(PSW_MASK, addr) == PGM(PGM_SECURE));
		CHECK(page_call(0x0202, addr, 0) == 1);
		CHECK(*(u64 *)(addr + 8 * (i % 512)) == 0);
	}
	conf_destroy(handle);
}

int main(void)
{
	init_uv();
	conf_check();
	start_other_cpu();

	donations();
	guest_pages();
	stop_other_cpu();
	return 0;
}
