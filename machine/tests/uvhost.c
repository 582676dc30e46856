// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every host call as a host makes it: exceptions, lengths, states, arguments, reset.
 */
#include "uvhost.h"

void after_load(void);
void cpu2_main(void);
extern char load_psw_entry[];

static const struct {
	u16 cmd, len;
} calls[] = {
	{ 0x000f, 0x48 }, { 0x0100, 0x80 }, { 0x0101, 0x40 }, { 0x0102, 0x48 }, { 0x0120, 0x60 },
	{ 0x0121, 0x40 }, { 0x0200, 0x28 }, { 0x0201, 0x20 }, { 0x0202, 0x20 }, { 0x0300, 0x50 },
	{ 0x0301, 0x50 }, { 0x0302, 0x40 }, { 0x0310, 0x40 }, { 0x0311, 0x40 }, { 0x0320, 0x40 },
	{ 0x0321, 0x40 }, { 0x0330, 0x50 }, { 0x0340, 0x40 }, { 0x0341, 0x20 }, { 0x0342, 0x28 },
	{ 0x0400, 0x40 }, { 0x0401, 0x50 }, { 0x0402, 0x50 }, { 0x0403, 0x50 }, { 0x0002, 0x200 },
	{ 0x0001, 0x120 },
};

#define NR(a)		(sizeof(a) / sizeof((a)[0]))
#define NR_INIT		(NR(calls) - 1)		/* without QUI, which needs none */
#define RAM_END		0xc0000000ul		/* machine/tests/run: -m 3G */

static struct uvcb u;

static void bare(u32 i)
{
	u = (struct uvcb) { .len = calls[i].len, .cmd = calls[i].cmd };
}

static void exceptions(void)
{
	struct uvcb *at = (struct uvcb *)(WINDOW + PAGE_SIZE - 8);
	u32 i;

	map_window(&u);
	for (i = 0; i < NR(calls); i++) {
		bare(i);
		CHECK(uvc_mask(PSW_MASK | PSW_PROBLEM, &u) == PGM(PGM_PRIVILEGED));
		CHECK(uvc((u8 *)&u + 4) == PGM(PGM_SPECIFICATION));
		CHECK(uvc((void *)RAM_END) == PGM(PGM_ADDRESSING));
		CHECK(u.rc == 0);
		/* the header is on the last bytes of a page, the next one is not there */
		*(struct uvcb *)(u64)(crossing + PAGE_SIZE - 8) = u;
		CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, at) == PGM(PGM_PAGE));
		CHECK((lc(LC_TEID) & ~0xffful) == WINDOW + PAGE_SIZE);
	}
}

static void lengths(void)
{
	u32 i;

	for (i = 0; i < NR(calls); i++) {
		if (calls[i].cmd == UVC_QUI)
			continue;
		bare(i);
		u.len -= 8;
		CHECK(uvc(&u) == 1 && u.rc == 5);
		bare(i);
		u.len += 8;
		CHECK(uvc(&u) == 1 && u.rc == 5);
		bare(i);
		u.len += 1;
		CHECK(uvc(&u) == 1 && u.rc == 5);
	}
	u = (struct uvcb) { .len = 0xa0, .cmd = UVC_QUI };
	CHECK(uvc(&u) == 1 && u.rc == 5);
	u = (struct uvcb) { .len = 0xa8, .cmd = UVC_QUI };
	CHECK(uvc(&u) == 1 && u.rc == 0x100 && QUERY_FIELD(&u, 0x10));
	/* no host call, and none at all */
	for (i = 0; i < 8; i++) {
		static const u16 cmds[] = { 0, 3, 0x1000, 0x1001, 0x1020, 0x1031, 0x4242, 0xffff };

		u = (struct uvcb) { .len = 0x40, .cmd = cmds[i] };
		CHECK(uvc(&u) == 1 && u.rc == 2);
	}
}

static void before_init(void)
{
	u32 i;

	for (i = 1; i < NR_INIT; i++) {
		bare(i);
		CHECK(uvc(&u) == 1 && u.rc == 3);
	}
}

