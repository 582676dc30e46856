// SPDX-License-Identifier: GPL-2.0-only
/*
 * Protected virtual machines for selftests, on raw ioctls.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/elf.h>
#include "kselftest.h"
#include "pv_util.h"

#ifndef NT_S390_PV_CPU_DATA
#define NT_S390_PV_CPU_DATA	0x30e
#endif

/* Plaintext control flag bit 34: the owner permits dumps. */
#define PCF_ALLOW_DUMP		0x20000000ULL

#define NR_OF(array)		(sizeof(array) / sizeof((array)[0]))

#define OFFSET(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type)
#define VALUE(name, value) \
	static_assert((unsigned int)(name) == (value), #name)

/* The ABI in numbers, so that a header that drifts from it does not build. */
VALUE(KVM_CAP_S390_PROTECTED, 180);
VALUE(KVM_CAP_S390_PROTECTED_DUMP, 217);
VALUE(KVM_S390_PV_COMMAND, 0xc020aec5);
VALUE(KVM_S390_PV_CPU_COMMAND, 0xc020aed0);
VALUE(KVM_PV_ENABLE, 0);
VALUE(KVM_PV_DISABLE, 1);
VALUE(KVM_PV_SET_SEC_PARMS, 2);
VALUE(KVM_PV_UNPACK, 3);
VALUE(KVM_PV_VERIFY, 4);
VALUE(KVM_PV_PREP_RESET, 5);
VALUE(KVM_PV_UNSHARE_ALL, 6);
VALUE(KVM_PV_INFO, 7);
VALUE(KVM_PV_DUMP, 8);
VALUE(KVM_PV_INFO_VM, 0);
VALUE(KVM_PV_INFO_DUMP, 1);
VALUE(KVM_PV_DUMP_INIT, 0);
VALUE(KVM_PV_DUMP_CONFIG_STOR_STATE, 1);
VALUE(KVM_PV_DUMP_COMPLETE, 2);
VALUE(KVM_PV_DUMP_CPU, 3);
SIZE(kvm_pv_cmd, 32);
OFFSET(kvm_pv_cmd, cmd, 0);
OFFSET(kvm_pv_cmd, rc, 4);
OFFSET(kvm_pv_cmd, rrc, 6);
OFFSET(kvm_pv_cmd, data, 8);
OFFSET(kvm_pv_cmd, flags, 16);
SIZE(kvm_s390_pv_dmp, 64);
OFFSET(kvm_s390_pv_dmp, subcmd, 0);
OFFSET(kvm_s390_pv_dmp, buff_addr, 8);
OFFSET(kvm_s390_pv_dmp, buff_len, 16);
OFFSET(kvm_s390_pv_dmp, gaddr, 24);
OFFSET(kvm_s390_pv_dmp, reserved, 32);
SIZE(kvm_s390_pv_info_header, 16);
OFFSET(kvm_s390_pv_info_header, id, 0);
OFFSET(kvm_s390_pv_info_header, len_max, 4);
OFFSET(kvm_s390_pv_info_header, len_written, 8);
SIZE(kvm_s390_pv_info_vm, 64);
OFFSET(kvm_s390_pv_info_vm, inst_calls_list, 0);
OFFSET(kvm_s390_pv_info_vm, max_cpus, 32);
OFFSET(kvm_s390_pv_info_vm, max_guests, 40);
OFFSET(kvm_s390_pv_info_vm, max_guest_addr, 48);
OFFSET(kvm_s390_pv_info_vm, feature_indication, 56);
SIZE(kvm_s390_pv_info_dump, 24);
OFFSET(kvm_s390_pv_info_dump, dump_cpu_buffer_len, 0);
OFFSET(kvm_s390_pv_info_dump, dump_config_mem_buffer_per_1m, 8);
OFFSET(kvm_s390_pv_info_dump, dump_config_finalize_len, 16);
SIZE(kvm_s390_pv_info, 80);
OFFSET(kvm_s390_pv_info, dump, 16);
OFFSET(kvm_s390_pv_info, vm, 16);
SIZE(kvm_s390_pv_sec_parm, 16);
SIZE(kvm_s390_pv_unp, 24);
OFFSET(kvm_s390_pv_unp, size, 8);
OFFSET(kvm_s390_pv_unp, tweak, 16);

struct pv_host pv_host = { .kvm = -1, .transcript = -1 };
struct pv_image pv_image;

/* Tests that met their needs, counted by the processes that run them. */
static int *tests_run;

static void __printf(1, 2) pv_log(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Standard output is buffered, and lost at the end of a test. */
	fprintf(stderr, "# %s: %s\n", pv_host.running ? pv_host.running : "-", text);
}

const char *pv_errname(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ 0, "0" }, { EINVAL, "EINVAL" }, { EFAULT, "EFAULT" }, { ENOTTY, "ENOTTY" },
		{ ENOMEM, "ENOMEM" }, { EINTR, "EINTR" }, { EIO, "EIO" }, { EBUSY, "EBUSY" },
		{ EPERM, "EPERM" }, { EAGAIN, "EAGAIN" }, { EEXIST, "EEXIST" },
	};
	static char other[16];
	size_t i;

	for (i = 0; i < NR_OF(names); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(other, sizeof(other), "errno-%d", err);
	return other;
}

/* --- the transcript --------------------------------------------------------------------- */

/**
 * pv_note() - append a line to the transcript
 * @fmt: the line, without the name of the test and the line end
 *
 * A line is one write(), so that children do not mix theirs.
 */
void __printf(1, 2) pv_note(const char *fmt, ...)
{
	char line[320];
	va_list args;
	int n;

	if (pv_host.transcript < 0 || pv_host.quiet)
		return;
	n = snprintf(line, sizeof(line), "%s: ", pv_host.running ? pv_host.running : "-");
	va_start(args, fmt);
	n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(pv_host.transcript, line, n) != n)
		perror("transcript: write");
}

/**
 * pv_note_res() - append the outcome of an ioctl to the transcript
 * @what: the ioctl
 * @res: its outcome
 */
