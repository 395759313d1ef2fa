/* SPDX-License-Identifier: MIT */
/*
 * Marks: what blocks led to before they were changed.
 *
 * The undo logs of all open marks are one array, the innermost mark's last.  An entry refers to
 * slots that are older than its mark; they are not overwritten and not given back as long as
 * it is there.  A rewind applies the entries backwards: that needs no memory but the room
 * in the map that was reserved with each entry, and no i/o, so it cannot fail.
 */
#include "base/grow.h"
#include "cache/private.h"

#include <assert.h>

uint64_t e2_mark_epoch(const struct e2_txn *txn)
{
	return txn->mark_count > 0 ? txn->marks[txn->mark_count - 1].epoch : 0;
}

/* Nobody holds a block but the workers who read ahead. */
static void assert_no_pins(struct e2_txn *txn)
{
	assert(txn->pins == 0);
	assert(txn->cache->pinned == txn->cache->filling);
}

int e2_txn_mark(struct e2_txn *txn, unsigned *mark)
{
	struct e2_mark *marks = e2_grow(txn->marks, &txn->mark_cap, txn->mark_count + 1,
					sizeof(*marks));

	if (!marks)
		return E2_ERR_NOMEM;
	txn->marks = marks;
	mtx_lock(&txn->cache->lock);
	assert_no_pins(txn);
	mtx_unlock(&txn->cache->lock);
	*mark = (unsigned)txn->mark_count;
	marks[txn->mark_count++] = (struct e2_mark){ txn->undo_count, ++txn->epoch };
	return 0;
}

/* ---- noting ------------------------------------------------------------------- */

/* How many of count slots hold content of the same epoch as the first. */
static uint64_t same_epoch(const struct e2_txn *txn, uint64_t slot, uint64_t count)
{
	uint64_t epoch = e2_store_tag(txn->store, slot), n = 1;

	while (n < count && e2_store_tag(txn->store, slot + n) == epoch)
		n++;
	return n;
}

static bool goes_on(const struct e2_txn *txn, const struct e2_before *last, e2_blk blk,
		    uint64_t slot)
{
	if (last->blk + last->count != blk)
		return false;
	if (last->slot == E2_LEADS_HOME || slot == E2_LEADS_HOME)
		return last->slot == slot;
	return last->slot + last->count == slot &&
	       e2_store_tag(txn->store, last->slot) == e2_store_tag(txn->store, slot);
}

static int add(struct e2_txn *txn, e2_blk blk, uint64_t count, uint64_t slot)
{
	const struct e2_mark *mark = &txn->marks[txn->mark_count - 1];

	if (txn->undo_count > mark->first) {
		struct e2_before *last = &txn->undo[txn->undo_count - 1];

		if (goes_on(txn, last, blk, slot)) {
			last->count += count;
			return 0;
		}
	}
	struct e2_before *undo = e2_grow(txn->undo, &txn->undo_cap, txn->undo_count + 1,
					 sizeof(*undo));
	if (!undo)
		return E2_ERR_NOMEM;
	txn->undo = undo;
	undo[txn->undo_count++] = (struct e2_before){ blk, count, slot };
	return e2_lead_reserve(txn);
}

int e2_mark_note(struct e2_txn *txn, e2_blk blk, uint64_t count, uint64_t leads)
{
	size_t undo_count = txn->undo_count;
	struct e2_before last = { 0 };
	int err = 0;

	if (txn->mark_count == 0)
		return 0;
	if (undo_count > 0)
		last = txn->undo[undo_count - 1];
	assert(leads < E2_IN_BUFFER || leads == E2_LEADS_HOME);
	while (count > 0 && !err) {
		uint64_t n = count;

		if (leads != E2_LEADS_HOME)
			n = same_epoch(txn, leads, n);
		err = add(txn, blk, n, leads);
		blk += n;
		count -= n;
		if (leads != E2_LEADS_HOME)
			leads += n;
	}
	if (err) {
		txn->undo_count = undo_count;
		if (undo_count > 0)
			txn->undo[undo_count - 1] = last;
	}
	return err;
}

