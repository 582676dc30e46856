// SPDX-License-Identifier: GPL-2.0-or-later
/* The help of "pvdump decrypt", which every machine can show. */
#include "pvdump.h"

const char decrypt_help[] =
"Usage: pvdump decrypt FILE -k CCK [-k CCK...] -o VMCORE\n"
"   or: pvdump decrypt FILE -k CCK [-k CCK...] --check\n"
"Verify a dump of a protected VM with the owner's key and write its memory and registers as an\n"
"ELF vmcore, as zgetdump -f elf does. No other machine is needed for it.\n"
"\n"
"Options:\n"
"  -k, --key CCK       the customer communication key of the image, 32 bytes; repeatable: the\n"
"                      first one that fits is used (a tenant may have replaced the image's)\n"
"  -o, --output FILE   vmcore; it gets its name when it is complete; only its owner may read it\n"
"      --check         verify, write nothing\n"
"  -j, --jobs N        threads, default: one for each CPU\n"
"  -h, --help          show this text\n"
"\n"
"The completion data and the data of every vCPU are authenticated before anything is written.\n"
"Memory pages are not protected against changes: one that was modified becomes other bytes.\n"
"Zero pages are holes in VMCORE. The VMCOREINFO of a Linux guest is added when it has published\n"
"it, for crash and drgn.\n"
"\n"
"Exit status: 0 done, 1 failed and no VMCORE, 2 usage.\n";
