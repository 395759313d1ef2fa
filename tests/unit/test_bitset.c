/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/bitset.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static void compare(const struct e2_bitset *set, const bool *model, uint64_t bits)
{
	uint64_t count = 0, next_set = bits, next_clear = bits;

	for (uint64_t n = bits; n-- > 0;) {
		count += model[n];
		if (model[n])
			next_set = n;
		else
			next_clear = n;
		cr_assert_eq(e2_bitset_test(set, n), model[n]);
		cr_assert_eq(e2_bitset_next_set(set, n), next_set);
		cr_assert_eq(e2_bitset_next_clear(set, n), next_clear);
		for (uint64_t end = n; end <= bits; end += 1 + (bits - end) / 3) {
			uint64_t first, want = next_clear < end ? next_clear : end, len = 0;

			while (want + len < end && !model[want + len])
				len++;
			cr_assert_eq(e2_bitset_gap(set, n, end, &first), len);
			cr_assert_eq(first, want);
		}
	}
	cr_assert_eq(e2_bitset_count(set), count);
}

/* One random operation on both. */
static void step(struct e2_bitset *set, bool *model, uint64_t bits, uint64_t *seed)
{
	uint64_t first = next_random(seed) % (bits + 3);
	uint64_t count = next_random(seed) % (bits / 2 + 3);
	uint64_t before = 0;
	uint8_t bytes[64];
	unsigned what = (unsigned)(next_random(seed) % 6);

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)next_random(seed);
	if (count > 8 * sizeof(bytes))
		count = 8 * sizeof(bytes);
	for (uint64_t i = 0; i < count && what >= 3; i++) {
		if (first + i >= bits)
			break;
		before += model[first + i];
		model[first + i] = what == 3 || (what == 5 && (bytes[i / 8] >> i % 8 & 1));
	}
	if (what < 3 && first < bits) {
		before = model[first];
		model[first] = what != 1;
	}
	if (what == 0)
		e2_bitset_set(set, first);
	else if (what == 1)
		e2_bitset_clear(set, first);
	else if (what == 2)
		cr_assert_eq(e2_bitset_test_and_set(set, first), before != 0);
	else if (what == 3)
		cr_assert_eq(e2_bitset_set_run(set, first, count), before);
	else if (what == 4)
		e2_bitset_clear_run(set, first, count);
	else
		e2_bitset_import(set, first, count, bytes);
}

static void check_export(const struct e2_bitset *set, const bool *model, uint64_t bits,
			 uint64_t *seed)
{
	uint64_t first = next_random(seed) % (bits + 3);
	uint64_t count = next_random(seed) % 300;
	uint8_t bytes[64];

	memset(bytes, 0xaa, sizeof(bytes));
	e2_bitset_export(set, first, count, bytes);
	for (uint64_t i = 0; i < (count + 7) / 8 * 8; i++) {
		bool expected = i < count && first + i < bits && model[first + i];

		cr_assert_eq(bytes[i / 8] >> i % 8 & 1, expected);
	}
	cr_assert_eq(bytes[(count + 7) / 8], 0xaa, "export wrote past its end");
}

E2_TEST(base_bitset, agrees_with_an_array_of_bools)
{
	static const uint64_t sizes[] = { 1, 7, 63, 64, 65, 127, 128, 129, 500 };
	uint64_t seed = 42;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		bool model[512] = { false };
		struct e2_bitset *set;

		cr_assert_eq(e2_bitset_new(sizes[s], &set), E2_OK);
		cr_assert_eq(e2_bitset_bits(set), sizes[s]);
		for (int i = 0; i < 4000; i++) {
			step(set, model, sizes[s], &seed);
			if (i % 20 == 0)
				compare(set, model, sizes[s]);
			check_export(set, model, sizes[s], &seed);
		}
		compare(set, model, sizes[s]);
		e2_bitset_free(set);
	}
}

E2_TEST(base_bitset, ends_are_ends)
{
	struct e2_bitset *set;
	uint8_t bytes[2] = { 0xff, 0xff };

	cr_assert_eq(e2_bitset_new(0, &set), E2_OK);
	e2_bitset_set(set, 0);
	e2_bitset_export(set, 0, 9, bytes);
	cr_assert_eq(bytes[0] | bytes[1], 0);
	cr_assert_eq(e2_bitset_next_set(set, 0), 0);
	cr_assert_eq(e2_bitset_next_clear(set, 5), 0);
	e2_bitset_free(set);

	cr_assert_eq(e2_bitset_new(100, &set), E2_OK);
	cr_assert_eq(e2_bitset_set_run(set, 90, UINT64_MAX), 0);
	cr_assert_eq(e2_bitset_count(set), 10);
	cr_assert_eq(e2_bitset_set_run(set, UINT64_MAX, UINT64_MAX), 0);
	cr_assert_not(e2_bitset_test(set, UINT64_MAX));
	cr_assert_eq(e2_bitset_next_set(set, UINT64_MAX), 100);
	e2_bitset_export(set, UINT64_MAX - 1, 16, bytes);
	cr_assert_eq(bytes[0] | bytes[1], 0);
	e2_bitset_clear_run(set, 0, UINT64_MAX);
	cr_assert_eq(e2_bitset_count(set), 0);
	e2_bitset_free(set);
	e2_bitset_free(NULL);

	cr_assert_eq(e2_bitset_new(UINT64_MAX, &set), E2_ERR_NOMEM);
}

E2_TEST(base_bitset, marks_millions_of_blocks_by_words)
{
	const uint64_t bits = 1u << 28;
	struct e2_bitset *set;
	struct timespec begin, end;
	uint64_t members = 0;

	cr_assert_eq(e2_bitset_new(bits, &set), E2_OK);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (uint64_t i = 0; i + 8192 <= bits; i += 8192)
		members += e2_bitset_set_run(set, i + 5, 8000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	cr_assert_eq(members, 0);
	cr_assert_eq(e2_bitset_count(set), bits / 8192 * 8000);
	cr_assert_eq(e2_bitset_next_clear(set, 5), 8005);
	cr_log_info("268 million bits marked in %.0f ms of CPU time",
		    (double)(end.tv_sec - begin.tv_sec) * 1e3 +
		    (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	e2_bitset_free(set);
}
