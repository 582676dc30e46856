/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instruction START INTERPRETIVE EXECUTION, and the null SIE, which enters
 * and leaves without having executed anything; sie-guest.c executes guests.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
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

const char *const s390_softuv_sie_modes[SOFTUV_SIE__MAX] = {
    [SOFTUV_SIE_OFF] = "off",
    [SOFTUV_SIE_NULL] = "null",
    [SOFTUV_SIE_RUN] = "run",
};

static const char *const exit_names[SOFTUV_SIE_EXIT__MAX] = {
    [SOFTUV_SIE_EXIT_NULL] = "null",
    [SOFTUV_SIE_EXIT_WAIT] = "wait",
    [SOFTUV_SIE_EXIT_STOP] = "stop",
};

/*
 * The guest sits in an enabled wait. KVM reads the masks from the block; with
 * a disabled wait it would hand the VCPU to user space as crashed. A guest of
 * format 4 shows only what KVM needs, and no timer that would end the wait.
 */
static void guest_waits(uint8_t *blk, bool format_4)
{
    stq_be_p(blk + SIE_GPSW_MASK, ldq_be_p(blk + SIE_GPSW_MASK) | PSW_MASK_EXT |
             PSW_MASK_IO | PSW_MASK_MCHECK | PSW_MASK_WAIT);
    if (format_4) {
        stq_be_p(blk + SIE_GCR0, ldq_be_p(blk + SIE_GCR0) & ~GCR0_TIMERS);
    }
}

/* The reason to leave: requests of the host first, then the rule. */
static uint8_t leave(S390Softuv *uv, uint8_t *blk, bool format_4)
{
    uint32_t flags = ldl_be_p(blk + SIE_CPUFLAGS);
    uint64_t mask = ldq_be_p(blk + SIE_GPSW_MASK);

    if (flags & CPUFLAG_STOP_INT) {
        return ICPT_STOP;
    }
    if ((flags & CPUFLAG_EXT_INT) && (mask & PSW_MASK_EXT)) {
        return ICPT_EXTREQ;
    }
    if ((flags & CPUFLAG_IO_INT) && (mask & PSW_MASK_IO)) {
        return ICPT_IOREQ;
    }
    if (uv->sie_exit == SOFTUV_SIE_EXIT_WAIT) {
        guest_waits(blk, format_4);
        return ICPT_WAIT;
    }
    return ICPT_NONE;
}

/*
 * The host let a CPU of a guest into SIE that is being dumped: machine/run
 * takes that line for a failure of our kernel. The number is in "stats".
 */
static void report_dump_entry(S390Softuv *uv)
{
    struct softuv_totals totals;

    softuv_view(s390_softuv_chip, &totals);
    if (totals.dump_entries && !uv->dump_entry_reported) {
        uv->dump_entry_reported = true;
        warn_report("softuv: a CPU enters SIE while its configuration is being dumped");
    }
}

/* A guest of format 4 has its state in the Ultravisor, which is asked first. */
static uint8_t run_format_4(S390Softuv *uv, uint8_t *blk, uint64_t asce,
                            uint32_t *ipb)
{
    uint64_t cpu = ldq_be_p(blk + SIE_HANDLE_CPU);
    uint64_t conf = ldq_be_p(blk + SIE_HANDLE_CONFIG);
    uint32_t prefix = ldl_be_p(blk + SIE_PREFIX) & SIE_PREFIX_MASK;
    uint8_t code = ICPT_PV_PREFIX;
    int why;

    why = softuv_sie_enter(s390_softuv_chip, cpu, conf, asce, NULL);
    if (why) {
        *ipb = (uint32_t)why << 16;
        return ICPT_VALIDITY;
    }
    report_dump_entry(uv);
    if (softuv_guest_page_present(s390_softuv_chip, conf, prefix) &&
        softuv_guest_page_present(s390_softuv_chip, conf,
                                  prefix + TARGET_PAGE_SIZE)) {
        code = leave(uv, blk, true);
    }
    softuv_sie_leave(s390_softuv_chip, cpu);
    return code;
}

