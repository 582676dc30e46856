/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second boot stage: runs protected, puts a Linux kernel where it belongs and starts it.
 *
 * It is the last component, behind all others, and position independent. A Linux image expects to
 * be loaded flat at 0, its first 64 KiB are not needed; its entry is 0x10000.
 * Source of the fields: Linux arch/s390/include/asm/setup.h (parameter area at 0x10400).
 */
#define KERNEL_BASE	0x10000
#define INITRD_START	0x10408
#define INITRD_SIZE	0x10410
#define COMMAND_LINE	0x10480

	.machine "z10"
	.text
	.globl	_start
_start:
	larl	%r13, args
	/* kernel: downwards, so a forward copy never reads what it has written */
	lgfi	%r4, KERNEL_BASE
	lg	%r2, 0(%r13)
	lg	%r3, 8(%r13)
	agr	%r2, %r4
	sgr	%r3, %r4
	lgr	%r5, %r3
0:	mvcle	%r4, %r2, 0
	jo	0b
	/* command line, its terminator included */
	lgfi	%r4, COMMAND_LINE
	lg	%r2, 16(%r13)
	lg	%r3, 24(%r13)
	lgr	%r5, %r3
1:	mvcle	%r4, %r2, 0
	jo	1b
	/* ramdisk: stays, the kernel is told */
	lg	%r3, 40(%r13)
	ltgr	%r3, %r3
	jz	2f
	lg	%r2, 32(%r13)
	lgfi	%r4, INITRD_START
	stg	%r2, 0(%r4)
	stg	%r3, INITRD_SIZE - INITRD_START(%r4)
2:	lpswe	48(%r13)

	.balign	8
/* filled by seimage; these are the last 64 bytes; sizes are those of the files */
args:
	.quad	0, 0			/* kernel: address, size */
	.quad	0, 0			/* command line */
	.quad	0, 0			/* ramdisk */
	.quad	0x0000000180000000, KERNEL_BASE
