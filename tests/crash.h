/* SPDX-License-Identifier: MIT */
/*
 * Power cuts over a recording of the simulated host: which states a disk may be in, and what
 * becomes of them.
 *
 * At every event all that was not durable is lost, and all of it is kept (as when only the
 * program is killed).  Before every sync, where most is not durable, all subsets of it are
 * tried while they are at most 2^bits, else a sample of so many; and the last write torn.
 */
#ifndef E2_TESTS_CRASH_H
#define E2_TESTS_CRASH_H

#include "cache/commit.h"
#include "io/sim.h"

struct crash_case {
	const char *name;
	struct e2_sim *sim;		/* what was done; events before `from` are not cut */
	size_t from;
	const char *path;		/* of the image */
	uint64_t size;			/* bytes of the image */
	uint32_t block_size;
	const uint8_t *before, *after;	/* the image */
	const uint8_t *is_free;		/* a byte for each block: free in the state before */
	unsigned bits, samples;		/* 2^bits subsets at most, else samples */
	unsigned nested;		/* of so many states one is cut again during recovery */

	/* Opens the image for writing and closes it; an error fails the state. */
	int (*recover)(struct e2_env *env, const char *path);
	/* Whether the image refuses to be taken for sound. */
	bool (*is_guarded)(const uint8_t *image);
	/* More to be asked of a recovered state; may be NULL.  done: it is the one after. */
	bool (*also)(void *context, struct e2_sim *sim, bool done);
	void *context;
};

struct crash_figures {
	size_t states;			/* judged */
	size_t nested;			/* of them: cut during recovery */
	size_t before, after;		/* recovered to */
	size_t guarded;			/* half applied, and said so */
	size_t bad;
	char first[200];		/* the first bad one */
};

/* Adds to the figures. */
void crash_sweep(const struct crash_case *c, struct crash_figures *f);

/* The same for a sync that is left out: stops at the first bad state. */
bool crash_finds_bad(const struct crash_case *c, struct crash_figures *f);

/* A copy of a file's bytes. */
uint8_t *crash_bytes(struct e2_sim *sim, const char *path, uint64_t *size);

#endif
