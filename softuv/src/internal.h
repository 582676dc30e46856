/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the types and functions that softuv's source files share.
 * Never seen by a user of the library; softuv.h is the public interface.
 */
#ifndef SOFTUV_INTERNAL_H
#define SOFTUV_INTERNAL_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/gcm.h>
#include <nettle/sha2.h>
#include <nettle/xts.h>

#include "softuv.h"

#define PAGE_SIZE	SOFTUV_PAGE_SIZE
#define PAGE_SHIFT	12
#define BLOCK_SHIFT	20			/* 1 MiB: unit of the page maps and of the dump */
#define BLOCK_PAGES	256
#define ADDR_BITS	47			/* host and guest absolute addresses */
#define MAX_GUEST_ADDR	(1ull << ADDR_BITS)
#define MAX_CPU_ID	247
#define CONF_BASE_LEN	0x4000ull
#define CONF_VIRT_LEN	0x1000ull
#define CPU_STOR_LEN	0x1000u
#define DUMP_STATE_LEN	0x1000u			/* 16 bytes for each page of 1 MiB */
#define DUMP_FINAL_LEN	0x1000u
#define QUI_LEN		0x100u			/* own: nothing beyond the dump lengths */
#define QUI_LEN_MIN	0xa8u
#define QUI_DUMP_LENS	0xd8u			/* end of the dump lengths */
#define LOWCORE_LEN	0x2000ull
#define UVCB_MAX	0x10000u
#define UVCB_PAGES	18
#define KEY_LEN		32
#define COORD_LEN	160
#define SCALAR_LEN	66

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* State of one host page, low bits of its byte in softuv.state. */
enum page_state { PS_PLAIN, PS_DONATED, PS_SECURE, PS_SHARED, PS_PINNED, PS_NR };
#define PS_MASK		0x07
#define PS_ASCE		0x80			/* a live configuration's ASCE starts here */

/* What the Ultravisor knows about one touched page of one configuration; see pagemap.c. */
enum gpage_kind { GP_UNUSED, GP_SECURE, GP_EXPORTED, GP_SHARED, GP_SHARED_AWAY };

struct gpage {
	uint64_t gfn : 35;			/* guest frame */
	uint64_t slot : 24;			/* of the configuration's handle */
	uint64_t kind : 3;			/* enum gpage_kind */
	uint64_t unshare : 1;			/* the guest unshared it while it was pinned */
	uint64_t head : 1;			/* the first touched page of its 1 MiB block */
	uint64_t ctr;				/* tweak counter of the last or next export */
	uint32_t next, next_in_block;		/* numbers of records, 0 = none */
	union {
		uint8_t mac[16];		/* while GP_EXPORTED: over the ciphertext */
		struct {			/* while GP_SECURE or GP_SHARED */
			uint64_t hfn;		/* host frame */
			uint32_t next_host;
		};
	};
};

#define CHUNK_PAGES	32u

struct pagechunk {
	uint32_t nr, next;			/* records in use; the configuration's next chunk */
	struct gpage page[CHUNK_PAGES];
};

union chunkref {
	struct pagechunk *used;
	uintptr_t next_free;
};

struct pagetable {
	uint32_t *first;			/* numbers of records */
	uint32_t size, nr;			/* buckets, a power of 2; entries */
};

struct pagemap {
	struct pagetable guest, host;
	union chunkref *chunk;
	uint32_t nr, size, free, nr_used;	/* free = number of the first free chunk */
};

/* Life cycle of a configuration; a bit mask, so that a table row can name several. */
enum conf_state {
	CS_CREATED = 1,				/* no SE header yet */
	CS_PARAMS = 2,				/* header accepted, image being unpacked */
	CS_VERIFIED = 4,			/* CPUs may run */
	CS_RESET = 8,				/* PREPARE_RESET done, no CPU loaded yet */
	CS_ANY = 15,
};

struct sehdr {
	uint64_t pcf, scf, nep;
	uint8_t cck[KEY_LEN];
	uint8_t psw[16];
	uint8_t pld[64], ald[64], tld[64];
	struct xts_aes256_key image_key;
};

struct dump {
	bool active;
	uint8_t seed[64];
	struct gcm_aes256_ctx gcm;
	uint64_t iv_ctr;
};

