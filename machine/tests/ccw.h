/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough channel I/O to drive one virtio-blk-ccw device, legacy virtio, by polling.
 */
#ifndef TESTS_CCW_H
#define TESTS_CCW_H

#include "test.h"

/* Virtual I/O Device (VIRTIO) 1.2, 4.3 Virtio over channel I/O; Principles of Operation, 15 */
#define SCHID		0x00010000u	/* the first subchannel */
#define CCW_READ_CONF	0x22
#define CCW_WRITE_FEAT	0x11
#define CCW_WRITE_STATUS 0x31
#define CCW_READ_VQ	0x32
#define CCW_SET_VQ	0x13
#define CCW_RESET	0x33
#define CSTAT_PROGRAM	0x20
#define DSTAT_END	0x0c		/* channel end, device end */
#define DSTAT_CHECK	0x02		/* unit check */
#define DIAG_NOTIFY	3
#define RING_NUM	256u
#define RING_EVENT_IDX	(1u << 29)
#define SCHIB_ENABLED	0x80u
#define SCHIB_MEASURE	0x10u
#define SCHIB_OWN_BLOCK	0x04u

struct ccw {
	u8 cmd, flags;
	u16 count;
	u32 data;
} __attribute__((aligned(8)));

struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};

struct vring {
	struct vring_desc desc[RING_NUM];
	u16 avail_flags, avail_idx, avail[RING_NUM];
	u8 pad[4096 - 4 - 2 * RING_NUM];
	u16 used_flags, used_idx;
} __attribute__((aligned(4096)));

struct blk_request {
	u32 type, prio;
	u64 sector;
};

static struct vring ring;
static struct ccw one_ccw;

/* Runs one channel program; device status << 8 | subchannel status. */
static inline u32 ccw_run(const struct ccw *program)
{
	static struct {
		u32 intparm;
		u16 ctrl;
		u8 lpm, ctrl1;
		u32 program;
		u32 more[5];
	} orb __attribute__((aligned(8)));
	static u32 irb[24] __attribute__((aligned(8)));

	orb.ctrl = 0x0080;		/* format-1 CCWs */
	orb.lpm = 0x80;
	orb.program = (u32)(u64)program;
	CHECK(RUN(PSW_MASK, "lgr %%r1,%[id]\n ssch 0(%[orb])", [id] "d" ((u64)SCHID),
		  [orb] "a" (&orb)) == 0);
	CHECK(RUN(PSW_MASK, "lgr %%r1,%[id]\n tsch 0(%[irb])", [id] "d" ((u64)SCHID),
		  [irb] "a" (irb)) == 0);
	return irb[2] >> 16;
}

static inline u32 ccw_data(u8 cmd, const void *data, u16 len)
{
	one_ccw = (struct ccw) { .cmd = cmd, .count = len, .data = (u32)(u64)data };
	return ccw_run(&one_ccw);
}

/* @flags: of the subchannel's third byte, besides "enabled"; @block: its measurement block, or 0 */
static inline void ccw_modify(u8 flags, u64 block)
{
	static u8 schib[52] __attribute__((aligned(8)));

	CHECK(RUN(PSW_MASK, "lgr %%r1,%[id]\n stsch 0(%[s])", [id] "d" ((u64)SCHID),
		  [s] "a" (schib)) == 0);
	schib[5] = (schib[5] & ~SCHIB_MEASURE) | SCHIB_ENABLED | flags;
	schib[27] = (schib[27] & ~SCHIB_OWN_BLOCK) | (block ? SCHIB_OWN_BLOCK : 0);
	*(u64 *)&schib[40] = block;
	CHECK(RUN(PSW_MASK, "lgr %%r1,%[id]\n msch 0(%[s])", [id] "d" ((u64)SCHID),
		  [s] "a" (schib)) == 0);
}

static inline void ccw_enable(void)
{
	ccw_modify(0, 0);
}

/* Resets the device, which also ends its being broken, and gives it a ring. */
static inline void blk_setup(u64 queue, u32 features)
{
	static struct {
		u32 features;		/* little endian, of any device */
		u8 index;
	} feat __attribute__((aligned(8)));
	static struct {
		u64 queue;
		u32 align;
		u16 index, num;
	} vq __attribute__((aligned(8)));
	static u8 status;

	CHECK(ccw_data(CCW_RESET, 0, 0) == DSTAT_END << 8);
	feat.features = __builtin_bswap32(features);
	CHECK(ccw_data(CCW_WRITE_FEAT, &feat, 5) == DSTAT_END << 8);
	vq.queue = queue;
	vq.align = 4096;
	vq.num = RING_NUM;
	CHECK(ccw_data(CCW_SET_VQ, &vq, sizeof(vq)) == DSTAT_END << 8);
	status = 7;
	CHECK(ccw_data(CCW_WRITE_STATUS, &status, 1) == DSTAT_END << 8);
}

static inline void blk_start(void)
{
	for (u32 i = 0; i < sizeof(ring) / 8; i++)
		((volatile u64 *)&ring)[i] = 0;
	blk_setup((u64)&ring, 0);
}

static inline void blk_notify(void)
{
	register u64 code asm("1") = DIAG_NOTIFY;
	register u64 id asm("2") = SCHID;
	register u64 queue asm("3") = 0;

	asm volatile("diag %%r2,%%r4,0x500" : "+d" (id)
		     : "d" (code), "d" (queue) : "cc", "memory");
}

/* The device counts what it is done with. */
static inline u16 blk_done(void)
{
	return *(volatile u16 *)&ring.used_idx;
}

/* Moves 4 KiB between the disk and @page: is the device done with it after at most @wait? */
static inline int blk_page(u64 page, u64 sector, int to_disk, u64 wait)
{
	static struct blk_request rq;
	static u8 status;
	u16 before = blk_done();
	u64 end;

	rq = (struct blk_request) { .type = to_disk, .sector = sector };
	status = 0xff;
	ring.desc[0] = (struct vring_desc) { (u64)&rq, sizeof(rq), 1, 1 };
	ring.desc[1] = (struct vring_desc) { page, PAGE_SIZE, to_disk ? 1 : 3, 2 };
	ring.desc[2] = (struct vring_desc) { (u64)&status, 1, 2, 0 };
	ring.avail[ring.avail_idx % RING_NUM] = 0;
	asm volatile("bcr 14,0" : : : "memory");
	ring.avail_idx++;
	asm volatile("bcr 14,0" : : : "memory");
	blk_notify();
	for (end = tod() + wait; tod() < end && blk_done() == before;)
		;
	if (blk_done() == before)
		return 0;
	CHECK(status == 0);
	return 1;
}

#endif /* TESTS_CCW_H */
