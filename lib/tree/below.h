/* SPDX-License-Identifier: MIT */
/*
 * The names below several paths, each once however the paths overlap, and how many of them every
 * inode has: for who changes which inode a name leads to.
 *
 * All is looked at before anything is changed; the names themselves are read again, one directory
 * at a time.
 */
#ifndef E2_TREE_BELOW_H
#define E2_TREE_BELOW_H

#include "base/bitset.h"
#include "tree/tree.h"

struct e2_start {		/* a path that was named */
	e2_ino ino;
	e2_ino dir;		/* for what is no directory: where its name stands */
	const void *name;
	size_t len;
};

struct e2_below_inode {
	e2_ino ino;
	uint32_t names;		/* below the paths */
	uint64_t size;
	uint32_t flags;
	uint16_t links;		/* names by its own count */
	bool fixed;		/* one of its names stands in a directory that may not change */
};

struct e2_below_name { e2_ino ino; uint32_t at; uint8_t len; };
struct e2_below_dir {		/* the names of one directory */
	e2_ino dir;
	struct e2_below_name *names;
	size_t count, cap;
	struct e2_str text;
};

struct e2_below {
	struct e2_fs *fs;
	e2_ino *dirs;		/* in the order of the walk */
	size_t dir_count, dir_cap;
	struct e2_start *single;	/* names outside of these directories */
	size_t single_count;
	struct e2_below_inode *inodes;	/* ascending */
	size_t inode_count;
	uint64_t names;
};

typedef bool e2_below_fn(const struct e2_inode *in);

/*
 * Looks at all names below; the starts' names are borrowed.
 *
 * wanted  which inodes count; of directories it is not asked
 *
 * E2_ERR_CORRUPT: a directory cannot be read in full, or has two names; E2_ERR_NOENT: what is no
 * directory, without a name.  To be ended by e2_below_end(), whatever it returns.
 */
E2_NODISCARD int e2_below_make(struct e2_fs *fs, const struct e2_start *starts, size_t count,
			       e2_below_fn *wanted, struct e2_below *b);
void e2_below_end(struct e2_below *b);

/* The inode of a number; NULL: no name that counted leads to it. */
struct e2_below_inode *e2_below_find(const struct e2_below *b, e2_ino ino);

/*
 * The names of the next directory that lead to inodes that counted: 1, 0 at the end.  *cursor
 * starts with 0, *dir zeroed; it is replaced each time, and released by e2_below_dir_end().
 */
int e2_below_next(const struct e2_below *b, size_t *cursor, struct e2_below_dir *dir);
void e2_below_dir_end(struct e2_below_dir *dir);

#endif
