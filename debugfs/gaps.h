/* SPDX-License-Identifier: MIT */
/* The free blocks of a volume by the runs they lie in; a run may go on into the next group. */
#ifndef DEBUGFS_GAPS_H
#define DEBUGFS_GAPS_H

#include "shell.h"

enum { GAP_BINS = 64, GAPS_SHOWN = 5 };

struct gaps {
	uint64_t blocks, count;			/* free blocks, and the runs they are in */
	uint64_t largest, smallest;		/* 0: nothing is free */
	struct { uint64_t count, blocks; } bin[GAP_BINS];	/* of 2^i to 2^(i+1) - 1 blocks */
	struct e2_range top[GAPS_SHOWN];	/* the largest first */
	uint64_t chunks;			/* free ones, of those that were asked for */
	uint32_t unread;			/* groups whose bitmap could not be read */
	int status;				/* the first of their failures */
};

/* chunk: the blocks of a chunk; they are counted from block 0.  0: none are. */
int gaps_count(struct shell *sh, uint64_t chunk, struct gaps *gaps);

#endif
