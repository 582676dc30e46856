/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU executes a guest in SIE: entry, exit, interceptions and what may end
 * the execution at any instruction.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "exec/address-spaces.h"
#include "tcg/s390-tod.h"
#include "tcg/tcg_s390x.h"
#include "softuv-int.h"
#include "sie-int.h"
#include "s390-sie.h"
#include "trace.h"

bool s390_sie_used;

/* PSW bits that must be zero (Principles of Operation, "Program-Status Word") */
#define PSW_MASK_UNASSIGNED 0xb80800fe7fffffffull

uint64_t s390_sie_host_psw_mask(const CPUS390XState *env)
{
    return env->sie_flags ? env->sie->psw.mask : env->psw.mask;
}

uint64_t s390_sie_host_creg(const CPUS390XState *env, unsigned int nr)
{
    return env->sie_flags ? env->sie->cregs[nr] : env->cregs[nr];
}

static SieSpace current_space(CPUS390XState *env, const S390Sie *sie)
{
    return (SieSpace) {
        .block = sie->block,
        .host_asce = sie->cregs[1],
        .cregs = { env->cregs[0], env->cregs[1], env->cregs[7], env->cregs[13] },
        .prefix = env->psa,
        .mso = sie->mso,
        .last = sie->last,
        .conf = sie->secure.conf,
    };
}

/* Another CPU may have donated it to the Ultravisor while the guest ran. */
uint8_t *s390_sie_description(S390Sie *sie)
{
    return s390_softuv_denies(sie->block) ? sie->lost : sie->blk;
}

bool s390_sie_secure(const CPUS390XState *env)
{
    return env->sie_flags && env->sie->secure.cpu;
}

static void save_guest(CPUS390XState *env, uint8_t *blk)
{
    const S390Sie *sie = env->sie;
    int i;

    stq_be_p(blk + SIE_GPSW_MASK, s390_cpu_get_psw_mask(env));
    stq_be_p(blk + SIE_GPSW_ADDR, env->psw.addr);
    stq_be_p(blk + SIE_CPUTM, s390_sie_stpt(env));
    stq_be_p(blk + SIE_CKC, sie->ckc);
    stl_be_p(blk + SIE_TODPR, env->todpr);
    stq_be_p(blk + SIE_GG14, env->regs[14]);
    stq_be_p(blk + SIE_GG15, env->regs[15]);
    stq_be_p(blk + SIE_GBEA, env->gbea);
    stq_be_p(blk + SIE_PP, env->pp);
    for (i = 0; i < 16; i++) {
        stq_be_p(blk + SIE_GCR0 + i * 8, env->cregs[i]);
    }
}

static void leave(CPUS390XState *env, uint8_t code, unsigned int advance)
{
    S390Sie *sie = env->sie;
    uint8_t *blk = s390_sie_description(sie);
    bool secure = s390_sie_secure(env);

    sie->space = current_space(env, sie);
    if (secure) {
        s390_sie_secure_save(env, blk);
    } else {
        save_guest(env, blk);
    }
    stw_be_p(blk + SIE_IHCPU, env->core_id);
    /* Without an interception the parameters are left alone. */
    if (code != ICPT_NONE) {
        stb_p(blk + SIE_ICPTCODE, code);
    }
    s390_sie_count_exit(env, code);

    timer_del(sie->timer);
    env->sie_flags = 0;
    env->sie_mmu = 0;
    memcpy(env->cregs, sie->cregs, sizeof(env->cregs));
    env->psa = sie->psa;
    env->regs[14] = sie->r14;
    env->regs[15] = sie->r15;
    env->gbea = sie->gbea;
    env->pp = sie->pp;
    env->todpr = sie->todpr;
    if (secure) {
        s390_sie_secure_restore_host(env);
    }
    s390_cpu_set_psw(env, sie->psw.mask, sie->psw.addr + advance);
}

/* Nothing of it may have happened: the host's old PSW points at SIE. */
static void leave_nullified(CPUS390XState *env)
{
    leave(env, ICPT_NONE, 0);
}

void s390_sie_leave_with(CPUS390XState *env, uint8_t code)
{
    leave(env, code, env->sie->ilen);
}

