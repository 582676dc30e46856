/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake machine of the native tests: storage, translation, a host that makes guests.
 */
#ifndef SOFTUV_TEST_MACHINE_H
#define SOFTUV_TEST_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "equip.h"
#include "softuv.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#ifndef MIB
#define MIB		0x100000ull
#endif
#define STORAGE		(0x80000000ull + 256 * MIB)
#define BASE_STOR	(0x80000000ull)
#define BASE_LEN	(2 * MIB)		/* softuv's default */
#define UVCB		0x100000ull
#define HEAP		0x200000ull
#define BUFFER		0x180000ull		/* 64 KiB for operands */

struct machine {
	struct softuv *uv;
	struct softuv_equip *eq;
	uint8_t *mem;
	uint64_t size, next;			/* next free page of the heap */
	uint64_t home_from;		/* home-space addresses from here on are those of */
	uint64_t home_at;		/*   the current space from there on; ~0 = none */
	uint64_t bad_page;		/* logical page that does not translate, ~0 = none */
	uint64_t bad_from;		/* logical addresses from here on, ~0 = none, */
	uint64_t bad_abs;		/*   give absolute ones from here on */
	uint64_t prefix;
	uint64_t changes_after_read;	/* a device stores into this page then; 0 = none */
	bool others_running, no_random;
	bool odd_rc;			/* a rule may have made up the return code */
	uint64_t seed;
	uint64_t restricted, restrict_calls;	/* bytes, calls */
	uint64_t guest_losses;			/* calls that are about a guest */
	struct softuv_result res;
};

/* A guest as the host sees it: tables, donations, handles. */
struct guest {
	uint64_t asce, origin, len, root, r2, r3;	/* table origins by level, 0 = absent */
	uint64_t base, virt, sca, handle;
	uint64_t cpu[8], cpu_stor[8], state_desc[8];
	unsigned int nr_cpus;
};

struct header_opts {
	uint64_t pcf, scf;
	uint8_t cck[32], prot[32], image_key[64];
	uint64_t psw[2];
	const uint8_t *pld, *ald, *tld;		/* NULL = digests of nothing */
	uint64_t nep;
	unsigned int slots, own_slot;		/* slots in total, which is for the host key */
	bool backup;				/* the own slot is for the backup key */
	uint32_t noi;				/* optional items, which version 1 does not have */
};

extern const uint8_t host_scalar[66], backup_scalar[66];

struct machine *machine_new(void);
struct machine *machine_new_with(struct softuv_config *cfg);
struct machine *machine_new_size(uint64_t size, uint32_t max_conf);
void machine_free(struct machine *m);
void machine_reset(struct machine *m);
int machine_setup(void **state);		/* *state = a machine after INIT_UV */
int machine_setup_raw(void **state);		/* before INIT_UV */
int machine_teardown(void **state);
uint64_t machine_alloc(struct machine *m, uint64_t len);
uint64_t machine_random(struct machine *m);

uint16_t be16(const uint8_t *p);
uint64_t be64(const uint8_t *p);
void set16(uint8_t *p, uint16_t v);
void set32(uint8_t *p, uint32_t v);
void set64(uint8_t *p, uint64_t v);

/* Prepares a cleared control block at UVCB and returns it; then uvc_go(). */
uint8_t *uvc_new(struct machine *m, uint16_t cmd, uint16_t len);
uint16_t uvc_go(struct machine *m);		/* executes it; returns rc, checks cc against rc */
uint16_t uvc_at(struct machine *m, uint64_t va);
uint16_t uvc_handle(struct machine *m, uint16_t cmd, uint64_t handle);	/* no-data calls */
uint16_t uvc_page(struct machine *m, uint16_t cmd, uint64_t abs);	/* 0x20 byte calls */
uint16_t uvc_gaddr(struct machine *m, uint16_t cmd, uint64_t handle, uint64_t gaddr);
uint16_t uvc_area(struct machine *m, uint16_t cmd, uint64_t handle, uint64_t va, uint64_t gaddr);
uint16_t uvc_init(struct machine *m);

void guest_tables(struct machine *m, struct guest *g, uint64_t len);
void guest_map(struct machine *m, struct guest *g, uint64_t gaddr, uint64_t abs, uint64_t flags);
uint8_t *guest_ste(struct machine *m, struct guest *g, uint64_t gaddr);
uint16_t guest_create(struct machine *m, struct guest *g);
void guest_new(struct machine *m, struct guest *g, uint64_t len);
uint16_t guest_add_cpu(struct machine *m, struct guest *g, uint16_t id);
uint16_t guest_import(struct machine *m, struct guest *g, uint64_t gaddr);
uint16_t guest_ssc(struct machine *m, struct guest *g, const uint8_t *hdr, uint32_t len);
uint16_t guest_unpack(struct machine *m, struct guest *g, uint64_t gaddr, uint64_t prefix,
		      uint64_t offset);
uint16_t guest_set_state(struct machine *m, uint64_t cpu, uint8_t state);
void guest_destroy(struct machine *m, struct guest *g);
void guest_destroy_fast(struct machine *m, struct guest *g);

void header_defaults(struct header_opts *o);
uint32_t header_make(const struct header_opts *o, uint8_t *out);
/* A verified guest: @pages component pages from 64 KiB on, page i filled with the byte i + 1. */
void guest_boot(struct machine *m, struct guest *g, uint64_t len, unsigned int pages,
		const struct header_opts *o);

/* invariants.c: do softuv's records, tables and states agree? */
bool pages_add_up(struct softuv *uv);

#define assert_rc(rc, expected)	assert_int_equal(rc, expected)
#define ok(rc)			assert_int_equal(rc, SOFTUV_RC_EXECUTED)

#endif /* SOFTUV_TEST_MACHINE_H */
