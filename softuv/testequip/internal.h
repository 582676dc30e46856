/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the test equipment remembers: rules, statistics, trace.
 */
#ifndef SOFTUV_EQUIP_INTERNAL_H
#define SOFTUV_EQUIP_INTERNAL_H

#include "text.h"

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
	uint16_t cmd;
	uint64_t calls, busy, pgm;
	struct rc_count rc[RC_KINDS];		/* first come; the last one gathers the rest */
};

#define STATS_MAX	64u			/* more than the chip has calls */

struct softuv_equip {
	struct softuv *uv;
	struct rule *rules;
	uint32_t next_rule_id;
	uint64_t uvcs;
	struct cmd_stats stats[STATS_MAX];	/* by command code */
	unsigned int nr_stats;
	struct cmd_stats unknown;
	struct trace trace[TRACE_LEN];
};

/* rules.c */
bool eq_filter(void *opaque, uint16_t cmd, uint64_t conf, struct softuv_result *res);
void eq_rules_clear(struct softuv_equip *eq);

/* stats.c */
void eq_record(void *opaque, const struct softuv_result *res);

#endif /* SOFTUV_EQUIP_INTERNAL_H */
