/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what happens when the machine reaches for secure storage, also on the
 * paths that have no program interruption to report it: prefix area and DMA.
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
    return lowcore == &lost;
}

LowCore *s390_softuv_lost_lowcore(CPUS390XState *env)
{
    const PSW psw = {
        .mask = cpu_to_be64(PSW_MASK_WAIT | PSW_MASK_64 | PSW_MASK_32),
        .addr = cpu_to_be64(SOFTUV_LOST_PREFIX),
    };

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
 * Real hardware fails the channel program. Here the transfer takes place, and
 * says so: a host that lets a device reach secure storage is broken.
 */
static void check_dma(hwaddr abs, hwaddr len, bool is_write)
{
    hwaddr page;

    for (page = abs & TARGET_PAGE_MASK; page < abs + len;
         page += TARGET_PAGE_SIZE) {
        if (s390_softuv_denies(page)) {
            trace_softuv_dma(abs, len);
            qemu_log_mask(LOG_GUEST_ERROR, "softuv: device %s secure storage "
                          "0x%" HWADDR_PRIx ", buffer 0x%" HWADDR_PRIx
                          " length 0x%" HWADDR_PRIx "\n",
                          is_write ? "writes" : "reads", page, abs, len);
            return;
        }
    }
}

void s390_softuv_watch_dma(void)
{
    virtqueue_map_check = check_dma;
}
