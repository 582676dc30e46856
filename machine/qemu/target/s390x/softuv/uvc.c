/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * * Executes ULTRAVISOR CALL: exceptions, atomicity, the ops of softuv.
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/guest-random.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "exec/address-spaces.h"
#include "hw/boards.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/cpus.h"
#include "tcg/tcg_s390x.h"
#include "softuv-int.h"
#include "s390-sie.h"
#include "trace.h"

/* A sleeping CPU looks this often whether something is wanted of it. */
#define DELAY_SLICE_US  10000

static uint64_t wrap(const CPUS390XState *env, uint64_t va)
{
    if (env->psw.mask & PSW_MASK_64) {
        return va;
    }
    return va & (env->psw.mask & PSW_MASK_32 ? 0x7fffffff : 0x00ffffff);
}

/* Access registers are not modelled, for instructions neither: ALET 0. */
static uint64_t current_space(const CPUS390XState *env)
{
    uint64_t asc = env->psw.mask & PSW_MASK_ASC;

    return asc == PSW_ASC_ACCREG ? PSW_ASC_PRIMARY : asc;
}

/* With DAT off logical addresses are real, whatever the PSW says of spaces. */
static int op_translate(void *opaque, void *cpu, enum softuv_space space,
                        uint64_t va, bool write, uint64_t *abs)
{
    S390Softuv *uv = opaque;
    CPUS390XState *env = cpu;
    target_ulong page;
    uint64_t tec = 0;
    uint64_t asc = space == SOFTUV_SPACE_HOME ? PSW_ASC_HOME
                                              : current_space(env);
    int flags, exc;

    va = wrap(env, va);
    exc = mmu_translate(env, va, write ? MMU_DATA_STORE : MMU_DATA_LOAD,
                        asc, &page, &flags, &tec);
    if (exc) {
        uv->fail_pgm = exc;
        uv->fail_va = va;
        uv->fail_tec = tec;
        return exc;
    }
    *abs = page | (va & ~TARGET_PAGE_MASK);
    return 0;
}

static bool in_storage(uint64_t abs, size_t len)
{
    uint64_t size = current_machine->ram_size;

    return abs <= size && len <= size - abs;
}

static int op_read(void *opaque, uint64_t abs, void *buf, size_t len)
{
    if (!in_storage(abs, len) ||
        address_space_read(&address_space_memory, abs, MEMTXATTRS_UNSPECIFIED,
                           buf, len) != MEMTX_OK) {
        return -1;
    }
    return 0;
}

/* Also drops translated code and marks the page dirty. */
static int op_write(void *opaque, uint64_t abs, const void *buf, size_t len)
{
    if (!in_storage(abs, len) ||
        address_space_write(&address_space_memory, abs, MEMTXATTRS_UNSPECIFIED,
                            buf, len) != MEMTX_OK) {
        return -1;
    }
    return 0;
}

static int op_random(void *opaque, void *buf, size_t len)
{
    return qemu_guest_getrandom(buf, len, NULL) < 0 ? -1 : 0;
}

/*
 * Virtual aliases of the page are not known, so everything goes, once, at the
 * end of the call or command.
 */
static void op_restrict_access(void *opaque, enum softuv_party who,
                               uint64_t abs, uint64_t len)
{
    S390Softuv *uv = opaque;

    uv->flush[who] = true;
}

static uint16_t flush_mask(S390Softuv *uv)
{
    uint16_t mask = uv->flush[SOFTUV_HOST] ? MMU_HOST_MASK | MMU_GUEST_MASK : 0;

    if (uv->flush[SOFTUV_GUEST] && s390_sie_used) {
        mask |= MMU_GUEST_MASK;
    }
    memset(uv->flush, 0, sizeof(uv->flush));
    return mask;
}

static bool op_others_running(void *opaque)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        if (cs != current_cpu &&
            S390_CPU(cs)->env.cpu_state != S390_CPU_STATE_STOPPED) {
            return true;
        }
    }
    return false;
}

