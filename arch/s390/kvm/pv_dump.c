// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of protected virtual machines (KVM_PV_DUMP).
 */
#include <linux/freezer.h>
#include <linux/kvm.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/uv.h>
#include "kvm-s390.h"
#include "pv_dump.h"

/**
 * DOC: dumps of protected virtual machines
 *
 * Locks, outermost first:
 *
 * kvm->lock
 *	held for the Ultravisor calls (UVCs) of INIT, CONFIG_STOR_STATE and
 *	COMPLETE, hence none of them overlaps another PV command of the VM or the
 *	creation of a secure CPU. CONFIG_STOR_STATE drops it after each bounce
 *	buffer, because a large guest takes a million UVCs.
 * vcpu->mutex
 *	held by the caller of CPU.
 * kvm->arch.pv_dump.lock
 *	held for every UVC of a dump, hence no two of them overlap. CPU, which
 *	cannot take kvm->lock below vcpu->mutex, depends on it. No other mutex is
 *	taken inside it.
 *
 * No lock is held across an access to user memory, and only teardown waits for
 * one uninterruptibly. pv_dump.active is written with both kvm->lock and
 * pv_dump.lock held. KVM_RUN reads it without a lock, see pv_dump_activate().
 *
 * - During a dump the VM has a configuration handle, and no vCPU is in SIE. A
 *   vCPU thread may still be handling the last intercept, which can import a
 *   page. It is done when KVM_RUN or CPU returns.
 * - No bit that blocks a vCPU outlives INIT.
 * - An error means that nothing changed, except for the buffer of
 *   CONFIG_STOR_STATE, which gets all blocks that precede the error.
 * - COMPLETE and CPU do not fail after their UVC succeeded.
 * - rc and rrc are written if and only if a UVC was issued. CONFIG_STOR_STATE
 *   restores them if another thread has ended its dump.
 * - -EINTR is returned for fatal signals only.
 */

/* One DUMP_CONF_STOR_STATE describes this much guest memory. */
#define PV_DUMP_BLOCK_SIZE	SZ_1M
/* Bounds the memory for CONFIG_STOR_STATE and the time that it holds the locks. */
#define PV_DUMP_BOUNCE_SIZE	SZ_64K

struct pv_dump_req {
	struct kvm *kvm;
	struct kvm_pv_cmd *cmd;
	struct kvm_s390_pv_dmp dmp;
	u64 generation;		/* of the dump that is in progress at the beginning */
};

/*
 * A user buffer for data that the Ultravisor hands out only once. Its pages are
 * pinned for writing before the UVC, hence storing the data cannot fail.
 */
struct pv_dump_out {
	void *area;		/* the Ultravisor stores here */
	u64 addr, len;		/* the buffer in user space */
	int nr_pages;
	struct page **pages, *few[2];	/* the areas of known machines need no array */
};

/*
 * Memory for the Ultravisor to store into, zeroed in case it stores less than it
 * announced. Which alignment it needs is undocumented; page alignment works.
 */
static void *pv_dump_alloc(u64 len)
{
	return kvzalloc(PAGE_ALIGN(len), GFP_KERNEL_ACCOUNT);
}

static void pv_dump_out_free(struct pv_dump_out *out)
{
	kvfree(out->area);
	if (out->pages != out->few)
		kvfree(out->pages);
}

static int pv_dump_out_prepare(struct pv_dump_out *out, u64 addr, u64 len)
{
	int pinned;

	out->addr = addr;
	out->len = len;
	out->nr_pages = DIV_ROUND_UP(offset_in_page(addr) + len, PAGE_SIZE);
	out->pages = out->few;
	if (out->nr_pages > ARRAY_SIZE(out->few))
		out->pages = kvmalloc_array(out->nr_pages, sizeof(*out->pages), GFP_KERNEL_ACCOUNT);
	out->area = pv_dump_alloc(len);
	if (!out->pages || !out->area) {
		pv_dump_out_free(out);
		return -ENOMEM;
	}

	pinned = pin_user_pages_fast(addr, out->nr_pages, FOLL_WRITE, out->pages);
	if (pinned == out->nr_pages)
		return 0;
	if (pinned > 0)
		unpin_user_pages(out->pages, pinned);
	pv_dump_out_free(out);
	return fatal_signal_pending(current) ? -EINTR : -EFAULT;
}

static void pv_dump_out_finish(struct pv_dump_out *out, bool store)
{
	u64 off = offset_in_page(out->addr), done = 0, n;
	int i;

	for (i = 0; store && i < out->nr_pages; i++, off = 0, done += n) {
		n = min(out->len - done, PAGE_SIZE - off);
		memcpy(page_address(out->pages[i]) + off, out->area + done, n);
	}
	unpin_user_pages_dirty_lock(out->pages, out->nr_pages, store);
	pv_dump_out_free(out);
}

