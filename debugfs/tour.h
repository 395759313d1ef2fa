/* SPDX-License-Identifier: MIT */
/*
 * Everything below what a user names, for commands that go through trees.
 *
 *	err = tour_begin(sh, arg, &t);
 *	while (!err && (r = tour_next(&t, &e)) > 0) ... t.path is how the name is written
 *	err = tour_end(&t, r);
 *
 * What cannot be read is told, and the tour goes on.  Paths that nobody could type, and more
 * of them than the volume can mean, are left out with a word: a damaged one may hold a tree
 * that is deeper than any.
 */
#ifndef DEBUGFS_TOUR_H
#define DEBUGFS_TOUR_H

#include "budget.h"
#include "shell.h"

struct tour {
	struct shell *sh;
	struct e2_walk *walk;
	struct e2_str start;	/* as it is written, and without slashes at its end */
	size_t prefix;
	struct e2_str path;	/* of the entry at hand, bytes */
	struct budget paths;
	unsigned told;		/* failures that were said */
	uint64_t untold, deep;	/* failures that were not; directories left out */
};

/* a: what the tour starts from, an inode of any type; NULL: the current directory. */
int tour_begin(struct shell *sh, const struct arg *a, struct tour *t);

/* 1, 0 at the end, E2_ERR_NOMEM, E2_ERR_CANCELLED.  Directories come a second time, e->after,
 * when all below them is done. */
int tour_next(struct tour *t, struct e2_walk_entry *e);
void tour_skip(struct tour *t);		/* as e2_walk_skip() */

/* Tells of the entry at hand what failed. */
void tour_warn(struct tour *t, int err);

/* r: what tour_next came to, or another failure; returned if negative. */
int tour_end(struct tour *t, int r);

/* The name an entry has in itself, for patterns: that of the start is the last of its path. */
const char *tour_name(const struct tour *t, const struct e2_walk_entry *e, size_t *len);

#endif
