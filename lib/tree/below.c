/* SPDX-License-Identifier: MIT */
#include "tree/below.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct looking {
	struct e2_below *b;
	e2_below_fn *wanted;
	struct e2_bitset *entered;	/* directories */
	struct e2_bitset *fixed;	/* inodes with a name that may not change */
	e2_ino *met;			/* the inode of each name */
	size_t met_cap;
};

/* ---- looking ------------------------------------------------------------------------ */

static int meet(struct looking *l, e2_ino ino, bool fixed)
{
	e2_ino *met = e2_grow(l->met, &l->met_cap, l->b->names + 1, sizeof(*met));

	if (!met)
		return E2_ERR_NOMEM;
	l->met = met;
	met[l->b->names++] = ino;
	if (fixed)
		e2_bitset_set(l->fixed, ino);
	return 0;
}

static int add_dir(struct looking *l, e2_ino ino)
{
	struct e2_below *b = l->b;
	e2_ino *dirs = e2_grow(b->dirs, &b->dir_cap, b->dir_count + 1, sizeof(*dirs));

	if (!dirs)
		return E2_ERR_NOMEM;
	b->dirs = dirs;
	dirs[b->dir_count++] = ino;
	return 0;
}

static bool is_fixed(const struct e2_inode *dir)
{
	return (dir->flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND)) != 0;
}

/* Directories that may not change are marked too: what is in them looks there. */
static int look_at(struct looking *l, struct e2_walk *walk, const struct e2_walk_entry *e)
{
	if (e->status)
		return e->status;
	if (e->again)
		return e2_fail(E2_ERR_CORRUPT, "directory %u: has more than one name", e->ino);
	if (e->after)
		return 0;
	if (!e2_is_dir(&e->inode))
		return l->wanted(&e->inode) ?
			meet(l, e->ino, e2_bitset_test(l->fixed, e->parent)) : 0;
	if (e2_bitset_test_and_set(l->entered, e->ino)) {
		e2_walk_skip(walk);
		return 0;
	}
	if (is_fixed(&e->inode))
		e2_bitset_set(l->fixed, e->ino);
	return add_dir(l, e->ino);
}

static int look_below(struct looking *l, e2_ino start)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(l->b->fs, start, E2_WALK_POST, &walk);

	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		r = look_at(l, walk, &e);
		if (r)
			break;
	}
	e2_walk_end(walk);
	return r;
}

