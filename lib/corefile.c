// SPDX-License-Identifier: GPL-2.0-or-later
/* The head of an ELF vmcore, equal to what zgetdump -f elf writes: headers and notes. */
#include "corefile.h"

#include <stdlib.h>
#include <string.h>

#define NT_PRPSINFO_	3u
#define NT_VMCOREINFO_	0u
#define PRPSINFO_SIZE	136u
#define PRPSINFO_SNAME	1
#define PRPSINFO_FNAME	40
#define PRSTATUS_SIZE	336u
#define PRSTATUS_PID	32
#define PRSTATUS_PSW	112
#define PRSTATUS_GPRS	128
#define PRSTATUS_ACRS	256
#define FPREGSET_SIZE	136u
#define VCPU_NOTES_MAX	2048u	/* the notes of one vCPU take 1284 bytes */
#define PF_RWX_		7u

static size_t pad4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Start a note: the place of its data, which is zero. */
static uint8_t *add_note(struct corefile *c, const char *name, uint32_t type, size_t size)
{
	uint8_t *p = c->head + c->size;
	size_t name_size = strlen(name) + 1;

	put32(p, (uint32_t)name_size);
	put32(p + 4, (uint32_t)size);
	put32(p + 8, type);
	memcpy(p + NOTE_HDR_SIZE, name, name_size);
	c->size += NOTE_HDR_SIZE + pad4(name_size) + pad4(size);
	return p + NOTE_HDR_SIZE + pad4(name_size);
}

int corefile_begin(struct corefile *c, uint32_t nparts, uint32_t vcpus, struct fail *f)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 2, 1 };
	uint8_t *p;

	memset(c, 0, sizeof(*c));
	c->nparts = nparts;
	c->room = EHDR_SIZE + (nparts + 1) * PHDR_SIZE + (size_t)(vcpus + 1) * VCPU_NOTES_MAX +
		  CORE_VMCOREINFO_MAX;
	c->head = calloc(1, c->room);
	if (!c->head)
		return fail_set(f, "notes of %u vCPUs: no memory for %zu bytes", vcpus, c->room);
	p = c->head;
	memcpy(p, ident, sizeof(ident));
	put16(p + 16, ET_CORE_);
	put16(p + 18, EM_S390_);
	put32(p + 20, 1);
	put64(p + 32, EHDR_SIZE);
	put16(p + 52, EHDR_SIZE);
	put16(p + 54, PHDR_SIZE);
	put16(p + 56, (uint16_t)(nparts + 1));
	c->size = EHDR_SIZE + (nparts + 1) * PHDR_SIZE;
	p = add_note(c, "CORE", NT_PRPSINFO_, PRPSINFO_SIZE);
	p[PRPSINFO_SNAME] = 'R';
	strcpy((char *)p + PRPSINFO_FNAME, "vmlinux");
	return 0;
}

/* The left halves of vector registers 0 to 15 are the floating-point registers. */
static void put_halves(uint8_t *to, const uint8_t *vrs, unsigned int half)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		memcpy(to + 8 * i, vrs + 16 * i + half, 8);
}

/* notes that are copied from the CPU area in one piece, in zgetdump's order */
static const struct {
	uint32_t type;
	uint16_t off, size;
} plain_notes[] = {
	{ NT_S390_TIMER_, CPU_AREA_TIMER, 8 },
	{ NT_S390_TODCMP_, CPU_AREA_TODCMP, 8 },
	{ NT_S390_TODPREG_, CPU_AREA_TODPREG, 4 },
	{ NT_S390_CTRS_, CPU_AREA_CRS, 128 },
	{ NT_S390_PREFIX_, CPU_AREA_PREFIX, 4 },
};

void corefile_vcpu(struct corefile *c, const uint8_t *area)
{
	uint8_t *p;
	size_t i;

	p = add_note(c, "CORE", NT_PRSTATUS_, PRSTATUS_SIZE);
	put32(p + PRSTATUS_PID, ++c->vcpus);
	memcpy(p + PRSTATUS_PSW, area + CPU_AREA_PSW, 16);
	memcpy(p + PRSTATUS_GPRS, area + CPU_AREA_GPRS, 128);
	memcpy(p + PRSTATUS_ACRS, area + CPU_AREA_ACRS, 64);
	p = add_note(c, "CORE", NT_FPREGSET_, FPREGSET_SIZE);
	memcpy(p, area + CPU_AREA_FPC, 4);
	put_halves(p + 8, area + CPU_AREA_VRS, 0);
	for (i = 0; i < ARRAY_SIZE(plain_notes); i++) {
		p = add_note(c, "LINUX", plain_notes[i].type, plain_notes[i].size);
		memcpy(p, area + plain_notes[i].off, plain_notes[i].size);
	}
	put_halves(add_note(c, "LINUX", NT_S390_VXRS_LOW_, 128), area + CPU_AREA_VRS, 8);
	memcpy(add_note(c, "LINUX", NT_S390_VXRS_HIGH_, 256), area + CPU_AREA_VRS + 256, 256);
	memcpy(add_note(c, "LINUX", NT_S390_GS_CB_, 32), area + CPU_AREA_GSCB, 32);
}

void corefile_vmcoreinfo(struct corefile *c, const char *text, size_t len)
{
	memcpy(add_note(c, "VMCOREINFO", NT_VMCOREINFO_, len), text, len);
}

void corefile_end(struct corefile *c, const struct dump_part *part)
{
	uint64_t notes = EHDR_SIZE + (c->nparts + 1) * PHDR_SIZE, off = c->size;
	uint8_t *p = c->head + EHDR_SIZE;
	uint32_t i;

	put32(p, PT_NOTE_);
	put64(p + 8, notes);
	put64(p + 32, c->size - notes);
	for (i = 0; i < c->nparts; i++) {
		p += PHDR_SIZE;
		put32(p, PT_LOAD_);
		put32(p + 4, PF_RWX_);
		put64(p + 8, off);
		put64(p + 16, part[i].addr);
		put64(p + 24, part[i].addr);
		put64(p + 32, part[i].size);
		put64(p + 40, part[i].size);
		put64(p + 48, PAGE_SIZE);
		off += part[i].size;
	}
}

void corefile_free(struct corefile *c)
{
	free(c->head);
	c->head = NULL;
}
