/* SPDX-License-Identifier: MIT */
/* What the files of this layer share about directories. */
#ifndef E2_TREE_DIR_H
#define E2_TREE_DIR_H

#include "tree/tree.h"

/*
 * As e2_dir_begin for an inode that was read already.
 * steps   at most so many blocks are looked at: a healthy directory has no
 *         more than the volume
 */
int e2_dir_begin_inode(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, uint64_t steps,
		       struct e2_dir **dir);

/* Unpins the block; the next e2_dir_next goes on where it was.  Entries become invalid. */
void e2_dir_pause(struct e2_dir *dir);

/* How many of the steps are left; and lets at most so many be left. */
uint64_t e2_dir_steps(const struct e2_dir *dir);
void e2_dir_limit(struct e2_dir *dir, uint64_t steps);

/*
 * Looks a name up in the index.  1 and the inode; 0 when the index says that there is no
 * such name; negative when it looks odd or there is none.  A damaged index can look
 * sound, so only a linear search can say that a name is not there.
 */
int e2_htree_lookup(struct e2_fs *fs, const struct e2_inode *in, const void *name, size_t len,
		    e2_ino *ino);

#endif
