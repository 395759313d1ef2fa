/* SPDX-License-Identifier: MIT */
/*
 * Bits in words of 64, each added to at once.  Order between threads does not matter: whoever
 * reads the set has waited for all who added.
 */
#include "base/claims.h"

#include "base/checked.h"
#include "base/endian.h"
#include "base/err.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

struct e2_claims {
	uint64_t words;
	bool shared;
	_Atomic uint64_t *word;
};

int e2_claims_new(uint64_t bits, bool shared, struct e2_claims **claims)
{
	struct e2_claims *c = calloc(1, sizeof(*c));

	/* One more word, so that 64 bits can be read from anywhere. */
	if (c != NULL) {
		c->words = e2_div_up(bits, 64) + 1;
		c->shared = shared;
		if (c->words <= SIZE_MAX / sizeof(*c->word))
			c->word = calloc((size_t)c->words, sizeof(*c->word));
	}
	if (c == NULL || c->word == NULL) {
		free(c);
		return e2_fail(E2_ERR_NOMEM, "no memory for a set of %" PRIu64 " bits", bits);
	}
	*claims = c;
	return 0;
}

void e2_claims_free(struct e2_claims *claims)
{
	if (claims == NULL)
		return;
	free(claims->word);
	free(claims);
}

static uint64_t load(const struct e2_claims *c, uint64_t i)
{
	return atomic_load_explicit(&c->word[i], memory_order_relaxed);
}

bool e2_claims_add(struct e2_claims *claims, uint64_t first, uint64_t count)
{
	uint64_t before = 0;

	while (count > 0) {
		uint64_t i = first / 64, from = first % 64;
		uint64_t n = count < 64 - from ? count : 64 - from;
		uint64_t mask = UINT64_MAX >> (64 - n) << from;
		uint64_t old;

		if (claims->shared) {
			old = atomic_fetch_or_explicit(&claims->word[i], mask,
						       memory_order_relaxed);
		} else {
			old = load(claims, i);
			atomic_store_explicit(&claims->word[i], old | mask, memory_order_relaxed);
		}
		before |= old & mask;
		first += n;
		count -= n;
	}
	return before == 0;
}

static unsigned popcount(uint64_t w)
{
	w = w - (w >> 1 & 0x5555555555555555u);
	w = (w & 0x3333333333333333u) + (w >> 2 & 0x3333333333333333u);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (unsigned)(w * 0x0101010101010101u >> 56);
}

uint64_t e2_claims_export(const struct e2_claims *claims, uint64_t first, uint64_t count,
			  uint8_t *bytes)
{
	uint64_t members = 0;

	for (uint64_t done = 0; done < count; done += 64) {
		uint64_t i = (first + done) / 64, n = count - done < 64 ? count - done : 64;
		unsigned shift = (unsigned)(first % 64);
		uint64_t w = load(claims, i) >> shift;

		if (shift != 0)
			w |= load(claims, i + 1) << (64 - shift);
		w &= UINT64_MAX >> (64 - n);
		members += popcount(w);
		if (n == 64)
			e2_put64(bytes + done / 8, w);
		else
			for (uint64_t b = 0; b < n; b += 8)
				bytes[(done + b) / 8] = (uint8_t)(w >> b);
	}
	return members;
}
