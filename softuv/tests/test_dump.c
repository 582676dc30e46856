// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of dumps: order of calls, every format, read back with the owner's key alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest_crypto.h"
#include "tests.h"

#define PAGE	4096ull
#define INIT	0x0400
#define STATE	0x0401
#define CPU	0x0402
#define DONE	0x0403
#define GOLDEN	"tests/vectors/golden-dump.bin"

struct fixture {
	struct header_opts o;
	struct guest g;
	struct dump_keys keys;
};

static void boot(struct machine *m, struct fixture *f, unsigned int pages)
{
	header_defaults(&f->o);
	guest_boot(m, &f->g, 4 * MIB, pages, &f->o);
	ok(guest_add_cpu(m, &f->g, 0));
	ok(guest_add_cpu(m, &f->g, 1));
	ok(guest_set_state(m, f->g.cpu[0], 5));
}

static uint16_t init(struct machine *m, struct fixture *f)
{
	return uvc_handle(m, INIT, f->g.handle);
}

static uint16_t area(struct machine *m, uint16_t cmd, uint64_t handle, uint64_t gaddr)
{
	memset(m->mem + BUFFER, 0xee, 3 * PAGE);
	return uvc_area(m, cmd, handle, BUFFER, gaddr);
}

static void complete(struct machine *m, struct fixture *f)
{
	ok(area(m, DONE, f->g.handle, 0));
	assert_int_equal(m->mem[BUFFER + PAGE], 0xee);
	assert_true(dump_open(f->o.cck, m->mem + BUFFER, PAGE, &f->keys));
}

static uint64_t dump_entries(struct machine *m)
{
	struct softuv_totals t;

	softuv_view(m->uv, &t);
	return t.dump_entries;
}

static void order_of_calls(void **state)
{
	struct machine *m = *state;
	struct fixture f;

	boot(m, &f, 1);
	assert_rc(area(m, CPU, f.g.cpu[0], 0), SOFTUV_RC_DUMP_NONE);
	assert_rc(area(m, STATE, f.g.handle, 0), SOFTUV_RC_DUMP_NONE);
	assert_rc(area(m, DONE, f.g.handle, 0), SOFTUV_RC_DUMP_NONE);
	assert_int_equal(m->mem[BUFFER], 0xee);
	m->no_random = true;
	assert_rc(init(m, &f), SOFTUV_RC_RESOURCES);
	m->no_random = false;
	ok(init(m, &f));
	assert_rc(init(m, &f), SOFTUV_RC_DUMP_ACTIVE);
	assert_int_equal(softuv_sie_enter(m->uv, f.g.cpu[0], f.g.handle, f.g.asce, NULL), 0);
	assert_rc(area(m, CPU, f.g.cpu[0], 0), SOFTUV_RC_CPU_IN_SIE);
	softuv_sie_leave(m->uv, f.g.cpu[0]);
	assert_int_equal(dump_entries(m), 1);
	ok(area(m, STATE, f.g.handle, 0));
	ok(area(m, CPU, f.g.cpu[0], 0));
	ok(area(m, CPU, f.g.cpu[0], 0));
	complete(m, &f);
	assert_rc(area(m, DONE, f.g.handle, 0), SOFTUV_RC_DUMP_NONE);
	assert_rc(area(m, STATE, f.g.handle, 0), SOFTUV_RC_DUMP_NONE);
	assert_int_equal(softuv_sie_enter(m->uv, f.g.cpu[0], f.g.handle, f.g.asce, NULL), 0);
	softuv_sie_leave(m->uv, f.g.cpu[0]);
	ok(init(m, &f));
	complete(m, &f);
	assert_int_equal(dump_entries(m), 1);
	softuv_reset(m->uv);
	assert_int_equal(dump_entries(m), 0);
}

