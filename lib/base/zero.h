/* SPDX-License-Identifier: MIT */
#ifndef E2_BASE_ZERO_H
#define E2_BASE_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether len bytes are all 0; of no bytes, they are. */
static inline bool e2_all_zero(const void *data, size_t len)
{
	const unsigned char *p = data;

	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

#endif
