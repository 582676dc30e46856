// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the life of a softuv instance: creation, reset of the host, release.
 * Never executes a call.
 */
#include <errno.h>

#include "internal.h"

#define DEFAULT_BASE_STOR	0x200000ull
#define DEFAULT_VIRT_VAR	64
#define DEFAULT_MAX_CONF	4096
#define MAX_MAX_CONF		0x7fffffu
#define MAX_STORAGE		(1ull << 44)	/* frames of donations have 32 bits */

static bool valid_config(const struct softuv_config *cfg, const struct softuv_ops *ops)
{
	return cfg && ops && cfg->host_key && cfg->mem_size && cfg->mem_size % PAGE_SIZE == 0 &&
	       cfg->mem_size <= MAX_STORAGE && cfg->base_stor_len % PAGE_SIZE == 0 &&
	       cfg->virt_var_len <= 1u << BLOCK_SHIFT && cfg->max_conf <= MAX_MAX_CONF &&
	       ops->translate && ops->read && ops->write && ops->random;
}

static void take_config(struct softuv *uv, const struct softuv_config *cfg)
{
	uv->mem_size = cfg->mem_size;
	uv->base_stor_len = cfg->base_stor_len ? cfg->base_stor_len : DEFAULT_BASE_STOR;
	uv->virt_var_len = cfg->virt_var_len ? cfg->virt_var_len : DEFAULT_VIRT_VAR;
	uv->max_conf = cfg->max_conf ? cfg->max_conf : DEFAULT_MAX_CONF;
	uv->state_count[PS_PLAIN] = uv->mem_size >> PAGE_SHIFT;
}

/**
 * softuv_new() - make an Ultravisor for one machine
 * @cfg: the machine's decisions; copied
 * @ops: the seam to the machine; copied. restrict_access and others_running may be NULL
 * @opaque: first argument of every op
 *
 * Context: any.
 * Return: the instance for softuv_free(), or NULL with errno
 *   EINVAL: a size is out of range, an op is missing, or a key is not a P-521 scalar
 *   ENOMEM: no memory
 */
struct softuv *softuv_new(const struct softuv_config *cfg, const struct softuv_ops *ops,
			  void *opaque)
{
	struct softuv *uv;

	if (!valid_config(cfg, ops)) {
		errno = EINVAL;
		return NULL;
	}
	uv = calloc(1, sizeof(*uv));
	if (!uv)
		return NULL;
	uv->ops = *ops;
	uv->opaque = opaque;
	take_config(uv, cfg);
	suv_default_lens(uv);
	suv_dump_untouched(uv->untouched);
	uv->state = calloc(uv->mem_size >> PAGE_SHIFT, sizeof(*uv->state));
	uv->stats = calloc(suv_table_len + 1, sizeof(*uv->stats));
	if (!uv->state || !uv->stats) {
		softuv_free(uv);
		errno = ENOMEM;
		return NULL;
	}
	if (!suv_host_key_set(&uv->key[0], cfg->host_key) ||
	    (cfg->backup_key && !suv_host_key_set(&uv->key[1], cfg->backup_key))) {
		softuv_free(uv);
		errno = EINVAL;
		return NULL;
	}
	return uv;
}

static void drop_all(struct softuv *uv)
{
	while (uv->confs)
		suv_conf_free(uv, uv->confs);
	suv_handles_free(uv);
	suv_pages_free(uv);
}

/**
 * softuv_free() - release an instance
 * @uv: from softuv_new(), or NULL
 *
 * Storage is not touched: the machine goes away with it.
 *
 * Context: no other call on @uv is under way.
 */
void softuv_free(struct softuv *uv)
{
	if (!uv)
		return;
	drop_all(uv);
	suv_rules_clear(uv);
	for (unsigned int i = 0; i < ARRAY_SIZE(uv->key); i++)
		suv_wipe(&uv->key[i], sizeof(uv->key[i]));
	free((void *)uv->state);
	free(uv->stats);
	free(uv);
}

static void take_back(struct softuv *uv, uint64_t hfn)
{
	switch (suv_state(uv, hfn)) {
	case PS_SECURE:
		suv_give_back(uv, hfn << PAGE_SHIFT, PAGE_SIZE);
		break;
	case PS_SHARED:
	case PS_PINNED:
		suv_set_state(uv, hfn, PS_PLAIN);
		break;
	default:
		break;
	}
}

/* Guest pages, also those of dead configurations, which only the host pages tell of. */
static void take_back_pages(struct softuv *uv)
{
	const uint64_t *nr = uv->state_count;

	for (uint64_t hfn = 0; nr[PS_SECURE] + nr[PS_SHARED] + nr[PS_PINNED]; hfn++)
		take_back(uv, hfn);
}

/**
 * softuv_reset() - load-normal or power-on reset of the host
 * @uv: the Ultravisor
 *
 * Configurations and donations are gone and the Ultravisor is not initialised; storage that was
 * donated or secure is cleared, so that nothing of a guest survives. Fault rules stay, because
 * they belong to the machine; statistics start at 0.
 *
 * Context: serialised with softuv_call().
 */
void softuv_reset(struct softuv *uv)
{
	for (struct conf *conf = uv->confs; conf; conf = conf->next)
		suv_conf_return(uv, conf);
	take_back_pages(uv);
	if (uv->initialised)
		suv_give_back(uv, uv->base_origin, uv->base_stor_len);
	drop_all(uv);
	memset(uv->stats, 0, (suv_table_len + 1) * sizeof(*uv->stats));
	uv->initialised = false;
	uv->next_conf_id = 0;
	uv->uvcs = 0;
}
