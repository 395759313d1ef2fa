/* SPDX-License-Identifier: MIT */
/*
 * What the files of plan and emit share.
 *
 * Content (everything but the groups' own metadata) is laid out in one line of
 * positions 0, 1, 2 ...: object after object, each with its attribute block, pointer
 * blocks and data together.  Space says which block of the volume a position is: the
 * blocks that metadata leave free, in order.  So one number an object, where it starts,
 * is the whole plan; all else is arithmetic.
 */
#ifndef E2_BUILD_PLAN_PRIV_H
#define E2_BUILD_PLAN_PRIV_H

#include "base/grow.h"
#include "build/plan.h"
#include "tree/tree.h"
#include "tree/xattr_area.h"

/* ---- form: what a file's blocks depend on (plan_form.c) --------------------- */

struct e2_form {
	uint32_t block_size, block_bits;
	uint32_t pointer_bits;		/* a block holds 1 << pointer_bits pointers */
	uint32_t inode_size, extra_isize;
	uint64_t size_max;		/* bytes of a regular file */
	bool xattrs;			/* attributes are kept */
};

void e2_form_make(uint32_t block_size, uint32_t inode_size, uint32_t extra_isize,
		  struct e2_form *form);
uint64_t e2_form_blocks(const struct e2_form *form, uint64_t bytes);

/* ---- the tree of pointers over a file (plan_map.c) -------------------------- */

struct e2_piece { uint64_t lo, hi; };	/* blocks lo .. hi-1 of a file are data */

struct e2_filemap {
	const struct e2_piece *v;	/* ascending, apart from each other, none empty */
	size_t count;
	unsigned pointer_bits;
	struct e2_piece one;		/* v of a file without holes */
	struct e2_piece *scratch;	/* v of a file with holes */
	size_t scratch_cap;
};

void e2_filemap_free(struct e2_filemap *m);
void e2_filemap_dense(struct e2_filemap *m, const struct e2_form *form, uint64_t blocks);
int e2_filemap_file(struct e2_filemap *m, const struct e2_form *form,
		    const struct e2_source *source, e2_obj obj);

/* The first piece that ends after lblk; count when there is none. */
size_t e2_filemap_find(const struct e2_filemap *m, uint64_t lblk);

/* Blocks of data in lo .. hi-1. */
uint64_t e2_filemap_data(const struct e2_filemap *m, uint64_t lo, uint64_t hi);

/* Blocks that a pointer block of a level and all below it take, when it maps the file from
 * lo on: 0 when nothing there is data.  Level 1 points to data. */
uint64_t e2_filemap_tree(const struct e2_filemap *m, unsigned level, uint64_t lo);

/* File block where the reach of the inode's pointer of a level (1..3; 4: its end) begins. */
uint64_t e2_filemap_start(const struct e2_filemap *m, unsigned level);

/* Data and pointer blocks of the whole file. */
uint64_t e2_filemap_blocks(const struct e2_filemap *m);

/* ---- directories as blocks (plan_dir.c) ------------------------------------- */

struct e2_plan;

/* Bytes of a directory of these names, whole blocks.  lost_found: the volume's own is among
 * them although the source has none. */
uint64_t e2_dir_bytes(const struct e2_source *s, const struct e2_form *form, e2_obj dir,
		      bool lost_found);
uint64_t e2_lost_found_bytes(const struct e2_form *form);	/* at least so much */

/* The names of a directory in order, and among them lost+found when the volume makes it. */
struct e2_dir_names {
	const struct e2_source *source;
	uint32_t next, end;		/* names of the source */
	bool lost_found;		/* it is still to come */
};
void e2_dir_names_begin(struct e2_dir_names *names, const struct e2_source *s, e2_obj dir,
			bool lost_found);
/* The next name, NULL at the end; *obj is E2_OBJ_NONE for the volume's lost+found. */
const char *e2_dir_names_peek(const struct e2_dir_names *names, uint32_t *len, e2_obj *obj);
void e2_dir_names_advance(struct e2_dir_names *names, e2_obj obj);

struct e2_dir_fill {			/* makes the blocks of one directory, in order */
	const struct e2_plan *plan;
	struct e2_dir_names names;
	e2_ino self, parent;
	bool begun;
};
void e2_dir_fill_begin(struct e2_dir_fill *f, const struct e2_plan *plan, e2_obj dir);
void e2_dir_fill_block(struct e2_dir_fill *f, uint8_t *block);

/* ---- attributes (plan_xattr.c) ---------------------------------------------- */

/* How a set of attributes is divided; block_bytes 0: all fit in the inode. */
struct e2_xattr_bytes { uint32_t inode_bytes, block_bytes; };
void e2_xattr_divide(const struct e2_form *form, const struct e2_xattr_item *v,
			uint32_t count, struct e2_xattr_bytes *bytes);
void e2_xattr_fill_inode(const struct e2_form *form, const struct e2_xattr_item *v,
			 uint32_t count, uint8_t *raw);
