/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns virtual machines of the test: creation, the image and its loading, teardown.
 * Never issues a dump subcommand, except to see whether a dump is active.
 */
#ifndef PV_DUMP_VM_H
#define PV_DUMP_VM_H

#include <sys/stat.h>
#include <sys/types.h>
#include "pv_dump_host.h"

#define PVD_MAX_VCPUS	4
#define PVD_MAX_COMPS	32

/**
 * struct pvd_image - a Secure Execution boot image, as it lies flat at guest address 0
 * @p: the mapped file
 * @len: its length in bytes
 * @hdr: offset of the Secure Execution header
 * @hdr_len: its length, from its own length field
 * @pcf: plaintext control flags of the header
 * @nr: number of encrypted components
 * @comp: address, size in bytes and tweak prefix of each component
 */
struct pvd_image {
	const __u8 *p;
	size_t len;
	size_t hdr;
	size_t hdr_len;
	__u64 pcf;
	unsigned int nr;
	struct pvd_unpack comp[PVD_MAX_COMPS];
};

static struct pvd_image image;

static __u32 pvd_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static __u64 pvd_be64(const __u8 *p)
{
	return (__u64)pvd_be32(p) << 32 | pvd_be32(p + 4);
}

/* Secure Execution header, version 1 (s390-tools, genprotimg pv_hdr_def.h). */
static bool pvd_header_at(struct pvd_image *img, size_t at)
{
	const __u8 *p = img->p + at;

	if (at + 0x40 > img->len || memcmp(p, "IBMSecEx", 8))
		return false;
	img->hdr = at;
	img->hdr_len = pvd_be32(p + 0x0c);
	img->pcf = pvd_be64(p + 0x38);
	return img->hdr_len >= 640 && img->hdr_len <= 8192 && at + img->hdr_len <= img->len;
}

/* IPL parameter information block of type 5 (s390-tools, boot/ipl.h). */
static bool pvd_ipib_at(struct pvd_image *img, size_t at)
{
	const __u8 *p = img->p + at;
	struct pvd_unpack *comp;
	__u32 n;

	if (at + 0x88 + 24 > img->len || p[0x07] != 1 || p[0x0c] != 5)
		return false;
	n = pvd_be32(p + 0x74);
	if (!n || n > PVD_MAX_COMPS || at + 0x88 + 24UL * n > img->len)
		return false;
	if (pvd_be64(p + 0x80) != img->hdr_len)
		return false;
	for (img->nr = 0; img->nr < n; img->nr++) {
		comp = &img->comp[img->nr];
		p = img->p + at + 0x88 + 24UL * img->nr;
		comp->tweak = pvd_be64(p);
		comp->addr = pvd_be64(p + 8);
		comp->size = (pvd_be64(p + 16) + PVD_PAGE - 1) & ~(PVD_PAGE - 1);
		if (comp->addr % PVD_PAGE || comp->addr > img->len ||
		    pvd_be64(p + 16) > img->len - comp->addr)
			return false;
	}
	return true;
}

/* Newer images carry metadata at 0xc000; in all of them both blocks begin a page. */
static bool pvd_image_parse(struct pvd_image *img)
{
	const __u8 *meta = img->p + 0xc000;
	size_t at;

	if (img->len >= 0xd000 && !memcmp(meta, "SeImgLnx", 8))
		return pvd_header_at(img, pvd_be64(meta + 8)) &&
		       pvd_ipib_at(img, pvd_be64(meta + 20));
	for (at = 0x10000; at < img->len && !pvd_header_at(img, at);)
		at += PVD_PAGE;
	if (at >= img->len)
		return false;
	for (at = 0x10000; at < img->len && !pvd_ipib_at(img, at);)
		at += PVD_PAGE;
	return at < img->len;
}

/**
 * pvd_image_open() - map and parse an image
 *
 * Return: NULL, or what is wrong with it.
 */
static const char *pvd_image_open(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (st.st_size < 0x20000)
		return "too short for a Secure Execution image";
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return strerror(errno);
	image.p = map;
	image.len = st.st_size;
	if (!pvd_image_parse(&image))
		return "no Secure Execution header and IPL block found";
	return NULL;
}