static void refused_without_permission(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g, early;
	uint8_t hdr[8192];

	header_defaults(&o);
	guest_new(m, &early, MIB);
	assert_rc(uvc_handle(m, INIT, early.handle), SOFTUV_RC_INV_STATE);
	ok(guest_ssc(m, &early, hdr, header_make(&o, hdr)));
	ok(uvc_handle(m, INIT, early.handle));
	o.pcf = 0xe0;
	guest_boot(m, &g, 4 * MIB, 1, &o);
	assert_rc(uvc_handle(m, INIT, g.handle), SOFTUV_RC_DUMP_NOT_ALLOWED);
	assert_rc(area(m, DONE, g.handle, 0), SOFTUV_RC_DUMP_NONE);
}

static void destroyed_in_the_middle(void **state)
{
	struct machine *m = *state;
	struct fixture f;
	uint64_t cpu;

	boot(m, &f, 1);
	ok(init(m, &f));
	cpu = f.g.cpu[1];
	ok(uvc_handle(m, 0x0121, cpu));
	assert_rc(area(m, CPU, cpu, 0), SOFTUV_RC_INV_CPU);
	ok(area(m, CPU, f.g.cpu[0], 0));
	f.g.nr_cpus = 1;
	guest_destroy(m, &f.g);
	assert_rc(area(m, STATE, f.g.handle, 0), SOFTUV_RC_INV_CONF);
	assert_rc(area(m, DONE, f.g.handle, 0), SOFTUV_RC_INV_CONF);
	ok(guest_create(m, &f.g));
	assert_rc(area(m, DONE, f.g.handle, 0), SOFTUV_RC_DUMP_NONE);
}

static void bad_areas(void **state)
{
	struct machine *m = *state;
	static const uint16_t cmds[] = { CPU, STATE, DONE };
	struct fixture f;

	boot(m, &f, 1);
	ok(init(m, &f));
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t h = cmds[i] == CPU ? f.g.cpu[0] : f.g.handle;

		memset(m->mem + BUFFER, 0xee, 3 * PAGE);
		m->bad_page = BUFFER / PAGE + 1;
		assert_rc(uvc_area(m, cmds[i], h, BUFFER + 8, 0), SOFTUV_RC_OPERAND_XLATE);
		assert_int_equal(m->mem[BUFFER + 8], 0xee);
		m->bad_page = ~0ull;
		assert_rc(uvc_area(m, cmds[i], h, STORAGE - 8, 0), SOFTUV_RC_OPERAND_ADDR);
		assert_rc(uvc_area(m, cmds[i], h, ~0ull, 0), SOFTUV_RC_OPERAND_ADDR);
		assert_rc(uvc_area(m, cmds[i], h, BASE_STOR - 8, 0), SOFTUV_RC_OPERAND_ADDR);
		assert_rc(uvc_area(m, cmds[i], h, f.g.base, 0), SOFTUV_RC_OPERAND_ADDR);
		if (cmds[i] == DONE)
			continue;
		ok(uvc_area(m, cmds[i], h, BUFFER + 9, 0));
		assert_int_equal(m->mem[BUFFER + 8], 0xee);
		assert_int_equal(m->mem[BUFFER + PAGE + 9], 0xee);
	}
	ok(uvc_area(m, DONE, f.g.handle, BUFFER + 0xff9, 0));
	assert_true(dump_open(f.o.cck, m->mem + BUFFER + 0xff9, PAGE, &f.keys));
}

static void storage_blocks(void **state)
{
	struct machine *m = *state;
	struct fixture f;

	boot(m, &f, 1);
	ok(init(m, &f));
	assert_rc(area(m, STATE, f.g.handle, 4 * MIB), SOFTUV_RC_DUMP_GADDR);
	assert_rc(area(m, STATE, f.g.handle, ~(MIB - 1)), SOFTUV_RC_DUMP_GADDR);
	assert_rc(area(m, STATE, f.g.handle, PAGE), SOFTUV_RC_DUMP_GADDR);
	for (uint64_t gaddr = MIB; gaddr < 4 * MIB; gaddr += MIB) {
		static const uint8_t zero[16] = {
			0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
		};

		ok(area(m, STATE, f.g.handle, gaddr));
		for (unsigned int i = 0; i < 256; i++)
			assert_memory_equal(m->mem + BUFFER + i * 16, zero, 16);
		assert_int_equal(m->mem[BUFFER + PAGE], 0xee);
	}
}

