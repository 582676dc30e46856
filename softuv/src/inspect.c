// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the text commands that look (stats, calls, trace, confs, cpus), and names of return codes.
 * Never changes a configuration.
 */
#include <stdio.h>

#include "internal.h"

static const char *const state_names[PS_NR] = {
	"plain", "donated", "secure", "shared", "pinned",
};

static const char *conf_state_name(enum conf_state state)
{
	switch (state) {
	case CS_CREATED:
		return "created";
	case CS_PARAMS:
		return "params";
	case CS_VERIFIED:
		return "verified";
	default:
		return "reset";
	}
}

/* stats: totals, page states, memory for them, then each command that was called with its rc */
int suv_cmd_stats(struct softuv *uv, struct args *a, struct reply *r)
{
	unsigned int cpus = 0;

	if (suv_args_done(a, r))
		return -1;
	for (const struct conf *conf = uv->confs; conf; conf = conf->next)
		cpus += conf->nr_cpus;
	suv_say(r, "ok initialised=%d confs=%u cpus=%u uvcs=%llu", uv->initialised, uv->nr_confs,
		cpus, (unsigned long long)uv->uvcs);
	for (unsigned int i = 0; i < PS_NR; i++)
		suv_say(r, " %s=%llu", state_names[i], (unsigned long long)uv->state_count[i]);
	suv_say(r, " records=%u record-bytes=%llu", uv->pages.guest.nr,
		(unsigned long long)suv_pages_memory(uv));
	for (unsigned int i = 0; i <= suv_table_len; i++) {
		const struct cmd_stats *s = &uv->stats[i];

		if (!s->calls)
			continue;
		suv_say(r, "; %s calls=%llu", i < suv_table_len ? suv_table[i].name : "unknown",
			(unsigned long long)s->calls);
		for (unsigned int k = 0; k < RC_KINDS && s->rc[k].nr; k++)
			suv_say(r, " rc%s0x%04x=%llu", k == RC_KINDS - 1 ? ">=" : "",
				s->rc[k].rc, (unsigned long long)s->rc[k].nr);
		if (s->busy)
			suv_say(r, " busy=%llu", (unsigned long long)s->busy);
		if (s->pgm)
			suv_say(r, " pgm=%llu", (unsigned long long)s->pgm);
	}
	return 0;
}

/* calls [cmd=]: how many UVCs were made so far, of all commands or of one */
int suv_cmd_calls(struct softuv *uv, struct args *a, struct reply *r)
{
	const char *name = suv_arg(a, "cmd");
	const struct uvc_desc *d = name ? suv_desc_by_name(name) : NULL;

	if (suv_args_done(a, r))
		return -1;
	if (name && !d)
		return suv_fail(r, "calls: cmd=%.32s: no such command", name);
	suv_say(r, "ok %llu",
		(unsigned long long)(d ? uv->stats[d - suv_table].calls : uv->uvcs));
	return 0;
}

/* trace [n=]: the last n calls, oldest first */
int suv_cmd_trace(struct softuv *uv, struct args *a, struct reply *r)
{
	uint64_t n = 16;

	if (suv_arg_number(a, r, "n", TRACE_LEN, &n) || suv_args_done(a, r))
		return -1;
	if (n > uv->uvcs)
		n = uv->uvcs;
	suv_say(r, "ok uvcs=%llu", (unsigned long long)uv->uvcs);
	for (uint64_t i = uv->uvcs - n; i < uv->uvcs; i++) {
		const struct trace *t = &uv->trace[i % TRACE_LEN];

		suv_say(r, "; %llu %s cc=%u rc=0x%04x rrc=0x%04x", (unsigned long long)t->seq,
			softuv_cmd_name(t->cmd), t->cc, t->rc, t->rrc);
	}
	return 0;
}

/* confs: every configuration with its state and its CPUs */
int suv_cmd_confs(struct softuv *uv, struct args *a, struct reply *r)
{
	if (suv_args_done(a, r))
		return -1;
	suv_say(r, "ok confs=%u", uv->nr_confs);
	for (const struct conf *conf = uv->confs; conf; conf = conf->next) {
		suv_say(r, "; vm=%u state=%s len=0x%llx pcf=0x%llx dumping=%d cpus=%u", conf->id,
			conf_state_name(conf->state), (unsigned long long)conf->stor_len,
			(unsigned long long)conf->hdr.pcf, conf->dump.active, conf->nr_cpus);
	}
	return 0;
}

static void say_cpu(struct reply *r, const struct vcpu *cpu, const char *state)
{
	suv_say(r, "; vm=%u cpu=%u state=%s sie=%d emulating=%d psw=0x%016llx%016llx",
		cpu->conf->id, cpu->id, state, cpu->in_sie, cpu->emulating,
		(unsigned long long)cpu->regs.psw[0], (unsigned long long)cpu->regs.psw[1]);
}

static void say_cpus(struct reply *r, const struct conf *conf)
{
	static const char *const names[] = {
		[CPU_OPERATING] = "operating", [CPU_STOPPED] = "stopped",
		[CPU_CHECK_STOP] = "check-stop",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(conf->cpu); i++) {
		const struct vcpu *cpu = conf->cpu[i];

		if (cpu)
			say_cpu(r, cpu, names[cpu->state]);
	}
}

