// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device or a machine check can neither read nor write secure storage, whatever way it is sent
 * there.
 *
 * What the page holds then machine/tests/run looks at, and at the disk and the log.
 */
#include "ccw.h"
#include "conf.h"
#include "dat.h"

#define GUEST_LEN	(SEGMENTS << 20)
#define SECTORS(page)	((page) * 8ul)

/* machine/tests/run looks at the third of these pages. */
u8 pages[4 * PAGE_SIZE] __attribute__((aligned(4096)));

static u8 *const buffer = pages;
static u8 *const secure_page = pages + 2 * PAGE_SIZE;

static u64 handle;

/* A refusal takes place while the device is notified; the disk may take its time. */
#define SHORT	(TOD_SECONDS(1) / 10)
#define LONG	TOD_SECONDS(20)

static void works_with_plain_pages(void)
{
	blk_start();
	CHECK(blk_page((u64)buffer, SECTORS(0), 0, LONG));
	CHECK(buffer[0] == 0x5a && buffer[4095] == 0x5a);
	buffer[0] = 0x77;
	CHECK(blk_page((u64)buffer, SECTORS(1), 1, LONG));
	CHECK(blk_page((u64)secure_page, SECTORS(1), 0, LONG));
	CHECK(secure_page[0] == 0x77 && secure_page[1] == 0x5a);
}

/* The device is broken then: it also refuses what would be right, until it is reset. */
static void refused(u64 page, int to_disk)
{
	blk_start();
	CHECK(!blk_page(page, SECTORS(2), to_disk, SHORT));
	CHECK(!blk_page((u64)buffer, SECTORS(0), 0, SHORT));
	blk_start();
	CHECK(blk_page((u64)buffer, SECTORS(0), 0, LONG));
}

static void buffers(void)
{
	refused((u64)secure_page, 0);
	refused((u64)secure_page, 1);
	/* the last byte of the buffer, the first byte of the page */
	refused((u64)secure_page - PAGE_SIZE + 1, 0);
	refused((u64)secure_page + PAGE_SIZE - 1, 1);
	/* donated storage */
	refused(UV_BASE, 0);
	refused(UV_BASE, 1);
}

static void rings(void)
{
	blk_start();
	make_secure(handle, ring.desc);
	ring.avail_idx++;
	blk_notify();
	CHECK(blk_done() == 0);
	make_plain(ring.desc);
	blk_start();
	CHECK(blk_page((u64)buffer, SECTORS(0), 0, LONG));
}

/* In a ring of three pages the last one's last halfword; the second one's second is the index. */
#define AVAIL_IDX	2u
#define AVAIL_EVENT	(4 + 8 * RING_NUM)

/* A device looks at its ring in its own time, first when it is set up. */
static void let_it_work(void)
{
	u64 end = tod() + 5 * SHORT;

	blk_notify();
	while (tod() < end)
		;
}

/* With event indexes the device copies the one into the other, whatever else it finds. */
static void event_indexes(void)
{
	volatile u16 *event = (u16 *)(pages + 3 * PAGE_SIZE + AVAIL_EVENT);
	u16 *idx = (u16 *)(pages + PAGE_SIZE + AVAIL_IDX);
	u32 i;

	/* to the secure page: machine/tests/run looks at what it holds */
	for (i = 0; i < PAGE_SIZE; i++)
		pages[PAGE_SIZE + i] = 0;
	*idx = 5;
	blk_setup((u64)pages, RING_EVENT_IDX);
	let_it_work();
	/* from the secure page, which holds zeros */
	*event = 0x1234;
	blk_setup((u64)pages + PAGE_SIZE, RING_EVENT_IDX);
	let_it_work();
	CHECK(*event == 0x1234);
	blk_start();
	CHECK(blk_page((u64)buffer, SECTORS(0), 0, LONG));
}

/* Each start counts, in the area of all subchannels or in a block of its own. */
static void measurements(void)
{
	static u32 block[16] __attribute__((aligned(64)));

	asm volatile("lghi %%r1,2\n\tlgr %%r2,%0\n\tschm" : : "d" (secure_page) :
		     "r1", "r2", "cc", "memory");
	ccw_modify(SCHIB_MEASURE, (u64)block);
	CHECK(ccw_data(CCW_READ_CONF, buffer, 16) == DSTAT_END << 8);
	CHECK(block[0] == 1);
	/* machine/tests/run looks at what these leave in the page */
	ccw_modify(SCHIB_MEASURE, 0);
	CHECK(ccw_data(CCW_READ_CONF, buffer, 16) == DSTAT_END << 8);
	ccw_modify(SCHIB_MEASURE, (u64)secure_page + 64);
	CHECK(ccw_data(CCW_READ_CONF, buffer, 16) == DSTAT_END << 8);
	ccw_modify(0, 0);
}

