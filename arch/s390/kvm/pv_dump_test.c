// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests for dumps of protected virtual machines.
 *
 * The engine is compiled a second time here, with a fake Ultravisor and allocators
 * that can fail. User memory, locks, signals and the requests to vCPUs are real.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/vmalloc.h>
#include <asm/uv.h>
#include "kvm-s390.h"

static int fake_uvc(void *uvcb);
static void *fake_alloc(size_t len, gfp_t gfp, size_t unit);
static void fake_free(const void *p);

#define __uv_call(r1, r2)			fake_uvc((void *)(r2))
#define kvzalloc(len, gfp)			fake_alloc(len, gfp, PAGE_SIZE)
#define kvmalloc_array(n, size, gfp)		fake_alloc((n) * (size), gfp, 1)
#define kvfree(p)				fake_free(p)
/* The second copy's functions. A macro with arguments leaves structures of that name alone. */
#define kvm_s390_pv_dump(kvm, cmd)		test_pv_dump(kvm, cmd)
#define kvm_s390_pv_dump_cpu(vcpu, cmd)		test_pv_dump_cpu(vcpu, cmd)
#define kvm_s390_pv_dump_teardown_begin(kvm)	test_pv_dump_teardown_begin(kvm)
#define kvm_s390_pv_dump_teardown_end(kvm)	test_pv_dump_teardown_end(kvm)
#include "pv_dump.c"

#define FAKE_HANDLE	0x1122334455667788ULL
#define FAKE_CPU_HANDLE	0x99aabbccddeeff00ULL
#define FAKE_VCPUS	2
#define FAKE_CALLS	600
#define FAKE_BUF_SIZE	SZ_1M
/* User memory: one page for the structures, the buffer, and a hole. */
#define FAKE_MEM_SIZE	(PAGE_SIZE + FAKE_BUF_SIZE)
#define FAKE_UNTOUCHED	0xa5

/* KUnit of this base compares equal types only. */
#define EXPECT(test, left, right) KUNIT_EXPECT_EQ(test, (s64)(left), (s64)(right))

/* --- the fake Ultravisor and its user --- */

/* A UVC as the Ultravisor saw it. */
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
	struct kvm_vcpu *vcpu[FAKE_VCPUS];
	struct uv_info uv_info;		/* the machine's */
	int prot_virt_host;

	/* User space: shared memory, mapped writable and read-only. */
	struct mm_struct *mm;
	struct file *file;
	unsigned long user, readonly;
	unsigned long dmp_addr, buf_addr;	/* what the next request says */
	bool remap;				/* a test changed the mapping */
	u8 *buf, *before;		/* copies of the buffer, after and before a request */
	struct kvm_pv_cmd cmd;
	struct kvm_s390_pv_dmp dmp;		/* a copy of the request */

	/* What happened. */
	struct fake_call calls[FAKE_CALLS];
	int nr_calls;
	int nr_allocs;
	int allocated;				/* and not freed */

	/* What is to happen; counts start at 0, -1 is never. */
	int refuse_call;		/* this UVC answers cc 1 with rc, rrc */
	u16 rc, rrc;
	int busy_cc;			/* the next busy UVCs answer this cc */
	int busy;
	int kill_at_call;		/* a fatal signal is pending after this UVC */
	int fail_alloc;			/* no memory for this one */
	int act_at_call;		/* call act() in this UVC */
	void (*act)(void);
	bool killed;			/* a fatal signal is pending from the beginning */
	bool slow;			/* UVCs take a while */
	bool other_has_lock;
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

/* The fields behind the handle share their offsets in all UVCBs of a dump. */
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

static u64 fake_stor_len(u16 cmd)
{
	switch (cmd) {
	case UVC_CMD_DUMP_CONF_STOR_STATE:
		return uv_info.conf_dump_storage_state_len;
	case UVC_CMD_DUMP_CPU:
		return uv_info.guest_cpu_stor_len;
	case UVC_CMD_DUMP_COMPLETE:
		return uv_info.conf_dump_finalize_len;
	}
	return 0;
}

static bool fake_prog20(int i, u32 bit)
{
	return atomic_read(&fake->vcpu[i]->arch.sie_block->prog20) & bit;
}

/* Every UVC holds pv_dump.lock, those of the VM kvm->lock; only INIT blocks vCPUs. */
static void fake_expect_locks(u16 cmd)
{
	int i;

	KUNIT_EXPECT_TRUE(fake->test, (bool)mutex_is_locked(&fake->kvm->arch.pv_dump.lock));
	if (!fake->other_has_lock)
		EXPECT(fake->test, mutex_is_locked(&fake->kvm->lock), cmd != UVC_CMD_DUMP_CPU);
	for (i = 0; i < atomic_read(&fake->kvm->online_vcpus); i++)
		EXPECT(fake->test, fake_prog20(i, PROG_BLOCK_SIE), cmd == UVC_CMD_DUMP_INIT);
}

/* Make @sig pending for the thread that runs the test, which gets no other signals. */
static void fake_signal(int sig, bool on)
{
	if (on) {
		sigaddset(&current->pending.signal, sig);
		set_thread_flag(TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, sig);
		if (sigisemptyset(&current->pending.signal))
			clear_thread_flag(TIF_SIGPENDING);
	}
}

static int fake_uvc(void *uvcb)
{
	struct fake_call call = fake_decode(uvcb);
	int nr = fake->nr_calls;

	if (nr >= FAKE_CALLS) {
		KUNIT_FAIL(fake->test, "more than %d UVCs", FAKE_CALLS);
		return fake_answer(uvcb, 1, UVC_RC_INV_STATE, 0);
	}
	fake->calls[fake->nr_calls++] = call;
	fake_expect_locks(call.cmd);
	if (nr == fake->act_at_call)
		fake->act();
	if (fake->slow)
		schedule_timeout_uninterruptible(1);
	if (nr == fake->kill_at_call)
		fake_signal(SIGKILL, true);
	if (fake->busy) {
		fake->busy--;
		return fake_answer(uvcb, fake->busy_cc, 0x4242, 0x1717);
	}
	if (nr == fake->refuse_call)
		return fake_answer(uvcb, 1, fake->rc, fake->rrc);
	fake_store(&call, fake_stor_len(call.cmd));
	return fake_answer(uvcb, 0, UVC_RC_EXECUTED, 0);
}

/*
 * Areas are whole pages, and everything is charged to the caller.
 *
 * Not kmalloc(), although the engine's memory may come from there: without large
 * pages, kmemleak takes the page table of the kernel's identity mapping for
 * references to each page-aligned block, and finds no lost one.
 */
static void *fake_alloc(size_t len, gfp_t gfp, size_t unit)
{
	EXPECT(fake->test, len % unit, 0);
	KUNIT_EXPECT_TRUE(fake->test, gfp == GFP_KERNEL_ACCOUNT);
	if (fake->nr_allocs++ == fake->fail_alloc)
		return NULL;
	fake->allocated++;
	return vzalloc(len);
}

static void fake_free(const void *p)
{
	if (p)
		fake->allocated--;
	vfree(p);
}

static unsigned long fake_map(unsigned long addr, unsigned long off, unsigned long len, int prot)
{
	return vm_mmap(fake->file, addr, len, prot, MAP_SHARED | (addr ? MAP_FIXED : 0), off);
}

static void fake_write(unsigned long addr, const void *from, size_t len)
{
	EXPECT(fake->test, copy_to_user((void __user *)addr, from, len), 0);
}

/* The addresses of requests point to writable memory again, which holds a pattern. */
static void fake_reset_memory(void)
{
	if (fake->remap)
		fake_map(fake->user, 0, FAKE_MEM_SIZE, PROT_READ | PROT_WRITE);
	fake->remap = false;
	fake->dmp_addr = fake->user;
	fake->buf_addr = fake->user + PAGE_SIZE;
	memset(fake->buf, FAKE_UNTOUCHED, FAKE_BUF_SIZE);
	fake_write(fake->buf_addr, fake->buf, FAKE_BUF_SIZE);
}

