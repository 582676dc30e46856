/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The public interface of softuv, the software Ultravisor ("the chip").
 *
 * No emulator header, no I/O, no sleep; hostile input gives a return code.
 */
#ifndef SOFTUV_H
#define SOFTUV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOFTUV_VERSION		4u		/* of this interface, see softuv_version() */
#define SOFTUV_PAGE_SIZE	4096u
#define SOFTUV_MARK		0x534f46545556ull	/* ASCII "SOFTUV", low 48 feature bits */

/* Program interruption codes that softuv may ask its caller to present. */
#define SOFTUV_PGM_ADDRESSING		0x05
#define SOFTUV_PGM_SPECIFICATION	0x06
#define SOFTUV_PGM_SECURE		0x3d	/* secure-storage access */
#define SOFTUV_PGM_NON_SECURE		0x3e	/* non-secure-storage access */
#define SOFTUV_PGM_VIOLATION		0x3f	/* secure-storage violation */

/*
 * Return codes that are published (Linux asm/uv.h, kvm-unit-tests uv-host.c, s390-tools
 * stage3a.c). From 0x0100 on one number means something else for each call.
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

#define SOFTUV_RC_CREATE_CONF_ORIGIN		0x0101
#define SOFTUV_RC_CREATE_CONF_LIMIT		0x0102
#define SOFTUV_RC_CREATE_CONF_ASCE_USED		0x0104
#define SOFTUV_RC_CREATE_CONF_ASCE		0x0105
#define SOFTUV_RC_CREATE_CONF_BASE		0x0108
#define SOFTUV_RC_CREATE_CONF_BASE_LOWCORE	0x0109
#define SOFTUV_RC_CREATE_CONF_SCA_NONE		0x010c
#define SOFTUV_RC_CREATE_CONF_SCA		0x010d
#define SOFTUV_RC_CREATE_CONF_VIRT_LOWCORE	0x010e

#define SOFTUV_RC_CREATE_CPU_NUMBER		0x0103
#define SOFTUV_RC_CREATE_CPU_DEFINED		0x0104
#define SOFTUV_RC_CREATE_CPU_STOR		0x0105
#define SOFTUV_RC_CREATE_CPU_STOR_LOWCORE	0x0106
#define SOFTUV_RC_CREATE_CPU_STATE		0x0107

#define SOFTUV_RC_VERIFY			0x0102
#define SOFTUV_RC_SET_PARAMS_ACCESS		0x0103
#define SOFTUV_RC_SET_PARAMS_VERSION		0x0104
#define SOFTUV_RC_SET_PARAMS_PCF		0x0106
#define SOFTUV_RC_SET_PARAMS_KEY		0x0108
#define SOFTUV_RC_SET_PARAMS_SCF		0x0109
#define SOFTUV_RC_SET_PARAMS_FORMAT		0x010a

#define SOFTUV_RC_PAGE_NOT_MAPPED		0x010a

/* softuv's own, where only firmware knows the answer; it uses no number from 0x5300 to 0x53ff. */
#define SOFTUV_RC_OWN			0x5300
#define SOFTUV_RC_RESOURCES		0x5300	/* no memory or entropy */

#define SOFTUV_RC_CREATE_CONF_LENGTH	0x5301
#define SOFTUV_RC_CREATE_CONF_BASE_ALIGN 0x5302
#define SOFTUV_RC_CREATE_CONF_VIRT	0x5303
#define SOFTUV_RC_CREATE_CONF_MAX	0x5304	/* too many configurations */
#define SOFTUV_RC_DESTROY_CONF_CPUS	0x5305	/* CPUs are still there */

#define SOFTUV_RC_CPU_IN_SIE		0x5310	/* the CPU is executing */
#define SOFTUV_RC_CPU_STATE		0x5311	/* no such CPU state */
#define SOFTUV_RC_CPU_PSW		0x5312	/* no PSW to load at guest absolute 0 */
#define SOFTUV_RC_CPU_LOADED		0x5313	/* the configuration was loaded before */
#define SOFTUV_RC_CPU_NOT_STARTED	0x5314	/* neither loaded nor restarted by its guest */
#define SOFTUV_RC_CPUS_RUNNING		0x5315	/* PREPARE_RESET, SET_UNSHARE_ALL */

