/* SPDX-License-Identifier: MIT */
/*
 * Which of many things of one size hold the same bytes.
 *
 * They are read side by side, piece by piece, and each only as long as another one has been the
 * same so far.  Sums of the pieces choose what is compared; it is the bytes that decide.
 */
#ifndef E2_BASE_ALIKE_H
#define E2_BASE_ALIKE_H

#include <stddef.h>
#include <stdint.h>

enum { E2_ALIKE_ROOM_MIN = 64 << 10, E2_ALIKE_UNLIKE = 1 };

struct e2_alike_how {
	/*
	 * Where the first byte of an item lies that may not be zero, from `at` on; its size or
	 * more when none does.  Asked with an `at` that only grows.
	 */
	int (*data)(void *context, uint32_t item, uint64_t at, uint64_t *start);
	/* Bytes within the size. */
	int (*read)(void *context, uint32_t item, uint64_t at, size_t len, void *buf);
	/* Called for all that hold the same, two at least, in the order in which they came. */
	int (*found)(void *context, const uint32_t *items, size_t count);
	int (*poll)(void *context);	/* asked now and then; may be NULL */
	void *context;
	size_t room;			/* bytes of memory for what is compared */
};
/* Not 0 ends it all with that result; but for data and read that return E2_ALIKE_UNLIKE: the item
 * cannot be read and is like no other. */

struct e2_alike;
int e2_alike_new(const struct e2_alike_how *how, struct e2_alike **alike);	/* E2_ERR_NOMEM */
void e2_alike_free(struct e2_alike *alike);

/* Compares items; puts them in another order. */
int e2_alike_find(struct e2_alike *alike, uint32_t *items, size_t count, uint64_t size);

#endif
