/* SPDX-License-Identifier: MIT */
/* A hash map from uint64_t to uint64_t that only grows; at most 2^32 - 2 keys. */
#ifndef E2_BASE_MAP_H
#define E2_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct e2_map;

int e2_map_new(struct e2_map **map);		/* E2_ERR_NOMEM */
void e2_map_free(struct e2_map *map);
size_t e2_map_count(const struct e2_map *map);

/* Sets key to value, replacing an earlier one.  E2_ERR_NOMEM: nothing changed. */
int e2_map_set(struct e2_map *map, uint64_t key, uint64_t value);

/* Says whether key is there; *value is written only then. */
bool e2_map_get(const struct e2_map *map, uint64_t key, uint64_t *value);

/*
 * The place of key's value, made with value 0 if need be; *value stays valid
 * until the next call that changes the map.  E2_ERR_NOMEM.
 */
int e2_map_ref(struct e2_map *map, uint64_t key, uint64_t **value);

/* Steps through all pairs in the order in which their keys came: start with *cursor 0;
 * false at the end. */
bool e2_map_next(const struct e2_map *map, size_t *cursor, uint64_t *key, uint64_t *value);

#endif
