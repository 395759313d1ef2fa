/* SPDX-License-Identifier: MIT */
/* Where something is, or would be, in what is sorted. */
#ifndef E2_BASE_SEARCH_H
#define E2_BASE_SEARCH_H

#include <stddef.h>

/*
 * Sets `low` to the first index below `count` for which `before`, an expression of the index `i`,
 * is false, or to `count`; it must be true for all indexes up to some one, and for none behind.
 */
#define E2_SEARCH(low, count, i, before)			\
	do {							\
		size_t e2_high_ = (count);			\
								\
		(low) = 0;					\
		while ((low) < e2_high_) {			\
			size_t i = (low) + (e2_high_ - (low)) / 2; \
								\
			if (before)				\
				(low) = i + 1;			\
			else					\
				e2_high_ = i;			\
		}						\
	} while (0)

#endif
