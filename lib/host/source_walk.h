/* SPDX-License-Identifier: MIT */
/* What the files that read a host directory share: the walk and its steps. */
#ifndef E2_HOST_SOURCE_WALK_H
#define E2_HOST_SOURCE_WALK_H

#include "host/source_priv.h"

struct e2_listed {		/* a name of the directory that is being read */
	uint64_t key;		/* its bytes behind what all names begin with: most comparisons */
	uint32_t text;
	uint8_t len;
};

struct e2_linked { e2_obj obj; uint64_t nlink; };	/* has several names on the host */

struct e2_host_walk {
	struct e2_source *s;
	const struct e2_source_options *opt;
	struct e2_listed *list;
	e2_obj *todo;			/* directories to enter, next last */
	struct e2_linked *linked;
	size_t list_len, list_cap, todo_len, todo_cap, linked_len, linked_cap;
	struct e2_map *by_ino;		/* device and inode number, stepped on collision */
	struct e2_xattr_reader xattrs;
	char *dents;			/* E2_DENTS_BYTES */
	struct e2_str path;		/* of the directory, with a slash; for exclude */
	uint64_t told;			/* objects at the last call of progress */
};

enum { E2_DENTS_BYTES = 64 * 1024 };

/* All names of the directory behind fd into w->list, sorted by bytes (source_list.c). */
int e2_host_list(struct e2_host_walk *w, e2_obj dir, int fd);

/*
 * Decides about a failure whose detail names the object: with skip_unreadable it is
 * told, with its consequence, and forgotten (1), else passed on.
 */
int e2_host_skip_or_fail(struct e2_host_walk *w, int err, const char *consequence);

/*
 * Reads the object that a fresh record stands for (source_object.c).
 *
 * *same  obj, or the object that is the same file and was seen before
 *
 * 1: it is to be left out.
 */
int e2_host_read_object(struct e2_host_walk *w, int fd, const char *name, e2_obj obj,
			e2_obj *same);
int e2_host_read_xattrs(struct e2_host_walk *w, int fd, const char *name, e2_obj obj,
			uint64_t dev);
void e2_host_fill_object(struct e2_object *o, const struct stat *st);

#endif
