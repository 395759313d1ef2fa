/* SPDX-License-Identifier: MIT */
/*
 * Buffers: a hash table of blocks, and two rings of those nobody pins: CLEAN ones, the
 * LRU, and DIRTY ones, which only the transaction settles.
 *
 * Invariants, while the lock is free: a buffer is in a ring exactly when its pins are 0, and
 * then it is CLEAN or DIRTY; the bytes of a CLEAN buffer never change; only a block that the open
 * transaction has changed is DIRTY, and nobody fills a buffer for a block whose backing changes.
 */
#include "cache/private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_MIN = 64, BUFFERS_MIN = 16 };

/* ---- the ring, the table -------------------------------------------------- */

static void ring_remove(struct e2_cache *c, struct buffer *b)
{
	b->older->newer = b->newer;
	b->newer->older = b->older;
	if (b->state == BUFFER_DIRTY)
		c->dirty_count--;
}

static void ring_add_newest(struct e2_cache *c, struct buffer *b)
{
	struct buffer *ring = b->state == BUFFER_DIRTY ? &c->dirty : &c->oldest;

	b->newer = ring;
	b->older = ring->older;
	b->older->newer = b;
	ring->older = b;
	if (b->state == BUFFER_DIRTY)
		c->dirty_count++;
}

static struct buffer **chain_of(const struct e2_cache *c, e2_blk blk)
{
	/* Multiplying spreads block numbers that share low bits (tables of groups). */
	uint64_t h = blk * UINT64_C(0x9e3779b97f4a7c15);

	return &c->chains[(h >> 32) & (c->chain_count - 1)];
}

struct buffer *e2_cache_find(const struct e2_cache *c, e2_blk blk)
{
	struct buffer *b = *chain_of(c, blk);

	while (b && b->pub.blk != blk)
		b = b->next;
	return b;
}

static void table_remove(struct e2_cache *c, struct buffer *b)
{
	struct buffer **link = chain_of(c, b->pub.blk);

	while (*link != b)
		link = &(*link)->next;
	*link = b->next;
	c->buffers--;
	if (b->hinted)
		c->hinted--;
}

/* Doubles the table; without memory for that, chains just get longer. */
static void table_grow(struct e2_cache *c)
{
	size_t old_count = c->chain_count;
	struct buffer **old = c->chains;
	struct buffer **chains = calloc(old_count * 2, sizeof(*chains));

	if (!chains)
		return;
	c->chains = chains;
	c->chain_count = old_count * 2;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct buffer *b = old[i];
			struct buffer **link = chain_of(c, b->pub.blk);

			old[i] = b->next;
			b->next = *link;
			*link = b;
		}
	}
	free(old);
}

/* ---- making and releasing buffers ------------------------------------------ */

static void buffer_free(struct buffer *b)
{
	free(b->bytes);
	free(b);
}

/* The memory of the oldest unpinned buffer when the cache is full, or new memory. */
static struct buffer *buffer_take(struct e2_cache *c)
{
	struct buffer *b = NULL;

	while (c->buffers - c->pinned >= c->buffers_max && c->oldest.newer != &c->oldest) {
		if (b)
			buffer_free(b);
		b = c->oldest.newer;
		ring_remove(c, b);
		table_remove(c, b);
	}
	if (b)
		return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->bytes = malloc(c->block_size);
	if (!b->bytes) {
		free(b);
		return NULL;
	}
	return b;
}

struct buffer *e2_cache_add(struct e2_cache *c, e2_blk blk)
{
	struct buffer *b = buffer_take(c);

	if (!b)
		return NULL;
	if (c->buffers >= c->chain_count)
		table_grow(c);
	uint8_t *bytes = b->bytes;
	struct buffer **link = chain_of(c, blk);
	*b = (struct buffer){
		.pub = { .blk = blk, .data = bytes }, .bytes = bytes, .next = *link,
		.leads = E2_LEADS_HOME, .pins = 1, .state = BUFFER_READING,
	};
	*link = b;
	c->buffers++;
	c->pinned++;
	return b;
}

void e2_cache_unpin(struct e2_cache *c, struct buffer *b)
{
	assert(b->pins > 0);
	if (--b->pins > 0)
		return;
	c->pinned--;
	if (b->state >= BUFFER_CLEAN) {
		ring_add_newest(c, b);
		if (c->buffers - c->pinned <= c->buffers_max || c->oldest.newer == &c->oldest)
			return;
		b = c->oldest.newer;
		ring_remove(c, b);
	}
	table_remove(c, b);
	buffer_free(b);
}

struct buffer *e2_cache_find_filled(struct e2_cache *c, e2_blk blk)
{
	struct buffer *b = e2_cache_find(c, blk);