#define SOFTUV_RC_PAGE_ADDR		0x5320	/* not a page (of the guest, of storage) */
#define SOFTUV_RC_PAGE_FOREIGN		0x5321	/* host page has another owner */
#define SOFTUV_RC_PAGE_INTEGRITY	0x5322	/* content is not what was exported */
#define SOFTUV_RC_PAGE_ELSEWHERE	0x5323	/* guest page is secure in another host page */
#define SOFTUV_RC_PAGE_LARGE		0x5324	/* mapped by a large page */
#define SOFTUV_RC_PAGE_TABLE		0x5325	/* the guest ASCE's tables are malformed */
#define SOFTUV_RC_PAGE_UNPACKED		0x5326	/* UNPACK of a page that is in use */
#define SOFTUV_RC_PAGE_NOT_SHARED	0x5327	/* PIN, UNPIN */

#define SOFTUV_RC_DUMP_NOT_ALLOWED	0x5330	/* the header lacks pcf bit 34 */
#define SOFTUV_RC_DUMP_ACTIVE		0x5331	/* DUMP_INIT while dumping */
#define SOFTUV_RC_DUMP_NONE		0x5332	/* no DUMP_INIT before */
#define SOFTUV_RC_DUMP_GADDR		0x5333	/* unaligned or outside the guest */

struct softuv;

/* Whose translations of a page have become wrong */
enum softuv_party {
	SOFTUV_HOST,
	SOFTUV_GUEST,
};

/* Which of the calling CPU's address spaces a logical address belongs to, with DAT on. */
enum softuv_space {
	SOFTUV_SPACE_CURRENT,			/* as the PSW says: the control block */
	SOFTUV_SPACE_HOME,			/* addresses in the control block */
};

/**
 * struct softuv_ops - the only seam between softuv and the machine around it
 * @size: sizeof(struct softuv_ops)
 * @translate: resolves a logical address of host CPU @cpu for @len bytes that do not cross a page;
 *	real when DAT is off. 0 and *abs, or the program interruption code to present (> 0)
 * @read: 0, or -1 when [abs, abs + len) is not all storage
 * @write: the same
 * @random: 0, or -1 when no entropy is to be had
 * @restrict_access: optional; the host, or the guest that had the page, lost access to
 *	[abs, abs + len): no CPU may use an old translation of theirs from now on
 * @others_running: optional; true while another host CPU is not stopped (INIT_UV rc 0x0102)
 * @prefix: optional; absolute address of the calling CPU's prefix area, 8 KiB; without it 0
 *
 * Absolute addresses are host absolute, below softuv_config.mem_size.
 */
struct softuv_ops {
	size_t size;
	int (*translate)(void *opaque, void *cpu, enum softuv_space space, uint64_t va, bool write,
			 uint64_t *abs);
	int (*read)(void *opaque, uint64_t abs, void *buf, size_t len);
	int (*write)(void *opaque, uint64_t abs, const void *buf, size_t len);
	int (*random)(void *opaque, void *buf, size_t len);
	void (*restrict_access)(void *opaque, enum softuv_party who, uint64_t abs, uint64_t len);
	bool (*others_running)(void *opaque);
	uint64_t (*prefix)(void *opaque, void *cpu);
};

/**
 * struct softuv_config - what the machine decides at creation
 * @size: sizeof(struct softuv_config)
 * @mem_size: bytes of host absolute storage, whole pages, at most 16 TiB
 * @host_key: P-521 private scalar of the machine's host key, big endian, 66 bytes
 * @backup_key: NULL, or the scalar of the backup host key
 * @base_stor_len: bytes the host donates at INIT_UV, a multiple of 4096; 0 = 2 MiB
 * @virt_var_len: bytes of virtual donation per MiB of guest storage, at most 1 MiB; 0 = 4096
 * @max_conf: secure configurations that may exist at once; 0 = 4096
 * @no_guest: no guest instruction is ever executed, so that no guest can restart its CPUs: each
 *	counts as restarted, and no call of a guest is answered
 */
