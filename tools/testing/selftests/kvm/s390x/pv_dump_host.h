/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Owns what is known about the host under test, the transcript, and the ioctl wrappers.
 * Never decides whether an outcome is right.
 */
#ifndef PV_DUMP_HOST_H
#define PV_DUMP_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "pv_dump_abi.h"
#include "pv_dump_buf.h"

#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#endif

#define PVD_CONTROL_PORT	"/dev/virtio-ports/softuv.control"

/* Values preset in rc and rrc: no Ultravisor answer looks like them. */
#define PVD_RC_KEPT		0xdead
#define PVD_RRC_KEPT		0xbeef

/* What a test needs before it can say anything. */
#define PVD_NEED_PV		0x001	/* a host that can run protected guests */
#define PVD_NEED_NOPV		0x002	/* a host that cannot */
#define PVD_NEED_INFO		0x004	/* a kernel that knows KVM_PV_INFO */
#define PVD_NEED_DUMP		0x008	/* KVM_CAP_S390_PROTECTED_DUMP */
#define PVD_NEED_IMAGE		0x010	/* an image for this host, given by path */
#define PVD_NEED_SOFTUV		0x020	/* the emulated machine's own answers */
#define PVD_NEED_CONTROL	0x040	/* the machine's control channel */
#define PVD_NEED_NULL_SIE	0x080	/* a machine whose guest exits by rule */
#define PVD_NEED_SMP		0x100	/* two or more host CPUs */
#define PVD_NEED_ROOT		0x200
#define PVD_NEED_PANIC_OK	0x400	/* an own boot: the kernel may warn or hang */

/* A dump of a running image: what most tests want. */
#define PVD_NEED_T2		(PVD_NEED_PV | PVD_NEED_INFO | PVD_NEED_DUMP | PVD_NEED_IMAGE)

/**
 * struct pvd_host - the host under test, probed once before the first test
 * @kvm: file descriptor of /dev/kvm
 * @prot: value of KVM_CAP_S390_PROTECTED
 * @cap: value of KVM_CAP_S390_PROTECTED_DUMP
 * @info_err: errno of KVM_PV_INFO on a new VM, 0 when it works
 * @vm: answer of KVM_PV_INFO for the VM, valid when @info_err is 0
 * @dump: the three lengths of the dump areas, valid when @info_err is 0
 * @softuv: the Ultravisor is the emulated machine's; what it chose is known
 * @strange: take the Ultravisor for one that nobody knows (option -u)
 * @control: file descriptor of the machine's control channel, or -1
 * @null_sie: the machine's guests exit by rule
 * @panic_ok: the caller allows tests that make an unfixed kernel WARN
 * @image: path of the image, or NULL
 * @image_why: why @image cannot be used, or empty
 * @out: directory for dumps, or NULL
 * @swap: device that may be used for swap and loses its content, or NULL
 * @only: run only tests whose name contains this, or NULL
 * @transcript: file descriptor that gets one line per ioctl, or -1
 * @quiet: no transcript for now (outcomes depend on timing)
 * @running: name of the running test
 */
struct pvd_host {
	int kvm;
	int prot;
	int cap;
	int info_err;
	struct pvd_info_vm vm;
	struct pvd_info_dump dump;
	bool softuv;
	bool strange;
	int control;
	bool null_sie;
	bool panic_ok;
	const char *image;
	char image_why[160];
	const char *out;
	const char *swap;
	const char *only;
	int transcript;
	bool quiet;
	const char *running;
};

static struct pvd_host host = { .kvm = -1, .control = -1, .transcript = -1 };

/**
 * struct pvd_res - outcome of one ioctl
 * @err: 0 or the errno
 * @rc: return code of the Ultravisor, PVD_RC_KEPT when KVM did not touch it
 * @rrc: return reason code, PVD_RRC_KEPT likewise
 * @cmd: the command field afterwards; it must be what went in
 */
struct pvd_res {
	int err;
	__u16 rc;
	__u16 rrc;
	__u32 cmd;
};

