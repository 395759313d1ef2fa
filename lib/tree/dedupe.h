/* SPDX-License-Identifier: MIT */
/*
 * Files with the same content become names of one inode; and names of one inode become files of
 * their own.
 */
#ifndef E2_TREE_DEDUPE_H
#define E2_TREE_DEDUPE_H

#include "tree/below.h"
#include "tree/change.h"
#include "tree/dedupe_stay.h"

struct e2_dedupe_name {		/* a name that leads to another inode than before */
	e2_ino dir;
	const void *name;
	size_t len;
	e2_ino was, now;
};

typedef int e2_dedupe_fn(void *context, const struct e2_dedupe_name *name);	/* not 0 stops */

enum e2_dedupe_why { E2_DEDUPE_FIXED, E2_DEDUPE_DAMAGED, E2_DEDUPE_WHYS };
typedef int e2_dedupe_left_fn(void *context, e2_ino ino, enum e2_dedupe_why why);

struct e2_dedupe_how {		/* of e2_unshare the functions alone */
	bool strict;		/* owner, mode, flags, mtime and attributes must be the same too */
	uint64_t min;		/* smaller files stay as they are */
	uint32_t max_links;	/* no inode gets more names; at most E2_LINK_MAX */
	e2_dedupe_fn *told;	/* of each name that changes; may be NULL */
	e2_dedupe_left_fn *left;	/* of each inode counted as fixed or damaged; may be NULL */
	void *context;
};

struct e2_dedupe_counts {
	uint64_t names;		/* below the paths: of regular files; for e2_unshare of all but
				 * directories */
	uint64_t was;		/* inodes that they led to before */
	uint64_t inodes;	/* that are in their place; e2_unshare: with those that keep names
				 * elsewhere */
	uint64_t changed;	/* names that lead to another one */
	int64_t blocks;		/* more are free than before */
	struct e2_same_lost lost;	/* names that e2_dedupe has led to other owners, ... */
	uint64_t outside;	/* inodes of which e2_unshare has left only names elsewhere */
	/* Inodes with the content of another one that e2_dedupe has left alone: */
	uint64_t elsewhere;	/* they have names that are not below the paths, or must stay */
	uint64_t full;		/* the other one has as many names as it may */
	/* and that it has not looked at: */
	uint64_t small;		/* smaller than min */
	/* Inodes that either has left alone: */
	uint64_t fixed;		/* immutable or append-only; e2_unshare: or with a name in such a
				 * directory */
	uint64_t damaged;	/* cannot be read, or count fewer names than they have */
};

/*
 * Of the files that are the same the one stays that has names elsewhere too, else the one with
 * most names, else that with the fewest blocks, else that with the lowest number.  It keeps owner,
 * mode, times and attributes.
 * Bytes are compared; holes are zeros.  Other names are kept: an inode goes as a whole or
 * not at all.
 *
 * E2_ERR_CORRUPT: a directory below cannot be read in full, or has two names; files that are the
 * same have a block in common.  E2_ERR_NOENT: a start that is no directory and has no name.
 */
E2_NODISCARD int e2_dedupe(struct e2_txn *txn, const struct e2_start *starts, size_t count,
			   const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts);

/*
 * Gives every name below an inode of its own, with all that e2_copy() keeps.  One of the names
 * keeps the inode, unless it has further names elsewhere.  What may not change, or is damaged,
 * keeps all its names and is counted.  As e2_dedupe(); E2_ERR_NOSPC.
 */
E2_NODISCARD int e2_unshare(struct e2_txn *txn, const struct e2_start *starts, size_t count,
			    const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts);

#endif
