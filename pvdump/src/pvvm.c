// SPDX-License-Identifier: GPL-2.0-or-later
/* Creation and end of the VM: host checks, memory, vCPUs, image. */
#define _GNU_SOURCE
#include "pvvm.h"
#include "progress.h"
#include "pvcmd.h"
#include "sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

atomic_int stop_signal;

int stop_check(struct fail *f)
{
	if (!stop_signal)
		return 0;
	return fail_set(f, "stopped by signal %d (%s)", (int)stop_signal, strsignal(stop_signal));
}

void pvvm_init(struct pvvm *v)
{
	memset(v, 0, sizeof(*v));
	v->kvm = -1;
	v->vm = -1;
}

static int open_kvm(struct pvvm *v, struct fail *f)
{
	int version;

	v->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (v->kvm < 0) {
		fail_set(f, "/dev/kvm: open: %s", strerror(errno));
		return fail_hint(f, "modprobe kvm, and run as a user who may use /dev/kvm");
	}
	version = ioctl(v->kvm, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return fail_set(f, "/dev/kvm: KVM_GET_API_VERSION: %d expected, found %d",
				KVM_API_VERSION, version);
	if (ioctl(v->kvm, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED) <= 0) {
		fail_set(f,
			 "/dev/kvm: capability KVM_CAP_S390_PROTECTED (%d) missing: no Ultravisor, or the host was not started with prot_virt=1",
			 KVM_CAP_S390_PROTECTED);
		return fail_hint(f,
				 "add prot_virt=1 to the kernel command line; cat /sys/firmware/uv/prot_virt_host");
	}
	if (ioctl(v->kvm, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED_DUMP) <= 0) {
		fail_set(f,
			 "/dev/kvm: capability KVM_CAP_S390_PROTECTED_DUMP (%d) missing: kernel or Ultravisor cannot dump protected VMs",
			 KVM_CAP_S390_PROTECTED_DUMP);
		return fail_hint(f,
				 "needs IBM z16 or newer, and Linux 6.0 or the KVM_PV_DUMP series");
	}
	return 0;
}

/* A new file without a name: nobody's data is overwritten, and nothing is left behind. */
static int backing_file(const char *path, struct fail *f)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		fail_set(f, "guest memory: %s: create: %s", path, strerror(errno));
		if (errno == EEXIST)
			fail_hint(f, "name a file that does not exist; it is removed again");
		return -1;
	}
	unlink(path);
	return fd;
}

static int backing_fd(const char *backing, uint64_t size, struct fail *f)
{
	int fd;

	if (strcmp(backing, "shm")) {
		fd = backing_file(backing + strlen("file="), f);
		if (fd < 0)
			return -1;
	} else {
		fd = memfd_create("guest", MFD_CLOEXEC);
		if (fd < 0)
			return fail_set(f, "guest memory: memfd: %s", strerror(errno));
	}
	if (!ftruncate(fd, (off_t)size))
		return fd;
	fail_set(f, "guest memory: %s: size 0x%" PRIx64 ": %s", backing, size, strerror(errno));
	close(fd);
	return -1;
}

/* Guest memory must start on a segment (1 MiB) boundary of the host address space. */
static int map_memory(struct pvvm *v, const char *backing, struct fail *f)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;
	void *fixed;

	v->map_size = v->mem_size + MIB;
	v->map = mmap(NULL, v->map_size, PROT_NONE, flags, -1, 0);
	if (v->map == MAP_FAILED) {
		v->map = NULL;
		return fail_set(f, "guest memory: reserve 0x%" PRIx64 " bytes: %s", v->map_size,
				strerror(errno));
	}
	v->mem = (uint8_t *)(((uintptr_t)v->map + MIB - 1) & ~(uintptr_t)(MIB - 1));
	if (strcmp(backing, "anon")) {
		fd = backing_fd(backing, v->mem_size, f);
		if (fd < 0)
			return -1;
		flags = MAP_SHARED;
	}
	fixed = mmap(v->mem, v->mem_size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (fixed == MAP_FAILED)
		return fail_set(f, "guest memory: map 0x%" PRIx64 " bytes: %s", v->mem_size,
				strerror(errno));
	/*
	 * After a fork the pages would be shared copy-on-write, and 5.10 and other kernels retry
	 * the read of a secure page without end when they may not write it.
	 */
	if (madvise(v->mem, v->mem_size, MADV_DONTFORK))
		return fail_set(f, "guest memory: MADV_DONTFORK: %s", strerror(errno));
	return 0;
}

