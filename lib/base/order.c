/* SPDX-License-Identifier: MIT */
/*
 * Texts are sorted by merging, numbers digit by digit.
 *
 * What all texts begin with is passed over; the 8 bytes behind it, as one number, decide most
 * comparisons without looking at the texts.
 */
#include "base/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct item {
	uint64_t key;		/* bytes behind the common beginning, zeros past the end */
	uint32_t index;
};

struct texts {
	const char *arena;
	const char *first;
	size_t stride;
	size_t common;		/* bytes that all begin with */
};

static struct e2_slice slice_of(const struct texts *t, size_t i)
{
	struct e2_slice s;

	memcpy(&s, t->first + i * t->stride, sizeof(s));
	return s;
}

static size_t common_bytes(const struct texts *t, size_t count)
{
	struct e2_slice a = slice_of(t, 0);
	size_t common = a.len;

	for (size_t i = 1; i < count && common > 0; i++) {
		struct e2_slice b = slice_of(t, i);

		if (b.len < common)
			common = b.len;
		while (memcmp(t->arena + a.at, t->arena + b.at, common) != 0)
			common--;
	}
	return common;
}

static uint64_t key_of(const struct texts *t, const struct e2_slice *s)
{
	size_t left = s->len - t->common;
	uint64_t key = 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | (i < left ? (uint8_t)t->arena[s->at + t->common + i] : 0u);
	return key;
}

/* Whether b must stand before a. */
static bool before(const struct texts *t, const struct item *b, const struct item *a)
{
	struct e2_slice x, y;
	int r;

	if (a->key != b->key)
		return b->key < a->key;
	x = slice_of(t, a->index);
	y = slice_of(t, b->index);
	r = memcmp(t->arena + y.at, t->arena + x.at, x.len < y.len ? x.len : y.len);
	return r ? r < 0 : y.len < x.len;
}

/* Merges the neighbours from[low..middle) and from[middle..high). */
static void merge(const struct texts *t, const struct item *from, struct item *to, size_t low,
		  size_t middle, size_t high)
{
	size_t a = low, b = middle;

	for (size_t i = low; i < high; i++) {
		if (a < middle && (b == high || !before(t, &from[b], &from[a])))
			to[i] = from[a++];
		else
			to[i] = from[b++];
	}
}

int e2_order_texts(const char *arena, const struct e2_slice *first, size_t stride, size_t count,
		   uint32_t *order)
{
	struct texts t = { .arena = arena, .first = (const char *)first, .stride = stride };
	struct item *items = calloc(count > 0 ? count : 1, 2 * sizeof(*items));
	struct item *from = items, *to = items + count;

	if (!items)
		return e2_fail(E2_ERR_NOMEM, "no memory to sort %zu texts", count);
	t.common = count > 0 ? common_bytes(&t, count) : 0;
	for (size_t i = 0; i < count; i++) {
		struct e2_slice s = slice_of(&t, i);

		from[i] = (struct item){ key_of(&t, &s), (uint32_t)i };
	}
	for (size_t run = 1; run < count; run *= 2) {
		struct item *was = from;

		for (size_t low = 0; low < count; low += 2 * run) {
			size_t middle = count - low > run ? low + run : count;
			size_t high = count - low > 2 * run ? low + 2 * run : count;

			merge(&t, from, to, low, middle, high);
		}
		from = to;
		to = was;
	}
	for (size_t i = 0; i < count; i++)
		order[i] = from[i].index;
	free(items);
	return 0;
}

enum { DIGIT_BITS = 11, DIGITS = 6, VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(uint64_t n, unsigned digit)
{
	return (unsigned)(n >> digit * DIGIT_BITS) & (VALUES - 1);
}

/* Sorts by one digit, keeping the order of equal ones; false: all have the same. */
static bool sort_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned digit)
{
	size_t at[VALUES] = { 0 }, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[digit_of(from[i], digit)]++;
	if (at[digit_of(from[0], digit)] == count)
		return false;
	for (size_t v = 0; v < VALUES; v++) {
		size_t n = at[v];

		at[v] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[digit_of(from[i], digit)]++] = from[i];
	return true;
}

void e2_sort_u64(uint64_t *numbers, uint64_t *room, size_t count)
{
	uint64_t *from = numbers, *to = room;
	size_t sorted = 1;

	while (sorted < count && numbers[sorted - 1] <= numbers[sorted])
		sorted++;
	if (sorted >= count)
		return;
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (sort_digit(from, to, count, digit)) {
			uint64_t *was = from;

			from = to;
			to = was;
		}
	}
	if (from != numbers)
		memcpy(numbers, from, count * sizeof(*numbers));
}
