// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of decryption: keys, pages, memory by address, vmcore, VMCOREINFO. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "corefile.h"
#include "dumpmem.h"
#include "osinfo.h"
#include "synth.h"

#define MIBS	2u
#define VCPUS	2u

static struct synth s;
static struct dumpread d;
static uint8_t *plain;
static uint8_t cck[32];
static struct fail f;

static void fill(void)
{
	size_t i;

	memset(plain, 0, MIBS * MIB);
	for (i = MIB / 2; i < MIB + MIB / 2; i++)
		plain[i] = (uint8_t)(i * 31 + i / PAGE_SIZE + 1);
}

static int make(uint32_t parts)
{
	struct dump_source src = { .name = "test", .fd = -1 };

	s = (struct synth){ .cck = cck, .vcpus = VCPUS, .mem_size = MIBS * MIB, .regs = true,
			    .parts = parts };
	if (synth_make(&s, plain))
		return -1;
	src.data = s.file;
	src.size = s.size;
	return dumpread_open(&d, &src, &f);
}

static void unmake(void)
{
	dumpread_close(&d);
	synth_free(&s);
}

static int setup(void **state)
{
	(void)state;
	plain = calloc(MIBS, MIB);
	memset(cck, 0x77, sizeof(cck));
	return plain ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(plain);
	return 0;
}

/* The synthetic dump was made with nettle. */
static void keys_equal_nettles(void **state)
{
	uint8_t wrong[32] = { 0 }, a[CPU_AREA_SIZE], b[CPU_AREA_SIZE];
	struct dump_keys k;
	uint32_t i;

	(void)state;
	fill();
	assert_int_equal(make(1), 0);
	assert_int_equal(dumpcrypt_completion(&d, wrong, &k, &f), 1);
	assert_non_null(strstr(f.text, "tag mismatch"));
	assert_int_equal(dumpcrypt_completion(&d, cck, &k, &f), 0);
	assert_memory_equal(&k, &s.keys, sizeof(k));
	for (i = 0; i < VCPUS; i++) {
		assert_int_equal(dumpcrypt_vcpu(&d, &k, i, a, &f), 0);
		assert_int_equal(dump_open_vcpu(&d, &s.keys, i, b, &f), 0);
		assert_memory_equal(a, b, sizeof(a));
	}
	unmake();
}

/* Every bit of the authenticated bytes counts. */
static void modified_bytes_refused(void **state)
{
	uint8_t area[CPU_AREA_SIZE], *p;
	struct dump_keys k;
	uint32_t i;

	(void)state;
	assert_int_equal(make(1), 0);
	for (i = 8; i < COMPL_SIZE; i++) {
		d.compl_data[i] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(dumpcrypt_completion(&d, cck, &k, &f), 1);
		d.compl_data[i] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(dumpcrypt_completion(&d, cck, &k, &f), 0);
	for (i = 4; i < CPU_AREA_SIZE; i++) {
		p = s.file + d.vcpu[1].offset + i;
		*p ^= (uint8_t)(1 << i % 8);
		assert_int_equal(dumpcrypt_vcpu(&d, &k, 1, area, &f), -1);
		assert_non_null(strstr(f.text, "vCPU 1: PV data at offset"));
		*p ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(dumpcrypt_vcpu(&d, &k, 1, area, &f), 0);
	unmake();
}

/* Reads of any length from any address, across pages and parts. */
static void memory_by_address(void **state)
{
	static const struct { uint64_t addr; size_t len; } t[] = {
		{ 0, 8 }, { MIB / 2 - 4, 8 }, { MIB - 3, 10 }, { 0xabcde, PAGE_SIZE },
		{ MIB / 2, MIB }, { 2 * MIB - 1, 1 }, { 0, 2 * MIB }, { 5, 0 },
	};
	static uint8_t buf[2 * MIB];
	struct pagecrypt *p;
	uint32_t parts;
	size_t i;

	(void)state;
	fill();
	for (parts = 1; parts <= 5; parts += 2) {
		assert_int_equal(make(parts), 0);
		assert_int_equal(d.nparts, parts);
		p = pagecrypt_new(&s.keys);
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			assert_int_equal(dumpmem_read(&d, p, t[i].addr, buf, t[i].len, &f), 0);
			assert_memory_equal(buf, plain + t[i].addr, t[i].len);
		}
		assert_int_equal(dumpmem_read(&d, p, 2 * MIB, buf, 1, &f), -1);
		assert_int_equal(dumpmem_read(&d, p, 2 * MIB - 1, buf, 2, &f), -1);
		assert_int_equal(dumpmem_read(&d, p, UINT64_MAX, buf, 2, &f), -1);
		pagecrypt_free(p);
		unmake();
	}
}

static void undefined_state_refused(void **state)
{
	uint8_t buf[8];
	struct pagecrypt *p;

	(void)state;
	assert_int_equal(make(1), 0);
	p = pagecrypt_new(&s.keys);
	s.file[s.layout.meta_off + 15] = 3;
	assert_int_equal(dumpmem_read(&d, p, 16, buf, 8, &f), -1);
	assert_non_null(strstr(f.text, "undefined page state"));
	pagecrypt_free(p);
	unmake();
}

/* where zgetdump 2.35 puts registers, offsets from the start of a vCPU's notes */
static void core_notes(void **state)
{
	static const struct { uint32_t note, area, size; } t[] = {
		{ 20 + 112, CPU_AREA_PSW, 16 }, { 20 + 128, CPU_AREA_GPRS, 128 },
		{ 20 + 256, CPU_AREA_ACRS, 64 }, { 376, CPU_AREA_FPC, 4 },
		{ 376 + 8, CPU_AREA_VRS, 8 }, { 376 + 128, CPU_AREA_VRS + 240, 8 },
		{ 532, CPU_AREA_TIMER, 8 }, { 560, CPU_AREA_TODCMP, 8 },
		{ 588, CPU_AREA_TODPREG, 4 }, { 612, CPU_AREA_CRS, 128 },
		{ 760, CPU_AREA_PREFIX, 4 }, { 784, CPU_AREA_VRS + 8, 8 },
		{ 932, CPU_AREA_VRS + 256, 256 }, { 1208, CPU_AREA_GSCB, 32 },
	};
	const struct dump_part part[2] = { { 0, 0, MIB }, { MIB, 0, PAGE_SIZE } };
	uint8_t area[CPU_AREA_SIZE];
	struct corefile c;
	uint8_t *p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(area); i++)
		area[i] = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(corefile_begin(&c, 2, 1, &f), 0);
	p = c.head + c.size;
	corefile_vcpu(&c, area);
	assert_ptr_equal(c.head + c.size, p + 1240);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		assert_memory_equal(p + t[i].note, area + t[i].area, t[i].size);
	assert_int_equal(get32(p + 20 + 32), 1);
	corefile_vmcoreinfo(&c, "abcde", 5);
	corefile_end(&c, part);
	assert_memory_equal(c.head + c.size - 32,
			    "\0\0\0\x0b\0\0\0\x05\0\0\0\0VMCOREINFO\0\0abcde\0\0", 32);
	assert_int_equal(get16(c.head + 56), 3);
	p = c.head + EHDR_SIZE + 2 * PHDR_SIZE;
	assert_int_equal(get64(p + 8), c.size + MIB);
	assert_int_equal(get64(p + 24), MIB);
	corefile_free(&c);
}

