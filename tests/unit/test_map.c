/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/err.h"
#include "base/map.h"
#include "base/mix.h"

#include <string.h>

enum { KEYS = 100000 };

/* Different for every i, spread over all 64 bits; also 0 and UINT64_MAX. */
static uint64_t key_of(uint64_t i)
{
	if (i < 2)
		return i == 0 ? 0 : UINT64_MAX;
	return i % 2 ? i : i * 0x9e3779b97f4a7c15u;
}

E2_TEST(base_map, holds_100000_keys)
{
	struct e2_map *map;
	uint64_t value = 7, key;
	size_t cursor = 0, steps = 0;

	cr_assert_eq(e2_map_new(&map), E2_OK);
	for (uint64_t i = 0; i < KEYS; i++) {
		cr_assert_not(e2_map_get(map, key_of(i), &value));
		cr_assert_eq(e2_map_set(map, key_of(i), i), E2_OK);
	}
	cr_assert_eq(value, 7, "written although there was no such key");
	cr_assert_eq(e2_map_count(map), KEYS);
	for (uint64_t i = 0; i < KEYS; i++) {
		cr_assert(e2_map_get(map, key_of(i), &value));
		cr_assert_eq(value, i);
	}
	while (e2_map_next(map, &cursor, &key, &value)) {
		cr_assert_eq(value, steps, "not in order of arrival");
		cr_assert_eq(key, key_of(steps));
		steps++;
	}
	cr_assert_eq(steps, KEYS);
	e2_map_free(map);
	e2_map_free(NULL);
}

E2_TEST(base_map, replaces_and_counts_in_place)
{
	struct e2_map *map;
	uint64_t *place, value;
	size_t cursor = 0;

	cr_assert_eq(e2_map_new(&map), E2_OK);
	cr_assert_not(e2_map_next(map, &cursor, &value, &value));
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 1000; i++) {
			cr_assert_eq(e2_map_ref(map, i, &place), E2_OK);
			cr_assert_eq(*place, (uint64_t)round * i);
			*place += i;
		}
	}
	cr_assert_eq(e2_map_count(map), 1000);
	cr_assert_eq(e2_map_set(map, 5, 99), E2_OK);
	cr_assert(e2_map_get(map, 5, &value));
	cr_assert_eq(value, 99);
	e2_map_free(map);
}

/* What shares a number under one seed does not under another, so that nobody can prepare it. */
E2_TEST(base_mix, another_seed_is_another_hash)
{
	static const char *const texts[] = { "", "a", "/docs/loop1", "/docs/loop2" };
	uint64_t one = e2_mix_seed(texts), two = e2_mix_seed(texts + 1);

	cr_assert_neq(one, two);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i]);
		uint64_t in_one = e2_mix_bytes(one, texts[i], len);

		cr_assert_eq(in_one, e2_mix_bytes(one, texts[i], len));
		cr_assert_neq(in_one, e2_mix_bytes(two, texts[i], len), "%s", texts[i]);
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(in_one, e2_mix_bytes(one, texts[j], strlen(texts[j])));
	}
}
