/* SPDX-License-Identifier: MIT */
/*
 * Names of inodes, from one tour of the directories.
 *
 * Names are sorted by inode.  They come level by level, so those nearest to the root come first by
 * themselves; where an inode has several, the directories on the way to them are given places,
 * level by level, by the place of the directory above and the name.
 */
#include "tree/tour.h"

#include "base/bitset.h"
#include "base/grow.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 16 };		/* names that are sorted one by one */

struct e2_names {
	struct e2_tour tour;
	uint32_t *place;	/* of a directory among those on the way to names in question;
				 * 0: none; NULL: no inode has several names */
};

/* ---- several names of one inode ------------------------------------------ */

/* Marks the directories on the way to the names of inodes that have several; false: none has. */
static bool mark_ways(struct e2_names *n)
{
	const struct e2_tour *t = &n->tour;
	bool any = false;

	for (size_t i = 0; i < t->name_count; i++) {
		e2_ino ino = e2_tour_name_ino(&t->names[i]);
		uint32_t dir = e2_tour_name_dir(&t->names[i]);

		if (!(i > 0 && e2_tour_name_ino(&t->names[i - 1]) == ino) &&
		    !(i + 1 < t->name_count && e2_tour_name_ino(&t->names[i + 1]) == ino))
			continue;
		any = true;
		e2_tour_mark(t, n->place, dir);
	}
	return any;
}

static bool stands_before(const struct e2_names *n, const struct e2_keyed *a,
			  const struct e2_keyed *b)
{
	uint32_t above_a = n->place[e2_tour_name_dir(a)], above_b = n->place[e2_tour_name_dir(b)];
	struct e2_slice x = e2_tour_name_bytes(a), y = e2_tour_name_bytes(b);
	const char *text = e2_str_text(&n->tour.arena);
	int r;

	if (above_a != above_b)
		return above_a < above_b;
	r = memcmp(text + x.at, text + y.at, x.len < y.len ? x.len : y.len);
	return r ? r < 0 : x.len < y.len;
}

/* The names of one inode. */
static int sort_names(struct e2_names *n, struct e2_keyed *names, size_t count)
{
	struct e2_tour_placed *c;
	struct e2_keyed *copy;
	int err = E2_ERR_NOMEM;

	for (size_t i = 1; i < count && count <= FEW; i++) {
		struct e2_keyed name = names[i];
		size_t at = i;

		for (; at > 0 && stands_before(n, &name, &names[at - 1]); at--)
			names[at] = names[at - 1];
		names[at] = name;
	}
	if (count <= FEW)
		return 0;
	c = calloc(count, sizeof(*c));
	copy = malloc(count * sizeof(*copy));
	if (c && copy) {
		memcpy(copy, names, count * sizeof(*copy));
		for (size_t i = 0; i < count; i++)
			c[i] = (struct e2_tour_placed){ e2_tour_name_bytes(&names[i]),
						   n->place[e2_tour_name_dir(&names[i])], i };
		err = e2_tour_sort(&n->tour, c, count);
	}
	for (size_t i = 0; i < count && !err; i++)
		names[i] = copy[c[i].which];
	free(c);
	free(copy);
	return err ? e2_fail(err, "no memory to sort %zu names", count) : 0;
}

static int sort_several(struct e2_names *n)
{
	struct e2_tour *t = &n->tour;
	int err;

	n->place = calloc(t->dir_count, sizeof(*n->place));
	if (!n->place)
		return e2_fail(E2_ERR_NOMEM, "no memory to sort %zu directories", t->dir_count);
	if (!mark_ways(n))
		return 0;
	err = e2_tour_place(t, n->place);
	for (size_t first = 0, end; first < t->name_count && !err; first = end) {
		e2_ino ino = e2_tour_name_ino(&t->names[first]);

		for (end = first + 1;
		     end < t->name_count && e2_tour_name_ino(&t->names[end]) == ino; )
			end++;
		if (end - first > 1)
			err = sort_names(n, &t->names[first], end - first);
	}
	return err;
}

/* ---- open, close --------------------------------------------------------- */

