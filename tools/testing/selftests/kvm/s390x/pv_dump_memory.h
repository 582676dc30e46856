/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns dumps of guests whose memory is not plain anonymous pages, and buffers in odd places.
 * Never swaps on anything but a device that was given for it, or one that it made.
 */
#ifndef PV_DUMP_MEMORY_H
#define PV_DUMP_MEMORY_H

#include <sys/mount.h>
#include <sys/swap.h>
#include <linux/loop.h>
#include "pv_dump_control.h"
#include "pv_dump_flow.h"
#include "pv_dump_keeper.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define SWAP_PAGES	16384

FIXTURE(memory) {
	int unused;
};

FIXTURE_SETUP(memory)
{
}

FIXTURE_TEARDOWN(memory)
{
}

static size_t memory_size(void)
{
	return pvd_image_room() + 2 * PVD_MIB;
}

/* Dumps a guest on the given mapping, twice. */
static void dump_on(struct __test_metadata *_metadata, int flags, int fd, const char *name)
{
	size_t size = memory_size();
	struct pvd_vm vm;
	void *mem;

	mem = pvd_map_aligned(size, flags, fd);
	ASSERT_NE(NULL, mem);
	PVD_MADE(pvd_vm_open_on(&vm, 2, mem, size));
	PVD_ASSERT_OK(pvd_vm_protect(&vm));
	pvd_one_dump(_metadata, &vm, name);
	pvd_one_dump(_metadata, &vm, NULL);
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

PVD_TEST(memory, shared_memory, PVD_NEED_T2, 60)
{
	int fd = memfd_create("guest", 0);

	if (fd < 0)
		SKIP(return, "memory.shared_memory: memfd_create: %s", strerror(errno));
	ASSERT_EQ(0, ftruncate(fd, memory_size()));
	dump_on(_metadata, MAP_SHARED, fd, "shared_memory");
}

PVD_TEST(memory, shared_anonymous, PVD_NEED_T2, 60)
{
	dump_on(_metadata, MAP_SHARED, -1, NULL);
}

static int memory_file(struct __test_metadata *_metadata)
{
	char path[] = "pv_dump_guest_XXXXXX";
	int fd = mkstemp(path);

	ASSERT_LE(0, fd) {
		TH_LOG("%s: %s", path, strerror(errno));
	}
	unlink(path);
	ASSERT_EQ(0, ftruncate(fd, memory_size()));
	return fd;
}

PVD_TEST(memory, shared_file, PVD_NEED_T2, 60)
{
	dump_on(_metadata, MAP_SHARED, memory_file(_metadata), NULL);
}

PVD_TEST(memory, private_file, PVD_NEED_T2, 60)
{
	dump_on(_metadata, MAP_PRIVATE, memory_file(_metadata), NULL);
}

/*
 * A file whose pages are really written back: those of a block device. Secure pages have to
 * be exported for that, before the dump and in the middle of it.
 */
PVD_TEST(memory, written_back, PVD_NEED_T2 | PVD_NEED_ROOT, 60)
{
	struct pvd_dumped d;
	struct pvd_vm vm;
	void *mem;
	int fd;

	if (!host.swap)
		SKIP(return, "memory.written_back: no block device given (option -s)");
	fd = open(host.swap, O_RDWR | O_EXCL);
	ASSERT_LE(0, fd) {
		TH_LOG("%s: %s", host.swap, strerror(errno));
	}
	mem = pvd_map_aligned(memory_size(), MAP_SHARED, fd);
	ASSERT_NE(NULL, mem);
	PVD_MADE(pvd_vm_open_on(&vm, 1, mem, memory_size()));
	PVD_ASSERT_OK(pvd_vm_protect(&vm));
	EXPECT_EQ(0, msync(vm.mem, vm.size, MS_SYNC));
	pvd_dumped_alloc(_metadata, &vm, &d);
	PVD_ASSERT_OK(pvd_init(vm.fd));
	PVD_ASSERT_OK(pvd_cpu(vm.vcpu[0], d.cpu[0].p, d.cpu[0].len));
	PVD_EXPECT_OK(pvd_stor_state(vm.fd, 0, d.stor.p, d.stor.len));
	pvd_touch(&vm);
	EXPECT_EQ(0, msync(vm.mem, vm.size, MS_SYNC));
	PVD_EXPECT_OK(pvd_stor_state(vm.fd, 0, d.stor.p, d.stor.len));
	PVD_EXPECT_OK(pvd_complete(vm.fd, d.compl.p, d.compl.len));
	pvd_check_dump(_metadata, &vm, &d);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf("written_back", &vm, &d));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

/*
 * Buffers inside the guest's own memory: KVM's copy hits secure pages, which the host
 * exports. The guest is damaged then, and that is its VMM's doing; the kernel must stay sane.
 */
PVD_TEST(memory, buffers_in_guest_memory, PVD_NEED_T2, 60)
{
	struct pvd_dmp *dmp;
	struct pvd_res res;
	struct pvd_vm vm;
	__u8 *at;

	PVD_MADE(pvd_vm_boot(&vm, 1, memory_size()));
	at = vm.mem + image.comp[0].addr;
	dmp = (struct pvd_dmp *)at;
	memset(dmp, 0, sizeof(*dmp));
	dmp->subcmd = PVD_INIT;
	res = pvd_dump(vm.fd, dmp);
	EXPECT_EQ(!res.err, pvd_dumping(&vm));
	if (res.err)
		PVD_ASSERT_OK(pvd_init(vm.fd));
	res = pvd_stor_state(vm.fd, 0, at, host.dump.stor_len);
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	res = pvd_cpu(vm.vcpu[0], at, host.dump.cpu_len);
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	pvd_before_complete(&vm);
	res = pvd_complete(vm.fd, at, host.dump.compl_len);
	EXPECT_EQ(!res.err, !pvd_dumping(&vm));
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	if (!res.err && host.softuv)
		EXPECT_EQ(288, pvd_be32(at + 4));
	PVD_EXPECT_OK(pvd_vm_disable(&vm));
}

static void fork_and_dump(struct __test_metadata *_metadata, struct pvd_vm *vm,
			  const char *name)
{
	struct pvd_dumped d;
	int status, hold[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(hold));
	pvd_dumped_alloc(_metadata, vm, &d);
	PVD_ASSERT_OK(pvd_init(vm->fd));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(hold[0]);
	PVD_ASSERT_OK(pvd_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	pvd_touch(vm);
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PVD_EXPECT_OK(pvd_complete(vm->fd, d.compl.p, d.compl.len));
	pvd_check_dump(_metadata, vm, &d);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf(name, vm, &d));
	close(hold[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	pvd_one_dump(_metadata, vm, NULL);
}

/* A VMM forks a helper in the middle; guest memory is not inherited, as with QEMU. */
PVD_TEST(memory, fork_during_dump, PVD_NEED_T2, 60)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, memory_size()));
	fork_and_dump(_metadata, &vm, "fork");
}