/* Forget what happened and what was to happen; the state of the VM stays. */
static void fake_reset(void)
{
	fake->nr_calls = 0;
	fake->nr_allocs = 0;
	fake->refuse_call = -1;
	fake->rc = 0x0101;
	fake->rrc = 0x0002;
	fake->busy = 0;
	fake->kill_at_call = -1;
	fake->fail_alloc = -1;
	fake->act_at_call = -1;
	fake->killed = false;
	fake->slow = false;
	fake->other_has_lock = false;
	fake_reset_memory();
}

/* Read-only memory with the same content. */
static unsigned long fake_readonly(unsigned long addr)
{
	return addr - fake->user + fake->readonly;
}

static unsigned long fake_hole(void)
{
	return fake->user + FAKE_MEM_SIZE;
}

static void fake_lengths(u64 stor, u64 cpu, u64 finalize)
{
	uv_info.conf_dump_storage_state_len = stor;
	uv_info.guest_cpu_stor_len = cpu;
	uv_info.conf_dump_finalize_len = finalize;
}

static void fake_protect(bool protect)
{
	int i;

	fake->kvm->arch.pv.handle = protect ? FAKE_HANDLE : 0;
	for (i = 0; i < FAKE_VCPUS; i++)
		fake->vcpu[i]->arch.pv.handle = protect ? FAKE_CPU_HANDLE + i : 0;
}

static int fake_create_vm(struct kunit *test)
{
	struct kvm_vcpu *vcpu;
	int i;

	fake->kvm = kunit_kzalloc(test, sizeof(*fake->kvm), GFP_KERNEL);
	if (!fake->kvm)
		return -ENOMEM;
	mutex_init(&fake->kvm->lock);
	mutex_init(&fake->kvm->arch.pv_dump.lock);
	for (i = 0; i < FAKE_VCPUS; i++) {
		vcpu = kunit_kzalloc(test, sizeof(*vcpu), GFP_KERNEL);
		if (!vcpu)
			return -ENOMEM;
		vcpu->arch.sie_block = kunit_kzalloc(test, sizeof(struct kvm_s390_sie_block),
						     GFP_KERNEL);
		if (!vcpu->arch.sie_block)
			return -ENOMEM;
		mutex_init(&vcpu->mutex);
		vcpu->kvm = fake->kvm;
		fake->vcpu[i] = vcpu;
		fake->kvm->vcpus[i] = vcpu;
	}
	atomic_set(&fake->kvm->online_vcpus, FAKE_VCPUS);
	fake_protect(true);
	return 0;
}

/* An address space for this thread. */
static int fake_create_user(void)
{
	fake->buf = vmalloc(FAKE_BUF_SIZE);
	fake->before = vmalloc(FAKE_BUF_SIZE);
	fake->file = shmem_kernel_file_setup("pv_dump_test", FAKE_MEM_SIZE, 0);
	fake->mm = mm_alloc();
	if (!fake->buf || !fake->before || IS_ERR(fake->file) || !fake->mm)
		return -ENOMEM;
	arch_pick_mmap_layout(fake->mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(fake->mm);
	/* One page more, for the hole. */
	fake->user = fake_map(0, 0, FAKE_MEM_SIZE + PAGE_SIZE, PROT_READ | PROT_WRITE);
	fake->readonly = fake_map(0, 0, FAKE_MEM_SIZE, PROT_READ);
	if (IS_ERR_VALUE(fake->user) || IS_ERR_VALUE(fake->readonly))
		return -ENOMEM;
	return vm_munmap(fake_hole(), PAGE_SIZE);
}

static int fake_create(struct kunit *test)
{
	int r;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	if (!fake)
		return -ENOMEM;
	fake->test = test;
	fake->uv_info = uv_info;
	fake->prot_virt_host = prot_virt_host;
	r = fake_create_vm(test) ?: fake_create_user();
	if (r)
		return r;
	fake_lengths(SZ_4K, SZ_4K, SZ_4K);
	fake_reset();
	return 0;
}

static void fake_destroy(struct kunit *test)
{
	if (!fake)
		return;
	uv_info = fake->uv_info;
	prot_virt_host = fake->prot_virt_host;
	if (current->mm && current->mm == fake->mm)
		kthread_unuse_mm(fake->mm);
	if (fake->mm)
		mmput(fake->mm);
	if (!IS_ERR_OR_NULL(fake->file))
		fput(fake->file);
	vfree(fake->buf);
	vfree(fake->before);
	fake = NULL;
}

static void fake_read_buffer(u8 *to)
{
	void __user *from = (void __user *)fake->readonly + PAGE_SIZE;

	EXPECT(fake->test, copy_from_user(to, from, FAKE_BUF_SIZE), 0);
}

/* Nothing of the user's memory is pinned after a request. */
static void fake_expect_no_pins(void)
{
	struct page *page;
	int i, pinned = 0;

	for (i = 0; i < FAKE_MEM_SIZE / PAGE_SIZE; i++) {
		page = shmem_read_mapping_page(fake->file->f_mapping, i);
		if (IS_ERR(page))
			continue;
		pinned += page_maybe_dma_pinned(page);
		put_page(page);
	}
	EXPECT(fake->test, pinned, 0);
}

static void fake_begin_request(u64 subcmd, u64 len, u64 gaddr)
{
	fake->cmd = (struct kvm_pv_cmd) {
		.cmd = KVM_PV_DUMP, .rc = 0xdead, .rrc = 0xbeef, .data = fake->dmp_addr,
	};
	fake->dmp = (struct kvm_s390_pv_dmp) {
		.subcmd = subcmd, .buff_addr = fake->buf_addr, .buff_len = len, .gaddr = gaddr,
	};
	fake_write(fake->user, &fake->dmp, sizeof(fake->dmp));
	fake_read_buffer(fake->before);
	/* Not earlier: a thread that is killed neither resolves a fault nor starts another. */
	fake_signal(SIGKILL, fake->killed);
}

/* What must be so after any request: only CONFIG_STOR_STATE may fail and have written something. */
static void fake_end_request(u64 subcmd, int r)
{
	void __user *from = (void __user *)fake->readonly;

	fake_signal(SIGKILL, false);
	EXPECT(fake->test, copy_from_user(&fake->dmp, from, sizeof(fake->dmp)), 0);
	fake_read_buffer(fake->buf);
	if (r && subcmd != KVM_PV_DUMP_CONFIG_STOR_STATE)
		EXPECT(fake->test, memcmp(fake->before, fake->buf, FAKE_BUF_SIZE), 0);
	EXPECT(fake->test, fake->allocated, 0);
	fake_expect_no_pins();
}

/* A subcommand on the VM; rc and rrc hold a mark that only a UVC may replace. */
static int fake_vm(u64 subcmd, u64 len, u64 gaddr)
{
	int r;

	fake_begin_request(subcmd, len, gaddr);
	r = test_pv_dump(fake->kvm, &fake->cmd);
	fake_end_request(subcmd, r);
	return r;
}

static int fake_cpu_subcmd(u64 subcmd, u64 len)
{
	int r;

	fake_begin_request(subcmd, len, 0);
	mutex_lock(&fake->vcpu[1]->mutex);
	r = test_pv_dump_cpu(fake->vcpu[1], &fake->cmd);
	mutex_unlock(&fake->vcpu[1]->mutex);
	fake_end_request(subcmd, r);
	return r;
}

static int fake_init(void)
{
	return fake_vm(KVM_PV_DUMP_INIT, 0, 0);
}

static int fake_stor(u64 blocks, u64 gaddr)
{
	return fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE,
		       blocks * uv_info.conf_dump_storage_state_len, gaddr);
}

