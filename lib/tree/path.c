/* SPDX-License-Identifier: MIT */
/*
 * Paths to inodes, by the kernel's rules.
 *
 * What is still to be walked is a stack of texts: the path itself, and above it
 * the text of each symbolic link that is being followed.  A component is the
 * last one when nothing but slashes remains on the whole stack.
 * Rules: path_resolution(7); kernel, Documentation/filesystems/path-lookup.rst.
 */
#include "tree/path_priv.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* ---- the volume as ground -------------------------------------------------- */

struct volume {
	struct e2_fs *fs;
	struct e2_inode in;	/* looked at last: the text that is asked for is its */
};

static int find_in_volume(void *context, e2_ino dir, const void *name, size_t len, e2_ino *ino)
{
	struct volume *v = context;

	return e2_dir_lookup(v->fs, dir, name, len, ino);
}

static int look_in_volume(void *context, e2_ino ino, uint32_t *mode)
{
	struct volume *v = context;
	int r = e2_inode_get(v->fs, ino, &v->in);

	if (r == 0)
		*mode = v->in.mode;
	return r;
}

static int text_in_volume(void *context, e2_ino ino, struct e2_str *text)
{
	struct volume *v = context;

	(void)ino;
	return e2_symlink_read(v->fs, &v->in, text);
}

static bool is_type(uint32_t mode, uint32_t type)
{
	return (mode & E2_S_IFMT) == type;
}

static int find(const struct e2_path_walk *w, e2_ino dir, const char *name, size_t len,
		e2_ino *ino)
{
	return w->ground->find(w->ground->context, dir, name, len, ino);
}

static int look(const struct e2_path_walk *w, e2_ino ino, uint32_t *mode)
{
	return w->ground->look(w->ground->context, ino, mode);
}

/* ---- moving ------------------------------------------------------------------ */

static void go_to_start(struct e2_path_walk *w, e2_ino dir, const char *path)
{
	w->at = w->base = dir;
	w->at_dir = true;
	w->depth = 0;
	e2_str_truncate(&w->here, 0);
	e2_str_truncate(&w->base_path, 0);
	if (dir != w->root && path)
		e2_str_add(&w->base_path, path[0] == '/' && !path[1] ? "" : path);
	else if (dir != w->root)
		e2_str_addf(&w->base_path, "<%u>", dir);
}

static int go_down(struct e2_path_walk *w, e2_ino ino, bool is_dir, const char *name, size_t len)
{
	e2_ino *more;

	if (!is_dir) {
		w->at = ino;
		w->at_dir = false;
		e2_str_truncate(&w->leaf, 0);
		e2_str_add_bytes(&w->leaf, name, len);
		return e2_str_status(&w->leaf);
	}
	more = e2_grow(w->parents, &w->parents_cap, w->depth + 1, sizeof(*more));
	if (!more)
		return E2_ERR_NOMEM;
	w->parents = more;
	w->parents[w->depth++] = w->at;
	e2_str_add(&w->here, "/");
	e2_str_add_bytes(&w->here, name, len);
	w->at = ino;
	return e2_str_status(&w->here);
}

/* Above where the walk began only the directory itself knows its parent. */
static int go_above_base(struct e2_path_walk *w)
{
	const char *slash = strrchr(e2_str_text(&w->base_path), '/');
	uint32_t mode;
	e2_ino parent;
	int r = find(w, w->at, "..", 2, &parent);

	if (r == 0)
		r = look(w, parent, &mode);
	if (r)
		return e2_path_damaged(w, r, "..", 2);
	if (slash && w->base_path.text[0] == '/') {
		e2_str_truncate(&w->base_path, (size_t)(slash - w->base_path.text));
		w->base = parent;
	} else {
		go_to_start(w, parent, NULL);
	}
	w->at = parent;
	w->at_dir = is_type(mode, E2_S_IFDIR);
	e2_str_truncate(&w->leaf, 0);
	return 0;
}

static int go_up(struct e2_path_walk *w)
{
	size_t len = w->here.len;

	if (w->at == w->root)
		return 0;
	if (w->depth == 0)
		return go_above_base(w);
	w->at = w->parents[--w->depth];
	while (w->here.text[--len] != '/')
		;
	e2_str_truncate(&w->here, len);
	return 0;
}

