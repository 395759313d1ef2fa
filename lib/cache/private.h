/* SPDX-License-Identifier: MIT */
/*
 * The private form of the cache and of a transaction: shared by the files of this directory,
 * seen by nobody else.
 *
 * What a block leads to, its backing, is a slot of the transaction's store or the image.  A
 * buffer equals its backing or is newer.  Work is counted in epochs, one begun by every mark; what
 * was written in an epoch from a mark's on was written since that mark.
 */
#ifndef E2_CACHE_PRIVATE_H
#define E2_CACHE_PRIVATE_H

#include "base/map.h"
#include "base/ranges.h"
#include "cache/store.h"
#include "cache/txn.h"

#include <threads.h>

/*
 * READING: one thread fills it, others wait.  CLEAN: equals its backing.  DIRTY: newer.
 * EMPTY: filling failed while others waited; the first of them tries again.
 */
enum buffer_state { BUFFER_EMPTY, BUFFER_READING, BUFFER_CLEAN, BUFFER_DIRTY };

struct buffer {
	union {				/* first: a pointer to either is a pointer to the buffer */
		struct e2_buf pub;
		struct e2_wbuf writable;
	};
	uint8_t *bytes;			/* what both show */
	struct buffer *next;		/* in its hash chain */
	struct buffer *older, *newer;	/* in a ring, while nobody pins it */
	uint64_t leads;			/* what the block leads to (below) */
	uint64_t epoch;			/* DIRTY: when it was last written */
	uint32_t pins;
	uint32_t watch;			/* the last one that has counted it */
	uint8_t state;
	bool hinted;			/* filled by a worker, not yet asked for */
};

enum { QUEUE_RANGES = 256 };

struct worker_queue {
	struct e2_range ranges[QUEUE_RANGES];
	size_t first, count;
	cnd_t filled;			/* there is work, or it is time to stop */
	thrd_t *threads;
	unsigned started;
	bool start_tried, stop;
};

struct e2_cache {
	struct e2_io *io;
	uint32_t block_size;
	uint64_t blocks;		/* whole blocks of the image */
	size_t buffers_max;		/* how many may stay when nobody pins them */
	unsigned workers;
	struct e2_txn *txn;		/* the open one, or NULL */
	bool failed;			/* a commit is in doubt: nothing but close works */

	mtx_t lock;			/* guards all that follows */
	cnd_t filled;			/* some buffer left READING */
	struct buffer **chains;
	size_t chain_count;		/* a power of two */
	size_t buffers;
	size_t pinned;			/* buffers with pins */
	size_t filling;			/* buffers that workers fill */
	size_t hinted;			/* buffers with the flag of this name */
	struct buffer oldest;		/* head of the ring of CLEAN buffers, the LRU */
	struct buffer dirty;		/* head of the ring of DIRTY ones, oldest first */
	size_t dirty_count;		/* DIRTY buffers in that ring */
	struct worker_queue queue;
	uint32_t watch;			/* how many have begun */
	struct e2_cache_stats stats;
};

/* All with the lock held. */
struct buffer *e2_cache_find(const struct e2_cache *c, e2_blk blk);
/* A buffer for a block that has none: READING, pinned once.  NULL: no memory. */
struct buffer *e2_cache_add(struct e2_cache *c, e2_blk blk);
void e2_cache_filled(struct e2_cache *c, struct buffer *b, bool good);	/* ends READING */
/* A pinned buffer with the block's content, which is read if need be. */
int e2_cache_pin(struct e2_cache *c, e2_blk blk, struct buffer **b);
void e2_cache_unpin(struct e2_cache *c, struct buffer *b);
/* The buffer of a block, or NULL, after waiting for a worker who fills it. */
struct buffer *e2_cache_find_filled(struct e2_cache *c, e2_blk blk);
/* Removes the buffer of a block, if it has one, which nobody pins; waits as well. */
void e2_cache_drop(struct e2_cache *c, e2_blk blk);
void e2_cache_cleaned(struct e2_cache *c, struct buffer *b);	/* DIRTY to CLEAN */
void e2_cache_all_home(struct e2_cache *c);	/* the image holds what the buffers hold */

/* Without the lock.  E2_ERR_IO past the end, E2_ERR_DOUBT when a commit is in doubt. */
int e2_cache_check(const struct e2_cache *c, e2_blk blk, uint64_t count);

void e2_hint_stop(struct e2_cache *c);

/* ---- a transaction ----------------------------------------------------------- */

