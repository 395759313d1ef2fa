/* SPDX-License-Identifier: MIT */
/* What the files of lib/node share and nobody else sees. */
#ifndef E2_NODE_PRIVATE_H
#define E2_NODE_PRIVATE_H

#include "node/node.h"

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

#endif