static int fake_complete(void)
{
	return fake_vm(KVM_PV_DUMP_COMPLETE, uv_info.conf_dump_finalize_len, 0);
}

static int fake_cpu(void)
{
	return fake_cpu_subcmd(KVM_PV_DUMP_CPU, uv_info.guest_cpu_stor_len);
}

static int fake_stor_1(void)
{
	return fake_stor(1, 0);
}

/* KVM_PV_DISABLE, as far as it concerns the dump. */
static void fake_disable_locked(bool destroyed)
{
	test_pv_dump_teardown_begin(fake->kvm);
	if (destroyed)
		fake_protect(false);
	test_pv_dump_teardown_end(fake->kvm);
}

static void fake_disable(bool destroyed)
{
	mutex_lock(&fake->kvm->lock);
	fake_disable_locked(destroyed);
	mutex_unlock(&fake->kvm->lock);
}

/* Bring the dump into progress, and forget what that took. */
static void fake_start(struct kunit *test)
{
	fake_protect(true);
	fake_reset();
	EXPECT(test, fake_init(), 0);
	fake_reset();
}

/* --- what another thread does while this one waits for its lock --- */

struct fake_other {
	struct mutex *lock;	/* it holds this one */
	void (*act)(void);	/* runs when a waiter for @lock is seen; NULL: keep the lock */
	struct completion locked, release, done;
};

static void fake_wait_for_waiter(struct mutex *lock)
{
	int i;

	for (i = 0; list_empty_careful(&lock->wait_list) && i < 10 * HZ; i++)
		schedule_timeout_uninterruptible(1);
}

static int fake_other_thread(void *data)
{
	struct fake_other *other = data;

	mutex_lock(other->lock);
	complete(&other->locked);
	if (other->act) {
		fake_wait_for_waiter(other->lock);
		other->act();
	} else {
		wait_for_completion(&other->release);
	}
	mutex_unlock(other->lock);
	complete(&other->done);
	return 0;
}

static int fake_start_other(struct fake_other *other)
{
	struct task_struct *thread;

	init_completion(&other->locked);
	init_completion(&other->release);
	init_completion(&other->done);
	thread = kthread_run(fake_other_thread, other, "pv_dump_other");
	return PTR_ERR_OR_ZERO(thread);
}

/* The result of @request while another thread has @lock. */
static int fake_against(struct mutex *lock, void (*act)(void), int (*request)(void))
{
	struct fake_other other = { .lock = lock, .act = act };
	int r;

	EXPECT(fake->test, fake_start_other(&other), 0);
	wait_for_completion(&other.locked);
	fake->other_has_lock = !act;
	r = request();
	fake->other_has_lock = false;
	complete(&other.release);
	wait_for_completion(&other.done);
	return r;
}

static void act_nothing(void)
{
}

static void act_disable(void)
{
	fake_disable_locked(true);
}

static void act_complete(void)
{
	WRITE_ONCE(fake->kvm->arch.pv_dump.active, false);
}

static void act_teardown(void)
{
	fake->kvm->arch.pv_dump.teardown = true;
}

static void act_init(void)
{
	pv_dump_activate(fake->kvm);
}

/* The handle is the same, no teardown was in between, and yet it is another dump. */
static void act_complete_and_init(void)
{
	act_complete();
	act_init();
}

/* DISABLE, ENABLE and INIT: the same handle, but another dump. */
static void act_disable_and_init(void)
{
	act_disable();
	fake_protect(true);
	act_init();
}

/* --- expectations --- */

static void expect_rc(struct kunit *test, u16 rc, u16 rrc)
{
	EXPECT(test, fake->cmd.rc, rc);
	EXPECT(test, fake->cmd.rrc, rrc);
}

/* Nothing behind @off bytes of the buffer was written. */
static void expect_untouched_from(struct kunit *test, u64 off)
{
	KUNIT_EXPECT_TRUE(test, !memchr_inv(fake->buf + off, FAKE_UNTOUCHED, FAKE_BUF_SIZE - off));
}

/* Neither a UVC was made nor anything written. */
static void expect_untouched(struct kunit *test)
{
	EXPECT(test, fake->nr_calls, 0);
	expect_rc(test, 0xdead, 0xbeef);
	expect_untouched_from(test, 0);
}

static void expect_active(struct kunit *test, bool active)
{
	int i;

	EXPECT(test, kvm_s390_pv_dump_active(fake->kvm), active);
	KUNIT_EXPECT_FALSE(test, (bool)mutex_is_locked(&fake->kvm->lock));
	KUNIT_EXPECT_FALSE(test, (bool)mutex_is_locked(&fake->kvm->arch.pv_dump.lock));
	for (i = 0; i < FAKE_VCPUS; i++)
		KUNIT_EXPECT_FALSE(test, fake_prog20(i, PROG_BLOCK_SIE));
}

/* The vCPUs were told, or not. */
static void expect_kicked(struct kunit *test, bool kicked)
{
	int i;

	for (i = 0; i < FAKE_VCPUS; i++) {
		EXPECT(test, kvm_test_request(KVM_REQ_PV_DUMP, fake->vcpu[i]), kicked);
		EXPECT(test, fake_prog20(i, PROG_REQUEST), kicked);
		EXPECT(test, fake->vcpu[i]->valid_wakeup, kicked);
	}
}

/* @len bytes at @off hold what the Ultravisor stored for @gaddr. */
static void expect_data(struct kunit *test, u64 off, u16 cmd, u64 gaddr, u64 len)
{
	u64 i;

	for (i = 0; i < len; i++)
		if (fake->buf[off + i] != fake_pattern(cmd, gaddr, i))
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, len, "data for guest address %llx differs", gaddr);
}

/* The buffer holds @blocks from @gaddr on, and nothing else. */
static void expect_blocks(struct kunit *test, u64 blocks, u64 gaddr)
{
	u64 len = uv_info.conf_dump_storage_state_len, i;

	for (i = 0; i < blocks; i++)
		expect_data(test, i * len, UVC_CMD_DUMP_CONF_STOR_STATE, gaddr + i * SZ_1M, len);
	expect_untouched_from(test, blocks * len);
}

static void expect_call(struct kunit *test, int nr, u16 cmd, u16 len, u64 handle)
{
	EXPECT(test, fake->calls[nr].cmd, cmd);
	EXPECT(test, fake->calls[nr].len, len);
	EXPECT(test, fake->calls[nr].handle, handle);
}

/* --- formats and the query data --- */

static void uvcbs_have_the_architected_layout(struct kunit *test)
{
	EXPECT(test, sizeof(struct uv_cb_nodata), 0x40);
	EXPECT(test, sizeof(struct uv_cb_dump_stor_state), 0x50);
	EXPECT(test, offsetof(struct uv_cb_dump_stor_state, config_handle), 0x18);
	EXPECT(test, offsetof(struct uv_cb_dump_stor_state, dump_area_origin), 0x20);
	EXPECT(test, offsetof(struct uv_cb_dump_stor_state, gaddr), 0x28);
	EXPECT(test, sizeof(struct uv_cb_dump_cpu), 0x50);
	EXPECT(test, offsetof(struct uv_cb_dump_cpu, cpu_handle), 0x18);
	EXPECT(test, offsetof(struct uv_cb_dump_cpu, dump_area_origin), 0x20);
	EXPECT(test, sizeof(struct uv_cb_dump_complete), 0x50);
	EXPECT(test, offsetof(struct uv_cb_dump_complete, config_handle), 0x18);
	EXPECT(test, offsetof(struct uv_cb_dump_complete, dump_area_origin), 0x20);
}

