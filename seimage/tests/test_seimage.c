// SPDX-License-Identifier: GPL-2.0-or-later
/* Unit tests of header cryptography and of images, with known answers. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keydoc.h"
#include "seimage.h"

#define VECTORS "tests/vectors/"
#define KAT_HDR_SIZE 640u

static struct fail f;

static void load(const char *name, void *buf, size_t len)
{
	char path[256];

	snprintf(path, sizeof(path), VECTORS "%s", name);
	assert_int_equal(read_exact_file(path, buf, len, &f), 0);
}

static void filled(const uint8_t *p, size_t len, uint8_t want)
{
	while (len--)
		assert_int_equal(*p++, want);
}

/* the header that s390-tools' builder_test expects */
static void kat_header_decrypts(void **state)
{
	uint8_t raw[KAT_HDR_SIZE], key[32], area[SE_SEA];
	struct se_header h;

	(void)state;
	load("se_header_640.bin", raw, sizeof(raw));
	assert_int_equal(se_header_parse(raw, sizeof(raw), &h, &f), 0);
	assert_int_equal(h.nks, 1);
	assert_int_equal(h.nep, 1);
	filled(h.iv, SE_IV_SIZE, 0x33);
	filled(h.pld, 64, 0x02);
	filled(h.ald, 64, 0x01);
	filled(h.tld, 64, 0x03);
	memset(key, 0x32, sizeof(key));
	assert_int_equal(header_decrypt(&h, key, area), 0);
	filled(area + SE_ENC_CCK, 32, 0x31);
	filled(area + SE_ENC_XTS, 64, 0x03);
	assert_int_equal(get64(area + SE_ENC_PSW_MASK), 0x162e);
	assert_int_equal(get64(area + SE_ENC_PSW_ADDR), 0x4d2);
	assert_int_equal(get64(area + SE_ENC_SCF), 0);
	key[0] ^= 1;
	assert_int_equal(header_decrypt(&h, key, area), -1);
	filled(area, sizeof(area), 0);
}

static void kat_customer_key(void **state)
{
	uint8_t priv[P521_SIZE], want[SE_COORD_SIZE], got[SE_COORD_SIZE];

	(void)state;
	assert_int_equal(keydoc_read_private(VECTORS "private_cust.bin", priv, &f), 0);
	load("public_cust.bin", want, sizeof(want));
	assert_int_equal(p521_public(priv, got), 0);
	assert_memory_equal(got, want, sizeof(want));
	want[159] ^= 1;
	assert_false(p521_valid(want));
}

static void kat_keyslot(void **state)
{
	uint8_t priv[P521_SIZE], host[SE_COORD_SIZE], slot[SE_SLOT_SIZE], made[SE_SLOT_SIZE],
	key[32];

	(void)state;
	assert_int_equal(keydoc_read_private(VECTORS "private_cust.bin", priv, &f), 0);
	assert_int_equal(keydoc_read_public(VECTORS "host.pem.crt", host, &f), 0);
	load("keyslot.bin", slot, sizeof(slot));
	assert_int_equal(slot_open(priv, host, slot, key), 0);
	filled(key, sizeof(key), 0x17);
	assert_int_equal(slot_seal(priv, host, key, made), 0);
	assert_memory_equal(made, slot, sizeof(slot));
	slot[SE_SLOT_TAG] ^= 1;
	assert_int_equal(slot_open(priv, host, slot, key), -1);
}

/* our builder makes the same 640 bytes */
static void kat_header_builds(void **state)
{
	static struct create_opts o;
	uint8_t want[KAT_HDR_SIZE], got[SE_HDR_MAX];
	struct se_digest_values d;

	(void)state;
	memset(&o, 0, sizeof(o));
	load("se_header_640.bin", want, sizeof(want));
	assert_int_equal(keydoc_read_private(VECTORS "private_cust.bin", o.cust_priv, &f), 0);
	assert_int_equal(keydoc_read_public(VECTORS "host.pem.crt", o.hosts[0], &f), 0);
	o.nhosts = 1;
	memset(o.hdr_key, 0x32, sizeof(o.hdr_key));
	memset(o.iv, 0x33, sizeof(o.iv));
	memset(o.cck, 0x31, sizeof(o.cck));
	memset(o.xts, 0x03, sizeof(o.xts));
	o.psw_mask = 0x162e;
	o.psw_addr = 0x4d2;
	memset(d.pld, 2, 64);
	memset(d.ald, 1, 64);
	memset(d.tld, 3, 64);
	d.nep = 1;
	assert_int_equal(header_build(&o, &d, got, &f), 0);
	assert_memory_equal(got, want, sizeof(want));
}

