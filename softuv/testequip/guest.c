// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text commands that stand in for a guest: registers, open interception, restart, shared pages.
 */
#include <stdio.h>

#include "internal.h"

/* name[first..last]: where a register group lives and how wide one register is */
static const struct group {
	const char *name;
	uint16_t offset;
	uint8_t width, stride, nr;	/* bytes of one register, distance, count; 1 = no index */
} groups[] = {
#define GROUP(n, f, w, s, c)	{ n, offsetof(struct softuv_regs, f), w, s, c }
	GROUP("gr", gr, 8, 8, 16),
	GROUP("ar", ar, 4, 4, 16),
	GROUP("cr", cr, 8, 8, 16),
	GROUP("fpr", vr, 8, 16, 16),
	GROUP("vr", vr, 16, 16, 32),
	GROUP("gs", gs, 8, 8, 4),
	GROUP("psw", psw, 16, 16, 1),
	GROUP("prefix", prefix, 4, 4, 1),
	GROUP("fpc", fpc, 4, 4, 1),
	GROUP("todpr", todpr, 4, 4, 1),
	GROUP("cputm", cputm, 8, 8, 1),
	GROUP("ckc", ckc, 8, 8, 1),
};

/* Finds "gr7", "psw", ...; *@where points at the register in @regs. */
static const struct group *find_reg(struct softuv_regs *regs, const char *name, void **where)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		const struct group *g = &groups[i];
		size_t len = strlen(g->name);
		uint64_t index = 0;

		if (strncmp(name, g->name, len))
			continue;
		if (g->nr == 1 ? name[len] != '\0' :
		    !(eq_number(name + len, g->nr - 1u, &index) && name[len + 1] != 'x'))
			continue;
		*where = (uint8_t *)regs + g->offset + index * g->stride;
		return g;
	}
	return NULL;
}

/* A value of up to 128 bits, "0x" and up to 32 digits, or a smaller decimal number. */
static bool wide_number(const char *text, uint64_t v[2])
{
	size_t len = strlen(text);
	char high[19] = "0x";

	v[0] = 0;
	if (len <= 18 || strncmp(text, "0x", 2) || len > 34)
		return eq_number(text, UINT64_MAX, &v[1]);
	memcpy(high + 2, text + 2, len - 18);
	if (!eq_number(high, UINT64_MAX, &v[0]))
		return false;
	memcpy(high + 2, text + len - 16, 17);
	return eq_number(high, UINT64_MAX, &v[1]);
}

static bool store_reg(const struct group *g, void *where, const uint64_t v[2])
{
	uint64_t *p = where;

	if ((v[0] && g->width < 16) || (v[1] >> 32 && g->width < 8))
		return false;
	if (g->width == 4)
		*(uint32_t *)where = (uint32_t)v[1];
	else if (g->width == 8)
		*p = v[1];
	else
		memcpy(p, v, 16);
	return true;
}

static void say_reg(struct reply *r, const struct group *g, const void *where)
{
	const uint64_t *p = where;

	if (g->width == 4)
		eq_say(r, "ok 0x%08x", *(const uint32_t *)where);
	else if (g->width == 8)
		eq_say(r, "ok 0x%016llx", (unsigned long long)*p);
	else
		eq_say(r, "ok 0x%016llx%016llx", (unsigned long long)p[0],
		       (unsigned long long)p[1]);
}

/* reg set vm= cpu= name= value= | reg get vm= cpu= name= */
int eq_cmd_reg(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	const char *what = a->nr && a->word[0] ? a->word[0] : "";
	const char *name = eq_arg(a, "name"), *value = NULL;
	bool set = !strcmp(what, "set");
	const struct group *g;
	struct softuv_cpu_view cpu;
	uint64_t v[2];
	void *where;

	a->used |= 1;
	if (!set && strcmp(what, "get"))
		return eq_fail(r, "reg: say set or get");
	if (!eq_arg_cpu(eq, a, r, &cpu))
		return -1;
	if (cpu.in_sie)
		return eq_fail(r, "reg: cpu=%u: it executes, the machine has its registers",
			       cpu.number);
	if (!name)
		return eq_fail(r, "reg: name= is missing");
	g = find_reg(softuv_cpu_regs(eq->uv, cpu.handle), name, &where);
	if (!g)
		return eq_fail(r, "reg: name=%.32s: no such register", name);
	if (set)
		value = eq_arg(a, "value");
	if (eq_args_done(a, r))
		return -1;
	if (set && !value)
		return eq_fail(r, "reg: value= is missing");
	if (set && (!wide_number(value, v) || !store_reg(g, where, v)))
		return eq_fail(r, "reg: value=%.40s: not a number of %u bytes", value, g->width);
	say_reg(r, g, where);
	return 0;
}

/* emulating vm= cpu= on|off: an instruction interception is open, see the dump's CPU flags */
int eq_cmd_emulating(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_cpu_view cpu;
	const char *word = NULL;

	if (!eq_arg_cpu(eq, a, r, &cpu))
		return -1;
	for (unsigned int i = 0; i < a->nr; i++) {
		if (a->word[i] && !word) {
			word = a->word[i];
			a->used |= 1u << i;
		}
	}
	if (eq_args_done(a, r))
		return -1;
	if (!word || (strcmp(word, "on") && strcmp(word, "off")))
		return eq_fail(r, "emulating: say on or off");
	softuv_cpu_emulating(eq->uv, cpu.handle, !strcmp(word, "on"));
	eq_say(r, "ok");
	return 0;
}

/* restart vm= cpu=: the guest sent RESTART to this CPU, and the host may set it operating */
int eq_cmd_restart(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_cpu_view cpu;

	if (!eq_arg_cpu(eq, a, r, &cpu) || eq_args_done(a, r))
		return -1;
	softuv_guest_restart(eq->uv, cpu.handle);
	eq_say(r, "ok");
	return 0;
}

static int say_page(struct softuv_equip *eq, uint64_t conf, uint64_t gaddr, struct reply *r)
{
	struct softuv_page_view page;

	softuv_view_page(eq->uv, conf, gaddr, &page);
	eq_say(r, "ok %s", page.kind);
	if (page.in_storage)
		eq_say(r, " abs=0x%llx", (unsigned long long)page.abs);
	if (page.pinned)
		eq_say(r, " pinned");
	return 0;
}

/* share | unshare | page, each with vm= gaddr=: the guest's calls, and what the page is */
int eq_cmd_page(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_conf_view conf;
	uint64_t gaddr;
	int rc;

	if (!eq_arg_conf(eq, a, r, &conf) ||
	    eq_arg_required(a, r, "gaddr", UINT64_MAX, &gaddr) || eq_args_done(a, r))
		return -1;
	if (!strcmp(a->verb, "page"))
		return say_page(eq, conf.handle, gaddr, r);
	rc = softuv_guest_share(eq->uv, conf.handle, gaddr, a->verb[0] == 's');
	if (rc == SOFTUV_GUEST_INTERCEPT)
		eq_say(r, "ok intercept");
	else if (rc != SOFTUV_RC_EXECUTED)
		return eq_fail(r, "%s: gaddr=0x%llx: rc 0x%04x (%s)", a->verb,
			       (unsigned long long)gaddr, (unsigned int)rc,
			       softuv_rc_name(0x0200, (uint16_t)rc));
	else
		eq_say(r, "ok");
	return 0;
}
