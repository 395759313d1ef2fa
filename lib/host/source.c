/* SPDX-License-Identifier: MIT */
/* The records of a source: adding to them and looking at them. */
#include "host/source_priv.h"

#include "base/mix.h"
#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int e2_source_new(struct e2_source **source)
{
	struct e2_source *s = calloc(1, sizeof(*s));
	uint32_t at;
	int err;

	if (s == NULL)
		return e2_fail(E2_ERR_NOMEM, "a source");
	s->file.fd = -1;
	s->euid = geteuid();
	s->seed = e2_mix_seed(s);
	err = e2_map_new(&s->set_index);
	if (err == 0)
		err = e2_source_add_text(s, "", 0, &at);
	if (err != 0) {
		e2_source_free(s);
		return err;
	}
	*source = s;
	return 0;
}

int e2_source_empty(struct e2_source **source)
{
	struct e2_source *s;
	e2_obj root;
	int err;

	err = e2_source_new(&s);
	if (err != 0)
		return err;
	err = e2_source_add_object(s, &root);
	if (err != 0) {
		e2_source_free(s);
		return err;
	}
	s->objects[root].mode = E2_S_IFDIR | 0755;
	s->objects[root].made = true;
	s->objects[root].tree = E2_TREE_NONE;
	s->stats.dirs = 1;
	*source = s;
	return 0;
}

void e2_source_free(struct e2_source *source)
{
	if (source == NULL)
		return;
	if (source->file.fd >= 0)
		(void)close(source->file.fd);
	e2_handles_close(&source->handles);
	e2_spool_free(source->spool);
	e2_arena_free(&source->arena);
	e2_map_free(source->set_index);
	for (size_t i = 0; i < source->trees_len; i++)
		free(source->trees[i].root);
	free(source->trees);
	free(source->layers);
	free(source->mounts);
	free(source->devs);
	free(source->sets);
	free(source->extents);
	free(source->text);
	free(source->names);
	free(source->objects);
	free(source);
}

/* ---- adding ------------------------------------------------------------------ */

