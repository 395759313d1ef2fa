/* SPDX-License-Identifier: MIT */
/*
 * Tiny volumes for tests, made field by field through the codecs, in memory.
 *
 *	struct img img;
 *	img_new(&img, &(struct img_options){ .block_size = 2048 });
 *	struct e2_inode in = img_reg(5000);
 *	img_map(&img, &in, 0, img_put(&img, "data", 4));
 *	img_inode(&img, 12, &in);
 *	struct e2_fs *fs = img_open(&img, NULL);	// of a copy: img can be changed again
 *	...
 *	e2_close(fs);
 *	img_free(&img);
 *
 * A volume just made is sound: superblocks, descriptors, bitmaps, a root directory
 * and counts.  Whatever fails in here aborts the test.
 */
#ifndef E2_TESTS_IMAGE_H
#define E2_TESTS_IMAGE_H

#include "io/sim.h"
#include "node/node.h"

struct img {
	struct e2_io *io;		/* the bytes */
	struct e2_super super;		/* img_sync writes it, to all its places */
	struct e2_geometry g;
};

struct img_options {			/* 0: the value in brackets */
	uint32_t block_size;		/* [1024] */
	uint32_t blocks;		/* [256] */
	uint32_t blocks_per_group;	/* [8 * block_size, at most 65528] */
	uint32_t inodes_per_group;	/* [what fits in 2 blocks of a table, at least 16] */
	uint32_t inode_size;		/* [256; 128 with revision 0] */
	bool revision_0;
	uint32_t compat, incompat, ro_compat;	/* feature bits */
	uint32_t reserved_gdt_blocks, first_meta_bg, backup_bgs[2];
};

void img_new(struct img *img, const struct img_options *options);
void img_free(struct img *img);

/* Writes superblocks and descriptors with the counts that the bitmaps give. */
void img_sync(struct img *img);

/* A copy of the bytes, and a volume opened from such a copy (options may be NULL). */
struct e2_io *img_copy(struct img *img);
struct e2_fs *img_open(struct img *img, const struct e2_open_options *options);

/* A simulated host with a copy of the bytes under this name. */
void img_to_sim(struct img *img, struct e2_sim **sim, const char *path);

/* The first free block, marked as used; with content, padded with zeros. */
e2_blk img_alloc(struct img *img);
e2_blk img_put(struct img *img, const void *data, size_t len);

/* Raw access. */
void img_write(struct img *img, e2_blk blk, uint32_t offset, const void *data, size_t len);
void img_read(struct img *img, e2_blk blk, uint32_t offset, void *data, size_t len);
void img_mark_block(struct img *img, e2_blk blk, bool used);
void img_mark_inode(struct img *img, e2_ino ino, bool used);
struct e2_group img_group(struct img *img, e2_grp group);
void img_group_put(struct img *img, e2_grp group, const struct e2_group *desc);	/* all copies */

/* An inode of this kind with one name; img_inode writes it and marks it as used. */
struct e2_inode img_reg(uint64_t size);
struct e2_inode img_symlink(const char *text);		/* fast: at most 59 bytes */
void img_inode(struct img *img, e2_ino ino, const struct e2_inode *in);
struct e2_inode img_inode_get(struct img *img, e2_ino ino);

/* Lets a block of a file lie at blk, making the pointer blocks it takes (and
 * counting both in in->blocks).  With blk 0, only makes the pointer blocks. */
void img_map(struct img *img, struct e2_inode *in, e2_lblk lblk, e2_blk blk);

/* Adds a name to the last block of a directory, which must have room for it. */
void img_link(struct img *img, e2_ino dir, const char *name, e2_ino ino, enum e2_file_type type);

#endif
