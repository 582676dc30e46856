/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry of a bare-metal test program and its interruption handlers.
 */
#include "lowcore.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	larl	%r15,stack_top
	aghi	%r15,-160
	lctlg	%c0,%c15,cregs - _start + 0x20000
	larl	%r1,new_psws
	mvc	0x1a0(16),0(%r1)		/* restart */
	mvc	0x1b0(16),16(%r1)		/* external */
	mvc	0x1d0(16),32(%r1)		/* program */
	xc	LC_RESUME(LC_END - LC_RESUME),LC_RESUME
	brasl	%r14,main
	/* Returned: all checks passed. The address is the verdict. */
	larl	%r1,pass_psw
	lpswe	0(%r1)

/* A program interruption: note it, go on where the instruction's wrapper says. */
pgm_handler:
	stg	%r1,LC_SAVE
	lgh	%r1,0x8e
	stg	%r1,LC_CODE
	lg	%r1,0xa8
	stg	%r1,LC_TEID
	lg	%r1,0x158
	stg	%r1,LC_OLD_ADDR
	lg	%r1,LC_RESUME
	ltgr	%r1,%r1
	jz	unexpected
	stg	%r1,0x158
	mvghi	LC_RESUME,0
	/* back in supervisor state, without DAT */
	larl	%r1,kernel_mask
	mvc	0x150(8),0(%r1)
	lg	%r1,LC_SAVE
	lpswe	0x150
unexpected:
	larl	%r1,fail_psw
	lg	%r0,8(%r1)
	og	%r0,LC_CODE
	oill	%r0,0x8000
	stg	%r0,LC_FAIL + 8
	mvc	LC_FAIL(8),0(%r1)
	lpswe	LC_FAIL

ext_handler:
	stg	%r1,LC_SAVE
	lg	%r1,0x138
	stg	%r1,LC_EXT_ADDR
	/* once is enough: go on with the class disabled */
	lg	%r1,0x130
	llihl	%r1,0
	mvc	LC_FAIL(16),0x130
	ni	LC_FAIL,0xfe
	lg	%r1,LC_SAVE
	lpswe	LC_FAIL

	.globl	mchk_handler
/* A machine check, for a program that names it in the lowcore: no second one, then back. */
mchk_handler:
	ni	0x161,0xfb
	lpswe	0x160

	.globl	load_psw_entry
/* DIAG 308 subcode 1 comes here through the short PSW at absolute 0. */
load_psw_entry:
	sam64
	larl	%r15,stack_top
	aghi	%r15,-160
	lctlg	%c0,%c15,cregs - _start + 0x20000
	brasl	%r14,after_load
	larl	%r1,pass_psw
	lpswe	0(%r1)

	.globl	cpu2_entry
/* The second CPU, by SIGP restart. */
cpu2_entry:
	larl	%r15,stack2_top
	aghi	%r15,-160
	lctlg	%c0,%c15,cregs - _start + 0x20000
	brasl	%r14,cpu2_main
	j	.

	.weak	after_load
	.weak	cpu2_main
after_load:
cpu2_main:
	br	%r14

	.align	8
cregs:	.quad	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
kernel_mask:
	.quad	0x0000000180000000
new_psws:
	.quad	0x0000000180000000, cpu2_entry
	.quad	0x0000000180000000, ext_handler
	.quad	0x0000000180000000, pgm_handler
	.globl	pass_psw
pass_psw:
	.quad	0x0002000180000000, 0x600d0000
	.globl	fail_psw
fail_psw:
	.quad	0x0002000180000000, 0xbad00000

	.bss
	.align	8
	.skip	0x4000
stack_top:
	.skip	0x4000
stack2_top:
	.section .note.GNU-stack,"",@progbits
