/* SPDX-License-Identifier: MIT */
/* What the header promises of a transaction, one promise a test; masses: test_txn_model.c. */
#include "e2test.h"

#include "alloc.h"
#include "base/crc.h"
#include "cache/private.h"
#include "flaky.h"
#include "txn_set.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static uint8_t many_bytes[64 * BLOCK];

/* ---- beginning and ending ----------------------------------------------------- */

E2_TEST(cache_txn, one_at_a_time_and_only_where_one_may_write)
{
	static const struct e2_commit dry = { .dry = true };
	struct e2_txn *second;
	struct set s;

	set_up(&s);
	cr_assert_eq(e2_txn_cache(s.txn), s.c);
	cr_assert_eq(e2_txn_how(s.txn), &plain);
	cr_assert_eq(e2_txn_open(s.c, &plain, &second), E2_ERR_BUSY);
	e2_txn_abort(s.txn);
	e2_txn_abort(NULL);
	s.io->writable = false;
	cr_assert_eq(e2_txn_open(s.c, &plain, &s.txn), E2_ERR_ROFS);
	cr_assert_eq(e2_txn_open(s.c, &dry, &s.txn), 0);
	put_byte(&s, 7, 99);
	cr_assert_eq(byte_of(&s, 7), 99);
	cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_ROFS);
	cr_assert_eq(byte_of(&s, 7), 7);
	tear_down(&s);
}

struct heard {
	unsigned seals, ended, rewound;
	int seal_result;
	bool committed;
	struct e2_cache *c;
	uint8_t seen;			/* of block 5, when it ended */
};

static int hear_seal(void *context, struct e2_txn *txn)
{
	struct heard *h = context;
	struct e2_wbuf *w;

	h->seals++;
	if (h->seal_result)
		return h->seal_result;
	cr_assert_eq(e2_txn_get(txn, 6, E2_FILL_READ, &w), 0);
	w->data[0] = 66;
	e2_txn_put(txn, w);
	return 0;
}

static void look(struct heard *h)
{
	const struct e2_buf *b;

	cr_assert_eq(e2_cache_get(h->c, 5, &b), 0);
	h->seen = b->data[0];
	e2_cache_put(h->c, b);
}

static void hear_end(void *context, bool committed)
{
	struct heard *h = context;

	h->ended++;
	h->committed = committed;
	look(h);
}

static void hear_rewind(void *context)
{
	struct heard *h = context;

	h->rewound++;
	look(h);
}

E2_TEST(cache_txn, the_volume_hears_of_seal_rewind_and_end)
{
	struct heard h = { 0 };
	const struct e2_commit how = {
		.context = &h, .seal = hear_seal, .ended = hear_end, .rewound = hear_rewind,
	};
	unsigned mark;
	struct set s;

	set_up_with(&s, &how, 0);
	h.c = s.c;
	put_byte(&s, 5, 50);
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
	put_byte(&s, 5, 51);
	cr_assert_eq(e2_txn_end(s.txn, mark, E2_ERR_NOSPC), E2_ERR_NOSPC);
	cr_assert(h.rewound == 1 && h.seen == 50);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
	cr_assert(h.seals == 1 && h.ended == 1 && h.committed && h.seen == 50);
	cr_assert_eq(byte_in_image(&s, 6), 66);

	h.seal_result = E2_ERR_CORRUPT;
	cr_assert_eq(e2_txn_open(s.c, &how, &s.txn), 0);
	put_byte(&s, 5, 52);
	cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_CORRUPT);
	cr_assert(h.seals == 2 && h.ended == 2 && !h.committed && h.seen == 50);
	cr_assert_eq(byte_in_image(&s, 5), 50);

	cr_assert_eq(e2_txn_open(s.c, &how, &s.txn), 0);
	e2_txn_abort(s.txn);
	cr_assert(h.seals == 2 && h.ended == 3 && !h.committed);
	tear_down(&s);
}

