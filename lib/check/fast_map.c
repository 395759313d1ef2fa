/* SPDX-License-Identifier: MIT */
/*
 * The quick look at an inode's pointers: in file order, neighbours joined.
 *
 * A pointer block is claimed before it is read, so that none is read twice.
 */
#include "check/fast.h"

#include "base/grow.h"
#include "disk/access.h"

static int add_dir_blocks(struct fast_file *file, uint32_t blk, uint32_t count, e2_lblk lblk)
{
	struct fast_worker *w = file->w;
	uint32_t *blocks;

	if (lblk != file->end)
		return CK_NOT_SURE;	/* a hole */
	blocks = e2_grow(w->blocks, &w->block_cap, w->block_count + count, sizeof(*blocks));
	if (blocks == NULL)
		return E2_ERR_NOMEM;
	w->blocks = blocks;
	for (uint32_t i = 0; i < count; i++)
		blocks[w->block_count++] = blk + i;
	return 0;
}

/* Data blocks that lie together. */
static int data(struct fast_file *file, uint32_t blk, uint32_t count, e2_lblk lblk)
{
	int r = 0;

	if (!e2_run_valid(file->w->fast->g, blk, count))
		return CK_NOT_SURE;
	if (file->directory)
		r = add_dir_blocks(file, blk, count, lblk);
	file->blocks += count;
	file->end = lblk + count;
	file->pieces += blk != file->next;
	file->next = (e2_blk)blk + count;
	return r != 0 ? r : fast_claim_later(file->w, blk, count);
}

/* The pointers of a block, or of an inode, that lead to data. */
static int data_pointers(struct fast_file *file, const uint8_t *raw, uint32_t count, e2_lblk lblk)
{
	uint32_t i = 0;

	while (i < count) {
		uint32_t blk = e2_get32(raw + 4 * (size_t)i), n = 1;
		int r;

		if (blk == 0) {
			i++;
			continue;
		}
		while (i + n < count && e2_get32(raw + 4 * (size_t)(i + n)) == blk + n)
			n++;
		r = data(file, blk, n, lblk + i);
		if (r != 0)
			return r;
		i += n;
	}
	return 0;
}

/* Claims and reads a pointer block. */
static int enter(struct fast_file *file, uint32_t blk, uint8_t *buf)
{
	struct fast *f = file->w->fast;
	int r = e2_block_valid(f->g, blk) ? fast_claim(f, blk, 1) : CK_NOT_SURE;

	if (r == 0)
		r = e2_par_poll(file->w->par, file->w->number);
	if (r == 0)
		r = fast_read(f, blk, 1, buf);
	file->blocks++;
	file->next += blk == file->next;
	return r;
}

struct level {			/* of a tree being followed: the block at w->pointers[level - 1] */
	uint32_t at;		/* next pointer */
	e2_lblk lblk;		/* that it reaches */
	e2_lblk span;		/* of a pointer */
};

/* What hangs on a pointer of an inode: 1 to 3 levels of pointer blocks. */
static int tree(struct fast_file *file, uint32_t root, unsigned levels, e2_lblk lblk)
{
	struct fast_worker *w = file->w;
	uint32_t pointers = w->fast->g->pointers;
	struct level level[4] = { { .at = 0 }, { .span = 1 }, { .span = pointers },
				  { .span = (e2_lblk)pointers * pointers } };
	unsigned at = levels;
	int r = enter(file, root, w->pointers[at - 1]);

	level[at].lblk = lblk;
	while (r == 0) {
		struct level *l = &level[at];
		uint32_t blk;

		if (at == 1) {
			r = data_pointers(file, w->pointers[0], pointers, l->lblk);
			l->at = pointers;
		}
		if (l->at == pointers) {
			if (at == levels)
				break;
			at++;
			continue;
		}
		blk = e2_get32(w->pointers[at - 1] + 4 * (size_t)l->at++);
		lblk = l->lblk;
		l->lblk += l->span;
		if (blk == 0)
			continue;
		at--;
		level[at].at = 0;
		level[at].lblk = lblk;
		r = enter(file, blk, w->pointers[at - 1]);
	}
	return r;
}

int fast_follow(struct fast_file *file, const uint8_t *raw)
{
	uint32_t pointers = file->w->fast->g->pointers;
	e2_lblk lblk = E2_DIRECT, reach = pointers;
	const uint8_t *direct = e2_inode_at_block(raw);
	uint32_t any = 0;
	int r;

	for (unsigned i = 0; i < E2_POINTERS; i++)
		any |= e2_inode_peek_block(raw, i);
	if (any == 0)
		return 0;
	r = data_pointers(file, direct, E2_DIRECT, 0);
	for (unsigned level = 1; level <= 3 && r == 0; level++) {
		uint32_t root = e2_inode_peek_block(raw, E2_DIRECT + level - 1);

		if (root != 0)
			r = tree(file, root, level, lblk);
		lblk += reach;
		reach *= pointers;
	}
	return r;
}
