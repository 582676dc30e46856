/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns what only firmware decides, where a test must not expect what the emulated machine chose.
 * Never lets KVM off: whatever the Ultravisor answers, KVM has to report it.
 */
#ifndef PV_DUMP_FIRMWARE_H
#define PV_DUMP_FIRMWARE_H

#include "pv_dump_vm.h"

/* The Ultravisor refused, and its codes came back. */
static bool pvd_uv_refused(struct pvd_res res)
{
	return res.err && !pvd_kept(res) && res.rc > 1;
}

/*
 * Fetches all that a dump consists of. May a dump be completed before? May a CPU be dumped
 * twice? The emulated machine allows both, which is tested there; nowhere else.
 */
static void pvd_before_complete(struct pvd_vm *vm)
{
	struct pvd_buf buf;
	int i;

	if (host.softuv || !pvd_buf_alloc(&buf, pvd_stor_bytes(vm) + host.dump.cpu_len))
		return;
	for (i = 0; i < vm->nr; i++)
		pvd_cpu(vm->vcpu[i], buf.p, host.dump.cpu_len);
	pvd_stor_state(vm->fd, 0, buf.p, pvd_stor_bytes(vm));
	pvd_buf_free(&buf);
}

/* Ends protection in the middle of a dump, which an Ultravisor may refuse. */
#define PVD_DISABLE_DUMPING(vm) do {						\
	struct pvd_res __got = pvd_vm_disable(vm);				\
										\
	if (!host.softuv && pvd_uv_refused(__got))				\
		SKIP(longjmp(pvd_no_verdict, 1),				\
		     "%s: the Ultravisor keeps a guest with a dump (rc 0x%04x)", \
		     host.running, __got.rc);					\
	ASSERT_EQ(0, __got.err);						\
} while (0)

#endif /* PV_DUMP_FIRMWARE_H */
