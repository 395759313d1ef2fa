/* SPDX-License-Identifier: MIT */
/*
 * What the blocks of a volume are used for, and whose they are.
 *
 * Two witnesses: the layout (superblocks, descriptors, bitmaps, inode tables), which is
 * arithmetic and descriptors, and the claims of inodes: their data, pointer and attribute
 * blocks.  Neither is believed more than the other; who asks about a block gets all of them.
 */
#ifndef E2_TREE_USE_H
#define E2_TREE_USE_H

#include "tree/tree.h"

/* USE(id, key, name): key for programs, name for people; those of a block that is ... */
#define E2_USES(USE) \
	USE(FREE, "free", "free") \
	USE(LOST, "lost", "in use, but nobody's") \
	USE(BOOT, "boot", "boot block") \
	USE(SUPER, "superblock", "superblock") \
	USE(DESC, "descriptors", "group descriptors") \
	USE(GROWTH, "growth", "kept for more group descriptors") \
	USE(BLOCK_BITMAP, "block_bitmap", "block bitmap") \
	USE(INODE_BITMAP, "inode_bitmap", "inode bitmap") \
	USE(INODE_TABLE, "inode_table", "inode table") \
	USE(DATA, "data", "data") \
	USE(DIR, "directory", "directory") \
	USE(SYMLINK, "symlink", "text of a symlink") \
	USE(SINGLE, "single", "single indirect block") \
	USE(DOUBLE, "double", "double indirect block") \
	USE(TRIPLE, "triple", "triple indirect block") \
	USE(XATTR, "attributes", "extended attributes") \
	USE(JOURNAL, "journal", "journal") \
	USE(BAD, "bad", "bad block")

#define USE(id, key, name) E2_USE_##id,
enum e2_use { E2_USES(USE) E2_USE_COUNT };
#undef USE
const char *e2_use_key(enum e2_use use);
const char *e2_use_name(enum e2_use use);
enum e2_use e2_use_of_role(enum e2_role role);		/* E2_ROLE_NONE: E2_USE_FREE */

/* ---- the layout ------------------------------------------------------------- */

/*
 * Each run that the layout has a use for, group by group: boot block, superblock,
 * descriptors, blocks kept for more of them, bitmaps, table.  What a damaged descriptor
 * names is yielded when it lies in the volume, wherever that is: runs may overlap then.
 */
struct e2_layout_run {
	enum e2_use use;
	e2_grp group;
	e2_blk blk;
	uint64_t count;
};
typedef int e2_layout_fn(void *context, const struct e2_layout_run *run);	/* not 0 stops */
E2_NODISCARD int e2_layout_visit(struct e2_fs *fs, e2_layout_fn *fn, void *context);

/* ---- claims of inodes -------------------------------------------------------- */

struct e2_claim {
	e2_ino ino;
	enum e2_use use;	/* DATA ... BAD, GROWTH */
	e2_blk blk;		/* inside the volume */
	uint64_t count;		/* data: blocks together; else 1 */
	e2_lblk lblk;		/* of data; of a pointer block: the first it can reach */
	unsigned level;		/* 0 data, 1 single, 2 double, 3 triple */
	e2_blk parent;		/* pointer block that holds the pointer; 0: the inode */
	unsigned index;		/* in parent, of the run's first; E2_CLAIM_ACL: file_acl */
};
enum { E2_CLAIM_ACL = E2_POINTERS };

/*
 * A visit of what inodes in use claim: those with links and a mode, and the reserved ones.
 * Free inodes claim nothing, whatever their bitmap says: a wrong bit hides no owner.
 */
struct e2_claims {
	struct e2_fs *fs;
	bool marked_only;	/* leave out what the bitmap of inodes calls free: for sums */
	/* Called for each inode that could claim something, before its claims; not 0 stops.  May
	 * be NULL. */
	int (*inode)(void *context, e2_ino ino, const struct e2_inode *in);
	/* Called for each run; not 0 stops, and is what the visit returns. */
	int (*claim)(void *context, const struct e2_inode *in, const struct e2_claim *claim);
	/* A pointer that leads nowhere: status E2_ERR_CORRUPT or E2_ERR_IO.  May be NULL. */
	int (*wrong)(void *context, const struct e2_inode *in, const struct e2_claim *claim,
		     int status);
	/* Instead of those in use, removed inodes that have kept their pointers. */
	bool removed;
	/* Called for what removed inodes claim beside those in use, in the same pass.  May be
	 * NULL. */
	int (*was)(void *context, const struct e2_inode *in, const struct e2_claim *claim);
	/* Asked now and then; true ends with E2_ERR_CANCELLED.  May be NULL. */
	bool (*stop)(void);
	void *context;
	uint32_t bad_groups;	/* out: tables that could not be read, in whole or in part */
};

/*
 * All claims, in the order of inodes, within one in the order of its file.  A pointer block
 * that several inodes share is entered for each of them while that costs no more than
 * reading every block of the volume twice.
 * E2_ERR_NOMEM, E2_ERR_CANCELLED.
 */
E2_NODISCARD int e2_claims_visit(struct e2_claims *c);

/* Those that touch wanted blocks, cut to them; wanted is sorted and no two ranges overlap.
 * Memory does not grow with the number of inodes. */
E2_NODISCARD int e2_claims_find(struct e2_claims *c, const struct e2_range *wanted, size_t count);

/* The same of a single inode; nothing when it claims nothing.  count 0: all it has. */
E2_NODISCARD int e2_claims_of(struct e2_claims *c, e2_ino ino, const struct e2_range *wanted,
			      size_t count);

/* ---- an index, for many questions ---------------------------------------------- */

/* For each block the inode that claims it; five bytes a block at most. */
struct e2_use_index;

/* Of inodes in use, or of removed ones.  *index is NULL when it would take more memory than
 * 8 MiB and a sixty-fourth of the image. */
E2_NODISCARD int e2_use_index_new(struct e2_fs *fs, bool removed, bool (*stop)(void),
				  struct e2_use_index **index);
void e2_use_index_free(struct e2_use_index *index);

/* The first inode that claims a block, 0: none; *several: others do too, or it does twice. */
e2_ino e2_use_index_owner(const struct e2_use_index *index, e2_blk blk, bool *several);

/* As e2_claims_find, but only inodes are looked at that matter. */
E2_NODISCARD int e2_claims_find_by(struct e2_claims *c, const struct e2_use_index *index,
				   const struct e2_range *wanted, size_t count);

/* What a block reads as, whoever has it: FREE (zeros), DIR, XATTR, SINGLE (some pointers) or
 * DATA.  A guess, for blocks that nobody owns. */
enum e2_use e2_block_looks(const struct e2_geometry *g, const uint8_t *block);

#endif
