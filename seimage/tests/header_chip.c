// SPDX-License-Identifier: GPL-2.0-or-later
/* Has the software Ultravisor unpack and verify what "seimage header" makes. */
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

#define PAGE		4096u
#define GUEST_LEN	(2 * MIB)

static size_t load(const char *path, uint8_t *buf, size_t max)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	if (f) {
		n = fread(buf, 1, max, f);
		fclose(f);
	}
	return n;
}

static int done(const char *step, uint16_t rc, const struct machine *m)
{
	printf("%s: rc 0x%04x rrc 0x%04x\n", step, rc, m->res.rrc);
	return rc == SOFTUV_RC_EXECUTED ? 0 : 1;
}

static int boot(struct machine *m, const uint8_t *hdr, uint32_t len, const uint8_t *pages,
		uint64_t nr, uint64_t prefix)
{
	struct guest g;
	uint64_t i, abs;

	guest_new(m, &g, GUEST_LEN);
	for (i = 0; i < nr; i++) {
		abs = machine_alloc(m, PAGE);
		memcpy(m->mem + abs, pages + i * PAGE, PAGE);
		guest_map(m, &g, i * PAGE, abs, 0);
	}
	if (done("header", guest_ssc(m, &g, hdr, len), m))
		return 1;
	for (i = 0; i < nr; i++) {
		if (guest_unpack(m, &g, i * PAGE, prefix, i * PAGE) != SOFTUV_RC_EXECUTED)
			return done("unpack", m->res.rc, m);
	}
	return done("verify", uvc_handle(m, 0x0302, g.handle), m);
}

/* header_chip --key: its private host key; header_chip HEADER PAGES PREFIX: component at 0 */
int main(int argc, char **argv)
{
	static uint8_t hdr[8192], pages[MIB];
	size_t len, size;
	void *state;

	if (argc == 2)
		return fwrite(host_scalar, sizeof(host_scalar), 1, stdout) != 1;
	if (argc != 4)
		return 2;
	len = load(argv[1], hdr, sizeof(hdr));
	size = load(argv[2], pages, sizeof(pages));
	if (!len || !size || machine_setup(&state))
		return 2;
	return boot(state, hdr, (uint32_t)len, pages, size / PAGE, strtoull(argv[3], NULL, 0));
}
