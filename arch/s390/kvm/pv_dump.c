// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the dump of a protected guest: state, Ultravisor calls, the way of the data to user space.
 * Never touches user memory with a lock of its own held, never decides where a vCPU leaves SIE.
 *
 * Locks, outermost first:
 *
 *   kvm->lock		begins, ends and tears down a dump. Taken here, killable
 *			but for pv_dump_keep(); in teardown it is the caller's.
 *   vcpu->mutex	held by the caller of DUMP_CPU, never taken here.
 *   pv_dump.lock	the leaf: no mutex or rwsem is taken below it. For
 *			writing: INIT, COMPLETE and the destruction of the
 *			configuration, all under kvm->lock (or when nobody else
 *			has a reference to the VM). For reading:
 *			CONFIG_STOR_STATE and DUMP_CPU.
 *
 * kvm->lock nests outside vcpu->mutex, so DUMP_CPU cannot take kvm->lock; the
 * leaf lock is what keeps it and COMPLETE apart. It is never held for writing
 * while vcpu->mutex is waited for. [I9]
 *
 * CONFIG_STOR_STATE is the long one. It takes kvm->lock, then the leaf lock for
 * reading, drops kvm->lock, and lets at most one bounce buffer be filled before
 * it drops the leaf lock too. So kvm->lock is free while the Ultravisor works
 * and while data is copied; who tears the dump down holds kvm->lock and waits
 * for one buffer at most. The generation counter tells a dump from a later one.
 *
 * pv_dump.active is written with the leaf lock held for writing. KVM_RUN reads
 * it without a lock; INIT's kick after the write is what makes that safe, see
 * pv_dump_activate().
 *
 * The invariants I1 to I10 are named where the code upholds them:
 *  I1  active implies that the VM has a configuration handle
 *  I2  no vCPU is in SIE between a successful INIT and the end of the dump; what
 *	its thread still does for an intercept, imports included, is not covered
 *  I3  whoever zeroes the handle ends the dump before kvm->lock is dropped
 *  I4  no block bit in a vCPU's prog20 outlives the UVC that it is set for; a
 *	PROG_REQUEST may, and the vCPU's next pass consumes it
 *  I5  an error means that nothing changed, except the buffer of STOR_STATE
 *  I6  one successful COMPLETE per INIT; its data is delivered or kept
 *  I7  STOR_STATE delivers what it has got before it reports an error
 *  I8  rc and rrc are written if and only if a UVC was issued
 *  I9  the lock order above
 *  I10 -EINTR only for fatal signals, and without a change of state
 */
#include <linux/kvm.h>
#include <linux/kvm_host.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/futex.h>
#include <asm/uv.h>
#include "kvm-s390.h"
#include "pv_dump.h"
#include "pv_dump_seam.h"

/* One DUMP_CONF_STOR_STATE describes this much guest memory. */
#define PV_DUMP_BLOCK_SIZE	SZ_1M
/* What is fetched before it is copied out, and with that the time a lock is held. */
#define PV_DUMP_BOUNCE_SIZE	SZ_64K
#define PV_DUMP_BATCH_BLOCKS	256ULL
/* Bounds on what firmware may ask for; known machines want 4 KiB of each. */
#define PV_DUMP_MAX_STOR_LEN	PV_DUMP_BOUNCE_SIZE
#define PV_DUMP_MAX_AREA_LEN	SZ_1M

/* One KVM_PV_DUMP on the VM fd. */
struct pv_dump_req {
	struct kvm *kvm;
	struct kvm_pv_cmd *cmd;			/* rc and rrc go here */
	struct kvm_pv_cmd __user *ucmd;		/* where @cmd was read from */
	struct kvm_s390_pv_dmp dmp;
};

/*
 * Resolve write faults on a user buffer and leave its content alone, so that a
 * buffer which cannot be written is found before anything is changed. Or-ing 0
 * into a word of each page is atomic: unlike a read and write back it cannot
 * undo what another thread writes meanwhile. It also costs a fraction of
 * fixup_user_fault(), which walks the page tables for pages that are there.
 */
