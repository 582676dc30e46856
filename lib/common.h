/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image and dump tools share: byte order, messages, verbs, numbers, whole files. */
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

/*
 * struct fail - one error, built where it is found and printed by the program
 * @text: "<object>: <what failed>: <why>" without newline
 * @hint: what the user can do, or ""
 */
struct fail {
	char text[512];
	char hint[256];
};

/**
 * fail_set() - fill an error, without hint
 * @f: error
 * @fmt: printf format of "<object>: <what failed>: <why>"
 *
 * Return: always -1, so that callers can return it.
 */
__attribute__((format(printf, 2, 3)))
int fail_set(struct fail *f, const char *fmt, ...);
/**
 * fail_hint() - add a hint to an error
 * @f: error, filled by fail_set()
 * @fmt: printf format of what the user can do
 *
 * Return: always -1.
 */
__attribute__((format(printf, 2, 3)))
int fail_hint(struct fail *f, const char *fmt, ...);
/**
 * fail_print() - print an error and its hint to stderr
 * @f: error
 *
 * Return: EXIT_FAILED.
 */
int fail_print(const struct fail *f);

/* Name printed in front of every message. */
extern const char *program;
/**
 * program_start() - first call of main()
 * @name: name of the program
 *
 * Every exit() checks that standard output was written, and fails with EXIT_FAILED when not.
 */
void program_start(const char *name);
/**
 * usage_die() - print a message and the help that answers it to stderr, exit with EXIT_USAGE
 * @fmt: printf format
 */
__attribute__((format(printf, 1, 2), noreturn))
void usage_die(const char *fmt, ...);

/*
 * struct verb - one thing that a program can do
 * @name: first argument that picks it
 * @run: gets the arguments from @name on; its result is the exit status
 * @text: one line for the help
 */
struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
};

/*
 * struct about - what the help and --version say of a program
 * @version: its version
 * @what: what it is for, one line
 * @more: text behind the list of verbs, "" for nothing
 */
struct about {
	const char *version, *what, *more;
};

/**
 * run_verb() - main() of a program with verbs: the one that is named, help or version
 * @verbs: table
 * @nr: its length
 * @a: texts
 * @argc: of main()
 * @argv: of main()
 *
 * Return: exit status; with an unknown verb it does not return.
 */
int run_verb(const struct verb *verbs, size_t nr, const struct about *a, int argc, char **argv);

/**
 * parse_u64() - unsigned number, decimal or 0x hex, with an optional K, M, G or T (powers of 1024)
 * @s: text
 * @v: set on success
 *
 * Return: 0, or -1 when @s is not completely such a number or overflows 64 bits.
 */
int parse_u64(const char *s, uint64_t *v);

/**
 * hex_str() - hex digits of bytes
 * @p: bytes
 * @len: their number
 * @out: result, 2 * @len + 1 bytes
 */
void hex_str(const uint8_t *p, size_t len, char *out);
/**
 * hex_parse() - bytes from hex digits
 * @s: exactly 2 * @len hex digits
 * @out: result, @len bytes
 * @len: number of bytes
 *
 * Return: 0, or -1 when @s is something else.
 */
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
/**
 * read_exact_file() - read a file of exactly the expected size
 * @path: regular file
 * @buf: result
 * @len: bytes the file must have
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int read_exact_file(const char *path, void *buf, size_t len, struct fail *f);
/**
 * pread_full() - read all bytes of a range; a shorter file is an error
 * @fd: open file
 * @path: its name, for messages
 * @buf: result
 * @len: bytes
 * @off: offset in bytes
 * @f: set on failure
 *
 * Return: 0 or -1.
 */
int pread_full(int fd, const char *path, void *buf, size_t len, uint64_t off, struct fail *f);

#endif /* TOOLS_COMMON_H */
