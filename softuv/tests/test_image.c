// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of SE headers and boot images: known answers, each refusal, digests of an image.
 */
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>

#include "../src/call.h"
#include "../src/uv.h"
#include "guest_crypto.h"
#include "tests.h"

#define VECTORS	"tests/vectors/"

static size_t load(const char *name, uint8_t *buf, size_t max)
{
	char path[128];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), VECTORS "%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(buf, 1, max, f);
	fclose(f);
	return n;
}

/* The public point in a certificate: the BIT STRING of an uncompressed P-521 point. */
static void cert_point(const char *name, uint8_t coord[160])
{
	static const uint8_t mark[] = { 0x03, 0x81, 0x86, 0x00, 0x04 };
	uint8_t pem[4096], der[4096], *p, *end;
	struct base64_decode_ctx b64;
	size_t len = 0, n = load(name, pem, sizeof(pem) - 1);

	pem[n] = 0;
	p = (uint8_t *)strstr((char *)pem, "CERTIFICATE-----\n") + 17;
	end = (uint8_t *)strstr((char *)p, "-----END");
	base64_decode_init(&b64);
	len = sizeof(der);
	assert_true(base64_decode_update(&b64, &len, der, (size_t)(end - p), (char *)p));
	p = memmem(der, len, mark, sizeof(mark));
	assert_non_null(p);
	memset(coord, 0, 160);
	memcpy(coord + 14, p + 5, 66);
	memcpy(coord + 94, p + 71, 66);
}

static void known_kek(uint8_t kek[32])
{
	uint8_t coord[160], cust[80];

	cert_point("host.pem.crt", coord);
	assert_int_equal(load("private_cust.bin", cust, 80), 80);
	assert_true(suv_ecdh_kek(cust + 14, coord, kek));
}

static void all_bytes(const uint8_t *p, size_t n, uint8_t value)
{
	while (n--)
		assert_int_equal(*p++, value);
}

static void known_slot(void **state)
{
	uint8_t slot[80], kek[32], key[32], coord[160], hash[32];
	static const uint8_t iv[12];
	struct sha256_ctx sha;

	(void)state;
	known_kek(kek);
	assert_int_equal(load("keyslot.bin", slot, 80), 80);
	assert_true(suv_gcm_open(kek, iv, NULL, 0, slot + 32, 32, slot + 64, key));
	all_bytes(key, 32, 0x17);
	cert_point("host.pem.crt", coord);
	sha256_init(&sha);
	sha256_update(&sha, 160, coord);
	sha256_digest(&sha, 32, hash);
	assert_memory_equal(hash, slot, 32);
	slot[40] ^= 1;
	assert_false(suv_gcm_open(kek, iv, NULL, 0, slot + 32, 32, slot + 64, key));
	all_bytes(key, 32, 0);
}

static void known_header(void **state)
{
	uint8_t hdr[640], kek[32], prot[32], secret[128];
	static const uint8_t iv[12];

	(void)state;
	known_kek(kek);
	assert_int_equal(load("se_header_640.bin", hdr, 640), 640);
	assert_true(suv_gcm_open(kek, iv, NULL, 0, hdr + 0x1c0, 32, hdr + 0x1e0, prot));
	all_bytes(prot, 32, 0x32);
	assert_true(suv_gcm_open(prot, hdr + 16, hdr, 496, hdr + 496, 128, hdr + 624, secret));
	all_bytes(secret, 32, 0x31);
	all_bytes(secret + 32, 64, 0x03);
	assert_int_equal(be64(secret + 0x60), 0x162e);
	assert_int_equal(be64(secret + 0x68), 0x4d2);
	all_bytes(hdr + 0xe0, 64, 0x02);
	all_bytes(hdr + 0x120, 64, 0x01);
	all_bytes(hdr + 0x160, 64, 0x03);
}

static void known_customer_key(void **state)
{
	uint8_t priv[80], pub[160], coord[160];
	struct host_key key;
	struct sha256_ctx sha;
	uint8_t hash[32];

	(void)state;
	assert_int_equal(load("private_cust.bin", priv, 80), 80);
	assert_int_equal(load("public_cust.bin", pub, 160), 160);
	host_key_coord(priv + 14, coord);
	assert_memory_equal(coord, pub, 160);
	assert_true(suv_host_key_set(&key, priv + 14));
	sha256_init(&sha);
	sha256_update(&sha, 160, pub);
	sha256_digest(&sha, 32, hash);
	assert_memory_equal(key.hash, hash, 32);
}

