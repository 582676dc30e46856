/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The doublewords of the lowcore that test programs use for themselves.
 */
#ifndef TESTS_LOWCORE_H
#define TESTS_LOWCORE_H

#define LC_RESUME	0x400	/* where to go on after a program interruption */
#define LC_CODE		0x408	/* its code */
#define LC_TEID		0x410	/* its translation-exception identification */
#define LC_OLD_ADDR	0x418	/* address of its old PSW */
#define LC_SAVE		0x420
#define LC_EXT_ADDR	0x428	/* address of the external old PSW, 0 = none came */
#define LC_FAIL		0x430	/* scratch PSW */
#define LC_END		0x440

#endif /* TESTS_LOWCORE_H */