static void query_block_has_the_architected_layout(struct kunit *test)
{
	EXPECT(test, offsetof(struct uv_cb_qui, uv_feature_indications), 0xa0);
	EXPECT(test, offsetof(struct uv_cb_qui, supp_se_hdr_versions), 0xb0);
	EXPECT(test, offsetof(struct uv_cb_qui, supp_se_hdr_pcf), 0xb8);
	EXPECT(test, offsetof(struct uv_cb_qui, conf_dump_storage_state_len), 0xc8);
	EXPECT(test, offsetof(struct uv_cb_qui, conf_dump_finalize_len), 0xd0);
	EXPECT(test, sizeof(struct uv_cb_qui), 0x100);
}

/* KVM_PV_INFO for @id with room for @len_max bytes at the beginning of the buffer. */
static int fake_info(u32 id, u32 len_max)
{
	struct kvm_s390_pv_info_header header = {
		.id = id, .len_max = len_max, .len_written = 0xcc, .reserved = 0x12345678,
	};
	struct kvm_pv_cmd cmd = { .cmd = KVM_PV_INFO, .data = fake->buf_addr };
	int r;

	/* Also below a read-only address, hence always through the writable one. */
	fake_write(fake->user + PAGE_SIZE, &header, sizeof(header));
	r = kvm_s390_pv_info(&cmd);
	fake_end_request(KVM_PV_INFO, 0);
	return r;
}

static void info_reports_the_query_data(struct kunit *test)
{
	struct kvm_s390_pv_info *info = (struct kvm_s390_pv_info *)fake->buf;

	uv_info.inst_calls_list[0] = 0x1111;
	uv_info.inst_calls_list[3] = 0x2222;
	uv_info.max_guest_cpu_id = 247;
	uv_info.max_num_sec_conf = 0x3333;
	uv_info.max_sec_stor_addr = 0x4444000000;
	uv_info.uv_feature_indications = 0x5555;
	fake_lengths(0x6666, 0x7777, 0x8888);

	EXPECT(test, fake_info(KVM_PV_INFO_VM, SZ_4K), 0);
	EXPECT(test, info->header.id, KVM_PV_INFO_VM);
	EXPECT(test, info->header.len_max, SZ_4K);
	EXPECT(test, info->header.len_written, 80);
	EXPECT(test, info->header.reserved, 0x12345678);
	EXPECT(test, info->vm.inst_calls_list[0], 0x1111);
	EXPECT(test, info->vm.inst_calls_list[3], 0x2222);
	EXPECT(test, info->vm.max_cpus, 248);
	EXPECT(test, info->vm.max_guests, 0x3333);
	EXPECT(test, info->vm.max_guest_addr, 0x4444000000);
	EXPECT(test, info->vm.feature_indication, 0x5555);
	expect_untouched_from(test, 80);

	fake_reset();
	EXPECT(test, fake_info(KVM_PV_INFO_DUMP, 40), 0);
	EXPECT(test, info->header.len_written, 40);
	EXPECT(test, info->dump.dump_cpu_buffer_len, 0x7777);
	EXPECT(test, info->dump.dump_config_mem_buffer_per_1m, 0x6666);
	EXPECT(test, info->dump.dump_config_finalize_len, 0x8888);
	expect_untouched_from(test, 40);
}

static void info_rejects_bad_arguments(struct kunit *test)
{
	EXPECT(test, fake_info(KVM_PV_INFO_VM, 79), -EINVAL);
	EXPECT(test, fake_info(KVM_PV_INFO_DUMP, 39), -EINVAL);
	EXPECT(test, fake_info(KVM_PV_INFO_DUMP, 0), -EINVAL);
	EXPECT(test, fake_info(KVM_PV_INFO_DUMP + 1, SZ_4K), -EINVAL);
	EXPECT(test, fake_info(~0, SZ_4K), -EINVAL);
	EXPECT(test, ((struct kvm_s390_pv_info *)fake->buf)->header.len_written, 0xcc);
	expect_untouched_from(test, sizeof(struct kvm_s390_pv_info_header));
	fake->buf_addr = fake_readonly(fake->buf_addr);
	EXPECT(test, fake_info(KVM_PV_INFO_VM, SZ_4K), -EFAULT);
	fake->buf_addr = fake_hole();
	EXPECT(test, fake_info(KVM_PV_INFO_VM, SZ_4K), -EFAULT);
}

/* The capability takes a host for protected guests and each of the four calls. */
static void support_takes_all_calls(struct kunit *test)
{
	const unsigned long all = 0xfUL << (63 - BIT_UVC_CMD_DUMP_COMPLETE);
	int bit;

	memset(uv_info.inst_calls_list, 0, sizeof(uv_info.inst_calls_list));
	uv_info.inst_calls_list[0] = all;
	prot_virt_host = 1;
	KUNIT_EXPECT_TRUE(test, kvm_s390_pv_dump_supported());
	prot_virt_host = 0;
	KUNIT_EXPECT_FALSE(test, kvm_s390_pv_dump_supported());
	prot_virt_host = 1;
	for (bit = BIT_UVC_CMD_DUMP_INIT; bit <= BIT_UVC_CMD_DUMP_COMPLETE; bit++) {
		uv_info.inst_calls_list[0] = all & ~(1UL << (63 - bit));
		KUNIT_EXPECT_FALSE(test, kvm_s390_pv_dump_supported());
	}
	EXPECT(test, BIT_UVC_CMD_DUMP_INIT, 24);
	EXPECT(test, BIT_UVC_CMD_DUMP_CONFIG_STOR_STATE, 25);
	EXPECT(test, BIT_UVC_CMD_DUMP_CPU, 26);
	EXPECT(test, BIT_UVC_CMD_DUMP_COMPLETE, 27);
}

/* --- INIT --- */

