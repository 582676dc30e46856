/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offsets and lengths of SE header, CPU dump area, completion data and storage state.
 *
 * All fields are big endian. Sources: s390-tools genprotimg/src/include/pv_hdr_def.h, rust/pvimg,
 * zdump/pv_defs.h. The software Ultravisor, seimage and pvdump share this; what they write is
 * checked by programs that do not.
 */
#ifndef LIB_FORMATS_H
#define LIB_FORMATS_H

/* SE header, version 1; all fields big endian */
#define SE_MAGIC		0x49424d5365634578ull	/* "IBMSecEx" */
#define SE_VERSION		0x100u
#define SE_OFF_VERSION		0x08
#define SE_OFF_PHS		0x0c
#define SE_OFF_IV		0x10
#define SE_OFF_NKS		0x20
#define SE_OFF_SEA		0x28
#define SE_OFF_NEP		0x30
#define SE_OFF_PCF		0x38
#define SE_OFF_CUST_PUB		0x40
#define SE_OFF_PLD		0xe0
#define SE_OFF_ALD		0x120
#define SE_OFF_TLD		0x160
#define SE_OFF_SLOTS		0x1a0
#define SE_SLOT_SIZE		80u
#define SE_SLOT_WRAPPED		32u	/* offset of the wrapped key in a slot */
#define SE_SLOT_TAG		64u	/* offset of the GCM tag in a slot */
#define SE_SEA			128u
#define SE_TAG_SIZE		16u
#define SE_IV_SIZE		12u
#define SE_COORD_SIZE		160u
#define SE_KEY_SIZE		32u
#define SE_DIGEST_SIZE		64u
#define SE_HDR_MAX		8192u
#define SE_MAX_SLOTS		95u
#define SE_HDR_SIZE(nks)	(SE_OFF_SLOTS + SE_SLOT_SIZE * (nks) + SE_SEA + SE_TAG_SIZE)

/* encrypted area */
#define SE_ENC_CCK		0x00
#define SE_ENC_XTS		0x20
#define SE_ENC_PSW_MASK		0x60
#define SE_ENC_PSW_ADDR		0x68
#define SE_ENC_SCF		0x70
#define SE_ENC_NOI		0x78
#define SE_XTS_SIZE		64u

/* plaintext control flags */
#define SE_PCF_DUMP		0x20000000ull
#define SE_PCF_NO_ENCRYPTION	0x10000000ull
#define SE_PCF_PCKMO_DEA	0x80ull
#define SE_PCF_PCKMO_AES	0x40ull
#define SE_PCF_PCKMO_ECC	0x20ull
#define SE_PCF_PCKMO_HMAC	0x10ull
#define SE_PCF_BACKUP_KEY	0x02ull
#define SE_PCF_DEFAULT		(SE_PCF_PCKMO_DEA | SE_PCF_PCKMO_AES | SE_PCF_PCKMO_ECC)
/* secret control flags */
#define SE_SCF_CCK_EXTENSION	0x4000000000000000ull
#define SE_SCF_CCK_UPDATE	0x2000000000000000ull

/* CPU dump area, version 1 */
#define CPU_AREA_SIZE		1568u
#define CPU_AREA_MAX		4096u	/* zgetdump refuses larger notes */
#define CPU_AREA_VERSION	1u
#define CPU_AREA_OFF_IV		8
#define CPU_AREA_OFF_ENC	32
#define CPU_AREA_ENC_SIZE	1520u
#define CPU_AREA_OFF_TAG	1552
/* its registers, offsets from the start of the area */
#define CPU_AREA_GPRS		32
#define CPU_AREA_PSW		160
#define CPU_AREA_PREFIX		184
#define CPU_AREA_FPC		188
#define CPU_AREA_TODPREG	196
#define CPU_AREA_TIMER		200
#define CPU_AREA_TODCMP		208
#define CPU_AREA_ACRS		224
#define CPU_AREA_CRS		288
#define CPU_AREA_VRS		416	/* 32 registers of 16 bytes */
#define CPU_AREA_GSCB		1440
#define CPU_AREA_FLAGS		1536
#define CPU_AREA_IN_FLIGHT	0x8000	/* an instruction was being emulated */

/* completion data, version 1 */
#define COMPL_SIZE		288u
#define COMPL_MAX		4096u
#define COMPL_VERSION		1u
#define COMPL_OFF_SEED		16
#define COMPL_SEED_SIZE		64u
#define COMPL_OFF_IV		80
#define COMPL_OFF_ENC		96
#define COMPL_ENC_SIZE		176u
#define COMPL_OFF_TAG		272
#define COMPL_INFO		"IBM Z Ultravisor Dump"	/* HKDF info */
/* its encrypted part, offsets from COMPL_OFF_ENC */
#define COMPL_ENC_NONCE		0
#define COMPL_ENC_XTS		16

/* storage state: 16 bytes per page */
#define STATE_ENTRY		16u
#define STATE_SPECIAL		0xffffffffu
#define STATE_FLAG_MAPPED	0x04
#define STATE_FLAG_SHARED	0x02
#define STATE_FLAG_ZERO		0x01

#endif /* LIB_FORMATS_H */