struct softuv_config {
	size_t size;
	uint64_t mem_size;
	const uint8_t *host_key;
	const uint8_t *backup_key;
	uint64_t base_stor_len;
	uint64_t virt_var_len;
	uint32_t max_conf;
	bool no_guest;
};

/**
 * struct softuv_result - outcome of one UVC
 * @cc: condition code 0..3, valid when @pgm is 0
 * @pgm: program interruption code to present instead of completing, 0 = none
 * @pgm_va: failing logical address for @pgm
 * @cmd: command code, 0 when it could not be fetched
 * @rc: return code as stored
 * @rrc: return reason code as stored
 * @intercept: a guest's call: the host has to be told, and the call is made again afterwards
 * @name: the command's name ("dump-cpu"), never NULL
 * @delay_us: the probe asks the caller to let this many microseconds pass
 */
struct softuv_result {
	int cc;
	uint16_t pgm;
	uint64_t pgm_va;
	uint16_t cmd, rc, rrc;
	bool intercept;
	const char *name;
	uint32_t delay_us;
};

/* The instance; uv.c. */
unsigned int softuv_version(void);
struct softuv *softuv_new(const struct softuv_config *cfg, const struct softuv_ops *ops,
			  void *opaque);
void softuv_free(struct softuv *uv);
void softuv_reset(struct softuv *uv);

/* The host's side. */
void softuv_call(struct softuv *uv, void *cpu, uint64_t uvcb_va, struct softuv_result *res);
int softuv_host_access(const struct softuv *uv, uint64_t abs);

/* Registers of a secure CPU while it is not in SIE. */
struct softuv_regs {
	uint64_t gr[16];
	uint64_t psw[2];
	uint32_t prefix, fpc, todpr;
	uint64_t cputm, ckc;
	uint32_t ar[16];
	uint64_t cr[16];
	uint64_t vr[32][2];
	uint64_t gs[4];				/* reserved word, GSD, GSSM, GSEPLA */
	uint64_t gbea, pp;			/* not in a dump */
};

/*
 * What the machine keeps of a CPU from one stay in SIE to the next; each CPU reset clears it, and
 * a load makes time start again. softuv looks at @open only, and sets
 * @restart and @ext_call.
 */
struct softuv_kept {
	bool open;				/* the host emulates an instruction for the guest */
	bool restart;				/* its guest sent RESTART while it was stopped */
	uint16_t ext_call;			/* number of the CPU that made one, plus 1 */
	uint8_t ilen;
	uint16_t opcode;			/* 0 = none that the machine knows of */
	uint8_t r1;
	uint16_t code;				/* function code of DIAGNOSE */
	uint32_t len;				/* of the operand at the guest's logical address */
	uint64_t addr;
	uint32_t sccb;				/* of the last SERVICE CALL */
	uint64_t left_at;			/* TOD clock of the last exit, 0 = no exit yet */
};

/**
 * struct softuv_sie - a CPU that SIE executes, valid until softuv_sie_leave()
 * @cpu: its handle
 * @conf: handle of its configuration
 * @origin: address of guest absolute 0 in the guest's address space
 * @len: bytes of guest storage
 * @number: the CPU's number
 * @regs: what it executes with; the machine stores them before it leaves
 * @kept: what it kept
 */
struct softuv_sie {
	uint64_t cpu, conf;
	uint64_t origin, len;
	uint16_t number;
	struct softuv_regs *regs;
	struct softuv_kept *kept;
};

/* The guest's side: SIE with a format-4 state description. */
int softuv_sie_enter(struct softuv *uv, uint64_t cpu_handle, uint64_t conf_handle, uint64_t asce,
		     struct softuv_sie *sie);
