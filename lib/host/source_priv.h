/* SPDX-License-Identifier: MIT */
/* What the files of the source share: its records, and how they are added. */
#ifndef E2_HOST_SOURCE_PRIV_H
#define E2_HOST_SOURCE_PRIV_H

#include "base/grow.h"
#include "base/map.h"
#include "host/source.h"

#include <sys/stat.h>

/* ---- bytes that never move (source_arena.c) ---------------------------------- */

struct e2_arena_chunk;
struct e2_arena { struct e2_arena_chunk *last; };

/* len bytes, aligned for any pointer, released with the arena; NULL when memory runs out. */
void *e2_arena_alloc(struct e2_arena *arena, size_t len);
void e2_arena_free(struct e2_arena *arena);

/* ---- directories by handle (source_handles.c) --------------------------------- */

/*
 * Open handles of the directories from the root down to the current one.  The
 * outermost E2_HANDLES_KEPT stay open; deeper ones only while they are current or being
 * passed, and are opened again from there.  Every handle is compared with
 * the device and inode number that the walk saw.  All are of one tree at a time.
 */
enum { E2_HANDLES_KEPT = 64 };
struct e2_handle { e2_obj dir; int fd; };	/* fd -1: not open */
struct e2_handles {
	uint8_t tree;
	struct e2_handle *level;	/* [0] is the root of the tree */
	size_t depth, cap;
	e2_obj *want;			/* the path to enter, last component first */
	size_t want_cap;
};

/* Makes dir as a tree has it current; *fd is borrowed until the next call. */
int e2_handles_enter(struct e2_handles *h, const struct e2_source *source, uint8_t tree, e2_obj dir,
		     int *fd);
void e2_handles_close(struct e2_handles *h);

/* ---- the records (source.c) ----------------------------------------------------- */

struct e2_xattr_set { struct e2_xattr_item *v; uint32_t count; };

struct e2_source_file {			/* the one file that is open */
	struct e2_source *source;
	e2_obj obj;
	int fd;
	uint32_t extent;		/* of an archive: the piece of data read last, */
	uint64_t before;		/* and the bytes of data before it */
};

/* The data of an archive's files: that of each in one piece, its holes left out. */
struct e2_spool {
	int fd;				/* -1: no data */
	uint64_t len;
	uint64_t *at;			/* of each object: where its data begins */
};

struct e2_source_tree {
	char *root;			/* as the user named it */
	e2_obj at;			/* the directory that its root is, once there is one */
	struct stat st;			/* of its root */
};

/* What a tree has at the place of a directory that may be in several. */
struct e2_source_layer { e2_obj dir; uint32_t uid; uint64_t ino; uint16_t dev; uint8_t tree; };

struct e2_source_mount { e2_obj dir; uint32_t text; uint8_t len, tree; };

struct e2_source {
	struct e2_source_tree *trees;	/* none: made from nothing */
	struct e2_source_layer *layers;	/* by directory, then by tree */
	struct e2_source_mount *mounts;
	struct e2_object *objects;
	struct e2_source_name *names;
	char *text;			/* [0] is NUL, so that 0 names the empty text */
	struct e2_extent *extents;
	struct e2_xattr_set *sets;	/* [0] is set 1 */
	uint64_t *devs;
	size_t objects_len, objects_cap, names_len, names_cap, text_len, text_cap;
	size_t extents_len, extents_cap, sets_len, sets_cap, devs_len, devs_cap;
	size_t trees_len, trees_cap, layers_len, layers_cap, mounts_len, mounts_cap;
	struct e2_map *set_index;	/* hash of a set, stepped on collision -> set */
	uint64_t seed;			/* of hashes */
	struct e2_arena arena;		/* names and values of attributes */
	struct e2_handles handles;
	struct e2_source_file file;
	struct e2_spool *spool;		/* of an archive; NULL: files of the host */
	struct e2_source_stats stats;
	uint32_t euid;
	uint32_t retired;		/* objects behind the others (source_dedupe.c) */
};

int e2_source_new(struct e2_source **source);	/* no object in it */

