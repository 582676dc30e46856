/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the world of the dump engine's unit test: firmware, user memory, signals, one VM.
 * Never asserts what a test is about; it fails a test only for what no caller may ever do.
 *
 * Part of pv_dump_test.c, for no other file.
 */
#ifndef ARCH_S390_KVM_PV_DUMP_FAKE_H
#define ARCH_S390_KVM_PV_DUMP_FAKE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/vmalloc.h>

#define FAKE_HANDLE	0x1122334455667788ULL
#define FAKE_CPU_HANDLE	0x99aabbccddeeff00ULL
#define FAKE_CALLS	512
#define FAKE_BUF_SIZE	SZ_1M
#define FAKE_UNTOUCHED	0xa5

/* KUnit of this base compares equal types only. */
#define FAKE_EXPECT_EQ(test, left, right) KUNIT_EXPECT_EQ(test, (s64)(left), (s64)(right))

/* A UVC as the firmware saw it. */
struct fake_call {
	u16 cmd;
	u16 len;
	u64 handle;
	u64 origin;
	u64 gaddr;
};

struct fake {
	struct kunit *test;
	struct kvm *kvm;
	struct kvm_vcpu *vcpu;
	struct uv_info info;

	/* What user space owns. */
	struct kvm_pv_cmd cmd;
	struct kvm_s390_pv_dmp dmp;
	u8 *buf;

	/* What happened. */
	struct fake_call calls[FAKE_CALLS];
	unsigned int nr_calls;
	unsigned int nr_kicks;
	unsigned int nr_allocs;
	unsigned int nr_flushes;	/* copies to buf */
	u64 flushed;			/* bytes copied to buf */

	/* What is to happen; counts start at 0, -1 is never. */
	int refuse_call;		/* this UVC answers cc 1 with rc, rrc */
	u16 rc, rrc;
	int busy_cc;			/* the next busy UVCs answer this cc */
	unsigned int busy;
	int kill_at_call;		/* a fatal signal is pending after this UVC */
	bool killed;
	int fail_alloc;			/* no memory for this one */
	int fail_flush;			/* this copy to buf faults */
	bool buf_readonly, cmd_readonly, dmp_readonly, cmd_unreadable, dmp_unreadable;
	bool gaddr_once;		/* dmp turns read-only after the first write */
	bool lock_taken;		/* by fake_holder, not by the engine */
	void (*at_flush)(struct fake *fake);
	void (*at_probe)(struct fake *fake);	/* when the command is written */
};

/* Tests run one after the other. */
static struct fake *fake;

/* Blocks differ from each other, and from what is not written. */
static u8 fake_pattern(u16 cmd, u64 gaddr, u64 i)
{
	return cmd + (gaddr >> 20) * 7 + i * 3 + 1;
}

static void fake_store(const struct fake_call *call, u64 len)
{
	u64 i;

	for (i = 0; i < len; i++)
		((u8 *)call->origin)[i] = fake_pattern(call->cmd, call->gaddr, i);
}

static int fake_answer(struct uv_cb_header *uvcb, int cc, u16 rc, u16 rrc)
{
	uvcb->rc = rc;
	uvcb->rrc = rrc;
	return cc;
}

/* The fields behind the handle share their offsets in all dump UVCBs. */
static struct fake_call fake_decode(void *uvcb)
{
	struct uv_cb_header *header = uvcb;
	struct fake_call call = { .cmd = header->cmd, .len = header->len };

	call.handle = ((struct uv_cb_nodata *)uvcb)->handle;
	if (call.cmd != UVC_CMD_DUMP_INIT)
		call.origin = ((struct uv_cb_dump_complete *)uvcb)->dump_area_origin;
	if (call.cmd == UVC_CMD_DUMP_CONF_STOR_STATE)
		call.gaddr = ((struct uv_cb_dump_stor_state *)uvcb)->gaddr;
	return call;
}

static bool fake_blocked(const struct kvm_vcpu *vcpu)
{
	return atomic_read(&vcpu->arch.sie_block->prog20) & PROG_BLOCK_SIE;
}

static bool fake_leaf_held_for_writing(void)
{
	if (!down_read_trylock(&fake->kvm->arch.pv_dump.lock))
		return true;
	up_read(&fake->kvm->arch.pv_dump.lock);
	return false;
}

/*
 * INIT and COMPLETE are alone, and INIT finds no vCPU in SIE. The others hold the leaf lock
 * for reading: the long request must not keep anybody from the VM, and DUMP_CPU, below
 * vcpu->mutex, must not take kvm->lock. [I2] [I9]
 */
