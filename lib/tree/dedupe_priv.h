/* SPDX-License-Identifier: MIT */
#ifndef E2_TREE_DEDUPE_PRIV_H
#define E2_TREE_DEDUPE_PRIV_H

#include "tree/dedupe.h"
#include "tree/tree.h"

/* Mode, owner, flags, mtime and attributes of an inode, in place of what label held. */
E2_NODISCARD int e2_dedupe_label(struct e2_fs *fs, e2_ino ino, struct e2_str *label);

/* Compares what two of them say; an empty one says nothing, and is like no other. */
void e2_dedupe_lose(struct e2_same_lost *lost, const struct e2_str *was, const struct e2_str *now,
		    uint64_t names);

/* Counts an inode that is left as it is, and tells of it. */
E2_NODISCARD int e2_dedupe_leave(const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts,
				 e2_ino ino, enum e2_dedupe_why why);

/* Damage of one file is no reason to leave the others as they are. */
bool e2_dedupe_is_damage(int err);

#endif
