/* SPDX-License-Identifier: MIT */
/* A set of small numbers 0 .. bits-1, one bit each: blocks, inodes, visited marks. */
#ifndef E2_BASE_BITSET_H
#define E2_BASE_BITSET_H

#include <stdbool.h>
#include <stdint.h>

struct e2_bitset;

/* All bits clear.  E2_ERR_NOMEM. */
int e2_bitset_new(uint64_t bits, struct e2_bitset **set);
void e2_bitset_free(struct e2_bitset *set);

uint64_t e2_bitset_bits(const struct e2_bitset *set);
uint64_t e2_bitset_count(const struct e2_bitset *set);	/* members */

/* Numbers at or past the end are never members; adding them has no effect. */
bool e2_bitset_test(const struct e2_bitset *set, uint64_t n);
void e2_bitset_set(struct e2_bitset *set, uint64_t n);
void e2_bitset_clear(struct e2_bitset *set, uint64_t n);

/* Adds n and says whether it was a member before. */
bool e2_bitset_test_and_set(struct e2_bitset *set, uint64_t n);

/* Adds first .. first+count-1; returns how many of them were members before. */
uint64_t e2_bitset_set_run(struct e2_bitset *set, uint64_t first, uint64_t count);
void e2_bitset_clear_run(struct e2_bitset *set, uint64_t first, uint64_t count);

/* The first member (or non-member) at or after from; e2_bitset_bits() when there is none. */
uint64_t e2_bitset_next_set(const struct e2_bitset *set, uint64_t from);
uint64_t e2_bitset_next_clear(const struct e2_bitset *set, uint64_t from);

/* The first run of non-members in from .. end-1: its length, 0 when there is none, and *first.
 * Looks at no others. */
uint64_t e2_bitset_gap(const struct e2_bitset *set, uint64_t from, uint64_t end, uint64_t *first);

/*
 * Copies count bits beginning at number first to (from) the bitmap form of the
 * disk: bit i of the bytes is (bytes[i / 8] >> i % 8) & 1.  Bits past the end
 * of the set read as clear, and so do the bits of the last byte past count; an
 * import ignores both.
 */
void e2_bitset_export(const struct e2_bitset *set, uint64_t first, uint64_t count, uint8_t *bytes);
void e2_bitset_import(struct e2_bitset *set, uint64_t first, uint64_t count, const uint8_t *bytes);

#endif
