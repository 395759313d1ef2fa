/* SPDX-License-Identifier: MIT */
/*
 * A volume: superblock, groups, bitmaps; the volume as arithmetic.
 *
 * The geometry is proven against the superblock's own rules and the size of the
 * image once, at open, and never changes.  Every number read from the volume is
 * compared with it before it is an index, a length or a loop bound.
 */
#ifndef E2_VOL_VOL_H
#define E2_VOL_VOL_H

#include "cache/cache.h"
#include "disk/consts.h"
#include "disk/features.h"
#include "disk/struct.h"
#include "io/image.h"

struct e2_fs;

struct e2_geometry {
	e2_blk blocks;			/* in the volume */
	e2_blk first_data_block;	/* 1 with 1 KiB blocks (usually), else 0 */
	e2_grp groups;
	uint32_t inodes;		/* groups * inodes_per_group */
	uint32_t inodes_per_group, blocks_per_group;
	uint32_t block_size, inode_size, desc_size;	/* bytes */
	uint32_t block_bits;		/* block_size == 1 << block_bits */
	uint32_t pointers;		/* block pointers in a block: block_size / 4 */
	uint32_t inode_table_blocks;	/* per group */
	uint32_t desc_blocks;		/* blocks of group descriptors in all */
	uint32_t reserved_gdt_blocks;	/* kept behind them, per copy */
	e2_ino first_ino;		/* first that is not reserved */
	bool meta_bg, sparse_super, sparse_super2, filetype;
	uint32_t first_meta_bg;		/* desc_blocks when meta_bg is off */
	uint32_t backup_bgs[2];
};

/*
 * Derives and proves a geometry.  Used by open, mkfs and fsck alike.
 *
 * image_bytes  size of the image; the volume may be larger only where allowed
 *              (a damaged image cut short): then E2_ERR_CORRUPT unless 0
 *
 * E2_ERR_NOT_EXT2 (magic), E2_ERR_CORRUPT with field, value and valid range.
 */
int e2_geometry_derive(const struct e2_super *super, uint64_t image_bytes, struct e2_geometry *g);

/* ---- pure arithmetic; groups and numbers must be inside the geometry ---- */

e2_blk e2_group_first_block(const struct e2_geometry *g, e2_grp group);
uint32_t e2_group_blocks(const struct e2_geometry *g, e2_grp group);	/* less in the last */
bool e2_group_has_super(const struct e2_geometry *g, e2_grp group);
/* Blocks of superblock, descriptors and reserved descriptors at the start of a
 * group (the superblock's own block included; boot block of 1 KiB volumes not). */
uint32_t e2_group_head_blocks(const struct e2_geometry *g, e2_grp group);
/* Where the descriptors of a group start in the group itself, and how many
 * blocks of them (0: none here); with reserved blocks behind when !meta_bg. */
uint32_t e2_group_desc_blocks(const struct e2_geometry *g, e2_grp group, e2_blk *first);
/* Block that holds descriptor block n (n < desc_blocks) of the copy that starts
 * with the superblock in group `copy` (0: the primary). */
e2_blk e2_desc_block(const struct e2_geometry *g, e2_grp copy, uint32_t n);
e2_grp e2_block_group(const struct e2_geometry *g, e2_blk blk);
e2_grp e2_inode_group(const struct e2_geometry *g, e2_ino ino);
bool e2_block_valid(const struct e2_geometry *g, e2_blk blk);	/* first_data_block .. blocks-1 */
bool e2_run_valid(const struct e2_geometry *g, e2_blk blk, uint64_t count);
bool e2_inode_valid(const struct e2_geometry *g, e2_ino ino);	/* 1 .. inodes */
/* Bytes; by pointers and i_blocks. */
uint64_t e2_file_size_max(const struct e2_geometry *g);
/* Bytes that pointers can reach: a file with holes has them, however few sectors. */
uint64_t e2_file_reach(const struct e2_geometry *g);

