/* SPDX-License-Identifier: MIT */
/*
 * Files of the host into an open volume, inside a transaction: put.  (A new volume is
 * filled by build/plan.h, which is much faster.)
 */
#ifndef E2_HOST_IMPORT_H
#define E2_HOST_IMPORT_H

#include "host/source.h"
#include "tree/change.h"

enum e2_import_flags {
	E2_IMPORT_TREE = 1,	/* directories with all they hold */
	E2_IMPORT_OWNERS = 2,	/* keep user and group; else root's */
	E2_IMPORT_TIMES = 4,	/* keep atime and mtime */
	E2_IMPORT_XATTRS = 8,
	E2_IMPORT_SPARSE = 16,	/* blocks of zeros become holes */
};

enum e2_import_exists {		/* when the name is there */
	E2_IMPORT_REFUSE,	/* E2_ERR_EXIST */
	E2_IMPORT_ATOMIC,	/* a new inode takes the name; other names keep the old one */
	E2_IMPORT_INPLACE,	/* the inode stays, its content is replaced */
	E2_IMPORT_APPEND,	/* the content is added to it */
};

struct e2_import_met {		/* a name of a file that has others */
	e2_ino dir;
	const void *name;
	size_t len;
	e2_ino ino;
	uint32_t links;		/* names that it has */
	bool kept;		/* they keep what it holds, and this one gets another inode */
};

struct e2_import {
	unsigned flags;
	enum e2_import_exists exists;
	/* Called for each name made; true ends it with E2_ERR_CANCELLED; or NULL. */
	bool (*made)(void *context, e2_ino ino);
	/* Called before the content behind such a name changes; an error ends it; or NULL. */
	int (*meets)(void *context, const struct e2_import_met *met);
	void *context;
};

struct e2_import_counts { uint64_t files, dirs, symlinks, others, names, bytes; };

/*
 * host_path  a file, directory, symlink (copied, not followed), device, ...; holes stay holes;
 *            hard links within one tree stay hard links; "-" is standard input, to its end
 *
 * A directory that is there takes the names of another besides its own and stays what it is,
 * whatever how->exists says.  Content takes the place of content, or is added to it, between
 * regular files only; with E2_IMPORT_INPLACE everything else is replaced as with _ATOMIC.
 * The mode is the host's, but for what a default ACL of the directory takes away.
 *
 * E2_ERR_CHANGED when a file changes while it is read; E2_ERR_NOSPC says how much is missing;
 * E2_ERR_INVAL for the image itself, which a tree leaves out; errors of the host name the
 * host's file.
 */
E2_NODISCARD int e2_import(struct e2_txn *txn, const char *host_path, e2_ino dir,
			   const void *name, size_t len, const struct e2_import *how,
			   struct e2_import_counts *counts);

/*
 * An archive's content into a directory (e2_source_archive(), "-": standard input).  What is
 * said of directories holds for those that are there too, the one it goes into among them; a
 * file that is there is as how->exists says.
 *
 * name      not NULL: the archive is one thing with all it holds, which gets this name in the
 *           directory.  E2_ERR_INVAL where there are several, or none.
 * stop      called now and then; true ends it with E2_ERR_CANCELLED; or NULL
 */
E2_NODISCARD int e2_import_archive(struct e2_txn *txn, const char *host_path, e2_ino dir,
				   const void *name, size_t len, const struct e2_import *how,
				   bool (*stop)(void), struct e2_import_counts *counts);

#endif
