/* SPDX-License-Identifier: MIT */
/*
 * Makes the resize inode again (layout: pass_reserve.c): all of it follows from the geometry
 * but the place of its double indirect block.
 */
#include "check/fix.h"

#include "base/endian.h"

#include <string.h>

enum { DOUBLE = E2_DIRECT + 1 };

static e2_blk first_reserved(const struct e2_geometry *g)
{
	return e2_group_first_block(g, 0) + 1 + g->desc_blocks;
}

/* Whether a block may be overwritten with the tree's root: it is the root, or nobody's. */
static bool is_root(struct fix *fx, e2_blk blk)
{
	const struct e2_geometry *g = fx->ck->g;
	const struct e2_buf *buf;
	uint32_t right = 0, other = 0;

	if (!e2_block_valid(g, blk) || e2_bitset_test(fx->ck->metadata, blk) ||
	    (fx->ck->shared != NULL && e2_bitset_test(fx->ck->shared, blk)))
		return false;
	if (e2_buf_get(fx->fs, blk, &buf) != 0) {
		e2_err_clear();
		return false;
	}
	for (uint32_t i = 0; i < g->pointers; i++) {
		uint32_t n = (i + g->pointers - g->desc_blocks % g->pointers) % g->pointers;
		uint32_t have = e2_get32(buf->data + 4 * (size_t)i);

		if (have != 0 && n < g->reserved_gdt_blocks && have == first_reserved(g) + n)
			right++;
		else
			other += have != 0;
	}
	e2_buf_put(fx->fs, buf);
	return other <= right + 1;
}

/* The reserved blocks of group 0, each with its likes in the groups that have copies. */
static int write_reserved(struct fix *fx, uint32_t *blocks)
{
	const struct e2_geometry *g = fx->ck->g;
	int err = 0;

	for (uint32_t n = 0; n < g->reserved_gdt_blocks && err == 0; n++) {
		e2_blk blk = first_reserved(g) + n;
		struct e2_wbuf *buf;
		uint32_t at = 0;

		err = e2_txn_get(fx->txn, blk, E2_FILL_ZERO, &buf);
		if (err != 0)
			return err;
		for (e2_grp group = 1; group < g->groups && at < g->pointers; group++)
			if (e2_group_has_super(g, group))
				e2_put32(buf->data + 4 * (size_t)at++,
					 (uint32_t)(blk + (uint64_t)group * g->blocks_per_group));
		e2_txn_put(fx->txn, buf);
		*blocks += 1 + at;
	}
	return err;
}

static int write_root(struct fix *fx, e2_blk root)
{
	const struct e2_geometry *g = fx->ck->g;
	struct e2_wbuf *buf;
	int err = e2_txn_get(fx->txn, root, E2_FILL_ZERO, &buf);

	if (err != 0)
		return err;
	for (uint32_t n = 0; n < g->reserved_gdt_blocks; n++)
		e2_put32(buf->data + 4 * (size_t)((g->desc_blocks + n) % g->pointers),
			 (uint32_t)(first_reserved(g) + n));
	e2_txn_put(fx->txn, buf);
	return 0;
}

static int write_inode(struct fix *fx, e2_blk root, uint32_t blocks)
{
	const struct e2_geometry *g = fx->ck->g;
	uint64_t p = g->pointers, size = (E2_DIRECT + p + p * p) * (uint64_t)g->block_size;
	struct e2_inode in;
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(fx->txn, E2_INO_RESIZE, &buf, &raw);

	if (err != 0)
		return err;
	e2_inode_decode(&in, raw, g->inode_size);
	if (!e2_is_reg(&in))
		in.mode = E2_S_IFREG | 0600;
	memset(in.block, 0, sizeof(in.block));
	in.block[DOUBLE] = (uint32_t)root;
	in.links_count = 1;
	in.dtime = 0;
	in.size = size;
	in.blocks = blocks * fx->ck->sectors;
	e2_inode_encode(&in, raw, g->inode_size);
	e2_txn_put(fx->txn, buf);
	return 0;
}

int fix_resize_inode(struct fix *fx, struct e2_finding *f)
{
	const struct e2_geometry *g = fx->ck->g;
	struct e2_inode in;
	uint32_t blocks = 1;
	e2_blk root;
	int err = e2_inode_get(fx->fs, E2_INO_RESIZE, &in);

	(void)f;
	if (err != 0)
		return err;
	root = in.block[DOUBLE];
	if (!is_root(fx, root)) {
		err = fix_block_new(fx, first_reserved(g), &root);
		if (err != 0)
			return err;
	}
	err = write_reserved(fx, &blocks);
	if (err == 0)
		err = write_root(fx, root);
	if (err == 0)
		err = write_inode(fx, root, blocks);
	return err != 0 ? err : 1;
}

int fix_resize_unused(struct fix *fx, struct e2_finding *f)
{
	struct e2_super s;
	int err;

	(void)f;
	err = e2_super_get(fx->fs, &s);
	if (err != 0)
		return err;
	s.reserved_gdt_blocks = 0;
	err = e2_super_put(fx->txn, &s);
	if (err == 0)
		err = fix_inode_clear(fx, E2_INO_RESIZE);
	return err != 0 ? err : 1;
}
