/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns requests that are held up in the kernel: what they are charged, and buffers that vanish.
 * Never holds one without letting it go again.
 */
#ifndef PV_DUMP_STALL_H
#define PV_DUMP_STALL_H

#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>
#include "pv_dump_control.h"
#include "pv_dump_keeper.h"
#include "pv_dump_memory.h"

/* Requests held at once, and the least that each must be charged for its buffer. */
#define CHARGE_VMS	32
#define CHARGE_EACH	32768

#define CGROUP_ROOT	"/sys/fs/cgroup"

/**
 * struct cgroup - a cgroup for this test alone, gone however the test ends
 * @path: its directory, in the test's own view of the file systems
 * @home: where the test came from and goes back to: that cgroup's list of processes
 * @added: the memory controller was not available below the root before
 * @keeper: who removes it
 */
struct cgroup {
	char path[64];
	char home[PATH_MAX];
	bool added;
	struct pvd_keeper keeper;
};

static long cgroup_current(const struct cgroup *cg)
{
	char path[96];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/memory.current", cg->path);
	file = fopen(path, "r");
	if (file && fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

/* The kernel frees much of what earlier steps used with a delay: wait until nothing moves. */
static long cgroup_settled(const struct cgroup *cg)
{
	long last = -1, now = cgroup_current(cg);
	int same = 0, i;

	for (i = 0; i < 100 && same < 10; i++) {
		pvd_sleep_ms(100);
		last = now;
		now = cgroup_current(cg);
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

/* Whether controllers below the root include memory. */
static bool cgroup_has_memory(void)
{
	FILE *file = fopen(CGROUP_ROOT "/cgroup.subtree_control", "r");
	char word[32];
	bool has = false;

	while (file && !has && fscanf(file, "%31s", word) == 1)
		has = !strcmp(word, "memory");
	if (file)
		fclose(file);
	return has;
}

/* Where this process is: "0::/path" in the list of its cgroups. */
static void cgroup_find_home(struct cgroup *cg)
{
	FILE *file = fopen("/proc/self/cgroup", "r");
	char line[PATH_MAX - 64];

	cg->home[0] = 0;
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "0::/", 4))
			snprintf(cg->home, sizeof(cg->home), "%s%s/cgroup.procs", CGROUP_ROOT,
				 line + 3);
	}
	if (file)
		fclose(file);
}

/* The host may have something else mounted there; what covers it is seen by this test only. */
static bool cgroup_mount(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	/* EBUSY: it is there already. */
	return !mount("none", CGROUP_ROOT, "cgroup2", 0, NULL) || errno == EBUSY;
}

/* A test that was killed has its machines to take down before it leaves. */
static void cgroup_undo(void *arg)
{
	struct cgroup *cg = arg;
	int i;

	for (i = 0; i < 1200 && rmdir(cg->path) && errno == EBUSY; i++)
		pvd_sleep_ms(50);
	if (cg->added)
		cgroup_write(CGROUP_ROOT "/cgroup.subtree_control", "-memory");
}

/* Out of the cgroup; where the way back is not known, it goes with the test. */
static void cgroup_leave(struct cgroup *cg)
{
	if (cgroup_write(cg->home, "0"))
		pvd_keeper_end(&cg->keeper);
	else
		close(cg->keeper.hold);
}

static bool cgroup_enter(struct cgroup *cg)
{
	char procs[96];
	int err;

	snprintf(cg->path, sizeof(cg->path), CGROUP_ROOT "/pv_dump_test.%d", getpid());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cg->path);
	if (!cgroup_mount())
		return false;
	cgroup_find_home(cg);
	cg->added = !cgroup_has_memory();
	if (pvd_keeper_start(&cg->keeper, cgroup_undo, cg))
		return false;
	if ((!cg->added || cgroup_write(CGROUP_ROOT "/cgroup.subtree_control", "+memory")) &&
	    !mkdir(cg->path, 0755) && cgroup_write(procs, "0") && cgroup_current(cg) >= 0)
		return true;
	err = errno;
	cgroup_leave(cg);
	errno = err;
	return false;
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

	return poll(&pfd, 1, 60000) == 1;
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
	struct cgroup cg;
	long before, during;
	int i;

	host.quiet = true;
	if (!cgroup_enter(&cg))
		SKIP(return, "memory.d18_buffers_are_charged: no memory controller: %s",
		     strerror(errno));
	for (i = 0; i < CHARGE_VMS; i++) {
		PVD_MADE(pvd_vm_boot(&s[i].vm, 1, 256 * PVD_MIB));
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
	before = cgroup_settled(&cg);
	pthread_barrier_wait(&start);
	for (i = 0; i < CHARGE_VMS; i++)
		EXPECT_TRUE(stalled_wait(&s[i]));
	during = cgroup_settled(&cg);
	for (i = 0; i < CHARGE_VMS; i++)
		stalled_release(&s[i]);
	for (i = 0; i < CHARGE_VMS; i++) {
		pthread_join(s[i].tid, NULL);
		EXPECT_EQ(0, s[i].res.err);
	}
	host.quiet = false;
	pvd_note("buffers are charged: %s", during - before >= CHARGE_VMS * CHARGE_EACH ? "yes" :
		 "no");
	EXPECT_LE(CHARGE_VMS * CHARGE_EACH, during - before) {
		TH_LOG("%ld bytes charged for %d requests", during - before, CHARGE_VMS);
	}
	cgroup_leave(&cg);
}

/*
 * The buffer of COMPLETE passes the probe, then goes away before the copy: a busy Ultravisor
 * gives the time for that. The completion data is now kept by the kernel.
 */
static void lose_buffer(struct __test_metadata *_metadata, struct stalled *s)
{
	pthread_t tid;
	long calls;
	int i;

	s->buf = pvd_map(host.dump.compl_len, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, s->buf);
	PVD_ASSERT_OK(pvd_init(s->vm.fd));
	calls = pvd_calls(UVC_DUMP_COMPLETE);
	ASSERT_EQ(0, pvd_rule("cmd=%s count=all cc=2", UVC_DUMP_COMPLETE));
	ASSERT_EQ(0, pthread_create(&tid, NULL, stalled_complete, s));
	for (i = 0; i < 3000 && pvd_calls(UVC_DUMP_COMPLETE) < calls + 3; i++)
		pvd_sleep_ms(10);
	EXPECT_EQ(0, mprotect(s->buf, PVD_PAGE, PROT_NONE));
	pvd_rules_clear();
	pthread_join(tid, NULL);
	EXPECT_EQ(EFAULT, s->res.err);
	EXPECT_FALSE(pvd_dumping(&s->vm));
}

/* D3 in a race: a second COMPLETE delivers the data without another Ultravisor call. */
PVD_TEST(memory, d3_buffer_lost_after_probe, PVD_NEED_T2 | PVD_NEED_CONTROL | PVD_NEED_SOFTUV |
	 PVD_NEED_SMP, 60)
{
	static struct stalled s;
	struct pvd_buf buf;
	long calls;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&s.vm, 1, 0));
	lose_buffer(_metadata, &s);
	calls = pvd_calls(UVC_DUMP_COMPLETE);
	/* A buffer that is too short or not there changes nothing, as often as it is tried. */
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(s.vm.fd, buf.p, buf.len - 1));
	EXPECT_EQ(EFAULT, pvd_complete(s.vm.fd, s.buf, buf.len).err);
	EXPECT_EQ(0, pvd_complete(s.vm.fd, buf.p, buf.len).err);
	EXPECT_EQ(calls, pvd_calls(UVC_DUMP_COMPLETE));
	EXPECT_EQ(288, pvd_be32(buf.p + 4));
	EXPECT_TRUE(pvd_canaries(&buf));
	/* Delivered once; a third has nothing. */
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(s.vm.fd, buf.p, buf.len));
}