static bool filled(const uint8_t *p, uint8_t value)
{
	for (unsigned int i = 0; i < PAGE; i++) {
		if (p[i] != value)
			return false;
	}
	return true;
}

/* Reads a page as a dumper does: where the guest's tables say, after an export. */
static void read_page(struct machine *m, struct guest *g, uint64_t gaddr, uint8_t *out)
{
	uint64_t pt = be64(guest_ste(m, g, gaddr)) & ~0x7ffull;
	uint64_t abs = be64(m->mem + pt + (gaddr >> 12 & 0xff) * 8) & ~0xfffull;

	ok(uvc_page(m, 0x0201, abs));
	memcpy(out, m->mem + abs, PAGE);
}

/* Memory read before, or after, the storage state: both have to decrypt. */
static void pages_decrypt(void **state)
{
	struct machine *m = *state;
	uint8_t first[16][PAGE], entries[PAGE];
	struct fixture f;
	uint64_t extra;

	boot(m, &f, 16);
	extra = machine_alloc(m, 2 * PAGE);
	guest_map(m, &f.g, 0x80000, extra, 0);
	guest_map(m, &f.g, 0x81000, extra + PAGE, 0);
	ok(guest_import(m, &f.g, 0x80000));
	ok(guest_import(m, &f.g, 0x81000));
	ok(softuv_guest_share(m->uv, f.g.handle, 0x80000, true));
	ok(softuv_guest_share(m->uv, f.g.handle, 0x81000, true));
	ok(softuv_guest_share(m->uv, f.g.handle, 0x82000, true));
	ok(init(m, &f));
	for (unsigned int i = 0; i < 8; i++)
		read_page(m, &f.g, 0x10000 + i * PAGE, first[i]);
	ok(area(m, STATE, f.g.handle, 0));
	memcpy(entries, m->mem + BUFFER, PAGE);
	for (unsigned int i = 8; i < 16; i++)
		read_page(m, &f.g, 0x10000 + i * PAGE, first[i]);
	complete(m, &f);
	for (unsigned int i = 0; i < 256; i++) {
		char want = i >= 16 && i < 32 ? 'e' : i >= 0x80 && i < 0x83 ? 's' : 'z';
		uint8_t *page = first[i % 16];

		assert_int_equal(dump_open_page(&f.keys, entries + i * 16, page), want);
		if (want == 'e')
			assert_true(filled(page, (uint8_t)(i - 15)));
		for (unsigned int k = 16; want == 'e' && k < i; k++)
			assert_memory_not_equal(entries + k * 16, entries + i * 16, 16);
	}
	assert_int_equal(entries[0x80 * 16 + 15], 0x06);
	assert_int_equal(entries[0x82 * 16 + 15], 0x02);
}

/* Exports and imports before a dump leave exactly the last export's component. */
static void stable_across_exports(void **state)
{
	struct machine *m = *state;
	uint8_t page[PAGE], entry[3][16];
	struct fixture f;

	boot(m, &f, 1);
	for (int i = 0; i < 5; i++) {
		read_page(m, &f.g, 0x10000, page);
		ok(guest_import(m, &f.g, 0x10000));
	}
	ok(init(m, &f));
	ok(area(m, STATE, f.g.handle, 0));
	memcpy(entry[0], m->mem + BUFFER + 256, 16);
	read_page(m, &f.g, 0x10000, page);
	ok(area(m, STATE, f.g.handle, 0));
	memcpy(entry[1], m->mem + BUFFER + 256, 16);
	complete(m, &f);
	ok(init(m, &f));
	ok(area(m, STATE, f.g.handle, 0));
	memcpy(entry[2], m->mem + BUFFER + 256, 16);
	assert_memory_equal(entry[0], entry[1], 16);
	assert_memory_equal(entry[0], entry[2], 16);
	assert_int_equal(dump_open_page(&f.keys, entry[0], page), 'e');
	assert_true(filled(page, 1));
}

