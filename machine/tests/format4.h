/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What format4.c and its guest agree on: the guest's storage and the numbers of its tests.
 */
#ifndef TESTS_FORMAT4_H
#define TESTS_FORMAT4_H

#define MASK		0x0000000180000000
#define F4_START	0x2000
#define F4_VARIABLES	0x3000
#define F4_LEN		0x4000		/* of the image, which begins at absolute 0 */
#define F4_SHARED	0x9000
#define F4_UNTOUCHED	0xa000
#define F4_DATA		0xb000
#define F4_PREFIX	0x10000
#define F4_STORM	0x20000
#define F4_SIZE		0x100000

#define F4_STARTED	0x57
#define F4_RESTARTED	0x58

#ifndef __ASSEMBLER__
enum {
	T_DIAG_44, T_DIAG_9C, T_DIAG_288, T_DIAG_10, T_OPERATION, T_SHARE, T_UNSHARE,
	T_SHARE_UNALIGNED, T_STORE, T_LOAD, T_UNTOUCHED, T_SPX, T_STPX, T_LOOP, T_WAIT, T_ENABLE,
	T_FP_SET, T_FP_GET, T_SPT, T_STPT, T_DIAG_308, T_SIGP_SENSE, T_SIGP_NONE, T_STSI,
	T_STSI_LEVEL, T_SERVC, T_SSCH, T_STSCH, T_BAD_PGM_NEW, T_STAP, T_STFLE, T_QUERY, T_SSKE,
	T_LPSW_BAD, T_SVC, T_SSCH_BAD, T_PREFIX_BACK, T_DISABLED_WAIT, T_TSCH, T_SCKC_WAIT,
	T_ATTEST, T_ODD, T_BEYOND, T_SCK, T_STORMS, T_DIAG_308_A,
};
#endif

#endif /* TESTS_FORMAT4_H */
