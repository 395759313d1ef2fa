/* SPDX-License-Identifier: MIT */
#include "diff_blocks.h"
int diff_blocks(struct shell *sh, const struct diff_side side[2], bool all)
{
	(void)sh, (void)side, (void)all;
	return e2_fail(E2_ERR_UNSUPPORTED, "block for block");
}
