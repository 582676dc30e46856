// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns fault rules: which call gets an answer that its handler did not give, or takes longer.
 * Never changes the state of a configuration; a rule that answers replaces the handler.
 */
#include <stdio.h>

#include "internal.h"

#define MAX_RULES	64
#define MAX_DELAY	600000000u	/* 10 minutes */

/* Counts this call in every rule it concerns; the first rule in force decides. */
const struct rule *suv_rule_match(struct softuv *uv, uint16_t cmd, const struct conf *conf)
{
	const struct rule *found = NULL;

	for (struct rule *r = uv->rules; r; r = r->next) {
		if (r->cmd != cmd || (r->vm >= 0 && (!conf || conf->id != (uint64_t)r->vm)))
			continue;
		r->seen++;
		if (!found && r->seen >= r->nth && r->seen - r->nth < r->count)
			found = r;
	}
	return found;
}

void suv_rules_clear(struct softuv *uv)
{
	struct rule *r;

	while ((r = uv->rules)) {
		uv->rules = r->next;
		free(r);
	}
}

static unsigned int nr_rules(const struct softuv *uv)
{
	unsigned int nr = 0;

	for (const struct rule *r = uv->rules; r; r = r->next)
		nr++;
	return nr;
}

static int parse_answer(struct args *a, struct reply *r, struct rule *rule)
{
	uint64_t cc = 1, rc = 0, rrc = 0, delay = 0;
	bool has_cc = suv_arg(a, "cc"), has_rc = suv_arg(a, "rc"), has_rrc = suv_arg(a, "rrc");
	bool has_delay = suv_arg(a, "delay");

	if (suv_arg_number(a, r, "cc", 3, &cc) || suv_arg_number(a, r, "rc", 0xffff, &rc) ||
	    suv_arg_number(a, r, "rrc", 0xffff, &rrc) ||
	    suv_arg_number(a, r, "delay", MAX_DELAY, &delay))
		return -1;
	if (!has_cc && !has_rc && !has_delay)
		return suv_fail(r, "rule: give rc=, cc= or delay=");
	if (has_rrc && !has_rc)
		return suv_fail(r, "rule: rrc= needs rc=");
	if (has_cc && cc > 1 && has_rc)
		return suv_fail(r, "rule: cc=%u leaves rc alone, drop rc=", (unsigned int)cc);
	if (has_cc && cc < 2 && !has_rc)
		return suv_fail(r, "rule: cc=%u needs rc=", (unsigned int)cc);
	if (has_rc && (rc == SOFTUV_RC_EXECUTED ? has_cc && cc : cc != 1))
		return suv_fail(r, "rule: cc=%u does not go with rc=0x%04x", (unsigned int)cc,
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
	const char *name = suv_arg(a, "cmd"), *count = suv_arg(a, "count");
	const struct uvc_desc *d;
	uint64_t vm = 0, cmd;
	bool has_vm = suv_arg(a, "vm");

	if (!name)
		return suv_fail(r, "rule: cmd= is missing");
	d = suv_desc_by_name(name);
	if (!d && suv_number(name, 0xffff, &cmd))
		d = suv_desc((uint16_t)cmd);
	if (!d)
		return suv_fail(r, "rule: cmd=%.32s: no such command", name);
	rule->cmd = d->cmd;
	rule->nth = 1;
	rule->count = 1;
	if (suv_arg_number(a, r, "nth", UINT64_MAX, &rule->nth))
		return -1;
	if (count && !strcmp(count, "all"))
		rule->count = UINT64_MAX;
	else if (suv_arg_number(a, r, "count", UINT64_MAX, &rule->count))
		return -1;
	if (!rule->nth || !rule->count)
		return suv_fail(r, "rule: nth= and count= start at 1");
	if (suv_arg_number(a, r, "vm", UINT32_MAX, &vm))
		return -1;
	rule->vm = has_vm ? (int64_t)vm : -1;
	return 0;
}

static int rule_add(struct softuv *uv, struct args *a, struct reply *r)
{
	struct rule new = { 0 }, *rule, **end;

	if (parse_which(a, r, &new) || parse_answer(a, r, &new) || suv_args_done(a, r))
		return -1;
	if (nr_rules(uv) >= MAX_RULES)
		return suv_fail(r, "rule: there are %u rules already", MAX_RULES);
	rule = malloc(sizeof(*rule));
	if (!rule)
		return suv_fail(r, "rule: no memory");
	*rule = new;
	rule->id = ++uv->next_rule_id;
	for (end = &uv->rules; *end; end = &(*end)->next)
		;
	*end = rule;
	suv_say(r, "ok rule %u", rule->id);
	return 0;
}

static void say_rule(struct reply *r, const struct rule *rule)
{
	suv_say(r, "; %u: cmd=%s nth=%llu count=", rule->id, softuv_cmd_name(rule->cmd),
		(unsigned long long)rule->nth);
	if (rule->count == UINT64_MAX)
		suv_say(r, "all");
	else
		suv_say(r, "%llu", (unsigned long long)rule->count);
	if (rule->vm >= 0)
		suv_say(r, " vm=%lld", (long long)rule->vm);
	if (rule->answers)
		suv_say(r, " cc=%u", rule->cc);
	if (rule->answers && rule->cc < 2)
		suv_say(r, " rc=0x%04x rrc=0x%04x", rule->rc, rule->rrc);
	if (rule->delay_us)
		suv_say(r, " delay=%u", rule->delay_us);
	suv_say(r, " seen=%llu", (unsigned long long)rule->seen);
}

void suv_default_lens(struct softuv *uv)
{
	uv->lens.state = DUMP_STATE_LEN;
	uv->lens.final = DUMP_FINAL_LEN;
	uv->lens.cpu = CPU_STOR_LEN;
	uv->lens.query = QUI_LEN;
}

/* Lengths that QUI reports, and its own, to see how a host takes unusual ones. */
static int rule_query(struct softuv *uv, struct args *a, struct reply *r)
{
	struct dump_lens new = uv->lens;
	uint64_t query = new.query;

	if (suv_arg_number(a, r, "dump-state-len", UINT64_MAX, &new.state) ||
	    suv_arg_number(a, r, "dump-final-len", UINT64_MAX, &new.final) ||
	    suv_arg_number(a, r, "cpu-len", UINT64_MAX, &new.cpu) ||
	    suv_arg_number(a, r, "len", QUI_LEN, &query) || suv_args_done(a, r))
		return -1;
	if (query < QUI_LEN_MIN || query % 8)
		return suv_fail(r, "rule: len=0x%x: not a multiple of 8 from 0x%x to 0x%x",
				(unsigned int)query, QUI_LEN_MIN, QUI_LEN);
	new.query = (uint16_t)query;
	uv->lens = new;
	suv_say(r, "ok dump-state-len=0x%llx dump-final-len=0x%llx cpu-len=0x%llx len=0x%x",
		(unsigned long long)new.state, (unsigned long long)new.final,
		(unsigned long long)new.cpu, new.query);
	return 0;
}

static int rule_list(struct softuv *uv, struct args *a, struct reply *r)
{
	if (suv_args_done(a, r))
		return -1;
	suv_say(r, "ok rules=%u", nr_rules(uv));
	for (const struct rule *rule = uv->rules; rule; rule = rule->next)
		say_rule(r, rule);
	return 0;
}

static int rule_clear(struct softuv *uv, struct args *a, struct reply *r)
{
	uint64_t id = 0;
	bool one = suv_arg(a, "id");

	if (suv_arg_number(a, r, "id", UINT32_MAX, &id) || suv_args_done(a, r))
		return -1;
	if (!one) {
		suv_rules_clear(uv);
		suv_default_lens(uv);
	}
	for (struct rule **at = &uv->rules; one; at = &(*at)->next) {
		struct rule *rule = *at;

		if (!rule)
			return suv_fail(r, "rule: id=%llu: no such rule", (unsigned long long)id);
		if (rule->id != id)
			continue;
		*at = rule->next;
		free(rule);
		break;
	}
	suv_say(r, "ok rules=%u", nr_rules(uv));
	return 0;
}

/* rule add cmd= ... | rule query [length=] ... | rule list | rule clear [id=] */
int suv_cmd_rule(struct softuv *uv, struct args *a, struct reply *r)
{
	const char *what = a->nr ? a->word[0] : NULL;

	a->used |= 1;
	if (what && !strcmp(what, "add"))
		return rule_add(uv, a, r);
	if (what && !strcmp(what, "query"))
		return rule_query(uv, a, r);
	if (what && !strcmp(what, "list"))
		return rule_list(uv, a, r);
	if (what && !strcmp(what, "clear"))
		return rule_clear(uv, a, r);
	return suv_fail(r, "rule: say add, query, list or clear");
}
