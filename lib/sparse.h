/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holes of sparse files, which need not be read. */
#ifndef TOOLS_SPARSE_H
#define TOOLS_SPARSE_H

#include "common.h"

/*
 * struct sparse - where a file has data
 * @fd: open file
 * @data, @end: the stretch of data that was found last; before @data is a hole
 */
struct sparse {
	int fd;
	uint64_t data, end;
};

/**
 * sparse_init() - look at a file from its beginning
 * @s: filled
 * @fd: open file; its offset is moved by sparse_hole()
 */
void sparse_init(struct sparse *s, int fd);
/**
 * sparse_hole() - is this range a hole?
 * @s: file; offsets must not go down from call to call
 * @off: first byte
 * @len: bytes
 *
 * What lies behind the end of the file is a hole, too. Where the file system does not tell, every
 * byte of the file is data.
 * Return: true when the range reads as zeros without being read.
 */
bool sparse_hole(struct sparse *s, uint64_t off, uint64_t len);

#endif /* TOOLS_SPARSE_H */
