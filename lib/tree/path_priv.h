/* SPDX-License-Identifier: MIT */
/*
 * What the files that walk a path share: where the walk stands, and what is said when it fails.
 *
 * A link whose text is being walked stands on the branch; those that its text leads through stand
 * above it.  Whether walking a link comes to an end depends on its directory and name alone, so
 * who meets a link of the branch again walks in a circle, and each link between is part of it.
 */
#ifndef E2_TREE_PATH_PRIV_H
#define E2_TREE_PATH_PRIV_H

#include "tree/fate.h"

struct e2_path_text {		/* one level of the stack; level 0 borrows the path */
	struct e2_str owned;
	const char *rest;	/* what is still to be walked */
	size_t depth;		/* of the link whose text it is; of the path: 0 */
};

struct e2_path_hop {		/* a symbolic link */
	e2_ino dir;		/* where it stands */
	size_t path, len;	/* its path, in walker.trail */
	size_t name;		/* where in that its name begins */
};

struct e2_path_walk {
	const struct e2_resolve *how;
	const struct e2_ground *ground;
	const char *path;
	e2_ino root, at;	/* where the walk stands */
	bool at_dir;		/* whether that is a directory */
	bool must_dir;		/* a trailing slash was seen: the result must be one */
	size_t within;		/* depth of the text that the component at hand comes from */
	bool in_link;		/* the component at hand comes from the text of a link */
	e2_ino base;		/* where `here` starts */
	struct e2_str base_path;	/* its path, "" for the root; unknown: "<12>" */
	struct e2_str here;	/* from there to the directory that was entered last: "/a/b" */
	struct e2_str leaf;	/* the name of what was reached and is no directory */
	e2_ino *parents;	/* directories above, up to base */
	size_t depth, parents_cap;
	struct e2_path_text *texts;
	size_t levels, texts_used, texts_cap;	/* levels in use; those that own memory */
	size_t live;		/* bytes of their texts */
	unsigned limit, hops;
	struct e2_path_hop *branch;	/* [0] is the link at depth 1 */
	size_t branch_len, branch_cap;
	struct e2_str trail;
	size_t mark;		/* past the limit: links above this depth are compared with it */
	size_t first, period;	/* the circle: branch[first], and how many links */
	bool knows_circle;	/* by what is known of a link it met */
	bool ended;		/* past the limit it came to an end */
	bool past;		/* the limit is behind: only whether it ends is still asked */
	struct e2_str last_link;	/* text of the last link, for messages */
};

/* Failures, with what there is to say; each records the fate. */
int e2_path_no_entry(struct e2_path_walk *w, const char *name, size_t len);
int e2_path_not_dir(struct e2_path_walk *w);
int e2_path_long(struct e2_path_walk *w, size_t len);
int e2_path_too_many(struct e2_path_walk *w);
int e2_path_damaged(struct e2_path_walk *w, int err, const char *name, size_t len);

/* What the fate says of any walk. */
void e2_path_count(const struct e2_path_walk *w, struct e2_fate *fate);

/* Adds the path of the directory where the walk stands, bytes; "" for the root. */
void e2_path_add_here(const struct e2_path_walk *w, struct e2_str *s);

/*
 * Puts a link on the branch, and decides whether it is followed: E2_ERR_LOOP when there have
 * been too many and no more are to be looked at.
 */
E2_NODISCARD int e2_path_branch(struct e2_path_walk *w, const char *name, size_t len,
				size_t depth);

#endif
