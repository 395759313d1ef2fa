/* SPDX-License-Identifier: MIT */
/* Spreads the bits of a number over all 64: for hashes and for choices that look random. */
#ifndef E2_BASE_MIX_H
#define E2_BASE_MIX_H

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

#endif