/*
 * D26: pages of the guest are shared copy-on-write with a child. The host's handler for
 * access to secure pages must export a page that is mapped read-only.
 */
PVD_TEST(memory, d26_fork_copy_on_write, PVD_NEED_T2 | PVD_NEED_PANIC_OK, 10)
{
	struct pvd_vm vm;

	PVD_MADE(pvd_vm_boot(&vm, 1, memory_size()));
	ASSERT_EQ(0, madvise(vm.mem, vm.size, MADV_DOFORK));
	fork_and_dump(_metadata, &vm, "copy_on_write");
}

/* KiB of @mem that are in swap, from smaps. */
static long swapped_kib(const void *mem)
{
	unsigned long want = (unsigned long)mem, start, end;
	long kib = 0, n;
	char line[256];
	bool in = false;
	FILE *file = fopen("/proc/self/smaps", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			in = start <= want && want < end;
		else if (in && sscanf(line, "Swap: %ld kB", &n) == 1)
			kib += n;
	}
	if (file)
		fclose(file);
	return kib;
}

/* The signature that mkswap writes: one page, version 1, no label. */
static int swap_sign(int fd)
{
	__u8 page[PVD_PAGE] = { 0 };
	__u32 *info = (__u32 *)(page + 1024);

	info[0] = 1;
	info[1] = SWAP_PAGES - 1;
	memcpy(page + PVD_PAGE - 10, "SWAPSPACE2", 10);
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) ? 0 : -1;
}

/*
 * The free device that the kernel names may be somebody else's a moment later: it is ours when
 * LOOP_SET_FD says so, and not before. From then on it frees itself with its last user.
 */
static int swap_loop_take(int control, int file, char *path, size_t len)
{
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int nr = ioctl(control, LOOP_CTL_GET_FREE), loop, err;

	if (nr < 0)
		return -1;
	snprintf(path, len, "/dev/loop%d", nr);
	loop = open(path, O_RDWR | O_CLOEXEC);
	if (loop < 0)
		return -1;
	if (!ioctl(loop, LOOP_SET_FD, file)) {
		if (!ioctl(loop, LOOP_SET_STATUS64, &info))
			return loop;
		err = errno;
		ioctl(loop, LOOP_CLR_FD, 0);
		errno = err;
	}
	err = errno;
	close(loop);
	errno = err;
	return -1;
}

