// SPDX-License-Identifier: GPL-2.0-or-later
/* Decryption of a dump's memory into a vmcore by several threads. */
#include "decrypt_mem.h"
#include "dumpmem.h"
#include "progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK_PAGES	64u	/* 256 KiB: still in the L2 cache when it is written */
#define TICK_NS		100000000L

static volatile sig_atomic_t stop_signal;

static void on_signal(int sig)
{
	stop_signal = sig;
}

void decrypt_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
}

int decrypt_stopped(struct fail *f)
{
	if (!stop_signal)
		return 0;
	return fail_set(f, "decrypt: stopped by signal %d: nothing was kept", (int)stop_signal);
}

/*
 * struct job - what the threads share
 * @next: first page that no thread has taken
 * @done: pages that are finished
 * @failed: end early; the first failure is in @f
 * @running: threads that have not ended; guarded by @lock, as @f is
 */
struct job {
	const struct dumpread *d;
	const struct dump_keys *keys;
	struct outfile *out;
	uint64_t off, pages;
	atomic_uint_fast64_t next, done;
	atomic_bool failed;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned int running;
	struct fail f;
};

struct worker {
	struct pagecrypt *crypt;
	uint8_t *buf;
	uint8_t entries[CHUNK_PAGES * STATE_ENTRY];
	bool zero[CHUNK_PAGES];
};

/* Runs of pages that are not zero. */
static int write_pages(struct job *j, struct worker *w, uint64_t page, size_t n, struct fail *f)
{
	size_t i = 0, end;

	while (i < n) {
		if (w->zero[i]) {
			i++;
			continue;
		}
		for (end = i + 1; end < n && !w->zero[end]; end++)
			;
		if (outfile_pwrite(j->out, w->buf + i * PAGE_SIZE, (end - i) * PAGE_SIZE,
				   j->off + (page + i) * PAGE_SIZE, f))
			return -1;
		i = end;
	}
	return 0;
}

/* Pages up to the end of the part that holds the first one. */
static size_t in_part(const struct dumpread *d, uint64_t page, size_t n)
{
	uint64_t addr = d->mem_addr + page * PAGE_SIZE;
	const struct dump_part *p = dumpread_part(d, addr);
	uint64_t left = (p->addr + p->size - addr) / PAGE_SIZE;

	return left < n ? (size_t)left : n;
}

static int one_chunk(struct job *j, struct worker *w, uint64_t page, size_t n, struct fail *f)
{
	size_t m;

	for (; n; page += m, n -= m) {
		m = in_part(j->d, page, n);
		if (dumpread_entries(j->d, page, m, w->entries, f) ||
		    dumpmem_pages(j->d, w->crypt, page, m, w->entries, w->buf, w->zero, f) ||
		    write_pages(j, w, page, m, f))
			return -1;
	}
	return 0;
}

static int all_chunks(struct job *j, struct worker *w, struct fail *f)
{
	uint64_t page;
	size_t n;

	while (!j->failed) {
		page = atomic_fetch_add(&j->next, CHUNK_PAGES);
		if (page >= j->pages)
			return 0;
		n = j->pages - page < CHUNK_PAGES ? (size_t)(j->pages - page) : CHUNK_PAGES;
		if (decrypt_stopped(f) || one_chunk(j, w, page, n, f))
			return -1;
		atomic_fetch_add(&j->done, n);
	}
	return 0;
}

static int work(struct job *j, struct fail *f)
{
	struct worker w;
	int ret;

	w.buf = aligned_alloc(PAGE_SIZE, CHUNK_PAGES * PAGE_SIZE);
	w.crypt = pagecrypt_new(j->keys);
	if (w.buf && w.crypt)
		ret = all_chunks(j, &w, f);
	else
		ret = fail_set(f, "decrypt: no memory for a thread");
	pagecrypt_free(w.crypt);
	free(w.buf);
	return ret;
}

static void *thread(void *arg)
{
	struct job *j = arg;
	struct fail f;
	int ret = work(j, &f);

	pthread_mutex_lock(&j->lock);
	if (ret && !j->failed) {
		j->f = f;
		j->failed = true;
	}
	j->running--;
	pthread_cond_signal(&j->ended);
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static void wait_for_all(struct job *j)
{
	struct progress progress;
	struct timespec t;

	progress_begin(&progress, "memory", j->pages * PAGE_SIZE);
	pthread_mutex_lock(&j->lock);
	while (j->running) {
		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_nsec += TICK_NS;
		if (t.tv_nsec >= 1000000000L) {
			t.tv_nsec -= 1000000000L;
			t.tv_sec++;
		}
		pthread_cond_timedwait(&j->ended, &j->lock, &t);
		progress_update(&progress, j->done * PAGE_SIZE);
	}
	pthread_mutex_unlock(&j->lock);
	progress_end(&progress);
}

/* Fewer threads than asked for do as well; none is a failure. */
static unsigned int start(struct job *j, pthread_t *t, unsigned int threads)
{
	unsigned int n;

	pthread_mutex_lock(&j->lock);
	for (n = 0; n < threads; n++) {
		if (pthread_create(&t[n], NULL, thread, j))
			break;
		j->running++;
	}
	pthread_mutex_unlock(&j->lock);
	return n;
}

int decrypt_memory(const struct dumpread *d, const struct dump_keys *keys, struct outfile *out,
		   uint64_t off, unsigned int threads, struct fail *f)
{
	struct job j = { .d = d, .keys = keys, .out = out, .off = off,
			 .pages = d->mem_size / PAGE_SIZE,
			 .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };
	pthread_t t[DECRYPT_MAX_THREADS];
	unsigned int n, i;

	n = start(&j, t, threads);
	if (!n)
		return fail_set(f, "decrypt: cannot start a thread");
	wait_for_all(&j);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	if (j.failed)
		*f = j.f;
	return j.failed ? -1 : 0;
}