E2_TEST(cache_txn, a_commit_writes_what_has_changed_and_keeps_it_in_memory)
{
	uint8_t data[40 * BLOCK];
	struct e2_cache_stats before, after;
	struct set s;

	set_up(&s);
	memset(data, 0xee, sizeof(data));
	put_byte(&s, 3, 33);
	put_byte(&s, 4, 44);
	cr_assert_eq(e2_txn_write(s.txn, 100, 40, data), 0);
	cr_assert_eq(byte_of(&s, 110), 0xee);
	cr_assert_eq(byte_in_image(&s, 3), 3);
	cr_assert_eq(byte_in_image(&s, 110), 110);
	flaky_fail(&s.flaky, 0, false);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
	cr_assert_eq(s.flaky.seen, 3);		/* two runs and a sync */
	cr_assert_eq(byte_in_image(&s, 3), 33);
	cr_assert_eq(byte_in_image(&s, 4), 44);
	cr_assert_eq(byte_in_image(&s, 139), 0xee);
	e2_cache_stats(s.c, &before);
	cr_assert_eq(byte_of(&s, 3), 33);
	cr_assert_eq(byte_of(&s, 110), 0xee);
	e2_cache_stats(s.c, &after);
	cr_assert_eq(after.reads, before.reads);
	/* Without a change nothing is written. */
	cr_assert_eq(e2_txn_open(s.c, &plain, &s.txn), 0);
	flaky_fail(&s.flaky, 0, false);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
	cr_assert_eq(s.flaky.seen, 0);
	tear_down(&s);
}

E2_TEST(cache_txn, a_commit_that_fails_half_way_leaves_nothing_but_close)
{
	struct e2_range range = { 0, 8 };
	const struct e2_buf *b;
	uint8_t block[BLOCK];
	struct set s;

	for (unsigned nth = 1; nth <= 3; nth++) {
		set_up(&s);
		put_byte(&s, 3, 33);
		put_byte(&s, 9, 99);
		flaky_fail(&s.flaky, nth, false);
		cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_DOUBT);
		cr_assert_eq(e2_cache_get(s.c, 3, &b), E2_ERR_DOUBT);
		cr_assert_not_null(strstr(e2_err_detail(), "flaky"));
		cr_assert_eq(e2_cache_read(s.c, 3, 1, block), E2_ERR_DOUBT);
		cr_assert_eq(e2_cache_read_before(s.c, 3, 1, block), E2_ERR_DOUBT);
		cr_assert_eq(e2_txn_open(s.c, &plain, &s.txn), E2_ERR_DOUBT);
		e2_cache_hint(s.c, &range, 1);
		tear_down(&s);
	}
	set_up(&s);
	put_byte(&s, 3, 33);
	alloc_fail(1);
	cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_NOMEM);	/* before the first write */
	alloc_fail(0);
	cr_assert_eq(byte_of(&s, 3), 3);
	tear_down(&s);
}

E2_TEST(cache_txn, blocks_past_the_end_are_errors)
{
	struct e2_wbuf *w;
	uint8_t data[2 * BLOCK];
	struct set s;

	set_up(&s);
	cr_assert_eq(e2_txn_get(s.txn, BLOCKS, E2_FILL_ZERO, &w), E2_ERR_IO);
	cr_assert_eq(e2_txn_write(s.txn, BLOCKS - 1, 2, data), E2_ERR_IO);
	cr_assert_eq(e2_txn_forget(s.txn, BLOCKS - 1, 2), E2_ERR_IO);
	cr_assert_eq(e2_cache_read_before(s.c, BLOCKS - 1, 2, data), E2_ERR_IO);
	e2_txn_put(s.txn, NULL);
	e2_txn_abort(s.txn);
	tear_down(&s);
}

/* ---- pins and marks --------------------------------------------------------------- */

static void mark_with_pin(bool writable)
{
	const struct e2_buf *b;
	struct e2_wbuf *w;
	unsigned mark;
	struct set s;

	set_up(&s);
	if (writable)
		cr_assert_eq(e2_txn_get(s.txn, 3, E2_FILL_READ, &w), 0);
	else
		cr_assert_eq(e2_cache_get(s.c, 3, &b), 0);
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
}

