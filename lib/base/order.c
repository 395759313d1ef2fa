/* SPDX-License-Identifier: MIT */
/*
 * Texts are sorted by the 8 bytes behind what they all begin with, taken as one number, digit by
 * digit; those in which these bytes are the same by merging, the same way.
 */
#include "base/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 128 };		/* texts that are sorted by comparing alone */

/* A text is sorted as the bytes behind the common beginning, zeros past its end, and its number. */
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

static size_t common_bytes(const struct texts *t, const struct e2_keyed *items, size_t count)
{
	struct e2_slice a = count > 0 ? slice_of(t, items[0].value) : (struct e2_slice){ 0 };
	size_t common = a.len;

	for (size_t i = 1; i < count && common > 0; i++) {
		struct e2_slice b = slice_of(t, items[i].value);

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
static bool before(const struct texts *t, const struct e2_keyed *b, const struct e2_keyed *a)
{
	struct e2_slice x, y;
	int r;

	if (a->key != b->key)
		return b->key < a->key;
	x = slice_of(t, a->value);
	y = slice_of(t, b->value);
	r = memcmp(t->arena + y.at, t->arena + x.at, x.len < y.len ? x.len : y.len);
	return r ? r < 0 : y.len < x.len;
}

/* Merges the neighbours from[low..middle) and from[middle..high). */
static void merge(const struct texts *t, const struct e2_keyed *from, struct e2_keyed *to,
		  size_t low, size_t middle, size_t high)
{
	size_t a = low, b = middle;

	for (size_t i = low; i < high; i++) {
		if (a < middle && (b == high || !before(t, &from[b], &from[a])))
			to[i] = from[a++];
		else
			to[i] = from[b++];
	}
}

static void set_keys(struct texts *t, struct e2_keyed *items, size_t count)
{
	t->common = common_bytes(t, items, count);
	for (size_t i = 0; i < count; i++) {
		struct e2_slice s = slice_of(t, items[i].value);

		items[i].key = key_of(t, &s);
	}
}

/* Sorts by comparing. */
static void sort_by_merging(const struct texts *t, struct e2_keyed *items, struct e2_keyed *room,
			    size_t count)
{
	struct e2_keyed *from = items, *to = room;

	for (size_t run = 1; run < count; run *= 2) {
		struct e2_keyed *was = from;

		for (size_t low = 0; low < count; low += 2 * run) {
			size_t middle = count - low > run ? low + run : count;
			size_t high = count - low > 2 * run ? low + 2 * run : count;

			merge(t, from, to, low, middle, high);
		}
		from = to;
		to = was;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}

enum { DIGIT_BITS = 11, NUMBER_BITS = 64, VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(uint64_t n, unsigned bit)
{
	return (unsigned)(n >> bit) & (VALUES - 1);
}

/* Sorts by the digit from a bit on, keeping the order of equal ones; false: all have the same. */
static bool sort_digit(const struct e2_keyed *from, struct e2_keyed *to, size_t count, unsigned bit)
{
	size_t at[VALUES] = { 0 }, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[digit_of(from[i].key, bit)]++;
	if (at[digit_of(from[0].key, bit)] == count)
		return false;
	for (size_t v = 0; v < VALUES; v++) {
		size_t n = at[v];

		at[v] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[digit_of(from[i].key, bit)]++] = from[i];
	return true;
}

void e2_sort_keyed(struct e2_keyed *items, struct e2_keyed *room, size_t count, unsigned bit)
{
	struct e2_keyed *from = items, *to = room;

	for (; bit < NUMBER_BITS && count > 1; bit += DIGIT_BITS) {
		if (sort_digit(from, to, count, bit)) {
			struct e2_keyed *was = from;

			from = to;
			to = was;
		}
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}

int e2_order_texts(const char *arena, const struct e2_slice *first, size_t stride, size_t count,
		   uint32_t *order)
{
	struct texts t = { .arena = arena, .first = (const char *)first, .stride = stride };
	struct e2_keyed *items = calloc(count > 0 ? count : 1, 2 * sizeof(*items));
	size_t end;

	if (!items)
		return e2_fail(E2_ERR_NOMEM, "no memory to sort %zu texts", count);
	for (size_t i = 0; i < count; i++)
		items[i].value = i;
	set_keys(&t, items, count);
	if (count > FEW)
		e2_sort_keyed(items, items + count, count, 0);
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && (count <= FEW || items[end].key == items[i].key);)
			end++;
		if (count > FEW && end - i > 1)
			set_keys(&t, items + i, end - i);
		sort_by_merging(&t, items + i, items + count, end - i);
	}
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)items[i].value;
	free(items);
	return 0;
}

int e2_order_numbers(const uint32_t *first, size_t stride, size_t count, uint32_t *order)
{
	struct e2_keyed *items = calloc(count > 0 ? count : 1, 2 * sizeof(*items));
	bool sorted = true;

	if (!items)
		return e2_fail(E2_ERR_NOMEM, "no memory to sort %zu numbers", count);
	for (size_t i = 0; i < count; i++) {
		uint32_t n;

		memcpy(&n, (const char *)first + i * stride, sizeof(n));
		items[i] = (struct e2_keyed){ n, i };
		sorted = sorted && (i == 0 || items[i - 1].key <= n);
	}
	if (!sorted)
		e2_sort_keyed(items, items + count, count, 0);
	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)items[i].value;
	free(items);
	return 0;
}
