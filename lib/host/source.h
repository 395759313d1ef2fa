/* SPDX-License-Identifier: MIT */
/*
 * A tree that is brought into a new volume, in memory: one compact record an
 * object, names in one arena.  Made by a reader (source_dir.c; archives later);
 * used by build/.  Budget: 300 bytes an object.
 */
#ifndef E2_HOST_SOURCE_H
#define E2_HOST_SOURCE_H

#include "base/str.h"
#include "node/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t e2_obj;	/* index of an object; 0 is the root directory */
#define E2_OBJ_NONE UINT32_MAX

/* One object: an inode of the source.  Names are separate (struct e2_source_name). */
struct e2_object {
	uint64_t size;			/* bytes; of a symlink: of its text */
	struct e2_time atime, ctime, mtime;
	uint32_t mode, uid, gid;
	uint32_t rdev_major, rdev_minor;
	uint32_t links;			/* names inside the tree; of a directory: its subdirectories */
	uint32_t first_name, names;	/* of a directory: its entries, sorted by bytes */
	uint32_t text;			/* symlink: where its text lies in the arena */
	uint32_t xattrs;		/* where its attributes lie; 0: none */
	uint32_t extents;		/* regular file with holes: its data; 0: no holes */
	e2_obj dir;			/* where its first name is */
	uint32_t dir_name;		/* that name, as an index into names */
};

struct e2_source_name { uint32_t text; uint16_t len; e2_obj object; };

struct e2_source;

struct e2_source_stats {
	uint64_t files, dirs, symlinks, devices, others;	/* objects */
	uint64_t names;			/* of non-directories with more than one name */
	uint64_t linked;		/* ... and how many objects they are */
	uint64_t outside;		/* objects with names outside the tree */
	uint64_t sparse, sparse_bytes, sparse_data;	/* files with holes: length, data */
	uint64_t skipped;		/* unreadable, with skip_unreadable */
	uint64_t ignored_xattrs;	/* of name spaces that ext2 cannot hold */
};

struct e2_source_options {
	bool skip_unreadable;
	bool no_xattrs;
	const char *const *exclude;	/* NULL-terminated paths relative to the tree, or NULL */
	/* Host files to leave out: the image and its temporary.  May be NULL. */
	bool (*is_own)(void *context, uint64_t dev, uint64_t ino);
	/* Called now and then with objects seen so far; not 0 cancels.  May be NULL. */
	int (*progress)(void *context, uint64_t objects);
	/* Called for each thing skipped or dropped; text is ready to print.  May be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
};

/* An empty tree: a root directory and nothing in it. */
int e2_source_empty(struct e2_source **source);

/*
 * Reads a host directory: openat and fstatat per directory, names sorted by
 * bytes, hard links by device and inode, holes by SEEK_DATA, xattrs.
 * E2_ERR_* with the path in the detail; nothing is left open on failure.
 */
int e2_source_dir(const char *path, const struct e2_source_options *options,
		  struct e2_source **source);
void e2_source_free(struct e2_source *source);

void e2_source_stats(const struct e2_source *source, struct e2_source_stats *stats);
uint32_t e2_source_objects(const struct e2_source *source);
const struct e2_object *e2_source_object(const struct e2_source *source, e2_obj obj);
const struct e2_source_name *e2_source_name(const struct e2_source *source, uint32_t index);
const char *e2_source_text(const struct e2_source *source, uint32_t text);

/* The path of an object's first name, as the user would write it (source root included). */
void e2_source_path(const struct e2_source *source, e2_obj obj, struct e2_str *path);

/* Data extents of a sparse file, in bytes, ascending; count 0: no holes known. */
struct e2_extent { uint64_t start, end; };
const struct e2_extent *e2_source_extents(const struct e2_source *source, e2_obj obj,
					  uint32_t *count);

/* The attributes of an object as ext2 stores them: name index, rest of the name, value (ACLs
 * in disk form).  NULL when it has none. */
struct e2_source_xattr { const char *name; const uint8_t *value; uint32_t value_len;
			 uint8_t name_len, name_index; };
const struct e2_source_xattr *e2_source_xattrs(const struct e2_source *source, e2_obj obj,
					       uint32_t *count);

/*
 * Reads the data of regular files, one after the other in any order.
 * e2_source_open checks that the file is the one that was seen; e2_source_close
 * that its size and mtime are still as seen: E2_ERR_CHANGED, naming both values.
 */
struct e2_source_file;
int e2_source_open(struct e2_source *source, e2_obj obj, struct e2_source_file **file);
E2_NODISCARD int e2_source_read(struct e2_source_file *file, uint64_t offset, size_t len, void *buf);
E2_NODISCARD int e2_source_close(struct e2_source_file *file);

#endif
