/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns the table of errors: subcommand, state and bad argument against errno and rc.
 * Never tests what only a fixed kernel does right; those tests carry a defect's number.
 */
#ifndef PV_DUMP_TABLE_H
#define PV_DUMP_TABLE_H

#include "pv_dump_firmware.h"

enum pvd_where {
	AT_GOOD,	/* as it should be */
	AT_NULL,
	AT_NONE,	/* a mapping without access */
	AT_GONE,	/* nothing is mapped */
	AT_RO,		/* a read-only mapping */
	AT_EDGE,	/* the last byte is missing */
	AT_KERNEL,	/* the last page of the address space */
};

enum pvd_rc_rule {
	RC_KEPT,	/* no UVC was made */
	RC_UVC,		/* a UVC was made, and refused */
	RC_ANY,		/* KVM may find the fault before or after the UVC */
};

/**
 * struct pvd_case - one bad (or good) request
 * @name: for messages
 * @vcpu: on the vCPU's descriptor
 * @subcmd: subcommand
 * @dmp: where the dump block is
 * @buf: where the buffer is
 * @delta: added to the right buffer length
 * @gaddr: guest address
 * @none: errno when protected without an active dump
 * @active: errno while a dump is active
 * @rc: what happens to rc and rrc while a dump is active
 *
 * Without protection every request gives EINVAL and keeps rc.
 */
struct pvd_case {
	const char *name;
	bool vcpu;
	__u64 subcmd;
	enum pvd_where dmp;
	enum pvd_where buf;
	long delta;
	__u64 gaddr;
	int none;
	int active;
	enum pvd_rc_rule rc;
};

#define VM(n, sub)	.name = "vm " n, .subcmd = (sub)
#define VCPU(n, sub)	.name = "vcpu " n, .subcmd = (sub), .vcpu = true

