/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decryption of a dump's memory into a vmcore by several threads. */
#ifndef DECRYPT_MEM_H
#define DECRYPT_MEM_H

#include "outfile.h"
#include "dumpcrypt.h"

#define DECRYPT_MAX_THREADS	64u

/**
 * decrypt_memory() - write the plaintext of all memory behind the head of a vmcore
 * @d: dump, with dumpread_states() done
 * @keys: from dumpcrypt_completion()
 * @out: vmcore; zero pages are not written, so they become holes where the file system can
 * @off: offset of the first page in @out
 * @threads: 1 to DECRYPT_MAX_THREADS
 * @f: set on failure
 *
 * SIGINT, SIGTERM and SIGHUP end it with a failure. Uses 256 KiB a thread, whatever the size of the
 * dump.
 *
 * Return: 0 or -1.
 */
int decrypt_memory(const struct dumpread *d, const struct dump_keys *keys, struct outfile *out,
		   uint64_t off, unsigned int threads, struct fail *f);

/**
 * decrypt_catch_signals() - from now on a signal is only remembered
 */
void decrypt_catch_signals(void);
/**
 * decrypt_stopped() - did a signal arrive?
 * @f: set when one did
 *
 * Return: 0, or -1 when one did.
 */
int decrypt_stopped(struct fail *f);

#endif /* DECRYPT_MEM_H */
