/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of a boot image: asks the hypervisor to switch to protected mode.
 *
 * Loaded at 0x10000, entered at 0x11000 in z/Architecture mode. A disabled wait ends a failure,
 * with its code in the PSW address:
 *   0x...rc        register R1+1 of DIAG 308 (0x0a02: cannot enter protected mode)
 *   0x0bad0161     facility 161 (unpack) is not installed
 *   0x0bad1nnn     program interruption nnn
 * Source of the protocol: Linux Documentation/virt/kvm/s390/s390-pv-boot.rst.
 */
#define PGM_CODE	0x8e		/* lowcore: program interruption code */
#define PGM_NEW_PSW	0x1d0		/* lowcore: program new PSW */
#define IPIB_HDR_ADDR	0x78
#define IPIB_HDR_SIZE	0x80

	.machine "z10"
	.text
	.globl	_start
_start:
	jg	entry

	.org	0x1000
entry:
	larl	%r1, pgm_psw
	mvc	PGM_NEW_PSW(16, %r0), 0(%r1)
	larl	%r1, pgm_handler
	stg	%r1, PGM_NEW_PSW + 8(%r0)
	lghi	%r0, 2
	larl	%r1, facilities
	stfle	0(%r1)
	larl	%r3, code_no_unpack
	lg	%r3, 0(%r3)
	tm	20(%r1), 0x40
	jz	stop
	larl	%r1, args
	lg	%r2, 16(%r1)
	agr	%r2, %r1
	lg	%r4, 0(%r1)
	agr	%r4, %r1
	stg	%r4, IPIB_HDR_ADDR(%r2)
	lg	%r4, 8(%r1)
	stg	%r4, IPIB_HDR_SIZE(%r2)
	lghi	%r3, 0
	lghi	%r4, 8
	diag	%r2, %r4, 0x308
	cghi	%r3, 1
	jne	stop
	lghi	%r4, 10
	diag	%r2, %r4, 0x308
	/* only a failure comes back, its code is in %r3 */
stop:
	larl	%r1, wait_psw
	stg	%r3, 8(%r1)
	lpswe	0(%r1)

pgm_handler:
	larl	%r3, code_pgm
	lg	%r3, 0(%r3)
	llgh	%r4, PGM_CODE(%r0)
	ogr	%r3, %r4
	j	stop

	.balign	8
pgm_psw:
	.quad	0x0000000180000000, 0
wait_psw:
	.quad	0x0002000180000000, 0
code_no_unpack:
	.quad	0x0bad0161
code_pgm:
	.quad	0x0bad1000
facilities:
	.quad	0, 0, 0
/* filled by seimage, offsets count from here; these are the last 24 bytes */
args:
	.quad	0		/* SE header offset */
	.quad	0		/* SE header size */
	.quad	0		/* IPIB offset */
