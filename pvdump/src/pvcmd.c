// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PV ioctls of one VM: life cycle, information, dump subcommands, registers.
 *
 * Source of the ABI: Linux include/uapi/linux/kvm.h, Documentation/virt/kvm/api.rst.
 */
#include "pvcmd.h"
#include "rcname.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef KVM_S390_PV_CPU_COMMAND
#error "kernel headers of Linux 6.0 or newer are needed (linux-libc-dev-s390x-cross)"
#endif

_Static_assert(KVM_S390_PV_COMMAND == 0xc020aec5, "ioctl number is ABI");
_Static_assert(KVM_S390_PV_CPU_COMMAND == 0xc020aed0, "ioctl number is ABI");
_Static_assert(KVM_CAP_S390_PROTECTED_DUMP == 217, "capability number is ABI");
_Static_assert(KVM_PV_INFO == 7 && KVM_PV_DUMP == 8, "command numbers are ABI");
_Static_assert(sizeof(struct kvm_pv_cmd) == 32, "layout is ABI");
_Static_assert(sizeof(struct kvm_s390_pv_dmp) == 64, "layout is ABI");
_Static_assert(sizeof(struct kvm_s390_pv_info) == 80, "layout is ABI");
_Static_assert(offsetof(struct kvm_s390_pv_info, dump) == 16, "layout is ABI");

#define MAX_LEN		MIB	/* no believable dump buffer length is larger */

/* UVC behind each command, to name its return code */
static const struct {
	const char *name;
	uint16_t uvc;
} cmds[] = {
	[KVM_PV_ENABLE] = { "KVM_PV_ENABLE", 0x0100 },
	[KVM_PV_DISABLE] = { "KVM_PV_DISABLE", 0x0101 },
	[KVM_PV_SET_SEC_PARMS] = { "KVM_PV_SET_SEC_PARMS", 0x0300 },
	[KVM_PV_UNPACK] = { "KVM_PV_UNPACK", 0x0301 },
	[KVM_PV_VERIFY] = { "KVM_PV_VERIFY", 0x0302 },
	[KVM_PV_INFO] = { "KVM_PV_INFO", 0 },
};

static const struct {
	const char *name;
	uint16_t uvc;
} subcmds[] = {
	[KVM_PV_DUMP_INIT] = { "KVM_PV_DUMP INIT", 0x0400 },
	[KVM_PV_DUMP_CONFIG_STOR_STATE] = { "KVM_PV_DUMP CONFIG_STOR_STATE", 0x0401 },
	[KVM_PV_DUMP_CPU] = { "KVM_PV_DUMP CPU", 0x0402 },
	[KVM_PV_DUMP_COMPLETE] = { "KVM_PV_DUMP COMPLETE", 0x0403 },
};

/*
 * One command, restarted after EINTR unless the user asked to stop; what ends the VM is always
 * restarted. The command block is set up anew each time: kernels between
 * 6.0 and the rc/rrc fix write rc and rrc over the command of a vCPU ioctl.
 */
static int run_cmd(const struct pvvm *v, int fd, unsigned long req, uint32_t cmd, void *data,
		   struct kvm_pv_cmd *c)
{
	int ret;

	do {
		memset(c, 0, sizeof(*c));
		c->cmd = cmd;
		c->data = (uintptr_t)data;
		ret = ioctl(fd, req, c);
	} while (ret && errno == EINTR && (v->closing || !stop_signal));
	return ret;
}

static int cmd_failed(const struct pvvm *v, const char *obj, const char *what, uint16_t uvc,
		      const struct kvm_pv_cmd *c, struct fail *f)
{
	int err = errno;

	if (err == EINTR && stop_check(f))
		return -1;
	if (!c->rc)
		return fail_set(f, "%s: %s: %s", obj, what, strerror(err));
	return fail_set(f, "%s: %s: %s: Ultravisor rc 0x%04x rrc 0x%04x (%s)", obj, what,
			strerror(err), c->rc, c->rrc, rc_name(uvc, c->rc, c->rrc, v->soft));
}

static int vm_cmd(struct pvvm *v, const char *obj, uint32_t cmd, void *data, struct kvm_pv_cmd *c,
		  struct fail *f)
{
	if (!run_cmd(v, v->vm, KVM_S390_PV_COMMAND, cmd, data, c))
		return 0;
	return cmd_failed(v, obj, cmds[cmd].name, cmds[cmd].uvc, c, f);
}

int pvcmd_enable(struct pvvm *v, struct fail *f)
{
	struct kvm_pv_cmd c;

	if (vm_cmd(v, "VM", KVM_PV_ENABLE, NULL, &c, f))
		return -1;
	v->protected = true;
	return 0;
}