void pv_note_res(const char *what, struct pv_res res)
{
	if (pv_kept(res))
		pv_note("%s = %s rc kept", what, pv_errname(res.err));
	else
		pv_note("%s = %s rc 0x%04x rrc 0x%04x", what, pv_errname(res.err), res.rc,
			res.rrc);
}

/* --- ioctls ----------------------------------------------------------------------------- */

/* Did KVM leave rc and rrc alone, as it has to without an Ultravisor call? */
bool pv_kept(struct pv_res res)
{
	return res.rc == PV_RC_KEPT && res.rrc == PV_RRC_KEPT;
}

/* Did the Ultravisor refuse the command, and KVM deliver its return codes? */
bool pv_uv_refused(struct pv_res res)
{
	return res.err && res.rc > 1 && res.rc != PV_RC_KEPT;
}

/**
 * pv_ioctl() - KVM_S390_PV_COMMAND or KVM_S390_PV_CPU_COMMAND, with rc and rrc preset
 * @fd: a VM or a vCPU
 * @nr: number of the ioctl
 * @cmd: KVM_PV_*
 * @data: structure of the command, which the kernel may write to
 *
 * Return: the outcome.
 */
struct pv_res pv_ioctl(int fd, unsigned long nr, __u32 cmd, const void *data)
{
	struct kvm_pv_cmd pv = {
		.cmd = cmd,
		.rc = PV_RC_KEPT,
		.rrc = PV_RRC_KEPT,
		.data = (unsigned long)data,
	};
	struct pv_res res = { 0 };

	if (ioctl(fd, nr, &pv))
		res.err = errno;
	res.rc = pv.rc;
	res.rrc = pv.rrc;
	res.cmd = pv.cmd;
	return res;
}

/* KVM_S390_PV_COMMAND, noted in the transcript */
struct pv_res pv_vm_cmd(int fd, __u32 cmd, const void *data)
{
	static const char * const names[] = {
		"ENABLE", "DISABLE", "SET_SEC_PARMS", "UNPACK", "VERIFY", "PREP_RESET",
		"UNSHARE_ALL", "INFO", "DUMP",
	};
	struct pv_res res = pv_ioctl(fd, KVM_S390_PV_COMMAND, cmd, data);

	pv_note_res(cmd < NR_OF(names) ? names[cmd] : "unknown command", res);
	return res;
}

/* KVM_PV_INFO */
struct pv_res pv_info(int fd, void *buf)
{
	return pv_vm_cmd(fd, KVM_PV_INFO, buf);
}

static void note_dump(const char *fd, const struct kvm_s390_pv_dmp *dmp, struct pv_res res)
{
	static const char * const names[] = { "INIT", "STOR_STATE", "COMPLETE", "CPU" };
	char what[96];

	if (dmp->subcmd >= NR_OF(names))
		snprintf(what, sizeof(what), "%s DUMP unknown subcommand", fd);
	else if (dmp->subcmd == KVM_PV_DUMP_CONFIG_STOR_STATE)
		snprintf(what, sizeof(what), "%s DUMP %s gaddr 0x%lx len 0x%lx", fd,
			 names[dmp->subcmd], (unsigned long)dmp->gaddr,
			 (unsigned long)dmp->buff_len);
	else
		snprintf(what, sizeof(what), "%s DUMP %s len 0x%lx", fd, names[dmp->subcmd],
			 (unsigned long)dmp->buff_len);
	pv_note_res(what, res);
}

/**
 * pv_dump() - KVM_PV_DUMP on a VM
 * @fd: the VM
 * @dmp: the request, which the kernel writes back
 *
 * Return: the outcome.
 */
struct pv_res pv_dump(int fd, struct kvm_s390_pv_dmp *dmp)
{
	struct kvm_s390_pv_dmp was = *dmp;
	struct pv_res res = pv_ioctl(fd, KVM_S390_PV_COMMAND, KVM_PV_DUMP, dmp);

	note_dump("vm", &was, res);
	if (dmp->gaddr != was.gaddr)
		pv_note("  gaddr is now 0x%lx", (unsigned long)dmp->gaddr);
	return res;
}

/* KVM_PV_DUMP on a vCPU */
struct pv_res pv_dump_vcpu(int fd, struct kvm_s390_pv_dmp *dmp)
{
	struct kvm_s390_pv_dmp was = *dmp;
	struct pv_res res = pv_ioctl(fd, KVM_S390_PV_CPU_COMMAND, KVM_PV_DUMP, dmp);

	note_dump("vcpu", &was, res);
	if (res.cmd != KVM_PV_DUMP)
		pv_note("  cmd is now 0x%08x", res.cmd);
	return res;
}

struct pv_res pv_dump_init(int fd)
{
	struct kvm_s390_pv_dmp dmp = { .subcmd = KVM_PV_DUMP_INIT };

	return pv_dump(fd, &dmp);
}

struct pv_res pv_dump_stor_state(int fd, unsigned long gaddr, void *buf, unsigned long len)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = KVM_PV_DUMP_CONFIG_STOR_STATE,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
		.gaddr = gaddr,
	};

	return pv_dump(fd, &dmp);
}

struct pv_res pv_dump_complete(int fd, void *buf, unsigned long len)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = KVM_PV_DUMP_COMPLETE,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
	};

	return pv_dump(fd, &dmp);
}

struct pv_res pv_dump_cpu(int fd, void *buf, unsigned long len)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = KVM_PV_DUMP_CPU,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
	};

	return pv_dump_vcpu(fd, &dmp);
}

/* --- memory ----------------------------------------------------------------------------- */

static size_t page_align(size_t len)
{
	return (len + PV_PAGE - 1) & ~(PV_PAGE - 1);
}

