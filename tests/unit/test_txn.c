/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "alloc.h"
#include "cache/private.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, BLOCKS = 200 };

/* ---- against a naive model ------------------------------------------------------ */

enum { DEPTH_MAX = 6 };

struct model {
	uint64_t seed;
	struct e2_io *io;
	struct e2_cache *c;
	struct e2_txn *txn;
	uint8_t image[BLOCKS][BLOCK];		/* what the image holds */
	uint8_t now[BLOCKS][BLOCK];		/* what readers see */
	bool changed[BLOCKS];
	struct { uint8_t bytes[BLOCKS][BLOCK]; bool changed[BLOCKS]; } marks[DEPTH_MAX];
	unsigned depth;
};

static uint64_t next(struct model *m, uint64_t below)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (m->seed >> 33) % below;
}

static void scribble(struct model *m, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)next(m, 256);
}

static const struct e2_commit plain;

static void model_open(struct model *m, uint64_t seed, unsigned workers)
{
	m->seed = seed;
	m->depth = 0;
	cr_assert_eq(e2_io_open_mem(BLOCKS * BLOCK, &m->io), 0);
	scribble(m, m->image[0], sizeof(m->image));
	cr_assert_eq(e2_io_write(m->io, 0, sizeof(m->image), m->image), 0);
	cr_assert_eq(e2_cache_open(m->io, BLOCK, 20 * BLOCK, workers, &m->c), 0);
	m->txn = NULL;
}

static void model_begin(struct model *m)
{
	cr_assert_eq(e2_txn_open_within(m->c, &plain, NULL, 1 << 20, &m->txn), 0);
	memcpy(m->now, m->image, sizeof(m->now));
	memset(m->changed, 0, sizeof(m->changed));
}

static void model_close(struct model *m)
{
	e2_cache_close(m->c);
	e2_io_close(m->io);
}

static void compare(struct model *m, uint64_t blk, uint64_t count, bool bulk)
{
	static uint8_t bytes[BLOCKS][BLOCK];
	const struct e2_buf *b;

	if (bulk) {
		cr_assert_eq(e2_cache_read(m->c, blk, count, bytes), 0);
		cr_assert_arr_eq(bytes[0], m->now[blk], count * BLOCK);
		return;
	}
	for (uint64_t i = blk; i < blk + count; i++) {
		cr_assert_eq(e2_cache_get(m->c, i, &b), 0);
		cr_assert_arr_eq(b->data, m->now[i], BLOCK, "block %ju", (uintmax_t)i);
		e2_cache_put(m->c, b);
	}
}

static void compare_changes(struct model *m)
{
	struct e2_range run = { 0, 0 };
	bool changed[BLOCKS] = { false };
	uint64_t from = 0;

	while (e2_txn_changes(m->txn, from, &run)) {
		cr_assert(run.blk >= from && run.count > 0);
		from = run.blk + run.count;
		memset(changed + run.blk, 1, run.count);
	}
	cr_assert_arr_eq(changed, m->changed, sizeof(changed));
}

static void step_get(struct model *m)
{
	uint64_t blk = next(m, BLOCKS);
	bool zero = next(m, 4) == 0;
	struct e2_wbuf *w;
	const struct e2_buf *b = NULL;

	if (next(m, 4) == 0)
		cr_assert_eq(e2_cache_get(m->c, blk, &b), 0);
	cr_assert_eq(e2_txn_get(m->txn, blk, zero ? E2_FILL_ZERO : E2_FILL_READ, &w), 0);
	if (zero)
		memset(m->now[blk], 0, BLOCK);
	cr_assert_arr_eq(w->data, m->now[blk], BLOCK);
	scribble(m, w->data + 7, 9);
	memcpy(m->now[blk], w->data, BLOCK);
	m->changed[blk] = true;
	if (b)
		cr_assert_arr_eq(b->data, m->now[blk], BLOCK);
	e2_cache_put(m->c, b);
	e2_txn_put(m->txn, w);
}