/*
 * Issue a UVC, retrying while it is busy (cc 2 or 3), until a fatal signal is pending.
 * Return: 0, -EINVAL if the Ultravisor refused, or -EINTR
 */
static __always_inline int pv_dump_uvc(struct uv_cb_header *uvcb, struct kvm_pv_cmd *cmd)
{
	int cc;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		cc = __uv_call(0, (u64)uvcb);
		cmd->rc = uvcb->rc;
		cmd->rrc = uvcb->rrc;
		cond_resched();
	} while (cc > 1);

	return cc ? -EINVAL : 0;
}

static int pv_dump_lock(struct kvm *kvm)
{
	if (mutex_lock_killable(&kvm->lock))
		return -EINTR;
	if (mutex_lock_killable(&kvm->arch.pv_dump.lock)) {
		mutex_unlock(&kvm->lock);
		return -EINTR;
	}
	return 0;
}

static void pv_dump_unlock(struct kvm *kvm)
{
	mutex_unlock(&kvm->arch.pv_dump.lock);
	mutex_unlock(&kvm->lock);
}

/* Take the locks if the dump that @req began with is still in progress. */
static int pv_dump_lock_active(const struct pv_dump_req *req)
{
	struct kvm_s390_pv_dump *dump = &req->kvm->arch.pv_dump;
	int r = pv_dump_lock(req->kvm);

	if (r)
		return r;
	if (dump->active && dump->generation == req->generation)
		return 0;
	pv_dump_unlock(req->kvm);
	return -EINVAL;
}

/*
 * The dump is open in the Ultravisor: let the vCPUs leave KVM_RUN.
 *
 * A vCPU looks at active when it finds the request, and looks for requests after
 * it cleared PROG_REQUEST and before it enters SIE. The request is made after
 * active is set, and waits for a vCPU that is in SIE to leave.
 */
static void pv_dump_activate(struct kvm *kvm)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;
	struct kvm_vcpu *vcpu;
	int i;

	WRITE_ONCE(dump->generation, dump->generation + 1);
	WRITE_ONCE(dump->active, true);
	kvm_for_each_vcpu(i, vcpu, kvm) {
		kvm_s390_sync_request(KVM_REQ_PV_DUMP, vcpu);
		kvm_s390_vcpu_wakeup(vcpu);
	}
}

static int pv_dump_init(struct pv_dump_req *req)
{
	struct uv_cb_nodata uvcb = {
		.header.cmd = UVC_CMD_DUMP_INIT,
		.header.len = sizeof(uvcb),
	};
	struct kvm *kvm = req->kvm;
	int r = pv_dump_lock(kvm);

	if (r)
		return r;
	r = -EINVAL;
	if (!kvm_s390_pv_is_protected(kvm) || kvm->arch.pv_dump.active)
		goto out;

	uvcb.handle = kvm_s390_pv_get_handle(kvm);
	kvm_s390_vcpu_block_all(kvm);
	r = pv_dump_uvc(&uvcb.header, req->cmd);
	KVM_UV_EVENT(kvm, 3, "PROTVIRT DUMP INIT: rc %x rrc %x", req->cmd->rc, req->cmd->rrc);
	if (!r)
		pv_dump_activate(kvm);
	kvm_s390_vcpu_unblock_all(kvm);
out:
	pv_dump_unlock(kvm);
	return r;
}

/* Fetch block after block until the area reaches @end. */
static int pv_dump_fetch(struct pv_dump_req *req, struct uv_cb_dump_stor_state *uvcb, u64 end)
{
	int r;

	uvcb->config_handle = kvm_s390_pv_get_handle(req->kvm);
	while (uvcb->dump_area_origin < end) {
		r = pv_dump_uvc(&uvcb->header, req->cmd);
		if (r)
			return r;
		uvcb->dump_area_origin += uv_info.conf_dump_storage_state_len;
		uvcb->gaddr += PV_DUMP_BLOCK_SIZE;
	}
	return 0;
}

/* Copy out completed blocks before returning an error. */
static int pv_dump_stor_loop(struct pv_dump_req *req, struct uv_cb_dump_stor_state *uvcb,
			     void *bounce, u64 size)
{
	u8 __user *buf = u64_to_user_ptr(req->dmp.buff_addr);
	u64 left = req->dmp.buff_len, done;
	struct kvm_pv_cmd old = *req->cmd;
	int r;

	do {
		r = pv_dump_lock_active(req);
		if (r == -EINVAL)
			*req->cmd = old;
		if (r)
			return r;
		uvcb->dump_area_origin = (u64)bounce;
		r = pv_dump_fetch(req, uvcb, (u64)bounce + min(left, size));
		pv_dump_unlock(req->kvm);

		done = uvcb->dump_area_origin - (u64)bounce;
		if (copy_to_user(buf, bounce, done))
			return -EFAULT;
		buf += done;
		left -= done;
		try_to_freeze();
	} while (left && !r);

	return r;
}