static const struct pvd_case pvd_cases[] = {
	{ VM("INIT again", PVD_INIT), .none = -1, .active = EINVAL },
	{ VM("INIT, no block", PVD_INIT), .dmp = AT_NULL, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, hidden block", PVD_INIT), .dmp = AT_NONE, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, 63 bytes", PVD_INIT), .dmp = AT_EDGE, .none = EFAULT, .active = EFAULT },
	{ VM("INIT, kernel address", PVD_INIT), .dmp = AT_KERNEL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("INIT, unmapped block", PVD_INIT), .dmp = AT_GONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("subcommand CPU", PVD_CPU), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand 4", 4), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand 1 << 32", 1ULL << 32), .none = ENOTTY, .active = ENOTTY },
	{ VM("subcommand ~0", ~0ULL), .none = ENOTTY, .active = ENOTTY },

	{ VM("STOR_STATE", PVD_STOR_STATE), .none = EINVAL, .active = 0 },
	{ VM("STOR_STATE, no block", PVD_STOR_STATE), .dmp = AT_NULL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, hidden block", PVD_STOR_STATE), .dmp = AT_NONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, unmapped block", PVD_STOR_STATE), .dmp = AT_GONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, 63 bytes", PVD_STOR_STATE), .dmp = AT_EDGE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, kernel block", PVD_STOR_STATE), .dmp = AT_KERNEL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("STOR_STATE, beyond memory", PVD_STOR_STATE), .gaddr = 1ULL << 40, .none = EINVAL,
	  .active = EINVAL, .rc = RC_UVC },
	{ VM("STOR_STATE, last MiB of all", PVD_STOR_STATE), .gaddr = -PVD_MIB, .none = EINVAL,
	  .active = EINVAL, .rc = RC_UVC },
	{ VM("STOR_STATE, no buffer", PVD_STOR_STATE), .buf = AT_NULL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, hidden buffer", PVD_STOR_STATE), .buf = AT_NONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, unmapped buffer", PVD_STOR_STATE), .buf = AT_GONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, read-only buffer", PVD_STOR_STATE), .buf = AT_RO, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, short buffer", PVD_STOR_STATE), .buf = AT_EDGE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VM("STOR_STATE, kernel address", PVD_STOR_STATE), .buf = AT_KERNEL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },

	{ VM("COMPLETE, 1 byte short", PVD_COMPLETE), .delta = -1, .none = EINVAL,
	  .active = EINVAL },
	{ VM("COMPLETE, length 0", PVD_COMPLETE), .delta = LONG_MIN, .none = EINVAL,
	  .active = EINVAL },
	{ VM("COMPLETE, no block", PVD_COMPLETE), .dmp = AT_NULL, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, hidden block", PVD_COMPLETE), .dmp = AT_NONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, unmapped block", PVD_COMPLETE), .dmp = AT_GONE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, 63 bytes", PVD_COMPLETE), .dmp = AT_EDGE, .none = EFAULT,
	  .active = EFAULT },
	{ VM("COMPLETE, kernel block", PVD_COMPLETE), .dmp = AT_KERNEL, .none = EFAULT,
	  .active = EFAULT },

	{ VCPU("CPU", PVD_CPU), .none = EINVAL, .active = 0 },
	{ VCPU("subcommand INIT", PVD_INIT), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand STOR_STATE", PVD_STOR_STATE), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand COMPLETE", PVD_COMPLETE), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand 4", 4), .none = EINVAL, .active = EINVAL },
	{ VCPU("subcommand 3 << 32", 3ULL << 32), .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, no block", PVD_CPU), .dmp = AT_NULL, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, hidden block", PVD_CPU), .dmp = AT_NONE, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, 63 bytes", PVD_CPU), .dmp = AT_EDGE, .none = EINVAL, .active = EFAULT },
	{ VCPU("CPU, unmapped block", PVD_CPU), .dmp = AT_GONE, .none = EINVAL,
	  .active = EFAULT },
	{ VCPU("CPU, kernel block", PVD_CPU), .dmp = AT_KERNEL, .none = EINVAL,
	  .active = EFAULT },
	{ VCPU("CPU, 1 byte short", PVD_CPU), .delta = -1, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, 1 byte long", PVD_CPU), .delta = 1, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, length 0", PVD_CPU), .delta = LONG_MIN, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, 1 page long", PVD_CPU), .delta = 4096, .none = EINVAL, .active = EINVAL },
	{ VCPU("CPU, no buffer", PVD_CPU), .buf = AT_NULL, .none = EINVAL, .active = EFAULT,
	  .rc = RC_ANY },
	{ VCPU("CPU, hidden buffer", PVD_CPU), .buf = AT_NONE, .none = EINVAL, .active = EFAULT,
	  .rc = RC_ANY },
	{ VCPU("CPU, unmapped buffer", PVD_CPU), .buf = AT_GONE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, read-only buffer", PVD_CPU), .buf = AT_RO, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, short buffer", PVD_CPU), .buf = AT_EDGE, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
	{ VCPU("CPU, kernel address", PVD_CPU), .buf = AT_KERNEL, .none = EINVAL,
	  .active = EFAULT, .rc = RC_ANY },
};

enum pvd_state { STATE_OFF, STATE_NONE, STATE_ACTIVE };

static size_t pvd_right_len(__u64 subcmd)
{
	switch (subcmd) {
	case PVD_STOR_STATE:
		return host.dump.stor_len;
	case PVD_COMPLETE:
		return host.dump.compl_len;
	case PVD_CPU:
		return host.dump.cpu_len;
	default:
		return 0;
	}
}

/* @len bytes at a bad place; NULL is one, so failure to make one ends the test. */
static void *pvd_place(enum pvd_where where, size_t len)
{
	__u8 *map;

	switch (where) {
	case AT_NULL:
		return NULL;
	case AT_NONE:
		map = pvd_map(2 * len + PVD_PAGE, PROT_NONE);
		break;
	case AT_GONE:
		map = pvd_unmapped(2 * len + PVD_PAGE);
		break;
	case AT_RO:
		map = pvd_map(len + PVD_PAGE, PROT_READ);
		break;
	case AT_EDGE:
		map = pvd_edge(len - 1);
		break;
	default:
		return (void *)-4096L;
	}
	if (!map)
		abort();
	return map;
}

