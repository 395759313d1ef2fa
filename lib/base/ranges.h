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
void e2_ranges_free(struct e2_ranges *ranges);	/* NULL is fine */
void e2_ranges_clear(struct e2_ranges *ranges);

/*
 * Lets count keys from key lead to values from value on, whatever they led to before, or
 * nowhere.  E2_ERR_NOMEM: nothing changed.  What goes on where the last span ends costs
 * O(1), all else O(log n), and as much again for every span that goes.
 */
E2_NODISCARD int e2_ranges_set(struct e2_ranges *ranges, uint64_t key, uint64_t count,
			       uint64_t value);
E2_NODISCARD int e2_ranges_remove(struct e2_ranges *ranges, uint64_t key, uint64_t count);

/* Room for so many spans more than there are: while there are no more, no set and no remove
 * fails. */
E2_NODISCARD int e2_ranges_reserve(struct e2_ranges *ranges, size_t spans);

/* Where key leads: the part of a span from key on.  false when nowhere. */
bool e2_ranges_get(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span);

/* The first span, or part of one, at or after key; false when none follows. */
bool e2_ranges_next(const struct e2_ranges *ranges, uint64_t key, struct e2_span *span);

size_t e2_ranges_count(const struct e2_ranges *ranges);	/* spans */

#endif
