/* SPDX-License-Identifier: MIT */
/* Single steps of a transaction that fail: taken back, and tried again. */
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

/* ---- failures of single steps --------------------------------------------------------- */

static uint8_t many_bytes[64 * BLOCK];

/* A step on blocks 10 to 19: those at even numbers are in slots that do not lie together, older
 * than a mark. */
typedef int step_function(struct set *s);

static int step_read(struct set *s)
{
	struct e2_wbuf *w;
	int err = e2_txn_get(s->txn, 11, E2_FILL_READ, &w);

	if (!err) {
		w->data[0] = 0xbb;
		e2_txn_put(s->txn, w);
	}
	return err;
}

static int step_zero(struct set *s)
{
	struct e2_wbuf *w;
	int err = e2_txn_get(s->txn, 13, E2_FILL_ZERO, &w);

	if (!err) {
		w->data[0] = 0xbb;
		e2_txn_put(s->txn, w);
	}
	return err;
}

static int step_rewrite(struct set *s)
{
	struct e2_wbuf *w;
	int err = e2_txn_get(s->txn, 12, E2_FILL_READ, &w);

	if (!err) {
		w->data[0] = 0xbb;
		e2_txn_put(s->txn, w);
	}
	return err;
}

static int step_write(struct set *s)
{
	memset(many_bytes, 0xbb, sizeof(many_bytes));
	return e2_txn_write(s->txn, 10, 10, many_bytes);
}

static int step_write_held(struct set *s)
{
	const struct e2_buf *b;
	int err = e2_cache_get(s->c, 13, &b);

	if (err)
		return err;
	err = step_write(s);
	e2_cache_put(s->c, b);
	return err;
}

static int step_forget(struct set *s)
{
	return e2_txn_forget(s->txn, 10, 10);
}

static int step_forget_held(struct set *s)
{
	const struct e2_buf *odd, *even;
	int err = e2_cache_get(s->c, 13, &odd);

	if (err)
		return err;
	err = e2_cache_get(s->c, 16, &even);
	if (!err) {
		err = step_forget(s);
		e2_cache_put(s->c, even);
	}
	e2_cache_put(s->c, odd);
	return err;
}

static int step_forget_changed_held(struct set *s)
{
	const struct e2_buf *b;
	int err = step_read(s);

	if (err)
		return err;
	err = e2_cache_get(s->c, 11, &b);
	if (err)
		return err;
	err = e2_txn_forget(s->txn, 11, 1);
	cr_assert_eq(b->data[0], err ? 0xbb : 11);
	e2_cache_put(s->c, b);
	return err;
}

/* Blocks that lie together in slots that do, each written under a mark of its own. */
static int step_write_layers(struct set *s)
{
	unsigned mark;

	for (unsigned i = 100; i < 140; i++) {
		int err = e2_txn_mark(s->txn, &mark);
		if (!err)
			err = e2_txn_end(s->txn, mark, e2_txn_write(s->txn, i, 1, many_bytes));
		if (err)
			return err;
	}
	int err = e2_txn_mark(s->txn, &mark);
	return err ? err : e2_txn_end(s->txn, mark, e2_txn_write(s->txn, 100, 40, many_bytes));
}

/* More than may stay in buffers, so that they go where slots do not lie together. */
static int step_spill(struct set *s)
{
	int err = 0;

	for (unsigned i = 250; i > 100 && !err; i--) {
		struct e2_wbuf *w;

		err = e2_txn_get(s->txn, i, E2_FILL_ZERO, &w);
		if (!err)
			e2_txn_put(s->txn, w);
	}
	return err;
}

static int step_forget_scattered(struct set *s)
{
	int err = 0;

	for (unsigned i = 100; i < 200 && !err; i += 2) {
		err = i % 4 ? e2_txn_write(s->txn, i, 1, many_bytes) : 0;
		if (!err)
			err = e2_txn_forget(s->txn, i - 2, 1);
		if (!err)
			err = e2_txn_write(s->txn, i - 1, 1, many_bytes);
	}
	return err;
}

