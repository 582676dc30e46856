// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns: a device can neither read nor write secure storage, whatever way it is sent there.
 * Never sees what the page holds then: machine/tests/run looks at it, at the disk and at the log.
 */
#include "ccw.h"
#include "conf.h"
#include "dat.h"

#define UVC_IMPORT	0x0200
#define UVC_EXPORT	0x0201
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

/* The guest's storage is ours, one to one. */
static void make_secure(const void *page)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x28, .cmd = UVC_IMPORT };
	u.word[0x18 / 8 - 1] = handle;
	u.word[0x20 / 8 - 1] = (u64)page;
	CHECK(uvc(&u) == 0);
	CHECK(load(PSW_MASK, (u64)page) == PGM(PGM_SECURE));
}

static void make_plain(const void *page)
{
	static struct uvcb u;

	u = (struct uvcb) { .len = 0x20, .cmd = UVC_EXPORT };
	u.word[0x18 / 8 - 1] = (u64)page;
	CHECK(uvc(&u) == 0);
	CHECK(load(PSW_MASK, (u64)page) < 4);
}

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
	make_secure(ring.desc);
	ring.avail_idx++;
	blk_notify();
	CHECK(blk_done() == 0);
	make_plain(ring.desc);
	blk_start();
	CHECK(blk_page((u64)buffer, SECTORS(0), 0, LONG));
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
	make_secure(secure_page);
	buffers();
	rings();
	channel_programs();
	control_blocks();
	return 0;
}
