// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statistics and trace of calls, and the text commands that show them.
 */
#include "internal.h"

static struct cmd_stats *stats_of(struct softuv_equip *eq, uint16_t cmd)
{
	unsigned int i;

	if (softuv_cmd_by_name(softuv_cmd_name(cmd)) != cmd)
		return &eq->unknown;
	for (i = 0; i < eq->nr_stats && eq->stats[i].cmd <= cmd; i++) {
		if (eq->stats[i].cmd == cmd)
			return &eq->stats[i];
	}
	if (eq->nr_stats == STATS_MAX)
		return &eq->unknown;
	memmove(&eq->stats[i + 1], &eq->stats[i], (eq->nr_stats++ - i) * sizeof(eq->stats[0]));
	eq->stats[i] = (struct cmd_stats) { .cmd = cmd };
	return &eq->stats[i];
}

static void count_rc(struct cmd_stats *s, uint16_t rc)
{
	unsigned int i;

	for (i = 0; i < RC_KINDS - 1; i++) {
		if (!s->rc[i].nr || s->rc[i].rc == rc)
			break;
	}
	s->rc[i].rc = rc;
	s->rc[i].nr++;
}

/* After each call of the chip. */
void eq_record(void *opaque, const struct softuv_result *res)
{
	struct softuv_equip *eq = opaque;
	struct cmd_stats *s = stats_of(eq, res->cmd);
	struct trace *t = &eq->trace[eq->uvcs++ % TRACE_LEN];

	s->calls++;
	if (res->pgm)
		s->pgm++;
	else if (res->cc > 1)
		s->busy++;
	else
		count_rc(s, res->rc);
	t->seq = eq->uvcs;
	t->cmd = res->cmd;
	t->rc = res->rc;
	t->rrc = res->rrc;
	t->cc = (uint8_t)res->cc;
}

static void say_stats(struct reply *r, const struct cmd_stats *s, const char *name)
{
	if (!s->calls)
		return;
	eq_say(r, "; %s calls=%llu", name, (unsigned long long)s->calls);
	for (unsigned int i = 0; i < RC_KINDS && s->rc[i].nr; i++)
		eq_say(r, " rc%s0x%04x=%llu", i == RC_KINDS - 1 ? ">=" : "", s->rc[i].rc,
		       (unsigned long long)s->rc[i].nr);
	if (s->busy)
		eq_say(r, " busy=%llu", (unsigned long long)s->busy);
	if (s->pgm)
		eq_say(r, " pgm=%llu", (unsigned long long)s->pgm);
}

/* stats: totals, page states, memory for them, then each command that was called with its rc */
int eq_cmd_stats(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_totals t;

	if (eq_args_done(a, r))
		return -1;
	softuv_view(eq->uv, &t);
	eq_say(r, "ok initialised=%d confs=%u cpus=%u uvcs=%llu", t.initialised, t.confs, t.cpus,
	       (unsigned long long)eq->uvcs);
	for (unsigned int i = 0; i < SOFTUV_PAGE_STATES; i++)
		eq_say(r, " %s=%llu", softuv_page_state_name(i), (unsigned long long)t.pages[i]);
	eq_say(r, " records=%u record-bytes=%llu dump-entries=%llu", t.records,
	       (unsigned long long)t.record_bytes, (unsigned long long)t.dump_entries);
	for (unsigned int i = 0; i < eq->nr_stats; i++)
		say_stats(r, &eq->stats[i], softuv_cmd_name(eq->stats[i].cmd));
	say_stats(r, &eq->unknown, "unknown");
	return 0;
}

/* calls [cmd=]: how many UVCs were made so far, of all commands or of one */
int eq_cmd_calls(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	const char *name = eq_arg(a, "cmd");
	int cmd = name ? softuv_cmd_by_name(name) : -1;

	if (eq_args_done(a, r))
		return -1;
	if (name && cmd < 0)
		return eq_fail(r, "calls: cmd=%.32s: no such command", name);
	eq_say(r, "ok %llu",
	       (unsigned long long)(name ? stats_of(eq, (uint16_t)cmd)->calls : eq->uvcs));
	return 0;
}

/* trace [n=]: the last n calls, oldest first */
int eq_cmd_trace(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	uint64_t n = 16;

	if (eq_arg_number(a, r, "n", TRACE_LEN, &n) || eq_args_done(a, r))
		return -1;
	if (n > eq->uvcs)
		n = eq->uvcs;
	eq_say(r, "ok uvcs=%llu", (unsigned long long)eq->uvcs);
	for (uint64_t i = eq->uvcs - n; i < eq->uvcs; i++) {
		const struct trace *t = &eq->trace[i % TRACE_LEN];

		eq_say(r, "; %llu %s cc=%u rc=0x%04x rrc=0x%04x", (unsigned long long)t->seq,
		       softuv_cmd_name(t->cmd), t->cc, t->rc, t->rrc);
	}
	return 0;
}
