/* SPDX-License-Identifier: MIT */
/*
 * Two trees side by side.
 *
 * A directory of one is read with that of the other, sorted only where their names are not
 * the same in the same order.  What differs becomes an item; items of a directory lie
 * together, so that the tree of them needs no pointers.  Each directory of a volume is entered
 * once, and all of them together look at no more blocks than the volume has.
 */
#include "tree/diff_priv.h"

#include "base/grow.h"
#include "tree/dir.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_NAMES = 256 };

struct row {			/* a name in a directory */
	e2_ino ino;
	uint16_t len;
	size_t at;		/* in the arena */
	const char *name;	/* once all of it is read */
};

struct listing {
	struct row *rows;
	size_t count, cap;
	struct e2_str arena;
	int status;		/* the first damage */
};

struct pair {			/* a name of both, or of one */
	struct diff_item item;
	const char *name;
};

struct level {			/* two directories, compared */
	struct listing list[2];
	struct pair *kept;	/* names worth an item */
	size_t count, cap;
};

const char *e2_diff_what_name(enum e2_diff_what what)
{
	static const char *const names[E2_DIFF_WHATS] = {
#define D(id, when, name, doc) [E2_DIFF_##id] = name,
#include "tree/diff.def"
#undef D
	};

	return names[what];
}

int diff_tick(struct e2_diff *d)
{
	if (!d->options.tick || ++d->ticks % TICK_NAMES)
		return 0;
	return d->options.tick(d->options.context);
}

/* ---- directories ------------------------------------------------------------------ */

static bool is_dots(const struct e2_entry *e)
{
	return e->name_len <= 2 && !memcmp(e->name, "..", e->name_len);
}

static int add_row(struct listing *l, const struct e2_entry *e)
{
	struct row *more = e2_grow(l->rows, &l->cap, l->count + 1, sizeof(*more));

	if (!more)
		return E2_ERR_NOMEM;
	l->rows = more;
	l->rows[l->count++] = (struct row){ e->ino, e->name_len, l->arena.len, NULL };
	e2_str_add_bytes(&l->arena, e->name, e->name_len);
	return e2_str_status(&l->arena);
}

static int read_rows(struct e2_diff *d, unsigned side, struct e2_dir *dir, struct listing *l)
{
	struct e2_entry e;
	int r;

	while ((r = e2_dir_next(dir, &e)) != 0) {
		if (r == E2_ERR_NOMEM)
			return r;
		if (r < 0)
			l->status = r;
		else if (!is_dots(&e))
			r = add_row(l, &e);
		if (r == E2_ERR_NOMEM)
			return r;
	}
	d->steps[side] = e2_dir_steps(dir);
	return 0;
}

/* The names of a directory; one that was entered before, or cannot be read, has damage. */
static int read_listing(struct e2_diff *d, unsigned side, e2_ino ino, struct listing *l)
{
	struct e2_inode in;
	struct e2_dir *dir;
	int r;

	l->count = 0;
	l->status = 0;
	e2_str_truncate(&l->arena, 0);
	if (e2_bitset_test_and_set(d->seen[side], ino)) {
		l->status = E2_ERR_CORRUPT;
		return 0;
	}
	r = e2_inode_get(d->fs[side], ino, &in);
	if (r == 0)
		r = e2_dir_begin_inode(d->fs[side], ino, &in, d->steps[side], &dir);
	if (r == E2_ERR_NOMEM)
		return r;
	l->status = r;
	if (r)
		return 0;
	r = read_rows(d, side, dir, l);
	e2_dir_end(dir);
	for (size_t i = 0; i < l->count; i++)
		l->rows[i].name = l->arena.text + l->rows[i].at;
	return r;
}

static int compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static int compare_rows(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int order = compare_names(a->name, a->len, b->name, b->len);

	return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

static int compare_pairs(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;
	int order = compare_names(a->name, a->item.name_len, b->name, b->item.name_len);

	return order ? order : a->name < b->name ? -1 : a->name > b->name;
}

/* Whether both have the same names in the same order. */
static bool same_names(const struct listing *a, const struct listing *b)
{
	if (a->count != b->count || a->arena.len != b->arena.len)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->rows[i].len != b->rows[i].len)
			return false;
	return a->count == 0 || !memcmp(a->arena.text, b->arena.text, a->arena.len);
}

/* ---- names ------------------------------------------------------------------------ */