	if (!b || b->state != BUFFER_READING)
		return b;
	b->pins++;		/* so that we are woken */
	while (b->state == BUFFER_READING)
		cnd_wait(&c->filled, &c->lock);
	e2_cache_unpin(c, b);
	return e2_cache_find(c, blk);
}

void e2_cache_drop(struct e2_cache *c, e2_blk blk)
{
	struct buffer *b = e2_cache_find_filled(c, blk);

	if (!b)
		return;
	assert(b->pins == 0);
	ring_remove(c, b);
	table_remove(c, b);
	buffer_free(b);
}

void e2_cache_cleaned(struct e2_cache *c, struct buffer *b)
{
	bool in_ring = b->pins == 0;

	if (in_ring)
		ring_remove(c, b);
	b->state = BUFFER_CLEAN;
	if (in_ring)
		ring_add_newest(c, b);
}

void e2_cache_filled(struct e2_cache *c, struct buffer *b, bool good)
{
	b->state = good ? BUFFER_CLEAN : BUFFER_EMPTY;
	if (b->pins > 1)	/* by somebody who waits */
		cnd_broadcast(&c->filled);
}

/* ---- open, close ------------------------------------------------------------ */

int e2_cache_open(struct e2_io *io, uint32_t block_size, size_t bytes, unsigned threads,
		  struct e2_cache **cache)
{
	struct e2_cache *c = calloc(1, sizeof(*c));

	if (!c)
		goto no_memory;
	c->chains = calloc(CHAINS_MIN, sizeof(struct buffer *));
	if (!c->chains)
		goto no_chains;
	if (mtx_init(&c->lock, mtx_plain) != thrd_success)
		goto no_lock;
	if (cnd_init(&c->filled) != thrd_success)
		goto no_cond;
	if (cnd_init(&c->queue.filled) != thrd_success)
		goto no_queue;
	c->io = io;
	c->block_size = block_size;
	c->blocks = io->size / block_size;
	c->buffers_max = bytes / block_size < BUFFERS_MIN ? BUFFERS_MIN : bytes / block_size;
	c->workers = threads;
	c->chain_count = CHAINS_MIN;
	c->oldest.older = c->oldest.newer = &c->oldest;
	c->dirty.older = c->dirty.newer = &c->dirty;
	*cache = c;
	return 0;

no_queue:
	cnd_destroy(&c->filled);
no_cond:
	mtx_destroy(&c->lock);
no_lock:
	free(c->chains);
no_chains:
	free(c);
no_memory:
	return e2_fail(E2_ERR_NOMEM, "no memory for a cache of blocks");
}

void e2_cache_close(struct e2_cache *c)
{
	if (!c)
		return;
	e2_hint_stop(c);
	assert(c->pinned == 0 && !c->txn);
	while (c->oldest.newer != &c->oldest) {
		struct buffer *b = c->oldest.newer;

		ring_remove(c, b);
		buffer_free(b);
	}
	cnd_destroy(&c->queue.filled);
	cnd_destroy(&c->filled);
	mtx_destroy(&c->lock);
	free(c->chains);
	free(c);
}

void e2_cache_renew(struct e2_cache *c)
{
	mtx_lock(&c->lock);
	assert(!c->txn && c->pinned == c->filling);
	/* What workers begin to read from now on is new; what they began before is waited for. */
	for (size_t i = 0; i < c->chain_count; i++) {
		while (c->chains[i])
			e2_cache_drop(c, c->chains[i]->pub.blk);
	}
	c->blocks = c->io->size / c->block_size;
	mtx_unlock(&c->lock);
}

/* ---- get, put, read ----------------------------------------------------------- */

int e2_cache_check(const struct e2_cache *c, e2_blk blk, uint64_t count)
{
	if (c->failed)
		return e2_fail(E2_ERR_DOUBT, "%s: an earlier commit failed half-way",
			       c->io->name);
	if (blk < c->blocks && count <= c->blocks - blk)
		return 0;
	return e2_fail(E2_ERR_IO, "block %" PRIu64 " lies past the end of the image, which holds %"
		       PRIu64 " blocks of %" PRIu32 " bytes", blk < c->blocks ? c->blocks : blk,
		       c->blocks, c->block_size);
}

/* Fills a READING buffer that the caller has pinned; the lock may be free meanwhile. */
static int fill(struct e2_cache *c, struct buffer *b)
{
	uint64_t one = 1;
	int err;

	b->leads = c->txn ? e2_lead(c->txn, b->pub.blk, &one) : E2_LEADS_HOME;
	if (b->leads != E2_LEADS_HOME) {
		err = e2_store_read(c->txn->store, b->leads, 1, b->bytes);
	} else {
		c->stats.reads++;
		c->stats.read_bytes += c->block_size;
		mtx_unlock(&c->lock);
		err = e2_io_read(c->io, b->pub.blk * c->block_size, c->block_size, b->bytes);
		mtx_lock(&c->lock);
	}
	e2_cache_filled(c, b, err == 0);
	if (err)
		e2_cache_unpin(c, b);
	return err;
}

