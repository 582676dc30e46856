// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: guests whose memory is not plain anonymous pages, and buffers in guest memory.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <linux/loop.h>
#include "kselftest_harness.h"
#include "pv_util.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define SWAP_PAGES	16384

FIXTURE(memory) {
	struct pv_vm vm;
};

FIXTURE_SETUP(memory)
{
	pv_vm_init(&self->vm);
}

FIXTURE_TEARDOWN(memory)
{
	pv_vm_close(&self->vm);
}

static size_t memory_size(void)
{
	return pv_image_room() + 2 * PV_MIB;
}

/* Dump a guest on the given mapping, twice. */
static void dump_on(struct __test_metadata *_metadata, struct pv_vm *vm, int flags, int fd,
		    const char *name)
{
	size_t size = memory_size();
	void *mem;

	mem = pv_map_aligned(size, flags, fd);
	ASSERT_NE(NULL, mem);
	PV_TRY(return, pv_vm_open_on(vm, 2, mem, size));
	PV_ASSERT_OK(pv_vm_protect(vm));
	PV_TRY(return, pv_dump_once(vm, name));
	PV_TRY(return, pv_dump_once(vm, NULL));
	PV_EXPECT_OK(pv_vm_disable(vm));
}

TEST_F_TIMEOUT(memory, shared_memory, PV_TIMEOUT(60))
{
	int fd = memfd_create("guest", 0);

	PV_REQUIRE(return, PV_NEED_GUEST);
	if (fd < 0)
		PV_SKIP(return, "memfd_create: %s", strerror(errno));
	ASSERT_EQ(0, ftruncate(fd, memory_size()));
	dump_on(_metadata, &self->vm, MAP_SHARED, fd, "shared_memory");
}

TEST_F_TIMEOUT(memory, shared_anonymous, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	dump_on(_metadata, &self->vm, MAP_SHARED, -1, NULL);
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

TEST_F_TIMEOUT(memory, shared_file, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	dump_on(_metadata, &self->vm, MAP_SHARED, memory_file(_metadata), NULL);
}

TEST_F_TIMEOUT(memory, private_file, PV_TIMEOUT(60))
{
	PV_REQUIRE(return, PV_NEED_GUEST);
	dump_on(_metadata, &self->vm, MAP_PRIVATE, memory_file(_metadata), NULL);
}

/*
 * A file whose pages are really written back: those of a block device. Secure pages have to
 * be exported for that, before the dump and in the middle of it.
 */
TEST_F_TIMEOUT(memory, written_back, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct pv_dump d;
	void *mem;
	int fd;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_ROOT);
	if (!pv_host.swap)
		PV_SKIP(return, "no block device given (option -s)");
	fd = open(pv_host.swap, O_RDWR | O_EXCL);
	ASSERT_LE(0, fd) {
		TH_LOG("%s: %s", pv_host.swap, strerror(errno));
	}
	mem = pv_map_aligned(memory_size(), MAP_SHARED, fd);
	ASSERT_NE(NULL, mem);
	PV_TRY(return, pv_vm_open_on(vm, 1, mem, memory_size()));
	PV_ASSERT_OK(pv_vm_protect(vm));
	EXPECT_EQ(0, msync(vm->mem, vm->size, MS_SYNC));
	PV_TRY(return, pv_dump_alloc(vm, &d));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	pv_touch(vm);
	EXPECT_EQ(0, msync(vm->mem, vm->size, MS_SYNC));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PV_EXPECT_OK(pv_dump_complete(vm->fd, d.compl.p, d.compl.len));
	EXPECT_TRUE(pv_dump_check(vm, &d));
	EXPECT_EQ(0, pv_dump_write("written_back", vm, &d));
	PV_EXPECT_OK(pv_vm_disable(vm));
}

/*
 * Buffers inside the guest's own memory: KVM's copy hits secure pages, which the host
 * exports. The guest is damaged then, and that is its VMM's doing; the kernel must stay sane.
 */
TEST_F_TIMEOUT(memory, buffers_in_guest_memory, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;
	struct kvm_s390_pv_dmp *dmp;
	struct pv_res res;
	__u8 *at;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, memory_size()));
	at = vm->mem + pv_image.comp[0].addr;
	dmp = (struct kvm_s390_pv_dmp *)at;
	memset(dmp, 0, sizeof(*dmp));
	dmp->subcmd = KVM_PV_DUMP_INIT;
	res = pv_dump(vm->fd, dmp);
	EXPECT_EQ(!res.err, pv_dumping(vm));
	if (res.err)
		PV_ASSERT_OK(pv_dump_init(vm->fd));
	res = pv_dump_stor_state(vm->fd, 0, at, pv_host.stor_len);
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	res = pv_dump_cpu(vm->vcpu[0], at, pv_host.cpu_len);
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	pv_fetch_all(vm);
	res = pv_dump_complete(vm->fd, at, pv_host.compl_len);
	EXPECT_EQ(!res.err, !pv_dumping(vm));
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	if (!res.err && pv_be32(at) == 1)
		EXPECT_EQ(288, pv_be32(at + 4));
	PV_EXPECT_OK(pv_vm_disable(vm));
}

