// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Secure configurations: creation with donations and keys, destruction, start of a reset.
 */
#include "call.h"
#include "uv.h"

#define ASCE_ORIGIN	0xfffffffffffff000ull
#define ASCE_PRIVATE	0x100ull
#define ASCE_REAL_SPACE	0x20ull
#define ASCE_LENGTH	0x3ull

struct create {
	uint64_t base, virt, origin, len, sca, asce;
};

static void parse(const uint8_t *cb, struct create *in)
{
	in->base = get64(cb + 0x20);
	in->virt = get64(cb + 0x28);
	in->origin = get64(cb + 0x38);
	in->len = get64(cb + 0x40);
	in->sca = get64(cb + 0x48);
	in->asce = get64(cb + 0x50);
}

/* The space must be private, and the host must have access to its whole top-level table. */
static uint16_t check_asce(struct softuv *uv, uint64_t asce)
{
	uint64_t table = asce & ASCE_ORIGIN;

	if (!(asce & ASCE_PRIVATE) || (asce & ASCE_REAL_SPACE) ||
	    !suv_is_plain(uv, table, ((asce & ASCE_LENGTH) + 1) * PAGE_SIZE))
		return SOFTUV_RC_CREATE_CONF_ASCE;
	if (atomic_load_explicit(&uv->state[table >> PAGE_SHIFT], memory_order_relaxed) & PS_ASCE)
		return SOFTUV_RC_CREATE_CONF_ASCE_USED;
	return 0;
}

/* Does [@abs, @abs + @len) overlap something that the configuration refers to by address? */
static bool holds_own(uint64_t abs, uint64_t len, uint64_t sca, uint64_t asce)
{
	uint64_t table = asce & ASCE_ORIGIN, table_len = ((asce & ASCE_LENGTH) + 1) * PAGE_SIZE;

	return sca - abs < len || (table < abs + len && abs < table + table_len);
}

/* The argument checks of CREATE_SEC_CONF, in their documented order. */
static uint16_t check_create(struct softuv *uv, void *host_cpu, const struct create *in)
{
	uint16_t rc;

	if (in->origin >= MAX_GUEST_ADDR)
		return SOFTUV_RC_CREATE_CONF_ORIGIN;
	if (in->len > MAX_GUEST_ADDR - in->origin)
		return SOFTUV_RC_CREATE_CONF_LIMIT;
	if (!in->len || in->len % MIB || in->origin % MIB)
		return SOFTUV_RC_CREATE_CONF_LENGTH;
	rc = check_asce(uv, in->asce);
	if (rc)
		return rc;
	if (!suv_is_storage(uv, in->base, CONF_BASE_LEN))
		return SOFTUV_RC_CREATE_CONF_BASE;
	if (suv_in_lowcore(uv, host_cpu, in->base, CONF_BASE_LEN))
		return SOFTUV_RC_CREATE_CONF_BASE_LOWCORE;
	if (in->base % PAGE_SIZE)
		return SOFTUV_RC_CREATE_CONF_BASE_ALIGN;
	if (!in->sca)
		return SOFTUV_RC_CREATE_CONF_SCA_NONE;
	if (!suv_is_plain(uv, in->sca, 8))
		return SOFTUV_RC_CREATE_CONF_SCA;
	if (in->virt % PAGE_SIZE)
		return SOFTUV_RC_CREATE_CONF_VIRT;
	if (uv->nr_confs >= uv->max_conf)
		return SOFTUV_RC_CREATE_CONF_MAX;
	return 0;
}

static uint64_t virt_pages(const struct softuv *uv, uint64_t len)
{
	return (CONF_VIRT_LEN + uv->lens.virt * (len / MIB) + PAGE_SIZE - 1) / PAGE_SIZE;
}

static void return_virt(struct softuv *uv, struct conf *conf)
{
	for (uint64_t i = 0; i < conf->virt_pages; i++)
		suv_give_back(uv, (uint64_t)conf->virt_hfn[i] << PAGE_SHIFT, PAGE_SIZE);
	free(conf->virt_hfn);
	conf->virt_hfn = NULL;
	conf->virt_pages = 0;
}