/* ---- opening ------------------------------------------------------------ */

enum e2_open_flags {
	E2_OPEN_ANY_FEATURE = 1,	/* unknown incompat bits are no reason to refuse */
	E2_OPEN_SHORT = 2,		/* the image may be shorter than the volume */
	E2_OPEN_WRITE = 4,		/* to change it; completes a pending change first */
	E2_OPEN_NO_RECOVER = 8,		/* a pending change is a reason to refuse */
	E2_OPEN_DISCARD_LOG = 16,	/* with WRITE: removes a pending change unseen */
	E2_OPEN_REPAIR = 32,		/* transactions may be begun whatever the features and the
					 * image's size, and trust no bitmap: fsck */
};

struct e2_open_options {
	unsigned flags;
	e2_blk superblock;		/* block of the superblock to use; 0: the primary */
	uint32_t block_size;		/* bytes; needed with superblock, 0: tried in turn */
	size_t cache_bytes;		/* 0: as suits, little for a small image */
	unsigned threads;		/* read-ahead workers; E2_THREADS_AUTO: as suits */
	const char *log_path;		/* NULL: beside the image */
	const char *undo_path;		/* with WRITE: keep an undo file; NULL: none by name */
	/*
	 * Tells which superblock to believe, instead of reading one: fsck's way past a damaged
	 * one.  Called when locks are taken and a pending change is complete; geometry is derived
	 * from *super, and e2_super() is it.  NULL: none.
	 */
	int (*believe)(void *context, struct e2_io *io, struct e2_super *super);
	void *believe_context;
};
#define E2_THREADS_AUTO UINT32_MAX

/*
 * Opens a volume for reading.  options NULL: all defaults.
 * io is taken over, even on failure.
 *
 * E2_ERR_NOT_EXT2, E2_ERR_FEATURE (unknown incompat bits, named), E2_ERR_CORRUPT
 * (impossible geometry), E2_ERR_IO, E2_ERR_NOMEM.
 */
int e2_open(struct e2_io *owned, const struct e2_open_options *options, struct e2_fs **fs);

/*
 * The same for what a user names, with the locks and the log that belong to it: the way of
 * every program.  env NULL: the host.  With E2_OPEN_WRITE a pending change is completed
 * first; without, it is read through and nothing is written.  (E2_OPEN_WRITE of e2_open
 * changes the io directly: for images in memory.)
 *
 * As e2_open and e2_image_open; E2_ERR_LOG for a log that does not fit, for one that
 * E2_OPEN_NO_RECOVER forbids, and for an image in the middle of a commit whose log is
 * missing.  The detail says what to do.
 */
int e2_open_image(struct e2_env *env, const char *spec, const struct e2_open_options *options,
		  struct e2_fs **fs);

/* Releases everything, an open transaction is aborted.  A failure to close what was written is
 * reported. */
int e2_close(struct e2_fs *fs);

/*
 * Looks for a superblock that e2_open would accept: backups at the places every
 * block size and group size of mke2fs gives, best first.
 * E2_ERR_NOT_EXT2 when there is none.
 */
int e2_find_backup(struct e2_io *io, e2_blk *superblock, uint32_t *block_size);

/* Who walks trees and scans inode tables asks from time to time whether to go on: stop is a
 * function without effects, NULL for none.  E2_ERR_CANCELLED when it says so. */
void e2_fs_set_stop(struct e2_fs *fs, bool (*stop)(void));
int e2_fs_stopped(const struct e2_fs *fs);

const struct e2_geometry *e2_geometry(const struct e2_fs *fs);
/* As of the opening or the last commit; what changes meanwhile: e2_super_get(), vol/write.h. */
const struct e2_super *e2_super(const struct e2_fs *fs);
struct e2_io *e2_fs_io(const struct e2_fs *fs);
struct e2_cache *e2_fs_cache(const struct e2_fs *fs);
const char *e2_fs_name(const struct e2_fs *fs);			/* of the image, for messages */

