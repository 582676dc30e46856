// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fuzz target for SE headers: raw bytes, spoilt headers, odd ones that are sealed well.
 */
#include <stdlib.h>

#include "../../src/call.h"
#include "../../src/uv.h"
#include "../guest_crypto.h"
#include "fuzz.h"

static struct host_key keys[2];
static uint8_t good[640];

static void start(void)
{
	struct header_opts o;

	if (keys[0].present)
		return;
	if (!suv_host_key_set(&keys[0], host_scalar) || !suv_host_key_set(&keys[1], backup_scalar))
		abort();
	header_defaults(&o);
	header_make(&o, good);
}

static void sealed(struct input *in)
{
	static uint8_t raw[8192];
	struct header_opts o;
	struct sehdr hdr;
	uint16_t rrc = 0, rc;
	uint32_t len;

	header_defaults(&o);
	o.pcf = take(in, 8);
	o.scf = take(in, 8);
	o.nep = take(in, 8);
	o.slots = 1 + take8(in) % 3;
	o.own_slot = take8(in) % 4;
	o.backup = take8(in) & 1;
	len = header_make(&o, raw);
	rc = suv_sehdr_open(keys, raw, len, &hdr, &rrc);
	if (!rc && (hdr.pcf != o.pcf || hdr.nep != o.nep || hdr.scf != o.scf ||
		    memcmp(hdr.cck, o.cck, 32)))
		abort();
	if (rc && !(o.pcf & ~PCF_SUPPORTED) && !(o.scf & ~0x6000000000000000ull) &&
	    o.own_slot < o.slots && !o.backup)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t mode = take8(&in) & 3, raw[640];
	struct sehdr hdr;
	uint16_t rrc;

	start();
	if (mode == 0) {
		if (in.left <= SE_HDR_MAX &&
		    !suv_sehdr_open(keys, in.p, (uint32_t)in.left, &hdr, &rrc) &&
		    (in.left != sizeof(good) || memcmp(in.p, good, sizeof(good))))
			abort();
	} else if (mode == 1) {
		sealed(&in);
	} else {
		memcpy(raw, good, sizeof(raw));
		while (in.left >= 3) {
			uint64_t off = take(&in, 2) % sizeof(raw);

			raw[off] ^= take8(&in);
		}
		if (!suv_sehdr_open(keys, raw, sizeof(raw), &hdr, &rrc) &&
		    memcmp(raw, good, sizeof(raw)))
			abort();
	}
	return 0;
}
