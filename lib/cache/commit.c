/* SPDX-License-Identifier: MIT */
/*
 * A commit: first a look at every block, which changes nothing, then the steps of commit.h.
 * Blocks that turn out to hold in the image already what they should are left alone.
 */
#include "cache/private.h"
#include "cache/redo_file.h"
#include "cache/undo_file.h"

#include "base/crc.h"
#include "base/grow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct plan {
	struct e2_txn *txn;
	const struct e2_commit *how;
	struct e2_io *io;
	uint32_t size;				/* of a block */
	uint64_t piece;				/* blocks at once */
	uint8_t *will, *is;			/* a piece of each */

	struct e2_range *home;			/* free before: they go home at once */
	size_t homes, homes_cap;
	e2_blk *blk;				/* all others, ascending */
	uint32_t *before;			/* sums of their sectors as they stand there */
	size_t count, cap, before_cap;
	bool differs;				/* one of these changes something */
	bool wrote;				/* to the image */
};

static int no_memory(void)
{
	return e2_fail(E2_ERR_NOMEM, "no memory to commit a change");
}

static int plan_begin(struct plan *p, struct e2_txn *txn)
{
	struct e2_cache *c = e2_txn_cache(txn);

	*p = (struct plan){
		.txn = txn, .how = e2_txn_how(txn), .io = c->io, .size = c->block_size,
		.piece = e2_redo_piece(c->block_size),
	};
	p->will = malloc((size_t)p->piece * p->size);
	p->is = malloc((size_t)p->piece * p->size);
	return p->will && p->is ? 0 : no_memory();
}

static void plan_end(struct plan *p)
{
	free(p->will);
	free(p->is);
	free(p->home);
	free(p->blk);
	free(p->before);
}

/* ---- what the transaction holds --------------------------------------------------- */

/* Blocks of one run of changes as the transaction has them; data has room for them. */
static int read_after(void *context, e2_blk blk, uint64_t count, void *data)
{
	const struct plan *p = context;
	uint8_t *to = data;

	while (count != 0) {
		const uint8_t *from;
		uint64_t got;
		int err = e2_txn_after(p->txn, blk, count, to, &from, &got);

		if (err)
			return err;
		if (from != to)
			memcpy(to, from, (size_t)got * p->size);
		to += got * p->size;
		blk += got;
		count -= got;
	}
	return 0;
}

/* Writes a run of changes home in large pieces. */
static int write_run(struct plan *p, e2_blk blk, uint64_t count)
{
	int err = 0;

	while (!err && count != 0) {
		uint64_t n = count < p->piece ? count : p->piece, got;
		const uint8_t *from;

		err = e2_txn_after(p->txn, blk, n, p->will, &from, &got);
		if (!err && got < n) {
			if (from != p->will)
				memcpy(p->will, from, (size_t)got * p->size);
			err = read_after(p, blk + got, n - got, p->will + got * p->size);
			from = p->will;
		}
		if (!err)
			err = e2_io_write(p->io, blk * p->size, (size_t)n * p->size, from);
		blk += n;
		count -= n;
	}
	return err;
}

/* ---- the look at every block --------------------------------------------------------- */

static bool is_guard_block(const struct plan *p, e2_blk blk)
{
	return p->how->guard && p->how->guard_offset / p->size == blk;
}

/* Whether a block may be written before the commit point: nobody misses what it held. */
static int goes_home(const struct plan *p, e2_blk blk, bool *home)
{
	struct e2_undo *undo = p->how->place->undo;
	int err;

	*home = false;
	if (!p->how->was_free || p->txn->restores || is_guard_block(p, blk) ||
	    (undo && e2_undo_needs(undo, blk)))
		return 0;
	err = p->how->was_free(p->how->context, blk, home);
	if (err)
		*home = false;
	return err;
}

static int add_home(struct plan *p, e2_blk blk)
{
	struct e2_range *last = p->homes ? &p->home[p->homes - 1] : NULL;
	struct e2_range *list;

	if (last && last->blk + last->count == blk) {
		last->count++;
		return 0;
	}
	list = e2_grow(p->home, &p->homes_cap, p->homes + 1, sizeof(*list));
	if (!list)
		return no_memory();
	p->home = list;
	p->home[p->homes++] = (struct e2_range){ .blk = blk, .count = 1 };
	return 0;
}