static int compare_names(const struct e2_start *a, const struct e2_start *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = (a->dir > b->dir) - (a->dir < b->dir);

	if (order == 0 && len > 0)
		order = memcmp(a->name, b->name, len);
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_starts(const void *a, const void *b)
{
	const struct e2_start *const *x = a, *const *y = b;

	return compare_names(*x, *y);
}

/* A name by itself, where no directory that was looked at has it. */
static int look_at_single(struct looking *l, const struct e2_start *s, const struct e2_inode *in)
{
	struct e2_below *b = l->b;
	struct e2_inode dir;
	int r;

	if (s->len == 0)
		return e2_fail(E2_ERR_NOENT, "inode %u: no directory, and its name is not given",
			       s->ino);
	if (!l->wanted(in) || e2_bitset_test(l->entered, s->dir))
		return 0;
	r = e2_inode_get(b->fs, s->dir, &dir);
	if (r)
		return r;
	b->single[b->single_count++] = *s;
	return meet(l, s->ino, is_fixed(&dir));
}

/* In the order of their directories, each of which is gone through once. */
static int look_at_singles(struct looking *l, const struct e2_start **v, size_t count)
{
	int r = 0;

	qsort(v, count, sizeof(*v), compare_starts);
	for (size_t i = 0; i < count && !r; i++) {
		struct e2_inode in;

		if (i > 0 && v[i]->len > 0 && compare_names(v[i - 1], v[i]) == 0)
			continue;
		r = e2_inode_get(l->b->fs, v[i]->ino, &in);
		if (!r)
			r = look_at_single(l, v[i], &in);
	}
	return r;
}

/* First all directories: they have some of the other names. */
static int look_all(struct looking *l, const struct e2_start *starts, size_t count)
{
	const struct e2_start **others = calloc(count ? count : 1, sizeof(*others));
	size_t n = 0;
	int r = others ? 0 : e2_fail(E2_ERR_NOMEM, "looking for names: out of memory");

	for (size_t i = 0; i < count && !r; i++) {
		struct e2_inode in;

		r = e2_inode_get(l->b->fs, starts[i].ino, &in);
		if (!r && e2_is_dir(&in))
			r = look_below(l, starts[i].ino);
		else if (!r)
			others[n++] = &starts[i];
	}
	if (!r)
		r = look_at_singles(l, others, n);
	free(others);
	return r;
}

/* ---- counting ------------------------------------------------------------------------ */

static int compare_inos(const void *a, const void *b)
{
	e2_ino x = *(const e2_ino *)a, y = *(const e2_ino *)b;

	return x < y ? -1 : x > y;
}

static int compare_to(const void *ino, const void *inode)
{
	return compare_inos(ino, &((const struct e2_below_inode *)inode)->ino);
}

struct e2_below_inode *e2_below_find(const struct e2_below *b, e2_ino ino)
{
	return b->inode_count == 0 ? NULL :
	       bsearch(&ino, b->inodes, b->inode_count, sizeof(*b->inodes), compare_to);
}

/* One record for each of the inodes that were met; their numbers then stand in front of met. */
static int count_names(struct looking *l)
{
	struct e2_below *b = l->b;
	size_t distinct = 0;

	qsort(l->met, b->names, sizeof(*l->met), compare_inos);
	for (size_t i = 0; i < b->names; i++)
		distinct += i == 0 || l->met[i] != l->met[i - 1];
	b->inodes = calloc(distinct, sizeof(*b->inodes));
	if (!b->inodes)
		return e2_fail(E2_ERR_NOMEM, "counting names: out of memory");
	for (size_t i = 0; i < b->names; i++) {
		if (i == 0 || l->met[i] != b->inodes[b->inode_count - 1].ino) {
			b->inodes[b->inode_count++].ino = l->met[i];
			l->met[b->inode_count - 1] = l->met[i];
		}
		b->inodes[b->inode_count - 1].names++;
	}
	return 0;
}

static int read_inodes(struct looking *l)
{
	struct e2_below *b = l->b;
	struct e2_inode in;
	struct e2_pick *pick;
	size_t i;
	int r = e2_pick_begin(b->fs, l->met, b->inode_count, &pick);

	if (r)
		return r;
	while ((r = e2_pick_next(pick, &i, &in)) > 0) {
		struct e2_below_inode *to = &b->inodes[i];

		to->size = e2_inode_size(&in);
		to->flags = in.flags;
		to->links = in.links_count;
		to->fixed = e2_bitset_test(l->fixed, to->ino);
	}
	e2_pick_end(pick);
	return r;
}

int e2_below_make(struct e2_fs *fs, const struct e2_start *starts, size_t count,
		  e2_below_fn *wanted, struct e2_below *b)
{
	uint64_t inodes = (uint64_t)e2_geometry(fs)->inodes + 1;
	struct looking l = { .b = b, .wanted = wanted };
	int r;

	*b = (struct e2_below){ .fs = fs };
	b->single = calloc(count ? count : 1, sizeof(*b->single));
	r = b->single ? 0 : e2_fail(E2_ERR_NOMEM, "looking for names: out of memory");
	if (!r)
		r = e2_bitset_new(inodes, &l.entered);
	if (!r)
		r = e2_bitset_new(inodes, &l.fixed);
	if (!r)
		r = look_all(&l, starts, count);
	if (!r && b->names > 0)
		r = count_names(&l);
	if (!r && b->names > 0)
		r = read_inodes(&l);
	e2_bitset_free(l.entered);
	e2_bitset_free(l.fixed);
	free(l.met);
	return r;
}

void e2_below_end(struct e2_below *b)
{
	free(b->dirs);
	free(b->single);
	free(b->inodes);
	*b = (struct e2_below){ 0 };
}

/* ---- names again ---------------------------------------------------------------------- */

static int add_name(struct e2_below_dir *d, e2_ino ino, const void *name, size_t len)
{
	struct e2_below_name *names = e2_grow(d->names, &d->cap, d->count + 1, sizeof(*names));

	if (!names)
		return E2_ERR_NOMEM;
	d->names = names;
	names[d->count++] = (struct e2_below_name){ ino, (uint32_t)d->text.len, (uint8_t)len };
	e2_str_add_bytes(&d->text, name, len);
	return e2_str_status(&d->text);
}

static int list_dir(const struct e2_below *b, struct e2_below_dir *d)
{
	struct e2_entry e;
	struct e2_dir *dir;
	int r = e2_dir_begin(b->fs, d->dir, &dir);

	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) > 0) {
		if (!e2_below_find(b, e.ino))
			continue;
		r = add_name(d, e.ino, e.name, e.name_len);
		if (r)
			break;
	}
	e2_dir_end(dir);
	return r;
}

int e2_below_next(const struct e2_below *b, size_t *cursor, struct e2_below_dir *d)
{
	size_t i = (*cursor)++;
	int r = e2_fs_stopped(b->fs);

	d->count = 0;
	e2_str_truncate(&d->text, 0);
	if (r)
		return r;
	if (i < b->dir_count) {
		d->dir = b->dirs[i];
		r = list_dir(b, d);
	} else if (i - b->dir_count < b->single_count) {
		const struct e2_start *s = &b->single[i - b->dir_count];
		const struct e2_start *end = b->single + b->single_count;

		d->dir = s->dir;
		for (--*cursor; s < end && s->dir == d->dir && !r; s++, ++*cursor)
			r = add_name(d, s->ino, s->name, s->len);
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

void e2_below_dir_end(struct e2_below_dir *d)
{
	free(d->names);
	e2_str_free(&d->text);
	*d = (struct e2_below_dir){ 0 };
}