/* A writable private mapping of @len bytes, or NULL with errno */
static __u8 *map_anonymous(size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/**
 * pv_buf_alloc() - allocate a buffer and fill it and its surroundings with the canary
 * @buf: filled in
 * @len: bytes
 *
 * Return: 0, or -1 with errno.
 */
int pv_buf_alloc(struct pv_buf *buf, size_t len)
{
	buf->len = len;
	buf->map_len = page_align(len) + 2 * PV_PAGE;
	buf->map = map_anonymous(buf->map_len);
	if (!buf->map)
		return -1;
	pv_buf_reset(buf);
	buf->p = buf->map + PV_PAGE;
	return 0;
}

void pv_buf_free(struct pv_buf *buf)
{
	munmap(buf->map, buf->map_len);
}

void pv_buf_reset(struct pv_buf *buf)
{
	memset(buf->map, PV_CANARY, buf->map_len);
}

/* Does [@from, @to) of the buffer still hold the canary? */
bool pv_buf_untouched(const struct pv_buf *buf, size_t from, size_t to)
{
	while (from < to)
		if (buf->p[from++] != PV_CANARY)
			return false;
	return true;
}

/* Are the surroundings of the buffer untouched? */
bool pv_buf_canaries(const struct pv_buf *buf)
{
	const __u8 *p;

	for (p = buf->map; p < buf->p; p++)
		if (*p != PV_CANARY)
			return false;
	for (p = buf->p + buf->len; p < buf->map + buf->map_len; p++)
		if (*p != PV_CANARY)
			return false;
	return true;
}

/* A mapping of @len bytes that holds the canary, with protection @prot; NULL with errno */
void *pv_map(size_t len, int prot)
{
	__u8 *map = map_anonymous(len);

	if (!map)
		return NULL;
	memset(map, PV_CANARY, len);
	return mprotect(map, len, prot) ? NULL : map;
}

/* @len bytes that end where an inaccessible page begins; NULL with errno */
void *pv_edge(size_t len)
{
	size_t room = page_align(len);
	__u8 *map = map_anonymous(room + PV_PAGE);

	if (!map || mprotect(map + room, PV_PAGE, PROT_NONE))
		return NULL;
	return map + room - len;
}

/* The address of @len bytes where nothing is mapped any more; NULL with errno */
static void *unmapped(size_t len)
{
	__u8 *map = map_anonymous(len);

	return map && !munmap(map, len) ? map : NULL;
}

/**
 * pv_place() - find a bad place for @len bytes
 * @where: any but AT_GOOD
 * @len: bytes
 *
 * NULL is such a place; running out of memory ends the test.
 *
 * Return: the place.
 */
void *pv_place(enum pv_where where, size_t len)
{
	void *place;

	switch (where) {
	case AT_NULL:
		return NULL;
	case AT_NONE:
		place = pv_map(2 * len + PV_PAGE, PROT_NONE);
		break;
	case AT_GONE:
		place = unmapped(2 * len + PV_PAGE);
		break;
	case AT_RO:
		place = pv_map(len + PV_PAGE, PROT_READ);
		break;
	case AT_EDGE:
		place = pv_edge(len - 1);
		break;
	default:
		return (void *)-PV_PAGE;
	}
	if (!place)
		abort();
	return place;
}

/**
 * pv_map_aligned() - map guest memory, aligned to a MiB
 * @size: bytes
 * @flags: of mmap()
 * @fd: file to map, -1 for anonymous memory
 *
 * Return: the mapping, or NULL with errno.
 */
void *pv_map_aligned(size_t size, int flags, int fd)
{
	__u8 *map = mmap(NULL, size + PV_MIB, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u8 *mem;

	if (map == MAP_FAILED)
		return NULL;
	mem = (__u8 *)(((unsigned long)map + PV_MIB - 1) & ~(PV_MIB - 1));
	if (mem > map)
		munmap(map, mem - map);
	if (mem < map + PV_MIB)
		munmap(mem + size, map + PV_MIB - mem);
	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	if (mmap(mem, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED)
		return NULL;
	return mem;
}

/* --- the image -------------------------------------------------------------------------- */

__u32 pv_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static __u64 be64(const __u8 *p)
{
	return (__u64)pv_be32(p) << 32 | pv_be32(p + 4);
}

/* Secure Execution header, version 1 (s390-tools, genprotimg pv_hdr_def.h) */
static bool header_at(struct pv_image *img, size_t at)
{
	const __u8 *p = img->p + at;

	if (at + 0x40 > img->len || memcmp(p, "IBMSecEx", 8))
		return false;
	img->hdr = at;
	img->hdr_len = pv_be32(p + 0x0c);
	img->pcf = be64(p + 0x38);
	return img->hdr_len >= 640 && img->hdr_len <= 8192 && at + img->hdr_len <= img->len;
}

/* One component of an IPL parameter information block: tweak prefix, address, size */
static bool component_at(struct pv_image *img, size_t at)
{
	struct kvm_s390_pv_unp *comp = &img->comp[img->nr++];
	const __u8 *p = img->p + at;
	__u64 size = be64(p + 16);

	comp->tweak = be64(p);
	comp->addr = be64(p + 8);
	if (comp->addr % PV_PAGE || comp->addr > img->len || size > img->len - comp->addr)
		return false;
	comp->size = page_align(size);
	return true;
}

/* IPL parameter information block of type 5 (s390-tools, boot/ipl.h) */
static bool ipib_at(struct pv_image *img, size_t at)
{
	const __u8 *p = img->p + at;
	__u32 n;

	if (at + 0x88 + 24 > img->len || p[0x07] != 1 || p[0x0c] != 5)
		return false;
	n = pv_be32(p + 0x74);
	if (!n || n > PV_MAX_COMPS || at + 0x88 + 24UL * n > img->len)
		return false;
	if (be64(p + 0x80) != img->hdr_len)
		return false;
	img->nr = 0;
	while (img->nr < n)
		if (!component_at(img, at + 0x88 + 24UL * img->nr))
			return false;
	return true;
}

/* Newer images carry metadata at 0xc000; in all of them both blocks begin a page. */
static bool image_parse(struct pv_image *img)
{
	const __u8 *meta = img->p + 0xc000;
	size_t at;

	if (img->len >= 0xd000 && !memcmp(meta, "SeImgLnx", 8))
		return header_at(img, be64(meta + 8)) && ipib_at(img, be64(meta + 20));
	for (at = 0x10000; at < img->len && !header_at(img, at);)
		at += PV_PAGE;
	if (at >= img->len)
		return false;
	for (at = 0x10000; at < img->len && !ipib_at(img, at);)
		at += PV_PAGE;
	return at < img->len;
}

/* Map and parse an image. Return: NULL, or what is wrong with it */
static const char *image_open(const char *path)
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
	pv_image.p = map;
	pv_image.len = st.st_size;
	if (!image_parse(&pv_image))
		return "no Secure Execution header and IPL block found";
	return NULL;
}

/* Bytes of memory the image needs, rounded up to a MiB */
size_t pv_image_room(void)
{
	size_t end = 0;
	unsigned int i;

	for (i = 0; i < pv_image.nr; i++)
		if (pv_image.comp[i].addr + pv_image.comp[i].size > end)
			end = pv_image.comp[i].addr + pv_image.comp[i].size;
	return (end + PV_MIB - 1) & ~(PV_MIB - 1);
}

/* --- virtual machines ------------------------------------------------------------------- */

/* A machine that pv_vm_close() has nothing to close of */
void pv_vm_init(struct pv_vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->fd = -1;
}

int pv_vm_add_vcpu(struct pv_vm *vm)
{
	int size = ioctl(pv_host.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int i = vm->nr;

	if (size < 0 || i >= PV_MAX_VCPUS)
		return -1;
	vm->vcpu[i] = ioctl(vm->fd, KVM_CREATE_VCPU, i);
	pv_note("KVM_CREATE_VCPU %d = %s", i, pv_errname(vm->vcpu[i] < 0 ? errno : 0));
	if (vm->vcpu[i] < 0)
		return -1;
	vm->run[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[i], 0);
	if (vm->run[i] == MAP_FAILED)
		return -1;
	vm->nr++;
	return 0;
}

/**
 * pv_vm_open_on() - create a machine on given memory
 * @vm: filled in
 * @vcpus: number of vCPUs
 * @mem: guest memory, aligned to a MiB
 * @size: bytes at @mem, a multiple of a MiB; 0 for a machine without memory
 *
 * Return: 0, or -1 with errno.
 */
int pv_vm_open_on(struct pv_vm *vm, int vcpus, void *mem, size_t size)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = size,
		.userspace_addr = (unsigned long)mem,
	};

	pv_vm_init(vm);
	vm->mem = mem;
	vm->size = size;
	/* A VMM does not share guest memory with its children. */
	madvise(mem, size, MADV_DONTFORK);
	vm->fd = ioctl(pv_host.kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return -1;
	if (size && ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot))
		return -1;
	while (vm->nr < vcpus)
		if (pv_vm_add_vcpu(vm))
			return -1;
	return 0;
}

/* A machine on anonymous memory. Return: 0, or -1 with errno */
int pv_vm_open(struct pv_vm *vm, int vcpus, size_t size)
{
	void *mem = NULL;

	if (size) {
		mem = pv_map_aligned(size, MAP_PRIVATE | MAP_NORESERVE, -1);
		if (!mem)
			return -1;
	}
	return pv_vm_open_on(vm, vcpus, mem, size);
}

/* Close what is open; a dump or protection may still be active. */
void pv_vm_close(struct pv_vm *vm)
{
	int size = ioctl(pv_host.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int i;

	for (i = 0; i < vm->nr; i++) {
		munmap(vm->run[i], size);
		close(vm->vcpu[i]);
	}
	close(vm->fd);
	if (vm->mem)
		munmap(vm->mem, vm->size);
	pv_vm_init(vm);
}

struct pv_res pv_vm_enable(struct pv_vm *vm)
{
	return pv_vm_cmd(vm->fd, KVM_PV_ENABLE, NULL);
}

struct pv_res pv_vm_disable(struct pv_vm *vm)
{
	return pv_vm_cmd(vm->fd, KVM_PV_DISABLE, NULL);
}

/* Hand the image's header to the Ultravisor. */
struct pv_res pv_vm_set_parms(struct pv_vm *vm)
{
	struct kvm_s390_pv_sec_parm parms = {
		.origin = (unsigned long)(pv_image.p + pv_image.hdr),
		.length = pv_image.hdr_len,
	};

	return pv_vm_cmd(vm->fd, KVM_PV_SET_SEC_PARMS, &parms);
}

static struct pv_res vm_unpack(struct pv_vm *vm)
{
	struct pv_res res = { 0 };
	struct kvm_s390_pv_unp comp;
	unsigned int i;
	size_t len;

	for (i = 0; i < pv_image.nr && !res.err; i++) {
		comp = pv_image.comp[i];
		len = pv_image.len - comp.addr;
		if (len > comp.size)
			len = comp.size;
		memcpy(vm->mem + comp.addr, pv_image.p + comp.addr, len);
		res = pv_vm_cmd(vm->fd, KVM_PV_UNPACK, &comp);
	}
	return res;
}

/**
 * pv_vm_protect() - make an open machine a protected guest that can be started
 * @vm: the machine
 *
 * Return: outcome of the first command that failed, or of the last.
 */
struct pv_res pv_vm_protect(struct pv_vm *vm)
{
	struct kvm_mp_state load = { .mp_state = KVM_MP_STATE_LOAD };
	struct kvm_mp_state operating = { .mp_state = KVM_MP_STATE_OPERATING };
	struct pv_res res = pv_vm_enable(vm);

	if (!res.err)
		res = pv_vm_set_parms(vm);
	if (!res.err)
		res = vm_unpack(vm);
	if (!res.err)
		res = pv_vm_cmd(vm->fd, KVM_PV_VERIFY, NULL);
	if (!res.err && vm->nr && (ioctl(vm->vcpu[0], KVM_SET_MP_STATE, &load) ||
				   ioctl(vm->vcpu[0], KVM_SET_MP_STATE, &operating)))
		res.err = errno;
	return res;
}

/* The same after the end of protection: a new guest on the old memory */
struct pv_res pv_vm_protect_again(struct pv_vm *vm)
{
	memset(vm->mem, 0, vm->size);
	return pv_vm_protect(vm);
}

/**
 * pv_vm_boot() - create a protected guest from the image
 * @vm: filled in
 * @vcpus: number of vCPUs
 * @size: bytes of memory, at least; 0 for what the image needs
 *
 * Return: 0, or -1 with errno.
 */
int pv_vm_boot(struct pv_vm *vm, int vcpus, size_t size)
{
	struct pv_res res;

	if (size < pv_image_room())
		size = pv_image_room();
	if (pv_vm_open(vm, vcpus, size))
		return -1;
	res = pv_vm_protect(vm);
	errno = res.err;
	return res.err ? -1 : 0;
}

/**
 * pv_run() - KVM_RUN that does not enter the guest
 * @vm: the machine
 * @i: index of the vCPU
 *
 * KVM tests for an active dump before it looks at immediate_exit: EINVAL means that a dump is
 * active, EINTR that the vCPU may run.
 *
 * Return: the errno.
 */
int pv_run(struct pv_vm *vm, int i)
{
	int err;

	vm->run[i]->immediate_exit = 1;
	err = ioctl(vm->vcpu[i], KVM_RUN, NULL) ? errno : 0;
	vm->run[i]->immediate_exit = 0;
	pv_note("vcpu KVM_RUN (immediate exit) = %s", pv_errname(err));
	return err;
}

/* Is a dump active? */
bool pv_dumping(struct pv_vm *vm)
{
	return pv_run(vm, 0) == EINVAL;
}

/* Read every page of the guest, as a VMM that writes a dump does. */
void pv_touch(struct pv_vm *vm)
{
	size_t at;

	for (at = 0; at < vm->size; at += PV_PAGE)
		asm volatile("" : : "r" (vm->mem[at]));
}

size_t pv_stor_bytes(const struct pv_vm *vm)
{
	return vm->size / PV_MIB * pv_host.stor_len;
}

/* --- whole dumps ------------------------------------------------------------------------ */

/* Return: 0, or -1 with errno */
int pv_dump_alloc(struct pv_vm *vm, struct pv_dump *d)
{
	int i;

	for (i = 0; i < vm->nr; i++)
		if (pv_buf_alloc(&d->cpu[i], pv_host.cpu_len))
			return -1;
	if (pv_buf_alloc(&d->stor, pv_stor_bytes(vm)))
		return -1;
	return pv_buf_alloc(&d->compl, pv_host.compl_len);
}

void pv_dump_free(struct pv_vm *vm, struct pv_dump *d)
{
	int i;

	for (i = 0; i < vm->nr; i++)
		pv_buf_free(&d->cpu[i]);
	pv_buf_free(&d->stor);
	pv_buf_free(&d->compl);
}

/* An entry of the storage state: the tweak of an encrypted page, or one of four states */
static bool entry_valid(const __u8 *p)
{
	if (pv_be32(p) != 0xffffffff)
		return true;
	return !p[14] && (p[15] == 1 || p[15] == 2 || p[15] == 5 || p[15] == 6);
}

static bool check_storage_state(const struct pv_buf *stor)
{
	unsigned long secret = 0, want = 0;
	unsigned int i;
	size_t at;

	for (at = 0; at < stor->len; at += 16) {
		if (!entry_valid(stor->p + at)) {
			pv_log("entry of page 0x%lx is not valid", at / 16 * PV_PAGE);
			return false;
		}
		secret += pv_be32(stor->p + at) != 0xffffffff;
	}
	for (i = 0; i < pv_image.nr; i++)
		want += pv_image.comp[i].size / PV_PAGE;
	/* Each page of a component was read by the host and so is encrypted now. */
	if (secret < want)
		pv_log("%lu encrypted pages, %lu expected", secret, want);
	return secret >= want;
}

static bool check_area(const char *what, const struct pv_buf *buf)
{
	if (!pv_buf_canaries(buf))
		pv_log("%s: the surroundings were written to", what);
	else if (pv_buf_untouched(buf, 0, 16))
		pv_log("%s: nothing was stored", what);
	else
		return true;
	return false;
}

/* Formats as zgetdump reads them (s390-tools, zdump/pv_defs.h) */
static bool check_formats(struct pv_vm *vm, struct pv_dump *d)
{
	int i;

	/* Later firmware may have another version. */
	if (pv_be32(d->compl.p) != 1)
		return !pv_host.exact;
	for (i = 0; i < vm->nr; i++)
		if (pv_be32(d->cpu[i].p) != 1)
			return false;
	if (pv_be32(d->compl.p + 4) != 288)
		return false;
	return pv_host.stor_len != 4096 || check_storage_state(&d->stor);
}

/**
 * pv_dump_check() - check the areas of a dump
 * @vm: the machine
 * @d: its dump
 *
 * Return: whether they are right; what is wrong is logged.
 */
bool pv_dump_check(struct pv_vm *vm, struct pv_dump *d)
{
	int i;

	for (i = 0; i < vm->nr; i++)
		if (!check_area("CPU", &d->cpu[i]))
			return false;
	if (!check_area("COMPLETE", &d->compl) || !check_area("STOR_STATE", &d->stor))
		return false;
	if (check_formats(vm, d))
		return true;
	pv_log("the areas of the dump do not have the expected format");
	return false;
}

static int dump_failed(const char *what, struct pv_res res)
{
	pv_log("%s = %s rc 0x%04x rrc 0x%04x", what, pv_errname(res.err), res.rc, res.rrc);
	errno = EPROTO;
	return -1;
}

static int expect_dumping(struct pv_vm *vm, bool want)
{
	if (pv_dumping(vm) == want)
		return 0;
	pv_log("%s dump is active", want ? "no" : "a");
	errno = EPROTO;
	return -1;
}

/**
 * pv_dump_guest() - dump a guest as a VMM does, and check the outcome
 * @vm: the machine
 * @d: receives the dump; allocated here
 *
 * Return: 0, or -1 with errno: ENOMEM, or EPROTO for a failure that was logged.
 */
int pv_dump_guest(struct pv_vm *vm, struct pv_dump *d)
{
	struct pv_res res;
	int i;

	if (pv_dump_alloc(vm, d) || expect_dumping(vm, false))
		return -1;
	res = pv_dump_init(vm->fd);
	if (res.err || res.rc != 1)
		return dump_failed("INIT", res);
	if (expect_dumping(vm, true))
		return -1;
	for (i = 0; i < vm->nr; i++) {
		res = pv_dump_cpu(vm->vcpu[i], d->cpu[i].p, d->cpu[i].len);
		if (res.err)
			return dump_failed("CPU", res);
	}
	pv_touch(vm);
	res = pv_dump_stor_state(vm->fd, 0, d->stor.p, d->stor.len);
	if (res.err || res.rc != 1)
		return dump_failed("STOR_STATE", res);
	res = pv_dump_complete(vm->fd, d->compl.p, d->compl.len);
	if (res.err || res.rc != 1)
		return dump_failed("COMPLETE", res);
	errno = EPROTO;
	return expect_dumping(vm, false) || !pv_dump_check(vm, d) ? -1 : 0;
}

/**
 * pv_dump_once() - dump a guest and forget the dump
 * @vm: the machine
 * @name: name of the file to write it to if there is a directory for dumps, or NULL
 *
 * Return: 0, or -1 with errno.
 */
int pv_dump_once(struct pv_vm *vm, const char *name)
{
	struct pv_dump d;

	if (pv_dump_guest(vm, &d) || (name && pv_dump_write(name, vm, &d)))
		return -1;
	pv_dump_free(vm, &d);
	return 0;
}

/**
 * pv_fetch_all() - fetch everything that a dump consists of
 * @vm: a machine with an active dump
 *
 * An Ultravisor may refuse to complete a dump before. Unless that is known it is done here,
 * outside of the transcript.
 */
void pv_fetch_all(struct pv_vm *vm)
{
	bool was_quiet = pv_host.quiet;
	struct pv_buf buf;
	int i;

	if (pv_host.exact || pv_buf_alloc(&buf, pv_stor_bytes(vm) + pv_host.cpu_len))
		return;
	pv_host.quiet = true;
	for (i = 0; i < vm->nr; i++)
		pv_dump_cpu(vm->vcpu[i], buf.p, pv_host.cpu_len);
	pv_dump_stor_state(vm->fd, 0, buf.p, pv_stor_bytes(vm));
	pv_host.quiet = was_quiet;
	pv_buf_free(&buf);
}

/* --- dump files ------------------------------------------------------------------------- */

/*
 * The layout is QEMU's (dump/dump.c): ELF header, section headers, program headers, notes,
 * memory, the two sections, section names. Of the notes only two are written.
 */
struct dump_elf {
	struct elf64_hdr eh;
	struct elf64_shdr sh[4];
	struct elf64_phdr ph[2];
};

static const char elf_names[] = "\0pv_mem_meta\0pv_compl\0\0\0\0.shstrtab";

/* The hypervisor's view of a protected vCPU is empty; its note begins the next vCPU. */
struct dump_elf_cpu {
	struct elf64_note regs;
	char regs_name[8];
	__u8 regs_data[336];
	struct elf64_note pv;
	char pv_name[8];
};

static void elf_header(struct elf64_hdr *eh)
{
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_ident[EI_DATA] = ELFDATA2MSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	eh->e_type = ET_CORE;
	eh->e_machine = EM_S390;
	eh->e_version = EV_CURRENT;
	eh->e_ehsize = sizeof(*eh);
	eh->e_shoff = offsetof(struct dump_elf, sh);
	eh->e_shentsize = sizeof(struct elf64_shdr);
	eh->e_shnum = 4;
	eh->e_shstrndx = 3;
	eh->e_phoff = offsetof(struct dump_elf, ph);
	eh->e_phentsize = sizeof(struct elf64_phdr);
	eh->e_phnum = 2;
}

/* Append a section of @size bytes at @at; return where the next one begins. */
static size_t elf_section(struct elf64_shdr *sh, int name, int type, size_t at, size_t size)
{
	sh->sh_name = name;
	sh->sh_type = type;
	sh->sh_offset = at;
	sh->sh_size = size;
	return at + size;
}

static void elf_layout(struct dump_elf *elf, const struct pv_vm *vm)
{
	size_t notes = vm->nr * (sizeof(struct dump_elf_cpu) + pv_host.cpu_len);
	size_t at = sizeof(*elf);

	memset(elf, 0, sizeof(*elf));
	elf_header(&elf->eh);
	elf->ph[0].p_type = PT_NOTE;
	elf->ph[0].p_offset = at;
	elf->ph[0].p_filesz = notes;
	at += notes;
	elf->ph[1].p_type = PT_LOAD;
	elf->ph[1].p_offset = at;
	elf->ph[1].p_filesz = vm->size;
	elf->ph[1].p_memsz = vm->size;
	at += vm->size;
	at = elf_section(&elf->sh[1], 1, SHT_PROGBITS, at, pv_stor_bytes(vm));
	at = elf_section(&elf->sh[2], 13, SHT_PROGBITS, at, pv_host.compl_len);
	elf_section(&elf->sh[3], 25, SHT_STRTAB, at, sizeof(elf_names));
}

static int put(int fd, const void *p, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n <= 0)
			return -1;
		p = (const char *)p + n;
		len -= n;
	}
	return 0;
}

