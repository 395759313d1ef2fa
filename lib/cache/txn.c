/* SPDX-License-Identifier: MIT */
/*
 * A transaction at work: blocks are got and changed in their buffers, or written as a whole
 * into slots, and forgotten.
 *
 * Whoever changes what a block leads to holds the lock and has waited for who fills its buffer;
 * workers do not begin with a block that has been changed.  So no stale content comes in.
 * Everything that can fail comes before the first effect.
 */
#include "base/crc.h"
#include "base/grow.h"
#include "cache/private.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

struct e2_cache *e2_txn_cache(const struct e2_txn *txn)
{
	return txn->cache;
}

const struct e2_commit *e2_txn_how(const struct e2_txn *txn)
{
	return txn->how;
}

/* ---- what was read of the image ------------------------------------------------ */

int e2_txn_expected(const struct e2_txn *txn, e2_blk blk, uint32_t *sums)
{
	size_t sectors = txn->cache->block_size / E2_SECTOR;
	uint64_t first;

	if (!e2_map_get(txn->expected, blk, &first))
		return 0;
	memcpy(sums, txn->sums + first, sectors * sizeof(*sums));
	return 1;
}

/* Remembers the first look at a block of the image. */
static int expect(struct e2_txn *txn, const struct buffer *b)
{
	size_t sectors = txn->cache->block_size / E2_SECTOR;
	uint64_t first;

	if (e2_map_get(txn->expected, b->pub.blk, &first))
		return 0;
	uint32_t *sums = e2_grow(txn->sums, &txn->sum_cap, txn->sum_count + sectors, sizeof(*sums));
	if (!sums)
		return E2_ERR_NOMEM;
	txn->sums = sums;
	for (size_t i = 0; i < sectors; i++)
		sums[txn->sum_count + i] = e2_crc32(0, b->bytes + i * E2_SECTOR, E2_SECTOR);
	int err = e2_map_set(txn->expected, b->pub.blk, txn->sum_count);
	if (!err)
		txn->sum_count += sectors;
	return err;
}

/* ---- get, put --------------------------------------------------------------------- */

/* Takes down what the block of a pinned buffer leads to before it is changed. */
static int note_before(struct e2_txn *txn, struct buffer *b)
{
	uint64_t epoch = e2_mark_epoch(txn);

	if (b->state == BUFFER_DIRTY) {
		if (b->epoch >= epoch)
			return 0;
		int err = e2_overlay_settle(txn, b);
		if (err)
			return err;
	} else if (b->leads != E2_LEADS_HOME && e2_store_tag(txn->store, b->leads) >= epoch) {
		return 0;
	}
	return e2_mark_note(txn, b->pub.blk, 1, b->leads);
}

/* Makes a pinned buffer DIRTY; its content is the caller's then.  READING: a fresh one that nobody
 * has filled. */
static int make_dirty(struct e2_txn *txn, struct buffer *b)
{
	bool home = b->leads == E2_LEADS_HOME;
	int err = 0;

	if (home && b->state == BUFFER_CLEAN)
		err = expect(txn, b);
	if (!err)
		err = e2_lead_reserve(txn);
	if (!err)
		err = note_before(txn, b);
	if (err)
		return err;
	if (home) {
		b->leads = E2_IN_BUFFER + b->pub.blk;
		e2_lead_set(txn, b->pub.blk, 1, b->leads);
	}
	b->state = BUFFER_DIRTY;
	b->epoch = txn->epoch;
	return 0;
}

/* A pinned DIRTY buffer, with its old content or with anything. */
static int get_dirty(struct e2_txn *txn, e2_blk blk, bool filled, struct buffer **buf)
{
	struct e2_cache *c = txn->cache;
	struct buffer *b = e2_cache_find_filled(c, blk);
	uint64_t one = 1;
	int err;

	c->stats.gets++;
	if (filled || b) {
		err = e2_cache_pin(c, blk, &b);
		if (err)
			return err;
	} else {
		b = e2_cache_add(c, blk);
		if (!b)
			return e2_fail(E2_ERR_NOMEM, "no memory for block %" PRIu64, blk);
		b->leads = e2_lead(txn, blk, &one);
	}
	err = make_dirty(txn, b);
	if (err && b->state == BUFFER_READING)
		e2_cache_filled(c, b, false);
	if (err)
		e2_cache_unpin(c, b);
	else
		*buf = b;
	return err;
}

