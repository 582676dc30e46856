// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The figures: what one dump ioctl costs, in nanoseconds of this machine's clock.
 */
#include "pvcmd.h"
#include "pvvm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS		15	/* the smallest counts: no timer tick fell into it */
#define STOR_MIB	64
#define MEM_MIB		128
#define NO_COMMAND	0xffff	/* no kernel knows it */
#define CONTROL		"/dev/virtio-ports/softuv.control"
#define BUSY		1000	/* times that the Ultravisor has the kernel try again */

struct bench {
	struct pvvm vm;
	const char *base;
	uint8_t *buf;
	size_t buf_len;
};

/* One ioctl to be measured. */
struct op {
	unsigned long request;
	struct kvm_pv_cmd cmd;
	struct kvm_s390_pv_dmp dmp;
	int err;		/* the errno that it must end with */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Time of one execution of @op on @fd, or UINT64_MAX with @f set when it ends as it must not. */
static uint64_t once(int fd, const struct op *op, struct fail *f)
{
	struct op o = *op;
	uint64_t start, end;
	int r, err;

	o.cmd.data = (unsigned long)&o.dmp;
	start = now();
	r = ioctl(fd, o.request, &o.cmd);
	end = now();
	err = r ? errno : 0;
	if (err == op->err)
		return end - start;
	fail_set(f, "command %u subcommand %u: ended with '%s': rc=0x%04x rrc=0x%04x",
		 (unsigned int)o.cmd.cmd, (unsigned int)o.dmp.subcmd, strerror(err), o.cmd.rc,
		 o.cmd.rrc);
	return UINT64_MAX;
}

/* What two readings of the clock cost, which is in every figure. */
static uint64_t clock_cost(void)
{
	uint64_t least = UINT64_MAX, start, end;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		start = now();
		end = now();
		if (end - start < least)
			least = end - start;
	}
	return least;
}

static uint64_t least(int fd, const struct op *op, struct fail *f)
{
	uint64_t best = UINT64_MAX, t;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		t = once(fd, op, f);
		if (t == UINT64_MAX)
			return t;
		if (t < best)
			best = t;
	}
	return best - clock_cost();
}

static struct op dump_op(const struct bench *b, uint64_t subcmd, uint64_t len)
{
	struct op op = {
		.request = KVM_S390_PV_COMMAND,
		.cmd.cmd = KVM_PV_DUMP,
		.dmp.subcmd = subcmd,
		.dmp.buff_addr = (unsigned long)b->buf,
		.dmp.buff_len = len,
	};

	return op;
}

static void report(const struct bench *b, const char *name, uint64_t value, const char *unit)
{
	printf("bench %s %s %" PRIu64 " %s\n", name, b->base, value, unit);
}

/* COMPLETE ends its dump, hence each round needs an INIT. */
static uint64_t complete(struct bench *b, struct fail *f)
{
	struct op init = dump_op(b, KVM_PV_DUMP_INIT, 0);
	struct op op = dump_op(b, KVM_PV_DUMP_COMPLETE, b->vm.sizes.dump_config_finalize_len);
	uint64_t best = UINT64_MAX, t;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (once(b->vm.vm, &init, f) == UINT64_MAX)
			return UINT64_MAX;
		t = once(b->vm.vm, &op, f);
		if (t == UINT64_MAX)
			return t;
		if (t < best)
			best = t;
	}
	return best - clock_cost();
}

/* Let the machine's Ultravisor answer "busy" to the next calls of DUMP_CPU. Return: 0 or -1. */
static int make_busy(void)
{
	char line[80];
	int fd = open(CONTROL, O_RDWR), n, r;

	if (fd < 0)
		return -1;
	n = snprintf(line, sizeof(line), "rule add cmd=0x0402 cc=2 count=%d\n", BUSY);
	r = write(fd, line, (size_t)n) == n && read(fd, line, sizeof(line)) > 1 &&
	    !strncmp(line, "ok", 2) ? 0 : -1;
	close(fd);
	return r;
}