/* A name: a and b are what the two have of it, NULL where one has none. */
static int look(struct e2_diff *d, struct level *l, const struct row *a, const struct row *b)
{
	const struct row *row = a ? a : b;
	struct pair p = { .name = row->name };
	struct pair *more;
	int r = diff_tick(d);

	p.item.ino[0] = a ? a->ino : 0;
	p.item.ino[1] = b ? b->ino : 0;
	p.item.name_len = row->len;
	d->sums.names++;
	if (r == 0)
		r = diff_inodes(d, &p.item);
	if (r || (a && b && !p.item.what && !p.item.dirs && !p.item.several))
		return r;
	more = e2_grow(l->kept, &l->cap, l->count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	l->kept = more;
	l->kept[l->count++] = p;
	return 0;
}

static int merge(struct e2_diff *d, struct level *l)
{
	const struct listing *a = &l->list[0], *b = &l->list[1];
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < a->count || k < b->count)) {
		int order = i == a->count ? 1 : k == b->count ? -1 :
			compare_names(a->rows[i].name, a->rows[i].len, b->rows[k].name,
				      b->rows[k].len);

		r = look(d, l, order <= 0 ? &a->rows[i] : NULL, order >= 0 ? &b->rows[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

static int look_at_all(struct e2_diff *d, struct level *l)
{
	int r = 0;

	l->count = 0;
	if (!same_names(&l->list[0], &l->list[1])) {
		for (unsigned side = 0; side < 2; side++)
			if (l->list[side].count)
				qsort(l->list[side].rows, l->list[side].count,
				      sizeof(*l->list[side].rows), compare_rows);
		return merge(d, l);
	}
	for (size_t i = 0; i < l->list[0].count && r == 0; i++)
		r = look(d, l, &l->list[0].rows[i], &l->list[1].rows[i]);
	if (l->count)
		qsort(l->kept, l->count, sizeof(*l->kept), compare_pairs);
	return r;
}

/* ---- items ------------------------------------------------------------------------ */

static int add_item(struct e2_diff *d, const struct pair *p, size_t parent)
{
	struct diff_item *more;

	if (d->count >= UINT32_MAX)
		return e2_fail(E2_ERR_NOMEM, "more names than can be compared");
	more = e2_grow(d->items, &d->cap, d->count + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	d->items = more;
	d->items[d->count] = p->item;
	d->items[d->count].parent = (uint32_t)parent;
	d->items[d->count].name = d->names.len;
	d->count++;
	e2_str_add_bytes(&d->names, p->name, p->item.name_len);
	return e2_str_status(&d->names);
}

/* All that lies in a directory of one or both. */
static int enter(struct e2_diff *d, size_t i, struct level *l)
{
	struct diff_item *item = &d->items[i];
	int r = 0;

	for (unsigned side = 0; side < 2 && r == 0; side++) {
		l->list[side].count = 0;
		l->list[side].status = 0;
		e2_str_truncate(&l->list[side].arena, 0);
		if (item->dirs & 1u << side)
			r = read_listing(d, side, item->ino[side], &l->list[side]);
		if (l->list[side].status)
			item->what |= E2_DIFF_BIT(DAMAGE);
	}
	if (r == 0)
		r = look_at_all(d, l);
	d->items[i].first = (uint32_t)d->count;
	d->items[i].count = (uint32_t)l->count;
	for (size_t k = 0; k < l->count && r == 0; k++)
		r = add_item(d, &l->kept[k], i);
	return r;
}

static int compare(struct e2_diff *d)
{
	struct level l = { .list = { { .arena = E2_STR_INIT }, { .arena = E2_STR_INIT } } };
	struct pair start = { .item.ino = { d->options.start[0], d->options.start[1] } };
	int r = diff_inodes(d, &start.item);

	d->sums.names = 1;
	if (r == 0)
		r = add_item(d, &start, 0);
	for (size_t i = 0; i < d->count && r == 0; i++)
		if (d->items[i].dirs)
			r = enter(d, i, &l);
	for (unsigned side = 0; side < 2; side++) {
		free(l.list[side].rows);
		e2_str_free(&l.list[side].arena);
	}
	free(l.kept);
	return r ? r : diff_links(d);
}

static void count(struct e2_diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct diff_item *item = &d->items[i];

		if (!item->ino[0] || !item->ino[1])
			d->sums.only[item->ino[0] ? 0 : 1]++;
		else if (item->what)
			d->sums.changed++;
		d->sums.damaged += (item->what & E2_DIFF_BIT(DAMAGE)) != 0;
	}
}

/* ---- the comparison --------------------------------------------------------------- */

static int prepare(struct e2_diff *d)
{
	int r = 0;

	for (unsigned side = 0; side < 2 && r == 0; side++) {
		const struct e2_geometry *g = e2_geometry(d->fs[side]);
		struct e2_inode in;

		if (d->options.start[side] == 0)
			d->options.start[side] = E2_INO_ROOT;
		d->steps[side] = g->blocks;
		d->budget += 2 * g->blocks * g->block_size;
		d->raw[side] = malloc(g->inode_size);
		if (!d->raw[side])
			return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
		r = e2_bitset_new((uint64_t)g->inodes + 1, &d->seen[side]);
		if (r == 0)
			r = e2_inode_get(d->fs[side], d->options.start[side], &in);
	}
	return r ? r : e2_map_new(&d->pairs);
}

/* What only comparing needs. */
static void release(struct e2_diff *d)
{
	for (unsigned side = 0; side < 2; side++) {
		e2_bitset_free(d->seen[side]);
		free(d->raw[side]);
		free(d->bytes[side]);
		e2_str_free(&d->text[side]);
		d->seen[side] = NULL;
		d->raw[side] = d->bytes[side] = NULL;
	}
	e2_map_free(d->pairs);
	free(d->memos);
	d->pairs = NULL;
	d->memos = NULL;
}

int e2_diff_begin(struct e2_fs *first, struct e2_fs *second, const struct e2_diff_options *options,
		  struct e2_diff **diff)
{
	struct e2_diff *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
	d->fs[0] = first;
	d->fs[1] = second;
	d->options = *options;
	r = prepare(d);
	if (r == 0)
		r = compare(d);
	release(d);
	if (r) {
		e2_diff_end(d);
		return r;
	}
	e2_err_clear();
	count(d);
	*diff = d;
	return 0;
}

void e2_diff_sums(const struct e2_diff *d, struct e2_diff_sums *sums)
{
	*sums = d->sums;
}

void e2_diff_end(struct e2_diff *d)
{
	if (!d)
		return;
	release(d);
	free(d->items);
	e2_str_free(&d->names);
	e2_str_free(&d->path);
	e2_str_free(&d->link_path[0]);
	e2_str_free(&d->link_path[1]);
	free(d);
}

/* ---- what was found --------------------------------------------------------------- */

static void descend(struct e2_diff *d, size_t to)
{
	e2_str_add(&d->path, "/");
	e2_str_add_bytes(&d->path, d->names.text + d->items[to].name, d->items[to].name_len);
	d->next = to;
}

/* The item behind this one, in the order of paths; false at the end. */
static bool advance(struct e2_diff *d)
{
	size_t i = d->next;

	if (d->items[i].count) {
		descend(d, d->items[i].first);
		return true;
	}
	while (i != 0) {
		const struct diff_item *up = &d->items[d->items[i].parent];

		e2_str_truncate(&d->path, d->path.len - d->items[i].name_len - 1);
		if (i + 1 < (size_t)up->first + up->count) {
			descend(d, i + 1);
			return true;
		}
		i = d->items[i].parent;
	}
	return false;
}

/* The path of an item, built from its end. */
static int add_path(const struct e2_diff *d, size_t i, struct e2_str *path)
{
	size_t len = 0;

	for (size_t k = i; k != 0; k = d->items[k].parent)
		len += d->items[k].name_len + 1u;
	e2_str_truncate(path, 0);
	for (size_t n = 0; n < len; n++)
		e2_str_add_bytes(path, "/", 1);
	if (e2_str_status(path))
		return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
	for (size_t k = i; k != 0; k = d->items[k].parent) {
		len -= d->items[k].name_len;
		memcpy(path->text + len, d->names.text + d->items[k].name, d->items[k].name_len);
		len--;
	}
	return 0;
}

static int fill(struct e2_diff *d, struct e2_difference *to)
{
	const struct diff_item *item = &d->items[d->next];

	*to = (struct e2_difference){ .what = item->what, .at = item->at };
	for (unsigned side = 0; side < 2; side++) {
		to->ino[side] = item->ino[side];
		if (item->ino[side] &&
		    e2_inode_get(d->fs[side], item->ino[side], &to->in[side]))
			to->in[side] = (struct e2_inode){ 0 };	/* it is damage, and was told */
		if (item->link[side]) {
			if (add_path(d, item->link[side], &d->link_path[side]))
				return E2_ERR_NOMEM;
			to->link[side] = d->link_path[side].text;
			to->link_len[side] = d->link_path[side].len;
		}
	}
	if (e2_str_status(&d->path))
		return e2_fail(E2_ERR_NOMEM, "comparing: out of memory");
	to->path = e2_str_text(&d->path);
	to->path_len = d->path.len;
	return 1;
}

int e2_diff_next(struct e2_diff *d, struct e2_difference *difference)
{
	for (;;) {
		const struct diff_item *item;

		if (d->started && !advance(d))
			return 0;
		d->started = true;
		item = &d->items[d->next];
		if (item->what || !item->ino[0] || !item->ino[1])
			return fill(d, difference);
	}
}
