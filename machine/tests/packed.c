// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A packed ring has three areas, each of which the device must leave alone while it is secure.
 *
 * Virtual I/O Device (VIRTIO) 1.2, 2.8 Packed Virtqueues; 4.3.1.2 for the channel commands. The
 * ring is little endian.
 */
#include "ccw.h"
#include "conf.h"
#include "dat.h"

#define GUEST_LEN	(SEGMENTS << 20)
#define CCW_SET_REV	0x83
#define STATUS_FEATURES	8u
#define FEATURE_VERSION	(1u << 0)	/* of the second word */
#define FEATURE_PACKED	(1u << 2)
#define DESC_NEXT	1u
#define DESC_WRITE	2u
#define DESC_AVAIL	(1u << 7)
#define DESC_USED	(1u << 15)
#define SHORT		(TOD_SECONDS(1) / 10)
#define LONG		TOD_SECONDS(20)

struct desc {
	u64 addr;
	u32 len;
	u16 id, flags;
};

/* Pages, so that each can be secure alone. */
static u8 descs[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 driver[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 device[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 buffer[PAGE_SIZE] __attribute__((aligned(4096)));
static u64 handle;

#define COMMAND(cmd, data, len)	CHECK(ccw_data(cmd, data, len) == DSTAT_END << 8)

static void feature_word(u8 index, u32 features)
{
	static struct {
		u32 features;
		u8 index;
	} feat __attribute__((aligned(8)));

	feat.features = __builtin_bswap32(features);
	feat.index = index;
	COMMAND(CCW_WRITE_FEAT, &feat, 5);
}

static void status(u8 bits)
{
	static u8 byte;

	byte = bits;
	COMMAND(CCW_WRITE_STATUS, &byte, 1);
}

/* Resets the device, which also ends its being broken, and gives it an empty ring. */
static void start(void)
{
	static struct {
		u64 desc;
		u32 reserved;
		u16 index, num;
		u64 driver, device;
	} vq __attribute__((aligned(8)));
	u32 i;

	for (i = 0; i < PAGE_SIZE; i++) {
		descs[i] = 0;
		driver[i] = 0;
		device[i] = 0;
	}
	COMMAND(CCW_RESET, 0, 0);
	status(3);
	feature_word(0, 0);
	feature_word(1, FEATURE_VERSION | FEATURE_PACKED);
	status(3 | STATUS_FEATURES);
	vq.desc = (u64)descs;
	vq.num = PAGE_SIZE / sizeof(struct desc);
	vq.driver = (u64)driver;
	vq.device = (u64)device;
	COMMAND(CCW_SET_VQ, &vq, sizeof(vq));
	status(7 | STATUS_FEATURES);
}

static void put_desc(u32 nr, const void *addr, u32 len, u16 flags)
{
	volatile struct desc *desc = (struct desc *)descs + nr;

	desc->addr = __builtin_bswap64((u64)addr);
	desc->len = __builtin_bswap32(len);
	desc->id = 0;
	asm volatile("bcr 14,0" : : : "memory");
	desc->flags = __builtin_bswap16(flags | DESC_AVAIL);
}

/* Asks for the first sectors; the first descriptor is the last to be available. */
static void ask(void)
{
	static struct blk_request rq;
	static u8 result;

	buffer[0] = 0;
	rq = (struct blk_request) { 0 };
	put_desc(2, &result, 1, DESC_WRITE);
	put_desc(1, buffer, PAGE_SIZE, DESC_WRITE | DESC_NEXT);
	put_desc(0, &rq, sizeof(rq), DESC_NEXT);
}

/* The device marks the first descriptor when it is done: is it, after at most @wait? */
static int done(u64 wait)
{
	volatile struct desc *first = (struct desc *)descs;
	u64 end = tod() + wait;

	blk_notify();
	while (tod() < end)
		if (first->flags & __builtin_bswap16(DESC_USED))
			return buffer[0] == 0x5a;
	return 0;
}

static void works(void)
{
	start();
	ask();
	CHECK(done(LONG));
}

static void wait_for(u64 time)
{
	u64 end = tod() + time;

	while (tod() < end)
		;
}

/* The device is broken when it meets the secure page, and stays so when that is plain again. */
static void refused(const void *page)
{
	start();
	/* QEMU looks at the ring once more, without having been notified, when it begins */
	wait_for(SHORT);
	ask();
	make_secure(handle, page);
	blk_notify();
	wait_for(SHORT);
	CHECK(buffer[0] == 0);
	make_plain(page);
	ask();
	CHECK(!done(SHORT));
	works();
}

int main(void)
{
	static const struct {
		u16 revision, length;
	} rev __attribute__((aligned(8))) = { 1, 0 };

	ccw_enable();
	/* the first command, or the device is a legacy one */
	COMMAND(CCW_SET_REV, &rev, sizeof(rev));
	works();
	init_uv();
	conf_check();
	handle = conf_create_at(GUEST_LEN, map_identity());
	refused(descs);
	refused(driver);
	refused(device);
	return 0;
}
