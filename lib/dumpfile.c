// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of a dump's headers and notes, equal to what QEMU writes.
 */
#include "dumpfile.h"

#include <inttypes.h>
#include <string.h>

#define PRSTATUS_SIZE	336u
#define PRSTATUS_PID	32
#define PRSTATUS_PSW	112
#define PRSTATUS_GPRS	128
#define PRSTATUS_ACRS	256
#define FPREGSET_SIZE	136u

/* Fixed sizes of the notes before the PV data, in file order. */
static const struct {
	uint32_t type;
	uint32_t size;
	const char *name;
} note_table[] = {
	{ NT_PRSTATUS_, PRSTATUS_SIZE, "CORE" },
	{ NT_FPREGSET_, FPREGSET_SIZE, "CORE" },
	{ NT_S390_PREFIX_, 4, "LINUX" },
	{ NT_S390_CTRS_, 128, "LINUX" },
	{ NT_S390_TIMER_, 8, "LINUX" },
	{ NT_S390_TODCMP_, 8, "LINUX" },
	{ NT_S390_TODPREG_, 4, "LINUX" },
	{ NT_S390_VXRS_LOW_, 128, "LINUX" },
	{ NT_S390_VXRS_HIGH_, 256, "LINUX" },
	{ NT_S390_GS_CB_, 32, "LINUX" },
};

uint64_t vcpu_notes_size(uint64_t cpu_len)
{
	uint64_t n = NOTE_HDR_SIZE + NOTE_NAME_SIZE + cpu_len;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(note_table); i++)
		n += NOTE_HDR_SIZE + NOTE_NAME_SIZE + note_table[i].size;
	return n;
}

int layout_compute(struct dump_layout *l, struct fail *f)
{
	if (!l->vcpus || !l->mem_size || l->mem_size % MIB || l->mem_size > DUMP_MAX_MEM)
		return fail_set(f,
				"dump layout: %u vCPUs and 0x%" PRIx64
				" bytes of memory: impossible",
				l->vcpus, l->mem_size);
	if (!l->per_mib || l->per_mib > MIB || l->cpu_len > MIB || l->finalize_len > MIB)
		return fail_set(f, "dump layout: buffer lengths 0x%" PRIx64 " per MiB, 0x%" PRIx64
				" per vCPU, 0x%" PRIx64 " at the end: not believable",
				l->per_mib, l->cpu_len, l->finalize_len);
	l->vcpu_note_size = vcpu_notes_size(l->cpu_len);
	l->note_off = DUMP_HEADERS_SIZE;
	l->note_size = l->vcpu_note_size * l->vcpus;
	l->mem_off = l->note_off + l->note_size;
	l->meta_off = l->mem_off + l->mem_size;
	l->meta_size = l->mem_size / MIB * l->per_mib;
	l->compl_off = l->meta_off + l->meta_size;
	l->str_off = l->compl_off + l->finalize_len;
	l->file_size = l->str_off + DUMP_STRTAB_SIZE;
	return 0;
}

static void put_shdr(uint8_t *p, uint32_t name, uint32_t type, uint64_t off, uint64_t size)
{
	put32(p, name);
	put32(p + 4, type);
	put64(p + 24, off);
	put64(p + 32, size);
}

static void put_phdr(uint8_t *p, uint32_t type, uint64_t off, uint64_t size)
{
	put32(p, type);
	put64(p + 8, off);
	put64(p + 32, size);
	put64(p + 40, size);
}

/* names in the string table, at the offsets QEMU uses */
#define STR_META	1
#define STR_COMPL	13
#define STR_SHSTRTAB	25

