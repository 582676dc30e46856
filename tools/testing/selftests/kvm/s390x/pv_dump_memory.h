/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns dumps of guests whose memory is not plain anonymous pages, and buffers in odd places.
 * Never swaps on anything but a device that was given for it, or one that it made.
 */
#ifndef PV_DUMP_MEMORY_H
#define PV_DUMP_MEMORY_H

#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <linux/loop.h>
#include <linux/userfaultfd.h>
#include "pv_dump_control.h"
#include "pv_dump_flow.h"

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
	ASSERT_EQ(0, pvd_vm_open_on(&vm, 2, mem, size));
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
 * Buffers inside the guest's own memory: KVM's copy hits secure pages, which the host
 * exports. The guest is damaged then, and that is its VMM's doing; the kernel must stay sane.
 */
PVD_TEST(memory, buffers_in_guest_memory, PVD_NEED_T2, 60)
{
	struct pvd_dmp *dmp;
	struct pvd_res res;
	struct pvd_vm vm;
	__u8 *at;

	ASSERT_EQ(0, pvd_vm_boot(&vm, 1, memory_size()));
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
	res = pvd_complete(vm.fd, at, host.dump.compl_len);
	EXPECT_EQ(!res.err, !pvd_dumping(&vm));
	EXPECT_TRUE(!res.err || res.err == EFAULT);
	if (!res.err)
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

	ASSERT_EQ(0, pvd_vm_boot(&vm, 1, memory_size()));
	fork_and_dump(_metadata, &vm, "fork");
}

/*
 * D26: pages of the guest are shared copy-on-write with a child. The host's handler for
 * access to secure pages must export a page that is mapped read-only.
 */
PVD_TEST(memory, d26_fork_copy_on_write, PVD_NEED_T2 | PVD_NEED_PANIC_OK, 20)
{
	struct pvd_vm vm;

	ASSERT_EQ(0, pvd_vm_boot(&vm, 1, memory_size()));
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

/* A loop device over a memory file: the descriptor of the device, and its name. */
static int swap_loop(char *path, size_t len)
{
	int fd = memfd_create("swap", 0), control, loop;

	if (fd < 0 || ftruncate(fd, SWAP_PAGES * PVD_PAGE))
		return -1;
	control = open("/dev/loop-control", O_RDWR);
	if (control < 0)
		return -1;
	snprintf(path, len, "/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
	close(control);
	loop = open(path, O_RDWR);
	if (loop < 0 || ioctl(loop, LOOP_SET_FD, fd))
		return -1;
	close(fd);
	return loop;
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
	int fd;

	if (host.swap) {
		snprintf(path, len, "%s", host.swap);
		fd = open(path, O_RDWR);
	} else {
		fd = swap_loop(path, len);
	}
	if (fd < 0 || swap_sign(fd) || fsync(fd))
		return -1;
	close(fd);
	return swapon(path, 0);
}

static void swap_drop(const char *path)
{
	int loop;

	swapoff(path);
	if (host.swap)
		return;
	loop = open(path, O_RDWR);
	if (loop >= 0) {
		ioctl(loop, LOOP_CLR_FD, 0);
		close(loop);
	}
}

static long swap_out(struct pvd_vm *vm)
{
	madvise(vm->mem, vm->size, MADV_PAGEOUT);
	return swapped_kib(vm->mem);
}

static void dump_swapped(struct __test_metadata *_metadata, struct pvd_vm *vm)
{
	struct pvd_dumped d;
	long kib;

	/* Before the dump: secure pages are exported and leave the memory. */
	kib = swap_out(vm);
	EXPECT_LT(0, kib) {
		TH_LOG("nothing is in swap");
	}
	pvd_dumped_alloc(_metadata, vm, &d);
	PVD_ASSERT_OK(pvd_init(vm->fd));
	PVD_ASSERT_OK(pvd_cpu(vm->vcpu[0], d.cpu[0].p, d.cpu[0].len));
	/* Storage state of pages that are in swap. */
	EXPECT_LT(0, swapped_kib(vm->mem));
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	pvd_touch(vm);
	/* During the dump, again. */
	EXPECT_LT(0, swap_out(vm));
	PVD_EXPECT_OK(pvd_stor_state(vm->fd, 0, d.stor.p, d.stor.len));
	PVD_EXPECT_OK(pvd_complete(vm->fd, d.compl.p, d.compl.len));
	pvd_check_dump(_metadata, vm, &d);
	if (host.out)
		EXPECT_EQ(0, pvd_write_elf("swapped", vm, &d));
	TH_LOG("%ld KiB of guest memory were in swap", kib);
}

PVD_TEST(memory, swapped_out, PVD_NEED_T2 | PVD_NEED_ROOT, 120)
{
	char path[64] = "loop device";
	struct pvd_vm vm;

	ASSERT_EQ(0, pvd_vm_boot(&vm, 1, memory_size()));
	if (swap_make(path, sizeof(path)))
		SKIP(return, "memory.swapped_out: no swap on %s: %s", path, strerror(errno));
	dump_swapped(_metadata, &vm);
	swap_drop(path);
}

/* Requests held at once, and the least that each must be charged for its buffer. */
#define CHARGE_VMS	32
#define CHARGE_EACH	32768

static long cgroup_current(void)
{
	long value = -1;
	FILE *file = fopen("/sys/fs/cgroup/pv_dump_test/memory.current", "r");

	if (file && fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

/* The kernel frees much of what earlier steps used with a delay: wait until nothing moves. */
static long cgroup_settled(void)
{
	long last = -1, now = cgroup_current();
	int same = 0, i;

	for (i = 0; i < 100 && same < 10; i++) {
		pvd_sleep_ms(100);
		last = now;
		now = cgroup_current();
		same = last == now ? same + 1 : 0;
	}
	return now;
}

static bool cgroup_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static bool cgroup_enter(void)
{
	mkdir("/sys/fs/cgroup", 0755);
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) &&
	    mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL))
		return false;
	cgroup_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir("/sys/fs/cgroup/pv_dump_test", 0755) && errno != EEXIST)
		return false;
	return cgroup_write("/sys/fs/cgroup/pv_dump_test/cgroup.procs", "0") &&
	       cgroup_current() >= 0;
}