/* The program interruption for a bad operand, or 0. */
static int check_block(CPUS390XState *env, uint64_t addr, hwaddr block)
{
    if (block & SIE_BLOCK_ALIGN) {
        return PGM_SPECIFICATION;
    }
    if (!mmu_absolute_addr_valid(block, true)) {
        return PGM_ADDRESSING;
    }
    if (s390_softuv_denies(block)) {
        uint64_t tec = addr & TARGET_PAGE_MASK;
        int pgm = s390_softuv_fault(block, &tec);

        s390_store_tec(env, pgm, tec);
        return pgm;
    }
    return 0;
}

/* Enter and leave at once: what the host finds is written here. */
static void null_sie(CPUS390XState *env, S390Softuv *uv, hwaddr block,
                     uint8_t *blk)
{
    uint32_t flags = ldl_be_p(blk + SIE_CPUFLAGS), ipb = 0;
    uint8_t sdf = ldub_p(blk + SIE_SDF), code;

    qemu_mutex_lock_iothread();
    if (sdf == SIE_SDF_FORMAT_4) {
        code = run_format_4(uv, blk, env->cregs[1], &ipb);
    } else {
        code = leave(uv, blk, false);
    }
    stw_be_p(blk + SIE_IHCPU, env->core_id);
    if (code != ICPT_NONE) {
        stw_be_p(blk + SIE_IPA, 0);
        stl_be_p(blk + SIE_IPB, ipb);
        stb_p(blk + SIE_ICPTCODE, code);
    }
    qatomic_inc(&uv->sie_exits[code]);
    qemu_mutex_unlock_iothread();
    trace_softuv_sie(block, sdf, flags, code, ipb, env_cpu(env)->cpu_index);
}

/* Where the machine has the description, which check_block() found good. */
static uint8_t *map_block(hwaddr block)
{
    hwaddr len = SIE_BLOCK_SIZE, offset;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(&address_space_memory, block, &offset, &len,
                                 true, MEMTXATTRS_UNSPECIFIED);
    return (uint8_t *)memory_region_get_ram_ptr(mr) + offset;
}

static void validity(S390Softuv *uv, uint8_t *blk, unsigned int reason)
{
    stl_be_p(blk + SIE_IPB, reason << 16);
    stb_p(blk + SIE_ICPTCODE, ICPT_VALIDITY);
    qatomic_inc(&uv->sie_exits[ICPT_VALIDITY]);
}

/* A protected guest, which the Ultravisor lets in. True: it executes. */
static bool enter_secure(CPUS390XState *env, hwaddr block, uint8_t *blk,
                         unsigned int ilen)
{
    SieEntry entry;
    unsigned int reason;

    memcpy(entry.asked, blk, sizeof(entry.asked));
    qemu_mutex_lock_iothread();
    reason = softuv_sie_enter(s390_softuv_chip,
                              ldq_be_p(entry.asked + SIE_HANDLE_CPU),
                              ldq_be_p(entry.asked + SIE_HANDLE_CONFIG),
                              env->cregs[1], &entry.secure);
    if (!reason) {
        report_dump_entry(s390_softuv_object());
        reason = s390_sie_secure_refuses(env, &entry);
        if (reason) {
            softuv_sie_leave(s390_softuv_chip, entry.secure.cpu);
        }
    }
    qemu_mutex_unlock_iothread();
    if (reason) {
        validity(s390_softuv_object(), blk, reason);
        return false;
    }
    s390_sie_enter(env, block, blk, ilen, &entry);
    return true;
}

