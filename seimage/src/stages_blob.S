/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The embedding of the assembled boot stages into seimage.
 */
	.section .rodata
	.globl	stage3a_start, stage3a_end, stage3b_start, stage3b_end
stage3a_start:
	.incbin	STAGE3A_BIN
stage3a_end:
stage3b_start:
	.incbin	STAGE3B_BIN
stage3b_end:
	.section .note.GNU-stack, "", @progbits
