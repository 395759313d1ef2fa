/* SPDX-License-Identifier: MIT */
/*
 * One name that several trees have.  Directories become one, and what the last tree says of it
 * holds; whatever else meets is refused, because one of the two would silently be lost.
 */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- refusals -------------------------------------------------------------------------- */

static const char *kind_of(uint32_t mode)
{
	switch (mode & E2_S_IFMT) {
	case E2_S_IFDIR:
		return "a directory";
	case E2_S_IFREG:
		return "a file";
	case E2_S_IFLNK:
		return "a symlink";
	case E2_S_IFIFO:
		return "a fifo";
	case E2_S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

enum { SHOWN_BYTES = 300 };

/* "extra/etc/motd (a file)"; of a long path its end. */
static void add_found(const struct e2_host_walk *w, const struct e2_host_found *f, e2_obj obj,
		      struct e2_str *s)
{
	struct e2_str path = E2_STR_INIT;
	size_t skip;

	e2_source_tree_path(w->s, f->tree, obj, &path);
	skip = path.len > SHOWN_BYTES ? path.len - SHOWN_BYTES : 0;
	e2_str_addf(s, "%s%s (%s)", skip > 0 ? "..." : "", e2_str_text(&path) + skip,
		    kind_of(f->st.st_mode));
	e2_str_free(&path);
}

static int fail_clash(const struct e2_host_walk *w, size_t found, e2_obj obj)
{
	struct e2_str both = E2_STR_INIT, place = E2_STR_INIT;
	const struct e2_host_found *f = w->found;
	size_t other = 1;
	int err;

	/* The first that differs, or simply the first two. */
	for (size_t i = 1; i < found; i++) {
		if (S_ISDIR(f[i].st.st_mode) != S_ISDIR(f[0].st.st_mode)) {
			other = i;
			break;
		}
	}
	add_found(w, &f[0], obj, &both);
	e2_str_add(&both, " and ");
	add_found(w, &f[other], obj, &both);
	e2_source_tree_path(w->s, E2_TREE_NONE, obj, &place);
	err = e2_fail(E2_ERR_EXIST, "%s: both would be %.300s; only directories merge",
		      e2_str_text(&both), e2_str_text(&place));
	e2_str_free(&both);
	e2_str_free(&place);
	return err;
}

/* A tree grafted at or below a node. */
static uint8_t tree_below(const struct e2_host_walk *w, uint32_t node)
{
	uint8_t tree = 0;

	for (; tree + 1u < w->s->trees_len; tree++) {
		uint32_t n = w->node[tree];

		while (n != node && n != 0)
			n = w->nodes[n].up;
		if (n == node)
			break;
	}
	return tree;
}

/* The path from a node down to the root of a tree. */
static void add_rest(const struct e2_host_walk *w, uint32_t node, uint32_t from, struct e2_str *s)
{
	if (node == from)
		return;
	add_rest(w, w->nodes[node].up, from, s);
	e2_str_add(s, "/");
	e2_str_add_name(s, w->nodes[node].name, w->nodes[node].len);
}

/* The path to write instead of one that leads through a symlink. */
static void advise_way(const struct e2_host_walk *w, const struct e2_host_found *f, uint32_t node,
		       e2_obj obj)
{
	const struct e2_object *o = &w->s->objects[obj];
	const char *root = w->s->trees[tree_below(w, node)].root;
	struct e2_str s = E2_STR_INIT;
	char text[PATH_MAX + 1];
	ssize_t n = readlinkat(f->fd, w->s->text + w->s->names[o->dir_name].text, text,
			       sizeof(text));

	if (n <= 0 || (size_t)n == sizeof(text))
		return;
	text[n] = '\0';
	if (strstr(text, "..") != NULL || strpbrk(text, ":\\") != NULL ||
	    strpbrk(root, ":\\") != NULL)
		return;
	e2_str_add(&s, "-d ");
	e2_str_add_name(&s, root, strlen(root));
	e2_str_add(&s, ":");
	if (text[0] != '/') {
		e2_source_tree_path(w->s, E2_TREE_NONE, o->dir, &s);
		e2_str_add(&s, "/");
	}
	e2_str_add_name(&s, text, (size_t)n);
	add_rest(w, w->node[tree_below(w, node)], node, &s);
	e2_advise("%s", e2_str_text(&s));
	e2_str_free(&s);
}

/* Something that is no directory lies where the way to a graft goes. */
static int fail_way(const struct e2_host_walk *w, const struct e2_host_found *f, uint32_t node,
		    e2_obj obj)
{
	struct e2_str found = E2_STR_INIT, place = E2_STR_INIT, root = E2_STR_INIT;
	const char *tree = w->s->trees[tree_below(w, node)].root;
	int err;

	add_found(w, f, obj, &found);
	e2_source_tree_path(w->s, E2_TREE_NONE, obj, &place);
	e2_str_add_name(&root, tree, strlen(tree));
	err = e2_fail(E2_ERR_EXIST, "%s would be %.300s, where %.300s needs a directory",
		      e2_str_text(&found), e2_str_text(&place), e2_str_text(&root));
	if (S_ISLNK(f->st.st_mode))
		advise_way(w, f, node, obj);
	e2_str_free(&found);
	e2_str_free(&place);
	e2_str_free(&root);
	return err;
}

/* ---- directories --------------------------------------------------------------------------- */

/* The roots of the trees that are grafted at a node take their places among what was found. */
static size_t add_roots(struct e2_host_walk *w, size_t found, uint32_t node, e2_obj obj)
{
	struct e2_source *s = w->s;

	for (uint8_t tree = 0; tree < s->trees_len; tree++) {
		size_t i = found;

		if (w->node[tree] != node)
			continue;
		s->trees[tree].at = obj;
		for (; i > 0 && w->found[i - 1].tree > tree; i--)
			w->found[i] = w->found[i - 1];
		w->found[i] = (struct e2_host_found){
			.st = s->trees[tree].st, .tree = tree, .root = true };
		found++;
	}
	return found;
}

/* What of a directory is entered later. */
static int add_layers(struct e2_host_walk *w, size_t found, e2_obj obj)
{
	for (size_t i = 0; i < found; i++) {
		const struct e2_host_found *f = &w->found[i];
		struct e2_source_layer layer = {
			.dir = obj, .uid = f->st.st_uid, .ino = f->st.st_ino, .tree = f->tree };
		int err = f->closed ? 0 : e2_source_add_dev(w->s, f->st.st_dev, &layer.dev);

		if (err == 0 && !f->closed)
			err = e2_source_add_layer(w->s, &layer);
		if (err != 0)
			return err;
	}
	return 0;
}

/* A directory that no tree has, on the way to a graft. */
static void make_directory(struct e2_host_walk *w, e2_obj obj)
{
	struct e2_object *o = &w->s->objects[obj];

	o->mode = E2_S_IFDIR | 0755;
	o->made = true;
	o->tree = E2_TREE_NONE;
	w->s->objects[o->dir].links += obj != 0;
	w->s->stats.dirs++;
}

static int merge_directories(struct e2_host_walk *w, size_t found, const char *name, e2_obj obj)
{
	e2_obj same;
	int err;

	w->s->objects[obj].layered = true;
	err = add_layers(w, found, obj);
	if (err != 0)
		return err;
	if (found == 0) {
		make_directory(w, obj);
		return 0;
	}
	return e2_host_take(w, &w->found[found - 1], name, obj, &same);
}

int e2_host_merge_node(struct e2_host_walk *w, size_t found, uint32_t node, const char *name,
		       e2_obj obj)
{
	for (size_t i = 0; i < found; i++) {
		if (!S_ISDIR(w->found[i].st.st_mode))
			return fail_way(w, &w->found[i], node, obj);
	}
	w->nodes[node].obj = obj;
	return merge_directories(w, add_roots(w, found, node, obj), name, obj);
}

/* ---- names -------------------------------------------------------------------------------- */

static int note_mounts(struct e2_host_walk *w, size_t found, e2_obj obj)
{
	const struct e2_source *s = w->s;
	const struct e2_object *o = &s->objects[obj];
	int err = 0;

	for (size_t i = 0; i < found && err == 0; i++) {
		if (w->found[i].mount || w->found[i].closed)
			err = e2_host_add_mount(w, o->dir, &s->names[o->dir_name],
						w->found[i].tree);
	}
	return err;
}

int e2_host_merge(struct e2_host_walk *w, const struct e2_listed *list, size_t count,
		  const char *name, e2_obj obj, e2_obj *same)
{
	bool graft = list[count - 1].layer == E2_LAYER_GRAFT;
	size_t found = 0;
	int err;

	for (size_t i = 0; i < count - graft; i++) {
		err = e2_host_examine(w, &w->layers[list[i].layer], name, obj, &w->found[found]);
		if (err < 0)
			return err;
		found += err == 0;
	}
	if (found == 0 && !graft)
		return 1;
	err = note_mounts(w, found, obj);
	if (err != 0)
		return err;
	if (graft) {
		*same = obj;
		return e2_host_merge_node(w, found, e2_host_find_node(w, w->s->objects[obj].dir,
								      name, list->len), name, obj);
	}
	if (found == 1)
		return e2_host_take(w, &w->found[0], name, obj, same);
	*same = obj;
	for (size_t i = 0; i < found; i++) {
		if (!S_ISDIR(w->found[i].st.st_mode))
			return fail_clash(w, found, obj);
	}
	return merge_directories(w, found, name, obj);
}
