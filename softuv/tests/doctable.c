// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * * Makes the document table; as a program (make doctable) it prints it.
 */
#include <stdio.h>

#include "../src/call.h"
#include "../src/uv.h"
#include "doctable.h"

static const char *states(const struct uvc_desc *d, char *buf, size_t len)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {
		{ CS_CREATED, "created" }, { CS_PARAMS, "params" }, { CS_VERIFIED, "verified" },
		{ CS_RESET, "reset" },
	};
	size_t n = 0;

	if (!d->states)
		return d->fn ? "-" : "";
	if (d->states == CS_ANY)
		return "any";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (d->states & names[i].bit)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", n ? ", " : "",
					      names[i].name);
	}
	return buf;
}

static const char *length(const struct uvc_desc *d, char *buf, size_t len)
{
	if (d->len_min == d->len_max)
		snprintf(buf, len, "0x%x", d->len_min);
	else
		snprintf(buf, len, "0x%x and more", d->len_min);
	return buf;
}

size_t doctable(char *out, size_t len)
{
	static const char *const handles[] = { "-", "-", "conf", "cpu", "conf" };
	static const char *const sides[] = { "", "host", "guest", "both" };
	size_t n;

	n = (size_t)snprintf(out, len, "%s\n|---|---|---|---|---|---|---|---|\n",
			     "| code | name | bit | side | UVCB | handle | states | how far |");
	for (unsigned int i = 0; i < suv_table_len && n < len; i++) {
		const struct uvc_desc *d = &suv_table[i];
		char st[64], ln[32];

		n += (size_t)snprintf(out + n, len - n,
				      "| 0x%04x | %s | %u | %s | %s | %s | %s | %s |\n", d->cmd,
				      d->name, d->bit, sides[d->side], length(d, ln, sizeof(ln)),
				      handles[d->handle], states(d, st, sizeof(st)), d->model);
	}
	return n < len ? n : 0;
}
