// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The unit tests of the dump file: writer, reader, keys, names of return codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dumpread.h"
#include "rcname.h"
#include "synth.h"

#define MIBS	3u
#define VCPUS	2u
#define PSW	0x123000ull

static struct synth s;
static uint8_t *plain;
static uint8_t cck[32];
static struct fail f;

static int setup(void **state)
{
	size_t i;

	(void)state;
	plain = calloc(MIBS, MIB);
	for (i = MIB; i < 2 * MIB; i++)
		plain[i] = (uint8_t)(i * 31 + i / PAGE_SIZE + 1);
	memset(cck, 0x77, sizeof(cck));
	s = (struct synth){ .cck = cck, .vcpus = VCPUS, .mem_size = MIBS * MIB, .psw_addr = PSW };
	return synth_make(&s, plain);
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&s);
	free(plain);
	return 0;
}

static int open_bytes(struct dumpread *d, const uint8_t *b, uint64_t size)
{
	struct dump_source src = { .name = "test", .fd = -1, .data = b, .size = size };

	return dumpread_open(d, &src, &f);
}

/* offsets and sizes of QEMU's file (dump/dump.c, target/s390x/arch_dump.c) */
static void layout_is_qemus(void **state)
{
	const uint8_t *b = s.file;

	(void)state;
	assert_int_equal(vcpu_notes_size(4096), 5356);
	assert_int_equal(s.layout.note_off, 0x40 + 4 * 64 + 2 * 56);
	assert_int_equal(get16(b + 52), 8);
	assert_int_equal(get64(b + 32), 0x140);
	assert_int_equal(get64(b + 40), 0x40);
	assert_int_equal(get16(b + 60), 4);
	assert_int_equal(get16(b + 62), 3);
	assert_int_equal(get32(b + 0x40 + 64), 1);
	assert_int_equal(get32(b + 0x40 + 128), 13);
	assert_int_equal(get32(b + 0x40 + 192), 25);
	assert_memory_equal(b + s.layout.str_off, "\0pv_mem_meta\0pv_compl\0\0\0\0.shstrtab", 35);
	assert_int_equal(s.layout.file_size, s.layout.str_off + 35);
}

static void notes_are_qemus(void **state)
{
	static const struct { uint32_t type, size; } want[] = {
		{ 1, 336 }, { 2, 136 }, { 0x305, 4 }, { 0x304, 128 }, { 0x301, 8 }, { 0x302, 8 },
		{ 0x303, 4 }, { 0x309, 128 }, { 0x30a, 256 }, { 0x30b, 32 }, { 0x30e, 4096 },
	};
	const uint8_t *p = s.file + s.layout.note_off;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(get32(p), i < 2 ? 5 : 6);
		assert_int_equal(get32(p + 4), want[i].size);
		assert_int_equal(get32(p + 8), want[i].type);
		assert_string_equal((const char *)p + 12, i < 2 ? "CORE" : "LINUX");
		p += 20 + want[i].size;
	}
	assert_ptr_equal(p, s.file + s.layout.note_off + s.layout.vcpu_note_size);
}

static void registers_in_notes(void **state)
{
	static uint8_t b[8192], pv[4096];
	struct vcpu_regs r;
	size_t i;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.psw_mask = 0x1111;
	r.psw_addr = 0x2222;
	r.gprs[15] = 0x3333;
	r.acrs[15] = 0x4444;
	r.crs[14] = 0x5555;
	r.fpc = 0x6666;
	r.fprs[15] = 0x7777;
	r.prefix = 0x8000;
	r.vrs[15][1] = 0x9999;
	r.vrs[31][1] = 0xaaaa;
	r.gscb[3] = 0xbbbb;
	for (i = 0; i < sizeof(pv); i++)
		pv[i] = (uint8_t)i;
	vcpu_notes_build(4, &r, pv, sizeof(pv), b);
	assert_int_equal(get32(b + 20 + 32), 5);
	assert_int_equal(get64(b + 20 + 112), 0x1111);
	assert_int_equal(get64(b + 20 + 120), 0x2222);
	assert_int_equal(get64(b + 20 + 128 + 120), 0x3333);
	assert_int_equal(get32(b + 20 + 256 + 60), 0x4444);
	assert_int_equal(get32(b + 376), 0x6666);
	assert_int_equal(get64(b + 376 + 8 + 120), 0x7777);
	assert_int_equal(get32(b + 532), 0x8000);
	assert_int_equal(get64(b + 556 + 14 * 8), 0x5555);
	assert_memory_equal(b + vcpu_notes_size(4096) - 4096, pv, sizeof(pv));
}

