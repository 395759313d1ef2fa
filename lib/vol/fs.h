/* SPDX-License-Identifier: MIT */
/* The private form of an open volume; only lib/vol sees it. */
#ifndef E2_VOL_FS_H
#define E2_VOL_FS_H

#include "vol/vol.h"

#include <stdatomic.h>

/* Whether all bitmaps and tables lie in the groups they belong to. */
enum e2_spread { E2_SPREAD_UNKNOWN, E2_SPREAD_HOME, E2_SPREAD_ANYWHERE };

struct e2_fs {
	struct e2_io *io;		/* owned */
	struct e2_cache *cache;
	struct e2_super super;
	struct e2_geometry g;
	e2_grp copy;			/* group whose superblock and descriptors are used */
	struct e2_str read_only;	/* why; "" when it is not */
	atomic_int spread;		/* enum e2_spread, found on demand */
};

/* E2_ERR_FEATURE, naming every incompat bit that cannot be read. */
int e2_super_check_features(const struct e2_super *super);

/* The superblock in the first 1024 bytes of block blk, or the primary for blk 0. */
int e2_super_read(struct e2_io *io, e2_blk blk, uint32_t block_size, struct e2_super *super);

#endif