/* a guest's memory: the first 64 KiB */
#define GUEST	65536u
#define INFO	0x3000u
#define TEXT	0x5ff0u
#define NOTE	0x9000u

static uint8_t guest[GUEST];
static const char text[] = "OSRELEASE=1\nPAGESIZE=4096\n";

static int guest_read(void *ctx, uint64_t addr, void *buf, size_t len)
{
	(void)ctx;
	if (addr > GUEST || len > GUEST - addr)
		return -1;
	memcpy(buf, guest + addr, len);
	return 0;
}

static void guest_os_info(void)
{
	uint8_t *page = guest + INFO;

	memcpy(guest + TEXT, text, strlen(text));
	put64(guest + 0xe18, INFO);
	put64(page, 0x4f53494e464f535aull);
	put32(page + 12, 0x00010001);
	put64(page + 32, TEXT);
	put64(page + 40, strlen(text));
	put32(page + 48, osinfo_checksum(guest + TEXT, strlen(text)));
	put32(page + 8, osinfo_checksum(page + 12, 4084));
}

static void guest_note(void)
{
	uint8_t *n = guest + NOTE;

	put64(guest + 0xe0c, NOTE);
	put32(n, 11);
	put32(n + 4, (uint32_t)strlen(text));
	memcpy(n + 12, "VMCOREINFO", 11);
	memcpy(n + 24, text, strlen(text));
}