static int pv_dump_stor_state(struct pv_dump_req *req)
{
	struct uv_cb_dump_stor_state uvcb = {
		.header.cmd = UVC_CMD_DUMP_CONF_STOR_STATE,
		.header.len = sizeof(uvcb),
		.gaddr = req->dmp.gaddr,
	};
	u64 size = rounddown(min_t(u64, req->dmp.buff_len, PV_DUMP_BOUNCE_SIZE),
			     uv_info.conf_dump_storage_state_len);
	void *bounce = pv_dump_alloc(size);
	int r;

	if (!bounce)
		return -ENOMEM;
	r = pv_dump_stor_loop(req, &uvcb, bounce, size);
	/* Successful requests are frequent. */
	KVM_UV_EVENT(req->kvm, r ? 3 : 4, "PROTVIRT DUMP STOR STATE: %llx to %llx rc %x rrc %x",
		     req->dmp.gaddr, uvcb.gaddr, req->cmd->rc, req->cmd->rrc);
	kvfree(bounce);
	if (!r)
		req->dmp.gaddr = uvcb.gaddr;
	return r;
}

static int pv_dump_complete(struct pv_dump_req *req)
{
	struct uv_cb_dump_complete uvcb = {
		.header.cmd = UVC_CMD_DUMP_COMPLETE,
		.header.len = sizeof(uvcb),
	};
	struct kvm *kvm = req->kvm;
	struct pv_dump_out out;
	int r;

	r = pv_dump_out_prepare(&out, req->dmp.buff_addr, uv_info.conf_dump_finalize_len);
	if (r)
		return r;
	r = pv_dump_lock_active(req);
	if (!r) {
		uvcb.config_handle = kvm_s390_pv_get_handle(kvm);
		uvcb.dump_area_origin = (u64)out.area;
		r = pv_dump_uvc(&uvcb.header, req->cmd);
		KVM_UV_EVENT(kvm, 3, "PROTVIRT DUMP COMPLETE: rc %x rrc %x",
			     req->cmd->rc, req->cmd->rrc);
		if (!r)
			WRITE_ONCE(kvm->arch.pv_dump.active, false);
		pv_dump_unlock(kvm);
	}
	pv_dump_out_finish(&out, !r);
	return r;
}

/* Do not let firmware choose any size for an allocation. */
static bool pv_dump_len_valid(u64 len, u64 max)
{
	return len && len <= max;
}

/* What can be refused early; the state is looked at again with the locks held. */
static int pv_dump_check(const struct pv_dump_req *req)
{
	const struct kvm_s390_pv_dmp *dmp = &req->dmp;
	bool active = kvm_s390_pv_dump_active(req->kvm), valid;

	switch (dmp->subcmd) {
	case KVM_PV_DUMP_INIT:
		valid = !active &&
			pv_dump_len_valid(uv_info.conf_dump_storage_state_len, SZ_64K) &&
			pv_dump_len_valid(uv_info.guest_cpu_stor_len, SZ_1M) &&
			pv_dump_len_valid(uv_info.conf_dump_finalize_len, SZ_1M);
		break;
	case KVM_PV_DUMP_CONFIG_STOR_STATE:
		valid = active && IS_ALIGNED(dmp->gaddr, PV_DUMP_BLOCK_SIZE) &&
			dmp->buff_len && !(dmp->buff_len % uv_info.conf_dump_storage_state_len);
		break;
	case KVM_PV_DUMP_COMPLETE:
		valid = active && dmp->buff_len >= uv_info.conf_dump_finalize_len;
		break;
	default:
		return -ENOTTY;
	}
	return valid ? 0 : -EINVAL;
}

/**
 * kvm_s390_pv_dump - KVM_PV_DUMP on the VM: INIT, CONFIG_STOR_STATE, COMPLETE
 * @kvm: the VM
 * @cmd: the command; its rc and rrc are set if a UVC was issued
 *
 * Context: Sleeps. Takes kvm->lock.
 * Return:
 * * 0		- done
 * * -EINVAL	- not protected, wrong state or argument, or refused by the Ultravisor
 * * -ENOTTY	- unknown subcommand
 * * -EFAULT	- the request or a buffer is not accessible
 * * -ENOMEM	- no memory, nothing changed
 * * -EINTR	- the caller is being killed
 */
