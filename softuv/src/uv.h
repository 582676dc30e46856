/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instance: what one Ultravisor consists of.
 */
#ifndef SOFTUV_UV_H
#define SOFTUV_UV_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "page.h"

#define CONF_BASE_LEN	0x4000ull
#define CONF_VIRT_LEN	0x1000ull
#define DUMP_STATE_LEN	(MIB_PAGES * STATE_ENTRY)
#define DUMP_FINAL_LEN	0x1000u
#define QUI_LEN		0x100u			/* own: nothing beyond the dump lengths */
#define QUI_CALLS_LEN	32u
#define UVCB_MAX	0x10000u
#define UVCB_PAGES	18

struct softuv {
	void *opaque;
	struct softuv_ops ops;
	struct softuv_probe probe;
	void *probe_opaque;
	uint64_t mem_size, base_stor_len, virt_var_len;
	uint32_t max_conf;
	bool no_guest;

	_Atomic uint8_t *state;			/* enum page_state of each host page */
	uint64_t state_count[PS_NR];
	uint64_t dump_entries;			/* see struct softuv_totals */
	struct pagemap pages;
	struct host_key key[2];			/* host key, backup host key */
	bool initialised;
	uint64_t base_origin;			/* donated by INIT_UV */
	struct handles handles;
	struct conf *confs;
	uint32_t nr_confs, next_conf_id;
	struct softuv_lens lens;
	uint8_t calls[QUI_CALLS_LEN];		/* inst_calls_list, for a host */
	uint8_t guest_calls[QUI_CALLS_LEN];
	/* the call that is being executed */
	uint64_t uvcb_page[UVCB_PAGES];
	unsigned int uvcb_pages;
	uint8_t cb[UVCB_MAX];
	uint8_t page[PAGE_SIZE];
	uint8_t untouched[DUMP_STATE_LEN];
};

#endif /* SOFTUV_UV_H */