static void prepare(struct set *s, unsigned *mark)
{
	set_up(s);
	memset(many_bytes, 0xaa, sizeof(many_bytes));
	for (unsigned i = 10; i < 20; i += 2)
		cr_assert_eq(e2_txn_write(s->txn, i, 1, many_bytes), 0);
	put_byte(s, 18, 0xaa);
	cr_assert_eq(e2_txn_mark(s->txn, mark), 0);
}

static void expect_bytes(struct set *s)
{
	for (unsigned i = 10; i < 20; i++)
		cr_assert_eq(byte_of(s, i), i % 2 ? i : 0xaa);
}

E2_TEST(cache_txn, a_step_that_fails_can_be_taken_back_and_tried_again)
{
	static step_function *const steps[] = {
		step_read, step_zero, step_rewrite, step_write, step_write_held, step_forget,
		step_forget_held, step_forget_changed_held, step_write_layers, step_spill,
		step_forget_scattered,
	};
	unsigned failures = 0, mark;

	for (unsigned i = 0; i < 2 * sizeof(steps) / sizeof(steps[0]); i++) {
		step_function *step = steps[i / 2];

		for (unsigned nth = 1; ; nth++) {
			struct set s;

			prepare(&s, &mark);
			if (i % 2)
				alloc_fail(nth);
			else
				flaky_fail(&s.flaky, nth, false);
			int err = step(&s);
			bool failed = i % 2 ? alloc_count() >= nth : s.flaky.seen >= nth;
			alloc_fail(0);
			flaky_fail(&s.flaky, 0, false);
			cr_assert_eq(err, !failed ? 0 : i % 2 ? E2_ERR_NOMEM : E2_ERR_IO);
			failures += failed;
			e2_txn_rewind(s.txn, mark);
			expect_bytes(&s);
			cr_assert_eq(e2_txn_mark(s.txn, &mark), 0);
			cr_assert_eq(step(&s), 0);
			e2_txn_release(s.txn, mark);
			e2_txn_abort(s.txn);
			tear_down(&s);
			if (!failed)
				break;
		}
	}
	cr_assert_gt(failures, 20);
}

/* Changes n blocks that lie apart and forgets one; for some n the map grows then. */
static int step_scattered(struct set *s, unsigned n, bool in_slots)
{
	struct e2_wbuf *w;
	int err;

	for (unsigned i = 0; i < n; i++) {
		if (in_slots) {
			cr_assert_eq(e2_txn_write(s->txn, 100 + 2 * i, 1, many_bytes), 0);
		} else {
			cr_assert_eq(e2_txn_get(s->txn, 100 + 2 * i, E2_FILL_ZERO, &w), 0);
			e2_txn_put(s->txn, w);
		}
	}
	alloc_fail(1);
	err = e2_txn_forget(s->txn, 100, 1);
	return err;
}

E2_TEST(cache_txn, forgetting_needs_memory_and_says_when_there_is_none)
{
	unsigned failures = 0, mark;

	for (unsigned i = 0; i < 60; i++) {
		struct set s;

		prepare(&s, &mark);
		e2_txn_release(s.txn, mark);
		int err = step_scattered(&s, 1 + i / 2, i % 2);
		bool failed = alloc_count() > 0;
		alloc_fail(0);
		cr_assert_eq(err, failed ? E2_ERR_NOMEM : 0);
		failures += failed;
		cr_assert_eq(byte_of(&s, 100), !failed ? 100 : i % 2 ? many_bytes[0] : 0);
		e2_txn_abort(s.txn);
		tear_down(&s);
	}
	cr_assert_gt(failures, 1);
}

