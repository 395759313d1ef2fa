/* SPDX-License-Identifier: MIT */
/*
 * The file that holds a redo log; seen only by lib/cache.
 *
 *	0      header: 512 bytes, with a checksum of itself and one of all that follows
 *	512    the guarded sector as it is while the change goes home
 *	1024   for each block, ascending: its number, 8 bytes, and of each of its sectors the
 *	       checksum of what the image held before, 4 bytes; zeros up to a whole sector
 *	       the blocks themselves, as they are in the end
 *
 * Numbers are little-endian.  The block with the guarded sector is always among the blocks.  A
 * log counts when both checksums are right: one that was torn or cut off while it was written
 * means nothing.
 */
#ifndef E2_CACHE_REDO_FILE_H
#define E2_CACHE_REDO_FILE_H

#include "cache/redo.h"

enum {
	E2_REDO_PIECE = 1 << 20,	/* how much is read and written at once; bytes */
	E2_REDO_GUARDED = 512, E2_REDO_INDEX = 1024,	/* where they lie in the file */
};

struct e2_redo_head {
	uint32_t block_size;
	uint64_t offset, size;		/* of the volume: where it begins in its file; bytes */
	uint64_t count;			/* blocks */
	bool guards;			/* there is a guarded sector */
	uint64_t guard_offset;		/* bytes, within the volume */
	uint8_t identity[16];
	uint8_t guarded[E2_SECTOR];
};

struct e2_redo_log {			/* a complete log, open */
	struct e2_io *io;
	struct e2_redo_head head;
	e2_blk *blk;			/* head.count, ascending, all within the volume */
	uint8_t final[E2_SECTOR];	/* the guarded sector as it is in the end */
};

enum e2_redo_kind {
	E2_REDO_ABSENT,
	E2_REDO_REMNANT,		/* was to be a log, but was not completed */
	E2_REDO_BLANK,			/* begins with a sector of zeros: perhaps such a one */
	E2_REDO_FOREIGN,		/* a file of some other kind */
	E2_REDO_COMPLETE,
};

/* Opens the log at path, with E2_IO_WRITE to sync it later; *log is set only for a complete one. */
int e2_redo_load(struct e2_env *env, const char *path, unsigned flags, enum e2_redo_kind *kind,
		 struct e2_redo_log **log);
void e2_redo_free(struct e2_redo_log *log);	/* NULL is fine */

/* Blocks i to i + count - 1 of the log. */
E2_NODISCARD int e2_redo_read(struct e2_redo_log *log, uint64_t i, uint64_t count, void *data);

/* The checksums of their sectors as they were before. */
E2_NODISCARD int e2_redo_before(struct e2_redo_log *log, uint64_t i, uint64_t count,
				uint32_t *before);

/* How many blocks from the i-th on lie together on the volume, at most `most` (not 0). */
uint64_t e2_redo_run(const struct e2_redo_log *log, uint64_t i, uint64_t most);

/* The index of the first block of the log at or after blk; head.count when there is none. */
uint64_t e2_redo_seek(const struct e2_redo_log *log, e2_blk blk);

/* Bytes of one block in the index, and where the blocks begin. */
size_t e2_redo_entry(const struct e2_redo_head *head);
uint64_t e2_redo_payload(const struct e2_redo_head *head);
void e2_redo_encode(const struct e2_redo_head *head, uint32_t body_crc, uint8_t *sector);
/* The final version of the guarded sector, from the blocks. */
E2_NODISCARD int e2_redo_load_final(struct e2_redo_log *log);

/* How many blocks, which are of 64 KiB at most, are read and written at once. */
static inline uint64_t e2_redo_piece(uint32_t block_size)
{
	return E2_REDO_PIECE / block_size;
}

/* ---- redo_write.c ---------------------------------------------------------- */

struct e2_redo_blocks {			/* what is to be logged */
	const e2_blk *blk;		/* head.count, ascending, with the guarded one */
	const uint32_t *before;		/* checksums: one for each sector of each block */
	void *context;
	int (*read)(void *context, e2_blk blk, uint64_t count, void *data);	/* as it will be */
};

/*
 * Writes a log under a name that must be free, and makes both durable: the commit point.
 * On failure the log is gone or means nothing; E2_ERR_DOUBT when that is not sure.
 */
int e2_redo_create(struct e2_env *env, const char *path, const struct e2_redo_head *head,
		   const struct e2_redo_blocks *blocks, struct e2_redo_log **log);

/* Makes the name free for a log: removes what is left of one that was never completed.
 * E2_ERR_LOG when a complete one, or a file of some other kind, is there. */
E2_NODISCARD int e2_redo_clear(struct e2_env *env, const char *path);

/* ---- redo.c ------------------------------------------------------------------ */

/* Loads a log and proves that it is the image's own and fits it; kind as e2_redo_load. */
int e2_redo_load_fitting(struct e2_image *image, const char *path, unsigned flags,
			 enum e2_redo_kind *kind, struct e2_redo_log **log);

/* Steps 3 to 6 of a commit: the blocks go home, and the name of the log goes away. */
E2_NODISCARD int e2_redo_apply(struct e2_image *image, struct e2_redo_log *log, const char *path);

#endif
