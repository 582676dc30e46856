// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The proof that an allocation which fails in a dump ioctl is an error and nothing else.
 */
#include "pvcmd.h"
#include "pvvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STOR_MIB	32	/* two bounce buffers */
#define MEM_MIB		64
#define MAX_ROUNDS	200
#define PAGE_STEP	4096
#define SLAB_STEP	32	/* not more than the smallest object, so that none is left out */
#define TIMES		1000000	/* failures that a kind has in store */
#define FAULTS		"/sys/kernel/debug/"

/* A dump ioctl, and what it leaves behind when it works. */
struct target {
	const char *name;
	__u64 subcmd;
	int active_before, active_after;
};

static const struct target targets[] = {
	{ "init", KVM_PV_DUMP_INIT, 0, 1 },
	{ "config_stor_state", KVM_PV_DUMP_CONFIG_STOR_STATE, 1, 1 },
	{ "cpu", KVM_PV_DUMP_CPU, 1, 1 },
	{ "complete", KVM_PV_DUMP_COMPLETE, 1, 0 },
};

struct ctx {
	struct pvvm vm;
	uint8_t *buf;
	size_t buf_len;
};

/* The result of the last ioctl: errno, and the rc, which is MARK when KVM left it alone. */
#define MARK	0xdead
struct result {
	int err;
	__u16 rc;
	__u64 gaddr;
};

static size_t length(const struct ctx *c, __u64 subcmd)
{
	switch (subcmd) {
	case KVM_PV_DUMP_CONFIG_STOR_STATE:
		return STOR_MIB * c->vm.sizes.dump_config_mem_buffer_per_1m;
	case KVM_PV_DUMP_CPU:
		return c->vm.sizes.dump_cpu_buffer_len;
	case KVM_PV_DUMP_COMPLETE:
		return c->vm.sizes.dump_config_finalize_len;
	}
	return 0;
}

static struct result dump(const struct ctx *c, __u64 subcmd)
{
	struct kvm_s390_pv_dmp dmp = {
		.subcmd = subcmd,
		.buff_addr = (unsigned long)c->buf,
		.buff_len = length(c, subcmd),
	};
	struct kvm_pv_cmd cmd = {
		.cmd = KVM_PV_DUMP, .rc = MARK, .data = (unsigned long)&dmp,
	};
	struct result res = { 0 };
	int r;

	if (subcmd == KVM_PV_DUMP_CPU)
		r = ioctl(c->vm.vcpu[0], KVM_S390_PV_CPU_COMMAND, &cmd);
	else
		r = ioctl(c->vm.vm, KVM_S390_PV_COMMAND, &cmd);
	res.err = r ? errno : 0;
	res.rc = cmd.rc;
	res.gaddr = dmp.gaddr;
	return res;
}

/* DUMP_CPU tells without changing anything. */
static int is_active(const struct ctx *c)
{
	return !dump(c, KVM_PV_DUMP_CPU).err;
}

static int put_file(const char *path, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	int fd = open(path, O_WRONLY), r;

	if (fd < 0)
		return -1;
	r = write(fd, text, (size_t)len) == len ? 0 : -1;
	close(fd);
	return r;
}

/* The kernel's two places that can be made to fail; further failures come from one of them. */
static const char * const kinds[] = { "fail_page_alloc", "failslab" };

static void put_fault(const char *kind, const char *name, long value)
{
	char path[128], text[24];

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, name);
	snprintf(text, sizeof(text), "%ld", value);
	if (put_file(path, text)) {
		fprintf(stderr, "%s: write %s: %s\n", path, text, strerror(errno));
		exit(EXIT_FAILED);
	}
}

static long get_fault(const char *kind, const char *name)
{
	char path[128], text[24] = "";
	int fd;

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
		fprintf(stderr, "%s: read: %s\n", path, strerror(errno));
		exit(EXIT_FAILED);
	}
	close(fd);
	return atol(text);
}

static int failnth_fd, victim_fd;

static void put_self(int fd, const char *what, unsigned int value)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", value);

	if (pwrite(fd, text, (size_t)n, 0) != n) {
		fprintf(stderr, "%s: write %s: %s\n", what, text, strerror(errno));
		exit(EXIT_FAILED);
	}
}

/*
 * A round: allocation @nth of the ioctl fails, and after that, unless @kind is NULL, every one
 * of that kind once @space bytes of it were handed out.
 */
struct round {
	unsigned int nth;
	const char *kind;
	long space;
};

/* Nothing that allocates may come behind the last line. */
static void arm(const struct round *round)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		put_fault(kinds[i], "probability", round->kind == kinds[i] ? 100 : 0);
		put_fault(kinds[i], "space", round->space);
		put_fault(kinds[i], "times", TIMES);
	}
	put_self(victim_fd, "make-it-fail", 1);
	put_self(failnth_fd, "fail-nth", round->nth);
}

/* Return: number of failures that fired. */
static long disarm(void)
{
	char text[16] = "";
	long fired = 0;
	size_t i;

	if (pread(failnth_fd, text, sizeof(text) - 1, 0) <= 0) {
		perror("fail-nth: read");
		exit(EXIT_FAILED);
	}
	put_self(failnth_fd, "fail-nth", 0);
	put_self(victim_fd, "make-it-fail", 0);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		fired += TIMES - get_fault(kinds[i], "times");
	if (!fired != !!atoi(text)) {
		printf("# fail-nth is %d although %ld failures fired\n", atoi(text), fired);
		exit(EXIT_FAILED);
	}
	return fired;
}

/* A dump that nothing was done with yet, or none: what is kept from request to request is gone. */
static int set_active(const struct ctx *c, int active)
{
	if (is_active(c) && dump(c, KVM_PV_DUMP_COMPLETE).err)
		return -1;
	return active ? dump(c, KVM_PV_DUMP_INIT).err : 0;
}