static int pv_dump_fault_in_writeable(void __user *buf, u64 len)
{
	unsigned long addr = ALIGN_DOWN((unsigned long)buf, sizeof(u32));
	unsigned long end = (unsigned long)buf + len;
	int old;

	if (end < (unsigned long)buf)
		return -EFAULT;
	might_fault();
	for (; addr < end; addr = (addr & PAGE_MASK) + PAGE_SIZE) {
		if (arch_futex_atomic_op_inuser(FUTEX_OP_OR, 0, &old, (u32 __user *)addr))
			return pv_dump_killed() ? -EINTR : -EFAULT;
	}
	return 0;
}

/*
 * An area that the Ultravisor stores into. It is zeroed when new, in case the
 * Ultravisor stores less: no other memory of the kernel gets out. What alignment
 * is needed is undocumented: it has always got pages. When the length of a
 * storage state block is odd, only the first in a bounce buffer gets that.
 */
static void *pv_dump_alloc_area(u64 len)
{
	return pv_dump_alloc(PAGE_ALIGN(len));
}

/*
 * Issue a UVC until it is through or a fatal signal is pending; the only place
 * that reports rc and rrc. [I8]
 *
 * Return:
 * * 0		- cc 0
 * * -EINVAL	- cc 1, the Ultravisor refused
 * * -EINTR	- still busy (cc 2 or 3), and the caller is being killed [I10]
 */
static __always_inline int pv_dump_call(struct uv_cb_header *uvcb, struct kvm_pv_cmd *cmd)
{
	int cc;

	do {
		cc = pv_dump_uvc(uvcb);
		/* The test alone is cheap; a large guest takes a million calls. */
		if (need_resched() || cc > 1)
			cond_resched();
	} while (cc > 1 && !pv_dump_killed());

	cmd->rc = uvcb->rc;
	cmd->rrc = uvcb->rrc;
	if (cc > 1)
		return -EINTR;
	return cc ? -EINVAL : 0;
}

/* kvm->lock, then the leaf lock for writing. [I9] Return: 0 or, being killed, -EINTR. [I10] */
static int pv_dump_lock(struct kvm *kvm)
{
	if (mutex_lock_killable(&kvm->lock))
		return -EINTR;
	if (down_write_killable(&kvm->arch.pv_dump.lock)) {
		mutex_unlock(&kvm->lock);
		return -EINTR;
	}
	return 0;
}

static void pv_dump_unlock(struct kvm *kvm)
{
	up_write(&kvm->arch.pv_dump.lock);
	mutex_unlock(&kvm->lock);
}

/* Between pv_dump_lock() and pv_dump_unlock(). [I9] */
static void pv_dump_assert_alone(struct kvm *kvm)
{
	lockdep_assert_held(&kvm->lock);
	lockdep_assert_held_write(&kvm->arch.pv_dump.lock);
}

/* Only gaddr of the dump request is ever written. */
static int pv_dump_put_gaddr(const struct pv_dump_req *req, u64 gaddr)
{
	struct kvm_s390_pv_dmp __user *udmp = u64_to_user_ptr(req->cmd->data);

	return pv_dump_copy_to(&udmp->gaddr, &gaddr, sizeof(gaddr)) ? -EFAULT : 0;
}

/*
 * What is written back to user space is written before the work too, with the
 * bytes just read: nothing changes, and a read-only mapping is found in time. [I5]
 */
static int pv_dump_probe_outputs(const struct pv_dump_req *req)
{
	if (pv_dump_copy_to(req->ucmd, req->cmd, sizeof(*req->cmd)) ||
	    pv_dump_put_gaddr(req, req->dmp.gaddr))
		return -EFAULT;
	return 0;
}

/* Never trust firmware with the size of our buffers. */
static bool pv_dump_lengths_valid(void)
{
	const struct uv_info *info = pv_dump_info();

	return info->conf_dump_storage_state_len &&
	       info->conf_dump_storage_state_len <= PV_DUMP_MAX_STOR_LEN &&
	       info->guest_cpu_stor_len &&
	       info->guest_cpu_stor_len <= PV_DUMP_MAX_AREA_LEN &&
	       info->conf_dump_finalize_len &&
	       info->conf_dump_finalize_len <= PV_DUMP_MAX_AREA_LEN;
}