void s390_sie_abandon(CPUS390XState *env)
{
    if (env->sie_flags) {
        leave_nullified(env);
    }
}

static void guest_timer(void *opaque)
{
    cpu_interrupt(opaque, CPU_INTERRUPT_HARD);
}

static S390Sie *sie_of(CPUS390XState *env)
{
    if (!env->sie) {
        env->sie = g_new0(S390Sie, 1);
        env->sie->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, guest_timer,
                                       env_cpu(env));
        s390_sie_used = true;
    }
    return env->sie;
}

static void keep_host(CPUS390XState *env, S390Sie *sie)
{
    sie->psw.mask = s390_cpu_get_psw_mask(env);
    sie->psw.addr = env->psw.addr;
    memcpy(sie->cregs, env->cregs, sizeof(sie->cregs));
    sie->psa = env->psa;
    sie->r14 = env->regs[14];
    sie->r15 = env->regs[15];
    sie->gbea = env->gbea;
    sie->pp = env->pp;
    sie->todpr = env->todpr;
}

/* MSO and MSL count in MiB; MSL is the address of the last one. */
static void set_extent(S390Sie *sie, const uint8_t *blk)
{
    const uint64_t mib = 1ull << 20;

    if (ldl_be_p(blk + SIE_CPUFLAGS) & CPUFLAG_SM) {
        sie->mso = 0;
        sie->last = UINT64_MAX;
        return;
    }
    sie->mso = ldq_be_p(blk + SIE_MSO) & -mib;
    sie->last = (ldq_be_p(blk + SIE_MSL) | (mib - 1)) - sie->mso;
}

unsigned int s390_sie_inconsistent(const uint8_t *blk)
{
    uint32_t flags = ldl_be_p(blk + SIE_CPUFLAGS);

    if (!(flags & CPUFLAG_ZARCH)) {
        return VALIDITY_MODE;
    }
    if (ldub_p(blk + SIE_SDF)) {
        return VALIDITY_FORMAT;
    }
    if (!(flags & CPUFLAG_SM) &&
        ldq_be_p(blk + SIE_MSL) >> 20 < ldq_be_p(blk + SIE_MSO) >> 20) {
        return VALIDITY_EXTENT;
    }
    return 0;
}

static void load_guest(CPUS390XState *env, S390Sie *sie, const uint8_t *blk)
{
    int i;

    for (i = 0; i < 16; i++) {
        env->cregs[i] = ldq_be_p(blk + SIE_GCR0 + i * 8);
    }
    env->psa = ldl_be_p(blk + SIE_PREFIX) & SIE_PREFIX_MASK;
    env->regs[14] = ldq_be_p(blk + SIE_GG14);
    env->regs[15] = ldq_be_p(blk + SIE_GG15);
    env->gbea = ldq_be_p(blk + SIE_GBEA);
    env->pp = ldq_be_p(blk + SIE_PP);
    env->todpr = ldl_be_p(blk + SIE_TODPR);
    sie->epoch = ldq_be_p(blk + SIE_EPOCH);
    sie->ckc = ldq_be_p(blk + SIE_CKC);
    sie->cputm = ldq_be_p(blk + SIE_CPUTM);
    sie->cputm_at = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s390_cpu_set_psw(env, ldq_be_p(blk + SIE_GPSW_MASK),
                     ldq_be_p(blk + SIE_GPSW_ADDR));
}

void s390_sie_enter(CPUS390XState *env, hwaddr block, uint8_t *blk,
                    unsigned int ilen, const SieEntry *entry)
{
    S390Sie *sie = sie_of(env);
    SieSpace space;
    bool flush;

    keep_host(env, sie);
    sie->block = block;
    sie->blk = blk;
    sie->ilen = ilen;
    env->sie_cpuflags = blk + SIE_CPUFLAGS;
    env->sie_flags = FLAG_MASK_SIE;
    env->sie_mmu = MMU_GUEST;
    if (entry) {
        sie->secure = entry->secure;
        memcpy(sie->asked, entry->asked, sizeof(sie->asked));
        env->sie_flags |= FLAG_MASK_SIE_SECURE;
        s390_sie_secure_load(env);
    } else {
        memset(&sie->secure, 0, sizeof(sie->secure));
        set_extent(sie, blk);
        load_guest(env, sie, blk);
    }
    sie->armed = 0;
    sie->prefix_fault = 0;

    /* The host sets the field to 0xffff to have translations purged. */
    space = current_space(env, sie);
    flush = lduw_be_p(blk + SIE_IHCPU) != env->core_id ||
            memcmp(&space, &sie->space, sizeof(space)) ||
            s390_sie_flush_always();
    if (flush) {
        tlb_flush_by_mmuidx(env_cpu(env), MMU_GUEST_MASK);
    }
    trace_softuv_sie_enter(block, env->psw.mask, env->psw.addr, flush,
                           env_cpu(env)->cpu_index);
    if (entry) {
        s390_sie_secure_begin(env);
    }
    s390_sie_check(env);
}

