/* SPDX-License-Identifier: MIT */
/* The private form of an open volume; only lib/vol sees it. */
#ifndef E2_VOL_FS_H
#define E2_VOL_FS_H

#include "base/bitset.h"
#include "vol/write.h"

#include <stdatomic.h>

/* Whether all bitmaps and tables lie in the groups they belong to. */
enum e2_spread { E2_SPREAD_UNKNOWN, E2_SPREAD_HOME, E2_SPREAD_ANYWHERE };

/* The block bitmap of one group as it was before the transaction. */
struct e2_was {
	bool known;			/* group, desc and bits are valid */
	bool proven;			/* the descriptor's bitmap is one; else nothing was free */
	e2_grp group;
	struct e2_group desc;
	uint8_t *bits;			/* block_size bytes, allocated on first use */
};

struct e2_fs {
	struct e2_image *image;		/* owned; NULL: an io only */
	struct e2_io *io;		/* owned, unless it is the image's */
	struct e2_io *tail;		/* owned; io, as long as the volume; NULL: io is */
	struct e2_cache *cache;
	struct e2_super super;
	struct e2_geometry g;
	e2_grp copy;			/* group whose superblock and descriptors are used */
	struct e2_str read_only;	/* why; "" when it is not */
	atomic_int spread;		/* enum e2_spread, found on demand */

	/* How it was opened: for opening it again when somebody has changed it. */
	struct e2_open_options options;	/* its paths are the strings below, or NULL */
	struct e2_str log_path, undo_path;
	struct e2_stamp stamp;		/* of the image, when the cache was empty */
	bool pending;			/* a change cut short was completed, or is read through */
	bool reading;			/* between e2_reading_begin and end */

	struct e2_time clock;
	bool clock_set;			/* clock holds, not the host's */

	bool (*stop)(void);		/* whether long work is to end; NULL: it never is */

	/* The open transaction. */
	struct e2_txn *txn;
	struct e2_commit how;
	uint8_t identity[16];		/* the UUID when it was loaded: one undo file a session */
	struct e2_commit_place place;
	struct e2_undo *undo;
	struct e2_was was;
	bool unsealed;			/* its commit leaves the time of the last write alone */
	struct e2_bitset *freed;	/* groups with blocks that were freed; may hold too many */
};

/* E2_ERR_FEATURE, naming every incompat bit that cannot be read; E2_ERR_LOG when one of them
 * says that a change is being applied. */
int e2_super_check_features(const struct e2_super *super);

/* The superblock in the first 1024 bytes of block blk, or the primary for blk 0. */
int e2_super_read(struct e2_io *io, e2_blk blk, uint32_t block_size, struct e2_super *super);

/* Where the primary superblock lies. */
void e2_super_locate(const struct e2_geometry *g, e2_blk *blk, uint32_t *offset);

/* Pins the primary superblock for change; *raw is its 1024 bytes. */
E2_NODISCARD int e2_super_edit(struct e2_txn *txn, struct e2_wbuf **buf, uint8_t **raw);
/* The same for the descriptor of a group. */
E2_NODISCARD int e2_group_edit(struct e2_txn *txn, e2_grp group, struct e2_wbuf **buf,
			       uint8_t **raw);

/*
 * Fills a volume from io by its options: superblock, geometry, cache.  On failure nothing
 * changes; on success the former io (unless the image's), cache and so on are released.
 */
int e2_fs_load(struct e2_fs *fs, struct e2_io *io);

/* An empty volume with its own copy of the options. */
int e2_fs_new(const struct e2_open_options *options, struct e2_fs **fs);

/* The block bitmap of a group before the transaction; *bits is NULL when there is none that
 * can be trusted. */
E2_NODISCARD int e2_before_bits(struct e2_fs *fs, e2_grp group, const uint8_t **bits);
void e2_before_end(struct e2_fs *fs);

/* Blocks of a group are freed in the open transaction: E2_ERR_NOMEM. */
E2_NODISCARD int e2_note_freed(struct e2_fs *fs, e2_grp group);

/* e2_commit.freed of a volume. */
int e2_freed(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run);

#endif