static uint64_t op_prefix(void *opaque, void *cpu)
{
    CPUS390XState *env = cpu;

    return env->psa;
}

const struct softuv_ops s390_softuv_ops = {
    .size = sizeof(s390_softuv_ops),
    .translate = op_translate,
    .read = op_read,
    .write = op_write,
    .random = op_random,
    .restrict_access = op_restrict_access,
    .others_running = op_others_running,
    .prefix = op_prefix,
};

/*
 * After a call: for another thread's CPU this queues the flush and kicks it;
 * the CPU is outside of translated code now, see HELPER(uvc), and handles its
 * queue before it returns there.
 */
static void flush_after_call(S390Softuv *uv, CPUState *src)
{
    uint16_t mask = flush_mask(uv);
    CPUState *cs;

    if (mask) {
        g_assert(!(src->tcg_cflags & CF_PARALLEL) ||
                 cpu_in_exclusive_context(src));
        trace_softuv_flush(src->cpu_index);
        CPU_FOREACH(cs) {
            tlb_flush_by_mmuidx(cs, mask);
        }
    }
}

static void flush_work(CPUState *cs, run_on_cpu_data mask)
{
    tlb_flush_by_mmuidx(cs, mask.host_int);
}

/* After a text command, which runs beside the CPUs: wait for each of them. */
void s390_softuv_flush_after_command(S390Softuv *uv)
{
    uint16_t mask = flush_mask(uv);
    CPUState *cs;

    if (mask) {
        trace_softuv_flush(-1);
        CPU_FOREACH(cs) {
            run_on_cpu(cs, flush_work, RUN_ON_CPU_HOST_INT(mask));
        }
    }
}

/*
 * Work item of a CPU: the call takes until @data.target_ptr (monotonic time),
 * other CPUs and the monitor go on. Other work of this CPU comes first.
 */
static void delay_work(CPUState *cs, run_on_cpu_data data)
{
    int64_t end = data.target_ptr;
    int64_t left = 0;

    qemu_mutex_unlock_iothread();
    while (!qatomic_read(&cs->stop) && cpu_work_list_empty(cs) &&
           (left = end - g_get_monotonic_time()) > 0) {
        g_usleep(MIN(left, DELAY_SLICE_US));
    }
    qemu_mutex_lock_iothread();
    if (left > 0 && !cpu_work_list_empty(cs)) {
        async_run_on_cpu(cs, delay_work, data);
    }
}

static void delay(CPUState *cs, uint32_t us)
{
    /* With an instruction counter, time is instructions: nothing to wait. */
    if (us && !icount_enabled()) {
        trace_softuv_delay(us, cs->cpu_index);
        async_run_on_cpu(cs, delay_work,
                         RUN_ON_CPU_TARGET_PTR(g_get_monotonic_time() + us));
    }
}

/* Translation exceptions leave their identification in the lowcore. */
static void store_teid(CPUS390XState *env, S390Softuv *uv,
                       const struct softuv_result *res)
{
    uint64_t tec;

    if (res->pgm == PGM_ADDRESSING || res->pgm == PGM_SPECIFICATION) {
        return;
    }
    if (res->pgm == (uint16_t)uv->fail_pgm &&
        !((res->pgm_va ^ uv->fail_va) & TARGET_PAGE_MASK)) {
        tec = uv->fail_tec;
    } else {
        tec = (res->pgm_va & TARGET_PAGE_MASK) | SOFTUV_TEID_ADDR_VALID |
              (current_space(env) >> PSW_SHIFT_ASC);
    }
    stq_phys(env_cpu(env)->as,
             s390_softuv_psa(env) + offsetof(LowCore, trans_exc_code), tec);
}

/*
 * Repeat the instruction while no other CPU runs. A CPU that waits for this
 * does no work for others: one that executes SIGP would wait for it, and it
 * for that CPU. So do what is queued first, and have SIGP answer "busy" from
 * now on; the big lock makes it see one or the other.
 */
