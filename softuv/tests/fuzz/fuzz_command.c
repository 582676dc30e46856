// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fuzz target for text commands, one line after the other.
 */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine *m;
	static struct guest g;
	char line[1024], reply[4096];

	if (!m) {
		m = machine_new();
		ok(uvc_init(m));
		guest_new(m, &g, MIB);
		ok(guest_add_cpu(m, &g, 0));
	}
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size, len = n < 1023 ? n : 1023;
		int rc;

		memcpy(line, data, len);
		line[len] = '\0';
		rc = softuv_command(m->eq, line, reply, sizeof(reply));
		if (strncmp(reply, rc ? "error: " : "ok", rc ? 7 : 2) || strchr(reply, '\n'))
			abort();
		data += n + !!end;
		size -= n + !!end;
	}
	softuv_command(m->eq, "rule clear", reply, sizeof(reply));
	softuv_command(m->eq, "rule query default=1", reply, sizeof(reply));
	return 0;
}
