/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "alloc.h"
#include "base/endian.h"
#include "cache/private.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

enum { BLOCK = 512, BLOCKS = 1000 };

/* Each block holds its own number over and over. */
static void fill_block(uint8_t *block, uint64_t number)
{
	for (unsigned i = 0; i < BLOCK; i += 8)
		e2_put64(block + i, number ^ UINT64_C(0x5555555555555555));
}

static struct e2_io *make_io(void)
{
	uint8_t block[BLOCK];
	struct e2_io *io;

	/* Half a block at the end belongs to no block. */
	cr_assert_eq(e2_io_open_mem(BLOCKS * BLOCK + BLOCK / 2, &io), 0);
	for (uint64_t i = 0; i < BLOCKS; i++) {
		fill_block(block, i);
		cr_assert_eq(e2_io_write(io, i * BLOCK, BLOCK, block), 0);
	}
	return io;
}

static bool holds(const uint8_t *data, uint64_t number)
{
	uint8_t block[BLOCK];

	fill_block(block, number);
	return memcmp(data, block, BLOCK) == 0;
}

/* A back end whose reads can be counted, held up and made to fail. */
struct slow_io {
	struct e2_io io;
	struct e2_io *below;
	atomic_int fail;		/* reads yet to fail */
	atomic_int reads;
	mtx_t gate;			/* a read waits for it */
};

static int slow_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct slow_io *s = (struct slow_io *)io;

	atomic_fetch_add(&s->reads, 1);
	mtx_lock(&s->gate);
	mtx_unlock(&s->gate);
	if (atomic_load(&s->fail) > 0) {
		atomic_fetch_sub(&s->fail, 1);
		return e2_fail(E2_ERR_IO, "on purpose");
	}
	return e2_io_read(s->below, offset, len, buf);
}

static const struct e2_io_ops slow_ops = { .read = slow_read };

static void slow_open(struct slow_io *s)
{
	*s = (struct slow_io){ .below = make_io() };
	s->io = (struct e2_io){ .ops = &slow_ops, .name = "slow", .size = s->below->size };
	mtx_init(&s->gate, mtx_plain);
}

static void slow_close(struct slow_io *s)
{
	mtx_destroy(&s->gate);
	e2_io_close(s->below);
}

E2_TEST(cache_get, blocks_are_read_once_and_found_again)
{
	struct e2_io *io = make_io();
	struct e2_cache_stats st;
	const struct e2_buf *a, *b;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 64 * BLOCK, 0, &c), 0);
	cr_assert_eq(e2_cache_get(c, 7, &a), 0);
	cr_assert_eq(e2_cache_get(c, 7, &b), 0);
	cr_assert_eq(a, b);
	cr_assert_eq(a->blk, 7);
	cr_assert(holds(a->data, 7));
	e2_cache_put(c, a);
	e2_cache_put(c, b);
	e2_cache_put(c, NULL);
	e2_cache_stats(c, &st);
	cr_assert_eq(st.gets, 2);
	cr_assert_eq(st.hits, 1);
	cr_assert_eq(st.reads, 1);
	cr_assert_eq(st.read_bytes, BLOCK);
	e2_cache_close(c);
	e2_cache_close(NULL);
	e2_io_close(io);
}

E2_TEST(cache_get, a_block_past_the_end_is_an_error_that_names_it)
{
	struct e2_io *io = make_io();
	const struct e2_buf *b;
	struct e2_cache *c;
	uint8_t two[2 * BLOCK];

	cr_assert_eq(e2_cache_open(io, BLOCK, 64 * BLOCK, 0, &c), 0);
	cr_assert_eq(e2_cache_get(c, BLOCKS, &b), E2_ERR_IO);	/* half of it is there */
	cr_assert_str_eq(e2_err_detail(), "block 1000 lies past the end of the image, which "
			 "holds 1000 blocks of 512 bytes");
	cr_assert_eq(e2_cache_get(c, UINT64_MAX, &b), E2_ERR_IO);
	cr_assert_eq(e2_cache_read(c, BLOCKS - 1, 2, two), E2_ERR_IO);
	cr_assert_not_null(strstr(e2_err_detail(), "block 1000 lies past"));
	cr_assert_eq(e2_cache_read(c, 3, UINT64_MAX, two), E2_ERR_IO);
	cr_assert_eq(e2_cache_read(c, BLOCKS - 2, 2, two), 0);
	cr_assert(holds(two + BLOCK, BLOCKS - 1));
	e2_cache_close(c);
	e2_io_close(io);
}

