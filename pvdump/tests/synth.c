// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns synthetic dumps: what an Ultravisor would have produced, made with a known CCK.
 * Never used outside tests.
 */
#include "synth.h"

#include <stdlib.h>
#include <string.h>

#define AREA_PSW	160
#define AREA_CRS	288
#define SHARED_EVERY	64u

static void make_keys(struct dump_keys *k, const uint8_t cck[32], uint8_t seed[64])
{
	memset(seed, 0x5e, 64);
	memset(k->nonce, 0, sizeof(k->nonce));
	memset(k->nonce, 0xa5, 4);
	memset(k->xts, 0x11, 32);
	memset(k->xts + 32, 0x22, 32);
	dump_key_derive(cck, seed, k->dump_key);
}

static void make_area(const struct dump_keys *k, uint32_t id, uint64_t psw_addr, uint8_t *a)
{
	memset(a, 0, CPU_AREA_MAX);
	put32(a, CPU_AREA_VERSION);
	put32(a + 4, CPU_AREA_SIZE);
	a[8] = (uint8_t)(id + 1);
	if (!id) {
		put64(a + AREA_PSW, 0x180000000ull);
		put64(a + AREA_PSW + 8, psw_addr);
	}
	put64(a + AREA_CRS, 0xe0);
	put64(a + AREA_CRS + 14 * 8, 0xc2000000);
	gcm_seal(k->dump_key, a + 8, a, 32, a + 32, 1520, a + 32, a + 1552);
}

static void make_completion(const struct dump_keys *k, const uint8_t *seed, uint8_t *c)
{
	put32(c, COMPL_VERSION);
	put32(c + 4, COMPL_SIZE);
	memcpy(c + COMPL_OFF_SEED, seed, 64);
	c[COMPL_OFF_IV] = 0xcc;
	memcpy(c + COMPL_OFF_ENC, k->nonce, 16);
	memcpy(c + COMPL_OFF_ENC + 16, k->xts, 64);
	gcm_seal(k->dump_key, c + COMPL_OFF_IV, c, COMPL_OFF_ENC, c + COMPL_OFF_ENC,
		 COMPL_ENC_SIZE, c + COMPL_OFF_ENC, c + COMPL_OFF_TAG);
}

static void make_page(const struct dump_keys *k, uint64_t n, const uint8_t *plain, uint8_t *out,
		      uint8_t *entry)
{
	static const uint8_t zero[PAGE_SIZE];
	struct xts_aes256_key key;
	uint8_t tweak[16];
	size_t i;

	memset(entry, 0, STATE_ENTRY);
	if (!memcmp(plain, zero, PAGE_SIZE)) {
		put32(entry, STATE_SPECIAL);
		entry[15] = STATE_FLAG_ZERO;
		memset(out, 0xee, PAGE_SIZE);
		return;
	}
	if (n % SHARED_EVERY == SHARED_EVERY - 1) {
		put32(entry, STATE_SPECIAL);
		entry[15] = STATE_FLAG_SHARED | STATE_FLAG_MAPPED;
		memcpy(out, plain, PAGE_SIZE);
		return;
	}
	put64(entry + 8, n + 1);
	for (i = 0; i < sizeof(tweak); i++)
		tweak[i] = entry[i] | k->nonce[i];
	xts_aes256_set_encrypt_key(&key, k->xts);
	xts_aes256_encrypt_message(&key, tweak, PAGE_SIZE, out, plain);
}

int synth_make(struct synth *s, uint64_t mib, uint32_t vcpus, const uint8_t cck[32],
	       const uint8_t *plain, uint64_t psw_addr)
{
	struct dump_layout *l = &s->layout;
	uint8_t seed[64], area[CPU_AREA_MAX];
	struct vcpu_regs regs;
	struct dump_keys k;
	struct fail f;
	uint64_t n;
	uint32_t i;

	*l = (struct dump_layout){ .vcpus = vcpus, .mem_size = mib * MIB, .cpu_len = CPU_AREA_MAX,
				   .per_mib = STATE_PER_MIB, .finalize_len = COMPL_MAX };
	if (layout_compute(l, &f))
		return -1;
	s->file = calloc(1, l->file_size);
	if (!s->file)
		return -1;
	make_keys(&k, cck, seed);
	memset(&regs, 0, sizeof(regs));
	layout_headers(l, s->file);
	for (i = 0; i < vcpus; i++) {
		make_area(&k, i, psw_addr, area);
		vcpu_notes_build(i, &regs, area, l->cpu_len,
				 s->file + l->note_off + i * l->vcpu_note_size);
	}
	for (n = 0; n < l->mem_size / PAGE_SIZE; n++)
		make_page(&k, n, plain + n * PAGE_SIZE, s->file + l->mem_off + n * PAGE_SIZE,
			  s->file + l->meta_off + n * STATE_ENTRY);
	make_completion(&k, seed, s->file + l->compl_off);
	layout_strtab(s->file + l->str_off);
	return 0;
}

void synth_free(struct synth *s)
{
	free(s->file);
	s->file = NULL;
}
