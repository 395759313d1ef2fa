/* SPDX-License-Identifier: MIT */
/*
 * Bits in words of 64.  Bits of the last word past the end are always clear, so
 * that a word can be used whole; the number of members is kept up to date.
 */
#include "base/bitset.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/err.h"

#include <inttypes.h>
#include <stdlib.h>

struct e2_bitset {
	uint64_t bits;
	uint64_t count;
	uint64_t *word;
};

static unsigned popcount(uint64_t w)
{
	w = w - (w >> 1 & 0x5555555555555555u);
	w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(w * 0x0101010101010101u >> 56);
}

/* The position of the lowest bit of w, which is not 0. */
static unsigned lowest(uint64_t w)
{
	return popcount((w & (~w + 1)) - 1);
}

/* The bits first .. last of a word, both within 0 .. 63. */
static uint64_t mask(unsigned first, unsigned last)
{
	return UINT64_MAX >> (63 - (last - first)) << first;
}

int e2_bitset_new(uint64_t bits, struct e2_bitset **set)
{
	uint64_t words = e2_div_up(bits, 64);
	struct e2_bitset *s = calloc(1, sizeof(*s));

	if (s && words <= SIZE_MAX / sizeof(uint64_t))
		s->word = calloc(words ? (size_t)words : 1, sizeof(uint64_t));
	if (!s || !s->word) {
		free(s);
		return e2_fail(E2_ERR_NOMEM, "no memory for a set of %" PRIu64 " bits", bits);
	}
	s->bits = bits;
	*set = s;
	return E2_OK;
}

void e2_bitset_free(struct e2_bitset *set)
{
	if (!set)
		return;
	free(set->word);
	free(set);
}

uint64_t e2_bitset_bits(const struct e2_bitset *set)
{
	return set->bits;
}

uint64_t e2_bitset_count(const struct e2_bitset *set)
{
	return set->count;
}

bool e2_bitset_test(const struct e2_bitset *set, uint64_t n)
{
	return n < set->bits && (set->word[n / 64] >> n % 64 & 1) != 0;
}

bool e2_bitset_test_and_set(struct e2_bitset *set, uint64_t n)
{
	uint64_t bit = (uint64_t)1 << n % 64;

	if (n >= set->bits)
		return false;
	if (set->word[n / 64] & bit)
		return true;
	set->word[n / 64] |= bit;
	set->count++;
	return false;
}

void e2_bitset_set(struct e2_bitset *set, uint64_t n)
{
	(void)e2_bitset_test_and_set(set, n);
}

void e2_bitset_clear(struct e2_bitset *set, uint64_t n)
{
	if (!e2_bitset_test(set, n))
		return;
	set->word[n / 64] &= ~((uint64_t)1 << n % 64);
	set->count--;
}

/* Cuts a run at the end of the set; returns the number after its last member. */
static uint64_t run_end(const struct e2_bitset *set, uint64_t first, uint64_t count)
{
	if (first >= set->bits)
		return first;
	return count > set->bits - first ? set->bits : first + count;
}

uint64_t e2_bitset_set_run(struct e2_bitset *set, uint64_t first, uint64_t count)
{
	uint64_t end = run_end(set, first, count);
	uint64_t before = 0;
	uint64_t total = end - first;

	while (first < end) {
		unsigned from = (unsigned)(first % 64);
		unsigned to = end - first < 64 - from ? from + (unsigned)(end - first) - 1 : 63;
		uint64_t m = mask(from, to);
		uint64_t *w = &set->word[first / 64];

		if (*w & m)
			before += popcount(*w & m);
		*w |= m;
		first += to - from + 1;
	}
	set->count += total - before;
	return before;
}

