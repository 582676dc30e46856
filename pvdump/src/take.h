/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between the options of "pvdump take" and the writer of one dump.
 */
#ifndef TAKE_H
#define TAKE_H

#include "pvvm.h"

/**
 * dump_write() - take one dump of a started VM in QEMU's order and write it to @path
 * @v: started VM, no dump active
 * @path: final name; exists only when the dump is complete
 * @piece_mib: MiB of guest memory per storage-state ioctl
 * @f: set on failure; @v->dumping tells whether the kernel's dump is still active
 *
 * Return: 0 or -1.
 */
int dump_write(struct pvvm *v, const char *path, uint64_t piece_mib, struct fail *f);

#endif /* TAKE_H */
