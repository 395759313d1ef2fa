/* SPDX-License-Identifier: MIT */
/* How a transaction begins and how it ends. */
#include "cache/private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- beginning ----------------------------------------------------------------- */

static void txn_free(struct e2_txn *txn)
{
	e2_store_free(txn->store);
	e2_ranges_free(txn->map);
	e2_map_free(txn->expected);
	free(txn->undo);
	free(txn->marks);
	free(txn->sums);
	free(txn->room);
	free(txn);
}

int e2_txn_open_within(struct e2_cache *c, const struct e2_commit *how, struct e2_env *env,
		       uint64_t memory_bytes, struct e2_txn **result)
{
	int err = e2_cache_check(c, 0, 0);

	if (err)
		return err;
	if (c->txn)
		return e2_fail(E2_ERR_BUSY, "%s: a transaction is open", c->io->name);
	if (!c->io->writable && !how->dry)
		return e2_fail(E2_ERR_ROFS, "%s", c->io->name);
	struct e2_txn *txn = calloc(1, sizeof(*txn));
	if (!txn)
		return e2_fail(E2_ERR_NOMEM, "no memory for a transaction");
	txn->cache = c;
	txn->how = how;
	e2_memo_init(&txn->memos);
	e2_memo_init(&txn->surviving);
	txn->room = malloc(c->block_size);
	err = txn->room ? e2_store_new(env, c->block_size, memory_bytes, &txn->store) :
			  e2_fail(E2_ERR_NOMEM, "no memory for a transaction");
	if (!err)
		err = e2_ranges_new(&txn->map);
	if (!err)
		err = e2_map_new(&txn->expected);
	if (err) {
		txn_free(txn);
		return err;
	}
	mtx_lock(&c->lock);
	c->txn = txn;
	mtx_unlock(&c->lock);
	*result = txn;
	return 0;
}

int e2_txn_open(struct e2_cache *c, const struct e2_commit *how, struct e2_txn **txn)
{
	struct e2_env *env = how->place ? e2_image_env(how->place->image) : NULL;

	return e2_txn_open_within(c, how, env, TXN_MEMORY_BYTES, txn);
}

/* ---- ending -------------------------------------------------------------------- */

/* Buffers of changed blocks go: what they hold has never been. */
static void drop_changed(struct e2_txn *txn)
{
	struct e2_cache *c = txn->cache;
	struct e2_span span;

	for (e2_blk blk = 0; e2_ranges_next(txn->map, blk, &span); blk = span.key + span.count) {
		for (uint64_t i = 0; i < span.count; i++)
			e2_cache_drop(c, span.key + i);
	}
}

static void end(struct e2_txn *txn, bool committed)
{
	const struct e2_commit *how = txn->how;
	struct e2_cache *c = txn->cache;

	mtx_lock(&c->lock);
	assert(txn->pins == 0 && c->pinned == c->filling);
	if (committed)
		e2_cache_all_home(c);
	else
		drop_changed(txn);
	c->txn = NULL;
	mtx_unlock(&c->lock);
	e2_memo_clear(&txn->memos);
	e2_memo_clear(&txn->surviving);
	txn_free(txn);
	if (how->ended)
		how->ended(how->context, committed);
}

void e2_txn_abort(struct e2_txn *txn)
{
	if (txn)
		end(txn, false);
}

/* Writes the first blocks of a run, at most those that room holds, and takes them off.  Without
 * a log there is no way back from the first write on. */
static int write_home(struct e2_txn *txn, struct e2_range *run, uint8_t *room, uint64_t room_blocks,
		      bool *begun)
{
	uint32_t block_size = txn->cache->block_size;
	uint64_t n = run->count < room_blocks ? run->count : room_blocks;
	const uint8_t *data;
	int err = e2_txn_after(txn, run->blk, n, room, &data, &n);

	if (err)
		return err;
	*begun = true;
	err = e2_io_write(txn->cache->io, run->blk * block_size, (size_t)(n * block_size), data);
	run->blk += n;
	run->count -= n;
	return err;
}

int e2_commit_straight(struct e2_txn *txn)
{
	enum { ROOM_BYTES = 1 << 20 };
	uint64_t room_blocks = ROOM_BYTES / txn->cache->block_size;
	uint8_t *room = malloc(ROOM_BYTES);
	struct e2_range run = { 0 };
	bool begun = false;
	int err = 0;

	if (!room)
		return e2_fail(E2_ERR_NOMEM, "no memory to commit");
	while (!err && e2_txn_changes(txn, run.blk, &run))
		err = write_home(txn, &run, room, room_blocks, &begun);
	if (!err)
		err = e2_io_sync(txn->cache->io);
	free(room);
	return err && begun ? E2_ERR_DOUBT : err;
}

static int commit(struct e2_txn *txn)
{
	const struct e2_commit *how = txn->how;
	struct e2_range run;
	int err = 0;

	if (how->dry)
		return e2_fail(E2_ERR_ROFS, "%s: a trial run is never committed",
			       txn->cache->io->name);
	if (!e2_txn_changes(txn, 0, &run))
		return 0;
	/* What takes a change back leaves the image as it was, times included. */
	if (how->seal && !txn->restores)
		err = how->seal(how->context, txn);
	if (err)
		return err;
	return how->place ? e2_commit_run(txn) : e2_commit_straight(txn);
}

int e2_txn_commit(struct e2_txn *txn)
{
	assert(txn->mark_count == 0);
	int err = commit(txn);

	if (err == E2_ERR_DOUBT)
		txn->cache->failed = true;
	end(txn, err == 0);
	return err;
}
