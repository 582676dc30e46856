/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The null SIE: START INTERPRETIVE EXECUTION that enters and leaves.
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
#include "trace.h"

/* Fields of the state description (struct kvm_s390_sie_block of Linux) */
#define SIE_CPUFLAGS        0x000   /* u32 */
#define SIE_PREFIX          0x004   /* u32 */
#define SIE_HANDLE_CPU      0x010   /* u64, format 4 */
#define SIE_HANDLE_CONFIG   0x018   /* u64, format 4 */
#define SIE_ICPTCODE        0x050   /* u8 */
#define SIE_IHCPU           0x052   /* u16 */
#define SIE_IPA             0x056   /* u16 */
#define SIE_IPB             0x058   /* u32 */
#define SIE_SDF             0x068   /* u8 */
#define SIE_GPSW_MASK       0x090   /* u64 */
#define SIE_GCR0            0x100   /* u64 */

#define SIE_BLOCK_ALIGN     0x1ff
#define SIE_BLOCK_SIZE      512

#define CPUFLAG_STOP_INT    0x04000000
#define CPUFLAG_IO_INT      0x02000000
#define CPUFLAG_EXT_INT     0x01000000

#define SIE_PREFIX_MASK     0x7fffe000
#define SIE_SDF_FORMAT_4    2

#define ICPT_NONE           0x00
#define ICPT_EXTREQ         0x10
#define ICPT_IOREQ          0x18
#define ICPT_WAIT           0x1c
#define ICPT_VALIDITY       0x20
#define ICPT_STOP           0x28
#define ICPT_PV_PREFIX      0x70

#define GCR0_TIMERS         (CR0_CKC_SC | CR0_CPU_TIMER_SC)

static const char *const exit_names[SOFTUV_SIE_EXIT__MAX] = {
    [SOFTUV_SIE_EXIT_NULL] = "null",
    [SOFTUV_SIE_EXIT_WAIT] = "wait",
    [SOFTUV_SIE_EXIT_STOP] = "stop",
};

static uint32_t blk_ldl(hwaddr block, unsigned int off)
{
    return address_space_ldl_be(&address_space_memory, block + off,
                                MEMTXATTRS_UNSPECIFIED, NULL);
}

static uint64_t blk_ldq(hwaddr block, unsigned int off)
{
    return address_space_ldq_be(&address_space_memory, block + off,
                                MEMTXATTRS_UNSPECIFIED, NULL);
}

static uint8_t blk_ldb(hwaddr block, unsigned int off)
{
    return address_space_ldub(&address_space_memory, block + off,
                              MEMTXATTRS_UNSPECIFIED, NULL);
}

static void blk_stb(hwaddr block, unsigned int off, uint8_t val)
{
    address_space_stb(&address_space_memory, block + off, val,
                      MEMTXATTRS_UNSPECIFIED, NULL);
}

static void blk_stw(hwaddr block, unsigned int off, uint16_t val)
{
    address_space_stw_be(&address_space_memory, block + off, val,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

static void blk_stl(hwaddr block, unsigned int off, uint32_t val)
{
    address_space_stl_be(&address_space_memory, block + off, val,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

static void blk_stq(hwaddr block, unsigned int off, uint64_t val)
{
    address_space_stq_be(&address_space_memory, block + off, val,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

/*
 * The guest sits in an enabled wait. KVM reads the masks from the block; with
 * a disabled wait it would hand the VCPU to user space as crashed. A guest of
 * format 4 shows only what KVM needs, and no timer that would end the wait.
 */
static void guest_waits(hwaddr block, bool format_4)
{
    uint64_t mask = blk_ldq(block, SIE_GPSW_MASK);

    blk_stq(block, SIE_GPSW_MASK, mask | PSW_MASK_EXT | PSW_MASK_IO |
            PSW_MASK_MCHECK | PSW_MASK_WAIT);
    if (format_4) {
        blk_stq(block, SIE_GCR0, blk_ldq(block, SIE_GCR0) & ~GCR0_TIMERS);
    }
}

/* The reason to leave: requests of the host first, then the rule. */
static uint8_t leave(S390Softuv *uv, hwaddr block, bool format_4)
{
    uint32_t flags = blk_ldl(block, SIE_CPUFLAGS);
    uint64_t mask = blk_ldq(block, SIE_GPSW_MASK);

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
        guest_waits(block, format_4);
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
static uint8_t run_format_4(S390Softuv *uv, hwaddr block, uint64_t asce,
                            uint32_t *ipb)
{
    uint64_t cpu = blk_ldq(block, SIE_HANDLE_CPU);
    uint64_t conf = blk_ldq(block, SIE_HANDLE_CONFIG);
    uint32_t prefix = blk_ldl(block, SIE_PREFIX) & SIE_PREFIX_MASK;
    uint8_t code = ICPT_PV_PREFIX;
    int why;

    why = softuv_sie_enter(s390_softuv_chip, cpu, conf, asce);
    if (why) {
        *ipb = (uint32_t)why << 16;
        return ICPT_VALIDITY;
    }
    report_dump_entry(uv);
    if (softuv_guest_page_present(s390_softuv_chip, conf, prefix) &&
        softuv_guest_page_present(s390_softuv_chip, conf,
                                  prefix + TARGET_PAGE_SIZE)) {
        code = leave(uv, block, true);
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

        stq_phys(env_cpu(env)->as,
                 s390_softuv_psa(env) + offsetof(LowCore, trans_exc_code), tec);
        return pgm;
    }
    return 0;
}

void HELPER(sie)(CPUS390XState *env, uint64_t addr)
{
    S390Softuv *uv = s390_softuv_object();
    CPUState *cs = env_cpu(env);
    uint32_t ipb = 0, flags;
    uint8_t sdf, code;
    hwaddr block;
    int pgm;

    if (!uv || !uv->sie_null || !s390_softuv_chip ||
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

    qemu_mutex_lock_iothread();
    uv->sie_entries++;
    flags = blk_ldl(block, SIE_CPUFLAGS);
    sdf = blk_ldb(block, SIE_SDF);
    if (sdf == SIE_SDF_FORMAT_4) {
        code = run_format_4(uv, block, env->cregs[1], &ipb);
    } else {
        code = leave(uv, block, false);
    }
    blk_stw(block, SIE_IHCPU, env->core_id);
    if (code != ICPT_NONE) {
        blk_stw(block, SIE_IPA, 0);
        blk_stl(block, SIE_IPB, ipb);
        blk_stb(block, SIE_ICPTCODE, code);
    }
    qemu_mutex_unlock_iothread();
    trace_softuv_sie(block, sdf, flags, code, ipb, cs->cpu_index);
}

/*
 * "sie": what it does; "sie exit=null|wait|stop": the rule for leaving.
 */
char *s390_softuv_sie_command(S390Softuv *uv, const char *args)
{
    g_autofree char *arg = g_strstrip(g_strdup(args));
    int i;

    if (!*arg) {
        return g_strdup_printf("ok sie=%s exit=%s entries=%" PRIu64,
                               uv->sie_null ? "null" : "off",
                               exit_names[uv->sie_exit], uv->sie_entries);
    }
    if (!uv->sie_null) {
        return g_strdup("error: sie: the machine was started with sie=off");
    }
    for (i = 0; i < SOFTUV_SIE_EXIT__MAX; i++) {
        if (g_str_has_prefix(arg, "exit=") && !strcmp(arg + 5, exit_names[i])) {
            uv->sie_exit = i;
            return g_strdup_printf("ok exit=%s", exit_names[i]);
        }
    }
    return g_strdup("error: sie: use exit=null, exit=wait or exit=stop");
}
