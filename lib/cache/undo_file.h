/* SPDX-License-Identifier: MIT */
/*
 * The file behind an undo file; seen only by lib/cache.
 *
 *	0      header, 512 bytes: of which image
 *	512    a record for each commit, oldest first:
 *	         its header, 512 bytes: of which volume
 *	         the blocks as they were before the commit
 *	         for each of them its number, 8 bytes, and the checksums of it before and after, 4
 *	         bytes each
 *	         the runs of blocks that the commit freed: first and count, 8 bytes each
 *	         zeros up to a whole sector
 *
 * Numbers are little-endian; each header has a checksum of itself, that of a record also one of
 * all that follows it.  A record that is not whole, and what comes after it, means nothing.
 *
 * A file without a name does not keep blocks that are free and have been free in all states that
 * can be gone back to: what a commit frees and a later one uses again belongs to the older state.
 */
#ifndef E2_CACHE_UNDO_FILE_H
#define E2_CACHE_UNDO_FILE_H

#include "base/ranges.h"
#include "cache/redo_file.h"
#include "cache/undo.h"

struct e2_undo_record {
	uint64_t at, bytes;		/* in the file, its header included */
	uint64_t blocks, freed;		/* how many: blocks, and runs of freed ones */
	bool knows_freed;		/* else any block may have been freed */
};

struct e2_undo_entry {
	e2_blk blk;
	uint32_t before, after;		/* checksums of the block */
};

struct e2_undo {
	struct e2_env *env;
	struct e2_image *image;		/* borrowed */
	struct e2_io *io;
	bool named;
	struct e2_str name;		/* to be given with the first record; else empty */
	bool linked;			/* the name is given, but perhaps not durable yet */
	uint32_t block_size;		/* of the volume, once there is a record */
	uint8_t identity[16];
	struct e2_undo_record *record;
	size_t count, cap;
	struct e2_ranges *freed;	/* blocks freed by one of the commits */
	bool knows_freed;
};

/* ---- undo_file.c: the form of the file ---------------------------------------- */

/* Begins an empty file. */
E2_NODISCARD int e2_undo_begin(struct e2_undo *undo);

/* Reads the headers of all whole records.  E2_ERR_EXIST when it is no undo file of the image. */
int e2_undo_load(struct e2_undo *undo);

/* Where the next record begins. */
uint64_t e2_undo_end(const struct e2_undo *undo);

/* Entries `first` to first + count - 1 of a record, and the content of a block before. */
E2_NODISCARD int e2_undo_entries(struct e2_undo *undo, const struct e2_undo_record *r,
				 uint64_t first, size_t count, struct e2_undo_entry *entry);
E2_NODISCARD int e2_undo_before(struct e2_undo *undo, const struct e2_undo_record *r, uint64_t i,
				void *data);

/* The header of the record that comes next. */
uint64_t e2_undo_record_bytes(uint32_t block_size, uint64_t blocks, uint64_t freed);
void e2_undo_encode(const struct e2_undo *undo, const struct e2_undo_record *r, uint32_t body_crc,
		    uint8_t *sector);
enum { E2_UNDO_ENTRY = 16, E2_UNDO_FREED = 16 };	/* bytes */

/* ---- undo_write.c: for the commit ----------------------------------------------- */

/* Whether a block must be kept though it is free: because an older state has it in use, or the
 * file has a name, so that all that was there can be had back. */
bool e2_undo_needs(const struct e2_undo *undo, e2_blk blk);

/*
 * Adds a record of what a commit is going to do, and makes it durable when the file has a
 * name.  On failure the undo file is as before.
 *
 * image  what the blocks hold
 */
int e2_undo_append(struct e2_undo *undo, struct e2_txn *txn, struct e2_io *image,
		   const struct e2_redo_head *head, const struct e2_redo_blocks *blocks);

/* The commit of the newest record did not come about. */
void e2_undo_retract(struct e2_undo *undo);

#endif