/* Each way to spoil a header, with the rc and rrc it must give. */
static void header_refusals(void **state)
{
	struct machine *m = *state;
	const struct {
		unsigned int off;
		uint8_t flip;
		uint16_t rc, rrc;
	} bad[] = {
		{ 0x000, 0x01, SOFTUV_RC_SET_PARAMS_VERSION, 0x80 },
		{ 0x00a, 0x01, SOFTUV_RC_SET_PARAMS_VERSION, 0x01 },
		{ 0x00f, 0x10, SOFTUV_RC_SET_PARAMS_FORMAT, 0x31 },
		{ 0x010, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x01f, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x027, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x40 },
		{ 0x027, 0x02, SOFTUV_RC_SET_PARAMS_FORMAT, 0x31 },
		{ 0x020, 0x80, SOFTUV_RC_SET_PARAMS_FORMAT, 0x31 },
		{ 0x02f, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x39 },
		{ 0x028, 0x80, SOFTUV_RC_SET_PARAMS_FORMAT, 0x39 },
		{ 0x037, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x03e, 0x01, SOFTUV_RC_SET_PARAMS_PCF, 0x30 },
		{ 0x03f, 0x10, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x040, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x0b },
		{ 0x08f, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x0b },
		{ 0x0df, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x0b },
		{ 0x0e0, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x1a0, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x05 },
		{ 0x1c0, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x81 },
		{ 0x1ef, 0x01, SOFTUV_RC_SET_PARAMS_KEY, 0x81 },
		{ 0x1f0, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
		{ 0x27f, 0x01, SOFTUV_RC_SET_PARAMS_FORMAT, 0x82 },
	};
	struct softuv_conf_view conf;
	struct header_opts o;
	struct guest g;
	uint8_t hdr[8192];
	uint32_t len;

	header_defaults(&o);
	guest_new(m, &g, 4 * MIB);
	len = header_make(&o, hdr);
	assert_int_equal(len, 640);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		hdr[bad[i].off] ^= bad[i].flip;
		assert_rc(guest_ssc(m, &g, hdr, len), bad[i].rc);
		assert_int_equal(m->res.rrc, bad[i].rrc);
		hdr[bad[i].off] ^= bad[i].flip;
	}
	for (uint32_t l = 0; l < 640; l += 13) {
		assert_rc(guest_ssc(m, &g, hdr, l), SOFTUV_RC_SET_PARAMS_FORMAT);
		assert_int_equal(m->res.rrc, 0x31);
	}
	assert_rc(guest_ssc(m, &g, hdr, 8193 > sizeof(hdr) ? 8192 : 8193),
		  SOFTUV_RC_SET_PARAMS_FORMAT);
	set32(m->mem + UVCB + 0x28, 0xffffffff);
	assert_rc(uvc_go(m), SOFTUV_RC_SET_PARAMS_FORMAT);
	o.noi = 1;
	assert_rc(guest_ssc(m, &g, hdr, header_make(&o, hdr)), SOFTUV_RC_SET_PARAMS_FORMAT);
	assert_int_equal(m->res.rrc, 0x83);
	o.noi = 0;
	o.scf = 1ull << 63;
	assert_rc(guest_ssc(m, &g, hdr, header_make(&o, hdr)), SOFTUV_RC_SET_PARAMS_SCF);
	/* refused, and so nothing of it is known: not even the flags */
	conf.handle = 0;
	assert_true(softuv_next_conf(m->uv, &conf));
	assert_int_equal(conf.pcf, 0);
	o.scf = 3ull << 61;
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	assert_rc(guest_ssc(m, &g, hdr, len), SOFTUV_RC_INV_STATE);
}

static void header_in_storage(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint8_t hdr[8192], *cb;
	uint32_t len;

	header_defaults(&o);
	guest_new(m, &g, 4 * MIB);
	len = header_make(&o, hdr);
	memcpy(m->mem + BUFFER + 0xfff, hdr, len);
	cb = uvc_new(m, 0x0300, 0x50);
	set64(cb + 0x18, g.handle);
	set64(cb + 0x20, STORAGE - 8);
	set32(cb + 0x28, len);
	assert_rc(uvc_go(m), SOFTUV_RC_SET_PARAMS_ACCESS);
	set64(cb + 0x20, ~0ull - 7);
	assert_rc(uvc_go(m), SOFTUV_RC_SET_PARAMS_ACCESS);
	set64(cb + 0x20, BASE_STOR);
	assert_rc(uvc_go(m), SOFTUV_RC_SET_PARAMS_ACCESS);
	set64(cb + 0x20, BUFFER + 0xfff);
	m->bad_page = BUFFER / 4096 + 1;
	assert_rc(uvc_go(m), SOFTUV_RC_SET_PARAMS_ACCESS);
	m->bad_page = ~0ull;
	ok(uvc_go(m));
}

