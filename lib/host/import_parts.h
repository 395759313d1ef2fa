/* SPDX-License-Identifier: MIT */
/* What the files of the import share.  Private to them. */
#ifndef E2_HOST_IMPORT_PARTS_H
#define E2_HOST_IMPORT_PARTS_H

#include "host/import.h"
#include "host/source_walk.h"

struct e2_importer {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_import *how;
	struct e2_import_counts counts;
	uint8_t *piece;			/* for file data */
	size_t piece_len;
	uint64_t own_dev, own_ino;	/* the image itself, which never goes into itself */
	bool has_own;
};

/* ---- data (import_data.c) ------------------------------------------------------------ */

struct e2_feed {			/* the content of a regular file */
	/* all or an error */
	int (*read)(void *context, uint64_t offset, size_t len, void *buf);
	void *context;
	uint64_t size;
	const struct e2_extent *extents;	/* of data; NULL: all is data */
	size_t count;
};

/* Blocks that a file takes: data, and pointer blocks as far as they can be foreseen. */
uint64_t e2_feed_blocks(const struct e2_geometry *g, const struct e2_feed *feed);

/*
 * Writes a content from byte `at` of a file on, which has nothing there; holes stay holes.
 */
E2_NODISCARD int e2_feed_write(struct e2_importer *x, const struct e2_feed *feed, e2_ino ino,
			       struct e2_inode *in, uint64_t at);

/* E2_ERR_NOSPC when so many blocks or inodes are more than are free. */
E2_NODISCARD int e2_import_space(struct e2_importer *x, const char *shown, uint64_t blocks,
				 uint64_t inodes);

/* ---- names (import_name.c) ------------------------------------------------------------ */

struct e2_thing {			/* an object of the host, wherever it comes from */
	const struct e2_object *object;
	const char *text;		/* of a symlink */
	size_t text_len;
	const struct e2_xattr_item *xattrs;
	uint32_t xattr_count;
	const struct e2_feed *feed;	/* of a regular file */
	const char *shown;		/* its path for messages; NULL: not known here */
};

/* Gives an inode what a thing has besides content, as far as how->flags say. */
E2_NODISCARD int e2_import_attrs(struct e2_importer *x, const struct e2_thing *t, e2_ino ino);

/*
 * Makes a name for a thing, as how->exists says when it is there; a directory that is
 * there is taken as it is.  *fresh: an inode was made.
 */
E2_NODISCARD int e2_import_thing(struct e2_importer *x, e2_ino dir, const void *name, size_t len,
				 const struct e2_thing *t, e2_ino *ino, bool *fresh);

/* Tells how->meets of a name that is there and leads to ino, if that has others. */
E2_NODISCARD int e2_import_meets(struct e2_importer *x, e2_ino dir, const void *name, size_t len,
				 e2_ino ino, bool kept);

void e2_import_times(const struct e2_object *o, struct e2_inode *in);

/* Tells how->made. */
E2_NODISCARD int e2_import_made(struct e2_importer *x, e2_ino ino);

/* ---- trees (import_tree.c) ------------------------------------------------------------- */

E2_NODISCARD int e2_import_tree(struct e2_importer *x, const char *path, e2_ino dir,
				const void *name, size_t len);
E2_NODISCARD int e2_import_unpacked(struct e2_importer *x, const char *path, e2_ino dir,
				    const void *name, size_t len, bool (*stop)(void));

/* ---- the whole (import.c) ------------------------------------------------------------- */

/* Finds the image among the host's files. */
E2_NODISCARD int e2_import_begin(struct e2_importer *x, struct e2_txn *txn,
				 const struct e2_import *how);

#endif