/*
 * Where the case asks the Ultravisor, firmware may answer what it likes; not every kernel
 * says what the answer for a vCPU was (D25).
 */
static bool pvd_strange_answer(const struct pvd_case *c, struct pvd_res res)
{
	if (host.softuv || c->rc == RC_KEPT)
		return false;
	if (c->vcpu)
		return res.err == EINVAL;
	return pvd_uv_refused(res) || (!res.err && res.rc == 1);
}

static void pvd_run_case(struct __test_metadata *_metadata, struct pvd_vm *vm,
			 const struct pvd_case *c, enum pvd_state state)
{
	int want = state == STATE_OFF ? EINVAL : state == STATE_NONE ? c->none : c->active;
	bool may_uvc = state == STATE_ACTIVE && c->rc != RC_KEPT;
	size_t len = pvd_right_len(c->subcmd);
	struct pvd_dmp dmp = { .subcmd = c->subcmd, .gaddr = c->gaddr };
	struct pvd_dmp *at = &dmp;
	struct pvd_buf buf;
	struct pvd_res res;

	if (want < 0)
		return;
	PVD_BUFFER(&buf, len + PVD_PAGE);
	dmp.buff_len = c->delta == LONG_MIN ? 0 : len + c->delta;
	dmp.buff_addr = (unsigned long)(c->buf == AT_GOOD ? buf.p : pvd_place(c->buf, len));
	if (c->dmp != AT_GOOD)
		at = pvd_place(c->dmp, sizeof(dmp));
	res = pvd_ioctl(c->vcpu ? vm->vcpu[0] : vm->fd, c->vcpu ? PVD_IOC_VCPU : PVD_IOC_VM,
			PVD_DUMP, at);
	pvd_note_res(c->name, res);
	EXPECT_TRUE(pvd_canaries(&buf));
	EXPECT_TRUE(pvd_buf_untouched(&buf, len, buf.len));
	if (state != STATE_OFF)
		EXPECT_EQ(state == STATE_ACTIVE, pvd_dumping(vm));
	if (may_uvc && pvd_strange_answer(c, res)) {
		pvd_buf_free(&buf);
		return;
	}
	EXPECT_EQ(want, res.err);
	if (!may_uvc && (res.err || state != STATE_ACTIVE))
		EXPECT_TRUE(pvd_kept(res));
	if (may_uvc && c->rc == RC_UVC)
		PVD_EXPECT_REFUSED(res);
	if (want != res.err || (!may_uvc && res.err && !pvd_kept(res)))
		TH_LOG("%s, %s: %s rc 0x%04x", c->name, state == STATE_OFF ? "not protected" :
		       state == STATE_NONE ? "no dump" : "active", pvd_errname(res.err), res.rc);
	if (res.err && c->buf == AT_GOOD)
		EXPECT_TRUE(pvd_buf_untouched(&buf, 0, buf.len));
	/* What is written: all of the area, up to its last byte. */
	if (!res.err && len && c->rc == RC_KEPT)
		EXPECT_FALSE(pvd_buf_untouched(&buf, len - 1, len));
	pvd_buf_free(&buf);
}

static void pvd_run_cases(struct __test_metadata *_metadata, struct pvd_vm *vm,
			  enum pvd_state state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pvd_cases); i++)
		pvd_run_case(_metadata, vm, &pvd_cases[i], state);
}

FIXTURE(errors) {
	int unused;
};

FIXTURE_SETUP(errors)
{
}

FIXTURE_TEARDOWN(errors)
{
}

PVD_TEST(errors, not_protected, PVD_NEED_PV | PVD_NEED_INFO | PVD_NEED_DUMP, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	pvd_run_cases(_metadata, &vm, STATE_OFF);
}

