/* SPDX-License-Identifier: MIT */
/* df: space and inodes as statfs(2) tells them of a mounted volume. */
#include "shell.h"

#include <inttypes.h>
#include <string.h>

struct space { uint64_t all, used, available, free, reserved; };

/* Blocks that no file can have, as the kernel counts them (fs/ext4/super.c, count_overhead). */
static uint64_t overhead(struct shell *sh, const struct e2_geometry *g)
{
	const struct e2_super *s = e2_super(sh->fs);
	uint64_t sum = g->first_data_block;

	if (s->overhead_blocks && s->overhead_blocks <= g->blocks)
		return s->overhead_blocks;
	for (e2_grp group = 0; group < g->groups; group++)
		sum += e2_group_head_blocks(g, group) + 2 + (uint64_t)g->inode_table_blocks;
	return sum < g->blocks ? sum : g->blocks;
}

static int measure(struct shell *sh, struct space *blocks, struct space *inodes)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_super super;
	int err = e2_super_get(sh->fs, &super);

	*blocks = *inodes = (struct space){ 0 };
	for (e2_grp group = 0; group < g->groups && !err; group++) {
		struct e2_group desc;

		err = e2_group_get(sh->fs, group, &desc);
		if (err)
			break;
		blocks->free += desc.free_blocks_count;
		inodes->free += desc.free_inodes_count;
	}
	if (err)
		return err;
	blocks->all = g->blocks - overhead(sh, g);
	blocks->reserved = super.r_blocks_count;
	blocks->used = blocks->all > blocks->free ? blocks->all - blocks->free : 0;
	blocks->available = blocks->free > blocks->reserved ? blocks->free - blocks->reserved : 0;
	inodes->all = g->inodes;
	inodes->used = inodes->all > inodes->free ? inodes->all - inodes->free : 0;
	inodes->available = inodes->free;
	return 0;
}

static void add_number(struct out *o, uint64_t n, uint64_t unit, bool human, int width)
{
	char text[HUMAN_SIZE];

	if (human)
		out_add(o, "%*s  ", width, human_size(n * unit, text));
	else
		out_add(o, "%*" PRIu64 "  ", width, n * unit / (unit > 1 ? 1024 : 1));
}

static void show(struct shell *sh, const struct space *s, uint64_t unit, bool human)
{
	uint64_t both = s->used + s->available;
	struct out *o = &sh->out;

	if (o->terminal) {
		out_add(o, "%10s  %10s  %10s  USE%%  IMAGE", unit == 1 ? "INODES" : human ? "SIZE" :
			"KIB", "USED", unit == 1 ? "FREE" : "AVAILABLE");
		out_line(o);
	}
	add_number(o, s->all, unit, human, 10);
	add_number(o, s->used, unit, human, 10);
	add_number(o, s->available, unit, human, 10);
	if (both)
		out_add(o, "%3" PRIu64 "%%  ", s->used * 100 / both + (s->used * 100 % both != 0));
	else
		out_add(o, "   -  ");
	out_add_name(o, sh->image, strlen(sh->image));
	out_line(o);
}

int cmd_df(struct shell *sh, const struct args *args)
{
	uint64_t size = e2_geometry(sh->fs)->block_size;
	bool human = args_has(args, "-h");
	struct space blocks, inodes;
	struct out *o = &sh->out;
	int err = measure(sh, &blocks, &inodes);

	if (err)
		return err;
	if (o->mode == OUT_TEXT) {
		if (args_has(args, "-i"))
			show(sh, &inodes, 1, human);
		else
			show(sh, &blocks, size, human);
		return 0;
	}
	out_record(o, "df");
	out_u64(o, "block_size", size);
	out_u64(o, "blocks", blocks.all);
	out_u64(o, "used", blocks.used);
	out_u64(o, "free", blocks.free);
	out_u64(o, "available", blocks.available);
	out_u64(o, "reserved", blocks.reserved);
	out_u64(o, "inodes", inodes.all);
	out_u64(o, "inodes_used", inodes.used);
	out_u64(o, "inodes_free", inodes.free);
	out_record_end(o);
	return 0;
}