static int check_sizes(const struct kvm_s390_pv_info_dump *d, struct fail *f)
{
	if (!d->dump_cpu_buffer_len || d->dump_cpu_buffer_len > MAX_LEN ||
	    !d->dump_config_finalize_len || d->dump_config_finalize_len > MAX_LEN ||
	    !d->dump_config_mem_buffer_per_1m || d->dump_config_mem_buffer_per_1m > MAX_LEN)
		return fail_set(f,
				"VM: KVM_PV_INFO DUMP: lengths 0x%" PRIx64 " per vCPU, 0x%" PRIx64
				" per MiB, 0x%" PRIx64 " at the end: 0x1 to 0x%x expected",
				(uint64_t)d->dump_cpu_buffer_len,
				(uint64_t)d->dump_config_mem_buffer_per_1m,
				(uint64_t)d->dump_config_finalize_len, MAX_LEN);
	return 0;
}

int pvcmd_info(struct pvvm *v, struct fail *f)
{
	struct kvm_s390_pv_info info;
	struct kvm_pv_cmd c;

	memset(&info, 0, sizeof(info));
	info.header.id = KVM_PV_INFO_VM;
	info.header.len_max = sizeof(info.header) + sizeof(info.vm);
	if (vm_cmd(v, "VM", KVM_PV_INFO, &info, &c, f))
		return -1;
	v->soft = (info.vm.feature_indication & FEATURE_MARK_MASK) == FEATURE_MARK_SOFTUV;
	if (v->nvcpu > info.vm.max_cpus)
		return fail_set(f, "VM: %u vCPUs: the Ultravisor allows at most %" PRIu64, v->nvcpu,
				(uint64_t)info.vm.max_cpus);
	memset(&info, 0, sizeof(info));
	info.header.id = KVM_PV_INFO_DUMP;
	info.header.len_max = sizeof(info.header) + sizeof(info.dump);
	if (vm_cmd(v, "VM", KVM_PV_INFO, &info, &c, f))
		return -1;
	v->sizes = info.dump;
	return check_sizes(&v->sizes, f);
}

int pvcmd_set_parms(struct pvvm *v, const uint8_t *hdr, uint32_t len, struct fail *f)
{
	struct kvm_s390_pv_sec_parm parm = { .origin = (uintptr_t)hdr, .length = len };
	struct kvm_pv_cmd c;

	if (!vm_cmd(v, "SE header", KVM_PV_SET_SEC_PARMS, &parm, &c, f))
		return 0;
	if (c.rc == 0x0108)
		fail_hint(f, "build the image with the host key document of this machine (-k)");
	return -1;
}

int pvcmd_unpack(struct pvvm *v, uint32_t n, const struct seimg_comp *comp, struct fail *f)
{
	struct kvm_s390_pv_unp unp = {
		.addr = comp->addr,
		.size = seimg_comp_len(comp),
		.tweak = comp->prefix,
	};
	struct kvm_pv_cmd c;
	char obj[32];

	snprintf(obj, sizeof(obj), "component %u", n);
	return vm_cmd(v, obj, KVM_PV_UNPACK, &unp, &c, f);
}

int pvcmd_verify(struct pvvm *v, struct fail *f)
{
	struct kvm_pv_cmd c;

	if (!vm_cmd(v, "image", KVM_PV_VERIFY, NULL, &c, f))
		return 0;
	if (c.rc == 0x0102)
		fail_hint(f, "seimage verify IMAGE says what differs");
	return -1;
}

int pvcmd_load(struct pvvm *v, struct fail *f)
{
	static const uint32_t states[] = { KVM_MP_STATE_LOAD, KVM_MP_STATE_OPERATING };
	struct kvm_mp_state s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		s.mp_state = states[i];
		if (ioctl(v->vcpu[0], KVM_SET_MP_STATE, &s))
			return fail_set(f, "vCPU 0: KVM_SET_MP_STATE %s: %s",
					i ? "OPERATING" : "LOAD", strerror(errno));
	}
	return 0;
}

int pvcmd_disable(struct pvvm *v, struct fail *f)
{
	struct kvm_pv_cmd c;
	int ret;

	ret = run_cmd(v, v->vm, KVM_S390_PV_COMMAND, KVM_PV_DISABLE, NULL, &c);
	v->protected = false;
	if (ret)
		return cmd_failed(v, "VM", "KVM_PV_DISABLE", cmds[KVM_PV_DISABLE].uvc, &c, f);
	return 0;
}

static int dump_cmd(struct pvvm *v, int fd, unsigned long req, const char *obj,
		    struct kvm_s390_pv_dmp *d, struct kvm_pv_cmd *c, struct fail *f)
{
	if (!run_cmd(v, fd, req, KVM_PV_DUMP, d, c))
		return 0;
	return cmd_failed(v, obj, subcmds[d->subcmd].name, subcmds[d->subcmd].uvc, c, f);
}