static void set_all_registers(struct machine *m)
{
	static const struct {
		const char *name;
		unsigned int nr;
		const char *value;
	} regs[] = {
		{ "gr", 16, "0x10000000000000%02x" }, { "ar", 16, "0x200000%02x" },
		{ "cr", 16, "0x30000000000000%02x" },
		{ "vr", 32, "0x400000000000000000000000000000%02x" },
		{ "gs", 4, "0x50000000000000%02x" },
		{ "psw", 0, "0x60000000000000000000000000000006" },
		{ "prefix", 0, "0x70000007" }, { "fpc", 0, "0x80000008" },
		{ "todpr", 0, "0x90000009" }, { "cputm", 0, "0xa00000000000000a" },
		{ "ckc", 0, "0xb00000000000000b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		for (unsigned int k = 0; k < (regs[i].nr ? regs[i].nr : 1); k++) {
			char line[128], value[64], reply[128], no[16] = "";

			snprintf(value, sizeof(value), regs[i].value, k);
			if (regs[i].nr)
				snprintf(no, sizeof(no), "%u", k);
			snprintf(line, sizeof(line), "reg set vm=0 cpu=1 name=%s%s value=%s",
				 regs[i].name, no, value);
			assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
			assert_string_equal(reply + 3, value);
		}
	}
}

static void check_registers(const uint8_t *r)
{
	for (unsigned int k = 0; k < 16; k++) {
		assert_int_equal(be64(r + k * 8), 0x1000000000000000ull + k);
		assert_int_equal(be64(r + 192 + k * 4) >> 32, 0x20000000 + k);
		assert_int_equal(be64(r + 256 + k * 8), 0x3000000000000000ull + k);
	}
	for (unsigned int k = 0; k < 32; k++) {
		assert_int_equal(be64(r + 384 + k * 16), 0x4000000000000000ull);
		assert_int_equal(be64(r + 384 + k * 16 + 8), k);
	}
	for (unsigned int k = 0; k < 4; k++)
		assert_int_equal(be64(r + 1408 + k * 8), 0x5000000000000000ull + k);
	assert_int_equal(be64(r + 128), 0x6000000000000000ull);
	assert_int_equal(be64(r + 136), 6);
	assert_int_equal(be64(r + 152), 0x7000000780000008ull);
	assert_int_equal(be64(r + 160), 0x90000009);
	assert_int_equal(be64(r + 168), 0xa00000000000000aull);
	assert_int_equal(be64(r + 176), 0xb00000000000000bull);
}

static void cpu_areas(void **state)
{
	struct machine *m = *state;
	uint8_t areas[4][PAGE], regs[1520], reply[64];
	struct fixture f;

	boot(m, &f, 1);
	set_all_registers(m);
	ok(init(m, &f));
	for (unsigned int i = 0; i < 4; i++) {
		ok(area(m, CPU, f.g.cpu[i % 2], 0));
		memcpy(areas[i], m->mem + BUFFER, PAGE);
		if (i == 1)
			assert_int_equal(softuv_command(m->eq, "emulating vm=0 cpu=1 on",
							(char *)reply, sizeof(reply)), 0);
	}
	complete(m, &f);
	assert_true(dump_open_cpu(&f.keys, areas[0], PAGE, regs));
	assert_int_equal(be64(regs + 128), 0x0000000180000000ull);
	assert_int_equal(be64(regs + 136), 0x11000);
	assert_int_equal(be64(regs + 256), 0xe0);
	assert_int_equal(be64(regs + 256 + 14 * 8), 0xc2000000);
	assert_int_equal(be16(regs + 1504), 0);
	assert_true(dump_open_cpu(&f.keys, areas[1], PAGE, regs));
	check_registers(regs);
	assert_int_equal(be16(regs + 1504), 0);
	assert_true(dump_open_cpu(&f.keys, areas[3], PAGE, regs));
	assert_int_equal(be16(regs + 1504), 0x8000);
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int k = 0; k < i; k++)
			assert_memory_not_equal(areas[i] + 8, areas[k] + 8, 12);
		assert_memory_not_equal(areas[i] + 8, m->mem + BUFFER + 80, 12);
	}
	areas[0][100] ^= 1;
	assert_false(dump_open_cpu(&f.keys, areas[0], PAGE, regs));
}

