// SPDX-License-Identifier: GPL-2.0-or-later
/* Synthetic dumps: what an Ultravisor would have produced, with a known CCK. For tests only. */
#include "synth.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_EVERY	64u

static void make_keys(struct synth *s)
{
	memset(s->seed, 0x5e, sizeof(s->seed));
	memset(s->keys.nonce, 0, sizeof(s->keys.nonce));
	memset(s->keys.nonce, 0xa5, 4);
	memset(s->keys.xts, 0x11, 32);
	memset(s->keys.xts + 32, 0x22, 32);
	dump_key_derive(s->cck, s->seed, s->keys.dump_key);
}

int synth_begin(struct synth *s)
{
	struct fail f;

	s->layout = (struct dump_layout){ .vcpus = s->vcpus, .mem_size = s->mem_size,
					  .cpu_len = CPU_AREA_MAX, .per_mib = STATE_PER_MIB,
					  .finalize_len = COMPL_MAX };
	if (layout_compute(&s->layout, &f) || s->parts > SYNTH_MAX_PARTS)
		return -1;
	if (!s->parts)
		s->parts = 1;
	/* program headers of more than one part follow everything else */
	s->size = s->layout.file_size;
	if (s->parts > 1)
		s->size += (s->parts + 1) * PHDR_SIZE;
	make_keys(s);
	return 0;
}

static void reset_regs(const struct synth *s, uint32_t id, uint8_t *a)
{
	if (!id) {
		put64(a + CPU_AREA_PSW, 0x180000000ull);
		put64(a + CPU_AREA_PSW + 8, s->psw_addr);
	}
	put64(a + CPU_AREA_CRS, 0xe0);
	put64(a + CPU_AREA_CRS + 14 * 8, 0xc2000000);
}

/* All fields, the reserved ones too; the first word of the guarded-storage block is zero. */
static void own_regs(uint32_t id, uint8_t *a)
{
	uint64_t x = 0x9e3779b97f4a7c15ull * (id + 1);
	uint32_t i;

	for (i = CPU_AREA_OFF_ENC; i < CPU_AREA_OFF_ENC + CPU_AREA_ENC_SIZE; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		a[i] = (uint8_t)(x >> 56);
	}
	memset(a + CPU_AREA_GSCB, 0, 8);
}

static void make_area(const struct synth *s, uint32_t id, uint8_t *a)
{
	memset(a, 0, CPU_AREA_MAX);
	put32(a, CPU_AREA_VERSION);
	put32(a + 4, CPU_AREA_SIZE);
	put32(a + CPU_AREA_OFF_IV, id + 1);
	if (s->regs)
		own_regs(id, a);
	else
		reset_regs(s, id, a);
	gcm_seal(s->keys.dump_key, a + CPU_AREA_OFF_IV, a, CPU_AREA_OFF_ENC, a + CPU_AREA_OFF_ENC,
		 CPU_AREA_ENC_SIZE, a + CPU_AREA_OFF_ENC, a + CPU_AREA_OFF_TAG);
}

static void make_completion(const struct synth *s, uint8_t *c)
{
	put32(c, COMPL_VERSION);
	put32(c + 4, COMPL_SIZE);
	memcpy(c + COMPL_OFF_SEED, s->seed, sizeof(s->seed));
	c[COMPL_OFF_IV] = 0xcc;
	memcpy(c + COMPL_OFF_ENC + COMPL_ENC_NONCE, s->keys.nonce, sizeof(s->keys.nonce));
	memcpy(c + COMPL_OFF_ENC + COMPL_ENC_XTS, s->keys.xts, sizeof(s->keys.xts));
	gcm_seal(s->keys.dump_key, c + COMPL_OFF_IV, c, COMPL_OFF_ENC, c + COMPL_OFF_ENC,
		 COMPL_ENC_SIZE, c + COMPL_OFF_ENC, c + COMPL_OFF_TAG);
}

