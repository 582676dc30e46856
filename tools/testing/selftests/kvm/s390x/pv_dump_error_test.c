// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: wrong requests in every state, and other commands beside a dump.
 */
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "pv_util.h"

FIXTURE(errors) {
	struct pv_vm vm;
	struct pv_buf buf;
};

FIXTURE_SETUP(errors)
{
	pv_vm_init(&self->vm);
	ASSERT_EQ(0, pv_buf_alloc(&self->buf, pv_host.compl_len + 2 * PV_PAGE));
}

FIXTURE_TEARDOWN(errors)
{
	EXPECT_TRUE(pv_buf_canaries(&self->buf));
	pv_vm_close(&self->vm);
}

enum rc_rule {
	RC_KEPT,	/* no Ultravisor call */
	RC_UVC,		/* the Ultravisor refuses */
	RC_ANY,		/* KVM may find the fault before or after the call */
};

/**
 * struct request - a request, most of them wrong
 * @name: for messages
 * @vcpu: on the vCPU's descriptor
 * @subcmd: subcommand
 * @dmp: where the dump block is
 * @buf: where the buffer is
 * @delta: added to the right buffer length
 * @gaddr: guest address
 * @none: errno when protected without an active dump; -1 for not tried
 * @active: errno while a dump is active
 * @rc: what happens to rc and rrc while a dump is active
 *
 * Without protection every request fails with EINVAL and keeps rc and rrc.
 */
struct request {
	const char *name;
	bool vcpu;
	__u64 subcmd;
	enum pv_where dmp;
	enum pv_where buf;
	long delta;
	__u64 gaddr;
	int none;
	int active;
	enum rc_rule rc;
};

#define INIT		KVM_PV_DUMP_INIT
#define STOR_STATE	KVM_PV_DUMP_CONFIG_STOR_STATE
#define COMPLETE	KVM_PV_DUMP_COMPLETE
#define CPU		KVM_PV_DUMP_CPU
#define VM(n, sub)	.name = "vm " n, .subcmd = (sub)
#define VCPU(n, sub)	.name = "vcpu " n, .subcmd = (sub), .vcpu = true

static const struct request requests[] = {
	{ VM("INIT again", INIT), .none = -1, .active = EINVAL },
	{ VM("INIT, no block", INIT), .dmp = AT_NULL, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, hidden block", INIT), .dmp = AT_NONE, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, 63 bytes", INIT), .dmp = AT_EDGE, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, kernel address", INIT), .dmp = AT_KERNEL, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, unmapped block", INIT), .dmp = AT_GONE, .none = EFAULT, .active = EFAULT },
	{ VM("subcommand CPU", CPU), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand 4", 4), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand 1 << 32", 1ULL << 32), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand ~0", ~0ULL), .none = ENOTTY, .active = ENOTTY },

	{ VM("STOR_STATE", STOR_STATE), .none = EINVAL, .active = 0 },
	{ VM("STOR_STATE, no block", STOR_STATE), .dmp = AT_NULL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, hidden block", STOR_STATE), .dmp = AT_NONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, unmapped block", STOR_STATE), .dmp = AT_GONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, 63 bytes", STOR_STATE), .dmp = AT_EDGE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, kernel block", STOR_STATE), .dmp = AT_KERNEL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, beyond memory", STOR_STATE), .gaddr = 1ULL << 40, .none = EINVAL,
	  .active = EINVAL, .rc = RC_UVC },
	{ VM("STOR_STATE, last MiB of all", STOR_STATE), .gaddr = -PV_MIB, .none = EINVAL,
	  .active = EINVAL, .rc = RC_UVC },
	{ VM("STOR_STATE, no buffer", STOR_STATE), .buf = AT_NULL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, hidden buffer", STOR_STATE), .buf = AT_NONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, unmapped buffer", STOR_STATE), .buf = AT_GONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, read-only buffer", STOR_STATE), .buf = AT_RO, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, short buffer", STOR_STATE), .buf = AT_EDGE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, kernel address", STOR_STATE), .buf = AT_KERNEL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },

	{ VM("COMPLETE, 1 byte short", COMPLETE), .delta = -1, .none = EINVAL, .active = EINVAL },
	{ VM("COMPLETE, length 0", COMPLETE), .delta = LONG_MIN, .none = EINVAL, .active = EINVAL },
	{ VM("COMPLETE, no block", COMPLETE), .dmp = AT_NULL, .none = EFAULT, .active = EFAULT },
	{ VM("COMPLETE, hidden block", COMPLETE), .dmp = AT_NONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, unmapped block", COMPLETE), .dmp = AT_GONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, 63 bytes", COMPLETE), .dmp = AT_EDGE, .none = EFAULT, .active = EFAULT },
	{ VM("COMPLETE, kernel block", COMPLETE), .dmp = AT_KERNEL, .none = EFAULT,
	  .active = EFAULT },

	{ VCPU("CPU", CPU), .none = EINVAL, .active = 0 },
	{ VCPU("subcommand INIT", INIT), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand STOR_STATE", STOR_STATE), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand COMPLETE", COMPLETE), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand 4", 4), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand 3 << 32", 3ULL << 32), .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, no block", CPU), .dmp = AT_NULL, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, hidden block", CPU), .dmp = AT_NONE, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, 63 bytes", CPU), .dmp = AT_EDGE, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, unmapped block", CPU), .dmp = AT_GONE, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, kernel block", CPU), .dmp = AT_KERNEL, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, 1 byte short", CPU), .delta = -1, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, 1 byte long", CPU), .delta = 1, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, length 0", CPU), .delta = LONG_MIN, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, 1 page long", CPU), .delta = 4096, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, no buffer", CPU), .buf = AT_NULL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, hidden buffer", CPU), .buf = AT_NONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, unmapped buffer", CPU), .buf = AT_GONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, read-only buffer", CPU), .buf = AT_RO, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, short buffer", CPU), .buf = AT_EDGE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, kernel address", CPU), .buf = AT_KERNEL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
};