void e2_xattr_fill_block(const struct e2_form *form, const struct e2_xattr_item *v,
			 uint32_t count, uint32_t refs, uint8_t *block);

/* ---- content: what lies where in the line (plan_content.c) ------------------ */

struct e2_xattr_block { uint32_t pos, set, refs; e2_obj first; };

struct e2_content {
	const struct e2_source *source;
	struct e2_form form;
	e2_obj lost_found;		/* the source's own; E2_OBJ_NONE: the volume makes one */
	uint32_t *start;		/* of each object: position of its first block */
	uint32_t *xattr_block;		/* of each object: 1 + index in blocks_v; 0: none */
	struct e2_xattr_block *xattr_v;	/* in the order of their positions */
	uint32_t *set_block;		/* of each set: 1 + index of the block that takes more */
	size_t xattr_len, xattr_cap;
	uint64_t lost_found_pos, lost_found_bytes;
	uint64_t resize_pos;		/* pointer block of the resize inode */
	uint64_t blocks;		/* length of the line */
	uint64_t largest;		/* bytes of the largest regular file */
	uint64_t dropped_xattrs;
};

/* resize: the volume has a resize inode.  Fails as e2_plan_need; c needs release then too. */
int e2_content_make(const struct e2_source *source, const struct e2_form *form, bool resize,
		    struct e2_content *c);
void e2_content_free(struct e2_content *c);

/* What the objects that e2_source_dedupe() has retired would take besides. */
int e2_content_retired(const struct e2_content *c, uint64_t *blocks);

/* The map of an object's blocks, and how many bytes it has (directories: as laid out). */
int e2_content_map(const struct e2_content *c, e2_obj obj, struct e2_filemap *m, uint64_t *bytes);

/* ---- space: which block a position is (plan_space.c) ------------------------ */

struct e2_parts {		/* metadata of a group, in blocks from its first */
	e2_blk first;
	uint32_t blocks;
	uint32_t head;		/* superblock, descriptors and their reserve: 0 .. head-1 */
	uint32_t block_bitmap, inode_bitmap, inode_table;
};
void e2_parts_make(const struct e2_geometry *g, uint32_t stride, e2_grp group,
		    struct e2_parts *parts);

struct e2_gap { uint32_t blk, pos; };	/* blocks that metadata leave, up to the next's pos */

struct e2_space {
	struct e2_gap *gaps;		/* [count] ends the last */
	uint32_t *first_gap;		/* of each group, and one more */
	size_t count, cap;
	uint64_t total;			/* blocks in gaps */
};
int e2_space_make(const struct e2_geometry *g, uint32_t stride, struct e2_space *space);
void e2_space_free(struct e2_space *space);

/* The block at a position, and how many of want positions from it lie together.
 * hint: a gap near by, kept by the caller; start with 0. */
e2_blk e2_space_run(const struct e2_space *space, uint64_t pos, uint64_t want, size_t *hint,
		    uint64_t *count);

/* ---- the plan --------------------------------------------------------------- */

struct e2_plan {
	struct e2_source *source;
	struct e2_shape shape;
	struct e2_plan_options options;
	struct e2_content content;
	struct e2_space space;
	e2_ino last_ino;		/* inodes 1 .. last_ino are in use */
	uint32_t *dirs;			/* directories in each group that holds used inodes */
	e2_grp dirs_len;
	e2_grp *backups;		/* groups but the first that have a superblock */
	uint32_t backups_len;
	struct e2_plan_stats stats;
};

bool e2_plan_has_resize(const struct e2_plan *plan);
uint32_t e2_plan_used_inodes(const struct e2_plan *plan, e2_grp group);
uint32_t e2_plan_free_blocks(const struct e2_plan *plan, e2_grp group);
void e2_plan_group(const struct e2_plan *plan, e2_grp group, const struct e2_parts *parts,
		   struct e2_group *desc);

/* UUID and hash seed from everything the volume is made of (plan_digest.c). */
void e2_plan_digest(const struct e2_plan *plan, uint8_t uuid[16], uint32_t seed[4]);

/* ---- inode records (plan_inode.c) ------------------------------------------- */

struct e2_inode_maker {		/* what making many inodes in a row shares */
	const struct e2_plan *plan;
	struct e2_filemap map;
	size_t hint;
};

/* The record of any used inode into inode_size zeroed bytes. */
int e2_inode_make(struct e2_inode_maker *maker, e2_ino ino, uint8_t *raw);

/* Whether any time of an object changes on its way into an inode. */
bool e2_times_clamped(const struct e2_form *form, const struct e2_plan_options *options,
		      const struct e2_object *o);

/* ---- the resize inode (plan_resize.c) --------------------------------------- */

uint64_t e2_resize_size(const struct e2_form *form);	/* bytes of inode 7 */
uint64_t e2_resize_blocks(const struct e2_plan *plan);	/* blocks it holds */
void e2_resize_fill_top(const struct e2_plan *plan, uint8_t *block);
/* index: which of the reserved blocks of group 0 */
void e2_resize_fill_reserved(const struct e2_plan *plan, uint32_t index, uint8_t *block);

#endif
