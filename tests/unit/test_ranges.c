/* SPDX-License-Identifier: MIT */
/* The map of ranges, compared with an array that has one place for every key. */
#include "alloc.h"
#include "e2test.h"
#include "random.h"

#include "base/ranges.h"

enum { KEYS = 200, NOWHERE = 0 };

struct naive {
	uint64_t value[KEYS];		/* NOWHERE, or what the key leads to */
};

/* The first key at or after key that leads somewhere, and how far it runs. */
static bool naive_next(const struct naive *n, uint64_t key, struct e2_span *span)
{
	while (key < KEYS && n->value[key] == NOWHERE)
		key++;
	if (key >= KEYS)
		return false;
	*span = (struct e2_span){ .key = key, .count = 1, .value = n->value[key] };
	while (key + span->count < KEYS &&
	       n->value[key + span->count] == span->value + span->count)
		span->count++;
	return true;
}

/* Every question about every key, the number of spans included. */
static void compare(const struct naive *n, const struct e2_ranges *r)
{
	struct e2_span is, should;
	size_t spans = 0;

	for (uint64_t key = 0; key <= KEYS; key++) {
		bool any = naive_next(n, key, &should);

		cr_assert_eq(e2_ranges_next(r, key, &is), any, "after %d", (int)key);
		if (any)
			cr_assert(is.key == should.key && is.count == should.count &&
				  is.value == should.value, "after %d", (int)key);
		cr_assert_eq(e2_ranges_get(r, key, &is), any && should.key == key,
			     "at %d", (int)key);
		if (any && should.key == key)
			cr_assert(is.key == key && is.count == should.count &&
				  is.value == should.value, "at %d", (int)key);
	}
	for (uint64_t key = 0; naive_next(n, key, &should); key = should.key + should.count)
		spans++;
	cr_assert_eq(e2_ranges_count(r), spans);
}

/* One change that is the same for both; few values, so that neighbours often go on. */
static void change(struct naive *n, struct e2_ranges *r, uint64_t *seed, uint64_t nth)
{
	uint64_t key = random_next(seed) % KEYS;
	uint64_t count = random_next(seed) % (random_next(seed) % 4 ? 8 : KEYS);
	uint64_t value = 1 + (random_next(seed) % 3) * 1000 + key;
	bool removes = random_next(seed) % 3 == 0;
	int result;

	if (count > KEYS - key)
		count = KEYS - key;
	alloc_fail(nth);
	result = removes ? e2_ranges_remove(r, key, count) : e2_ranges_set(r, key, count, value);
	alloc_fail(0);
	if (result) {
		cr_assert_eq(result, E2_ERR_NOMEM);
		return;
	}
	for (uint64_t i = 0; i < count; i++)
		n->value[key + i] = removes ? NOWHERE : value + i;
}

E2_TEST(base_ranges, are_what_an_array_would_be)
{
	struct e2_ranges *r;
	uint64_t seed = 1;

	cr_assert_eq(e2_ranges_new(&r), E2_OK);
	for (int round = 0; round < 40; round++) {
		struct naive n = { { NOWHERE } };

		compare(&n, r);
		for (int i = 0; i < 200; i++) {
			change(&n, r, &seed, 0);
			compare(&n, r);
		}
		e2_ranges_clear(r);
	}
	e2_ranges_free(r);
	e2_ranges_free(NULL);
}

E2_TEST(base_ranges, without_memory_nothing_changes)
{
	struct e2_ranges *r = NULL;
	uint64_t seed = 2;

	alloc_fail(1);
	cr_assert_eq(e2_ranges_new(&r), E2_ERR_NOMEM);
	alloc_fail(0);
	for (int round = 0; round < 50; round++) {
		struct naive n = { { NOWHERE } };

		cr_assert_eq(e2_ranges_new(&r), E2_OK);
		for (int i = 0; i < 100; i++) {
			change(&n, r, &seed, i % 3 == 0);
			compare(&n, r);
		}
		e2_ranges_free(r);
	}
}

