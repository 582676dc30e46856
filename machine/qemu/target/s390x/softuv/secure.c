/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what happens when the machine reaches for secure storage on a path
 * that has no program interruption to report it with: prefix area and DMA.
 * Never decides which storage is secure.
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "cpu.h"
#include "s390x-internal.h"
#include "hw/virtio/virtio.h"
#include "softuv-int.h"
#include "trace.h"

struct softuv *s390_softuv_chip;

/* Written by the interruption handlers, never read by anybody. */
static LowCore lost;

bool s390_softuv_is_lost(const LowCore *lowcore)
{
    return lowcore == &lost;
}

LowCore *s390_softuv_lost_lowcore(CPUS390XState *env)
{
    const PSW psw = {
        .mask = cpu_to_be64(PSW_MASK_WAIT | PSW_MASK_64 | PSW_MASK_32),
        .addr = cpu_to_be64(SOFTUV_LOST_PREFIX),
    };

    if (!s390_softuv_denies(env->psa) &&
        !s390_softuv_denies(env->psa + TARGET_PAGE_SIZE)) {
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
