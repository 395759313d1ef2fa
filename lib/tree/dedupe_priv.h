/* SPDX-License-Identifier: MIT */
#ifndef E2_TREE_DEDUPE_PRIV_H
#define E2_TREE_DEDUPE_PRIV_H

#include "tree/tree.h"

/* Mode, owner, flags, mtime and attributes of an inode, in place of what label held. */
E2_NODISCARD int e2_dedupe_label(struct e2_fs *fs, e2_ino ino, struct e2_str *label);

#endif
