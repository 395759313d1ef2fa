/* SPDX-License-Identifier: MIT */
/* What removed files have left: inodes that nothing names, and how much of them still stands. */
#ifndef DEBUGFS_RELIC_H
#define DEBUGFS_RELIC_H

#include "shell.h"

struct relic {
	e2_ino ino;
	struct e2_inode in;
	bool held;			/* in use by the inode bitmap: nameless, but not removed */
	uint64_t blocks, lost;		/* pointed to, data and pointers; of them gone or others' */
	struct relic_gap {		/* of the file, blocks that are lost */
		e2_lblk first;
		uint64_t count;
	} *missing;
	size_t missing_count, missing_cap;
	int64_t when;			/* dtime, or 0 */
};

/* Whether an inode is one at all: it has a type, and no links. */
bool relic_is(const struct e2_inode *in);

/* Whether it still shows content, or has none to show. */
bool relic_shows(struct e2_fs *fs, const struct e2_inode *in);

/*
 * Looks at every block; steps is how much may still be done, and is counted down.
 * used: the blocks in use by the bitmaps, and for an inode that is held those others claim.
 * E2_ERR_NOMEM, E2_ERR_CORRUPT when steps ran out.  To be released with relic_free().
 */
int relic_look(struct e2_fs *fs, const struct e2_bitset *used, uint64_t *steps, struct relic *r);
void relic_free(struct relic *r);

/* Blocks in use by the bitmaps. */
int relic_used_blocks(struct e2_fs *fs, struct e2_bitset **used);
/* Blocks that inodes with names claim. */
int relic_claimed_blocks(struct e2_fs *fs, struct e2_bitset **claimed);

/* Removed entries of all directories: called with each; not 0 stops. */
typedef int relic_name_fn(void *context, e2_ino dir, const char *dir_path,
			  const struct e2_entry *e);
int relic_names(struct shell *sh, relic_name_fn *fn, void *context);

#endif
