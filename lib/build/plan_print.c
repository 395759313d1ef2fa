/* SPDX-License-Identifier: MIT */
/* The plan for people: a line a group. */
#include "build/plan_priv.h"

static void add_range(struct e2_str *out, e2_blk first, uint64_t count)
{
	struct e2_str cell = E2_STR_INIT;

	if (count == 0)
		e2_str_add(&cell, "-");
	else if (count == 1)
		e2_str_addf(&cell, "%llu", (unsigned long long)first);
	else
		e2_str_addf(&cell, "%llu-%llu", (unsigned long long)first,
			    (unsigned long long)(first + count - 1));
	e2_str_addf(out, "  %21s", e2_str_text(&cell));
	if (e2_str_status(&cell) != 0)
		out->failed = true;
	e2_str_free(&cell);
}

int e2_plan_print(const struct e2_plan *plan, struct e2_str *out)
{
	const struct e2_geometry *g = &plan->shape.geometry;

	e2_str_addf(out, "%6s  %21s  %21s  %21s  %21s  %10s %8s %6s\n", "GROUP", "BLOCKS",
		    "SUPER+DESCRIPTORS", "BITMAPS", "INODE TABLE", "FREE", "INODES", "DIRS");
	for (e2_grp group = 0; group < g->groups && !out->failed; group++) {
		struct e2_parts p;
		struct e2_group desc;

		e2_parts_make(g, plan->shape.super.raid_stride, group, &p);
		e2_plan_group(plan, group, &p, &desc);
		e2_str_addf(out, "%6u", group);
		add_range(out, p.first, p.blocks);
		add_range(out, p.first, p.head);
		if (p.inode_bitmap == p.block_bitmap + 1)
			add_range(out, p.first + p.block_bitmap, 2);
		else
			e2_str_addf(out, "  %10llu,%10llu",
				    (unsigned long long)(p.first + p.block_bitmap),
				    (unsigned long long)(p.first + p.inode_bitmap));
		add_range(out, p.first + p.inode_table, g->inode_table_blocks);
		e2_str_addf(out, "  %10u %8u %6u\n", desc.free_blocks_count, desc.free_inodes_count,
			    desc.used_dirs_count);
	}
	return e2_str_status(out);
}