/**
 * struct pvd_vm - one virtual machine
 * @fd: its file descriptor, or -1
 * @nr: number of virtual CPUs
 * @vcpu: their file descriptors
 * @run: their shared pages
 * @mem: host address of guest address 0, aligned to a MiB
 * @size: bytes of guest memory
 * @prot: KVM_PV_ENABLE succeeded and KVM_PV_DISABLE was not called
 */
struct pvd_vm {
	int fd;
	int nr;
	int vcpu[PVD_MAX_VCPUS];
	struct kvm_run *run[PVD_MAX_VCPUS];
	__u8 *mem;
	size_t size;
	bool prot;
};

/* A MiB-aligned mapping; @fd -1 is anonymous memory. */
static void *pvd_map_aligned(size_t size, int flags, int fd)
{
	__u8 *map = mmap(NULL, size + PVD_MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_NORESERVE, -1, 0);
	__u8 *mem;

	if (map == MAP_FAILED)
		return NULL;
	mem = (__u8 *)(((unsigned long)map + PVD_MIB - 1) & ~(PVD_MIB - 1));
	if (mem > map)
		munmap(map, mem - map);
	if (mem < map + PVD_MIB)
		munmap(mem + size, map + PVD_MIB - mem);
	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (mmap(mem, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED)
		return NULL;
	return mem;
}

static int pvd_vm_add_vcpu(struct pvd_vm *vm)
{
	int size = ioctl(host.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int i = vm->nr;

	if (size < 0 || i >= PVD_MAX_VCPUS)
		return -1;
	vm->vcpu[i] = ioctl(vm->fd, KVM_CREATE_VCPU, i);
	pvd_note("KVM_CREATE_VCPU %d = %s", i, pvd_errname(vm->vcpu[i] < 0 ? errno : 0));
	if (vm->vcpu[i] < 0)
		return -1;
	vm->run[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[i], 0);
	if (vm->run[i] == MAP_FAILED)
		return -1;
	vm->nr++;
	return 0;
}

/**
 * pvd_vm_open_on() - a machine whose memory is given
 * @mem: @size bytes, both multiples of a MiB; none when @size is 0
 *
 * Return: 0, or -1 with errno.
 */
static int pvd_vm_open_on(struct pvd_vm *vm, int vcpus, void *mem, size_t size)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = size,
		.userspace_addr = (unsigned long)mem,
	};

	memset(vm, 0, sizeof(*vm));
	vm->mem = mem;
	vm->size = size;
	/* As QEMU does: children have no business with guest memory. */
	madvise(mem, size, MADV_DONTFORK);
	vm->fd = ioctl(host.kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return -1;
	if (size && ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot))
		return -1;
	while (vm->nr < vcpus)
		if (pvd_vm_add_vcpu(vm))
			return -1;
	return 0;
}

static int pvd_vm_open(struct pvd_vm *vm, int vcpus, size_t size)
{
	void *mem = NULL;

	if (size) {
		mem = pvd_map_aligned(size, MAP_PRIVATE | MAP_NORESERVE, -1);
		if (!mem)
			return -1;
	}
	return pvd_vm_open_on(vm, vcpus, mem, size);
}

