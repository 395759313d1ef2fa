/* SPDX-License-Identifier: MIT */
/*
 * All names of all inodes, from one walk over the tree.
 *
 * A record a name, sorted by inode; the bytes of names in one arena.  A path is built
 * backwards: each directory has the one name by which it was entered first, so
 * the way up ends at the root after at most as many steps as there are records.
 */
#include "tree/tree.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct name {
	e2_ino ino;
	uint32_t parent;	/* inode, and once sorted the record of the directory it is in */
	uint32_t order;		/* of the walk */
	uint32_t len;
	size_t at;		/* in the arena */
};

struct e2_names {
	e2_ino root;
	struct name *names;
	size_t count, cap;
	struct e2_str arena;
};

static int add(struct e2_names *n, const struct e2_walk_entry *e)
{
	struct name *more;

	if (n->count == UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "more names than can be counted");
	more = e2_grow(n->names, &n->cap, n->count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	n->names = more;
	n->names[n->count] = (struct name){ e->ino, e->parent, (uint32_t)n->count,
					    (uint32_t)e->name_len, n->arena.len };
	n->count++;
	e2_str_add_bytes(&n->arena, e->name, e->name_len);
	return e2_str_status(&n->arena);
}

static int compare(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;

	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int collect(struct e2_names *n, struct e2_fs *fs)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r;

	r = e2_walk_begin(fs, n->root, 0, &walk);
	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		if (e.again)
			continue;
		r = add(n, &e);
		if (r)
			break;
	}
	e2_walk_end(walk);
	return r;
}

/* Index of the first record whose inode is not less. */
static size_t first_of(const struct e2_names *n, uint64_t ino)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (n->names[middle].ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int e2_names_open(struct e2_fs *fs, struct e2_names **names)
{
	struct e2_names *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return e2_fail(E2_ERR_NOMEM, "collecting names: out of memory");
	n->root = E2_INO_ROOT;
	r = collect(n, fs);
	if (r) {
		e2_names_close(n);
		return r;
	}
	if (n->count)
		qsort(n->names, n->count, sizeof(*n->names), compare);
	/* A directory that was walked has a record, and comes first at its inode. */
	for (size_t i = 0; i < n->count; i++)
		n->names[i].parent = (uint32_t)first_of(n, n->names[i].parent);
	*names = n;
	return 0;
}

void e2_names_close(struct e2_names *n)
{
	if (!n)
		return;
	free(n->names);
	e2_str_free(&n->arena);
	free(n);
}

uint32_t e2_names_count(const struct e2_names *n, e2_ino ino)
{
	return (uint32_t)(first_of(n, (uint64_t)ino + 1) - first_of(n, ino));
}

int e2_names_path(const struct e2_names *n, e2_ino ino, uint32_t index, struct e2_str *path)
{
	const struct name *name;
	const struct name **up = NULL, **more;
	size_t steps = 0, cap = 0;

	if (index >= e2_names_count(n, ino))
		return e2_fail(E2_ERR_NOENT, "inode %u: has no name number %u", ino, index);
	if (ino == n->root) {
		e2_str_add(path, "/");
		return e2_str_status(path);
	}
	for (name = &n->names[first_of(n, ino) + index];
	     name->ino != n->root && steps < n->count; name = &n->names[name->parent]) {
		more = e2_grow(up, &cap, steps + 1, sizeof(*up));
		if (!more) {
			free(up);
			return E2_ERR_NOMEM;
		}
		up = more;
		up[steps++] = name;
	}
	while (steps > 0) {
		name = up[--steps];
		e2_str_add(path, "/");
		e2_str_add_bytes(path, n->arena.text + name->at, name->len);
	}
	free(up);
	return e2_str_status(path);
}
