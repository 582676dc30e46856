/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protected guests in SIE (state description of format 4): the Ultravisor keeps
 * their registers, and takes their interruptions where the host asks for them.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "exec/address-spaces.h"
#include "tcg/tcg_s390x.h"
#include "softuv-int.h"
#include "sie-int.h"
#include "s390-sie.h"
#include "trace.h"

/* What the host sees of a guest's PSW and control registers */
#define SHOWN_PSW   (PSW_MASK_EXT | PSW_MASK_IO | PSW_MASK_MCHECK | \
                     PSW_MASK_WAIT | PSW_MASK_CC | PSW_MASK_64 | PSW_MASK_32)
static const struct {
    uint8_t nr;
    uint64_t mask;
} shown_cregs[] = {
    { 0, 0x0000000002c0ff00ull },   /* subclasses of external interruptions */
    { 6, 0x00000000ff000000ull },   /* I/O interruption subclasses */
    { 14, 0x000000001f000000ull },  /* subclasses of machine checks */
};
QEMU_BUILD_BUG_ON(ARRAY_SIZE(shown_cregs) != ARRAY_SIZE(((S390Sie *)0)->shown));

/* Half a millisecond: hosts count the time outside SIE in another way. */
#define TIMER_TOLERANCE 2048000

/* In the interruption injection control */
enum {
    INJECT_MCHK = 0x01,
    INJECT_EXT = 0x02,
    INJECT_IO = 0x03,
    INJECT_RESTART = 0x04,
    INJECT_SPECIFICATION = 0x10,
    INJECT_OPERAND = 0x11,
};

bool s390_sie_lock(void)
{
    if (qemu_mutex_iothread_locked()) {
        return false;
    }
    qemu_mutex_lock_iothread();
    return true;
}

void s390_sie_unlock(bool taken)
{
    if (taken) {
        qemu_mutex_unlock_iothread();
    }
}

uint64_t s390_sie_cpu_handle(const CPUS390XState *env)
{
    return env->sie->secure.cpu;
}

int s390_sie_secure_access(CPUS390XState *env, uint64_t gaddr, hwaddr abs,
                           uint64_t *tec)
{
    bool taken = s390_sie_lock();
    int pgm = softuv_guest_access(s390_softuv_chip, env->sie->secure.conf, gaddr, abs);

    s390_sie_unlock(taken);
    if (pgm) {
        *tec |= SOFTUV_TEID_ADDR_VALID;
        trace_softuv_guest_fault(pgm, gaddr, abs);
    }
    return pgm;
}

/* --- entry ---------------------------------------------------------------- */

/*
 * The host may count the CPU timer on while the guest is not in SIE, and do
 * nothing else with it. What the description has before the first entry after a
 * load is not the guest's.
 */
static bool timer_plausible(CPUS390XState *env, const SieEntry *entry)
{
    const struct softuv_sie *secure = &entry->secure;
    int64_t taken = secure->regs->cputm - ldq_be_p(entry->asked + SIE_CPUTM);
    int64_t outside = HELPER(stck)(env) - secure->kept->left_at;

    return !secure->kept->left_at ||
           (taken > -TIMER_TOLERANCE && taken < outside + TIMER_TOLERANCE);
}

static bool takes_external(const struct softuv_regs *regs, uint16_t code)
{
    uint64_t cr0 = regs->cr[0];

    if (!(regs->psw[0] & PSW_MASK_EXT)) {
        return false;
    }
    switch (code) {
    case EXT_CLOCK_COMP:
        return cr0 & CR0_CKC_SC;
    case EXT_CPU_TIMER:
        return cr0 & CR0_CPU_TIMER_SC;
    case EXT_EMERGENCY:
        return cr0 & CR0_EMERGENCY_SIGNAL_SC;
    case EXT_EXTERNAL_CALL:
        return cr0 & CR0_EXTERNAL_CALL_SC;
    case EXT_SERVICE:
        return cr0 & CR0_SERVICE_SC;
    default:
        return false;
    }
}