E2_TEST(cache_txn, a_writable_pin_across_a_mark_is_caught, .signal = SIGABRT)
{
	mark_with_pin(true);
}

E2_TEST(cache_txn, a_pin_across_a_mark_is_caught, .signal = SIGABRT)
{
	mark_with_pin(false);
}

E2_TEST(cache_txn, an_outer_mark_before_the_inner_is_caught, .signal = SIGABRT)
{
	unsigned outer, inner;
	struct set s;

	set_up(&s);
	cr_assert_eq(e2_txn_mark(s.txn, &outer), 0);
	cr_assert_eq(e2_txn_mark(s.txn, &inner), 0);
	e2_txn_release(s.txn, outer);
}

E2_TEST(cache_txn, a_commit_under_a_mark_is_caught, .signal = SIGABRT)
{
	unsigned mark;
	struct set s;

	set_up(&s);
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
}

E2_TEST(cache_txn, a_cache_with_a_transaction_is_not_closed, .signal = SIGABRT)
{
	struct set s;

	set_up(&s);
	e2_cache_close(s.c);
}

E2_TEST(cache_txn, very_many_marks_take_no_more_memory_than_a_few)
{
	unsigned mark, outer;
	uint64_t slots = 0;
	uint8_t data[BLOCK];
	struct set s;

	set_up(&s);
	memset(data, 1, BLOCK);
	cr_assert_eq(e2_txn_mark(s.txn, &outer), 0);
	for (unsigned i = 0; i < 100000; i++) {
		cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
		for (unsigned k = 0; k < 6; k++)
			put_byte(&s, k * 3, (uint8_t)i);
		cr_assert_eq(e2_txn_write(s.txn, 100 + i % 50, 1, data), 0);
		(void)e2_txn_end(s.txn, mark, i % 5 == 4 ? E2_ERR_EXIST : 0);
		if (i == 200)
			slots = e2_store_taken(s.txn->store);
	}
	cr_assert_eq(e2_store_taken(s.txn->store), slots);
	cr_assert_lt(s.txn->undo_cap, 200);
	cr_assert_lt(s.txn->sum_cap, 100);
	for (unsigned k = 0; k < 6; k++)
		cr_assert_eq(byte_of(&s, k * 3), (uint8_t)99998);
	e2_txn_rewind(s.txn, outer);
	cr_assert_eq(e2_store_taken(s.txn->store), 0);
	cr_assert_eq(byte_of(&s, 15), 15);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
	tear_down(&s);
}

/* ---- the undo log -------------------------------------------------------------------------- */

/* The slots of neighbours lie together, the first is newer than a mark, the second older. */
E2_TEST(cache_txn, slots_of_different_age_are_kept_apart)
{
	unsigned outer, inner;
	struct set s;

	set_up(&s);
	memset(many_bytes, 1, BLOCK);
	cr_assert_eq(e2_txn_write(s.txn, 50, 1, many_bytes), 0);
	cr_assert_eq(e2_txn_write(s.txn, 101, 1, many_bytes), 0);
	cr_assert_eq(e2_txn_forget(s.txn, 50, 1), 0);
	cr_assert_eq(e2_txn_mark(s.txn, &outer), 0);
	memset(many_bytes, 2, 2 * BLOCK);
	cr_assert_eq(e2_txn_write(s.txn, 100, 1, many_bytes), 0);
	cr_assert_eq(e2_ranges_count(s.txn->map), 1);
	cr_assert_eq(e2_txn_mark(s.txn, &inner), 0);
	memset(many_bytes, 3, 2 * BLOCK);
	cr_assert_eq(e2_txn_write(s.txn, 100, 2, many_bytes), 0);
	e2_txn_release(s.txn, inner);
	cr_assert_eq(byte_of(&s, 101), 3);
	/* What somebody else needs now must not be where the outer mark's content is. */
	cr_assert_eq(e2_txn_write(s.txn, 200, 5, many_bytes), 0);
	e2_txn_rewind(s.txn, outer);
	cr_assert_eq(byte_of(&s, 100), 100);
	cr_assert_eq(byte_of(&s, 101), 1);
	cr_assert_eq(e2_store_taken(s.txn->store), 1);
	e2_txn_abort(s.txn);
	tear_down(&s);
}