static void fake_expect_locks(u16 cmd)
{
	bool alone = cmd == UVC_CMD_DUMP_INIT || cmd == UVC_CMD_DUMP_COMPLETE;
	struct kvm_vcpu *vcpu;
	int i;

	KUNIT_EXPECT_TRUE(fake->test, (bool)rwsem_is_locked(&fake->kvm->arch.pv_dump.lock));
	FAKE_EXPECT_EQ(fake->test, fake_leaf_held_for_writing(), alone);
	FAKE_EXPECT_EQ(fake->test, (bool)mutex_is_locked(&fake->kvm->lock), alone);
	kvm_for_each_vcpu(i, vcpu, fake->kvm)
		FAKE_EXPECT_EQ(fake->test, fake_blocked(vcpu), cmd == UVC_CMD_DUMP_INIT);
}

/* Firmware: one attempt of a UVC. */
static int fake_uvc(void *uvcb)
{
	struct fake_call call = fake_decode(uvcb);
	unsigned int nr = fake->nr_calls;

	if (nr >= FAKE_CALLS) {
		KUNIT_FAIL(fake->test, "more than %d UVCs", FAKE_CALLS);
		fake->killed = true;
		return fake_answer(uvcb, 1, UVC_RC_INV_STATE, 0);
	}
	fake->calls[fake->nr_calls++] = call;
	fake_expect_locks(call.cmd);
	if (nr == fake->kill_at_call)
		fake->killed = true;
	if (fake->busy) {
		fake->busy--;
		return fake_answer(uvcb, fake->busy_cc, 0x4242, 0x1717);
	}
	if (nr == fake->refuse_call)
		return fake_answer(uvcb, 1, fake->rc, fake->rrc);

	switch (call.cmd) {
	case UVC_CMD_DUMP_CONF_STOR_STATE:
		fake_store(&call, fake->info.conf_dump_storage_state_len);
		break;
	case UVC_CMD_DUMP_CPU:
		fake_store(&call, fake->info.guest_cpu_stor_len);
		break;
	case UVC_CMD_DUMP_COMPLETE:
		fake_store(&call, fake->info.conf_dump_finalize_len);
		break;
	}
	return fake_answer(uvcb, 0, UVC_RC_EXECUTED, 0);
}

static bool fake_within(const void *p, u64 len, const void *area, u64 size)
{
	return p >= area && (const u8 *)p + len <= (const u8 *)area + size;
}

static unsigned long fake_copy_from(void *to, const void __user *from, unsigned long len)
{
	const void *src = (__force const void *)from;

	if (fake_within(src, len, &fake->cmd, sizeof(fake->cmd)) ? fake->cmd_unreadable :
	    fake_within(src, len, &fake->dmp, sizeof(fake->dmp)) ? fake->dmp_unreadable : true)
		return len;
	memcpy(to, src, len);
	return 0;
}

/* No user access with a lock of the engine held: it may wait for user space for ever. */
static void fake_expect_unlocked(void)
{
	if (fake->lock_taken)
		return;
	KUNIT_EXPECT_FALSE(fake->test, (bool)mutex_is_locked(&fake->kvm->lock));
	KUNIT_EXPECT_FALSE(fake->test, (bool)rwsem_is_locked(&fake->kvm->arch.pv_dump.lock));
}

static unsigned long fake_flush(void *to, const void *from, unsigned long len)
{
	unsigned int nr = fake->nr_flushes;

	if (!len)
		return 0;
	fake->nr_flushes++;
	if (fake->at_flush)
		fake->at_flush(fake);
	if (nr == fake->fail_flush)
		return len;
	fake->flushed += len;
	memcpy(to, from, len);
	return 0;
}

static unsigned long fake_copy_to(void __user *to, const void *from, unsigned long len)
{
	void *dst = (__force void *)to;
	bool readonly;

	fake_expect_unlocked();
	if (fake_within(dst, len, fake->buf, FAKE_BUF_SIZE))
		return fake_flush(dst, from, len);

	if (fake_within(dst, len, &fake->cmd, sizeof(fake->cmd))) {
		readonly = fake->cmd_readonly;
		if (fake->at_probe)
			fake->at_probe(fake);
	} else if (fake_within(dst, len, &fake->dmp, sizeof(fake->dmp))) {
		readonly = fake->dmp_readonly;
		if (fake->gaddr_once)
			fake->dmp_readonly = true;
	} else {
		KUNIT_FAIL(fake->test, "write of %lu bytes which nobody asked for", len);
		return len;
	}
	if (readonly)
		return len;
	memcpy(dst, from, len);
	return 0;
}