static bool injection_plausible(const SieEntry *entry)
{
    const struct softuv_sie *secure = &entry->secure;
    const struct softuv_regs *regs = secure->regs;
    const uint8_t *asked = entry->asked;

    switch (ldub_p(asked + SIE_IICTL)) {
    case 0:
    case INJECT_RESTART:
        return true;
    case INJECT_MCHK:
        return regs->psw[0] & PSW_MASK_MCHECK;
    case INJECT_EXT:
        return takes_external(regs, lduw_be_p(asked + SIE_INT_EXT_CODE));
    case INJECT_IO:
        return (regs->psw[0] & PSW_MASK_IO) &&
               (regs->cr[6] &
                (0x80000000u >> extract32(ldl_be_p(asked + SIE_INT_IO_WORD),
                                          27, 3)));
    case INJECT_SPECIFICATION:
        return s390_sie_secure_allows(secure->kept, PGM_SPECIFICATION);
    case INJECT_OPERAND:
        return s390_sie_secure_allows(secure->kept, PGM_OPERAND);
    default:
        return false;
    }
}

unsigned int s390_sie_secure_refuses(CPUS390XState *env, const SieEntry *entry)
{
    if (!timer_plausible(env, entry)) {
        return VALIDITY_TIMER;
    }
    if (!injection_plausible(entry)) {
        return VALIDITY_INJECTION;
    }
    return 0;
}

static void keep_host(CPUS390XState *env)
{
    SieShared *shared = &env->sie->shared;

    memcpy(shared->regs, env->regs, sizeof(shared->regs));
    memcpy(shared->aregs, env->aregs, sizeof(shared->aregs));
    memcpy(shared->vregs, env->vregs, sizeof(shared->vregs));
    shared->fpc = env->fpc;
}

/* A text command may have set an FPC that no guest can have. */
static void load_fpc(CPUS390XState *env, uint32_t fpc)
{
    const unsigned int mode = fpc & 7;

    helper_sfpc(env, fpc & ~0x03030088u & ~(mode >= 4 && mode < 7 ? 7u : 0));
}

void s390_sie_secure_restore_host(CPUS390XState *env)
{
    const SieShared *shared = &env->sie->shared;

    memcpy(env->regs, shared->regs, sizeof(shared->regs));
    memcpy(env->aregs, shared->aregs, sizeof(shared->aregs));
    memcpy(env->vregs, shared->vregs, sizeof(shared->vregs));
    load_fpc(env, shared->fpc);
}

static void note_shown(CPUS390XState *env)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(shown_cregs); i++) {
        env->sie->shown[i] = env->cregs[shown_cregs[i].nr] & shown_cregs[i].mask;
    }
}

void s390_sie_secure_load(CPUS390XState *env)
{
    S390Sie *sie = env->sie;
    const struct softuv_regs *regs = sie->secure.regs;

    keep_host(env);
    memcpy(env->regs, regs->gr, sizeof(env->regs));
    memcpy(env->aregs, regs->ar, sizeof(env->aregs));
    memcpy(env->cregs, regs->cr, sizeof(env->cregs));
    memcpy(env->vregs, regs->vr, sizeof(env->vregs));
    load_fpc(env, regs->fpc);
    env->psa = regs->prefix & SIE_PREFIX_MASK;
    env->todpr = regs->todpr;
    env->gbea = regs->gbea;
    env->pp = regs->pp;
    sie->epoch = ldq_be_p(sie->asked + SIE_EPOCH);
    sie->ckc = regs->ckc;
    sie->cputm = sie->secure.kept->left_at ? ldq_be_p(sie->asked + SIE_CPUTM)
                                           : regs->cputm;
    sie->cputm_at = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    sie->mso = sie->secure.origin;
    sie->last = sie->secure.len - 1;
    note_shown(env);
    s390_cpu_set_psw(env, regs->psw[0], regs->psw[1]);
}