static void init_is_one_uvc_with_the_handle(struct kunit *test)
{
	u64 generation = fake->kvm->arch.pv_dump.generation;

	EXPECT(test, fake_init(), 0);
	EXPECT(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_INIT, 0x40, FAKE_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	EXPECT(test, fake->kvm->arch.pv_dump.generation, generation + 1);
	EXPECT(test, fake->dmp.gaddr, 0);
	expect_untouched_from(test, 0);
	expect_kicked(test, true);
	expect_active(test, true);
}

static void init_without_vcpus_works(struct kunit *test)
{
	atomic_set(&fake->kvm->online_vcpus, 0);
	EXPECT(test, fake_init(), 0);
	expect_kicked(test, false);
	expect_active(test, true);
}

static void refused_init_changes_nothing(struct kunit *test)
{
	u64 generation = fake->kvm->arch.pv_dump.generation;

	fake->refuse_call = 0;
	EXPECT(test, fake_init(), -EINVAL);
	expect_rc(test, 0x0101, 0x0002);
	EXPECT(test, fake->nr_calls, 1);
	EXPECT(test, fake->kvm->arch.pv_dump.generation, generation);
	expect_kicked(test, false);
	expect_active(test, false);
}

static void second_init_is_einval_without_uvc(struct kunit *test)
{
	fake_start(test);
	EXPECT(test, fake_init(), -EINVAL);
	expect_untouched(test);
	expect_active(test, true);
}

static void init_takes_any_sane_firmware_length(struct kunit *test)
{
	static const struct {
		u64 stor, cpu, finalize;
		int r;
	} rows[] = {
		{ SZ_4K, SZ_4K, SZ_4K, 0 },
		{ 5000, 5000, 5000, 0 },
		{ 1, 1, 1, 0 },
		{ SZ_64K, SZ_1M, SZ_1M, 0 },
		{ 0, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_64K + 1, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_2M, SZ_4K, SZ_4K, -EINVAL },
		{ ~0ULL, SZ_4K, SZ_4K, -EINVAL },
		{ SZ_4K, 0, SZ_4K, -EINVAL },
		{ SZ_4K, SZ_1M + 1, SZ_4K, -EINVAL },
		{ SZ_4K, SZ_4K, 0, -EINVAL },
		{ SZ_4K, SZ_4K, SZ_1M + 1, -EINVAL },
		/* an Ultravisor that knows a shorter query block */
		{ 0, SZ_4K, 0, -EINVAL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_lengths(rows[i].stor, rows[i].cpu, rows[i].finalize);
		fake_protect(true);
		fake_reset();
		KUNIT_EXPECT_EQ_MSG(test, fake_init(), rows[i].r, "row %d", i);
		if (rows[i].r)
			expect_untouched(test);
		expect_active(test, !rows[i].r);
		fake_disable(true);
	}
}

static void init_looks_again_under_the_locks(struct kunit *test)
{
	EXPECT(test, fake_against(&fake->kvm->lock, act_disable, fake_init), -EINVAL);
	expect_untouched(test);
	expect_active(test, false);

	fake_protect(true);
	EXPECT(test, fake_against(&fake->kvm->lock, act_init, fake_init), -EINVAL);
	expect_untouched(test);
	expect_active(test, true);
}

static void killed_init_changes_nothing(struct kunit *test)
{
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 3;
	fake->kill_at_call = 2;
	EXPECT(test, fake_init(), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	EXPECT(test, fake->nr_calls, 3);
	expect_kicked(test, false);
	expect_active(test, false);
}

/* --- requests in general --- */

static int (*const all_requests[])(void) = { fake_init, fake_stor_1, fake_cpu, fake_complete };

static void unprotected_vm_is_einval(struct kunit *test)
{
	u64 subcmd;

	fake_protect(false);
	/* Not even the request is read. */
	fake->dmp_addr = fake_hole();
	for (subcmd = KVM_PV_DUMP_INIT; subcmd <= KVM_PV_DUMP_CPU + 1; subcmd++)
		EXPECT(test, fake_vm(subcmd, SZ_4K, 0), -EINVAL);
	expect_untouched(test);
}

static void unknown_subcommand_is_enotty(struct kunit *test)
{
	static const u64 unknown[] = { KVM_PV_DUMP_CPU, KVM_PV_DUMP_CPU + 1, 1ULL << 32, ~0ULL };
	int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		fake->dmp_addr = i % 2 ? fake->user : fake->readonly;
		EXPECT(test, fake_vm(unknown[i], SZ_4K, 0), -ENOTTY);
		expect_untouched(test);
	}
}

static void nothing_works_before_init(struct kunit *test)
{
	EXPECT(test, fake_stor_1(), -EINVAL);
	expect_untouched(test);
	EXPECT(test, fake_complete(), -EINVAL);
	expect_untouched(test);
	/* The request of CPU is not even read. */
	fake->dmp_addr = fake_hole();
	EXPECT(test, fake_cpu(), -EINVAL);
	expect_untouched(test);
	expect_active(test, false);
}

/* The request is unreadable, or what is written to it later could not be. */
static void inaccessible_request_is_efault(struct kunit *test)
{
	unsigned long readonly = fake->readonly;
	int i;

	for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
		if (i == 1)
			fake_start(test);
		fake->dmp_addr = fake_hole();
		EXPECT(test, all_requests[i](), -EFAULT);
		expect_untouched(test);
		fake->dmp_addr = readonly;
		if (all_requests[i] != fake_cpu)	/* nothing is written */
			EXPECT(test, all_requests[i](), -EFAULT);
		expect_untouched(test);
		expect_active(test, i > 0);
		fake_reset();
	}
}

static void busy_uvc_is_retried(struct kunit *test)
{
	int i, cc;

	for (cc = 2; cc <= 3; cc++) {
		for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
			fake->busy = 3;
			fake->busy_cc = cc;
			EXPECT(test, all_requests[i](), 0);
			EXPECT(test, fake->nr_calls, 4);
			EXPECT(test, fake->calls[3].cmd, fake->calls[0].cmd);
			EXPECT(test, fake->calls[3].handle, fake->calls[0].handle);
			EXPECT(test, fake->calls[3].origin, fake->calls[0].origin);
			expect_rc(test, UVC_RC_EXECUTED, 0);
			fake_reset();
		}
	}
	expect_active(test, false);
}

/* Firmware may answer anything. */
static void answers_are_passed_on(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
		if (i == 1)
			fake_start(test);
		fake->refuse_call = 0;
		fake->rc = 0xffff - i;
		fake->rrc = i;
		EXPECT(test, all_requests[i](), -EINVAL);
		expect_rc(test, 0xffff - i, i);
		EXPECT(test, fake->nr_calls, 1);
		expect_untouched_from(test, 0);
		expect_active(test, i > 0);
		fake_reset();
	}
	EXPECT(test, fake_complete(), 0);
}

/* Each allocation of each request fails once. */
static void no_memory_is_enomem(struct kunit *test)
{
	static const int allocs[] = { 0, 1, 2, 2 };
	int i, j;

	/* More pages than are kept track of without an allocation. */
	fake_lengths(SZ_4K, 3 * SZ_4K, 3 * SZ_4K);
	for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
		for (j = 0; j < allocs[i]; j++) {
			fake->fail_alloc = j;
			EXPECT(test, all_requests[i](), -ENOMEM);
			expect_untouched(test);
			EXPECT(test, fake->dmp.gaddr, 0);
			expect_active(test, true);
			fake_reset();
		}
		EXPECT(test, all_requests[i](), 0);
		EXPECT(test, fake->nr_allocs, allocs[i]);
		fake_reset();
	}
}

/* A thread that is being killed neither waits for a lock nor calls the Ultravisor. */
static void killed_request_changes_nothing(struct kunit *test)
{
	struct mutex *kvm_lock = &fake->kvm->lock, *dump_lock = &fake->kvm->arch.pv_dump.lock;
	int i;

	for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
		if (i == 1)
			fake_start(test);
		fake->killed = true;
		EXPECT(test, all_requests[i](), -EINTR);
		expect_untouched(test);
		EXPECT(test, fake_against(dump_lock, NULL, all_requests[i]), -EINTR);
		expect_untouched(test);
		if (all_requests[i] != fake_cpu)
			EXPECT(test, fake_against(kvm_lock, NULL, all_requests[i]), -EINTR);
		expect_untouched(test);
		expect_active(test, i > 0);
		fake->killed = false;
	}
	/* Below vcpu->mutex, kvm->lock must not be taken. */
	EXPECT(test, fake_against(kvm_lock, NULL, fake_cpu), 0);
}

/* Other signals change nothing: not before, not while waiting, not while busy, not between. */
static void other_signals_are_ignored(struct kunit *test)
{
	struct mutex *kvm_lock = &fake->kvm->lock, *dump_lock = &fake->kvm->arch.pv_dump.lock;
	int i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < ARRAY_SIZE(all_requests); i++) {
			fake_signal(SIGUSR1, true);
			if (round == 0) {
				EXPECT(test, all_requests[i](), 0);
			} else if (round == 1) {
				fake->busy = 2;
				fake->busy_cc = 2;
				EXPECT(test, all_requests[i](), 0);
			} else if (round == 2) {
				EXPECT(test, fake_against(dump_lock, act_nothing,
							  all_requests[i]), 0);
			} else if (all_requests[i] != fake_cpu) {
				EXPECT(test, fake_against(kvm_lock, act_nothing,
							  all_requests[i]), 0);
			}
			if (all_requests[i] == fake_stor_1) {
				fake_signal(SIGUSR1, true);
				EXPECT(test, fake_stor(40, 0), 0);
				expect_blocks(test, 40, 0);
			}
			fake_signal(SIGUSR1, false);
			fake_reset();
		}
	}
	expect_active(test, false);
}

/* --- CONFIG_STOR_STATE --- */

