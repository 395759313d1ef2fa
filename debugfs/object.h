/* SPDX-License-Identifier: MIT */
/*
 * How people name things of a volume.
 *
 *   /a/b  b  ./<12>     a path; /a.mode and /x:3 are names like any other
 *   <12> %12            an inode; <root> <resize> <journal> and the other reserved ones
 *   <12>:3  <12>:@7     block 3 of its file, the block that holds byte 7
 *   ^5 g:5              a group; ^5/sb ^5/gd ^5/bb ^5/ib ^5/it: its parts
 *   41733 0xa305 b:41733 41733+16 41733-41748    blocks
 *   sb  sb:3            the superblock, its copy in group 3
 *   @0x1000             the block that holds this byte of the image
 *   <12>.mode ^5.flags sb.state <12>.block[12]   a field
 *
 * Parsing is pure; whether a thing exists is asked of the volume later.
 */
#ifndef DEBUGFS_OBJECT_H
#define DEBUGFS_OBJECT_H

#include "e2.h"

enum object_kind {
	OBJECT_PATH, OBJECT_INODE, OBJECT_GROUP, OBJECT_BLOCKS, OBJECT_SUPER, OBJECT_BYTE
};

enum object_part {
	PART_NONE, PART_SUPER, PART_DESC, PART_BLOCK_BITMAP, PART_INODE_BITMAP, PART_INODE_TABLE
};

struct object {
	enum object_kind kind;
	enum object_part part;	/* of a group */
	const char *path;	/* a path, or the text that names the thing; borrowed */
	const char *field;	/* "mode", "block[12]"; NULL: none; borrowed */
	e2_ino ino;
	e2_grp group;		/* of a group; of a superblock: which copy */
	e2_blk blk;
	uint64_t count;		/* blocks from blk on */
	uint64_t offset;	/* OBJECT_BYTE: of the image */
	bool has_lblk, has_byte;/* a block of the inode's file is meant, by number or by byte */
	uint64_t lblk, byte;
};

/* Where an object is expected, what may stand there and what a bare number means. */
enum object_place {
	PLACE_FILE,		/* a path or an inode; a number is a path */
	PLACE_INO,		/* the same; a number is an inode */
	PLACE_ANY,		/* anything; a number is a block */
};

/*
 * quoted  the text was in quotes and can only be a path
 *
 * E2_ERR_INVAL with the reason in the detail.  The text is borrowed by *o.
 */
int object_parse(const char *text, bool quoted, enum object_place place, struct object *o);

/* The names that may stand between < and >; NULL past the last. */
const char *object_reserved_name(size_t index);

#endif