static void slots(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g[4];
	uint8_t hdr[8192];

	header_defaults(&o);
	for (int i = 0; i < 4; i++)
		guest_new(m, &g[i], MIB);
	o.slots = 95;
	o.own_slot = 94;
	ok(guest_ssc(m, &g[0], hdr, header_make(&o, hdr)));
	o.slots = 3;
	o.own_slot = 9;
	assert_rc(guest_ssc(m, &g[1], hdr, header_make(&o, hdr)), SOFTUV_RC_SET_PARAMS_KEY);
	assert_int_equal(m->res.rrc, 0x05);
	o.pcf |= 2;
	assert_rc(guest_ssc(m, &g[1], hdr, header_make(&o, hdr)), SOFTUV_RC_SET_PARAMS_KEY);
	assert_int_equal(m->res.rrc, 0x34);
	o.own_slot = 1;
	o.backup = true;
	ok(guest_ssc(m, &g[1], hdr, header_make(&o, hdr)));
	o.pcf &= ~2ull;
	assert_rc(guest_ssc(m, &g[2], hdr, header_make(&o, hdr)), SOFTUV_RC_SET_PARAMS_KEY);
	assert_int_equal(m->res.rrc, 0x05);
}

static void unpack_gives_plaintext(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint64_t first;

	header_defaults(&o);
	for (int plain = 0; plain < 2; plain++) {
		if (plain)
			o.pcf |= 0x10000000;
		first = m->next;
		guest_boot(m, &g, 4 * MIB, 20, &o);
		for (unsigned int i = 0; i < 20; i++) {
			uint64_t abs;
			char line[64], reply[128];

			snprintf(line, sizeof(line), "page vm=%d gaddr=0x%x", plain,
				 0x10000 + i * 0x1000);
			assert_int_equal(softuv_command(m->eq, line, reply, sizeof(reply)), 0);
			assert_int_equal(strncmp(reply, "ok secure abs=0x", 16), 0);
			abs = strtoull(reply + 14, NULL, 16);
			assert_true(abs > first);
			assert_int_equal(softuv_host_access(m->uv, abs), SOFTUV_PGM_SECURE);
			all_bytes(m->mem + abs, 4096, (uint8_t)(i + 1));
		}
	}
}

static void unpack_args(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint8_t hdr[8192];
	uint64_t page = machine_alloc(m, 0x1000);

	header_defaults(&o);
	guest_new(m, &g, 4 * MIB);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_INV_STATE);
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	assert_rc(guest_unpack(m, &g, 1, 1, 0), SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_unpack(m, &g, 4 * MIB, 1, 0), SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_unpack(m, &g, ~0xfffull, 1, 0), SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	guest_map(m, &g, 0, page, 0x400);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	guest_map(m, &g, 0, page, 0x200);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	guest_map(m, &g, 0, BASE_STOR, 0);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_FOREIGN);
	guest_map(m, &g, 0, STORAGE, 0);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_ADDR);
	guest_map(m, &g, 0, 0x1000, 0);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_FOREIGN);
	guest_map(m, &g, 0, UVCB, 0);
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_FOREIGN);
	guest_map(m, &g, 0, page, 0);
	ok(guest_unpack(m, &g, 0, 1, 0));
	assert_rc(guest_unpack(m, &g, 0, 1, 0), SOFTUV_RC_PAGE_UNPACKED);
}

