// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of an instance: creation, reset of the host, release.
 */
#include <errno.h>

#include "call.h"
#include "uv.h"

#define DEFAULT_BASE_STOR	0x200000ull
#define DEFAULT_VIRT_VAR	4096ull
#define DEFAULT_MAX_CONF	4096
#define MAX_MAX_CONF		0x7fffffu
#define MAX_STORAGE		(1ull << 44)	/* frames of donations have 32 bits */

static bool valid_config(const struct softuv_config *cfg)
{
	return cfg->host_key && cfg->mem_size && cfg->mem_size % PAGE_SIZE == 0 &&
	       cfg->mem_size <= MAX_STORAGE && cfg->base_stor_len % PAGE_SIZE == 0 &&
	       cfg->virt_var_len <= MIB && cfg->max_conf <= MAX_MAX_CONF;
}

static bool valid_ops(const struct softuv_ops *ops)
{
	return ops->translate && ops->read && ops->write && ops->random;
}

/* Takes a caller's structure, which may be an older and shorter or a newer and longer one. */
static bool take(void *to, size_t size, const void *from)
{
	size_t given = 0;

	memset(to, 0, size);
	if (!from)
		return false;
	memcpy(&given, from, sizeof(given));
	if (given < sizeof(given))
		return false;
	memcpy(to, from, given < size ? given : size);
	return true;
}

static void default_lens(struct softuv *uv)
{
	uv->lens.state = DUMP_STATE_LEN;
	uv->lens.final = DUMP_FINAL_LEN;
	uv->lens.cpu = CPU_STOR_LEN;
	uv->lens.virt = uv->virt_var_len;
	uv->lens.query = QUI_LEN;
	suv_list_calls(uv);
}

static void take_config(struct softuv *uv, const struct softuv_config *cfg)
{
	uv->mem_size = cfg->mem_size;
	uv->base_stor_len = cfg->base_stor_len ? cfg->base_stor_len : DEFAULT_BASE_STOR;
	uv->virt_var_len = cfg->virt_var_len ? cfg->virt_var_len : DEFAULT_VIRT_VAR;
	uv->max_conf = cfg->max_conf ? cfg->max_conf : DEFAULT_MAX_CONF;
	uv->no_guest = cfg->no_guest;
	uv->state_count[PS_PLAIN] = uv->mem_size >> PAGE_SHIFT;
}

/**
 * softuv_version() - version of the interface that the library was built with
 *
 * A caller compares it with SOFTUV_VERSION. Structures with a size grow at their end without a
 * new version.
 *
 * Context: any.
 * Return: SOFTUV_VERSION of the library.
 */
unsigned int softuv_version(void)
{
	return SOFTUV_VERSION;
}

/**
 * softuv_new() - make an Ultravisor for one machine
 * @cfg: the machine's decisions; copied
 * @ops: the seam to the machine; copied. optional ops may be NULL
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
	struct softuv_config config;
	struct softuv_ops seam;
	struct softuv *uv;

	if (!take(&config, sizeof(config), cfg) || !take(&seam, sizeof(seam), ops) ||
	    !valid_config(&config) || !valid_ops(&seam)) {
		errno = EINVAL;
		return NULL;
	}
	uv = calloc(1, sizeof(*uv));
	if (!uv)
		return NULL;
	uv->ops = seam;
	uv->opaque = opaque;
	take_config(uv, &config);
	default_lens(uv);
	suv_dump_untouched(uv->untouched);
	uv->state = calloc(uv->mem_size >> PAGE_SHIFT, sizeof(*uv->state));
	if (!uv->state) {
		softuv_free(uv);
		errno = ENOMEM;
		return NULL;
	}
	if (!suv_host_key_set(&uv->key[0], config.host_key) ||
	    (config.backup_key && !suv_host_key_set(&uv->key[1], config.backup_key))) {
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
	for (unsigned int i = 0; i < ARRAY_SIZE(uv->key); i++)
		suv_wipe(&uv->key[i], sizeof(uv->key[i]));
	free((void *)uv->state);
	free(uv);
}

static void reclaim(struct softuv *uv, uint64_t hfn)
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
static void reclaim_all(struct softuv *uv)
{
	const uint64_t *nr = uv->state_count;

	for (uint64_t hfn = 0; nr[PS_SECURE] + nr[PS_SHARED] + nr[PS_PINNED]; hfn++)
		reclaim(uv, hfn);
}

/**
 * softuv_reset() - load-normal or power-on reset of the host
 * @uv: the Ultravisor
 *
 * Configurations and donations are gone and the Ultravisor is not initialised; storage that was
 * donated or secure is cleared, so that nothing of a guest survives.
 *
 * Context: serialised with softuv_call().
 */
void softuv_reset(struct softuv *uv)
{
	for (struct conf *conf = uv->confs; conf; conf = conf->next)
		suv_conf_return(uv, conf);
	reclaim_all(uv);
	if (uv->initialised)
		suv_give_back(uv, uv->base_origin, uv->base_stor_len);
	drop_all(uv);
	uv->initialised = false;
	uv->next_conf_id = 0;
	uv->dump_entries = 0;
}

/**
 * softuv_attach() - let test equipment take part in calls
 * @uv: the Ultravisor
 * @probe: copied; NULL takes it off
 * @opaque: first argument of its functions
 *
 * Context: serialised with softuv_call().
 * Return: false, and nothing changed, when there is one already or its size is none.
 */
bool softuv_attach(struct softuv *uv, const struct softuv_probe *probe, void *opaque)
{
	struct softuv_probe new = { 0 };

	if (probe && (uv->probe.size || !take(&new, sizeof(new), probe)))
		return false;
	uv->probe = new;
	uv->probe_opaque = opaque;
	return true;
}

/**
 * softuv_get_lens() - what QUI reports now
 * @uv: the Ultravisor
 * @lens: receives it
 *
 * Context: serialised with softuv_call().
 */
void softuv_get_lens(const struct softuv *uv, struct softuv_lens *lens)
{
	*lens = uv->lens;
}

/**
 * softuv_set_lens() - let QUI report other lengths, or its own block be shorter
 * @uv: the Ultravisor
 * @lens: bytes; NULL for the usual ones. query is a multiple of 8 from SOFTUV_QUERY_MIN to
 *	SOFTUV_QUERY_MAX; without room for the lengths of a dump there are no dump calls
 *
 * Context: serialised with softuv_call().
 * Return: false, and nothing changed, when query is none of these or virt is above 1 MiB.
 */
bool softuv_set_lens(struct softuv *uv, const struct softuv_lens *lens)
{
	if (!lens) {
		default_lens(uv);
		return true;
	}
	if (lens->query < SOFTUV_QUERY_MIN || lens->query > SOFTUV_QUERY_MAX || lens->query % 8 ||
	    lens->virt > MIB)
		return false;
	uv->lens = *lens;
	suv_list_calls(uv);
	return true;
}