void softuv_sie_leave(struct softuv *uv, uint64_t cpu_handle);
int softuv_guest_access(struct softuv *uv, uint64_t conf_handle, uint64_t gaddr, uint64_t abs);
void softuv_guest_call(struct softuv *uv, void *cpu, uint64_t cpu_handle, uint64_t uvcb_va,
		       struct softuv_result *res);
void softuv_guest_reset(struct softuv *uv, uint64_t cpu_handle);
bool softuv_guest_restart(struct softuv *uv, uint64_t cpu_handle);
bool softuv_guest_ext_call(struct softuv *uv, uint64_t cpu_handle, uint16_t from);
uint64_t softuv_guest_sibling(struct softuv *uv, uint64_t cpu_handle, uint16_t number,
			      bool *stopped, bool *in_sie);

/* The same without an instruction; these addresses are guest absolute. */
bool softuv_guest_page_present(struct softuv *uv, uint64_t conf_handle, uint64_t guest_abs);
#define SOFTUV_GUEST_INTERCEPT	(-1)		/* the host must unpin the page first */
int softuv_guest_share(struct softuv *uv, uint64_t conf_handle, uint64_t guest_abs, bool on);

struct softuv_regs *softuv_cpu_regs(struct softuv *uv, uint64_t cpu_handle);
bool softuv_cpu_emulating(struct softuv *uv, uint64_t cpu_handle, bool on);

/**
 * struct softuv_probe - how test equipment takes part in calls
 * @size: sizeof(struct softuv_probe)
 * @filter: optional; before the handler of call @cmd: true when it answered in @res (cc, rc, rrc),
 *	false to go on. It may ask for a delay either way. @conf is the handle of the
 *	configuration that the call names, 0 = none
 * @done: optional; after each call
 */
struct softuv_probe {
	size_t size;
	bool (*filter)(void *opaque, uint16_t cmd, uint64_t conf, struct softuv_result *res);
	void (*done)(void *opaque, const struct softuv_result *res);
};

bool softuv_attach(struct softuv *uv, const struct softuv_probe *probe, void *opaque);

/* What QUI reports; a probe may change it, and then less is stored, never more. */
struct softuv_lens {
	uint64_t state, final, cpu;
	uint64_t virt;				/* of the virtual donation, for each MiB */
	uint16_t query;				/* of QUI's own block */
};

#define SOFTUV_QUERY_MIN	0xa8u
#define SOFTUV_QUERY_MAX	0x100u
void softuv_get_lens(const struct softuv *uv, struct softuv_lens *lens);
bool softuv_set_lens(struct softuv *uv, const struct softuv_lens *lens);

/* Views: copies of what is, for people and tests. An iteration begins with handle 0. */
#define SOFTUV_PAGE_STATES	5u

struct softuv_totals {
	bool initialised;
	uint32_t confs, cpus, records;
	uint64_t record_bytes;
	uint64_t pages[SOFTUV_PAGE_STATES];
	uint64_t dump_entries;		/* into SIE, while the configuration was being dumped */
};

struct softuv_conf_view {
	uint64_t handle, origin, len, pcf;
	uint32_t id, cpus;
	const char *state;
	bool dumping;
};

struct softuv_cpu_view {
	uint64_t handle;
	uint16_t number;
	const char *state;
	bool in_sie, emulating;
	uint64_t psw[2];
};

struct softuv_page_view {
	const char *kind;
	bool in_storage, pinned;
	uint64_t abs;
};

void softuv_view(const struct softuv *uv, struct softuv_totals *view);
const char *softuv_page_state_name(unsigned int state);
bool softuv_next_conf(const struct softuv *uv, struct softuv_conf_view *view);
bool softuv_next_cpu(const struct softuv *uv, uint64_t conf_handle, struct softuv_cpu_view *view);
bool softuv_view_page(const struct softuv *uv, uint64_t conf_handle, uint64_t gaddr,
		      struct softuv_page_view *view);

/* Names of the table; -1 when no call has this name. */
const char *softuv_cmd_name(uint16_t cmd);
int softuv_cmd_by_name(const char *name);

#endif /* SOFTUV_H */