static int put_cpu(int fd, const struct pv_buf *cpu)
{
	struct dump_elf_cpu note = {
		.regs = { .n_namesz = 5, .n_descsz = sizeof(note.regs_data),
			  .n_type = NT_PRSTATUS },
		.regs_name = "CORE",
		.pv = { .n_namesz = 6, .n_descsz = pv_host.cpu_len,
			.n_type = NT_S390_PV_CPU_DATA },
		.pv_name = "LINUX",
	};

	return put(fd, &note, sizeof(note)) | put(fd, cpu->p, cpu->len);
}

/**
 * pv_dump_write() - write a dump to "<out>/<name>-<MiB>m-<vCPUs>c.pvdump"
 * @name: first part of the name
 * @vm: the machine; its memory is read, which exports the pages of a protected guest
 * @d: its dump
 *
 * Does nothing if there is no directory for dumps (option -o).
 *
 * Return: 0, or -1 with errno.
 */
int pv_dump_write(const char *name, const struct pv_vm *vm, const struct pv_dump *d)
{
	struct dump_elf elf;
	char path[256];
	int fd, i, err;

	if (!pv_host.out)
		return 0;
	snprintf(path, sizeof(path), "%s/%s-%lum-%dc.pvdump", pv_host.out, name,
		 vm->size / PV_MIB, vm->nr);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	elf_layout(&elf, vm);
	err = put(fd, &elf, sizeof(elf));
	for (i = 0; i < vm->nr; i++)
		err |= put_cpu(fd, &d->cpu[i]);
	err |= put(fd, vm->mem, vm->size);
	err |= put(fd, d->stor.p, d->stor.len);
	err |= put(fd, d->compl.p, d->compl.len);
	err |= put(fd, elf_names, sizeof(elf_names));
	return err | close(fd);
}

