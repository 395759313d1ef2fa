/* SPDX-License-Identifier: MIT */
/*
 * What blocks lead to while a transaction is open, and reading through it.
 *
 * A slot may be overwritten as long as no undo log refers to it: when its content is not older
 * than the mark under which the new content was written.
 */
#include "cache/private.h"

#include <assert.h>
#include <string.h>

/* ---- the map ----------------------------------------------------------------- */

uint64_t e2_lead(const struct e2_txn *txn, e2_blk blk, uint64_t *count)
{
	struct e2_span span;

	if (!e2_ranges_next(txn->map, blk, &span))
		return E2_LEADS_HOME;
	if (span.key > blk) {
		if (*count > span.key - blk)
			*count = span.key - blk;
		return E2_LEADS_HOME;
	}
	if (*count > span.count)
		*count = span.count;
	return span.value;
}

uint64_t e2_lead_newest(const struct e2_txn *txn, e2_blk blk, uint64_t *count,
			struct buffer **dirty)
{
	uint64_t leads = e2_lead(txn, blk, count), n;

	*dirty = NULL;
	for (n = 0; leads != E2_LEADS_HOME && n < *count; n++) {
		struct buffer *b = e2_cache_find(txn->cache, blk + n);

		if (!b || b->state != BUFFER_DIRTY)
			continue;
		*dirty = n == 0 ? b : NULL;
		*count = n == 0 ? 1 : n;
		break;
	}
	return leads;
}

int e2_lead_reserve(struct e2_txn *txn)
{
	/* Each change in the middle of a span makes two more of it. */
	return e2_ranges_reserve(txn->map, 2 * txn->undo_count + 4);
}

void e2_lead_set(struct e2_txn *txn, e2_blk blk, uint64_t count, uint64_t value)
{
	int err = value == E2_LEADS_HOME ? e2_ranges_remove(txn->map, blk, count) :
					   e2_ranges_set(txn->map, blk, count, value);
	assert(err == 0);	/* reserved */
}

/* ---- buffers into slots --------------------------------------------------------- */

/* The epoch of the innermost mark that was open when something was written in an epoch. */
static uint64_t mark_of(const struct e2_txn *txn, uint64_t epoch)
{
	size_t i = txn->mark_count;

	while (i > 0 && txn->marks[i - 1].epoch > epoch)
		i--;
	return i > 0 ? txn->marks[i - 1].epoch : 0;
}

static int settle_anew(struct e2_txn *txn, struct buffer *b)
{
	uint64_t slot, got;
	int err = e2_lead_reserve(txn);

	if (!err)
		err = e2_store_take(txn->store, 1, &slot, &got);
	if (err)
		return err;
	err = e2_store_write(txn->store, slot, 1, b->bytes);
	if (err) {
		e2_store_give(txn->store, slot, 1);
		return err;
	}
	e2_store_set_tag(txn->store, slot, 1, b->epoch);
	e2_lead_set(txn, b->pub.blk, 1, slot);
	b->leads = slot;
	return 0;
}

int e2_overlay_settle(struct e2_txn *txn, struct buffer *b)
{
	int err;

	assert(b->state == BUFFER_DIRTY && b->leads != E2_LEADS_HOME);
	if (b->leads < E2_IN_BUFFER &&
	    e2_store_tag(txn->store, b->leads) >= mark_of(txn, b->epoch)) {
		err = e2_store_write(txn->store, b->leads, 1, b->bytes);
		if (!err)
			e2_store_set_tag(txn->store, b->leads, 1, b->epoch);
	} else {
		err = settle_anew(txn, b);
	}
	if (!err)
		e2_cache_cleaned(txn->cache, b);
	return err;
}

int e2_overlay_spill(struct e2_txn *txn)
{
	struct e2_cache *c = txn->cache;
	size_t most = c->buffers_max / 2;

	if (c->dirty_count <= most)
		return 0;
	/* Some more than need be, so that this is not for every block. */
	while (c->dirty_count > most - most / 4) {
		int err = e2_overlay_settle(txn, c->dirty.newer);

		if (err)
			return err;
	}
	return 0;
}

/* ---- reading ---------------------------------------------------------------------- */

/* Copies what the first of *count blocks lead to. */
static int read_some(struct e2_txn *txn, e2_blk blk, uint64_t *count, uint8_t *data)
{
	struct e2_cache *c = txn->cache;
	struct buffer *dirty;
	uint64_t leads = e2_lead_newest(txn, blk, count, &dirty);
	int err;

	if (dirty) {
		memcpy(data, dirty->bytes, c->block_size);
		return 0;
	}
	if (leads < E2_IN_BUFFER)
		return e2_store_read(txn->store, leads, *count, data);
	c->stats.reads++;
	c->stats.read_bytes += *count * c->block_size;
	mtx_unlock(&c->lock);
	err = e2_io_read(c->io, blk * c->block_size, (size_t)(*count * c->block_size), data);
	mtx_lock(&c->lock);
	return err;
}

int e2_overlay_read(struct e2_cache *c, e2_blk blk, uint64_t count, uint8_t *data)
{
	int err = 0;

	while (count > 0 && !err) {
		uint64_t n = count;

		err = read_some(c->txn, blk, &n, data);
		blk += n;
		count -= n;
		data += n * c->block_size;
	}
	return err;
}

/* A piece of what the transaction holds, of at most *count blocks; *count becomes its length.  In
 * memory, or NULL with the slot it begins at. */
static const uint8_t *piece(struct e2_txn *txn, e2_blk blk, uint64_t *count, uint64_t *slot)
{
	struct buffer *dirty;

	*slot = e2_lead_newest(txn, blk, count, &dirty);
	assert(*slot != E2_LEADS_HOME);
	return dirty ? dirty->bytes : e2_store_memory(txn->store, *slot, count);
}

int e2_txn_after(struct e2_txn *txn, e2_blk blk, uint64_t count, uint8_t *room,
		 const uint8_t **data, uint64_t *got)
{
	enum { ENOUGH_BYTES = 64 << 10 };	/* to be written without gathering more */
	struct e2_cache *c = txn->cache;
	uint64_t done = 0, n, slot;
	int err = 0;

	mtx_lock(&c->lock);
	for (*data = NULL; done < count && !err; done += n) {
		uint8_t *to = room + done * c->block_size;

		n = count - done;
		const uint8_t *bytes = piece(txn, blk + done, &n, &slot);
		bool enough = bytes && (n == count || n * c->block_size >= ENOUGH_BYTES);
		if (enough && done > 0)
			break;
		if (enough) {
			*data = bytes;
			done = n;
			break;
		}
		*data = room;
		if (bytes)
			memcpy(to, bytes, (size_t)(n * c->block_size));
		else
			err = e2_store_read(txn->store, slot, n, to);
	}
	mtx_unlock(&c->lock);
	*got = done;
	return err;
}