/* Returns to the main loop: the guest executes then, or the host behind SIE. */
void HELPER(sie)(CPUS390XState *env, uint64_t addr, uint32_t ilen)
{
    S390Softuv *uv = s390_softuv_object();
    unsigned int reason;
    uint8_t *blk;
    hwaddr block;
    int pgm;

    if (!uv || uv->sie_mode == SOFTUV_SIE_OFF || !s390_softuv_chip ||
        !s390_has_feat(S390_FEAT_SIE_F2)) {
        tcg_s390_program_interrupt(env, PGM_OPERATION, GETPC());
    }
    if (env->psw.mask & PSW_MASK_PSTATE) {
        tcg_s390_program_interrupt(env, PGM_PRIVILEGED, GETPC());
    }
    block = mmu_real2abs(env, addr);
    pgm = check_block(env, addr, block);
    if (pgm) {
        tcg_s390_program_interrupt(env, pgm, GETPC());
    }

    qatomic_inc(&uv->sie_entries);
    blk = map_block(block);
    if (uv->sie_mode == SOFTUV_SIE_NULL) {
        null_sie(env, uv, block, blk);
        env->psw.addr += ilen;
    } else if (ldub_p(blk + SIE_SDF) == SIE_SDF_FORMAT_4) {
        env->psw.addr += enter_secure(env, block, blk, ilen) ? 0 : ilen;
    } else if ((reason = s390_sie_inconsistent(blk))) {
        validity(uv, blk, reason);
        env->psw.addr += ilen;
    } else {
        s390_sie_enter(env, block, blk, ilen, NULL);
    }
    cpu_loop_exit_noexc(env_cpu(env));
}

void s390_sie_count_exit(CPUS390XState *env, uint8_t code)
{
    const S390Sie *sie = env->sie;

    qatomic_inc(&s390_softuv_object()->sie_exits[code]);
    trace_softuv_sie_exit(sie->block, code, lduw_be_p(sie->blk + SIE_IPA),
                          ldl_be_p(sie->blk + SIE_IPB),
                          ldq_be_p(sie->blk + SIE_GPSW_MASK),
                          ldq_be_p(sie->blk + SIE_GPSW_ADDR),
                          env_cpu(env)->cpu_index);
}

bool s390_sie_flush_always(void)
{
    return s390_softuv_object()->sie_flush;
}

/* " exits=0x00:3,0x04:12" */
static void append_exits(GString *reply, const S390Softuv *uv)
{
    const char *before = " exits=";
    int i;

    for (i = 0; i < ARRAY_SIZE(uv->sie_exits); i++) {
        if (uv->sie_exits[i]) {
            g_string_append_printf(reply, "%s0x%02x:%zu", before, i,
                                   uv->sie_exits[i]);
            before = ",";
        }
    }
}

static char *sie_state(const S390Softuv *uv)
{
    GString *reply = g_string_new(NULL);

    g_string_printf(reply, "ok sie=%s exit=%s entries=%zu",
                    s390_softuv_sie_modes[uv->sie_mode],
                    exit_names[uv->sie_exit], uv->sie_entries);
    append_exits(reply, uv);
    return g_string_free(reply, false);
}

/*
 * "sie": what it does; "sie exit=null|wait|stop": how the null SIE leaves;
 * "sie flush=on|off": whether each entry drops the guest's translations.
 */
char *s390_softuv_sie_command(S390Softuv *uv, const char *args)
{
    g_autofree char *arg = g_strstrip(g_strdup(args));
    int i;

    if (!*arg) {
        return sie_state(uv);
    }
    if (uv->sie_mode == SOFTUV_SIE_OFF) {
        return g_strdup("error: sie: the machine was started with sie=off");
    }
    if (!strcmp(arg, "flush=on") || !strcmp(arg, "flush=off")) {
        uv->sie_flush = !strcmp(arg, "flush=on");
        return g_strdup_printf("ok %s", arg);
    }
    for (i = 0; i < SOFTUV_SIE_EXIT__MAX; i++) {
        if (g_str_has_prefix(arg, "exit=") && !strcmp(arg + 5, exit_names[i])) {
            uv->sie_exit = i;
            return g_strdup_printf("ok exit=%s", exit_names[i]);
        }
    }
    return g_strdup("error: sie: use exit=null, exit=wait, exit=stop, flush=on "
                    "or flush=off");
}
