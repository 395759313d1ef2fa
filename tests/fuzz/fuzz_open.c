/* SPDX-License-Identifier: MIT */
/*
 * A small sound volume with some of its numbers changed: opening, backups, roles, the
 * scan, the maps, the walks and the data of all inodes.  Whatever the numbers say, it
 * ends, within bounds, and the ways to look at one thing agree.
 *
 * Input: edits of 8 bytes: what, which, offset (16 bits), value (32 bits).
 */
#include "e2.h"

#include "fuzz/edits.h"
#include "image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 3000 };

/* A file with all levels of pointers, a slow and a fast link, in two groups. */
static void make_base(struct img *img)
{
	struct e2_inode in = img_reg(UINT64_C(70000) << 10);

	img_new(img, &(struct img_options){
		.blocks = 300, .blocks_per_group = 128, .inodes_per_group = 16,
		.ro_compat = E2_FEATURE_sparse_super });
	for (e2_lblk i = 0; i < 15; i++)
		img_map(img, &in, i, img_put(img, "data", 4));
	img_map(img, &in, 300, img_put(img, "double", 6));
	img_map(img, &in, 69999, img_put(img, "triple", 6));
	img_inode(img, 12, &in);
	in = img_symlink("elsewhere");
	img_inode(img, 13, &in);
	memset(in.block, 0, sizeof(in.block));
	in.size = 100;
	img_map(img, &in, 0, img_put(img, "a/long/way/that/does/not/fit/in/the/inode/itself/so/it/"
				     "takes/a/block/of/its/own/and/still/leads/nowhere/x", 104));
	img_inode(img, 17, &in);
	img_sync(img);
}

/* Where an edit goes: superblocks, descriptors, bitmaps, inodes, any block. */
static uint64_t place_of(const struct img *img, unsigned what, unsigned which, uint32_t at)
{
	e2_grp group = which % img->g.groups;
	uint32_t size = img->g.block_size;

	switch (what % 5) {
	case 0:
		return 1024 + at % 1024;
	case 1:
		return e2_group_first_block(&img->g, which % 2) * size + at % 1024;
	case 2:
		return e2_desc_block(&img->g, which & 8 ? 1 : 0, 0) * size + group * 32 + at % 32;
	case 3:		/* the tables follow the heads and two bitmaps */
		at %= 6 * size;
		return (e2_group_first_block(&img->g, group) +
			e2_group_head_blocks(&img->g, group)) * size + at;
	default:
		return (uint64_t)which * size % (img->io->size - size) + at % size;
	}
}

static struct e2_io *make_io(const uint8_t *data, size_t size)
{
	static struct img img;		/* the same for all inputs, and slow to make */

	if (!img.io)
		make_base(&img);
	return edits_apply(&img, place_of, 0x80, data, size);
}

/* What the walk yields as good data, e2_map says as well. */
static void use_blocks(struct e2_fs *fs, const struct e2_inode *in)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	struct e2_run run;

	if (e2_blocks_begin(fs, in, &walk) != 0)
		return;
	for (int i = 0; i < STEPS_MAX && e2_blocks_next(walk, &b) > 0; i++) {
		if (b.level > 0 || b.status)
			continue;
		if (!e2_run_valid(e2_geometry(fs), b.blk, b.count))
			abort();
		if (e2_map(fs, in, b.lblk, &run) != 0 || run.blk != b.blk || run.count < b.count)
			abort();
	}
	e2_blocks_end(walk);
}

static void use_data(struct e2_fs *fs, const struct e2_inode *in)
{
	uint64_t at = 0, start, end;
	uint8_t bytes[5000];
	struct e2_str text = E2_STR_INIT;
	size_t got;

	for (int i = 0; i < 200 && e2_data_next(fs, in, at, &start, &end) > 0; i++) {
		if (start < at || end <= start || end > e2_inode_size(in))
			abort();
		if (e2_read(fs, in, start, sizeof(bytes), bytes, &got) == 0 && got == 0)
			abort();
		at = end;
	}
	if (e2_symlink_read(fs, in, &text) == 0 && (text.len == 0 || text.len > 4095))
		abort();
	e2_str_free(&text);
}

static void use_inodes(struct e2_fs *fs)
{
	struct e2_inode in;
	struct e2_scan *scan;
	const uint8_t *raw;
	struct e2_time t;
	e2_ino ino;

	for (unsigned flags = 0; flags <= E2_SCAN_USED_ONLY; flags++) {
		if (e2_scan_begin(fs, flags, &scan) != 0)
			return;
		for (int i = 0; i < STEPS_MAX && e2_scan_next(scan, &ino, &in, &raw) > 0; i++) {
			if (!e2_inode_valid(e2_geometry(fs), ino))
				abort();
			use_blocks(fs, &in);
			use_data(fs, &in);
			(void)e2_inode_time(&in, E2_CRTIME, &t);
		}
		e2_scan_end(scan);
	}
}

static void use_volume(struct e2_fs *fs)
{
	const struct e2_geometry *g = e2_geometry(fs);
	enum e2_role role;
	e2_grp group;
	bool used;

	for (e2_blk blk = 0; blk < g->blocks && blk < STEPS_MAX; blk++) {
		/* Failures are answers too. */
		if (e2_block_used(fs, blk, &used) != 0 ||
		    e2_block_role(fs, blk, &role, &group) != 0)
			break;
	}
	use_inodes(fs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct e2_open_options o = { .cache_bytes = 16 << 10 };
	struct e2_io *io = make_io(data, size);
	uint32_t block_size;
	struct e2_fs *fs;
	e2_blk blk;

	if (e2_find_backup(io, &blk, &block_size) == 0) {
		o.superblock = blk;
		o.block_size = block_size;
		/* What was found opens. */
		if (e2_open(make_io(data, size), &o, &fs) != 0)
			abort();
		use_volume(fs);
		e2_close(fs);
	}
	o = (struct e2_open_options){ .flags = E2_OPEN_ANY_FEATURE | E2_OPEN_SHORT,
				      .cache_bytes = 16 << 10 };
	if (e2_open(io, &o, &fs) == 0) {
		use_volume(fs);
		e2_close(fs);
	}
	return 0;
}
