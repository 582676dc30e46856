// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for the return codes of Ultravisor calls that pvdump can meet.
 */
#include "rcname.h"

#include "common.h"

#define UVC_CREATE_CPU	0x0120
#define UVC_SSC		0x0300
#define UVC_VERIFY	0x0302
#define UVC_DUMP_INIT	0x0400
#define ANY		0xffff

/* uvc 0: every command; rrc ANY: every reason. First match counts. */
static const struct {
	uint16_t uvc, rc, rrc;
	bool soft_only;
	const char *name;
} names[] = {
	{ 0, 0x0000, ANY, false, "no Ultravisor call was made" },
	{ 0, 0x0001, ANY, false, "executed" },
	{ 0, 0x0002, ANY, false, "invalid command" },
	{ 0, 0x0003, ANY, false, "invalid state" },
	{ 0, 0x0005, ANY, false, "invalid length" },
	{ 0, 0x0020, ANY, false, "invalid configuration handle" },
	{ 0, 0x0021, ANY, false, "invalid CPU handle" },
	{ 0, 0x0030, ANY, false, "home space is a real space" },
	{ 0, 0x0031, ANY, false, "translation exception on an operand" },
	{ 0, 0x0032, ANY, false, "operand translates to an invalid address" },
	{ UVC_CREATE_CPU, 0x0103, ANY, false, "CPU number too high" },
	{ UVC_SSC, 0x0103, ANY, false, "SE header not accessible" },
	{ UVC_SSC, 0x0104, ANY, false, "SE header version not supported" },
	{ UVC_SSC, 0x0106, ANY, false, "plaintext control flag not supported" },
	{ UVC_SSC, 0x0108, 0x0005, false, "image is not for this host: no key slot fits" },
	{ UVC_SSC, 0x0108, 0x000b, false, "customer public key invalid" },
	{ UVC_SSC, 0x0108, 0x0034, false, "backup host key hash mismatch" },
	{ UVC_SSC, 0x0108, ANY, false, "host key or header authentication" },
	{ UVC_SSC, 0x0109, ANY, false, "secret control flag not supported" },
	{ UVC_SSC, 0x010a, 0x0031, false, "SE header length mismatch" },
	{ UVC_SSC, 0x010a, 0x0039, false, "SE header: encrypted size invalid" },
	{ UVC_SSC, 0x010a, 0x0040, false, "SE header: no key slot" },
	{ UVC_SSC, 0x010a, ANY, false, "SE header invalid" },
	{ UVC_VERIFY, 0x0102, 0x001a, false, "address list digest mismatch" },
	{ UVC_VERIFY, 0x0102, 0x001b, false,
	"page list digest mismatch: component data was changed" },
	{ UVC_VERIFY, 0x0102, 0x001c, false, "tweak list digest mismatch" },
	{ UVC_VERIFY, 0x0102, 0x001d, false, "number of pages mismatch" },
	{ UVC_VERIFY, 0x0102, ANY, false, "image verification failed" },
	{ UVC_DUMP_INIT, 0x5330, ANY, true, "dump not allowed by the SE header" },
};

const char *rc_name(uint16_t uvc, uint16_t rc, uint16_t rrc, bool soft)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].uvc && names[i].uvc != uvc)
			continue;
		if (names[i].rc != rc || (names[i].soft_only && !soft))
			continue;
		if (names[i].rrc == ANY || names[i].rrc == rrc)
			return names[i].name;
	}
	return "no public name";
}