int e2_source_add_object(struct e2_source *s, e2_obj *obj)
{
	struct e2_object *grown;

	if (s->objects_len == E2_OBJ_NONE)
		return e2_fail(E2_ERR_RANGE, "the tree has more than %u objects", E2_OBJ_NONE - 1);
	grown = e2_grow(s->objects, &s->objects_cap, s->objects_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->objects = grown;
	*obj = (e2_obj)s->objects_len++;
	memset(&grown[*obj], 0, sizeof(*grown));
	return 0;
}

int e2_source_add_text(struct e2_source *s, const char *text, size_t len, uint32_t *at)
{
	char *grown;

	if (len >= UINT32_MAX - s->text_len)
		return e2_fail(E2_ERR_RANGE, "the names of the tree have more than 4 GiB");
	grown = e2_grow(s->text, &s->text_cap, s->text_len + len + 1, 1);
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->text = grown;
	memcpy(grown + s->text_len, text, len);
	grown[s->text_len + len] = '\0';
	*at = (uint32_t)s->text_len;
	s->text_len += len + 1;
	return 0;
}

int e2_source_add_extent(struct e2_source *s, uint64_t start, uint64_t end)
{
	struct e2_extent *grown;

	if (s->extents_len == UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "the tree has more than %u pieces of sparse files",
			       UINT32_MAX);
	grown = e2_grow(s->extents, &s->extents_cap, s->extents_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->extents = grown;
	grown[s->extents_len++] = (struct e2_extent){ start, end };
	return 0;
}

int e2_source_add_dev(struct e2_source *s, uint64_t dev, uint16_t *index)
{
	uint64_t *grown;
	size_t i;

	for (i = s->devs_len; i > 0; i--) {	/* nearly always the last */
		if (s->devs[i - 1] == dev) {
			*index = (uint16_t)(i - 1);
			return 0;
		}
	}
	if (s->devs_len == UINT16_MAX)
		return e2_fail(E2_ERR_RANGE, "the tree spans more than %u file systems",
			       UINT16_MAX);
	grown = e2_grow(s->devs, &s->devs_cap, s->devs_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->devs = grown;
	*index = (uint16_t)s->devs_len;
	grown[s->devs_len++] = dev;
	return 0;
}

void e2_source_count(struct e2_source_stats *stats, const struct e2_object *o)
{
	switch (o->mode & E2_S_IFMT) {
	case E2_S_IFREG:
		stats->files++;
		break;
	case E2_S_IFLNK:
		stats->symlinks++;
		break;
	case E2_S_IFDIR:
		stats->dirs++;
		break;
	case E2_S_IFBLK:
	case E2_S_IFCHR:
		stats->devices++;
		break;
	default:
		stats->others++;
	}
}

int e2_source_add_tree(struct e2_source *s, const char *root)
{
	struct e2_source_tree *grown;

	if (s->trees_len == E2_TREES_MAX)
		return e2_fail(E2_ERR_RANGE, "more than %d trees", (int)E2_TREES_MAX);
	grown = e2_grow(s->trees, &s->trees_cap, s->trees_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->trees = grown;
	grown[s->trees_len] = (struct e2_source_tree){ .root = strdup(root) };
	if (grown[s->trees_len].root == NULL)
		return e2_fail(E2_ERR_NOMEM, "the path of a tree");
	s->trees_len++;
	return 0;
}

int e2_source_add_layer(struct e2_source *s, const struct e2_source_layer *layer)
{
	struct e2_source_layer *grown;

	grown = e2_grow(s->layers, &s->layers_cap, s->layers_len + 1, sizeof(*grown));
	if (grown == NULL)
		return E2_ERR_NOMEM;
	s->layers = grown;
	grown[s->layers_len++] = *layer;
	return 0;
}

size_t e2_source_find_layer(const struct e2_source *s, e2_obj dir, uint8_t tree)
{
	size_t lo = 0, hi = s->layers_len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct e2_source_layer *l = &s->layers[mid];

		if (l->dir < dir || (l->dir == dir && l->tree < tree))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- looking ------------------------------------------------------------------- */

void e2_source_stats(const struct e2_source *source, struct e2_source_stats *stats)
{
	*stats = source->stats;
}

void e2_source_tree_stats(const struct e2_source *source, uint8_t tree,
			  struct e2_source_stats *stats)
{
	*stats = (struct e2_source_stats){ .files = 0 };
	for (size_t i = 0; i < source->objects_len + source->retired; i++) {
		if (source->objects[i].tree == tree)
			e2_source_count(stats, &source->objects[i]);
	}
}

uint32_t e2_source_objects(const struct e2_source *source)
{
	return (uint32_t)source->objects_len;
}

const struct e2_object *e2_source_object(const struct e2_source *source, e2_obj obj)
{
	return &source->objects[obj];
}

const struct e2_source_name *e2_source_name(const struct e2_source *source, uint32_t index)
{
	return &source->names[index];
}

const char *e2_source_text(const struct e2_source *source, uint32_t text)
{
	return source->text + text;
}

const struct e2_extent *e2_source_extents(const struct e2_source *source, e2_obj obj,
					  uint32_t *count)
{
	const struct e2_object *o = &source->objects[obj];

	*count = (o->mode & E2_S_IFMT) == E2_S_IFREG ? o->extents : 0;
	return *count == 0 ? NULL : &source->extents[o->first_extent];
}

const struct e2_xattr_item *e2_source_xattrs(const struct e2_source *source, uint32_t set,
					       uint32_t *count)
{
	if (set == 0) {
		*count = 0;
		return NULL;
	}
	*count = source->sets[set - 1].count;
	return source->sets[set - 1].v;
}

uint32_t e2_source_xattr_sets(const struct e2_source *source)
{
	return (uint32_t)source->sets_len;
}

void e2_source_tree_path(const struct e2_source *source, uint8_t tree, e2_obj obj,
			 struct e2_str *path)
{
	const struct e2_source_tree *t = tree < source->trees_len ? &source->trees[tree] : NULL;
	e2_obj *up = NULL, o, top = t != NULL ? t->at : 0;
	size_t levels = 0, cap = 0;

	if (t != NULL)
		e2_str_add_name(path, t->root, strlen(t->root));
	for (o = obj; o != top; o = source->objects[o].dir) {
		e2_obj *grown = e2_grow(up, &cap, levels + 1, sizeof(*up));

		if (grown == NULL) {
			path->failed = true;
			break;
		}
		up = grown;
		up[levels++] = o;
	}
	while (levels > 0) {
		const struct e2_source_name *name;

		name = &source->names[source->objects[up[--levels]].dir_name];
		e2_str_add(path, "/");
		e2_str_add_name(path, source->text + name->text, name->len);
	}
	free(up);
}

void e2_source_path(const struct e2_source *source, e2_obj obj, struct e2_str *path)
{
	e2_source_tree_path(source, source->objects[obj].tree, obj, path);
}

void e2_source_mount_path(const struct e2_source *source, size_t mount, struct e2_str *path)
{
	const struct e2_source_mount *m = &source->mounts[mount];

	e2_source_tree_path(source, m->tree, m->dir, path);
	e2_str_add(path, "/");
	e2_str_add_name(path, source->text + m->text, m->len);
}

/*
 * A path for a message that must also hold its reason: of a very long one the
 * end, which says more than its start.
 */
enum { PATH_SHOWN = 800 };

static const char *shown_path(const struct e2_source *s, uint8_t tree, e2_obj obj,
			      struct e2_str *path, const char **dots)
{
	const char *text;

	e2_source_tree_path(s, tree, obj, path);
	text = e2_str_text(path);
	*dots = "";
	if (path->len <= PATH_SHOWN)
		return text;
	*dots = "...";
	text += path->len - PATH_SHOWN;
	return strchr(text, '/') != NULL ? strchr(text, '/') : text;
}

int e2_source_fail_in(const struct e2_source *s, uint8_t tree, e2_obj obj, int err,
		      const char *text)
{
	struct e2_str path = E2_STR_INIT;
	const char *dots, *shown = shown_path(s, tree, obj, &path, &dots);

	err = e2_fail(err, "%s%s: %s", dots, shown, text);
	e2_str_free(&path);
	return err;
}

int e2_source_fail(const struct e2_source *s, e2_obj obj, int err, const char *text)
{
	return e2_source_fail_in(s, s->objects[obj].tree, obj, err, text);
}

int e2_source_fail_errno_in(const struct e2_source *s, uint8_t tree, e2_obj obj, int errnum)
{
	struct e2_str path = E2_STR_INIT;
	const char *dots, *shown = shown_path(s, tree, obj, &path, &dots);
	int err = e2_fail_errno(errnum, "%s%s", dots, shown);

	e2_str_free(&path);
	return err;
}

int e2_source_fail_errno(const struct e2_source *s, e2_obj obj, int errnum)
{
	return e2_source_fail_errno_in(s, s->objects[obj].tree, obj, errnum);
}
