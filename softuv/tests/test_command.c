// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tests of text commands: fault rules, registers, statistics, and every refusal.
 */
#include <stdio.h>

#include "tests.h"

static char reply[4096];

static const char *say(struct machine *m, const char *line)
{
	int rc = softuv_command(m->eq, line, reply, sizeof(reply));

	assert_int_equal(strncmp(reply, rc ? "error: " : "ok", rc ? 7 : 2), 0);
	assert_null(strchr(reply, '\n'));
	return reply;
}

static void expect_ok(struct machine *m, const char *line)
{
	if (strncmp(say(m, line), "ok", 2))
		fail_msg("%s: %s", line, reply);
}

static void rules_answer(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;

	m->odd_rc = true;
	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	expect_ok(m, "rule add cmd=dump-init nth=2 count=2 rc=0x0104 rrc=7");
	ok(uvc_handle(m, 0x0400, g.handle));
	for (int i = 0; i < 2; i++) {
		assert_rc(uvc_handle(m, 0x0400, g.handle), 0x0104);
		assert_int_equal(m->res.rrc, 7);
		assert_int_equal(m->res.cc, 1);
	}
	assert_rc(uvc_handle(m, 0x0400, g.handle), SOFTUV_RC_DUMP_ACTIVE);
	assert_string_equal(say(m, "rule list"),
			    "ok rules=1; 1: cmd=dump-init nth=2 count=2 cc=1 rc=0x0104 rrc=0x0007 seen=4");
	assert_string_equal(say(m, "rule clear"), "ok rules=0");
	assert_string_equal(say(m, "rule list"), "ok rules=0");
}

/* cc 2 and 3: the control block and the configuration stay as they were. */
static void busy_changes_nothing(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4096);
	struct guest g;
	char line[64];

	guest_new(m, &g, MIB);
	guest_map(m, &g, 0, page, 0);
	for (int cc = 2; cc <= 3; cc++) {
		uint8_t before[0x100];
		uint8_t *cb = uvc_new(m, 0x0200, 0x28);

		snprintf(line, sizeof(line), "rule add cmd=import cc=%d count=3", cc);
		expect_ok(m, line);
		set64(cb + 0x18, g.handle);
		set64(cb + 0x20, 0);
		memset(cb + 4, 0xee, 4);
		memcpy(before, cb, sizeof(before));
		for (int i = 0; i < 3; i++) {
			uvc_at(m, UVCB);
			assert_int_equal(m->res.cc, cc);
			assert_memory_equal(cb, before, sizeof(before));
			assert_int_equal(softuv_host_access(m->uv, page), 0);
		}
		ok(uvc_go(m));
		ok(uvc_page(m, 0x0201, page));
	}
}

