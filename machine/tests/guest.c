// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a guest does in SIE, and what its host sees of it.
 */
#include "guest.h"
#include "conf.h"

#define HANDLER		0x11000ul	/* the guest's handler of any interruption */
#define DATA		0x20000ul
#define LC_PGM_NEW	0x1d0
#define LC_SVC_NEW	0x1c0

/* Whatever interrupts the guest leads to DIAG 0x501 at HANDLER. */
static void prepare_guest(void)
{
	u64 i;

	for (i = 0; i < GUEST_SIZE / 8; i++)
		*guest_dword(i * 8) = 0;
	*guest_dword(LC_PGM_NEW) = GPSW_MASK;
	*guest_dword(LC_PGM_NEW + 8) = HANDLER;
	*guest_dword(LC_SVC_NEW) = GPSW_MASK;
	*guest_dword(LC_SVC_NEW + 8) = HANDLER;
	*(u32 *)guest_dword(HANDLER) = 0x83000501;
	for (i = 0; i < 16; i++)
		GCR(i) = 0;
	ICTL = 0;
	LCTL_MASK = 0;
	ECB = 0;
	ECA = 0;
	PREFIX = 0;
	EPOCH = 0;
	CPUFLAGS = CPU_GUEST | CPU_SM;
}

/* A guest program interruption, taken in the guest. */
static int took(u64 code, u64 ilc)
{
	const u16 *lowcore = (u16 *)guest_dword(0x88);

	return ended() && GADDR == HANDLER + 4 && lowcore[3] == code && lowcore[2] == ilc;
}

SNIPPET(g_diag, "	lghi	%r3,0x33\n	lghi	%r14,0xee\n	.long	0x83120501\n");
SNIPPET(g_ex_diag, "	larl	%r1,0f\n	ex	%r0,0(%r1)\n	.long	0\n"
	"0:	.long	0x83120501\n");
SNIPPET(g_exrl_diag, "	exrl	%r0,0f\n	.long	0\n0:	.long	0x83120501\n");

static void instruction_interceptions(void)
{
	gregs[7] = 0x77;
	CHECK(run_guest(g_diag) == 4);
	CHECK(IPA == 0x8312 && IPB == 0x05010000 && ICPTSTATUS == 0);
	CHECK(GPSW == GPSW_MASK && GADDR == CODE + 12);
	CHECK(gregs[3] == 0x33 && gregs[7] == 0x77 && GG14 == 0xee);
	CHECK(run_guest(g_ex_diag) == 4);
	CHECK(IPA == 0x8312 && IPB == 0x05010000 && ICPTSTATUS == 0x41 && GADDR == CODE + 10);
	CHECK(run_guest(g_exrl_diag) == 4);
	CHECK(IPA == 0x8312 && ICPTSTATUS == 0x61 && GADDR == CODE + 6);
}

SNIPPET(g_store, "	stg	%r2,0(%r3)\n" DIAG_END);
SNIPPET(g_load, "	lg	%r2,0(%r3)\n" DIAG_END);

/* Faults of the host's tables: nullified, and the guest goes on when they are mended. */
static void host_faults(void)
{
	gregs[2] = 0x1234;
	gregs[3] = GUEST_SIZE + 8;
	CHECK(run_guest(g_store) == PGM(PGM_SEGMENT));
	CHECK(lc(LC_TEID) == (GUEST_SIZE | 0x400) && GADDR == CODE && ICPTCODE == 0);
	CHECK(lc(LC_OLD_ADDR) == (u64)sie_instruction);

	gregs[3] = DATA;
	*guest_pte(DATA) |= PTE_INVALID;
	CHECK(run_guest(g_load) == PGM(PGM_PAGE));
	CHECK(lc(LC_TEID) == (DATA | 0x800) && GADDR == CODE);
	*guest_pte(DATA) &= ~PTE_INVALID;
	CHECK(enter() == 4 && ended());

	*guest_pte(DATA) |= 0x200;
	IHCPU = 0xffff;
	CHECK(run_guest(g_load) == 4);
	gregs[2] = 0x5678;
	CHECK(run_guest(g_store) == PGM(0x04));
	CHECK(lc(LC_TEID) == (DATA | 0x404) && *guest_dword(DATA) == 0);
	*guest_pte(DATA) &= ~0x200ul;
	CHECK(enter() == 4 && ended() && *guest_dword(DATA) == 0x5678);

	/* the host may not execute what its guest may */
	*guest_pte(CODE) |= 0x100;
	IHCPU = 0xffff;
	CHECK(run_guest(g_load) == 4 && ended());
	*guest_pte(CODE) &= ~0x100ul;
}