static uint64_t guest_tod(CPUS390XState *env)
{
    return HELPER(stck)(env);       /* with the epoch while in SIE */
}

/* The timers whose interruption the guest would take now. */
static bool guest_timer_pending(CPUS390XState *env)
{
    return ((env->cregs[0] & CR0_CKC_SC) && guest_tod(env) > env->sie->ckc) ||
           ((env->cregs[0] & CR0_CPU_TIMER_SC) &&
            (int64_t)s390_sie_stpt(env) < 0);
}

/* Rounded up, so that the time has come when the timer expires. */
static int64_t ns_until(uint64_t tod)
{
    return tod2time(tod) + 1;
}

static void arm_timer(CPUS390XState *env)
{
    S390Sie *sie = env->sie;
    int64_t ns = INT64_MAX, now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    uint64_t tod = guest_tod(env), left = s390_sie_stpt(env);

    sie->armed = env->cregs[0] & GCR0_TIMERS;
    if ((sie->armed & CR0_CKC_SC) && sie->ckc != UINT64_MAX) {
        ns = sie->ckc < tod ? 0 : ns_until(sie->ckc - tod);
    }
    if (sie->armed & CR0_CPU_TIMER_SC) {
        ns = MIN(ns, (int64_t)left < 0 ? 0 : ns_until(left));
    }
    if (ns > INT64_MAX - now) {
        timer_del(sie->timer);
    } else {
        timer_mod(sie->timer, now + ns);
    }
}

bool s390_sie_psw_invalid(PSW psw)
{
    if (psw.mask & PSW_MASK_UNASSIGNED) {
        return true;
    }
    switch (psw.mask & (PSW_MASK_64 | PSW_MASK_32)) {
    case 0:
        return psw.addr & ~0xffffffull;
    case PSW_MASK_32:
        return psw.addr & ~0x7fffffffull;
    case PSW_MASK_64:
        return true;
    default:
        return false;
    }
}

/* An early PSW exception is the host's to present: this PSW is the old one. */
static void intercept_psw(CPUS390XState *env)
{
    uint8_t *blk = s390_sie_description(env->sie);

    stw_be_p(blk + SIE_PGMILC, 0);
    stw_be_p(blk + SIE_IPRCC, PGM_SPECIFICATION);
    s390_sie_leave_with(env, ICPT_PROGI);
}

bool s390_sie_check(CPUS390XState *env)
{
    uint32_t flags;
    uint64_t mask;

    if (!env->sie_flags) {
        return false;
    }
    /* All who call this end the TB with it, so that the clock may be read. */
    env_cpu(env)->can_do_io = 1;
    mask = env->psw.mask;
    flags = be32_to_cpu(qatomic_read((uint32_t *)env->sie_cpuflags));
    if (s390_sie_psw_invalid(env->psw) && !s390_sie_secure(env)) {
        intercept_psw(env);
    } else if (flags & CPUFLAG_STOP_INT) {
        s390_sie_leave_with(env, ICPT_STOP);
    } else if ((flags & CPUFLAG_EXT_INT) && (mask & PSW_MASK_EXT)) {
        s390_sie_leave_with(env, ICPT_EXTREQ);
    } else if ((flags & CPUFLAG_IO_INT) && (mask & PSW_MASK_IO)) {
        s390_sie_leave_with(env, ICPT_IOREQ);
    } else if (s390_sie_secure(env) && s390_sie_secure_check(env)) {
        return true;
    } else if ((env->cregs[0] & GCR0_TIMERS) && (mask & PSW_MASK_EXT) &&
               guest_timer_pending(env)) {
        /* The host delivers it, before it enters again. */
        s390_sie_leave_with(env, ICPT_NONE);
    } else if (mask & PSW_MASK_WAIT) {
        s390_sie_leave_with(env, ICPT_WAIT);
    } else {
        if ((env->cregs[0] & GCR0_TIMERS) != env->sie->armed) {
            arm_timer(env);
        }
        return false;
    }
    return true;
}