/* Add the page at @va to the virtual donation. */
static uint16_t take_virt_page(struct softuv *uv, struct conf *conf, void *host_cpu, uint64_t va)
{
	uint64_t abs;

	if (uv->ops.translate(uv->opaque, host_cpu, SOFTUV_SPACE_HOME, va, true, &abs))
		return SOFTUV_RC_CREATE_CONF_VIRT;
	if (suv_in_lowcore(uv, host_cpu, abs, PAGE_SIZE))
		return SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE;
	if (holds_own(abs, PAGE_SIZE, conf->sca, conf->asce) ||
	    !suv_donate(uv, host_cpu, abs, PAGE_SIZE))
		return SOFTUV_RC_CREATE_CONF_VIRT;
	conf->virt_hfn[conf->virt_pages++] = (uint32_t)(abs >> PAGE_SHIFT);
	return 0;
}

/* Take the virtual donation page by page; if one is refused, give all of them back. */
static uint16_t take_virt(struct softuv *uv, struct conf *conf, void *host_cpu, uint64_t va)
{
	uint64_t nr = virt_pages(uv, conf->stor_len);

	/* The pages must all differ, so there cannot be more of them than storage has. */
	if (nr > uv->mem_size >> PAGE_SHIFT)
		return SOFTUV_RC_CREATE_CONF_VIRT;
	conf->virt_hfn = malloc(nr * sizeof(*conf->virt_hfn));
	if (!conf->virt_hfn)
		return SOFTUV_RC_RESOURCES;
	for (uint64_t i = 0; i < nr; i++) {
		uint16_t rc = take_virt_page(uv, conf, host_cpu, va + i * PAGE_SIZE);

		if (rc) {
			return_virt(uv, conf);
			return rc;
		}
	}
	return 0;
}

static uint16_t take_donations(struct softuv *uv, struct conf *conf, void *host_cpu,
			       const struct create *in)
{
	uint16_t rc;

	if (holds_own(in->base, CONF_BASE_LEN, in->sca, in->asce) ||
	    !suv_donate(uv, host_cpu, in->base, CONF_BASE_LEN))
		return SOFTUV_RC_CREATE_CONF_BASE;
	rc = take_virt(uv, conf, host_cpu, in->virt);
	if (rc)
		suv_give_back(uv, in->base, CONF_BASE_LEN);
	return rc;
}

/*
 * Keys of a configuration. The tweak nonce has random bits only in its first 4 bytes, where
 * every tweak component is 0, because a reader combines the two with OR.
 */
static bool make_keys(struct softuv *uv, struct conf *conf)
{
	uint8_t mac_key[SE_KEY_SIZE];

	if (uv->ops.random(uv->opaque, conf->mem_key, sizeof(conf->mem_key)) ||
	    uv->ops.random(uv->opaque, mac_key, sizeof(mac_key)) ||
	    uv->ops.random(uv->opaque, conf->nonce, 4))
		return false;
	suv_xts_encrypt_key(&conf->enc, conf->mem_key);
	suv_xts_decrypt_key(&conf->dec, conf->mem_key);
	gcm_aes256_set_key(&conf->mac, mac_key);
	suv_wipe(mac_key, sizeof(mac_key));
	return true;
}

