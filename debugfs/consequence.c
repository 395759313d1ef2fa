/* SPDX-License-Identifier: MIT */
#include "consequence.h"

#include "shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 3 };		/* names of a list; of longer ones two */

struct link {
	e2_ino dir, ino;
	struct e2_str name;
};

struct consequence {
	struct link *link;
	size_t links, cap;
	bool watched;		/* the symlinks have been looked for, or are too many */
	struct e2_names *names;	/* of all inodes, as they once were */
};

static void free_links(struct consequence *d)
{
	for (size_t i = 0; i < d->links; i++)
		e2_str_free(&d->link[i].name);
	free(d->link);
	d->link = NULL;
	d->links = d->cap = 0;
}

void consequence_forget(struct shell *sh)
{
	if (!sh->consequence)
		return;
	free_links(sh->consequence);
	e2_names_close(sh->consequence->names);
	free(sh->consequence);
	sh->consequence = NULL;
}

/* ---- noting ------------------------------------------------------------------- */

/* Whether the symlink in dir leads somewhere. */
static bool leads(struct shell *sh, e2_ino dir, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;
	bool somewhere = false;

	if (e2_symlink_read(sh->fs, in, &text) == 0)
		somewhere = !symlink_fate(sh, dir, e2_str_text(&text));
	e2_err_clear();
	e2_str_free(&text);
	return somewhere;
}

static int note(struct consequence *d, const struct e2_walk_entry *e)
{
	struct link *l, *grown = e2_grow(d->link, &d->cap, d->links + 1, sizeof(*grown));

	if (!grown)
		return E2_ERR_NOMEM;
	d->link = grown;
	l = &d->link[d->links++];
	*l = (struct link){ .dir = e->parent, .ino = e->ino, .name = E2_STR_INIT };
	e2_str_add_bytes(&l->name, e->name, e->name_len);
	return e2_str_status(&l->name);
}

static int note_all(struct shell *sh, struct consequence *d)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(sh->fs, E2_INO_ROOT, 0, &walk);

	if (r)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		if (e.status || !e2_is_symlink(&e.inode) || !leads(sh, e.parent, &e.inode))
			continue;
		r = d->links < CONSEQUENCE_LINKS ? note(d, &e) : E2_ERR_RANGE;
		if (r)
			break;
	}
	e2_walk_end(walk);
	return r < 0 ? r : 0;
}

/* Whether so many inodes or less are in use. */
static bool few_inodes(struct shell *sh, uint64_t most)
{
	uint64_t blocks, inodes;

	if (e2_free_counts(sh->fs, &blocks, &inodes))
		return false;
	return e2_geometry(sh->fs)->inodes - inodes <= most;
}

static struct consequence *get(struct shell *sh)
{
	if (!sh->consequence)
		sh->consequence = calloc(1, sizeof(*sh->consequence));
	return sh->consequence;
}

void consequence_watch(struct shell *sh)
{
	struct consequence *d = get(sh);

	/* A courtesy: without memory the command still does its work. */
	if (!d || d->watched)
		return;
	d->watched = true;
	if (few_inodes(sh, CONSEQUENCE_INODES) && note_all(sh, d))
		free_links(d);
	e2_err_clear();
}

static bool is_at(const struct link *l, e2_ino dir, const struct e2_str *name)
{
	return l->dir == dir && l->name.len == name->len &&
	       memcmp(e2_str_text(&l->name), e2_str_text(name), name->len) == 0;
}

static void put_at(struct link *l, e2_ino dir, const struct e2_str *name)
{
	e2_str_truncate(&l->name, 0);
	e2_str_add_bytes(&l->name, e2_str_text(name), name->len);
	l->dir = dir;
}

void consequence_moved(struct shell *sh, e2_ino from, const struct e2_str *name, e2_ino to,
		       const struct e2_str *new_name, bool exchanged)
{
	struct consequence *d = sh->consequence;

	for (size_t i = 0; d && i < d->links; i++) {
		if (is_at(&d->link[i], from, name))
			put_at(&d->link[i], to, new_name);
		else if (exchanged && is_at(&d->link[i], to, new_name))
			put_at(&d->link[i], from, name);
	}
}

/* ---- telling --------------------------------------------------------------------- */

