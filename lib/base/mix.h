/* SPDX-License-Identifier: MIT */
/* Spreads the bits of a number over all 64: for hashes and for choices that look random. */
#ifndef E2_BASE_MIX_H
#define E2_BASE_MIX_H

#include <stddef.h>
#include <stdint.h>

/* One to one.  The constants are those of the finaliser of SplitMix64. */
static inline uint64_t e2_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/*
 * A number for bytes.  Where they come from an image or a tree, the seed is one that nobody knows
 * who makes these: else he could choose bytes that share a number.
 */
static inline uint64_t e2_mix_bytes(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t hash = e2_mix64(seed ^ len);

	for (size_t i = 0; i < len; i++)
		hash = e2_mix64(hash ^ p[i] ^ seed);
	return hash;
}

/* Such a seed: from an address of the caller's and the time. */
uint64_t e2_mix_seed(const void *place);

#endif