static void impossible_layouts(void **state)
{
	static const struct dump_layout bad[] = {
		{ .vcpus = 0, .mem_size = MIB, .cpu_len = 4096, .per_mib = 4096,
		  .finalize_len = 288 },
		{ .vcpus = 1, .mem_size = 0, .cpu_len = 4096, .per_mib = 4096,
		  .finalize_len = 288 },
		{ .vcpus = 1, .mem_size = MIB + 1, .cpu_len = 4096, .per_mib = 4096,
		  .finalize_len = 288 },
		{ .vcpus = 1, .mem_size = MIB, .cpu_len = 4096, .per_mib = 0, .finalize_len = 288 },
		{ .vcpus = 1, .mem_size = MIB, .cpu_len = UINT64_MAX, .per_mib = 4096,
		  .finalize_len = 288 },
		{ .vcpus = 1, .mem_size = MIB, .cpu_len = 4096, .per_mib = 4096,
		  .finalize_len = 1ull << 40 },
	};
	struct dump_layout l;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		l = bad[i];
		assert_int_equal(layout_compute(&l, &f), -1);
	}
}

static void reader_accepts(void **state)
{
	static struct dumpread d;

	(void)state;
	assert_int_equal(open_bytes(&d, s.file, s.layout.file_size), 0);
	assert_int_equal(d.nvcpu, VCPUS);
	assert_int_equal(d.vcpu[1].length, CPU_AREA_SIZE);
	assert_int_equal(d.nparts, 1);
	assert_int_equal(d.part[0].off, s.layout.mem_off);
	assert_int_equal(dumpread_states(&d, &f), 0);
	assert_int_equal(d.states[PAGE_ENCRYPTED], 252);
	assert_int_equal(d.states[PAGE_SHARED], 4);
	assert_int_equal(d.states[PAGE_ZERO], 512);
	assert_int_equal(d.mapped[PAGE_SHARED], 4);
	assert_int_equal(d.mapped[PAGE_ZERO], 0);
	dumpread_close(&d);
}

static void keys_open_everything(void **state)
{
	uint8_t area[CPU_AREA_SIZE], page[PAGE_SIZE], wrong[32] = { 0 };
	static struct dumpread d;
	struct dump_keys k;
	uint64_t n = 256;

	(void)state;
	assert_int_equal(open_bytes(&d, s.file, s.layout.file_size), 0);
	assert_int_equal(dump_authenticate(&d, wrong, &k, &f), -1);
	assert_int_equal(dump_authenticate(&d, cck, &k, &f), 0);
	assert_int_equal(dump_open_vcpu(&d, &k, 0, area, &f), 0);
	assert_int_equal(get64(area + 168), PSW);
	assert_int_equal(dump_open_vcpu(&d, &k, 1, area, &f), 0);
	memcpy(page, s.file + s.layout.mem_off + n * PAGE_SIZE, PAGE_SIZE);
	assert_memory_not_equal(page, plain + n * PAGE_SIZE, PAGE_SIZE);
	dump_open_page(&k, s.file + s.layout.meta_off + n * STATE_ENTRY, page);
	assert_memory_equal(page, plain + n * PAGE_SIZE, PAGE_SIZE);
	dumpread_close(&d);
}

/* HKDF-SHA-512 computed with another implementation (OpenSSL) for CCK 00..1f and seed 00..3f */
static void dump_key_known_answer(void **state)
{
	static const char want[] =
		"1f67f28ed0dfe54d1bd676b72a468bc83f27013c1eb4d5c204ba4a2e3b9b85da";
	uint8_t key[32], in[32], seed[64];
	char got[65];
	size_t i;

	(void)state;
	for (i = 0; i < 64; i++) {
		seed[i] = (uint8_t)i;
		in[i % 32] = (uint8_t)(i % 32);
	}
	dump_key_derive(in, seed, key);
	hex_str(key, sizeof(key), got);
	assert_string_equal(got, want);
}

/* changed numbers and the words the message must contain; offsets relative to a part of the file */
enum part { EHDR, SHDRS, PHDRS, NOTES, META, COMPL };

