/* SPDX-License-Identifier: MIT */
/* The private form of the cache: shared by its two files, seen by nobody else. */
#ifndef E2_CACHE_PRIVATE_H
#define E2_CACHE_PRIVATE_H

#include "cache/cache.h"

#include <threads.h>

/*
 * READING: one thread fills it, others wait.  CLEAN: holds the block.
 * EMPTY: filling failed while others waited; the first of them tries again.
 */
enum buffer_state { BUFFER_EMPTY, BUFFER_READING, BUFFER_CLEAN };

struct buffer {
	struct e2_buf pub;		/* first: a pointer to it is a pointer to the buffer */
	uint8_t *bytes;			/* what pub.data shows */
	struct buffer *next;		/* in its hash chain */
	struct buffer *older, *newer;	/* in the LRU, while nobody pins it */
	uint32_t pins;
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

	mtx_t lock;			/* guards all that follows */
	cnd_t filled;			/* some buffer left READING */
	struct buffer **chains;
	size_t chain_count;		/* a power of two */
	size_t buffers;
	size_t pinned;			/* buffers with pins */
	size_t hinted;			/* buffers with the flag of this name */
	struct buffer oldest;		/* head of the circular LRU */
	struct worker_queue queue;
	struct e2_cache_stats stats;
};

/* All with the lock held. */
struct buffer *e2_cache_find(const struct e2_cache *c, e2_blk blk);
/* A buffer for a block that has none: READING, pinned once.  NULL: no memory. */
struct buffer *e2_cache_add(struct e2_cache *c, e2_blk blk);
void e2_cache_filled(struct e2_cache *c, struct buffer *b, bool good);	/* ends READING */
void e2_cache_unpin(struct e2_cache *c, struct buffer *b);

void e2_hint_stop(struct e2_cache *c);

#endif
