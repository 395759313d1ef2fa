/* SPDX-License-Identifier: MIT */
/* Bitmaps in the form of the disk: bit i of the bytes is (bits[i / 8] >> i % 8) & 1. */
#ifndef E2_VOL_BITS_H
#define E2_VOL_BITS_H

#include <stdbool.h>
#include <stdint.h>

/* The first bit of from .. end-1 that is clear (set); end when none is. */
uint32_t e2_bits_next_clear(const uint8_t *bits, uint32_t from, uint32_t end);
uint32_t e2_bits_next_set(const uint8_t *bits, uint32_t from, uint32_t end);

void e2_bits_set(uint8_t *bits, uint32_t from, uint32_t count);
void e2_bits_clear(uint8_t *bits, uint32_t from, uint32_t count);

static inline bool e2_bits_test(const uint8_t *bits, uint32_t i)
{
	return (bits[i / 8] >> i % 8 & 1) != 0;
}

#endif
