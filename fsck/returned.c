/* SPDX-License-Identifier: MIT */
/* Which inodes a repair brought back, from its findings; their old names, from the directories. */
#include "returned.h"

#include <stdlib.h>
#include <string.h>

static int by_ino(const void *left, const void *right)
{
	const struct fsck_back *a = left, *b = right;

	return (a->ino > b->ino) - (a->ino < b->ino);
}

static struct fsck_back *find(const struct fsck_returned *r, e2_ino ino)
{
	const struct fsck_back key = { .ino = ino };

	return r->count == 0 ? NULL : bsearch(&key, r->at, r->count, sizeof(key), by_ino);
}

static int add(struct fsck_returned *r, e2_ino ino, bool reconnected)
{
	struct fsck_back *grown = e2_grow(r->at, &r->cap, r->count + 1, sizeof(*grown));

	if (grown == NULL)
		return E2_ERR_NOMEM;
	r->at = grown;
	r->at[r->count++] = (struct fsck_back){ .ino = ino, .reconnected = reconnected };
	return 0;
}

/* The inode that a repaired finding gave a name to, or 0. */
static e2_ino named_by(const struct e2_finding *f)
{
	if (!f->fixed)
		return 0;
	switch (f->id) {
	case E2_PROBLEM_ENTRY_COVERED:
	case E2_PROBLEM_ENTRY_GONE:
		return f->other;
	case E2_PROBLEM_NO_NAME:
	case E2_PROBLEM_DIR_LOST:
		return f->ino;
	default:
		return 0;
	}
}

/* All of them once, by their numbers. */
static int gather(struct fsck_returned *r, const struct e2_report *report,
		  const struct fsck_losses *losses)
{
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < losses->count && err == 0; i++)
		if (losses->at[i].kind == E2_LOSS_NEW_NAME && losses->at[i].ino != 0)
			err = add(r, losses->at[i].ino, true);
	for (size_t i = 0; i < e2_report_count(report) && err == 0; i++)
		if (named_by(e2_report_at(report, i)) != 0)
			err = add(r, named_by(e2_report_at(report, i)), false);
	if (r->count != 0)
		qsort(r->at, r->count, sizeof(*r->at), by_ino);
	for (size_t i = 0; i < r->count; i++) {
		if (kept != 0 && r->at[kept - 1].ino == r->at[i].ino)
			r->at[kept - 1].reconnected |= r->at[i].reconnected;
		else
			r->at[kept++] = r->at[i];
	}
	r->count = kept;
	return err;
}

/* What they are now; what has no name after all, or was cleared, is not among them. */
static int look_at(struct fsck_returned *r, struct e2_fs *fs)
{
	e2_ino *inos = malloc(r->count * sizeof(*inos));
	size_t kept = 0;
	int err = inos != NULL ? 0 : E2_ERR_NOMEM;

	for (size_t i = 0; i < r->count && err == 0; i++)
		inos[i] = r->at[i].ino;
	if (err == 0)
		err = e2_names_open_with(fs, &(struct e2_names_how){ .inos = inos,
								    .count = r->count }, &r->now);
	for (size_t i = 0; i < r->count && err == 0; i++) {
		struct fsck_back b = r->at[i];
		struct e2_inode in;

		b.names = e2_names_count(r->now, b.ino);
		if (b.names == 0 || e2_inode_get(fs, b.ino, &in) != 0)
			continue;
		b.mode = in.mode;
		b.size = e2_inode_size(&in);
		r->at[kept++] = b;
	}
	r->count = kept;
	free(inos);
	return err;
}

/* ---- names that are gone -------------------------------------------------------------------- */

static int keep_old(struct fsck_returned *r, const struct fsck_back *b, const char *dir, size_t len,
		    const void *name, size_t name_len)
{
	struct fsck_old *grown = e2_grow(r->old, &r->old_cap, r->old_count + 1, sizeof(*grown));
	struct fsck_old old = { .path.at = r->arena.len, .of = (uint32_t)(b - r->at) };

	if (grown == NULL)
		return E2_ERR_NOMEM;
	r->old = grown;
	e2_str_add_bytes(&r->arena, dir, len);
	if (dir != NULL)
		e2_str_add(&r->arena, "/");
	e2_str_add_bytes(&r->arena, name, name_len);
	old.path.len = (uint32_t)(r->arena.len - old.path.at);
	r->old[r->old_count++] = old;
	return e2_str_status(&r->arena);
}