/**
 * struct stalled - a request whose copy to user space waits for a page
 * @vm: its machine
 * @uffd: who resolves the page fault
 * @buf: the buffer nobody has touched
 * @len: its length
 * @start: all requests begin together
 * @res: outcome
 */
struct stalled {
	struct pvd_vm vm;
	pthread_barrier_t *start;
	pthread_t tid;
	int uffd;
	__u8 *buf;
	size_t len;
	struct pvd_res res;
};

static int stalled_open(struct stalled *s, size_t len)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };

	s->len = (len + PVD_PAGE - 1) & ~(PVD_PAGE - 1);
	s->uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (s->uffd < 0 || ioctl(s->uffd, UFFDIO_API, &api))
		return -1;
	s->buf = mmap(NULL, s->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->buf == MAP_FAILED)
		return -1;
	reg.range.start = (unsigned long)s->buf;
	reg.range.len = s->len;
	return ioctl(s->uffd, UFFDIO_REGISTER, &reg);
}

/* Waits until the kernel faults on the buffer. */
static bool stalled_wait(struct stalled *s)
{
	struct pollfd pfd = { .fd = s->uffd, .events = POLLIN };

	return poll(&pfd, 1, 10000) == 1;
}

/* Lets every page of the buffer be a zero page; EEXIST is one that is there already. */
static void stalled_release(struct stalled *s)
{
	struct uffdio_zeropage zero = { .range = { .len = PVD_PAGE } };
	size_t at;

	for (at = 0; at < s->len; at += PVD_PAGE) {
		zero.range.start = (unsigned long)s->buf + at;
		ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero);
	}
}

static void *stalled_stor(void *arg)
{
	struct stalled *s = arg;

	/* Stacks of the thread are charged before the count begins. */
	pthread_barrier_wait(s->start);
	s->res = pvd_stor_state(s->vm.fd, 0, s->buf, pvd_stor_bytes(&s->vm));
	return NULL;
}

static void *stalled_complete(void *arg)
{
	struct stalled *s = arg;

	s->res = pvd_complete(s->vm.fd, s->buf, host.dump.compl_len);
	return NULL;
}

/*
 * D18: the kernel's buffers are charged to the caller. Requests are held in their copy to
 * user space; the group's memory must grow by more than batching of charges explains.
 */