static void step_write(struct model *m)
{
	static uint8_t bytes[BLOCKS][BLOCK];
	uint64_t blk = next(m, BLOCKS), count = 1 + next(m, next(m, 5) ? 12 : BLOCKS);
	const struct e2_buf *b = NULL;
	bool zero = next(m, 4) == 0;

	if (count > BLOCKS - blk)
		count = BLOCKS - blk;
	if (next(m, 4) == 0)
		cr_assert_eq(e2_cache_get(m->c, blk + next(m, count), &b), 0);
	if (zero)
		memset(bytes, 0, count * BLOCK);
	else
		scribble(m, bytes[0], count * BLOCK);
	cr_assert_eq(e2_txn_write(m->txn, blk, count, zero ? NULL : bytes), 0);
	memcpy(m->now[blk], bytes, count * BLOCK);
	memset(m->changed + blk, 1, count);
	if (b)
		cr_assert_arr_eq(b->data, m->now[b->blk], BLOCK);
	e2_cache_put(m->c, b);
}

static void step_forget(struct model *m)
{
	uint64_t blk = next(m, BLOCKS), count = 1 + next(m, 20);
	const struct e2_buf *b = NULL;

	if (count > BLOCKS - blk)
		count = BLOCKS - blk;
	if (next(m, 3) == 0)
		cr_assert_eq(e2_cache_get(m->c, blk + next(m, count), &b), 0);
	cr_assert_eq(e2_txn_forget(m->txn, blk, count), 0);
	memcpy(m->now[blk], m->image[blk], count * BLOCK);
	memset(m->changed + blk, 0, count);
	if (b)
		cr_assert_arr_eq(b->data, m->now[b->blk], BLOCK);
	e2_cache_put(m->c, b);
}

static void step_mark(struct model *m)
{
	unsigned mark;

	if (m->depth < DEPTH_MAX && next(m, 2)) {
		cr_assert_eq(e2_txn_mark(m->txn, &mark), 0);
		cr_assert_eq(mark, m->depth);
		memcpy(m->marks[m->depth].bytes, m->now, sizeof(m->now));
		memcpy(m->marks[m->depth].changed, m->changed, sizeof(m->changed));
		m->depth++;
	} else if (m->depth > 0 && next(m, 2)) {
		e2_txn_release(m->txn, --m->depth);
	} else if (m->depth > 0) {
		e2_txn_rewind(m->txn, --m->depth);
		memcpy(m->now, m->marks[m->depth].bytes, sizeof(m->now));
		memcpy(m->changed, m->marks[m->depth].changed, sizeof(m->changed));
	}
}

static void step(struct model *m)
{
	uint64_t blk = next(m, BLOCKS - 20);

	switch (next(m, 8)) {
	case 0: case 1: step_get(m); break;
	case 2: step_write(m); break;
	case 3: step_forget(m); break;
	case 4: step_mark(m); break;
	case 5: compare(m, blk, 1 + next(m, 20), true); break;
	case 6: compare(m, blk, 1 + next(m, 20), false); break;
	default:
		e2_cache_hint(m->c, &(struct e2_range){ blk, 1 + next(m, 20) }, 1);
		break;
	}
}

static void model_end(struct model *m, bool commit)
{
	static uint8_t bytes[BLOCKS][BLOCK];

	compare(m, 0, BLOCKS, true);
	compare_changes(m);
	if (commit) {
		while (m->depth > 0)
			e2_txn_release(m->txn, --m->depth);
		cr_assert_eq(e2_txn_commit(m->txn), 0);
		memcpy(m->image, m->now, sizeof(m->image));
	} else {
		e2_txn_abort(m->txn);
		m->depth = 0;
	}
	cr_assert_eq(e2_io_read(m->io, 0, sizeof(bytes), bytes), 0);
	cr_assert_arr_eq(bytes[0], m->image[0], sizeof(bytes));
	memcpy(m->now, m->image, sizeof(m->now));
	compare(m, 0, BLOCKS, false);
}

E2_TEST(cache_txn, random_steps_are_like_an_array_of_blocks)
{
	struct model *m = malloc(sizeof(*m));

	for (uint64_t seed = 1; seed <= 60; seed++) {
		model_open(m, seed, seed % 3);
		for (unsigned t = 0; t < 4; t++) {
			model_begin(m);
			for (unsigned i = 0; i < 300; i++) {
				step(m);
				if (i % 16 == 0)
					compare_changes(m);
			}
			model_end(m, t % 2 == 0);
		}
		model_close(m);
	}
	free(m);
}
