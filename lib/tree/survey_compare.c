/* SPDX-License-Identifier: MIT */
/*
 * How two surveys differ.
 *
 * Names are found by tables of hashes whose keys are seeded, so that an image cannot
 * choose names that collide; what has the key of another takes the next one.
 */
#include "tree/survey.h"

#include "base/grow.h"
#include "base/map.h"
#include "base/mix.h"
#include "tree/survey_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct comparison {
	const struct e2_survey *before, *after;
	uint64_t seed;
	uint32_t *same_dir;	/* of a directory after: the one that had its path, or none */
	uint32_t *old;		/* of a name after: the one before, or none */
	bool *taken;		/* of a name before: it is some name's old one */
	size_t found;		/* how many names after have an old one */
	struct e2_survey_change *changes;
	size_t count, cap;
};

/* ---- names in directories ------------------------------------------------ */

/* A name in the directory of a number: an index, or an inode. */
struct key {
	uint32_t dir;
	const char *name;
	uint32_t len;
};

static uint64_t hash_key(const struct comparison *c, const struct key *k)
{
	return e2_mix_bytes(c->seed ^ k->dir, k->name, k->len);
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->dir == b->dir && a->len == b->len && !memcmp(a->name, b->name, a->len);
}

static struct key key_of(const struct e2_survey *s, uint32_t dir, struct e2_slice name)
{
	return (struct key){ dir, e2_str_text(&s->tour.arena) + name.at, name.len };
}

static struct key link_key(const struct e2_survey *s, uint32_t link, uint32_t dir)
{
	return key_of(s, dir, e2_tour_name_bytes(&s->tour.names[link]));
}

static int put(const struct comparison *c, struct e2_map *map, const struct key *k, uint32_t index)
{
	uint64_t hash = hash_key(c, k), other;

	while (e2_map_get(map, hash, &other))
		hash++;
	return e2_map_set(map, hash, index);
}

/* ---- directories by path -------------------------------------------------- */

static struct key dir_key(const struct e2_survey *s, uint32_t dir)
{
	return key_of(s, s->tour.dirs[dir].parent, s->tour.dirs[dir].name);
}

static uint32_t find_dir(const struct comparison *c, const struct e2_map *map, uint32_t dir)
{
	struct key k = key_of(c->after, c->same_dir[c->after->tour.dirs[dir].parent],
			      c->after->tour.dirs[dir].name), other;
	uint64_t index;

	if (k.dir == E2_SURVEY_NONE)
		return E2_SURVEY_NONE;
	for (uint64_t hash = hash_key(c, &k); e2_map_get(map, hash, &index); hash++) {
		other = dir_key(c->before, (uint32_t)index);
		if (same_key(&k, &other))
			return (uint32_t)index;
	}
	return E2_SURVEY_NONE;
}

/* Parents stand before what is in them. */
static int match_dirs(struct comparison *c)
{
	struct e2_map *map;
	int err = e2_map_new(&map);

	if (err)
		return err;
	for (size_t i = 1; i < c->before->tour.dir_count && !err; i++) {
		struct key k = dir_key(c->before, (uint32_t)i);

		err = put(c, map, &k, (uint32_t)i);
	}
	for (size_t i = 1; i < c->after->tour.dir_count && !err; i++)
		c->same_dir[i] = find_dir(c, map, (uint32_t)i);
	e2_map_free(map);
	return err;
}

/* ---- symlinks --------------------------------------------------------------- */

static uint32_t dir_of(const struct e2_survey *s, uint32_t link)
{
	return e2_tour_name_dir(&s->tour.names[link]);
}

static e2_ino ino_of(const struct e2_survey *s, uint32_t link)
{
	return e2_tour_name_ino(&s->tour.names[link]);
}

static bool same_symlink(const struct comparison *c, uint32_t old, uint32_t link)
{
	return ino_of(c->before, old) == ino_of(c->after, link) &&
	       c->before->ends[old].text == c->after->ends[link].text;
}

static void take(struct comparison *c, uint32_t old, uint32_t link)
{
	c->old[link] = old;
	c->taken[old] = true;
	c->found++;
}

/* The old name of a symlink: the one with this key; where paths say nothing, of the same inode. */
static void find_link(struct comparison *c, const struct e2_map *map, bool by_path, uint32_t link)
{
	uint32_t dir = dir_of(c->after, link);
	struct key k = link_key(c->after, link, by_path ? c->same_dir[dir] :
				c->after->tour.dirs[dir].ino), other;
	uint64_t at;

	for (uint64_t hash = hash_key(c, &k); e2_map_get(map, hash, &at); hash++) {
		uint32_t old = (uint32_t)at;

		dir = dir_of(c->before, old);
		other = link_key(c->before, old, by_path ? dir : c->before->tour.dirs[dir].ino);
		if (!c->taken[old] && same_key(&k, &other) &&
		    (by_path || same_symlink(c, old, link))) {
			take(c, old, link);
			return;
		}
	}
}

/* By path; then by the directory itself, which may have been moved. */
static int match_names(struct comparison *c, bool by_path)
{
	const struct e2_tour *was = &c->before->tour, *is = &c->after->tour;
	struct e2_map *map;
	int err = e2_map_new(&map);

	if (err)
		return err;
	for (size_t i = 0; i < was->name_count && !err; i++) {
		uint32_t dir = dir_of(c->before, (uint32_t)i);
		struct key k = link_key(c->before, (uint32_t)i, by_path ? dir :
					was->dirs[dir].ino);

		if (!c->taken[i])
			err = put(c, map, &k, (uint32_t)i);
	}
	for (size_t i = 0; i < is->name_count && !err; i++)
		if (c->old[i] == E2_SURVEY_NONE &&
		    (!by_path || c->same_dir[dir_of(c->after, (uint32_t)i)] != E2_SURVEY_NONE))
			find_link(c, map, by_path, (uint32_t)i);
	e2_map_free(map);
	return err;
}