static void machine_keys_match(void **state)
{
	static const char *const names[] = { "host-key", "backup-key" };
	uint8_t priv[P521_SIZE], pub[SE_COORD_SIZE], doc[SE_COORD_SIZE];
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "../machine/keys/%s.pem", names[i]);
		assert_int_equal(keydoc_read_private(path, priv, &f), 0);
		snprintf(path, sizeof(path), "../machine/keys/%s.crt", names[i]);
		assert_int_equal(keydoc_read_public(path, doc, &f), 0);
		assert_int_equal(p521_public(priv, pub), 0);
		assert_memory_equal(pub, doc, sizeof(doc));
	}
}

static void bad_scalars(void **state)
{
	uint8_t s[P521_SIZE] = { 0 }, coord[SE_COORD_SIZE];

	(void)state;
	assert_int_equal(p521_public(s, coord), -1);
	memset(s, 0xff, sizeof(s));
	assert_int_equal(p521_public(s, coord), -1);
}

/* one changed field of a good header, and the word its message must contain */
static const struct {
	unsigned int off;
	uint8_t size;
	uint64_t value;
	const char *says;
} header_changes[] = {
	{ 0, 8, 0, "magic" },
	{ SE_OFF_VERSION, 4, 0x200, "version" },
	{ SE_OFF_PHS, 4, 639, "header size" },
	{ SE_OFF_PHS, 4, 0xffffffff, "header size" },
	{ SE_OFF_NKS, 8, 0, "key slots" },
	{ SE_OFF_NKS, 8, 96, "key slots" },
	{ SE_OFF_NKS, 8, UINT64_MAX, "key slots" },
	{ SE_OFF_NKS, 8, 1ull << 63, "key slots" },
	{ SE_OFF_SEA, 8, 0, "encrypted area" },
	{ SE_OFF_SEA, 8, UINT64_MAX, "encrypted area" },
};

static void header_is_checked(void **state)
{
	uint8_t good[KAT_HDR_SIZE], raw[KAT_HDR_SIZE];
	struct se_header h;
	size_t i;

	(void)state;
	load("se_header_640.bin", good, sizeof(good));
	for (i = 0; i < ARRAY_SIZE(header_changes); i++) {
		memcpy(raw, good, sizeof(raw));
		if (header_changes[i].size == 8)
			put64(raw + header_changes[i].off, header_changes[i].value);
		else
			put32(raw + header_changes[i].off, (uint32_t)header_changes[i].value);
		assert_int_equal(se_header_parse(raw, sizeof(raw), &h, &f), -1);
		assert_non_null(strstr(f.text, header_changes[i].says));
	}
}

static void header_truncated(void **state)
{
	uint8_t good[KAT_HDR_SIZE], *exact;
	struct se_header h;
	size_t len;

	(void)state;
	load("se_header_640.bin", good, sizeof(good));
	for (len = 0; len < sizeof(good); len++) {
		/* an allocation of exactly that size: a read beyond it is found by the sanitizer */
		exact = malloc(len + 1);
		memcpy(exact, good, len);
		exact = realloc(exact, len ? len : 1);
		assert_int_equal(se_header_parse(exact, len, &h, &f), -1);
		free(exact);
	}
}

static void make_ipib(uint8_t *b)
{
	memset(b, 0, IPIB_MAX);
	put32(b, IPIB_OFF_COMP + 2 * IPIB_COMP_SIZE);
	b[IPIB_OFF_VERSION] = 1;
	b[IPIB_OFF_TYPE] = IPIB_TYPE_PV;
	put32(b + IPIB_OFF_NCOMP, 2);
	put64(b + IPIB_OFF_COMP, 1);
	put64(b + IPIB_OFF_COMP + 8, 0x10000);
	put64(b + IPIB_OFF_COMP + 16, 0x1001);
	put64(b + IPIB_OFF_COMP + 24, 2);
	put64(b + IPIB_OFF_COMP + 32, 0x12000);
	put64(b + IPIB_OFF_COMP + 40, 0x1000);
}

static const struct {
	unsigned int off;
	uint8_t size;
	uint64_t value;
	const char *says;
} ipib_changes[] = {
	{ 0, 4, 0, "length" },
	{ 0, 4, 4097, "length" },
	{ IPIB_OFF_TYPE, 1, 0, "block type" },
	{ IPIB_OFF_NCOMP, 4, 0, "number of components" },
	{ IPIB_OFF_NCOMP, 4, 3, "number of components" },
	{ IPIB_OFF_NCOMP, 4, 0xffffffff, "number of components" },
	{ IPIB_OFF_COMP + 8, 8, 0x10001, "page aligned" },
	{ IPIB_OFF_COMP + 16, 8, 0, "impossible" },
	{ IPIB_OFF_COMP + 16, 8, UINT64_MAX, "impossible" },
	{ IPIB_OFF_COMP + 8, 8, UINT64_MAX - 0xfff, "impossible" },
	{ IPIB_OFF_COMP + 24, 8, 1, "tweak prefix" },
	{ IPIB_OFF_COMP + 32, 8, 0x11000, "predecessor" },
};