static const struct {
	enum part part;
	uint32_t off;
	uint8_t size;
	uint64_t value;
	const char *says;
} changes[] = {
	{ EHDR, 0, 4, 0, "magic" },
	{ EHDR, 4, 1, 1, "class" },
	{ EHDR, 5, 1, 1, "byte order" },
	{ EHDR, 16, 2, 2, "type" },
	{ EHDR, 18, 2, 62, "machine" },
	{ EHDR, 32, 8, UINT64_MAX - 8, "program header 0" },
	{ EHDR, 40, 8, UINT64_MAX - 8, "section header 0" },
	{ EHDR, 54, 2, 55, "size of a program header" },
	{ EHDR, 56, 2, 0, "no memory" },
	{ EHDR, 56, 2, 65535, "at most" },
	{ EHDR, 58, 2, 40, "size of a section header" },
	{ EHDR, 60, 2, 0, "ordinary core" },
	{ EHDR, 60, 2, 65535, "at most" },
	{ EHDR, 62, 2, 4, "name section" },
	{ SHDRS, 64, 4, 35, "name offset" },
	{ SHDRS, 64, 4, 2, "section pv_mem_meta: missing" },
	{ SHDRS, 128, 4, 14, "section pv_compl: missing" },
	{ SHDRS, 64 + 24, 8, UINT64_MAX, "section 1" },
	{ SHDRS, 64 + 32, 8, UINT64_MAX, "section 1" },
	{ SHDRS, 64 + 32, 8, 16, "size for the memory" },
	{ SHDRS, 128 + 32, 8, 287, "section pv_compl: size" },
	{ SHDRS, 128 + 32, 8, 4097, "section pv_compl: size" },
	{ SHDRS, 192 + 32, 8, 0, "names" },
	{ PHDRS, 8, 8, UINT64_MAX, "notes: offset" },
	{ PHDRS, 32, 8, UINT64_MAX, "notes: offset" },
	{ PHDRS, 32, 8, 5, "cut off" },
	{ PHDRS, 0, 4, PT_LOAD_, "equal multiples of a page" },
	{ PHDRS, 56 + 8, 8, UINT64_MAX, "memory: offset" },
	{ PHDRS, 56 + 32, 8, MIB, "memory at" },
	{ PHDRS, 56 + 40, 8, 0, "memory at" },
	{ PHDRS, 56 + 24, 8, 0xfffffffffffff000, "memory: offset" },
	{ PHDRS, 56 + 24, 8, 1, "multiples of a page" },
	{ EHDR, 20, 4, 2, "version of the file" },
	{ PHDRS, 56 + 8, 8, 0x100, "overlap" },
	{ SHDRS, 64 + 24, 8, 0x3000, "overlap" },
	{ PHDRS, 56, 4, PT_NOTE_, "second PT_NOTE" },
	{ NOTES, 0, 4, 0, "notes: at offset" },
	{ NOTES, 0, 4, 0xffffffff, "notes: at offset" },
	{ NOTES, 4, 4, 0xffffffff, "notes: at offset" },
	{ NOTES, 8, 4, 2, "before the first NT_PRSTATUS" },
	{ NOTES, 5356 - 4096, 4, 0, "version 0x1 expected, found 0x0" },
	{ NOTES, 5356 - 4096, 4, 2, "version 0x1 expected, found 0x2" },
	{ NOTES, 5356 - 4096 - 12, 4, 7, "no PV note" },
	{ COMPL, 0, 4, 2, "pv_compl: version" },
	{ COMPL, 4, 4, 287, "pv_compl: length" },
};

static uint64_t part_offset(enum part p)
{
	switch (p) {
	case SHDRS:
		return 0x40;
	case PHDRS:
		return 0x140;
	case NOTES:
		return s.layout.note_off;
	case META:
		return s.layout.meta_off;
	case COMPL:
		return s.layout.compl_off;
	default:
		return 0;
	}
}

static void put_n(uint8_t *p, uint8_t size, uint64_t v)
{
	if (size == 8)
		put64(p, v);
	else if (size == 4)
		put32(p, (uint32_t)v);
	else if (size == 2)
		put16(p, (uint16_t)v);
	else
		*p = (uint8_t)v;
}

static void reader_refuses(void **state)
{
	uint8_t saved[8], *p;
	static struct dumpread d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		p = s.file + part_offset(changes[i].part) + changes[i].off;
		memcpy(saved, p, changes[i].size);
		put_n(p, changes[i].size, changes[i].value);
		if (!open_bytes(&d, s.file, s.layout.file_size))
			fail_msg("change %zu (%s) was accepted", i, changes[i].says);
		if (!strstr(f.text, changes[i].says))
			fail_msg("change %zu: '%s' is not in '%s'", i, changes[i].says, f.text);
		dumpread_close(&d);
		memcpy(p, saved, changes[i].size);
	}
}

