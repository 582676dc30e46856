/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the public interface of softuv, the software Ultravisor ("the chip").
 * Never includes an emulator header, does I/O, sleeps or aborts on its input.
 */
#ifndef SOFTUV_H
#define SOFTUV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOFTUV_PAGE_SIZE	4096u
#define SOFTUV_MARK		0x534f46545556ull	/* ASCII "SOFTUV", low 48 feature bits */

/* Program interruption codes that softuv may ask its caller to present. */
#define SOFTUV_PGM_ADDRESSING		0x05
#define SOFTUV_PGM_SPECIFICATION	0x06
#define SOFTUV_PGM_SECURE		0x3d	/* secure-storage access */
#define SOFTUV_PGM_NON_SECURE		0x3e	/* non-secure-storage access */
#define SOFTUV_PGM_VIOLATION		0x3f	/* secure-storage violation */

/*
 * Return codes. Values without a mark are published (Linux asm/uv.h, kvm-unit-tests uv-host.c,
 * s390-tools stage3a.c); those marked "own" are softuv's choice where only firmware knows.
 */
#define SOFTUV_RC_EXECUTED		0x0001
#define SOFTUV_RC_INV_CMD		0x0002
#define SOFTUV_RC_INV_STATE		0x0003
#define SOFTUV_RC_INV_LEN		0x0005
#define SOFTUV_RC_INV_CONF		0x0020
#define SOFTUV_RC_INV_CPU		0x0021
#define SOFTUV_RC_OPERAND_XLATE		0x0031	/* operand: translation exception */
#define SOFTUV_RC_OPERAND_ADDR		0x0032	/* operand: not accessible storage */
#define SOFTUV_RC_MORE_DATA		0x0100

#define SOFTUV_RC_INIT_DONE		0x0101
#define SOFTUV_RC_INIT_RUNNING		0x0102
#define SOFTUV_RC_INIT_LEN		0x0103
#define SOFTUV_RC_INIT_ORIGIN		0x0104
#define SOFTUV_RC_INIT_BEYOND		0x0105
#define SOFTUV_RC_INIT_BELOW_2G		0x0108

#define SOFTUV_RC_CSC_ORIGIN		0x0101
#define SOFTUV_RC_CSC_LIMIT		0x0102
#define SOFTUV_RC_CSC_LENGTH		0x0103	/* own */
#define SOFTUV_RC_CSC_ASCE_USED		0x0104
#define SOFTUV_RC_CSC_ASCE		0x0105
#define SOFTUV_RC_CSC_BASE_ALIGN	0x0107	/* own */
#define SOFTUV_RC_CSC_BASE		0x0108
#define SOFTUV_RC_CSC_BASE_LOWCORE	0x0109
#define SOFTUV_RC_CSC_VIRT		0x010b	/* own */
#define SOFTUV_RC_CSC_SCA_NONE		0x010c
#define SOFTUV_RC_CSC_SCA		0x010d
#define SOFTUV_RC_CSC_VIRT_LOWCORE	0x010e
#define SOFTUV_RC_CSC_RESOURCES		0x010f	/* own: no memory or entropy */
#define SOFTUV_RC_CSC_MAX		0x0110	/* own: too many configurations */

#define SOFTUV_RC_DSC_CPUS		0x0101	/* own: CPUs are still there */

#define SOFTUV_RC_CSP_NUMBER		0x0103
#define SOFTUV_RC_CSP_DEFINED		0x0104
#define SOFTUV_RC_CSP_STOR		0x0105
#define SOFTUV_RC_CSP_STOR_LOWCORE	0x0106
#define SOFTUV_RC_CSP_STATE		0x0107
#define SOFTUV_RC_CSP_RESOURCES		0x010f	/* own */

#define SOFTUV_RC_CPU_IN_SIE		0x0101	/* own: the CPU is executing */
#define SOFTUV_RC_CPU_STATE		0x0102	/* own: no such CPU state */
#define SOFTUV_RC_CPU_PSW		0x0103	/* own: no PSW to load at guest absolute 0 */
#define SOFTUV_RC_CPUS_RUNNING		0x0101	/* own: PREPARE_RESET, SET_UNSHARE_ALL */

#define SOFTUV_RC_VERIFY		0x0102
#define SOFTUV_RC_SSC_ACCESS		0x0103
#define SOFTUV_RC_SSC_VERSION		0x0104
#define SOFTUV_RC_SSC_PCF		0x0106
#define SOFTUV_RC_SSC_KEY		0x0108
#define SOFTUV_RC_SSC_SCF		0x0109
#define SOFTUV_RC_SSC_FORMAT		0x010a

#define SOFTUV_RC_PAGE_ADDR		0x0101	/* own: not a page (of the guest, of storage) */
#define SOFTUV_RC_PAGE_FOREIGN		0x0102	/* own: host page has another owner */
#define SOFTUV_RC_PAGE_INTEGRITY	0x0103	/* own: content is not what was exported */
#define SOFTUV_RC_PAGE_ELSEWHERE	0x0104	/* own: guest page is secure in another host page */
#define SOFTUV_RC_PAGE_LARGE		0x0105	/* own: mapped by a large page */
#define SOFTUV_RC_PAGE_TABLE		0x0106	/* own: the guest ASCE's tables are malformed */
#define SOFTUV_RC_PAGE_RESOURCES	0x0107	/* own: no memory for the page's state */
#define SOFTUV_RC_PAGE_UNPACKED		0x0108	/* own: UNPACK of a page that is in use */
#define SOFTUV_RC_PAGE_NOT_SHARED	0x0109	/* own: PIN, UNPIN */
#define SOFTUV_RC_PAGE_NOT_MAPPED	0x010a

