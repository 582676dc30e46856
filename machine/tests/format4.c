// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A protected guest in SIE, as its host sees it: format4_guest.S, whose storage does not begin at
 * the host's address 0.
 */
#include "guest.h"
#include "conf.h"
#include "format4.h"

#define PGM_NON_SECURE	0x3e
#define PGM_VIOLATION	0x3f
#define ICPT_VALIDITY	0x20
#define ICPT_INSTR	0x68
#define ICPT_NOTIFY	0x6c
#define ICPT_PREFIX	0x70

#define SDF		FIELD(u8, 0x68)
#define HANDLE_CPU	FIELD(u64, 0x10)
#define HANDLE_CONF	FIELD(u64, 0x18)
#define IICTL		FIELD(u8, 0x55)
#define INT32(off)	FIELD(u32, off)
#define SIDAD		FIELD(u64, 0x180)
#define SAVED(n)	FIELD(u64, 0x380 + (n) * 8)

#define SET_CC(n)	(GPSW = (GPSW & ~(3ul << 44)) | (u64)(n) << 44)
#define TIMER_MS	4096000ul

asm("	.pushsection .rodata\n	.balign	4096\n"
	"	.globl	image, header, header_end\n"
	"image:	.incbin	\"format4_guest.pages\"\n"
	"header: .incbin \"format4_guest.hdr\"\n"
	"header_end:\n	.popsection\n");
extern const u8 image[], header[], header_end[];