E2_TEST(cache_get, a_watch_counts_different_blocks)
{
	static const e2_blk order[] = { 3, 4, 3, 5, 4, 3 };
	struct e2_io *io = make_io();
	struct e2_cache_stats st;
	const struct e2_buf *b;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 64 * BLOCK, 0, &c), 0);
	for (unsigned round = 0; round < 2; round++) {
		e2_cache_watch(c);
		for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
			cr_assert_eq(e2_cache_get(c, order[i], &b), 0);
			e2_cache_put(c, b);
		}
		e2_cache_stats(c, &st);
		cr_assert_eq(st.watched, 3, "%llu in round %u",
			     (unsigned long long)st.watched, round);
	}
	cr_assert_eq(st.reads, 3);
	e2_cache_close(c);
	e2_io_close(io);
}

E2_TEST(cache_get, unpinned_memory_is_bounded_and_pinned_memory_stays)
{
	struct e2_io *io = make_io();
	const struct e2_buf *pinned[100], *b;
	struct e2_cache_stats st;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 20 * BLOCK, 0, &c), 0);
	for (uint64_t i = 0; i < 100; i++)
		cr_assert_eq(e2_cache_get(c, i, &pinned[i]), 0);
	for (uint64_t i = 100; i < BLOCKS; i++) {
		cr_assert_eq(e2_cache_get(c, i, &b), 0);
		cr_assert(holds(b->data, i));
		e2_cache_put(c, b);
	}
	for (uint64_t i = 0; i < 100; i++) {
		cr_assert(holds(pinned[i]->data, i));
		e2_cache_put(c, pinned[i]);
	}
	/* The last 20 put are kept, the others are gone. */
	for (uint64_t i = 80; i < 100; i++) {
		cr_assert_eq(e2_cache_get(c, i, &b), 0);
		e2_cache_put(c, b);
	}
	e2_cache_stats(c, &st);
	cr_assert_eq(st.reads, BLOCKS);
	cr_assert_eq(e2_cache_get(c, 79, &b), 0);
	e2_cache_put(c, b);
	e2_cache_stats(c, &st);
	cr_assert_eq(st.reads, BLOCKS + 1);
	e2_cache_close(c);
	e2_io_close(io);
}

E2_TEST(cache_get, the_least_recently_used_goes_first)
{
	struct e2_io *io = make_io();
	struct e2_cache_stats st;
	const struct e2_buf *b;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 20 * BLOCK, 0, &c), 0);
	for (uint64_t i = 0; i < 500; i++) {
		cr_assert_eq(e2_cache_get(c, 0, &b), 0);	/* always wanted */
		e2_cache_put(c, b);
		cr_assert_eq(e2_cache_get(c, 1 + i, &b), 0);
		e2_cache_put(c, b);
	}
	e2_cache_stats(c, &st);
	cr_assert_eq(st.reads, 501);
	e2_cache_close(c);
	e2_io_close(io);
}

E2_TEST(cache_get, a_failed_read_is_tried_again_by_the_next)
{
	struct slow_io s;
	const struct e2_buf *b;
	struct e2_cache *c;

	slow_open(&s);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 20 * BLOCK, 0, &c), 0);
	atomic_store(&s.fail, 2);
	cr_assert_eq(e2_cache_get(c, 5, &b), E2_ERR_IO);
	cr_assert_str_eq(e2_err_detail(), "on purpose");
	cr_assert_eq(e2_cache_get(c, 5, &b), E2_ERR_IO);
	cr_assert_eq(e2_cache_get(c, 5, &b), 0);
	cr_assert(holds(b->data, 5));
	e2_cache_put(c, b);
	e2_cache_close(c);
	slow_close(&s);
}