/* A new record, zeroed; *obj is its number. */
int e2_source_add_object(struct e2_source *s, e2_obj *obj);
int e2_source_add_text(struct e2_source *s, const char *text, size_t len, uint32_t *at);
int e2_source_add_extent(struct e2_source *s, uint64_t start, uint64_t end);
int e2_source_add_dev(struct e2_source *s, uint64_t dev, uint16_t *index);

/*
 * Interns a set of attributes: sorts v, copies it unless an equal set is known.
 * hash and order: source_xattr.c
 */
int e2_source_add_set(struct e2_source *s, struct e2_xattr_item *v, uint32_t count,
		      uint32_t *set);

/* Counts an object by its kind. */
void e2_source_count(struct e2_source_stats *stats, const struct e2_object *o);

/* A tree whose root is the root; the directory is not looked at.  Refuses too many. */
int e2_source_add_tree(struct e2_source *s, const char *root);
/* Layers come in the order of their directories, and of trees within one. */
int e2_source_add_layer(struct e2_source *s, const struct e2_source_layer *layer);
/* The first layer of dir at or behind a tree; index layers_len or of another dir: none. */
size_t e2_source_find_layer(const struct e2_source *s, e2_obj dir, uint8_t tree);

/* e2_source_path as one of the trees has it. */
void e2_source_tree_path(const struct e2_source *s, uint8_t tree, e2_obj obj, struct e2_str *path);

/* e2_source_fail for what one of the trees has there, and with the text of errnum. */
int e2_source_fail_in(const struct e2_source *s, uint8_t tree, e2_obj obj, int err,
		      const char *text);
int e2_source_fail_errno_in(const struct e2_source *s, uint8_t tree, e2_obj obj, int errnum);
int e2_source_fail_errno(const struct e2_source *s, e2_obj obj, int errnum);

/* ---- data of archives (source_spool.c) -------------------------------------------- */

int e2_spool_new(struct e2_spool **spool);
void e2_spool_free(struct e2_spool *spool);	/* NULL is fine */
/* Adds bytes; those that are zero take no space. */
int e2_spool_add(struct e2_spool *spool, const void *data, size_t len);
int e2_spool_read(struct e2_source_file *file, uint64_t offset, size_t len, void *buf);

/* ---- holes of host files (source_object.c) ---------------------------------------- */

enum { E2_HOST_UNTOLD = -0x10000 };	/* no errno */

/*
 * The next piece of data of an open file from byte `at` on, within its size.
 * 1; 0 when only holes follow; E2_HOST_UNTOLD when the host cannot tell; -errno.
 */
int e2_host_next_data(int file, uint64_t at, uint64_t size, struct e2_extent *e);

/* ---- attributes of host files (source_xattr.c) ------------------------------------ */

struct e2_xattr_reader {
	char *list;			/* names as listxattr gives them */
	struct e2_str values;		/* names and values of one object, one after the other */
	struct e2_xattr_item *v;
	size_t *at;			/* where in values: name, value of v[i] */
	size_t list_cap, v_cap, at_cap;
	uint64_t bare_dev;		/* a device whose file system has no attributes */
	bool bare_known;
	bool by_proc;			/* the kernel has no listxattrat */
};

void e2_xattr_reader_init(struct e2_xattr_reader *r, bool by_proc);
void e2_xattr_reader_free(struct e2_xattr_reader *r);

/*
 * Reads the attributes of name in the directory fd (name "": of fd itself) into r->v, sorted.
 *
 * ignored  how many were of name spaces that ext2 does not hold
 *
 * E2_ERR_* of the host without a path in the detail: the caller knows it.
 */
int e2_xattr_read_items(struct e2_xattr_reader *r, int fd, const char *name, uint64_t dev,
			uint32_t *count, uint32_t *ignored);

/* Whether ext2 keeps attributes of that name: its index, and what follows the prefix. */
bool e2_xattr_is_kept(const char *name, unsigned *index, const char **rest);

/* The same into a set of the source: 0 when there are none. */
int e2_xattr_read(struct e2_xattr_reader *r, struct e2_source *s, int fd, const char *name,
		  uint64_t dev, uint32_t *set, uint32_t *ignored);

#endif