#define LC_MCESAD	0x11b0
#define LC_MCIC		0xe8
#define MCIC_VECTORS	0x0000004000000000ul
#define PSW_MCHECK	0x0004000000000000ul
#define CR14_CHANNEL	0x10000000ul

extern char mchk_handler[];

/* Are the vector registers stored at @area, and said to be? */
static int machine_check(u64 area)
{
	static u32 crw;
	u64 cr14 = CR14_CHANNEL;

	lc_set(0x1e0, PSW_MASK);
	lc_set(0x1e8, (u64)mchk_handler);
	lc_set(LC_MCESAD, area);
	lc_set(LC_MCIC, 0);
	/* RESET CHANNEL PATH: the channel report is pending at once */
	asm volatile("lghi %%r1,0\n\trchp" : : : "r1", "cc", "memory");
	asm volatile("ldgr %%f0,%0\n\tlctlg %%c14,%%c14,%1" : : "d" (0x4242424242424242ul),
		     "Q" (cr14));
	CHECK(RUN(PSW_MASK | PSW_MCHECK, "nopr") < 4);
	cr14 = 0;
	asm volatile("lctlg %%c14,%%c14,%0" : : "Q" (cr14));
	/* all reports fetched, so that the next one makes a machine check again */
	while (RUN(PSW_MASK, "stcrw 0(%[crw])", [crw] "a" (&crw)) == 0)
		;
	CHECK(lc(LC_MCIC));
	return !!(lc(LC_MCIC) & MCIC_VECTORS);
}

static void machine_checks(void)
{
	CHECK(machine_check((u64)pages));
	CHECK(*(u64 *)pages == 0x4242424242424242ul);
	/* machine/tests/run looks at the page */
	CHECK(!machine_check((u64)secure_page));
	CHECK(!machine_check(UV_BASE));
}

static void channel_programs(void)
{
	static u64 idaw;

	CHECK(ccw_data(CCW_READ_CONF, buffer, 16) == DSTAT_END << 8);
	CHECK(ccw_data(CCW_READ_CONF, secure_page, 16) & CSTAT_PROGRAM);
	CHECK(ccw_data(CCW_WRITE_STATUS, secure_page, 1) & CSTAT_PROGRAM);
	/* indirect: the word, then the data */
	idaw = (u64)secure_page << 32;
	one_ccw = (struct ccw) { CCW_READ_CONF, 0x04, 16, (u32)(u64)&idaw };
	CHECK(ccw_run(&one_ccw) & CSTAT_PROGRAM);
	one_ccw = (struct ccw) { CCW_READ_CONF, 0x04, 16, (u32)(u64)secure_page };
	CHECK(ccw_run(&one_ccw) & CSTAT_PROGRAM);
	/* the program itself */
	CHECK(ccw_run((struct ccw *)secure_page) & (DSTAT_CHECK << 8 | CSTAT_PROGRAM));
}

static void control_blocks(void)
{
	/* READ SCP INFORMATION; STORE IPL PARAMETERS */
	CHECK(RUN(PSW_MASK, "llilf %%r0,0x20001\n .insn rre,0xb2200000,%%r0,%[s]",
		  [s] "d" ((u64)secure_page)) == PGM(PGM_ADDRESSING));
	CHECK(RUN(PSW_MASK, "lgr %%r0,%[s]\n lghi %%r1,6\n diag %%r0,%%r1,0x308",
		  [s] "d" ((u64)secure_page)) == PGM(PGM_ADDRESSING));
	*(u16 *)buffer = PAGE_SIZE;
	CHECK(RUN(PSW_MASK, "llilf %%r0,0x20001\n .insn rre,0xb2200000,%%r0,%[s]",
		  [s] "d" ((u64)buffer)) == 0);
	*(u16 *)buffer = 3 * PAGE_SIZE;
	CHECK(RUN(PSW_MASK, "llilf %%r0,0x20001\n .insn rre,0xb2200000,%%r0,%[s]",
		  [s] "d" ((u64)buffer)) == PGM(PGM_ADDRESSING));
}

int main(void)
{
	ccw_enable();
	works_with_plain_pages();
	init_uv();
	conf_check();
	handle = conf_create_at(GUEST_LEN, map_identity());
	make_secure(handle, secure_page);
	buffers();
	rings();
	event_indexes();
	channel_programs();
	measurements();
	machine_checks();
	control_blocks();
	return 0;
}