static int report_step(const struct e2_path_walk *w, e2_ino dir, e2_ino ino, uint32_t mode,
		       const char *name, size_t len, const char *link)
{
	struct e2_step step = { .dir = dir, .ino = ino, .name = name, .name_len = len,
				.mode = mode, .link = link, .hop = w->hops };

	if (!w->how->step || w->past)
		return 0;
	if (w->within) {
		const struct e2_path_hop *h = &w->branch[w->within - 1];

		step.via = w->trail.text + h->path;
		step.via_len = h->len;
	}
	return w->how->step(w->how->context, &step);
}

/* The next level of the stack, empty. */
static struct e2_path_text *new_level(struct e2_path_walk *w)
{
	struct e2_path_text *t = e2_grow(w->texts, &w->texts_cap, w->levels + 1, sizeof(*t));

	if (!t)
		return NULL;
	w->texts = t;
	t += w->levels;
	if (w->texts_used == w->levels) {
		*t = (struct e2_path_text){ .owned = E2_STR_INIT };
		w->texts_used++;
	}
	e2_str_truncate(&t->owned, 0);
	return t;
}

/* Puts the text of a link on the stack. */
static int follow(struct e2_path_walk *w, e2_ino ino, uint32_t mode, const char *name, size_t len)
{
	struct e2_path_text *t;
	int r = e2_path_branch(w, name, len, w->within + 1);

	if (r)
		return r;
	t = new_level(w);
	if (!t)
		return E2_ERR_NOMEM;
	r = w->ground->text(w->ground->context, ino, &t->owned);
	if (r)
		return e2_path_damaged(w, r, name, len);
	w->hops++;
	w->live += t->owned.len;
	e2_str_truncate(&w->last_link, 0);
	e2_str_add_bytes(&w->last_link, t->owned.text, t->owned.len);
	if (e2_str_status(&t->owned) || e2_str_status(&w->last_link))
		return e2_fail(E2_ERR_NOMEM, "resolving a path: out of memory");
	t->rest = e2_str_text(&t->owned);
	t->depth = w->within + 1;
	w->levels++;
	r = report_step(w, w->at, ino, mode, name, len, t->rest);
	if (r)
		return r;
	if (t->owned.len == 0)
		return e2_path_no_entry(w, "", 0);
	if (t->rest[0] == '/')
		go_to_start(w, w->root, NULL);
	return 0;
}

/* Drops texts that are walked to their end.  True when nothing is left at all. */
static bool at_end(struct e2_path_walk *w)
{
	for (;;) {
		struct e2_path_text *t = &w->texts[w->levels - 1];

		t->rest += strspn(t->rest, "/");
		if (*t->rest)
			return false;
		if (w->levels == 1)
			return true;
		w->live -= t->owned.len;
		w->levels--;
	}
}

/* ---- components ---------------------------------------------------------------- */

static int ordinary(struct e2_path_walk *w, const char *name, size_t len, bool last)
{
	bool follow_last = !(w->how->flags & E2_NOFOLLOW) || w->must_dir;
	e2_ino dir = w->at, ino;
	uint32_t mode;
	int r = find(w, dir, name, len, &ino);

	if (r == E2_ERR_NOENT) {
		r = report_step(w, dir, 0, 0, name, len, NULL);
		return r ? r : e2_path_no_entry(w, name, len);
	}
	if (r == 0)
		r = look(w, ino, &mode);
	if (r)
		return e2_path_damaged(w, r, name, len);
	if (is_type(mode, E2_S_IFLNK) && (!last || follow_last))
		return follow(w, ino, mode, name, len);
	r = report_step(w, dir, ino, mode, name, len, NULL);
	return r ? r : go_down(w, ino, is_type(mode, E2_S_IFDIR), name, len);
}