/*
 * The bounce buffer stays with the VM from one CONFIG_STOR_STATE to the next:
 * for a small request, its allocation would cost more than everything else.
 * Who finds it in use, by another thread, gets one of its own. It is not zeroed
 * again: what it holds is storage state of this VM, which is encrypted.
 */
static void *pv_dump_get_bounce(struct kvm_s390_pv_dump *dump)
{
	return xchg(&dump->bounce, NULL) ?: pv_dump_alloc_area(PV_DUMP_BOUNCE_SIZE);
}

static void pv_dump_put_bounce(struct kvm_s390_pv_dump *dump, void *bounce)
{
	kvfree(xchg(&dump->bounce, bounce));
}

/* Drop completion data that nobody will ask for any more. */
static void pv_dump_discard(struct kvm_s390_pv_dump *dump)
{
	kvfree(dump->completion);
	WRITE_ONCE(dump->completion, NULL);
}

/* The dump is over. What a late CONFIG_STOR_STATE puts back goes with the next one, or the VM. */
static void pv_dump_deactivate(struct kvm_s390_pv_dump *dump)
{
	lockdep_assert_held_write(&dump->lock);
	WRITE_ONCE(dump->active, false);
	pv_dump_put_bounce(dump, NULL);
}

/*
 * The dump is open in the Ultravisor: let the vCPUs know.
 *
 * A vCPU clears PROG_REQUEST, then reads active, then sie64a sets PROG_IN_SIE
 * and reads prog20. If it has read false, PROG_REQUEST is set after that and
 * keeps it out of SIE for one more pass. The kick waits for PROG_IN_SIE to
 * drop. [I2] PROG_REQUEST is consumed by the vCPU's next pass. [I4]
 *
 * This covers SIE, not the Ultravisor calls of a vCPU's thread: having left SIE,
 * it may still be importing a page for the intercept it handles. It looks at
 * active before its next entry and holds vcpu->mutex until then, so that
 * DUMP_CPU, or the return of KVM_RUN, is the barrier for these.
 */
static void pv_dump_activate(struct kvm *kvm)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;
	struct kvm_vcpu *vcpu;
	int i;

	pv_dump_discard(dump);
	WRITE_ONCE(dump->generation, dump->generation + 1);
	WRITE_ONCE(dump->active, true);
	/* Pairs with the barrier after PROG_REQUEST is cleared. */
	smp_mb();
	kvm_for_each_vcpu(i, vcpu, kvm)
		pv_dump_kick(vcpu);
}

/* INIT with both locks held; every vCPU is blocked for the UVC, and only for it. [I4] */
static int pv_dump_start(struct kvm *kvm, struct kvm_pv_cmd *cmd)
{
	struct uv_cb_nodata uvcb = {
		.header.cmd = UVC_CMD_DUMP_INIT,
		.header.len = sizeof(uvcb),
		.handle = kvm_s390_pv_get_handle(kvm),
	};
	int r;

	pv_dump_assert_alone(kvm);
	kvm_s390_vcpu_block_all(kvm);
	r = pv_dump_call(&uvcb.header, cmd);
	KVM_UV_EVENT(kvm, 3, "PROTVIRT DUMP INIT: rc %x rrc %x", cmd->rc, cmd->rrc);
	if (!r)
		pv_dump_activate(kvm);
	kvm_s390_vcpu_unblock_all(kvm);
	return r;
}

static int pv_dump_init(struct pv_dump_req *req)
{
	struct kvm *kvm = req->kvm;
	int r;

	if (kvm_s390_pv_dump_active(kvm) || !pv_dump_lengths_valid())
		return -EINVAL;
	r = pv_dump_probe_outputs(req);
	if (r)
		return r;
	r = pv_dump_lock(kvm);
	if (r)
		return r;
	r = -EINVAL;
	if (kvm_s390_pv_is_protected(kvm) && !kvm_s390_pv_dump_active(kvm)) /* [I1] */
		r = pv_dump_start(kvm, req->cmd);
	pv_dump_unlock(kvm);
	return r;
}