/*
 * A command that reads holds the image still from begin to end, so that it sees no commit
 * half done.  begin gives *changed when somebody has changed the image since the last end (or
 * since it was opened): the buffers are dropped then, and what the caller knows is stale.
 * E2_ERR_BUSY when a commit does not end.  Of an image open for writing, which no program of
 * ours changes, it only finds the changes of strangers; within a transaction it does nothing.
 */
E2_NODISCARD int e2_reading_begin(struct e2_fs *fs, bool *changed);
void e2_reading_end(struct e2_fs *fs);

/* Whether a change that was cut short has been completed at opening or, in a volume open for
 * reading, is read through. */
bool e2_fs_pending(const struct e2_fs *fs);

/* NULL for a volume opened by e2_open(). */
struct e2_image *e2_fs_image(const struct e2_fs *fs);

/* NULL, or why the volume may be read only ("unknown ro_compat feature ..."). */
const char *e2_fs_read_only(const struct e2_fs *fs);

struct e2_when_context e2_when(const struct e2_fs *fs);		/* for inodes: bytes = inode_size */

/* ---- blocks -------------------------------------------------------------- */

/* Any block of the volume, block 0 included.  E2_ERR_CORRUPT past the end. */
E2_NODISCARD int e2_buf_get(struct e2_fs *fs, e2_blk blk, const struct e2_buf **buf);
void e2_buf_put(struct e2_fs *fs, const struct e2_buf *buf);

/* ---- groups --------------------------------------------------------------- */

/* The descriptor as it stands; its pointers are unproven.  E2_ERR_IO. */
E2_NODISCARD int e2_group_get(struct e2_fs *fs, e2_grp group, struct e2_group *desc);

/* Where the descriptor lies: block and byte within it. */
void e2_group_locate(const struct e2_geometry *g, e2_grp group, e2_blk *blk, uint32_t *offset);

/* The first block of a group's inode table, proven to lie wholly in the volume;
 * E2_ERR_CORRUPT otherwise. */
E2_NODISCARD int e2_inode_table(struct e2_fs *fs, e2_grp group, e2_blk *first);

/* Whether the bitmaps call a block or inode used. */
E2_NODISCARD int e2_block_used(struct e2_fs *fs, e2_blk blk, bool *used);
E2_NODISCARD int e2_inode_used(struct e2_fs *fs, e2_ino ino, bool *used);
/* How many inodes of a group its bitmap calls used. */
E2_NODISCARD int e2_group_inodes_used(struct e2_fs *fs, e2_grp group, uint32_t *count);
/* The first inode from `from` on that is free by its bitmap, reserved ones left out; 0: none is.
 * Groups whose bitmap cannot be read are passed over. */
E2_NODISCARD int e2_inode_next_free(struct e2_fs *fs, e2_ino from, e2_ino *ino);

/* What a block is by the layout alone. */
enum e2_role {
	E2_ROLE_NONE,		/* by the layout: for data, pointers, directories or free */
	E2_ROLE_BOOT, E2_ROLE_SUPER, E2_ROLE_DESC, E2_ROLE_RESERVED_DESC,
	E2_ROLE_BLOCK_BITMAP, E2_ROLE_INODE_BITMAP, E2_ROLE_INODE_TABLE,
};
E2_NODISCARD int e2_block_role(struct e2_fs *fs, e2_blk blk, enum e2_role *role, e2_grp *group);

/* The first of count blocks, all within the volume, that the layout has a use for: *at, what,
 * and of which group; *role is E2_ROLE_NONE when there is none. */
E2_NODISCARD int e2_run_role(struct e2_fs *fs, e2_blk blk, uint64_t count, enum e2_role *role,
			     e2_grp *group, e2_blk *at);
const char *e2_role_name(enum e2_role role);	/* "inode table"; static */

#endif
