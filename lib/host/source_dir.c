/* SPDX-License-Identifier: MIT */
/*
 * Reads host directories into a source.
 *
 * One directory after the other, depth first, by an explicit stack.  A directory is listed,
 * its names are sorted, and each becomes a record before the next directory is entered:
 * so the objects of a directory are neighbours, and their order is that of
 * the names' bytes, whatever the host's order was.
 */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* One name, which several layers may have: a record of it and, unless it is a further name of
 * one, of its object. */
static int add_entry(struct e2_host_walk *w, e2_obj dir, const struct e2_listed *l, size_t count)
{
	struct e2_source *s = w->s;
	struct e2_source_name *names;
	char name[E2_NAME_MAX + 1];	/* copied: reading may move the texts */
	e2_obj obj, same = E2_OBJ_NONE;
	int err;

	memcpy(name, s->text + l->text, l->len + 1u);
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
	err = e2_host_merge(w, l, count, name, obj, &same);
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

/* Opens a tree's part of dir and lists it. */
static int add_layer(struct e2_host_walk *w, e2_obj dir, uint8_t tree)
{
	struct e2_source *s = w->s;
	struct e2_host_layer *l = &w->layers[w->layers_len];
	size_t listed = w->list_len;
	struct stat st;
	int fd, err = e2_handles_enter(&s->handles, s, tree, dir, &fd);

	if (err == 0) {
		*l = (struct e2_host_layer){ .fd = fd, .tree = tree };
		if (s->objects[dir].layered && (l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
			return e2_source_fail_errno_in(s, tree, dir, errno);
		w->layers_len++;
		err = e2_host_stat(fd, "", &st, &l->mount);
		err = err != 0 ? e2_source_fail_errno_in(s, tree, dir, err) : 0;
	}
	if (err == 0) {
		l->dev = st.st_dev;
		err = e2_host_list(w, dir, (uint8_t)(w->layers_len - 1));
	}
	if (err == 0)
		return 0;
	w->list_len = listed;
	err = dir == s->trees[tree].at ? err :
		e2_host_skip_or_fail(w, err, "its content is left out");
	return err < 0 ? err : 0;
}

static int open_layers(struct e2_host_walk *w, e2_obj dir)
{
	const struct e2_source *s = w->s;
	int err = 0;

	w->list_len = 0;
	if (!s->objects[dir].layered)
		return s->objects[dir].covered ? 0 : add_layer(w, dir, s->objects[dir].tree);
	for (size_t i = e2_source_find_layer(s, dir, 0);
	     i < s->layers_len && s->layers[i].dir == dir && err == 0; i++)
		err = add_layer(w, dir, s->layers[i].tree);
	return err != 0 ? err : e2_host_list_grafts(w, dir);
}

static void close_layers(struct e2_host_walk *w, e2_obj dir)
{
	for (size_t i = 0; i < w->layers_len && w->s->objects[dir].layered; i++)
		(void)close(w->layers[i].fd);	/* only read */
	w->layers_len = 0;
}

/* How many entries have the same name as the first; those of one layer never have. */
static size_t count_same(const struct e2_host_walk *w, size_t first)
{
	const char *text = w->s->text;
	const struct e2_listed *l = &w->list[first];
	size_t n = 1;

	if (w->layers_len + w->nodes_len <= 2)	/* one layer, and the node of the root */
		return 1;
	while (first + n < w->list_len && l[n].len == l->len && l[n].key == l->key &&
	       memcmp(text + l[n].text, text + l->text, l->len) == 0)
		n++;
	return n;
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

static int visit_entries(struct e2_host_walk *w, e2_obj dir)
{
	int err = open_layers(w, dir);
	size_t n;

	if (err == 0)
		e2_host_sort(w);
	for (size_t i = 0; i < w->list_len && err == 0; i += n) {
		n = count_same(w, i);
		err = add_entry(w, dir, &w->list[i], n);
	}
	close_layers(w, dir);
	return err;
}

static int visit(struct e2_host_walk *w, e2_obj dir)
{
	struct e2_source *s = w->s;
	size_t first = s->names_len;
	int err;

	s->objects[dir].first_name = (uint32_t)first;
	err = visit_entries(w, dir);
	if (err != 0)
		return err;
	if (s->names_len > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "the tree has more than %u names", UINT32_MAX);
	s->objects[dir].names = (uint32_t)(s->names_len - first);
	return push_subdirs(w, dir);
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

/* ---- the whole ------------------------------------------------------------------------------ */

static int add_tree(struct e2_source *s, const char *path)
{
	struct e2_source_tree *t;
	uint8_t tree = (uint8_t)s->trees_len;
	int err = e2_source_add_tree(s, path);

	if (err != 0)
		return err;
	t = &s->trees[tree];
	if (stat(path, &t->st) != 0)
		return e2_source_fail_errno_in(s, tree, 0, errno);
	if (!S_ISDIR(t->st.st_mode))
		return e2_source_fail_in(s, tree, 0, E2_ERR_NOTDIR, "is not a directory");
	return 0;
}

static int walk_trees(struct e2_host_walk *w, const struct e2_source_graft *grafts, size_t count)
{
	e2_obj root;
	int err = e2_host_plant(w, grafts, count);

	for (size_t i = 0; i < count && err == 0; i++)
		err = add_tree(w->s, grafts[i].path);
	if (err == 0)
		err = e2_source_add_object(w->s, &root);
	if (err == 0)
		err = e2_host_merge_node(w, 0, 0, "", root);
	if (err == 0)
		err = visit(w, root);
	while (err == 0 && w->todo_len > 0)
		err = visit(w, w->todo[--w->todo_len]);
	if (err == 0)
		count_linked(w);
	return err;
}

static int begin(struct e2_host_walk *w, size_t count)
{
	e2_xattr_reader_init(&w->xattrs, w->opt->proc_xattrs);
	w->dents = malloc(E2_DENTS_BYTES);
	w->layers = calloc(count, sizeof(*w->layers));
	w->found = calloc(count, sizeof(*w->found));
	w->node = calloc(count, sizeof(*w->node));
	if (w->dents == NULL || w->layers == NULL || w->found == NULL || w->node == NULL)
		return e2_fail(E2_ERR_NOMEM, "reading a tree");
	int err = e2_source_new(&w->s);

	return err != 0 ? err : e2_map_new(&w->by_ino);
}

static void end(struct e2_host_walk *w)
{
	e2_xattr_reader_free(&w->xattrs);
	e2_map_free(w->by_ino);
	free(w->list);
	free(w->todo);
	free(w->linked);
	free(w->dents);
	free(w->layers);
	free(w->found);
	free(w->node);
	free(w->nodes);
	e2_str_free(&w->path);
}

int e2_source_trees(const struct e2_source_graft *grafts, size_t count,
		    const struct e2_source_options *options, struct e2_source **source)
{
	static const struct e2_source_options defaults = { 0 };
	struct e2_host_walk w = { .opt = options != NULL ? options : &defaults };
	int err;

	if (count == 0)
		return e2_source_empty(source);
	err = begin(&w, count);
	if (err == 0)
		err = walk_trees(&w, grafts, count);
	end(&w);
	if (err != 0) {
		e2_source_free(w.s);
		return err;
	}
	*source = w.s;
	return 0;
}

int e2_source_dir(const char *path, const struct e2_source_options *options,
		  struct e2_source **source)
{
	struct e2_source_graft graft = { .path = strdup(path) };
	int err = graft.path == NULL ? e2_fail(E2_ERR_NOMEM, "the path of the tree") :
		e2_source_trees(&graft, 1, options, source);

	free(graft.path);
	return err;
}