static void ipib_is_checked(void **state)
{
	struct seimg_comp comp[SEIMG_MAX_COMP];
	uint8_t b[IPIB_MAX];
	uint32_t n;
	size_t i;

	(void)state;
	make_ipib(b);
	assert_int_equal(ipib_parse(b, sizeof(b), comp, &n, &f), 0);
	assert_int_equal(n, 2);
	assert_int_equal(seimg_comp_len(&comp[0]), 0x2000);
	for (i = 0; i < ARRAY_SIZE(ipib_changes); i++) {
		make_ipib(b);
		if (ipib_changes[i].size == 8)
			put64(b + ipib_changes[i].off, ipib_changes[i].value);
		else if (ipib_changes[i].size == 4)
			put32(b + ipib_changes[i].off, (uint32_t)ipib_changes[i].value);
		else
			b[ipib_changes[i].off] = (uint8_t)ipib_changes[i].value;
		assert_int_equal(ipib_parse(b, sizeof(b), comp, &n, &f), -1);
		assert_non_null(strstr(f.text, ipib_changes[i].says));
	}
}

/* an image in the layout before the metadata block: IPIB in the page before the header */
static void legacy_layout(void **state)
{
	static uint8_t file[0x20000];
	static struct seimg img;
	char path[64];
	int fd;

	(void)state;
	make_ipib(file + 0x13000);
	load("se_header_640.bin", file + 0x14000, KAT_HDR_SIZE);
	put64(file + 0x13000 + IPIB_OFF_HDR_SIZE, KAT_HDR_SIZE);
	fd = memfd_create("image", 0);
	assert_int_equal(write(fd, file, sizeof(file)), sizeof(file));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(seimg_open(&img, path, &f), 0);
	assert_false(img.has_meta);
	assert_int_equal(img.hdr_off, 0x14000);
	assert_int_equal(img.ncomp, 2);
	seimg_close(&img);
	assert_int_equal(ftruncate(fd, 0x12800), 0);
	assert_int_equal(seimg_open(&img, path, &f), -1);
	seimg_close(&img);
	close(fd);
}

static void numbers(void **state)
{
	static const struct { const char *s; int ret; uint64_t v; } t[] = {
		{ "0", 0, 0 }, { "4096", 0, 4096 }, { "0x10", 0, 16 }, { "64M", 0, 64ull << 20 },
		{ "0xffffffffffffffff", 0, UINT64_MAX }, { "1T", 0, 1ull << 40 },
		{ "", -1, 0 }, { "-1", -1, 0 }, { " 1", -1, 0 }, { "1MB", -1, 0 }, { "x", -1, 0 },
		{ "0x10000000000000000", -1, 0 }, { "99999999T", -1, 0 }, { "12a", -1, 0 },
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse_u64(t[i].s, &v), t[i].ret);
		if (!t[i].ret)
			assert_int_equal(v, t[i].v);
	}
}

/* Leave @v on the stack where the next function called will have its variables. */
__attribute__((noinline)) static void fill_stack(int v)
{
	volatile int a[16384];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = v;
}

/* If the second boot stage could not be made, there is no descriptor to close. */
static void refused_linux_closes_its_own_files(void **state)
{
	static struct create_opts o;
	int fd = memfd_create("mine", MFD_CLOEXEC), in = fcntl(STDIN_FILENO, F_GETFD);

	(void)state;
	o.out = "/nonexistent/x";
	o.comp[0].path = VECTORS "host.pem.crt";
	o.comp[0].type = SE_TYPE_KERNEL;
	o.ncomp = 1;
	o.boot_linux = true;
	fd = dup2(fd, 100);
	assert_int_equal(fd, 100);
	fill_stack(fd);
	assert_int_equal(image_write(&o, &f), -1);
	assert_non_null(strstr(f.text, "too small for a Linux kernel"));
	assert_return_code(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), in);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_linux_closes_its_own_files),
		cmocka_unit_test(kat_header_decrypts),
		cmocka_unit_test(kat_customer_key),
		cmocka_unit_test(kat_keyslot),
		cmocka_unit_test(kat_header_builds),
		cmocka_unit_test(machine_keys_match),
		cmocka_unit_test(bad_scalars),
		cmocka_unit_test(header_is_checked),
		cmocka_unit_test(header_truncated),
		cmocka_unit_test(ipib_is_checked),
		cmocka_unit_test(legacy_layout),
		cmocka_unit_test(numbers),
	};

	program = "test";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