E2_TEST(cache_open, any_allocation_may_fail)
{
	struct e2_io *io = make_io();
	const struct e2_buf *pinned[100];
	struct e2_cache *c;
	unsigned nth, i;

	for (nth = 1; ; nth++) {
		alloc_fail(nth);
		int err = e2_cache_open(io, BLOCK, 20 * BLOCK, 0, &c);
		if (err) {
			cr_assert_eq(err, E2_ERR_NOMEM);
			continue;
		}
		for (i = 0; i < 100 && e2_cache_get(c, i, &pinned[i]) == 0; i++)
			cr_assert(holds(pinned[i]->data, i));
		alloc_fail(0);
		for (unsigned k = 0; k < i; k++)
			e2_cache_put(c, pinned[k]);
		cr_assert_eq(e2_cache_get(c, 200, &pinned[0]), 0);
		cr_assert(holds(pinned[0]->data, 200));
		e2_cache_put(c, pinned[0]);
		e2_cache_close(c);
		if (i == 100 && nth > 250)
			break;
	}
	e2_io_close(io);
}

E2_TEST(cache_close, forgotten_pins_are_caught, .signal = SIGABRT)
{
	struct e2_io *io = make_io();
	const struct e2_buf *b;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 20 * BLOCK, 0, &c), 0);
	cr_assert_eq(e2_cache_get(c, 5, &b), 0);
	e2_cache_close(c);
}

/* ---- hints ------------------------------------------------------------------ */

/* Waits until the workers have read or dropped what was hinted. */
static void wait_for_reads(struct e2_cache *c, uint64_t bytes)
{
	struct e2_cache_stats st;

	do {
		thrd_yield();
		e2_cache_stats(c, &st);
	} while (st.read_bytes < bytes);
}

E2_TEST(cache_hint, neighbours_come_in_one_read_and_are_not_read_again)
{
	static uint8_t all[100 * BLOCK];
	struct e2_range ranges[] = { { 10, 100 }, { 500, 10 }, { BLOCKS - 1, 50 }, { BLOCKS, 3 },
				     { 7, 0 } };
	struct slow_io s;
	struct e2_cache_stats st;
	const struct e2_buf *b;
	struct e2_cache *c;

	slow_open(&s);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 1000 * BLOCK, 1, &c), 0);
	e2_cache_hint(c, ranges, 5);
	wait_for_reads(c, 111 * BLOCK);
	cr_assert_eq(e2_cache_read(c, 10, 100, all), 0);
	for (uint64_t i = 0; i < 100; i++)
		cr_assert(holds(all + i * BLOCK, 10 + i));
	for (uint64_t i = 500; i < 510; i++) {
		cr_assert_eq(e2_cache_get(c, i, &b), 0);
		cr_assert(holds(b->data, i));
		e2_cache_put(c, b);
	}
	cr_assert_eq(e2_cache_get(c, BLOCKS - 1, &b), 0);
	e2_cache_put(c, b);
	e2_cache_stats(c, &st);
	cr_assert_eq(atomic_load(&s.reads), 3);
	cr_assert_eq(st.reads, 3);
	cr_assert_eq(st.hints, 111);
	cr_assert_eq(st.dropped, 0);
	e2_cache_close(c);
	slow_close(&s);
}

E2_TEST(cache_hint, half_the_cache_is_the_most_they_take)
{
	struct e2_io *io = make_io();
	struct e2_range all = { 0, BLOCKS };
	struct e2_cache_stats st;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 100 * BLOCK, 1, &c), 0);
	e2_cache_hint(c, &all, 1);
	do {
		thrd_yield();
		e2_cache_stats(c, &st);
	} while (st.dropped == 0);
	cr_assert_eq(st.read_bytes, 50 * BLOCK);
	cr_assert_eq(st.dropped, BLOCKS - 50);
	e2_cache_close(c);
	e2_io_close(io);
}

E2_TEST(cache_hint, a_long_range_comes_in_several_reads)
{
	struct e2_io *io = make_io();
	struct e2_range all = { 0, BLOCKS };
	struct e2_cache_stats st;
	struct e2_cache *c;

	cr_assert_eq(e2_cache_open(io, BLOCK, 3 * BLOCKS * BLOCK, 1, &c), 0);
	e2_cache_hint(c, &all, 1);
	wait_for_reads(c, BLOCKS * BLOCK);
	e2_cache_stats(c, &st);
	cr_assert_eq(st.reads, 2);
	e2_cache_close(c);
	e2_io_close(io);
}

static int close_cache(void *context)
{
	e2_cache_close(context);
	return 0;
}

