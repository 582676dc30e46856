// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control blocks are reached through the space that the PSW names; what a hole in it looks like.
 */
#include "dat.h"

/* An address with no code or data of this program, below the 16 MiB. */
#define VA	0xa00000ul

int main(void)
{
	u64 asce = map_identity();
	static struct uvcb u;
	struct uvcb *at;

	u = (struct uvcb) { .len = 0x120, .cmd = UVC_QUI };

	/* VA is the page of the control block, only in the home space */
	*pte(VA) = (u64)&u & ~(PAGE_SIZE - 1);
	*pte(VA + PAGE_SIZE) = ((u64)&u & ~(PAGE_SIZE - 1)) + PAGE_SIZE;
	set_creg(1, asce);
	set_creg(7, asce);
	set_creg(13, asce);
	at = (struct uvcb *)(VA + ((u64)&u & (PAGE_SIZE - 1)));
	CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, at) == 0);
	CHECK(u.rc == 1);

	/* nothing is mapped there */
	*pte(VA) |= PTE_INVALID;
	asm volatile("ptlb" : : : "memory");
	CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, (void *)VA) == PGM(PGM_PAGE));
	CHECK((lc(LC_TEID) & ~0xfffull) == VA);
	CHECK((lc(LC_TEID) & 3) == 3);

	/* only the second page of the block is missing */
	*pte(VA) = (u64)&u & ~(PAGE_SIZE - 1);
	*pte(VA + PAGE_SIZE) |= PTE_INVALID;
	asm volatile("ptlb" : : : "memory");
	at = (struct uvcb *)(VA + PAGE_SIZE - 16);
	{
		u64 *real = (u64 *)(*pte(VA) + PAGE_SIZE - 16);
		u64 save = real[0];

		real[0] = 0x0120000100000000ul;
		CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, at) == PGM(PGM_PAGE));
		CHECK((lc(LC_TEID) & ~0xfffull) == VA + PAGE_SIZE);
		/* nothing was stored */
		CHECK(real[0] == 0x0120000100000000ul);
		real[0] = save;
	}

	/* the primary space is the current one, and has no such page */
	{
		static u64 other[2048] __attribute__((aligned(4096)));
		u32 i;

		for (i = 0; i < 2048; i++)
			other[i] = SEG_INVALID;
		for (i = 0; i < SEGMENTS; i++)
			other[i] = seg_table[i];
		other[VA >> 20] = SEG_INVALID;
		set_creg(1, (u64)other | ASCE_LEN_2GB);
		at = (struct uvcb *)(VA + ((u64)&u & (PAGE_SIZE - 1)));
		u.rc = 0;
		*pte(VA + PAGE_SIZE) &= ~PTE_INVALID;
		CHECK(uvc_mask(PSW_MASK | PSW_DAT, at) == PGM(PGM_SEGMENT));
		CHECK((lc(LC_TEID) & 3) == 0);
		CHECK(u.rc == 0);
		CHECK(uvc_mask(PSW_MASK | PSW_DAT | PSW_HOME, at) == 0);
		CHECK(u.rc == 1);
	}

	/* a host in primary space that has no home space yet */
	u.rc = 0;
	set_creg(1, asce);
	set_creg(13, 0);
	CHECK(uvc_mask(PSW_MASK | PSW_DAT, at) == 0);
	CHECK(u.rc == 1);
	return 0;
}
