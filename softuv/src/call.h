/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: the row that describes one, one on its way, and the handlers.
 */
#ifndef SOFTUV_CALL_H
#define SOFTUV_CALL_H

#include "guest.h"

/* One UVC on its way through its handler. */
struct uvc {
	const struct uvc_desc *desc;
	void *host_cpu;
	uint8_t *cb;				/* its control block */
	uint16_t len;
	uint16_t rrc;
	uint16_t out_off, out_len;		/* UVCB bytes to store besides the header */
	struct conf *conf;			/* a guest's call: its own, and the CPU */
	struct vcpu *vcpu;
	bool guest;
	bool intercept;				/* a guest's call: see struct softuv_result */
	uint16_t pgm;				/* the same: its host's exception for @pgm_va */
	uint64_t pgm_va;
};

enum uvc_side { SIDE_HOST = 1, SIDE_GUEST = 2, SIDE_BOTH = 3 };
/* HANDLE_EARLY: none, and INIT_UV need not have been made. */
enum uvc_handle { HANDLE_NONE, HANDLE_EARLY, HANDLE_CONF, HANDLE_CPU, HANDLE_CONF_20 };

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

/* table.c */
extern const struct uvc_desc suv_table[];
extern const unsigned int suv_table_len;
const struct uvc_desc *suv_desc(uint16_t cmd);
bool suv_installed(const struct softuv *uv, const struct uvc_desc *d, bool guest);
void suv_list_calls(struct softuv *uv);

/* query.c */
uint16_t suv_uvc_query(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_query_keys(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_init(struct softuv *uv, struct uvc *c);

/* page.c */
uint16_t suv_uvc_import(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_export(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_page(struct softuv *uv, struct uvc *c);

/* share.c */
uint16_t suv_uvc_share(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_pin(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_unpin(struct softuv *uv, struct uvc *c);

/* image.c, sehdr.c */
uint16_t suv_uvc_set_params(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_unpack(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_verify(struct softuv *uv, struct uvc *c);

/* dump.c */
uint16_t suv_uvc_dump_init(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_stor_state(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_dump_complete(struct softuv *uv, struct uvc *c);

/* cpu.c */
uint16_t suv_uvc_create_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_cpu(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_cpu_reset(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_cpu_set_state(struct softuv *uv, struct uvc *c);

/* conf.c */
uint16_t suv_uvc_create_conf(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_conf(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_destroy_conf_fast(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_prepare_reset(struct softuv *uv, struct uvc *c);
uint16_t suv_uvc_unshare_all(struct softuv *uv, struct uvc *c);

#endif /* SOFTUV_CALL_H */
