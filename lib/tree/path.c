/* SPDX-License-Identifier: MIT */
/*
 * Paths to inodes, by the kernel's rules.
 *
 * What is still to be walked is a stack of texts: the path itself, and above it
 * the text of each symbolic link that is being followed.  A component is the
 * last one when nothing but slashes remains on the whole stack.
 * Rules: path_resolution(7); kernel, Documentation/filesystems/path-lookup.rst.
 */
#include "tree/tree.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096, LOOP_SHOWN = 8 };

struct text {			/* one level of the stack; level 0 borrows the path */
	struct e2_str owned;
	const char *rest;	/* what is still to be walked */
};

struct hop {			/* a symbolic link that was followed */
	e2_ino ino;
	size_t name, len;	/* its name, in walker.names */
};

struct walker {
	struct e2_fs *fs;
	const struct e2_resolve *how;
	const char *path;
	e2_ino root, at;	/* where the walk stands */
	bool at_dir;		/* whether that is a directory */
	bool must_dir;		/* a trailing slash was seen: the result must be one */
	bool in_link;		/* the component at hand comes from the text of a link */
	e2_ino base;		/* where `here` starts */
	struct e2_str here;	/* from there to the directory that was entered last: "/a/b" */
	e2_ino *parents;	/* directories above, up to base */
	size_t depth, parents_cap;
	unsigned levels;	/* texts in use */
	struct text texts[E2_SYMLINK_HOPS_MAX + 1];
	unsigned hops;
	struct hop followed[E2_SYMLINK_HOPS_MAX];
	struct e2_str names;	/* of the links followed */
	struct e2_str last_link;	/* text of the last link, for messages */
};

/* ---- messages ------------------------------------------------------------- */

static void add_quoted(struct e2_str *s, const char *text, size_t len)
{
	e2_str_add(s, "\"");
	e2_str_add_name(s, text, len);
	e2_str_add(s, "\"");
}

/* The directory where the walk stands, as the user would name it. */
static void add_here(struct e2_str *s, const struct walker *w)
{
	if (w->base != w->root)
		e2_str_addf(s, "<%u>", w->base);
	if (w->here.len > 0)
		e2_str_add_name(s, w->here.text, w->here.len);
	else if (w->base == w->root)
		e2_str_add(s, "/");
}

static void add_via_link(struct e2_str *s, const struct walker *w)
{
	if (!w->in_link)
		return;
	e2_str_add(s, "a symlink to ");
	add_quoted(s, e2_str_text(&w->last_link), w->last_link.len);
	e2_str_add(s, ", and ");
}

static int fail_with(const struct walker *w, int err, struct e2_str *reason)
{
	struct e2_str shown = E2_STR_INIT;

	e2_str_add_name(&shown, w->path, strlen(w->path));
	err = e2_fail(err, "%s: %s", e2_str_text(&shown), e2_str_text(reason));
	e2_str_free(&shown);
	e2_str_free(reason);
	return err;
}

static int fail_noent(const struct walker *w, const char *name, size_t len)
{
	struct e2_str reason = E2_STR_INIT;

	add_via_link(&reason, w);
	add_here(&reason, w);
	e2_str_add(&reason, " has no ");
	add_quoted(&reason, name, len);
	return fail_with(w, E2_ERR_NOENT, &reason);
}

static int fail_notdir(const struct walker *w)
{
	struct e2_str reason = E2_STR_INIT;

	add_via_link(&reason, w);
	e2_str_addf(&reason, "<%u> below ", w->at);
	add_here(&reason, w);
	e2_str_add(&reason, " is not a directory");
	return fail_with(w, E2_ERR_NOTDIR, &reason);
}

static int fail_long(const struct walker *w, size_t len)
{
	struct e2_str reason = E2_STR_INIT;

	e2_str_addf(&reason, "a component has %zu bytes, the most is %d", len, E2_NAME_MAX);
	return fail_with(w, E2_ERR_NAMETOOLONG, &reason);
}

/* Names the circle if there is one: a link that was followed before. */
static int fail_loop(const struct walker *w, e2_ino link)
{
	struct e2_str reason = E2_STR_INIT;
	unsigned first = 0, shown = 0;

	for (first = w->hops; first > 0 && w->followed[first - 1].ino != link; first--)
		;
	if (first == 0) {
		e2_str_addf(&reason, "leads through more than %d symlinks", E2_SYMLINK_HOPS_MAX);
		return fail_with(w, E2_ERR_LOOP, &reason);
	}
	e2_str_add(&reason, "symlinks go in a circle: ");
	for (unsigned i = first - 1; i < w->hops && shown < LOOP_SHOWN; i++, shown++) {
		const struct hop *h = &w->followed[i];

		e2_str_add_name(&reason, w->names.text + h->name, h->len);
		e2_str_add(&reason, " -> ");
	}
	if (w->hops - (first - 1) > LOOP_SHOWN)
		e2_str_add(&reason, "... -> ");
	e2_str_add_name(&reason, w->names.text + w->followed[first - 1].name,
			w->followed[first - 1].len);
	return fail_with(w, E2_ERR_LOOP, &reason);
}

/* ---- moving ------------------------------------------------------------------ */

static void go_to_start(struct walker *w, e2_ino dir)
{
	w->at = w->base = dir;
	w->at_dir = true;
	w->depth = 0;
	e2_str_truncate(&w->here, 0);
}

