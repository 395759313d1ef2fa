/* SPDX-License-Identifier: MIT */
/*
 * Repairs of bitmaps and counts: made again, a group at a time, from what is in use.
 *
 * While an error is left elsewhere, who owns what is not known for sure: then nothing is
 * marked free.
 */
#include "check/fix.h"

/* Makes the bits of one group what `used` says; may_free: bits may be cleared too. */
struct bits {
	e2_blk bitmap;
	uint32_t bits;
	bool may_free;
	bool (*used)(const struct fix *fx, e2_grp group, uint32_t bit);
};

static bool block_is_used(const struct fix *fx, e2_grp group, uint32_t bit)
{
	return e2_bitset_test(fx->ck->claimed, e2_group_first_block(fx->ck->g, group) + bit);
}

static bool inode_is_used(const struct fix *fx, e2_grp group, uint32_t bit)
{
	e2_ino ino = group * fx->ck->g->inodes_per_group + bit + 1;

	return fx->ck->inodes[ino].type != 0 || ino < fx->ck->g->first_ino;
}

static struct bits block_bits(const struct fix *fx, e2_grp group)
{
	return (struct bits){ fx->ck->groups[group].block_bitmap,
			      e2_group_blocks(fx->ck->g, group), !fx->left, block_is_used };
}

static struct bits inode_bits(const struct fix *fx, e2_grp group)
{
	bool known = fx->ck->groups[group].inode_table != 0 &&
		     !fx->ck->groups[group].table_damaged;

	return (struct bits){ fx->ck->groups[group].inode_bitmap, fx->ck->g->inodes_per_group,
			      !fx->left && known, inode_is_used };
}

/* 1 when bits were changed, 0 when none were; padding is set. */
static int set_bits(struct fix *fx, e2_grp group, const struct bits *b)
{
	struct e2_wbuf *buf;
	int changed = 0, err;

	if (b->bitmap == 0)
		return 0;
	err = e2_txn_get(fx->txn, b->bitmap, E2_FILL_READ, &buf);
	if (err != 0)
		return err;
	for (uint32_t i = 0; i < fx->ck->g->block_size * 8; i++) {
		bool used = i >= b->bits || b->used(fx, group, i);
		uint8_t mask = (uint8_t)(1 << i % 8);
		bool is = (buf->data[i / 8] & mask) != 0;

		if (is == used || (is && !b->may_free))
			continue;
		buf->data[i / 8] ^= mask;
		changed = 1;
	}
	e2_txn_put(fx->txn, buf);
	return changed;
}

/* A group's bits are repaired with its first finding; the others of it find them right. */
static bool bit_is_right(struct fix *fx, const struct e2_finding *f, const struct bits *b,
			 uint32_t first)
{
	bool wanted = b->used(fx, f->group, first), used = !wanted;
	int err = b->used == block_is_used ? e2_block_used(fx->fs, f->blk, &used) :
					     e2_inode_used(fx->fs, f->ino, &used);

	if (err != 0)
		e2_err_clear();
	return err == 0 && used == wanted;
}

static int fix_bits(struct fix *fx, struct e2_finding *f, const struct bits *b, uint32_t first)
{
	int n = set_bits(fx, f->group, b);

	return n < 0 ? n : bit_is_right(fx, f, b, first);
}

int fix_block_bits(struct fix *fx, struct e2_finding *f)
{
	struct bits b = block_bits(fx, f->group);

	return fix_bits(fx, f, &b, (uint32_t)(f->blk - e2_group_first_block(fx->ck->g, f->group)));
}

int fix_inode_bits(struct fix *fx, struct e2_finding *f)
{
	struct bits b = inode_bits(fx, f->group);

	return fix_bits(fx, f, &b, f->ino - f->group * fx->ck->g->inodes_per_group - 1);
}

int fix_padding(struct fix *fx, struct e2_finding *f)
{
	/* Which of the two maps it is, the finding says by name; both are made right. */
	struct bits blocks = block_bits(fx, f->group), inodes = inode_bits(fx, f->group);
	int n = set_bits(fx, f->group, &blocks), m;

	if (n < 0)
		return n;
	m = set_bits(fx, f->group, &inodes);
	return m < 0 ? m : 1;
}

/* ---- counts ------------------------------------------------------------------------- */

static void count_group(const struct fix *fx, e2_grp group, struct e2_group *desc)
{
	const struct e2_geometry *g = fx->ck->g;
	uint32_t blocks = 0, inodes = 0, dirs = 0;

	for (uint32_t i = 0; i < e2_group_blocks(g, group); i++)
		blocks += !block_is_used(fx, group, i);
	for (uint32_t i = 0; i < g->inodes_per_group; i++) {
		inodes += !inode_is_used(fx, group, i);
		dirs += fx->ck->inodes[group * g->inodes_per_group + i + 1].type == E2_FT_DIR;
	}
	desc->free_blocks_count = (uint16_t)blocks;
	desc->free_inodes_count = (uint16_t)inodes;
	desc->used_dirs_count = (uint16_t)dirs;
}

int fix_group_count(struct fix *fx, struct e2_finding *f)
{
	struct e2_group desc;
	int err;

	if (fx->left)
		return 0;	/* the bits it counts are not all right */
	err = e2_group_get(fx->fs, f->group, &desc);
	if (err != 0)
		return err;
	count_group(fx, f->group, &desc);
	err = e2_group_put(fx->txn, f->group, &desc);
	return err != 0 ? err : 1;
}

int fix_total_count(struct fix *fx, struct e2_finding *f)
{
	struct e2_super super;
	int err;

	if (fx->left)
		return 0;
	err = e2_super_get(fx->fs, &super);
	if (err != 0)
		return err;
	if (f->field[5] == 'b')		/* "free_blocks_count" */
		super.free_blocks_count = (uint32_t)f->want;
	else
		super.free_inodes_count = (uint32_t)f->want;
	err = e2_super_put(fx->txn, &super);
	return err != 0 ? err : 1;
}
