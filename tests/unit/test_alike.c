/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "random.h"

#include "base/alike.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Things of one size, made of few kinds of blocks, some of zeros that are a hole or stored. */
enum { THINGS = 60, BLOCK = 1000 };

struct things {
	uint8_t *bytes;			/* THINGS times size */
	size_t size;
	bool hole[THINGS];		/* zeros are holes */
	bool bad[THINGS];		/* cannot be read from its middle on */
	bool found[THINGS];
	unsigned sets, reads;
	uint64_t read_bytes;
	size_t last_at[THINGS];
};

static const uint8_t *bytes_of(const struct things *t, uint32_t item)
{
	return t->bytes + item * t->size;
}

static int data(void *context, uint32_t item, uint64_t at, uint64_t *start)
{
	struct things *t = context;

	cr_assert_geq(at, t->last_at[item], "thing %u: asked backwards", item);
	t->last_at[item] = at;
	*start = at;
	while (t->hole[item] && *start < t->size && bytes_of(t, item)[*start] == 0)
		++*start;
	return 0;
}

static int read_bytes(void *context, uint32_t item, uint64_t at, size_t len, void *buf)
{
	struct things *t = context;

	cr_assert_leq(at + len, t->size);
	if (t->bad[item] && at + len > t->size / 2)
		return E2_ALIKE_UNLIKE;
	memcpy(buf, bytes_of(t, item) + at, len);
	t->reads++;
	t->read_bytes += len;
	return 0;
}

static bool are_same(const struct things *t, uint32_t a, uint32_t b)
{
	return memcmp(bytes_of(t, a), bytes_of(t, b), t->size) == 0;
}

/* A set holds all that are the same, in their order, and nothing else. */
static int found(void *context, const uint32_t *items, size_t count)
{
	struct things *t = context;
	size_t expected = 0;

	cr_assert_geq(count, 2);
	for (uint32_t i = 0; i < THINGS; i++)
		expected += !t->bad[i] && are_same(t, i, items[0]);
	cr_assert_eq(count, expected, "%zu of %zu that are the same", count, expected);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(are_same(t, items[i], items[0]), true);
		cr_assert_eq(t->found[items[i]] || t->bad[items[i]], false);
		cr_assert_eq(i == 0 || items[i] > items[i - 1], true, "not in their order");
		t->found[items[i]] = true;
	}
	t->sets++;
	return 0;
}

static void make(struct things *t, size_t size, unsigned kinds, uint64_t *seed)
{
	*t = (struct things){ .bytes = calloc(THINGS, size + 1), .size = size };
	cr_assert_not_null(t->bytes);
	for (uint32_t i = 0; i < THINGS; i++) {
		for (size_t at = 0; at < size; at += BLOCK) {
			size_t len = size - at < BLOCK ? size - at : BLOCK;
			unsigned kind = (unsigned)(random_next(seed) % kinds);

			/* Mostly the same, so that many agree for long. */
			if (random_next(seed) % 8)
				kind = 0;
			if (at / BLOCK % 3 == 1)
				kind = (unsigned)(i % 3);
			for (size_t k = 0; k < len && kind; k++)
				t->bytes[i * size + at + k] = (uint8_t)(kind * k);
		}
		if (size > 0 && i % 5 == 4)	/* twins, in whole or but for the last byte */
			memcpy(t->bytes + i * size, t->bytes + (i - 3) * size, size - i % 2);
		t->hole[i] = random_next(seed) % 2;
	}
}

static unsigned find_all(struct things *t, size_t room, unsigned unread)
{
	const struct e2_alike_how how = {
		.data = data, .read = read_bytes, .found = found, .context = t, .room = room,
	};
	uint32_t items[THINGS];
	struct e2_alike *alike;
	unsigned missed = 0;

	cr_assert_eq(e2_alike_new(&how, &alike), 0);
	for (uint32_t i = 0; i < THINGS; i++) {
		items[i] = i;
		t->bad[i] = unread != 0 && i % unread == 0 && t->size > 0;
		t->hole[i] = t->hole[i] && !t->bad[i];	/* it has to be read */
	}
	cr_assert_eq(e2_alike_find(alike, items, THINGS, t->size), 0);
	for (uint32_t i = 0; i < THINGS; i++)
		for (uint32_t k = 0; k < i && !t->found[i] && !t->bad[i]; k++)
			missed += !t->bad[k] && are_same(t, i, k);
	e2_alike_free(alike);
	return missed;
}

