// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of the test equipment: attached to a chip, reset with its host, taken off.
 */
#include "internal.h"

/**
 * softuv_equip_new() - attach test equipment to an Ultravisor
 * @uv: an Ultravisor without any
 *
 * Context: serialised with softuv_call().
 * Return: the equipment for softuv_equip_free(), before softuv_free(); NULL without memory or when
 * @uv has a probe already.
 */
struct softuv_equip *softuv_equip_new(struct softuv *uv)
{
	const struct softuv_probe probe = {
		.size = sizeof(probe), .filter = eq_filter, .done = eq_record,
	};
	struct softuv_equip *eq = calloc(1, sizeof(*eq));

	if (!eq)
		return NULL;
	eq->uv = uv;
	if (!softuv_attach(uv, &probe, eq)) {
		free(eq);
		return NULL;
	}
	return eq;
}

/**
 * softuv_equip_free() - take the equipment off
 * @eq: from softuv_equip_new(), or NULL
 *
 * Context: serialised with softuv_call().
 */
void softuv_equip_free(struct softuv_equip *eq)
{
	if (!eq)
		return;
	softuv_attach(eq->uv, NULL, NULL);
	eq_rules_clear(eq);
	free(eq);
}

/**
 * softuv_equip_reset() - the host was reset
 * @eq: the equipment
 *
 * Statistics start at 0. Rules stay, because they belong to the machine.
 *
 * Context: serialised with softuv_call().
 */
void softuv_equip_reset(struct softuv_equip *eq)
{
	memset(eq->stats, 0, sizeof(eq->stats));
	memset(&eq->unknown, 0, sizeof(eq->unknown));
	eq->nr_stats = 0;
	eq->uvcs = 0;
}
