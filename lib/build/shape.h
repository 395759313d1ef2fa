/* SPDX-License-Identifier: MIT */
/*
 * The shape of a new volume: what mke2fs would choose for the same options, as
 * a superblock and a geometry.  Pure arithmetic.
 */
#ifndef E2_BUILD_SHAPE_H
#define E2_BUILD_SHAPE_H

#include "vol/vol.h"

struct e2_shape_options {	/* 0 (or NULL): not given, unless noted */
	uint32_t block_size;		/* -b */
	uint32_t inode_size;		/* -I */
	uint64_t bytes_per_inode;	/* -i */
	uint64_t inodes;		/* -N */
	uint32_t blocks_per_group;	/* -g */
	double reserved_percent;	/* -m; negative: not given */
	uint32_t revision;		/* -r; UINT32_MAX: not given */
	const char *features;		/* -O: "filetype,^dir_index", may be "none,..." */
	/* -T: floppy small default big huge news largefile largefile4 ... */
	const char *usage;
	const char *label;		/* -L */
	const char *last_mounted;	/* -M */
	const char *creator_os;		/* -o */
	const char *errors;		/* -e */
	const uint8_t *uuid;		/* -U, 16 bytes; NULL: the caller fills it in later */
	const uint8_t *hash_seed;	/* -E hash_seed, 16 bytes */
	uint64_t resize_blocks;		/* -E resize */
	uint32_t stride, stripe_width;	/* -E */
	uint32_t backup_count;		/* -E num_backup_sb: 0..2; UINT32_MAX: not given */
	bool test_fs;			/* -E test_fs */
	int64_t now;			/* seconds, for the superblock's times */
};

struct e2_shape {
	/* Complete but for free counts, and a UUID and hash seed that were not given. */
	struct e2_super super;
	struct e2_geometry geometry;
	e2_blk dropped_blocks;		/* of a short last group that was dropped */
	uint32_t extra_isize;		/* of new inodes */
};

/*
 * bytes  size of the image
 *
 * E2_ERR_INVAL with option, value and valid range; E2_ERR_NOSPC when the metadata do not
 * fit in so small a volume.
 */
int e2_shape_make(const struct e2_shape_options *options, uint64_t bytes, struct e2_shape *shape);

/* The block size these options give for a volume of so many bytes. */
int e2_shape_block_size(const struct e2_shape_options *options, uint64_t bytes, uint32_t *size);

#endif
