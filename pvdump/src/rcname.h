/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the return codes of Ultravisor calls that pvdump can meet.
 */
#ifndef RCNAME_H
#define RCNAME_H

#include <stdint.h>
#include <stdbool.h>

/**
 * rc_name() - name of a return code
 * @uvc: UVC command, for example 0x0302 (VERIFY_IMG); 0 when it is not known
 * @rc: return code of the Ultravisor
 * @rrc: its return reason code
 * @soft: the machine is the software Ultravisor (its own choices have names too)
 *
 * Sources: Linux arch/s390/include/asm/uv.h; s390-tools rust/pvimg/boot/stage3a.c; kvm-unit-tests
 * s390x/uv-host.c.
 * Return: a name, never NULL.
 */
const char *rc_name(uint16_t uvc, uint16_t rc, uint16_t rrc, bool soft);

#endif /* RCNAME_H */
