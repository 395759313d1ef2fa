/* SPDX-License-Identifier: MIT */
/*
 * Inodes and their data: inode number and offset to bytes.
 */
#ifndef E2_NODE_NODE_H
#define E2_NODE_NODE_H

#include "base/units.h"
#include "vol/vol.h"

/* ---- inodes ---------------------------------------------------------------- */

/* E2_ERR_RANGE (no such inode number), E2_ERR_CORRUPT (its table lies outside), E2_ERR_IO. */
E2_NODISCARD int e2_inode_get(struct e2_fs *fs, e2_ino ino, struct e2_inode *in);

/* The inode_size bytes of an inode as they stand. */
E2_NODISCARD int e2_inode_raw(struct e2_fs *fs, e2_ino ino, uint8_t *raw);

/* Where it lies: block, byte within the block. */
E2_NODISCARD int e2_inode_locate(struct e2_fs *fs, e2_ino ino, e2_blk *blk, uint32_t *offset);

bool e2_is_dir(const struct e2_inode *in);
bool e2_is_reg(const struct e2_inode *in);
bool e2_is_symlink(const struct e2_inode *in);

/* Length in bytes: 64 bits for regular files, 32 for everything else (the high
 * half of a directory is not a size in ext2). */
uint64_t e2_inode_size(const struct e2_inode *in);

/* Whether block[] holds block pointers (regular files, directories, slow symlinks). */
bool e2_inode_has_blocks(const struct e2_fs *fs, const struct e2_inode *in);

enum e2_file_type e2_inode_file_type(uint32_t mode);	/* E2_FT_UNKNOWN for an impossible mode */

/* Device number of a device inode, in the kernel's old or new form. */
void e2_inode_device(const struct e2_inode *in, uint32_t *major, uint32_t *minor);

enum e2_time_which { E2_ATIME, E2_CTIME, E2_MTIME, E2_CRTIME, E2_DTIME };
/* Seconds are signed; extra fields add nanoseconds and two more bits.  false when
 * this inode has no such time (crtime without extra fields: also nsec is 0). */
bool e2_inode_time(const struct e2_inode *in, enum e2_time_which which, struct e2_time *t);
/* Whether this inode stores nanoseconds. */
bool e2_inode_has_nsec(const struct e2_inode *in);
/* The first and last second that atime, ctime and mtime of this inode can hold. */
void e2_inode_time_range(const struct e2_inode *in, int64_t *min, int64_t *max);

/* ---- scanning all inodes ---------------------------------------------------- */

/*
 * All inodes in the order of their tables, reading ahead in large pieces.
 *	while ((r = e2_scan_next(scan, &ino, &in, &raw)) > 0)
 * A table that lies outside the volume or cannot be read is passed over and
 * counted; e2_scan_bad_groups() says how many.
 */
struct e2_scan;
enum e2_scan_flags {
	E2_SCAN_USED_ONLY = 1,	/* skip inodes free by the bitmap */
	E2_SCAN_RAW = 2,	/* *in is left alone: for who looks at raw first */
};
int e2_scan_begin(struct e2_fs *fs, unsigned flags, struct e2_scan **scan);
/* in, raw (either may be NULL): the inode, and its bytes, valid until the next call.
 * 1, 0 at the end. */
int e2_scan_next(struct e2_scan *scan, e2_ino *ino, struct e2_inode *in, const uint8_t **raw);
/* Several at once, which lie side by side in raw, inode_size bytes each. */
int e2_scan_next_run(struct e2_scan *scan, e2_ino *ino, const uint8_t **raw, uint32_t *count);
uint32_t e2_scan_bad_groups(const struct e2_scan *scan);
void e2_scan_end(struct e2_scan *scan);

