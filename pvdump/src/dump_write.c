// SPDX-License-Identifier: GPL-2.0-or-later
/* One dump: INIT, CPUs, memory, storage state, COMPLETE, and its file. */
#include "take.h"
#include "outfile.h"
#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK		MIB

static int write_headers(const struct dump_layout *l, struct outfile *out, struct fail *f)
{
	uint8_t buf[DUMP_HEADERS_SIZE];

	layout_headers(l, buf);
	return outfile_pwrite(out, buf, sizeof(buf), 0, f);
}

static int write_notes(struct pvvm *v, const struct dump_layout *l, struct outfile *out,
		       struct fail *f)
{
	uint8_t *pv = malloc(l->cpu_len), *notes = malloc(l->vcpu_note_size);
	struct vcpu_regs regs;
	int ret = 0;
	uint32_t i;

	if (!pv || !notes)
		ret = fail_set(f,
			       "vCPU notes: no memory for 0x%" PRIx64 " bytes", l->vcpu_note_size);
	for (i = 0; i < v->nvcpu && !ret; i++) {
		memset(pv, 0, l->cpu_len);
		ret = pvvm_dump_cpu(v, i, pv, f);
		if (!ret)
			ret = pvvm_get_regs(v, i, &regs, f);
		if (ret)
			break;
		vcpu_notes_build(i, &regs, pv, l->cpu_len, notes);
		ret = outfile_pwrite(out, notes, l->vcpu_note_size,
				     l->note_off + i * l->vcpu_note_size, f);
		if (!ret)
			ret = stop_check(f);
	}
	free(pv);
	free(notes);
	return ret;
}

/*
 * The kernel reads guest memory on behalf of write(2); that access makes the host export every
 * page it touches, so that the file gets ciphertext.
 */
static int write_chunks(struct pvvm *v, const struct dump_layout *l, struct outfile *out,
			struct progress *p, struct fail *f)
{
	uint64_t off;

	for (off = 0; off < v->mem_size; off += CHUNK) {
		if (outfile_pwrite(out, v->mem + off, CHUNK, l->mem_off + off, f)) {
			if (errno == EFAULT)
				fail_hint(f,
					  "the host could not export guest memory near 0x%" PRIx64
					  "; dmesg may say why", off);
			return -1;
		}
		progress_update(p, off + CHUNK);
		if (stop_check(f))
			return -1;
	}
	return 0;
}

static int write_memory(struct pvvm *v, const struct dump_layout *l, struct outfile *out,
			struct fail *f)
{
	struct progress p;
	int ret;

	progress_begin(&p, "memory", v->mem_size);
	ret = write_chunks(v, l, out, &p, f);
	progress_end(&p);
	return ret;
}

static int write_pieces(struct pvvm *v, const struct dump_layout *l, uint64_t piece_mib,
			uint8_t *buf, struct outfile *out, struct progress *p, struct fail *f)
{
	uint64_t all = v->mem_size / MIB, done, n;

	for (done = 0; done < all; done += n) {
		n = all - done < piece_mib ? all - done : piece_mib;
		if (pvvm_dump_state(v, done * MIB, n, buf, f) ||
		    outfile_pwrite(out, buf, n * l->per_mib, l->meta_off + done * l->per_mib, f))
			return -1;
		progress_update(p, (done + n) * MIB);
		if (stop_check(f))
			return -1;
	}
	return 0;
}

static int write_state(struct pvvm *v, const struct dump_layout *l, uint64_t piece_mib,
		       struct outfile *out, struct fail *f)
{
	struct progress p;
	uint8_t *buf;
	int ret;

	if (piece_mib > v->mem_size / MIB)
		piece_mib = v->mem_size / MIB;
	buf = malloc(piece_mib * l->per_mib);
	if (!buf)
		return fail_set(f, "storage state: no memory for 0x%" PRIx64 " bytes",
				piece_mib * l->per_mib);
	progress_begin(&p, "storage state", v->mem_size);
	ret = write_pieces(v, l, piece_mib, buf, out, &p, f);
	progress_end(&p);
	free(buf);
	return ret;
}

static int write_completion(struct pvvm *v, const struct dump_layout *l, struct outfile *out,
			    struct fail *f)
{
	uint8_t strtab[DUMP_STRTAB_SIZE];
	uint8_t *buf = calloc(1, l->finalize_len);
	int ret;

	if (!buf)
		return fail_set(f, "completion data: no memory for 0x%" PRIx64 " bytes",
				l->finalize_len);
	ret = pvvm_dump_complete(v, buf, f);
	if (!ret)
		ret = outfile_pwrite(out, buf, l->finalize_len, l->compl_off, f);
	free(buf);
	layout_strtab(strtab);
	if (!ret)
		ret = outfile_pwrite(out, strtab, sizeof(strtab), l->str_off, f);
	return ret;
}

static int write_parts(struct pvvm *v, const struct dump_layout *l, uint64_t piece_mib,
		       struct outfile *out, struct fail *f)
{
	if (pvvm_dump_init(v, f) || write_headers(l, out, f) || write_notes(v, l, out, f) ||
	    write_memory(v, l, out, f) || write_state(v, l, piece_mib, out, f))
		return -1;
	return write_completion(v, l, out, f);
}

int dump_write(struct pvvm *v, const char *path, uint64_t piece_mib, struct fail *f)
{
	struct dump_layout l = {
		.vcpus = v->nvcpu,
		.mem_size = v->mem_size,
		.cpu_len = v->sizes.dump_cpu_buffer_len,
		.per_mib = v->sizes.dump_config_mem_buffer_per_1m,
		.finalize_len = v->sizes.dump_config_finalize_len,
	};
	struct outfile out = { .fd = -1 };

	if (layout_compute(&l, f) || outfile_open(&out, path, f))
		return -1;
	if (write_parts(v, &l, piece_mib, &out, f) || stop_check(f)) {
		outfile_discard(&out);
		return -1;
	}
	if (outfile_commit(&out, f))
		return -1;
	printf("%s: %" PRIu64 " MiB, %u vCPUs, %" PRIu64 " bytes\n", path, v->mem_size / MIB,
	       v->nvcpu, l.file_size);
	return 0;
}
