/* SPDX-License-Identifier: MIT */
/*
 * A tree that is brought into a new volume, in memory: one compact record an
 * object, names in one arena.  Made by a reader (source_dir.c, source_archive.c);
 * used by build/.  Budget: 300 bytes an object for the whole of mkfs.
 *
 * Objects are numbered in walk order: all objects that a directory names first
 * are neighbours, and a directory comes before what is in it.
 */
#ifndef E2_HOST_SOURCE_H
#define E2_HOST_SOURCE_H

#include "base/str.h"
#include "node/node.h"
#include "tree/dedupe_stay.h"
#include "tree/xattr_area.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t e2_obj;	/* index of an object; 0 is the root directory */
#define E2_OBJ_NONE UINT32_MAX

/* Which of the trees that make up the source, counted from 0. */
enum { E2_TREES_MAX = 255, E2_TREE_NONE = 255 };

/* One object: an inode of the source.  Names are separate (struct e2_source_name). */
struct e2_object {
	uint64_t size;			/* bytes; of a symlink: of its text */
	uint64_t host_ino;		/* with dev: which file of the host it is */
	int64_t atime, ctime, mtime;	/* seconds since 1970 */
	uint32_t atime_nsec, ctime_nsec, mtime_nsec;
	uint32_t mode, uid, gid;
	uint32_t links;			/* names inside the tree; of a directory: subdirectories */
	e2_obj dir;			/* where its first name is; of the root: itself */
	uint32_t dir_name;		/* that name, as an index into names; of the root: unused */
	uint32_t xattrs;		/* set of attributes, 1 .. e2_source_xattr_sets(); 0: no */
	uint16_t dev;			/* index of the host's device number */
	uint8_t tree;			/* that it is from; of several that have it, the last */
	bool made;			/* no object of the host: its times are "now" */
	bool layered;			/* a directory that several trees, or grafts, may lie in */
	bool covered;			/* a mount point that is not entered: it is empty here */
	union {
		struct { uint32_t first_name, names; };	/* directory: entries, by bytes */
		struct { uint32_t rdev_major, rdev_minor; };	/* device */
		struct { uint32_t first_extent, extents; };	/* regular; extents 0: no holes */
		uint32_t text;				/* symlink: where its text is */
	};
};

struct e2_source_name {
	uint32_t text;			/* its bytes, NUL-terminated: e2_source_text() */
	e2_obj object;
	uint8_t len;
};

struct e2_source;

struct e2_source_stats {
	uint64_t files, dirs, symlinks, devices, others;	/* objects */
	uint64_t names;			/* of non-directories with more than one name */
	uint64_t linked;		/* ... and how many objects they are */
	uint64_t outside;		/* objects with names outside the tree */
	uint64_t mounts;		/* mount points, entered or (one_file_system) not */
	bool mounts_untold;		/* the kernel tells file systems apart, not mounts */
	uint64_t sparse, sparse_bytes, sparse_data;	/* files with holes: length, data */
	uint64_t skipped;		/* unreadable, with skip_unreadable */
	uint64_t ignored_xattrs;	/* of name spaces that ext2 cannot hold */
	uint64_t dedupe_names;		/* of regular files, as e2_source_dedupe has found them, */
	uint64_t dedupe_inodes;		/* and what it has left of their objects, */
	struct e2_same_lost dedupe_lost;	/* and what is another than before */
};