/* The scratch file fails when its content is to go home. */
E2_TEST(cache_txn, a_commit_that_cannot_read_what_is_to_be_written)
{
	struct set s;

	set_up(&s);
	e2_txn_abort(s.txn);
	cr_assert_eq(e2_txn_open_within(s.c, &plain, &s.flaky.env, 0, &s.txn), 0);
	cr_assert_eq(e2_txn_write(s.txn, 10, 10, many_bytes), 0);
	flaky_fail(&s.flaky, 1, false);
	cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_IO);	/* nothing is written */
	cr_assert_eq(byte_of(&s, 12), 12);
	/* So it is when the first of several pieces cannot be read. */
	cr_assert_eq(e2_txn_open_within(s.c, &plain, &s.flaky.env, 0, &s.txn), 0);
	cr_assert_eq(e2_txn_write(s.txn, 12, 1, many_bytes), 0);
	cr_assert_eq(e2_txn_write(s.txn, 11, 1, many_bytes), 0);
	flaky_fail(&s.flaky, 1, false);
	cr_assert_eq(e2_txn_commit(s.txn), E2_ERR_IO);
	tear_down(&s);
}

/* A large piece is not copied; small ones before it are brought together. */
E2_TEST(cache_txn, pieces_of_a_commit)
{
	static uint8_t room[300 * BLOCK];
	uint8_t *data = calloc(250, BLOCK);
	const uint8_t *at;
	uint64_t got;
	struct set s;

	set_up(&s);
	for (unsigned i = 0; i < 9; i++)
		put_byte(&s, 8 - i, (uint8_t)(100 + 8 - i));
	memset(data, 7, 250 * BLOCK);
	cr_assert_eq(e2_txn_write(s.txn, 9, 250, data), 0);
	cr_assert_eq(e2_txn_after(s.txn, 0, 1, room, &at, &got), 0);
	cr_assert(got == 1 && at != room && at[0] == 100);
	cr_assert_eq(e2_txn_after(s.txn, 0, 259, room, &at, &got), 0);
	cr_assert(got == 9 && at == room);
	for (unsigned i = 0; i < 9; i++)
		cr_assert_eq(at[i * BLOCK], 100 + i);
	cr_assert_eq(e2_txn_after(s.txn, 9, 250, room, &at, &got), 0);
	cr_assert(got == 250 && at != room && at[0] == 7);
	cr_assert_eq(e2_txn_after(s.txn, 2, 10, room, &at, &got), 0);
	cr_assert(got == 10 && at == room && at[9 * BLOCK] == 7);
	cr_assert_eq(e2_txn_after(s.txn, 9, 3, room, &at, &got), 0);
	cr_assert(got == 3 && at != room);
	free(data);
	e2_txn_abort(s.txn);
	tear_down(&s);
}

/* Changed blocks that many hold at once fill the cache; it shrinks again. */
E2_TEST(cache_txn, more_changed_blocks_than_the_cache_is_large)
{
	struct e2_wbuf *w[200];
	struct set s;

	set_up(&s);
	for (unsigned i = 0; i < 200; i++) {
		cr_assert_eq(e2_txn_get(s.txn, i, E2_FILL_ZERO, &w[i]), 0);
		w[i]->data[0] = (uint8_t)(i + 1);
	}
	for (unsigned i = 0; i < 200; i++)
		e2_txn_put(s.txn, w[i]);
	cr_assert_eq(s.c->buffers, 200);
	cr_assert_eq(byte_of(&s, 250), 250);
	cr_assert_eq(byte_of(&s, 251), 251);
	put_byte(&s, 252, 1);		/* makes room */
	cr_assert_lt(s.c->dirty_count, 64);
	cr_assert_eq(byte_of(&s, 253), 253);
	cr_assert_leq(s.c->buffers, 65);
	for (unsigned i = 0; i < 200; i++)
		cr_assert_eq(byte_of(&s, i), (uint8_t)(i + 1));
	e2_txn_abort(s.txn);
	tear_down(&s);
}