static void stor_state_walks_up_mib_by_mib(struct kunit *test)
{
	u64 gaddr = 5 * SZ_1M, i;

	fake_start(test);
	EXPECT(test, fake_stor(40, gaddr), 0);
	EXPECT(test, fake->nr_calls, 40);
	for (i = 0; i < 40; i++) {
		expect_call(test, i, UVC_CMD_DUMP_CONF_STOR_STATE, 0x50, FAKE_HANDLE);
		EXPECT(test, fake->calls[i].gaddr, gaddr + i * SZ_1M);
	}
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_blocks(test, 40, gaddr);
	EXPECT(test, fake->dmp.gaddr, gaddr + 40 * SZ_1M);
	EXPECT(test, fake->dmp.buff_len, 40 * SZ_4K);
	expect_active(test, true);
}

/* Each block is stored behind the one before it, and none outside of the bounce buffer. */
static void stor_state_stays_in_its_buffer(struct kunit *test)
{
	static const u64 lens[] = { 2048, SZ_4K, 5000, SZ_8K, SZ_32K + 8, SZ_64K };
	static const int more[] = { -1, 0, 1, 3 };
	u64 len, batch, blocks, base;
	int i, j, k;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (j = 0; j < ARRAY_SIZE(more); j++) {
			len = lens[i];
			batch = SZ_64K / len;
			blocks = batch + more[j];
			if (!blocks)
				continue;
			fake_lengths(len, SZ_4K, SZ_4K);
			fake_start(test);
			EXPECT(test, fake_stor(blocks, SZ_1M), 0);
			EXPECT(test, fake->nr_calls, blocks);
			base = fake->calls[0].origin;
			EXPECT(test, base % PAGE_SIZE, 0);
			for (k = 0; k < fake->nr_calls; k++)
				EXPECT(test, fake->calls[k].origin, base + k % batch * len);
			expect_blocks(test, blocks, SZ_1M);
			fake_disable(true);
		}
	}
}

static void stor_state_rejects_bad_arguments(struct kunit *test)
{
	static const struct {
		u64 len, gaddr;
	} rows[] = {
		{ 0, 0 }, { 1, 0 }, { SZ_4K - 1, 0 }, { SZ_4K + 1, 0 }, { ~0ULL, 0 },
		{ SZ_4K, 1 }, { SZ_4K, SZ_4K }, { SZ_4K, SZ_1M - 1 }, { SZ_4K, ~0ULL },
	};
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, rows[i].len,
						  rows[i].gaddr), -EINVAL, "row %d", i);
		expect_untouched(test);
		EXPECT(test, fake->dmp.gaddr, rows[i].gaddr);
	}
	/* Not a power of two: a multiple counts, not an alignment. */
	fake_lengths(5000, SZ_4K, SZ_4K);
	EXPECT(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, SZ_8K, 0), -EINVAL);
	expect_untouched(test);
	EXPECT(test, fake_vm(KVM_PV_DUMP_CONFIG_STOR_STATE, 10000, 0), 0);
	expect_active(test, true);
}

static void stor_state_delivers_what_precedes_a_uv_error(struct kunit *test)
{
	static const int rows[] = { 0, 1, 15, 16, 17, 31, 39 };
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		fake->refuse_call = rows[i];
		EXPECT(test, fake_stor(40, SZ_1M), -EINVAL);
		expect_rc(test, 0x0101, 0x0002);
		EXPECT(test, fake->nr_calls, rows[i] + 1);
		expect_blocks(test, rows[i], SZ_1M);
		EXPECT(test, fake->dmp.gaddr, SZ_1M);
		expect_active(test, true);
	}
}

/* The page at @off of the buffer vanishes. */
static void fake_unmap(unsigned long off)
{
	fake->remap = true;
	vm_munmap(fake->buf_addr + off, PAGE_SIZE);
}

static void act_unmap_17(void)
{
	fake_unmap(17 * SZ_4K);
}

static void stor_state_stops_at_a_faulting_copy(struct kunit *test)
{
	static const int holes[] = { 0, 15, 16, 39 };
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		fake_reset();
		fake_unmap(holes[i] * SZ_4K);
		EXPECT(test, fake_stor(40, 0), -EFAULT);
		expect_rc(test, UVC_RC_EXECUTED, 0);
		EXPECT(test, fake->nr_calls, min_t(int, 40, round_down(holes[i], 16) + 16));
		expect_blocks(test, holes[i], 0);
		EXPECT(test, fake->dmp.gaddr, 0);
		expect_active(test, true);
	}
	/* A page that goes while the first ones are fetched. */
	fake_reset();
	fake->act = act_unmap_17;
	fake->act_at_call = 3;
	EXPECT(test, fake_stor(40, 0), -EFAULT);
	expect_blocks(test, 17, 0);
	/* An error of the copy wins over one of the Ultravisor. */
	fake_reset();
	fake_unmap(0);
	fake->refuse_call = 3;
	EXPECT(test, fake_stor(40, 0), -EFAULT);
	expect_rc(test, 0x0101, 0x0002);
}

/* The request becomes read-only during the work. */
static void act_make_request_readonly(void)
{
	fake->remap = true;
	fake_map(fake->user, 0, PAGE_SIZE, PROT_READ);
}

static void stor_state_reports_a_lost_gaddr(struct kunit *test)
{
	fake_start(test);
	fake->act = act_make_request_readonly;
	fake->act_at_call = 0;
	EXPECT(test, fake_stor(2, 0), -EFAULT);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_blocks(test, 2, 0);
	EXPECT(test, fake->dmp.gaddr, 0);
}

static void stor_state_busy_is_retried_at_the_same_block(struct kunit *test)
{
	int cc;

	for (cc = 2; cc <= 3; cc++) {
		fake_start(test);
		fake->busy = 5;
		fake->busy_cc = cc;
		EXPECT(test, fake_stor(2, SZ_1M), 0);
		EXPECT(test, fake->nr_calls, 7);
		EXPECT(test, fake->calls[5].gaddr, SZ_1M);
		EXPECT(test, fake->calls[5].origin, fake->calls[0].origin);
		EXPECT(test, fake->calls[6].gaddr, 2 * SZ_1M);
		expect_blocks(test, 2, SZ_1M);
		fake_disable(true);
	}
}

static void stor_state_ends_one_uvc_after_a_fatal_signal(struct kunit *test)
{
	static const int rows[] = { 0, 15, 16, 20 };
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_reset();
		fake->kill_at_call = rows[i];
		EXPECT(test, fake_stor(200, 0), -EINTR);
		/* Those of the last UVC, which was a good one. */
		expect_rc(test, UVC_RC_EXECUTED, 0);
		EXPECT(test, fake->nr_calls, rows[i] + 1);
		expect_blocks(test, rows[i] + 1, 0);
		EXPECT(test, fake->dmp.gaddr, 0);
		expect_active(test, true);
	}
	fake_reset();
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 2;
	fake->kill_at_call = 3;
	EXPECT(test, fake_stor(2, 0), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	EXPECT(test, fake->nr_calls, 4);
	expect_untouched_from(test, 0);
	expect_active(test, true);
}

static struct fake_other between;

/* Another thread begins to wait for kvm->lock, which the request has now. */
static void act_start_waiter(void)
{
	EXPECT(fake->test, fake_start_other(&between), 0);
	fake_wait_for_waiter(&fake->kvm->lock);
}