/* A write that fails half-way through taking down what was before, and is tried again. */
E2_TEST(cache_txn, a_failed_write_leaves_nothing_in_the_undo_log)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned mark, failures = 0;
		struct set s;

		set_up(&s);
		memset(many_bytes, 1, sizeof(many_bytes));
		cr_assert_eq(e2_txn_write(s.txn, 98, 3, many_bytes), 0);
		for (unsigned blk = 101; blk < 140; blk++) {	/* each of an epoch of its own */
			cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
			cr_assert_eq(e2_txn_write(s.txn, blk, 1, many_bytes), 0);
			e2_txn_release(s.txn, mark);
		}
		cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
		memset(many_bytes, 2, sizeof(many_bytes));
		cr_assert_eq(e2_txn_write(s.txn, 99, 1, many_bytes), 0);
		for (unsigned nth = 1; ; nth++) {
			alloc_fail(nth);
			int err = e2_txn_write(s.txn, 100, 40, many_bytes);
			if (!err)
				break;
			cr_assert_eq(err, E2_ERR_NOMEM);
			cr_assert_eq(s.txn->undo_count, 1);
			cr_assert_eq(s.txn->undo[0].count, 1);
			failures++;
		}
		alloc_fail(0);
		cr_assert_gt(failures, 1);
		if (i == 0)
			e2_txn_release(s.txn, mark);
		else
			e2_txn_rewind(s.txn, mark);
		for (unsigned blk = 98; blk < 140; blk++)
			cr_assert_eq(byte_of(&s, blk), i == 0 && blk > 98 ? 2 : 1);
		cr_assert_eq(e2_store_taken(s.txn->store), 42);
		e2_txn_abort(s.txn);
		tear_down(&s);
	}
}

/* ---- what was read ------------------------------------------------------------------ */

static bool expected(struct set *s, e2_blk blk, uint8_t byte)
{
	uint32_t sums[BLOCK / E2_SECTOR];
	uint8_t sector[E2_SECTOR];

	memset(sector, byte, E2_SECTOR);
	return e2_txn_expected(s->txn, blk, sums) &&
	       sums[0] == e2_crc32(0, sector, E2_SECTOR) && sums[1] == sums[0];
}

E2_TEST(cache_txn, what_was_read_first_is_expected_at_commit)
{
	uint8_t data[BLOCK] = { 0 };
	struct e2_wbuf *w;
	unsigned mark;
	struct set s;

	set_up(&s);
	put_byte(&s, 3, 33);
	put_byte(&s, 3, 34);
	cr_assert(expected(&s, 3, 3));
	cr_assert_eq(e2_txn_get(s.txn, 4, E2_FILL_ZERO, &w), 0);
	e2_txn_put(s.txn, w);
	cr_assert_eq(e2_txn_write(s.txn, 5, 1, data), 0);
	put_byte(&s, 5, 1);
	cr_assert_not(expected(&s, 4, 4) || expected(&s, 5, 5));
	/* Work that is taken back does not take back what was seen. */
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
	put_byte(&s, 8, 1);
	e2_txn_rewind(s.txn, mark);
	memset(data, 0xaa, BLOCK);
	cr_assert_eq(e2_io_write(s.io, 8 * BLOCK, BLOCK, data), 0);
	put_byte(&s, 8, 2);
	cr_assert(expected(&s, 8, 8));
	cr_assert_eq(byte_in_image(&s, 8), 0xaa);
	e2_txn_abort(s.txn);
	tear_down(&s);
}

