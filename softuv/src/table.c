// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one table of Ultravisor calls: code, query bit, length, side, handle, states, handler.
 */
#include "call.h"
#include "uv.h"

#define QUI_DUMP_LENS	0xd8u		/* end of the dump lengths in QUI's block */
#define RUNNABLE	(CS_VERIFIED | CS_RESET)
#define HAS_HEADER	(CS_PARAMS | CS_VERIFIED | CS_RESET)

#define ROW(c, b, s, lmin, lmax, h, st, f, n, m)					\
	{ .cmd = (c), .bit = (b), .side = SIDE_##s, .len_min = (lmin), .len_max = (lmax),	\
	  .handle = HANDLE_##h, .states = (st), .fn = (f), .name = (n), .model = (m) }

/*
 * Codes, bits and lengths: Linux arch/s390/include/asm/uv.h; bit 12 and 34: s390-tools
 * rust/pvinfo. A row without a handler is known by name only and answers rc 0x0002.
 */
const struct uvc_desc suv_table[] = {
	ROW(0x0001, 0, BOTH, SOFTUV_QUERY_MIN, 0xfff8, EARLY, 0, suv_uvc_query, "query",
	    "modelled"),
	ROW(0x0002, 34, BOTH, 0x200, 0x200, NONE, 0, suv_uvc_query_keys, "query-keys",
	    "modelled"),
	ROW(0x000f, 1, HOST, 0x48, 0x48, EARLY, 0, suv_uvc_init, "init",
	    "modelled"),
	ROW(0x0100, 2, HOST, 0x80, 0x80, NONE, 0, suv_uvc_create_conf, "create-conf",
	    "modelled; AP flags accepted and ignored"),
	ROW(0x0101, 3, HOST, 0x40, 0x40, CONF, CS_ANY, suv_uvc_destroy_conf, "destroy-conf",
	    "modelled; secure pages are cleared and the host's"),
	ROW(0x0102, 23, HOST, 0x48, 0x48, CONF, CS_ANY, suv_uvc_destroy_conf_fast,
	    "destroy-conf-fast", "modelled; secure pages stay"),
	ROW(0x0120, 4, HOST, 0x60, 0x60, CONF_20, CS_ANY, suv_uvc_create_cpu, "create-cpu",
	    "modelled"),
	ROW(0x0121, 5, HOST, 0x40, 0x40, CPU, CS_ANY, suv_uvc_destroy_cpu, "destroy-cpu",
	    "modelled"),
	ROW(0x0200, 6, HOST, 0x28, 0x28, CONF, CS_ANY, suv_uvc_import, "import",
	    "modelled; failure codes own"),
	ROW(0x0201, 7, HOST, 0x20, 0x20, NONE, 0, suv_uvc_export, "export",
	    "modelled; failure codes own"),
	ROW(0x0202, 12, HOST, 0x20, 0x20, NONE, 0, suv_uvc_destroy_page, "destroy-page",
	    "modelled; a destroyed page counts as never used"),
	ROW(0x0300, 11, HOST, 0x50, 0x50, CONF, CS_CREATED, suv_uvc_set_params, "set-params",
	    "modelled; secret control flags have no effect"),
	ROW(0x0301, 13, HOST, 0x50, 0x50, CONF, CS_PARAMS, suv_uvc_unpack, "unpack",
	    "modelled; failure codes other than 0x010a own"),
	ROW(0x0302, 14, HOST, 0x40, 0x40, CONF, CS_PARAMS, suv_uvc_verify, "verify",
	    "modelled"),
	ROW(0x0310, 15, HOST, 0x40, 0x40, CPU, CS_ANY, suv_uvc_cpu_reset, "cpu-reset",
	    "modelled"),
	ROW(0x0311, 16, HOST, 0x40, 0x40, CPU, CS_ANY, suv_uvc_cpu_reset, "cpu-reset-initial",
	    "modelled"),
	ROW(0x0320, 18, HOST, 0x40, 0x40, CONF, RUNNABLE, suv_uvc_prepare_reset,
	    "prepare-reset", "modelled"),
	ROW(0x0321, 19, HOST, 0x40, 0x40, CPU, CS_ANY, suv_uvc_cpu_reset, "cpu-reset-clear",
	    "modelled"),
	ROW(0x0330, 17, HOST, 0x50, 0x50, CPU, CS_ANY, suv_uvc_cpu_set_state, "cpu-set-state",
	    "modelled"),
	ROW(0x0340, 20, HOST, 0x40, 0x40, CONF, RUNNABLE, suv_uvc_unshare_all, "unshare-all",
	    "modelled"),
	ROW(0x0341, 21, HOST, 0x20, 0x20, NONE, 0, suv_uvc_pin, "pin",
	    "modelled; failure codes own"),
	ROW(0x0342, 22, HOST, 0x28, 0x28, CONF, CS_ANY, suv_uvc_unpin, "unpin",
	    "modelled; failure codes own"),
	ROW(0x0400, 24, HOST, 0x40, 0x40, CONF, HAS_HEADER, suv_uvc_dump_init, "dump-init",
	    "modelled; failure codes own"),
	ROW(0x0401, 25, HOST, 0x50, 0x50, CONF, CS_ANY, suv_uvc_dump_stor_state,
	    "dump-stor-state", "modelled; failure codes and tweak layout own"),
	ROW(0x0402, 26, HOST, 0x50, 0x50, CPU, CS_ANY, suv_uvc_dump_cpu, "dump-cpu",
	    "modelled; failure codes own"),
	ROW(0x0403, 27, HOST, 0x50, 0x50, CONF, CS_ANY, suv_uvc_dump_complete,
	    "dump-complete", "modelled; failure codes own"),
	ROW(0x1000, 8, GUEST, 0x30, 0x30, NONE, 0, suv_uvc_share, "share",
	    "modelled; failure codes own"),
	ROW(0x1001, 9, GUEST, 0x30, 0x30, NONE, 0, suv_uvc_share, "unshare",
	    "modelled; failure codes own"),
	ROW(0x1020, 28, GUEST, 0x188, 0x188, NONE, 0, NULL, "attest", "refused"),
	ROW(0x1031, 29, GUEST, 0x48, 0x48, NONE, 0, NULL, "add-secret", "refused"),
	ROW(0x1033, 30, GUEST, 0x48, 0x48, NONE, 0, NULL, "list-secrets", "refused"),
	ROW(0x1034, 31, GUEST, 0x40, 0x40, NONE, 0, NULL, "lock-secrets", "refused"),
	ROW(0x1035, 33, GUEST, 0x48, 0x48, NONE, 0, NULL, "retrieve-secret", "refused"),
};

const unsigned int suv_table_len = ARRAY_SIZE(suv_table);

const struct uvc_desc *suv_desc(uint16_t cmd)
{
	unsigned int lo = 0, hi = suv_table_len;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (suv_table[mid].cmd == cmd)
			return &suv_table[mid];
		if (suv_table[mid].cmd < cmd)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Whether a host, or a guest, may use call @d. Without the lengths of a dump there is none. */
bool suv_installed(const struct softuv *uv, const struct uvc_desc *d, bool guest)
{
	if (!d->fn || !(d->side & (guest ? SIDE_GUEST : SIDE_HOST)))
		return false;
	return d->cmd >> 8 != 0x04 || uv->lens.query >= QUI_DUMP_LENS;
}

static void list_calls(const struct softuv *uv, bool guest, uint8_t *calls)
{
	memset(calls, 0, QUI_CALLS_LEN);
	for (unsigned int i = 0; i < suv_table_len; i++) {
		const struct uvc_desc *d = &suv_table[i];

		if (suv_installed(uv, d, guest))
			calls[d->bit / 8] |= 0x80 >> d->bit % 8;
	}
}

/* What QUI answers in inst_calls_list, to a host and to a guest. */
void suv_list_calls(struct softuv *uv)
{
	list_calls(uv, false, uv->calls);
	list_calls(uv, true, uv->guest_calls);
}

/**
 * softuv_cmd_name() - name of a command for traces and messages
 * @cmd: UVC command code
 *
 * Context: any.
 * Return: its name, "unknown" for a code that is not in the table.
 */
const char *softuv_cmd_name(uint16_t cmd)
{
	const struct uvc_desc *d = suv_desc(cmd);

	return d ? d->name : "unknown";
}

/**
 * softuv_cmd_by_name() - the command code behind a name
 * @name: as softuv_cmd_name() gives it
 *
 * Context: any.
 * Return: the code, or -1 when no call has this name.
 */
int softuv_cmd_by_name(const char *name)
{
	for (unsigned int i = 0; i < suv_table_len; i++) {
		if (!strcmp(suv_table[i].name, name))
			return suv_table[i].cmd;
	}
	return -1;
}