/* By the symlink itself: any name that it has lost. */
static int match_inodes(struct comparison *c)
{
	size_t old_count = c->before->tour.name_count;
	uint32_t *next = calloc(old_count + 1, sizeof(*next));	/* 1 + the next of the inode */
	struct e2_map *map = NULL;
	int err = next ? e2_map_new(&map) : e2_fail(E2_ERR_NOMEM, "no memory for symlinks");
	uint64_t *first;

	for (size_t i = old_count; i-- > 0 && !err; ) {
		if (c->taken[i])
			continue;
		err = e2_map_ref(map, ino_of(c->before, (uint32_t)i), &first);
		if (!err) {
			next[i] = (uint32_t)*first;
			*first = i + 1;
		}
	}
	for (size_t i = 0; i < c->after->tour.name_count && !err; i++) {
		uint64_t at;

		if (c->old[i] != E2_SURVEY_NONE ||
		    !e2_map_get(map, ino_of(c->after, (uint32_t)i), &at) || at == 0 ||
		    !same_symlink(c, (uint32_t)at - 1, (uint32_t)i))
			continue;
		take(c, (uint32_t)at - 1, (uint32_t)i);
		err = e2_map_set(map, ino_of(c->after, (uint32_t)i), next[at - 1]);
	}
	e2_map_free(map);
	free(next);
	return err;
}

static bool all_found(const struct comparison *c)
{
	return c->found == c->before->tour.name_count || c->found == c->after->tour.name_count;
}

static int match(struct comparison *c)
{
	size_t dirs = c->after->tour.dir_count, links = c->after->tour.name_count;
	int err;

	c->same_dir = calloc(dirs + 1, sizeof(*c->same_dir));
	c->old = malloc((links + 1) * sizeof(*c->old));
	c->taken = calloc(c->before->tour.name_count + 1, sizeof(*c->taken));
	if (!c->same_dir || !c->old || !c->taken)
		return e2_fail(E2_ERR_NOMEM, "no memory to compare %zu symlinks", links);
	memset(c->old, 0xff, (links + 1) * sizeof(*c->old));
	err = match_dirs(c);
	if (!err)
		err = match_names(c, true);
	if (!err && !all_found(c))
		err = match_names(c, false);
	if (!err && !all_found(c))
		err = match_inodes(c);
	return err;
}

/* ---- what differs ------------------------------------------------------------ */

static int add_change(struct comparison *c, uint32_t link)
{
	uint32_t old = c->old[link];
	bool is_new = old == E2_SURVEY_NONE;
	e2_ino is = c->after->ends[link].to, was = is_new ? 0 : c->before->ends[old].to;
	struct e2_survey_change *grown;

	if (is == E2_SURVEY_NONE || was == E2_SURVEY_NONE || (is_new ? is != 0 : is == was))
		return 0;
	grown = e2_grow(c->changes, &c->cap, c->count + 1, sizeof(*grown));
	if (!grown)
		return E2_ERR_NOMEM;
	c->changes = grown;
	c->changes[c->count++] = (struct e2_survey_change){ old, link, was, is };
	return 0;
}

static int sort_changes(struct comparison *c)
{
	const struct e2_tour *t = &c->after->tour;
	uint32_t *place = calloc(t->dir_count + 1, sizeof(*place));
	struct e2_tour_placed *placed = calloc(c->count, sizeof(*placed));
	struct e2_survey_change *sorted = calloc(c->count, sizeof(*sorted));
	int err = place && placed && sorted ? 0 :
		e2_fail(E2_ERR_NOMEM, "no memory to sort %zu symlinks", c->count);

	for (size_t i = 0; i < c->count && !err; i++)
		e2_tour_mark(t, place, dir_of(c->after, c->changes[i].link));
	if (!err)
		err = e2_tour_place(t, place);
	for (size_t i = 0; i < c->count && !err; i++) {
		const struct e2_keyed *name = &t->names[c->changes[i].link];

		placed[i] = (struct e2_tour_placed){ e2_tour_name_bytes(name),
						     place[e2_tour_name_dir(name)], i };
	}
	if (!err)
		err = e2_tour_sort(t, placed, c->count);
	for (size_t i = 0; i < c->count && !err; i++)
		sorted[i] = c->changes[placed[i].which];
	free(place);
	free(placed);
	if (err) {
		free(sorted);
		return err;
	}
	free(c->changes);
	c->changes = sorted;
	return 0;
}

int e2_survey_compare(const struct e2_survey *before, const struct e2_survey *after,
		      struct e2_survey_change **changes, size_t *count)
{
	struct comparison c = { .before = before, .after = after, .seed = e2_mix_seed(&c) };
	int err;

	assert(before->seed == after->seed);
	err = match(&c);
	for (size_t i = 0; i < after->tour.name_count && !err; i++)
		err = add_change(&c, (uint32_t)i);
	if (!err && c.count > 1)
		err = sort_changes(&c);
	free(c.same_dir);
	free(c.old);
	free(c.taken);
	if (err) {
		free(c.changes);
		return err;
	}
	*changes = c.changes;
	*count = c.count;
	return 0;
}