static void fork_and_dump(struct __test_metadata *_metadata, struct pv_vm *vm,
			  const char *name)
{
	struct pv_dump d;
	int status, hold[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe(hold));
	PV_TRY(return, pv_dump_alloc(vm, &d));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(hold[1]);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(hold[0]);
	PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	pv_touch(vm);
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PV_EXPECT_OK(pv_dump_complete(vm->fd, d.compl.p, d.compl.len));
	EXPECT_TRUE(pv_dump_check(vm, &d));
	EXPECT_EQ(0, pv_dump_write(name, vm, &d));
	close(hold[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	PV_TRY(return, pv_dump_once(vm, NULL));
}

/* A VMM forks during a dump; the child does not inherit guest memory, as with QEMU. */
TEST_F_TIMEOUT(memory, fork_during_dump, PV_TIMEOUT(60))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST);
	PV_TRY(return, pv_vm_boot(vm, 1, memory_size()));
	fork_and_dump(_metadata, vm, "fork");
}

/*
 * Pages of the guest are shared copy-on-write with a child. The host's handler for access to
 * secure pages has to export a page that is mapped read-only.
 */
TEST_F_TIMEOUT(memory, fork_copy_on_write, PV_TIMEOUT(10))
{
	struct pv_vm *vm = &self->vm;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_RISK);
	PV_TRY(return, pv_vm_boot(vm, 1, memory_size()));
	ASSERT_EQ(0, madvise(vm->mem, vm->size, MADV_DOFORK));
	fork_and_dump(_metadata, vm, "copy_on_write");
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
	__u8 page[PV_PAGE] = { 0 };
	__u32 *info = (__u32 *)(page + 1024);

	info[0] = 1;
	info[1] = SWAP_PAGES - 1;
	memcpy(page + PV_PAGE - 10, "SWAPSPACE2", 10);
	return pwrite(fd, page, sizeof(page), 0) == sizeof(page) ? 0 : -1;
}

/*
 * Another process may take the free device that the kernel names; LOOP_SET_FD decides. The
 * device is freed with its last user.
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
	if (file >= 0 && control >= 0 && !ftruncate(file, SWAP_PAGES * PV_PAGE)) {
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

/* Open the given device, unless it is mounted or used for swap. */
static int swap_given(char *path, size_t len)
{
	int fd = open(pv_host.swap, O_RDWR | O_EXCL | O_CLOEXEC);

	snprintf(path, len, "%s", pv_host.swap);
	if (fd < 0)
		return -1;
	/* The kernel claims the device for itself when it swaps on it. */
	close(fd);
	return open(pv_host.swap, O_RDWR | O_CLOEXEC);
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
	int fd = pv_host.swap ? swap_given(path, len) : swap_loop(path, len);
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
 * @keeper: the process that gives it back
 */
struct swap {
	char path[64];
	struct pv_keeper keeper;
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
	if (!pv_keeper_start(&s->keeper, swap_undo, s))
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

	for (i = 0; i < pv_image.nr; i++)
		kib += pv_image.comp[i].size / 1024;
	return kib;
}

/* A page that is in use stays; try again. Return: KiB of the guest in swap */
static long swap_out(struct pv_vm *vm)
{
	long kib = 0;
	int i;

	for (i = 0; i < 20 && kib < secure_kib(); i++) {
		if (i)
			pv_sleep_ms(50);
		madvise(vm->mem, vm->size, MADV_PAGEOUT);
		kib = swapped_kib(vm->mem);
	}
	return kib;
}

static void dump_swapped(struct __test_metadata *_metadata, struct pv_vm *vm)
{
	struct pv_dump d;
	long before, during;

	/* Before the dump: all secure pages are exported and leave the memory. */
	before = swap_out(vm);
	EXPECT_LE(secure_kib(), before);
	PV_TRY(return, pv_dump_alloc(vm, &d));
	PV_ASSERT_OK(pv_dump_init(vm->fd));
	PV_ASSERT_OK(pv_dump_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	/* Storage state of pages that are in swap. */
	EXPECT_EQ(before, swapped_kib(vm->mem));
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	pv_touch(vm);
	/* During the dump, again. */
	during = swap_out(vm);
	EXPECT_LE(secure_kib(), during);
	PV_EXPECT_OK(pv_dump_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PV_EXPECT_OK(pv_dump_complete(vm->fd, d.compl.p, d.compl.len));
	EXPECT_TRUE(pv_dump_check(vm, &d));
	EXPECT_EQ(0, pv_dump_write("swapped", vm, &d));
	TH_LOG("in swap: %ld KiB before the dump, %ld KiB during it, %ld KiB are secure", before,
	       during, secure_kib());
}

TEST_F_TIMEOUT(memory, swapped_out, PV_TIMEOUT(120))
{
	struct pv_vm *vm = &self->vm;
	struct swap swap;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_ROOT);
	if (swap_begin(&swap))
		PV_SKIP(return, "no swap on %s: %s", swap.path, strerror(errno));
	PV_TRY(return, pv_vm_boot(vm, 1, memory_size()));
	dump_swapped(_metadata, vm);
	pv_keeper_end(&swap.keeper);
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