/* One thing wrong at a time; the four reasons of VERIFY_IMG. */
static void verify_reasons(void **state)
{
	struct machine *m = *state;

	for (int what = 0; what < 5; what++) {
		static const uint16_t rrc[] = { 0x1a, 0x1b, 0x1c, 0x1d, 0 };
		struct image_hash *h = image_hash_new();
		uint8_t hdr[8192], digest[3][64];
		uint64_t page = machine_alloc(m, 0x2000);
		struct header_opts o;
		struct guest g;

		header_defaults(&o);
		guest_new(m, &g, 4 * MIB);
		assert_rc(uvc_handle(m, 0x0302, g.handle), SOFTUV_RC_INV_STATE);
		image_page(h, &o, what == 0 ? 0x1000 : 0, what == 2 ? 8 : 7, 0, m->mem + page);
		image_hash_done(h, digest[0], digest[1], digest[2]);
		o.pld = digest[0];
		o.ald = digest[1];
		o.tld = digest[2];
		o.nep = what == 3 ? 2 : 1;
		m->mem[page + 4095] ^= what == 1;
		ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
		guest_map(m, &g, 0, page, 0);
		ok(guest_unpack(m, &g, 0, 7, 0));
		assert_rc(uvc_handle(m, 0x0302, g.handle),
			  rrc[what] ? SOFTUV_RC_VERIFY : SOFTUV_RC_EXECUTED);
		assert_int_equal(m->res.rrc, rrc[what]);
		assert_rc(uvc_handle(m, 0x0302, g.handle),
			  rrc[what] ? SOFTUV_RC_VERIFY : SOFTUV_RC_INV_STATE);
		guest_destroy(m, &g);
	}
}

/* An image at an origin: addresses of UNPACK and in the ALD are guest absolute all the same. */
static void image_at_an_origin(void **state)
{
	struct machine *m = *state;
	struct image_hash *h = image_hash_new();
	uint8_t hdr[8192], digest[3][64];
	uint64_t page = machine_alloc(m, 0x2000), at = 1ull << 40;
	struct header_opts o;
	struct guest g = { 0 };

	header_defaults(&o);
	guest_tables(m, &g, 4 * MIB);
	g.origin = at;
	g.base = machine_alloc(m, 0x4000);
	g.virt = machine_alloc(m, 0x2000);
	g.sca = machine_alloc(m, 0x1000);
	ok(guest_create(m, &g));
	image_page(h, &o, 0, 7, 0, m->mem + page);
	image_page(h, &o, 0x3ff000, 7, 0x1000, m->mem + page + 0x1000);
	image_hash_done(h, digest[0], digest[1], digest[2]);
	o.pld = digest[0];
	o.ald = digest[1];
	o.tld = digest[2];
	o.nep = 2;
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	guest_map(m, &g, at, page, 0);
	guest_map(m, &g, at + 0x3ff000, page + 0x1000, 0);
	assert_rc(guest_unpack(m, &g, at, 7, 0), SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_unpack(m, &g, 4 * MIB, 7, 0), SOFTUV_RC_PAGE_ADDR);
	assert_rc(guest_unpack(m, &g, 0ull - at, 7, 0), SOFTUV_RC_PAGE_ADDR);
	ok(guest_unpack(m, &g, 0, 7, 0));
	ok(guest_unpack(m, &g, 0x3ff000, 7, 0x1000));
	assert_int_equal(softuv_host_access(m->uv, page + 0x1000), SOFTUV_PGM_SECURE);
	ok(uvc_handle(m, 0x0302, g.handle));
	/* the PSW of a load after the reset protocol, too */
	ok(guest_add_cpu(m, &g, 0));
	ok(uvc_handle(m, 0x0320, g.handle));
	set64(m->mem + page, 0x0008000180012000ull);
	ok(guest_set_state(m, g.cpu[0], 5));
	assert_int_equal(softuv_cpu_regs(m->uv, g.cpu[0])->psw[1], 0x12000);
}

/* A device changes a page in the clear while it is unpacked: what was hashed is what stays. */
static void page_in_the_clear(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 0x1000);
	struct header_opts o;
	uint8_t hdr[8192];
	struct guest g;

	header_defaults(&o);
	o.pcf |= 0x10000000;
	guest_new(m, &g, 4 * MIB);
	ok(guest_ssc(m, &g, hdr, header_make(&o, hdr)));
	guest_map(m, &g, 0, page, 0);
	memset(m->mem + page, 0x11, 0x1000);
	m->changes_after_read = page;
	ok(guest_unpack(m, &g, 0, 7, 0));
	m->changes_after_read = 0;
	all_bytes(m->mem + page, 4096, 0x11);
}

const struct CMUnitTest image_tests[] = {
	TEST(known_slot),
	TEST(known_header),
	TEST(known_customer_key),
	TEST(header_refusals),
	TEST(header_in_storage),
	TEST(slots),
	TEST(unpack_gives_plaintext),
	TEST(unpack_args),
	TEST(verify_reasons),
	TEST(image_at_an_origin),
	TEST(page_in_the_clear),
};

const size_t image_nr = ARRAY_SIZE(image_tests);
