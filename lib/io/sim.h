/* SPDX-License-Identifier: MIT */
/*
 * A simulated host: files in memory behind the same e2_env and e2_io as the real
 * one.  It records every change, can fail the n-th operation of a kind, and can
 * be cut at any event: what a disk may hold after a power loss, with unsynced
 * writes kept, lost, torn at sector bounds or reordered.
 *
 * Durability model: data of a file is durable after sync of that file; a name
 * (create, link, rename, unlink) after sync_dir of its directory.  A sector of
 * 512 bytes is old or new, never mixed.
 *
 * Locks exclude the open files of one simulation from each other, at once: nobody waits.
 * Scratch files can fail as others, but are no part of the recording: what is written to
 * them is no event, and a power loss leaves none.
 */
#ifndef E2_IO_SIM_H
#define E2_IO_SIM_H

#include "io/io.h"

struct e2_sim;

int e2_sim_new(struct e2_sim **sim);
void e2_sim_free(struct e2_sim *sim);		/* every io of it must be closed */
struct e2_env *e2_sim_env(struct e2_sim *sim);

enum e2_sim_kind {				/* kinds of operations, as a mask */
	E2_SIM_READ = 1, E2_SIM_WRITE = 2, E2_SIM_SYNC = 4, E2_SIM_RESIZE = 8,
	E2_SIM_OPEN = 16, E2_SIM_CREATE = 32, E2_SIM_NAME = 64,	/* link, unlink, rename */
	E2_SIM_SYNC_DIR = 128, E2_SIM_CLOSE = 256,
	E2_SIM_LOCK = 512,			/* taking one, not giving it back */
	E2_SIM_ALL = 1023,
};

/* Lets the nth (from 1) coming operation of the kinds fail with err, and with
 * for_ever all that follow.  nth 0 ends it. */
void e2_sim_fail(struct e2_sim *sim, unsigned kinds, uint64_t nth, bool for_ever, int err);

/* Operations of the kinds counted since e2_sim_new or the last e2_sim_fail. */
uint64_t e2_sim_count(const struct e2_sim *sim, unsigned kinds);

/* Lets the nth (from 1) coming sync of a file or directory succeed and do nothing; 0 ends it. */
void e2_sim_skip_sync(struct e2_sim *sim, uint64_t nth);

/* From now on each sector of a write is a thing of its own, to be kept or lost. */
void e2_sim_split(struct e2_sim *sim);

/* Ends the recording so far: all that is there is durable, the next event is the first.
 * E2_ERR_NOMEM: nothing changed. */
int e2_sim_settle(struct e2_sim *sim);

/* Events recorded: every operation that changes anything or syncs. */
size_t e2_sim_events(const struct e2_sim *sim);

/*
 * What a disk may hold when power is lost after `cut` events: a new simulation
 * with only durable things and, of what was not durable, a choice.
 *
 * choice   bit i decides about the i-th pending thing, oldest first: kept (1) or
 *          lost (0); pending things past 64 follow from the seed
 * tear     with an even seed the last kept write reaches the disk only up to a sector bound;
 *          with an odd one any of the kept pending writes may miss any of its sectors
 *
 * *pending (may be NULL) is the number of things the choice was about.
 */
int e2_sim_crash(const struct e2_sim *sim, size_t cut, uint64_t choice, uint64_t seed, bool tear,
		 struct e2_sim **after, size_t *pending);

/* Whether a name exists, and the bytes behind it (valid until the next change). */
bool e2_sim_file(const struct e2_sim *sim, const char *path, const uint8_t **data, uint64_t *size);

/* Number of names, and the i-th of them in byte order. */
size_t e2_sim_names(const struct e2_sim *sim);
const char *e2_sim_name(const struct e2_sim *sim, size_t i);

#endif
