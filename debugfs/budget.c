/* SPDX-License-Identifier: MIT */
#include "budget.h"

#define PATHS_AT_LEAST (UINT64_C(64) << 20)

void budget_begin(struct budget *b, struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);

	b->left = PATHS_AT_LEAST + g->blocks * g->block_size;
}

int budget_take(struct budget *b, size_t len)
{
	if (len >= b->left)
		return e2_fail(E2_ERR_CORRUPT, "the paths of all names have more bytes than the "
			       "volume; the rest is left out");
	b->left -= len;
	return 0;
}