struct conf {
	uint64_t handle;
	uint32_t id;				/* ordinal for the text commands */
	enum conf_state state;
	bool from_lowcore;			/* a load takes the PSW at guest absolute 0 */
	uint64_t asce, stor_origin, stor_len, sca, base;
	uint32_t *virt_hfn;
	uint64_t virt_pages;
	struct vcpu *cpu[MAX_CPU_ID + 1];
	uint32_t nr_cpus;
	struct conf *next, **pprev;
	uint32_t slot;				/* of the handle; names the owner in a gpage */
	uint32_t chunk;				/* number of its newest struct pagechunk */
	uint64_t nr_shared;			/* pages of a GP_SHARED* kind */
	uint64_t export_ctr;
	uint8_t mem_key[64];
	uint8_t nonce[16];
	struct xts_aes256_key enc, dec;
	struct gcm_aes256_ctx mac;
	struct sehdr hdr;
	struct sha512_ctx pld, ald, tld;
	uint64_t nr_unpacked;
	struct dump dump;
};

struct vcpu_regs {
	uint64_t gr[16];
	uint64_t psw[2];
	uint32_t prefix, fpc, todpr;
	uint64_t cputm, ckc;
	uint32_t ar[16];
	uint64_t cr[16];
	uint64_t vr[32][2];
	uint64_t gs[4];				/* reserved word, GSD, GSSM, GSEPLA */
};

enum cpu_state { CPU_OPERATING = 1, CPU_STOPPED = 2, CPU_CHECK_STOP = 3, CPU_LOAD = 5 };

struct vcpu {
	uint64_t handle;
	struct conf *conf;
	uint16_t id;
	uint8_t state;
	bool in_sie;
	bool emulating;				/* an instruction interception is open */
	uint64_t stor, block;
	struct vcpu_regs regs;
};

enum obj_kind { OBJ_FREE, OBJ_CONF, OBJ_CPU };

struct slot {
	uint64_t handle;
	void *obj;
	uint32_t next_free;
	uint8_t kind;
};

struct handles {
	struct slot *slot;
	uint32_t nr, size, free;		/* free = 1 + index of the first free slot */
	uint32_t mask;
};

struct host_key {
	uint8_t scalar[SCALAR_LEN];
	uint8_t hash[32];
	bool present;
};

struct rule {
	struct rule *next;
	uint32_t id;
	uint16_t cmd;
	uint64_t nth, count, seen;
	int64_t vm;				/* -1 = any */
	uint8_t cc;
	uint16_t rc, rrc;
	bool answers;
	uint32_t delay_us;
};

#define TRACE_LEN	64
struct trace {
	uint64_t seq;
	uint16_t cmd, rc, rrc;
	uint8_t cc;
};

struct rc_count {
	uint16_t rc;
	uint64_t nr;
};

#define RC_KINDS	16
struct cmd_stats {
	uint64_t calls, busy, pgm;
	struct rc_count rc[RC_KINDS];		/* first come; the last one gathers the rest */
};

/* What QUI reports; a rule may change it, and then less is stored, never more. */
struct dump_lens {
	uint64_t state, final, cpu;
	uint16_t query;				/* of QUI's own block */
};

struct softuv {
	void *opaque;
	struct softuv_ops ops;
	uint64_t mem_size, base_stor_len, virt_var_len;
	uint32_t max_conf;

	_Atomic uint8_t *state;			/* enum page_state of each host page */
	uint64_t state_count[PS_NR];
	struct pagemap pages;
	struct host_key key[2];			/* host key, backup host key */
	bool initialised;
	uint64_t base_origin;			/* donated by INIT_UV */
	struct handles handles;
	struct conf *confs;
	uint32_t nr_confs, next_conf_id;
	struct dump_lens lens;
	struct rule *rules;
	uint32_t next_rule_id;
	uint64_t uvcs;
	struct cmd_stats *stats;
	struct trace trace[TRACE_LEN];
	/* the call that is being executed */
	uint64_t uvcb_page[UVCB_PAGES];
	unsigned int uvcb_pages;
	uint8_t cb[UVCB_MAX];
	uint8_t page[PAGE_SIZE];
	uint8_t untouched[DUMP_STATE_LEN];
};

/* One UVC on its way through its handler. */
struct uvc {
	const struct uvc_desc *desc;
	void *cpu;
	uint8_t *cb;
	uint16_t len;
	uint16_t rrc;
	uint16_t out_off, out_len;		/* UVCB bytes to store besides the header */
	struct conf *conf;
	struct vcpu *vcpu;
};

enum uvc_side { SIDE_HOST = 1, SIDE_GUEST = 2, SIDE_BOTH = 3 };
enum uvc_handle { HANDLE_NONE, HANDLE_CONF, HANDLE_CPU, HANDLE_CONF_20 };

