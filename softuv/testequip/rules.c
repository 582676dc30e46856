// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault rules: which call gets an answer that its handler did not give, or takes longer.
 */
#include <stdio.h>

#include "internal.h"

#define MAX_RULES	64
#define VIRT_MAX	0x100000u
#define MAX_DELAY	600000000u	/* 10 minutes */

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

/* The ordinal of a configuration; -1 = none. */
static int64_t ordinal(const struct softuv_equip *eq, uint64_t handle)
{
	struct softuv_conf_view conf = { 0 };

	while (handle && softuv_next_conf(eq->uv, &conf)) {
		if (conf.handle == handle)
			return conf.id;
	}
	return -1;
}

/* Counts this call in every rule it concerns; the first rule in force decides. */
static const struct rule *match(struct softuv_equip *eq, uint16_t cmd, uint64_t conf)
{
	const struct rule *found = NULL;

	for (struct rule *r = eq->rules; r; r = r->next) {
		if (r->cmd != cmd || (r->vm >= 0 && r->vm != ordinal(eq, conf)))
			continue;
		r->seen++;
		if (!found && r->seen >= r->nth && r->seen - r->nth < r->count)
			found = r;
	}
	return found;
}

/* The chip's filter: true when a rule answers. */
bool eq_filter(void *opaque, uint16_t cmd, uint64_t conf, struct softuv_result *res)
{
	const struct rule *rule = match(opaque, cmd, conf);

	if (!rule)
		return false;
	res->delay_us = rule->delay_us;
	if (rule->answers) {
		res->cc = rule->cc;
		res->rc = rule->rc;
		res->rrc = rule->rrc;
	}
	return rule->answers;
}

void eq_rules_clear(struct softuv_equip *eq)
{
	struct rule *r;

	while ((r = eq->rules)) {
		eq->rules = r->next;
		free(r);
	}
}

static unsigned int nr_rules(const struct softuv_equip *eq)
{
	unsigned int nr = 0;

	for (const struct rule *r = eq->rules; r; r = r->next)
		nr++;
	return nr;
}

static int parse_answer(struct args *a, struct reply *r, struct rule *rule)
{
	uint64_t cc = 1, rc = 0, rrc = 0, delay = 0;
	bool has_cc = eq_arg(a, "cc"), has_rc = eq_arg(a, "rc"), has_rrc = eq_arg(a, "rrc");
	bool has_delay = eq_arg(a, "delay");

	if (eq_arg_number(a, r, "cc", 3, &cc) || eq_arg_number(a, r, "rc", 0xffff, &rc) ||
	    eq_arg_number(a, r, "rrc", 0xffff, &rrc) ||
	    eq_arg_number(a, r, "delay", MAX_DELAY, &delay))
		return -1;
	if (!has_cc && !has_rc && !has_delay)
		return eq_fail(r, "rule: give rc=, cc= or delay=");
	if (has_rrc && !has_rc)
		return eq_fail(r, "rule: rrc= needs rc=");
	if (has_cc && cc > 1 && has_rc)
		return eq_fail(r, "rule: cc=%u leaves rc alone, drop rc=", (unsigned int)cc);
	if (has_cc && cc < 2 && !has_rc)
		return eq_fail(r, "rule: cc=%u needs rc=", (unsigned int)cc);
	if (has_rc && (rc == SOFTUV_RC_EXECUTED ? has_cc && cc : cc != 1))
		return eq_fail(r, "rule: cc=%u does not go with rc=0x%04x", (unsigned int)cc,
				(unsigned int)rc);
	rule->answers = has_cc || has_rc;
	rule->cc = rc == SOFTUV_RC_EXECUTED ? 0 : (uint8_t)cc;
	rule->rc = (uint16_t)rc;
	rule->rrc = (uint16_t)rrc;
	rule->delay_us = (uint32_t)delay;
	return 0;
}

static int parse_which(struct args *a, struct reply *r, struct rule *rule)
{
	const char *name = eq_arg(a, "cmd"), *count = eq_arg(a, "count");
	uint64_t vm = 0, code;
	int cmd;
	bool has_vm = eq_arg(a, "vm");

	if (!name)
		return eq_fail(r, "rule: cmd= is missing");
	cmd = softuv_cmd_by_name(name);
	if (cmd < 0 && eq_number(name, 0xffff, &code))
		cmd = softuv_cmd_by_name(softuv_cmd_name((uint16_t)code));
	if (cmd < 0)
		return eq_fail(r, "rule: cmd=%.32s: no such command", name);
	rule->cmd = (uint16_t)cmd;
	rule->nth = 1;
	rule->count = 1;
	if (eq_arg_number(a, r, "nth", UINT64_MAX, &rule->nth))
		return -1;
	if (count && !strcmp(count, "all"))
		rule->count = UINT64_MAX;
	else if (eq_arg_number(a, r, "count", UINT64_MAX, &rule->count))
		return -1;
	if (!rule->nth || !rule->count)
		return eq_fail(r, "rule: nth= and count= start at 1");
	if (eq_arg_number(a, r, "vm", UINT32_MAX, &vm))
		return -1;
	rule->vm = has_vm ? (int64_t)vm : -1;
	return 0;
}

