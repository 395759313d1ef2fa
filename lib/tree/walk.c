/* SPDX-License-Identifier: MIT */
/*
 * A walk over all names below a directory.
 *
 * The stack is explicit and holds a paused directory a level, so that only one
 * block is pinned however deep the tree; the path is one string that grows and
 * shrinks.  Each directory is entered once, and all of them together look at no more
 * blocks than the volume has.
 */
#include "tree/dir.h"

#include "base/bitset.h"
#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct frame {
	struct e2_dir *dir;	/* NULL: could not be opened */
	e2_ino ino, parent;
	struct e2_inode in;
	size_t path_len;	/* of this directory's path */
	size_t name_len;
	int status;		/* the first damage seen in it */
};

struct e2_walk {
	struct e2_fs *fs;
	unsigned flags;
	struct frame *frames;
	size_t depth, cap;
	struct e2_str path;
	struct e2_bitset *seen;		/* directories entered */
	uint64_t steps;			/* directory blocks that may still be looked at */
	bool started, pending;		/* pending: enter the directory just yielded */
	struct e2_walk_entry last;
};

int e2_walk_begin(struct e2_fs *fs, e2_ino start, unsigned flags, struct e2_walk **walk)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_walk *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return e2_fail(E2_ERR_NOMEM, "walking the tree: out of memory");
	w->fs = fs;
	w->flags = flags;
	w->steps = g->blocks;
	r = e2_bitset_new((uint64_t)g->inodes + 1, &w->seen);
	if (r == 0)
		r = e2_inode_get(fs, start, &w->last.inode);
	if (r) {
		e2_walk_end(w);
		return r;
	}
	w->last.ino = w->last.parent = start;
	*walk = w;
	return 0;
}

void e2_walk_end(struct e2_walk *w)
{
	if (!w)
		return;
	while (w->depth > 0)
		e2_dir_end(w->frames[--w->depth].dir);
	free(w->frames);
	e2_str_free(&w->path);
	e2_bitset_free(w->seen);
	free(w);
}

void e2_walk_skip(struct e2_walk *w)
{
	w->pending = false;
}

/* Points the entry's texts at the path string, which may have moved. */
static void set_texts(struct e2_walk *w, size_t name_len)
{
	w->last.path = e2_str_text(&w->path);
	w->last.path_len = w->path.len;
	w->last.name = (const uint8_t *)w->last.path + w->path.len - name_len;
	w->last.name_len = name_len;
}

static int push(struct e2_walk *w)
{
	struct frame *f = e2_grow(w->frames, &w->cap, w->depth + 1, sizeof(*f));

	if (!f)
		return E2_ERR_NOMEM;
	w->frames = f;
	if (w->depth > 0 && w->frames[w->depth - 1].dir)
		e2_dir_pause(w->frames[w->depth - 1].dir);
	f = &w->frames[w->depth];
	*f = (struct frame){ .ino = w->last.ino, .parent = w->last.parent, .in = w->last.inode,
			     .path_len = w->path.len, .name_len = w->last.name_len };
	f->status = e2_dir_begin_inode(w->fs, f->ino, &f->in, w->steps, &f->dir);
	if (f->status == E2_ERR_NOMEM)
		return f->status;
	w->depth++;
	return 0;
}

/* Leaves the innermost directory; 1 when the caller is to see it again. */
static int pop(struct e2_walk *w)
{
	struct frame f = w->frames[--w->depth];

	e2_dir_end(f.dir);
	if (!(w->flags & E2_WALK_POST))
		return 0;
	e2_str_truncate(&w->path, f.path_len);
	w->last = (struct e2_walk_entry){ .ino = f.ino, .parent = f.parent, .inode = f.in,
					  .depth = (unsigned)w->depth, .after = true,
					  .status = f.status };
	set_texts(w, f.name_len);
	return 1;
}

static bool is_dot(const struct e2_entry *e)
{
	return e->name_len > 0 && e->name[0] == '.' &&
	       (e->name_len == 1 || (e->name_len == 2 && e->name[1] == '.'));
}

static int yield(struct e2_walk *w, const struct e2_entry *e)
{
	const struct frame *f = &w->frames[w->depth - 1];
	struct e2_walk_entry *last = &w->last;

	e2_str_truncate(&w->path, f->path_len);
	e2_str_add(&w->path, "/");
	e2_str_add_bytes(&w->path, e->name, e->name_len);
	if (e2_str_status(&w->path))
		return e2_fail(E2_ERR_NOMEM, "walking the tree: out of memory");
	*last = (struct e2_walk_entry){ .ino = e->ino, .parent = f->ino,
					.depth = (unsigned)w->depth };
	set_texts(w, e->name_len);
	last->status = e2_inode_get(w->fs, e->ino, &last->inode);
	if (last->status)
		memset(&last->inode, 0, sizeof(last->inode));
	else if (e2_is_dir(&last->inode))
		last->again = e2_bitset_test_and_set(w->seen, e->ino);
	w->pending = last->status == 0 && e2_is_dir(&last->inode) && !last->again;
	return 1;
}

static int start(struct e2_walk *w)
{
	w->started = true;
	set_texts(w, 0);
	e2_bitset_set(w->seen, w->last.ino);
	w->pending = e2_is_dir(&w->last.inode);
	return 1;
}

/* The next entry of the innermost directory, or its end. */
static int advance(struct e2_walk *w)
{
	struct frame *f = &w->frames[w->depth - 1];
	struct e2_entry e;
	uint64_t before;
	int r;

	if (!f->dir)
		return pop(w);
	/* What was looked at below counts here too, or a chain of directories that
	 * share their blocks would take a whole volume's steps a level. */
	e2_dir_limit(f->dir, w->steps);
	before = e2_dir_steps(f->dir);
	r = e2_dir_next(f->dir, &e);
	w->steps -= before - e2_dir_steps(f->dir);
	if (r == E2_ERR_NOMEM)
		return r;
	if (r < 0) {
		if (f->status == 0)
			f->status = r;
		return 0;
	}
	if (r == 0)
		return pop(w);
	return is_dot(&e) ? 0 : yield(w, &e);
}

int e2_walk_next(struct e2_walk *w, struct e2_walk_entry *e)
{
	int r = e2_fs_stopped(w->fs);

	if (r)
		return r;
	if (!w->started) {
		r = start(w);
	} else if (w->pending) {
		w->pending = false;
		r = push(w);
	}
	while (r == 0 && w->depth > 0)
		r = advance(w);
	if (r > 0)
		*e = w->last;
	return r;
}
