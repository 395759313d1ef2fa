/* SPDX-License-Identifier: MIT */
/* Two volumes block for block, and what the blocks are that differ. */
#ifndef DEBUGFS_DIFF_BLOCKS_H
#define DEBUGFS_DIFF_BLOCKS_H

#include "diff_text.h"

int diff_blocks(struct shell *sh, const struct diff_side side[2], bool all);

#endif
