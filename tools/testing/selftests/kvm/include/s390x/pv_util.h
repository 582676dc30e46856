/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protected virtual machines for selftests, on raw ioctls and the kselftest harness.
 */
#ifndef SELFTEST_KVM_PV_UTIL_H
#define SELFTEST_KVM_PV_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/kvm.h>
#include <linux/types.h>

#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#endif

#define PV_MIB		0x100000UL
#define PV_PAGE		4096UL

#define PV_MAX_VCPUS	4
#define PV_MAX_COMPS	32

/* Preset in rc and rrc; no Ultravisor answer looks like them. */
#define PV_RC_KEPT	0xdead
#define PV_RRC_KEPT	0xbeef

/* What a test needs; see pv_why_not(). */
#define PV_NEED_HOST	0x01	/* a host that can run protected guests */
#define PV_NEED_NO_HOST	0x02	/* a host that cannot */
#define PV_NEED_INFO	0x04	/* KVM_PV_INFO */
#define PV_NEED_CAP	0x08	/* KVM_CAP_S390_PROTECTED_DUMP */
#define PV_NEED_IMAGE	0x10	/* a Secure Execution image for this host */
#define PV_NEED_SMP	0x20	/* two or more host CPUs */
#define PV_NEED_ROOT	0x40
#define PV_NEED_RISK	0x80	/* may make an unfixed kernel warn or hang */

/* A guest that can be dumped */
#define PV_NEED_GUEST	(PV_NEED_HOST | PV_NEED_INFO | PV_NEED_CAP | PV_NEED_IMAGE)

/**
 * struct pv_host - the host under test, probed before the first test
 * @kvm: file descriptor of /dev/kvm
 * @prot: value of KVM_CAP_S390_PROTECTED
 * @cap: value of KVM_CAP_S390_PROTECTED_DUMP
 * @info_err: errno of KVM_PV_INFO on a new VM, 0 if it works
 * @vm: KVM_PV_INFO_VM, valid if @info_err is 0
 * @dump: KVM_PV_INFO_DUMP, likewise
 * @cpu_len: bytes of the state of a vCPU
 * @stor_len: bytes of storage state per MiB of guest memory
 * @compl_len: bytes of completion data
 * @exact: fail if the Ultravisor's answer is allowed but not the expected one (option -x)
 * @risk: run tests that may make an unfixed kernel warn or hang (option -w)
 * @image: path of the image, or NULL
 * @image_why: why @image cannot be used, or empty
 * @out: directory for dumps, or NULL
 * @swap: block device to swap on, or NULL
 * @only: run only tests whose name contains this, or NULL
 * @transcript: file descriptor that gets a line per ioctl, or -1
 * @quiet: suspend the transcript
 * @running: name of the running test
 */
struct pv_host {
	int kvm;
	int prot;
	int cap;
	int info_err;
	struct kvm_s390_pv_info_vm vm;
	struct kvm_s390_pv_info_dump dump;
	size_t cpu_len;
	size_t stor_len;
	size_t compl_len;
	bool exact;
	bool risk;
	const char *image;
	char image_why[160];
	const char *out;
	const char *swap;
	const char *only;
	int transcript;
	bool quiet;
	const char *running;
};

/**
 * struct pv_res - outcome of an ioctl
 * @err: 0 or the errno
 * @rc: return code of the Ultravisor, PV_RC_KEPT if KVM left it alone
 * @rrc: return reason code, PV_RRC_KEPT likewise
 * @cmd: the command field afterwards
 */
struct pv_res {
	int err;
	__u16 rc;
	__u16 rrc;
	__u32 cmd;
};

/**
 * struct pv_buf - a buffer between two canaries
 * @p: the buffer
 * @len: its length in bytes
 * @map: the mapping around it
 * @map_len: length of the mapping
 */
struct pv_buf {
	__u8 *p;
	size_t len;
	__u8 *map;
	size_t map_len;
};

#define PV_CANARY	0xa5

/* Where a structure or a buffer is put; see pv_place(). */
enum pv_where {
	AT_GOOD,	/* readable and writable memory */
	AT_NULL,
	AT_NONE,	/* a mapping without access */
	AT_GONE,	/* nothing is mapped */
	AT_RO,		/* a read-only mapping */
	AT_EDGE,	/* the last byte is missing */
	AT_KERNEL,	/* the last page of the address space */
};

