/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "alloc.h"
#include "cache/store.h"
#include "flaky.h"

#include <string.h>

enum { BLOCK = 1024 };

static void fill(uint8_t *bytes, uint64_t first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		memset(bytes + i * BLOCK, (int)((first + i) * 7 % 251 + 1), BLOCK);
}

static void expect(struct e2_store *s, uint64_t slot, uint64_t count, uint64_t first)
{
	static uint8_t bytes[64 * BLOCK], right[64 * BLOCK];

	fill(right, first, count);
	cr_assert_eq(e2_store_read(s, slot, count, bytes), 0);
	cr_assert_arr_eq(bytes, right, count * BLOCK);
}

E2_TEST(cache_store, lowest_slots_are_taken_first_and_again)
{
	struct e2_store *s;
	uint64_t first, got;

	cr_assert_eq(e2_store_new(NULL, BLOCK, 1 << 20, &s), 0);
	cr_assert_eq(e2_store_take(s, 200, &first, &got), 0);
	cr_assert(first == 0 && got == 200);
	e2_store_set_tag(s, 0, 200, 9);
	e2_store_give(s, 70, 3);
	e2_store_give(s, 150, 50);
	cr_assert_eq(e2_store_taken(s), 147);
	cr_assert_eq(e2_store_take(s, 5, &first, &got), 0);
	cr_assert(first == 70 && got == 3);
	cr_assert(e2_store_tag(s, 72) == 0 && e2_store_tag(s, 73) == 9);
	/* A run at the end is taken before the store grows. */
	cr_assert_eq(e2_store_take(s, 60, &first, &got), 0);
	cr_assert(first == 150 && got == 50);
	cr_assert_eq(e2_store_take(s, 1, &first, &got), 0);
	cr_assert(first == 200 && got == 1);
	cr_assert_eq(e2_store_taken(s), 201);
	e2_store_free(s);
	e2_store_free(NULL);
}

E2_TEST(cache_store, content_lies_in_memory_and_past_it_in_the_file)
{
	static uint8_t bytes[64 * BLOCK];
	struct flaky f;
	struct e2_store *s;
	uint64_t first, got, n;

	flaky_init(&f);
	cr_assert_eq(e2_store_new(&f.env, BLOCK, 30 * BLOCK, &s), 0);
	cr_assert_eq(e2_store_take(s, 20, &first, &got), 0);
	cr_assert_eq(f.open, 0);
	fill(bytes, 100, 20);
	cr_assert_eq(e2_store_write(s, 0, 20, bytes), 0);
	cr_assert_eq(e2_store_take(s, 40, &first, &got), 0);
	cr_assert(first == 20 && got == 40);
	cr_assert_eq(f.open, 1);
	fill(bytes, 200, 40);
	cr_assert_eq(e2_store_write(s, 20, 40, bytes), 0);
	expect(s, 0, 20, 100);
	expect(s, 20, 40, 200);
	expect(s, 45, 15, 225);
	n = 60;
	cr_assert_not_null(e2_store_memory(s, 3, &n));
	cr_assert_eq(n, 27);
	cr_assert_null(e2_store_memory(s, 30, &n));
	memset(bytes, 0, sizeof(bytes));
	cr_assert_eq(e2_store_zero(s, 5, 5), 0);
	cr_assert_eq(e2_store_zero(s, 25, 10), 0);
	cr_assert_eq(e2_store_zero(s, 50, 2), 0);
	expect(s, 0, 5, 100);
	expect(s, 10, 10, 110);
	expect(s, 20, 5, 200);
	expect(s, 35, 15, 215);
	expect(s, 52, 8, 232);
	cr_assert_eq(e2_store_read(s, 25, 10, bytes + BLOCK), 0);
	for (size_t i = 0; i < 11 * BLOCK; i++)
		cr_assert_eq(bytes[i], 0);
	e2_store_free(s);
	cr_assert_eq(f.open, 0);
}

E2_TEST(cache_store, chunks_of_memory_lie_apart)
{
	static uint8_t big[40 * BLOCK];
	struct e2_store *s;
	uint64_t first, got, n = 99;

	cr_assert_eq(e2_store_new(NULL, BLOCK, 4 << 20, &s), 0);
	cr_assert_eq(e2_store_take(s, 2048, &first, &got), 0);
	cr_assert_eq(got, 2048);
	fill(big, 3, 40);
	cr_assert_eq(e2_store_write(s, 1004, 40, big), 0);
	expect(s, 1004, 40, 3);
	cr_assert_not_null(e2_store_memory(s, 1004, &n));
	cr_assert_eq(n, 20);
	cr_assert_eq(e2_store_zero(s, 1020, 8), 0);
	expect(s, 1004, 16, 3);
	expect(s, 1028, 16, 27);
	e2_store_free(s);
}

