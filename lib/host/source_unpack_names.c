/* SPDX-License-Identifier: MIT */
/*
 * Names of an archive, which come in any order, and the source made of them, which has its own.
 */
#include "host/source_unpack.h"

#include "base/mix.h"
#include "disk/consts.h"

#include <stdlib.h>
#include <string.h>

static bool is_kind(const struct e2_unpack *u, uint32_t item, uint32_t type)
{
	return (u->items[item].object.mode & E2_S_IFMT) == type;
}

/* ---- adding ------------------------------------------------------------------------ */

int e2_unpack_add_item(struct e2_unpack *u, uint32_t *item)
{
	struct e2_unpack_item *items;

	if (u->opt->max_objects > 0 && u->items_len > u->opt->max_objects)
		return e2_unpack_refuse(u, E2_ERR_NOSPC, "more objects than the %llu inodes that "
					"are free", (unsigned long long)u->opt->max_objects);
	if (u->items_len == E2_UNPACK_NONE)
		return e2_unpack_refuse(u, E2_ERR_RANGE, "too many objects");
	items = e2_grow(u->items, &u->items_cap, u->items_len + 1, sizeof(*items));
	if (items == NULL)
		return E2_ERR_NOMEM;
	u->items = items;
	*item = (uint32_t)u->items_len++;
	items[*item] = (struct e2_unpack_item){ .obj = E2_OBJ_NONE, .first = E2_UNPACK_NONE };
	return 0;
}

static int add_dir(struct e2_unpack *u, uint32_t *item)
{
	int err = e2_unpack_add_item(u, item);

	if (err == 0) {
		u->items[*item].object.mode = E2_S_IFDIR | 0755;
		u->items[*item].object.made = true;
	}
	return err;
}

int e2_unpack_root(struct e2_unpack *u)
{
	uint32_t root;

	return add_dir(u, &root);
}

/* Where in by_name it is, or would be. */
static uint64_t locate(const struct e2_unpack *u, uint32_t dir, const char *name, size_t len,
		       uint32_t *found)
{
	uint64_t key = e2_mix_bytes(u->s->seed ^ dir, name, len), known;

	*found = E2_UNPACK_NONE;
	for (; e2_map_get(u->by_name, key, &known); key++) {
		const struct e2_unpack_name *n = &u->names[known];

		if (n->dir != dir || n->len != len ||
		    memcmp(u->s->text + n->text, name, len) != 0)
			continue;
		*found = (uint32_t)known;
		break;
	}
	return key;
}

uint32_t e2_unpack_find(const struct e2_unpack *u, uint32_t dir, const char *name, size_t len)
{
	uint32_t found;

	(void)locate(u, dir, name, len, &found);
	return found;
}

int e2_unpack_add_name(struct e2_unpack *u, uint32_t dir, const char *name, size_t len,
		       uint32_t item)
{
	struct e2_unpack_item *d = &u->items[dir];
	struct e2_unpack_name *names;
	uint32_t text, index, found;
	uint64_t key = locate(u, dir, name, len, &found);
	int err;

	names = e2_grow(u->names, &u->names_cap, u->names_len + 1, sizeof(*names));
	if (names == NULL)
		return E2_ERR_NOMEM;
	u->names = names;
	if (u->names_len == E2_UNPACK_NONE)
		return e2_unpack_refuse(u, E2_ERR_RANGE, "too many names");
	err = e2_source_add_text(u->s, name, len, &text);
	if (err == 0)
		err = e2_map_set(u->by_name, key, u->names_len);
	if (err != 0)
		return err;
	index = (uint32_t)u->names_len++;
	names[index] = (struct e2_unpack_name){ dir, item, E2_UNPACK_NONE, text, (uint8_t)len };
	if (d->first == E2_UNPACK_NONE)
		d->first = index;
	else
		names[d->last].next = index;
	d->last = index;
	d->count++;
	return 0;
}

/* ---- paths ------------------------------------------------------------------------------ */

/* The next component that says anything; *len 0: there is none. */
static const char *component(const char *path, size_t *len)
{
	for (;;) {
		while (*path == '/')
			path++;
		*len = strcspn(path, "/");
		if (*len != 1 || *path != '.')
			return path;
		path++;
	}
}

static int refuse_way(const struct e2_unpack *u, uint32_t item, const char *path, size_t len)
{
	struct e2_str shown = E2_STR_INIT;
	int err;

	e2_str_add_name(&shown, path, len);
	err = e2_unpack_refuse(u, E2_ERR_INVAL, is_kind(u, item, E2_S_IFLNK) ?
			       "leads through the symlink \"%s\"" :
			       "leads through \"%s\", which is no directory", e2_str_text(&shown));
	e2_str_free(&shown);
	return err;
}

static int check_component(const struct e2_unpack *u, const char *name, size_t len)
{
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return e2_unpack_refuse(u, E2_ERR_INVAL, "leads out of the volume");
	if (len > E2_NAME_MAX)
		return e2_unpack_refuse(u, E2_ERR_NAMETOOLONG, "a name of %zu bytes, more than %d",
					len, E2_NAME_MAX);
	return 0;
}

/* The directory that a component on the way names, made when nothing has. */
static int enter(struct e2_unpack *u, const char *path, const char *name, size_t len,
		 uint32_t *dir)
{
	uint32_t index = e2_unpack_find(u, *dir, name, len), made;
	int err;

	if (index != E2_UNPACK_NONE) {
		uint32_t item = u->names[index].item;

		if (!is_kind(u, item, E2_S_IFDIR))
			return refuse_way(u, item, path, (size_t)(name + len - path));
		*dir = item;
		return 0;
	}
	err = add_dir(u, &made);
	if (err == 0)
		err = e2_unpack_add_name(u, *dir, name, len, made);
	*dir = made;
	return err;
}

