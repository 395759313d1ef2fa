/* SPDX-License-Identifier: MIT */
/*
 * Undo files: what blocks held before each commit, newest last.  Blocks that were free before
 * are kept only by those that have a name.  Layout: docs/design.md, "The undo file".
 */
#ifndef E2_CACHE_UNDO_H
#define E2_CACHE_UNDO_H

#include "cache/txn.h"

struct e2_undo;

/*
 * path  a file to keep: made with the first commit, or gone on with when it is an undo file of
 *       this image in this state (else E2_ERR_EXIST: nothing is overwritten).  NULL: an unnamed
 *       one that lasts as long as it is open.
 */
int e2_undo_open(struct e2_image *image, const char *path, struct e2_undo **undo);
int e2_undo_close(struct e2_undo *undo);		/* NULL is fine */

uint64_t e2_undo_count(const struct e2_undo *undo);	/* commits that can be taken back */

/*
 * Writes the before-images of the newest `count` commits into a transaction; after its commit
 * the caller calls e2_undo_drop.  E2_ERR_CHANGED when the blocks are not what those
 * commits left, E2_ERR_NOENT when there are fewer.
 */
E2_NODISCARD int e2_undo_apply(struct e2_undo *undo, struct e2_txn *txn, uint64_t count);
E2_NODISCARD int e2_undo_drop(struct e2_undo *undo, uint64_t count);

#endif
