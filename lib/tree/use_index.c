/* SPDX-License-Identifier: MIT */
/*
 * The index of owners: for each block the first inode that claims it.  What the claim is,
 * that inode's pointers tell when they are asked for.
 */
#include "tree/use.h"

#include "base/bitset.h"

#include <stdlib.h>
#include <string.h>

struct e2_use_index {
	uint64_t blocks;
	e2_ino *owner;			/* of each block, 0: none */
	struct e2_bitset *several;	/* claimed more than once; NULL: none is */
};

static int note(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	struct e2_use_index *x = context;

	(void)in;
	for (uint64_t i = 0; i < claim->count; i++) {
		e2_ino *owner = &x->owner[claim->blk + i];

		if (*owner == 0) {
			*owner = claim->ino;
			continue;
		}
		if (!x->several) {
			int err = e2_bitset_new(x->blocks, &x->several);

			if (err)
				return err;
		}
		e2_bitset_set(x->several, claim->blk + i);
	}
	return 0;
}

int e2_use_index_new(struct e2_fs *fs, bool removed, bool (*stop)(void),
		     struct e2_use_index **index)
{
	uint64_t blocks = e2_geometry(fs)->blocks;
	uint64_t most = (UINT64_C(8) << 20) + e2_fs_io(fs)->size / 64;
	struct e2_claims c = { .fs = fs, .claim = note, .removed = removed, .stop = stop };
	struct e2_use_index *x;
	int err;

	*index = NULL;
	if (blocks > most / (sizeof(e2_ino) + 1))
		return 0;
	x = calloc(1, sizeof(*x));
	if (x)
		x->owner = calloc(blocks, sizeof(*x->owner));
	if (!x || !x->owner) {
		e2_use_index_free(x);
		return 0;		/* as if it were too large: there is another way */
	}
	x->blocks = blocks;
	c.context = x;
	err = e2_claims_visit(&c);
	if (err) {
		e2_use_index_free(x);
		return err;
	}
	*index = x;
	return 0;
}

void e2_use_index_free(struct e2_use_index *x)
{
	if (!x)
		return;
	e2_bitset_free(x->several);
	free(x->owner);
	free(x);
}

e2_ino e2_use_index_owner(const struct e2_use_index *x, e2_blk blk, bool *several)
{
	if (blk >= x->blocks) {
		*several = false;
		return 0;
	}
	*several = x->several && e2_bitset_test(x->several, blk);
	return x->owner[blk];
}

static int compare(const void *pa, const void *pb)
{
	const e2_ino *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

/* The owners of what is wanted, each once, in order; *few: no other inode matters. */
static size_t collect(const struct e2_use_index *x, const struct e2_range *wanted, size_t count,
		      e2_ino *inos, size_t room, bool *few)
{
	size_t n = 0, kept = 0;

	*few = false;
	for (size_t i = 0; i < count; i++) {
		for (uint64_t j = 0; j < wanted[i].count; j++) {
			bool several;
			e2_ino ino = e2_use_index_owner(x, wanted[i].blk + j, &several);

			if (several || n == room)
				return 0;
			if (ino != 0 && (n == 0 || inos[n - 1] != ino))
				inos[n++] = ino;
		}
	}
	if (n)
		qsort(inos, n, sizeof(*inos), compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || inos[kept - 1] != inos[i])
			inos[kept++] = inos[i];
	*few = true;
	return kept;
}

int e2_claims_find_by(struct e2_claims *c, const struct e2_use_index *x,
		      const struct e2_range *wanted, size_t count)
{
	enum { ROOM = 4096 };
	e2_ino *inos = x ? malloc(ROOM * sizeof(*inos)) : NULL;
	bool few = false;
	size_t n;
	int r = 0;

	n = inos ? collect(x, wanted, count, inos, ROOM, &few) : 0;
	if (!few)
		r = e2_claims_find(c, wanted, count);
	for (size_t i = 0; i < n && r == 0; i++)
		r = e2_claims_of(c, inos[i], wanted, count);
	free(inos);
	return r;
}