/* A CONFIG_STOR_STATE request and how far it has got. */
struct pv_dump_stor {
	struct uv_cb_dump_stor_state uvcb;
	void *bounce;		/* room for @batch blocks */
	u8 __user *buf;		/* where the next block goes */
	u64 left;		/* blocks still to fetch */
	u64 len;		/* bytes per block */
	u64 batch;		/* blocks per bounce buffer */
	u64 generation;
};

/* The leaf lock for reading, while the dump is still the one @generation names. [I9] [I10] */
static int pv_dump_enter(struct kvm *kvm, u64 generation)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;
	int r;

	if (mutex_lock_killable(&kvm->lock))
		return -EINTR;
	r = down_read_killable(&dump->lock);
	mutex_unlock(&kvm->lock);
	if (r)
		return -EINTR;
	if (dump->active && dump->generation == generation)
		return 0;
	up_read(&dump->lock);
	return -EINVAL;
}

/* Fill the bounce buffer. Return: 0 or the error, and in @filled the good blocks. */
static int pv_dump_stor_fill(struct kvm *kvm, struct pv_dump_stor *stor,
			     struct kvm_pv_cmd *cmd, u64 *filled)
{
	u64 n, want = min(stor->left, stor->batch);
	int r;

	*filled = 0;
	r = pv_dump_enter(kvm, stor->generation);
	if (r)
		return r;
	stor->uvcb.config_handle = kvm_s390_pv_get_handle(kvm);
	stor->uvcb.dump_area_origin = (u64)stor->bounce;
	for (n = 0; n < want; n++) {
		r = pv_dump_killed() ? -EINTR : pv_dump_call(&stor->uvcb.header, cmd);
		if (r)
			break;
		stor->uvcb.dump_area_origin += stor->len;
		stor->uvcb.gaddr += PV_DUMP_BLOCK_SIZE;
	}
	up_read(&kvm->arch.pv_dump.lock);
	*filled = n;
	return r;
}

/* Fetch and deliver block after block; good ones go out before an error is reported. [I7] */
static int pv_dump_stor_loop(struct kvm *kvm, struct pv_dump_stor *stor,
			     struct kvm_pv_cmd *cmd)
{
	u64 filled;
	int r;

	do {
		r = pv_dump_stor_fill(kvm, stor, cmd, &filled);
		if (pv_dump_copy_to(stor->buf, stor->bounce, filled * stor->len))
			return -EFAULT;
		stor->buf += filled * stor->len;
		stor->left -= filled;
	} while (stor->left && !r);

	return r;
}

static int pv_dump_stor_state(struct pv_dump_req *req)
{
	const struct kvm_s390_pv_dmp *dmp = &req->dmp;
	struct kvm *kvm = req->kvm;
	struct pv_dump_stor stor = {
		.uvcb.header.cmd = UVC_CMD_DUMP_CONF_STOR_STATE,
		.uvcb.header.len = sizeof(stor.uvcb),
		.uvcb.gaddr = dmp->gaddr,
		.buf = u64_to_user_ptr(dmp->buff_addr),
		.len = pv_dump_info()->conf_dump_storage_state_len,
		.generation = READ_ONCE(kvm->arch.pv_dump.generation),
	};
	int r;

	if (!kvm_s390_pv_dump_active(kvm))
		return -EINVAL;
	if (dmp->gaddr % PV_DUMP_BLOCK_SIZE || !dmp->buff_len || dmp->buff_len % stor.len)
		return -EINVAL;
	r = pv_dump_probe_outputs(req);
	if (r)
		return r;

	stor.left = dmp->buff_len / stor.len;
	stor.batch = min3(stor.left, PV_DUMP_BOUNCE_SIZE / stor.len, PV_DUMP_BATCH_BLOCKS);
	stor.bounce = pv_dump_get_bounce(&kvm->arch.pv_dump);
	if (!stor.bounce)
		return -ENOMEM;

	r = pv_dump_stor_loop(kvm, &stor, req->cmd);
	/* There may be very many of them: those that work are for the curious. */
	KVM_UV_EVENT(kvm, r ? 3 : 4, "PROTVIRT DUMP STOR STATE: from %llx to %llx rc %x rrc %x",
		     dmp->gaddr, stor.uvcb.gaddr, req->cmd->rc, req->cmd->rrc);
	pv_dump_put_bounce(&kvm->arch.pv_dump, stor.bounce);
	return r ?: pv_dump_put_gaddr(req, stor.uvcb.gaddr);
}

