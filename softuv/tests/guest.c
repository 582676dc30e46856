// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the tests' host makes a guest: tables, donations, calls of the life cycle, a boot image.
 */
#include "guest_crypto.h"
#include "machine.h"

#define PAGE		4096ull
#define TABLE		0x4000ull
#define INVALID		0x20ull
#define PTE_INVALID	0x400ull

static void fill(struct machine *m, uint64_t table, unsigned int n, uint64_t entry)
{
	for (unsigned int i = 0; i < n; i++)
		set64(m->mem + table + i * 8, entry);
}

/* Tables down to region third level for every length, so that one ASCE type serves all tests. */
void guest_tables(struct machine *m, struct guest *g, uint64_t len)
{
	g->len = len;
	g->r2 = machine_alloc(m, TABLE);
	g->root = g->r2;
	fill(m, g->r2, 2048, INVALID | 0x08);
	g->asce = g->r2 | 0x100 | 0x08 | 0x03;	/* private space, region second, 4 tables long */
}

static uint64_t next_table(struct machine *m, uint8_t *entry, unsigned int level)
{
	static const uint64_t invalid[] = { PTE_INVALID, INVALID, INVALID | 0x04 };

	if (be64(entry) & INVALID) {
		uint64_t t = machine_alloc(m, level ? TABLE : 2048);

		fill(m, t, level ? 2048 : 256, invalid[level]);
		set64(entry, t | level << 2 | (level ? 3 : 0));
	}
	return be64(entry) & (level ? ~0xfffull : ~0x7ffull);
}

/* The segment table entry of @gaddr, tables above it made as needed. */
uint8_t *guest_ste(struct machine *m, struct guest *g, uint64_t gaddr)
{
	uint64_t r3, st;
	uint8_t *e;

	e = m->mem + g->r2 + (gaddr >> 42 & 0x7ff) * 8;
	r3 = next_table(m, e, 2);
	set64(e, r3 | 0x08 | 3);
	e = m->mem + r3 + (gaddr >> 31 & 0x7ff) * 8;
	st = next_table(m, e, 1);
	set64(e, st | 0x04 | 3);
	return m->mem + st + (gaddr >> 20 & 0x7ff) * 8;
}

/* Maps a page; @flags go into the page table entry (0x400 invalid, 0x200 protected). */
void guest_map(struct machine *m, struct guest *g, uint64_t gaddr, uint64_t abs, uint64_t flags)
{
	uint64_t pt = next_table(m, guest_ste(m, g, gaddr), 0);

	set64(m->mem + pt + (gaddr >> 12 & 0xff) * 8, abs | flags);
}

uint16_t guest_create(struct machine *m, struct guest *g)
{
	uint8_t *cb = uvc_new(m, 0x0100, 0x80);
	uint16_t rc;

	set64(cb + 0x20, g->base);
	set64(cb + 0x28, g->virt);
	set64(cb + 0x38, g->origin);
	set64(cb + 0x40, g->len);
	set64(cb + 0x48, g->sca);
	set64(cb + 0x50, g->asce);
	rc = uvc_go(m);
	g->handle = be64(cb + 0x18);
	return rc;
}

static uint64_t virt_len(uint64_t len)
{
	return (0x1000 + 64 * (len / MIB) + PAGE - 1) / PAGE * PAGE;
}

void guest_new(struct machine *m, struct guest *g, uint64_t len)
{
	memset(g, 0, sizeof(*g));
	guest_tables(m, g, len);
	g->base = machine_alloc(m, 0x4000);
	g->virt = machine_alloc(m, virt_len(len));
	g->sca = machine_alloc(m, PAGE);
	ok(guest_create(m, g));
	assert_true(g->handle != 0);
}

uint16_t guest_add_cpu(struct machine *m, struct guest *g, uint16_t id)
{
	unsigned int n = g->nr_cpus;
	uint8_t *cb = uvc_new(m, 0x0120, 0x60);
	uint16_t rc;

	g->cpu_stor[n] = machine_alloc(m, PAGE);
	g->state_desc[n] = machine_alloc(m, PAGE);
	set64(cb + 0x20, g->handle);
	set64(cb + 0x28, g->cpu_stor[n]);
	set16(cb + 0x36, id);
	set64(cb + 0x38, g->state_desc[n]);
	rc = uvc_go(m);
	g->cpu[n] = be64(cb + 0x18);
	if (rc == SOFTUV_RC_EXECUTED)
		g->nr_cpus++;
	return rc;
}

uint16_t guest_import(struct machine *m, struct guest *g, uint64_t gaddr)
{
	return uvc_gaddr(m, 0x0200, g->handle, gaddr);
}

uint16_t guest_ssc(struct machine *m, struct guest *g, const uint8_t *hdr, uint32_t len)
{
	uint8_t *cb = uvc_new(m, 0x0300, 0x50);

	memcpy(m->mem + BUFFER, hdr, len);
	set64(cb + 0x18, g->handle);
	set64(cb + 0x20, BUFFER);
	set32(cb + 0x28, len);
	return uvc_go(m);
}

uint16_t guest_unpack(struct machine *m, struct guest *g, uint64_t gaddr, uint64_t prefix,
		      uint64_t offset)
{
	uint8_t *cb = uvc_new(m, 0x0301, 0x50);

	set64(cb + 0x18, g->handle);
	set64(cb + 0x20, gaddr);
	set64(cb + 0x28, prefix);
	set64(cb + 0x30, offset);
	return uvc_go(m);
}

uint16_t guest_set_state(struct machine *m, uint64_t cpu, uint8_t state)
{
	uint8_t *cb = uvc_new(m, 0x0330, 0x50);

	set64(cb + 0x18, cpu);
	cb[0x27] = state;
	return uvc_go(m);
}

void guest_destroy(struct machine *m, struct guest *g)
{
	while (g->nr_cpus)
		ok(uvc_handle(m, 0x0121, g->cpu[--g->nr_cpus]));
	ok(uvc_handle(m, 0x0101, g->handle));
}

/* Its secure pages stay secure, without an owner. */
void guest_destroy_fast(struct machine *m, struct guest *g)
{
	while (g->nr_cpus)
		ok(uvc_handle(m, 0x0121, g->cpu[--g->nr_cpus]));
	ok(uvc_handle(m, 0x0102, g->handle));
}

void guest_boot(struct machine *m, struct guest *g, uint64_t len, unsigned int pages,
		const struct header_opts *opts)
{
	struct header_opts o = *opts;
	uint8_t hdr[8192], digest[3][64];
	struct image_hash *h = image_hash_new();
	uint64_t first = 0x10000;

	guest_new(m, g, len);
	for (unsigned int i = 0; i < pages; i++) {
		uint64_t abs = machine_alloc(m, PAGE);

		memset(m->mem + abs, (int)(i + 1), PAGE);
		guest_map(m, g, first + i * PAGE, abs, 0);
		image_page(h, &o, first + i * PAGE, 0x42, i * PAGE, m->mem + abs);
	}
	image_hash_done(h, digest[0], digest[1], digest[2]);
	o.pld = digest[0];
	o.ald = digest[1];
	o.tld = digest[2];
	o.nep = pages;
	ok(guest_ssc(m, g, hdr, header_make(&o, hdr)));
	for (unsigned int i = 0; i < pages; i++)
		ok(guest_unpack(m, g, first + i * PAGE, 0x42, i * PAGE));
	ok(uvc_handle(m, 0x0302, g->handle));
}