struct uvc_desc {
	uint16_t cmd;
	uint8_t bit;				/* in inst_calls_list */
	uint8_t side;
	uint16_t len_min, len_max;
	uint8_t handle;
	uint8_t states;				/* configuration states, 0 = not checked */
	uint16_t (*fn)(struct softuv *uv, struct uvc *c);
	const char *name;
	const char *model;			/* for the table in README.md */
};

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

/* table.c */
extern const struct uvc_desc suv_table[];
extern const unsigned int suv_table_len;
const struct uvc_desc *suv_desc(uint16_t cmd);
const struct uvc_desc *suv_desc_by_name(const char *name);

/* pagemap.c */
struct gpage *suv_page(const struct softuv *uv, const struct conf *conf, uint64_t gaddr);
struct gpage *suv_page_make(struct softuv *uv, struct conf *conf, uint64_t gaddr);
struct gpage *suv_page_in(const struct softuv *uv, uint64_t hfn);
struct gpage *suv_block_first(const struct softuv *uv, const struct conf *conf, uint64_t gaddr);
struct gpage *suv_block_next(const struct softuv *uv, const struct gpage *gp);
struct conf *suv_page_owner(const struct softuv *uv, const struct gpage *gp);
uint64_t suv_page_gaddr(const struct gpage *gp);
void suv_page_enter_host(struct softuv *uv, struct gpage *gp, uint64_t hfn);
void suv_page_leave_host(struct softuv *uv, struct gpage *gp);
void suv_each_page(struct softuv *uv, struct conf *conf,
		   void (*fn)(struct softuv *uv, struct conf *conf, struct gpage *gp));
void suv_pages_drop(struct softuv *uv, struct conf *conf);
void suv_pages_free(struct softuv *uv);
uint64_t suv_pages_memory(const struct softuv *uv);

/* handle.c */
uint64_t suv_handle_new(struct softuv *uv, enum obj_kind kind, void *obj);
void *suv_handle_get(const struct softuv *uv, enum obj_kind kind, uint64_t handle);
void suv_handle_drop(struct softuv *uv, uint64_t handle);
uint32_t suv_handle_slot(const struct softuv *uv, uint64_t handle);
struct conf *suv_handle_at(const struct softuv *uv, uint32_t slot);
void suv_handles_free(struct softuv *uv);

/* store.c */
bool suv_is_storage(const struct softuv *uv, uint64_t abs, uint64_t len);
bool suv_is_plain(const struct softuv *uv, uint64_t abs, uint64_t len);
enum page_state suv_state(const struct softuv *uv, uint64_t hfn);
void suv_set_state(struct softuv *uv, uint64_t hfn, enum page_state st);
bool suv_holds_uvcb(const struct softuv *uv, uint64_t abs, uint64_t len);
bool suv_in_lowcore(struct softuv *uv, void *cpu, uint64_t abs, uint64_t len);
bool suv_donate(struct softuv *uv, void *cpu, uint64_t abs, uint64_t len);
void suv_give_back(struct softuv *uv, uint64_t abs, uint64_t len);
void suv_clear(struct softuv *uv, uint64_t abs, uint64_t len);
uint16_t suv_read_logical(struct softuv *uv, void *cpu, uint64_t va, void *buf, uint32_t len);
uint16_t suv_write_logical(struct softuv *uv, void *cpu, uint64_t va, const void *buf,
			   uint32_t len);

/* dat.c */
enum dat_result { DAT_OK, DAT_NOT_MAPPED, DAT_PROTECTED, DAT_LARGE, DAT_BAD_TABLE };
enum dat_result suv_dat_walk(struct softuv *uv, uint64_t asce, uint64_t gaddr, uint64_t *abs);