static int add_memory(struct pvvm *v, struct fail *f)
{
	struct kvm_userspace_memory_region r = {
		.slot = 0,
		.guest_phys_addr = 0,
		.memory_size = v->mem_size,
		.userspace_addr = (uintptr_t)v->mem,
	};

	if (ioctl(v->vm, KVM_SET_USER_MEMORY_REGION, &r))
		return fail_set(f, "VM: KVM_SET_USER_MEMORY_REGION 0x%" PRIx64 " bytes: %s",
				v->mem_size, strerror(errno));
	return 0;
}

static int add_vcpu(struct pvvm *v, uint32_t id, struct fail *f)
{
	void *run;
	int fd;

	fd = ioctl(v->vm, KVM_CREATE_VCPU, (unsigned long)id);
	if (fd < 0)
		return fail_set(f, "vCPU %u: KVM_CREATE_VCPU: %s", id, strerror(errno));
	v->vcpu[id] = fd;
	v->nvcpu = id + 1;
	run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (run == MAP_FAILED)
		return fail_set(f, "vCPU %u: map kvm_run: %s", id, strerror(errno));
	v->run[id] = run;
	return 0;
}

/* Facilities that add register state must be enabled before the first vCPU; absence is no error. */
static void enable_registers(struct pvvm *v)
{
	static const uint32_t caps[] = { KVM_CAP_S390_VECTOR_REGISTERS, KVM_CAP_S390_GS };
	struct kvm_enable_cap cap;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		memset(&cap, 0, sizeof(cap));
		cap.cap = caps[i];
		if (ioctl(v->kvm, KVM_CHECK_EXTENSION, caps[i]) > 0)
			ioctl(v->vm, KVM_ENABLE_CAP, &cap);
	}
}