void HELPER(sie_check)(CPUS390XState *env)
{
    s390_sie_check(env);
}

/* Another CPU wants something; a TB has just begun, at @pc. */
void HELPER(sie_poll)(CPUS390XState *env, uint64_t pc)
{
    env->psw.addr = pc;
    if (s390_sie_check(env)) {
        cpu_loop_exit_noexc(env_cpu(env));
    }
}

/* --- interceptions of instructions -------------------------------------- */

/* @text: the instruction, left aligned; length of an EXECUTE in the low bits */
static void set_instruction(uint8_t *blk, uint64_t text)
{
    unsigned int execute = text & 0xf;

    stb_p(blk + SIE_ICPTSTATUS, execute ? execute << 4 | 1 : 0);
    stw_be_p(blk + SIE_IPA, text >> 48);
    stl_be_p(blk + SIE_IPB, text >> 16);
}

static G_NORETURN void intercept(CPUS390XState *env, uint8_t code,
                                 uint64_t text, uint64_t next)
{
    env->psw.addr = next;
    set_instruction(s390_sie_description(env->sie), text);
    s390_sie_leave_with(env, code);
    cpu_loop_exit_noexc(env_cpu(env));
}

static bool host_may_access(hwaddr abs, unsigned int len)
{
    return !s390_softuv_denies(abs) && !s390_softuv_denies(abs + len - 1);
}

bool s390_sie_read_host(hwaddr abs, void *to, unsigned int len)
{
    return host_may_access(abs, len) &&
           address_space_read(&address_space_memory, abs,
                              MEMTXATTRS_UNSPECIFIED, to, len) == MEMTX_OK;
}

bool s390_sie_write_host(hwaddr abs, const void *from, unsigned int len)
{
    return host_may_access(abs, len) &&
           address_space_write(&address_space_memory, abs,
                               MEMTXATTRS_UNSPECIFIED, from, len) == MEMTX_OK;
}

/* Does the host hold the lock of the guest's translation tables? */
static bool ipte_locked(CPUS390XState *env)
{
    const uint8_t *blk = env->sie->blk;
    uint64_t sca = (uint64_t)ldl_be_p(blk + SIE_SCAOH) << 32 |
                   (ldl_be_p(blk + SIE_SCAOL) & ~0x3fu);
    uint8_t lock;

    return sca && s390_sie_read_host(sca, &lock, sizeof(lock)) && (lock & 0x80);
}

static uint32_t facility_list(const CPUS390XState *env)
{
    return ldl_be_p(env->sie->blk + SIE_FAC) & 0x7ffffff8;
}

static bool loads_marked_creg(const uint8_t *blk, uint64_t text)
{
    unsigned int r1 = extract64(text, 52, 4), r3 = extract64(text, 48, 4);
    uint16_t marked = lduw_be_p(blk + SIE_LCTL);
    unsigned int i;

    for (i = r1; ; i = (i + 1) % 16) {
        if (marked & (0x8000 >> i)) {
            return true;
        }
        if (i == r3) {
            return false;
        }
    }
}

void HELPER(sie_intercept)(CPUS390XState *env, uint64_t text, uint64_t next,
                           uint32_t why)
{
    const uint8_t *blk = env->sie->blk;
    uint32_t ictl = ldl_be_p(blk + SIE_ICTL);
    bool yes = true;

    switch (why) {
    case SIE_ICPT_LPSW:
        yes = ictl & ICTL_LPSW;
        break;
    case SIE_ICPT_STCTL:
        yes = ictl & ICTL_STCTL;
        break;
    case SIE_ICPT_LCTL:
        yes = loads_marked_creg(blk, text);
        break;
    case SIE_ICPT_IPTE:
        yes = ipte_locked(env);
        break;
    case SIE_ICPT_STFLE:
        yes = !facility_list(env);
        break;
    }
    if (yes) {
        intercept(env, ICPT_INST, text, next);
    }
}

