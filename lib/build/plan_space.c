/* SPDX-License-Identifier: MIT */
/*
 * Where the groups' metadata lie, and the blocks they leave.
 *
 * A group begins with what e2_group_head_blocks counts; block bitmap, inode bitmap and
 * inode table follow at once.  With a RAID stride the bitmaps of neighbouring groups are kept
 * off the same disk, as mke2fs does it (found by making volumes with it): a
 * table's length after the head and group * stride blocks on, round the group,
 * never in its last block.
 */
#include "build/plan_priv.h"

#include <stdlib.h>

/* The first block at or after start and before last, else of the whole group, that is not taken. */
static uint32_t place_bitmap(uint32_t start, uint32_t last, uint32_t head)
{
	return start < last ? start : head;
}

void e2_parts_make(const struct e2_geometry *g, uint32_t stride, e2_grp group,
		    struct e2_parts *parts)
{
	uint32_t head = e2_group_head_blocks(g, group), table = g->inode_table_blocks;
	uint32_t blocks = e2_group_blocks(g, group), base = head + table, last = blocks - 1;

	*parts = (struct e2_parts){ .first = e2_group_first_block(g, group), .blocks = blocks,
				    .head = head, .block_bitmap = head, .inode_bitmap = head + 1,
				    .inode_table = head + 2 };
	if (stride == 0 || base >= last)
		return;
	parts->block_bitmap = place_bitmap(
		base + (uint32_t)((uint64_t)stride * group % (last - base + 1)), last, head);
	parts->inode_bitmap = place_bitmap(parts->block_bitmap + 1, last, head);
	parts->inode_table = head + (parts->block_bitmap == head)
			   + (parts->inode_bitmap <= head + 1);
}

static int add_gap(struct e2_space *space, e2_blk blk, uint64_t count)
{
	struct e2_gap *gaps;

	if (count == 0)
		return 0;
	gaps = e2_grow(space->gaps, &space->cap, space->count + 2, sizeof(*gaps));
	if (gaps == NULL)
		return E2_ERR_NOMEM;
	space->gaps = gaps;
	gaps[space->count++] = (struct e2_gap){ (uint32_t)blk, (uint32_t)space->total };
	space->total += count;
	return 0;
}

/* The gaps between head, table and bitmaps: what is taken is at most three runs. */
static int add_group(struct e2_space *space, const struct e2_geometry *g, uint32_t stride,
		     e2_grp group)
{
	struct e2_parts p;
	uint32_t at;
	int err = 0;

	e2_parts_make(g, stride, group, &p);
	at = p.head;
	while (err == 0 && at < p.blocks) {
		uint32_t next = p.blocks, end = p.blocks;
		const uint32_t taken[3][2] = {
			{ p.block_bitmap, 1 }, { p.inode_bitmap, 1 },
			{ p.inode_table, g->inode_table_blocks },
		};

		for (unsigned i = 0; i < 3; i++) {
			if (taken[i][0] >= at && taken[i][0] < next) {
				next = taken[i][0];
				end = next + taken[i][1];
			}
		}
		err = add_gap(space, p.first + at, next - at);
		at = end;
	}
	return err;
}

int e2_space_make(const struct e2_geometry *g, uint32_t stride, struct e2_space *space)
{
	int err = 0;

	*space = (struct e2_space){ 0 };
	space->first_gap = calloc((size_t)g->groups + 1, sizeof(*space->first_gap));
	space->gaps = e2_grow(NULL, &space->cap, 1, sizeof(*space->gaps));
	if (space->first_gap == NULL || space->gaps == NULL)
		return e2_fail(E2_ERR_NOMEM, "the layout of %u groups", g->groups);
	for (e2_grp group = 0; group < g->groups && err == 0; group++) {
		space->first_gap[group] = (uint32_t)space->count;
		err = add_group(space, g, stride, group);
	}
	space->first_gap[g->groups] = (uint32_t)space->count;
	space->gaps[space->count] = (struct e2_gap){ 0, (uint32_t)space->total };
	return err;
}

void e2_space_free(struct e2_space *space)
{
	free(space->gaps);
	free(space->first_gap);
	*space = (struct e2_space){ 0 };
}

e2_blk e2_space_run(const struct e2_space *space, uint64_t pos, uint64_t want, size_t *hint,
		    uint64_t *count)
{
	const struct e2_gap *gaps = space->gaps;
	size_t i = *hint;

	if (i >= space->count || gaps[i].pos > pos)
		i = 0;
	if (gaps[i + 1].pos <= pos && i + 1 < space->count && gaps[i + 2].pos > pos) {
		i++;
	} else if (gaps[i + 1].pos <= pos) {
		size_t hi = space->count;	/* gaps[i].pos <= pos < gaps[hi].pos */

		while (hi - i > 1) {
			size_t mid = i + (hi - i) / 2;

			if (gaps[mid].pos <= pos)
				i = mid;
			else
				hi = mid;
		}
	}
	*hint = i;
	*count = gaps[i + 1].pos - pos < want ? gaps[i + 1].pos - pos : want;
	return gaps[i].blk + (pos - gaps[i].pos);
}
