/* SPDX-License-Identifier: MIT */
/*
 * What an open transaction changes, told by structure and field.
 *
 *	e2_changes_begin(txn, &it);
 *	while ((r = e2_changes_next(it, &change)) > 0) ...
 *	e2_changes_end(it);
 *
 * Every byte of the image that a commit at this moment would change lies in a place of some
 * record, the seal of the commit itself (the time of the last write) included.  Bytes whose
 * structure is not known are told as bytes of a block.
 *
 * Order: superblock, group descriptors, bitmaps, then inode by inode its fields and what
 * its pointers reach, copies of superblock and descriptors, the rest.  Work and memory follow
 * what has changed, and the number of blocks of changed inodes; nothing follows the volume.
 */
#ifndef E2_TREE_CHANGES_H
#define E2_TREE_CHANGES_H

#include "tree/tree.h"
#include "vol/write.h"

enum e2_change_kind {
	E2_CHANGE_FIELD,	/* field: of a structure */
	E2_CHANGE_BITS,		/* field: the numbers of blocks or inodes in a bitmap */
	E2_CHANGE_ENTRY,	/* name: in a block of a directory; field NULL: added or removed */
	E2_CHANGE_INDEX,	/* field: of a directory's index */
	E2_CHANGE_POINTERS,	/* field: elements of a pointer block */
	E2_CHANGE_ATTRIBUTE,	/* name: of an extended attribute */
	E2_CHANGE_TEXT,		/* of a symlink */
	E2_CHANGE_DATA,		/* field: bytes of a file */
	E2_CHANGE_NEW,		/* blocks that were free: field says what is in them */
	E2_CHANGE_BYTES,	/* field: bytes of an object, by number alone */
	E2_CHANGE_KINDS
};
const char *e2_change_kind_name(enum e2_change_kind kind);	/* "field"; static */

struct e2_change_place {
	uint64_t at, len;	/* bytes of the volume */
};

struct e2_change {
	enum e2_change_kind kind;
	/* How the object is written: "sb" (a copy: "sb:3"), "^5" ("^5 copy 3"), "^5/bb",
	 * "<12>", block 3 of a file "<12>:3", "block 17050". */
	const char *object;
	const char *name;	/* of an entry or attribute; NULL: none; bytes, not escaped */
	size_t name_len;
	const char *field;	/* "mtime", "block[13]", "9000-9012", "bytes 0-99"; NULL: none */
	const char *before, *after;	/* as people read them; NULL: nothing to say */
	uint64_t blocks;	/* of new blocks, how many */
	struct e2_change_place place[2];	/* where; of split fields both halves */
	unsigned places;
};

/* What it is about: "<12>.mtime", "^1/bb 9000-9012", "<2>:0 \"new\".rec_len". */
void e2_change_add_label(const struct e2_change *change, struct e2_str *out);

struct e2_changes;

/*
 * The transaction must not be used until the end, and must hold no pins.  What its commit
 * would seal is part of the records and is taken back at the end.
 */
int e2_changes_begin(struct e2_txn *txn, struct e2_changes **changes);

/* 1 and a record, valid until the next call; 0 at the end; E2_ERR_IO, E2_ERR_NOMEM. */
int e2_changes_next(struct e2_changes *changes, struct e2_change *change);
void e2_changes_end(struct e2_changes *changes);

#endif
