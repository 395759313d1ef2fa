/* SPDX-License-Identifier: MIT */
/*
 * A map of ranges of numbers: each range leads to a range of values that runs along with it
 * (key first + i leads to value first + i).  Neighbours that go on in both are one.
 */
#ifndef E2_BASE_RANGES_H
#define E2_BASE_RANGES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct e2_ranges;

struct e2_span {
	uint64_t key, count, value;
};

int e2_ranges_new(struct e2_ranges **ranges);	/* E2_ERR_NOMEM */
void e2_ranges_free(struct e2_ranges *ranges);
void e2_ranges_clear(struct e2_ranges *ranges);

/* Lets count keys from key lead to values from value on, whatever they led to before.
 * E2_ERR_NOMEM: nothing changed.  Ascending keys cost O(1), others O(log n) and a move. */
E2_NODISCARD int e2_ranges_set(struct e2_ranges *ranges, uint64_t key, uint64_t count,
			       uint64_t value);
E2_NODISCARD int e2_ranges_remove(struct e2_ranges *ranges, uint64_t key, uint64_t count);

/* Room for so many more spans, so that sets and removes which need no more cannot fail. */
E2_NODISCARD int e2_ranges_reserve(struct e2_ranges *ranges, size_t spans);

/* Where key leads: the part of a span from key on.  false when nowhere. */
bool e2_ranges_get(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span);

/* The first span, or part of one, at or after key; false when none follows. */
bool e2_ranges_next(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span);

size_t e2_ranges_count(const struct e2_ranges *ranges);	/* spans */

#endif