/* D3: data that nobody fetched is not given to the next dump, nor to the next guest. */
PVD_TEST(memory, d3_kept_data_ends_with_its_dump, PVD_NEED_T2 | PVD_NEED_CONTROL |
	 PVD_NEED_SOFTUV | PVD_NEED_SMP, 60)
{
	static struct stalled s;
	struct pvd_buf buf;
	long calls;

	PVD_BUFFER(&buf, host.dump.compl_len);
	PVD_MADE(pvd_vm_boot(&s.vm, 1, 0));
	lose_buffer(_metadata, &s);
	/* A new INIT: COMPLETE is one of the new dump, and calls the Ultravisor. */
	PVD_ASSERT_OK(pvd_init(s.vm.fd));
	calls = pvd_calls(UVC_DUMP_COMPLETE);
	PVD_EXPECT_OK(pvd_complete(s.vm.fd, buf.p, buf.len));
	EXPECT_EQ(calls + 1, pvd_calls(UVC_DUMP_COMPLETE));
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(s.vm.fd, buf.p, buf.len));
	/* The end of protection. */
	lose_buffer(_metadata, &s);
	PVD_ASSERT_OK(pvd_vm_disable(&s.vm));
	memset(s.vm.mem, 0, s.vm.size);
	PVD_ASSERT_OK(pvd_vm_protect(&s.vm));
	PVD_EXPECT_KEPT(EINVAL, pvd_complete(s.vm.fd, buf.p, buf.len));
	/* The end of the machine. */
	lose_buffer(_metadata, &s);
	pvd_vm_close(&s.vm);
	PVD_MADE(pvd_vm_boot(&s.vm, 1, 0));
	pvd_one_dump(_metadata, &s.vm, NULL);
}