/* @size bytes of @value at @addr; @seal: the checksum of os_info is right all the same */
static const struct hostile {
	uint32_t addr, size;
	uint64_t value;
	bool seal;
	const char *why;
} hostile_info[] = {
	{ 0xe18, 8, 0, false, "names none" },
	{ 0xe18, 8, INFO + 8, false, "not a page" },
	{ 0xe18, 8, GUEST, false, "not a page" },
	{ 0xe18, 8, UINT64_MAX - 4095, false, "not a page" },
	{ 0xe18, 8, 0x4000, false, "magic" },
	{ INFO, 8, 1, true, "magic" },
	{ INFO + 8, 4, 0, false, "checksum" },
	{ INFO + 12, 2, 2, false, "checksum" },
	{ INFO + 4092, 4, 1, false, "checksum" },
	{ INFO + 32, 8, 0, true, "names none" },
	{ INFO + 40, 8, 0, true, "names none" },
	{ INFO + 32, 8, GUEST - 4, true, "not in the memory" },
	{ INFO + 32, 8, UINT64_MAX - 4, true, "not in the memory" },
	{ INFO + 40, 8, GUEST - TEXT + 1, true, "not in the memory" },
	{ INFO + 40, 8, CORE_VMCOREINFO_MAX + 1, true, "size" },
	{ INFO + 40, 8, UINT64_MAX, true, "size" },
	{ INFO + 40, 8, 5, true, "checksum" },
	{ INFO + 48, 4, 0, true, "checksum" },
	{ TEXT, 1, 'X', false, "checksum" },
}, hostile_note[] = {
	{ 0xe0c, 8, 0, false, "names none" },
	{ 0xe0c, 8, NOTE + 1, false, "names none" },
	{ 0xe0c, 8, GUEST - 2, false, "not in the memory" },
	{ 0xe0c, 8, UINT64_MAX - 1, false, "not in the memory" },
	{ NOTE, 4, 10, false, "not named" },
	{ NOTE, 4, UINT32_MAX, false, "not named" },
	{ NOTE + 12, 1, 'v', false, "not named" },
	{ NOTE + 4, 4, 0, false, "size" },
	{ NOTE + 4, 4, UINT32_MAX, false, "size" },
	{ NOTE + 4, 4, GUEST - NOTE - 23, false, "not in the memory" },
	{ NOTE + 24, 1, 0, false, "empty" },
};

static void put_n(uint8_t *p, uint32_t size, uint64_t v)
{
	while (size--) {
		p[size] = (uint8_t)v;
		v >>= 8;
	}
}

static void try_hostile(const struct hostile *h, void (*make_guest)(void))
{
	static char buf[CORE_VMCOREINFO_MAX];
	uint64_t from;
	size_t len;

	memset(guest, 0, sizeof(guest));
	make_guest();
	put_n(guest + h->addr, h->size, h->value);
	if (h->seal)
		put32(guest + INFO + 8, osinfo_checksum(guest + INFO + 12, 4084));
	if (!osinfo_vmcoreinfo(guest_read, NULL, buf, sizeof(buf), &len, &from, &f))
		fail_msg("value 0x%llx at 0x%x was accepted", (unsigned long long)h->value,
			 h->addr);
	if (!strstr(f.text, h->why))
		fail_msg("value 0x%llx at 0x%x: '%s' is not in '%s'", (unsigned long long)h->value,
			 h->addr, h->why, f.text);
}

static void vmcoreinfo_hostile(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hostile_info); i++)
		try_hostile(&hostile_info[i], guest_os_info);
	for (i = 0; i < ARRAY_SIZE(hostile_note); i++)
		try_hostile(&hostile_note[i], guest_note);
}

static void vmcoreinfo_found(void **state)
{
	static char buf[CORE_VMCOREINFO_MAX];
	uint64_t from;
	size_t len;

	(void)state;
	memset(guest, 0, sizeof(guest));
	guest_note();
	assert_int_equal(osinfo_vmcoreinfo(guest_read, NULL, buf, sizeof(buf), &len, &from, &f), 0);
	assert_int_equal(from, NOTE + 24);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(buf, text, len);
	guest_os_info();
	assert_int_equal(osinfo_vmcoreinfo(guest_read, NULL, buf, sizeof(buf), &len, &from, &f), 0);
	assert_int_equal(from, TEXT);
	assert_int_equal(len, strlen(text));
	/* damaged os_info: the note is still there */
	guest[INFO + 100] ^= 1;
	assert_int_equal(osinfo_vmcoreinfo(guest_read, NULL, buf, sizeof(buf), &len, &from, &f), 0);
	assert_int_equal(from, NOTE + 24);
	/* a zero ends the text */
	guest[NOTE + 24 + 5] = 0;
	assert_int_equal(osinfo_vmcoreinfo(guest_read, NULL, buf, sizeof(buf), &len, &from, &f), 0);
	assert_int_equal(len, 5);
}

/* CHECKSUM (z/Architecture Principles of Operation): carries go around, zeros fill up */
static void checksum(void **state)
{
	static const uint8_t b[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0x80 };

	(void)state;
	assert_int_equal(osinfo_checksum(b, 0), 0);
	assert_int_equal(osinfo_checksum(b, 4), 0xffffffff);
	assert_int_equal(osinfo_checksum(b, 8), 2);
	assert_int_equal(osinfo_checksum(b, 9), 0x80000002);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_equal_nettles),
		cmocka_unit_test(modified_bytes_refused),
		cmocka_unit_test(memory_by_address),
		cmocka_unit_test(undefined_state_refused),
		cmocka_unit_test(core_notes),
		cmocka_unit_test(checksum),
		cmocka_unit_test(vmcoreinfo_found),
		cmocka_unit_test(vmcoreinfo_hostile),
	};

	program = "test";
	return cmocka_run_group_tests(tests, setup, teardown);
}