/* Adds a block to those that are logged unless it holds already what it should. */
static int add_logged(struct plan *p, e2_blk blk, const uint8_t *is, const uint8_t *will)
{
	size_t sectors = p->size / E2_SECTOR;
	bool same = memcmp(is, will, p->size) == 0;
	uint32_t *sums;
	e2_blk *list;

	if (same && !is_guard_block(p, blk))
		return 0;
	list = e2_grow(p->blk, &p->cap, p->count + 1, sizeof(*list));
	if (!list)
		return no_memory();
	p->blk = list;
	sums = e2_grow(p->before, &p->before_cap, (p->count + 1) * sectors, sizeof(*sums));
	if (!sums)
		return no_memory();
	p->before = sums;
	for (size_t s = 0; s < sectors; s++)
		sums[p->count * sectors + s] = e2_crc32(0, is + s * E2_SECTOR, E2_SECTOR);
	p->blk[p->count++] = blk;
	p->differs = p->differs || !same;
	return 0;
}

/* Proves that the image holds still what the transaction read of a block. */
static int check_unchanged(const struct plan *p, e2_blk blk, const uint8_t *is)
{
	uint32_t expected[65536 / E2_SECTOR];

	if (!e2_txn_expected(p->txn, blk, expected))
		return 0;
	for (size_t s = 0; s < p->size / E2_SECTOR; s++) {
		if (e2_crc32(0, is + s * E2_SECTOR, E2_SECTOR) != expected[s])
			return e2_fail(E2_ERR_CHANGED, "%s: block %" PRIu64 " was changed by "
				       "somebody else since it was read; nothing was written",
				       p->io->name, blk);
	}
	return 0;
}

/* Looks at blocks, at most a piece, that are to be logged. */
static int look_at_logged(struct plan *p, e2_blk blk, uint64_t count)
{
	int err = e2_io_read(p->io, blk * p->size, (size_t)count * p->size, p->is);

	if (!err)
		err = read_after(p, blk, count, p->will);
	for (uint64_t i = 0; !err && i < count; i++) {
		err = check_unchanged(p, blk + i, p->is + i * p->size);
		if (!err)
			err = add_logged(p, blk + i, p->is + i * p->size, p->will + i * p->size);
	}
	return err;
}

static int look_at_run(struct plan *p, const struct e2_range *run)
{
	e2_blk end = run->blk + run->count;
	e2_blk logged = run->blk;		/* from here to blk they are to be logged */
	int err = 0;

	for (e2_blk blk = run->blk; !err && blk < end; blk++) {
		bool home;

		err = goes_home(p, blk, &home);
		if (err)
			break;
		if (blk - logged == p->piece || (home && blk > logged)) {
			err = look_at_logged(p, logged, blk - logged);
			logged = blk;
		}
		if (!err && home) {
			err = add_home(p, blk);
			logged = blk + 1;
		}
	}
	if (!err && end > logged)
		err = look_at_logged(p, logged, end - logged);
	return err;
}

/* The guarded sector is written by every commit, so its block takes part in it. */
static int take_guard_block(struct plan *p)
{
	struct e2_wbuf *buf;
	int err;

	if (!p->how->guard)
		return 0;
	err = e2_txn_get(p->txn, p->how->guard_offset / p->size, E2_FILL_READ, &buf);
	if (!err)
		e2_txn_put(p->txn, buf);
	return err;
}

static int look(struct plan *p)
{
	struct e2_range run = { .blk = 0 };
	int err = take_guard_block(p);
	int r = 0;

	while (!err && (r = e2_txn_changes(p->txn, run.blk + run.count, &run)) > 0)
		err = look_at_run(p, &run);
	return err ? err : r;
}

/* ---- the steps ---------------------------------------------------------------------- */

static int write_free(struct plan *p)
{
	int err = 0;

	p->wrote = p->homes != 0;
	for (size_t i = 0; !err && i < p->homes; i++)
		err = write_run(p, p->home[i].blk, p->home[i].count);
	return err || p->homes == 0 ? err : e2_io_sync(p->io);
}

/* After the commit point there is no way back: a full disk must be noticed before it. */
static int reserve_logged(struct plan *p)
{
	int err = 0;

	p->wrote = true;	/* the host may count it as a change */
	for (size_t i = 0, n; !err && i < p->count; i += n) {
		for (n = 1; i + n < p->count && p->blk[i + n] == p->blk[i] + n;)
			n++;
		err = e2_io_reserve(p->io, p->blk[i] * p->size, n * p->size);
	}
	return err;
}

static int make_head(struct plan *p, struct e2_redo_head *head)
{
	*head = (struct e2_redo_head){
		.block_size = p->size, .offset = e2_image_offset(p->how->place->image),
		.size = p->io->size, .count = p->count, .guards = p->how->guard != NULL,
		.guard_offset = p->how->guard_offset,
	};
	memcpy(head->identity, p->how->identity, sizeof(head->identity));
	if (!head->guards)
		return 0;
	int err = read_after(p, head->guard_offset / p->size, 1, p->will);
	if (err)
		return err;
	memcpy(head->guarded, p->will + head->guard_offset % p->size, E2_SECTOR);
	p->how->guard(head->guarded);
	return 0;
}

