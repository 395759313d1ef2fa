/* SPDX-License-Identifier: MIT */
/*
 * Where everything lies: pure arithmetic over a proven geometry.
 *
 * Each group begins, where it has one, with a copy of the superblock and of all
 * descriptors.  With meta_bg, from descriptor block first_meta_bg on, a block of
 * descriptors lies in the groups it describes (a "metablock group"): in the
 * first of them, with copies in the second and the last.
 * Layout: kernel, Documentation/filesystems/ext4/blockgroup.rst, "Meta Block Groups".
 */
#include "vol/vol.h"

e2_blk e2_group_first_block(const struct e2_geometry *g, e2_grp group)
{
	return g->first_data_block + (uint64_t)group * g->blocks_per_group;
}

uint32_t e2_group_blocks(const struct e2_geometry *g, e2_grp group)
{
	uint64_t left = g->blocks - e2_group_first_block(g, group);

	return left < g->blocks_per_group ? (uint32_t)left : g->blocks_per_group;
}

static bool is_power_of(uint32_t n, uint32_t base)
{
	while (n % base == 0)
		n /= base;
	return n == 1;
}

bool e2_group_has_super(const struct e2_geometry *g, e2_grp group)
{
	if (group == 0)
		return true;
	if (g->sparse_super2)
		return group == g->backup_bgs[0] || group == g->backup_bgs[1];
	if (group == 1 || !g->sparse_super)
		return true;
	return group % 2 != 0 &&
	       (is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7));
}

static uint32_t descs_per_block(const struct e2_geometry *g)
{
	return g->block_size / g->desc_size;
}

/* Whether meta_bg places the descriptors of this group. */
static bool in_meta_bg(const struct e2_geometry *g, e2_grp group)
{
	return group / descs_per_block(g) >= g->first_meta_bg;
}

uint32_t e2_group_desc_blocks(const struct e2_geometry *g, e2_grp group, e2_blk *first)
{
	bool has_super = e2_group_has_super(g, group);

	*first = e2_group_first_block(g, group) + has_super;
	if (!in_meta_bg(g, group))
		return has_super ? g->first_meta_bg : 0;
	uint32_t within = group % descs_per_block(g);
	return within <= 1 || within == descs_per_block(g) - 1;
}

uint32_t e2_group_head_blocks(const struct e2_geometry *g, e2_grp group)
{
	e2_blk first;
	bool has_super = e2_group_has_super(g, group);
	uint32_t head = has_super + e2_group_desc_blocks(g, group, &first);

	if (has_super && !g->meta_bg)
		head += g->reserved_gdt_blocks;
	return head;
}

e2_blk e2_desc_block(const struct e2_geometry *g, e2_grp copy, uint32_t n)
{
	if (n < g->first_meta_bg)
		return e2_group_first_block(g, copy) + 1 + n;
	/* A backup superblock goes with the copies in the second groups. */
	e2_grp group = n * descs_per_block(g);
	if (copy != 0 && group + 1 < g->groups)
		group++;
	return e2_group_first_block(g, group) + e2_group_has_super(g, group);
}

void e2_group_locate(const struct e2_geometry *g, e2_grp group, e2_blk *blk, uint32_t *offset)
{
	*blk = e2_desc_block(g, 0, group / descs_per_block(g));
	*offset = group % descs_per_block(g) * g->desc_size;
}

e2_grp e2_block_group(const struct e2_geometry *g, e2_blk blk)
{
	if (blk < g->first_data_block)
		return 0;
	return (e2_grp)((blk - g->first_data_block) / g->blocks_per_group);
}

e2_grp e2_inode_group(const struct e2_geometry *g, e2_ino ino)
{
	return (ino - 1) / g->inodes_per_group;
}

bool e2_block_valid(const struct e2_geometry *g, e2_blk blk)
{
	return blk >= g->first_data_block && blk < g->blocks;
}

bool e2_run_valid(const struct e2_geometry *g, e2_blk blk, uint64_t count)
{
	return blk >= g->first_data_block && blk <= g->blocks && count <= g->blocks - blk;
}

bool e2_inode_valid(const struct e2_geometry *g, e2_ino ino)
{
	return ino >= 1 && ino <= g->inodes;
}

uint64_t e2_file_reach(const struct e2_geometry *g)
{
	uint64_t p = g->pointers;

	return (E2_DIRECT + p + p * p + p * p * p) << g->block_bits;
}

/*
 * i_blocks counts sectors of data and pointer blocks in 32 bits.  The kernel sets
 * its limit so that even a file without holes cannot overflow it, and counts
 * the pointer blocks as if all the sectors held data (ext4_max_bitmap_size);
 * its answer matters, because it reads no byte past it.
 */
uint64_t e2_file_size_max(const struct e2_geometry *g)
{
	uint64_t p = g->pointers;
	uint64_t reach = E2_DIRECT + p + p * p + p * p * p;
	uint64_t pointer_blocks = 1 + (1 + p) + (1 + p + p * p);
	uint64_t limit = UINT32_MAX >> (g->block_bits - 9);

	if (reach + pointer_blocks <= limit)
		return reach << g->block_bits;
	uint64_t rest = limit - E2_DIRECT - p;
	if (rest < p * p) {
		pointer_blocks = 2 + (rest + p - 1) / p;
	} else {
		rest -= p * p;
		pointer_blocks = 3 + p + (rest + p - 1) / p + (rest + p * p - 1) / (p * p);
	}
	return (limit - pointer_blocks) << g->block_bits;
}
