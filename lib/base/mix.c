/* SPDX-License-Identifier: MIT */
#include "base/mix.h"

#include <time.h>

uint64_t e2_mix_seed(const void *place)
{
	struct timespec now = { 0 };

	(void)timespec_get(&now, TIME_UTC);
	return e2_mix64((uint64_t)(uintptr_t)place ^
			e2_mix64((uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec));
}
