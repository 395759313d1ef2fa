/* SPDX-License-Identifier: MIT */
/*
 * Numbered slots of one block each, for what is not yet in the image: in memory up to a
 * limit, past it in an unnamed scratch file.  Slots never move.
 */
#ifndef E2_CACHE_STORE_H
#define E2_CACHE_STORE_H

#include "io/io.h"

struct e2_store;

/*
 * env     makes the scratch file; NULL: the host
 * memory  bytes to keep in memory
 */
int e2_store_new(struct e2_env *env, uint32_t block_size, uint64_t memory, struct e2_store **store);
void e2_store_free(struct e2_store *store);		/* NULL is fine */

/* Takes up to want (at least 1) slots that lie together: *got from *first on.  Their content is
 * anything, their tag 0. */
int e2_store_take(struct e2_store *store, uint64_t want, uint64_t *first, uint64_t *got);
void e2_store_give(struct e2_store *store, uint64_t first, uint64_t count);	/* back */
uint64_t e2_store_taken(const struct e2_store *store);	/* slots */

int e2_store_write(struct e2_store *store, uint64_t slot, uint64_t count, const void *data);
int e2_store_zero(struct e2_store *store, uint64_t slot, uint64_t count);
int e2_store_read(struct e2_store *store, uint64_t slot, uint64_t count, void *data);

/* Where a slot lies in memory, and how many of *count lie behind each other from it on; NULL
 * when it is in the file. */
const uint8_t *e2_store_memory(const struct e2_store *store, uint64_t slot, uint64_t *count);

/* A number that belongs to each slot. */
uint64_t e2_store_tag(const struct e2_store *store, uint64_t slot);
void e2_store_set_tag(struct e2_store *store, uint64_t slot, uint64_t count, uint64_t tag);

#endif