/* --- time, threads and processes -------------------------------------------------------- */

void pv_sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Wait up to @ms for a flag that another thread sets. */
bool pv_wait_flag(const int *flag, long ms)
{
	for (; ms > 0; ms -= 5) {
		if (__atomic_load_n(flag, __ATOMIC_ACQUIRE))
			return true;
		pv_sleep_ms(5);
	}
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

void pv_set_flag(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* Wait up to @ms for the end of a child. Return: its status, or -1 */
int pv_wait_child(pid_t pid, long ms)
{
	int status;

	for (; ms > 0; ms -= 5) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		pv_sleep_ms(5);
	}
	return -1;
}

static void keeper_run(int ended, void (*undo)(void *arg), void *arg)
{
	char byte;

	/* A test that hangs is killed with its process group. */
	setsid();
	/* Nobody writes: read() returns when the last descriptor of the other end is closed. */
	while (read(ended, &byte, 1) < 0 && errno == EINTR)
		;
	undo(arg);
	_exit(0);
}

/**
 * pv_keeper_start() - call a function when the test has ended, however it ends
 * @k: filled in
 * @undo: the function; called in a process of its own
 * @arg: its argument, as it is now
 *
 * Return: 0, or -1 with errno; @undo is not called then.
 */
int pv_keeper_start(struct pv_keeper *k, void (*undo)(void *arg), void *arg)
{
	int ends[2], err;

	if (pipe(ends))
		return -1;
	k->pid = fork();
	if (!k->pid) {
		close(ends[1]);
		keeper_run(ends[0], undo, arg);
	}
	err = errno;
	close(ends[0]);
	k->hold = ends[1];
	if (k->pid > 0)
		return 0;
	close(ends[1]);
	errno = err;
	return -1;
}

/* Call the function now, and wait until it has returned. */
void pv_keeper_end(struct pv_keeper *k)
{
	close(k->hold);
	waitpid(k->pid, NULL, 0);
}

/* --- the host --------------------------------------------------------------------------- */

static const char usage[] =
	"[-w] [-x] [-i IMAGE] [-o DIR] [-s DEV] [-t NAME] [-T FILE]\n"
	"  -i IMAGE  Secure Execution image for this host, dumping permitted\n"
	"  -o DIR    write dumps there, in the format that zgetdump reads\n"
	"  -s DEV    block device to swap on; its content is lost (default: a loop device)\n"
	"  -t NAME   only tests whose name contains NAME; the others are skipped\n"
	"  -T FILE   append the outcome of each ioctl to FILE\n"
	"  -w        allow tests that may make an unfixed kernel warn or hang\n"
	"  -x        fail if the Ultravisor's answer is allowed but not the expected one\n";

static void usage_exit(FILE *to, int status)
{
	fprintf(to, "usage: %s %s", program_invocation_short_name, usage);
	exit(status);
}

static void usage_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
	usage_exit(stderr, 2);
}