/* Blocks larger than a chunk, and none in memory at all. */
E2_TEST(cache_store, odd_sizes)
{
	static uint8_t big[2 << 20], back[2 << 20];
	struct flaky f;
	struct e2_store *s;
	uint64_t first, got;

	flaky_init(&f);
	memset(big, 5, sizeof(big));
	for (uint64_t memory = 0; memory <= 4 << 20; memory += 2 << 20) {
		cr_assert_eq(e2_store_new(&f.env, 2 << 20, memory, &s), 0);
		cr_assert_eq(e2_store_take(s, 2, &first, &got), 0);
		cr_assert_eq(e2_store_write(s, 1, 1, big), 0);
		cr_assert_eq(e2_store_read(s, 1, 1, back), 0);
		cr_assert_arr_eq(back, big, sizeof(back));
		e2_store_free(s);
	}
}

E2_TEST(cache_store, without_memory_for_content_the_file_takes_over)
{
	static uint8_t bytes[64 * BLOCK];
	struct flaky f;
	struct e2_store *s;
	uint64_t first, got, n = 1;
	unsigned in_memory = 0;

	fill(bytes, 1, 64);
	for (uint64_t nth = 1; ; nth++) {
		flaky_init(&f);
		alloc_fail(nth);
		int err = e2_store_new(&f.env, BLOCK, 64 * BLOCK, &s);
		if (!err) {
			err = e2_store_take(s, 64, &first, &got);
			if (!err) {
				cr_assert_eq(e2_store_write(s, 0, 64, bytes), 0);
				expect(s, 0, 64, 1);
				in_memory += e2_store_memory(s, 0, &n) != NULL;
			} else {
				cr_assert_eq(err, E2_ERR_NOMEM);
				cr_assert_eq(e2_store_taken(s), 0);
			}
			/* It works afterwards. */
			alloc_fail(0);
			cr_assert_eq(e2_store_take(s, 64, &first, &got), 0);
			cr_assert_eq(got, 64);
			cr_assert_eq(e2_store_write(s, first, 64, bytes), 0);
			expect(s, first, 64, 1);
			e2_store_free(s);
		}
		cr_assert_eq(f.open, 0);
		if (in_memory > 0)
			break;
		cr_assert_lt(nth, 50);
	}
	alloc_fail(0);
}

E2_TEST(cache_store, failures_of_the_file_come_out)
{
	static uint8_t bytes[64 * BLOCK];
	struct flaky f;
	uint64_t first, got;

	for (uint64_t nth = 1; nth <= 6; nth++) {
		struct e2_store *s;

		flaky_init(&f);
		cr_assert_eq(e2_store_new(&f.env, BLOCK, 8 * BLOCK, &s), 0);
		flaky_fail(&f, nth, false);
		int err = e2_store_take(s, 16, &first, &got);
		if (err) {
			cr_assert_eq(e2_store_taken(s), 0);
			cr_assert_eq(e2_store_take(s, 16, &first, &got), 0);
		}
		if (!err)
			err = e2_store_write(s, 0, 16, bytes);
		if (!err)
			err = e2_store_read(s, 0, 16, bytes);
		if (!err)
			err = e2_store_zero(s, 0, 16);
		cr_assert_eq(err, nth <= 5 ? E2_ERR_IO : 0, "%ju", (uintmax_t)nth);
		e2_store_free(s);
		cr_assert_eq(f.open, 0);
	}
}

/* Small writes wait until there are many; what they wait with cannot be lost. */
E2_TEST(cache_store, gathered_writes_fail)
{
	enum { SLOTS = 400 };
	static uint8_t bytes[64 * BLOCK];
	struct flaky f;
	struct e2_store *s;
	uint64_t first, got;

	flaky_init(&f);
	cr_assert_eq(e2_store_new(&f.env, BLOCK, 8 * BLOCK, &s), 0);
	cr_assert_eq(e2_store_take(s, 8 + SLOTS, &first, &got), 0);
	for (uint64_t slot = 8; slot + 3 <= SLOTS; slot += 3) {
		fill(bytes, slot, 3);
		cr_assert_eq(e2_store_write(s, slot, 3, bytes), 0);
	}
	uint64_t waiting = 8 + (SLOTS - 8) / 3 * 3 - 3;
	fill(bytes, waiting, 64);
	flaky_fail(&f, 1, false);
	cr_assert_eq(e2_store_write(s, 300, 64, bytes), E2_ERR_IO);
	cr_assert_eq(e2_store_write(s, 320, 64, bytes), 0);
	expect(s, 320, 64, waiting);
	expect(s, 8, 64, 8);
	e2_store_free(s);
	cr_assert_eq(f.open, 0);
}