static int fake_fault_in_writeable(void __user *buf, u64 len)
{
	fake_expect_unlocked();
	if (fake->buf_readonly || !fake_within((__force void *)buf, len, fake->buf, FAKE_BUF_SIZE))
		return -EFAULT;
	return 0;
}

/*
 * Never kmalloc(), although the engine's real areas come from there: without
 * large pages, kmemleak takes the page table of the kernel's identity mapping
 * for references to each page-aligned block, and finds no lost one.
 */
static void *fake_alloc(u64 len)
{
	if (fake->nr_allocs++ == fake->fail_alloc)
		return NULL;
	return vzalloc(len);
}

static bool fake_killed(void)
{
	return fake->killed;
}

static void fake_kick(struct kvm_vcpu *vcpu)
{
	/* Whoever is kicked looks at the state at once, and until then nobody gets into SIE. */
	KUNIT_EXPECT_TRUE(fake->test, kvm_s390_pv_dump_active(vcpu->kvm));
	KUNIT_EXPECT_TRUE(fake->test, fake_blocked(vcpu));
	fake->nr_kicks++;
}

static struct pv_dump_seam_ops fake_seam = {
	.uvc = fake_uvc,
	.copy_from_user = fake_copy_from,
	.copy_to_user = fake_copy_to,
	.fault_in_writeable = fake_fault_in_writeable,
	.alloc = fake_alloc,
	.killed = fake_killed,
	.kick = fake_kick,
};

/* Forget what happened and what was to happen; the state of the VM stays. */
static void fake_reset(void)
{
	fake->nr_calls = 0;
	fake->nr_kicks = 0;
	fake->nr_allocs = 0;
	fake->nr_flushes = 0;
	fake->flushed = 0;
	fake->refuse_call = -1;
	fake->busy = 0;
	fake->kill_at_call = -1;
	fake->killed = false;
	fake->fail_alloc = -1;
	fake->fail_flush = -1;
	fake->buf_readonly = false;
	fake->cmd_readonly = false;
	fake->dmp_readonly = false;
	fake->cmd_unreadable = false;
	fake->dmp_unreadable = false;
	fake->gaddr_once = false;
	fake->at_flush = NULL;
	fake->at_probe = NULL;
	memset(fake->buf, FAKE_UNTOUCHED, FAKE_BUF_SIZE);
}

static int fake_create(struct kunit *test)
{
	struct kvm_vcpu *vcpu;
	struct kvm *kvm;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	kvm = kunit_kzalloc(test, sizeof(*kvm), GFP_KERNEL);
	vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);
	if (!fake || !kvm || !vcpu)
		return -ENOMEM;
	fake->buf = kunit_kzalloc(test, FAKE_BUF_SIZE, GFP_KERNEL);
	vcpu->arch.sie_block = kunit_kzalloc(test, sizeof(*vcpu->arch.sie_block), GFP_KERNEL);
	if (!fake->buf || !vcpu->arch.sie_block)
		return -ENOMEM;

	mutex_init(&kvm->lock);
	mutex_init(&vcpu->mutex);
	kvm_s390_pv_dump_init_vm(kvm);
	kvm->arch.pv.handle = FAKE_HANDLE;
	kvm->vcpus[0] = vcpu;
	atomic_set(&kvm->online_vcpus, 1);
	vcpu->kvm = kvm;
	vcpu->arch.pv.handle = FAKE_CPU_HANDLE;

	fake->test = test;
	fake->kvm = kvm;
	fake->vcpu = vcpu;
	fake->info.conf_dump_storage_state_len = SZ_4K;
	fake->info.guest_cpu_stor_len = SZ_4K;
	fake->info.conf_dump_finalize_len = SZ_4K;
	fake_reset();
	fake_seam.uv_info = &fake->info;
	pv_dump_seam = &fake_seam;
	return 0;
}

static void fake_destroy(struct kunit *test)
{
	pv_dump_seam = NULL;
	if (fake && fake->kvm)
		kvm_s390_pv_dump_destroy_vm(fake->kvm);
	fake = NULL;
}