static inline bool pvd_kept(struct pvd_res res)
{
	return res.rc == PVD_RC_KEPT && res.rrc == PVD_RRC_KEPT;
}

static const char *pvd_errname(int err)
{
	static const struct { int err; const char *name; } names[] = {
		{ 0, "0" }, { EINVAL, "EINVAL" }, { EFAULT, "EFAULT" }, { ENOTTY, "ENOTTY" },
		{ ENOMEM, "ENOMEM" }, { EINTR, "EINTR" }, { EIO, "EIO" }, { EBUSY, "EBUSY" },
		{ EPERM, "EPERM" }, { EAGAIN, "EAGAIN" }, { EEXIST, "EEXIST" },
	};
	static char other[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(other, sizeof(other), "errno-%d", err);
	return other;
}

/* One line of the transcript; one write, so that children do not mix lines. */
static void __printf(1, 2) pvd_note(const char *fmt, ...)
{
	char line[320];
	va_list args;
	int n;

	if (host.transcript < 0 || host.quiet)
		return;
	n = snprintf(line, sizeof(line), "%s: ", host.running ? host.running : "-");
	va_start(args, fmt);
	n += vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	va_end(args);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(host.transcript, line, n) != n)
		perror("pv_dump_test: transcript: write");
}

static void pvd_note_res(const char *what, struct pvd_res res)
{
	if (pvd_kept(res))
		pvd_note("%s = %s rc kept", what, pvd_errname(res.err));
	else
		pvd_note("%s = %s rc 0x%04x rrc 0x%04x", what, pvd_errname(res.err), res.rc,
			 res.rrc);
}

/* KVM_S390_PV_COMMAND or KVM_S390_PV_CPU_COMMAND with rc and rrc preset. */
static struct pvd_res pvd_ioctl(int fd, unsigned long nr, __u32 cmd, const void *data)
{
	struct pvd_cmd pv = {
		.cmd = cmd,
		.rc = PVD_RC_KEPT,
		.rrc = PVD_RRC_KEPT,
		.data = (unsigned long)data,
	};
	struct pvd_res res = { 0 };

	if (ioctl(fd, nr, &pv))
		res.err = errno;
	res.rc = pv.rc;
	res.rrc = pv.rrc;
	res.cmd = pv.cmd;
	return res;
}

static const char *pvd_cmd_name(__u32 cmd)
{
	static const char * const names[] = {
		"ENABLE", "DISABLE", "SET_SEC_PARMS", "UNPACK", "VERIFY", "PREP_RESET",
		"UNSHARE_ALL", "INFO", "DUMP",
	};

	return cmd < ARRAY_SIZE(names) ? names[cmd] : "unknown command";
}

static struct pvd_res pvd_vm_cmd(int fd, __u32 cmd, const void *data)
{
	struct pvd_res res = pvd_ioctl(fd, PVD_IOC_VM, cmd, data);

	pvd_note_res(pvd_cmd_name(cmd), res);
	return res;
}

static const char *pvd_dmp_name(char *buf, size_t len, const char *fd, const struct pvd_dmp *dmp)
{
	static const char * const names[] = { "INIT", "STOR_STATE", "COMPLETE", "CPU" };

	if (dmp->subcmd >= ARRAY_SIZE(names))
		snprintf(buf, len, "%s DUMP unknown subcommand", fd);
	else if (dmp->subcmd == PVD_STOR_STATE)
		snprintf(buf, len, "%s DUMP %s gaddr 0x%lx len 0x%lx", fd, names[dmp->subcmd],
			 (unsigned long)dmp->gaddr, (unsigned long)dmp->buff_len);
	else
		snprintf(buf, len, "%s DUMP %s len 0x%lx", fd, names[dmp->subcmd],
			 (unsigned long)dmp->buff_len);
	return buf;
}

/* One dump subcommand on the VM fd; @dmp is copied back by the kernel, see the ABI. */
static struct pvd_res pvd_dump(int fd, struct pvd_dmp *dmp)
{
	struct pvd_dmp was = *dmp;
	struct pvd_res res = pvd_ioctl(fd, PVD_IOC_VM, PVD_DUMP, dmp);
	char what[96];