int e2_unpack_place(struct e2_unpack *u, const char *path, uint32_t *dir, const char **name,
		    size_t *len)
{
	const char *next;
	size_t next_len;
	int err;

	if (path[0] == '\0')
		return e2_unpack_refuse(u, E2_ERR_INVAL, "an empty name");
	if (path[0] == '/')
		return e2_unpack_refuse(u, E2_ERR_INVAL, "leads out of the volume");
	*dir = 0;
	*name = component(path, len);
	while (*len > 0) {
		err = check_component(u, *name, *len);
		if (err != 0)
			return err;
		next = component(*name + *len, &next_len);
		if (next_len == 0)
			return 0;
		err = enter(u, path, *name, *len, dir);
		if (err != 0)
			return err;
		*name = next;
		*len = next_len;
	}
	return 0;
}

int e2_unpack_lookup(struct e2_unpack *u, const char *path, uint32_t *item)
{
	const char *name;
	size_t len;
	uint32_t index;
	int err;

	*item = 0;
	for (name = component(path, &len); len > 0; name = component(name + len, &len)) {
		err = check_component(u, name, len);
		if (err != 0)
			return err;
		index = e2_unpack_find(u, *item, name, len);
		*item = index == E2_UNPACK_NONE ? E2_UNPACK_NONE : u->names[index].item;
		if (*item == E2_UNPACK_NONE)
			return 0;
	}
	return 0;
}

/* ---- the source -------------------------------------------------------------------------- */

static int compare_names(const void *left, const void *right, void *text)
{
	const struct e2_unpack_name *a = left, *b = right;

	return strcmp((const char *)text + a->text, (const char *)text + b->text);
}

/* A record of an item; its first name is in dir. */
static int emit_item(struct e2_unpack *u, uint32_t item, e2_obj dir, uint32_t dir_name)
{
	struct e2_source *s = u->s;
	struct e2_unpack_item *i = &u->items[item];
	int err = e2_source_add_object(s, &i->obj);

	if (err != 0)
		return err;
	s->objects[i->obj] = i->object;
	s->objects[i->obj].dir = dir;
	s->objects[i->obj].dir_name = dir_name;
	s->objects[i->obj].host_ino = i->obj;
	s->spool->at[i->obj] = i->at;
	e2_source_count(&s->stats, &i->object);
	return 0;
}

/* All names of a directory, sorted; sorted is room for them. */
static int emit_dir(struct e2_unpack *u, uint32_t item, struct e2_unpack_name *sorted)
{
	struct e2_source *s = u->s;
	const struct e2_unpack_item *d = &u->items[item];
	size_t count = 0;
	int err = 0;

	for (uint32_t i = d->first; i != E2_UNPACK_NONE; i = u->names[i].next)
		sorted[count++] = u->names[i];
	if (count > 1)
		qsort_r(sorted, count, sizeof(*sorted), compare_names, s->text);
	s->objects[d->obj].first_name = (uint32_t)s->names_len;
	s->objects[d->obj].names = (uint32_t)count;
	for (size_t i = 0; i < count && err == 0; i++) {
		const struct e2_unpack_name *n = &sorted[i];

		if (u->items[n->item].obj == E2_OBJ_NONE)
			err = emit_item(u, n->item, d->obj, (uint32_t)s->names_len);
		if (err != 0)
			break;
		s->names[s->names_len++] = (struct e2_source_name){
			n->text, u->items[n->item].obj, n->len };
		if (is_kind(u, n->item, E2_S_IFDIR))
			s->objects[d->obj].links++;
		else
			s->objects[u->items[n->item].obj].links++;
	}
	return err;
}

static void count_linked(struct e2_source *s)
{
	for (size_t i = 0; i < s->objects_len; i++) {
		const struct e2_object *o = &s->objects[i];

		if ((o->mode & E2_S_IFMT) == E2_S_IFDIR || o->links < 2)
			continue;
		s->stats.linked++;
		s->stats.names += o->links;
	}
}

/* Directories one after the other, as source_dir.c walks them: the next last in todo. */
static int emit_all(struct e2_unpack *u, struct e2_unpack_name *sorted, uint32_t *todo)
{
	size_t waiting = 0, names;
	int err = emit_item(u, 0, 0, 0);

	todo[waiting++] = 0;
	while (err == 0 && waiting > 0) {
		uint32_t dir = todo[--waiting];

		err = emit_dir(u, dir, sorted);
		names = u->items[dir].count;
		for (size_t i = names; i > 0 && err == 0; i--)
			if (is_kind(u, sorted[i - 1].item, E2_S_IFDIR))
				todo[waiting++] = sorted[i - 1].item;
	}
	return err;
}

int e2_unpack_emit(struct e2_unpack *u)
{
	struct e2_source *s = u->s;
	struct e2_unpack_name *sorted = calloc(u->names_len + 1, sizeof(*sorted));
	uint32_t *todo = calloc(u->items_len + 1, sizeof(*todo));
	int err = 0;

	s->names = calloc(u->names_len + 1, sizeof(*s->names));
	s->names_cap = u->names_len + 1;
	s->spool->at = calloc(u->items_len, sizeof(*s->spool->at));
	if (sorted == NULL || todo == NULL || s->names == NULL || s->spool->at == NULL)
		err = e2_fail(E2_ERR_NOMEM, "an archive of %zu objects", u->items_len);
	if (err == 0)
		err = emit_all(u, sorted, todo);
	if (err == 0)
		count_linked(s);
	free(sorted);
	free(todo);
	return err;
}
