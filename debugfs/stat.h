/* SPDX-License-Identifier: MIT */
/* What stat knows of an inode, shared by its screens. */
#ifndef DEBUGFS_STAT_H
#define DEBUGFS_STAT_H

#include "pieces.h"

struct sight {
	struct shell *sh;
	const struct arg *arg;
	e2_ino ino;
	struct e2_inode in;
	struct pieces pieces;
	uint64_t entries;		/* of a directory, without "." and ".." */
	struct e2_str path;		/* one name, absolute; "" when none is known */
	struct e2_str text;		/* of a symlink */
	struct e2_str target;		/* where it leads: a path; "" when nowhere or unknown */
	e2_ino target_ino;
	const char *fate;		/* of a symlink: NULL, "missing", "loop" */
	size_t label_columns;		/* of --explain */
};

/* "/test <12>                    regular file, 13 bytes" and a blank line. */
void sight_head(struct sight *s);

/* The reasons behind link count, size and block count (cmd_explain.c). */
int sight_explain(struct sight *s);

/* The same of the link count as a record. */
int sight_record_links(struct sight *s);

/* What each pointer of a file with blocks is for (explain_pointers.c). */
void sight_explain_pointers(struct sight *s);

/* stat -c (stat_format.c): an inode in the words of stat(1); the format was checked before. */
int stat_format_check(const char *format);
int stat_format(struct shell *sh, const struct arg *a, const char *format);

#endif
