/* SPDX-License-Identifier: MIT */
/* Between the checks of options (shape_options.c) and the arithmetic (shape.c). */
#ifndef E2_BUILD_SHAPE_PRIV_H
#define E2_BUILD_SHAPE_PRIV_H

#include "build/shape.h"

enum {
	E2_GROUP_BLOCKS_MIN = 256,
	E2_GROUP_BLOCKS_MAX = 65528,	/* free_blocks_count of a group has 16 bits */
	E2_EXTRA_ISIZE = 32,		/* up to projid: what Linux calls the extra fields */
};

/* What is wanted: every option proven, every default filled in. */
struct e2_wish {
	uint32_t block_size, inode_size, blocks_per_group;
	uint64_t bytes_per_inode;
	uint64_t inodes;		/* 0: by bytes_per_inode */
	double reserved_percent;
	uint32_t revision;
	uint32_t compat, incompat, ro_compat;
	uint32_t growth;		/* reserved descriptor blocks; 0: for 1024 times the size */
	uint32_t backup_count;
	uint32_t os, errors;
};

int e2_wish_make(const struct e2_shape_options *options, uint64_t bytes, struct e2_wish *wish);

/* Descriptor blocks, beyond desc_blocks, of a volume that has grown to so many blocks. */
uint32_t e2_wish_growth(const struct e2_wish *wish, uint64_t grown, uint32_t blocks_per_group,
			uint32_t desc_blocks);

#endif