/* MSO and MSL count when SM is off; the guest ends with its last MiB. */
static void storage_extent(void)
{
	CPUFLAGS = CPU_GUEST;
	MSO = GUEST_AT;
	MSL = GUEST_AT;
	gregs[2] = 0x4321;
	gregs[3] = DATA;
	CHECK(run_guest(g_store) == 4 && ended() && *guest_dword(DATA) == 0x4321);
	gregs[3] = GUEST_SIZE;
	CHECK(run_guest(g_store) == 4 && took(PGM_ADDRESSING, 6));
	CPUFLAGS = CPU_GUEST | CPU_SM;
	gregs[3] = DATA;
	CHECK(run_guest(g_load) == 4 && ended() && gregs[2] == 0x4321);
}

SNIPPET(g_divide, "	lghi	%r4,0\n	dlgr	%r2,%r4\n" DIAG_END);
SNIPPET(g_svc, "	svc	0x42\n" DIAG_END);
SNIPPET(g_illegal, "	.long	0xb2ff0000\n" DIAG_END);
SNIPPET(g_uvc, "	.long	0xb9a40000\n" DIAG_END);

static void guest_interruptions(void)
{
	CHECK(run_guest(g_divide) == 4 && took(9, 4));
	CHECK(*guest_dword(0x158) == CODE + 8);
	CHECK(run_guest(g_svc) == 4 && ended() && GADDR == HANDLER + 4);
	CHECK(*guest_dword(0x88) >> 32 == 0x00020042 && *guest_dword(0x148) == CODE + 2);
	CHECK(run_guest(g_illegal) == 4 && took(PGM_OPERATION, 4));
	CHECK(run_guest(g_uvc) == 4 && took(PGM_OPERATION, 4));
	ICTL = 0x80000000;
	CHECK(run_guest(g_illegal) == 0x2c && IPA == 0xb2ff && GADDR == CODE + 4);
	ICTL = 0x20000000;
	*guest_dword(0x88) = 0;
	CHECK(run_guest(g_divide) == 8 && IPRCC == 9 && PGMILC == 4 && GADDR == CODE + 8);
	CHECK(*guest_dword(0x88) == 0);
	ICTL = 0;

	/* its prefix area is not mapped: the host's fault, and the SVC is repeated */
	*guest_pte(0) |= PTE_INVALID;
	IHCPU = 0xffff;
	CHECK(run_guest(g_svc) == PGM(PGM_PAGE));
	CHECK(lc(LC_TEID) == 0x400 && GADDR == CODE);
	*guest_pte(0) &= ~PTE_INVALID;
	CHECK(enter() == 4 && ended() && GADDR == HANDLER + 4);

	/* another prefix */
	PREFIX = 0x40000;
	*guest_dword(0x40000 + LC_SVC_NEW) = GPSW_MASK;
	*guest_dword(0x40000 + LC_SVC_NEW + 8) = HANDLER;
	*guest_dword(0x88) = 0;
	CHECK(run_guest(g_svc) == 4 && ended());
	CHECK(*guest_dword(0x88) == 0 && *guest_dword(0x40088) >> 32 == 0x00020042);
	PREFIX = 0;
}

SNIPPET(g_lctlg, "	lctlg	%c0,%c0,0(%r3)\n	lzdr	%f8\n" DIAG_END);
SNIPPET(g_lctlg2, "	lctlg	%c15,%c1,0(%r3)\n" DIAG_END);
SNIPPET(g_stctg, "	stctg	%c0,%c0,0(%r3)\n" DIAG_END);

static void control_registers(void)
{
	gregs[3] = DATA;
	*guest_dword(DATA) = 0;
	CHECK(run_guest(g_lctlg) == 4 && took(7, 4));
	CHECK((u32)*guest_dword(0x90) == 0 || *guest_dword(0x90) >> 32 == 1);
	*guest_dword(DATA) = CR0_AFP;
	CHECK(run_guest(g_lctlg) == 4 && ended() && GADDR == CODE + 14);
	CHECK(GCR(0) == CR0_AFP);
	LCTL_MASK = 0x8000 >> 1;
	CHECK(run_guest(g_lctlg2) == 4 && IPA == 0xebf1 && GADDR == CODE + 6);
	LCTL_MASK = 0x8000 >> 2;
	CHECK(run_guest(g_lctlg2) == 4 && ended());
	LCTL_MASK = 0;
	CHECK(run_guest(g_stctg) == 4 && ended());
	ICTL = 0x00040000;
	CHECK(run_guest(g_stctg) == 4 && IPA == 0xeb00);
	ICTL = 0;
	GCR(0) = 0;
	GCR(1) = 0;
}

