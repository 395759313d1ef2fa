/* SPDX-License-Identifier: MIT */
/*
 * The quick look at the resize inode: its pointer blocks lie together and are read so.
 * What they must hold: pass_reserve.c.
 */
#include "check/fast.h"

#include "base/endian.h"

enum { DOUBLE = E2_DIRECT + 1 };

/* Whether a reserved block of group 0 points to those of the same use, and to nothing else. */
static bool is_right(const struct fast *f, e2_blk blk, const uint8_t *data, uint64_t *blocks)
{
	const struct e2_geometry *g = f->g;
	uint32_t at = 0;

	for (e2_grp group = 1; group < g->groups && at < g->pointers; group++) {
		if (!e2_group_has_super(g, group))
			continue;
		if (e2_get32(data + 4 * (size_t)at) != blk + (uint64_t)group * g->blocks_per_group)
			return false;
		at++;
	}
	*blocks += at;
	for (; at < g->pointers; at++)
		if (e2_get32(data + 4 * (size_t)at) != 0)
			return false;
	return true;
}

static int look_at_reserved(struct fast *f, uint64_t *blocks)
{
	struct fast_worker *w = &f->workers[0];
	const struct e2_geometry *g = f->g;
	e2_blk blk = e2_group_first_block(g, 0) + 1 + g->desc_blocks;
	uint32_t left = g->reserved_gdt_blocks;
	int r = 0;

	while (left > 0 && r == 0) {
		uint32_t count = left < w->buf_blocks ? left : w->buf_blocks;

		r = fast_read(f, blk, count, w->buf);
		for (uint32_t i = 0; i < count && r == 0; i++)
			if (!is_right(f, blk + i, w->buf + (size_t)i * g->block_size, blocks))
				r = CK_NOT_SURE;
		blk += count;
		left -= count;
	}
	return r;
}

static int look_at_double(struct fast *f, e2_blk root, uint64_t *blocks)
{
	const struct e2_geometry *g = f->g;
	e2_blk first = e2_group_first_block(g, 0) + 1 + g->desc_blocks;
	uint8_t *data = f->workers[0].pointers[0];
	int r = fast_read(f, root, 1, data);

	if (r != 0 || g->reserved_gdt_blocks > g->pointers)
		return r != 0 ? r : CK_NOT_SURE;
	for (uint32_t i = 0; i < g->pointers; i++) {
		uint32_t n = (i + g->pointers - g->desc_blocks % g->pointers) % g->pointers;
		e2_blk want = n < g->reserved_gdt_blocks ? first + n : 0;

		if (e2_get32(data + 4 * (size_t)i) != want)
			return CK_NOT_SURE;
	}
	*blocks += g->reserved_gdt_blocks;
	return look_at_reserved(f, blocks);
}

int fast_reserve(struct fast *f)
{
	const struct e2_super *s = f->ck->super;
	uint64_t blocks = 1, p = f->g->pointers;
	struct e2_inode in;
	int r;

	if (!e2_has_resize_inode(s) || s->reserved_gdt_blocks == 0)
		return s->reserved_gdt_blocks == 0 ? 0 : CK_NOT_SURE;
	if (s->rev_level == 0 || f->g->reserved_gdt_blocks != s->reserved_gdt_blocks)
		return CK_NOT_SURE;
	if (e2_inode_get(f->ck->fs, E2_INO_RESIZE, &in) != 0) {
		e2_err_clear();
		return CK_NOT_SURE;
	}
	for (uint32_t i = 0; i < E2_POINTERS; i++)
		if (i != DOUBLE && in.block[i] != 0)
			return CK_NOT_SURE;
	if (!e2_is_reg(&in) || in.links_count != 1 || !e2_block_valid(f->g, in.block[DOUBLE]) ||
	    in.size != (E2_DIRECT + p + p * p) * (uint64_t)f->g->block_size)
		return CK_NOT_SURE;
	r = fast_claim(f, in.block[DOUBLE], 1);
	if (r == 0)
		r = look_at_double(f, in.block[DOUBLE], &blocks);
	return r == 0 && in.blocks != blocks * f->ck->sectors ? CK_NOT_SURE : r;
}
