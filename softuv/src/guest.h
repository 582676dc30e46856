/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests: secure configurations, their CPUs, and the handles by which a host names them.
 */
#ifndef SOFTUV_GUEST_H
#define SOFTUV_GUEST_H

#include "crypto.h"

#define MAX_CPU_ID	247
#define CPU_STOR_LEN	0x1000u

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
	uint8_t cck[SE_KEY_SIZE];
	uint8_t psw[16];
	uint8_t pld[SE_DIGEST_SIZE], ald[SE_DIGEST_SIZE];
	uint8_t tld[SE_DIGEST_SIZE];
	struct xts_key image_dec;
};

struct dump {
	bool active;
	uint8_t seed[COMPL_SEED_SIZE];
	struct gcm_aes256_ctx gcm;
	uint64_t iv_ctr;
};

struct conf {
	uint64_t handle;
	uint32_t id;				/* ordinal for people */
	enum conf_state state;
	bool loaded;				/* a CPU was, since the last PREPARE_RESET */
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
	uint8_t mem_key[SE_XTS_SIZE];
	uint8_t nonce[16];
	struct xts_key enc, dec;
	struct gcm_aes256_ctx mac;
	struct sehdr hdr;
	struct sha512_ctx pld, ald, tld;
	uint64_t nr_unpacked;
	struct dump dump;
};

enum cpu_state { CPU_OPERATING = 1, CPU_STOPPED = 2, CPU_CHECK_STOP = 3, CPU_LOAD = 5 };

struct vcpu {
	uint64_t handle;
	struct conf *conf;
	uint16_t id;
	uint8_t state;
	bool started;				/* it was loaded, or its guest restarted it */
	bool in_sie;
	bool reset_pending;			/* its guest asked for one, by DIAGNOSE 0x308 */
	uint64_t stor, state_desc;		/* host absolute: donation, state description */
	struct softuv_regs regs;
	struct softuv_kept kept;
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

/* handle.c */
uint64_t suv_handle_new(struct softuv *uv, enum obj_kind kind, void *obj);
void *suv_handle_get(const struct softuv *uv, enum obj_kind kind, uint64_t handle);
void suv_handle_drop(struct softuv *uv, uint64_t handle);
uint32_t suv_handle_slot(const struct softuv *uv, uint64_t handle);
struct conf *suv_handle_at(const struct softuv *uv, uint32_t slot);
void suv_handles_free(struct softuv *uv);

/* image.c */
void suv_image_start(struct conf *conf);

/* sehdr.c */
#define PCF_SUPPORTED	0x300000f2ull
uint16_t suv_sehdr_open(const struct host_key key[2], const uint8_t *raw, uint32_t len,
			struct sehdr *hdr, uint16_t *rrc);

/* dump.c */
void suv_dump_untouched(uint8_t *mib);

/* cpu.c */
void suv_cpu_free(struct softuv *uv, struct vcpu *cpu);

/* conf.c */
void suv_conf_return(struct softuv *uv, struct conf *conf);
void suv_conf_free(struct softuv *uv, struct conf *conf);

#endif /* SOFTUV_GUEST_H */
