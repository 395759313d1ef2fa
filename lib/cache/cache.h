/* SPDX-License-Identifier: MIT */
/*
 * Blocks of an image in memory.  Here they are read-only; cache/txn.h changes them.
 *
 * A buffer is EMPTY -> READING -> CLEAN, and DIRTY while a transaction holds newer bytes in it.
 * get pins it: pinned memory never moves, and changes only by the transaction.  put unpins;
 * unpinned clean buffers form the LRU and go when the cache is over its size.  Several
 * threads may get and put at once, but not while a function of a transaction runs.
 *
 * A hint queues blocks for the read-ahead workers, which read neighbours in one
 * call.  Hints may be dropped (queue full, half the cache in use, no workers)
 * and never change a result: a failed hint leaves the buffer EMPTY, and the get
 * reads again and reports.
 */
#ifndef E2_CACHE_CACHE_H
#define E2_CACHE_CACHE_H

#include "io/io.h"

typedef uint64_t e2_blk;	/* physical block number; 0 is "none" */

struct e2_cache;

struct e2_buf {			/* pinned, read-only */
	e2_blk blk;
	const uint8_t *data;	/* block_size bytes */
};

struct e2_range {		/* count blocks from blk on */
	e2_blk blk;
	uint64_t count;
};

/*
 * io          borrowed; must outlive the cache
 * block_size  bytes, a power of two from 512
 * bytes       how much unpinned memory it may keep
 * threads     read-ahead workers; 0: hints are ignored
 */
int e2_cache_open(struct e2_io *io, uint32_t block_size, size_t bytes, unsigned threads,
		  struct e2_cache **cache);

/* All buffers must have been put (asserted). */
void e2_cache_close(struct e2_cache *cache);

/* E2_ERR_IO when the block lies past the end of the image or cannot be read; E2_ERR_NOMEM. */
E2_NODISCARD int e2_cache_get(struct e2_cache *cache, e2_blk blk, const struct e2_buf **buf);
void e2_cache_put(struct e2_cache *cache, const struct e2_buf *buf);	/* NULL is fine */

/*
 * Copies blocks past the cache into the caller's memory, in one read: for file
 * data and whole tables, which are looked at once.
 */
E2_NODISCARD int e2_cache_read(struct e2_cache *cache, e2_blk blk, uint64_t count, void *data);

/* Forgets what was read: somebody else has changed the image.  No block is pinned and no
 * transaction is open (asserted). */
void e2_cache_renew(struct e2_cache *cache);

void e2_cache_hint(struct e2_cache *cache, const struct e2_range *ranges, size_t count);

struct e2_cache_stats {
	uint64_t gets, hits, reads, read_bytes, hints, dropped;
	uint64_t watched;	/* different blocks got since e2_cache_watch */
};
void e2_cache_stats(struct e2_cache *cache, struct e2_cache_stats *stats);
/* Counts watched from 0 again: as many blocks an empty cache would read.  One that leaves the
 * cache meanwhile and comes back counts twice. */
void e2_cache_watch(struct e2_cache *cache);

#endif