/* ---- taking back ------------------------------------------------------------------- */

/* Buffers of blocks that lead elsewhere, or that are newer than what they lead to. */
static void drop_buffers(struct e2_txn *txn, e2_blk blk, uint64_t count, bool elsewhere)
{
	for (uint64_t i = 0; i < count; i++) {
		const struct buffer *b = e2_cache_find(txn->cache, blk + i);

		if (b && (elsewhere || b->state == BUFFER_DIRTY))
			e2_cache_drop(txn->cache, blk + i);
	}
}

static void take_back(struct e2_txn *txn, const struct e2_before *before, uint64_t epoch)
{
	for (uint64_t i = 0, n; i < before->count; i += n) {
		e2_blk blk = before->blk + i;
		uint64_t slot = before->slot == E2_LEADS_HOME ? E2_LEADS_HOME : before->slot + i;

		n = before->count - i;
		uint64_t leads = e2_lead(txn, blk, &n);
		drop_buffers(txn, blk, n, leads != slot);
		if (leads == slot)
			continue;
		if (leads < E2_IN_BUFFER) {
			assert(e2_store_tag(txn->store, leads) >= epoch);
			e2_store_give(txn->store, leads, n);
		}
		e2_lead_set(txn, blk, n, slot);
	}
}

void e2_txn_rewind(struct e2_txn *txn, unsigned mark)
{
	struct e2_cache *c = txn->cache;

	assert(mark + 1 == txn->mark_count);
	mtx_lock(&c->lock);
	assert_no_pins(txn);
	const struct e2_mark *m = &txn->marks[mark];
	while (txn->undo_count > m->first)
		take_back(txn, &txn->undo[--txn->undo_count], m->epoch);
	txn->mark_count--;
	mtx_unlock(&c->lock);
	e2_memo_clear(&txn->memos);
	if (txn->how->rewound)
		txn->how->rewound(txn->how->context);
}

/* ---- keeping ------------------------------------------------------------------------- */

/* As e2_lead(), but quick where there are buffers. */
static uint64_t lead_of(struct e2_txn *txn, e2_blk blk, uint64_t *count)
{
	const struct buffer *b = e2_cache_find(txn->cache, blk);

	if (!b)
		return e2_lead(txn, blk, count);
	*count = 1;
	return b->leads;
}

/* Gives back the slots of an entry, but for those that blocks lead to. */
static void give_back(struct e2_txn *txn, const struct e2_before *before)
{
	for (uint64_t i = 0, n; i < before->count; i += n) {
		n = before->count - i;
		if (lead_of(txn, before->blk + i, &n) != before->slot + i)
			e2_store_give(txn->store, before->slot + i, n);
	}
}

void e2_txn_release(struct e2_txn *txn, unsigned mark)
{
	struct e2_cache *c = txn->cache;

	assert(mark + 1 == txn->mark_count);
	mtx_lock(&c->lock);
	assert_no_pins(txn);
	size_t end = txn->undo_count;
	txn->undo_count = txn->marks[mark].first;
	txn->mark_count--;
	/* What the mark outside goes back to is older than it. */
	uint64_t outer = e2_mark_epoch(txn);
	for (size_t i = txn->undo_count; i < end; i++) {
		const struct e2_before *before = &txn->undo[i];
		bool home = before->slot == E2_LEADS_HOME;

		if (home ? txn->mark_count > 0 : e2_store_tag(txn->store, before->slot) < outer)
			txn->undo[txn->undo_count++] = *before;
		else if (!home)
			give_back(txn, before);
	}
	mtx_unlock(&c->lock);
}

int e2_txn_end(struct e2_txn *txn, unsigned mark, int err)
{
	if (err)
		e2_txn_rewind(txn, mark);
	else
		e2_txn_release(txn, mark);
	return err;
}
