/* SPDX-License-Identifier: MIT */
/*
 * Pairs lie in the order in which they came; a table of their positions, half
 * empty at least, is probed linearly.  The hash is seeded with the map's own
 * address, so that an image cannot choose keys that all collide.
 */
#include "base/map.h"

#include "base/err.h"
#include "base/mix.h"

#include <stdint.h>
#include <stdlib.h>

struct e2_map_pair {
	uint64_t key;
	uint64_t value;
};

struct e2_map {
	uint64_t seed;
	size_t count;
	size_t room;			/* pairs allocated */
	struct e2_map_pair *pair;
	size_t slots;			/* a power of 2 */
	uint32_t *slot;			/* 0, or 1 + index of a pair */
};

enum { FIRST_SLOTS = 32 };

int e2_map_new(struct e2_map **map)
{
	struct e2_map *m = calloc(1, sizeof(*m));

	if (m) {
		m->slots = FIRST_SLOTS;
		m->slot = calloc(m->slots, sizeof(m->slot[0]));
		m->seed = e2_mix64((uint64_t)(uintptr_t)m);
	}
	if (!m || !m->slot) {
		free(m);
		return e2_fail(E2_ERR_NOMEM, "no memory for a map");
	}
	*map = m;
	return E2_OK;
}

void e2_map_free(struct e2_map *map)
{
	if (!map)
		return;
	free(map->pair);
	free(map->slot);
	free(map);
}

size_t e2_map_count(const struct e2_map *map)
{
	return map->count;
}

/* The slot that holds key, or the empty one where it belongs. */
static size_t find_slot(const struct e2_map *m, uint64_t key)
{
	size_t i = (size_t)e2_mix64(key ^ m->seed) & (m->slots - 1);

	while (m->slot[i] != 0 && m->pair[m->slot[i] - 1].key != key)
		i = (i + 1) & (m->slots - 1);
	return i;
}

static bool grow_pairs(struct e2_map *m)
{
	size_t room = m->room ? m->room + m->room / 2 : FIRST_SLOTS / 2;
	struct e2_map_pair *pair;

	if (m->count < m->room)
		return true;
	if (room > SIZE_MAX / sizeof(*pair) || room >= UINT32_MAX)
		return false;
	pair = realloc(m->pair, room * sizeof(*pair));
	if (!pair)
		return false;
	m->pair = pair;
	m->room = room;
	return true;
}

static bool grow_slots(struct e2_map *m)
{
	size_t slots = m->slots * 2;
	uint32_t *slot;

	if (m->count < m->slots / 2)
		return true;
	slot = calloc(slots, sizeof(*slot));
	if (!slot)
		return false;
	free(m->slot);
	m->slot = slot;
	m->slots = slots;
	for (size_t i = 0; i < m->count; i++)
		m->slot[find_slot(m, m->pair[i].key)] = (uint32_t)(i + 1);
	return true;
}

int e2_map_ref(struct e2_map *map, uint64_t key, uint64_t **value)
{
	size_t i = find_slot(map, key);

	if (map->slot[i] == 0) {
		if (!grow_pairs(map) || !grow_slots(map))
			return e2_fail(E2_ERR_NOMEM, "no memory for a map of %zu numbers",
				       map->count);
		i = find_slot(map, key);
		map->pair[map->count] = (struct e2_map_pair){ .key = key };
		map->count++;
		map->slot[i] = (uint32_t)map->count;
	}
	*value = &map->pair[map->slot[i] - 1].value;
	return E2_OK;
}

int e2_map_set(struct e2_map *map, uint64_t key, uint64_t value)
{
	uint64_t *place;
	int r = e2_map_ref(map, key, &place);

	if (r == E2_OK)
		*place = value;
	return r;
}

bool e2_map_get(const struct e2_map *map, uint64_t key, uint64_t *value)
{
	size_t i = find_slot(map, key);

	if (map->slot[i] == 0)
		return false;
	*value = map->pair[map->slot[i] - 1].value;
	return true;
}

bool e2_map_next(const struct e2_map *map, size_t *cursor, uint64_t *key, uint64_t *value)
{
	if (*cursor >= map->count)
		return false;
	*key = map->pair[*cursor].key;
	*value = map->pair[*cursor].value;
	(*cursor)++;
	return true;
}
