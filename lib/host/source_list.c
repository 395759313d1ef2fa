/* SPDX-License-Identifier: MIT */
/* The names of one host directory, in the order of their bytes. */
#include "host/source_walk.h"

#include "disk/consts.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int add_listed(struct e2_host_walk *w, const char *name)
{
	size_t len = strlen(name);
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
	w->list_len++;
	return 0;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* In the host's order. */
static int list_dir(struct e2_host_walk *w, e2_obj dir, int fd)
{
	w->list_len = 0;
	for (;;) {
		ssize_t n = getdents64(fd, w->dents, E2_DENTS_BYTES), at;

		if (n < 0)
			return e2_source_fail_errno(w->s, dir, errno);
		if (n == 0)
			return 0;
		for (at = 0; at < n;) {
			struct dirent64 entry;	/* copied: the buffer is bytes */
			const char *name = w->dents + at + offsetof(struct dirent64, d_name);
			int err;

			memcpy(&entry, w->dents + at, offsetof(struct dirent64, d_name));
			at += entry.d_reclen;
			if (is_dot(name))
				continue;
			if (strlen(name) > E2_NAME_MAX)
				return e2_source_fail(w->s, dir, E2_ERR_NAMETOOLONG,
						      "holds a name of more than 255 bytes");
			err = add_listed(w, name);
			if (err != 0)
				return err;
		}
	}
}

static int compare_listed(const void *left, const void *right, void *text)
{
	const struct e2_listed *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return strcmp((const char *)text + a->text, (const char *)text + b->text);
}

/* Sorts by bytes; names of one directory often begin alike, so keys are taken behind that. */
static void sort_list(struct e2_host_walk *w)
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

int e2_host_list(struct e2_host_walk *w, e2_obj dir, int fd)
{
	int err = list_dir(w, dir, fd);

	if (err == 0)
		sort_list(w);
	return err;
}
