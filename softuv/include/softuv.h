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
#define SOFTUV_PGM_SPECIFICATION	0x06
#define SOFTUV_PGM_SECURE		0x3d	/* secure-storage access */
#define SOFTUV_PGM_NON_SECURE		0x3e	/* non-secure-storage access */
#define SOFTUV_PGM_VIOLATION		0x3f	/* secure-storage violation */

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
	/* access to [abs, abs + len) got stricter: cached translations must go */
	void (*restrict_access)(void *opaque, uint64_t abs, uint64_t len);
};

/**
 * struct softuv_config - what the machine decides at creation
 * @mem_size: bytes of host absolute storage
 * @host_key: P-521 private scalar of the machine's host key, big endian, 66 bytes
 * @backup_key: NULL, or the scalar of the backup host key
 * @others_running: optional; true when another host CPU is not stopped (INIT_UV rc 0x0102); NULL = false
 */
struct softuv_config {
	uint64_t mem_size;
	const uint8_t *host_key;
	const uint8_t *backup_key;
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
/* Load-normal/power-on reset of the host: donations and configurations are gone, storage is plain. */
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

/*
 * One line of text in, one line out ("ok ..." or "error: ..."): fault rules, test commands,
 * statistics. Returns 0 for ok, -1 for error.
 */
int softuv_command(struct softuv *uv, const char *line, char *reply, size_t reply_len);

const char *softuv_cmd_name(uint16_t cmd);
const char *softuv_rc_name(uint16_t cmd, uint16_t rc);

#endif /* SOFTUV_H */