enum vm_state { NOT_PROTECTED, NO_DUMP, ACTIVE };

static size_t right_len(__u64 subcmd)
{
	switch (subcmd) {
	case STOR_STATE:
		return pv_host.stor_len;
	case COMPLETE:
		return pv_host.compl_len;
	case CPU:
		return pv_host.cpu_len;
	default:
		return 0;
	}
}

static int expected_error(const struct request *r, enum vm_state state)
{
	int want = EINVAL;

	if (state != NOT_PROTECTED)
		want = state == NO_DUMP ? r->none : r->active;
	return want;
}

/*
 * Any answer of the Ultravisor is valid if the request reaches it. Not every kernel delivers the
 * one for a vCPU.
 */
static bool valid_answer(const struct request *r, struct pv_res res)
{
	if (pv_host.exact)
		return false;
	if (r->vcpu)
		return res.err == EINVAL;
	return pv_uv_refused(res) || (!res.err && res.rc == 1);
}

static struct pv_res issue(struct pv_vm *vm, const struct request *r, struct pv_buf *buf)
{
	size_t len = right_len(r->subcmd);
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = r->subcmd,
		.gaddr = r->gaddr,
		.buff_len = r->delta == LONG_MIN ? 0 : len + r->delta,
		.buff_addr = (unsigned long)buf->p,
	};
	struct kvm_s390_pv_dmp *at = &dmp;
	struct pv_res res;

	if (r->buf != AT_GOOD)
		dmp.buff_addr = (unsigned long)pv_place(r->buf, len);
	if (r->dmp != AT_GOOD)
		at = pv_place(r->dmp, sizeof(dmp));
	if (r->vcpu)
		res = pv_ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, KVM_PV_DUMP, at);
	else
		res = pv_ioctl(vm->fd, KVM_S390_PV_COMMAND, KVM_PV_DUMP, at);
	pv_note_res(r->name, res);
	return res;
}

static void expect_answer(struct __test_metadata *_metadata, const struct request *r,
			  enum vm_state state, struct pv_res res)
{
	bool may_call = state == ACTIVE && r->rc != RC_KEPT;
	int want = expected_error(r, state);

	EXPECT_EQ(want, res.err) {
		TH_LOG("%s: rc 0x%04x", r->name, res.rc);
	}
	if (!may_call && (res.err || state != ACTIVE)) {
		EXPECT_TRUE(pv_kept(res)) {
			TH_LOG("%s: rc 0x%04x", r->name, res.rc);
		}
	}
	if (may_call && r->rc == RC_UVC)
		PV_EXPECT_REFUSED(res);
}