E2_TEST(cache_txn, what_others_changed_is_read_after_renewal)
{
	struct e2_range range = { 0, 40 };
	uint8_t data[BLOCK];

	for (unsigned workers = 0; workers < 3; workers++) {
		struct set s;

		set_up_with(&s, &plain, workers);
		e2_txn_abort(s.txn);
		memset(data, 0xaa, BLOCK);
		e2_cache_hint(s.c, &range, 1);
		cr_assert_eq(byte_of(&s, 8), 8);
		cr_assert_eq(byte_of(&s, 30), 30);
		cr_assert_eq(e2_io_write(s.io, 8 * BLOCK, BLOCK, data), 0);
		cr_assert_eq(e2_io_resize(s.io, (BLOCKS + 1) * BLOCK), 0);
		e2_cache_renew(s.c);
		cr_assert_eq(byte_of(&s, 8), 0xaa);
		cr_assert_eq(byte_of(&s, 30), 30);
		cr_assert_eq(byte_of(&s, BLOCKS), 0);
		tear_down(&s);
	}
}

/* ---- memos ------------------------------------------------------------------------------ */

struct memo {
	struct e2_memo memo;
	unsigned *freed;
};

static void memo_free(struct e2_memo *memo)
{
	++*((struct memo *)memo)->freed;
	free(memo);
}

static void remember(struct set *s, const void *key, uint64_t id, bool survives, unsigned *freed)
{
	struct memo *m = malloc(sizeof(*m));

	*m = (struct memo){
		.memo = { .key = key, .id = id, .survives = survives, .free = memo_free },
		.freed = freed,
	};
	e2_txn_remember(s->txn, &m->memo);
}

E2_TEST(cache_txn, memos_last_until_they_are_replaced_rewound_or_the_end)
{
	enum { MANY = 1000 };
	unsigned lasting = 0, passing = 0, mark;
	int a, b;
	struct set s;

	set_up(&s);
	cr_assert_null(e2_txn_memo(s.txn, &a, 1));
	e2_txn_unremember(s.txn, &a, 1);
	for (unsigned i = 0; i < MANY; i++) {
		alloc_fail(i < MANY / 2 ? 2 : 0);	/* long chains will do */
		remember(&s, &a, i, true, &lasting);
		alloc_fail(0);
		remember(&s, &b, i, false, &passing);
	}
	cr_assert_eq(e2_txn_memo(s.txn, &a, 7)->id, 7);
	cr_assert_eq(e2_txn_memo(s.txn, &a, 7)->key, &a);
	cr_assert_eq(e2_txn_memo(s.txn, &b, 7)->key, &b);
	cr_assert_null(e2_txn_memo(s.txn, &b, MANY));
	remember(&s, &a, 7, false, &passing);
	cr_assert_eq(lasting, 1);
	cr_assert_not(e2_txn_memo(s.txn, &a, 7)->survives);
	e2_txn_unremember(s.txn, &b, 9);
	cr_assert_eq(passing, 1);
	cr_assert_null(e2_txn_memo(s.txn, &b, 9));
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
	e2_txn_release(s.txn, mark);
	cr_assert_eq(passing, 1);
	cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
	e2_txn_rewind(s.txn, mark);
	cr_assert_eq(passing, MANY + 1);
	cr_assert_eq(lasting, 1);
	cr_assert_null(e2_txn_memo(s.txn, &a, 7));
	cr_assert_not_null(e2_txn_memo(s.txn, &a, 8));
	remember(&s, &b, 1, false, &passing);
	cr_assert_eq(e2_txn_commit(s.txn), 0);
	cr_assert_eq(lasting, MANY);
	cr_assert_eq(passing, MANY + 2);
	tear_down(&s);
}

/* ---- workers, and much data ----------------------------------------------------------------- */

/* An image whose reads wait at a gate, and fail when told so. */
struct gated {
	struct e2_io io;
	struct e2_io *below;
	atomic_int reads;
	atomic_bool fail;
	mtx_t gate;
};

static int gated_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct gated *g = (struct gated *)io;

	atomic_fetch_add(&g->reads, 1);
	mtx_lock(&g->gate);
	mtx_unlock(&g->gate);
	return atomic_load(&g->fail) ? E2_ERR_IO : e2_io_read(g->below, offset, len, buf);
}