/*
 * The inodes of a list that ascends (one may stand in it twice), reading ahead in large pieces.
 *	while ((r = e2_pick_next(pick, &index, &in)) != 0)
 * Every element is yielded, by its index: 1; negative when it cannot be read, as e2_inode_get()
 * says, and calling next again goes on; 0 at the end.
 * inos is borrowed until the end.
 */
struct e2_pick;
int e2_pick_begin(struct e2_fs *fs, const e2_ino *inos, size_t count, struct e2_pick **pick);
int e2_pick_next(struct e2_pick *pick, size_t *index, struct e2_inode *in);
void e2_pick_end(struct e2_pick *pick);

/* ---- mapping ------------------------------------------------------------------ */

struct e2_run {
	e2_lblk lblk;
	e2_blk blk;		/* 0: a hole */
	uint64_t count;
};

/*
 * The run of blocks that holds lblk: covers lblk and as many blocks after it as
 * lie together (or are a hole together); it may stop early at a pointer block.
 * lblk may lie past the end of the file.  A run past the last block that
 * pointers can reach is E2_ERR_FBIG; E2_ERR_CORRUPT for a pointer outside the volume.
 */
E2_NODISCARD int e2_map(struct e2_fs *fs, const struct e2_inode *in, e2_lblk lblk,
			struct e2_run *run);

/*
 * Steps through everything an inode's pointers reach, in file order, pointer
 * blocks before what they point to; holes are left out.  Types that keep no
 * pointers yield nothing; a mode without a type (the bad block inode) does.
 * Nothing is trusted: bad pointers are yielded and not followed, each pointer
 * block is entered once.  Depth and work are bounded by the format and the volume.
 */
struct e2_walk_block {
	e2_lblk lblk;		/* of data; of a pointer block: the first it can reach */
	e2_blk blk;		/* as stored */
	uint64_t count;		/* data: blocks together; pointer block: 1 */
	unsigned level;		/* 0 data, 1 single, 2 double, 3 triple indirect block */
	e2_blk parent;		/* pointer block that holds the pointer; 0: block[] of the inode */
	unsigned index;		/* where in the parent (first of the run) */
	int status;		/* E2_OK; E2_ERR_CORRUPT outside the volume or a cycle; E2_ERR_IO */
};
struct e2_blocks;
int e2_blocks_begin(struct e2_fs *fs, const struct e2_inode *in, struct e2_blocks **walk);
/* Starts again with another inode: for who walks many of them. */
void e2_blocks_restart(struct e2_blocks *walk, const struct e2_inode *in);
/* 1, 0 at the end, E2_ERR_NOMEM. */
int e2_blocks_next(struct e2_blocks *walk, struct e2_walk_block *b);
/* Do not enter the pointer block that was just yielded (fsck: it belongs to another). */
void e2_blocks_skip(struct e2_blocks *walk);
void e2_blocks_end(struct e2_blocks *walk);

/* ---- data ---------------------------------------------------------------------- */

/* Reads up to len bytes at offset; *got is less only at the end of the file; holes are zeros. */
E2_NODISCARD int e2_read(struct e2_fs *fs, const struct e2_inode *in, uint64_t offset, size_t len,
			 void *buf, size_t *got);

/*
 * The next piece of data at or after offset, clipped to the size: for sparse
 * copies.  1 with *start < *end, 0 when only holes follow.
 */
int e2_data_next(struct e2_fs *fs, const struct e2_inode *in, uint64_t offset, uint64_t *start,
		 uint64_t *end);

/*
 * The text of a symbolic link, fast or slow; adds it to text, without a NUL.
 * E2_ERR_INVAL for other inodes, E2_ERR_CORRUPT when size and storage disagree
 * (text longer than a block, over 4095 bytes, holds a NUL).
 */
E2_NODISCARD int e2_symlink_read(struct e2_fs *fs, const struct e2_inode *in, struct e2_str *text);

/* Whether the text lies in the inode itself. */
bool e2_symlink_is_fast(const struct e2_fs *fs, const struct e2_inode *in);

#endif