static int sort_by_inode(struct e2_tour *t)
{
	struct e2_keyed *room;
	size_t sorted = 1;

	while (sorted < t->name_count &&
	       t->names[sorted - 1].key >> 32 <= t->names[sorted].key >> 32)
		sorted++;
	if (sorted >= t->name_count)
		return 0;
	room = malloc(t->name_count * sizeof(*room));
	if (!room)
		return e2_fail(E2_ERR_NOMEM, "no memory to sort %zu names", t->name_count);
	e2_sort_keyed(t->names, room, t->name_count, 32);
	free(room);
	return 0;
}

static int wanted_set(struct e2_fs *fs, const struct e2_names_how *how, struct e2_bitset **wanted)
{
	int err = e2_bitset_new((uint64_t)e2_geometry(fs)->inodes + 1, wanted);

	for (size_t i = 0; i < how->count && !err; i++)
		e2_bitset_set(*wanted, how->inos[i]);
	return err;
}

int e2_names_open_with(struct e2_fs *fs, const struct e2_names_how *how, struct e2_names **names)
{
	struct e2_names *n = calloc(1, sizeof(*n));
	struct e2_bitset *wanted = NULL;
	int err = n ? 0 : e2_fail(E2_ERR_NOMEM, "collecting names: out of memory");

	if (!err && how && how->inos)
		err = wanted_set(fs, how, &wanted);
	if (!err)
		err = e2_tour_make(fs, wanted, how, &n->tour);
	if (!err)
		err = sort_by_inode(&n->tour);
	if (!err)
		err = sort_several(n);
	e2_bitset_free(wanted);
	if (err)
		e2_names_close(n);
	else
		*names = n;
	return err;
}

int e2_names_open(struct e2_fs *fs, struct e2_names **names)
{
	return e2_names_open_with(fs, NULL, names);
}

void e2_names_close(struct e2_names *n)
{
	if (!n)
		return;
	e2_tour_end(&n->tour);
	free(n->place);
	free(n);
}

/* ---- answers ------------------------------------------------------------- */

/* Index of the first name whose inode is not less. */
static size_t first_of(const struct e2_names *n, uint64_t ino)
{
	size_t low;

	E2_SEARCH(low, n->tour.name_count, i, e2_tour_name_ino(&n->tour.names[i]) < ino);
	return low;
}

uint32_t e2_names_count(const struct e2_names *n, e2_ino ino)
{
	return (uint32_t)(first_of(n, (uint64_t)ino + 1) - first_of(n, ino));
}

bool e2_names_searched(const struct e2_names *n)
{
	return n->tour.searched;
}

uint32_t e2_names_damaged(const struct e2_names *n, e2_ino *first)
{
	*first = n->tour.first_damaged;
	return n->tour.damaged;
}

int e2_names_path(const struct e2_names *n, e2_ino ino, uint32_t index, struct e2_str *path)
{
	const struct e2_keyed *name;
	int err;

	if (index >= e2_names_count(n, ino))
		return e2_fail(E2_ERR_NOENT, "inode %u: has no name number %u", ino, index);
	name = &n->tour.names[first_of(n, ino) + index];
	err = e2_tour_add_dir(&n->tour, e2_tour_name_dir(name), path);
	if (err)
		return err;
	e2_tour_add_name(&n->tour, e2_tour_name_bytes(name), path);
	return e2_str_status(path);
}

/* Names of one directory often follow one another: what comes before them stays. */
int e2_names_next(const struct e2_names *n, struct e2_names_cursor *c, e2_ino *ino,
		  struct e2_str *path)
{
	const struct e2_keyed *name;
	int err = 0;

	if (c->next == n->tour.name_count)
		return 0;
	name = &n->tour.names[c->next];
	if (c->next == 0 || e2_tour_name_dir(name) != c->dir) {
		e2_str_truncate(path, 0);
		err = e2_tour_add_dir(&n->tour, e2_tour_name_dir(name), path);
		c->dir = e2_tour_name_dir(name);
		c->prefix = path->len;
	} else {
		e2_str_truncate(path, c->prefix);
	}
	if (err)
		return err;
	e2_tour_add_name(&n->tour, e2_tour_name_bytes(name), path);
	err = e2_str_status(path);
	if (err)
		return err;
	*ino = e2_tour_name_ino(name);
	c->next++;
	return 1;
}
