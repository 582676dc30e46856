// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boots a Linux image in a VM that is not protected:
 * linux_guest IMAGE INITRD VCPUS COMMAND-LINE [storm]
 */
#define _GNU_SOURCE
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The parameter area of a Linux image: Linux arch/s390/boot/head.S */
#define ENTRY		0x10000ul
#define INITRD_START	0x10408ul
#define INITRD_SIZE	0x10410ul
#define COMMAND_LINE	0x10480ul
#define SEGMENT		(1ul << 20)
#define INITRD_AT	(64ul << 20)

#define PSW_64		0x0000000180000000ul
#define PSW_CC		0x0000300000000000ul

#define ICPT_INST	0x04
#define ICPT_WAIT	0x1c
#define ICPT_STOP	0x28

#define SIGP_STOP		5
#define SIGP_RESTART		6
#define SIGP_INITIAL_RESET	11
#define SIGP_RESET		12

#define PGM_OPERATION		1
#define PGM_SPECIFICATION	6

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "linux_guest: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int xioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int rc = ioctl(fd, request, arg);

	if (rc < 0)
		die(what);
	return rc;
}

static uint64_t load(struct vmm *vmm, const char *path, uint64_t at)
{
	int fd = open(path, O_RDONLY);
	uint64_t len = 0;
	ssize_t n;

	if (fd < 0)
		die(path);
	while ((n = read(fd, vmm->mem + at + len, MEM_SIZE - at - len)) > 0)
		len += n;
	if (n < 0)
		die(path);
	close(fd);
	return len;
}

/* The guest gets each facility that the machine has and KVM passes on. */
static void set_cpu_model(struct vmm *vmm)
{
	static struct kvm_s390_vm_cpu_machine machine;
	static struct kvm_s390_vm_cpu_processor cpu;
	struct kvm_device_attr attr = {
		.group = KVM_S390_VM_CPU_MODEL,
		.attr = KVM_S390_VM_CPU_MACHINE,
		.addr = (uint64_t)&machine,
	};
	int i;

	xioctl(vmm->fd, KVM_GET_DEVICE_ATTR, &attr, "CPU model of the machine");
	cpu.cpuid = machine.cpuid;
	for (i = 0; i < 256; i++)
		cpu.fac_list[i] = machine.fac_list[i] & machine.fac_mask[i];
	attr.attr = KVM_S390_VM_CPU_PROCESSOR;
	attr.addr = (uint64_t)&cpu;
	xioctl(vmm->fd, KVM_SET_DEVICE_ATTR, &attr, "CPU model of the guest");
}

static void make_vcpu(struct vmm *vmm, unsigned int id, int run_size)
{
	struct vcpu *vcpu = &vmm->vcpus[id];
	struct kvm_mp_state state = { id ? KVM_MP_STATE_STOPPED : KVM_MP_STATE_OPERATING };

	vcpu->id = id;
	vcpu->started = !id;
	vcpu->fd = xioctl(vmm->fd, KVM_CREATE_VCPU, (void *)(uint64_t)id, "KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die("kvm_run");
	vcpu->run->kvm_valid_regs = KVM_SYNC_GPRS;
	xioctl(vcpu->fd, KVM_S390_INITIAL_RESET, NULL, "initial reset");
	xioctl(vcpu->fd, KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
}

static void make_vm(struct vmm *vmm)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = MEM_SIZE,
		.flags = vmm->storm ? KVM_MEM_LOG_DIRTY_PAGES : 0,
	};
	int kvm = open("/dev/kvm", O_RDWR), run_size;
	unsigned int i;

	if (kvm < 0)
		die("/dev/kvm");
	vmm->fd = xioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	run_size = xioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	/* KVM wants whole segments. */
	vmm->mem = mmap(NULL, MEM_SIZE + SEGMENT, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vmm->mem == MAP_FAILED)
		die("guest memory");
	vmm->mem += -(uint64_t)vmm->mem % SEGMENT;
	region.userspace_addr = (uint64_t)vmm->mem;
	xioctl(vmm->fd, KVM_SET_USER_MEMORY_REGION, &region, "memory slot");
	set_cpu_model(vmm);
	for (i = 0; i < vmm->nr; i++)
		make_vcpu(vmm, i, run_size);
}

static void load_linux(struct vmm *vmm, char **argv)
{
	uint64_t size;

	load(vmm, argv[1], 0);
	size = load(vmm, argv[2], INITRD_AT);
	*(uint64_t *)(vmm->mem + INITRD_START) = INITRD_AT;
	*(uint64_t *)(vmm->mem + INITRD_SIZE) = size;
	if (strlen(argv[4]) > 800) {
		errno = E2BIG;
		die("command line");
	}
	strcpy((char *)vmm->mem + COMMAND_LINE, argv[4]);
	vmm->vcpus[0].run->psw_mask = PSW_64;
	vmm->vcpus[0].run->psw_addr = ENTRY;
}

static void inject(int fd, uint32_t type, uint32_t parm, const char *what)
{
	struct kvm_s390_interrupt irq = { .type = type, .parm = parm };

	xioctl(fd, KVM_S390_INTERRUPT, &irq, what);
}

static void set_cc(struct vcpu *vcpu, uint64_t cc)
{
	vcpu->run->psw_mask = (vcpu->run->psw_mask & ~PSW_CC) | cc << 44;
}

