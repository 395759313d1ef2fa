/* SPDX-License-Identifier: MIT */
/* Numbers that look random and are the same in every run. */
#ifndef E2_TESTS_RANDOM_H
#define E2_TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Bytes of which many are 0, 0xff, letters or the byte before: what formats trip over. */
static inline void random_fill(uint8_t *p, size_t len, uint64_t *seed)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t r = random_next(seed);

		switch (r >> 8 & 7) {
		case 0:
			p[i] = 0;
			break;
		case 1:
			p[i] = 0xff;
			break;
		case 2:
			p[i] = (uint8_t)('a' + (r & 15));
			break;
		case 3:
			p[i] = i ? p[i - 1] : 0;
			break;
		default:
			p[i] = (uint8_t)r;
			break;
		}
	}
}

#endif
