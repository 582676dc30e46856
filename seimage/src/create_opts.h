/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of "seimage create" and "seimage header". */
#ifndef CREATE_OPTS_H
#define CREATE_OPTS_H

#include "seimage.h"

/* Parts of the help that both verbs share. */
extern const char keys_help[];
/**
 * flags_help() - print the options for control flags
 */
void flags_help(void);

/**
 * create_parse() - options of a verb that makes a header, with their files read
 * @argc: arguments
 * @argv: from the name of the verb on
 * @help: prints the help of the verb
 * @o: filled
 * @f: set on failure
 *
 * A usage error or --help ends the program.
 * Return: 0 or -1.
 */
int create_parse(int argc, char **argv, void (*help)(void), struct create_opts *o, struct fail *f);

#endif /* CREATE_OPTS_H */