/* Whether the bytes are those of a name that the inode had and has no more. */
static bool is_gone(struct e2_fs *fs, e2_ino dir, const struct e2_entry *e,
		    const struct fsck_back *b)
{
	e2_ino now = 0;

	if (e2_name_problem(e->name, e->name_len) != NULL ||
	    (e2_geometry(fs)->filetype && e->file_type != e2_inode_file_type(b->mode)))
		return false;
	if (e2_dir_lookup(fs, dir, e->name, e->name_len, &now) != 0)
		e2_err_clear();
	return now != b->ino;
}

static int look_into(struct fsck_returned *r, struct e2_fs *fs, const struct e2_walk_entry *dir)
{
	struct e2_removed *removed;
	struct e2_entry e;
	int err = e2_removed_begin(fs, dir->ino, &removed);

	if (err != 0)
		return err;
	while (err == 0 && (err = e2_removed_next(removed, &e)) > 0) {
		const struct fsck_back *b = find(r, e.ino);

		err = 0;
		if (b != NULL && is_gone(fs, dir->ino, &e, b))
			err = keep_old(r, b, dir->path, dir->path_len, e.name, e.name_len);
	}
	e2_removed_end(removed);
	return err;
}

static int look_everywhere(struct fsck_returned *r, struct e2_fs *fs)
{
	struct e2_txn *memory;	/* of names: many are looked up */
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int n = e2_walk_begin(fs, E2_INO_ROOT, 0, &walk);

	if (n != 0)
		return n;
	memory = e2_dir_remember(fs);
	while ((n = e2_walk_next(walk, &e)) > 0) {
		if (e.status != 0 || e.again || !e2_is_dir(&e.inode))
			continue;
		n = look_into(r, fs, &e);
		if (n == E2_ERR_NOMEM)
			break;
		e2_err_clear();
	}
	e2_walk_end(walk);
	e2_txn_abort(memory);
	return n;
}

static bool same_path(const struct fsck_returned *r, const struct fsck_old *a,
		      const struct fsck_old *b)
{
	return a->path.len == b->path.len &&
	       memcmp(r->arena.text + a->path.at, r->arena.text + b->path.at, a->path.len) == 0;
}

/* Each inode gets a list of its old names, by their bytes; bytes that stand twice count once. */
static int put_in_order(struct fsck_returned *r)
{
	uint32_t *order = calloc(r->old_count + 1, sizeof(*order));
	int err = order != NULL ? 0 : E2_ERR_NOMEM;

	if (err == 0 && r->old_count != 0)
		err = e2_order_texts(r->arena.text, &r->old[0].path, sizeof(r->old[0]),
				     r->old_count, order);
	for (size_t i = r->old_count; i-- > 0 && err == 0;) {
		struct fsck_old *o = &r->old[order[i]];
		struct fsck_back *b = &r->at[o->of];

		if (b->first != 0 && same_path(r, o, &r->old[b->first - 1]))
			continue;
		o->next = b->first;
		b->first = order[i] + 1;
		b->gone++;
	}
	free(order);
	return err;
}

int fsck_returned_collect(struct e2_report *report, const struct fsck_losses *losses,
			  struct fsck_returned *r)
{
	struct e2_fs *fs = e2_report_fs(report);
	int err;

	*r = (struct fsck_returned){ .arena = E2_STR_INIT };
	err = gather(r, report, losses);
	if (err != 0 || r->count == 0)
		return err;
	err = look_at(r, fs);
	if (err == 0 && r->count != 0)
		err = look_everywhere(r, fs);
	/* A name that a block without a directory showed is known from the repair alone. */
	for (size_t i = 0; i < losses->count && err == 0; i++) {
		const struct e2_loss *l = &losses->at[i];
		const struct fsck_back *b = l->kind == E2_LOSS_NEW_NAME ? find(r, l->ino) : NULL;

		if (b != NULL && l->was != NULL)
			err = keep_old(r, b, NULL, 0, l->was, strlen(l->was));
	}
	if (err == 0)
		err = put_in_order(r);
	for (size_t i = 0; i < r->count; i++) {
		r->names += r->at[i].reconnected ? 0 : r->at[i].names;
		r->gone += r->at[i].gone;
	}
	return err;
}

void fsck_returned_free(struct fsck_returned *r)
{
	free(r->at);
	free(r->old);
	e2_str_free(&r->arena);
	e2_names_close(r->now);
}