static void service_call(struct vmm *vmm, struct vcpu *vcpu, uint32_t ipb)
{
	const __u64 *gprs = vcpu->run->s.regs.gprs;
	uint64_t sccb = gprs[ipb >> 16 & 0xf];
	int cc = sclp_call(vmm, gprs[ipb >> 20 & 0xf], sccb);

	if (!cc)
		inject(vmm->fd, KVM_S390_INT_SERVICE, sccb, "service signal");
	set_cc(vcpu, cc);
}

/* What KVM leaves to the VMM: orders that start and stop. */
static void sigp(struct vmm *vmm, struct vcpu *vcpu, uint16_t ipa, uint32_t ipb)
{
	const __u64 *gprs = vcpu->run->s.regs.gprs;
	unsigned int base = ipb >> 28, order = ipb >> 16 & 0xfff;
	uint64_t address = gprs[ipa & 0xf] & 0xffff;
	struct vcpu *to = &vmm->vcpus[address];

	if (address >= vmm->nr) {
		set_cc(vcpu, 3);
		return;
	}
	order += base ? gprs[base] : 0;
	set_cc(vcpu, 0);
	switch (order & 0xff) {
	case SIGP_STOP:
		inject(to->fd, KVM_S390_SIGP_STOP, 0, "stop");
		break;
	case SIGP_RESTART:
		inject(to->fd, KVM_S390_RESTART, 0, "restart");
		pthread_mutex_lock(&vmm->lock);
		to->started = 1;
		pthread_cond_broadcast(&vmm->changed);
		pthread_mutex_unlock(&vmm->lock);
		break;
	case SIGP_INITIAL_RESET:
	case SIGP_RESET:
		xioctl(to->fd, KVM_S390_INITIAL_RESET, NULL, "initial reset");
		break;
	default:
		set_cc(vcpu, 3);
	}
}

static void instruction(struct vmm *vmm, struct vcpu *vcpu)
{
	uint16_t ipa = vcpu->run->s390_sieic.ipa;
	uint32_t ipb = vcpu->run->s390_sieic.ipb;

	if (ipa == 0xb220)
		service_call(vmm, vcpu, ipb);
	else if (ipa >> 8 == 0xae)
		sigp(vmm, vcpu, ipa, ipb);
	else if ((ipa >= 0xb230 && ipa <= 0xb23c) || ipa == 0xb25f || ipa == 0xb276)
		set_cc(vcpu, 3);	/* no channel subsystem */
	else if (ipa >> 8 == 0x83)
		inject(vcpu->fd, KVM_S390_PROGRAM_INT, PGM_SPECIFICATION, "program interruption");
	else
		inject(vcpu->fd, KVM_S390_PROGRAM_INT, PGM_OPERATION, "program interruption");
}

/* Return: does the vCPU go on? */
static int handle_exit(struct vmm *vmm, struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (run->exit_reason == KVM_EXIT_S390_SIEIC && run->s390_sieic.icptcode == ICPT_INST) {
		instruction(vmm, vcpu);
		return 1;
	}
	if (run->exit_reason == KVM_EXIT_S390_SIEIC && run->s390_sieic.icptcode == ICPT_STOP)
		return 0;
	fprintf(stderr, "linux_guest: vCPU %u: exit %u, interception 0x%02x, PSW %016llx %016llx\n",
		vcpu->id, run->exit_reason, run->s390_sieic.icptcode,
		(unsigned long long)run->psw_mask, (unsigned long long)run->psw_addr);
	exit(1);
}

static void run_until_stopped(struct vmm *vmm, struct vcpu *vcpu)
{
	struct kvm_mp_state state = { KVM_MP_STATE_OPERATING };

	if (vcpu->id)
		xioctl(vcpu->fd, KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
	do {
		/* 7.2 answers EAGAIN when memory is taken away at the same time. */
		while (ioctl(vcpu->fd, KVM_RUN, NULL) < 0)
			if (errno != EINTR && errno != EAGAIN)
				die("KVM_RUN");
	} while (handle_exit(vmm, vcpu));
	state.mp_state = KVM_MP_STATE_STOPPED;
	xioctl(vcpu->fd, KVM_SET_MP_STATE, &state, "KVM_SET_MP_STATE");
}

static struct vmm vmm = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void *vcpu_thread(void *arg)
{
	struct vcpu *vcpu = arg;

	for (;;) {
		pthread_mutex_lock(&vmm.lock);
		while (!vcpu->started)
			pthread_cond_wait(&vmm.changed, &vmm.lock);
		vcpu->started = 0;
		pthread_mutex_unlock(&vmm.lock);
		run_until_stopped(&vmm, vcpu);
	}
	return NULL;
}

/* The guest is off when its first CPU, which powers it off, has stopped. */
int main(int argc, char **argv)
{
	unsigned int i;

	vmm.storm = argc == 6 && !strcmp(argv[5], "storm");
	vmm.nr = argc == 5 || vmm.storm ? atoi(argv[3]) : 0;
	if (!vmm.nr || vmm.nr > MAX_VCPUS) {
		fprintf(stderr, "usage: linux_guest IMAGE INITRD VCPUS COMMAND-LINE [storm]\n");
		return 2;
	}
	make_vm(&vmm);
	load_linux(&vmm, argv);
	for (i = 1; i < vmm.nr; i++)
		if (pthread_create(&vmm.vcpus[i].thread, NULL, vcpu_thread, &vmm.vcpus[i]))
			die("thread");
	errno = vmm.storm ? storm_begin(&vmm) : 0;
	if (errno)
		die("storm");
	run_until_stopped(&vmm, &vmm.vcpus[0]);
	if (vmm.storm)
		storm_end();
	exit(0);
}
