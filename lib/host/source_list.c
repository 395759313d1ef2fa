/* SPDX-License-Identifier: MIT */
/* The names of one directory, in the order of their bytes. */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int e2_host_list_name(struct e2_host_walk *w, const char *name, size_t len, uint8_t layer)
{
	struct e2_listed *list = e2_grow(w->list, &w->list_cap, w->list_len + 1, sizeof(*list));
	int err;

	if (list == NULL)
		return E2_ERR_NOMEM;
	w->list = list;
	list += w->list_len;
	err = e2_source_add_text(w->s, name, len, &list->text);
	if (err != 0)
		return err;
	list->len = (uint8_t)len;
	list->layer = layer;
	w->list_len++;
	return 0;
}

/* The directory's path below the root of a tree, for is_excluded. */
static int set_path(struct e2_host_walk *w, e2_obj dir, uint8_t tree)
{
	struct e2_str *path = &w->path;
	const struct e2_source *s = w->s;
	e2_obj o, top = s->trees[tree].at;
	size_t len = 0;
	char *to;

	if (w->opt->exclude == NULL)
		return 0;
	for (o = dir; o != top; o = s->objects[o].dir)
		len += s->names[s->objects[o].dir_name].len + 1u;
	to = e2_grow(path->text, &path->cap, len + 1, 1);
	if (to == NULL)
		return E2_ERR_NOMEM;
	path->text = to;
	path->len = len;
	to[len] = '\0';
	for (o = dir; o != top; o = s->objects[o].dir) {
		const struct e2_source_name *name = &s->names[s->objects[o].dir_name];

		to[--len] = '/';
		len -= name->len;
		memcpy(to + len, s->text + name->text, name->len);
	}
	return 0;
}

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

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* In the host's order. */
int e2_host_list(struct e2_host_walk *w, e2_obj dir, uint8_t layer)
{
	const struct e2_host_layer *l = &w->layers[layer];
	int err = set_path(w, dir, l->tree);

	while (err == 0) {
		ssize_t n = getdents64(l->fd, w->dents, E2_DENTS_BYTES), at;

		if (n < 0)
			return e2_source_fail_errno_in(w->s, l->tree, dir, errno);
		if (n == 0)
			return 0;
		for (at = 0; at < n && err == 0;) {
			struct dirent64 entry;	/* copied: the buffer is bytes */
			const char *name = w->dents + at + offsetof(struct dirent64, d_name);
			size_t len = strlen(name);

			memcpy(&entry, w->dents + at, offsetof(struct dirent64, d_name));
			at += entry.d_reclen;
			if (is_dot(name))
				continue;
			if (len > E2_NAME_MAX)
				return e2_source_fail_in(w->s, l->tree, dir, E2_ERR_NAMETOOLONG,
							 "holds a name of more than 255 bytes");
			if (!is_excluded(w, name, len))
				err = e2_host_list_name(w, name, len, layer);
		}
	}
	return err;
}

static int compare_listed(const void *left, const void *right, void *text)
{
	const struct e2_listed *a = left, *b = right;
	int order;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	order = strcmp((const char *)text + a->text, (const char *)text + b->text);
	return order != 0 ? order : (int)a->layer - (int)b->layer;
}

/* Sorts by bytes; names of one directory often begin alike, so keys are taken behind that. */
void e2_host_sort(struct e2_host_walk *w)
{
	const char *text = w->s->text;
	const char *first = text + (w->list_len > 0 ? w->list[0].text : 0);
	size_t same = strlen(first), i, k;

	for (i = 1; i < w->list_len; i++) {
		const char *name = text + w->list[i].text;

		for (k = 0; k < same && name[k] == first[k]; k++)
			;
		same = k;
	}
	for (i = 0; i < w->list_len; i++) {
		const struct e2_listed *l = &w->list[i];

		w->list[i].key = 0;
		for (k = 0; k < sizeof(l->key); k++) {
			uint8_t byte = same + k < l->len ? (uint8_t)text[l->text + same + k] : 0;

			w->list[i].key = w->list[i].key << 8 | byte;
		}
	}
	if (w->list_len > 1)
		qsort_r(w->list, w->list_len, sizeof(*w->list), compare_listed, w->s->text);
}
