/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest of format4.c: DIAGNOSE 0x500 asks for the number of the next test, and tells in GR 4
 * what the last one had.
 */
#include "format4.h"

	.section .text
	.org	0
	.quad	0x0008000180000000 + restarted
	.org	0x1a0
	.quad	MASK, restart_handler
	.quad	MASK, ext_handler
	.quad	MASK, svc_handler
	.quad	MASK, pgm_handler
	.quad	MASK, mchk_handler
	.quad	MASK, io_handler

	.org	F4_START
	lghi	%r4,F4_STARTED
next:
	lghi	%r1,0x11
	lghi	%r2,0x22
	lghi	%r3,0x33
	.long	0x83000500
	larl	%r5,tests
	sllg	%r2,%r2,3
	lg	%r5,0(%r2,%r5)
	br	%r5

restarted:
	sam64
	lghi	%r4,F4_RESTARTED
	j	next
restart_handler:
	lghi	%r4,0x6e
	j	next
ext_handler:
	larl	%r5,never
	sckc	0(%r5)
	llgh	%r4,0x86
	llgf	%r6,0x80
	sllg	%r6,%r6,16
	ogr	%r4,%r6
	j	next
svc_handler:
	llgh	%r4,0x8a
	j	next
pgm_handler:
	llgh	%r4,0x8e
	j	next
mchk_handler:
	lg	%r4,0xe8
	j	next
io_handler:
	llgf	%r4,0xb8
	j	next

	.balign	8
tests:
	.quad	t_diag_44, t_diag_9c, t_diag_288, t_diag_10, t_operation, t_share
	.quad	t_unshare, t_share_unaligned, t_store, t_load, t_untouched, t_spx
	.quad	t_stpx, t_loop, t_wait, t_enable, t_fp_set, t_fp_get
	.quad	t_spt, t_stpt, t_diag_308, t_sigp_sense, t_sigp_none, t_stsi
	.quad	t_stsi_level, t_servc, t_ssch, t_stsch, t_bad_pgm_new, t_stap
	.quad	t_stfle, t_query, t_sske, t_lpsw_bad, t_svc, t_ssch_bad
	.quad	t_prefix_back, t_disabled_wait, t_tsch, t_sckc_wait, t_attest, t_odd
	.quad	t_beyond, t_sck, t_storms, t_diag_308_a

t_diag_44:
	.long	0x83000044
	lghi	%r4,0x44
	j	next
t_diag_9c:
	lghi	%r7,0x4321
	.long	0x8370009c
	lghi	%r4,0x9c
	j	next
t_diag_288:
	lghi	%r6,0x41
	lghi	%r7,0x42
	lghi	%r8,0x43
	.long	0x83680288
	lgr	%r4,%r7
	j	next
t_diag_10:
	.long	0x83000010
	j	next
t_operation:
	.long	0xb2ff0000
	j	next
t_share:
	larl	%r1,share_cb
	j	call
t_unshare:
	larl	%r1,unshare_cb
	j	call
t_share_unaligned:
	larl	%r1,share_unaligned_cb
	j	call
t_attest:
	larl	%r1,attest_cb
call:
	mvhhi	4(%r1),0
	.insn	rrf,0xb9a40000,%r0,%r1,%r0,0
	lghi	%r4,0
	ipm	%r4
	srlg	%r4,%r4,12
	llgh	%r5,4(%r1)
	nill	%r4,0
	ogr	%r4,%r5
	j	next
t_query:
	larl	%r1,query_cb
	.insn	rrf,0xb9a40000,%r0,%r1,%r0,0
	lg	%r4,0x10(%r1)
	j	next
t_store:
	lghi	%r5,0x1234
	lgfi	%r1,F4_SHARED
	stg	%r5,0(%r1)
	lg	%r4,0(%r1)
	j	next
t_load:
	lgfi	%r1,F4_SHARED
	lg	%r4,0(%r1)
	j	next
t_untouched:
	lgfi	%r1,F4_UNTOUCHED
	lg	%r4,0(%r1)
	j	next
t_spx:
	lgfi	%r6,F4_PREFIX
	lghi	%r7,0x2000
	lghi	%r8,0
	lghi	%r9,0x2000
	mvcl	%r6,%r8
	larl	%r1,new_prefix
	spx	0(%r1)
	lghi	%r4,0x5b
	j	next
t_prefix_back:
	larl	%r1,old_prefix
	spx	0(%r1)
	lghi	%r4,0x5c
	j	next
t_stpx:
	larl	%r1,scratch
	stpx	0(%r1)
	llgf	%r4,0(%r1)
	j	next
t_loop:
	lghi	%r4,0x100
0:	j	0b
t_wait:
	larl	%r1,wait_psw
	lpswe	0(%r1)
t_disabled_wait:
	larl	%r1,disabled_wait_psw
	lpswe	0(%r1)
t_enable:
	larl	%r1,never
	sckc	0(%r1)
	larl	%r1,cregs
	lctlg	%c0,%c0,0(%r1)
	lctlg	%c6,%c6,8(%r1)
	lctlg	%c14,%c14,16(%r1)
	stctg	%c0,%c0,24(%r1)
	lg	%r4,24(%r1)
	j	next
t_fp_set:
	larl	%r1,constant
	ld	%f0,0(%r1)
	lghi	%r4,1
	sar	%a5,%r4
	j	next
t_fp_get:
	larl	%r1,scratch
	std	%f0,0(%r1)
	lg	%r4,0(%r1)
	j	next
t_spt:
	larl	%r1,timer
	spt	0(%r1)
	lghi	%r4,0x5d
	j	next