int kvm_s390_pv_dump(struct kvm *kvm, struct kvm_pv_cmd *cmd)
{
	struct kvm_s390_pv_dmp __user *udmp = u64_to_user_ptr(cmd->data);
	struct pv_dump_req req = {
		.kvm = kvm,
		.cmd = cmd,
		.generation = READ_ONCE(kvm->arch.pv_dump.generation),
	};
	int r;

	if (!READ_ONCE(kvm->arch.pv.handle))
		return -EINVAL;
	if (copy_from_user(&req.dmp, udmp, sizeof(req.dmp)))
		return -EFAULT;
	r = pv_dump_check(&req);
	if (r)
		return r;
	/* Only gaddr is ever written. Find a read-only mapping before anything changes. */
	if (put_user(req.dmp.gaddr, &udmp->gaddr))
		return -EFAULT;

	switch (req.dmp.subcmd) {
	case KVM_PV_DUMP_INIT:
		return pv_dump_init(&req);
	case KVM_PV_DUMP_CONFIG_STOR_STATE:
		return pv_dump_stor_state(&req) ?: put_user(req.dmp.gaddr, &udmp->gaddr);
	default:
		return pv_dump_complete(&req);
	}
}

/* vcpu->mutex keeps the handle of the secure CPU stable. */
static int pv_dump_cpu_uvc(struct kvm_vcpu *vcpu, struct kvm_pv_cmd *cmd, void *area)
{
	struct uv_cb_dump_cpu uvcb = {
		.header.cmd = UVC_CMD_DUMP_CPU,
		.header.len = sizeof(uvcb),
		.cpu_handle = kvm_s390_pv_cpu_get_handle(vcpu),
		.dump_area_origin = (u64)area,
	};
	struct kvm_s390_pv_dump *dump = &vcpu->kvm->arch.pv_dump;
	int r = -EINVAL;

	if (mutex_lock_killable(&dump->lock))
		return -EINTR;
	if (dump->active && !dump->teardown && uvcb.cpu_handle) {
		r = pv_dump_uvc(&uvcb.header, cmd);
		/* The trace would be a quarter of the cost of a call that works. */
		VCPU_EVENT(vcpu, r ? 3 : 4, "PROTVIRT DUMP CPU: rc %x rrc %x", cmd->rc, cmd->rrc);
	}
	mutex_unlock(&dump->lock);
	return r;
}

/**
 * kvm_s390_pv_dump_cpu - KVM_PV_DUMP on the vCPU: CPU
 * @vcpu: the vCPU
 * @cmd: the command; its rc and rrc are set if a UVC was issued
 *
 * Context: vcpu->mutex held. Sleeps.
 * Return: as kvm_s390_pv_dump(), but a wrong subcommand is -EINVAL
 */
int kvm_s390_pv_dump_cpu(struct kvm_vcpu *vcpu, struct kvm_pv_cmd *cmd)
{
	struct kvm_s390_pv_dmp dmp;
	struct pv_dump_out out;
	int r;

	if (!kvm_s390_pv_dump_active(vcpu->kvm))
		return -EINVAL;
	if (copy_from_user(&dmp, u64_to_user_ptr(cmd->data), sizeof(dmp)))
		return -EFAULT;
	if (dmp.subcmd != KVM_PV_DUMP_CPU || dmp.buff_len != uv_info.guest_cpu_stor_len)
		return -EINVAL;

	r = pv_dump_out_prepare(&out, dmp.buff_addr, dmp.buff_len);
	if (r)
		return r;
	r = pv_dump_cpu_uvc(vcpu, cmd, out.area);
	pv_dump_out_finish(&out, !r);
	return r;
}

/**
 * kvm_s390_pv_dump_teardown_begin - keep CPU out while a configuration is destroyed
 * @kvm: the VM
 *
 * The dump stays active, so that no vCPU enters SIE before it is destroyed.
 *
 * Context: kvm->lock held, which keeps the other subcommands out. Sleeps.
 */
void kvm_s390_pv_dump_teardown_begin(struct kvm *kvm)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;

	lockdep_assert_held(&kvm->lock);
	mutex_lock(&dump->lock);
	dump->teardown = true;
	mutex_unlock(&dump->lock);
}

/**
 * kvm_s390_pv_dump_teardown_end - end the dump of a configuration that is gone
 * @kvm: the VM
 *
 * If the Ultravisor refused to destroy it, then its dump still exists, too.
 *
 * Context: as kvm_s390_pv_dump_teardown_begin()
 */
void kvm_s390_pv_dump_teardown_end(struct kvm *kvm)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;

	mutex_lock(&dump->lock);
	dump->teardown = false;
	if (!kvm_s390_pv_is_protected(kvm))
		WRITE_ONCE(dump->active, false);
	mutex_unlock(&dump->lock);
}