/*
 * A UVC and the loop around it: one attempt more costs this. It is what the figures of the other
 * subcommands contain for each of their UVCs that is not the kernel's to save.
 */
static int measure_uvc(struct bench *b, const struct op *cpu, uint64_t cost, struct fail *f)
{
	uint64_t t;

	if (make_busy()) {
		printf("# uvc: not measured: no control channel of the machine (" CONTROL ")\n");
		return 0;
	}
	t = once(b->vm.vcpu[0], cpu, f);
	if (t == UINT64_MAX)
		return -1;
	report(b, "uvc", (t - clock_cost() - cost) / BUSY, "instructions");
	return 0;
}

/* Everything above the cost of a command which does nothing but travel to the kernel and back. */
static int measure(struct bench *b, struct fail *f)
{
	uint64_t per_mib = b->vm.sizes.dump_config_mem_buffer_per_1m;
	struct op op = { .request = KVM_S390_PV_COMMAND, .cmd.cmd = NO_COMMAND, .err = ENOTTY };
	uint64_t empty, t;

	empty = least(b->vm.vm, &op, f);
	if (empty == UINT64_MAX)
		return -1;
	report(b, "empty", empty, "instructions");

	t = complete(b, f);
	if (t == UINT64_MAX)
		return -1;
	report(b, "complete", t - empty, "instructions");

	op = dump_op(b, KVM_PV_DUMP_INIT, 0);
	if (once(b->vm.vm, &op, f) == UINT64_MAX)
		return -1;
	b->vm.dumping = true;

	op = dump_op(b, KVM_PV_DUMP_CONFIG_STOR_STATE, STOR_MIB * per_mib);
	t = least(b->vm.vm, &op, f);
	if (t == UINT64_MAX)
		return -1;
	report(b, "stor-64mib", (t - empty) / STOR_MIB, "instructions/MiB");

	op = dump_op(b, KVM_PV_DUMP_CONFIG_STOR_STATE, per_mib);
	t = least(b->vm.vm, &op, f);
	if (t == UINT64_MAX)
		return -1;
	report(b, "stor-1mib", t - empty, "instructions/MiB");

	op = dump_op(b, KVM_PV_DUMP_CPU, b->vm.sizes.dump_cpu_buffer_len);
	op.request = KVM_S390_PV_CPU_COMMAND;
	t = least(b->vm.vcpu[0], &op, f);
	if (t == UINT64_MAX)
		return -1;
	report(b, "cpu", t - empty, "instructions");
	return measure_uvc(b, &op, t, f);
}

static int prepare(struct bench *b, const char *image, struct seimg *img, struct fail *f)
{
	if (seimg_open(img, image, f) ||
	    pvvm_create(&b->vm, MEM_MIB * (uint64_t)MIB, 1, "anon", f) ||
	    pvvm_start(&b->vm, img, f))
		return -1;
	b->buf_len = STOR_MIB * b->vm.sizes.dump_config_mem_buffer_per_1m +
		     b->vm.sizes.dump_cpu_buffer_len + b->vm.sizes.dump_config_finalize_len;
	b->buf = mmap(NULL, b->buf_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b->buf == MAP_FAILED)
		return fail_set(f, "buffer: cannot map 0x%zx bytes: %s", b->buf_len,
				strerror(errno));
	/* No page fault may count. */
	memset(b->buf, 1, b->buf_len);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .vm.kvm = -1 };
	struct seimg img = { 0 };
	struct fail f, g;
	int r;

	program = "pv_dump_bench";
	if (argc != 3 || argv[1][0] == '-')
		usage_die("IMAGE BASE (prints \"bench <name> <base> <value> <unit>\")");
	setvbuf(stdout, NULL, _IOLBF, 0);
	b.base = argv[2];
	pvvm_init(&b.vm);
	r = prepare(&b, argv[1], &img, &f) ? -1 : measure(&b, &f);
	if (r)
		fail_print(&f);
	if (pvvm_close(&b.vm, &g) && !r) {
		fail_print(&g);
		r = -1;
	}
	seimg_close(&img);
	return r ? EXIT_FAILED : EXIT_OK;
}
