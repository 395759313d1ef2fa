/* SPDX-License-Identifier: MIT */
/*
 * Reads a host directory into a source.
 *
 * One directory after the other, depth first, by an explicit stack.  A directory is listed,
 * its names are sorted, and each becomes a record before the next directory is entered:
 * so the objects of a directory are neighbours, and their order is that of
 * the names' bytes, whatever the host's order was.
 */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_STEP = 1024 };

static int tell_progress(struct e2_host_walk *w)
{
	if (w->opt->progress == NULL || w->s->objects_len < w->told + PROGRESS_STEP)
		return 0;
	w->told = w->s->objects_len;
	if (w->opt->progress(w->opt->context, w->told) == 0)
		return 0;
	return e2_fail(E2_ERR_CANCELLED, "reading the tree");
}

/* ---- entries -------------------------------------------------------------------------- */

static bool is_excluded(struct e2_host_walk *w, const char *name, size_t len)
{
	const char *const *p;
	size_t base = w->path.len;
	bool found = false;

	if (w->opt->exclude == NULL)
		return false;
	e2_str_add_bytes(&w->path, name, len);
	for (p = w->opt->exclude; *p != NULL && !found; p++) {
		const char *path = *p;
		size_t n;

		while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
			path++;
		for (n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
			;
		found = n == w->path.len && memcmp(path, e2_str_text(&w->path), n) == 0;
	}
	e2_str_truncate(&w->path, base);
	return found;
}

/* One name: a record of the name and, unless it is a further name of one, of its object. */
static int add_entry(struct e2_host_walk *w, e2_obj dir, int fd, const struct e2_listed *l)
{
	struct e2_source *s = w->s;
	struct e2_source_name *names;
	char name[E2_NAME_MAX + 1];	/* copied: reading may move the texts */
	e2_obj obj, same = E2_OBJ_NONE;
	int err;

	memcpy(name, s->text + l->text, l->len + 1u);
	if (is_excluded(w, name, l->len))
		return 0;
	names = e2_grow(s->names, &s->names_cap, s->names_len + 1, sizeof(*names));
	if (names == NULL)
		return E2_ERR_NOMEM;
	s->names = names;
	err = e2_source_add_object(s, &obj);
	if (err != 0)
		return err;
	names[s->names_len] = (struct e2_source_name){ l->text, obj, l->len };
	s->objects[obj].dir = dir;
	s->objects[obj].dir_name = (uint32_t)s->names_len;
	err = e2_host_read_object(w, fd, name, obj, &same);
	if (err != 0 || same != obj)
		s->objects_len--;
	if (err != 0)
		return err < 0 ? err : 0;
	names[s->names_len++].object = same;
	if (!S_ISDIR(s->objects[same].mode))
		s->objects[same].links++;
	return tell_progress(w);
}

/* ---- directories ------------------------------------------------------------------------ */

/* The directory's path below the root, for is_excluded. */
static int set_path(struct e2_host_walk *w, e2_obj dir)
{
	struct e2_str *path = &w->path;
	const struct e2_source *s = w->s;
	size_t len = 0;
	e2_obj o;
	char *to;

	if (w->opt->exclude == NULL)
		return 0;
	for (o = dir; o != 0; o = s->objects[o].dir)
		len += s->names[s->objects[o].dir_name].len + 1u;
	to = e2_grow(path->text, &path->cap, len + 1, 1);
	if (to == NULL)
		return E2_ERR_NOMEM;
	path->text = to;
	path->len = len;
	to[len] = '\0';
	for (o = dir; o != 0; o = s->objects[o].dir) {
		const struct e2_source_name *name = &s->names[s->objects[o].dir_name];

		to[--len] = '/';
		len -= name->len;
		memcpy(to + len, s->text + name->text, name->len);
	}
	return 0;
}

/* The subdirectories of dir, last name first, so that the first is entered next. */
static int push_subdirs(struct e2_host_walk *w, e2_obj dir)
{
	const struct e2_object *o = &w->s->objects[dir];
	e2_obj *todo = e2_grow(w->todo, &w->todo_cap, w->todo_len + o->links + 1, sizeof(*todo));

	if (todo == NULL)
		return E2_ERR_NOMEM;
	w->todo = todo;
	for (uint32_t i = o->names; i > 0; i--) {
		e2_obj child = w->s->names[o->first_name + i - 1].object;

		if (S_ISDIR(w->s->objects[child].mode))
			todo[w->todo_len++] = child;
	}
	return 0;
}

static int visit(struct e2_host_walk *w, e2_obj dir)
{
	struct e2_source *s = w->s;
	size_t first = s->names_len, i;
	int fd, err;

	s->objects[dir].first_name = (uint32_t)first;
	err = e2_handles_enter(&s->handles, s, dir, &fd);
	if (err == 0)
		err = e2_host_list(w, dir, fd);
	if (err != 0) {
		err = dir == 0 ? err : e2_host_skip_or_fail(w, err, "its content is left out");
		return err < 0 ? err : 0;
	}
	err = set_path(w, dir);
	for (i = 0; i < w->list_len && err == 0; i++)
		err = add_entry(w, dir, fd, &w->list[i]);
	if (err != 0)
		return err;
	if (s->names_len > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "the tree has more than %u names", UINT32_MAX);
	s->objects[dir].names = (uint32_t)(s->names_len - first);
	return push_subdirs(w, dir);
}

static int add_root(struct e2_host_walk *w, const char *path)
{
	struct e2_source *s = w->s;
	struct stat st;
	e2_obj root;
	int fd, err;

	err = e2_source_add_object(s, &root);
	if (err != 0)
		return err;
	s->root = strdup(path);
	if (s->root == NULL)
		return e2_fail(E2_ERR_NOMEM, "the path of the tree");
	if (stat(path, &st) != 0)
		return e2_source_fail_errno(s, root, errno);
	if (!S_ISDIR(st.st_mode))
		return e2_source_fail(s, root, E2_ERR_NOTDIR, "is not a directory");
	e2_host_fill_object(&s->objects[root], &st);
	s->stats.dirs++;
	err = e2_source_add_dev(s, st.st_dev, &s->objects[root].dev);
	if (err == 0)
		err = e2_handles_enter(&s->handles, s, root, &fd);
	return err != 0 ? err : e2_host_read_xattrs(w, fd, "", root, st.st_dev);
}

static void count_linked(struct e2_host_walk *w)
{
	struct e2_source_stats *stats = &w->s->stats;

	for (size_t i = 0; i < w->linked_len; i++) {
		uint32_t links = w->s->objects[w->linked[i].obj].links;

		if (links > 1) {
			stats->linked++;
			stats->names += links;
		}
		stats->outside += links < w->linked[i].nlink;
	}
}

static int walk_tree(struct e2_host_walk *w, const char *path)
{
	int err = add_root(w, path);

	if (err == 0)
		err = visit(w, 0);
	while (err == 0 && w->todo_len > 0)
		err = visit(w, w->todo[--w->todo_len]);
	if (err == 0)
		count_linked(w);
	return err;
}

int e2_source_dir(const char *path, const struct e2_source_options *options,
		  struct e2_source **source)
{
	static const struct e2_source_options defaults = { 0 };
	struct e2_host_walk w = { .opt = options != NULL ? options : &defaults };
	int err;

	e2_xattr_reader_init(&w.xattrs, w.opt->proc_xattrs);
	w.dents = malloc(E2_DENTS_BYTES);
	err = w.dents == NULL ? e2_fail(E2_ERR_NOMEM, "a buffer for directories") : 0;
	if (err == 0)
		err = e2_source_new(&w.s);
	if (err == 0)
		err = e2_map_new(&w.by_ino);
	if (err == 0)
		err = walk_tree(&w, path);
	e2_xattr_reader_free(&w.xattrs);
	e2_map_free(w.by_ino);
	free(w.list);
	free(w.todo);
	free(w.linked);
	free(w.dents);
	e2_str_free(&w.path);
	if (err != 0) {
		e2_source_free(w.s);
		return err;
	}
	*source = w.s;
	return 0;
}