static void mark_asce(struct softuv *uv, uint64_t asce, bool used)
{
	_Atomic uint8_t *st = &uv->state[(asce & ASCE_ORIGIN) >> PAGE_SHIFT];

	if (used)
		atomic_fetch_or_explicit(st, PS_ASCE, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(st, (uint8_t)~PS_ASCE, memory_order_relaxed);
}

static void enlist(struct softuv *uv, struct conf *conf)
{
	conf->id = uv->next_conf_id++;
	conf->next = uv->confs;
	conf->pprev = &uv->confs;
	if (conf->next)
		conf->next->pprev = &conf->next;
	uv->confs = conf;
	uv->nr_confs++;
	mark_asce(uv, conf->asce, true);
}

uint16_t suv_uvc_create_conf(struct softuv *uv, struct uvc *c)
{
	struct conf *conf;
	struct create in;
	uint16_t rc;

	parse(c->cb, &in);
	rc = check_create(uv, c->host_cpu, &in);
	if (rc)
		return rc;
	conf = calloc(1, sizeof(*conf));
	if (!conf)
		return SOFTUV_RC_RESOURCES;
	conf->state = CS_CREATED;
	conf->asce = in.asce;
	conf->stor_origin = in.origin;
	conf->stor_len = in.len;
	conf->sca = in.sca;
	conf->base = in.base;
	rc = SOFTUV_RC_RESOURCES;
	if (!make_keys(uv, conf))
		goto out_free;
	conf->handle = suv_handle_new(uv, OBJ_CONF, conf);
	if (!conf->handle)
		goto out_free;
	conf->slot = suv_handle_slot(uv, conf->handle);
	rc = take_donations(uv, conf, c->host_cpu, &in);
	if (rc)
		goto out_handle;
	enlist(uv, conf);
	put64(c->cb + 0x18, conf->handle);
	c->out_off = 0x18;
	c->out_len = 8;
	return SOFTUV_RC_EXECUTED;

out_handle:
	suv_handle_drop(uv, conf->handle);
out_free:
	suv_wipe(conf, sizeof(*conf));
	free(conf);
	return rc;
}

/* Gives the donations of a configuration and of its CPUs back to the host. */
void suv_conf_return(struct softuv *uv, struct conf *conf)
{
	return_virt(uv, conf);
	suv_give_back(uv, conf->base, CONF_BASE_LEN);
	for (unsigned int i = 0; i < ARRAY_SIZE(conf->cpu); i++) {
		if (conf->cpu[i])
			suv_give_back(uv, conf->cpu[i]->stor, CPU_STOR_LEN);
	}
}

/* Forgets a configuration and its CPUs without touching storage. */
void suv_conf_free(struct softuv *uv, struct conf *conf)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(conf->cpu); i++) {
		if (conf->cpu[i])
			suv_cpu_free(uv, conf->cpu[i]);
	}
	mark_asce(uv, conf->asce, false);
	suv_pages_drop(uv, conf);
	suv_handle_drop(uv, conf->handle);
	*conf->pprev = conf->next;
	if (conf->next)
		conf->next->pprev = conf->pprev;
	uv->nr_confs--;
	free(conf->virt_hfn);
	suv_wipe(conf, sizeof(*conf));
	free(conf);
}

static uint16_t destroy(struct softuv *uv, struct conf *conf)
{
	if (conf->nr_cpus)
		return SOFTUV_RC_DESTROY_CONF_CPUS;
	suv_conf_return(uv, conf);
	suv_conf_free(uv, conf);
	return SOFTUV_RC_EXECUTED;
}

/* DESTROY_SEC_CONF: every page of the guest is the host's at once, secure ones cleared. */
uint16_t suv_uvc_destroy_conf(struct softuv *uv, struct uvc *c)
{
	if (!c->conf->nr_cpus)
		suv_each_page(uv, c->conf, suv_release);
	return destroy(uv, c->conf);
}

/*
 * DESTROY_SEC_CONF_FAST: shared pages become the host's. Secure ones stay secure without an owner
 * until the host exports or destroys each of them (see page.c).
 */
uint16_t suv_uvc_destroy_conf_fast(struct softuv *uv, struct uvc *c)
{
	if (!c->conf->nr_cpus)
		suv_unshare_all(uv, c->conf);
	return destroy(uv, c->conf);
}

/* True when no CPU of the configuration is operating or in SIE. */
static bool all_stopped(const struct conf *conf)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(conf->cpu); i++) {
		const struct vcpu *cpu = conf->cpu[i];

		if (cpu && (cpu->state == CPU_OPERATING || cpu->in_sie))
			return false;
	}
	return true;
}

/* PREPARE_RESET: from here to the next load of a CPU no CPU of the configuration may run. */
uint16_t suv_uvc_prepare_reset(struct softuv *uv, struct uvc *c)
{
	(void)uv;
	if (!all_stopped(c->conf))
		return SOFTUV_RC_CPUS_RUNNING;
	c->conf->state = CS_RESET;
	c->conf->loaded = false;
	c->conf->from_lowcore = true;
	return SOFTUV_RC_EXECUTED;
}

uint16_t suv_uvc_unshare_all(struct softuv *uv, struct uvc *c)
{
	if (!all_stopped(c->conf))
		return SOFTUV_RC_CPUS_RUNNING;
	suv_unshare_all(uv, c->conf);
	return SOFTUV_RC_EXECUTED;
}
