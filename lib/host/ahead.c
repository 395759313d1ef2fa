/* SPDX-License-Identifier: MIT */
#include "host/ahead.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who asks for little, not far behind what he asked for last, is likely to ask for what
 * follows.  At most AHEAD_BYTES are read for AHEAD_BYTES / 4 that are passed over.
 */
enum { AHEAD_BYTES = 128 << 10 };

int e2_ahead_begin(struct e2_ahead *a, struct e2_fs *fs)
{
	*a = (struct e2_ahead){ .fs = fs, .block_size = e2_geometry(fs)->block_size };
	a->bytes = malloc(AHEAD_BYTES);
	return a->bytes ? 0 : e2_fail(E2_ERR_NOMEM, "a buffer for reading ahead");
}

void e2_ahead_end(struct e2_ahead *a)
{
	free(a->bytes);
	a->bytes = NULL;
}

/* Fills the buffer from blk on; false: not worth it, or it cannot be read. */
static bool fill(struct e2_ahead *a, e2_blk blk, uint64_t count)
{
	e2_blk end = e2_geometry(a->fs)->blocks;
	uint64_t most = AHEAD_BYTES / a->block_size;

	if (blk < a->next || blk - a->next > most / 4 || count > most / 4 || blk >= end)
		return false;
	most = most < end - blk ? most : end - blk;
	a->end = a->first = 0;
	if (count > most || e2_cache_read(e2_fs_cache(a->fs), blk, most, a->bytes))
		return false;
	a->first = blk;
	a->end = blk + most;
	return true;
}

int e2_ahead_read(struct e2_ahead *a, e2_blk blk, uint64_t count, void *data)
{
	bool held = blk >= a->first && blk < a->end && count <= a->end - blk;

	held = held || fill(a, blk, count);
	a->next = blk + count;
	if (!held)
		return e2_cache_read(e2_fs_cache(a->fs), blk, count, data);
	memcpy(data, a->bytes + (blk - a->first) * a->block_size, (size_t)count * a->block_size);
	return 0;
}
