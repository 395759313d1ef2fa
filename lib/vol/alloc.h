/* SPDX-License-Identifier: MIT */
/* What block and inode allocation share; only lib/vol sees it. */
#ifndef E2_VOL_ALLOC_H
#define E2_VOL_ALLOC_H

#include "vol/fs.h"

/*
 * What searches have learnt, for as long as nothing is taken back: lost at a rewind, and
 * nothing breaks without it.
 */
struct e2_hints {
	struct e2_memo memo;
	e2_grp last_dir;		/* group that got the last directory of the root */
	struct e2_hint {
		uint8_t longest;	/* no run of free blocks is longer; E2_LONGEST_UNKNOWN */
		bool blocks_proven;	/* the block bitmap is nothing else too */
		bool inodes_proven;
		bool no_inodes;
	} group[];
};
enum { E2_LONGEST_UNKNOWN = UINT8_MAX };

E2_NODISCARD int e2_hints_get(struct e2_txn *txn, struct e2_hints **hints);
void e2_hints_drop(struct e2_txn *txn);

/* The counters that change with a bitmap, pinned for change, and checked. */
struct e2_counters {
	struct e2_wbuf *group_buf, *super_buf;
	uint8_t *group_raw, *super_raw;
	struct e2_group desc;		/* decoded; e2_counters_put encodes it */
};
E2_NODISCARD int e2_counters_get(struct e2_txn *txn, e2_grp group, struct e2_counters *c);
/* changed: keeps what is in c->desc. */
void e2_counters_put(struct e2_txn *txn, struct e2_counters *c, bool changed);

/* E2_ERR_NOSPC: no inode, or no block, is free; and what the superblock says to that. */
E2_NODISCARD int e2_fail_full(struct e2_fs *fs, bool inodes);

/* The block bitmap or inode bitmap of a group, at blk by its descriptor, pinned for change.
 * E2_ERR_CORRUPT when something else lies there too. */
E2_NODISCARD int e2_bitmap_edit(struct e2_txn *txn, e2_grp group, enum e2_role role, e2_blk blk,
				struct e2_wbuf **buf);

/* E2_ERR_CORRUPT for a bitmap outside the volume. */
E2_NODISCARD int e2_bitmap_check(const struct e2_fs *fs, e2_grp group, enum e2_role role,
				 e2_blk blk);

#endif
