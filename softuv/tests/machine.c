// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake machine's storage, its seam to softuv and the way control blocks are made.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "machine.h"

#define PAGE	4096ull

uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint64_t be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void set16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void set32(uint8_t *p, uint32_t v)
{
	set16(p, (uint16_t)(v >> 16));
	set16(p + 2, (uint16_t)v);
}

void set64(uint8_t *p, uint64_t v)
{
	set32(p, (uint32_t)(v >> 32));
	set32(p + 4, (uint32_t)v);
}

/* splitmix64: repeatable, so that a failing run can be run again */
uint64_t machine_random(struct machine *m)
{
	uint64_t z = m->seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int op_translate(void *opaque, void *cpu, enum softuv_space space, uint64_t va,
			bool write, uint64_t *abs)
{
	struct machine *m = opaque;

	(void)cpu;
	(void)write;
	if (space == SOFTUV_SPACE_HOME && m->home_from != ~0ull && va >= m->home_from)
		va = va - m->home_from + m->home_at;
	if (va / PAGE == m->bad_page)
		return 0x11;
	*abs = m->bad_from != ~0ull && va >= m->bad_from ? va - m->bad_from + m->bad_abs : va;
	return 0;
}

static int op_read(void *opaque, uint64_t abs, void *buf, size_t len)
{
	struct machine *m = opaque;

	if (abs >= m->size || len > m->size - abs)
		return -1;
	memcpy(buf, m->mem + abs, len);
	if (m->changes_after_read && m->changes_after_read == abs)
		memset(m->mem + abs, 0xdd, len);
	return 0;
}

static int op_write(void *opaque, uint64_t abs, const void *buf, size_t len)
{
	struct machine *m = opaque;

	if (abs >= m->size || len > m->size - abs)
		return -1;
	memcpy(m->mem + abs, buf, len);
	return 0;
}

static int op_random(void *opaque, void *buf, size_t len)
{
	struct machine *m = opaque;
	uint8_t *p = buf;

	if (m->no_random)
		return -1;
	while (len--)
		*p++ = (uint8_t)machine_random(m);
	return 0;
}

static void op_restrict(void *opaque, enum softuv_party who, uint64_t abs, uint64_t len)
{
	struct machine *m = opaque;

	(void)abs;
	if (who != SOFTUV_HOST) {
		m->guest_losses++;
		return;
	}
	m->restricted += len;
	m->restrict_calls++;
}

static bool op_others(void *opaque)
{
	return ((struct machine *)opaque)->others_running;
}

static uint64_t op_prefix(void *opaque, void *cpu)
{
	(void)cpu;
	return ((struct machine *)opaque)->prefix;
}

const uint8_t host_scalar[66] = { [1] = 0x5a, [20] = 0x11, [65] = 0x77 };
const uint8_t backup_scalar[66] = { [1] = 0x3c, [30] = 0x22, [65] = 0x99 };

struct machine *machine_new_with(struct softuv_config *cfg)
{
	const struct softuv_ops ops = {
		.size = sizeof(ops), .translate = op_translate, .read = op_read,
		.write = op_write, .random = op_random, .restrict_access = op_restrict,
		.others_running = op_others, .prefix = op_prefix,
	};
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->size = cfg->mem_size;
	m->mem = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(m->mem != MAP_FAILED);
	m->next = HEAP;
	m->home_from = ~0ull;
	m->bad_page = ~0ull;
	m->bad_from = ~0ull;
	m->seed = 0x50f7;
	m->uv = softuv_new(cfg, &ops, m);
	assert_non_null(m->uv);
	m->eq = softuv_equip_new(m->uv);
	assert_non_null(m->eq);
	return m;
}

/* A little virtual storage: tests make guests that are far larger than the machine. */
struct machine *machine_new_size(uint64_t size, uint32_t max_conf)
{
	struct softuv_config cfg = {
		.size = sizeof(cfg), .mem_size = size, .host_key = host_scalar,
		.backup_key = backup_scalar, .virt_var_len = 64, .max_conf = max_conf,
	};

	return machine_new_with(&cfg);
}

struct machine *machine_new(void)
{
	return machine_new_size(STORAGE, 0);
}

void machine_free(struct machine *m)
{
	softuv_equip_free(m->eq);
	softuv_free(m->uv);
	munmap(m->mem, m->size);
	free(m);
}

void machine_reset(struct machine *m)
{
	softuv_reset(m->uv);
	softuv_equip_reset(m->eq);
}

int machine_setup_raw(void **state)
{
	*state = machine_new();
	return 0;
}

int machine_setup(void **state)
{
	struct machine *m = machine_new();

	*state = m;
	ok(uvc_init(m));
	return 0;
}

int machine_teardown(void **state)
{
	machine_free(*state);
	return 0;
}

/* Page-aligned storage below the base donation; given out once. */
uint64_t machine_alloc(struct machine *m, uint64_t len)
{
	uint64_t at = m->next;

	m->next += (len + PAGE - 1) / PAGE * PAGE;
	assert_true(m->next <= BASE_STOR || at >= BASE_STOR);
	return at;
}

uint8_t *uvc_new(struct machine *m, uint16_t cmd, uint16_t len)
{
	uint8_t *cb = m->mem + UVCB;

	memset(cb, 0, 0x1000);
	set16(cb, len);
	set16(cb + 2, cmd);
	return cb;
}

uint16_t uvc_at(struct machine *m, uint64_t va)
{
	softuv_call(m->uv, NULL, va, &m->res);
	assert_non_null(m->res.name);
	if (m->res.pgm)
		return 0;
	if (m->res.cc < 2) {
		assert_int_equal(m->res.cc, m->res.rc == SOFTUV_RC_EXECUTED ? 0 : 1);
		assert_true(m->odd_rc ||
			    strcmp(softuv_rc_name(m->res.cmd, m->res.rc), "unknown"));
	}
	return m->res.rc;
}

uint16_t uvc_go(struct machine *m)
{
	uint16_t rc = uvc_at(m, UVCB);

	if (!m->res.pgm && m->res.cc < 2) {
		assert_int_equal(be16(m->mem + UVCB + 4), m->res.rc);
		assert_int_equal(be16(m->mem + UVCB + 6), m->res.rrc);
	}
	return rc;
}

uint16_t uvc_handle(struct machine *m, uint16_t cmd, uint64_t handle)
{
	set64(uvc_new(m, cmd, cmd == 0x102 ? 0x48 : 0x40) + 0x18, handle);
	return uvc_go(m);
}

uint16_t uvc_page(struct machine *m, uint16_t cmd, uint64_t abs)
{
	set64(uvc_new(m, cmd, 0x20) + 0x18, abs);
	return uvc_go(m);
}

uint16_t uvc_gaddr(struct machine *m, uint16_t cmd, uint64_t handle, uint64_t gaddr)
{
	uint8_t *cb = uvc_new(m, cmd, 0x28);

	set64(cb + 0x18, handle);
	set64(cb + 0x20, gaddr);
	return uvc_go(m);
}

uint16_t uvc_area(struct machine *m, uint16_t cmd, uint64_t handle, uint64_t va, uint64_t gaddr)
{
	uint8_t *cb = uvc_new(m, cmd, 0x50);

	set64(cb + 0x18, handle);
	set64(cb + 0x20, va);
	set64(cb + 0x28, gaddr);
	return uvc_go(m);
}

uint16_t uvc_init(struct machine *m)
{
	uint8_t *cb = uvc_new(m, 0x000f, 0x48);

	set64(cb + 0x18, BASE_STOR);
	set64(cb + 0x20, BASE_LEN);
	return uvc_go(m);
}