	pvd_note_res(pvd_dmp_name(what, sizeof(what), "vm", &was), res);
	if (dmp->gaddr != was.gaddr)
		pvd_note("  gaddr is now 0x%lx", (unsigned long)dmp->gaddr);
	return res;
}

static struct pvd_res pvd_dump_vcpu(int fd, struct pvd_dmp *dmp)
{
	struct pvd_dmp was = *dmp;
	struct pvd_res res = pvd_ioctl(fd, PVD_IOC_VCPU, PVD_DUMP, dmp);
	char what[96];

	pvd_note_res(pvd_dmp_name(what, sizeof(what), "vcpu", &was), res);
	if (res.cmd != PVD_DUMP)
		pvd_note("  cmd is now 0x%08x", res.cmd);
	return res;
}

static struct pvd_res pvd_init(int fd)
{
	struct pvd_dmp dmp = { .subcmd = PVD_INIT };

	return pvd_dump(fd, &dmp);
}

static struct pvd_res pvd_stor_state(int fd, unsigned long gaddr, void *buf, unsigned long len)
{
	struct pvd_dmp dmp = {
		.subcmd = PVD_STOR_STATE,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
		.gaddr = gaddr,
	};

	return pvd_dump(fd, &dmp);
}

static struct pvd_res pvd_complete(int fd, void *buf, unsigned long len)
{
	struct pvd_dmp dmp = {
		.subcmd = PVD_COMPLETE,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
	};

	return pvd_dump(fd, &dmp);
}

static struct pvd_res pvd_cpu(int fd, void *buf, unsigned long len)
{
	struct pvd_dmp dmp = {
		.subcmd = PVD_CPU,
		.buff_addr = (unsigned long)buf,
		.buff_len = len,
	};

	return pvd_dump_vcpu(fd, &dmp);
}

/* KVM_PV_INFO with the whole buffer handed in, so that canaries can lie behind it. */
static struct pvd_res pvd_info(int fd, void *buf)
{
	return pvd_vm_cmd(fd, PVD_INFO, buf);
}

/**
 * pvd_control() - one command to the machine and its reply
 * @reply: at least 2 bytes, gets the reply without its line end
 *
 * Return: 0 when the machine said "ok", -1 otherwise.
 */
static int __printf(3, 4) pvd_control(char *reply, size_t len, const char *fmt, ...)
{
	struct pollfd pfd = { .fd = host.control, .events = POLLIN };
	char line[200];
	va_list args;
	size_t got = 0;
	ssize_t n;

	if (host.control < 0)
		return -1;
	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	line[n++] = '\n';
	if (write(host.control, line, n) != n)
		return -1;
	while (got < len - 1 && poll(&pfd, 1, 10000) > 0) {
		n = read(host.control, reply + got, len - 1 - got);
		if (n <= 0)
			break;
		got += n;
		if (reply[got - 1] == '\n') {
			reply[got - 1] = 0;
			return strncmp(reply, "ok", 2) ? -1 : 0;
		}
	}
	reply[got] = 0;
	return -1;
}

/**
 * pvd_why_not() - why a test with these needs cannot run here
 *
 * Return: NULL when it can.
 */
