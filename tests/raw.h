/* SPDX-License-Identifier: MIT */
/* A volume without a file system on a simulated host, of which every byte is 1: for tests of
 * commits, logs and undo files. */
#ifndef E2_TESTS_RAW_H
#define E2_TESTS_RAW_H

#include "cache/txn.h"
#include "cache/undo.h"
#include "io/sim.h"

enum { RAW_BLOCK = 1024, RAW_BLOCKS = 4000, RAW_BYTES = RAW_BLOCK * RAW_BLOCKS };

extern const char raw_path[], raw_log_path[], raw_undo_path[];

struct raw {
	struct e2_sim *sim;
	struct e2_image *image;
	struct e2_cache *cache;
	struct e2_undo *undo;
	struct e2_commit_place place;
	struct e2_commit how;
	int was_free_err, freed_err;	/* what the hooks return */
	bool all_free;
};

void raw_make(struct raw *raw);			/* the host, with the image */
void raw_open(struct raw *raw, bool undo);	/* the image, guarded, without hooks */
void raw_close(struct raw *raw);		/* but for the host */

/* Hooks: every third block was free, or all were; some were freed. */
int raw_was_free(void *context, e2_blk blk, bool *is_free);
int raw_freed(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run);

/* Writes blocks full of a value, in pieces, the last ones first. */
int raw_commit(struct raw *raw, e2_blk from, uint64_t count, uint8_t value);
int raw_take_back(struct raw *raw, uint64_t count);

/* Demands that the image holds a value in some blocks and ones in all others. */
void raw_must_hold(struct raw *raw, e2_blk from, uint64_t count, uint8_t value);

#endif