static void run_request(struct __test_metadata *_metadata, struct pv_vm *vm,
			const struct request *r, enum vm_state state)
{
	size_t len = right_len(r->subcmd);
	struct pv_buf buf;
	struct pv_res res;

	PV_TRY(return, pv_buf_alloc(&buf, len + PV_PAGE));
	res = issue(vm, r, &buf);
	EXPECT_TRUE(pv_buf_canaries(&buf));
	EXPECT_TRUE(pv_buf_untouched(&buf, len, buf.len));
	if (state != NOT_PROTECTED)
		EXPECT_EQ(state == ACTIVE, pv_dumping(vm));
	if (state != ACTIVE || r->rc == RC_KEPT || !valid_answer(r, res)) {
		expect_answer(_metadata, r, state, res);
		if (res.err && r->buf == AT_GOOD)
			EXPECT_TRUE(pv_buf_untouched(&buf, 0, buf.len));
		/* The area is filled up to its last byte. */
		if (!res.err && len && r->rc == RC_KEPT)
			EXPECT_FALSE(pv_buf_untouched(&buf, len - 1, len));
	}
	pv_buf_free(&buf);
}

static void run_requests(struct __test_metadata *_metadata, struct pv_vm *vm, enum vm_state state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (expected_error(&requests[i], state) >= 0)
			run_request(_metadata, vm, &requests[i], state);
}

TEST_F_TIMEOUT(errors, not_protected, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO | PV_NEED_CAP);
	PV_TRY(return, pv_vm_open(&self->vm, 1, PV_MIB));
	run_requests(_metadata, &self->vm, NOT_PROTECTED);
}

/* Protected, but without an image: the table makes no difference. */
TEST_F_TIMEOUT(errors, unverified, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO | PV_NEED_CAP);
	PV_TRY(return, pv_vm_open(&self->vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(&self->vm));
	run_requests(_metadata, &self->vm, NO_DUMP);
	PV_EXPECT_OK(pv_vm_disable(&self->vm));
}

TEST_F_TIMEOUT(errors, no_dump, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(&self->vm, 1, 0));
	run_requests(_metadata, &self->vm, NO_DUMP);
}

/* The dump can be completed after all wrong requests. */
TEST_F_TIMEOUT(errors, active, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	run_requests(_metadata, vm, ACTIVE);
	pv_fetch_all(vm);
	PV_EXPECT_OK(pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
	EXPECT_FALSE(pv_dumping(vm));
}

/* After COMPLETE everything is as before INIT. */
TEST_F_TIMEOUT(errors, after_complete, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pv_fetch_all(vm);
	PV_ASSERT_OK(pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
	run_requests(_metadata, vm, NO_DUMP);
}

/*
 * INFO works while a dump is active, KVM's own checks stay, and what the Ultravisor answers to
 * other commands does not end the dump.
 */
TEST_F_TIMEOUT(errors, other_commands_while_active, PV_TIMEOUT(60))
{
	static const __u32 cmds[] = { KVM_PV_VERIFY, KVM_PV_UNSHARE_ALL, KVM_PV_PREP_RESET };
	struct kvm_s390_pv_info info = {
		.header = { .id = KVM_PV_INFO_DUMP, .len_max = sizeof(info) },
	};
	struct pv_vm *vm = &self->vm;
	struct pv_res res;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, 0));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	PV_EXPECT_KEPT(0, pv_info(vm->fd, &info));
	EXPECT_EQ(pv_host.stor_len, info.dump.dump_config_mem_buffer_per_1m);
	PV_EXPECT_KEPT(EINVAL, pv_vm_cmd(vm->fd, KVM_PV_ENABLE, NULL));
	PV_EXPECT_KEPT(ENOTTY, pv_vm_cmd(vm->fd, 0x1000, NULL));
	EXPECT_TRUE(pv_dumping(vm));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		res = pv_vm_cmd(vm->fd, cmds[i], NULL);
		EXPECT_TRUE(res.err ? pv_uv_refused(res) : res.rc == 1);
		EXPECT_TRUE(pv_dumping(vm));
	}
	res = pv_vm_set_parms(vm);
	EXPECT_TRUE(res.err ? pv_uv_refused(res) : res.rc == 1);
	EXPECT_TRUE(pv_dumping(vm));
}

/* Not protected: refused before the dump block is read. */
TEST_F_TIMEOUT(errors, dump_unprotected, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_dmp dmp = { 0 };
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_EXPECT_KEPT(EINVAL, pv_vm_cmd(vm->fd, KVM_PV_DUMP, NULL));
	for (dmp.subcmd = 0; dmp.subcmd < 5; dmp.subcmd++)
		PV_EXPECT_KEPT(EINVAL, pv_dump(vm->fd, &dmp));
	PV_EXPECT_KEPT(EINVAL,
		       pv_ioctl(vm->vcpu[0], KVM_S390_PV_CPU_COMMAND, KVM_PV_DUMP, NULL));
}

