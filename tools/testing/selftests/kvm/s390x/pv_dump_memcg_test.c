// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PV_DUMP: the kernel's buffers are charged to the memory cgroup of the caller.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>
#include "kselftest_harness.h"
#include "pv_util.h"

/* Requests held at the same time, and the least that each is charged for its buffer */
#define CHARGE_VMS	32
#define CHARGE_EACH	32768

#define CGROUP_ROOT	"/sys/fs/cgroup"

/**
 * struct cgroup - a cgroup for one test, removed however the test ends
 * @path: its directory, in the test's own mount namespace
 * @home: list of processes of the cgroup that the test came from and goes back to
 * @added: the memory controller was not available below the root before
 * @keeper: the process that removes it
 */
struct cgroup {
	char path[64];
	char home[PATH_MAX];
	bool added;
	struct pv_keeper keeper;
};

/**
 * struct stalled - a request whose copy to user space waits for a page
 * @vm: its machine
 * @start: all requests begin together
 * @tid: its thread
 * @uffd: resolves the page fault
 * @buf: a buffer that nobody has touched
 * @len: its length
 * @res: outcome
 */
struct stalled {
	struct pv_vm vm;
	pthread_barrier_t *start;
	pthread_t tid;
	int uffd;
	__u8 *buf;
	size_t len;
	struct pv_res res;
};

FIXTURE(memcg) {
	struct cgroup cg;
	struct stalled s[CHARGE_VMS];
	pthread_barrier_t start;
};

FIXTURE_SETUP(memcg)
{
	int i;

	ASSERT_EQ(0, pthread_barrier_init(&self->start, NULL, CHARGE_VMS + 1));
	for (i = 0; i < CHARGE_VMS; i++) {
		pv_vm_init(&self->s[i].vm);
		self->s[i].start = &self->start;
		self->s[i].uffd = -1;
	}
}

FIXTURE_TEARDOWN(memcg)
{
	int i;

	for (i = 0; i < CHARGE_VMS; i++) {
		close(self->s[i].uffd);
		pv_vm_close(&self->s[i].vm);
	}
}

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
	long last, now = cgroup_current(cg);
	int same = 0, i;

	for (i = 0; i < 100 && same < 10; i++) {
		pv_sleep_ms(100);
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

/* Is memory among the controllers below the root? */
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

/* The cgroup of this process: "0::/path" in the list of its cgroups */
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

/* The host may have something else mounted there; only this test sees what covers it. */
static bool cgroup_mount(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	/* EBUSY: it is mounted already. */
	return !mount("none", CGROUP_ROOT, "cgroup2", 0, NULL) || errno == EBUSY;
}

/* A test that was killed takes its machines down before it leaves. */
static void cgroup_undo(void *arg)
{
	struct cgroup *cg = arg;
	int i;

	for (i = 0; i < 1200 && rmdir(cg->path) && errno == EBUSY; i++)
		pv_sleep_ms(50);
	if (cg->added)
		cgroup_write(CGROUP_ROOT "/cgroup.subtree_control", "-memory");
}

/* Leave the cgroup; without a way back it is removed at the end of the test. */
static void cgroup_leave(struct cgroup *cg)
{
	if (cgroup_write(cg->home, "0"))
		pv_keeper_end(&cg->keeper);
	else
		close(cg->keeper.hold);
}

static bool cgroup_enter(struct cgroup *cg)
{
	char procs[96];
	int err;

	snprintf(cg->path, sizeof(cg->path), CGROUP_ROOT "/pv_dump_memcg.%d", getpid());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cg->path);
	if (!cgroup_mount())
		return false;
	cgroup_find_home(cg);
	cg->added = !cgroup_has_memory();
	if (pv_keeper_start(&cg->keeper, cgroup_undo, cg))
		return false;
	if ((!cg->added || cgroup_write(CGROUP_ROOT "/cgroup.subtree_control", "+memory")) &&
	    !mkdir(cg->path, 0755) && cgroup_write(procs, "0") && cgroup_current(cg) >= 0)
		return true;
	err = errno;
	cgroup_leave(cg);
	errno = err;
	return false;
}

static int stalled_open(struct stalled *s, size_t len)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };

	s->len = (len + PV_PAGE - 1) & ~(PV_PAGE - 1);
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

/* Wait until the kernel faults on the buffer. */
static bool stalled_wait(struct stalled *s)
{
	struct pollfd pfd = { .fd = s->uffd, .events = POLLIN };

	return poll(&pfd, 1, 60000) == 1;
}

/* Make every page of the buffer a zero page; EEXIST is one that is there already. */
static void stalled_release(struct stalled *s)
{
	struct uffdio_zeropage zero = { .range = { .len = PV_PAGE } };
	size_t at;

	for (at = 0; at < s->len; at += PV_PAGE) {
		zero.range.start = (unsigned long)s->buf + at;
		ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero);
	}
}

static void *stalled_stor(void *arg)
{
	struct stalled *s = arg;

	/* The thread's stack is charged before the count begins. */
	pthread_barrier_wait(s->start);
	s->res = pv_dump_stor_state(s->vm.fd, 0, s->buf, pv_stor_bytes(&s->vm));
	return NULL;
}

/* Bytes that the cgroup is charged for all requests while they wait */
static long charged(struct __test_metadata *_metadata, const struct cgroup *cg,
		    struct stalled *s)
{
	long before, during;
	int i;

	for (i = 0; i < CHARGE_VMS; i++)
		ASSERT_EQ(0, pthread_create(&s[i].tid, NULL, stalled_stor, &s[i]));
	before = cgroup_settled(cg);
	pthread_barrier_wait(s->start);
	for (i = 0; i < CHARGE_VMS; i++)
		EXPECT_TRUE(stalled_wait(&s[i]));
	during = cgroup_settled(cg);
	for (i = 0; i < CHARGE_VMS; i++)
		stalled_release(&s[i]);
	for (i = 0; i < CHARGE_VMS; i++) {
		pthread_join(s[i].tid, NULL);
		EXPECT_EQ(0, s[i].res.err);
	}
	return during - before;
}

/*
 * Requests are held in their copy to user space; the memory of the cgroup has to grow by more
 * than batching of charges explains.
 */
TEST_F_TIMEOUT(memcg, buffers_are_charged, PV_TIMEOUT(120))
{
	const long want = CHARGE_VMS * CHARGE_EACH;
	struct stalled *s = self->s;
	long bytes;
	int i;

	PV_REQUIRE(return, PV_NEED_GUEST | PV_NEED_ROOT);
	pv_host.quiet = true;
	if (!cgroup_enter(&self->cg))
		PV_SKIP(return, "no memory controller: %s", strerror(errno));
	for (i = 0; i < CHARGE_VMS; i++) {
		PV_TRY(return, pv_vm_boot(&s[i].vm, 1, 256 * PV_MIB));
		PV_ASSERT_OK(pv_dump_init(s[i].vm.fd));
		if (stalled_open(&s[i], pv_stor_bytes(&s[i].vm)))
			PV_SKIP(return, "userfaultfd: %s", strerror(errno));
	}
	bytes = charged(_metadata, &self->cg, s);
	pv_host.quiet = false;
	pv_note("buffers are charged: %s", bytes >= want ? "yes" : "no");
	EXPECT_LE(want, bytes) {
		TH_LOG("%ld bytes charged for %d requests", bytes, CHARGE_VMS);
	}
	cgroup_leave(&self->cg);
}

int main(int argc, char **argv)
{
	pv_host_init(argc, argv);
	return test_harness_run(1, argv);
}