static const struct e2_io_ops gated_ops = { .read = gated_read };

struct writer {
	struct e2_txn *txn;
	bool zero;
	int err;
};

static int write_one(void *context)
{
	struct writer *w = context;
	struct e2_wbuf *buf;
	uint8_t data[BLOCK];

	memset(data, 0x77, BLOCK);
	if (w->zero) {
		w->err = e2_txn_get(w->txn, 9, E2_FILL_ZERO, &buf);
		if (!w->err)
			memcpy(buf->data, data, BLOCK);
		if (!w->err)
			e2_txn_put(w->txn, buf);
	} else {
		w->err = e2_txn_write(w->txn, 9, 1, data);
	}
	return 0;
}

E2_TEST(cache_txn, a_block_that_a_worker_reads_is_changed_when_he_is_done)
{
	struct e2_range range = { 9, 1 };
	struct set s;

	for (unsigned i = 0; i < 8; i++) {
		struct gated g = { .io = { .ops = &gated_ops, .name = "gated", .writable = true } };
		struct writer w = { .zero = i & 1 };
		thrd_t thread;

		set_up(&s);
		e2_txn_abort(s.txn);
		e2_cache_close(s.c);
		g.below = s.io;
		g.io.size = s.io->size;
		mtx_init(&g.gate, mtx_plain);
		atomic_store(&g.fail, (i & 2) != 0);	/* a failed hint is no failure */
		cr_assert_eq(e2_cache_open(&g.io, BLOCK, 64 * BLOCK, 1, &s.c), 0);
		cr_assert_eq(e2_txn_open(s.c, &plain, &s.txn), 0);
		w.txn = s.txn;
		mtx_lock(&g.gate);
		e2_cache_hint(s.c, &range, 1);
		while (atomic_load(&g.reads) == 0)
			thrd_yield();
		cr_assert_eq(thrd_create(&thread, write_one, &w), thrd_success);
		for (unsigned k = 0; k < 100 && (i & 4); k++)
			thrd_yield();
		mtx_unlock(&g.gate);
		thrd_join(thread, NULL);
		cr_assert_eq(w.err, 0);
		cr_assert_eq(byte_of(&s, 9), 0x77);
		e2_txn_abort(s.txn);
		e2_cache_close(s.c);
		mtx_destroy(&g.gate);
		e2_io_close(s.io);
	}
}

/* More than is kept in memory: through the host's scratch file. */
E2_TEST(cache_txn, much_data)
{
	enum { BIG = 4096, MUCH = 10000, STEP = 100 };
	uint8_t *data = malloc(STEP * BIG);
	struct e2_range run;
	struct e2_cache *c;
	struct e2_txn *txn;
	struct e2_io *io;
	unsigned mark;

	cr_assert_eq(e2_io_open_mem(MUCH * BIG, &io), 0);
	cr_assert_eq(e2_cache_open(io, BIG, 1 << 20, 0, &c), 0);
	cr_assert_eq(e2_txn_open(c, &plain, &txn), 0);
	cr_assert_eq(e2_txn_mark(txn, &mark), 0);
	for (unsigned i = 0; i < MUCH; i += STEP) {
		memset(data, (int)(i / STEP), STEP * BIG);
		cr_assert_eq(e2_txn_write(txn, i, STEP, data), 0);
	}
	e2_txn_release(txn, mark);
	cr_assert(e2_txn_changes(txn, 0, &run) && run.blk == 0 && run.count == MUCH);
	cr_assert_eq(e2_ranges_count(txn->map), 1);
	cr_assert_eq(e2_txn_commit(txn), 0);
	for (unsigned i = 0; i < MUCH; i += STEP) {
		cr_assert_eq(e2_io_read(io, (uint64_t)i * BIG, STEP * BIG, data), 0);
		for (unsigned k = 0; k < STEP * BIG; k += BIG / 2)
			cr_assert_eq(data[k], i / STEP);
	}
	e2_cache_close(c);
	e2_io_close(io);
	free(data);
}
