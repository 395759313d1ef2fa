/* SPDX-License-Identifier: MIT */
/* Directories for tests: blocks of entries, subdirectories, hashed indexes. */
#ifndef E2_TESTS_IMAGE_TREE_H
#define E2_TESTS_IMAGE_TREE_H

#include "image.h"

struct img_name {
	e2_ino ino;
	const char *name;
	size_t len;			/* 0: strlen(name) */
};

/* Fills a directory block with entries; the last record takes the rest. */
void img_dir_block(uint8_t *block, uint32_t size, const struct img_name *names, size_t count);

/* A directory of `blocks` blocks at blk on, not linked anywhere. */
struct e2_inode img_dir(struct img *img, uint32_t blocks);

/* Makes a directory as inode ino with "." and "..", and its name in the parent. */
void img_mkdir(struct img *img, e2_ino ino, e2_ino parent, const char *name);

/* A new object as inode ino with a name in dir. */
void img_add(struct img *img, e2_ino dir, const char *name, e2_ino ino, const struct e2_inode *in);

/*
 * Makes inode ino a directory with a hashed index over the names (of the version, with the
 * superblock's seed and signedness), in leaves of at most `per_leaf` names, with two levels
 * when deep.  Block 0 is the root; with deep, the nodes follow, then leaves.
 */
void img_indexed_dir(struct img *img, e2_ino ino, unsigned version, const struct img_name *names,
		     size_t count, size_t per_leaf, bool deep);

#endif
