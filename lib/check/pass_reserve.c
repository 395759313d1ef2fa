/* SPDX-License-Identifier: MIT */
/*
 * The resize inode: holds the blocks kept for more group descriptors.
 *
 * Its double indirect block points, at the place of each descriptor block to
 * come, to that block in group 0; which is itself a pointer block, and points to
 * the blocks of the same use in every group with a copy of the superblock.
 * Layout: kernel, fs/ext4/resize.c, verify_reserved_gdb().
 */
#include "check/state.h"

#include "base/endian.h"

enum { DOUBLE = E2_DIRECT + 1 };

static void field(struct ck *ck, const char *name, uint64_t have, uint64_t want)
{
	if (have != want)
		FOUND(ck->found, RESIZE_INODE, .ino = E2_INO_RESIZE, .field = name, .have = have,
		      .want = want);
}

static void pointer(struct ck *ck, e2_blk parent, uint32_t index, uint64_t have, uint64_t want)
{
	if (have != want)
		FOUND(ck->found, RESIZE_POINTER, .ino = E2_INO_RESIZE, .blk = parent,
		      .index = index, .have = have, .want = want);
}

/* One reserved block of group 0: points to its like in the groups with copies. */
static int check_reserved(struct ck *ck, e2_blk blk, uint64_t *blocks)
{
	const struct e2_buf *buf;
	uint32_t at = 0;
	bool last = false;

	if (e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		FOUND(ck->found, READ_ERROR, .blk = blk, .why = "reserve for group descriptors");
		return 0;
	}
	for (e2_grp group = 1; group < ck->g->groups && at < ck->g->pointers; group++) {
		e2_blk want = blk + (uint64_t)group * ck->g->blocks_per_group;

		if (!e2_group_has_super(ck->g, group))
			continue;
		pointer(ck, blk, at, e2_get32(buf->data + 4 * (size_t)at), want);
		at++;
	}
	*blocks += at;
	for (; at < ck->g->pointers && !last; at++) {
		uint32_t have = e2_get32(buf->data + 4 * (size_t)at);

		pointer(ck, blk, at, have, 0);
		last = have != 0;	/* one finding says enough */
	}
	e2_buf_put(ck->fs, buf);
	return 0;
}

static int check_double(struct ck *ck, e2_blk root, uint64_t *blocks)
{
	const struct e2_geometry *g = ck->g;
	e2_blk first = e2_group_first_block(g, 0) + 1 + g->desc_blocks;
	const struct e2_buf *buf;
	int r = 0;

	if (e2_buf_get(ck->fs, root, &buf) != 0) {
		e2_err_clear();
		FOUND(ck->found, READ_ERROR, .blk = root, .why = "pointer block");
		return 0;
	}
	for (uint32_t i = 0; i < g->pointers && r == 0; i++) {
		uint32_t n = (i + g->pointers - g->desc_blocks % g->pointers) % g->pointers;
		uint32_t have = e2_get32(buf->data + 4 * (size_t)i);
		e2_blk want = n < g->reserved_gdt_blocks ? first + n : 0;

		pointer(ck, root, i, have, want);
		if (want == 0)
			continue;
		++*blocks;
		r = check_reserved(ck, want, blocks);
	}
	e2_buf_put(ck->fs, buf);
	return r;
}

static int check_inode(struct ck *ck, const struct e2_inode *in)
{
	e2_blk root = in->block[DOUBLE];
	uint64_t blocks = 1, taken, p = ck->g->pointers;
	int r;

	for (uint32_t i = 0; i < E2_POINTERS; i++)
		if (i != DOUBLE)
			pointer(ck, 0, i, in->block[i], 0);
	if (!e2_is_reg(in))
		field(ck, "mode", in->mode, E2_S_IFREG | 0600);
	field(ck, "links_count", in->links_count, 1);
	field(ck, "size", e2_inode_size(in),
	      (E2_DIRECT + p + p * p) * (uint64_t)ck->g->block_size);
	if (!e2_block_valid(ck->g, root) || e2_bitset_test(ck->metadata, root)) {
		FOUND(ck->found, RESIZE_ROOT, .ino = E2_INO_RESIZE, .index = DOUBLE, .have = root);
		return 0;
	}
	r = ck_claim(ck, root, 1, &taken);
	if (r != 0)
		return r;
	r = check_double(ck, root, &blocks);
	field(ck, "blocks", in->blocks, blocks * ck->sectors);
	return r;
}

int pass_reserve(struct ck *ck)
{
	const struct e2_super *s = ck->super;
	bool on = e2_has_resize_inode(s);
	struct e2_inode in;

	if (!on && s->rev_level != 0 && s->reserved_gdt_blocks != 0)
		FOUND(ck->found, RESIZE_UNUSED, .ino = E2_INO_RESIZE,
		      .field = "reserved_gdt_blocks", .have = s->reserved_gdt_blocks);
	if (e2_inode_get(ck->fs, E2_INO_RESIZE, &in) != 0) {
		e2_err_clear();
		return 0;	/* its table is a finding already */
	}
	if (!on && in.block[DOUBLE] != 0)
		FOUND(ck->found, RESIZE_UNUSED, .ino = E2_INO_RESIZE, .field = "block[13]",
		      .have = in.block[DOUBLE]);
	if (in.block[DOUBLE] == 0 && !(on && s->reserved_gdt_blocks != 0))
		return 0;
	ck->inodes[E2_INO_RESIZE].type = CK_BAD_TYPE;
	return check_inode(ck, &in);
}
