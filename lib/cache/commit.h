/* SPDX-License-Identifier: MIT */
/*
 * How changes reach an image as a whole or not at all, also across a power cut.
 *
 *   0  take the lock COMMIT; prove that every sector to be replaced is what was read, and
 *      that nobody has written to the image
 *   1  blocks that are free in the state before: home                    fsync image
 *   2  all others: room for them in the image; into the log, with what stands there now;
 *      undo file                                                        fsync both, directory
 *      The commit point.
 *   3  the guarded sector, guard on                                      fsync image
 *   4  the logged blocks home, the guard still on                        fsync image
 *   5  the guarded sector, final                                         fsync image
 *   6  unlink the log                                                    fsync directory
 *
 * Recovery goes on from 3.  Steps without work leave out their fsync.  A sector of 512
 * bytes is old or new, never mixed: the one assumption.
 */
#ifndef E2_CACHE_COMMIT_H
#define E2_CACHE_COMMIT_H

#include "cache/cache.h"
#include "io/image.h"

struct e2_txn;
struct e2_undo;

enum { E2_SECTOR = 512 };

/* Where the log of a volume lies, and who must be asked; kept as long as it is open. */
struct e2_commit_place {
	struct e2_image *image;
	const char *log_path;
	struct e2_undo *undo;		/* records before-images; may be NULL */
	unsigned wait_ms;		/* how long to wait for readers */
	/* Of the image when it was read; kept up to date by commits.  One of another size or
	 * modification time is somebody else's change, of whatever.  May be NULL. */
	struct e2_stamp *stamp;
};

/* What a commit has to know of a volume. */
struct e2_commit {
	void *context;
	const struct e2_commit_place *place;	/* NULL: straight to the image */
	bool dry;			/* never to be committed */
	uint8_t identity[16];		/* of the volume, for log and undo file: its UUID */

	/* Last changes before a commit: the time of the write. */
	int (*seal)(void *context, struct e2_txn *txn);
	/* Whether a block was free before the transaction; asked in ascending order.  NULL:
	 * nothing is known to be free, everything is logged. */
	int (*was_free)(void *context, e2_blk blk, bool *is_free);
	/*
	 * The first run of blocks at or after `from` that were in use before and are free after:
	 * 1, or 0 when none follows.  An undo file has to keep what they hold.  NULL: nobody
	 * knows; then an undo file believes no block to be free any more.
	 */
	int (*freed)(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run);
	/* Puts the guard into the sector at guard_offset: by it nobody takes a half-applied
	 * image for good.  Idempotent. */
	void (*guard)(uint8_t sector[E2_SECTOR]);
	uint64_t guard_offset;		/* bytes, a multiple of 512 */
	/* The transaction has ended: done or not, decoded copies may be stale. */
	void (*ended)(void *context, bool committed);
	/* Work was taken back to a mark: decoded copies may be stale.  May be NULL. */
	void (*rewound)(void *context);
};

#endif
