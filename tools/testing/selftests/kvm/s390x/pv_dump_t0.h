/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns tier 0: what holds on every host with /dev/kvm.
 * Never protects a guest.
 */
#ifndef PV_DUMP_T0_H
#define PV_DUMP_T0_H

#include "pv_dump_vm.h"

FIXTURE(t0) {
	int unused;
};

FIXTURE_SETUP(t0)
{
}

FIXTURE_TEARDOWN(t0)
{
}

/* /dev/kvm and a VM must agree: QEMU asks before it has a VM. */
PVD_TEST(t0, capability, 0, 30)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 0, 0));
	EXPECT_GE(host.cap, 0);
	EXPECT_LE(host.cap, 1);
	EXPECT_EQ(host.cap, ioctl(vm.fd, KVM_CHECK_EXTENSION, PVD_CAP_DUMP));
	EXPECT_EQ(host.prot, ioctl(vm.fd, KVM_CHECK_EXTENSION, PVD_CAP_PROTECTED));
	/* Nothing can be dumped where nothing can be protected. */
	EXPECT_LE(host.cap, host.prot);
	pvd_note("capability %d", host.cap);
}

/* Without protected virtualization every command is refused and nothing is copied back. */
PVD_TEST(t0, no_pv_host_refuses, PVD_NEED_NOPV, 30)
{
	struct pvd_vm vm;
	__u32 cmd;

	EXPECT_EQ(0, host.cap);
	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	for (cmd = 0; cmd < 16; cmd++)
		PVD_EXPECT_KEPT(EINVAL, pvd_vm_cmd(vm.fd, cmd, NULL));
	/* The command block is not even read. */
	EXPECT_EQ(-1, ioctl(vm.fd, PVD_IOC_VM, NULL));
	EXPECT_EQ(EINVAL, errno);
}

/* A vCPU ioctl that the kernel does not know is ENOTTY, one it knows is EINVAL here. */
PVD_TEST(t0, no_pv_host_vcpu, PVD_NEED_NOPV, 30)
{
	struct pvd_dmp dmp = { .subcmd = PVD_CPU };
	struct pvd_res res;
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	res = pvd_dump_vcpu(vm.vcpu[0], &dmp);
	EXPECT_TRUE(res.err == EINVAL || res.err == ENOTTY);
	EXPECT_TRUE(pvd_kept(res));
}

/* The ioctls belong to one kind of descriptor each. */
PVD_TEST(t0, wrong_descriptor, 0, 30)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	EXPECT_EQ(ENOTTY, pvd_ioctl(vm.fd, PVD_IOC_VCPU, PVD_DUMP, &dmp).err);
	EXPECT_NE(0, pvd_ioctl(host.kvm, PVD_IOC_VM, PVD_DUMP, &dmp).err);
	EXPECT_NE(0, pvd_ioctl(vm.vcpu[0], PVD_IOC_VM, PVD_DUMP, &dmp).err);
}

/* A size other than the ABI's makes another ioctl number, which nobody answers. */
PVD_TEST(t0, wrong_size, 0, 30)
{
	struct pvd_vm vm;
	__u8 room[64] = { PVD_DUMP };

	PVD_MADE(pvd_vm_open(&vm, 1, PVD_MIB));
	EXPECT_EQ(-1, ioctl(vm.fd, _IOC(_IOC_READ | _IOC_WRITE, 0xAE, 0xc5, 24), room));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(vm.vcpu[0], _IOC(_IOC_READ | _IOC_WRITE, 0xAE, 0xd0, 24), room));
	EXPECT_EQ(ENOTTY, errno);
}

#endif /* PV_DUMP_T0_H */
