/* SPDX-License-Identifier: MIT */
/*
 * What a change means elsewhere: names that an inode keeps, symlinks that lead nowhere.
 *
 * Both need to know the whole tree, and nobody waits for it unasked: before the first command
 * that takes names away or moves them, all symlinks that lead somewhere are noted, once, and
 * only on a volume within the bounds below.  Typed lines are followed by what they broke;
 * of a script, or of commands on the command line, all of it is said once, at the end.
 */
#ifndef DEBUGFS_CONSEQUENCE_H
#define DEBUGFS_CONSEQUENCE_H

#include "e2.h"

struct shell;
struct consequence;

enum {
	CONSEQUENCE_INODES = 50000,	/* in use, for symlinks to be looked at */
	CONSEQUENCE_LINKS = 4096,	/* symlinks */
	CONSEQUENCE_NAMES = 1000000,	/* inodes in use, for names to be looked for */
};

/* Before names are taken away or moved. */
void consequence_watch(struct shell *sh);

/* A name was moved, or exchanged with the other: if it is that of a symlink, it is still
 * watched. */
void consequence_moved(struct shell *sh, e2_ino from, const struct e2_str *name, e2_ino to,
		       const struct e2_str *new_name, bool exchanged);

/* Says which of the symlinks lead nowhere since they were noted, and forgets them. */
void consequence_tell(struct shell *sh);
void consequence_forget(struct shell *sh);

/*
 * Adds "<12> keeps 2 names: /test /testHardLink", or "its last name".  The index behind it is
 * made once; its names are proven each time, and it is made again when some are missing.
 */
void add_kept_names(struct shell *sh, e2_ino ino, struct e2_str *s);

#endif