/*
 * COMPLETE with both locks held: @area gets the completion data, from the
 * Ultravisor or from an earlier COMPLETE that could not deliver it. [I6]
 */
static int pv_dump_finish(struct kvm *kvm, struct kvm_pv_cmd *cmd, void **area)
{
	struct uv_cb_dump_complete uvcb = {
		.header.cmd = UVC_CMD_DUMP_COMPLETE,
		.header.len = sizeof(uvcb),
		.config_handle = kvm_s390_pv_get_handle(kvm),
		.dump_area_origin = (u64)*area,
	};
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;
	int r;

	pv_dump_assert_alone(kvm);
	if (dump->completion) {
		kvfree(*area);
		*area = dump->completion;
		WRITE_ONCE(dump->completion, NULL);
		return 0;
	}
	if (!dump->active)
		return -EINVAL;

	r = pv_dump_call(&uvcb.header, cmd);
	KVM_UV_EVENT(kvm, 3, "PROTVIRT DUMP COMPLETE: rc %x rrc %x", cmd->rc, cmd->rrc);
	if (!r)
		pv_dump_deactivate(dump);
	return r;
}

/*
 * The completion data could not be delivered: without it the whole dump is
 * worthless, so keep it, unless the dump it belongs to is gone. Takes over
 * @area. Locks unkillably, as it is the last thing that may be lost. [I6]
 */
static void pv_dump_keep(struct kvm *kvm, u64 generation, void *area)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;

	mutex_lock(&kvm->lock);
	down_write(&dump->lock);
	if (dump->generation == generation) {
		WRITE_ONCE(dump->completion, area);
		area = NULL;
	}
	pv_dump_unlock(kvm);
	kvfree(area);
}

static int pv_dump_complete(struct pv_dump_req *req)
{
	void __user *buf = u64_to_user_ptr(req->dmp.buff_addr);
	u64 len = pv_dump_info()->conf_dump_finalize_len;
	struct kvm *kvm = req->kvm;
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;
	u64 generation;
	void *area;
	int r;

	if (!kvm_s390_pv_dump_active(kvm) && !READ_ONCE(dump->completion))
		return -EINVAL;
	if (req->dmp.buff_len < len)
		return -EINVAL;
	r = pv_dump_probe_outputs(req) ?: pv_dump_probe_buffer(buf, len);
	if (r)
		return r;
	area = pv_dump_alloc_area(len);
	if (!area)
		return -ENOMEM;

	r = pv_dump_lock(kvm);
	if (!r) {
		r = pv_dump_finish(kvm, req->cmd, &area);
		generation = dump->generation;
		pv_dump_unlock(kvm);
	}
	if (!r && pv_dump_copy_to(buf, area, len)) {
		pv_dump_keep(kvm, generation, area);
		return -EFAULT;
	}
	kvfree(area);
	return r;
}

static int (*const pv_dump_fns[])(struct pv_dump_req *req) = {
	[KVM_PV_DUMP_INIT] = pv_dump_init,
	[KVM_PV_DUMP_CONFIG_STOR_STATE] = pv_dump_stor_state,
	[KVM_PV_DUMP_COMPLETE] = pv_dump_complete,
};