static const char *pvd_why_not(unsigned int need)
{
	if (host.only && !strstr(host.running, host.only))
		return "not selected";
	if ((need & PVD_NEED_PV) && !host.prot)
		return "not a protected-virtualization host (KVM_CAP_S390_PROTECTED is 0)";
	if ((need & PVD_NEED_NOPV) && host.prot)
		return "this is a protected-virtualization host";
	if ((need & PVD_NEED_INFO) && host.info_err == ENOTTY)
		return "the kernel does not know KVM_PV_INFO";
	if ((need & PVD_NEED_DUMP) && !host.cap)
		return "KVM_CAP_S390_PROTECTED_DUMP is 0";
	if ((need & PVD_NEED_IMAGE) && !host.image)
		return "no image given (option -i)";
	if ((need & PVD_NEED_IMAGE) && host.image_why[0])
		return host.image_why;
	if ((need & PVD_NEED_SOFTUV) && !host.softuv)
		return "needs the emulated machine";
	if ((need & PVD_NEED_CONTROL) && host.control < 0)
		return "no control channel (" PVD_CONTROL_PORT ")";
	if ((need & PVD_NEED_NULL_SIE) && !host.null_sie)
		return "the machine has no null SIE";
	if ((need & PVD_NEED_SMP) && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "needs two host CPUs";
	if ((need & PVD_NEED_ROOT) && geteuid())
		return "needs root";
	if ((need & PVD_NEED_PANIC_OK) && !host.panic_ok)
		return "may make an unfixed kernel warn or hang (option -w allows it)";
	return NULL;
}

/* Rules that a test left behind when it was aborted must not reach the next one. */
static void pvd_machine_reset(void)
{
	char reply[200];

	pvd_control(reply, sizeof(reply), "rule clear");
	if (host.null_sie)
		pvd_control(reply, sizeof(reply), "sie exit=null");
}

/*
 * How much slower than the emulated machine with a plain kernel the host may be: one with
 * every checker on, and others at work beside it. A limit that is reached means a hang.
 */
#define PVD_SLOW	4

static jmp_buf pvd_no_verdict;

/*
 * A test with its needs and its time limit in seconds. The harness runs it in a child of
 * its own; a kernel that leaves a VM unusable spoils one test only.
 */
#define PVD_TEST(fixture, test, need, secs)					\
	static void pvd_##test(struct __test_metadata *_metadata);		\
	TEST_F_TIMEOUT(fixture, test, PVD_SLOW * (secs))			\
	{									\
		const char *why;						\
										\
		host.running = #fixture "." #test;				\
		why = pvd_why_not(need);					\
		if (why)							\
			SKIP(return, #fixture "." #test ": %s", why);		\
		pvd_machine_reset();						\
		if (!setjmp(pvd_no_verdict))					\
			pvd_##test(_metadata);					\
	}									\
	static __attribute__((__noinline__))					\
	void pvd_##test(struct __test_metadata *_metadata)

/* A machine or a buffer. Want of memory says nothing about the kernel: the test is skipped. */
#define PVD_MADE(call) do {						\
	int __err = !(call) ? 0 : errno ? errno : EIO;					\
									\
	if (__err == ENOMEM)						\
		SKIP(longjmp(pvd_no_verdict, 1), "%s: not enough memory", host.running); \
	ASSERT_EQ(0, __err);						\
} while (0)

#define PVD_BUFFER(buf, len) do {						\
	if (!pvd_buf_alloc(buf, len))					\
		SKIP(longjmp(pvd_no_verdict, 1), "%s: not enough memory", host.running); \
} while (0)

/* Outcome of @res: the errno, and whether rc and rrc were left alone or came from a UVC. */
#define PVD_EXPECT_KEPT(error, res) do {				\
	struct pvd_res __res = (res);					\
									\
	EXPECT_EQ(error, __res.err);					\
	EXPECT_EQ(PVD_RC_KEPT, __res.rc);				\
	EXPECT_EQ(PVD_RRC_KEPT, __res.rrc);				\
} while (0)

#define PVD_EXPECT_OK(res) do {						\
	struct pvd_res __res = (res);					\
									\
	EXPECT_EQ(0, __res.err);					\
	EXPECT_EQ(1, __res.rc);						\
} while (0)

#define PVD_ASSERT_OK(res) do {						\
	struct pvd_res __res = (res);					\
									\
	ASSERT_EQ(0, __res.err);					\
} while (0)

/* The Ultravisor refused: its rc is not 0, not "executed", and not what was preset. */
#define PVD_EXPECT_REFUSED(res) do {					\
	struct pvd_res __res = (res);					\
									\
	EXPECT_EQ(EINVAL, __res.err);					\
	EXPECT_NE(0, __res.rc);						\
	EXPECT_NE(1, __res.rc);						\
	EXPECT_NE(PVD_RC_KEPT, __res.rc);				\
} while (0)

#endif /* PV_DUMP_HOST_H */
