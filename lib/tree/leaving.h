/* SPDX-License-Identifier: MIT */
/*
 * Which symbolic links depend on where a directory stands: what would lead elsewhere if it were
 * moved, seen from either side.
 *
 *	err = e2_leaving_begin(fs, &how, dir, &list);
 *	while ((r = e2_leaving_next(list, &l)) > 0) ...
 *	e2_leaving_end(list);
 */
#ifndef E2_TREE_LEAVING_H
#define E2_TREE_LEAVING_H

#include "tree/dangling.h"

enum e2_leaving_why {
	E2_LEAVES_UP,		/* it stands below the directory, and climbs out by ".." */
	E2_LEAVES_NAME,		/* it comes into the directory by its name */
	E2_LEAVES_STAYS,	/* it stands below, and leads out from the root: always there */
};

struct e2_leaving {
	const char *path, *text;	/* of the link; NUL-ended */
	size_t path_len, text_len;
	e2_ino ino, target;
	enum e2_leaving_why why;
	bool inside;		/* the link stands below the directory */
	bool ends_inside;	/* and so does what it leads to, or is the directory */
	const char *via;	/* the further link in whose text the border is crossed; "" */
	const char *to;		/* path of what it leads to, without links */
};

struct e2_leaving_list;

/* how->search has no meaning.  E2_ERR_NOTDIR; E2_ERR_INVAL for the root, which cannot move. */
int e2_leaving_begin(struct e2_fs *fs, const struct e2_dangling_how *how, e2_ino dir,
		     struct e2_leaving_list **list);
/* As e2_dangling_next(). */
int e2_leaving_next(struct e2_leaving_list *list, struct e2_leaving *l);
/* What was looked at, and what was not. */
void e2_leaving_sum(const struct e2_leaving_list *list, struct e2_dangling_sum *sum);
void e2_leaving_end(struct e2_leaving_list *list);

#endif