/* Steps 2 to 6. */
static int write_logged(struct plan *p)
{
	const struct e2_commit_place *place = p->how->place;
	const struct e2_redo_blocks blocks = {
		.blk = p->blk, .before = p->before, .context = p, .read = read_after,
	};
	struct e2_undo *undo = place->undo != p->txn->restores ? place->undo : NULL;
	struct e2_redo_log *log = NULL;
	struct e2_redo_head head;
	int err = make_head(p, &head);

	if (!err)
		err = e2_redo_clear(e2_image_env(place->image), place->log_path);
	if (!err)
		err = reserve_logged(p);
	if (!err && undo)
		err = e2_undo_append(undo, p->txn, p->io, &head, &blocks);
	if (err)
		return err;
	err = e2_redo_create(e2_image_env(place->image), place->log_path, &head, &blocks, &log);
	if (err) {
		if (undo && err != E2_ERR_DOUBT)
			e2_undo_retract(undo);
		return err;
	}
	err = e2_redo_apply(place->image, log, place->log_path);
	e2_redo_free(log);
	if (err) {
		struct e2_str why = E2_STR_INIT;

		e2_str_add(&why, e2_err_detail());
		err = e2_fail(E2_ERR_DOUBT, "%s; the change was not completed, but opening the "
			      "image again completes it", e2_str_text(&why));
		e2_str_free(&why);
	}
	return err;
}

static int check_place(const struct plan *p)
{
	struct e2_str why = E2_STR_INIT;
	int r = e2_image_in_use(p->how->place->image, &why);

	if (r > 0)
		r = e2_fail(E2_ERR_BUSY, "%s: %s; nothing was changed", p->io->name,
			    e2_str_text(&why));
	e2_str_free(&why);
	return r;
}

/* Somebody may have changed what was read and is not replaced. */
static int check_stamp(const struct plan *p)
{
	const struct e2_stamp *was = p->how->place->stamp;
	struct e2_stamp is;

	if (!was)
		return 0;
	int err = e2_image_stamp(p->how->place->image, &is);
	if (!err && (is.size != was->size || is.mtime != was->mtime))
		err = e2_fail(E2_ERR_CHANGED, "%s: was changed by somebody else since it was read; "
			      "nothing was written", p->io->name);
	return err;
}

/* Being written, the image has another time already; touching makes it one it never had. */
static void renew_stamp(const struct plan *p, int err)
{
	struct e2_stamp *stamp = p->how->place->stamp;
	struct e2_str why = E2_STR_INIT;
	struct e2_stamp is;

	if (err)
		e2_str_add(&why, e2_err_detail());
	(void)e2_image_touch(p->how->place->image);
	if (stamp && e2_image_stamp(p->how->place->image, &is) == 0)
		*stamp = is;
	if (err)	/* is still the failure to tell */
		(void)e2_fail(err, "%s", e2_str_text(&why));
	e2_str_free(&why);
}

/* An image that was made longer for a change that did not come about gets its size back. */
static int settle(const struct plan *p, int err)
{
	struct e2_str why = E2_STR_INIT;

	if (err)
		e2_str_add(&why, e2_err_detail());
	int settled = e2_io_settle(p->io, !err || err == E2_ERR_DOUBT);
	if (err)	/* is still the failure to tell */
		(void)e2_fail(err, "%s", e2_str_text(&why));
	e2_str_free(&why);
	return err ? err : settled;
}

int e2_commit_run(struct e2_txn *txn)
{
	struct e2_image *image = e2_txn_how(txn)->place->image;
	struct plan p;
	int err = e2_image_lock(image, E2_EXCLUSIVE, e2_txn_how(txn)->place->wait_ms);

	if (err)
		return err;
	err = plan_begin(&p, txn);
	if (!err)
		err = check_place(&p);
	if (!err)
		err = look(&p);
	if (!err)
		err = check_stamp(&p);
	if (!err)
		err = write_free(&p);
	if (!err && p.differs)
		err = write_logged(&p);
	err = settle(&p, err);
	/* What went to free blocks is ours too, when nothing came of the rest. */
	if (!err || (p.wrote && err != E2_ERR_DOUBT))
		renew_stamp(&p, err);
	(void)e2_image_lock(image, E2_UNLOCKED, 0);	/* giving back does not fail */
	plan_end(&p);
	return err;
}