static void rules_choose(void **state)
{
	struct machine *m = *state;
	struct guest a, b;

	m->odd_rc = true;
	guest_new(m, &a, MIB);
	guest_new(m, &b, MIB);
	expect_ok(m, "rule add cmd=import vm=1 rc=0x0777 count=all");
	expect_ok(m, "rule add cmd=0x200 delay=250");
	assert_rc(guest_import(m, &a, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	assert_int_equal(m->res.delay_us, 250);
	assert_rc(guest_import(m, &b, 0), 0x0777);
	assert_int_equal(m->res.delay_us, 0);
	assert_rc(guest_import(m, &b, 0), 0x0777);
	assert_rc(guest_import(m, &a, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	say(m, "rule list");
	assert_non_null(strstr(reply, "ok rules=2; 1: cmd=import nth=1 count=all vm=1 cc=1"));
	assert_non_null(strstr(reply, "vm=1 cc=1 rc=0x0777 rrc=0x0000 seen=2; 2: cmd=import"));
	assert_non_null(strstr(reply, "; 2: cmd=import nth=1 count=1 delay="));
	assert_string_equal(strstr(reply, " delay="), " delay=250 seen=4");
	/* vm=0 is the first one, and not "any" or "none" */
	expect_ok(m, "rule add cmd=import vm=0 rc=0x0778");
	assert_rc(guest_import(m, &b, 0), 0x0777);
	assert_rc(guest_import(m, &a, 0), 0x0778);
	expect_ok(m, "rule add cmd=export vm=0 rc=0x0779");
	ok(uvc_page(m, 0x0201, 0));
	assert_string_equal(say(m, "rule clear id=4"), "ok rules=3");
	assert_string_equal(say(m, "rule clear id=3"), "ok rules=2");
	assert_string_equal(say(m, "rule clear id=2"), "ok rules=1");
	expect_ok(m, "rule add cmd=0x200 delay=250 nth=99");
	assert_string_equal(say(m, "rule clear id=1"), "ok rules=1");
	assert_rc(guest_import(m, &b, 0), SOFTUV_RC_PAGE_NOT_MAPPED);
	expect_ok(m, "rule add cmd=import rc=1");
	ok(guest_import(m, &b, 0));
	expect_ok(m, "rule add cmd=create-cpu vm=1 rc=0x0105");
	ok(guest_add_cpu(m, &a, 0));
	assert_rc(guest_add_cpu(m, &b, 0), 0x0105);
	machine_reset(m);
	assert_int_equal(strncmp(say(m, "rule list"), "ok rules=3", 10), 0);
	for (int i = 3; i < 64; i++)
		expect_ok(m, "rule add cmd=pin delay=1");
	assert_int_equal(strncmp(say(m, "rule add cmd=pin delay=1"), "error: ", 7), 0);
}

static void counts(void **state)
{
	struct machine *m = *state;
	struct guest g;

	guest_new(m, &g, MIB);
	assert_string_equal(say(m, "calls"), "ok 2");
	assert_rc(uvc_handle(m, 0x0400, g.handle), SOFTUV_RC_INV_STATE);
	assert_rc(uvc_handle(m, 0x0400, 0), SOFTUV_RC_INV_CONF);
	uvc_new(m, 0x4242, 8);
	assert_rc(uvc_go(m), SOFTUV_RC_INV_CMD);
	uvc_at(m, 4);
	expect_ok(m, "rule add cmd=query cc=2");
	uvc_new(m, 1, 0x100);
	uvc_at(m, UVCB);
	assert_string_equal(say(m, "calls cmd=dump-init"), "ok 2");
	assert_string_equal(say(m, "calls"), "ok 7");
	assert_non_null(strstr(say(m, "trace n=2"),
			       "6 unknown cc=0 rc=0x0000 rrc=0x0000; 7 query cc=2 rc=0x0000"));
	say(m, "stats");
	assert_non_null(strstr(reply, "initialised=1 confs=1 cpus=0 uvcs=7 plain="));
	assert_non_null(strstr(reply, " donated=518 secure=0 shared=0 pinned=0 records=0 "));
	assert_non_null(strstr(reply, " record-bytes=0 dump-entries=0; query calls=1 "));
	assert_non_null(strstr(reply, "; dump-init calls=2 rc0x0003=1 rc0x0020=1"));
	assert_non_null(strstr(reply, "; unknown calls=2 rc0x0002=1 pgm=1"));
	assert_string_equal(say(m, "confs"),
			    "ok confs=1; vm=0 state=created len=0x100000 pcf=0x0 dumping=0 cpus=0");
	assert_int_equal(softuv_command(m->eq, "stats", reply, 100), -1);
	assert_int_equal(strncmp(reply, "error: stats", 12), 0);
	assert_int_equal(softuv_command(m->eq, "stats", reply, 10), -1);
	for (int i = 0; i < 100; i++)
		guest_import(m, &g, 0);
	say(m, "trace n=64");
	assert_non_null(strstr(reply, "; 107 import cc=1 rc=0x010a rrc=0x0000"));
}

/* A host asked for less room than usual must not get more bytes than it asked for. */
static void reported_lengths(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint8_t *cb;

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	assert_string_equal(say(m, "rule query dump-state-len=5000 cpu-len=1600 dump-final-len=0"),
			    "ok dump-state-len=0x1388 dump-final-len=0x0 cpu-len=0x640 virt-len=0x40 len=0x100");
	assert_non_null(strstr(say(m, "rule query virt-len=0x100001"), "error: "));
	expect_ok(m, "rule query virt-len=2048");
	cb = uvc_new(m, 0x0001, 0x100);
	ok(uvc_go(m));
	assert_int_equal(be64(cb + 0x60), 2048);
	assert_int_equal(be64(cb + 0x68), 1600);
	assert_int_equal(be64(cb + 0xc8), 5000);
	assert_int_equal(be64(cb + 0xd0), 0);
	ok(uvc_handle(m, 0x0400, g.handle));
	memset(m->mem + BUFFER, 0xee, 0x2000);
	ok(uvc_area(m, 0x0402, g.cpu[0], BUFFER, 0));
	assert_int_equal(m->mem[BUFFER + 1599], 0);
	assert_int_equal(m->mem[BUFFER + 1600], 0xee);
	ok(uvc_area(m, 0x0401, g.handle, BUFFER, 0));
	assert_int_equal(m->mem[BUFFER + 4095], 1);
	assert_int_equal(m->mem[BUFFER + 4096], 0xee);
	/* A host has read them: what stores goes on to keep to them. */
	expect_ok(m, "rule clear");
	memset(m->mem + BUFFER, 0xee, 0x2000);
	ok(uvc_area(m, 0x0402, g.cpu[0], BUFFER, 0));
	assert_int_equal(m->mem[BUFFER + 1600], 0xee);
	assert_string_equal(say(m, "rule query default=1"),
			    "ok dump-state-len=0x1000 dump-final-len=0x1000 cpu-len=0x1000 virt-len=0x40 len=0x100");
}

/* QUI with a block of @len bytes that all are 0xee; the first 0x10 are the header. */
static uint8_t *query_block(struct machine *m, uint16_t len)
{
	uint8_t *cb = uvc_new(m, 0x0001, len);

	memset(cb + 0x10, 0xee, len + 8u - 0x10u);
	return cb;
}

/* An Ultravisor from before the dump: a short block, and what is behind it is not touched. */
static void short_query_block(void **state)
{
	static const uint16_t dump_calls[] = { 0x0400, 0x0401, 0x0402, 0x0403 };
	struct machine *m = *state;
	struct header_opts o;
	struct guest g;
	uint8_t *cb;

	expect_ok(m, "rule query len=0xb0");
	cb = query_block(m, 0x100);
	ok(uvc_go(m));
	assert_int_equal(be16(cb), 0x100);
	assert_int_equal(cb[0x13], 0x00);
	assert_int_equal(cb[0x12] & 0x80, 0x80);
	assert_int_equal(be64(cb + 0x68), 0x1000);
	assert_int_equal(be64(cb + 0xa8), 0);
	for (int i = 0xb0; i < 0x108; i++)
		assert_int_equal(cb[i], 0xee);
	cb = query_block(m, 0xb0);
	ok(uvc_go(m));
	assert_int_equal(cb[0xb0], 0xee);
	cb = query_block(m, 0xa8);
	assert_rc(uvc_go(m), SOFTUV_RC_MORE_DATA);
	assert_int_equal(cb[0xa8], 0xee);

	header_defaults(&o);
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(guest_add_cpu(m, &g, 0));
	for (size_t i = 0; i < ARRAY_SIZE(dump_calls); i++)
		assert_rc(uvc_handle(m, dump_calls[i], g.handle), SOFTUV_RC_INV_CMD);

	/* The last byte of the lengths decides. */
	expect_ok(m, "rule query len=0xd0");
	assert_rc(uvc_handle(m, 0x0400, g.handle), SOFTUV_RC_INV_CMD);
	cb = query_block(m, 0x100);
	ok(uvc_go(m));
	assert_int_equal(be64(cb + 0xc8), 0x1000);
	assert_int_equal(be64(cb + 0xd0), 0xeeeeeeeeeeeeeeee);
	expect_ok(m, "rule query len=0xd8");
	cb = query_block(m, 0x100);
	ok(uvc_go(m));
	assert_int_equal(cb[0x13], 0xf0);
	assert_int_equal(be64(cb + 0xd0), 0x1000);
	assert_int_equal(cb[0xd8], 0xee);
	ok(uvc_handle(m, 0x0400, g.handle));
}

/* Without the rule a longer block ends in zeros. */
static void long_query_block(void **state)
{
	struct machine *m = *state;
	uint8_t *cb;

	expect_ok(m, "rule query len=0xb0");
	expect_ok(m, "rule query default=1");
	cb = query_block(m, 0x140);
	ok(uvc_go(m));
	assert_int_equal(be64(cb + 0xd0), 0x1000);
	assert_int_equal(cb[0x13f], 0);
	assert_int_equal(cb[0x140], 0xee);
}

/* More return codes than the statistics name: the rest is gathered. */
static void many_return_codes(void **state)
{
	struct machine *m = *state;
	char line[64];

	m->odd_rc = true;
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "rule add cmd=verify nth=%d rc=0x%x", i + 1,
			 0x200 + i);
		expect_ok(m, line);
	}
	for (int i = 0; i < 20; i++)
		assert_rc(uvc_handle(m, 0x0302, 0), 0x200 + i);
	assert_non_null(strstr(say(m, "stats"), "verify calls=20 rc0x0200=1"));
	assert_non_null(strstr(reply, " rc0x020e=1 rc>=0x0213=5"));
}

static void states_by_name(void **state)
{
	struct machine *m = *state;
	struct header_opts o;
	struct guest g, p;
	uint8_t hdr[8192];

	header_defaults(&o);
	guest_new(m, &p, MIB);
	ok(guest_ssc(m, &p, hdr, header_make(&o, hdr)));
	guest_boot(m, &g, 4 * MIB, 1, &o);
	ok(uvc_handle(m, 0x0400, g.handle));
	assert_non_null(strstr(say(m, "confs"), "vm=0 state=params"));
	assert_non_null(strstr(reply, "vm=1 state=verified len=0x400000 pcf=0x200000e0 dumping=1"));
	ok(uvc_handle(m, 0x0320, g.handle));
	assert_non_null(strstr(say(m, "confs"), "vm=1 state=reset"));
}

static void pages_by_command(void **state)
{
	struct machine *m = *state;
	uint64_t page = machine_alloc(m, 4096);
	struct guest g;

	guest_new(m, &g, MIB);
	guest_map(m, &g, 0, page, 0);
	assert_string_equal(say(m, "page vm=0 gaddr=0x0"), "ok unused");
	ok(guest_import(m, &g, 0));
	assert_int_equal(strncmp(say(m, "page vm=0 gaddr=0x10"), "ok secure abs=0x", 16), 0);
	ok(uvc_page(m, 0x0201, page));
	assert_string_equal(say(m, "page vm=0 gaddr=0"), "ok exported");
	m->mem[page] ^= 1;
	assert_non_null(strstr(say(m, "share vm=0 gaddr=0"), "rc 0x5322 (page content"));
	m->mem[page] ^= 1;
	assert_string_equal(say(m, "share vm=0 gaddr=0"), "ok");
	ok(uvc_page(m, 0x0341, page));
	assert_non_null(strstr(say(m, "page vm=0 gaddr=0"), " pinned"));
	assert_string_equal(say(m, "unshare vm=0 gaddr=0"), "ok intercept");
	ok(uvc_gaddr(m, 0x0342, g.handle, 0));
	assert_string_equal(say(m, "share vm=0 gaddr=0x1000"), "ok");
	assert_string_equal(say(m, "page vm=0 gaddr=0x1000"), "ok shared-away");
}

static void bad_lines(void **state)
{
	static const char *const lines[] = {
		"", "   ", "nonsense", "rule", "rule x", "rule add", "rule add cmd=",
		"rule add cmd=x rc=2", "rule add cmd=pin", "rule add cmd=pin cc=1",
		"rule add cmd=pin cc=4", "rule add cmd=pin cc=2 rc=0x101",
		"rule add cmd=pin cc=0 rc=0x101", "rule add cmd=pin cc=1 rc=1",
		"rule add cmd=pin rc=0x10000", "rule add cmd=pin rc=0x", "rule add cmd=pin rc=-1",
		"rule add cmd=pin rc=1z", "rule add cmd=pin rc=2 nth=0",
		"rule add cmd=pin rc=2 count=0", "rule add cmd=pin rc=2 nht=3",
		"rule add cmd=pin rrc=2",
		"rule add cmd=pin delay=1 rrc=2", "rule add cmd=pin rc=2 rc=3",
		"rule add cmd=pin rc=2 extra", "rule add cmd=0x4242 rc=2",
		"rule add cmd=pin rc=2 nth=99999999999999999999",
		"rule add cmd=pin delay=600000001", "rule add cmd=pin rc=2 vm=x",
		"rule add cmd=pin rc=2 nth=x", "rule add cmd=pin rc=2 count=x", "rule list x",
		"rule query x", "rule query default=2", "rule query cpu-len=x",
		"rule query len=0xa0", "rule query len=0xac", "rule query len=0x108",
		"rule query len=x",
		"rule clear x", "rule clear id=9", "rule clear id=x", "reg", "reg get", "reg set",
		"reg get vm=0", "reg get vm=1 cpu=0 name=gr0", "reg get vm=0 cpu=1 name=gr0",
		"reg get vm=0 cpu=248 name=gr0", "reg get vm=0 cpu=0",
		"reg get vm=0 cpu=0 name=gr16", "reg get vm=0 cpu=0 name=gr",
		"reg get vm=0 cpu=0 name=gr0x1", "reg get vm=0 cpu=0 name=psw1",
		"reg get vm=0 cpu=0 name=xyz", "reg get vm=0 cpu=0 name=gr1 value=5",
		"reg set vm=0 cpu=0 name=gr1", "reg set vm=0 cpu=0 name=gr1 value=x",
		"reg set vm=0 cpu=0 name=fpc value=0x100000000",
		"reg set vm=0 cpu=0 name=gr1 value=0x10000000000000000",
		"reg set vm=0 cpu=0 name=psw value=0x100000000000000000000000000000000",
		"reg set vm=0 cpu=0 name=psw value=0x1000000000000000g0000000000000000",
		"reg set vm=0 cpu=0 name=psw value=0x0000000000000000g000000000000000",
		"reg set vm=0 cpu=0 name=psw value=0xg000000000000000000000000000000",
		"emulating", "emulating vm=0 cpu=0", "emulating vm=0 cpu=0 maybe",
		"emulating vm=0 cpu=0 on off", "share", "share vm=0", "share vm=0 gaddr=1",
		"share vm=0 gaddr=0x100000", "share vm=7 gaddr=0", "page vm=0 gaddr=",
		"page vm=0 gaddr=0 x", "confs x", "stats x", "calls x", "calls cmd=x",
		"trace n=65", "trace x",
		"rule add cmd=pin a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1",
	};
	struct machine *m = *state;
	struct guest g;
	char longest[600];

	guest_new(m, &g, MIB);
	ok(guest_add_cpu(m, &g, 0));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (strncmp(say(m, lines[i]), "error: ", 7))
			fail_msg("accepted: %s", lines[i]);
	}
	memset(longest, 'x', sizeof(longest));
	longest[599] = '\0';
	assert_int_equal(strncmp(say(m, longest), "error: ", 7), 0);
	assert_string_equal(say(m, "rule list"), "ok rules=0");
	expect_ok(m, "emulating vm=0 cpu=0 off");
	expect_ok(m, "reg set vm=0 cpu=0 name=fpr3 value=0xABCD");
	assert_string_equal(say(m, "reg get vm=0 cpu=0 name=vr3"),
			    "ok 0x000000000000abcd0000000000000000");
	expect_ok(m, "reg set vm=0 cpu=0 name=psw value=12");
}

const struct CMUnitTest command_tests[] = {
	TEST(rules_answer),
	TEST(busy_changes_nothing),
	TEST(rules_choose),
	TEST(counts),
	TEST(reported_lengths),
	TEST(short_query_block),
	TEST(long_query_block),
	TEST(many_return_codes),
	TEST(states_by_name),
	TEST(pages_by_command),
	TEST(bad_lines),
};

const size_t command_nr = ARRAY_SIZE(command_tests);
