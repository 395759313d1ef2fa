/* SPDX-License-Identifier: MIT */
/* Where in the image lies what an object names. */
#ifndef DEBUGFS_STRETCH_H
#define DEBUGFS_STRETCH_H

#include "shell.h"

struct stretch {
	e2_blk blk;		/* whole blocks, */
	uint64_t count;
	bool bytes;		/* or bytes: of a structure, a field; len 1 for @0x1000 */
	uint64_t offset;	/* in the image */
	uint32_t len;
};

/*
 * Blocks for numbers, parts of groups and <12>:3; bytes for @OFFSET, <12>:@7, for the superblock,
 * inodes and descriptors, and for a field of one.  A path is its inode.
 *
 * All of it lies in the volume: E2_ERR_RANGE otherwise.  E2_ERR_NOENT for a hole, and for a
 * part that the group does not have.
 */
int object_stretch(struct shell *sh, const struct object *o, struct stretch *st);

#endif
