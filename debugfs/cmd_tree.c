/* SPDX-License-Identifier: MIT */
/*
 * tree: directories and what is in them as a drawing.
 *
 * Each open directory is a level: its entries, read whole and sorted by their bytes.  Each
 * directory is entered once, however often it is named, and no deeper than paths can be typed.
 */
#include "interrupt.h"
#include "shell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_AT_LEAST (UINT64_C(64) << 20)

struct item {
	size_t name;		/* in the arena */
	uint16_t len;
	e2_ino ino;
};

struct level {
	struct item *items;
	size_t count, cap, next;
	struct e2_str arena;
	e2_ino dir;
	size_t path_len;	/* of this directory's path */
	size_t lead_len;	/* of what stands before its entries */
};

struct tree {
	struct shell *sh;
	bool dirs_only, inodes;
	uint64_t depth_max, left;	/* left: bytes that may still be drawn */
	struct level *levels;
	size_t depth, cap;
	struct e2_str path, lead;
	struct e2_bitset *seen;
	uint64_t directories, others;
};

/* ---- levels ------------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *arena)
{
	const struct item *x = a, *y = b;
	const char *text = arena;
	size_t len = x->len < y->len ? x->len : y->len;
	int r = memcmp(text + x->name, text + y->name, len);

	return r ? r : (x->len > y->len) - (x->len < y->len);
}

static void level_free(struct level *l)
{
	free(l->items);
	e2_str_free(&l->arena);
}

static int level_add(struct level *l, const struct e2_entry *e)
{
	struct item *items = e2_grow(l->items, &l->cap, l->count + 1, sizeof(*items));

	if (!items)
		return E2_ERR_NOMEM;
	l->items = items;
	l->items[l->count++] = (struct item){ l->arena.len, e->name_len, e->ino };
	e2_str_add_bytes(&l->arena, e->name, e->name_len);
	return e2_str_status(&l->arena);
}

/* Whether an entry is shown at all. */
static bool wanted(const struct tree *t, const struct e2_entry *e)
{
	struct e2_inode in;

	if (e->name_len <= 2 && !memcmp(e->name, "..", e->name_len))
		return false;
	if (!t->dirs_only)
		return true;
	if (e2_inode_get(t->sh->fs, e->ino, &in)) {
		e2_err_clear();
		return false;
	}
	return e2_is_dir(&in);
}

static int level_read(struct tree *t, e2_ino ino, struct level *l)
{
	struct e2_entry e;
	struct e2_dir *dir;
	int r = e2_dir_begin(t->sh->fs, ino, &dir);

	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) != 0) {
		if (r < 0) {
			shell_warn(t->sh, r);
			if (r != E2_ERR_CORRUPT)
				break;
		} else if (wanted(t, &e) && (r = level_add(l, &e)) != 0) {
			break;
		}
	}
	e2_dir_end(dir);
	if (r == E2_ERR_NOMEM)
		return r;
	if (l->count > 1)
		qsort_r(l->items, l->count, sizeof(*l->items), by_name, l->arena.text);
	return 0;
}

static int push(struct tree *t, e2_ino ino)
{
	struct level l = { .dir = ino, .arena = E2_STR_INIT, .path_len = t->path.len,
			   .lead_len = t->lead.len };
	int err;

	if (t->depth == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 16;
		struct level *levels = realloc(t->levels, cap * sizeof(*levels));

		if (!levels)
			return e2_fail(E2_ERR_NOMEM, "no memory for %zu levels", cap);
		t->levels = levels;
		t->cap = cap;
	}
	err = level_read(t, ino, &l);
	if (err == E2_ERR_NOMEM) {
		level_free(&l);
		return err;
	}
	if (err)
		shell_warn(t->sh, err);
	t->levels[t->depth++] = l;
	return 0;
}

/* ---- entries -------------------------------------------------------------------- */

static void record(struct tree *t, const struct item *i, const struct e2_inode *in,
		   const struct e2_str *text)
{
	struct out *o = &t->sh->out;

	out_record(o, "tree");
	out_name(o, "path", t->path.text, t->path.len);
	out_u64(o, "depth", t->depth);
	out_u64(o, "ino", i->ino);
	out_string(o, "type", file_type_words(in->mode));
	out_name(o, "target", e2_str_text(text), text->len);
	out_record_end(o);
}

static void draw(struct tree *t, const struct item *i, const struct e2_inode *in,
		 const struct e2_str *text, bool last, const char *note)
{
	const struct level *l = &t->levels[t->depth - 1];
	struct out *o = &t->sh->out;
	const char *fate = NULL;
	char mark[32];

	out_raw(o, e2_str_text(&t->lead), t->lead.len);
	if (o->utf8)
		out_add(o, "%s", last ? "└── " : "├── ");
	else
		out_add(o, "%s", last ? "`-- " : "|-- ");
	if (t->inodes)
		out_add(o, "<%u>  ", i->ino);
	out_add_name(o, l->arena.text + i->name, i->len);
	if (e2_is_symlink(in)) {
		out_add(o, " -> ");
		out_add_name(o, e2_str_text(text), text->len);
		if (text->len)
			fate = symlink_fate(t->sh, l->dir, text->text);
	}
	if (fate) {
		(void)snprintf(mark, sizeof(mark), "  (%s)", fate);
		out_add_styled(o, STYLE_RED, mark);
	} else if (note) {
		out_add(o, "  ");
		out_add_styled(o, STYLE_RED, note);
	}
	out_line(o);
}