PVD_TEST(memory, d18_buffers_are_charged, PVD_NEED_T2 | PVD_NEED_ROOT, 120)
{
	struct stalled s[CHARGE_VMS] = { 0 };
	pthread_barrier_t start;
	long before, during;
	int i;

	host.quiet = true;
	if (!cgroup_enter())
		SKIP(return, "memory.d18_buffers_are_charged: no memory controller: %s",
		     strerror(errno));
	for (i = 0; i < CHARGE_VMS; i++) {
		ASSERT_EQ(0, pvd_vm_boot(&s[i].vm, 1, 256 * PVD_MIB));
		PVD_ASSERT_OK(pvd_init(s[i].vm.fd));
		if (stalled_open(&s[i], pvd_stor_bytes(&s[i].vm)))
			SKIP(return, "memory.d18_buffers_are_charged: userfaultfd: %s",
			     strerror(errno));
	}
	ASSERT_EQ(0, pthread_barrier_init(&start, NULL, CHARGE_VMS + 1));
	for (i = 0; i < CHARGE_VMS; i++) {
		s[i].start = &start;
		ASSERT_EQ(0, pthread_create(&s[i].tid, NULL, stalled_stor, &s[i]));
	}
	before = cgroup_settled();
	pthread_barrier_wait(&start);
	for (i = 0; i < CHARGE_VMS; i++)
		EXPECT_TRUE(stalled_wait(&s[i]));
	during = cgroup_settled();
	for (i = 0; i < CHARGE_VMS; i++)
		stalled_release(&s[i]);
	for (i = 0; i < CHARGE_VMS; i++) {
		pthread_join(s[i].tid, NULL);
		EXPECT_EQ(0, s[i].res.err);
	}
	pvd_note("buffers are charged: %s", during - before >= CHARGE_VMS * CHARGE_EACH ? "yes" :
		 "no");
	EXPECT_LE(CHARGE_VMS * CHARGE_EACH, during - before) {
		TH_LOG("%ld bytes charged for %d requests", during - before, CHARGE_VMS);
	}
}

/*
 * D3 in a race: the buffer of COMPLETE passes the probe, then goes away before the copy.
 * The data is kept, and a second COMPLETE delivers it without another Ultravisor call.
 */
PVD_TEST(memory, d3_buffer_lost_after_probe, PVD_NEED_T2 | PVD_NEED_CONTROL | PVD_NEED_SOFTUV |
	 PVD_NEED_SMP, 60)
{
	static struct stalled s;
	struct pvd_buf buf;
	pthread_t tid;
	long calls;
	int i;

	host.quiet = true;
	ASSERT_TRUE(pvd_buf_alloc(&buf, host.dump.compl_len));
	ASSERT_EQ(0, pvd_vm_boot(&s.vm, 1, 0));
	s.buf = pvd_map(host.dump.compl_len, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, s.buf);
	PVD_ASSERT_OK(pvd_init(s.vm.fd));
	calls = pvd_calls(UVC_DUMP_COMPLETE);
	/* Busy until the buffer is gone; rules end the loop. */
	ASSERT_EQ(0, pvd_rule("cmd=%s count=all cc=2", UVC_DUMP_COMPLETE));
	ASSERT_EQ(0, pthread_create(&tid, NULL, stalled_complete, &s));
	for (i = 0; i < 500 && pvd_calls(UVC_DUMP_COMPLETE) < calls + 3; i++)
		pvd_sleep_ms(10);
	ASSERT_EQ(0, mprotect(s.buf, PVD_PAGE, PROT_NONE));
	pvd_rules_clear();
	pthread_join(tid, NULL);
	EXPECT_EQ(EFAULT, s.res.err);
	calls = pvd_calls(UVC_DUMP_COMPLETE);
	EXPECT_FALSE(pvd_dumping(&s.vm));
	EXPECT_EQ(0, pvd_complete(s.vm.fd, buf.p, buf.len).err);
	EXPECT_EQ(calls, pvd_calls(UVC_DUMP_COMPLETE));
	EXPECT_EQ(288, pvd_be32(buf.p + 4));
	EXPECT_TRUE(pvd_canaries(&buf));
	/* Delivered once; a third has nothing. */
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(s.vm.fd, buf.p, buf.len));
}

#endif /* PV_DUMP_MEMORY_H */