/* Whether a symlink that was noted is still there and leads nowhere. */
static bool is_broken(struct shell *sh, const struct link *l)
{
	struct e2_inode in;
	e2_ino ino;
	int err = e2_inode_get(sh->fs, l->ino, &in);

	/* Most of them are as they were: the name is looked for only when the text fails. */
	if (!err && (in.links_count == 0 || !e2_is_symlink(&in) || leads(sh, l->dir, &in)))
		return false;
	if (!err)
		err = e2_dir_lookup(sh->fs, l->dir, e2_str_text(&l->name), l->name.len, &ino);
	e2_err_clear();
	return !err && ino == l->ino;
}

static void add_path(struct shell *sh, const struct link *l, struct e2_str *s)
{
	struct e2_str path = E2_STR_INIT;

	if (shell_climb(sh, l->dir, &path))
		e2_str_addf(&path, "<%" PRIu32 ">", l->dir);
	e2_err_clear();
	if (path.len != 1)
		e2_str_add(&path, "/");
	e2_str_add_bytes(&path, e2_str_text(&l->name), l->name.len);
	e2_str_add(s, " ");
	e2_str_add_name(s, e2_str_text(&path), path.len);
	e2_str_free(&path);
}

void consequence_tell(struct shell *sh)
{
	struct consequence *d = sh->consequence;
	struct e2_str names = E2_STR_INIT, s = E2_STR_INIT;
	const struct link *third = NULL;
	size_t broken = 0;

	for (size_t i = 0; d && i < d->links; i++) {
		if (!is_broken(sh, &d->link[i]))
			continue;
		if (++broken < SHOWN)
			add_path(sh, &d->link[i], &names);
		else if (broken == SHOWN)
			third = &d->link[i];
	}
	if (broken == SHOWN)
		add_path(sh, third, &names);
	else if (broken > SHOWN)
		e2_str_addf(&names, " and %zu more", broken - (SHOWN - 1));
	if (broken) {
		e2_str_add(&s, "warning: ");
		add_plural(&s, broken, "symlink", "symlinks");
		e2_str_addf(&s, " %s nowhere:%s%s", sh->dry ? "would lead" :
			    broken == 1 ? "now leads" : "now lead", e2_str_text(&names),
			    sh->keeps_undo && !sh->dry ? "  (undo takes it back)" : "");
		shell_note(sh, e2_str_text(&s));
		shell_say_notes(sh);
	}
	e2_str_free(&names);
	e2_str_free(&s);
	consequence_forget(sh);
}

/* ---- names that are left ------------------------------------------------------------- */

/* Adds the names of the index that are still true; how many there are. */
static uint32_t true_names(struct shell *sh, const struct e2_names *index, e2_ino ino,
			   struct e2_str *s, uint32_t most)
{
	uint32_t count = e2_names_count(index, ino), found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct e2_resolve how = { .flags = E2_NOFOLLOW };
		struct e2_str path = E2_STR_INIT;
		e2_ino at;

		if (!e2_names_path(index, ino, i, &path) &&
		    !e2_resolve(sh->fs, &how, e2_str_text(&path), &at) && at == ino) {
			if (found++ < most) {
				e2_str_add(s, " ");
				e2_str_add_name(s, e2_str_text(&path), path.len);
			}
		}
		e2_str_free(&path);
	}
	e2_err_clear();
	return found;
}

static void list_names(struct shell *sh, e2_ino ino, uint32_t links, struct e2_str *s)
{
	struct consequence *d = get(sh);
	uint32_t most = links > SHOWN ? SHOWN - 1 : SHOWN;

	for (int attempt = 0; d && attempt < 2; attempt++) {
		struct e2_str names = E2_STR_INIT;
		bool complete;

		if (!d->names && e2_names_open(sh->fs, &d->names))
			break;
		complete = true_names(sh, d->names, ino, &names, most) == links;
		if (complete)
			e2_str_addf(s, ":%s", e2_str_text(&names));
		e2_str_free(&names);
		if (complete && links > most)
			e2_str_addf(s, " and %" PRIu32 " more", links - most);
		if (complete)
			return;
		e2_names_close(d->names);
		d->names = NULL;
	}
	e2_err_clear();		/* the number is known, the names are not */
}

void add_kept_names(struct shell *sh, e2_ino ino, struct e2_str *s)
{
	struct e2_inode in;

	if (e2_inode_get(sh->fs, ino, &in) || in.links_count == 0) {
		e2_err_clear();
		e2_str_add(s, "its last name");
		return;
	}
	e2_str_addf(s, "<%" PRIu32 "> keeps ", ino);
	add_plural(s, in.links_count, "name", "names");
	if (few_inodes(sh, CONSEQUENCE_NAMES))
		list_names(sh, ino, in.links_count, s);
}
