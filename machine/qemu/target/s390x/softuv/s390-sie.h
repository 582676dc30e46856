/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's s390x code asks while a CPU executes a guest in SIE. The guest's
 * PSW, control registers, prefix and general registers are then those of
 * CPUS390XState, and the host's are kept aside.
 */
#ifndef TARGET_S390X_SIE_H
#define TARGET_S390X_SIE_H

#include "exec/hwaddr.h"
#include "cpu-qom.h"
#include "softuv.h"

/*
 * In an interruption code: it is the host's, which the guest's storage
 * access brought about.
 */
#define SIE_HOST_FAULT      0x10000

/* The guest's address spaces have MMU indexes of their own. */
#define MMU_GUEST           4
#define MMU_HOST_MASK       0x0f
#define MMU_GUEST_MASK      0xf0

/* The guest in SIE is a protected one, with a format-4 state description. */
bool s390_sie_secure(const CPUS390XState *env);
/*
 * May it use this page? @gaddr is the page's address in its address space.
 * Returns 0, or the host's interruption and completes its TEID.
 */
int s390_sie_secure_access(CPUS390XState *env, uint64_t gaddr, hwaddr abs,
                           uint64_t *tec);
uint64_t s390_sie_cpu_handle(const CPUS390XState *env);
/* Has the Ultravisor a part in this instruction of it, by QEMU's opcode? */
bool s390_sie_secure_has(uint16_t opc);
/*
 * It made the call @res, whose last failed translation was @exc with @tec.
 * Returns if the instruction ends as one of a host would.
 */
void s390_sie_secure_called(CPUS390XState *env, uint64_t uvcb,
                            const struct softuv_result *res, int exc,
                            uint64_t tec, uintptr_t ra);

/* In the state description's first word */
#define CPUFLAG_STOP_INT    0x04000000
#define CPUFLAG_IO_INT      0x02000000
#define CPUFLAG_EXT_INT     0x01000000
#define CPUFLAG_ZARCH       0x00000800
#define CPUFLAG_SM          0x00000080
#define SIE_REQUESTS        (CPUFLAG_STOP_INT | CPUFLAG_IO_INT | CPUFLAG_EXT_INT)

/* Why an instruction of a guest may be intercepted: always, or as its host asks */
enum {
    SIE_ICPT_ALWAYS = 1,
    SIE_ICPT_LPSW,
    SIE_ICPT_STCTL,
    SIE_ICPT_LCTL,
    SIE_ICPT_IPTE,
    SIE_ICPT_STFLE,
    SIE_ICPT_ILLEGAL,               /* the guest does not have it */
};

/* The PSW mask and control registers that decide about host interruptions. */
uint64_t s390_sie_host_psw_mask(const CPUS390XState *env);
uint64_t s390_sie_host_creg(const CPUS390XState *env, unsigned int nr);

/* Any CPU has been in SIE: host translations may be part of a guest's. */
extern bool s390_sie_used;

/*
 * Translate a guest absolute address through the host's primary space.
 * Returns 0, PGM_ADDRESSING for the guest, or a code with SIE_HOST_FAULT.
 */
int s390_sie_translate(CPUS390XState *env, uint64_t gabs, int rw,
                       target_ulong *abs, int *flags, uint64_t *tec);

/* Store the TEID of an interruption that is going to be taken. */
void s390_store_tec(CPUS390XState *env, int excp, uint64_t tec);

/*
 * The guest's prefix area: its absolute address, for parameters of an
 * interruption, or SOFTUV_NO_STORAGE; s390_sie_interrupt() tells the host then,
 * else it maps the area for the interruption that is taken.
 */
hwaddr s390_sie_prefix(CPUS390XState *env);
struct LowCore *s390_sie_lowcore(const CPUS390XState *env);
bool s390_sie_is_lowcore(const struct LowCore *lowcore);

/*
 * An interruption is about to be taken in SIE: leaves SIE for one of the
 * host's, and turns a host fault into one.
 */
void s390_sie_interrupt(CPUState *cs);
/* A program interruption with the guest's old PSW made: is it intercepted? */
bool s390_sie_intercepts_pgm(CPUS390XState *env);
/* Leave SIE if anything asks for it; the guest's state must be complete. */
bool s390_sie_check(CPUS390XState *env);
/* Leave SIE, for a reset. */
void s390_sie_abandon(CPUS390XState *env);

/* MVPG met a host fault: intercepted, if the host wants that. */
void s390_sie_mvpg(CPUS390XState *env, int exc, uint64_t src, uint64_t dst,
                   uint32_t r1, uint32_t r2, uintptr_t ra);

/* Clocks and facilities of the guest */
uint64_t s390_sie_epoch(const CPUS390XState *env);
uint64_t s390_sie_stpt(CPUS390XState *env);
void s390_sie_spt(CPUS390XState *env, uint64_t value);
uint64_t s390_sie_stckc(CPUS390XState *env);
void s390_sie_sckc(CPUS390XState *env, uint64_t value);
/* Its list of facilities; @len is in bytes. Leaves SIE if it cannot be read. */
void s390_sie_facilities(CPUS390XState *env, uint8_t *list, unsigned int len,
                         uintptr_t ra);

#endif /* TARGET_S390X_SIE_H */
