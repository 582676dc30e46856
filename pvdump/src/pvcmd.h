/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The declarations of the KVM_S390_PV_COMMAND wrappers that start and end a protected VM.
 */
#ifndef PVCMD_H
#define PVCMD_H

#include "pvvm.h"

int pvcmd_enable(struct pvvm *v, struct fail *f);
int pvcmd_info(struct pvvm *v, struct fail *f);
int pvcmd_set_parms(struct pvvm *v, const uint8_t *hdr, uint32_t len, struct fail *f);
int pvcmd_unpack(struct pvvm *v, uint32_t n, const struct seimg_comp *c, struct fail *f);
int pvcmd_verify(struct pvvm *v, struct fail *f);
/* vCPU 0 to state LOAD (it takes the PSW of the SE header), then OPERATING. */
int pvcmd_load(struct pvvm *v, struct fail *f);
int pvcmd_abandon_dump(struct pvvm *v, struct fail *f);
int pvcmd_disable(struct pvvm *v, struct fail *f);

#endif /* PVCMD_H */
