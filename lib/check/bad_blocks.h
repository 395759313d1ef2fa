/* SPDX-License-Identifier: MIT */
/* The list of bad blocks: inode 1 owns what the medium cannot hold, so that nobody else does. */
#ifndef E2_CHECK_BAD_BLOCKS_H
#define E2_CHECK_BAD_BLOCKS_H

#include "base/bitset.h"
#include "vol/write.h"

struct e2_bad_blocks {		/* what was done */
	uint64_t listed;	/* bad blocks afterwards */
	uint64_t added, dropped;
	uint64_t moved;		/* blocks of files and their pointers, which got another place */
	uint64_t unreadable;	/* of those: filled with zeros */
};

/*
 * Makes `list` (a bit for each block of the volume) the list of bad blocks, or, with keep,
 * adds it to the one there is.  What lies in a block that becomes bad is copied elsewhere; where
 * it cannot be read, zeros are.  For a consistent volume; on an error, and when the volume
 * holds what it should not, the caller aborts the transaction.
 *
 * E2_ERR_INVAL for a block of the volume's own structures, which cannot be moved; E2_ERR_NOSPC.
 */
E2_NODISCARD int e2_bad_blocks_set(struct e2_txn *txn, const struct e2_bitset *list, bool keep,
				   struct e2_bad_blocks *done);

#endif