int e2_txn_get(struct e2_txn *txn, e2_blk blk, enum e2_fill fill, struct e2_wbuf **buf)
{
	struct e2_cache *c = txn->cache;
	int err = e2_cache_check(c, blk, 1);
	struct buffer *b;

	if (err)
		return err;
	mtx_lock(&c->lock);
	err = e2_overlay_spill(txn);
	if (!err)
		err = get_dirty(txn, blk, fill == E2_FILL_READ, &b);
	if (!err) {
		if (fill == E2_FILL_ZERO)
			memset(b->bytes, 0, c->block_size);
		txn->pins++;
		*buf = &b->writable;
	}
	mtx_unlock(&c->lock);
	return err;
}

void e2_txn_put(struct e2_txn *txn, struct e2_wbuf *buf)
{
	if (!buf)
		return;
	struct e2_cache *c = txn->cache;

	mtx_lock(&c->lock);
	assert(txn->pins > 0);
	txn->pins--;
	e2_cache_unpin(c, (struct buffer *)buf);
	mtx_unlock(&c->lock);
}

/* ---- whole blocks -------------------------------------------------------------------- */

static int fill_slots(struct e2_txn *txn, uint64_t slot, uint64_t count, const uint8_t *data)
{
	return data ? e2_store_write(txn->store, slot, count, data) :
		      e2_store_zero(txn->store, slot, count);
}

/* How many of count slots from the first on may be overwritten. */
static uint64_t count_young(const struct e2_txn *txn, uint64_t slot, uint64_t count)
{
	uint64_t epoch = e2_mark_epoch(txn), n = 0;

	while (n < count && e2_store_tag(txn->store, slot + n) >= epoch)
		n++;
	return n;
}

/* Writes the first of *count blocks, none of which has a buffer. */
static int write_slots(struct e2_txn *txn, e2_blk blk, uint64_t *count, const uint8_t *data)
{
	uint64_t leads = e2_lead(txn, blk, count), slot;
	int err;

	assert(leads < E2_IN_BUFFER || leads == E2_LEADS_HOME);
	if (leads != E2_LEADS_HOME) {
		uint64_t young = count_young(txn, leads, *count);

		if (young > 0) {
			*count = young;
			e2_store_set_tag(txn->store, leads, young, txn->epoch);
			return fill_slots(txn, leads, young, data);
		}
	}
	err = e2_lead_reserve(txn);
	if (!err)
		err = e2_store_take(txn->store, *count, &slot, count);
	if (err)
		return err;
	e2_store_set_tag(txn->store, slot, *count, txn->epoch);
	err = fill_slots(txn, slot, *count, data);
	if (!err)
		err = e2_mark_note(txn, blk, *count, leads);
	if (err)
		e2_store_give(txn->store, slot, *count);
	else
		e2_lead_set(txn, blk, *count, slot);
	return err;
}

/* Writes a block that has a buffer: who pins it sees it, and what is DIRTY stays so. */
static int write_buffer(struct e2_txn *txn, e2_blk blk, const uint8_t *data)
{
	struct e2_cache *c = txn->cache;
	struct buffer *b;
	int err = get_dirty(txn, blk, false, &b);

	if (err)
		return err;
	if (data)
		memcpy(b->bytes, data, c->block_size);
	else
		memset(b->bytes, 0, c->block_size);
	e2_cache_unpin(c, b);
	return 0;
}

static int write_some(struct e2_txn *txn, e2_blk blk, uint64_t *count, const uint8_t *data)
{
	struct e2_cache *c = txn->cache;
	uint64_t n = 0;
	int err = e2_overlay_spill(txn);

	if (err)
		return err;
	while (n < *count) {
		struct buffer *b = e2_cache_find(c, blk + n);

		if (b && b->pins == 0 && b->state == BUFFER_CLEAN)
			e2_cache_drop(c, blk + n);
		else if (b)
			break;
		n++;
	}
	*count = n > 0 ? n : 1;
	return n > 0 ? write_slots(txn, blk, count, data) : write_buffer(txn, blk, data);
}

