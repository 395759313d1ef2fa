/* SPDX-License-Identifier: MIT */
/* Faults planted on purpose: every test here must be reported as failing. */
#include "e2test.h"

#include <limits.h>
#include <stdlib.h>

E2_TEST(planted, leak)
{
	for (int i = 0; i < 8; i++) {
		volatile char *lost = malloc(64);

		cr_assert(lost != NULL);
		lost[0] = 1;
	}
}

E2_TEST(planted, overflow)
{
	volatile int big = INT_MAX;

	big = big + 1;
	cr_assert(big != 0);
}

E2_TEST(planted, use_after_free)
{
	volatile char *p = malloc(16);

	free((void *)p);
	cr_assert(p[3] != 1 || p[3] == 1);
}