/* A waiter gets kvm->lock although the request takes it again and again. */
static void stor_state_notices_another_dump(struct kunit *test)
{
	static const struct {
		void (*act)(void);
		bool active;
		int r;
	} rows[] = {
		{ act_nothing, true, 0 },
		{ act_disable, false, -EINVAL },
		{ act_complete, false, -EINVAL },
		{ act_complete_and_init, true, -EINVAL },
		{ act_disable_and_init, true, -EINVAL },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_start(test);
		between = (struct fake_other) { .lock = &fake->kvm->lock, .act = rows[i].act };
		fake->act = act_start_waiter;
		fake->act_at_call = 1;
		fake->slow = true;
		EXPECT(test, fake_stor(64, 0), rows[i].r);
		wait_for_completion(&between.done);
		if (rows[i].r) {
			/* The UVCs were those of a dump that is over. */
			expect_rc(test, 0xdead, 0xbeef);
			KUNIT_EXPECT_LE(test, fake->nr_calls, 2 * 16);
			EXPECT(test, fake->nr_calls % 16, 0);
			expect_blocks(test, fake->nr_calls, 0);
			EXPECT(test, fake->dmp.gaddr, 0);
		}
		expect_active(test, rows[i].active);
		fake_disable(true);
	}
}

#ifdef CONFIG_CGROUP_FREEZER
static struct completion thawed;
static bool was_frozen;

static int fake_thaw(void *data)
{
	struct task_struct *thread = data;
	int i;

	for (i = 0; !frozen(thread) && i < 5 * HZ; i++)
		schedule_timeout_uninterruptible(1);
	was_frozen = frozen(thread);
	atomic_dec(&system_freezing_cnt);
	thaw_kernel_threads();
	complete(&thawed);
	return 0;
}

static void act_freeze(void)
{
	init_completion(&thawed);
	current->flags &= ~PF_NOFREEZE;
	pm_nosig_freezing = true;
	atomic_inc(&system_freezing_cnt);
	kthread_run(fake_thaw, current, "pv_dump_thaw");
}

/* A request that takes long does not keep the system from suspending. */
static void stor_state_can_be_frozen(struct kunit *test)
{
	fake_start(test);
	fake->act = act_freeze;
	fake->act_at_call = 3;
	EXPECT(test, fake_stor(200, 0), 0);
	wait_for_completion(&thawed);
	current->flags |= PF_NOFREEZE;
	KUNIT_EXPECT_TRUE(test, was_frozen);
	expect_blocks(test, 200, 0);
}
#else
static void stor_state_can_be_frozen(struct kunit *test)
{
	kunit_info(test, "no freezer in this kernel\n");
}
#endif

/* --- CPU --- */

static void cpu_is_one_uvc_with_the_cpu_handle(struct kunit *test)
{
	fake_start(test);
	EXPECT(test, fake_cpu(), 0);
	EXPECT(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_CPU, 0x50, FAKE_CPU_HANDLE + 1);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_data(test, 0, UVC_CMD_DUMP_CPU, 0, SZ_4K);
	expect_untouched_from(test, SZ_4K);
	/* And again, as often as desired. */
	EXPECT(test, fake_cpu(), 0);
	EXPECT(test, fake->nr_calls, 2);
	expect_active(test, true);
}

static void cpu_rejects_bad_arguments(struct kunit *test)
{
	static const u64 lens[] = { 0, SZ_4K - 1, SZ_4K + 1, SZ_8K, ~0ULL };
	static const u64 subcmds[] = { KVM_PV_DUMP_INIT, KVM_PV_DUMP_COMPLETE, 4, ~0ULL };
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		EXPECT(test, fake_cpu_subcmd(KVM_PV_DUMP_CPU, lens[i]), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(subcmds); i++)
		EXPECT(test, fake_cpu_subcmd(subcmds[i], SZ_4K), -EINVAL);
	expect_untouched(test);
	fake->vcpu[1]->arch.pv.handle = 0;
	EXPECT(test, fake_cpu(), -EINVAL);
	expect_untouched(test);
	expect_active(test, true);
}

static void cpu_looks_again_under_the_lock(struct kunit *test)
{
	struct mutex *lock = &fake->kvm->arch.pv_dump.lock;

	fake_start(test);
	EXPECT(test, fake_against(lock, act_teardown, fake_cpu), -EINVAL);
	expect_untouched(test);
	fake->kvm->arch.pv_dump.teardown = false;
	EXPECT(test, fake_against(lock, act_complete, fake_cpu), -EINVAL);
	expect_untouched(test);
	expect_active(test, false);
}

static void killed_cpu_leaves_the_dump_active(struct kunit *test)
{
	fake_start(test);
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 2;
	fake->kill_at_call = 1;
	EXPECT(test, fake_cpu(), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	EXPECT(test, fake->nr_calls, 2);
	expect_untouched_from(test, 0);
	expect_active(test, true);
}

/* --- COMPLETE --- */

static void complete_ends_the_dump(struct kunit *test)
{
	fake_start(test);
	EXPECT(test, fake_complete(), 0);
	EXPECT(test, fake->nr_calls, 1);
	expect_call(test, 0, UVC_CMD_DUMP_COMPLETE, 0x50, FAKE_HANDLE);
	expect_rc(test, UVC_RC_EXECUTED, 0);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, SZ_4K);
	expect_untouched_from(test, SZ_4K);
	expect_active(test, false);
	fake_reset();
	EXPECT(test, fake_complete(), -EINVAL);
	expect_untouched(test);
}

static void complete_writes_its_length_and_no_more(struct kunit *test)
{
	fake_lengths(SZ_4K, SZ_4K, 288);
	fake_start(test);
	EXPECT(test, fake_vm(KVM_PV_DUMP_COMPLETE, 287, 0), -EINVAL);
	expect_untouched(test);
	EXPECT(test, fake_vm(KVM_PV_DUMP_COMPLETE, SZ_64K, 0), 0);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, 288);
	expect_untouched_from(test, 288);
}

static void complete_looks_again_under_the_locks(struct kunit *test)
{
	static void (*const acts[])(void) = {
		act_disable, act_complete, act_complete_and_init, act_disable_and_init,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		fake_start(test);
		EXPECT(test, fake_against(&fake->kvm->lock, acts[i], fake_complete), -EINVAL);
		expect_untouched(test);
		expect_active(test, i >= 2);
		fake_disable(true);
	}
}

static void killed_complete_leaves_the_dump_active(struct kunit *test)
{
	fake_start(test);
	fake->busy = FAKE_CALLS;
	fake->busy_cc = 3;
	fake->kill_at_call = 4;
	EXPECT(test, fake_complete(), -EINTR);
	expect_rc(test, 0x4242, 0x1717);
	EXPECT(test, fake->nr_calls, 5);
	expect_untouched_from(test, 0);
	expect_active(test, true);
	fake_reset();
	/* Killed after the work was done: the data is delivered. */
	fake->kill_at_call = 0;
	EXPECT(test, fake_complete(), 0);
	expect_data(test, 0, UVC_CMD_DUMP_COMPLETE, 0, SZ_4K);
	expect_active(test, false);
}

/* --- the buffers of CPU and COMPLETE --- */

static int (*const once_only[])(void) = { fake_cpu, fake_complete };

/* Areas of all lengths and at all places of a page arrive, and nothing else changes. */
static void areas_of_any_length_are_stored(struct kunit *test)
{
	static const u64 lens[] = { 1, 288, SZ_4K, 5000, 3 * SZ_4K, SZ_1M - SZ_4K };
	static const u64 offs[] = { 0, 1, 0x7f8, SZ_4K - 1 };
	static const u16 cmds[] = { UVC_CMD_DUMP_CPU, UVC_CMD_DUMP_COMPLETE };
	int i, j, k;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (j = 0; j < ARRAY_SIZE(offs); j++) {
			fake_lengths(SZ_4K, lens[i], lens[i]);
			fake_start(test);
			for (k = 0; k < ARRAY_SIZE(once_only); k++) {
				fake_reset();
				fake->buf_addr += offs[j];
				EXPECT(test, once_only[k](), 0);
				EXPECT(test, fake->calls[0].origin % PAGE_SIZE, 0);
				expect_data(test, offs[j], cmds[k], 0, lens[i]);
				expect_untouched_from(test, offs[j] + lens[i]);
				KUNIT_EXPECT_TRUE(test, !memchr_inv(fake->buf, FAKE_UNTOUCHED,
								    offs[j]));
			}
		}
	}
}