/* Every page of a buffer in turn cannot be reached: is that found without a call? */
static bool pages_are_tried(struct __test_metadata *_metadata, struct pvd_vm *vm,
			    const struct pvd_buf *buf, const char *uvc, int fd, size_t len)
{
	__u8 *first = (__u8 *)((unsigned long)buf->p & ~(PVD_PAGE - 1)), *page;
	struct pvd_res (*request)(int fd, void *buf, unsigned long len) =
		strcmp(uvc, UVC_DUMP_CPU) ? pvd_complete : pvd_cpu;
	long before = pvd_calls(uvc), calls;

	for (page = first; page < buf->p + len; page += PVD_PAGE) {
		calls = pvd_calls(uvc);
		EXPECT_EQ(0, mprotect(page, PVD_PAGE, PROT_NONE));
		PVD_EXPECT_KEPT(EFAULT, request(fd, buf->p, len));
		EXPECT_EQ(0, mprotect(page, PVD_PAGE, PROT_READ | PROT_WRITE));
		EXPECT_EQ(calls, pvd_calls(uvc)) {
			TH_LOG("%s was called in spite of page %ld", uvc,
			       (long)((page - first) / PVD_PAGE));
		}
	}
	EXPECT_TRUE(pvd_dumping(vm));
	EXPECT_TRUE(pvd_buf_untouched(buf, 0, len));
	return pvd_calls(uvc) == before;
}

/*
 * D3: a buffer is tried page by page before the call, not at its ends only. Areas of more than
 * two pages need a boot with a rule: query cpu-len=0x3000 dump-final-len=0x3000
 */
PVD_TEST(memory, d3_every_page_is_tried, PVD_NEED_T2 | PVD_NEED_CONTROL | PVD_NEED_SOFTUV, 60)
{
	size_t cpu_len = host.dump.cpu_len, compl_len = host.dump.compl_len;
	struct pvd_buf cpu, compl;
	struct pvd_vm vm;
	bool tried;

	if (cpu_len <= 2 * PVD_PAGE || compl_len <= 2 * PVD_PAGE)
		SKIP(return, "memory.d3_every_page_is_tried: the areas have less than three pages");
	host.quiet = true;
	PVD_MADE(pvd_vm_boot(&vm, 1, 0));
	/* Not at the begin of a page, so one page more than the area has. */
	PVD_BUFFER(&cpu, cpu_len + PVD_PAGE);
	PVD_BUFFER(&compl, compl_len + PVD_PAGE);
	cpu.p += 0x123;
	compl.p += 0x123;
	PVD_ASSERT_OK(pvd_init(vm.fd));
	tried = pages_are_tried(_metadata, &vm, &cpu, UVC_DUMP_CPU, vm.vcpu[0], cpu_len);
	host.quiet = false;
	pvd_note("hidden page, CPU: found %s the call", tried ? "before" : "after");
	host.quiet = true;
	tried = pages_are_tried(_metadata, &vm, &compl, UVC_DUMP_COMPLETE, vm.fd, compl_len);
	host.quiet = false;
	pvd_note("hidden page, COMPLETE: found %s the call", tried ? "before" : "after");
	host.quiet = true;
	EXPECT_EQ(0, pvd_cpu(vm.vcpu[0], cpu.p, cpu_len).err);
	PVD_EXPECT_OK(pvd_complete(vm.fd, compl.p, compl_len));
	EXPECT_FALSE(pvd_buf_untouched(&compl, compl_len - 1, compl_len));
	EXPECT_TRUE(pvd_buf_untouched(&compl, compl_len, compl.len - 0x123));
}

#endif /* PV_DUMP_STALL_H */