void HELPER(sie_operation)(CPUS390XState *env, uint64_t text, uint64_t next)
{
    if (!s390_sie_secure(env) &&
        (ldl_be_p(env->sie->blk + SIE_ICTL) & ICTL_OPEREXC)) {
        intercept(env, ICPT_OPEREXC, text, next);
    }
    tcg_s390_program_interrupt(env, PGM_OPERATION, GETPC());
}

void s390_sie_restore_guest(CPUS390XState *env, uintptr_t ra)
{
    cpu_restore_state(env_cpu(env), ra);
    /* The count of instructions is exact now, so that the clock may be read. */
    env_cpu(env)->can_do_io = 1;
}

/* The PTE's address that a translation reads, or 0 if it does not get there. */
static hwaddr pte_of(CPUS390XState *env, uint64_t vaddr, int rw)
{
    uint64_t asc = env->psw.mask & PSW_MASK_ASC;
    target_ulong abs;
    uint64_t tec;
    int flags;

    env->sie->pte = 0;
    mmu_translate(env, vaddr, rw, asc, &abs, &flags, &tec);
    return env->sie->pte;
}

void s390_sie_mvpg(CPUS390XState *env, int exc, uint64_t src, uint64_t dst,
                   uint32_t r1, uint32_t r2, uintptr_t ra)
{
    uint64_t ilen;
    uint8_t *blk;

    if (!env->sie_flags || s390_sie_secure(env) ||
        exc != (PGM_PAGE_TRANS | SIE_HOST_FAULT) ||
        !(ldl_be_p(env->sie->blk + SIE_ECA) & ECA_MVPGI)) {
        return;
    }
    blk = s390_sie_description(env->sie);
    s390_sie_restore_guest(env, ra);
    ilen = env->int_pgm_ilen;
    stq_be_p(blk + SIE_PTE_DEST, pte_of(env, dst, MMU_DATA_STORE));
    stq_be_p(blk + SIE_PTE_SRC, pte_of(env, src, MMU_DATA_LOAD));
    intercept(env, ICPT_PARTEXEC, 0xb254ull << 48 |
              (uint64_t)(r1 << 4 | r2) << 32 | (ilen == 4 ? 0 : ilen),
              env->psw.addr + ilen);
}

/* --- interruptions ------------------------------------------------------- */

/* Returns 0, or the host's interruption. */
static int translate_prefix(CPUS390XState *env, target_ulong *abs)
{
    uint64_t tec;
    int flags, exc;

    exc = s390_sie_translate(env, env->psa, MMU_DATA_STORE, abs, &flags, &tec);
    return exc ? exc | SIE_HOST_FAULT : 0;
}

hwaddr s390_sie_prefix(CPUS390XState *env)
{
    target_ulong abs;

    env->sie->prefix_fault = translate_prefix(env, &abs);
    return env->sie->prefix_fault ? SOFTUV_NO_STORAGE : abs;
}

/*
 * Once for all of an interruption: in between, another CPU may take the page
 * out of the host's tables.
 */
int s390_sie_map_lowcore(CPUS390XState *env)
{
    hwaddr len = TARGET_PAGE_SIZE, offset;
    target_ulong abs;
    MemoryRegion *mr;
    int exc;

    exc = env->sie->prefix_fault ?: translate_prefix(env, &abs);
    if (exc) {
        return exc;
    }
    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(&address_space_memory, abs, &offset, &len,
                                 true, MEMTXATTRS_UNSPECIFIED);
    env->sie->lowcore = memory_region_get_ram_ptr(mr) + offset;
    return 0;
}

LowCore *s390_sie_lowcore(const CPUS390XState *env)
{
    return env->sie->lowcore;
}

bool s390_sie_is_lowcore(const LowCore *lowcore)
{
    const CPUS390XState *env = current_cpu ? &S390_CPU(current_cpu)->env : NULL;

    return env && env->sie_flags && lowcore == env->sie->lowcore;
}

