/* SPDX-License-Identifier: MIT */
/* Transactions against a naive model: an array of blocks, and a copy of it for each mark. */
#include "e2test.h"

#include "alloc.h"
#include "base/crc.h"
#include "cache/private.h"
#include "flaky.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, BLOCKS = 200, DEPTH_MAX = 6, RUN_MAX = 20 };

struct state {
	uint8_t bytes[BLOCKS][BLOCK];
	bool changed[BLOCKS];
};

struct model {
	uint64_t seed;
	struct flaky flaky;
	struct e2_io *io;
	struct e2_cache *c;
	struct e2_txn *txn;
	struct state image, now;
	struct state marks[DEPTH_MAX + 1];
	unsigned depth;
	uint8_t room[BLOCKS][BLOCK];
};

static uint64_t below(struct model *m, uint64_t end)
{
	return random_next(&m->seed) % end;
}

static const struct e2_commit plain;

static void model_open(struct model *m, uint64_t seed, unsigned workers)
{
	m->seed = seed;
	m->depth = 0;
	flaky_init(&m->flaky);
	m->io = flaky_open(&m->flaky, sizeof(m->image.bytes));
	cr_assert_not_null(m->io);
	memset(&m->image, 0, sizeof(m->image));
	random_fill(m->image.bytes[0], sizeof(m->image.bytes), &m->seed);
	cr_assert_eq(e2_io_write(m->io, 0, sizeof(m->image.bytes), m->image.bytes), 0);
	cr_assert_eq(e2_cache_open(m->io, BLOCK, 20 * BLOCK, workers, &m->c), 0);
}

static int model_begin(struct model *m, uint64_t memory)
{
	m->now = m->image;
	return e2_txn_open_within(m->c, &plain, &m->flaky.env, memory, &m->txn);
}

static void model_close(struct model *m)
{
	e2_cache_close(m->c);
	e2_io_close(m->io);
	cr_assert_eq(m->flaky.open, 0);
}

/* ---- comparing -------------------------------------------------------------------- */

static int compare(struct model *m, uint64_t blk, uint64_t count, bool bulk)
{
	const struct e2_buf *b;
	int err = 0;

	if (bulk) {
		err = e2_cache_read(m->c, blk, count, m->room);
		if (!err)
			cr_assert_arr_eq(m->room, m->now.bytes[blk], count * BLOCK);
		return err;
	}
	for (uint64_t i = blk; i < blk + count && !err; i++) {
		err = e2_cache_get(m->c, i, &b);
		if (err)
			break;
		cr_assert_arr_eq(b->data, m->now.bytes[i], BLOCK, "block %ju", (uintmax_t)i);
		e2_cache_put(m->c, b);
	}
	return err;
}

static int compare_some(struct model *m)
{
	uint64_t blk = below(m, BLOCKS);
	uint64_t count = 1 + below(m, RUN_MAX);

	return compare(m, blk, count < BLOCKS - blk ? count : BLOCKS - blk, below(m, 2) != 0);
}

/* Buffers know what their blocks lead to. */
static void compare_leads(struct model *m)
{
	mtx_lock(&m->c->lock);
	for (e2_blk blk = 0; blk < BLOCKS; blk++) {
		const struct buffer *b = e2_cache_find(m->c, blk);
		uint64_t one = 1;

		if (b && b->state >= BUFFER_CLEAN)
			cr_assert_eq(b->leads, e2_lead(m->txn, blk, &one));
	}
	mtx_unlock(&m->c->lock);
}

static void compare_changes(struct model *m)
{
	struct e2_range run = { 0, 0 };
	bool changed[BLOCKS] = { false };
	uint64_t from = 0;

	while (e2_txn_changes(m->txn, from, &run)) {
		cr_assert(run.blk >= from && run.count > 0);
		cr_assert(from == 0 || run.blk > from);	/* neighbours are one */
		from = run.blk + run.count;
		memset(changed + run.blk, 1, run.count);
		for (uint64_t i = 0, n; i < run.count; i += n) {
			const uint8_t *data;
			uint64_t want = 1 + below(m, run.count - i);

			cr_assert_eq(e2_txn_after(m->txn, run.blk + i, want, m->room[0], &data,
						  &n), 0);
			cr_assert(n >= 1 && n <= want);
			cr_assert_arr_eq(data, m->now.bytes[run.blk + i], n * BLOCK);
		}
	}
	cr_assert_arr_eq(changed, m->now.changed, sizeof(changed));
	compare_leads(m);
}

