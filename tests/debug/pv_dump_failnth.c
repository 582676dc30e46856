// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owns the proof that an allocation which fails in a dump ioctl is an error and nothing else.
 * Never counts a round in which no failure fired. Needs a kernel with fault injection.
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

static int failnth_fd;

static void arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(failnth_fd, text, (size_t)n, 0) != n) {
		perror("fail-nth: write");
		exit(EXIT_FAILED);
	}
}

/* Return: the failures still to come; 0 when the failure fired. */
static int disarm(void)
{
	char text[16] = "";

	if (pread(failnth_fd, text, sizeof(text) - 1, 0) <= 0) {
		perror("fail-nth: read");
		exit(EXIT_FAILED);
	}
	arm(0);
	return atoi(text);
}

/* A dump that nothing was done with yet, or none: what is kept from request to request is gone. */
static int set_active(const struct ctx *c, int active)
{
	if (is_active(c) && dump(c, KVM_PV_DUMP_COMPLETE).err)
		return -1;
	return active ? dump(c, KVM_PV_DUMP_INIT).err : 0;
}

/*
 * Let allocation after allocation of one ioctl fail. A failure that fired gives ENOMEM with
 * nothing changed, or none at all where the kernel has another way.
 * Return: number of failures that fired, or -1.
 */
static int try_target(const struct ctx *c, const struct target *t)
{
	struct result res;
	unsigned int nth;
	int fired = 0, active;

	for (nth = 1; nth <= MAX_ROUNDS; nth++) {
		if (set_active(c, t->active_before)) {
			printf("# %s: cannot prepare round %u\n", t->name, nth);
			return -1;
		}
		arm(nth);
		res = dump(c, t->subcmd);
		if (disarm())
			return res.err ? -1 : fired;
		fired++;
		active = is_active(c);
		if (!res.err && active == t->active_after)
			continue;
		if (res.err == ENOMEM && res.rc == MARK && !res.gaddr && active == t->active_before)
			continue;
		printf("# %s: failure %u: '%s', rc=0x%04x, dump %s\n", t->name, nth,
		       strerror(res.err), res.rc, active ? "active" : "not active");
		return -1;
	}
	printf("# %s: more than %d allocations\n", t->name, MAX_ROUNDS);
	return -1;
}

/* Allocations that may sleep are the ones that count here; the kernel spares them by default. */
static int faults_setup(void)
{
	static const char * const kinds[] = { "failslab", "fail_page_alloc" };
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), FAULTS "%s/ignore-gfp-wait", kinds[i]);
		if (put_file(path, "N"))
			return -1;
		snprintf(path, sizeof(path), FAULTS "%s/verbose", kinds[i]);
		if (put_file(path, "0"))
			return -1;
	}
	if (put_file(FAULTS "fail_page_alloc/min-order", "0") ||
	    put_file(FAULTS "fail_page_alloc/ignore-gfp-highmem", "N"))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth", (long)syscall(SYS_gettid));
	failnth_fd = open(path, O_RDWR);
	return failnth_fd < 0 ? -1 : 0;
}

static int run(const struct ctx *c)
{
	int fired, bad = 0;
	size_t i;

	printf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(targets));
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		fired = try_target(c, &targets[i]);
		/* INIT allocates nothing; the others cannot do without. */
		if (fired < 0 || (!fired && targets[i].subcmd != KVM_PV_DUMP_INIT)) {
			printf("not ok %zu %s\n", i + 1, targets[i].name);
			bad = 1;
		} else {
			printf("ok %zu %s # %d failures fired\n", i + 1, targets[i].name, fired);
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
