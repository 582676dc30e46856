/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when the machine reaches for secure storage, also on the
 * paths that have no program interruption to report it: prefix area and DMA.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/error-report.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "hw/boards.h"
#include "hw/virtio/virtio.h"
#include "softuv-int.h"
#include "s390-sie.h"
#include "sie-int.h"
#include "trace.h"

struct softuv *s390_softuv_chip;

int s390_softuv_fault(hwaddr abs, uint64_t *tec)
{
    *tec |= SOFTUV_TEID_ADDR_VALID;
    trace_softuv_fault(abs, *tec);
    return PGM_SECURE_ACCESS;
}

/* Written by the interruption handlers, never read by anybody. */
static LowCore lost;

bool s390_softuv_is_lost(const LowCore *lowcore)
{
    return lowcore == &lost || s390_sie_is_lowcore(lowcore);
}

hwaddr s390_softuv_psa(CPUS390XState *env)
{
    if (env->sie_flags) {
        return s390_sie_prefix(env);
    }
    return unlikely(s390_softuv_denies(env->psa)) ? SOFTUV_NO_STORAGE : env->psa;
}

void s390_store_tec(CPUS390XState *env, int excp, uint64_t tec)
{
    if (excp & SIE_HOST_FAULT) {
        env->sie->host_tec = tec;
    } else if (excp != PGM_ADDRESSING) {
        stq_phys(env_cpu(env)->as,
                 s390_softuv_psa(env) + offsetof(LowCore, trans_exc_code), tec);
    }
}

LowCore *s390_softuv_lost_lowcore(CPUS390XState *env)
{
    const PSW psw = {
        .mask = cpu_to_be64(PSW_MASK_WAIT | PSW_MASK_64 | PSW_MASK_32),
        .addr = cpu_to_be64(SOFTUV_LOST_PREFIX),
    };

    if (env->sie_flags) {
        return s390_sie_lowcore(env);
    }
    if (likely(!s390_softuv_denies(env->psa) &&
               !s390_softuv_denies(env->psa + TARGET_PAGE_SIZE))) {
        return NULL;
    }
    qemu_log_mask(LOG_GUEST_ERROR, "softuv: CPU %u: prefix area 0x%" PRIx64
                  " is secure storage: no interruption can be taken\n",
                  env->core_id, env->psa);
    lost.restart_new_psw = psw;
    lost.external_new_psw = psw;
    lost.svc_new_psw = psw;
    lost.program_new_psw = psw;
    lost.mcck_new_psw = psw;
    lost.io_new_psw = psw;
    return &lost;
}

/*
 * Storage that something other than a CPU is about to use by its absolute
 * address: nothing of it may move when one byte of it is secure.
 */
bool s390_softuv_refuse_dma(hwaddr abs, hwaddr len, bool is_write)
{
    hwaddr page;

    /* beyond the end of storage nothing is secure, and a length may lie */
    len = MIN(len, current_machine->ram_size);
    for (page = abs & TARGET_PAGE_MASK; page < abs + len;
         page += TARGET_PAGE_SIZE) {
        if (s390_softuv_denies(page)) {
            trace_softuv_dma(abs, len, is_write);
            error_report("softuv: device %s secure storage 0x%" HWADDR_PRIx
                         ", buffer 0x%" HWADDR_PRIx " length 0x%" HWADDR_PRIx
                         ": refused", is_write ? "writes" : "reads", page,
                         abs, len);
            return true;
        }
    }
    return false;
}

void s390_softuv_watch_dma(void)
{
    virtqueue_dma_denied = s390_softuv_refuse_dma;
}