/* Unwritable buffers are found before the Ultravisor is called. */
static void unwritable_buffer_is_efault(struct kunit *test)
{
	int i, j;

	fake_lengths(SZ_4K, 5000, 5000);
	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(once_only); i++) {
		const unsigned long bad[] = {
			fake_readonly(fake->buf_addr), fake_hole(), fake_hole() - SZ_4K,
			fake_hole() - 4999, 0, ~0UL, ~0UL - SZ_4K, fake->mm->context.asce_limit - 1,
		};

		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			fake->buf_addr = bad[j];
			KUNIT_EXPECT_EQ_MSG(test, once_only[i](), -EFAULT, "address %lx", bad[j]);
			expect_untouched(test);
			fake_reset();
		}
		/* Only the second page is not there: the first is not left behind pinned. */
		fake_unmap(PAGE_SIZE);
		EXPECT(test, once_only[i](), -EFAULT);
		expect_untouched(test);
		/* A fault that a fatal signal cut short is not the buffer's. */
		fake->killed = true;
		EXPECT(test, once_only[i](), -EINTR);
		fake->killed = false;
		fake_signal(SIGUSR1, true);
		EXPECT(test, once_only[i](), -EFAULT);
		fake_signal(SIGUSR1, false);
		expect_untouched(test);
		/* The last byte that fits. */
		fake_reset();
		fake->buf_addr = fake_hole() - 5000;
		EXPECT(test, once_only[i](), 0);
		fake_reset();
	}
	expect_active(test, false);
}

static void act_unmap_all(void)
{
	struct page *page = shmem_read_mapping_page(fake->file->f_mapping, 1);

	KUNIT_EXPECT_TRUE(fake->test, page_maybe_dma_pinned(page));
	fake->remap = true;
	vm_munmap(fake->user, FAKE_MEM_SIZE);
	/* The page table entry was dirty. From here on only the engine can mark the page. */
	ClearPageDirty(page);
	put_page(page);
}

/* What the Ultravisor delivers once is stored although the buffer is gone. */
static void nothing_is_lost_when_the_buffer_vanishes(struct kunit *test)
{
	struct page *page;
	int i;

	fake_start(test);
	for (i = 0; i < ARRAY_SIZE(once_only); i++) {
		fake_reset();
		fake->act = act_unmap_all;
		fake->act_at_call = 0;
		EXPECT(test, once_only[i](), 0);
		expect_data(test, 0, fake->calls[0].cmd, 0, SZ_4K);
		page = shmem_read_mapping_page(fake->file->f_mapping, 1);
		KUNIT_EXPECT_TRUE(test, (bool)PageDirty(page));
		put_page(page);
	}
	fake_reset();
}

/* --- teardown --- */

static void teardown_ends_every_state(struct kunit *test)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (i)
			fake_start(test);
		fake_disable(true);
		expect_active(test, false);
		EXPECT(test, fake->nr_calls, 0);
		/* Everything can begin anew. */
		fake_protect(true);
		EXPECT(test, fake_stor_1(), -EINVAL);
		EXPECT(test, fake_complete(), -EINVAL);
		EXPECT(test, fake_init(), 0);
		EXPECT(test, fake_cpu(), 0);
		EXPECT(test, fake_complete(), 0);
		expect_active(test, false);
		fake_reset();
	}
}

/* The Ultravisor refuses to destroy a CPU or the configuration: the dump goes on. */
static void failed_teardown_keeps_every_state(struct kunit *test)
{
	fake_disable(false);
	expect_active(test, false);
	fake_start(test);
	fake_disable(false);
	expect_active(test, true);
	EXPECT(test, fake_stor_1(), 0);
	EXPECT(test, fake_cpu(), 0);
	EXPECT(test, fake_complete(), 0);
	expect_active(test, false);
}

/* Between the first CPU and the configuration: no CPU is dumped, and none may run. */
static void teardown_keeps_cpu_out(struct kunit *test)
{
	fake_start(test);
	mutex_lock(&fake->kvm->lock);
	test_pv_dump_teardown_begin(fake->kvm);
	EXPECT(test, fake_cpu(), -EINVAL);
	expect_untouched(test);
	KUNIT_EXPECT_TRUE(test, kvm_s390_pv_dump_active(fake->kvm));
	test_pv_dump_teardown_end(fake->kvm);
	mutex_unlock(&fake->kvm->lock);
	EXPECT(test, fake_cpu(), 0);
}

static struct kunit_case pv_dump_cases[] = {
	KUNIT_CASE(uvcbs_have_the_architected_layout),
	KUNIT_CASE(query_block_has_the_architected_layout),
	KUNIT_CASE(info_reports_the_query_data),
	KUNIT_CASE(info_rejects_bad_arguments),
	KUNIT_CASE(support_takes_all_calls),
	KUNIT_CASE(init_is_one_uvc_with_the_handle),
	KUNIT_CASE(init_without_vcpus_works),
	KUNIT_CASE(refused_init_changes_nothing),
	KUNIT_CASE(second_init_is_einval_without_uvc),
	KUNIT_CASE(init_takes_any_sane_firmware_length),
	KUNIT_CASE(init_looks_again_under_the_locks),
	KUNIT_CASE(killed_init_changes_nothing),
	KUNIT_CASE(unprotected_vm_is_einval),
	KUNIT_CASE(unknown_subcommand_is_enotty),
	KUNIT_CASE(nothing_works_before_init),
	KUNIT_CASE(inaccessible_request_is_efault),
	KUNIT_CASE(busy_uvc_is_retried),
	KUNIT_CASE(answers_are_passed_on),
	KUNIT_CASE(no_memory_is_enomem),
	KUNIT_CASE(killed_request_changes_nothing),
	KUNIT_CASE(other_signals_are_ignored),
	KUNIT_CASE(stor_state_walks_up_mib_by_mib),
	KUNIT_CASE(stor_state_stays_in_its_buffer),
	KUNIT_CASE(stor_state_rejects_bad_arguments),
	KUNIT_CASE(stor_state_delivers_what_precedes_a_uv_error),
	KUNIT_CASE(stor_state_stops_at_a_faulting_copy),
	KUNIT_CASE(stor_state_reports_a_lost_gaddr),
	KUNIT_CASE(stor_state_busy_is_retried_at_the_same_block),
	KUNIT_CASE(stor_state_ends_one_uvc_after_a_fatal_signal),
	KUNIT_CASE(stor_state_notices_another_dump),
	KUNIT_CASE(stor_state_can_be_frozen),
	KUNIT_CASE(cpu_is_one_uvc_with_the_cpu_handle),
	KUNIT_CASE(cpu_rejects_bad_arguments),
	KUNIT_CASE(cpu_looks_again_under_the_lock),
	KUNIT_CASE(killed_cpu_leaves_the_dump_active),
	KUNIT_CASE(complete_ends_the_dump),
	KUNIT_CASE(complete_writes_its_length_and_no_more),
	KUNIT_CASE(complete_looks_again_under_the_locks),
	KUNIT_CASE(killed_complete_leaves_the_dump_active),
	KUNIT_CASE(areas_of_any_length_are_stored),
	KUNIT_CASE(unwritable_buffer_is_efault),
	KUNIT_CASE(nothing_is_lost_when_the_buffer_vanishes),
	KUNIT_CASE(teardown_ends_every_state),
	KUNIT_CASE(failed_teardown_keeps_every_state),
	KUNIT_CASE(teardown_keeps_cpu_out),
	{}
};

static struct kunit_suite pv_dump_suite = {
	.name = "kvm_s390_pv_dump",
	.init = fake_create,
	.exit = fake_destroy,
	.test_cases = pv_dump_cases,
};

kunit_test_suite(pv_dump_suite);
