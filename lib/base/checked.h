/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on numbers read from a volume: 64 bits wide, overflow is an
 * answer and never a surprise.  Each returns false, and leaves *result alone,
 * when the true result does not fit.
 */
#ifndef E2_BASE_CHECKED_H
#define E2_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool e2_add64(uint64_t a, uint64_t b, uint64_t *result)
{
	if (a > UINT64_MAX - b)
		return false;
	*result = a + b;
	return true;
}

static inline bool e2_mul64(uint64_t a, uint64_t b, uint64_t *result)
{
	if (b != 0 && a > UINT64_MAX / b)
		return false;
	*result = a * b;
	return true;
}

/* How many units of size unit (not 0) hold n; never overflows. */
static inline uint64_t e2_div_up(uint64_t n, uint64_t unit)
{
	return n / unit + (n % unit != 0);
}

static inline bool e2_is_power_of_2(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

#endif