int e2_txn_write(struct e2_txn *txn, e2_blk blk, uint64_t count, const void *data)
{
	struct e2_cache *c = txn->cache;
	int err = e2_cache_check(c, blk, count);
	const uint8_t *from = data;

	if (err)
		return err;
	mtx_lock(&c->lock);
	while (count > 0 && !err) {
		uint64_t n = count;

		err = write_some(txn, blk, &n, from);
		blk += n;
		count -= n;
		if (from)
			from += n * c->block_size;
	}
	mtx_unlock(&c->lock);
	return err;
}

/* ---- forgetting ------------------------------------------------------------------------ */

/*
 * The buffer of a block that will lead home again: who pins it will see the image.  What can
 * fail of that comes first.
 */
static int prepare_home(struct e2_txn *txn, const struct buffer *b)
{
	const struct e2_cache *c = txn->cache;

	if (b->pins == 0)
		return 0;
	return e2_io_read(c->io, b->pub.blk * c->block_size, c->block_size, txn->room);
}

static void buffer_home(struct e2_txn *txn, struct buffer *b)
{
	struct e2_cache *c = txn->cache;

	if (b->pins == 0) {
		e2_cache_drop(c, b->pub.blk);
		return;
	}
	memcpy(b->bytes, txn->room, c->block_size);
	b->leads = E2_LEADS_HOME;
	e2_cache_cleaned(c, b);
}

/* A block with a DIRTY buffer. */
static int forget_dirty(struct e2_txn *txn, struct buffer *b, uint64_t leads)
{
	uint64_t epoch = e2_mark_epoch(txn);
	e2_blk blk = b->pub.blk;
	int err;

	if (b->epoch < epoch)		/* a rewind wants it: into a slot, and from the start */
		return e2_overlay_settle(txn, b);
	err = e2_lead_reserve(txn);
	if (!err)
		err = prepare_home(txn, b);
	if (err)
		return err;
	buffer_home(txn, b);
	if (leads < E2_IN_BUFFER && e2_store_tag(txn->store, leads) >= epoch)
		e2_store_give(txn->store, leads, 1);
	e2_lead_set(txn, blk, 1, E2_LEADS_HOME);
	return 0;
}

/* The first of *count blocks, all in slots and without DIRTY buffers. */
static int forget_slots(struct e2_txn *txn, e2_blk blk, uint64_t *count, uint64_t slot)
{
	struct e2_cache *c = txn->cache;
	uint64_t young = count_young(txn, slot, *count), n = 1;
	struct buffer *b = e2_cache_find(c, blk);
	int err = e2_lead_reserve(txn);

	/* One that has a buffer, or as many as have none. */
	if (young > 0)
		*count = young;
	while (!b && n < *count && !e2_cache_find(c, blk + n))
		n++;
	*count = n;
	if (!err && b)
		err = prepare_home(txn, b);
	if (!err && young == 0)
		err = e2_mark_note(txn, blk, n, slot);
	if (err)
		return err;
	if (b)
		buffer_home(txn, b);
	if (young > 0)
		e2_store_give(txn->store, slot, n);
	e2_lead_set(txn, blk, n, E2_LEADS_HOME);
	return 0;
}

int e2_txn_forget(struct e2_txn *txn, e2_blk blk, uint64_t count)
{
	struct e2_cache *c = txn->cache;
	int err = e2_cache_check(c, blk, count);
	struct e2_span span;

	if (err)
		return err;
	mtx_lock(&c->lock);
	while (!err && e2_ranges_next(txn->map, blk, &span) && span.key - blk < count) {
		struct buffer *dirty;
		uint64_t n, leads;

		count -= span.key - blk;
		blk = span.key;
		n = count;
		leads = e2_lead_newest(txn, blk, &n, &dirty);
		err = dirty ? forget_dirty(txn, dirty, leads) : forget_slots(txn, blk, &n, leads);
	}
	mtx_unlock(&c->lock);
	return err;
}

/* ---- what has been changed ---------------------------------------------------------------- */

int e2_txn_changes(struct e2_txn *txn, e2_blk blk, struct e2_range *run)
{
	struct e2_span span;

	if (!e2_ranges_next(txn->map, blk, &span))
		return 0;
	*run = (struct e2_range){ span.key, span.count };
	while (e2_ranges_get(txn->map, run->blk + run->count, &span))
		run->count += span.count;
	return 1;
}