static int rule_add(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct rule new = { 0 }, *rule, **end;

	if (parse_which(a, r, &new) || parse_answer(a, r, &new) || eq_args_done(a, r))
		return -1;
	if (nr_rules(eq) >= MAX_RULES)
		return eq_fail(r, "rule: there are %u rules already", MAX_RULES);
	rule = malloc(sizeof(*rule));
	if (!rule)
		return eq_fail(r, "rule: no memory");
	*rule = new;
	rule->id = ++eq->next_rule_id;
	for (end = &eq->rules; *end; end = &(*end)->next)
		;
	*end = rule;
	eq_say(r, "ok rule %u", rule->id);
	return 0;
}

static void say_rule(struct reply *r, const struct rule *rule)
{
	eq_say(r, "; %u: cmd=%s nth=%llu count=", rule->id, softuv_cmd_name(rule->cmd),
	       (unsigned long long)rule->nth);
	if (rule->count == UINT64_MAX)
		eq_say(r, "all");
	else
		eq_say(r, "%llu", (unsigned long long)rule->count);
	if (rule->vm >= 0)
		eq_say(r, " vm=%lld", (long long)rule->vm);
	if (rule->answers)
		eq_say(r, " cc=%u", rule->cc);
	if (rule->answers && rule->cc < 2)
		eq_say(r, " rc=0x%04x rrc=0x%04x", rule->rc, rule->rrc);
	if (rule->delay_us)
		eq_say(r, " delay=%u", rule->delay_us);
	eq_say(r, " seen=%llu", (unsigned long long)rule->seen);
}

/* Lengths that QUI reports, and its own, to see how a host takes unusual ones. */
static int rule_query(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	uint64_t query, usual = 0;
	struct softuv_lens new;

	if (eq_arg_number(a, r, "default", 1, &usual))
		return -1;
	if (usual)
		softuv_set_lens(eq->uv, NULL);
	softuv_get_lens(eq->uv, &new);
	query = new.query;
	if (eq_arg_number(a, r, "dump-state-len", UINT64_MAX, &new.state) ||
	    eq_arg_number(a, r, "dump-final-len", UINT64_MAX, &new.final) ||
	    eq_arg_number(a, r, "cpu-len", UINT64_MAX, &new.cpu) ||
	    eq_arg_number(a, r, "virt-len", VIRT_MAX, &new.virt) ||
	    eq_arg_number(a, r, "len", SOFTUV_QUERY_MAX, &query) || eq_args_done(a, r))
		return -1;
	new.query = (uint16_t)query;
	if (!softuv_set_lens(eq->uv, &new))
		return eq_fail(r, "rule: len=0x%x: not a multiple of 8 from 0x%x to 0x%x",
				(unsigned int)query, SOFTUV_QUERY_MIN, SOFTUV_QUERY_MAX);
	eq_say(r, "ok dump-state-len=0x%llx dump-final-len=0x%llx cpu-len=0x%llx",
	       (unsigned long long)new.state, (unsigned long long)new.final,
	       (unsigned long long)new.cpu);
	eq_say(r, " virt-len=0x%llx len=0x%x", (unsigned long long)new.virt, new.query);
	return 0;
}

static int rule_list(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	if (eq_args_done(a, r))
		return -1;
	eq_say(r, "ok rules=%u", nr_rules(eq));
	for (const struct rule *rule = eq->rules; rule; rule = rule->next)
		say_rule(r, rule);
	return 0;
}

static int rule_clear(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	uint64_t id = 0;
	bool one = eq_arg(a, "id");

	if (eq_arg_number(a, r, "id", UINT32_MAX, &id) || eq_args_done(a, r))
		return -1;
	/* Lengths stay: a host that has read them would be overrun by the usual ones. */
	if (!one)
		eq_rules_clear(eq);
	for (struct rule **at = &eq->rules; one; at = &(*at)->next) {
		struct rule *rule = *at;

		if (!rule)
			return eq_fail(r, "rule: id=%llu: no such rule", (unsigned long long)id);
		if (rule->id != id)
			continue;
		*at = rule->next;
		free(rule);
		break;
	}
	eq_say(r, "ok rules=%u", nr_rules(eq));
	return 0;
}

/* rule add cmd= ... | rule query [length=] ... | rule list | rule clear [id=] */
int eq_cmd_rule(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	const char *what = a->nr ? a->word[0] : NULL;

	a->used |= 1;
	if (what && !strcmp(what, "add"))
		return rule_add(eq, a, r);
	if (what && !strcmp(what, "query"))
		return rule_query(eq, a, r);
	if (what && !strcmp(what, "list"))
		return rule_list(eq, a, r);
	if (what && !strcmp(what, "clear"))
		return rule_clear(eq, a, r);
	return eq_fail(r, "rule: say add, query, list or clear");
}