static u8 sida[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 cpu_stor[PAGE_SIZE] __attribute__((aligned(4096)));
static u8 facilities[64] __attribute__((aligned(8)));
static u64 tables_copy[2048] __attribute__((aligned(16384)));
static u64 asce, conf, imports;

/* --- the host's calls ---------------------------------------------------- */

static struct uvcb u;

#define IMPORT(gabs)	call(0x0200, 0x28, conf, GUEST_AT + (gabs), 0, 0)
#define EXPORT(gabs)	call(0x0201, 0x20, GUEST_AT + (gabs), 0, 0, 0)
#define SET_STATE(n)	call(0x0330, 0x50, HANDLE_CPU, (n), 0, 0)

static void create(void)
{
	conf_fill(&u, GUEST_SIZE, 0);
	u.word[0x38 / 8 - 1] = GUEST_AT;
	u.word[0x50 / 8 - 1] = asce;
	CHECK(uvc(&u) == 0 && u.rc == 1);
	conf = u.word[0x18 / 8 - 1];
	u = (struct uvcb) { .len = 0x60, .cmd = 0x0120 };
	u.word[0x20 / 8 - 1] = conf;
	u.word[0x28 / 8 - 1] = (u64)cpu_stor;
	u.word[0x38 / 8 - 1] = (u64)block;
	CHECK(uvc(&u) == 0 && u.rc == 1);
	HANDLE_CPU = u.word[0x18 / 8 - 1];
	HANDLE_CONF = conf;
	SDF = 2;
}

/* The header and the encrypted pages come from seimage; UNPACK takes guest absolute addresses. */
static void unpack(void)
{
	u64 i, page;

	CHECK(call(0x0300, 0x50, conf, (u64)header, (u64)(header_end - header) << 32, 0) == 1);
	for (i = 0; i < F4_LEN; i++)
		((u8 *)GUEST_AT)[i] = image[i];
	for (page = 0; page < F4_LEN; page += PAGE_SIZE) {
		u = (struct uvcb) { .len = 0x50, .cmd = 0x0301 };
		u.word[0x18 / 8 - 1] = conf;
		u.word[0x20 / 8 - 1] = page;
		u.word[0x28 / 8 - 1] = 0x42;
		u.word[0x30 / 8 - 1] = page;
		CHECK(uvc(&u) == 0 && u.rc == 1);
	}
	CHECK(call(0x0302, 0x40, conf, 0, 0, 0) == 1);
}

static void load_guest(void)
{
	create();
	unpack();
	CHECK(SET_STATE(5) == 1);
}

static void destroy(void)
{
	CHECK(call(0x0121, 0x40, HANDLE_CPU, 0, 0, 0) == 1);
	CHECK(call(UVC_DSC, 0x40, conf, 0, 0, 0) == 1);
	SDF = 0;
}

/* --- execution ----------------------------------------------------------- */

/* One entry; the host's registers are its own again, whatever the guest had there. */
static int enter_once(void)
{
	u64 i;
	int code;

	for (i = 0; i < 14; i++)
		gregs[i] = 0x1000 + i;
	code = enter();
	for (i = 0; i < 14; i++)
		CHECK(gregs[i] == 0x1000 + i);
	CHECK(GADDR == 0 && GG14 == 0);
	return code;
}

/* As KVM does: pages that the guest misses are imported. */
static int go_on(void)
{
	int code;

	while ((code = enter_once()) == PGM(PGM_NON_SECURE) || code == ICPT_PREFIX || !code) {
		if (!code)
			continue;
		if (code == ICPT_PREFIX) {
			CHECK(IMPORT(0) == 1 && IMPORT(PAGE_SIZE) == 1);
			continue;
		}
		CHECK((lc(LC_TEID) & 7) == 4);
		CHECK(call(0x0200, 0x28, conf, lc(LC_TEID) & ~0xffful, 0, 0) == 1);
		imports++;
	}
	return code;
}

/* The guest asks what to do, which has 0x500's text and general registers 1 to 4. */
static int asks(int code)
{
	return code == ICPT_INSTR && IPA == 0x8302 && IPB == 0x50000000 && SAVED(5) == 0x500 &&
	       SAVED(1) == 0x11 && SAVED(2) == 0x22 && SAVED(3) == 0x33 && !SAVED(0) && !SAVED(6);
}

static int start_test(u64 number)
{
	SAVED(2) = number;
	return go_on();
}

/* A test that comes back without another interception; its result. */
#define RESULT(number)	({ CHECK(asks(start_test(number))); SAVED(4); })
#define RESULT_NOW()	({ CHECK(asks(go_on())); SAVED(4); })

static void first_entries(void)
{
	u64 old;

	CHECK(asks(go_on()) && SAVED(4) == F4_STARTED);
	/* every bit of both handles, and another space with the same tables (D11, D12) */
	for (u32 i = 0; i < 64; i++) {
		HANDLE_CPU ^= 1ul << i;
		CHECK(enter_once() == ICPT_VALIDITY && IPB >> 24 == 0x20);
		HANDLE_CPU ^= 1ul << i;
		HANDLE_CONF ^= 1ul << i;
		CHECK(enter_once() == ICPT_VALIDITY && IPB >> 24 == 0x20);
		HANDLE_CONF ^= 1ul << i;
	}
	for (u32 i = 0; i < 2048; i++)
		tables_copy[i] = seg_table[i];
	set_creg(1, (u64)tables_copy | (asce & 0xfff));
	CHECK(enter_once() == ICPT_VALIDITY && IPB >> 24 == 0x20);
	set_creg(1, asce);
	/* the CPU timer: a millisecond more, or less by more than has passed (D14) */
	old = CPUTM;
	CPUTM = old + TIMER_MS;
	CHECK(enter_once() == ICPT_VALIDITY);
	CPUTM = old - TOD_SECONDS(1000);
	CHECK(enter_once() == ICPT_VALIDITY);
	CPUTM = old;
	/* ictl and lctl have no effect (D1) */
	ICTL = 0xa0000000;
	LCTL_MASK = 0xffff;
}

static void diagnoses(void)
{
	CHECK(start_test(T_DIAG_44) == ICPT_NOTIFY && IPA == 0x8302 && IPB == 0x50000000);
	CHECK(SAVED(5) == 0x44);
	SAVED(4) = 0x666;
	CHECK(RESULT_NOW() == 0x44);
	CHECK(start_test(T_DIAG_9C) == ICPT_NOTIFY && SAVED(5) == 0x9c && SAVED(0) == 0x4321);
	CHECK(RESULT_NOW() == 0x9c);
	CHECK(start_test(T_DIAG_288) == ICPT_INSTR && IPA == 0x8302 && SAVED(5) == 0x288);
	CHECK(SAVED(0) == 0x41 && SAVED(1) == 0x42 && SAVED(2) == 0x43);
	SAVED(1) = 0x99;
	CHECK(RESULT_NOW() == 0x99);
	CHECK(RESULT(T_DIAG_10) == PGM_SPECIFICATION);
	/* its first operand looks like another function */
	CHECK(start_test(T_DIAG_308_A) == ICPT_INSTR && SAVED(5) == 0x308);
	CHECK(SAVED(0) == 0x500 && SAVED(2) == 10);
	SAVED(1) = 0xa02;
	CHECK(RESULT_NOW() == 0xa02005a);
	/* injected exceptions, and none that the instruction cannot have (D9) */
	CHECK(start_test(T_DIAG_288) == ICPT_INSTR);
	IICTL = 0x11;
	CHECK(enter_once() == ICPT_VALIDITY && IICTL == 0x11);
	IICTL = 0x10;
	CHECK(RESULT_NOW() == PGM_SPECIFICATION && IICTL == 0);
	IICTL = 0x11;
	CHECK(RESULT_NOW() == 0x15 && IICTL == 0);
	IICTL = 0x10;
	CHECK(RESULT_NOW() == PGM_SPECIFICATION);
	IICTL = 2;
	FIELD(u16, 0xc6) = 0x2401;
	CHECK(enter_once() == ICPT_VALIDITY);
	IICTL = 0;
}

static void exceptions(void)
{
	CHECK(RESULT(T_OPERATION) == PGM_OPERATION);
	CHECK(RESULT(T_SSKE) == 0x13);
	CHECK(RESULT(T_LPSW_BAD) == PGM_SPECIFICATION);
	CHECK(RESULT(T_ODD) == PGM_SPECIFICATION);
	CHECK(RESULT(T_BEYOND) == PGM_ADDRESSING);
	CHECK(RESULT(T_SVC) == 0x42);
}

static void sharing(void)
{
	u64 before = imports;

	CHECK(RESULT(T_UNTOUCHED) == 0 && imports == before + 1);
	CHECK(RESULT(T_SHARE) == 1);
	CHECK(RESULT(T_SHARE_UNALIGNED) > 0x10000);
	CHECK(RESULT(T_STORE) == 0x1234 && *guest_dword(F4_SHARED) == 0x1234);
	*guest_dword(F4_SHARED) = 0x5678;
	CHECK(RESULT(T_LOAD) == 0x5678);
	/* a pinned page: the host unpins it first, and is asked again until it has */
	CHECK(call(0x0341, 0x20, GUEST_AT + F4_SHARED, 0, 0, 0) == 1);
	CHECK(start_test(T_UNSHARE) == ICPT_NOTIFY && IPA == 0xb9a4);
	CHECK(*(u16 *)(sida + 2) == 0x1001 && *(u64 *)(sida + 0x20) == F4_SHARED);
	CHECK(go_on() == ICPT_NOTIFY && IPA == 0xb9a4);
	CHECK(call(0x0342, 0x28, conf, GUEST_AT + F4_SHARED, 0, 0) == 1);
	CHECK(RESULT_NOW() == 1);
	CHECK(RESULT(T_LOAD) == 0);
	CHECK(load(PSW_MASK, GUEST_AT + F4_SHARED) == PGM(PGM_SECURE));
	CHECK(RESULT(T_QUERY) == 0x80c0000020000000ul);
	CHECK(RESULT(T_ATTEST) == 0x10002);
}

static void copy_page(void *to, const void *from)
{
	u64 i;

	for (i = 0; i < PAGE_SIZE / 8; i++)
		((volatile u64 *)to)[i] = ((const u64 *)from)[i];
}

/* Exported behind the guest's back; then an older export, and another page of its own. */
static void swapping(void)
{
	static u8 older[PAGE_SIZE], newer[PAGE_SIZE];
	u8 *page = (u8 *)GUEST_AT + F4_SHARED;

	CHECK(RESULT(T_STORE) == 0x1234);
	CHECK(EXPORT(F4_SHARED) == 1);
	copy_page(older, page);
	CHECK(RESULT(T_LOAD) == 0x1234);
	CHECK(EXPORT(F4_SHARED) == 1);
	copy_page(newer, page);
	copy_page(page, older);
	SAVED(2) = T_LOAD;
	CHECK(enter_once() == PGM(PGM_NON_SECURE));
	CHECK(lc(LC_TEID) >> 12 == (GUEST_AT + F4_SHARED) >> 12);
	CHECK(IMPORT(F4_SHARED) == 0x5322);
	*pte(GUEST_AT + F4_SHARED) = GUEST_AT;
	IHCPU = 0xffff;
	CHECK(enter_once() == PGM(PGM_VIOLATION));
	*pte(GUEST_AT + F4_SHARED) = GUEST_AT + F4_SHARED;
	IHCPU = 0xffff;
	copy_page(page, newer);
	CHECK(IMPORT(F4_SHARED) == 1);
	CHECK(RESULT_NOW() == 0x1234);
}

static void prefix(void)
{
	CHECK(start_test(T_SPX) == ICPT_NOTIFY);
	CHECK(IPA == 0xb210 && *(u32 *)sida == F4_PREFIX && PREFIX == 0);
	CHECK(RESULT_NOW() == 0x5b);
	CHECK(RESULT(T_STPX) == F4_PREFIX);
	/* the check is about the guest's own prefix, which the host does not have (D2) */
	CHECK(EXPORT(F4_PREFIX + PAGE_SIZE) == 1);
	CHECK(enter_once() == ICPT_PREFIX);
	CHECK(IMPORT(F4_PREFIX + PAGE_SIZE) == 1);
	CHECK(EXPORT(0) == 1 && IMPORT(0) == 1);
	CHECK(RESULT(T_OPERATION) == PGM_OPERATION);
	CHECK(start_test(T_PREFIX_BACK) == ICPT_NOTIFY && *(u32 *)sida == 0);
	CHECK(RESULT_NOW() == 0x5c);
}

static void interruptions(void)
{
	CHECK(start_test(T_ENABLE) == 0x64 && (u16)GCR(0) == 0x6a00);
	CHECK(go_on() == 0x64 && GCR(6) == 0xff000000);
	CHECK(go_on() == 0x64 && GCR(14) == 0x1f000000);
	CHECK(RESULT_NOW() == 0x6a00);
	CHECK(start_test(T_WAIT) == 0x1c && GPSW >> 48 == 0x0306);
	IICTL = 2;
	FIELD(u16, 0xc6) = 0x1201;
	CHECK(RESULT_NOW() == 0x1201 && IICTL == 0);
	CHECK(start_test(T_WAIT) == 0x1c);
	IICTL = 2;
	FIELD(u16, 0xc6) = 0x1005;	/* its subclass is disabled */
	CHECK(enter_once() == ICPT_VALIDITY);
	IICTL = 3;
	FIELD(u16, 0xe8) = 1;
	FIELD(u16, 0xea) = 7;
	INT32(0xf0) = 3u << 27;
	CHECK(RESULT_NOW() == 0x10007);
	CHECK(start_test(T_WAIT) == 0x1c);
	IICTL = 4;
	CHECK(RESULT_NOW() == 0x6e);
	/* it takes none while it waits for its host, whatever the host thinks */
	CHECK(start_test(T_DISABLED_WAIT) == 0x1c && GPSW >> 48 == 0x0002);
	IICTL = 3;
	CHECK(enter_once() == ICPT_VALIDITY);
	IICTL = 4;
	CHECK(RESULT_NOW() == 0x6e);
	/* requests end a loop */
	CPUFLAGS |= STOP_INT;
	CHECK(start_test(T_LOOP) == 0x28);
	CPUFLAGS &= ~STOP_INT;
	IICTL = 4;
	CHECK(RESULT_NOW() == 0x6e);
	/* its clock comparator is the host's to tell it of */
	CHECK(start_test(T_SCKC_WAIT) == 0x1c && CKC);
	while (tod() <= CKC)
		;
	IICTL = 2;
	FIELD(u16, 0xc6) = 0x1004;
	CHECK(RESULT_NOW() == 0x1004);
}

static void registers(void)
{
	u64 now;

	CHECK(RESULT(T_FP_SET) == 1);
	asm volatile("ld %%f0,%0" : : "Q" (asce) : "f0");
	CHECK(RESULT(T_FP_GET) == 0x0123456789abcdeful);
	asm volatile("std %%f0,%0" : "=Q" (now) : : "memory");
	CHECK(now == asce);
	CHECK(RESULT(T_SPT) == 0x5d);
	now = CPUTM;
	CHECK(now <= 0x100000000000ul && now > 0x0f0000000000ul);
	CHECK(RESULT(T_STPT) <= now);
}

static void other_instructions(void)
{
	CHECK(RESULT(T_SIGP_SENSE) == 0 && RESULT(T_SIGP_NONE) == 3);
	CHECK(RESULT(T_STSI_LEVEL) == 0x30000000);
	CHECK(RESULT(T_STAP) == 0);
	CHECK(RESULT(T_SCK) == 1);
	CHECK(RESULT(T_SSCH_BAD) == 0x15);
	*(u64 *)(facilities + 16) = 0x4000000000000000ul;
	FAC = (u32)(u64)facilities;
	CHECK(RESULT(T_STFLE) == 0x4000000200000000ul);

	CHECK(start_test(T_STSI) == ICPT_INSTR && IPA == 0xb27d && IPB == 0);
	CHECK(SAVED(0) == 0x30000002 && SAVED(1) == 2);
	*(u64 *)sida = 0x51515151;
	SET_CC(0);
	CHECK(RESULT_NOW() == 0x51515151);

	CHECK(start_test(T_SSCH) == ICPT_INSTR && IPA == 0xb233 && SAVED(1) == 0x10007);
	CHECK(*(u64 *)sida == 0x0b0b);
	SET_CC(1);
	CHECK(RESULT_NOW() == 1);
	CHECK(start_test(T_STSCH) == ICPT_INSTR && IPA == 0xb234);
	*(u64 *)sida = 0x52525252;
	SET_CC(0);
	CHECK(RESULT_NOW() == 0x52525252);
	/* nothing is stored with condition code 3 */
	CHECK(start_test(T_TSCH) == ICPT_INSTR && IPA == 0xb235);
	*(u64 *)sida = 0x53535353;
	SET_CC(3);
	CHECK(RESULT_NOW() == 0x0c0c);

	/* SERVICE CALL: emulated, then the host is told that it ended */
	CHECK(start_test(T_SERVC) == ICPT_INSTR && IPA == 0xb220);
	CHECK(SAVED((IPB >> 20) & 0xf) == 0x120001 && sida[1] == 16 && sida[15] == 0x77);
	*(u64 *)(sida + 8) = 0x78;
	SET_CC(2);		/* the condition code is the Ultravisor's */
	CHECK(go_on() == ICPT_NOTIFY && IPA == 0xb220);
	CHECK(RESULT_NOW() == 0x78);
	/* its operand is gone when the host has emulated it: that page first */
	CHECK(start_test(T_STSI) == ICPT_INSTR);
	CHECK(EXPORT(F4_DATA) == 1);
	*(u64 *)sida = 0x54545454;
	SET_CC(0);
	CHECK(enter_once() == PGM(PGM_NON_SECURE));
	CHECK(IMPORT(F4_DATA) == 1);
	CHECK(RESULT_NOW() == 0x54545454);
	/* the service signal has the address of the SCCB, which the host does not know */
	CHECK(start_test(T_WAIT) == 0x1c);
	IICTL = 2;
	FIELD(u16, 0xc6) = 0x2401;
	INT32(0xc0) = 0x43000;
	CHECK(RESULT_NOW() == (((u64)F4_DATA << 16) | 0x2401));
}

/* All of the guest's pages, and the same again after the host had them all. */
static void memory(void)
{
	u64 pages = (F4_SIZE - F4_STORM) / PAGE_SIZE, i;

	CHECK(RESULT(T_STORMS) == pages);
	for (i = F4_STORM; i < F4_SIZE; i += PAGE_SIZE)
		CHECK(EXPORT(i) == 1);
	imports = 0;
	CHECK(RESULT(T_STORMS) == pages && imports == pages);
}

/* DIAG 308 subcode 1: no entry until the host has gone through the protocol (D15). */
static void reset(void)
{
	CHECK(start_test(T_DIAG_308) == ICPT_NOTIFY && IPA == 0x8302 && SAVED(5) == 0x308);
	CHECK(SAVED(2) == 1);
	CHECK(enter_once() == ICPT_VALIDITY);
	CHECK(SET_STATE(2) == 1);
	CHECK(enter_once() == ICPT_VALIDITY);
	CHECK(call(0x0340, 0x40, conf, 0, 0, 0) == 1);
	CHECK(enter_once() == ICPT_VALIDITY);
	CHECK(call(0x0320, 0x40, conf, 0, 0, 0) == 1);
	CHECK(enter_once() == ICPT_VALIDITY);
	CHECK(call(0x0311, 0x40, HANDLE_CPU, 0, 0, 0) == 1);
	CHECK(enter_once() == ICPT_VALIDITY);
	CPUTM = 0x7777;
	CHECK(SET_STATE(5) == 1);
	CHECK(asks(go_on()) && SAVED(4) == F4_RESTARTED);
	CHECK(RESULT(T_STORE) == 0x1234);
}

/* The same block, storage and addresses for another guest (C4, C5); an invalid new PSW ends it. */
static void second_guest(void)
{
	u64 i;

	destroy();
	for (i = 0; i < GUEST_SIZE; i += 8)
		*guest_dword(i) = i;
	load_guest();
	CHECK(asks(go_on()) && SAVED(4) == F4_STARTED);
	CHECK(start_test(T_BAD_PGM_NEW) == 8);
	destroy();
}

int main(void)
{
	init_uv();
	conf_check();
	asce = map_identity() | 0x100;
	set_creg(1, asce);
	CPUFLAGS = CPU_GUEST;
	IHCPU = 0xffff;
	MSO = GUEST_AT;
	MSL = GUEST_AT;
	ECB = 4;
	FIELD(u8, 0x62) = 4;
	SCAOL = (u32)(u64)conf_sca;
	SIDAD = (u64)sida;
	load_guest();
	first_entries();
	diagnoses();
	exceptions();
	sharing();
	registers();
	interruptions();
	other_instructions();
	prefix();
	memory();
	swapping();
	reset();
	second_guest();
	return 0;
}