E2_TEST(cache_hint, a_worker_stops_within_a_long_range)
{
	struct e2_range all = { 0, BLOCKS };
	bool stopping = false;
	struct slow_io s;
	struct e2_cache *c;
	thrd_t closer;

	slow_open(&s);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 3 * BLOCKS * BLOCK, 1, &c), 0);
	mtx_lock(&s.gate);
	e2_cache_hint(c, &all, 1);
	while (atomic_load(&s.reads) == 0)
		thrd_yield();
	cr_assert_eq(thrd_create(&closer, close_cache, c), thrd_success);
	while (!stopping) {		/* the worker waits: so the cache is still there */
		mtx_lock(&c->lock);
		stopping = c->queue.stop;
		mtx_unlock(&c->lock);
		thrd_yield();
	}
	mtx_unlock(&s.gate);
	thrd_join(closer, NULL);
	cr_assert_eq(atomic_load(&s.reads), 1);
	slow_close(&s);
}

E2_TEST(cache_hint, a_full_queue_drops_the_rest)
{
	struct e2_range one = { 3, 1 };
	struct slow_io s;
	struct e2_cache_stats st;
	struct e2_cache *c;

	slow_open(&s);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 100 * BLOCK, 1, &c), 0);
	mtx_lock(&s.gate);		/* the worker is held up in its first read */
	for (unsigned i = 0; i < 400; i++)
		e2_cache_hint(c, &one, 1);
	e2_cache_stats(c, &st);
	cr_assert(st.dropped >= 143 && st.dropped <= 144, "%ju", (uintmax_t)st.dropped);
	mtx_unlock(&s.gate);
	e2_cache_close(c);
	slow_close(&s);
}

E2_TEST(cache_hint, a_failed_hint_is_no_failure)
{
	struct e2_range r = { 10, 20 };
	struct slow_io s;
	const struct e2_buf *b;
	struct e2_cache *c;

	slow_open(&s);
	atomic_store(&s.fail, 1);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 100 * BLOCK, 1, &c), 0);
	mtx_lock(&s.gate);
	e2_cache_hint(c, &r, 1);
	while (atomic_load(&s.reads) == 0)
		thrd_yield();
	mtx_unlock(&s.gate);
	for (uint64_t i = 10; i < 30; i++) {
		cr_assert_eq(e2_cache_get(c, i, &b), 0);
		cr_assert(holds(b->data, i));
		e2_cache_put(c, b);
	}
	e2_cache_close(c);
	slow_close(&s);
}

E2_TEST(cache_hint, without_memory_they_are_dropped)
{
	struct e2_range r = { 10, 20 };

	for (unsigned nth = 1; nth <= 8; nth++) {
		struct e2_io *io = make_io();
		struct e2_cache_stats st;
		const struct e2_buf *b;
		struct e2_cache *c;

		cr_assert_eq(e2_cache_open(io, BLOCK, 100 * BLOCK, 1, &c), 0);
		alloc_fail(nth);
		e2_cache_hint(c, &r, 1);
		do {
			thrd_yield();
			e2_cache_stats(c, &st);
		} while (st.dropped + st.read_bytes / BLOCK < 20);
		alloc_fail(0);
		for (uint64_t i = 10; i < 30; i++) {
			cr_assert_eq(e2_cache_get(c, i, &b), 0);
			cr_assert(holds(b->data, i));
			e2_cache_put(c, b);
		}
		e2_cache_close(c);
		e2_io_close(io);
	}
}

static int read_two(void *context)
{
	struct e2_cache *c = context;
	uint8_t two[2 * BLOCK];

	return e2_cache_read(c, 10, 2, two) != 0 || !holds(two, 10) || !holds(two + BLOCK, 11);
}

/* Reads two blocks whose hint is held up, while the io fails so many times. */
static int read_hinted(int failures)
{
	struct e2_range r = { 10, 2 };
	struct slow_io s;
	struct e2_cache *c;
	thrd_t thread;
	int result;

	slow_open(&s);
	atomic_store(&s.fail, failures);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 100 * BLOCK, 1, &c), 0);
	mtx_lock(&s.gate);
	e2_cache_hint(c, &r, 1);
	while (atomic_load(&s.reads) == 0)
		thrd_yield();
	cr_assert_eq(thrd_create(&thread, read_two, c), thrd_success);
	for (unsigned i = 0; i < 1000; i++)
		thrd_yield();
	mtx_unlock(&s.gate);
	thrd_join(thread, &result);
	e2_cache_close(c);
	slow_close(&s);
	return result;
}

