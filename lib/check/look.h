/* SPDX-License-Identifier: MIT */
/*
 * What blocks look like: evidence for what a damaged superblock or descriptor should say.
 *
 * Everything is pure, bounded, and quiet: a block that cannot be read looks like nothing.
 */
#ifndef E2_CHECK_LOOK_H
#define E2_CHECK_LOOK_H

#include "node/node.h"

struct look {			/* where to look: an image, or a volume that is open */
	struct e2_io *io;
	struct e2_fs *fs;	/* NULL: the image, by g */
	struct e2_geometry g;
	uint8_t *block, *other;	/* a block each */
	uint8_t *bits;		/* an inode bitmap */
};

/* E2_ERR_NOMEM. */
int look_begin(struct look *l, struct e2_io *io, struct e2_fs *fs, const struct e2_geometry *g);
void look_end(struct look *l);
bool look_read(const struct look *l, e2_blk blk, uint8_t *data);

enum look_slot { LOOK_EMPTY, LOOK_FREED, LOOK_USED, LOOK_BAD };
enum look_slot look_at_slot(const struct e2_geometry *g, const uint8_t *raw, struct e2_inode *in);

struct look_table {
	uint32_t empty, freed, used, bad;	/* slots */
	uint32_t dots, wrong_dots;		/* directories whose "." names them, or another */
	uint32_t odd;				/* slots that the inode bitmap contradicts */
	bool root;				/* holds a root directory where it must be */
};

/*
 * Looks at `count` blocks of an inode table from its block `from` on, as of a group.
 * bitmap: the group's inode bitmap; 0: not known.
 */
void look_at_table(const struct look *l, e2_grp group, e2_blk table, uint32_t from,
		   uint32_t count, e2_blk bitmap, struct look_table *seen);

/* How well a table looks; below 0: like none. */
int64_t look_table_worth(const struct look_table *seen, e2_grp group);

/* How many of the bits that must be set in a bitmap are clear: padding, and for an inode
 * bitmap of group 0 the reserved inodes.  UINT32_MAX: it cannot be read, or
 * was set or cleared as a whole. */
uint32_t look_at_padding(const struct look *l, e2_blk bitmap, uint32_t bits, uint32_t reserved);

#endif