/* A subcommand on the VM; rc and rrc hold a mark that only a UVC may replace. */
static int fake_vm(u64 subcmd, u64 len, u64 gaddr)
{
	struct kvm_pv_cmd cmd;
	int r;

	fake->cmd = (struct kvm_pv_cmd) {
		.cmd = KVM_PV_DUMP, .rc = 0xdead, .rrc = 0xbeef, .data = (u64)&fake->dmp,
	};
	fake->dmp = (struct kvm_s390_pv_dmp) {
		.subcmd = subcmd, .buff_addr = (u64)fake->buf, .buff_len = len, .gaddr = gaddr,
	};
	cmd = fake->cmd;
	r = kvm_s390_pv_dump(fake->kvm, &cmd, (__force struct kvm_pv_cmd __user *)&fake->cmd);
	/* As the ioctl does when the command is through. */
	fake->cmd.rc = cmd.rc;
	fake->cmd.rrc = cmd.rrc;
	return r;
}

/* DUMP_CPU on the vCPU, on a host for protected guests. */
static int fake_cpu_command(u32 cmd, u32 flags, u64 subcmd, u64 len)
{
	int host = prot_virt_host, r;

	fake->cmd = (struct kvm_pv_cmd) {
		.cmd = cmd, .rc = 0xdead, .rrc = 0xbeef, .data = (u64)&fake->dmp, .flags = flags,
	};
	fake->dmp = (struct kvm_s390_pv_dmp) {
		.subcmd = subcmd, .buff_addr = (u64)fake->buf, .buff_len = len,
	};
	mutex_lock(&fake->vcpu->mutex);
	prot_virt_host = 1;
	r = kvm_s390_pv_dump_vcpu_command(fake->vcpu,
					  (__force struct kvm_pv_cmd __user *)&fake->cmd);
	prot_virt_host = host;
	mutex_unlock(&fake->vcpu->mutex);
	return r;
}

static int fake_init(void)
{
	return fake_vm(KVM_PV_DUMP_INIT, 0, 0);
}

static int fake_stor(u64 blocks, u64 gaddr)
{
	return fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE,
		       blocks * fake->info.conf_dump_storage_state_len, gaddr);
}

static int fake_complete(void)
{
	return fake_vm(KVM_PV_DUMP_COMPLETE, fake->info.conf_dump_finalize_len, 0);
}

static int fake_cpu(u64 len)
{
	return fake_cpu_command(KVM_PV_DUMP, 0, KVM_PV_DUMP_CPU, len);
}

/* What KVM_PV_DISABLE does to the dump. */
static void fake_teardown(bool destroyed)
{
	mutex_lock(&fake->kvm->lock);
	kvm_s390_pv_dump_teardown_begin(fake->kvm);
	kvm_s390_pv_dump_teardown_end(fake->kvm, destroyed);
	if (destroyed)
		fake->kvm->arch.pv.handle = 0;
	mutex_unlock(&fake->kvm->lock);
}

static void fake_protect(void)
{
	fake->kvm->arch.pv.handle = FAKE_HANDLE;
}

/* Bring the dump into a state; what it took is forgotten. */
static void fake_state_active(struct kunit *test)
{
	FAKE_EXPECT_EQ(test, fake_init(), 0);
	fake_reset();
}

static void fake_state_kept(struct kunit *test)
{
	fake_state_active(test);
	fake->fail_flush = 0;
	FAKE_EXPECT_EQ(test, fake_complete(), -EFAULT);
	fake_reset();
}

/* Another thread that has a lock and does not let it go. */
struct fake_holder {
	void (*lock)(struct kvm *kvm);
	void (*unlock)(struct kvm *kvm);
	struct completion locked, release, released;
};

static int fake_hold(void *data)
{
	struct fake_holder *holder = data;

	holder->lock(fake->kvm);
	complete(&holder->locked);
	wait_for_completion(&holder->release);
	holder->unlock(fake->kvm);
	complete(&holder->released);
	return 0;
}

/*
 * A fatal signal for the thread that runs the test; it must be taken back. It is a
 * kernel thread that nobody else sends signals to, hence no lock.
 */
static void fake_kill(bool on)
{
	if (on) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		clear_thread_flag(TIF_SIGPENDING);
	}
}

/* The result of @request by a thread that is killed while it waits for @holder's lock. */
static int fake_killed_waiting(struct fake_holder *holder, int (*request)(void))
{
	struct task_struct *thread;
	int r;

	init_completion(&holder->locked);
	init_completion(&holder->release);
	init_completion(&holder->released);
	thread = kthread_run(fake_hold, holder, "pv_dump_holder");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wait_for_completion(&holder->locked);
	fake->lock_taken = true;
	fake_kill(true);
	r = request();
	fake_kill(false);
	fake->lock_taken = false;
	complete(&holder->release);
	wait_for_completion(&holder->released);
	return r;
}

#endif /* ARCH_S390_KVM_PV_DUMP_FAKE_H */