/* In every call that the list marks as not installed, and in no other. */
static void query(void)
{
	CHECK(qui(&u) == 0 && u.rc == 1);
	CHECK(u.word[QUI_CALLS] == 0xff1ffff020000000ul);
	CHECK(QUERY_FIELD(&u, 0x40) >= PAGE_SIZE && QUERY_FIELD(&u, 0x40) % PAGE_SIZE == 0);
	CHECK((u32)QUERY_FIELD(&u, 0x78) > 1);
	CHECK(QUERY_FIELD(&u, 0x80) >= RAM_END);
	base_len = QUERY_FIELD(&u, 0x40);
	max_addr = QUERY_FIELD(&u, 0x80);
	max_cpu = (u16)QUERY_FIELD(&u, 0x98);
	CHECK(QUERY_FIELD(&u, 0x50) <= sizeof(conf_base));
	base_pages = QUERY_FIELD(&u, 0x50) / PAGE_SIZE;
	virt_pages = (QUERY_FIELD(&u, 0x58) + QUERY_FIELD(&u, 0x60) * SEGMENTS + PAGE_SIZE - 1) /
		     PAGE_SIZE;
	CHECK(virt_pages * PAGE_SIZE <= sizeof(conf_virt));
	CHECK(QUERY_FIELD(&u, 0x68) == PAGE_SIZE);
}

static u16 init(u64 origin, u64 len)
{
	u = (struct uvcb) { .len = 0x48, .cmd = UVC_INIT };
	u.word[0x18 / 8 - 1] = origin;
	u.word[0x20 / 8 - 1] = len;
	CHECK(uvc(&u) == (u.rc != 1));
	return u.rc;
}

static volatile u32 cpu2_runs;

void cpu2_main(void)
{
	cpu2_runs = 1;
	for (;;)
		;
}

static void init_arguments(void)
{
	u64 i;

	CHECK(init(UV_BASE, base_len - 8) == 0x103);
	CHECK(init(UV_BASE, 0) == 0x103);
	CHECK(init(RAM_END + 8, base_len) == 0x104);
	CHECK(init(RAM_END - 8, base_len) == 0x105);
	CHECK(init(RAM_END - 0x100000, base_len) == (base_len > 0x100000 ? 0x105 : 1));
	CHECK(init(0x40000000, base_len) == 0x108);
	CHECK(sigp(SIGP_RESTART, 1, 0) == 0);
	while (!cpu2_runs)
		;
	CHECK(init(UV_BASE, base_len) == 0x102);
	stop_other_cpu();
	for (i = 0; i < base_len; i += 8)
		*(u64 *)(UV_BASE + i) = 0x5a5a5a5a5a5a5a5aul;
	CHECK(load(PSW_MASK, UV_BASE) < 4);
	CHECK(init(UV_BASE, base_len) == 1);
	CHECK(init(UV_BASE, base_len) == 0x101);
	all_secure(UV_BASE, base_len / PAGE_SIZE);
	CHECK(load(PSW_MASK, UV_BASE - 8) < 4);
	CHECK(load(PSW_MASK, UV_BASE + base_len) < 4);
}

/* Storage that was donated is zero and ours again. */
static void all_zero(u64 addr, u64 pages)
{
	u64 i;

	for (i = 0; i < pages * PAGE_SIZE; i += 8)
		CHECK(*(u64 *)(addr + i) == 0);
}

/* Comes here by the short PSW at absolute 0. */
void after_load(void)
{
	u32 i;

	all_zero(UV_BASE, base_len / PAGE_SIZE);
	all_zero((u64)conf_base, base_pages);
	all_zero((u64)conf_virt, virt_pages);
	all_zero((u64)cpu_stor, 1);
	all_zero((u64)guest_page, 1);
	before_init();
	CHECK(init(UV_BASE, base_len) == 1);
	for (i = 2; i < NR_INIT; i++) {
		bare(i);
		u.word[0x18 / 8 - 1] = old_conf;
		u.word[0x20 / 8 - 1] = old_conf;
		if (calls[i].cmd < 0x0201 || calls[i].cmd >= 0x0300) {
			CHECK(uvc(&u) == 0 || u.rc != 1);
			CHECK(calls[i].cmd == 0x0341 || u.rc == 1 || u.rc == 0x20 || u.rc == 0x21);
		}
	}
}

int main(void)
{
	query();
	lengths();
	exceptions();
	before_init();
	init_arguments();
	configurations();
	cpus();
	pages();
	states();
	/* short PSW: bit 12 one, 31-bit mode, supervisor state */
	lc_set(0, 0x0008000080000000ul | (u64)load_psw_entry);
	asm volatile("lghi %%r3,1\n\tdiag %%r2,%%r3,0x308" : : : "r2", "r3", "memory");
	fail(__LINE__);
}