static int go_down(struct walker *w, e2_ino ino, bool is_dir, const char *name, size_t len)
{
	e2_ino *more;

	if (!is_dir) {
		w->at = ino;
		w->at_dir = false;
		return 0;
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
static int go_up(struct walker *w)
{
	size_t len = w->here.len;
	struct e2_inode in;
	e2_ino parent;
	int r;

	if (w->at == w->root)
		return 0;
	if (w->depth == 0) {
		r = e2_dir_lookup(w->fs, w->at, "..", 2, &parent);
		if (r == 0)
			r = e2_inode_get(w->fs, parent, &in);
		if (r)
			return r;
		go_to_start(w, parent);
		w->at_dir = e2_is_dir(&in);
		return 0;
	}
	w->at = w->parents[--w->depth];
	while (w->here.text[--len] != '/')
		;
	e2_str_truncate(&w->here, len);
	return 0;
}

static int report_step(const struct walker *w, e2_ino dir, e2_ino ino, uint32_t mode,
		       const char *name, size_t len, const char *link)
{
	if (!w->how->step)
		return 0;
	return w->how->step(w->how->context, &(struct e2_step){
		.dir = dir, .ino = ino, .name = name, .name_len = len, .mode = mode,
		.link = link, .hop = w->hops });
}

/* Puts the text of a link on the stack. */
static int follow(struct walker *w, e2_ino ino, const struct e2_inode *in, const char *name,
		  size_t len)
{
	struct text *t = &w->texts[w->levels];
	int r;

	if (w->hops == E2_SYMLINK_HOPS_MAX)
		return fail_loop(w, ino);
	e2_str_truncate(&t->owned, 0);
	r = e2_symlink_read(w->fs, in, &t->owned);
	if (r)
		return r;
	w->followed[w->hops++] = (struct hop){ ino, w->names.len, len };
	e2_str_add_bytes(&w->names, name, len);
	e2_str_truncate(&w->last_link, 0);
	e2_str_add_bytes(&w->last_link, t->owned.text, t->owned.len);
	if (e2_str_status(&w->names) || e2_str_status(&w->last_link))
		return e2_fail(E2_ERR_NOMEM, "resolving a path: out of memory");
	t->rest = e2_str_text(&t->owned);
	w->levels++;
	r = report_step(w, w->at, ino, in->mode, name, len, t->rest);
	if (r)
		return r;
	if (t->owned.len == 0)
		return fail_noent(w, "", 0);
	if (t->rest[0] == '/')
		go_to_start(w, w->root);
	return 0;
}

/* Drops texts that are walked to their end.  True when nothing is left at all. */
static bool at_end(struct walker *w)
{
	for (;;) {
		struct text *t = &w->texts[w->levels - 1];

		t->rest += strspn(t->rest, "/");
		if (*t->rest)
			return false;
		if (w->levels == 1)
			return true;
		w->levels--;
	}
}

/* ---- components ---------------------------------------------------------------- */

static int ordinary(struct walker *w, const char *name, size_t len, bool last)
{
	bool follow_last = !(w->how->flags & E2_NOFOLLOW) || w->must_dir;
	e2_ino dir = w->at, ino;
	struct e2_inode in;
	int r;

	r = e2_dir_lookup(w->fs, dir, name, len, &ino);
	if (r == E2_ERR_NOENT) {
		r = report_step(w, dir, 0, 0, name, len, NULL);
		return r ? r : fail_noent(w, name, len);
	}
	if (r == 0)
		r = e2_inode_get(w->fs, ino, &in);
	if (r)
		return r;
	if (e2_is_symlink(&in) && (!last || follow_last))
		return follow(w, ino, &in, name, len);
	r = report_step(w, dir, ino, in.mode, name, len, NULL);
	return r ? r : go_down(w, ino, e2_is_dir(&in), name, len);
}

static int component(struct walker *w)
{
	struct text *t = &w->texts[w->levels - 1];
	size_t len = strcspn(t->rest, "/");
	char name[E2_NAME_MAX + 1];	/* a copy: a link followed may take the text's place */
	e2_ino dir = w->at;
	bool last, slash;
	int r;

	w->in_link = w->levels > 1;
	if (!w->at_dir)
		return fail_notdir(w);
	r = w->how->search ? w->how->search(w->how->context, dir) : 0;
	if (r)
		return r;
	if (len > E2_NAME_MAX)
		return fail_long(w, len);
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

static int walk(struct walker *w)
{
	struct e2_inode in;
	int r;

	r = e2_inode_get(w->fs, w->at, &in);
	if (r)
		return r;
	w->at_dir = e2_is_dir(&in);
	while (!at_end(w)) {
		r = component(w);
		if (r)
			return r;
	}
	if (w->must_dir && !w->at_dir)
		return fail_notdir(w);
	return 0;
}

int e2_resolve(struct e2_fs *fs, const struct e2_resolve *how, const char *path, e2_ino *ino)
{
	static const struct e2_resolve plain;
	struct walker *w;
	int r;

	if (!how)
		how = &plain;
	if (!*path)
		return e2_fail(E2_ERR_NOENT, "the path is empty");
	if (strlen(path) >= PATH_BYTES_MAX)
		return e2_fail(E2_ERR_NAMETOOLONG, "the path has %zu bytes, the most is %d",
			       strlen(path), PATH_BYTES_MAX - 1);
	w = calloc(1, sizeof(*w));
	if (!w)
		return e2_fail(E2_ERR_NOMEM, "resolving a path: out of memory");
	w->fs = fs;
	w->how = how;
	w->path = path;
	w->root = how->root ? how->root : E2_INO_ROOT;
	go_to_start(w, path[0] == '/' || !how->cwd ? w->root : how->cwd);
	w->texts[0].rest = path;
	w->levels = 1;
	r = walk(w);
	if (r == 0)
		*ino = w->at;
	for (size_t i = 0; i < sizeof(w->texts) / sizeof(w->texts[0]); i++)
		e2_str_free(&w->texts[i].owned);
	e2_str_free(&w->here);
	e2_str_free(&w->names);
	e2_str_free(&w->last_link);
	free(w->parents);
	free(w);
	return r;
}