/* What was reserved suffices, whatever happens meanwhile: spans that come and go. */
E2_TEST(base_ranges, what_is_reserved_cannot_fail)
{
	for (size_t room = 1; room < 70; room++) {
		struct e2_ranges *r;
		size_t before;

		cr_assert_eq(e2_ranges_new(&r), E2_OK);
		cr_assert_eq(e2_ranges_set(r, 1000, 1000, 5), E2_OK);
		cr_assert_eq(e2_ranges_set(r, 3000, 10, 7), E2_OK);
		before = e2_ranges_count(r);
		cr_assert_eq(e2_ranges_reserve(r, room), E2_OK);
		alloc_fail(1);
		for (int round = 0; round < 3; round++) {
			for (size_t i = 0; i < room; i++)	/* each makes two of one */
				cr_assert_eq(e2_ranges_remove(r, 1010 + 10 * i, 5), E2_OK);
			cr_assert_eq(e2_ranges_count(r), before + room);
			for (size_t i = 0; i < room; i++)
				cr_assert_eq(e2_ranges_set(r, 1010 + 10 * i, 5, 15 + 10 * i),
					     E2_OK);
			cr_assert_eq(e2_ranges_count(r), before);
			for (size_t i = 0; i < room / 2; i++)	/* three of one */
				cr_assert_eq(e2_ranges_set(r, 1010 + 10 * i, 5, 9000), E2_OK);
			cr_assert_eq(e2_ranges_set(r, 1000, 1000, 5), E2_OK);
			cr_assert_eq(e2_ranges_set(r, 1000, 1000, 6), E2_OK, "one for one");
			cr_assert_eq(e2_ranges_set(r, 1000, 1000, 5), E2_OK);
		}
		alloc_fail(0);
		e2_ranges_free(r);
	}
}

E2_TEST(base_ranges, go_to_the_ends_of_the_numbers)
{
	struct e2_ranges *r;
	struct e2_span s;

	cr_assert_eq(e2_ranges_new(&r), E2_OK);
	cr_assert_eq(e2_ranges_remove(r, 0, UINT64_MAX), E2_OK);
	cr_assert_eq(e2_ranges_set(r, 5, 0, 1), E2_OK);
	cr_assert_eq(e2_ranges_count(r), 0);
	cr_assert_eq(e2_ranges_set(r, 0, UINT64_MAX, 1), E2_OK);
	cr_assert_eq(e2_ranges_remove(r, 1, UINT64_MAX - 2), E2_OK);
	cr_assert_eq(e2_ranges_count(r), 2);
	cr_assert(e2_ranges_get(r, 0, &s));
	cr_assert(s.count == 1 && s.value == 1);
	cr_assert(e2_ranges_next(r, 1, &s));
	cr_assert(s.key == UINT64_MAX - 1 && s.count == 1 && s.value == UINT64_MAX);
	cr_assert_not(e2_ranges_next(r, UINT64_MAX, &s));
	cr_assert_eq(e2_ranges_reserve(r, SIZE_MAX), E2_ERR_NOMEM);
	e2_ranges_free(r);
}

/* 300000 spans that never join, in an order that would cost an array a move each. */
E2_TEST(base_ranges, hold_many_in_any_order)
{
	enum { MANY = 300000, STEP = 179426549 % MANY };	/* prime to MANY */
	struct e2_ranges *r;
	struct e2_span s;
	uint64_t key = 0;

	cr_assert_eq(e2_ranges_new(&r), E2_OK);
	for (uint64_t i = 0, at = 0; i < MANY; i++, at = (at + STEP) % MANY)
		cr_assert_eq(e2_ranges_set(r, 2 * at, 2, 7 * at), E2_OK);
	cr_assert_eq(e2_ranges_count(r), MANY);
	for (uint64_t i = 0; i < MANY; i++, key = s.key + s.count) {
		cr_assert(e2_ranges_next(r, key, &s));
		cr_assert(s.key == 2 * i && s.count == 2 && s.value == 7 * i);
	}
	cr_assert_eq(e2_ranges_set(r, 1, 2 * MANY - 2, 1), E2_OK);
	cr_assert_eq(e2_ranges_count(r), 2, "key 0 goes on, the last does not");
	e2_ranges_free(r);
}
