/* SPDX-License-Identifier: MIT */
/*
 * Where a name is or could be: what a command needs that makes, moves or removes names.
 */
#ifndef DEBUGFS_SPOT_H
#define DEBUGFS_SPOT_H

#include "shell.h"

struct spot {
	e2_ino dir;		/* the directory that has, or would have, the name */
	struct e2_str name;	/* bytes; "" for the root, "." and ".." as they were written */
	struct e2_str path;	/* absolute, bytes */
	e2_ino ino;		/* what the name leads to; 0: nothing has it */
	struct e2_inode in;	/* of ino */
	bool slash;		/* it was written with a slash behind it */
	bool again;		/* the same command has put something of another path there */
};

/*
 * Finds the place of a path; its directory must be there, the name need not.
 *
 * follow  where the name is that of a symlink, the place it leads to
 *
 * As shell_lookup(); E2_ERR_NOTDIR for a slash behind something that is no directory.  To be
 * released with spot_free(), whatever it returns.
 */
int spot_find(struct shell *sh, const char *text, bool follow, struct spot *spot);

/* The same for what may be an inode number too: then there is no name, and no path. */
int spot_of(struct shell *sh, const struct arg *a, bool follow, struct spot *spot);

/* The same for the last component of a path, put into a directory. */
int spot_into(struct shell *sh, const struct spot *dir, const char *text, struct spot *spot);
void spot_free(struct spot *spot);

/* 0, or E2_ERR_NOENT "/etc/motd: no such name in /etc". */
int spot_must_be(const struct spot *spot);
/* 0, or E2_ERR_EXIST, or E2_ERR_NOENT for a slash behind what will be no directory. */
int spot_must_be_free(const struct spot *spot, bool directory);
/* 0, or E2_ERR_INVAL for "/", "." and "..". */
int spot_must_be_name(const struct spot *spot);

/* 0, or E2_ERR_EXIST where it would replace what the same command has just put there. */
int spot_must_be_first(const struct spot *spot);

bool spot_is_dir(const struct spot *spot);

/*
 * Whether the way of a path, looked up in a directory, goes through the name of a spot: then what
 * takes that name cannot stand for the path.  Of the name of a symlink only the path itself
 * counts, and not what the symlinks on its way say.
 */
bool spot_on_way(struct shell *sh, e2_ino dir, const char *path, const struct spot *spot);

/* "/docs/copy <12>: what failed"; returns err. */
int spot_fail(const struct spot *spot, int err);

/* With -v: what was done, as a line or a record; note may be NULL. */
void spot_told(struct shell *sh, const char *what, const struct spot *spot, const char *note);

/* The same as a record, which the caller may add to and ends. */
void spot_record(struct shell *sh, const char *what, const struct spot *spot, const char *note);

#endif
