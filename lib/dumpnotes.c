// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading of dump files: notes of the vCPUs. */
#include "dumpread.h"
#include "dumpread-int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOTE_DESC	(1u << 20)

static int read_pv_note(struct dumpread *d, uint64_t off, uint64_t size, struct fail *f)
{
	struct dump_vcpu *v = &d->vcpu[d->nvcpu - 1];
	uint8_t b[32];

	if (v->offset)
		return fail_set(f, "%s: vCPU %u: second PV note at offset 0x%" PRIx64, d->src.name,
				d->nvcpu - 1, off);
	if (size < CPU_AREA_SIZE || size > CPU_AREA_MAX)
		return fail_set(f, "%s: vCPU %u: PV note at offset 0x%" PRIx64
				": size 0x%x to 0x%x expected, found 0x%" PRIx64, d->src.name,
				d->nvcpu - 1, off, CPU_AREA_SIZE, CPU_AREA_MAX, size);
	if (dumpread_bytes(d, off, b, sizeof(b), f))
		return -1;
	v->offset = off;
	v->size = size;
	v->version = get32(b);
	v->length = get32(b + 4);
	memcpy(v->iv, b + CPU_AREA_OFF_IV, sizeof(v->iv));
	if (v->version == CPU_AREA_VERSION)
		return 0;
	fail_set(f, "%s: vCPU %u: PV note at offset 0x%" PRIx64
		 ": version 0x1 expected, found 0x%x", d->src.name, d->nvcpu - 1, off, v->version);
	if (v->version)
		return -1;
	return fail_hint(f, "a zero version means that the dump of this vCPU failed");
}

/* NT_PRSTATUS begins the notes of the next vCPU. */
static int one_note(struct dumpread *d, uint32_t type, uint64_t off, uint64_t size, struct fail *f)
{
	if (type == NT_PRSTATUS_) {
		if (d->nvcpu == DUMP_MAX_VCPUS)
			return fail_set(f, "%s: notes: more than %u vCPUs", d->src.name,
					DUMP_MAX_VCPUS);
		d->nvcpu++;
	}
	if (!d->nvcpu)
		return fail_set(f, "%s: notes: type 0x%x at offset 0x%" PRIx64
				" before the first NT_PRSTATUS", d->src.name, type, off);
	d->vcpu[d->nvcpu - 1].notes++;
	if (d->vcpu[d->nvcpu - 1].notes > 64)
		return fail_set(f, "%s: vCPU %u: more than 64 notes", d->src.name, d->nvcpu - 1);
	return type == NT_S390_PV_CPU_DATA_ ? read_pv_note(d, off, size, f) : 0;
}

int dumpread_notes(struct dumpread *d, struct fail *f)
{
	uint64_t off = d->note_off, end = d->note_off + d->note_size, name, desc;
	uint8_t b[NOTE_HDR_SIZE];
	uint32_t i;

	d->vcpu = calloc(DUMP_MAX_VCPUS, sizeof(*d->vcpu));
	if (!d->vcpu)
		return fail_set(f, "%s: no memory", d->src.name);
	while (off < end) {
		if (end - off < sizeof(b) || dumpread_bytes(d, off, b, sizeof(b), f))
			return fail_set(f, "%s: notes: header at offset 0x%" PRIx64 " is cut off",
					d->src.name, off);
		name = ((uint64_t)get32(b) + 3) & ~3ull;
		desc = ((uint64_t)get32(b + 4) + 3) & ~3ull;
		if (!name || desc > MAX_NOTE_DESC || name + desc > end - off - sizeof(b))
			return fail_set(f,
					"%s: notes: at offset 0x%" PRIx64
					": name size 0x%x, data size 0x%x: outside of the notes (end 0x%"
					PRIx64 ")", d->src.name, off, get32(b), get32(b + 4), end);
		off += sizeof(b) + name;
		if (one_note(d, get32(b + 8), off, get32(b + 4), f))
			return -1;
		off += desc;
	}
	for (i = 0; i < d->nvcpu; i++) {
		if (!d->vcpu[i].offset)
			return fail_set(f, "%s: vCPU %u: no PV note (type 0x30e)", d->src.name, i);
	}
	return 0;
}