/* One entry, and into it when it is a directory that was not entered yet. */
static int enter(struct tree *t, const struct item *i, bool last)
{
	struct e2_str text = E2_STR_INIT;
	const char *note = NULL;
	struct e2_inode in;
	bool again = false;
	int err = e2_inode_get(t->sh->fs, i->ino, &in);

	if (err || !in.mode) {
		memset(&in, 0, sizeof(in));
		note = "(no such inode)";
	} else if (e2_is_symlink(&in) && e2_symlink_read(t->sh->fs, &in, &text)) {
		note = "(damaged)";
	} else if (e2_is_dir(&in)) {
		again = e2_bitset_test_and_set(t->seen, i->ino);
		note = again ? "(shown already)" : t->path.len > E2_PATH_MAX ? "(too deep)" : NULL;
	}
	e2_err_clear();
	*(e2_is_dir(&in) ? &t->directories : &t->others) += 1;
	t->left -= t->lead.len + t->path.len < t->left ? t->lead.len + t->path.len : t->left;
	if (t->sh->out.mode != OUT_TEXT)
		record(t, i, &in, &text);
	else
		draw(t, i, &in, &text, last, note);
	e2_str_free(&text);
	if (!e2_is_dir(&in) || note || t->depth >= t->depth_max)
		return 0;
	e2_str_add(&t->lead, last ? "    " : t->sh->out.utf8 ? "│   " : "|   ");
	return push(t, i->ino);
}

static int step(struct tree *t)
{
	struct level *l = &t->levels[t->depth - 1];
	const struct item *i;
	int err;

	e2_str_truncate(&t->path, l->path_len);
	e2_str_truncate(&t->lead, l->lead_len);
	if (l->next == l->count) {
		level_free(l);
		t->depth--;
		return 0;
	}
	i = &l->items[l->next++];
	if (t->path.len == 0 || t->path.text[t->path.len - 1] != '/')
		e2_str_add(&t->path, "/");
	e2_str_add_bytes(&t->path, l->arena.text + i->name, i->len);
	err = e2_str_status(&t->path);
	if (!err && interrupt_asked())
		err = e2_fail(E2_ERR_CANCELLED, "interrupted");
	if (!err && t->left == 0)
		err = e2_fail(E2_ERR_CORRUPT, "the drawing has more bytes than the volume; the "
			      "rest is left out");
	return err ? err : enter(t, i, l->next == l->count);
}

static int draw_one(struct tree *t, e2_ino ino, const char *name)
{
	struct out *o = &t->sh->out;
	struct e2_inode in;
	int err = e2_inode_get(t->sh->fs, ino, &in);

	if (!err && !e2_is_dir(&in))
		err = e2_fail(E2_ERR_NOTDIR, "a %s, not a directory", file_type_words(in.mode));
	if (err)
		return err;
	e2_str_truncate(&t->path, 0);
	e2_str_truncate(&t->lead, 0);
	e2_str_add(&t->path, name);
	e2_bitset_set(t->seen, ino);
	if (o->mode == OUT_TEXT) {
		out_add_name(o, name, strlen(name));
		out_line(o);
	}
	err = push(t, ino);
	while (!err && t->depth && !out_failed(o))
		err = step(t);
	while (t->depth)
		level_free(&t->levels[--t->depth]);
	return err;
}

int cmd_tree(struct shell *sh, const struct args *args)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	const struct arg *deep = args_value(args, "-L");
	struct out *o = &sh->out;
	struct tree t = {
		.sh = sh, .dirs_only = args_has(args, "-d"), .inodes = args_has(args, "-i"),
		.depth_max = deep ? deep->number : UINT64_MAX,
		.left = OUTPUT_AT_LEAST + g->blocks * g->block_size,
	};
	int err = e2_bitset_new((uint64_t)g->inodes + 1, &t.seen);

	if (!err && args->count == 0)
		err = draw_one(&t, sh->cwd, e2_str_text(&sh->cwd_path));
	for (size_t i = 0; i < args->count && !err; i++) {
		const struct arg *a = &args->arg[i];
		int one = draw_one(&t, a->ino, a->path.len ? a->path.text : a->text);

		if (one == E2_ERR_NOMEM || one == E2_ERR_CANCELLED)
			err = one;
		else if (one)
			shell_warn_of(sh, a, one);
	}
	if (!err && o->mode == OUT_TEXT) {
		out_line(o);
		add_plural(&o->text, t.directories, "directory", "directories");
		if (!t.dirs_only) {
			out_add(o, ", ");
			add_plural(&o->text, t.others, "other name", "other names");
		}
		out_line(o);
	}
	free(t.levels);
	e2_str_free(&t.path);
	e2_str_free(&t.lead);
	e2_bitset_free(t.seen);
	return err;
}