static void wrong_cck(void **state)
{
	struct machine *m = *state;
	struct dump_keys k;
	struct fixture f;

	boot(m, &f, 1);
	ok(init(m, &f));
	complete(m, &f);
	f.o.cck[31] ^= 1;
	assert_false(dump_open(f.o.cck, m->mem + BUFFER, PAGE, &k));
	f.o.cck[31] ^= 1;
	m->mem[BUFFER + 17] ^= 1;
	assert_false(dump_open(f.o.cck, m->mem + BUFFER, PAGE, &k));
}

static void write_golden(struct machine *m)
{
	struct fixture f;
	FILE *out = fopen(GOLDEN, "wb");
	uint8_t page[4][PAGE];

	assert_non_null(out);
	boot(m, &f, 4);
	set_all_registers(m);
	ok(init(m, &f));
	ok(area(m, CPU, f.g.cpu[1], 0));
	memcpy(m->mem + BUFFER + 4 * PAGE, m->mem + BUFFER, PAGE);
	for (unsigned int i = 0; i < 4; i++)
		read_page(m, &f.g, 0x10000 + i * PAGE, page[i]);
	ok(area(m, STATE, f.g.handle, 0));
	memcpy(m->mem + BUFFER + 5 * PAGE, m->mem + BUFFER, PAGE);
	complete(m, &f);
	fwrite(m->mem + BUFFER, PAGE, 1, out);
	fwrite(m->mem + BUFFER + 4 * PAGE, PAGE, 2, out);
	fwrite(page, PAGE, 4, out);
	assert_int_equal(fclose(out), 0);
}

/* A dump written by an earlier softuv: the formats may not drift together with their reader. */
static void golden_dump(void **state)
{
	const char *how = getenv("SOFTUV_GOLDEN");
	uint8_t blob[7][PAGE], regs[1520];
	struct header_opts o;
	struct dump_keys k;
	FILE *in;

	if (how && !strcmp(how, "write"))
		write_golden(*state);
	in = fopen(GOLDEN, "rb");
	assert_non_null(in);
	assert_int_equal(fread(blob, PAGE, 7, in), 7);
	fclose(in);
	header_defaults(&o);
	assert_true(dump_open(o.cck, blob[0], PAGE, &k));
	assert_true(dump_open_cpu(&k, blob[1], PAGE, regs));
	check_registers(regs);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(dump_open_page(&k, blob[2] + (16 + i) * 16, blob[3 + i]), 'e');
		assert_true(filled(blob[3 + i], (uint8_t)(i + 1)));
	}
}

const struct CMUnitTest dump_tests[] = {
	TEST(order_of_calls),
	TEST(refused_without_permission),
	TEST(destroyed_in_the_middle),
	TEST(bad_areas),
	TEST(storage_blocks),
	TEST(pages_decrypt),
	TEST(stable_across_exports),
	TEST(cpu_areas),
	TEST(wrong_cck),
	TEST(golden_dump),
};

const size_t dump_nr = ARRAY_SIZE(dump_tests);
