/* SPDX-License-Identifier: MIT */
/* How scattered files are. */
#ifndef DEBUGFS_SCATTER_H
#define DEBUGFS_SCATTER_H

#include "grid.h"
#include "shell.h"

struct scatter {		/* of one inode */
	e2_ino ino;
	uint64_t size;		/* bytes */
	uint64_t blocks;	/* of data */
	uint64_t pieces;	/* runs of blocks that lie together in the file's order */
	/* The fewest it could have: holes part them, a pointer block that stands before what it
	 * points to, and the tables at the beginning of a group; never more than pieces. */
	uint64_t ideal;
	uint64_t bad;		/* pointers that lead nowhere: of scatter_of() only */
	int status;		/* the first of their failures */
};

struct scattered {		/* of a volume */
	uint64_t files;		/* inodes with blocks of data */
	uint64_t pieces, ideal;	/* of all of them */
	uint64_t count;		/* those with more pieces than need be */
	struct scatter *at;	/* the worst of them first, at most `most` */
	size_t kept, cap, most;
	uint64_t unread;	/* groups whose inodes could not be read */
};

/* Of one inode, with all its data told to a grid too unless that is NULL. */
int scatter_of(struct shell *sh, e2_ino ino, struct grid *grid, struct scatter *s);

/* All files, directories and long symlinks.  Release with scattered_free(). */
int scattered_find(struct shell *sh, size_t most, struct scattered *all);
void scattered_free(struct scattered *all);

#endif
