/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A protected guest with known registers and storage, for tests/e2e/qemu. It counts, or with IN_FLIGHT it
 * asks its host for something all the time. Its component begins at 1 MiB; qemu-check.py has the same numbers.
 */
#define PATTERNS	0x110000
#define SHARED		0x140000
#define PREFIX		0x150000
#define COUNTER		0x160000

	.org	0
	larl	%r1,constants
	lmg	%r8,%r15,0(%r1)
	ld	%f4,64(%r1)
	lctlg	%c3,%c3,72(%r1)
	lam	%a3,%a3,80(%r1)
	/* a page of its own address each, 16 of them */
	lgfi	%r2,PATTERNS
0:	lgr	%r3,%r2
	lghi	%r4,512
1:	stg	%r2,0(%r3)
	aghi	%r3,8
	brctg	%r4,1b
	aghi	%r2,4096
	clgfi	%r2,PATTERNS + 0x10000
	jl	0b
	larl	%r1,share
	.insn	rrf,0xb9a40000,%r0,%r1,%r0,0
	jnz	.
	lgfi	%r5,SHARED
	mvc	0(16,%r5),text - share(%r1)
	/* the new prefix area has what the old one has */
	lgfi	%r2,PREFIX
	lghi	%r3,0x2000
	lghi	%r6,0
	lghi	%r7,0x2000
	mvcl	%r2,%r6
	larl	%r1,prefix
	spx	0(%r1)
	lgfi	%r2,COUNTER
	lghi	%r4,0
count:
	aghi	%r4,1
	stg	%r4,0(%r2)
#if IN_FLIGHT
	lghi	%r0,0
	oilh	%r0,0x3000
	oill	%r0,2
	lghi	%r1,2
	lgfi	%r3,PATTERNS + 0x20000
	stsi	0(%r3)
	stg	%r4,16(%r5)
#else
	tmll	%r4,0xffff
	jnz	count
	stg	%r4,16(%r5)
#endif
	j	count

	.balign	8
share:	.short	0x30, 0x1000
	.org	share + 0x20
	.quad	SHARED, 0
text:	.ascii	"shared with host"
constants:
	.quad	0x0808080808080808, 0x0909090909090909, 0x0a0a0a0a0a0a0a0a, 0x0b0b0b0b0b0b0b0b
	.quad	0x0c0c0c0c0c0c0c0c, 0x0d0d0d0d0d0d0d0d, 0x0e0e0e0e0e0e0e0e, 0x0f0f0f0f0f0f0f0f
	.quad	0xf4f4f4f4f4f4f4f4, 0x0303030303030303
	.long	0xa3a3a3a3
prefix:	.long	PREFIX
	.balign	4096
	.section .note.GNU-stack,"",@progbits