static void open_transcript(const char *path)
{
	pv_host.transcript = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (pv_host.transcript < 0)
		usage_die(path, strerror(errno));
}

static void take_option(int opt)
{
	switch (opt) {
	case 'i':
		pv_host.image = optarg;
		break;
	case 'o':
		pv_host.out = optarg;
		break;
	case 's':
		pv_host.swap = optarg;
		break;
	case 't':
		pv_host.only = optarg;
		break;
	case 'T':
		open_transcript(optarg);
		break;
	case 'w':
		pv_host.risk = true;
		break;
	case 'x':
		pv_host.exact = true;
		break;
	case 'h':
		usage_exit(stdout, 0);
		break;
	default:
		usage_exit(stderr, 2);
	}
}

static void parse_options(int argc, char **argv)
{
	const char *why;
	int opt;

	while ((opt = getopt(argc, argv, "hi:o:s:t:T:wx")) != -1)
		take_option(opt);
	if (optind < argc)
		usage_die(argv[optind], "unexpected argument");
	/* The harness may parse what is left. */
	optind = 1;
	why = pv_host.image ? image_open(pv_host.image) : NULL;
	if (why)
		usage_die(pv_host.image, why);
	if (pv_host.out && access(pv_host.out, W_OK))
		usage_die(pv_host.out, strerror(errno));
}