/* The data area, for one, has no room for an extended SCCB. */
void s390_sie_secure_fence(uint8_t *list, unsigned int len)
{
    static const struct {
        uint8_t nr;
        bool has;
    } fenced[] = {
        { 69, false },              /* PCI */
        { 71, false },
        { 72, false },
        { 74, false },              /* STHYI */
        { 140, false },             /* extended-length SCCB */
        { 158, true },              /* ULTRAVISOR CALL */
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(fenced); i++) {
        if (fenced[i].nr / 8 < len) {
            list[fenced[i].nr / 8] &= ~(0x80 >> fenced[i].nr % 8);
            list[fenced[i].nr / 8] |= fenced[i].has ? 0x80 >> fenced[i].nr % 8
                                                    : 0;
        }
    }
}

/* --- exit ----------------------------------------------------------------- */

static void save_registers(CPUS390XState *env, struct softuv_regs *regs)
{
    const S390Sie *sie = env->sie;

    memcpy(regs->gr, env->regs, sizeof(env->regs));
    memcpy(regs->ar, env->aregs, sizeof(env->aregs));
    memcpy(regs->cr, env->cregs, sizeof(env->cregs));
    memcpy(regs->vr, env->vregs, sizeof(env->vregs));
    regs->fpc = env->fpc;
    regs->prefix = env->psa;
    regs->todpr = env->todpr;
    regs->gbea = env->gbea;
    regs->pp = env->pp;
    regs->ckc = sie->ckc;
    regs->cputm = s390_sie_stpt(env);
    regs->psw[0] = s390_cpu_get_psw_mask(env);
    regs->psw[1] = env->psw.addr;
}

static void show_to_host(CPUS390XState *env, uint8_t *blk)
{
    const S390Sie *sie = env->sie;
    int i;

    /* A host that brings a page for its answer does not repeat the answer. */
    if (!sie->answered) {
        stq_be_p(blk + SIE_GPSW_MASK, s390_cpu_get_psw_mask(env) & SHOWN_PSW);
    }
    stq_be_p(blk + SIE_GPSW_ADDR, 0);
    stq_be_p(blk + SIE_CPUTM, sie->secure.regs->cputm);
    stq_be_p(blk + SIE_CKC, sie->ckc);
    stq_be_p(blk + SIE_GG14, 0);
    stq_be_p(blk + SIE_GG15, 0);
    for (i = 0; i < ARRAY_SIZE(shown_cregs); i++) {
        stq_be_p(blk + SIE_GCR0 + shown_cregs[i].nr * 8,
                 env->cregs[shown_cregs[i].nr] & shown_cregs[i].mask);
    }
}

/* After a reset of the host the Ultravisor knows nothing of the CPU. */
void s390_sie_secure_save(CPUS390XState *env, uint8_t *blk)
{
    S390Sie *sie = env->sie;
    bool taken = s390_sie_lock();

    if (softuv_cpu_regs(s390_softuv_chip, sie->secure.cpu) == sie->secure.regs) {
        save_registers(env, sie->secure.regs);
        show_to_host(env, blk);
        sie->secure.kept->left_at = HELPER(stck)(env) - sie->epoch;
        softuv_sie_leave(s390_softuv_chip, sie->secure.cpu);
    }
    s390_sie_unlock(taken);
}

/* --- interruptions -------------------------------------------------------- */

static PSW current_psw(CPUS390XState *env)
{
    return (PSW) {
        .mask = cpu_to_be64(s390_cpu_get_psw_mask(env)),
        .addr = cpu_to_be64(env->psw.addr),
    };
}

static void load_new_psw(CPUS390XState *env, PSW psw)
{
    s390_cpu_set_psw(env, be64_to_cpu(psw.mask), be64_to_cpu(psw.addr));
}

/* Program-new PSWs may be invalid on purpose: the host then has to end it. */
static void take_program(CPUS390XState *env, uint16_t code, uint16_t ilen)
{
    LowCore *lowcore = s390_sie_lowcore(env);
    uint8_t *blk = s390_sie_description(env->sie);

    lowcore->pgm_ilen = cpu_to_be16(ilen);
    lowcore->pgm_code = cpu_to_be16(code);
    lowcore->per_breaking_event_addr = cpu_to_be64(env->gbea);
    lowcore->program_old_psw = current_psw(env);
    load_new_psw(env, lowcore->program_new_psw);
    if (s390_sie_psw_invalid(env->psw)) {
        stw_be_p(blk + SIE_PGMILC, 0);
        stw_be_p(blk + SIE_IPRCC, PGM_SPECIFICATION);
        s390_sie_leave_with(env, ICPT_PROGI);
    }
}

