/* SPDX-License-Identifier: MIT */
/* Which blocks a transaction frees, for undo files: the bitmaps before and now, compared. */
#include "vol/fs.h"

#include "vol/bits.h"

/* The first run at or after bit `from` that the bits before have and those of now have not. */
static bool find_run(const uint8_t *before, const uint8_t *now, uint32_t from, uint32_t end,
		     uint32_t *first, uint32_t *count)
{
	for (uint32_t bit = e2_bits_next_set(before, from, end); bit < end;
	     bit = e2_bits_next_set(before, bit, end)) {
		uint32_t stop = e2_bits_next_clear(before, bit, end);
		uint32_t freed = e2_bits_next_clear(now, bit, stop);

		if (freed < stop) {
			*first = freed;
			*count = e2_bits_next_set(now, freed, stop) - freed;
			return true;
		}
		bit = stop;
	}
	return false;
}

/* The first such run of one group at or after `from`: 1, 0, or an error. */
static int freed_in_group(struct e2_fs *fs, e2_grp group, e2_blk from, struct e2_range *run)
{
	e2_blk begin = e2_group_first_block(&fs->g, group);
	uint32_t end = e2_group_blocks(&fs->g, group), first, count;
	const struct e2_buf *now;
	const uint8_t *before;
	struct e2_group desc;
	int r = e2_before_bits(fs, group, &before);

	if (r == 0)
		r = e2_group_get(fs, group, &desc);
	if (r || !before)
		return r;
	r = e2_buf_get(fs, desc.block_bitmap, &now);
	if (r)
		return r;
	if (find_run(before, now->data, from > begin ? (uint32_t)(from - begin) : 0, end, &first,
		     &count)) {
		*run = (struct e2_range){ .blk = begin + first, .count = count };
		r = 1;
	}
	e2_buf_put(fs, now);
	return r;
}

int e2_freed(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run)
{
	struct e2_fs *fs = context;
	e2_grp group = from > fs->g.first_data_block ? e2_block_group(&fs->g, from) : 0;
	int r = 0;

	(void)txn;	/* the volume's only one */
	if (!fs->freed || from >= fs->g.blocks)
		return 0;
	for (uint64_t g = e2_bitset_next_set(fs->freed, group); r == 0 && g < fs->g.groups;
	     g = e2_bitset_next_set(fs->freed, g + 1))
		r = freed_in_group(fs, (e2_grp)g, from, run);
	return r;
}