t_stpt:
	larl	%r1,scratch
	stpt	0(%r1)
	lg	%r4,0(%r1)
	j	next
t_diag_308:
	lghi	%r2,0
	lghi	%r3,1
	.long	0x83230308
	j	t_operation
t_diag_308_a:
	lghi	%r2,0x5a
	lghi	%r6,0x500
	lghi	%r7,0
	lghi	%r8,10
	.long	0x83680308
	sllg	%r4,%r7,16
	ogr	%r4,%r2
	j	next
t_sigp_sense:
	lghi	%r3,0
	lghi	%r2,0
	sigp	%r2,%r3,1
	lghi	%r4,0
	ipm	%r4
	srl	%r4,28
	j	next
t_sigp_none:
	lghi	%r3,9
	lghi	%r2,0
	sigp	%r2,%r3,1
	lghi	%r4,0
	ipm	%r4
	srl	%r4,28
	j	next
t_stsi:
	llilh	%r0,0x3000
	oill	%r0,2
	lghi	%r1,2
	lgfi	%r2,F4_DATA
	stsi	0(%r2)
	lg	%r4,0(%r2)
	j	next
t_stsi_level:
	lghi	%r0,0
	lghi	%r1,0
	stsi	0
	llgfr	%r4,%r0
	j	next
t_servc:
	lgfi	%r3,F4_DATA
	mvhhi	0(%r3),16
	mvghi	8(%r3),0x77
	lgfi	%r2,0x120001
	.long	0xb2200023
	lghi	%r4,0
	ipm	%r4
	srl	%r4,28
	sllg	%r4,%r4,56
	og	%r4,8(%r3)
	j	next
t_ssch:
	lgfi	%r1,0x10007
	lgfi	%r2,F4_DATA
	mvghi	0(%r2),0x0b0b
	ssch	0(%r2)
	lghi	%r4,0
	ipm	%r4
	srl	%r4,28
	j	next
t_ssch_bad:
	lghi	%r1,7
	lgfi	%r2,F4_DATA
	ssch	0(%r2)
	j	next
t_stsch:
	lgfi	%r1,0x10007
	lgfi	%r2,F4_DATA
	stsch	8(%r2)
	lg	%r4,8(%r2)
	j	next
t_tsch:
	lgfi	%r1,0x10007
	lgfi	%r2,F4_DATA
	mvghi	0(%r2),0x0c0c
	tsch	0(%r2)
	lg	%r4,0(%r2)
	j	next
t_bad_pgm_new:
	larl	%r1,invalid_psw
	mvc	0x1d0(16),0(%r1)
	.long	0xb2ff0000
t_stap:
	larl	%r1,scratch
	stap	0(%r1)
	llgh	%r4,0(%r1)
	j	next
t_stfle:
	lghi	%r0,3
	lgfi	%r2,F4_DATA
	stfle	0(%r2)
	lg	%r4,16(%r2)
	j	next
t_sske:
	lghi	%r1,0
	lghi	%r2,0
	sske	%r1,%r2
	j	next
t_lpsw_bad:
	larl	%r1,invalid_psw
	lpswe	0(%r1)
t_svc:
	svc	0x42
t_sckc_wait:
	larl	%r1,scratch
	stck	0(%r1)
	lg	%r2,0(%r1)
	algfi	%r2,0x1000000
	stg	%r2,0(%r1)
	sckc	0(%r1)
	j	t_wait
t_odd:
	larl	%r1,next
	aghi	%r1,1
	br	%r1
t_beyond:
	lgfi	%r1,F4_SIZE
	lg	%r4,0(%r1)
	j	next
t_sck:
	larl	%r1,scratch
	sck	0(%r1)
	lghi	%r4,0
	ipm	%r4
	srl	%r4,28
	j	next
/* Every page from F4_STORM to the end gets its address, and has it still. */
t_storms:
	lgfi	%r1,F4_STORM
0:	stg	%r1,8(%r1)
	aghi	%r1,4096
	clgfi	%r1,F4_SIZE
	jl	0b
	lgfi	%r1,F4_STORM
	lghi	%r4,0
1:	lgr	%r2,%r1
	clg	%r2,8(%r1)
	jne	next
	aghi	%r4,1
	aghi	%r1,4096
	clgfi	%r1,F4_SIZE
	jl	1b
	j	next

	.org	F4_VARIABLES
share_cb:
	.short	0x30, 0x1000
	.org	share_cb + 0x20
	.quad	F4_SHARED, 0
unshare_cb:
	.short	0x30, 0x1001
	.org	unshare_cb + 0x20
	.quad	F4_SHARED, 0
share_unaligned_cb:
	.short	0x30, 0x1000
	.org	share_unaligned_cb + 0x20
	.quad	F4_SHARED + 8, 0
attest_cb:
	.short	0x188, 0x1020
	.org	attest_cb + 0x188
query_cb:
	.short	0x100, 0x0001
	.org	query_cb + 0x100
wait_psw:
	.quad	MASK | 0x0306000000000000, 0
disabled_wait_psw:
	.quad	MASK | 0x0002000000000000, 0xdead
invalid_psw:
	.quad	MASK | 0x0008000000000000, 0x2000
cregs:	.quad	0x00006a00, 0xff000000, 0x1f000000, 0
constant:
	.quad	0x0123456789abcdef
timer:	.quad	0x0000100000000000
never:	.quad	-1
new_prefix:
	.long	F4_PREFIX
old_prefix:
	.long	0
scratch:
	.quad	0
	.org	F4_LEN

	.section .note.GNU-stack,"",@progbits