/**
 * kvm_s390_pv_dump - KVM_PV_DUMP on the VM: INIT, CONFIG_STOR_STATE, COMPLETE
 * @kvm: the VM
 * @cmd: the command as read from user space; rc and rrc are set when a UVC was
 *	 issued and left alone otherwise
 * @ucmd: where it came from, probed for writing
 *
 * Context: Sleeps. Takes kvm->lock, so the caller must not hold it.
 * Return:
 * * 0		- done
 * * -EINVAL	- not protected, wrong state or argument, or refused by the
 *		  Ultravisor: then rc and rrc are set
 * * -ENOTTY	- unknown subcommand
 * * -EFAULT	- the request or a buffer is not accessible
 * * -ENOMEM	- no memory, nothing changed
 * * -EINTR	- the caller is being killed
 */
int kvm_s390_pv_dump(struct kvm *kvm, struct kvm_pv_cmd *cmd,
		     struct kvm_pv_cmd __user *ucmd)
{
	struct pv_dump_req req = { .kvm = kvm, .cmd = cmd, .ucmd = ucmd };

	/* Racy on purpose: an early out. All decisions are made under the locks. */
	if (!READ_ONCE(kvm->arch.pv.handle))
		return -EINVAL;
	if (pv_dump_copy_from(&req.dmp, u64_to_user_ptr(cmd->data), sizeof(req.dmp)))
		return -EFAULT;
	if (req.dmp.subcmd >= ARRAY_SIZE(pv_dump_fns))
		return -ENOTTY;
	return pv_dump_fns[array_index_nospec(req.dmp.subcmd, ARRAY_SIZE(pv_dump_fns))](&req);
}

/* The UVC of DUMP_CPU; vcpu->mutex keeps the vCPU's handle stable. */
static int pv_dump_cpu_call(struct kvm_vcpu *vcpu, struct kvm_pv_cmd *cmd, void *area)
{
	struct uv_cb_dump_cpu uvcb = {
		.header.cmd = UVC_CMD_DUMP_CPU,
		.header.len = sizeof(uvcb),
		.cpu_handle = kvm_s390_pv_cpu_get_handle(vcpu),
		.dump_area_origin = (u64)area,
	};
	struct kvm_s390_pv_dump *dump = &vcpu->kvm->arch.pv_dump;
	int r;

	/* vcpu->mutex is held, so never kvm->lock. [I9] [I10] */
	if (down_read_killable(&dump->lock))
		return -EINTR;
	r = -EINVAL;
	if (dump->active && uvcb.cpu_handle) {
		r = pv_dump_call(&uvcb.header, cmd);
		/* The trace would be a third of the cost of a call that works. */
		VCPU_EVENT(vcpu, r ? 3 : 4, "PROTVIRT DUMP CPU: rc %x rrc %x",
			   cmd->rc, cmd->rrc);
	}
	up_read(&dump->lock);
	return r;
}

static int pv_dump_cpu(struct kvm_vcpu *vcpu, struct kvm_pv_cmd *cmd,
		       struct kvm_pv_cmd __user *ucmd)
{
	u64 len = pv_dump_info()->guest_cpu_stor_len;
	struct kvm_s390_pv_dmp dmp;
	void __user *buf;
	void *area;
	int r;

	if (!kvm_s390_pv_dump_active(vcpu->kvm))
		return -EINVAL;
	if (pv_dump_copy_from(&dmp, u64_to_user_ptr(cmd->data), sizeof(dmp)))
		return -EFAULT;
	if (dmp.subcmd != KVM_PV_DUMP_CPU || dmp.buff_len != len)
		return -EINVAL;
	buf = u64_to_user_ptr(dmp.buff_addr);
	if (pv_dump_copy_to(&ucmd->rc, &cmd->rc, sizeof(cmd->rc) + sizeof(cmd->rrc)))
		return -EFAULT;
	/* Whether the Ultravisor dumps a CPU a second time is not documented. */
	r = pv_dump_probe_buffer(buf, len);
	if (r)
		return r;
	area = pv_dump_alloc_area(len);
	if (!area)
		return -ENOMEM;

