/* SPDX-License-Identifier: MIT */
/*
 * A small reader of ext2 images that shares nothing with the library: what files an image
 * holds, and which bytes belong to whom.  It trusts no length and no pointer; what cannot be
 * read is not there.  Descriptors of 32 bytes, no meta_bg.
 */
#ifndef E2_TESTS_READER_H
#define E2_TESTS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader_name {
	uint32_t ino;
	uint16_t mode;
	uint64_t size;
	uint64_t bytes;		/* hash of type, size and content; a hole is zeros */
	uint64_t content;	/* of a regular file: hash without its size and zeros at ends */
	uint64_t about;		/* hash of permissions, owner, times of change, attributes */
	char *path;
};

struct reader_block {
	uint32_t blk, ino;	/* blk is of ino: data, pointers, attributes */
};

struct reader {
	const uint8_t *image;
	uint64_t size;
	uint32_t block_size, blocks, first, groups, per_group, inodes_per_group, inodes,
		 inode_size, desc_block;
	struct reader_name *names;	/* as a walk from the root finds them */
	size_t name_count;
	struct reader_block *blocks_of;	/* of inodes that names lead to */
	size_t block_count;
};

/* False when there is nothing to be read.  image must outlive r. */
bool reader_open(struct reader *r, const uint8_t *image, uint64_t size);
void reader_close(struct reader *r);

const struct reader_name *reader_find(const struct reader *r, const char *path);

/* Whether bytes of the image are in this inode or in a block of it. */
bool reader_touches(const struct reader *r, uint32_t ino, uint64_t offset, uint64_t len);

/* Whether a block is a file's, or near the layout: not surely free. */
bool reader_uses(const struct reader *r, uint32_t blk);

/* Where an inode lies; 0: nowhere. */
uint64_t reader_inode_at(const struct reader *r, uint32_t ino);

#endif
