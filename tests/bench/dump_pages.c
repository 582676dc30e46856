// SPDX-License-Identifier: GPL-2.0-or-later
/* Rate of page decryption in memory, beside what OpenSSL does with AES-256-XTS and 4 KiB blocks. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dumpcrypt.h"

#define PAGES	64u
#define ROUNDS	40u
#define TRIES	60u

static uint8_t pages[PAGES * PAGE_SIZE], entries[PAGES * STATE_ENTRY];

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As "openssl speed -evp aes-256-xts" does it: key and tweak are set once. */
static double plain_openssl(EVP_CIPHER_CTX *c)
{
	double start = cpu_seconds();
	uint32_t i, n;
	int len;

	for (n = 0; n < ROUNDS; n++) {
		for (i = 0; i < PAGES; i++) {
			if (EVP_DecryptUpdate(c, pages + i * PAGE_SIZE, &len,
					      pages + i * PAGE_SIZE, PAGE_SIZE) != 1)
				exit(1);
		}
	}
	return cpu_seconds() - start;
}

static double ours(struct pagecrypt *p)
{
	double start = cpu_seconds();
	uint32_t i, n;

	for (n = 0; n < ROUNDS; n++) {
		for (i = 0; i < PAGES; i++) {
			if (pagecrypt_page(p, entries + i * STATE_ENTRY, pages + i * PAGE_SIZE))
				exit(1);
		}
	}
	return cpu_seconds() - start;
}

/* In turns, and the best of each: others use the machine, too. */
int main(void)
{
	static const struct dump_keys keys = { .xts = { 1 }, .nonce = { 2 } };
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	struct pagecrypt *p = pagecrypt_new(&keys);
	double bytes = (double)ROUNDS * PAGES * PAGE_SIZE, best[2] = { 1e9, 1e9 }, t;
	uint8_t iv[16] = { 3 };
	uint32_t i;

	if (!c || !p || EVP_DecryptInit_ex(c, EVP_aes_256_xts(), NULL, keys.xts, iv) != 1)
		return 1;
	for (i = 0; i < PAGES; i++)
		put64(entries + i * STATE_ENTRY + 8, i + 1);
	for (i = 0; i < TRIES; i++) {
		t = plain_openssl(c);
		best[0] = t < best[0] ? t : best[0];
		t = ours(p);
		best[1] = t < best[1] ? t : best[1];
	}
	printf("%.0f %.0f\n", bytes / best[0] / 1e6, bytes / best[1] / 1e6);
	pagecrypt_free(p);
	EVP_CIPHER_CTX_free(c);
	return 0;
}
