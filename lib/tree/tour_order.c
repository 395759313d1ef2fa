/* SPDX-License-Identifier: MIT */
/*
 * The order of what a tour has gathered: directories get places, level by level, by the place of
 * the directory above and the name; what stands in them is sorted by that, then by name.
 */
#include "tree/tour.h"

#include <stdlib.h>

int e2_tour_sort(const struct e2_tour *t, struct e2_tour_placed *c, size_t count)
{
	struct e2_tour_placed *copy = malloc((count + 1) * sizeof(*copy));
	uint32_t *order = malloc((count + 1) * sizeof(*order));
	int err = copy && order ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to sort %zu names", count);

	if (!err)
		err = e2_order_texts(e2_str_text(&t->arena), &c->name, sizeof(*c), count, order);
	for (size_t i = 0; i < count && !err; i++)
		copy[i] = c[order[i]];
	if (!err)
		err = e2_order_numbers(&copy->above, sizeof(*copy), count, order);
	for (size_t i = 0; i < count && !err; i++)
		c[i] = copy[order[i]];
	free(copy);
	free(order);
	return err;
}

/* Gives places to the marked directories, from *next on, those of a level together. */
static int place_level(const struct e2_tour *t, uint32_t *place, size_t first, size_t end,
		       struct e2_tour_placed *c, uint32_t *next)
{
	size_t count = 0;
	int err = 0;

	for (size_t i = first; i < end; i++)
		if (place[i])
			c[count++] = (struct e2_tour_placed){ t->dirs[i].name,
							      place[t->dirs[i].parent], i };
	if (count > 1)
		err = e2_tour_sort(t, c, count);
	for (size_t i = 0; i < count && !err; i++)
		place[c[i].which] = (*next)++;
	return err;
}

void e2_tour_mark(const struct e2_tour *t, uint32_t *place, uint32_t dir)
{
	while (place[dir] == 0) {
		place[dir] = 1;
		dir = t->dirs[dir].parent;
	}
}

int e2_tour_place(const struct e2_tour *t, uint32_t *place)
{
	struct e2_tour_placed *c = calloc(t->dir_count, sizeof(*c));
	uint32_t next = 1;
	int err = c ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to sort %zu directories", t->dir_count);

	for (size_t first = 0, end; first < t->dir_count && !err; first = end) {
		for (end = first; end < t->dir_count && t->dirs[end].depth == t->dirs[first].depth;)
			end++;
		err = place_level(t, place, first, end, c, &next);
	}
	free(c);
	return err;
}

/* ---- paths --------------------------------------------------------------- */

void e2_tour_add_name(const struct e2_tour *t, struct e2_slice name, struct e2_str *path)
{
	e2_str_add_bytes(path, "/", 1);
	if (name.len)
		e2_str_add_bytes(path, t->arena.text + name.at, name.len);
}

int e2_tour_add_dir(const struct e2_tour *t, uint32_t dir, struct e2_str *path)
{
	uint32_t near[64], *up = near;
	size_t depth = t->dirs[dir].depth;

	if (depth > sizeof(near) / sizeof(near[0]))
		up = malloc(depth * sizeof(*up));
	if (!up)
		return e2_fail(E2_ERR_NOMEM, "no memory for a path of %zu directories", depth);
	for (size_t i = depth; i-- > 0; dir = t->dirs[dir].parent)
		up[i] = dir;
	for (size_t i = 0; i < depth; i++)
		e2_tour_add_name(t, t->dirs[up[i]].name, path);
	if (up != near)
		free(up);
	return e2_str_status(path);
}
