/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the declarations of pvdump's verbs.
 * Never a format.
 */
#ifndef PVDUMP_H
#define PVDUMP_H

int cmd_take(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_decrypt(int argc, char **argv);

#endif /* PVDUMP_H */
