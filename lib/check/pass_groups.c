/* SPDX-License-Identifier: MIT */
/*
 * Group descriptors: where bitmaps and inode tables lie.  Marks all blocks of
 * the layout, and decides which of the descriptors' pointers later passes may use.
 */
#include "check/state.h"

static bool in_group(const struct ck *ck, e2_grp group, e2_blk blk, uint64_t count)
{
	e2_blk first = e2_group_first_block(ck->g, group);
	uint64_t blocks = e2_group_blocks(ck->g, group);

	return blk >= first && count <= blocks && blk - first <= blocks - count;
}

/* Who had marked a block of the layout before: for the message about an overlap. */
static const char *occupant(const struct ck *ck, e2_blk blk, e2_grp until, e2_grp *group)
{
	for (*group = 0; *group <= until; ++*group) {
		const struct ck_group *d = &ck->groups[*group];

		if (blk == d->block_bitmap)
			return "block bitmap";
		if (blk == d->inode_bitmap)
			return "inode bitmap";
		if (d->inode_table != 0 && blk >= d->inode_table &&
		    blk - d->inode_table < ck->g->inode_table_blocks)
			return "inode table";
	}
	*group = e2_block_group(ck->g, blk);
	return "superblock or descriptors";
}

struct part {			/* what a descriptor points to */
	const char *field;
	e2_blk blk, primary;	/* as used; as in the primary descriptors */
	uint64_t count;
};

static void check_place(struct ck *ck, e2_grp group, const struct part *p)
{
	e2_blk first = e2_group_first_block(ck->g, group);
	e2_blk last = first + e2_group_blocks(ck->g, group) - 1;

	if (in_group(ck, group, p->primary, p->count))
		return;
	if (p->primary != p->blk && in_group(ck, group, p->blk, p->count))
		FOUND(ck->found, GROUP_PLACE_COPY, .group = group, .field = p->field,
		      .have = p->primary, .want = p->blk, .blk = first);
	else
		FOUND(ck->found, GROUP_PLACE, .group = group, .field = p->field,
		      .have = p->primary, .want = first, .limit = last);
}

/* Marks a part that lies in the volume; returns its block, or 0 when it does not. */
static e2_blk claim_part(struct ck *ck, e2_grp group, const struct part *p)
{
	if (p->blk == 0 || !e2_run_valid(ck->g, p->blk, p->count))
		return 0;
	for (uint64_t i = 0; i < p->count; i++) {
		e2_grp other;

		if (!e2_bitset_test(ck->metadata, p->blk + i))
			continue;

		const char *what = occupant(ck, p->blk + i, group, &other);

		FOUND(ck->found, GROUP_OVERLAP, .group = group, .field = p->field,
		      .have = p->blk + i, .why = what, .want = other);
		break;
	}
	ck_claim_metadata(ck, p->blk, p->count);
	return p->blk;
}

/* The primary descriptor, when those in use are a copy. */
static int primary(struct ck *ck, e2_grp group, struct e2_group *desc)
{
	const struct e2_buf *buf;
	uint32_t offset;
	e2_blk blk;
	int r;

	e2_group_locate(ck->g, group, &blk, &offset);
	r = e2_buf_get(ck->fs, blk, &buf);
	if (r != 0)
		return r;
	e2_group_decode(desc, buf->data + offset);
	e2_buf_put(ck->fs, buf);
	return 0;
}

static void report_unreadable(struct ck *ck, e2_grp group)
{
	uint32_t offset;
	e2_blk blk;

	e2_err_clear();
	e2_group_locate(ck->g, group, &blk, &offset);
	if (offset == 0)	/* once a block */
		FOUND(ck->found, READ_ERROR, .blk = blk, .why = "group descriptors");
}

static int check_group(struct ck *ck, e2_grp group)
{
	struct ck_group *state = &ck->groups[group];
	struct e2_group used, stated;

	if (e2_group_get(ck->fs, group, &used) != 0) {
		report_unreadable(ck, group);
		return 0;
	}
	stated = used;
	if (ck->groups_from_copy && primary(ck, group, &stated) != 0)
		report_unreadable(ck, group);
	struct part parts[] = {
		{ "block_bitmap", used.block_bitmap, stated.block_bitmap, 1 },
		{ "inode_bitmap", used.inode_bitmap, stated.inode_bitmap, 1 },
		{ "inode_table", used.inode_table, stated.inode_table, ck->g->inode_table_blocks },
	};
	for (int i = 0; i < 3; i++)
		check_place(ck, group, &parts[i]);
	state->block_bitmap = claim_part(ck, group, &parts[0]);
	state->inode_bitmap = claim_part(ck, group, &parts[1]);
	state->inode_table = claim_part(ck, group, &parts[2]);
	state->free_blocks = stated.free_blocks_count;
	state->free_inodes = stated.free_inodes_count;
	state->used_dirs = stated.used_dirs_count;
	state->unused = stated.itable_unused;
	state->flags = stated.flags;
	if ((stated.flags & 3) != 0 && !e2_has_uninit_bg(ck->super))
		FOUND(ck->found, GROUP_FLAGS, .group = group, .have = stated.flags);
	return 0;
}

int pass_groups(struct ck *ck)
{
	int r = 0;

	for (e2_grp group = 0; group < ck->g->groups; group++)
		ck_claim_metadata(ck, e2_group_first_block(ck->g, group),
				  e2_group_head_blocks(ck->g, group));
	for (e2_grp group = 0; group < ck->g->groups && r == 0; group++)
		r = check_group(ck, group);
	return r;
}