SNIPPET(g_lpswe, "	lpswe	0(%r3)\n" DIAG_END);
SNIPPET(g_lpsw, "	lpsw	0(%r3)\n" DIAG_END);
SNIPPET(g_stosm, "	stosm	0(%r3),0x03\n" DIAG_END);
SNIPPET(g_ex_stosm, "	larl	%r1,0f\n	ex	%r0,0(%r1)\n" DIAG_END
	"0:	stosm	0(%r3),0x03\n");
SNIPPET(g_odd, "	larl	%r1,0f\n	aghi	%r1,1\n	br	%r1\n	nopr\n0:" DIAG_END);

static int load_psw(u64 mask, u64 addr)
{
	gregs[3] = DATA;
	*guest_dword(DATA) = mask;
	*guest_dword(DATA + 8) = addr;
	return run_guest(g_lpswe);
}

static void waits_and_requests(void)
{
	CHECK(load_psw(GPSW_MASK | 0x0002000000000000, 0x1000) == 0x1c);
	CHECK(GPSW == (GPSW_MASK | 0x0002000000000000) && GADDR == 0x1000);
	CHECK(load_psw(GPSW_MASK | 0x0302000000000000, 0x1000) == 0x1c);
	CPUFLAGS = CPU_GUEST | CPU_SM | STOP_INT;
	CHECK(run_guest(g_diag) == 0x28 && GADDR == CODE);
	CPUFLAGS = CPU_GUEST | CPU_SM | EXT_INT;
	CHECK(run_guest(g_diag) == 4);
	CHECK(run_guest(g_stosm) == 0x10 && GADDR == CODE + 4);
	CHECK(run_guest(g_ex_stosm) == 0x10 && GADDR == CODE + 10);
	CPUFLAGS = CPU_GUEST | CPU_SM | IO_INT;
	CHECK(run_guest(g_stosm) == 0x18 && GADDR == CODE + 4);
	CPUFLAGS = CPU_GUEST | CPU_SM;
	CHECK(run_guest(g_stosm) == 4 && ended());
	ICTL = 0x00400000;
	CHECK(load_psw(GPSW_MASK, HANDLER) == 4 && IPA == 0xb2b2 && GADDR == CODE + 4);
	ICTL = 0;
	CHECK(load_psw(GPSW_MASK, HANDLER) == 4 && ended() && GADDR == HANDLER + 4);
}

/* Specification exceptions are the host's unless it says otherwise. */
static void specification(void)
{
	CHECK(load_psw(GPSW_MASK | 0x0008000000000000, HANDLER) == 8 && IPRCC == 6);
	CHECK(GPSW == (GPSW_MASK | 0x0008000000000000) && GADDR == HANDLER);
	gregs[3] = DATA;
	*guest_dword(DATA) = 0;
	CHECK(run_guest(g_lpsw) == 8 && IPRCC == 6);
	CHECK(run_guest(g_odd) == 8 && IPRCC == 6);
	ECB = 0x08;
	CHECK(run_guest(g_odd) == 4 && GADDR == HANDLER + 4);
	/* a loop of invalid new PSWs is left at once */
	*guest_dword(LC_PGM_NEW) = 0x0008000000000000;
	CHECK(run_guest(g_divide) == 8 && IPRCC == 6 && GPSW == 0x0008000000000000);
	*guest_dword(LC_PGM_NEW) = GPSW_MASK;
	ECB = 0;
}

SNIPPET(g_clocks, "	stck	0(%r3)\n	stpt	8(%r3)\n"
	"	stckc	16(%r3)\n" DIAG_END);
SNIPPET(g_spt, "	spt	0(%r3)\n	sckc	8(%r3)\n" DIAG_END);
SNIPPET(g_spin, "0:	j	0b\n");

static void clocks(void)
{
	u64 before, *data = guest_dword(DATA);

	gregs[3] = DATA;
	EPOCH = 0x1000000000000;
	CPUTM = 0x7000000000;
	CKC = 0x123456;
	before = tod();
	CHECK(run_guest(g_clocks) == 4 && ended());
	CHECK(data[0] - EPOCH >= before && data[0] - EPOCH <= tod());
	CHECK(data[1] <= 0x7000000000 && data[1] > 0x6f00000000 && CPUTM <= data[1]);
	CHECK(data[2] == 0x123456 && CKC == 0x123456);
	EPOCH = 0;
	data[0] = 0x5000000000;
	data[1] = 0x987654;
	CHECK(run_guest(g_spt) == 4 && ended());
	CHECK(CPUTM <= 0x5000000000 && CPUTM > 0x4f00000000 && CKC == 0x987654);

	/* a timer that the guest would take is for the host to deliver: a null exit */
	GCR(0) = CR0_CKC;
	CKC = tod() + TOD_SECONDS(1) / 100;
	put(g_spin);
	GPSW = GPSW_MASK | 0x0100000000000000;
	CHECK(enter() == 0 && tod() > CKC && GADDR == CODE);
	GCR(0) = 0x400;
	CPUTM = TOD_SECONDS(1) / 100;
	CHECK(enter() == 0 && (long)CPUTM < 0);
	/* and one that it does not take leaves it alone */
	GCR(0) = CR0_CKC;
	CKC = 0;
	CHECK(run_guest(g_diag) == 4);
	GCR(0) = 0;
}