struct e2_source_options {
	/*
	 * What cannot be read is left out and counted: objects, the content of a
	 * directory (the directory itself stays), attributes.  Every regular file
	 * is opened once during the walk to find out.  Without it the first is an error.
	 */
	bool skip_unreadable;
	bool no_xattrs;
	/*
	 * Nothing of what is mounted in a tree, be it of another file system or another part
	 * of the same, is read: the mount point stays, empty, and is what it was before
	 * something was mounted on it, where the process may see that.
	 */
	bool one_file_system;
	bool proc_xattrs;		/* attributes by /proc even where Linux has listxattrat */
	const char *const *exclude;	/* NULL-terminated paths relative to each tree, or NULL */
	/* Host files to leave out: the image and its temporary.  May be NULL. */
	bool (*is_own)(void *context, uint64_t dev, uint64_t ino);
	/* Of an archive: more data, objects, or bytes of one file are refused; 0: no bound. */
	uint64_t max_bytes, max_objects, max_size;
	/* Called now and then with objects seen so far; not 0 cancels (E2_ERR_CANCELLED).
	 * May be NULL. */
	int (*progress)(void *context, uint64_t objects);
	/* Called for each thing skipped or dropped; text is ready to print.  May be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
};

/* An empty tree: a root directory and nothing in it. */
int e2_source_empty(struct e2_source **source);

/*
 * Reads a host directory (a symlink to one is followed, links below it are not):
 * names sorted by bytes, hard links by device and inode, holes by SEEK_DATA,
 * attributes.  Directories are entered by handle, so depth has no bound and
 * at most E2_SOURCE_HANDLES are open at once.  options NULL: all defaults.
 * E2_ERR_* with the path in the detail; nothing is left open on failure.
 */
enum { E2_SOURCE_HANDLES = 66 };
int e2_source_dir(const char *path, const struct e2_source_options *options,
		  struct e2_source **source);

/* A host directory, and the directory of the volume that it is to be. */
struct e2_source_graft {
	char *path;
	char *at;		/* absolute; NULL: the root */
};

/*
 * Takes "PATH" or "PATH:/AT" apart; a colon that belongs to either is written "\:".
 * E2_ERR_INVAL for an AT that is not absolute, has "..", or a second colon.
 */
int e2_source_graft_parse(const char *text, struct e2_source_graft *graft);
void e2_source_graft_free(struct e2_source_graft *graft);

/*
 * Reads several host directories as e2_source_dir reads one, into one tree.  Directories on the
 * way to a graft that no tree has are made.  Directories at the same place become one: what
 * the last of them says of it holds.  Anything else that comes twice is E2_ERR_EXIST, naming both.
 * Names of one file are names of one object in whichever trees they lie.  Without any: empty.
 */
int e2_source_trees(const struct e2_source_graft *grafts, size_t count,
		    const struct e2_source_options *options, struct e2_source **source);

/*
 * Reads an archive, tar or cpio in any of their formats, compressed or not; "-" is standard
 * input.  Its data waits in a temporary file.  Every name in it is looked at before the first
 * is used: one that leads out of the tree, through what is no directory, that comes twice, or
 * a hard link to what is not there, is refused as a whole: E2_ERR_INVAL, E2_ERR_EXIST, with
 * the number of the entry.  Only directories may come again: what is said last of them holds.
 * Loads libarchive: E2_ERR_UNSUPPORTED without it.
 */
int e2_source_archive(const char *path, const struct e2_source_options *options,
		      struct e2_source **source);
void e2_source_free(struct e2_source *source);

/*
 * Makes regular files with the same content one object with all their names, up to 65,000:
 * that with most names, of several the one with least data, then the first.  Bytes are compared,
 * each file is read once; where more than 8 MiB of files of one size have to be told apart, some
 * are read twice.  Empty files are left alone.  All else of the statistics stays as it was read.
 *
 * Objects get other numbers; those that have gone are the last, behind e2_source_objects(), and
 * e2_source_retired() in number.  After an error the source can only be freed.
 * E2_ERR_CHANGED and others as e2_source_read(); E2_ERR_CANCELLED.
 */
struct e2_source_dedupe {
	bool strict;		/* mode, owner, mtime and attributes must be the same too */
	int (*progress)(void *context, uint64_t objects);	/* as when reading; may be NULL */
	void *context;
};
int e2_source_dedupe(struct e2_source *source, const struct e2_source_dedupe *how);
uint32_t e2_source_retired(const struct e2_source *source);
/* Whether those that have gone are what was compared, as e2_source_close() asks of a file: to be
 * called when the content that stands for them has been read. */
E2_NODISCARD int e2_source_verify_retired(struct e2_source *source);

void e2_source_stats(const struct e2_source *source, struct e2_source_stats *stats);
/* Only how many objects of each kind come from one of the trees; E2_TREE_NONE: were made. */
void e2_source_tree_stats(const struct e2_source *source, uint8_t tree,
			  struct e2_source_stats *stats);
uint32_t e2_source_objects(const struct e2_source *source);
const struct e2_object *e2_source_object(const struct e2_source *source, e2_obj obj);
const struct e2_source_name *e2_source_name(const struct e2_source *source, uint32_t index);
const char *e2_source_text(const struct e2_source *source, uint32_t text);

/* Adds the path of an object's first name, as the user would write it (source root
 * included), escaped for messages. */
void e2_source_path(const struct e2_source *source, e2_obj obj, struct e2_str *path);

/* Adds the path on the host of a mount point, 0 .. stats.mounts - 1, in the same way. */
void e2_source_mount_path(const struct e2_source *source, size_t mount, struct e2_str *path);

/* Records the failure err with "PATH: text" as its detail and returns it; of a very long path
 * the end is shown. */
int e2_source_fail(const struct e2_source *source, e2_obj obj, int err, const char *text);

/* Data extents of a sparse file, in bytes, ascending, not empty, within its size; NULL and
 * count 0: no holes known.  A file that is one hole has one extent of length 0. */
struct e2_extent { uint64_t start, end; };
const struct e2_extent *e2_source_extents(const struct e2_source *source, e2_obj obj,
					  uint32_t *count);

/*
 * A set of attributes as ext2 stores them, in the order of a block, names NUL-terminated.
 * Equal sets are one set.  NULL and count 0 for set 0.
 */
const struct e2_xattr_item *e2_source_xattrs(const struct e2_source *source, uint32_t set,
					       uint32_t *count);
uint32_t e2_source_xattr_sets(const struct e2_source *source);

/*
 * Reads the data of regular files, one after the other, fastest in the order of
 * their numbers.  One file at a time is open.  e2_source_close checks that it was the file that
 * was seen, with the size and mtime that were seen: E2_ERR_CHANGED, naming both values.
 * Reading past what is there is E2_ERR_CHANGED too.
 */
struct e2_source_file;
int e2_source_open(struct e2_source *source, e2_obj obj, struct e2_source_file **file);
E2_NODISCARD int e2_source_read(struct e2_source_file *file, uint64_t offset, size_t len,
				void *buf);
E2_NODISCARD int e2_source_close(struct e2_source_file *file);

#endif
