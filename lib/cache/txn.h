/* SPDX-License-Identifier: MIT */
/*
 * Transactions: the only way to change a volume.
 *
 * Until its commit everything a transaction writes stays aside, in memory and past a limit
 * in an unnamed temporary file; the image is not touched.  Whoever reads through the cache
 * meanwhile (e2_cache_get, e2_cache_read) sees what the transaction has written.  Abort, and
 * rewind to a mark, leave no trace.  One transaction at a time; it belongs to one thread, and
 * while one of these functions runs no other thread uses the cache (its workers know).
 *
 * Blocks are addressed whole.  A writable block is pinned from get to put; several holders
 * of one block see the same bytes, readers who pinned it before included.  Pins must
 * not be held across mark, rewind, release, commit and abort (asserted).
 */
#ifndef E2_CACHE_TXN_H
#define E2_CACHE_TXN_H

#include "cache/cache.h"
#include "cache/commit.h"

struct e2_txn;

struct e2_wbuf {			/* pinned and writable */
	e2_blk blk;
	uint8_t *data;			/* block_size bytes */
};

enum e2_fill { E2_FILL_READ, E2_FILL_ZERO };

/*
 * how   borrowed; what the commit has to know of the volume; its place of NULL commits
 *       straight to the image, without a log: for images in memory, which have no name
 *
 * E2_ERR_BUSY when one is open already; E2_ERR_ROFS when the io is read-only, unless
 * how->dry is set: then it can only be aborted.
 */
int e2_txn_open(struct e2_cache *cache, const struct e2_commit *how, struct e2_txn **txn);

/*
 * Ends the transaction, whatever it returns.  On success the image is what readers saw.
 * E2_ERR_CHANGED: somebody else has changed the image since it was read; E2_ERR_BUSY: others
 * read it and did not end in time; E2_ERR_NOSPC, E2_ERR_IO before the commit point: the image
 * is as it was but for blocks free in it.  After the commit point: E2_ERR_DOUBT, the cache
 * refuses everything but close, and the log completes the change at the next open.
 */
E2_NODISCARD int e2_txn_commit(struct e2_txn *txn);
void e2_txn_abort(struct e2_txn *txn);		/* NULL is fine */

/*
 * Marks nest: a mark is ended by exactly one rewind, which takes back all since, or one
 * release, which keeps it; the inner ones first.  Only mark can fail.
 */
E2_NODISCARD int e2_txn_mark(struct e2_txn *txn, unsigned *mark);
void e2_txn_rewind(struct e2_txn *txn, unsigned mark);
void e2_txn_release(struct e2_txn *txn, unsigned mark);

/* ends a mark by the result of what was done since: rewind on an error; returns err. */
int e2_txn_end(struct e2_txn *txn, unsigned mark, int err);

/*
 * A block to be changed.  FILL_READ: with what it holds; FILL_ZERO: zeros, for a block whose
 * old content does not matter.  Getting a block counts as changing it.
 */
E2_NODISCARD int e2_txn_get(struct e2_txn *txn, e2_blk blk, enum e2_fill fill,
			    struct e2_wbuf **buf);
void e2_txn_put(struct e2_txn *txn, struct e2_wbuf *buf);	/* NULL is fine */

/* Replaces whole blocks, for file data: cheap for many at once.  data NULL: zeros. */
E2_NODISCARD int e2_txn_write(struct e2_txn *txn, e2_blk blk, uint64_t count, const void *data);

/* What the transaction wrote to these blocks is of no interest (they were freed): they read
 * as in the image again and are not written at commit. */
E2_NODISCARD int e2_txn_forget(struct e2_txn *txn, e2_blk blk, uint64_t count);

struct e2_cache *e2_txn_cache(const struct e2_txn *txn);
const struct e2_commit *e2_txn_how(const struct e2_txn *txn);

/* ---- what has been changed -------------------------------------------------- */

/* The first run of blocks at or after blk that the transaction holds other content for;
 * 1, or 0 when none follows.  A block that was changed back counts. */
int e2_txn_changes(struct e2_txn *txn, e2_blk blk, struct e2_range *run);

/* Blocks as they are in the image, without the transaction. */
E2_NODISCARD int e2_cache_read_before(struct e2_cache *cache, e2_blk blk, uint64_t count,
				      void *data);

/* ---- what layers above remember ---------------------------------------------- */

/*
 * Something a layer has learnt about the volume and keeps as long as the transaction lasts:
 * released by free() at its end, and at every rewind unless it survives.
 */
struct e2_memo {
	const void *key;		/* an address of the layer's own */
	uint64_t id;			/* which of them: an inode */
	bool survives;			/* stays true, or harmless, when work is taken back */
	void (*free)(struct e2_memo *memo);
	struct e2_memo *next;		/* the transaction's */
};

/* One for a key and an id: a later one replaces it. */
struct e2_memo *e2_txn_memo(struct e2_txn *txn, const void *key, uint64_t id);	/* NULL: none */
void e2_txn_remember(struct e2_txn *txn, struct e2_memo *owned);
void e2_txn_unremember(struct e2_txn *txn, const void *key, uint64_t id);

#endif