/* The host knows no address of a SCCB: the guest gets that of its last one. */
static uint32_t service_parameter(const struct softuv_kept *kept, uint32_t param)
{
    return param & ~7u ? kept->sccb | (param & 7) : param;
}

static void take_external(CPUS390XState *env, const uint8_t *asked)
{
    LowCore *lowcore = s390_sie_lowcore(env);
    uint16_t code = lduw_be_p(asked + SIE_INT_EXT_CODE);
    uint16_t from = lduw_be_p(asked + SIE_INT_EXT_CPU);
    uint32_t param = ldl_be_p(asked + SIE_INT_EXT_PARAM);
    struct softuv_kept *kept = env->sie->secure.kept;

    if (code == EXT_SERVICE) {
        param = service_parameter(kept, param);
        lowcore->ext_params = cpu_to_be32(param);
    } else if (code == EXT_EMERGENCY && kept->ext_call == from + 1) {
        code = EXT_EXTERNAL_CALL;       /* as which the host does not have it */
        kept->ext_call = 0;
    }
    lowcore->ext_int_code = cpu_to_be16(code);
    lowcore->cpu_addr = cpu_to_be16(from);
    lowcore->external_old_psw = current_psw(env);
    load_new_psw(env, lowcore->external_new_psw);
}

static void take_io(CPUS390XState *env, const uint8_t *asked)
{
    LowCore *lowcore = s390_sie_lowcore(env);

    lowcore->subchannel_id = cpu_to_be16(lduw_be_p(asked + SIE_INT_IO_ID));
    lowcore->subchannel_nr = cpu_to_be16(lduw_be_p(asked + SIE_INT_IO_NR));
    lowcore->io_int_parm = cpu_to_be32(ldl_be_p(asked + SIE_INT_IO_PARM));
    lowcore->io_int_word = cpu_to_be32(ldl_be_p(asked + SIE_INT_IO_WORD));
    lowcore->io_old_psw = current_psw(env);
    load_new_psw(env, lowcore->io_new_psw);
}

static void take_restart(CPUS390XState *env)
{
    LowCore *lowcore = s390_sie_lowcore(env);

    env->sie->secure.kept->restart = false;
    lowcore->restart_old_psw = current_psw(env);
    load_new_psw(env, lowcore->restart_new_psw);
}

/* The register save areas of the prefix area's second page */
static void store_save_areas(CPUS390XState *env)
{
    g_autofree LowCore *areas = g_new0(LowCore, 1);
    const hwaddr from = offsetof(LowCore, floating_pt_save_area);
    target_ulong abs;
    uint64_t tec;
    int i, flags;

    for (i = 0; i < 16; i++) {
        areas->floating_pt_save_area[i] = cpu_to_be64(*get_freg(env, i));
        areas->gpregs_save_area[i] = cpu_to_be64(env->regs[i]);
        areas->access_regs_save_area[i] = cpu_to_be32(env->aregs[i]);
        areas->cregs_save_area[i] = cpu_to_be64(env->cregs[i]);
    }
    areas->prefixreg_save_area = cpu_to_be32(env->psa);
    areas->fpt_creg_save_area = cpu_to_be32(env->fpc);
    areas->tod_progreg_save_area = cpu_to_be32(env->todpr);
    areas->cpu_timer_save_area = cpu_to_be64(s390_sie_stpt(env));
    areas->clock_comp_save_area = cpu_to_be64(env->sie->ckc >> 8);
    if (!s390_sie_translate(env, env->psa + from, MMU_DATA_STORE, &abs, &flags,
                            &tec)) {
        address_space_write(&address_space_memory, abs, MEMTXATTRS_UNSPECIFIED,
                            (uint8_t *)areas + from, 0x200);
    }
}