static int ask_info(struct pv_vm *vm, __u32 id, struct kvm_s390_pv_info *info)
{
	memset(info, 0, sizeof(*info));
	info->header.id = id;
	info->header.len_max = sizeof(*info);
	return pv_ioctl(vm->fd, KVM_S390_PV_COMMAND, KVM_PV_INFO, info).err;
}

static void probe_info(void)
{
	struct kvm_s390_pv_info info;
	struct pv_vm vm;

	if (pv_vm_open(&vm, 0, 0))
		ksft_exit_skip("KVM_CREATE_VM: %s\n", strerror(errno));
	pv_host.info_err = ask_info(&vm, KVM_PV_INFO_VM, &info);
	pv_host.vm = info.vm;
	if (!pv_host.info_err)
		pv_host.info_err = ask_info(&vm, KVM_PV_INFO_DUMP, &info);
	pv_host.dump = info.dump;
	pv_vm_close(&vm);
	pv_host.cpu_len = pv_host.dump.dump_cpu_buffer_len;
	pv_host.stor_len = pv_host.dump.dump_config_mem_buffer_per_1m;
	pv_host.compl_len = pv_host.dump.dump_config_finalize_len;
}

/* The Ultravisor's answer to the image is a reason to skip; any other failure is not. */
static bool image_refused(struct pv_res res, const char *what)
{
	if (pv_uv_refused(res))
		snprintf(pv_host.image_why, sizeof(pv_host.image_why),
			 "%.60s: %s (rc 0x%04x rrc 0x%04x)", pv_host.image, what, res.rc,
			 res.rrc);
	return res.err;
}

