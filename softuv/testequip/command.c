// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text commands' line format: words, pairs, numbers, replies; a bad line changes nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#define MAX_LINE	512
#define MAX_CPU_NUMBER	247

static const struct {
	const char *verb;
	int (*fn)(struct softuv_equip *eq, struct args *a, struct reply *r);
} verbs[] = {
	{ "rule", eq_cmd_rule },
	{ "reg", eq_cmd_reg },
	{ "emulating", eq_cmd_emulating },
	{ "restart", eq_cmd_restart },
	{ "share", eq_cmd_page },
	{ "unshare", eq_cmd_page },
	{ "page", eq_cmd_page },
	{ "confs", eq_cmd_confs },
	{ "cpus", eq_cmd_cpus },
	{ "stats", eq_cmd_stats },
	{ "calls", eq_cmd_calls },
	{ "trace", eq_cmd_trace },
};

static void vsay(struct reply *r, const char *fmt, va_list ap)
{
	int n;

	if (r->failed)
		return;
	n = vsnprintf(r->buf + r->pos, r->len - r->pos, fmt, ap);
	if (n < 0 || (size_t)n >= r->len - r->pos)
		r->failed = true;
	else
		r->pos += (size_t)n;
}

/* Appends to the reply; one that does not fit makes the whole reply an error. */
void eq_say(struct reply *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(r, fmt, ap);
	va_end(ap);
}

/* Replaces the reply by "error: " and the text; returns -1 for the caller to return. */
int eq_fail(struct reply *r, const char *fmt, ...)
{
	va_list ap;

	r->pos = 0;
	r->failed = false;
	eq_say(r, "error: ");
	va_start(ap, fmt);
	vsay(r, fmt, ap);
	va_end(ap);
	return -1;
}

/* The value of @key, or NULL; marks the pair as understood. */
const char *eq_arg(struct args *a, const char *key)
{
	for (unsigned int i = 0; i < a->nr; i++) {
		if (a->key[i] && !strcmp(a->key[i], key)) {
			a->used |= 1u << i;
			return a->value[i];
		}
	}
	return NULL;
}

/* Decimal or 0x number up to @max. */
bool eq_number(const char *text, uint64_t max, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long v;
	char *end;

	if (hex)
		text += 2;
	if (!(*text >= '0' && *text <= '9') &&
	    !(hex && ((*text | 32) >= 'a' && (*text | 32) <= 'f')))
		return false;
	errno = 0;
	v = strtoull(text, &end, hex ? 16 : 10);
	if (errno || *end || v > max)
		return false;
	*value = v;
	return true;
}

/* A number when @key is there; -1 with the error said when it is none. */
int eq_arg_number(struct args *a, struct reply *r, const char *key, uint64_t max,
		  uint64_t *value)
{
	const char *text = eq_arg(a, key);

	if (text && !eq_number(text, max, value))
		return eq_fail(r, "%s: %s=%.32s: not a number from 0 to 0x%llx", a->verb, key,
				text, (unsigned long long)max);
	return 0;
}

int eq_arg_required(struct args *a, struct reply *r, const char *key, uint64_t max,
		    uint64_t *value)
{
	if (!eq_arg(a, key))
		return eq_fail(r, "%s: %s= is missing", a->verb, key);
	return eq_arg_number(a, r, key, max, value);
}

/* Refuses what nobody asked for, so that a misspelt key is never ignored. */
int eq_args_done(const struct args *a, struct reply *r)
{
	for (unsigned int i = 0; i < a->nr; i++) {
		if (!(a->used & 1u << i))
			return eq_fail(r, "%s: %.32s: unknown or repeated argument", a->verb,
					a->word[i] ? a->word[i] : a->key[i]);
	}
	return 0;
}

/* The configuration that vm= names; false with the error said. */
bool eq_arg_conf(struct softuv_equip *eq, struct args *a, struct reply *r,
		 struct softuv_conf_view *conf)
{
	uint64_t vm;

	if (eq_arg_required(a, r, "vm", UINT32_MAX, &vm))
		return false;
	conf->handle = 0;
	while (softuv_next_conf(eq->uv, conf)) {
		if (conf->id == vm)
			return true;
	}
	eq_fail(r, "%s: vm=%llu: no such configuration", a->verb, (unsigned long long)vm);
	return false;
}

/* The CPU that vm= and cpu= name; false with the error said. */
bool eq_arg_cpu(struct softuv_equip *eq, struct args *a, struct reply *r,
		struct softuv_cpu_view *cpu)
{
	struct softuv_conf_view conf;
	uint64_t nr;

	if (!eq_arg_conf(eq, a, r, &conf) ||
	    eq_arg_required(a, r, "cpu", MAX_CPU_NUMBER, &nr))
		return false;
	cpu->handle = 0;
	while (softuv_next_cpu(eq->uv, conf.handle, cpu)) {
		if (cpu->number == nr)
			return true;
	}
	eq_fail(r, "%s: vm=%u cpu=%llu: no such CPU", a->verb, conf.id, (unsigned long long)nr);
	return false;
}

/* Splits @line in place; false when it has too many words. */
static bool split(char *line, struct args *a)
{
	char *save = NULL;

	a->verb = strtok_r(line, " \t\r\n", &save);
	for (char *w; a->verb && (w = strtok_r(NULL, " \t\r\n", &save)); a->nr++) {
		char *eq = strchr(w, '=');

		if (a->nr == MAX_ARGS)
			return false;
		if (eq) {
			*eq = '\0';
			a->key[a->nr] = w;
			a->value[a->nr] = eq + 1;
		} else {
			a->word[a->nr] = w;
		}
	}
	return true;
}

static int run(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	if (!a->verb)
		return eq_fail(r, "empty line");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].verb, a->verb))
			return verbs[i].fn(eq, a, r);
	}
	return eq_fail(r, "%.32s: no such command", a->verb);
}

/**
 * softuv_command() - one text command: fault rules, test commands, statistics
 * @eq: the equipment
 * @line: NUL-terminated, at most 511 bytes; softuv/README.md has the grammar
 * @reply: receives "ok ..." or "error: ...", without a newline
 * @reply_len: bytes at @reply, at least 64
 *
 * Context: serialised with softuv_call().
 * Return: 0 for ok, -1 for error.
 */
int softuv_command(struct softuv_equip *eq, const char *line, char *reply, size_t reply_len)
{
	struct reply r = { .buf = reply, .len = reply_len };
	struct args a = { 0 };
	char copy[MAX_LINE];
	int rc;

	if (!reply || reply_len < 64)
		return -1;
	reply[0] = '\0';
	if (strlen(line) >= sizeof(copy))
		return eq_fail(&r, "line is longer than %u bytes", MAX_LINE - 1);
	strcpy(copy, line);
	if (!split(copy, &a))
		return eq_fail(&r, "%.32s: more than %u arguments", a.verb, MAX_ARGS);
	rc = run(eq, &a, &r);
	if (r.failed && rc)
		return -1;
	if (r.failed)
		return eq_fail(&r, "%.32s: the reply does not fit %zu bytes", a.verb, reply_len);
	return rc;
}
