/* SPDX-License-Identifier: MIT */
/* Directories written anew, in as few blocks as their names need. */
#ifndef E2_CHECK_OPTIMIZE_H
#define E2_CHECK_OPTIMIZE_H

#include "vol/write.h"

struct e2_optimized {		/* what was done */
	uint64_t dirs;		/* that there are */
	uint64_t rewritten;
	uint64_t skipped;	/* as they were, because they are too large or have no room */
	uint64_t freed, taken;	/* blocks, pointer blocks included: given back, and for indexes */
};

/*
 * Writes every directory of a consistent volume anew where that changes it: with an index where
 * the volume has dir_index and the names need more than two blocks, else in the order in
 * which they stand.  lost+found keeps its blocks, which a repair on a full volume needs.
 * Names, inodes and times stay; what was removed can no longer be seen.  Doing it again changes
 * nothing.  On an error the caller aborts the transaction.
 */
E2_NODISCARD int e2_optimize_dirs(struct e2_txn *txn, struct e2_optimized *done);

#endif
