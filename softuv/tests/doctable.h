/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The document table: one row per Ultravisor call, made from softuv's own table.
 */
#ifndef SOFTUV_DOCTABLE_H
#define SOFTUV_DOCTABLE_H

#include <stddef.h>

/* Writes the Markdown table; returns its length, or 0 when @len bytes are too few. */
size_t doctable(char *out, size_t len);

#endif /* SOFTUV_DOCTABLE_H */