int pvvm_dump_init(struct pvvm *v, struct fail *f)
{
	struct kvm_s390_pv_dmp d = { .subcmd = KVM_PV_DUMP_INIT };
	struct kvm_pv_cmd c;

	if (dump_cmd(v, v->vm, KVM_S390_PV_COMMAND, "VM", &d, &c, f)) {
		if (c.rc && !v->dump_allowed)
			fail_hint(f,
				  "the owner's SE header does not allow dumps: plaintext control flag 34 is off (seimage create --enable-dump)");
		return -1;
	}
	v->dumping = true;
	return 0;
}

int pvvm_dump_cpu(struct pvvm *v, uint32_t id, uint8_t *buf, struct fail *f)
{
	struct kvm_s390_pv_dmp d = {
		.subcmd = KVM_PV_DUMP_CPU,
		.buff_addr = (uintptr_t)buf,
		.buff_len = v->sizes.dump_cpu_buffer_len,
	};
	struct kvm_pv_cmd c;
	char obj[32];

	snprintf(obj, sizeof(obj), "vCPU %u", id);
	return dump_cmd(v, v->vcpu[id], KVM_S390_PV_CPU_COMMAND, obj, &d, &c, f);
}

int pvvm_dump_state(struct pvvm *v, uint64_t gaddr, uint64_t mib, uint8_t *buf, struct fail *f)
{
	struct kvm_s390_pv_dmp d = {
		.subcmd = KVM_PV_DUMP_CONFIG_STOR_STATE,
		.buff_addr = (uintptr_t)buf,
		.buff_len = mib * v->sizes.dump_config_mem_buffer_per_1m,
		.gaddr = gaddr,
	};
	uint64_t next = gaddr + mib * MIB;
	struct kvm_pv_cmd c;
	char obj[48];

	snprintf(obj, sizeof(obj), "memory at 0x%" PRIx64, gaddr);
	if (dump_cmd(v, v->vm, KVM_S390_PV_COMMAND, obj, &d, &c, f))
		return -1;
	/* released kernels return gaddr unchanged, fixed ones the next address */
	if (d.gaddr != gaddr && d.gaddr != next)
		return fail_set(f,
				"%s: %s: next address 0x%" PRIx64 " expected, found 0x%" PRIx64,
				obj,
				subcmds[d.subcmd].name, next, (uint64_t)d.gaddr);
	return 0;
}

static int complete(struct pvvm *v, uint8_t *buf, struct fail *f)
{
	struct kvm_s390_pv_dmp d = {
		.subcmd = KVM_PV_DUMP_COMPLETE,
		.buff_addr = (uintptr_t)buf,
		.buff_len = v->sizes.dump_config_finalize_len,
	};
	struct kvm_pv_cmd c;

	return dump_cmd(v, v->vm, KVM_S390_PV_COMMAND, "VM", &d, &c, f);
}

int pvvm_dump_complete(struct pvvm *v, uint8_t *buf, struct fail *f)
{
	if (complete(v, buf, f))
		return -1;
	v->dumping = false;
	return 0;
}

int pvcmd_abandon_dump(struct pvvm *v, struct fail *f)
{
	uint8_t *scratch = malloc(v->sizes.dump_config_finalize_len);
	int ret;

	if (!scratch)
		return fail_set(f, "VM: no memory to end the dump");
	ret = complete(v, scratch, f);
	free(scratch);
	v->dumping = false;
	return ret;
}

/* KVM_GET_ONE_REG is refused for protected vCPUs; kvm_run has the same registers. */
int pvvm_get_regs(struct pvvm *v, uint32_t id, struct vcpu_regs *r, struct fail *f)
{
	const struct kvm_run *run = v->run[id];
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	struct kvm_fpu fpu;

	memset(r, 0, sizeof(*r));
	if (ioctl(v->vcpu[id], KVM_GET_REGS, &regs) || ioctl(v->vcpu[id], KVM_GET_SREGS, &sregs) ||
	    ioctl(v->vcpu[id], KVM_GET_FPU, &fpu))
		return fail_set(f, "vCPU %u: read registers: %s", id, strerror(errno));
	memcpy(r->gprs, regs.gprs, sizeof(r->gprs));
	memcpy(r->acrs, sregs.acrs, sizeof(r->acrs));
	memcpy(r->crs, sregs.crs, sizeof(r->crs));
	memcpy(r->fprs, fpu.fprs, sizeof(r->fprs));
	r->fpc = fpu.fpc;
	r->psw_mask = run->psw_mask;
	r->psw_addr = run->psw_addr;
	r->prefix = (uint32_t)run->s.regs.prefix;
	r->todpr = (uint32_t)run->s.regs.todpr;
	r->cputm = run->s.regs.cputm;
	r->ckc = run->s.regs.ckc;
	memcpy(r->vrs, run->s.regs.vrs, sizeof(r->vrs));
	return 0;
}