/* cpus [vm=]: every CPU, or those of one configuration */
int suv_cmd_cpus(struct softuv *uv, struct args *a, struct reply *r)
{
	const struct conf *one = suv_arg(a, "vm") ? suv_arg_conf(uv, a, r) : NULL;
	unsigned int nr = one ? one->nr_cpus : 0;

	if ((suv_arg(a, "vm") && !one) || suv_args_done(a, r))
		return -1;
	for (const struct conf *conf = uv->confs; !one && conf; conf = conf->next)
		nr += conf->nr_cpus;
	suv_say(r, "ok cpus=%u", nr);
	if (one)
		say_cpus(r, one);
	for (const struct conf *conf = uv->confs; !one && conf; conf = conf->next)
		say_cpus(r, conf);
	return 0;
}

static const struct {
	uint16_t first, last;		/* commands; 0 to 0xffff = every command */
	uint16_t rc;
	const char *name;
} rc_names[] = {
	{ 0, 0xffff, SOFTUV_RC_EXECUTED, "executed" },
	{ 0, 0xffff, SOFTUV_RC_INV_CMD, "invalid command" },
	{ 0, 0xffff, SOFTUV_RC_INV_STATE, "invalid state" },
	{ 0, 0xffff, SOFTUV_RC_INV_LEN, "invalid length" },
	{ 0, 0xffff, SOFTUV_RC_INV_CONF, "invalid configuration handle" },
	{ 0, 0xffff, SOFTUV_RC_INV_CPU, "invalid CPU handle" },
	{ 0, 0xffff, SOFTUV_RC_OPERAND_XLATE, "operand: translation exception" },
	{ 0, 0xffff, SOFTUV_RC_OPERAND_ADDR, "operand: address not accessible" },
	{ 0, 0xffff, SOFTUV_RC_MORE_DATA, "more data exists" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_DONE, "already initialised" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_RUNNING, "other CPUs are running" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_LEN, "storage length" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_ORIGIN, "storage origin not valid" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_BEYOND, "storage not available" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_BELOW_2G, "storage below 2 GiB" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_ORIGIN, "guest storage origin too high" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_LIMIT, "guest storage end too high" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_LENGTH, "guest storage not in whole MiB" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_ASCE_USED, "ASCE in use" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_ASCE, "ASCE not valid" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_BASE_ALIGN, "base donation not on a page" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_BASE, "base donation not available" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_BASE_LOWCORE, "base donation in lowcore" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_VIRT, "virtual donation not available" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_VIRT_LOWCORE, "virtual donation in lowcore" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_SCA_NONE, "no SCA" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_SCA, "SCA not accessible" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_MAX, "too many configurations" },
	{ 0x0100, 0x0100, SOFTUV_RC_CSC_RESOURCES, "no resources" },
	{ 0x0101, 0x0102, SOFTUV_RC_DSC_CPUS, "CPUs are still defined" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_NUMBER, "CPU number too high" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_DEFINED, "CPU already defined" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_STOR, "donation not available" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_STOR_LOWCORE, "donation in lowcore" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_STATE, "state description not accessible" },
	{ 0x0120, 0x0120, SOFTUV_RC_CSP_RESOURCES, "no resources" },
	{ 0x0121, 0x0121, SOFTUV_RC_CPU_IN_SIE, "CPU is executing" },
	{ 0x0310, 0x0311, SOFTUV_RC_CPU_IN_SIE, "CPU is executing" },
	{ 0x0321, 0x0330, SOFTUV_RC_CPU_IN_SIE, "CPU is executing" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_STATE, "no such CPU state" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_PSW, "no PSW to load" },
	{ 0x0320, 0x0320, SOFTUV_RC_CPUS_RUNNING, "CPUs are operating" },
	{ 0x0340, 0x0340, SOFTUV_RC_CPUS_RUNNING, "CPUs are operating" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_ACCESS, "header not accessible" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_VERSION, "header version not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_PCF, "plaintext control flag not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_KEY, "header is not for this host key" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_SCF, "secret control flag not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SSC_FORMAT, "header malformed" },
	{ 0x0302, 0x0302, SOFTUV_RC_VERIFY, "image digest mismatch" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_ADDR, "not a page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_FOREIGN, "host page has another owner" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_INTEGRITY, "page content was changed" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_ELSEWHERE, "page is in another host page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_LARGE, "mapped by a large page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_TABLE, "guest tables malformed" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_RESOURCES, "no resources" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_UNPACKED, "page is in use already" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_NOT_SHARED, "page is not shared or pinned" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_NOT_MAPPED, "page not mapped for writing" },
	{ 0x0400, 0x0400, SOFTUV_RC_DUMP_NOT_ALLOWED, "dump not allowed by the image" },
	{ 0x0400, 0x0400, SOFTUV_RC_DUMP_ACTIVE, "dump in progress" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_NONE, "no dump in progress" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_GADDR, "not a block of the guest" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_CPU_IN_SIE, "CPU is executing" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_RESOURCES, "no resources" },
};

/**
 * softuv_rc_name() - what a return code of a command means
 * @cmd: UVC command code
 * @rc: return code
 *
 * Context: any.
 * Return: a short text, "unknown" for a pair that softuv never answers.
 */
const char *softuv_rc_name(uint16_t cmd, uint16_t rc)
{
	for (size_t i = 0; i < ARRAY_SIZE(rc_names); i++) {
		if (rc_names[i].rc == rc && cmd >= rc_names[i].first && cmd <= rc_names[i].last)
			return rc_names[i].name;
	}
	return "unknown";
}