static G_NORETURN void execute_alone(S390Softuv *uv, CPUState *cs,
                                     uintptr_t ra)
{
    CPUS390XState *env = &S390_CPU(cs)->env;
    bool idle;

    cpu_restore_state(cs, ra);
    qemu_mutex_lock_iothread();
    idle = cpu_work_list_empty(cs);
    if (idle) {
        /* the address tells a CPU that still waits from one that got lost */
        uv->alone_at[env->core_id] = env->psw.addr | 1;
    }
    qemu_mutex_unlock_iothread();
    if (!idle) {
        cpu_exit(cs);
        cpu_loop_exit_noexc(cs);
    }
    cpu_loop_exit_atomic(cs, 0);
}

bool s390_softuv_cpu_busy(S390CPU *cpu)
{
    S390Softuv *uv = s390_softuv_object();

    return uv && uv->alone_at[cpu->env.core_id] == (cpu->env.psw.addr | 1);
}

/* @m34: the fields which a future ULTRAVISOR CALL may give a meaning */
uint32_t HELPER(uvc)(CPUS390XState *env, uint64_t uvcb, uint32_t m34)
{
    S390Softuv *uv = s390_softuv_object();
    struct softuv_result res = { };
    CPUState *cs = env_cpu(env);
    uintptr_t ra = GETPC();

    if (!s390_softuv_chip || !s390_has_feat(S390_FEAT_UVC)) {
        tcg_s390_program_interrupt(env, PGM_OPERATION, ra);
    }
    if (env->psw.mask & PSW_MASK_PSTATE) {
        tcg_s390_program_interrupt(env, PGM_PRIVILEGED, ra);
    }
    if (m34) {
        tcg_s390_program_interrupt(env, PGM_SPECIFICATION, ra);
    }
    /*
     * No CPU may use a translation that the call invalidates, or see a page
     * half encrypted: execute while all others are stopped.
     */
    if ((cs->tcg_cflags & CF_PARALLEL) && !cpu_in_exclusive_context(cs)) {
        execute_alone(uv, cs, ra);
    }

    qemu_mutex_lock_iothread();
    uv->alone_at[env->core_id] = 0;
    uv->fail_pgm = 0;
    if (s390_sie_secure(env)) {
        softuv_guest_call(s390_softuv_chip, env, s390_sie_cpu_handle(env), uvcb,
                          &res);
    } else {
        softuv_call(s390_softuv_chip, env, uvcb, &res);
    }
    flush_after_call(uv, cs);
    delay(cs, res.delay_us);
    if (res.pgm && !env->sie_flags) {
        store_teid(env, uv, &res);
    }
    qemu_mutex_unlock_iothread();

    if (s390_sie_secure(env)) {
        s390_sie_secure_called(env, uvcb, &res, uv->fail_pgm, uv->fail_tec, ra);
    }
    if (res.pgm) {
        trace_softuv_call_pgm(res.cmd, res.pgm, res.pgm_va, cs->cpu_index);
        tcg_s390_program_interrupt(env, res.pgm, ra);
    }
    trace_softuv_call(res.cmd, res.name, res.cc, res.rc, res.rrc,
                      cs->cpu_index);
    return res.cc;
}

/*
 * PERFORM LOCKED OPERATION exists on every machine that has SIE, and KVM asks
 * for each of its functions. None is installed here, which the test function
 * says and which makes any other use a specification exception.
 */
uint32_t HELPER(plo)(CPUS390XState *env)
{
    if (!s390_has_feat(S390_FEAT_SIE_F2)) {
        tcg_s390_program_interrupt(env, PGM_OPERATION, GETPC());
    }
    if (!(env->regs[0] & 0x100)) {
        tcg_s390_program_interrupt(env, PGM_SPECIFICATION, GETPC());
    }
    return 3;
}
