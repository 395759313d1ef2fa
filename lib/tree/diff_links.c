/* SPDX-License-Identifier: MIT */
/*
 * Names that are one file in one volume and several in the other.
 *
 * Of the names that are one file in a volume, the first that the other has too is what the
 * others are compared with; of what is no regular file in the first volume the first, whether the
 * second has it or not.  That is what rsync would link them to.  Its order is that of paths, files
 * of a directory before its subdirectories.  What is one file in the second only rsync leaves
 * alone.
 */
#include "tree/diff_priv.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

struct links {
	struct e2_diff *d;
	struct e2_map *first[2];	/* by inode of that volume: the first item */
	struct sub {			/* directories that wait, and their items in */
		const char *name;
		uint32_t item;
		uint16_t len;
	} *subs;
	size_t count, cap;
};

/* As rsync has it: a slash ends the name of a directory. */
static int compare_subs(const void *pa, const void *pb)
{
	const struct sub *a = pa, *b = pb;
	uint16_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->name, b->name, len);

	if (order || a->len == b->len)
		return -order;		/* the last is taken first */
	return a->len < b->len ? (uint8_t)b->name[len] - '/' : '/' - (uint8_t)a->name[len];
}

static int compare_with_first(struct links *l, uint32_t i, unsigned side)
{
	struct diff_item *item = &l->d->items[i];
	uint64_t first;

	/* In the second only what the first has too, as the same kind of file, counts. */
	if (item->ino[side] == 0 || (side && (!item->ino[0] || item->what & E2_DIFF_BIT(TYPE))))
		return 0;
	if (!e2_map_get(l->first[side], item->ino[side], &first))
		return e2_map_set(l->first[side], item->ino[side], i);
	if (item->ino[!side] && !(item->what & E2_DIFF_BIT(TYPE)) &&
	    l->d->items[first].ino[!side] != item->ino[!side]) {
		item->what |= E2_DIFF_BIT(LINKS);
		item->link[side] = (uint32_t)first;
	}
	return 0;
}

static int look_at_files(struct links *l, const struct diff_item *in)
{
	int r = 0;

	for (uint32_t i = in->first; i < in->first + in->count && r == 0; i++) {
		if (!l->d->items[i].several)
			continue;
		r = compare_with_first(l, i, 0);
		if (r == 0)
			r = compare_with_first(l, i, 1);
	}
	return r;
}

/* Puts its subdirectories upon those that wait, the first on top. */
static int add_subs(struct links *l, const struct diff_item *in)
{
	size_t before = l->count;

	for (uint32_t i = in->first; i < in->first + in->count; i++) {
		const struct diff_item *item = &l->d->items[i];
		struct sub *more;

		if (!item->dirs)
			continue;
		more = e2_grow(l->subs, &l->cap, l->count + 1, sizeof(*more));
		if (!more)
			return E2_ERR_NOMEM;
		l->subs = more;
		l->subs[l->count++] = (struct sub){ l->d->names.text + item->name, i,
						    item->name_len };
	}
	if (l->count > before)
		qsort(l->subs + before, l->count - before, sizeof(*l->subs), compare_subs);
	return 0;
}

int diff_links(struct e2_diff *d)
{
	struct links l = { .d = d };
	int r = e2_map_new(&l.first[0]);
	uint32_t i = 0;

	if (r == 0)
		r = e2_map_new(&l.first[1]);
	while (r == 0) {
		r = look_at_files(&l, &d->items[i]);
		if (r == 0)
			r = add_subs(&l, &d->items[i]);
		if (l.count == 0)
			break;
		i = l.subs[--l.count].item;
	}
	free(l.subs);
	e2_map_free(l.first[0]);
	e2_map_free(l.first[1]);
	return r;
}