/*
 * One ioctl with failures. Each that fired gives ENOMEM with nothing changed, or no error at all
 * where the kernel has another way.
 * Return: number of failures that fired, or -1. @enomem counts the rounds that ended so.
 */
static long try_round(const struct ctx *c, const struct target *t, const struct round *round,
		      int *enomem)
{
	struct result res;
	long fired;
	int active;

	if (set_active(c, t->active_before)) {
		printf("# %s: cannot prepare a round\n", t->name);
		return -1;
	}
	arm(round);
	res = dump(c, t->subcmd);
	fired = disarm();
	active = is_active(c);
	if (!res.err && active == t->active_after)
		return fired;
	if (fired && res.err == ENOMEM && res.rc == MARK && !res.gaddr &&
	    active == t->active_before) {
		(*enomem)++;
		return fired;
	}
	printf("# %s: failure %u, %s from byte %ld on: '%s', rc=0x%04x, dump %s, %ld fired\n",
	       t->name, round->nth, round->kind ? round->kind : "nothing", round->space,
	       strerror(res.err), res.rc, active ? "active" : "not active", fired);
	return -1;
}

/*
 * Let allocation after allocation of one ioctl fail, then the first together with all from the
 * k-th on, because a large buffer is tried in one piece before it is put together from pages.
 * Return: number of failures that fired, or -1.
 */
static long try_target(const struct ctx *c, const struct target *t, int *enomem)
{
	struct round round = { 0 };
	long fired, all = 0;
	size_t i;

	do {
		if (++round.nth > MAX_ROUNDS)
			goto endless;
		fired = try_round(c, t, &round, enomem);
		all += fired;
	} while (fired > 0);
	if (fired < 0 || !all)
		return fired;

	round.nth = 1;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		round.kind = kinds[i];
		for (round.space = 1; ; round.space += i ? SLAB_STEP : PAGE_STEP) {
			if (round.space > MAX_ROUNDS * PAGE_STEP)
				goto endless;
			fired = try_round(c, t, &round, enomem);
			if (fired < 0)
				return -1;
			all += fired;
			if (fired == 1)
				break;
		}
	}
	return all;

endless:
	printf("# %s: more than %d allocations\n", t->name, MAX_ROUNDS);
	return -1;
}

/* Allocations that may sleep are the ones that count here; the kernel spares them by default. */
static int faults_setup(void)
{
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), FAULTS "%s/ignore-gfp-wait", kinds[i]);
		if (put_file(path, "N"))
			return -1;
		snprintf(path, sizeof(path), FAULTS "%s/task-filter", kinds[i]);
		if (put_file(path, "Y"))
			return -1;
		put_fault(kinds[i], "verbose", 0);
	}
	if (put_file(FAULTS "fail_page_alloc/min-order", "0") ||
	    put_file(FAULTS "fail_page_alloc/ignore-gfp-highmem", "N"))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth", (long)syscall(SYS_gettid));
	failnth_fd = open(path, O_RDWR);
	victim_fd = open("/proc/self/make-it-fail", O_RDWR);
	return failnth_fd < 0 || victim_fd < 0 ? -1 : 0;
}

static int run(const struct ctx *c)
{
	int bad = 0, enomem;
	long fired;
	size_t i;

	printf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(targets));
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		enomem = 0;
		fired = try_target(c, &targets[i], &enomem);
		/* INIT allocates nothing; the others cannot do without. */
		if (fired < 0 || (!enomem && targets[i].subcmd != KVM_PV_DUMP_INIT)) {
			printf("not ok %zu %s\n", i + 1, targets[i].name);
			bad = 1;
		} else {
			printf("ok %zu %s # %ld failures fired, %d times ENOMEM\n", i + 1,
			       targets[i].name, fired, enomem);
		}
	}
	return bad;
}

static int prepare(struct ctx *c, const char *image, struct seimg *img, struct fail *f)
{
	if (seimg_open(img, image, f) ||
	    pvvm_create(&c->vm, MEM_MIB * (uint64_t)MIB, 1, "anon", f) ||
	    pvvm_start(&c->vm, img, f))
		return -1;
	c->buf_len = STOR_MIB * c->vm.sizes.dump_config_mem_buffer_per_1m +
		     c->vm.sizes.dump_cpu_buffer_len + c->vm.sizes.dump_config_finalize_len;
	c->buf = mmap(NULL, c->buf_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->buf == MAP_FAILED)
		return fail_set(f, "buffer: cannot map 0x%zx bytes: %s", c->buf_len,
				strerror(errno));
	/* No page fault of the test may be made to fail. */
	memset(c->buf, 1, c->buf_len);
	return 0;
}

int main(int argc, char **argv)
{
	struct seimg img = { 0 };
	struct ctx c = { 0 };
	struct fail f, g;
	int r;

	program = "pv_dump_failnth";
	if (argc != 2 || argv[1][0] == '-')
		usage_die("IMAGE (prints KTAP; needs a kernel with fault injection)");
	setvbuf(stdout, NULL, _IOLBF, 0);
	pvvm_init(&c.vm);
	if (faults_setup()) {
		printf("KTAP version 1\n1..0 # SKIP no fault injection in this kernel\n");
		return EXIT_SKIPPED;
	}
	r = prepare(&c, argv[1], &img, &f);
	if (r)
		fail_print(&f);
	else
		r = run(&c);
	c.vm.dumping = !r && is_active(&c);
	if (pvvm_close(&c.vm, &g) && !r) {
		fail_print(&g);
		r = -1;
	}
	seimg_close(&img);
	return r ? EXIT_FAILED : EXIT_OK;
}
