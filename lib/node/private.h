/* SPDX-License-Identifier: MIT */
/* What the files of lib/node share and nobody else sees. */
#ifndef E2_NODE_PRIVATE_H
#define E2_NODE_PRIVATE_H

#include "node/write.h"

/* How many blocks of a file one pointer at this level reaches. */
static inline uint64_t e2_map_span(const struct e2_geometry *g, unsigned level)
{
	return UINT64_C(1) << (g->block_bits - 2) * level;
}

/* Blocks of a file that pointers can reach. */
uint64_t e2_map_reach(const struct e2_geometry *g);

/* e2_map that adds to a count the pointer blocks it went through. */
E2_NODISCARD int e2_map_counted(struct e2_fs *fs, const struct e2_inode *in, e2_lblk lblk,
				struct e2_run *run, uint64_t *pointer_blocks);

/* Which pointer of the inode leads to lblk, and through how many levels; *rest is where lblk
 * lies in the subtree below it. */
uint32_t e2_map_root(const struct e2_geometry *g, e2_lblk lblk, unsigned *level, uint64_t *rest);

/* "file block 7: indirect block at block 9 lies outside the volume, ..." */
int e2_map_bad_pointer(const struct e2_geometry *g, e2_lblk lblk, e2_blk blk, const char *what);

/* e2_map_alloc and e2_map_punch for who has a mark and a copy of the inode: when they fail,
 * both may be changed. */
E2_NODISCARD int e2_map_alloc_in(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, e2_lblk lblk,
				 uint64_t count, e2_blk goal, struct e2_run *run, bool *fresh);
E2_NODISCARD int e2_map_punch_in(struct e2_txn *txn, struct e2_inode *in, e2_lblk lblk,
				 uint64_t count);

/* E2_ERR_CORRUPT when a block that a file claims is one of the volume's own structures. */
E2_NODISCARD int e2_map_check_run(struct e2_fs *fs, e2_lblk lblk, e2_blk blk, uint64_t count);

/* Whether an inode keeps its data in blocks that block[] leads to: 0, E2_ERR_UNSUPPORTED,
 * E2_ERR_INVAL. */
int e2_file_check_kind(struct e2_fs *fs, const struct e2_inode *in);

/* Sectors of i_blocks that a block counts. */
static inline uint32_t e2_map_sectors(const struct e2_geometry *g)
{
	return g->block_size / 512;
}

#endif
