/* SPDX-License-Identifier: MIT */
/* Searching and changing bitmaps: words of 64 bits where they are all alike. */
#include "vol/bits.h"

#include "base/endian.h"

#include <string.h>

/* The first bit of from .. end-1 that differs from all those of `alike`: 0 or all ones. */
static uint32_t next_other(const uint8_t *bits, uint32_t from, uint32_t end, uint64_t alike)
{
	uint8_t same = (uint8_t)alike;

	while (from < end) {
		if (from % 64 == 0 && end - from >= 64 && e2_get64(bits + from / 8) == alike) {
			from += 64;
			continue;
		}
		if (from % 8 == 0 && bits[from / 8] == same) {
			from += 8;
			continue;
		}
		if (e2_bits_test(bits, from) != (same & 1))
			return from;
		from++;
	}
	return end;
}

uint32_t e2_bits_next_clear(const uint8_t *bits, uint32_t from, uint32_t end)
{
	return next_other(bits, from, end, UINT64_MAX);
}

uint32_t e2_bits_next_set(const uint8_t *bits, uint32_t from, uint32_t end)
{
	return next_other(bits, from, end, 0);
}

static void fill(uint8_t *bits, uint32_t from, uint32_t count, uint8_t with)
{
	uint32_t end = from + count;

	while (from < end) {
		if (from % 8 == 0 && end - from >= 8) {
			memset(bits + from / 8, with, (end - from) / 8);
			from += (end - from) / 8 * 8;
			continue;
		}
		uint8_t bit = (uint8_t)(1u << from % 8);

		bits[from / 8] = (uint8_t)((bits[from / 8] & ~bit) | (with & bit));
		from++;
	}
}

void e2_bits_set(uint8_t *bits, uint32_t from, uint32_t count)
{
	fill(bits, from, count, 0xff);
}

void e2_bits_clear(uint8_t *bits, uint32_t from, uint32_t count)
{
	fill(bits, from, count, 0);
}
