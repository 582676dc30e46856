// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of return codes.
 */
#include "text.h"

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
	{ 0, 0xffff, SOFTUV_RC_RESOURCES, "no resources" },
	{ 0, 0xffff, SOFTUV_RC_CPU_IN_SIE, "CPU is executing" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_DONE, "already initialised" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_RUNNING, "other CPUs are running" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_LEN, "storage length" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_ORIGIN, "storage origin not valid" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_BEYOND, "storage not available" },
	{ 0x000f, 0x000f, SOFTUV_RC_INIT_BELOW_2G, "storage below 2 GiB" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_ORIGIN, "guest storage origin too high" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_LIMIT, "guest storage end too high" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_LENGTH, "guest storage not in whole MiB" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_ASCE_USED, "ASCE in use" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_ASCE, "ASCE not valid" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_BASE_ALIGN, "base donation not on a page" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_BASE, "base donation not available" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_BASE_LOWCORE, "base donation in lowcore" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_VIRT, "virtual donation not available" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE, "virtual donation in lowcore" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_SCA_NONE, "no SCA" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_SCA, "SCA not accessible" },
	{ 0x0100, 0x0100, SOFTUV_RC_CREATE_CONF_MAX, "too many configurations" },
	{ 0x0101, 0x0102, SOFTUV_RC_DESTROY_CONF_CPUS, "CPUs are still defined" },
	{ 0x0120, 0x0120, SOFTUV_RC_CREATE_CPU_NUMBER, "CPU number too high" },
	{ 0x0120, 0x0120, SOFTUV_RC_CREATE_CPU_DEFINED, "CPU already defined" },
	{ 0x0120, 0x0120, SOFTUV_RC_CREATE_CPU_STOR, "donation not available" },
	{ 0x0120, 0x0120, SOFTUV_RC_CREATE_CPU_STOR_LOWCORE, "donation in lowcore" },
	{ 0x0120, 0x0120, SOFTUV_RC_CREATE_CPU_STATE, "state description not accessible" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_STATE, "no such CPU state" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_PSW, "no PSW to load" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_LOADED, "configuration was loaded before" },
	{ 0x0330, 0x0330, SOFTUV_RC_CPU_NOT_STARTED, "CPU was neither loaded nor restarted" },
	{ 0x0320, 0x0320, SOFTUV_RC_CPUS_RUNNING, "CPUs are operating" },
	{ 0x0340, 0x0340, SOFTUV_RC_CPUS_RUNNING, "CPUs are operating" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_ACCESS, "header not accessible" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_VERSION, "header version not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_PCF, "plaintext control flag not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_KEY, "header is not for this host key" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_SCF, "secret control flag not supported" },
	{ 0x0300, 0x0300, SOFTUV_RC_SET_PARAMS_FORMAT, "header malformed" },
	{ 0x0302, 0x0302, SOFTUV_RC_VERIFY, "image digest mismatch" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_ADDR, "not a page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_FOREIGN, "host page has another owner" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_INTEGRITY, "page content was changed" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_ELSEWHERE, "page is in another host page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_LARGE, "mapped by a large page" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_TABLE, "guest tables malformed" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_UNPACKED, "page is in use already" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_NOT_SHARED, "page is not shared or pinned" },
	{ 0x0200, 0x0342, SOFTUV_RC_PAGE_NOT_MAPPED, "page not mapped for writing" },
	{ 0x0400, 0x0400, SOFTUV_RC_DUMP_NOT_ALLOWED, "dump not allowed by the image" },
	{ 0x0400, 0x0400, SOFTUV_RC_DUMP_ACTIVE, "dump in progress" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_NONE, "no dump in progress" },
	{ 0x0400, 0x0403, SOFTUV_RC_DUMP_GADDR, "not a block of the guest" },
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