void layout_headers(const struct dump_layout *l, uint8_t *buf)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 2, 1 };
	uint8_t *sh = buf + EHDR_SIZE, *ph = sh + DUMP_SHNUM * SHDR_SIZE;

	memset(buf, 0, DUMP_HEADERS_SIZE);
	memcpy(buf, ident, sizeof(ident));
	put16(buf + 16, ET_CORE_);
	put16(buf + 18, EM_S390_);
	put32(buf + 20, 1);
	put64(buf + 32, EHDR_SIZE + DUMP_SHNUM * SHDR_SIZE);
	put64(buf + 40, EHDR_SIZE);
	put16(buf + 52, EHDR_EHSIZE_QEMU);
	put16(buf + 54, PHDR_SIZE);
	put16(buf + 56, DUMP_PHNUM);
	put16(buf + 58, SHDR_SIZE);
	put16(buf + 60, DUMP_SHNUM);
	put16(buf + 62, DUMP_SHNUM - 1);
	put_shdr(sh + SHDR_SIZE, STR_META, SHT_PROGBITS_, l->meta_off, l->meta_size);
	put_shdr(sh + 2 * SHDR_SIZE, STR_COMPL, SHT_PROGBITS_, l->compl_off, l->finalize_len);
	put_shdr(sh + 3 * SHDR_SIZE, STR_SHSTRTAB, SHT_STRTAB_, l->str_off, DUMP_STRTAB_SIZE);
	put_phdr(ph, PT_NOTE_, l->note_off, l->note_size);
	put_phdr(ph + PHDR_SIZE, PT_LOAD_, l->mem_off, l->mem_size);
}

void layout_strtab(uint8_t *buf)
{
	memset(buf, 0, DUMP_STRTAB_SIZE);
	memcpy(buf + STR_META, SEC_META, sizeof(SEC_META));
	memcpy(buf + STR_COMPL, SEC_COMPL, sizeof(SEC_COMPL));
	memcpy(buf + STR_SHSTRTAB, ".shstrtab", sizeof(".shstrtab"));
}

static void put64s(uint8_t *p, const uint64_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put64(p + 8 * i, v[i]);
}

static void put32s(uint8_t *p, const uint32_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put32(p + 4 * i, v[i]);
}

static void fill_prstatus(uint8_t *d, uint32_t id, const struct vcpu_regs *r)
{
	put32(d + PRSTATUS_PID, id + 1);
	put64(d + PRSTATUS_PSW, r->psw_mask);
	put64(d + PRSTATUS_PSW + 8, r->psw_addr);
	put64s(d + PRSTATUS_GPRS, r->gprs, 16);
	put32s(d + PRSTATUS_ACRS, r->acrs, 16);
}

static void fill_vxrs_low(uint8_t *d, const struct vcpu_regs *r)
{
	size_t i;

	for (i = 0; i < 16; i++)
		put64(d + 8 * i, r->vrs[i][1]);
}

static void fill_note(uint8_t *d, uint32_t type, uint32_t id, const struct vcpu_regs *r)
{
	switch (type) {
	case NT_PRSTATUS_:
		fill_prstatus(d, id, r);
		break;
	case NT_FPREGSET_:
		put32(d, r->fpc);
		put64s(d + 8, r->fprs, 16);
		break;
	case NT_S390_PREFIX_:
		put32(d, r->prefix);
		break;
	case NT_S390_CTRS_:
		put64s(d, r->crs, 16);
		break;
	case NT_S390_TIMER_:
		put64(d, r->cputm);
		break;
	case NT_S390_TODCMP_:
		put64(d, r->ckc);
		break;
	case NT_S390_TODPREG_:
		put32(d, r->todpr);
		break;
	case NT_S390_VXRS_LOW_:
		fill_vxrs_low(d, r);
		break;
	case NT_S390_VXRS_HIGH_:
		put64s(d, r->vrs[16], 32);
		break;
	case NT_S390_GS_CB_:
		put64s(d, r->gscb, 4);
		break;
	}
}

static uint8_t *begin_note(uint8_t *p, const char *name, uint32_t type, uint64_t size)
{
	put32(p, (uint32_t)strlen(name) + 1);
	put32(p + 4, (uint32_t)size);
	put32(p + 8, type);
	memcpy(p + NOTE_HDR_SIZE, name, strlen(name));
	return p + NOTE_HDR_SIZE + NOTE_NAME_SIZE;
}

void vcpu_notes_build(uint32_t id, const struct vcpu_regs *r, const uint8_t *pv, uint64_t cpu_len,
		      uint8_t *buf)
{
	size_t i;

	memset(buf, 0, vcpu_notes_size(cpu_len));
	for (i = 0; i < ARRAY_SIZE(note_table); i++) {
		buf = begin_note(buf, note_table[i].name, note_table[i].type, note_table[i].size);
		fill_note(buf, note_table[i].type, id, r);
		buf += note_table[i].size;
	}
	buf = begin_note(buf, "LINUX", NT_S390_PV_CPU_DATA_, cpu_len);
	memcpy(buf, pv, cpu_len);
}
