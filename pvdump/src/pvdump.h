/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of pvdump. */
#ifndef PVDUMP_H
#define PVDUMP_H

int cmd_take(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_decrypt(int argc, char **argv);

extern const char take_help[], decrypt_help[];

#endif /* PVDUMP_H */
