// SPDX-License-Identifier: GPL-2.0-or-later
/* The help of "pvdump take", which every machine can show. */
#include "pvdump.h"

const char take_help[] =
"Usage: pvdump take --image IMAGE --mem SIZE -o OUT [OPTION...]\n"
"Start a protected VM from a Secure Execution boot image and dump it with KVM_PV_DUMP.\n"
"No guest instruction is executed: the VM is dumped in the state its header defines.\n"
"\n"
"Options:\n"
"      --image FILE        boot image (seimage create, genprotimg, pvimg)\n"
"      --mem SIZE          guest memory, a multiple of 1M; suffixes K, M, G\n"
"      --vcpus N           number of vCPUs (1)\n"
"  -o, --output FILE       dump to write; it gets its name when it is complete\n"
"      --second-dump FILE  take another dump of the same VM after the others\n"
"      --repeat N          take N dumps: OUT, OUT.2, OUT.3 ...\n"
"      --piece-mib N       MiB of memory per storage-state request (256)\n"
"      --mem-backing HOW   anon (default), shm, or file=PATH: a new file, removed again\n"
"      --before-dump CMD   run CMD with the shell before each dump (for tests)\n"
"  -h, --help              show this text\n"
"\n"
"While a dump is written its name ends in .partial; an interrupted one is removed. Needs a KVM host\n"
"on IBM Z with an Ultravisor, or the emulated one.\n"
"\n"
"Exit status: 0 dump written, 1 failed, 2 usage.\n";
