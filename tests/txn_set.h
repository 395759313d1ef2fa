/* SPDX-License-Identifier: MIT */
/* An image, a cache and a transaction on it: what tests of transactions begin with. */
#ifndef TESTS_TXN_SET_H
#define TESTS_TXN_SET_H

#include "e2test.h"

#include "cache/private.h"
#include "flaky.h"

#include <string.h>

enum { BLOCK = 1024, BLOCKS = 300 };

static const struct e2_commit plain;

struct set {				/* an image, a cache, a transaction */
	struct flaky flaky;
	struct e2_io *io;
	struct e2_cache *c;
	struct e2_txn *txn;
};

/* Every byte of block n is n to begin with. */
static inline void set_up_with(struct set *s, const struct e2_commit *how, unsigned workers)
{
	uint8_t block[BLOCK];

	flaky_init(&s->flaky);
	s->io = flaky_open(&s->flaky, BLOCKS * BLOCK);
	for (unsigned i = 0; i < BLOCKS; i++) {
		memset(block, (int)(i & 255), BLOCK);
		cr_assert_eq(e2_io_write(s->io, i * BLOCK, BLOCK, block), 0);
	}
	cr_assert_eq(e2_cache_open(s->io, BLOCK, 64 * BLOCK, workers, &s->c), 0);
	cr_assert_eq(e2_txn_open(s->c, how, &s->txn), 0);
	flaky_fail(&s->flaky, 0, false);
}

static inline void set_up(struct set *s)
{
	set_up_with(s, &plain, 0);
}

static inline void tear_down(struct set *s)
{
	e2_cache_close(s->c);
	e2_io_close(s->io);
}

static inline void put_byte(struct set *s, e2_blk blk, uint8_t byte)
{
	struct e2_wbuf *w;

	cr_assert_eq(e2_txn_get(s->txn, blk, E2_FILL_READ, &w), 0);
	cr_assert_eq(w->blk, blk);
	w->data[0] = byte;
	e2_txn_put(s->txn, w);
}

static inline uint8_t byte_of(struct set *s, e2_blk blk)
{
	const struct e2_buf *b;

	cr_assert_eq(e2_cache_get(s->c, blk, &b), 0);
	uint8_t byte = b->data[0];
	e2_cache_put(s->c, b);
	return byte;
}

static inline uint8_t byte_in_image(struct set *s, e2_blk blk)
{
	uint8_t block[BLOCK];

	cr_assert_eq(e2_cache_read_before(s->c, blk, 1, block), 0);
	return block[0];
}

#endif