/* Pins a block that has a buffer, waiting for who fills it. */
static int pin(struct e2_cache *c, struct buffer *b)
{
	if (b->pins++ == 0) {
		ring_remove(c, b);
		c->pinned++;
	}
	if (b->hinted) {
		b->hinted = false;
		c->hinted--;
	}
	while (b->state == BUFFER_READING)
		cnd_wait(&c->filled, &c->lock);
	if (b->state >= BUFFER_CLEAN) {
		c->stats.hits++;
		return 0;
	}
	b->state = BUFFER_READING;
	return fill(c, b);
}

int e2_cache_pin(struct e2_cache *c, e2_blk blk, struct buffer **b)
{
	*b = e2_cache_find(c, blk);
	if (*b)
		return pin(c, *b);
	*b = e2_cache_add(c, blk);
	return *b ? fill(c, *b) : e2_fail(E2_ERR_NOMEM, "no memory to read block %" PRIu64, blk);
}

int e2_cache_get(struct e2_cache *c, e2_blk blk, const struct e2_buf **buf)
{
	int err = e2_cache_check(c, blk, 1);
	struct buffer *b;

	if (err)
		return err;
	mtx_lock(&c->lock);
	c->stats.gets++;
	err = e2_cache_pin(c, blk, &b);
	if (!err && b->watch != c->watch) {
		b->watch = c->watch;
		c->stats.watched++;
	}
	mtx_unlock(&c->lock);
	if (!err)
		*buf = &b->pub;
	return err;
}

void e2_cache_put(struct e2_cache *c, const struct e2_buf *buf)
{
	if (!buf)
		return;
	/* The bytes are read-only to the caller; the buffer around them is ours. */
	struct buffer *b = (struct buffer *)(uintptr_t)buf;

	mtx_lock(&c->lock);
	e2_cache_unpin(c, b);
	mtx_unlock(&c->lock);
}

void e2_cache_all_home(struct e2_cache *c)
{
	while (c->dirty.newer != &c->dirty)
		e2_cache_cleaned(c, c->dirty.newer);
	for (size_t i = 0; i < c->chain_count; i++) {
		for (struct buffer *b = c->chains[i]; b; b = b->next)
			b->leads = E2_LEADS_HOME;
	}
}

/*
 * Serves a read from buffers when every block has one: what hints brought in
 * is not read again.  With the lock held; says whether it did.
 */
static bool read_buffered(struct e2_cache *c, e2_blk blk, uint64_t count, uint8_t *to)
{
	if (c->hinted == 0 || count > c->buffers)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		if (!e2_cache_find(c, blk + i))
			return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct buffer *b = e2_cache_find(c, blk + i);

		/* Waiting lets go of the lock: a later block may have left by then. */
		if (!b || pin(c, b) != 0)
			return false;
		mtx_unlock(&c->lock);
		memcpy(to + i * c->block_size, b->bytes, c->block_size);
		mtx_lock(&c->lock);
		e2_cache_unpin(c, b);
	}
	return true;
}

int e2_cache_read(struct e2_cache *c, e2_blk blk, uint64_t count, void *data)
{
	int err = e2_cache_check(c, blk, count);

	if (err)
		return err;
	mtx_lock(&c->lock);
	bool done = read_buffered(c, blk, count, data);
	if (!done && c->txn) {
		err = e2_overlay_read(c, blk, count, data);
		done = true;
	}
	if (!done) {
		c->stats.reads++;
		c->stats.read_bytes += count * c->block_size;
	}
	mtx_unlock(&c->lock);
	if (done)
		return err;
	return e2_io_read(c->io, blk * c->block_size, (size_t)(count * c->block_size), data);
}

int e2_cache_read_before(struct e2_cache *c, e2_blk blk, uint64_t count, void *data)
{
	int err = e2_cache_check(c, blk, count);

	if (err)
		return err;
	return e2_io_read(c->io, blk * c->block_size, (size_t)(count * c->block_size), data);
}

void e2_cache_watch(struct e2_cache *c)
{
	mtx_lock(&c->lock);
	c->watch++;
	c->stats.watched = 0;
	mtx_unlock(&c->lock);
}

void e2_cache_stats(struct e2_cache *c, struct e2_cache_stats *stats)
{
	mtx_lock(&c->lock);
	*stats = c->stats;
	mtx_unlock(&c->lock);
}