/*
 * What a block leads to: a slot, or one of these.  A block that is changed and has no slot is
 * in a DIRTY buffer: IN_BUFFER + blk, so that neighbours are one span of the map.
 */
#define E2_LEADS_HOME UINT64_MAX		/* unchanged: the image */
#define E2_IN_BUFFER (UINT64_C(1) << 63)

struct e2_before {			/* to be taken back by a rewind */
	e2_blk blk;
	uint64_t count;
	uint64_t slot;			/* the first of them; all of one epoch; or LEADS_HOME */
};

struct e2_mark {
	size_t first;			/* of the undo log that belongs to it */
	uint64_t epoch;			/* begun by it */
};

enum { MEMO_CHAINS = 16 };

struct e2_memos {
	struct e2_memo *few[MEMO_CHAINS];
	struct e2_memo **many;		/* once there are more */
	size_t chains;			/* a power of two */
	size_t count;
};

struct e2_txn {
	struct e2_cache *cache;
	const struct e2_commit *how;
	struct e2_store *store;		/* the tag of a slot: the epoch of its content */
	struct e2_ranges *map;		/* all changed blocks, to what they lead to */
	uint64_t epoch;
	struct e2_before *undo;		/* of all marks, oldest first */
	size_t undo_count, undo_cap;
	struct e2_mark *marks;
	size_t mark_count, mark_cap;
	struct e2_map *expected;	/* block, to the first of its sums */
	uint32_t *sums;
	size_t sum_count, sum_cap;
	uint8_t *room;			/* a block */
	size_t pins;			/* writable ones */
	const struct e2_undo *restores;	/* it takes changes back that are recorded there */
	struct e2_memos memos, surviving;
};

enum { TXN_MEMORY_BYTES = 32 << 20 };

/* e2_txn_open() with the environment for the scratch file (NULL: the host) and the bytes to be
 * kept in memory before it. */
int e2_txn_open_within(struct e2_cache *cache, const struct e2_commit *how, struct e2_env *env,
		       uint64_t memory_bytes, struct e2_txn **txn);

/* Overlay, with the lock held.  What the first of *count blocks leads to; *count becomes how
 * many lead on with it. */
uint64_t e2_lead(const struct e2_txn *txn, e2_blk blk, uint64_t *count);
/* The same, but stops at DIRTY buffers: *dirty is the buffer of blk (then *count is 1) or NULL. */
uint64_t e2_lead_newest(const struct e2_txn *txn, e2_blk blk, uint64_t *count,
			struct buffer **dirty);
/* Memory for a change of the map, and for all that rewinds need: to be had before each. */
int e2_lead_reserve(struct e2_txn *txn);
/* Lets blocks lead to slots or, with LEADS_HOME, home. */
void e2_lead_set(struct e2_txn *txn, e2_blk blk, uint64_t count, uint64_t value);
int e2_overlay_settle(struct e2_txn *txn, struct buffer *b);	/* puts a DIRTY one into a slot */
int e2_overlay_spill(struct e2_txn *txn);	/* settles while there are too many */
int e2_overlay_read(struct e2_cache *c, e2_blk blk, uint64_t count, uint8_t *data);

/* The epoch from which on things are written since the innermost mark. */
uint64_t e2_mark_epoch(const struct e2_txn *txn);
/* Takes down what blocks lead to, in one span from leads on, that nobody has changed since the
 * innermost mark.  On failure nothing is. */
int e2_mark_note(struct e2_txn *txn, e2_blk blk, uint64_t count, uint64_t leads);

void e2_memo_init(struct e2_memos *memos);
void e2_memo_clear(struct e2_memos *memos);	/* frees them all */

/* ---- for the commit: nothing else happens meanwhile; the lock is free ----------------- */

/*
 * What the transaction holds for blocks of a run of changes: the first *got of count, at
 * *data, which is memory of the transaction's or in room.  Small pieces are brought together.
 *
 * room  count blocks
 */
int e2_txn_after(struct e2_txn *txn, e2_blk blk, uint64_t count, uint8_t *room,
		 const uint8_t **data, uint64_t *got);

/* The sums (e2_crc32) of each sector of what was read of a block before it was changed; 1, or 0
 * when it was not. */
int e2_txn_expected(const struct e2_txn *txn, e2_blk blk, uint32_t *sums);

/*
 * Applies the changes of a transaction to its place (commit.h).  E2_ERR_DOUBT: after the commit
 * point; any other error: before it.  There is at least one change.
 */
int e2_commit_run(struct e2_txn *txn);
/* The same for a transaction without a place. */
int e2_commit_straight(struct e2_txn *txn);

#endif