/* Protected, but without an image: as far as the table goes there is no difference. */
PVD_TEST(errors, unverified, PVD_NEED_PV | PVD_NEED_INFO | PVD_NEED_DUMP, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	PVD_ASSERT_OK(pvd_vm_enable(&vm));
	pvd_run_cases(_metadata, &vm, STATE_NONE);
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

PVD_TEST(errors, no_dump, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	pvd_run_cases(_metadata, &vm, STATE_NONE);
}

PVD_TEST(errors, active, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_run_cases(_metadata, &vm, STATE_ACTIVE);
	/* After all that abuse the dump still ends well. */
	pvd_before_complete(&vm);
	PVD_EXPECT_OK(pvd_complete(vm.fd, buf.p, host.dump.compl_len));
	EXPECT_FALSE(pvd_dumping(&vm));
	EXPECT_TRUE(pvd_canaries(&buf));
}

/* After COMPLETE everything is as before INIT. */
PVD_TEST(errors, after_complete, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_vm vm;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	pvd_before_complete(&vm);
	PVD_ASSERT_OK(pvd_complete(vm.fd, buf.p, host.dump.compl_len));
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(vm.fd, buf.p, host.dump.compl_len));
	pvd_run_cases(_metadata, &vm, STATE_NONE);
}

/*
 * A buffer of which only the first half is there: what does not fit faults, the dump goes on.
 * Pieces of a page at the border are the other half of the matter (AT_EDGE above).
 */
PVD_TEST(errors, half_mapped_buffer, PVD_NEED_T2, 60)
{
	struct pvd_buf buf;
	struct pvd_res res;
	struct pvd_vm vm;
	size_t half;

	PVD_MADE(pvd_vm_boot(&vm, 1, 40 * PVD_MIB));
	PVD_BUFFER(&buf, pvd_stor_bytes(&vm));
	half = (buf.len / 2 + PVD_PAGE - 1) & ~(PVD_PAGE - 1);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	ASSERT_EQ(0, munmap(buf.p + half, buf.map_len - PVD_PAGE - half));
	res = pvd_stor_state(vm.fd, 0, buf.p, buf.len);
	EXPECT_EQ(EFAULT, res.err);
	EXPECT_TRUE(pvd_kept(res) || res.rc == 1);
	EXPECT_TRUE(pvd_dumping(&vm));
	/* The half that is there can be filled. */
	PVD_EXPECT_OK(pvd_stor_state(vm.fd, 0, buf.p, buf.len / 2));
	PVD_BUFFER(&buf, pvd_stor_bytes(&vm));
	PVD_EXPECT_OK(pvd_stor_state(vm.fd, 0, buf.p, buf.len));
	EXPECT_TRUE(pvd_canaries(&buf));
}

/*
 * Other PV commands while a dump is active: INFO always works, KVM's own checks stay, and
 * what the Ultravisor answers to the others does not end the dump.
 */
PVD_TEST(errors, other_commands_while_active, PVD_NEED_T2, 60)
{
	static const __u32 cmds[] = { PVD_VERIFY, PVD_UNSHARE_ALL, PVD_PREP_RESET };
	struct pvd_info info = { .header = { .id = PVD_INFO_DUMP, .len_max = sizeof(info) } };
	struct pvd_res res;
	struct pvd_vm vm;
	unsigned int i;

	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_EXPECT_KEPT(0, pvd_info(vm.fd, &info));
	EXPECT_EQ(host.dump.stor_len, info.dump.stor_len);
	PVD_EXPECT_KEPT(EINVAL, pvd_vm_cmd(vm.fd, PVD_ENABLE, NULL));
	PVD_EXPECT_KEPT(ENOTTY, pvd_vm_cmd(vm.fd, 0x1000, NULL));
	EXPECT_TRUE(pvd_dumping(&vm));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		res = pvd_vm_cmd(vm.fd, cmds[i], NULL);
		EXPECT_TRUE(res.err ? pvd_uv_refused(res) : res.rc == 1);
		EXPECT_TRUE(pvd_dumping(&vm));
	}
	res = pvd_vm_set_parms(&vm);
	EXPECT_TRUE(res.err ? pvd_uv_refused(res) : res.rc == 1);
	EXPECT_TRUE(pvd_dumping(&vm));
}

#endif /* PV_DUMP_TABLE_H */