/* A loop device over a memory file: the descriptor of the device, and its name. */
static int swap_loop(char *path, size_t len)
{
	int file = memfd_create("swap", MFD_CLOEXEC), control, loop = -1, err, i;

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (file >= 0 && control >= 0 && !ftruncate(file, SWAP_PAGES * PVD_PAGE)) {
		errno = EBUSY;
		for (i = 0; i < 10 && loop < 0 && errno == EBUSY; i++)
			loop = swap_loop_take(control, file, path, len);
	}
	err = errno;
	close(file);
	close(control);
	errno = err;
	return loop;
}

/* The given device, unless it is mounted or somebody swaps on it. */
static int swap_given(char *path, size_t len)
{
	int fd = open(host.swap, O_RDWR | O_EXCL | O_CLOEXEC);

	snprintf(path, len, "%s", host.swap);
	if (fd < 0)
		return -1;
	/* The kernel claims the device for itself when it swaps on it. */
	close(fd);
	return open(host.swap, O_RDWR | O_CLOEXEC);
}

/**
 * swap_make() - a swap device: the one that was given, or a loop device
 * @path: receives its name
 * @len: bytes at @path
 *
 * Return: 0, or -1 with errno.
 */
static int swap_make(char *path, size_t len)
{
	int fd = host.swap ? swap_given(path, len) : swap_loop(path, len);
	int r, err;

	if (fd < 0)
		return -1;
	r = swap_sign(fd) || fsync(fd) || swapon(path, 0) ? -1 : 0;
	err = errno;
	close(fd);
	errno = err;
	return r;
}

/**
 * struct swap - a swap device that the host gets back however the test ends
 * @path: its name
 * @keeper: who gives it back
 */
struct swap {
	char path[64];
	struct pvd_keeper keeper;
};

static void swap_undo(void *arg)
{
	struct swap *s = arg;

	swapoff(s->path);
}

static int swap_begin(struct swap *s)
{
	int err;

	snprintf(s->path, sizeof(s->path), "loop device");
	if (swap_make(s->path, sizeof(s->path)))
		return -1;
	if (!pvd_keeper_start(&s->keeper, swap_undo, s))
		return 0;
	err = errno;
	swapoff(s->path);
	errno = err;
	return -1;
}

/* KiB of what the image brings: pages that are secure, and have to be written to swap. */
static long secure_kib(void)
{
	unsigned int i;
	long kib = 0;

	for (i = 0; i < image.nr; i++)
		kib += image.comp[i].size / 1024;
	return kib;
}

/* A page that somebody has in his hands stays; so try again. */
static long swap_out(struct pvd_vm *vm)
{
	long kib = 0;
	int i;

	for (i = 0; i < 20 && kib < secure_kib(); i++) {
		if (i)
			pvd_sleep_ms(50);
		madvise(vm->mem, vm->size, MADV_PAGEOUT);
		kib = swapped_kib(vm->mem);
	}
	return kib;
}

static void dump_swapped(struct __test_metadata *_metadata, struct pvd_vm *vm)
{
	struct pvd_dumped d;
	long before, during;

	/* Before the dump: all secure pages are exported and leave the memory. */
	before = swap_out(vm);
	EXPECT_LE(secure_kib(), before);
	pvd_dumped_alloc(_metadata, vm, &d);
	PVD_ASSERT_OK(pvd_init(vm->fd));
	PVD_ASSERT_OK(pvd_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	/* Storage state of pages that are in swap. */
	EXPECT_EQ(before, swapped_kib(vm->mem));
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	pvd_touch(vm);
	/* During the dump, again. */
	during = swap_out(vm);
	EXPECT_LE(secure_kib(), during);
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PVD_EXPECT_OK(pvd_complete(vm->fd, d.compl.p, d.compl.len));
	pvd_check_dump(_metadata, vm, &d);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf("swapped", vm, &d));
	TH_LOG("in swap: %ld KiB before the dump, %ld KiB during it, %ld KiB are secure", before,
	       during, secure_kib());
}

PVD_TEST(memory, swapped_out, PVD_NEED_T2 | PVD_NEED_ROOT, 120)
{
	struct swap swap;
	struct pvd_vm vm;

	if (swap_begin(&swap))
		SKIP(return, "memory.swapped_out: no swap on %s: %s", swap.path, strerror(errno));
	PVD_MADE(pvd_vm_boot(&vm, 1, memory_size()));
	dump_swapped(_metadata, &vm);
	pvd_keeper_end(&swap.keeper);
}

#endif /* PV_DUMP_MEMORY_H */
