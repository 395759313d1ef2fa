/* SPDX-License-Identifier: MIT */
/*
 * SOURCE... DEST, as cp, mv and ln understand them: into a directory if DEST is one, else
 * one source under the name DEST.
 */
#ifndef DEBUGFS_SEVERAL_H
#define DEBUGFS_SEVERAL_H

#include "spot.h"

enum several {
	SEVERAL_ANY,
	SEVERAL_NOFOLLOW,	/* DEST is a directory only if it is no symlink */
	SEVERAL_EXACT,		/* DEST is the name, whatever it is */
	SEVERAL_NAME,		/* the same, and "link/" is no way to the directory behind it */
};

/* One source to its place, which may have something already. */
typedef int several_fn(struct shell *sh, const struct arg *from, struct spot *to, void *context);

/*
 * Calls one() for every argument but the last, which is DEST; with a single argument
 * DEST is the current directory.  Ends at the first failure.
 */
int several(struct shell *sh, const struct args *args, enum several how, several_fn *one,
	    void *context);

#endif