/* A sparse file costs nothing: what its headers claim must not keep a reader busy. */
static void memory_is_limited(void **state)
{
	uint8_t *sh = s.file + part_offset(SHDRS) + SHDR_SIZE;
	uint8_t *ph = s.file + part_offset(PHDRS) + PHDR_SIZE;
	uint8_t saved_sh[SHDR_SIZE], saved_ph[PHDR_SIZE];
	static struct dumpread d;
	uint64_t mem;

	(void)state;
	memcpy(saved_sh, sh, sizeof(saved_sh));
	memcpy(saved_ph, ph, sizeof(saved_ph));
	for (mem = DUMP_MAX_MEM; mem <= DUMP_MAX_MEM + PAGE_SIZE; mem += PAGE_SIZE) {
		/* memory and storage state lie behind all else and are not read yet */
		put64(ph + 8, s.layout.file_size);
		put64(ph + 32, mem);
		put64(ph + 40, mem);
		put64(sh + 24, s.layout.file_size + mem);
		put64(sh + 32, mem / PAGE_SIZE * STATE_ENTRY);
		assert_int_equal(open_bytes(&d, s.file, 1ull << 62), mem > DUMP_MAX_MEM ? -1 : 0);
		dumpread_close(&d);
	}
	assert_non_null(strstr(f.text, "memory: size: at most 0x400000000000 expected"));
	memcpy(sh, saved_sh, sizeof(saved_sh));
	memcpy(ph, saved_ph, sizeof(saved_ph));
}

static void states_refused(void **state)
{
	static const struct { uint8_t b14, b15; enum page_state s; } t[] = {
		{ 0, 0x01, PAGE_ZERO }, { 0, 0x05, PAGE_ZERO }, { 0, 0x02, PAGE_SHARED },
		{ 0, 0x06, PAGE_SHARED }, { 0, 0x00, PAGE_INVALID }, { 0, 0x03, PAGE_INVALID },
		{ 0, 0x04, PAGE_INVALID }, { 0, 0x07, PAGE_INVALID }, { 0, 0x09, PAGE_INVALID },
		{ 0, 0x81, PAGE_INVALID }, { 1, 0x01, PAGE_INVALID },
	};
	uint8_t e[STATE_ENTRY], *p = s.file + s.layout.meta_off + 3 * STATE_ENTRY, saved;
	static struct dumpread d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		memset(e, 0x5a, sizeof(e));
		memset(e, 0xff, 4);
		e[14] = t[i].b14;
		e[15] = t[i].b15;
		assert_int_equal(page_state_of(e), t[i].s);
	}
	saved = p[15];
	p[15] = 0;
	assert_int_equal(open_bytes(&d, s.file, s.layout.file_size), 0);
	assert_int_equal(dumpread_states(&d, &f), -1);
	assert_non_null(strstr(f.text, "for address 0x3000"));
	dumpread_close(&d);
	p[15] = saved;
}

/* every truncation of the headers and notes, and of the tail, is refused without a read beyond */
static void truncations_refused(void **state)
{
	static struct dumpread d;
	uint64_t len;
	uint8_t *exact;

	(void)state;
	for (len = 0; len < s.layout.file_size; len += len < 6000 ? 61 : 9973) {
		exact = malloc(len ? len : 1);
		memcpy(exact, s.file, len);
		assert_int_equal(open_bytes(&d, exact, len), -1);
		dumpread_close(&d);
		free(exact);
	}
}

static void names(void **state)
{
	(void)state;
	assert_non_null(strstr(rc_name(0x0302, 0x0102, 0x001b, false), "page list"));
	assert_non_null(strstr(rc_name(0x0300, 0x0108, 0x0005, false), "not for this host"));
	assert_string_equal(rc_name(0x0400, 0x5330, 0, false), "no public name");
	assert_non_null(strstr(rc_name(0x0400, 0x5330, 0, true), "not allowed"));
	assert_string_equal(rc_name(0, 0x0005, 0, false), "invalid length");
	assert_string_equal(rc_name(0x0402, 0x7777, 0, true), "no public name");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_qemus),
		cmocka_unit_test(notes_are_qemus),
		cmocka_unit_test(registers_in_notes),
		cmocka_unit_test(impossible_layouts),
		cmocka_unit_test(reader_accepts),
		cmocka_unit_test(keys_open_everything),
		cmocka_unit_test(dump_key_known_answer),
		cmocka_unit_test(reader_refuses),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(states_refused),
		cmocka_unit_test(truncations_refused),
		cmocka_unit_test(names),
	};

	program = "test";
	return cmocka_run_group_tests(tests, setup, teardown);
}
