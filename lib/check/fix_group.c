/* SPDX-License-Identifier: MIT */
/*
 * Repairs of group descriptors and of what they point to.
 *
 * pass_groups.c has found where each part of a group lies, or that it lies nowhere: then it is
 * made again, bitmaps from what is in use, and of a lost inode table nothing remains.
 */
#include "check/fix.h"

#include <inttypes.h>
#include <string.h>

enum { TABLE = 't', BLOCKS = 'b', INODES = 'i' };	/* by the field's name */

static int part_of(const char *field)
{
	return field[0] == 'b' ? BLOCKS : field[6] == 't' ? TABLE : INODES;
}

/* A run of blocks in a group that nobody claims and, if possible, no bitmap calls used. */
static int new_run(struct fix *fx, e2_grp group, uint64_t count, e2_blk *run)
{
	const struct e2_geometry *g = fx->ck->g;
	e2_blk first = e2_group_first_block(g, group);
	e2_blk end = first + e2_group_blocks(g, group);

	for (int pass = 0; pass < 2; pass++) {
		uint64_t got = 0;

		for (e2_blk b = first; b < end; b++) {
			bool used = e2_bitset_test(fx->ck->claimed, b);

			if (!used && pass == 0)
				used = fix_block_stray(fx, b);
			got = used ? 0 : got + 1;
			if (got < count)
				continue;
			*run = b + 1 - count;
			ck_claim_metadata(fx->ck, *run, count);
			return 0;
		}
	}
	return e2_fail(E2_ERR_NOSPC, "group %" PRIu32 ": no %" PRIu64 " blocks are free", group,
		       count);
}

static void set_bit(uint8_t *bits, uint32_t n)
{
	bits[n / 8] = (uint8_t)(bits[n / 8] | 1 << n % 8);
}

static int make_bitmap(struct fix *fx, e2_grp group, int part, e2_blk blk)
{
	const struct e2_geometry *g = fx->ck->g;
	uint32_t count = part == BLOCKS ? e2_group_blocks(g, group) : g->inodes_per_group;
	struct e2_wbuf *buf;
	int err = e2_txn_get(fx->txn, blk, E2_FILL_ZERO, &buf);

	if (err != 0)
		return err;
	for (uint32_t i = 0; i < g->block_size * 8; i++) {
		e2_ino ino = group * g->inodes_per_group + i + 1;
		bool used = i >= count;

		if (!used && part == BLOCKS)
			used = e2_bitset_test(fx->ck->claimed, e2_group_first_block(g, group) + i);
		else if (!used)
			used = ino < g->first_ino || fx->ck->inodes[ino].type != 0;
		if (used)
			set_bit(buf->data, i);
	}
	e2_txn_put(fx->txn, buf);
	return 0;
}

/* What was in a table that lies nowhere. */
static int tell_lost(struct fix *fx, const struct e2_finding *f)
{
	const struct e2_geometry *g = fx->ck->g;

	for (uint32_t i = 0; i < g->inodes_per_group; i++) {
		e2_ino ino = f->group * g->inodes_per_group + i + 1;
		const struct e2_loss loss = {
			.kind = E2_LOSS_FILE, .ino = ino, .why = "its inode table is lost",
		};
		bool used = false;
		int err;

		if (ino < g->first_ino)
			continue;
		if (e2_inode_used(fx->fs, ino, &used) != 0) {
			e2_err_clear();
			return 0;
		}
		err = used ? fix_lose(fx, f, &loss) : 0;
		if (err != 0)
			return err;
	}
	return 0;
}

static int make_part(struct fix *fx, const struct e2_finding *f, int part, e2_blk *blk)
{
	uint64_t count = part == TABLE ? fx->ck->g->inode_table_blocks : 1;
	int err = new_run(fx, f->group, count, blk);

	if (err != 0)
		return err;
	if (part != TABLE)
		return make_bitmap(fx, f->group, part, *blk);
	err = tell_lost(fx, f);
	return err != 0 ? err : e2_txn_write(fx->txn, *blk, count, NULL);
}

int fix_group_place(struct fix *fx, struct e2_finding *f)
{
	struct ck_group *state = &fx->ck->groups[f->group];
	int part = part_of(f->field), err;
	e2_blk blk = part == BLOCKS ? state->block_bitmap : part == INODES ?
		     state->inode_bitmap : state->inode_table;
	struct e2_group d;

	err = e2_group_get(fx->fs, f->group, &d);
	if (err != 0)
		return err;
	if (blk != 0) {
		fix_will(f, "will be %" PRIu64 ": one lies there", blk);
	} else {
		err = make_part(fx, f, part, &blk);
		if (err != 0)
			return err;
		fix_will(f, part == TABLE ? "will be %" PRIu64 ", with an empty one" :
			 "will be %" PRIu64 ", with a new one", blk);
	}
	if (part == BLOCKS)
		d.block_bitmap = (uint32_t)blk;
	else if (part == INODES)
		d.inode_bitmap = (uint32_t)blk;
	else
		d.inode_table = (uint32_t)blk;
	err = e2_group_put(fx->txn, f->group, &d);
	return err != 0 ? err : 1;
}

int fix_group_place_copy(struct fix *fx, struct e2_finding *f)
{
	return fix_group_place(fx, f);
}

int fix_group_overlap(struct fix *fx, struct e2_finding *f)
{
	return fix_group_place(fx, f);
}

int fix_group_flags(struct fix *fx, struct e2_finding *f)
{
	struct e2_group d;
	int err = e2_group_get(fx->fs, f->group, &d);

	if (err != 0)
		return err;
	d.flags = (uint16_t)(d.flags & ~3);
	err = e2_group_put(fx->txn, f->group, &d);
	return err != 0 ? err : 1;
}

int fix_group_unused(struct fix *fx, struct e2_finding *f)
{
	struct e2_group d;
	int err = e2_group_get(fx->fs, f->group, &d);

	if (err != 0)
		return err;
	if (f->field[0] == 'f')
		d.flags = (uint16_t)(d.flags & ~3);
	else
		d.itable_unused = 0;
	err = e2_group_put(fx->txn, f->group, &d);
	return err != 0 ? err : 1;
}
