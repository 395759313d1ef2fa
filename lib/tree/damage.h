/* SPDX-License-Identifier: MIT */
/*
 * Damage on purpose: one thing is changed, and what depends on it is left as it was: link
 * counts, times, free counts.  vol/write.h has the same for bits and bytes.
 *
 * Every function succeeds or changes nothing.
 */
#ifndef E2_TREE_DAMAGE_H
#define E2_TREE_DAMAGE_H

#include "node/write.h"
#include "tree/tree.h"

/* Zeros in the 128 bytes that every inode has; what lies behind stays, as does its bit. */
E2_NODISCARD int e2_raw_clear_inode(struct e2_txn *txn, e2_ino ino);

/* All bytes of an inode over those of another. */
E2_NODISCARD int e2_raw_copy_inode(struct e2_txn *txn, e2_ino from, e2_ino to);

/*
 * Gives back the blocks and the number of an inode and sets its dtime, as a removal does, but
 * leaves its names, its link count and its pointers.  E2_ERR_CORRUPT when a block is free
 * already or one of the volume's own.
 */
E2_NODISCARD int e2_raw_kill(struct e2_txn *txn, e2_ino ino);

/* An entry that leads to an inode, counted by nobody; the name may be there already.  The
 * directory grows by a block where it must. */
E2_NODISCARD int e2_raw_link(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
			     e2_ino ino, uint8_t file_type);

/* Takes an entry away; the inode keeps its count and all it has.  E2_ERR_NOENT. */
E2_NODISCARD int e2_raw_unlink(struct e2_txn *txn, e2_ino dir, const void *name, size_t len);

/* A block of no entries behind the last of a directory. */
E2_NODISCARD int e2_raw_expand(struct e2_txn *txn, e2_ino dir);

/* Where the record of an entry lies in the volume, in bytes.  E2_ERR_NOENT. */
E2_NODISCARD int e2_raw_locate(struct e2_fs *fs, e2_ino dir, const void *name, size_t len,
			       uint64_t *at);

#endif
