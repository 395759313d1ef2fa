/* SPDX-License-Identifier: MIT */
/* What the files that read host directories share: the walk and its steps. */
#ifndef E2_HOST_SOURCE_WALK_H
#define E2_HOST_SOURCE_WALK_H

#include "host/source_priv.h"

struct e2_listed {		/* a name of the directory that is being read */
	uint64_t key;		/* its bytes behind what all names begin with: most comparisons */
	uint32_t text;
	uint8_t len;
	uint8_t layer;		/* index of layers; E2_LAYER_GRAFT: a graft lies there, or below */
};
enum { E2_LAYER_GRAFT = E2_TREES_MAX };

struct e2_linked { e2_obj obj; uint64_t nlink; };	/* has several names on the host */

/* A tree's part of the directory that is being read. */
struct e2_host_layer {
	int fd;
	uint64_t dev, mount;	/* mount 0: not known */
	uint8_t tree;
};

/* What a name of a layer, or the root of a tree, turned out to be. */
struct e2_host_found {
	struct stat st;
	int fd;			/* of the layer */
	uint8_t tree;
	bool root;		/* it is the root of its tree; fd is not used */
	bool mount;		/* something is mounted on it */
	bool closed;		/* it is not entered */
};

#define E2_NODE_NONE UINT32_MAX
struct e2_host_node {		/* a directory of the volume where a graft lies, or below */
	const char *name;
	size_t len;
	uint32_t up;		/* the node it is in; of the root: itself */
	e2_obj obj;		/* E2_OBJ_NONE: not reached yet */
};

struct e2_host_walk {
	struct e2_source *s;
	const struct e2_source_options *opt;
	struct e2_host_layer *layers;	/* of the directory at hand, by tree */
	struct e2_host_found *found;	/* of the name at hand; room as for layers */
	struct e2_host_node *nodes;	/* [0] is the root */
	uint32_t *node;			/* of each tree: where its root lies */
	size_t layers_len, nodes_len, nodes_cap;
	struct e2_listed *list;
	e2_obj *todo;			/* directories to enter, next last */
	struct e2_linked *linked;
	size_t list_len, list_cap, todo_len, todo_cap, linked_len, linked_cap;
	struct e2_map *by_ino;		/* device and inode number, stepped on collision */
	struct e2_xattr_reader xattrs;
	char *dents;			/* E2_DENTS_BYTES */
	struct e2_str path;		/* of the directory in its tree, with a slash */
	uint64_t told;			/* objects at the last call of progress */
};

enum { E2_DENTS_BYTES = 64 * 1024 };

/* ---- names of a directory (source_list.c) ------------------------------------------ */

/* Adds the names of a layer of dir to w->list, but for those that are excluded. */
int e2_host_list(struct e2_host_walk *w, e2_obj dir, uint8_t layer);
int e2_host_list_name(struct e2_host_walk *w, const char *name, size_t len, uint8_t layer);
/* Sorts w->list by bytes, equal names by layer. */
void e2_host_sort(struct e2_host_walk *w);

/*
 * Decides about a failure whose detail names the object: with skip_unreadable it is
 * told, with its consequence, and forgotten (1), else passed on.
 */
int e2_host_skip_or_fail(struct e2_host_walk *w, int err, const char *consequence);

/* ---- the object that a fresh record stands for (source_object.c) ----------------------- */

/* What the name is in a layer.  1: it is to be left out. */
int e2_host_examine(struct e2_host_walk *w, const struct e2_host_layer *in, const char *name,
		 e2_obj obj, struct e2_host_found *f);

/*
 * Reads it.
 *
 * *same  obj, or the object that is the same file and was seen before
 *
 * 1: it is to be left out.
 */
int e2_host_take(struct e2_host_walk *w, struct e2_host_found *f, const char *name, e2_obj obj,
		 e2_obj *same);
void e2_host_fill_object(struct e2_object *o, const struct stat *st);

/* ---- mounts (source_mount.c) -------------------------------------------------------------- */

/* fstatat that does not follow, and the number of the mount; 0 or an errno. */
int e2_host_stat(int fd, const char *name, struct stat *st, uint64_t *mount);
void e2_host_judge_mount(struct e2_host_walk *w, const struct e2_host_layer *in, uint64_t mount,
			 struct e2_host_found *f);
int e2_host_add_mount(struct e2_host_walk *w, e2_obj dir, const struct e2_source_name *name,
		      uint8_t tree);

/*
 * Turns what is mounted at name into what it is mounted on; without the right to see that, into
 * something empty with the mode of the mount.  Returns a handle for the caller to close, or -1.
 */
int e2_host_uncover(const char *name, struct e2_host_found *f);

/* ---- several trees (source_graft.c, source_merge.c) ------------------------------------------ */

/* The nodes of all grafts. */
int e2_host_plant(struct e2_host_walk *w, const struct e2_source_graft *grafts, size_t count);
/* Adds the names of nodes that lie in dir to w->list. */
int e2_host_list_grafts(struct e2_host_walk *w, e2_obj dir);
/* The node in the directory dir; E2_NODE_NONE: none has that name. */
uint32_t e2_host_find_node(const struct e2_host_walk *w, e2_obj dir, const char *name, size_t len);

/*
 * e2_host_take for count entries of w->list with one name: directories become one, whatever
 * else there is is refused.
 */
int e2_host_merge(struct e2_host_walk *w, const struct e2_listed *list, size_t count,
		  const char *name, e2_obj obj, e2_obj *same);
/* The directory of a node, made of the first `found` of w->found and the roots of its trees. */
int e2_host_merge_node(struct e2_host_walk *w, size_t found, uint32_t node, const char *name,
		       e2_obj obj);

#endif
