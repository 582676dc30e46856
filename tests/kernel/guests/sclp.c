// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a Linux guest asks of SCLP: its size, its CPUs, and the VT220 console.
 * Formats: Linux drivers/s390/char/sclp.h.
 */
#include "vmm.h"

#include <string.h>
#include <unistd.h>

#define READ_SCP_INFO		0x00020001u
#define READ_SCP_INFO_FORCED	0x00120001u
#define READ_CPU_INFO		0x00010001u
#define WRITE_EVENT_DATA	0x00760005u
#define READ_EVENT_DATA		0x00770005u
#define WRITE_EVENT_MASK	0x00780005u

#define RC_READ			0x0010
#define RC_DONE			0x0020
#define RC_INVALID_COMMAND	0x01f0
#define RC_INVALID_FUNCTION	0x40f0
#define RC_NO_EVENT		0x60f0

#define HAS_CPU_INFO		0x0800000000000000ul
#define EVENT_VT220		0x1a
#define EVENT_VT220_MASK	0x40u
#define EVENT_ACCEPTED		0x80

static void put16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void cpu_entries(const struct vmm *vmm, uint8_t *nr, uint8_t *entries, uint16_t offset)
{
	unsigned int i;

	put16(nr, vmm->nr);
	put16(nr + 2, offset);
	for (i = 0; i < vmm->nr; i++)
		entries[16 * i] = i;
}

static uint16_t read_scp_info(const struct vmm *vmm, uint8_t *b)
{
	memset(b + 8, 0, 128 - 8 + 16 * MAX_VCPUS);
	put16(b + 8, MEM_SIZE >> 20);
	b[10] = 1;			/* MiB in an increment */
	cpu_entries(vmm, b + 16, b + 128, 128);
	put64(b + 48, HAS_CPU_INFO);
	return RC_READ;
}

static uint16_t read_cpu_info(const struct vmm *vmm, uint8_t *b)
{
	memset(b + 8, 0, 8 + 16 * MAX_VCPUS);
	cpu_entries(vmm, b + 8, b + 16, 16);
	put16(b + 14, 16);		/* of the standby ones, which are none */
	return RC_READ;
}

/* Receive and send masks of the guest, then those of SCLP, all of one length. */
static uint16_t event_mask(uint8_t *b, uint16_t room)
{
	uint16_t len = get16(b + 10);

	if (len < 4 || 12 + 4u * len > room)
		return RC_INVALID_FUNCTION;
	memset(b + 12 + 2 * len, 0, 2 * len);
	b[12 + 2 * len + 3] = EVENT_VT220_MASK;
	return RC_DONE;
}

static uint16_t write_event(uint8_t *b, uint16_t room)
{
	uint16_t len = get16(b + 8);

	if (b[10] != EVENT_VT220 || len < 6 || 8 + len > room)
		return RC_INVALID_FUNCTION;
	if (write(STDOUT_FILENO, b + 14, len - 6) < 0)
		return RC_INVALID_FUNCTION;
	b[11] |= EVENT_ACCEPTED;
	return RC_DONE;
}

int sclp_call(struct vmm *vmm, uint32_t command, uint64_t sccb)
{
	uint8_t *b = vmm->mem + sccb;
	uint16_t len, rc;

	if ((sccb & 7) || sccb > MEM_SIZE - 4096)
		return 3;
	len = get16(b);
	if (len < 16 || len > 4096)
		return 3;
	switch (command) {
	case READ_SCP_INFO:
	case READ_SCP_INFO_FORCED:
		rc = len < 128 + 16 * MAX_VCPUS ? 0x0300 : read_scp_info(vmm, b);
		break;
	case READ_CPU_INFO:
		rc = len < 16 + 16 * MAX_VCPUS ? 0x0300 : read_cpu_info(vmm, b);
		break;
	case WRITE_EVENT_MASK:
		rc = event_mask(b, len);
		break;
	case WRITE_EVENT_DATA:
		rc = write_event(b, len);
		break;
	case READ_EVENT_DATA:
		rc = RC_NO_EVENT;
		break;
	default:
		rc = RC_INVALID_COMMAND;
	}
	put16(b + 6, rc);
	return 0;
}