	r = pv_dump_cpu_call(vcpu, cmd, area);
	if (!r && pv_dump_copy_to(buf, area, len))
		r = -EFAULT;
	kvfree(area);
	return r;
}

/**
 * kvm_s390_pv_dump_vcpu_command - KVM_S390_PV_CPU_COMMAND: dump one vCPU
 * @vcpu: the vCPU
 * @ucmd: the command in user space; its rc and rrc are written back
 *
 * Context: vcpu->mutex held. Sleeps.
 * Return:
 * * 0		- done
 * * -EINVAL	- not a host for protected guests, flags set, unknown command,
 *		  no dump going on, wrong length, or refused by the Ultravisor:
 *		  then rc and rrc are set
 * * -EFAULT	- the command, the request or the buffer is not accessible
 * * -ENOMEM	- no memory, nothing changed
 * * -EINTR	- the caller is being killed
 */
int kvm_s390_pv_dump_vcpu_command(struct kvm_vcpu *vcpu,
				  struct kvm_pv_cmd __user *ucmd)
{
	struct kvm_pv_cmd cmd;
	int r;

	if (!is_prot_virt_host())
		return -EINVAL;
	if (pv_dump_copy_from(&cmd, ucmd, sizeof(cmd)))
		return -EFAULT;
	if (cmd.flags || cmd.cmd != KVM_PV_DUMP)
		return -EINVAL;

	r = pv_dump_cpu(vcpu, &cmd, ucmd);
	if (pv_dump_copy_to(&ucmd->rc, &cmd.rc, sizeof(cmd.rc) + sizeof(cmd.rrc)))
		r = -EFAULT;
	return r;
}

/**
 * kvm_s390_pv_dump_init_vm - prepare the dump state of a new VM
 * @kvm: the VM
 *
 * Context: VM creation, nobody else knows @kvm.
 */
void kvm_s390_pv_dump_init_vm(struct kvm *kvm)
{
	init_rwsem(&kvm->arch.pv_dump.lock);
}

/**
 * kvm_s390_pv_dump_destroy_vm - drop what a VM still holds of a dump
 * @kvm: the VM
 *
 * Context: VM destruction, after its configuration is gone or given up for
 *          lost; nobody else has a reference to @kvm.
 */
void kvm_s390_pv_dump_destroy_vm(struct kvm *kvm)
{
	pv_dump_put_bounce(&kvm->arch.pv_dump, NULL);
	pv_dump_discard(&kvm->arch.pv_dump);
}

/**
 * kvm_s390_pv_dump_teardown_begin - keep dump UVCs out while a configuration goes
 * @kvm: the VM
 *
 * The Ultravisor may give the handle of a destroyed configuration to the next
 * one, so no dump UVC may be under way with the old one.
 *
 * Context: kvm->lock held, or nobody else has a reference to @kvm. Sleeps.
 *          Takes the leaf lock for writing;
 *          kvm_s390_pv_dump_teardown_end() releases it.
 */
void kvm_s390_pv_dump_teardown_begin(struct kvm *kvm)
{
	down_write(&kvm->arch.pv_dump.lock);
}

/**
 * kvm_s390_pv_dump_teardown_end - end the dump of a configuration that is gone
 * @kvm: the VM
 * @destroyed: the Ultravisor has destroyed the configuration; otherwise it
 *	       still exists and so does its dump
 *
 * To be called before the handle is cleared. [I1] [I3]
 *
 * Context: as kvm_s390_pv_dump_teardown_begin(); releases the leaf lock.
 */
void kvm_s390_pv_dump_teardown_end(struct kvm *kvm, bool destroyed)
{
	struct kvm_s390_pv_dump *dump = &kvm->arch.pv_dump;

	lockdep_assert_held_write(&dump->lock);
	if (destroyed) {
		pv_dump_deactivate(dump);
		WRITE_ONCE(dump->generation, dump->generation + 1);
		pv_dump_discard(dump);
	}
	up_write(&dump->lock);
}

#ifdef CONFIG_KVM_S390_PV_DUMP_KUNIT_TEST
#include "pv_dump_test.c"
#endif