SNIPPET(g_stfle, "	stfle	0(%r3)\n" DIAG_END);

static void facilities(void)
{
	static u64 list[256] __attribute__((aligned(4096)));
	u64 i;

	for (i = 0; i < 256; i++)
		list[i] = 0x1111111111111111 * (i + 1);
	FAC = (u64)list;
	gregs[0] = 7;
	gregs[3] = DATA;
	CHECK(run_guest(g_stfle) == 4 && ended());
	CHECK((gregs[0] & 0xff) < 7);
	for (i = 0; i <= (gregs[0] & 0xff); i++)
		CHECK(guest_dword(DATA)[i] == list[i]);
	/* without a list it is for the host to answer */
	FAC = 0;
	CHECK(run_guest(g_stfle) == 4 && IPA == 0xb2b0 && IPB == 0x30000000 && GADDR == CODE + 4);
}

SNIPPET(g_mvpg, "	lghi	%r0,0\n	.long	0xb2540034\n" DIAG_END);

static void move_page(void)
{
	const u64 to = 0x30000, from = 0x31000;

	gregs[3] = to;
	gregs[4] = from;
	*guest_dword(from) = 0xabcd;
	ECA = 0x01000000;
	CHECK(run_guest(g_mvpg) == 4 && ended() && *guest_dword(to) == 0xabcd);
	*guest_pte(from) |= PTE_INVALID;
	IHCPU = 0xffff;
	CHECK(run_guest(g_mvpg) == 0x38 && IPA == 0xb254 && IPB >> 16 == 0x0034);
	CHECK(GADDR == (CODE + 8));
	CHECK(PTE_DEST == (u64)guest_pte(to) && PTE_SRC == (u64)guest_pte(from));
	*guest_pte(from) &= ~PTE_INVALID;
	*guest_pte(to) |= PTE_INVALID;
	IHCPU = 0xffff;
	CHECK(run_guest(g_mvpg) == 0x38 && PTE_DEST == (u64)guest_pte(to));
	ECA = 0;
	CHECK(run_guest(g_mvpg) == PGM(PGM_PAGE) && lc(LC_TEID) == (to | 0x400));
	*guest_pte(to) &= ~PTE_INVALID;
}

/* Translations of a live guest: the host's IPTE and ihcpu purge them. */
static void purges(void)
{
	const u64 a = 0x30000, b = 0x31000;
	u64 entry = *guest_pte(a);

	*guest_dword(a) = 1;
	*guest_dword(b) = 2;
	gregs[3] = a;
	CHECK(run_guest(g_load) == 4 && gregs[2] == 1);
	/* by its address in the host's space, of which the guest's knows nothing */
	asm volatile("ipte %0,%1" : : "a" (page_table[GUEST_AT >> 20]), "a" (GUEST_AT + a)
		     : "memory");
	*guest_pte(a) = *guest_pte(b);
	CHECK(run_guest(g_load) == 4 && gregs[2] == 2);
	*guest_pte(a) = entry;
	IHCPU = 0xffff;
	CHECK(run_guest(g_load) == 4 && gregs[2] == 1);
}

SNIPPET(g_lra, "	lrag	%r2,0(%r3)\n	ipm	%r5\n" DIAG_END);
SNIPPET(g_ipte, "	ipte	%r6,%r3\n	lg	%r2,0(%r3)\n" DIAG_END);