/* What was read of the image before a block was changed is what the image holds. */
static void compare_expected(struct model *m)
{
	for (e2_blk blk = 0; blk < BLOCKS; blk++) {
		uint32_t sum;

		if (e2_txn_expected(m->txn, blk, &sum))
			cr_assert_eq(sum, e2_crc32(0, m->image.bytes[blk], BLOCK));
	}
}

/* Without marks every slot that is taken is what a block leads to. */
static void compare_slots(struct model *m)
{
	struct e2_span span = { 0, 0, 0 };
	uint64_t slots = 0;

	while (e2_ranges_next(m->txn->map, span.key + span.count, &span))
		slots += span.value < E2_IN_BUFFER ? span.count : 0;
	cr_assert_eq(slots, e2_store_taken(m->txn->store));
}

static void compare_all(struct model *m)
{
	if (m->depth == 0)
		compare_slots(m);
	cr_assert_eq(compare(m, 0, BLOCKS, true), 0);
	cr_assert_eq(compare(m, 0, BLOCKS, false), 0);
	compare_changes(m);
	compare_expected(m);
}

/* ---- steps ------------------------------------------------------------------------ */

/* Sometimes a reader holds a block that is changed. */
static const struct e2_buf *hold(struct model *m, uint64_t blk)
{
	const struct e2_buf *b = NULL;

	return below(m, 4) == 0 && e2_cache_get(m->c, blk, &b) == 0 ? b : NULL;
}

static void let_go(struct model *m, const struct e2_buf *b, int err)
{
	if (b && !err)
		cr_assert_arr_eq(b->data, m->now.bytes[b->blk], BLOCK);
	e2_cache_put(m->c, b);
}

static int step_get(struct model *m)
{
	uint64_t blk = below(m, BLOCKS);
	bool zero = below(m, 4) == 0;
	const struct e2_buf *held = hold(m, blk);
	struct e2_wbuf *w, *again;
	int err = e2_txn_get(m->txn, blk, zero ? E2_FILL_ZERO : E2_FILL_READ, &w);

	if (!err) {
		if (zero)
			memset(m->now.bytes[blk], 0, BLOCK);
		cr_assert_arr_eq(w->data, m->now.bytes[blk], BLOCK);
		random_fill(w->data + 7, 9, &m->seed);
		memcpy(m->now.bytes[blk], w->data, BLOCK);
		m->now.changed[blk] = true;
		if (e2_txn_get(m->txn, blk, E2_FILL_READ, &again) == 0) {
			cr_assert_eq(again, w);
			e2_txn_put(m->txn, again);
		}
		e2_txn_put(m->txn, w);
	}
	let_go(m, held, err);
	return err;
}

static int step_write(struct model *m)
{
	uint64_t blk = below(m, BLOCKS), count = 1 + below(m, below(m, 5) ? RUN_MAX : BLOCKS);
	bool zero = below(m, 4) == 0;

	if (count > BLOCKS - blk)
		count = BLOCKS - blk;
	const struct e2_buf *held = hold(m, blk + below(m, count));
	memset(m->room, 0, count * BLOCK);
	if (!zero)
		random_fill(m->room[0], count * BLOCK, &m->seed);
	int err = e2_txn_write(m->txn, blk, count, zero ? NULL : m->room);
	if (!err) {
		memcpy(m->now.bytes[blk], m->room, count * BLOCK);
		memset(m->now.changed + blk, 1, count);
	}
	let_go(m, held, err);
	return err;
}

static int step_forget(struct model *m)
{
	uint64_t blk = below(m, BLOCKS), count = 1 + below(m, RUN_MAX);

	if (count > BLOCKS - blk)
		count = BLOCKS - blk;
	const struct e2_buf *held = hold(m, blk + below(m, count));
	int err = e2_txn_forget(m->txn, blk, count);
	if (!err) {
		memcpy(m->now.bytes[blk], m->image.bytes[blk], count * BLOCK);
		memset(m->now.changed + blk, 0, count);
	}
	let_go(m, held, err);
	return err;
}

static int mark(struct model *m)
{
	unsigned number;
	int err = e2_txn_mark(m->txn, &number);

	if (!err) {
		cr_assert_eq(number, m->depth);
		m->marks[m->depth++] = m->now;
	}
	return err;
}

static void end_mark(struct model *m, int err)
{
	m->depth--;
	cr_assert_eq(e2_txn_end(m->txn, m->depth, err), err);
	if (err)
		m->now = m->marks[m->depth];
}

