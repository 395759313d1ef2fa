/* SPDX-License-Identifier: MIT */
/*
 * Reading the blocks of many files, one after the other: where they lie one behind the other,
 * one call to the image reads for several of them.
 */
#ifndef E2_HOST_AHEAD_H
#define E2_HOST_AHEAD_H

#include "vol/vol.h"

struct e2_ahead {
	struct e2_fs *fs;
	uint8_t *bytes;
	e2_blk first, end;	/* what bytes holds */
	e2_blk next;		/* behind what was asked for last */
	uint32_t block_size;
};

/* E2_ERR_NOMEM.  Nothing may be written to the volume before e2_ahead_end(). */
int e2_ahead_begin(struct e2_ahead *a, struct e2_fs *fs);
void e2_ahead_end(struct e2_ahead *a);

/* As e2_cache_read(). */
E2_NODISCARD int e2_ahead_read(struct e2_ahead *a, e2_blk blk, uint64_t count, void *data);

#endif