static int add_vcpus(struct pvvm *v, uint32_t vcpus, struct fail *f)
{
	int max = ioctl(v->kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	int run_size = ioctl(v->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	uint32_t i;

	if (max > 0 && vcpus > (uint32_t)max)
		return fail_set(f, "VM: %u vCPUs: this host allows at most %d", vcpus, max);
	if (run_size < (int)sizeof(struct kvm_run))
		return fail_set(f,
				"/dev/kvm: KVM_GET_VCPU_MMAP_SIZE: at least 0x%zx expected, found 0x%x",
				sizeof(struct kvm_run), run_size);
	v->run_size = (size_t)run_size;
	v->vcpu = calloc(vcpus, sizeof(*v->vcpu));
	v->run = calloc(vcpus, sizeof(*v->run));
	if (!v->vcpu || !v->run)
		return fail_set(f, "VM: no memory for %u vCPUs", vcpus);
	for (i = 0; i < vcpus; i++) {
		if (add_vcpu(v, i, f))
			return -1;
	}
	return 0;
}

int pvvm_create(struct pvvm *v, uint64_t mem_size, uint32_t vcpus, const char *backing,
		struct fail *f)
{
	v->mem_size = mem_size;
	if (open_kvm(v, f))
		return -1;
	v->vm = ioctl(v->kvm, KVM_CREATE_VM, 0UL);
	if (v->vm < 0) {
		fail_set(f, "VM: KVM_CREATE_VM: %s", strerror(errno));
		if (errno == EINVAL)
			fail_hint(f,
				  "page tables with PGSTEs are needed: link pvdump with -Wl,--s390-pgste or set sysctl vm.allocate_pgste=1");
		return -1;
	}
	if (map_memory(v, backing, f) || add_memory(v, f))
		return -1;
	enable_registers(v);
	return add_vcpus(v, vcpus, f);
}

/* Guest memory is zero already: holes of the image need no read. */
static int place_component(struct pvvm *v, const struct seimg *img, const struct seimg_comp *c,
			   struct progress *p, uint64_t done, struct fail *f)
{
	uint64_t off, n, len = seimg_comp_len(c);
	struct sparse holes;

	sparse_init(&holes, img->fd);
	for (off = 0; off < len; off += n) {
		n = len - off < MIB ? len - off : MIB;
		if (!sparse_hole(&holes, c->addr + off, n) &&
		    pread_full(img->fd, img->path, v->mem + c->addr + off, n, c->addr + off, f))
			return -1;
		progress_update(p, done + off + n);
		if (stop_check(f))
			return -1;
	}
	return 0;
}

static int check_fits(const struct pvvm *v, const struct seimg *img, struct fail *f)
{
	const struct seimg_comp *c;
	uint32_t i;

	for (i = 0; i < img->ncomp; i++) {
		c = &img->comp[i];
		if (c->addr <= v->mem_size && seimg_comp_len(c) <= v->mem_size - c->addr)
			continue;
		fail_set(f, "%s: component %u at 0x%" PRIx64 " with 0x%" PRIx64
			 " bytes does not fit into 0x%" PRIx64 " bytes of guest memory",
			 img->path, i, c->addr, seimg_comp_len(c), v->mem_size);
		return fail_hint(f, "give the guest more memory with --mem");
	}
	return 0;
}

static int place_image(struct pvvm *v, struct seimg *img, struct fail *f)
{
	uint64_t total = 0, done = 0;
	struct progress p;
	uint32_t i;
	int ret = 0;

	if (check_fits(v, img, f))
		return -1;
	for (i = 0; i < img->ncomp; i++)
		total += seimg_comp_len(&img->comp[i]);
	progress_begin(&p, "image", total);
	for (i = 0; i < img->ncomp && !ret; i++) {
		ret = place_component(v, img, &img->comp[i], &p, done, f);
		done += seimg_comp_len(&img->comp[i]);
	}
	progress_end(&p);
	return ret;
}

int pvvm_start(struct pvvm *v, struct seimg *img, struct fail *f)
{
	uint32_t i;

	v->dump_allowed = img->hdr.pcf & SE_PCF_DUMP;
	/* the information needs no protected VM and tells what would make the next step fail */
	if (place_image(v, img, f) || pvcmd_info(v, f) || pvcmd_enable(v, f) ||
	    pvcmd_set_parms(v, img->hdr_raw, img->hdr.phs, f))
		return -1;
	for (i = 0; i < img->ncomp; i++) {
		if (pvcmd_unpack(v, i, &img->comp[i], f))
			return -1;
	}
	if (pvcmd_verify(v, f))
		return -1;
	return pvcmd_load(v, f);
}

int pvvm_close(struct pvvm *v, struct fail *f)
{
	int ret = 0;
	uint32_t i;

	v->closing = true;
	if (v->dumping)
		ret = pvcmd_abandon_dump(v, f);
	if (v->protected && pvcmd_disable(v, ret ? &(struct fail){ 0 } : f))
		ret = -1;
	for (i = 0; i < v->nvcpu; i++) {
		if (v->run[i])
			munmap(v->run[i], v->run_size);
		close(v->vcpu[i]);
	}
	free(v->vcpu);
	free(v->run);
	if (v->vm >= 0)
		close(v->vm);
	if (v->kvm >= 0)
		close(v->kvm);
	if (v->map)
		munmap(v->map, v->map_size);
	pvvm_init(v);
	return ret;
}