E2_TEST(alike, as_every_pair_compared)
{
	uint64_t seed = 20261122;
	unsigned sets = 0;

	for (unsigned round = 0; round < 200; round++) {
		static const size_t sizes[] = { 0, 1, 7, 100, 4095, 4096, 4097, 20000, 150000 };
		size_t size = sizes[round % 9];
		struct things t;

		make(&t, size, 2 + round % 5, &seed);
		cr_assert_eq(find_all(&t, round % 2 ? 0 : 4 << 20, round % 4 == 3 ? 7 : 0), 0,
			     "round %u: some were not found", round);
		sets += t.sets;
		free(t.bytes);
	}
	cr_assert_gt(sets, 100);
}

/* What fits in the room is read once, and no further than something else has been the same. */
E2_TEST(alike, reads_once_and_no_more_than_needed)
{
	uint64_t seed = 5;
	struct things t;

	make(&t, 100000, 4, &seed);
	(void)find_all(&t, 16 << 20, 0);
	cr_assert_leq(t.read_bytes, (uint64_t)THINGS * t.size);
	free(t.bytes);

	t = (struct things){ .bytes = calloc(THINGS, 1 << 20), .size = 1 << 20 };
	cr_assert_not_null(t.bytes);
	for (uint32_t i = 0; i < THINGS; i++)
		t.bytes[((size_t)i << 20) + 10] = (uint8_t)(i + 1);
	(void)find_all(&t, 1 << 20, 0);
	cr_assert_eq(t.sets, 0);
	cr_assert_leq(t.read_bytes, THINGS * 4096);
	free(t.bytes);
}

/* Holes are not read. */
E2_TEST(alike, holes_cost_nothing)
{
	struct things t = { .bytes = calloc(THINGS, 1 << 20), .size = 1 << 20 };

	cr_assert_not_null(t.bytes);
	for (uint32_t i = 0; i < THINGS; i++) {
		t.hole[i] = true;
		t.bytes[((size_t)i << 20) + 700000] = (uint8_t)(1 + i / 30);
	}
	cr_assert_eq(find_all(&t, 0, 0), 0);
	cr_assert_eq(t.sets, 2);
	cr_assert_eq(t.reads, THINGS);
	free(t.bytes);
}

static int stop_third(void *context)
{
	unsigned *asked = context;

	return ++*asked == 3 ? E2_ERR_CANCELLED : 0;
}

static int never(void *context, const uint32_t *items, size_t count)
{
	(void)context;
	cr_assert_eq(count, 0, "found %zu from %u", count, items[0]);
	return 0;
}

static int no_data(void *context, uint32_t item, uint64_t at, uint64_t *start)
{
	(void)context;
	(void)item;
	*start = at;
	return 0;
}

static int no_read(void *context, uint32_t item, uint64_t at, size_t len, void *buf)
{
	(void)context;
	(void)at;
	memset(buf, (int)item + 1, len);
	return 0;
}

E2_TEST(alike, ends_with_what_a_callback_returns)
{
	unsigned asked = 0;
	const struct e2_alike_how how = {
		.data = no_data, .read = no_read, .found = never, .poll = stop_third,
		.context = &asked,
	};
	uint32_t items[] = { 0, 1, 2, 3, 4 };
	struct e2_alike *alike;

	cr_assert_eq(e2_alike_new(&how, &alike), 0);
	cr_assert_eq(e2_alike_find(alike, items, 5, 10), E2_ERR_CANCELLED);
	e2_alike_free(alike);
}