static int component(struct e2_path_walk *w)
{
	struct e2_path_text *t = &w->texts[w->levels - 1];
	size_t len = strcspn(t->rest, "/");
	char name[E2_NAME_MAX + 1];	/* a copy: a link followed may take the text's place */
	e2_ino dir = w->at;
	bool last, slash;
	int r;

	w->in_link = w->levels > 1;
	w->within = t->depth;
	if (!w->at_dir)
		return e2_path_not_dir(w);
	r = w->how->search && !w->past ? w->how->search(w->how->context, dir) : 0;
	if (r)
		return r;
	if (len > E2_NAME_MAX)
		return e2_path_long(w, len);
	memcpy(name, t->rest, len);
	name[len] = '\0';
	t->rest += len;
	slash = *t->rest == '/';
	last = at_end(w);
	if (last && slash)
		w->must_dir = true;
	if (len == 1 && name[0] == '.')
		return report_step(w, dir, dir, E2_S_IFDIR, name, len, NULL);
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		r = go_up(w);
		return r ? r : report_step(w, dir, w->at, E2_S_IFDIR, name, len, NULL);
	}
	return ordinary(w, name, len, last);
}

static int walk(struct e2_path_walk *w)
{
	uint32_t mode;
	int r = look(w, w->at, &mode);

	if (r)
		return e2_path_damaged(w, r, NULL, 0);
	w->at_dir = is_type(mode, E2_S_IFDIR);
	while (!at_end(w)) {
		r = component(w);
		if (r)
			return r;
	}
	if (w->past) {		/* more links than may be followed, and they came to an end */
		w->ended = true;
		return e2_path_too_many(w);
	}
	if (w->must_dir && !w->at_dir)
		return e2_path_not_dir(w);
	return e2_str_status(&w->base_path);
}

static int start(struct e2_path_walk *w, const struct e2_resolve *how, const char *path)
{
	struct e2_path_text *t = new_level(w);

	if (!t)
		return E2_ERR_NOMEM;
	w->how = how;
	w->path = path;
	w->limit = how->limit ? how->limit : E2_SYMLINK_HOPS_MAX;
	w->hops = how->hops;
	w->root = how->root ? how->root : E2_INO_ROOT;
	if (path[0] == '/' || !how->cwd)
		go_to_start(w, w->root, NULL);
	else
		go_to_start(w, how->cwd, how->cwd_path);
	t->rest = path;
	t->depth = 0;
	w->levels = 1;
	return 0;
}

static void release(struct e2_path_walk *w)
{
	for (size_t i = 0; i < w->texts_used; i++)
		e2_str_free(&w->texts[i].owned);
	free(w->texts);
	free(w->branch);
	free(w->parents);
	e2_str_free(&w->base_path);
	e2_str_free(&w->here);
	e2_str_free(&w->leaf);
	e2_str_free(&w->trail);
	e2_str_free(&w->last_link);
}

static int check_path(const struct e2_resolve *how, const char *path)
{
	size_t len = strlen(path);
	int r = 0;

	if (len == 0)
		r = e2_fail(E2_ERR_NOENT, "the path is empty");
	else if (len > E2_PATH_MAX)
		r = e2_fail(E2_ERR_NAMETOOLONG, "the path has %zu bytes, the most is %d", len,
			    E2_PATH_MAX);
	if (r && how->fate) {
		how->fate->kind = len ? E2_FATE_LONG : E2_FATE_MISSING;
		e2_str_add(&how->fate->detail, len ? e2_err_detail() : "its text is empty");
	}
	return r;
}

int e2_resolve(struct e2_fs *fs, const struct e2_resolve *how, const char *path, e2_ino *ino)
{
	static const struct e2_resolve plain;
	struct volume volume = { .fs = fs };
	const struct e2_ground ground = { .find = find_in_volume, .look = look_in_volume,
					  .text = text_in_volume, .context = &volume };
	struct e2_path_walk w = { .levels = 0 };
	int r;

	if (!how)
		how = &plain;
	w.ground = how->ground ? how->ground : &ground;
	r = check_path(how, path);
	if (r)
		return r;
	r = start(&w, how, path);
	if (r == 0)
		r = walk(&w);
	if (r == 0)
		*ino = w.at;
	if (how->fate)
		e2_path_count(&w, how->fate);
	release(&w);
	return r;
}
