/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's s390x code may ask the socket of the software Ultravisor.
 */
#ifndef TARGET_S390X_SOFTUV_H
#define TARGET_S390X_SOFTUV_H

#include "exec/hwaddr.h"
#include "cpu-qom.h"
#include "softuv.h"
#include "equip.h"

#define TYPE_S390_SOFTUV "s390-softuv"

/* TEID bit 61: the address is valid (always so with UV feature MISC) */
#define SOFTUV_TEID_ADDR_VALID  0x4

/* The chip, or NULL: the machine then is stock QEMU. Set before CPUs run. */
extern struct softuv *s390_softuv_chip;

/* May the host not touch this absolute address? Any thread, no lock. */
static inline bool s390_softuv_denies(hwaddr abs)
{
    return unlikely(s390_softuv_chip) &&
           softuv_host_access(s390_softuv_chip, abs);
}

/* The same for a device's access, which is reported, as no interruption can be. */
bool s390_softuv_refuse_dma(hwaddr abs, hwaddr len, bool is_write);

static inline bool s390_softuv_denies_dma(hwaddr abs, hwaddr len,
                                          bool is_write)
{
    return unlikely(s390_softuv_chip) &&
           s390_softuv_refuse_dma(abs, len, is_write);
}

/* Note a denied access; completes *tec, returns the interruption code. */
int s390_softuv_fault(hwaddr abs, uint64_t *tec);

/* Take the features that the object brings out of a set of missing ones. */
void s390_softuv_offer_features(unsigned long *missing);

/* Every reset of the machine, with all CPUs paused. */
void s390_softuv_machine_reset(void);

/* Is this CPU unable to do work for another one now? With the big lock held. */
bool s390_softuv_cpu_busy(S390CPU *cpu);

/*
 * A prefix area that became secure cannot take an interruption.
 * s390_softuv_lost_lowcore() then returns a lowcore whose new PSWs are
 * disabled waits with address SOFTUV_LOST_PREFIX, else NULL.
 * s390_softuv_psa() returns where to store parameters of an interruption:
 * the prefix area, or an address without storage.
 */
#define SOFTUV_LOST_PREFIX      0x53550000
/* Stores there have no effect: no machine has so much storage. */
#define SOFTUV_NO_STORAGE       (1ull << 60)
hwaddr s390_softuv_psa(CPUS390XState *env);
struct LowCore *s390_softuv_lost_lowcore(CPUS390XState *env);
bool s390_softuv_is_lost(const struct LowCore *lowcore);

/* HMP "info softuv" */
void hmp_info_softuv(Monitor *mon, const QDict *qdict);

#endif /* TARGET_S390X_SOFTUV_H */
