/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text commands: a line is "verb [word] key=value ...", its answer "ok ..." or "error: ...".
 */
#ifndef SOFTUV_TEXT_H
#define SOFTUV_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "equip.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
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

/* command.c */
void eq_say(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int eq_fail(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *eq_arg(struct args *a, const char *key);
bool eq_number(const char *text, uint64_t max, uint64_t *value);
int eq_arg_number(struct args *a, struct reply *r, const char *key, uint64_t max,
		  uint64_t *value);
int eq_arg_required(struct args *a, struct reply *r, const char *key, uint64_t max,
		    uint64_t *value);
int eq_args_done(const struct args *a, struct reply *r);
bool eq_arg_conf(struct softuv_equip *eq, struct args *a, struct reply *r,
		 struct softuv_conf_view *conf);
bool eq_arg_cpu(struct softuv_equip *eq, struct args *a, struct reply *r,
		struct softuv_cpu_view *cpu);

/* The verbs: rules.c, guest.c, stats.c, look.c */
int eq_cmd_rule(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_reg(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_emulating(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_restart(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_page(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_stats(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_calls(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_trace(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_confs(struct softuv_equip *eq, struct args *a, struct reply *r);
int eq_cmd_cpus(struct softuv_equip *eq, struct args *a, struct reply *r);

#endif /* SOFTUV_TEXT_H */
