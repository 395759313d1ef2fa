/* SPDX-License-Identifier: MIT */
/*
 * What becomes of who follows a symbolic link: where it leads, or why nowhere.
 *
 * The answer is the kernel's: what it says with an errno is here said with the place.
 */
#ifndef E2_TREE_FATE_H
#define E2_TREE_FATE_H

#include "tree/tree.h"

enum e2_fate_kind {
	E2_FATE_LEADS,		/* to fate.ino */
	E2_FATE_MISSING,	/* ENOENT: fate.where is the first component that is not there */
	E2_FATE_LOOP,		/* ELOOP: fate.circle comes back to its beginning */
	E2_FATE_CHAIN,		/* ELOOP: more links than may be followed, and no circle seen */
	E2_FATE_NOTDIR,		/* ENOTDIR: fate.where is no directory, and the path goes on */
	E2_FATE_LONG,		/* ENAMETOOLONG: a component of more than 255 bytes, or the text */
	E2_FATE_DAMAGED,	/* fate.where, or a link's text, cannot be read */
};

struct e2_fate {
	enum e2_fate_kind kind;
	int err;		/* what e2_resolve() says: E2_OK, E2_ERR_NOENT, E2_ERR_LOOP ... */
	e2_ino ino;		/* LEADS: the inode at the end */
	unsigned hops;		/* links followed, that with this text among them */
	unsigned limit;		/* links that may be followed */
	bool ends;		/* CHAIN: it was seen to come to an end, after all of them */
	struct e2_str where;	/* a path without links, bytes; "" where there is none to blame */
	struct e2_str circle;	/* LOOP: paths of the links of the shortest circle, NUL-ended each,
				 * from the one that is met first */
	size_t circle_links;	/* 0: by what was known, e2_resolve.known */
	/* LOOP, CHAIN, with e2_resolve.known: all links that stand in the text of one another,
	 * down to the last that was met. */
	struct e2_str branch;
	size_t branch_links;
	struct e2_str detail;	/* DAMAGED, LONG: in words */
};
#define E2_FATE_INIT { .where = E2_STR_INIT, .circle = E2_STR_INIT, .branch = E2_STR_INIT, \
			.detail = E2_STR_INIT }
void e2_fate_free(struct e2_fate *fate);

enum { E2_FATE_BEYOND = 1024 };	/* links looked at past the limit, for a circle */

/*
 * Follows the text of a symlink that stands in dir.
 *
 * root      0: the volume's
 * dir_path  the path of dir, for fate->where and circle; NULL: written as <12>
 *
 * 0 whatever the fate is; E2_ERR_NOMEM, E2_ERR_CANCELLED.  *fate may have been used before.
 */
E2_NODISCARD int e2_fate(struct e2_fs *fs, e2_ino root, e2_ino dir, const char *dir_path,
			 const char *text, struct e2_fate *fate);

/* The same by how->cwd and the rest, with how->hops, and how->fate receiving it. */
E2_NODISCARD int e2_fate_by(struct e2_fs *fs, const struct e2_resolve *how, const char *text);

/* Turns the circle so that it begins with the link of that path, if that is part of it.
 * E2_ERR_NOMEM. */
E2_NODISCARD int e2_fate_begin_with(struct e2_fate *fate, const char *path, size_t len);

/* "leads", "missing", "loop", "chain", "not a directory", "too long", "damaged". */
const char *e2_fate_word(enum e2_fate_kind kind);

/* Why, in words: "/no does not exist", "loop: loop1 -> loop2 -> loop1"; nothing for LEADS. */
void e2_fate_add_reason(const struct e2_fate *fate, struct e2_str *s);

/* "loop1 -> loop2 -> loop1": names where all links stand in one directory, else paths; of a
 * long circle the first eight. */
void e2_fate_add_circle(const struct e2_fate *fate, struct e2_str *s);

#endif