void synth_zero_entry(uint8_t *entry)
{
	memset(entry, 0, STATE_ENTRY);
	put32(entry, STATE_SPECIAL);
	entry[15] = STATE_FLAG_ZERO;
}

void synth_page(const struct synth *s, uint64_t n, const uint8_t *plain, uint8_t *out,
		uint8_t *entry)
{
	static const uint8_t zero[PAGE_SIZE];
	struct xts_aes256_key key;
	uint8_t tweak[16];

	synth_zero_entry(entry);
	if (!memcmp(plain, zero, PAGE_SIZE)) {
		/* must not be looked at */
		memset(out, 0xee, PAGE_SIZE);
		return;
	}
	if (n % SHARED_EVERY == SHARED_EVERY - 1) {
		entry[15] = STATE_FLAG_SHARED | STATE_FLAG_MAPPED;
		memcpy(out, plain, PAGE_SIZE);
		return;
	}
	memset(entry, 0, STATE_ENTRY);
	put64(entry + 8, n + 1);
	page_tweak_of(entry, s->keys.nonce, tweak);
	xts_aes256_set_encrypt_key(&key, s->keys.xts);
	xts_aes256_encrypt_message(&key, tweak, PAGE_SIZE, out, plain);
}

void synth_head(const struct synth *s, uint8_t *buf)
{
	const struct dump_layout *l = &s->layout;
	uint8_t area[CPU_AREA_MAX];
	struct vcpu_regs regs;
	uint32_t i;

	memset(&regs, 0, sizeof(regs));
	layout_headers(l, buf);
	if (s->parts > 1) {
		put64(buf + 32, l->file_size);
		put16(buf + 56, (uint16_t)(s->parts + 1));
	}
	for (i = 0; i < s->vcpus; i++) {
		make_area(s, i, area);
		vcpu_notes_build(i, &regs, area, l->cpu_len,
				 buf + l->note_off + i * l->vcpu_note_size);
	}
}

static void put_phdr(uint8_t *p, uint32_t type, uint64_t off, uint64_t addr, uint64_t size)
{
	put32(p, type);
	put64(p + 8, off);
	put64(p + 16, addr);
	put64(p + 24, addr);
	put64(p + 32, size);
	put64(p + 40, size);
}

static void put_parts(const struct synth *s, uint8_t *p)
{
	uint64_t pages = s->mem_size / PAGE_SIZE, from, to;
	uint32_t i;

	put_phdr(p, PT_NOTE_, s->layout.note_off, 0, s->layout.note_size);
	for (i = 0; i < s->parts; i++) {
		from = pages * i / s->parts * PAGE_SIZE;
		to = pages * (i + 1) / s->parts * PAGE_SIZE;
		put_phdr(p + (i + 1) * PHDR_SIZE, PT_LOAD_, s->layout.mem_off + from, from,
			 to - from);
	}
}

void synth_tail(const struct synth *s, uint8_t *buf)
{
	make_completion(s, buf);
	layout_strtab(buf + (s->layout.str_off - s->layout.compl_off));
	if (s->parts > 1)
		put_parts(s, buf + (s->layout.file_size - s->layout.compl_off));
}

int synth_make(struct synth *s, const uint8_t *plain)
{
	const struct dump_layout *l = &s->layout;
	uint64_t n;

	if (synth_begin(s))
		return -1;
	s->file = calloc(1, s->size);
	if (!s->file)
		return -1;
	synth_head(s, s->file);
	for (n = 0; n < l->mem_size / PAGE_SIZE; n++)
		synth_page(s, n, plain + n * PAGE_SIZE, s->file + l->mem_off + n * PAGE_SIZE,
			   s->file + l->meta_off + n * STATE_ENTRY);
	synth_tail(s, s->file + l->compl_off);
	return 0;
}

void synth_free(struct synth *s)
{
	free(s->file);
	s->file = NULL;
}