#define SOFTUV_RC_DUMP_NOT_ALLOWED	0x0101	/* own: DUMP_INIT, header lacks pcf bit 34 */
#define SOFTUV_RC_DUMP_ACTIVE		0x0102	/* own: DUMP_INIT while dumping */
#define SOFTUV_RC_DUMP_NONE		0x0103	/* own: no DUMP_INIT before */
#define SOFTUV_RC_DUMP_GADDR		0x0104	/* own: unaligned or outside the guest */
#define SOFTUV_RC_DUMP_CPU_IN_SIE	0x0105	/* own */
#define SOFTUV_RC_DUMP_RESOURCES	0x010f	/* own: no entropy */

struct softuv;

/**
 * struct softuv_ops - the only seam between softuv and the machine around it
 *
 * Absolute addresses are host absolute, below softuv_config.mem_size.
 * translate() resolves a logical address of the calling CPU (home space when
 * DAT is on, real otherwise) for @len bytes that do not cross a page.
 */
struct softuv_ops {
	/* 0 and *abs, or the program interruption code to present (> 0) */
	int (*translate)(void *opaque, void *cpu, uint64_t va, bool write, uint64_t *abs);
	/* 0, or -1 when [abs, abs + len) is not all storage */
	int (*read)(void *opaque, uint64_t abs, void *buf, size_t len);
	int (*write)(void *opaque, uint64_t abs, const void *buf, size_t len);
	/* 0, or -1 when no entropy is to be had */
	int (*random)(void *opaque, void *buf, size_t len);
	/* access to [abs, abs + len) got stricter: no CPU may use an old translation from now on */
	void (*restrict_access)(void *opaque, uint64_t abs, uint64_t len);
	/* optional: true while another host CPU is not stopped (INIT_UV rc 0x0102) */
	bool (*others_running)(void *opaque);
	/* optional: absolute address of the calling CPU's prefix area, 8 KiB; without it 0 */
	uint64_t (*prefix)(void *opaque, void *cpu);
};

/**
 * struct softuv_config - what the machine decides at creation
 * @mem_size: bytes of host absolute storage, whole pages, at most 16 TiB
 * @host_key: P-521 private scalar of the machine's host key, big endian, 66 bytes
 * @backup_key: NULL, or the scalar of the backup host key
 * @base_stor_len: bytes the host donates at INIT_UV, a multiple of 4096; 0 = 2 MiB
 * @virt_var_len: bytes of virtual donation per MiB of guest storage; 0 = 64
 * @max_conf: secure configurations that may exist at once; 0 = 4096
 */
struct softuv_config {
	uint64_t mem_size;
	const uint8_t *host_key;
	const uint8_t *backup_key;
	uint64_t base_stor_len;
	uint64_t virt_var_len;
	uint32_t max_conf;
};

/**
 * struct softuv_result - outcome of one UVC
 * @cc: condition code 0..3, valid when @pgm is 0
 * @pgm: program interruption code to present instead of completing, 0 = none
 * @pgm_va: failing logical address for @pgm
 * @cmd, @rc, @rrc: for the trace event
 * @name: command name for the trace event ("dump-cpu"), never NULL
 * @delay_us: a fault rule asks the caller to let this many microseconds pass
 */
struct softuv_result {
	int cc;
	uint16_t pgm;
	uint64_t pgm_va;
	uint16_t cmd, rc, rrc;
	const char *name;
	uint32_t delay_us;
};

/* Returns NULL (and sets errno: ENOMEM, EINVAL for a bad key) on failure. */
struct softuv *softuv_new(const struct softuv_config *cfg, const struct softuv_ops *ops,
			  void *opaque);
void softuv_free(struct softuv *uv);
/* Reset of the host: donations and configurations are gone, storage is plain. */
void softuv_reset(struct softuv *uv);

/* One UVC of host CPU @cpu (passed through to translate()); serialised by the caller. */
void softuv_call(struct softuv *uv, void *cpu, uint64_t uvcb_va, struct softuv_result *res);

/*
 * Host access to absolute address @abs: 0 or SOFTUV_PGM_SECURE. Safe to call from any thread
 * concurrently with softuv_call(); reads one byte of the page-state array.
 */
int softuv_host_access(const struct softuv *uv, uint64_t abs);

/* SIE entry with a format-4 state description: 0 (enter) or a validity reason 0x20xx. */
int softuv_sie_enter(struct softuv *uv, uint64_t cpu_handle, uint64_t conf_handle, uint64_t asce);
void softuv_sie_leave(struct softuv *uv, uint64_t cpu_handle);
/* True when the page of guest absolute @gaddr is a secure (or shared) page of the configuration. */
bool softuv_guest_page_present(struct softuv *uv, uint64_t conf_handle, uint64_t gaddr);

/* The guest's share/unshare: rc for the guest, or SOFTUV_GUEST_INTERCEPT (the host must unpin). */
#define SOFTUV_GUEST_INTERCEPT	(-1)
int softuv_guest_share(struct softuv *uv, uint64_t conf_handle, uint64_t gaddr, bool on);

/*
 * One line of text in, one line out ("ok ..." or "error: ..."): fault rules, test commands,
 * statistics. Returns 0 for ok, -1 for error.
 */
int softuv_command(struct softuv *uv, const char *line, char *reply, size_t reply_len);

const char *softuv_cmd_name(uint16_t cmd);
const char *softuv_rc_name(uint16_t cmd, uint16_t rc);

#endif /* SOFTUV_H */
