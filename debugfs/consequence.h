/* SPDX-License-Identifier: MIT */
/*
 * What a change means for symlinks elsewhere: which lead nowhere now, somewhere again, or to
 * another file than before.
 *
 * That needs to know all symlinks, and where they lead: before the first command that makes names,
 * moves them or takes them away all are followed, and once more when it is told what has
 * become of them.  Typed lines are followed by what they meant; of a script, or of commands on
 * the command line, all of it is said once, at the end.  Where that would take long it is said
 * instead that nobody has looked.
 */
#ifndef DEBUGFS_CONSEQUENCE_H
#define DEBUGFS_CONSEQUENCE_H

#include "e2.h"

struct shell;
struct consequence;

enum {
	CONSEQUENCE_INODES = 200000,	/* in use, for symlinks to be looked at */
	CONSEQUENCE_LINKS = 100000,	/* names of symlinks */
	CONSEQUENCE_STEPS = 1000000,	/* on the way of all of them */
};

/* Before names are made, moved or taken away. */
void consequence_watch(struct shell *sh);

/* Before what was done is taken back. */
void consequence_watch_back(struct shell *sh);

/* Says what has become of the symlinks since then. */
void consequence_tell(struct shell *sh);

/* The volume is not what it was, by other means: what was seen of it is of no use. */
void consequence_stale(struct shell *sh);

void consequence_forget(struct shell *sh);

#endif