static void host_fault(CPUS390XState *env, int code)
{
    uint64_t tec = env->sie->host_tec;

    leave_nullified(env);
    code &= ~SIE_HOST_FAULT;
    env->per_perc_atmid = 0;
    env->int_pgm_code = code;
    env->int_pgm_ilen = env->sie->ilen;
    s390_store_tec(env, code, tec);
}

void s390_sie_interrupt(CPUState *cs)
{
    CPUS390XState *env = cs->env_ptr;
    int exc;

    if (!env->sie_flags || cs->exception_index == -1) {
        return;
    }
    if (cs->exception_index != EXCP_PGM && cs->exception_index != EXCP_SVC) {
        leave_nullified(env);
        return;
    }
    exc = cs->exception_index == EXCP_PGM ? env->int_pgm_code : 0;
    if (!(exc & SIE_HOST_FAULT)) {
        /* The instruction is repeated when the host has mapped the page. */
        exc = s390_sie_map_lowcore(env);
        if (!exc) {
            return;
        }
    }
    host_fault(env, exc);
    cs->exception_index = EXCP_PGM;
}

bool s390_sie_intercepts_pgm(CPUS390XState *env)
{
    int code = env->int_pgm_code;
    const LowCore *lowcore;
    uint8_t *blk;

    if (!env->sie_flags || s390_sie_secure(env)) {
        return false;
    }
    blk = s390_sie_description(env->sie);
    if (!(ldl_be_p(blk + SIE_ICTL) & ICTL_PINT) &&
        !(code == PGM_SPECIFICATION && !(ldub_p(blk + SIE_ECB) & ECB_SPECI))) {
        return false;
    }
    if (env->per_perc_atmid) {
        code |= PGM_PER;
        stw_be_p(blk + SIE_PERC, env->per_perc_atmid);
        stq_be_p(blk + SIE_PERADDR, env->per_address);
        env->per_perc_atmid = 0;
    }
    /* The parameters have been stored in the prefix area already. */
    lowcore = env->sie->lowcore;
    stw_be_p(blk + SIE_PGMILC, env->int_pgm_ilen);
    stw_be_p(blk + SIE_IPRCC, code);
    stl_be_p(blk + SIE_DXC, be32_to_cpu(lowcore->data_exc_code));
    stw_be_p(blk + SIE_MCN, be16_to_cpu(lowcore->mon_class_num));
    stb_p(blk + SIE_EAI, lowcore->exc_access_id);
    stb_p(blk + SIE_OAI, lowcore->op_access_id);
    stq_be_p(blk + SIE_TECMC, (code & 0x7f) == PGM_MONITOR ?
             be64_to_cpu(lowcore->monitor_code) :
             be64_to_cpu(lowcore->trans_exc_code));
    s390_sie_leave_with(env, ICPT_PROGI);
    return true;
}

/* --- clocks and facilities ----------------------------------------------- */

uint64_t s390_sie_epoch(const CPUS390XState *env)
{
    return env->sie_flags ? env->sie->epoch : 0;
}

uint64_t s390_sie_stpt(CPUS390XState *env)
{
    const S390Sie *sie = env->sie;

    return sie->cputm - time2tod(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) -
                                 sie->cputm_at);
}

void s390_sie_spt(CPUS390XState *env, uint64_t value)
{
    env->sie->cputm = value;
    env->sie->cputm_at = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    arm_timer(env);
}

uint64_t s390_sie_stckc(CPUS390XState *env)
{
    return env->sie->ckc;
}

void s390_sie_sckc(CPUS390XState *env, uint64_t value)
{
    env->sie->ckc = value;
    arm_timer(env);
}

void s390_sie_facilities(CPUS390XState *env, uint8_t *list, unsigned int len,
                         uintptr_t ra)
{
    if (s390_sie_read_host(facility_list(env), list, len)) {
        if (s390_sie_secure(env)) {
            s390_sie_secure_fence(list, len);
        }
        return;
    }
    s390_sie_restore_guest(env, ra);
    stl_be_p(s390_sie_description(env->sie) + SIE_IPB,
             VALIDITY_FACILITIES << 16);
    s390_sie_leave_with(env, ICPT_VALIDITY);
    cpu_loop_exit_noexc(env_cpu(env));
}
