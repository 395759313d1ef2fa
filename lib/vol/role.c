/* SPDX-License-Identifier: MIT */
/* What a block is by the layout alone. */
#include "vol/fs.h"

#include <inttypes.h>

static enum e2_role head_role(const struct e2_geometry *g, e2_grp group, e2_blk blk)
{
	e2_blk at = blk - e2_group_first_block(g, group);
	e2_blk first;
	bool has_super = e2_group_has_super(g, group);

	if (at >= e2_group_head_blocks(g, group))
		return E2_ROLE_NONE;
	if (at == 0 && has_super)
		return E2_ROLE_SUPER;
	if (at < has_super + (e2_blk)e2_group_desc_blocks(g, group, &first))
		return E2_ROLE_DESC;
	return E2_ROLE_RESERVED_DESC;
}

static enum e2_role desc_role(const struct e2_geometry *g, const struct e2_group *desc, e2_blk blk)
{
	if (blk == 0)
		return E2_ROLE_NONE;
	if (blk == desc->block_bitmap)
		return E2_ROLE_BLOCK_BITMAP;
	if (blk == desc->inode_bitmap)
		return E2_ROLE_INODE_BITMAP;
	if (blk >= desc->inode_table && blk - desc->inode_table < g->inode_table_blocks &&
	    desc->inode_table != 0)
		return E2_ROLE_INODE_TABLE;
	return E2_ROLE_NONE;
}

static bool at_home(const struct e2_geometry *g, e2_grp group, const struct e2_group *desc)
{
	return e2_block_group(g, desc->block_bitmap) == group &&
	       e2_block_group(g, desc->inode_bitmap) == group &&
	       e2_block_group(g, desc->inode_table) == group &&
	       e2_block_group(g, (e2_blk)desc->inode_table + g->inode_table_blocks - 1) == group;
}

/* Looks at all descriptors once, so that later questions need one of them. */
static int learn_spread(struct e2_fs *fs, int *spread)
{
	*spread = atomic_load(&fs->spread);
	if (*spread != E2_SPREAD_UNKNOWN)
		return 0;
	*spread = E2_SPREAD_HOME;
	for (e2_grp group = 0; group < fs->g.groups; group++) {
		struct e2_group desc;
		int err = e2_group_get(fs, group, &desc);

		if (err)
			return err;
		if (!at_home(&fs->g, group, &desc)) {
			*spread = E2_SPREAD_ANYWHERE;
			break;
		}
	}
	atomic_store(&fs->spread, *spread);
	return 0;
}

int e2_block_role(struct e2_fs *fs, e2_blk blk, enum e2_role *role, e2_grp *group)
{
	const struct e2_geometry *g = &fs->g;
	struct e2_group desc;
	int spread;

	if (blk >= g->blocks)
		return e2_fail(E2_ERR_RANGE, "no block %" PRIu64 ": the volume has %" PRIu64,
			       blk, g->blocks);
	e2_grp home = e2_block_group(g, blk);
	enum e2_role r = blk < g->first_data_block ? E2_ROLE_BOOT : head_role(g, home, blk);
	if (r != E2_ROLE_NONE)
		goto found;
	int err = e2_group_get(fs, home, &desc);
	if (err)
		return err;
	r = desc_role(g, &desc, blk);
	if (r != E2_ROLE_NONE)
		goto found;
	err = learn_spread(fs, &spread);
	if (err)
		return err;
	e2_grp end = spread == E2_SPREAD_HOME ? 0 : g->groups;
	for (e2_grp other = 0; other < end; other++) {
		err = e2_group_get(fs, other, &desc);
		if (err)
			return err;
		r = desc_role(g, &desc, blk);
		if (r != E2_ROLE_NONE) {
			home = other;
			goto found;
		}
	}
found:
	*role = r;
	*group = home;
	return 0;
}

/* ---- runs -------------------------------------------------------------------------- */

const char *e2_role_name(enum e2_role role)
{
	static const char *const names[] = {
		[E2_ROLE_NONE] = "nothing", [E2_ROLE_BOOT] = "boot block",
		[E2_ROLE_SUPER] = "superblock", [E2_ROLE_DESC] = "group descriptors",
		[E2_ROLE_RESERVED_DESC] = "blocks reserved for group descriptors",
		[E2_ROLE_BLOCK_BITMAP] = "block bitmap", [E2_ROLE_INODE_BITMAP] = "inode bitmap",
		[E2_ROLE_INODE_TABLE] = "inode table",
	};

	return names[role];
}

/* The first of count blocks from blk on that lies in one of more blocks from first on;
 * or none, and *at is left alone. */
static bool overlap(e2_blk blk, uint64_t count, e2_blk first, uint64_t more, e2_blk *at)
{
	if (first == 0 || first >= blk + count || blk >= first + more)
		return false;
	*at = first > blk ? first : blk;
	return true;
}

/* What a descriptor names of a run. */
static enum e2_role desc_run_role(const struct e2_geometry *g, const struct e2_group *desc,
				  e2_blk blk, uint64_t count, e2_blk *at)
{
	if (overlap(blk, count, desc->block_bitmap, 1, at))
		return E2_ROLE_BLOCK_BITMAP;
	if (overlap(blk, count, desc->inode_bitmap, 1, at))
		return E2_ROLE_INODE_BITMAP;
	if (overlap(blk, count, desc->inode_table, g->inode_table_blocks, at))
		return E2_ROLE_INODE_TABLE;
	return E2_ROLE_NONE;
}

/* What there is in blocks of one group. */
static int group_run_role(struct e2_fs *fs, e2_blk blk, uint64_t count, enum e2_role *role,
			  e2_grp *group, e2_blk *at)
{
	const struct e2_geometry *g = &fs->g;
	e2_grp home = e2_block_group(g, blk);
	struct e2_group desc;
	int spread;

	*group = home;
	*at = blk;
	*role = head_role(g, home, blk);	/* a group begins with its head */
	if (*role != E2_ROLE_NONE)
		return 0;
	int err = learn_spread(fs, &spread);
	if (err)
		return err;
	e2_grp first = spread == E2_SPREAD_HOME ? home : 0;
	e2_grp end = spread == E2_SPREAD_HOME ? home + 1 : g->groups;
	for (e2_grp other = first; other < end && *role == E2_ROLE_NONE; other++) {
		err = e2_group_get(fs, other, &desc);
		if (err)
			return err;
		*role = desc_run_role(g, &desc, blk, count, at);
		*group = other;
	}
	return 0;
}

int e2_run_role(struct e2_fs *fs, e2_blk blk, uint64_t count, enum e2_role *role, e2_grp *group,
		e2_blk *at)
{
	const struct e2_geometry *g = &fs->g;

	*role = E2_ROLE_NONE;
	if (count > 0 && blk < g->first_data_block) {
		*role = E2_ROLE_BOOT;
		*group = 0;
		*at = blk;
	}
	while (count > 0 && *role == E2_ROLE_NONE) {
		e2_grp home = e2_block_group(g, blk);
		uint64_t left = e2_group_first_block(g, home) + e2_group_blocks(g, home) - blk;
		uint64_t n = left < count ? left : count;
		int err = group_run_role(fs, blk, n, role, group, at);

		if (err)
			return err;
		blk += n;
		count -= n;
	}
	return 0;
}