/* Reads what was hinted, all of it or past what failed. */
E2_TEST(cache_hint, a_bulk_read_past_failed_hints)
{
	int result = -1;

	cr_assert_eq(read_hinted(0), 0);
	cr_assert_eq(read_hinted(1), 0);
	/* Past a second failure comes only a reader who waited for the hint: one whom the host
	 * starts too late reads for himself, and may fail. */
	for (unsigned i = 0; i < 200 && result != 0; i++)
		result = read_hinted(2);
	cr_assert_eq(result, 0);
}

struct reader {
	struct e2_cache *c;
	uint64_t seed;
	atomic_int *wrong;
};

static int read_much(void *context)
{
	struct reader *r = context;
	uint64_t seed = r->seed;
	uint8_t many[16 * BLOCK];

	for (unsigned i = 0; i < 4000; i++) {
		const struct e2_buf *a, *b;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		uint64_t blk = (seed >> 33) % (BLOCKS - 64);
		if (i % 7 == 0)
			e2_cache_hint(r->c, &(struct e2_range){ blk, seed >> 20 & 63 }, 1);
		if (e2_cache_get(r->c, blk, &a) != 0 || e2_cache_get(r->c, blk + 5, &b) != 0) {
			atomic_fetch_add(r->wrong, 1);
			return 1;
		}
		if (!holds(a->data, blk) || !holds(b->data, blk + 5))
			atomic_fetch_add(r->wrong, 1);
		e2_cache_put(r->c, a);
		e2_cache_put(r->c, b);
		if (i % 5 == 0 && (e2_cache_read(r->c, blk, 16, many) != 0 ||
		    !holds(many, blk) || !holds(many + 15 * BLOCK, blk + 15)))
			atomic_fetch_add(r->wrong, 1);
	}
	return 0;
}

E2_TEST(cache_threads, bytes_are_the_same_for_any_number_of_workers_and_readers)
{
	static const unsigned workers[] = { 0, 1, 8 };

	for (unsigned w = 0; w < 3; w++) {
		struct e2_io *io = make_io();
		struct reader readers[4];
		struct e2_cache *c;
		thrd_t threads[4];
		atomic_int wrong = 0;

		/* Small enough that buffers come and go, and hints are dropped. */
		cr_assert_eq(e2_cache_open(io, BLOCK, 40 * BLOCK, workers[w], &c), 0);
		for (unsigned i = 0; i < 4; i++) {
			readers[i] = (struct reader){ .c = c, .seed = i, .wrong = &wrong };
			cr_assert_eq(thrd_create(&threads[i], read_much, &readers[i]),
				     thrd_success);
		}
		for (unsigned i = 0; i < 4; i++)
			thrd_join(threads[i], NULL);
		cr_assert_eq(atomic_load(&wrong), 0);
		e2_cache_close(c);
		e2_io_close(io);
	}
}

static int get_one(void *context)
{
	const struct e2_buf *b;
	struct e2_cache *c = context;
	int err = e2_cache_get(c, 5, &b);

	if (!err) {
		err = !holds(b->data, 5);
		e2_cache_put(c, b);
	}
	return err;
}

E2_TEST(cache_threads, waiters_of_a_failed_read_try_themselves)
{
	struct slow_io s;
	struct e2_cache *c;
	thrd_t threads[4];
	int result, failures = 0;

	slow_open(&s);
	atomic_store(&s.fail, 2);
	cr_assert_eq(e2_cache_open(&s.io, BLOCK, 40 * BLOCK, 0, &c), 0);
	mtx_lock(&s.gate);
	for (unsigned i = 0; i < 4; i++)
		thrd_create(&threads[i], get_one, c);
	while (atomic_load(&s.reads) == 0)
		thrd_yield();
	mtx_unlock(&s.gate);
	for (unsigned i = 0; i < 4; i++) {
		thrd_join(threads[i], &result);
		failures += result != 0;
	}
	cr_assert_eq(failures, 2);
	e2_cache_close(c);
	slow_close(&s);
}
