/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMM that is just enough for Linux: memory, vCPUs, a console by SCLP.
 */
#ifndef GUESTS_VMM_H
#define GUESTS_VMM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdint.h>

#define MEM_SIZE	(256ul << 20)
#define MAX_VCPUS	8u

struct vcpu {
	unsigned int id;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	int started;		/* by a SIGP of another vCPU; under vmm.lock */
};

struct vmm {
	int fd;
	uint8_t *mem;
	unsigned int nr;
	int storm;		/* is the guest to be disturbed? */
	struct vcpu vcpus[MAX_VCPUS];
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

/*
 * SERVICE CALL: execute a command on the block at a guest real address.
 * Returns the condition code; with 0 an interruption is due.
 */
int sclp_call(struct vmm *vmm, uint32_t command, uint64_t sccb);

/* Threads that disturb the guest; what they did is printed. Returns an error number. */
int storm_begin(struct vmm *vmm);
void storm_end(void);

#endif /* GUESTS_VMM_H */
