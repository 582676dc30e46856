/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File layout of a protected-VM dump: ELF numbers, notes, sections, page states.
 *
 * Sources: QEMU dump/dump.c and target/s390x/arch_dump.c; s390-tools zdump/pv_defs.h.
 */
#ifndef DUMPFILE_H
#define DUMPFILE_H

#include "common.h"
#include "formats.h"

/* Ehdr; then section headers, program headers, notes, memory, section data, string table */
#define EHDR_SIZE		64u
#define SHDR_SIZE		64u
#define PHDR_SIZE		56u
#define EHDR_EHSIZE_QEMU	8	/* QEMU writes the size of a pointer here */
#define EM_S390_		22
#define ET_CORE_		4
#define PT_LOAD_		1
#define PT_NOTE_		4
#define SHT_PROGBITS_		1
#define SHT_STRTAB_		3
#define DUMP_SHNUM		4u
#define DUMP_PHNUM		2u

#define SEC_META		"pv_mem_meta"
#define SEC_COMPL		"pv_compl"

/* notes of one vCPU, in file order */
#define NT_PRSTATUS_		1u
#define NT_FPREGSET_		2u
#define NT_S390_PREFIX_		0x305u
#define NT_S390_CTRS_		0x304u
#define NT_S390_TIMER_		0x301u
#define NT_S390_TODCMP_		0x302u
#define NT_S390_TODPREG_	0x303u
#define NT_S390_VXRS_LOW_	0x309u
#define NT_S390_VXRS_HIGH_	0x30au
#define NT_S390_GS_CB_		0x30bu
#define NT_S390_PV_CPU_DATA_	0x30eu
#define NOTE_HDR_SIZE		12u
#define NOTE_NAME_SIZE		8u

/*
 * struct dump_keys - what the completion data holds
 * @dump_key: protects completion data and CPU areas
 * @nonce: tweak nonce, 16 bytes
 * @xts: memory key, 64 bytes
 */
struct dump_keys {
	uint8_t dump_key[32];
	uint8_t nonce[16];
	uint8_t xts[64];
};

#define DUMP_MAX_MEM		(1ull << 46)	/* no machine has more */
#define STATE_PER_MIB		(MIB / PAGE_SIZE * STATE_ENTRY)

enum page_state { PAGE_ENCRYPTED, PAGE_ZERO, PAGE_SHARED, PAGE_INVALID, PAGE_STATES };

/**
 * page_state_of() - what a 16-byte storage-state entry says
 * @e: entry
 *
 * Source: s390-tools zdump/pv_utils.c: special when it starts with ffffffff; then byte 14 is 0 and
 * byte 15 is zero or shared, each with or without mapped.
 * Return: the state; everything else is PAGE_INVALID.
 */
static inline enum page_state page_state_of(const uint8_t *e)
{
	if (get32(e) != STATE_SPECIAL)
		return PAGE_ENCRYPTED;
	if (e[14])
		return PAGE_INVALID;
	switch (e[15] & ~STATE_FLAG_MAPPED) {
	case STATE_FLAG_ZERO:
		return PAGE_ZERO;
	case STATE_FLAG_SHARED:
		return PAGE_SHARED;
	default:
		return PAGE_INVALID;
	}
}

static inline bool page_state_mapped(const uint8_t *e)
{
	return get32(e) == STATE_SPECIAL && e[15] & STATE_FLAG_MAPPED;
}

/**
 * page_tweak_of() - XTS tweak of an encrypted page
 * @e: its storage-state entry
 * @nonce: tweak nonce, 16 bytes
 * @tweak: result, 16 bytes
 *
 * Source: s390-tools zdump/pv_utils.c.
 */
static inline void page_tweak_of(const uint8_t *e, const uint8_t *nonce, uint8_t *tweak)
{
	unsigned int i;

	for (i = 0; i < STATE_ENTRY; i++)
		tweak[i] = e[i] | nonce[i];
}

/*
 * struct dump_layout - where the parts of a dump of one contiguous memory from 0 lie in the file
 * @vcpus, @mem_size, @cpu_len, @per_mib, @finalize_len: set by the caller (bytes)
 * @note_off, @note_size, @vcpu_note_size, @mem_off, @meta_off, @meta_size, @compl_off, @str_off,
 * @file_size: set by layout_compute()
 */
struct dump_layout {
	uint32_t vcpus;
	uint64_t mem_size, cpu_len, per_mib, finalize_len;
	uint64_t note_off, note_size, vcpu_note_size, mem_off, meta_off, meta_size;
	uint64_t compl_off, str_off, file_size;
};

#define DUMP_HEADERS_SIZE	(EHDR_SIZE + DUMP_SHNUM * SHDR_SIZE + DUMP_PHNUM * PHDR_SIZE)
#define DUMP_STRTAB_SIZE	35u

/**
 * layout_compute() - compute the offsets
 * @l: sizes in, offsets out
 * @f: set on failure
 *
 * Return: 0, or -1 when a size is impossible.
 */
int layout_compute(struct dump_layout *l, struct fail *f);
/**
 * layout_headers() - ELF, section and program headers
 * @l: computed layout
 * @buf: result, DUMP_HEADERS_SIZE bytes
 *
 * Source: QEMU dump/dump.c.
 */
void layout_headers(const struct dump_layout *l, uint8_t *buf);
/**
 * layout_strtab() - section name table
 * @buf: result, DUMP_STRTAB_SIZE bytes
 */
void layout_strtab(uint8_t *buf);

/*
 * struct vcpu_regs - registers of a vCPU as the hypervisor sees them
 *
 * For a protected vCPU these are not the guest's values; they are stored as QEMU does.
 */
struct vcpu_regs {
	uint64_t psw_mask, psw_addr, gprs[16], crs[16], fprs[16], vrs[32][2], gscb[4];
	uint64_t cputm, ckc;
	uint32_t acrs[16], fpc, prefix, todpr;
};

/**
 * vcpu_notes_size() - bytes of all notes of one vCPU
 * @cpu_len: bytes of its PV data
 *
 * Return: bytes.
 */
uint64_t vcpu_notes_size(uint64_t cpu_len);
/**
 * vcpu_notes_build() - all notes of one vCPU
 * @id: number of the vCPU, from 0
 * @r: registers
 * @pv: PV CPU data
 * @cpu_len: its bytes
 * @buf: vcpu_notes_size() bytes
 */
void vcpu_notes_build(uint32_t id, const struct vcpu_regs *r, const uint8_t *pv, uint64_t cpu_len,
		      uint8_t *buf);

#endif /* DUMPFILE_H */
