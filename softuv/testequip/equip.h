/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public interface of the test equipment beside the chip: rules, text commands, statistics.
 */
#ifndef SOFTUV_EQUIP_H
#define SOFTUV_EQUIP_H

#include "softuv.h"

struct softuv_equip;

struct softuv_equip *softuv_equip_new(struct softuv *uv);
void softuv_equip_free(struct softuv_equip *eq);
void softuv_equip_reset(struct softuv_equip *eq);
int softuv_command(struct softuv_equip *eq, const char *line, char *reply, size_t reply_len);
const char *softuv_rc_name(uint16_t cmd, uint16_t rc);

#endif /* SOFTUV_EQUIP_H */
