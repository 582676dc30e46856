// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text commands that look at configurations and CPUs.
 */
#include "internal.h"

/* confs: every configuration with its state and its CPUs */
int eq_cmd_confs(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_conf_view conf = { 0 };
	struct softuv_totals t;

	if (eq_args_done(a, r))
		return -1;
	softuv_view(eq->uv, &t);
	eq_say(r, "ok confs=%u", t.confs);
	while (softuv_next_conf(eq->uv, &conf))
		eq_say(r, "; vm=%u state=%s len=0x%llx pcf=0x%llx dumping=%d cpus=%u", conf.id,
		       conf.state, (unsigned long long)conf.len, (unsigned long long)conf.pcf,
		       conf.dumping, conf.cpus);
	return 0;
}

static void say_cpus(struct softuv_equip *eq, const struct softuv_conf_view *conf,
		     struct reply *r)
{
	struct softuv_cpu_view cpu = { 0 };

	while (softuv_next_cpu(eq->uv, conf->handle, &cpu))
		eq_say(r, "; vm=%u cpu=%u state=%s sie=%d emulating=%d psw=0x%016llx%016llx",
		       conf->id, cpu.number, cpu.state, cpu.in_sie, cpu.emulating,
		       (unsigned long long)cpu.psw[0], (unsigned long long)cpu.psw[1]);
}

/* cpus [vm=]: every CPU, or those of one configuration */
int eq_cmd_cpus(struct softuv_equip *eq, struct args *a, struct reply *r)
{
	struct softuv_conf_view conf = { 0 };
	bool one = eq_arg(a, "vm");
	struct softuv_totals t;

	if ((one && !eq_arg_conf(eq, a, r, &conf)) || eq_args_done(a, r))
		return -1;
	softuv_view(eq->uv, &t);
	eq_say(r, "ok cpus=%u", one ? conf.cpus : t.cpus);
	if (one)
		say_cpus(eq, &conf, r);
	while (!one && softuv_next_conf(eq->uv, &conf))
		say_cpus(eq, &conf, r);
	return 0;
}
