/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of progress on a terminal: done, rate, time left. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include "common.h"

/*
 * struct progress - one long step
 * @what: its name, as in "memory"
 * @total: bytes to do, 0 when unknown
 * @on: stderr is a terminal
 * @started, @shown: CLOCK_MONOTONIC, in nanoseconds
 * @width: columns that the line on the terminal takes, 0 without one
 */
struct progress {
	const char *what;
	uint64_t total;
	bool on;
	int64_t started, shown;
	int width;
};

/**
 * progress_begin() - start a step; nothing is shown in its first fifth of a second
 * @p: filled
 * @what: name of the step, must stay valid
 * @total: bytes to do, 0 when unknown
 */
void progress_begin(struct progress *p, const char *what, uint64_t total);
/**
 * progress_update() - show how far the step is, at most five times a second
 * @p: step; only one thread may use it
 * @done: bytes done
 *
 * Without a terminal on stderr this does nothing, so that logs stay short.
 */
void progress_update(struct progress *p, uint64_t done);
/**
 * progress_end() - take the line off the terminal; due before any other output, errors too
 * @p: step; ending it twice is allowed
 */
void progress_end(struct progress *p);

#endif /* TOOLS_PROGRESS_H */
