/* SPDX-License-Identifier: MIT */
/* A set of numbers 0 .. bits-1 that several threads add to, each number once. */
#ifndef E2_BASE_CLAIMS_H
#define E2_BASE_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

struct e2_claims;

/*
 * Without members.  E2_ERR_NOMEM.
 *
 * shared  more than one thread will add at a time
 */
int e2_claims_new(uint64_t bits, bool shared, struct e2_claims **claims);
void e2_claims_free(struct e2_claims *claims);		/* NULL is fine */

/* Adds first .. first+count-1, all below the end; false when one of them was there, of which
 * exactly one thread learns. */
bool e2_claims_add(struct e2_claims *claims, uint64_t first, uint64_t count);

/*
 * Copies count bits in the bitmap form of the disk, as e2_bitset_export(), and says how many of
 * them are members.  Nobody adds meanwhile.
 */
uint64_t e2_claims_export(const struct e2_claims *claims, uint64_t first, uint64_t count,
			  uint8_t *bytes);

#endif