/* Protected but without a dump: nothing reaches the Ultravisor. */
TEST_F_TIMEOUT(errors, dump_before_init, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;
	__u8 *p = self->buf.p;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	PV_EXPECT_KEPT(EINVAL, pv_dump_stor_state(vm->fd, 0, p, pv_host.stor_len));
	PV_EXPECT_KEPT(EINVAL, pv_dump_complete(vm->fd, p, pv_host.compl_len));
	PV_EXPECT_KEPT(EINVAL, pv_dump_cpu(vm->vcpu[0], p, pv_host.cpu_len));
	PV_EXPECT_KEPT(EFAULT, pv_vm_cmd(vm->fd, KVM_PV_DUMP, NULL));
	PV_EXPECT_KEPT(EFAULT, pv_vm_cmd(vm->fd, KVM_PV_DUMP, pv_edge(63)));
	EXPECT_TRUE(pv_buf_untouched(&self->buf, 0, self->buf.len));
	PV_EXPECT_OK(pv_vm_disable(vm));
}

TEST_F_TIMEOUT(errors, unknown_subcommand, PV_TIMEOUT(30))
{
	static const __u64 subcmds[] = { CPU, 4, 5, 1ULL << 32, ~0ULL };
	struct kvm_s390_pv_dmp dmp, was;
	struct pv_vm *vm = &self->vm;
	unsigned int i;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	for (i = 0; i < ARRAY_SIZE(subcmds); i++) {
		memset(&dmp, 0x5a, sizeof(dmp));
		dmp.subcmd = subcmds[i];
		was = dmp;
		PV_EXPECT_KEPT(ENOTTY, pv_dump(vm->fd, &dmp));
		EXPECT_EQ(0, memcmp(&dmp, &was, sizeof(dmp)));
	}
}

/* The end of a dump of a guest that was never verified. Return: is it still active? */
static bool complete_unverified(struct __test_metadata *_metadata, struct pv_vm *vm,
				struct pv_buf *buf)
{
	struct pv_res res;

	EXPECT_TRUE(pv_dumping(vm));
	pv_fetch_all(vm);
	res = pv_dump_complete(vm->fd, buf->p, pv_host.compl_len);
	EXPECT_TRUE(res.err ? pv_uv_refused(res) : res.rc == 1);
	/* A COMPLETE that was refused leaves the dump active. */
	EXPECT_EQ(!!res.err, pv_dumping(vm));
	return res.err;
}

/*
 * INIT on a guest that was never verified: if the Ultravisor refuses, its code comes back and no
 * dump is active. Protection can be ended in any case.
 */
TEST_F_TIMEOUT(errors, init_unverified, PV_TIMEOUT(30))
{
	struct pv_vm *vm = &self->vm;
	bool active = false;
	struct pv_res res;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_INFO | PV_NEED_CAP);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	EXPECT_EQ(EINTR, pv_run(vm, 0));
	res = pv_dump_init(vm->fd);
	if (!res.err) {
		EXPECT_EQ(1, res.rc);
		active = complete_unverified(_metadata, vm, &self->buf);
	} else {
		PV_EXPECT_REFUSED(res);
		PV_EXPECT_KEPT(EINVAL,
			       pv_dump_complete(vm->fd, self->buf.p, pv_host.compl_len));
		EXPECT_FALSE(pv_dumping(vm));
	}
	PV_DISABLE_DUMPING(return, vm);
	if (!active)
		EXPECT_EQ(EINTR, pv_run(vm, 0));
}

/* Protecting a VM without memory is refused without a kernel warning. */
TEST_F_TIMEOUT(errors, enable_without_memory, PV_TIMEOUT(30))
{
	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_RISK);
	PV_TRY(return, pv_vm_open(&self->vm, 1, 0));
	EXPECT_NE(0, pv_vm_enable(&self->vm).err);
	EXPECT_FALSE(pv_dumping(&self->vm));
}

/* A header of length 0 is refused without a kernel warning. */
TEST_F_TIMEOUT(errors, empty_header, PV_TIMEOUT(30))
{
	struct kvm_s390_pv_sec_parm parms = { .origin = (unsigned long)&parms };
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_HOST | PV_NEED_RISK);
	PV_TRY(return, pv_vm_open(vm, 1, PV_MIB));
	PV_ASSERT_OK(pv_vm_enable(vm));
	EXPECT_EQ(EINVAL, pv_vm_cmd(vm->fd, KVM_PV_SET_SEC_PARMS, &parms).err);
	PV_EXPECT_OK(pv_vm_disable(vm));
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
