/* SPDX-License-Identifier: MIT */
/* Copying within a volume. */
#ifndef E2_TREE_COPY_H
#define E2_TREE_COPY_H

#include "tree/change.h"

enum e2_copy_flags {
	E2_COPY_TREE = 1,	/* directories with all they hold */
	E2_COPY_ATTRS = 2,	/* keep owners, all bits of the mode, times, attributes, and
				 * which names are of one inode */
	E2_COPY_LINK = 4,	/* further names instead of copies, of all but directories */
	E2_COPY_REPLACE = 8,	/* names that are there are no error */
};

struct e2_copy_counts {
	uint64_t files, dirs, symlinks, others, links, bytes;
	uint64_t overfull;	/* with E2_COPY_LINK: names that became those of a copy */
	e2_ino overfull_ino;	/* what has E2_LINK_MAX names, the first of them */
	uint16_t overfull_links;	/* what it counts: at least E2_LINK_MAX */
};

/*
 * Copies an inode under a new name.  Symlinks are copied, never followed; holes stay holes.
 * Without E2_COPY_ATTRS copies belong to root, are of now, and have the permissions of what they
 * were copied from but no set-id bits.
 *
 * With E2_COPY_LINK an inode that has all the names it can is copied, with its attributes, and
 * further names of it are names of the copy.
 *
 * With E2_COPY_REPLACE a regular file takes the content of another and keeps its inode,
 * a directory takes the names of another besides its own, anything else is taken away first.
 *
 * E2_ERR_ISDIR: a directory without E2_COPY_TREE, or onto one; E2_ERR_NOTDIR: a directory onto
 * something else; E2_ERR_INVAL: a directory into itself, a file onto itself; E2_ERR_EXIST;
 * E2_ERR_NOSPC says how much is missing; E2_ERR_CORRUPT: part of the tree cannot be read.
 */
E2_NODISCARD int e2_copy(struct e2_txn *txn, e2_ino from, e2_ino dir, const void *name, size_t len,
			 unsigned flags, struct e2_copy_counts *counts);

#endif
