/* SPDX-License-Identifier: MIT */
/* Putting things in order: of many the permutation, so that large elements stay where they are. */
#ifndef E2_BASE_ORDER_H
#define E2_BASE_ORDER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* As qsort() wants it: negative, 0 or positive. */
static inline int e2_compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

struct e2_slice {		/* bytes of an arena */
	size_t at;
	uint32_t len;
};

/*
 * The order of texts by their bytes, a text before those it begins: the smallest is
 * order[0].  Equal ones stay as they were.
 *
 * first   the slice of the first; those of the others follow, each stride bytes after the last
 * count   at most UINT32_MAX
 */
E2_NODISCARD int e2_order_texts(const char *arena, const struct e2_slice *first, size_t stride,
				size_t count, uint32_t *order);		/* E2_ERR_NOMEM */

/* The same of numbers. */
E2_NODISCARD int e2_order_numbers(const uint32_t *first, size_t stride, size_t count,
				  uint32_t *order);

struct e2_keyed {
	uint64_t key, value;
};

/*
 * Sorts by the bits of the keys from a bit on; equal ones stay as they were.
 *
 * room  for as many
 */
void e2_sort_keyed(struct e2_keyed *items, struct e2_keyed *room, size_t count, unsigned bit);

#endif
