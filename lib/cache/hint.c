/* SPDX-License-Identifier: MIT */
/*
 * Read-ahead: workers take ranges from a queue and read neighbours together.
 *
 * A hint is only ever a favour.  It is dropped when the queue is full, when half
 * the cache holds what was hinted and not yet asked for, without memory, and
 * when a read fails; whoever needs the block then reads it himself.
 */
#include "cache/private.h"

#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BYTES_MAX = 256 << 10 };

void e2_hint_stop(struct e2_cache *c)
{
	struct worker_queue *q = &c->queue;

	mtx_lock(&c->lock);
	q->stop = true;
	cnd_broadcast(&q->filled);
	mtx_unlock(&c->lock);
	for (unsigned i = 0; i < q->started; i++)
		thrd_join(q->threads[i], NULL);
	free(q->threads);
	q->threads = NULL;
	q->started = 0;
}

/* Whether a block is nothing for the workers: there already, or in the transaction, which knows
 * a newer content than the image. */
static bool is_held(const struct e2_cache *c, e2_blk blk)
{
	uint64_t one = 1;

	return e2_cache_find(c, blk) || (c->txn && e2_lead(c->txn, blk, &one) != E2_LEADS_HOME);
}

/* Makes buffers for the first blocks of a range that have none; returns how many. */
static size_t reserve(struct e2_cache *c, const struct e2_range *r, size_t max, struct buffer **to)
{
	size_t n = 0;

	while (n < max && n < r->count && c->hinted < c->buffers_max / 2 &&
	       !is_held(c, r->blk + n)) {
		to[n] = e2_cache_add(c, r->blk + n);
		if (!to[n])
			break;
		to[n]->hinted = true;
		c->hinted++;
		c->filling++;
		n++;
	}
	return n;
}

/* Reads one piece of a range, which must not be empty, and takes it off. */
static void read_piece(struct e2_cache *c, struct e2_range *r, uint8_t *bytes,
		       struct buffer **buffers, size_t max)
{
	size_t n = reserve(c, r, max, buffers);

	if (n == 0) {		/* there already; or the cache is busy */
		bool busy = !is_held(c, r->blk);

		c->stats.dropped += busy ? r->count : 0;
		r->blk++;
		r->count = busy ? 0 : r->count - 1;
		return;
	}
	c->stats.reads++;
	c->stats.read_bytes += n * c->block_size;
	mtx_unlock(&c->lock);
	int err = e2_io_read(c->io, r->blk * c->block_size, n * c->block_size, bytes);
	for (size_t i = 0; i < n && !err; i++)
		memcpy(buffers[i]->bytes, bytes + i * c->block_size, c->block_size);
	mtx_lock(&c->lock);
	for (size_t i = 0; i < n; i++) {
		e2_cache_filled(c, buffers[i], err == 0);
		e2_cache_unpin(c, buffers[i]);
	}
	c->filling -= n;
	r->blk += n;
	r->count -= n;
}

static int work(void *context)
{
	struct e2_cache *c = context;
	struct worker_queue *q = &c->queue;
	size_t max = READ_BYTES_MAX / c->block_size;
	uint8_t *bytes = malloc(max * c->block_size);
	struct buffer **buffers = malloc(max * sizeof(*buffers));

	mtx_lock(&c->lock);
	while (!q->stop) {
		if (q->count == 0) {
			cnd_wait(&q->filled, &c->lock);
			continue;
		}
		struct e2_range r = q->ranges[q->first];
		q->first = (q->first + 1) % QUEUE_RANGES;
		q->count--;
		if (!bytes || !buffers)
			c->stats.dropped += r.count;
		else
			while (r.count > 0 && !q->stop)
				read_piece(c, &r, bytes, buffers, max);
	}
	mtx_unlock(&c->lock);
	free(buffers);
	free(bytes);
	return 0;
}

/* Starts the workers when the first hint comes; fewer, or none, will do as well. */
static void start_workers(struct e2_cache *c)
{
	struct worker_queue *q = &c->queue;

	if (q->start_tried)
		return;
	q->start_tried = true;
	q->threads = calloc(c->workers, sizeof(*q->threads));
	while (q->threads && q->started < c->workers &&
	       e2_thread_start(&q->threads[q->started], work, c) == thrd_success)
		q->started++;
}

void e2_cache_hint(struct e2_cache *c, const struct e2_range *ranges, size_t count)
{
	struct worker_queue *q = &c->queue;

	if (c->workers == 0)
		return;
	mtx_lock(&c->lock);
	start_workers(c);
	for (size_t i = 0; i < count; i++) {
		struct e2_range r = ranges[i];

		if (r.blk >= c->blocks || r.count == 0)
			continue;
		if (r.count > c->blocks - r.blk)
			r.count = c->blocks - r.blk;
		c->stats.hints += r.count;
		if (q->count == QUEUE_RANGES || q->started == 0) {
			c->stats.dropped += r.count;
			continue;
		}
		q->ranges[(q->first + q->count++) % QUEUE_RANGES] = r;
		cnd_signal(&q->filled);
	}
	mtx_unlock(&c->lock);
}
