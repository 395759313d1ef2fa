/* SPDX-License-Identifier: MIT */
/*
 * What a repair brought back: inodes that no name led to and that have names again, and names of
 * theirs that are still to be read in directories, and are gone.
 */
#ifndef FSCK_RETURNED_H
#define FSCK_RETURNED_H

#include "fsck.h"

struct fsck_back {		/* one inode */
	e2_ino ino;
	uint32_t mode;
	uint64_t size;
	bool reconnected;	/* under a name that it had not */
	uint32_t names;		/* that it has */
	uint32_t gone;		/* names that it had */
	uint32_t first;		/* of those: one more than its place in old; 0: none */
};

struct fsck_returned {
	struct fsck_back *at;	/* by inode */
	size_t count, cap;
	struct fsck_old {
		struct e2_slice path;
		uint32_t of;	/* place in at */
		uint32_t next;	/* as first, by their bytes */
	} *old;
	size_t old_count, old_cap;
	struct e2_str arena;
	struct e2_names *now;
	uint64_t names, gone;	/* of all: given back, gone */
};

/* 0, or an error: then there is nothing to say.  Call it when the repair has been committed. */
int fsck_returned_collect(struct e2_report *report, const struct fsck_losses *losses,
			  struct fsck_returned *returned);
void fsck_returned_free(struct fsck_returned *returned);

/* As lines of text and of JSON. */
void fsck_returned_print(struct fsck_returned *returned);
void fsck_returned_print_json(struct fsck_returned *returned);

#endif
