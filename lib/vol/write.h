/* SPDX-License-Identifier: MIT */
/*
 * Changing a volume: transactions on it, its counters, allocation.
 *
 * A function that takes a struct e2_txn changes the volume; one that takes a struct e2_fs
 * cannot.  Superblock, descriptors and bitmaps have no copies in memory: taking a
 * transaction back takes their changes back.
 */
#ifndef E2_VOL_WRITE_H
#define E2_VOL_WRITE_H

#include "base/units.h"
#include "cache/txn.h"
#include "cache/undo.h"
#include "vol/vol.h"

/*
 * Begins a transaction.  dry: it can only be aborted, and the volume may be open read-only.
 * E2_ERR_ROFS (opened read-only, or e2_fs_read_only() says why), E2_ERR_BUSY (one is open).
 */
int e2_txn_begin(struct e2_fs *fs, bool dry, struct e2_txn **txn);
struct e2_fs *e2_txn_fs(const struct e2_txn *txn);
struct e2_txn *e2_fs_txn(const struct e2_fs *fs);	/* the one that is open; NULL: none */

/* Whether a commit sets the time of the last write, as it does unless told otherwise: damage on
 * purpose is to be the same each time. */
void e2_txn_seal(struct e2_txn *txn, bool seals);

/* The undo file of the volume, an unnamed one unless undo_path was given; opened on first
 * use.  NULL after e2_open(). */
int e2_fs_undo(struct e2_fs *fs, struct e2_undo **undo);

/* The clock of changes: `at` from then on, or the host's clock for NULL. */
void e2_fs_set_clock(struct e2_fs *fs, const struct e2_time *at);
struct e2_time e2_fs_now(const struct e2_fs *fs);

/* ---- superblock and descriptors ------------------------------------------------ */

/* The primary as it stands, in the transaction that is open if one is. */
E2_NODISCARD int e2_super_get(struct e2_fs *fs, struct e2_super *super);
E2_NODISCARD int e2_super_put(struct e2_txn *txn, const struct e2_super *super);
E2_NODISCARD int e2_group_put(struct e2_txn *txn, e2_grp group, const struct e2_group *desc);

/* Turns a feature on in the superblock; upgrades revision 0 as the kernel does only when
 * that is possible, else E2_ERR_FEATURE. */
E2_NODISCARD int e2_super_add_feature(struct e2_txn *txn, unsigned word, uint32_t bit);

/* ---- allocation ------------------------------------------------------------------ */

/*
 * Takes up to `want` blocks that lie together, at the goal or after it as near as possible,
 * then from the first group on.  Blocks of the root's reserve are used like others.
 * Blocks freed in this transaction are taken only when there are no others.
 * E2_ERR_NOSPC names how many are free; E2_ERR_CORRUPT when bitmap or descriptor cannot be.
 */
E2_NODISCARD int e2_alloc_blocks(struct e2_txn *txn, e2_blk goal, uint64_t want, e2_blk *first,
				 uint64_t *got);

/* E2_ERR_CORRUPT when one of them is free already, or belongs to the volume's own structures;
 * nothing is freed then. */
E2_NODISCARD int e2_free_blocks(struct e2_txn *txn, e2_blk first, uint64_t count);

/*
 * Takes an inode number: for a directory in a group with room, away from others when the
 * parent is the root; else in the parent's group or one near.  The inode's bytes are left as they
 * are.  E2_ERR_NOSPC.
 */
E2_NODISCARD int e2_alloc_inode(struct e2_txn *txn, e2_ino parent, bool directory, e2_ino *ino);

/* Takes this one.  E2_ERR_EXIST when it is in use; E2_ERR_RANGE for none, or a reserved one. */
E2_NODISCARD int e2_take_inode(struct e2_txn *txn, e2_ino ino, bool directory);

/* directory: it counts in used_dirs_count.  E2_ERR_CORRUPT when it is free already or reserved. */
E2_NODISCARD int e2_free_inode(struct e2_txn *txn, e2_ino ino, bool directory);

/* Where blocks for an inode should lie: the beginning of its group, spread a little. */
e2_blk e2_inode_goal(const struct e2_geometry *g, e2_ino ino);

/* Free blocks and inodes by the superblock, transaction included. */
E2_NODISCARD int e2_free_counts(struct e2_fs *fs, uint64_t *blocks, uint64_t *inodes);

/* ---- bytes and bits, nothing else adapted ------------------------------------------ */

/*
 * Damage on purpose: marks blocks or inodes in their bitmaps, used or free, and adapts no
 * counter.  E2_ERR_RANGE when one of them does not exist, E2_ERR_CORRUPT for a bitmap outside
 * the volume; then some may be marked, and the caller takes them back.
 */
E2_NODISCARD int e2_raw_mark_blocks(struct e2_txn *txn, e2_blk first, uint64_t count, bool used);
E2_NODISCARD int e2_raw_mark_inodes(struct e2_txn *txn, e2_ino first, uint32_t count, bool used);

/* Replaces bytes of the volume from byte `at` on.  E2_ERR_RANGE past its end. */
E2_NODISCARD int e2_raw_write(struct e2_txn *txn, uint64_t at, size_t len, const void *data);

#endif