static int step_mark(struct model *m)
{
	if (m->depth < DEPTH_MAX && below(m, 2))
		return mark(m);
	if (m->depth > 0)
		end_mark(m, below(m, 2) ? 0 : E2_ERR_CANCELLED);
	return 0;
}

static int step_hint(struct model *m)
{
	struct e2_range r = { below(m, BLOCKS), 1 + below(m, RUN_MAX) };

	e2_cache_hint(m->c, &r, 1);
	return 0;
}

static int change(struct model *m)
{
	switch (below(m, 4)) {
	case 0:
		return step_write(m);
	case 1:
		return step_forget(m);
	default:
		return step_get(m);
	}
}

static int step(struct model *m)
{
	switch (below(m, 8)) {
	case 0:
		return step_mark(m);
	case 1:
	case 2:
		return compare_some(m);
	case 3:
		return step_hint(m);
	default:
		return change(m);
	}
}

static void model_end(struct model *m, bool commit)
{
	compare_all(m);
	while (commit && m->depth > 0)
		end_mark(m, 0);
	if (m->depth == 0)
		compare_slots(m);
	m->depth = 0;
	if (commit) {
		cr_assert_eq(e2_txn_commit(m->txn), 0);
		memcpy(m->image.bytes, m->now.bytes, sizeof(m->image.bytes));
	} else {
		e2_txn_abort(m->txn);
	}
	cr_assert_eq(e2_cache_read_before(m->c, 0, BLOCKS, m->room), 0);
	cr_assert_arr_eq(m->room, m->image.bytes, sizeof(m->room));
	m->now = m->image;
	cr_assert_eq(compare(m, 0, BLOCKS, false), 0);
}

/* ---- tests ------------------------------------------------------------------------- */

E2_TEST(cache_txn_model, random_steps_with_much_and_with_little_memory)
{
	struct model *m = malloc(sizeof(*m));

	for (uint64_t seed = 1; seed <= 60; seed++) {
		model_open(m, seed, seed % 3);
		for (unsigned t = 0; t < 4; t++) {
			cr_assert_eq(model_begin(m, t % 2 ? 1 << 20 : 5 * BLOCK), 0);
			for (unsigned i = 0; i < 300; i++) {
				cr_assert_eq(step(m), 0);
				if (i % 16 == 0)
					compare_changes(m);
			}
			model_end(m, t < 2);
		}
		model_close(m);
	}
	free(m);
}

/* Steps that may fail, each under a mark that is taken back then. */
static unsigned try_steps(struct model *m, unsigned steps)
{
	unsigned failures = 0;

	for (unsigned i = 0; i < steps; i++) {
		int err = below(m, 6) == 0 ? step_mark(m) : mark(m);

		if (err || m->depth == 0 || below(m, 8) == 0) {
			failures += err != 0;
			continue;
		}
		/* Not to end the mark of this step within it. */
		err = below(m, 4) == 0 ? compare_some(m) : change(m);
		failures += err != 0;
		end_mark(m, err);
		while (m->depth > 3)
			end_mark(m, 0);
	}
	return failures;
}

E2_TEST(cache_txn_model, any_allocation_may_fail)
{
	struct model *m = malloc(sizeof(*m));
	unsigned failures = 0;

	for (uint64_t nth = 1; ; nth++) {
		model_open(m, nth % 5, 0);
		alloc_fail(nth);
		int err = model_begin(m, nth % 2 ? 1 << 20 : 5 * BLOCK);
		if (!err) {
			failures += try_steps(m, 60);
			bool done = alloc_count() < nth;
			alloc_fail(0);
			model_end(m, nth % 3 == 0);
			if (done) {
				model_close(m);
				break;
			}
		}
		alloc_fail(0);
		model_close(m);
	}
	cr_assert_gt(failures, 30);
	free(m);
}

E2_TEST(cache_txn_model, any_read_and_any_use_of_the_scratch_file_may_fail)
{
	struct model *m = malloc(sizeof(*m));
	unsigned failures = 0;

	for (unsigned for_ever = 0; for_ever < 2; for_ever++) {
		for (uint64_t nth = 1; ; nth++) {
			model_open(m, nth % 7, 0);
			cr_assert_eq(model_begin(m, nth % 3 * BLOCK), 0);
			flaky_fail(&m->flaky, nth, for_ever != 0);
			failures += try_steps(m, 60);
			bool done = m->flaky.seen < nth;
			flaky_fail(&m->flaky, 0, false);
			model_end(m, nth % 3 == 0);
			model_close(m);
			if (done)
				break;
		}
	}
	cr_assert_gt(failures, 200);
	free(m);
}