void e2_bitset_clear_run(struct e2_bitset *set, uint64_t first, uint64_t count)
{
	uint64_t end = run_end(set, first, count);

	while (first < end) {
		unsigned from = (unsigned)(first % 64);
		unsigned to = end - first < 64 - from ? from + (unsigned)(end - first) - 1 : 63;
		uint64_t m = mask(from, to);
		uint64_t *w = &set->word[first / 64];

		if (*w & m)
			set->count -= popcount(*w & m);
		*w &= ~m;
		first += to - from + 1;
	}
}

/* The first bit of from .. end-1 that is 1 in word ^ flip; end, which is at most bits: none. */
static uint64_t next(const struct e2_bitset *set, uint64_t from, uint64_t end, uint64_t flip)
{
	uint64_t words = e2_div_up(end, 64);
	uint64_t i = from / 64;
	uint64_t w;

	if (from >= end)
		return end;
	w = (set->word[i] ^ flip) & mask((unsigned)(from % 64), 63);
	while (w == 0) {
		if (++i == words)
			return end;
		w = set->word[i] ^ flip;
	}
	from = i * 64 + lowest(w);
	return from < end ? from : end;
}

uint64_t e2_bitset_next_set(const struct e2_bitset *set, uint64_t from)
{
	return next(set, from, set->bits, 0);
}

uint64_t e2_bitset_next_clear(const struct e2_bitset *set, uint64_t from)
{
	return next(set, from, set->bits, UINT64_MAX);
}

uint64_t e2_bitset_gap(const struct e2_bitset *set, uint64_t from, uint64_t end, uint64_t *first)
{
	end = end < set->bits ? end : set->bits;
	from = next(set, from < end ? from : end, end, UINT64_MAX);
	*first = from;
	return next(set, from, end, 0) - from;
}

/* The 64 bits that begin at any position; those past the end are clear. */
static uint64_t bits_at(const struct e2_bitset *set, uint64_t pos)
{
	uint64_t i = pos / 64;
	unsigned shift = (unsigned)(pos % 64);
	uint64_t w;

	if (pos >= set->bits)
		return 0;
	w = set->word[i] >> shift;
	if (shift > 0 && i + 1 < e2_div_up(set->bits, 64))
		w |= set->word[i + 1] << (64 - shift);
	return w;
}

void e2_bitset_export(const struct e2_bitset *set, uint64_t first, uint64_t count, uint8_t *bytes)
{
	for (uint64_t done = 0; done < count; done += 64) {
		uint64_t n = count - done < 64 ? count - done : 64;
		uint64_t w = first <= UINT64_MAX - done ? bits_at(set, first + done) : 0;

		if (n == 64) {
			e2_put64(bytes, w);
			bytes += 8;
			continue;
		}
		w &= mask(0, (unsigned)n - 1);
		for (uint64_t i = 0; i < n; i += 8)
			*bytes++ = (uint8_t)(w >> i);
	}
}

/* Replaces n (1 to 64) bits at any position of the set, which holds them all. */
static void put_bits(struct e2_bitset *set, uint64_t pos, unsigned n, uint64_t value)
{
	uint64_t *w = &set->word[pos / 64];
	unsigned shift = (unsigned)(pos % 64);
	uint64_t m = mask(0, n - 1);

	value &= m;
	set->count += popcount(value);
	set->count -= popcount(*w & m << shift);
	*w = (*w & ~(m << shift)) | value << shift;
	if (shift + n > 64) {
		w++;
		set->count -= popcount(*w & m >> (64 - shift));
		*w = (*w & ~(m >> (64 - shift))) | value >> (64 - shift);
	}
}

void e2_bitset_import(struct e2_bitset *set, uint64_t first, uint64_t count, const uint8_t *bytes)
{
	uint64_t end = run_end(set, first, count);

	while (first < end) {
		unsigned n = end - first < 64 ? (unsigned)(end - first) : 64;
		uint64_t value = 0;

		if (n == 64) {
			value = e2_get64(bytes);
			bytes += 8;
		} else {
			for (unsigned i = 0; i < n; i += 8)
				value |= (uint64_t)*bytes++ << i;
		}
		put_bits(set, first, n, value);
		first += n;
	}
}