/* query.c */
uint16_t suv_uvc_query(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_query_keys(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_init(struct softuv *uv, struct uvc *c);

/* conf.c */
uint16_t suv_uvc_create_conf(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_conf(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_prepare_reset(struct softuv *uv, struct uvc *c);
void suv_conf_return(struct softuv *uv, struct conf *conf);
void suv_conf_free(struct softuv *uv, struct conf *conf);
struct conf *suv_conf_by_id(struct softuv *uv, uint64_t id);
bool suv_conf_stopped(const struct conf *conf);

/* cpu.c */
uint16_t suv_uvc_create_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_cpu_reset(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_cpu_set_state(struct softuv *uv, struct uvc *c);
void suv_cpu_free(struct softuv *uv, struct vcpu *cpu);

/* sehdr.c */
uint16_t suv_uvc_set_params(struct softuv *uv, struct uvc *c);
uint16_t suv_sehdr_open(const struct host_key key[2], const uint8_t *raw, uint32_t len,
			struct sehdr *hdr, uint16_t *rrc);
#define PCF_DUMP		0x20000000ull
#define PCF_NO_DECRYPT		0x10000000ull
#define PCF_BACKUP_KEY		0x00000002ull
#define PCF_SUPPORTED		0x300000f2ull
#define SCF_SUPPORTED		0x6000000000000000ull
#define SEHDR_MAX		8192u

/* image.c */
uint16_t suv_uvc_unpack(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_verify(struct softuv *uv, struct uvc *c);
void suv_image_start(struct conf *conf);

/* page.c */
uint16_t suv_uvc_import(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_export(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_page(struct softuv *uv, struct uvc *c);
uint16_t suv_find_page(struct softuv *uv, struct conf *conf, uint64_t gaddr, uint64_t *abs);
uint16_t suv_import(struct softuv *uv, struct conf *conf, uint64_t gaddr);
bool suv_in_storage(const struct gpage *gp);
void suv_settle(struct softuv *uv, struct conf *conf, struct gpage *gp, uint64_t hfn,
		enum page_state st);
void suv_vacate(struct softuv *uv, struct gpage *gp, enum gpage_kind kind);
void suv_component(const struct gpage *gp, uint64_t ctr, uint8_t out[16]);

/* share.c */
uint16_t suv_uvc_pin(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_unpin(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_unshare_all(struct softuv *uv, struct uvc *c);
void suv_unshare_all(struct softuv *uv, struct conf *conf);
void suv_shared_left(struct softuv *uv, struct conf *conf, struct gpage *gp);

/* dump.c */
uint16_t suv_uvc_dump_init(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_stor_state(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_complete(struct softuv *uv, struct uvc *c);
void suv_dump_untouched(uint8_t block[DUMP_STATE_LEN]);

/* crypto.c */
bool suv_host_key_set(struct host_key *key, const uint8_t scalar[SCALAR_LEN]);
bool suv_ecdh_kek(const uint8_t scalar[SCALAR_LEN], const uint8_t peer[COORD_LEN],
		  uint8_t kek[KEY_LEN]);
bool suv_gcm_open(const uint8_t key[KEY_LEN], const uint8_t iv[12], const void *aad,
		  size_t aad_len, const uint8_t *in, size_t len, const uint8_t tag[16],
		  uint8_t *out);
void suv_dump_key(const uint8_t cck[KEY_LEN], const uint8_t seed[64], uint8_t key[KEY_LEN]);
bool suv_equal(const void *a, const void *b, size_t len);
void suv_wipe(void *p, size_t len);

/* query.c */
bool suv_installed(const struct softuv *uv, const struct uvc_desc *d);

/* rules.c */
const struct rule *suv_rule_match(struct softuv *uv, uint16_t cmd, const struct conf *conf);
void suv_rules_clear(struct softuv *uv);
void suv_default_lens(struct softuv *uv);

/* command.c and its files; a line is "verb [word] key=value ..." */
#define MAX_ARGS	12

struct args {
	const char *verb;
	unsigned int nr;
	const char *word[MAX_ARGS];		/* bare words, NULL where a pair stands */
	const char *key[MAX_ARGS];
	const char *value[MAX_ARGS];
	uint32_t used;
};

struct reply {
	char *buf;
	size_t len, pos;
	bool failed;
};

void suv_say(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int suv_fail(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *suv_arg(struct args *a, const char *key);
bool suv_number(const char *text, uint64_t max, uint64_t *value);
int suv_arg_number(struct args *a, struct reply *r, const char *key, uint64_t max,
		   uint64_t *value);
int suv_arg_required(struct args *a, struct reply *r, const char *key, uint64_t max,
		     uint64_t *value);
int suv_args_done(const struct args *a, struct reply *r);
struct conf *suv_arg_conf(struct softuv *uv, struct args *a, struct reply *r);
struct vcpu *suv_arg_cpu(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_rule(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_reg(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_emulating(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_stats(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_calls(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_trace(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_confs(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_cpus(struct softuv *uv, struct args *a, struct reply *r);
int suv_cmd_page(struct softuv *uv, struct args *a, struct reply *r);

#endif /* SOFTUV_INTERNAL_H */