/* Closes what is open; a dump or protection may still be active. */
static void pvd_vm_close(struct pvd_vm *vm)
{
	int size = ioctl(host.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int i;

	for (i = 0; i < vm->nr; i++) {
		munmap(vm->run[i], size);
		close(vm->vcpu[i]);
	}
	close(vm->fd);
	if (vm->mem)
		munmap(vm->mem, vm->size);
	memset(vm, 0, sizeof(*vm));
	vm->fd = -1;
}

static struct pvd_res pvd_vm_enable(struct pvd_vm *vm)
{
	struct pvd_res res = pvd_vm_cmd(vm->fd, PVD_ENABLE, NULL);

	vm->prot = !res.err;
	return res;
}

static struct pvd_res pvd_vm_disable(struct pvd_vm *vm)
{
	struct pvd_res res = pvd_vm_cmd(vm->fd, PVD_DISABLE, NULL);

	if (!res.err)
		vm->prot = false;
	return res;
}

static struct pvd_res pvd_vm_set_parms(struct pvd_vm *vm)
{
	struct pvd_sec_parms parms = {
		.origin = (unsigned long)(image.p + image.hdr),
		.length = image.hdr_len,
	};

	return pvd_vm_cmd(vm->fd, PVD_SET_SEC_PARMS, &parms);
}

static struct pvd_res pvd_vm_unpack(struct pvd_vm *vm)
{
	struct pvd_res res = { 0 };
	struct pvd_unpack comp;
	unsigned int i;

	for (i = 0; i < image.nr && !res.err; i++) {
		comp = image.comp[i];
		memcpy(vm->mem + comp.addr, image.p + comp.addr, comp.addr + comp.size <=
		       image.len ? comp.size : image.len - comp.addr);
		res = pvd_vm_cmd(vm->fd, PVD_UNPACK, &comp);
	}
	return res;
}

/* Bytes of memory the image needs, rounded up to a MiB. */
static size_t pvd_image_room(void)
{
	size_t end = 0;
	unsigned int i;

	for (i = 0; i < image.nr; i++)
		if (image.comp[i].addr + image.comp[i].size > end)
			end = image.comp[i].addr + image.comp[i].size;
	return (end + PVD_MIB - 1) & ~(PVD_MIB - 1);
}

/**
 * pvd_vm_protect() - the whole way to a protected, verified, startable guest
 *
 * Return: outcome of the first command that failed, or of the last.
 */
static struct pvd_res pvd_vm_protect(struct pvd_vm *vm)
{
	struct kvm_mp_state load = { .mp_state = KVM_MP_STATE_LOAD };
	struct kvm_mp_state operating = { .mp_state = KVM_MP_STATE_OPERATING };
	struct pvd_res res = pvd_vm_enable(vm);

	if (!res.err)
		res = pvd_vm_set_parms(vm);
	if (!res.err)
		res = pvd_vm_unpack(vm);
	if (!res.err)
		res = pvd_vm_cmd(vm->fd, PVD_VERIFY, NULL);
	if (!res.err && vm->nr && (ioctl(vm->vcpu[0], KVM_SET_MP_STATE, &load) ||
				   ioctl(vm->vcpu[0], KVM_SET_MP_STATE, &operating)))
		res.err = errno;
	return res;
}

/* A protected guest of the image with at least @size bytes of memory; -1 with errno. */
static int pvd_vm_boot(struct pvd_vm *vm, int vcpus, size_t size)
{
	struct pvd_res res;

	if (size < pvd_image_room())
		size = pvd_image_room();
	if (pvd_vm_open(vm, vcpus, size))
		return -1;
	res = pvd_vm_protect(vm);
	errno = res.err;
	return res.err ? -1 : 0;
}

/**
 * pvd_run() - KVM_RUN that does not enter the guest
 *
 * KVM tests for an active dump before it looks at immediate_exit: EINVAL means that a dump
 * is active, EINTR that the virtual CPU may run.
 */
static int pvd_run(struct pvd_vm *vm, int i)
{
	int err;

	vm->run[i]->immediate_exit = 1;
	err = ioctl(vm->vcpu[i], KVM_RUN, NULL) ? errno : 0;
	vm->run[i]->immediate_exit = 0;
	pvd_note("vcpu KVM_RUN (immediate exit) = %s", pvd_errname(err));
	return err;
}

static bool pvd_dumping(struct pvd_vm *vm)
{
	return pvd_run(vm, 0) == EINVAL;
}

/* Makes the host read every page of the guest, as a VMM that writes a dump does. */
static void pvd_touch(struct pvd_vm *vm)
{
	size_t at;

	for (at = 0; at < vm->size; at += PVD_PAGE)
		asm volatile("" : : "r" (vm->mem[at]));
}

static inline size_t pvd_stor_bytes(const struct pvd_vm *vm)
{
	return vm->size / PVD_MIB * host.dump.stor_len;
}

#endif /* PV_DUMP_VM_H */