static void take_machine_check(CPUS390XState *env, const uint8_t *asked)
{
    LowCore *lowcore = s390_sie_lowcore(env);

    store_save_areas(env);
    lowcore->ar_access_id = 1;      /* z/Architecture mode */
    /* without the extended save area, which has the vector registers */
    lowcore->mcic = cpu_to_be64(ldq_be_p(asked + SIE_INT_MCIC) & ~MCIC_VB_VR);
    lowcore->external_damage_code = cpu_to_be32(ldl_be_p(asked + SIE_INT_EDC));
    lowcore->failing_storage_address =
        cpu_to_be64(ldq_be_p(asked + SIE_INT_FAILING));
    lowcore->mcck_old_psw = current_psw(env);
    load_new_psw(env, lowcore->mcck_new_psw);
}

static void inject(CPUS390XState *env, uint8_t what)
{
    const uint8_t *asked = env->sie->asked;
    const unsigned int ilen = env->sie->secure.kept->ilen;

    stb_p(s390_sie_description(env->sie) + SIE_IICTL, 0);
    switch (what) {
    case INJECT_MCHK:
        take_machine_check(env, asked);
        break;
    case INJECT_EXT:
        take_external(env, asked);
        break;
    case INJECT_IO:
        take_io(env, asked);
        break;
    case INJECT_RESTART:
        take_restart(env);
        break;
    case INJECT_SPECIFICATION:
    case INJECT_OPERAND:
        env->sie->secure.kept->open = false;
        take_program(env, what == INJECT_OPERAND ? PGM_OPERAND
                                                 : PGM_SPECIFICATION, ilen);
        break;
    }
}

/* Both pages have to be the guest's and in place whenever it executes. */
static bool prefix_in_place(CPUS390XState *env)
{
    target_ulong abs;
    uint64_t tec;
    int flags, i;

    for (i = 0; i < 2; i++) {
        if (s390_sie_translate(env, env->psa + i * TARGET_PAGE_SIZE,
                               MMU_DATA_STORE, &abs, &flags, &tec)) {
            return false;
        }
    }
    return !s390_sie_map_lowcore(env);
}

void s390_sie_secure_begin(CPUS390XState *env)
{
    const struct softuv_kept *kept = env->sie->secure.kept;
    uint8_t what = ldub_p(env->sie->asked + SIE_IICTL);

    env->sie->answered = kept->open;
    if (!prefix_in_place(env)) {
        s390_sie_leave_with(env, ICPT_PV_PREFIX);
        return;
    }
    if (kept->open && what < INJECT_SPECIFICATION) {
        s390_sie_secure_complete(env);
    }
    env->sie->answered = false;
    if (env->sie_flags && kept->restart) {
        take_restart(env);
    }
    if (env->sie_flags && what) {
        inject(env, what);
    }
}

static bool subclasses_changed(CPUS390XState *env)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(shown_cregs); i++) {
        if ((env->cregs[shown_cregs[i].nr] & shown_cregs[i].mask) !=
            env->sie->shown[i]) {
            return true;
        }
    }
    return false;
}

/*
 * The host may have an interruption that the guest takes now. LPSW interception
 * is how it asks for machine checks; a format-4 guest's LPSW is not intercepted.
 */
bool s390_sie_secure_check(CPUS390XState *env)
{
    const uint8_t *blk = s390_sie_description(env->sie);

    if (s390_sie_psw_invalid(env->psw)) {
        if (s390_sie_map_lowcore(env)) {
            s390_sie_leave_with(env, ICPT_PV_PREFIX);
            return true;
        }
        take_program(env, PGM_SPECIFICATION, 0);
        return !env->sie_flags || s390_sie_check(env);
    }
    if ((ldl_be_p(blk + SIE_ICTL) & ICTL_LPSW) &&
        (env->psw.mask & PSW_MASK_MCHECK)) {
        s390_sie_leave_with(env, ICPT_MCHKREQ);
        return true;
    }
    if (subclasses_changed(env)) {
        s390_sie_leave_with(env, ICPT_INT_ENABLE);
        return true;
    }
    return false;
}