static void try_image(struct pv_vm *vm)
{
	struct pv_res res;

	if (pv_vm_enable(vm).err)
		return;
	res = pv_vm_set_parms(vm);
	if (image_refused(res, res.rc == 0x0108 ? "not made for this host" :
			  "its header is not accepted"))
		return;
	if (!image_refused(vm_unpack(vm), "it cannot be unpacked"))
		image_refused(pv_vm_cmd(vm->fd, KVM_PV_VERIFY, NULL), "it does not verify");
}

/* Try the image once. The tests that use it say what goes wrong on KVM's side. */
static void probe_image(void)
{
	struct pv_vm vm;

	if (!pv_host.prot)
		return;
	if (!(pv_image.pcf & PCF_ALLOW_DUMP)) {
		snprintf(pv_host.image_why, sizeof(pv_host.image_why),
			 "%.80s: its header does not permit dumping", pv_host.image);
		return;
	}
	if (pv_vm_open(&vm, 0, pv_image_room())) {
		if (errno != ENOMEM)
			ksft_exit_fail_msg("virtual machine for the image: %s\n",
					   strerror(errno));
		snprintf(pv_host.image_why, sizeof(pv_host.image_why),
			 "%.80s: no memory for a guest", pv_host.image);
		return;
	}
	try_image(&vm);
	pv_vm_close(&vm);
}

static void describe_host(void)
{
	ksft_print_msg("host: protected %d dump %d info %s\n", pv_host.prot, pv_host.cap,
		       pv_errname(pv_host.info_err));
	if (!pv_host.info_err)
		ksft_print_msg("areas: cpu %zu, per MiB %zu, completion %zu bytes\n",
			       pv_host.cpu_len, pv_host.stor_len, pv_host.compl_len);
	if (pv_host.image_why[0])
		ksft_print_msg("image: %s\n", pv_host.image_why);
}

/* The harness exits with 0 if every test was skipped; nothing was tested then. */
static void skip_if_nothing_ran(void)
{
	if (*tests_run)
		return;
	fflush(NULL);
	_exit(KSFT_SKIP);
}

static void count_tests(void)
{
	tests_run = mmap(NULL, sizeof(*tests_run), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tests_run == MAP_FAILED)
		ksft_exit_skip("no memory: %s\n", strerror(errno));
	atexit(skip_if_nothing_ran);
}

/**
 * pv_host_init() - take the options and probe the host; the first thing that main() does
 * @argc: of main()
 * @argv: of main()
 *
 * Exits if the options are wrong or the host has no KVM.
 */
void pv_host_init(int argc, char **argv)
{
	parse_options(argc, argv);
	pv_host.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (pv_host.kvm < 0)
		ksft_exit_skip("/dev/kvm: %s\n", strerror(errno));
	pv_host.prot = ioctl(pv_host.kvm, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED);
	pv_host.cap = ioctl(pv_host.kvm, KVM_CHECK_EXTENSION, KVM_CAP_S390_PROTECTED_DUMP);
	pv_host.quiet = true;
	probe_info();
	if (pv_host.image)
		probe_image();
	pv_host.quiet = false;
	describe_host();
	count_tests();
}

/* Set the name of the running test. */
void pv_test_begin(const char *fixture, const char *test)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s.%s", fixture, test);
	pv_host.running = name;
}

/* What the host lacks, or NULL */
static const char *host_lacks(unsigned int need)
{
	if ((need & PV_NEED_HOST) && !pv_host.prot)
		return "not a protected-virtualization host (KVM_CAP_S390_PROTECTED is 0)";
	if ((need & PV_NEED_NO_HOST) && pv_host.prot)
		return "this is a protected-virtualization host";
	if ((need & PV_NEED_INFO) && pv_host.info_err == ENOTTY)
		return "the kernel does not know KVM_PV_INFO";
	if ((need & PV_NEED_CAP) && !pv_host.cap)
		return "KVM_CAP_S390_PROTECTED_DUMP is 0";
	if ((need & PV_NEED_SMP) && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "needs two host CPUs";
	return NULL;
}

/**
 * pv_why_not() - why a test cannot run here
 * @need: PV_NEED_*
 *
 * Return: NULL if it can.
 */
const char *pv_why_not(unsigned int need)
{
	const char *why = host_lacks(need);

	if (pv_host.only && !strstr(pv_host.running, pv_host.only))
		return "not selected";
	if (why)
		return why;
	if ((need & PV_NEED_IMAGE) && !pv_host.image)
		return "no image given (option -i)";
	if ((need & PV_NEED_IMAGE) && pv_host.image_why[0])
		return pv_host.image_why;
	if ((need & PV_NEED_ROOT) && geteuid())
		return "needs root";
	if ((need & PV_NEED_RISK) && !pv_host.risk)
		return "may make an unfixed kernel warn or hang (option -w allows it)";
	__atomic_add_fetch(tests_run, 1, __ATOMIC_RELAXED);
	return NULL;
}

/* A test found out on its way that it cannot run. */
void pv_not_run(void)
{
	__atomic_sub_fetch(tests_run, 1, __ATOMIC_RELAXED);
}
