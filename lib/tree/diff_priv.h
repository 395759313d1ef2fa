/* SPDX-License-Identifier: MIT */
/* What the files of a comparison share. */
#ifndef E2_TREE_DIFF_PRIV_H
#define E2_TREE_DIFF_PRIV_H

#include "base/bitset.h"
#include "base/map.h"
#include "tree/diff.h"

#define E2_DIFF_BIT(id) (1u << E2_DIFF_##id)

enum { E2_DIFF_NONE = 0 };	/* no item: the first is the start, which nothing leads to */

/*
 * A name worth remembering: one that differs, a directory, or one of several names.  What a
 * directory holds lies together, in the order of names.
 */
struct diff_item {
	uint32_t parent;		/* item */
	uint32_t first, count;		/* items in it */
	e2_ino ino[2];
	uint32_t what;
	uint32_t link[2];		/* LINKS: items; E2_DIFF_NONE: none */
	uint64_t at;			/* CONTENT: the first byte that differs */
	size_t name;			/* in the arena */
	uint16_t name_len;
	uint8_t dirs;			/* 1: a directory in the first, 2: in the second */
	bool several;			/* a file with several names: diff_links.c */
};

struct diff_memo {			/* what was found of two files */
	uint32_t what;
	uint64_t at;
};

struct e2_diff {
	struct e2_fs *fs[2];
	struct e2_diff_options options;
	struct e2_diff_sums sums;
	struct diff_item *items;
	size_t count, cap;
	struct e2_str names;		/* the arena of items */
	/* While comparing. */
	struct e2_bitset *seen[2];	/* directories entered */
	uint64_t steps[2];		/* directory blocks that may still be looked at */
	uint64_t budget;		/* bytes of content that may still be read */
	uint8_t *raw[2];		/* of inodes */
	uint8_t *bytes[2];		/* of content; NULL before the first */
	struct e2_map *pairs;		/* files with several names, by inodes: their place ... */
	struct diff_memo *memos;	/* ... here */
	size_t memo_count, memo_cap;
	struct e2_str text[2];		/* of symlinks */
	uint64_t ticks;
	/* While yielding. */
	size_t next;
	bool started;
	struct e2_str path, link_path[2];
};

/* Not 0 when the caller wants an end. */
int diff_tick(struct e2_diff *d);

/* Fills an item's what, at, dirs and several from the inodes it leads to; LINKS is left out. */
E2_NODISCARD int diff_inodes(struct e2_diff *d, struct diff_item *item);

/* Compares attributes by the inodes' bytes: adds ACL, XATTR, DAMAGE. */
E2_NODISCARD int diff_attributes(struct e2_diff *d, const e2_ino ino[2],
				 const struct e2_inode in[2], uint32_t *what);

/* Compares the bytes of two files of one size: adds CONTENT, DAMAGE; *at: the first byte that
 * differs. */
E2_NODISCARD int diff_content(struct e2_diff *d, const struct e2_inode in[2], uint32_t *what,
			      uint64_t *at);

/* Finds names that are one file in one volume only. */
E2_NODISCARD int diff_links(struct e2_diff *d);

#endif