/**
 * struct pv_image - a Secure Execution boot image, laid out as at guest address 0
 * @p: the mapped file
 * @len: its length in bytes
 * @hdr: offset of the Secure Execution header
 * @hdr_len: length of the header
 * @pcf: plaintext control flags of the header
 * @nr: number of encrypted components
 * @comp: address, size in bytes and tweak prefix of each component
 */
struct pv_image {
	const __u8 *p;
	size_t len;
	size_t hdr;
	size_t hdr_len;
	__u64 pcf;
	unsigned int nr;
	struct kvm_s390_pv_unp comp[PV_MAX_COMPS];
};

/**
 * struct pv_vm - a virtual machine
 * @fd: its file descriptor, or -1
 * @nr: number of vCPUs
 * @vcpu: their file descriptors
 * @run: their shared pages
 * @mem: host address of guest address 0, aligned to a MiB
 * @size: bytes of guest memory
 */
struct pv_vm {
	int fd;
	int nr;
	int vcpu[PV_MAX_VCPUS];
	struct kvm_run *run[PV_MAX_VCPUS];
	__u8 *mem;
	size_t size;
};

/**
 * struct pv_dump - everything that the kernel hands out for a dump
 * @cpu: state of each vCPU
 * @stor: storage state of the whole memory
 * @compl: completion data
 */
struct pv_dump {
	struct pv_buf cpu[PV_MAX_VCPUS];
	struct pv_buf stor;
	struct pv_buf compl;
};

/**
 * struct pv_keeper - a process that cleans up after a test, however the test ends
 * @hold: closed by the end of the test
 * @pid: the process
 */
struct pv_keeper {
	int hold;
	pid_t pid;
};

extern struct pv_host pv_host;
extern struct pv_image pv_image;

/* The host and the test */
void pv_host_init(int argc, char **argv);
void pv_test_begin(const char *fixture, const char *test);
const char *pv_why_not(unsigned int need);
void pv_not_run(void);
void __printf(1, 2) pv_note(const char *fmt, ...);
const char *pv_errname(int err);

/* ioctls */
struct pv_res pv_ioctl(int fd, unsigned long nr, __u32 cmd, const void *data);
struct pv_res pv_vm_cmd(int fd, __u32 cmd, const void *data);
struct pv_res pv_info(int fd, void *buf);
struct pv_res pv_dump(int fd, struct kvm_s390_pv_dmp *dmp);
struct pv_res pv_dump_vcpu(int fd, struct kvm_s390_pv_dmp *dmp);
struct pv_res pv_dump_init(int fd);
struct pv_res pv_dump_stor_state(int fd, unsigned long gaddr, void *buf, unsigned long len);
struct pv_res pv_dump_complete(int fd, void *buf, unsigned long len);
struct pv_res pv_dump_cpu(int fd, void *buf, unsigned long len);
void pv_note_res(const char *what, struct pv_res res);
bool pv_kept(struct pv_res res);
bool pv_uv_refused(struct pv_res res);

/* Memory */
int pv_buf_alloc(struct pv_buf *buf, size_t len);
void pv_buf_free(struct pv_buf *buf);
void pv_buf_reset(struct pv_buf *buf);
bool pv_buf_untouched(const struct pv_buf *buf, size_t from, size_t to);
bool pv_buf_canaries(const struct pv_buf *buf);
void *pv_map(size_t len, int prot);
void *pv_map_aligned(size_t size, int flags, int fd);
void *pv_edge(size_t len);
void *pv_place(enum pv_where where, size_t len);

/* Virtual machines */
size_t pv_image_room(void);
void pv_vm_init(struct pv_vm *vm);
int pv_vm_open(struct pv_vm *vm, int vcpus, size_t size);
int pv_vm_open_on(struct pv_vm *vm, int vcpus, void *mem, size_t size);
int pv_vm_add_vcpu(struct pv_vm *vm);
void pv_vm_close(struct pv_vm *vm);
struct pv_res pv_vm_enable(struct pv_vm *vm);
struct pv_res pv_vm_disable(struct pv_vm *vm);
struct pv_res pv_vm_set_parms(struct pv_vm *vm);
struct pv_res pv_vm_protect(struct pv_vm *vm);
struct pv_res pv_vm_protect_again(struct pv_vm *vm);
int pv_vm_boot(struct pv_vm *vm, int vcpus, size_t size);
int pv_run(struct pv_vm *vm, int i);
bool pv_dumping(struct pv_vm *vm);
void pv_touch(struct pv_vm *vm);
size_t pv_stor_bytes(const struct pv_vm *vm);