/* The guest's own translation: 1 MiB by its tables at 0x50000 and 0x51000. */
static void guest_dat(void)
{
	const u64 dat = 0x0400000000000000;
	u64 i, *seg = guest_dword(0x50000), *pages = guest_dword(0x52000);
	static u64 sca[512] __attribute__((aligned(4096)));

	for (i = 0; i < 512; i++)
		seg[i] = SEG_INVALID;
	seg[0] = 0x52000;
	for (i = 0; i < 256; i++)
		pages[i] = i << 12;
	pages[0x60] = 0x30000;
	*guest_dword(0x30000) = 0x600d;
	GCR(1) = 0x50000;
	gregs[3] = 0x60000;
	put(g_load);
	GPSW = GPSW_MASK | dat;
	CHECK(enter() == 4 && ended() && gregs[2] == 0x600d);
	put(g_lra);
	GPSW = GPSW_MASK | dat;
	CHECK(enter() == 4 && ended() && gregs[2] == 0x30000 && !(gregs[5] & 0x30000000));
	/* its table is not mapped in the host */
	*guest_pte(0x52000) |= PTE_INVALID;
	IHCPU = 0xffff;
	put(g_lra);
	GPSW = GPSW_MASK | dat;
	CHECK(enter() == PGM(PGM_PAGE));
	CHECK(lc(LC_TEID) == (0x50000 | 0x400) || lc(LC_TEID) == (0x52000 | 0x800));
	*guest_pte(0x52000) &= ~PTE_INVALID;
	CHECK(enter() == 4 && ended() && gregs[2] == 0x30000);

	/* the guest's own IPTE, and its host's lock */
	gregs[6] = 0x52000;
	put(g_ipte);
	GPSW = GPSW_MASK | dat;
	CHECK(enter() == 4 && took(PGM_PAGE, 6) && *guest_dword(0xa8) >> 12 == 0x60);
	pages[0x60] = 0x30000;
	sca[0] = 1ul << 63;
	SCAOL = (u64)sca;
	put(g_ipte);
	GPSW = GPSW_MASK | dat;
	CHECK(enter() == 4 && IPA == 0xb221 && pages[0x60] == 0x30000);
	SCAOL = 0;
	GCR(1) = 0;
}

SNIPPET(g_count, "0:	brctg	%r2,0b\n" DIAG_END);

/* An interruption of the host ends the execution at SIE, and it goes on there. */
static void host_interruption(void)
{
	u64 cr0 = CR0_CKC, now = tod() + TOD_SECONDS(1) / 1000;

	lc_set(LC_EXT_ADDR, 0);
	asm volatile("lctlg %%c0,%%c0,%0" : : "Q" (cr0));
	asm volatile("sckc %0" : : "Q" (now));
	gregs[2] = 20000000;
	put(g_count);
	asm volatile("stosm 0x440,0x01" : : : "memory");
	CHECK(enter() == 4 && ended() && gregs[2] == 0);
	asm volatile("stnsm 0x440,0xfe" : : : "memory");
	CHECK(lc(LC_EXT_ADDR) == (u64)sie_instruction);
}

/* Is the description refused with this reason, and nothing executed? */
static int invalid(u32 reason)
{
	return run_guest(g_diag) == 0x20 && IPB >> 16 == reason && GADDR == CODE;
}

static void bad_blocks(void)
{
	CPUFLAGS = CPU_SM;
	CHECK(invalid(0x0001));
	CPUFLAGS = CPU_GUEST;
	MSO = GUEST_AT;
	MSL = GUEST_AT - 1;
	CHECK(invalid(0x5302));
	MSL = ~0ul;
	CHECK(run_guest(g_diag) == 4);
	CPUFLAGS = CPU_GUEST | CPU_SM;
	block[0x68] = 3;
	CHECK(invalid(0x5301));
	/* protected guests are not executed: no such handles */
	block[0x68] = 2;
	CHECK(run_guest(g_diag) == 0x20 && IPB >> 24 == 0x20);
	block[0x68] = 0;
	CHECK(run_guest(g_diag) == 4);
}

/* SIE does not fetch from secure storage for the host: facility list, lock of the SCA. */
static void secure_operands(void)
{
	u64 handle;

	init_uv();
	conf_check();
	conf_base[0] = 0x80;
	handle = conf_create();
	FAC = (u64)conf_base;
	gregs[0] = 7;
	gregs[3] = DATA;
	CHECK(run_guest(g_stfle) == 0x20 && IPB >> 16 == 0x1090 && GADDR == CODE);
	FAC = 0;
	SCAOL = (u64)conf_base;
	gregs[6] = 0x52000;
	CHECK(run_guest(g_ipte) == 4 && ended());
	SCAOL = 0;
	conf_destroy(handle);
}

int main(void)
{
	make_guest();
	prepare_guest();
	instruction_interceptions();
	host_faults();
	storage_extent();
	guest_interruptions();
	control_registers();
	waits_and_requests();
	specification();
	clocks();
	facilities();
	move_page();
	purges();
	guest_dat();
	host_interruption();
	bad_blocks();
	secure_operands();
	return 0;
}
