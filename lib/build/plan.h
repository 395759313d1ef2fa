/* SPDX-License-Identifier: MIT */
/*
 * Plan and emit: a tree and a shape become a complete layout, and the layout
 * becomes an image, written front to back, once.
 *
 * The plan is pure: it can be printed, tested and measured without any I/O.
 */
#ifndef E2_BUILD_PLAN_H
#define E2_BUILD_PLAN_H

#include "build/shape.h"
#include "host/source.h"
#include "io/io.h"

struct e2_need {		/* what a tree needs in a volume */
	uint64_t blocks;	/* data, directories (lost+found too), pointers, attributes */
	uint64_t inodes;	/* reserved ones and lost+found included */
	bool large_file;	/* a file of 2 GiB or more */
};

/*
 * Counts exactly, for a block size and inode size (inode_size 128: extra_isize is ignored).
 * E2_ERR_FBIG (a file too large for the block size), E2_ERR_RANGE (attributes too large, too
 * many links), E2_ERR_NAMETOOLONG (a symlink that does not fit in a block), E2_ERR_EXIST
 * (a lost+found that is no directory), naming the object.
 */
int e2_plan_need(const struct e2_source *source, uint32_t block_size, uint32_t inode_size,
		 uint32_t extra_isize, struct e2_need *need);

/*
 * The shape of a volume of so many bytes for a tree: e2_shape_make, but when neither
 * inodes nor bytes_per_inode is given and the usual number of inodes does not
 * hold the tree, with as many as it needs and slack_percent of that more, as
 * e2_plan_auto_size reckons.  Whether the blocks suffice is left to e2_plan_make.
 */
int e2_plan_shape(const struct e2_source *source, const struct e2_shape_options *options,
		  uint32_t slack_percent, uint64_t bytes, struct e2_shape *shape);

/*
 * The size, in bytes, of the smallest image that e2_plan_shape and e2_plan_make
 * make of the tree with these options: one block less fails.
 *
 * slack_percent, slack_bytes  free space wanted besides; the first of the tree's need
 *
 * E2_ERR_NOSPC when inodes are given and do not suffice, E2_ERR_FBIG past what ext2 can hold.
 */
int e2_plan_auto_size(const struct e2_source *source, const struct e2_shape_options *options,
		      uint32_t slack_percent, uint64_t slack_bytes, uint64_t *bytes);

struct e2_plan;

struct e2_plan_options {
	bool reproducible;	/* times clamped to `now`, nothing of the host */
	int64_t now;		/* seconds: made, root and lost+found of an empty volume */
	uint32_t root_uid, root_gid;	/* owner of the root directory when root_owner is set */
	bool root_owner;
};

/*
 * Lays the tree out.  Takes nothing over; source must outlive the plan, the shape need not.
 * The shape's UUID and hash seed must be set, or with reproducible are derived
 * from a digest of the plan where all zero.
 * E2_ERR_NOSPC with needed and available blocks and inodes in the detail; else as e2_plan_need.
 */
int e2_plan_make(struct e2_source *source, const struct e2_shape *shape,
		 const struct e2_plan_options *options, struct e2_plan **plan);
void e2_plan_free(struct e2_plan *plan);

struct e2_plan_stats {
	uint64_t content_blocks;	/* data, directories, pointers, attributes */
	uint64_t overhead_blocks;	/* superblocks, descriptors and reserve, bitmaps, tables */
	uint64_t free_blocks;
	uint64_t used_inodes, free_inodes;
	uint64_t clamped_times;		/* objects with a time not held, or after `now` */
	uint64_t dropped_xattrs;	/* objects whose attributes are lost: no ext_attr feature */
	uint64_t saved_blocks;		/* what e2_source_dedupe has spared */
};
void e2_plan_stats(const struct e2_plan *plan, struct e2_plan_stats *stats);
const struct e2_super *e2_plan_super(const struct e2_plan *plan);	/* complete */
const struct e2_geometry *e2_plan_geometry(const struct e2_plan *plan);

/* The inode number an object gets; of the reserved ones only root and lost+found are objects. */
e2_ino e2_plan_ino(const struct e2_plan *plan, e2_obj obj);

/* Where each group's parts lie and what is free, a line a group. */
int e2_plan_print(const struct e2_plan *plan, struct e2_str *out);

struct e2_emit_options {
	bool fresh;		/* io reads as zeros: holes may stay holes */
	/* Called now and then; not 0 cancels (E2_ERR_CANCELLED).  May be NULL. */
	int (*progress)(void *context, uint64_t done_bytes, uint64_t all_bytes);
	void *context;
};

/*
 * Writes the planned volume into io, which must have the volume's size or grow
 * to it; the primary superblock is the last write.  Does not sync.
 *
 * Whatever the source allows to leave out was left out when it was read: a file that cannot be
 * read now is an error, naming it, as is one that changed (E2_ERR_CHANGED).
 */
int e2_emit(struct e2_plan *plan, struct e2_io *io, const struct e2_emit_options *options);

#endif