/* Whole dumps */
__u32 pv_be32(const __u8 *p);
int pv_dump_alloc(struct pv_vm *vm, struct pv_dump *d);
void pv_dump_free(struct pv_vm *vm, struct pv_dump *d);
bool pv_dump_check(struct pv_vm *vm, struct pv_dump *d);
int pv_dump_guest(struct pv_vm *vm, struct pv_dump *d);
int pv_dump_write(const char *name, const struct pv_vm *vm, const struct pv_dump *d);
int pv_dump_once(struct pv_vm *vm, const char *name);
void pv_fetch_all(struct pv_vm *vm);

/* Time, threads and processes */
void pv_sleep_ms(long ms);
bool pv_wait_flag(const int *flag, long ms);
void pv_set_flag(int *flag);
int pv_wait_child(pid_t pid, long ms);
int pv_keeper_start(struct pv_keeper *k, void (*undo)(void *arg), void *arg);
void pv_keeper_end(struct pv_keeper *k);

/* Limit for a test that takes up to @secs seconds; a host with every checker on is slower. */
#define PV_TIMEOUT(secs)	(4 * (secs))

/*
 * The first statement of a test: names it, and skips it if the host lacks something. The name is
 * part of the reason because not every harness prints it there.
 */
#define PV_REQUIRE(statement, need) do {				\
	const char *__why;						\
									\
	pv_test_begin(_metadata->fixture->name, _metadata->name);	\
	__why = pv_why_not(need);					\
	if (__why)							\
		SKIP(statement, "%s: %s", pv_host.running, __why);	\
} while (0)

/* Skip a test that has begun. */
#define PV_SKIP(statement, fmt, ...) do {					\
	pv_not_run();							\
	SKIP(statement, "%s: " fmt, pv_host.running, ##__VA_ARGS__);	\
} while (0)

/* @call returns 0, or -1 with errno. Running out of memory is not a kernel failure. */
#define PV_TRY(statement, call) do {					\
	int __err = (call) ? errno ? errno : EIO : 0;			\
									\
	if (__err == ENOMEM)						\
		PV_SKIP(statement, "not enough memory");		\
	ASSERT_EQ(0, __err);						\
} while (0)

/* End protection during a dump, which an Ultravisor may refuse. */
#define PV_DISABLE_DUMPING(statement, vm) do {				\
	struct pv_res __got = pv_vm_disable(vm);			\
									\
	if (!pv_host.exact && pv_uv_refused(__got))			\
		PV_SKIP(statement, "the Ultravisor keeps a guest with a dump (rc 0x%04x)", \
			__got.rc);					\
	ASSERT_EQ(0, __got.err);					\
} while (0)

/* Fails with @error, without an Ultravisor call. */
#define PV_EXPECT_KEPT(error, res) do {					\
	struct pv_res __res = (res);					\
									\
	EXPECT_EQ(error, __res.err);					\
	EXPECT_EQ(PV_RC_KEPT, __res.rc);				\
	EXPECT_EQ(PV_RRC_KEPT, __res.rrc);				\
} while (0)

/* The Ultravisor was called and executed the command. */
#define PV_EXPECT_OK(res) do {						\
	struct pv_res __res = (res);					\
									\
	EXPECT_EQ(0, __res.err);					\
	EXPECT_EQ(1, __res.rc);						\
} while (0)

#define PV_ASSERT_OK(res) do {						\
	struct pv_res __res = (res);					\
									\
	ASSERT_EQ(0, __res.err);					\
} while (0)

/* The Ultravisor refused the command. */
#define PV_EXPECT_REFUSED(res) do {					\
	struct pv_res __res = (res);					\
									\
	EXPECT_EQ(EINVAL, __res.err);					\
	EXPECT_TRUE(pv_uv_refused(__res));				\
} while (0)

#endif /* SELFTEST_KVM_PV_UTIL_H */
