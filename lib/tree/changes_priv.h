/* SPDX-License-Identifier: MIT */
/*
 * What the files about changes share.
 *
 * A step of the iterator looks at one thing, a block or an inode, and queues its records.
 * Of the thing both contents are at hand, and a map of the bytes that differ; each record
 * takes its bytes off the map, and what is left at the end is told as bytes.
 */
#ifndef E2_TREE_CHANGES_PRIV_H
#define E2_TREE_CHANGES_PRIV_H

#include "base/ranges.h"
#include "tree/changes.h"

#define CHANGE_NO_TEXT UINT32_MAX	/* in place of where a text is */

struct change_record {
	enum e2_change_kind kind;
	uint32_t object, name, name_len, field, before, after;	/* where in the arena */
	uint64_t blocks;
	struct e2_change_place place[2];
	unsigned places;
};

struct change_block {		/* a changed block that the layout knows */
	e2_blk blk;
	enum e2_role role;
	e2_grp group;
};

enum change_phase {
	CHANGES_SUPER, CHANGES_GROUPS, CHANGES_BITMAPS,
	CHANGES_INODES,		/* that differ, each with what it reaches */
	CHANGES_NEIGHBOURS,	/* that are as before: a directory whose time did not go on */
	CHANGES_DIRS,		/* whose entries changed, and their inodes did not at all */
	CHANGES_REST,		/* copies, and blocks of which no inode was found */
	CHANGES_DONE
};

struct e2_changes {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	struct e2_time now;
	unsigned mark;
	bool marked;

	struct change_block *block;	/* ascending */
	size_t blocks, cap;
	struct e2_ranges *fresh;	/* blocks of content that were free before */
	struct e2_ranges *used;		/* and that were not; both shrink */

	enum change_phase phase;
	size_t next;			/* of block[], in this phase */

	/* the block of an inode table at hand, and the next of its inodes */
	uint8_t *table[2];		/* before, after */
	uint64_t table_base;		/* where it lies in the volume, bytes */
	uint32_t table_at;		/* the next inode: bytes; block_size: none */
	e2_ino table_ino;

	/* the inode whose blocks are looked at */
	struct e2_scan *scan;		/* of all inodes, for what is left; NULL: not begun */
	struct e2_blocks *walk;
	bool walking;
	bool owns;			/* something of what it reaches has changed */
	e2_ino ino;
	struct e2_inode in;
	struct e2_walk_block reached;	/* count 0: ask for the next */

	/* the thing at hand */
	uint8_t *block_was, *block_is;	/* room for a block */
	const uint8_t *was, *is;
	uint8_t *differs;		/* for each byte */
	uint64_t base;			/* where it lies in the volume, bytes */

	struct change_record *queue;
	size_t queued, taken, queue_cap;
	struct e2_str arena;
	int status;			/* of queueing */
};

/* ---- records (changes_record.c) ---------------------------------------------------- */

void e2_tell_begin(struct e2_changes *c, enum e2_change_kind kind, const char *object, ...)
	E2_PRINTF(3, 4);

/* All of these are about the record that was begun last. */
void e2_tell_field(struct e2_changes *c, const char *fmt, ...) E2_PRINTF(2, 3);
void e2_tell_name(struct e2_changes *c, const void *name, size_t len);
void e2_tell_before(struct e2_changes *c, const char *fmt, ...) E2_PRINTF(2, 3);
void e2_tell_after(struct e2_changes *c, const char *fmt, ...) E2_PRINTF(2, 3);
void e2_tell_values(struct e2_changes *c, const struct e2_field *f, unsigned index,
		   const uint8_t *before, const uint8_t *after);

/* Bytes of the block at hand; they are taken off the map. */
void e2_tell_place(struct e2_changes *c, uint32_t offset, uint32_t len);
/* Bytes anywhere. */
void e2_tell_place_at(struct e2_changes *c, uint64_t at, uint64_t len);

/* The first record that was not taken yet. */
void e2_tell_hand_out(const struct e2_changes *c, struct e2_change *out);

/* Reads a block as it was and as it is. */
E2_NODISCARD int e2_tell_read(struct e2_changes *c, e2_blk blk, uint8_t *was, uint8_t *is);

/* Takes len bytes at `base` of the volume for the thing at hand. */
void e2_tell_compare(struct e2_changes *c, uint64_t base, const uint8_t *was, const uint8_t *is,
		    uint32_t len);

/* The same for a whole block, which is read; a fresh one held zeros, and does not differ. */
E2_NODISCARD int e2_tell_load(struct e2_changes *c, e2_blk blk, bool fresh);

/* Tells what is left of bytes from..end-1, "bytes 8-15" of an object, counted from its start. */
void e2_tell_rest(struct e2_changes *c, const char *object, const char *what, uint32_t from,
		 uint32_t end);

/* ---- structures of the layout (changes_layout.c) ------------------------------- */

/* Every field of a structure at an offset of the block at hand. */
void e2_tell_struct(struct e2_changes *c, enum e2_change_kind kind, const char *object,
		   const char *prefix, const struct e2_struct *s,
		   const struct e2_when_context *when, uint32_t offset);

int e2_tell_super(struct e2_changes *c, const struct change_block *b);
int e2_tell_groups(struct e2_changes *c, const struct change_block *b);
int e2_tell_bitmap(struct e2_changes *c, const struct change_block *b);

/* The times of the inode at hand that are as before, and were set all the same. */
void e2_tell_times(struct e2_changes *c, const char *object);

/* The inode at hand. */
void e2_tell_inode(struct e2_changes *c, e2_ino ino);

/* ---- contents (changes_content.c, changes_dir.c, changes_xattr.c) ----------------- */

/* A run of blocks of the inode at hand, all fresh or all not. */
int e2_tell_content(struct e2_changes *c, const struct e2_walk_block *b, bool fresh);

/* "new in block 9000", "new in blocks 9000-9012": whole blocks that were free. */
void e2_tell_fresh(struct e2_changes *c, e2_blk blk, uint64_t count);

/* Adds a text in quotes as the value before or after. */
void e2_tell_quote(struct e2_changes *c, bool after, const void *text, size_t len);

int e2_tell_dir_block(struct e2_changes *c, e2_blk blk, e2_lblk lblk, bool fresh);
int e2_tell_attr_block(struct e2_changes *c, e2_blk blk, bool fresh);

/* The attributes in the inode at hand. */
void e2_tell_inode_attributes(struct e2_changes *c, const char *object);

/* Blocks without an owner. */
int e2_tell_unowned(struct e2_changes *c, e2_blk blk, uint64_t count, bool fresh);

#endif
