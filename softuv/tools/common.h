/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what the image and dump tools share: byte order, errors, numbers, whole files, output files.
 * Never interprets a format.
 */
#ifndef TOOLS_COMMON_H
#define TOOLS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	4096u
#define MIB		(1024u * 1024u)

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SKIPPED = 4 };

static inline uint16_t get16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t get32(const void *p)
{
	return (uint32_t)get16(p) << 16 | get16((const uint8_t *)p + 2);
}

static inline uint64_t get64(const void *p)
{
	return (uint64_t)get32(p) << 32 | get32((const uint8_t *)p + 4);
}

static inline void put16(void *p, uint16_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static inline void put32(void *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16((uint8_t *)p + 2, (uint16_t)v);
}

static inline void put64(void *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32((uint8_t *)p + 4, (uint32_t)v);
}

/**
 * struct fail - one error, built where it is found and printed by the program
 * @text: "<object>: <what failed>: <why>" without newline
 * @hint: what the user can do, or ""
 */
struct fail {
	char text[512];
	char hint[256];
};

/* Fill @f (text, no hint). Return: always -1, so that callers can return it. */
__attribute__((format(printf, 2, 3)))
int fail_set(struct fail *f, const char *fmt, ...);
/* Add a hint to @f. Return: always -1. */
__attribute__((format(printf, 2, 3)))
int fail_hint(struct fail *f, const char *fmt, ...);
/* Print "<program>: <text>" and the hint line to stderr. Return: EXIT_FAILED. */
int fail_print(const struct fail *f);

/* Name printed in front of every message. */
extern const char *program;
/* Print "<program>: <text>" and a pointer to --help to stderr, exit with EXIT_USAGE. */
__attribute__((format(printf, 1, 2), noreturn))
void usage_die(const char *fmt, ...);

/**
 * parse_u64() - unsigned number, decimal or 0x hex, with an optional K, M, G or T (powers of 1024)
 * Return: 0, or -1 when @s is not completely such a number or overflows 64 bits.
 */
int parse_u64(const char *s, uint64_t *v);

/* Hex digits of @len bytes into @out (2 * @len + 1 bytes). */
void hex_str(const uint8_t *p, size_t len, char *out);
/* Exactly @len bytes from 2 * @len hex digits. Return: 0 or -1. */
int hex_parse(const char *s, uint8_t *out, size_t len);

/**
 * read_whole_file() - read a regular file of at most @max bytes
 * @path: file
 * @max: limit in bytes
 * @len: set to the number of bytes read
 * @f: set on failure
 *
 * Return: malloc()ed bytes (never NULL on success, also for an empty file), or NULL.
 */
uint8_t *read_whole_file(const char *path, size_t max, size_t *len, struct fail *f);
/* Read exactly @len bytes, the whole file, into @buf. Return: 0 or -1 with @f set. */
int read_exact_file(const char *path, void *buf, size_t len, struct fail *f);
/* pread() all @len bytes; a short file is an error. Return: 0 or -1 with @f set. */
int pread_full(int fd, const char *path, void *buf, size_t len, uint64_t off, struct fail *f);

/**
 * struct outfile - a file that appears under its name only when it is complete
 * @path: final name
 * @tmp: name while it is written: "<path>.partial"
 * @fd: open descriptor, -1 when closed
 */
struct outfile {
	char *path;
	char *tmp;
	int fd;
};

int outfile_open(struct outfile *o, const char *path, struct fail *f);
/* Write all of @len bytes at offset @off. Return: 0 or -1 with @f set. */
int outfile_pwrite(struct outfile *o, const void *buf, size_t len, uint64_t off, struct fail *f);
/* fsync, rename to the final name, fsync the directory. On failure nothing is left behind. */
int outfile_commit(struct outfile *o, struct fail *f);
/* Close and remove the unfinished file; does nothing after a commit or before an open. */
void outfile_discard(struct outfile *o);

#endif /* TOOLS_COMMON_H */
