/* SPDX-License-Identifier: MIT */
/* Taking and giving back blocks and inodes. */
#include "alloc.h"
#include "e2test.h"
#include "random.h"
#include "writing.h"

#include "base/bitset.h"

#include <stdlib.h>
#include <string.h>

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

static void fails(int err, int want, const char *says)
{
	cr_assert_eq(err, want, "%d: %s", err, e2_err_detail());
	cr_assert_not_null(strstr(e2_err_detail(), says), "%s", e2_err_detail());
}

static struct e2_txn *begin(struct e2_fs *fs)
{
	struct e2_txn *txn;

	must(e2_txn_begin(fs, false, &txn));
	return txn;
}

static e2_blk alloc1(struct e2_txn *txn, e2_blk goal)
{
	e2_blk blk;
	uint64_t got;

	must(e2_alloc_blocks(txn, goal, 1, &blk, &got));
	cr_assert_eq(got, 1);
	return blk;
}

static uint64_t free_blocks(struct e2_fs *fs)
{
	uint64_t blocks, inodes;

	must(e2_free_counts(fs, &blocks, &inodes));
	return blocks;
}

static uint64_t free_inodes(struct e2_fs *fs)
{
	uint64_t blocks, inodes;

	must(e2_free_counts(fs, &blocks, &inodes));
	return inodes;
}

static const struct img_options shapes[] = {
	{ .blocks = 256 },
	{ .blocks = 1500, .blocks_per_group = 256, .inodes_per_group = 32 },
	{ .blocks = 1063, .blocks_per_group = 100, .inodes_per_group = 16 },
	{ .blocks = 1001, .blocks_per_group = 200, .inodes_per_group = 64,
	  .ro_compat = E2_FEATURE_sparse_super },
	{ .blocks = 999, .blocks_per_group = 128, .inodes_per_group = 16,
	  .incompat = E2_FEATURE_meta_bg },
	{ .blocks = 900, .blocks_per_group = 256, .inodes_per_group = 16,
	  .compat = E2_FEATURE_resize_inode, .reserved_gdt_blocks = 3 },
	{ .block_size = 2048, .blocks = 333, .blocks_per_group = 64, .revision_0 = true,
	  .inodes_per_group = 16 },
	{ .block_size = 4096, .blocks = 140, .blocks_per_group = 48, .inodes_per_group = 32 },
	{ .block_size = 65536, .blocks = 40, .inodes_per_group = 512 },
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

/* ---- blocks ---------------------------------------------------------------------------- */

/* Takes everything in random pieces: each block once, none of the layout's. */
static void take_all(struct e2_txn *txn, uint64_t *seed)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_geometry *g = e2_geometry(fs);
	uint64_t left = free_blocks(fs);
	struct e2_bitset *taken;
	e2_blk first;
	uint64_t got;

	must(e2_bitset_new(g->blocks, &taken));
	while (left > 0) {
		uint64_t want = random_next(seed) % 40 + 1;

		must(e2_alloc_blocks(txn, random_next(seed) % (g->blocks + 2), want, &first, &got));
		cr_assert(got >= 1 && got <= want && got <= left);
		cr_assert_eq(e2_bitset_set_run(taken, first, got), 0, "handed out twice");
		for (uint64_t i = 0; i < got; i++) {
			enum e2_role role;
			e2_grp group;

			must(e2_block_role(fs, first + i, &role, &group));
			cr_assert_eq(role, E2_ROLE_NONE, "block %ju", (uintmax_t)(first + i));
		}
		left -= got;
		cr_assert_eq(free_blocks(fs), left);
	}
	e2_bitset_free(taken);
	fails(e2_alloc_blocks(txn, 0, 1, &first, &got), E2_ERR_NOSPC, "no block is free: all ");
}

E2_TEST(vol_alloc, every_free_block_is_given_once_and_no_other)
{
	for (size_t i = 0; i < SHAPES; i++) {
		uint64_t seed = i;
		struct img img;

		img_new(&img, &shapes[i]);
		struct e2_fs *fs = writing_open(&img);
		uint8_t *before = writing_bytes(fs, NULL);
		struct e2_txn *txn = begin(fs);
		take_all(txn, &seed);
		e2_txn_abort(txn);
		writing_same(fs, before, false);
		txn = begin(fs);
		take_all(txn, &seed);
		must(e2_txn_commit(txn));
		cr_assert_eq(free_blocks(fs), 0);
		cr_assert_eq(e2_super(fs)->free_blocks_count, 0);
		free(before);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(vol_alloc, near_the_goal_and_together)
{
	struct e2_fs *fs;
	struct img img;
	uint64_t got;
	e2_blk blk;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	/* Used but for 100-102, 110-129, 140-147 and group 2 from 600 on. */
	for (blk = 60; blk < 600; blk++)
		img_mark_block(&img, blk, (blk < 100 || blk >= 103) && (blk < 110 || blk >= 130) &&
					  (blk < 140 || blk >= 148));
	for (blk = 1; blk < 60; blk++)
		img_mark_block(&img, blk, true);
	img_sync(&img);
	fs = writing_open(&img);
	static const struct { e2_blk goal; uint64_t want; e2_blk blk; uint64_t got; } rows[] = {
		{ 100, 3, 100, 3 },		/* at the goal */
		{ 90, 2, 100, 2 },		/* after it */
		{ 101, 5, 110, 5 },		/* a run that is long enough, past a shorter one */
		{ 145, 10, 110, 10 },		/* or before it */
		{ 110, 100, 110, 20 },		/* at the goal a good one will do */
		{ 120, 16, 110, 16 },
		{ 100, 50, 110, 20 },		/* the longest of the group, if it is a good one */
		{ 300, 5, 600, 5 },		/* another group before a shorter run */
		{ 999, 3, 764, 3 }, { 5000, 1, 100, 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct e2_txn *txn = begin(fs);

		must(e2_alloc_blocks(txn, rows[i].goal, rows[i].want, &blk, &got));
		if (i != 8)
			cr_assert(blk == rows[i].blk && got == rows[i].got, "row %zu: %ju + %ju", i,
				  (uintmax_t)blk, (uintmax_t)got);
		else		/* behind the heads of the last group */
			cr_assert_eq(e2_block_group(&img.g, blk), 3);
		e2_txn_abort(txn);
	}
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(vol_alloc, what_was_freed_is_taken_last)
{
	struct e2_fs *fs;
	struct e2_txn *txn;
	struct img img;
	unsigned mark;
	e2_blk used[6];

	img_new(&img, &(struct img_options){ .blocks = 300, .blocks_per_group = 128,
					     .inodes_per_group = 16 });
	for (unsigned i = 0; i < 6; i++)
		used[i] = img_alloc(&img);
	img_sync(&img);
	fs = writing_open(&img);
	txn = begin(fs);
	uint64_t left = free_blocks(fs);
	must(e2_free_blocks(txn, used[0], 3));
	/* A free that is taken back leaves no trace either. */
	must(e2_txn_mark(txn, &mark));
	must(e2_free_blocks(txn, used[3], 3));
	e2_txn_rewind(txn, mark);
	e2_blk mine = alloc1(txn, used[0]);
	cr_assert(mine < used[0] || mine > used[5]);
	must(e2_free_blocks(txn, mine, 1));
	cr_assert_eq(alloc1(txn, mine), mine, "what was free before the transaction is not spared");
	for (left--; left > 0; left--) {
		e2_blk blk = alloc1(txn, used[0]);
		cr_assert(blk < used[0] || blk > used[5]);
	}
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(alloc1(txn, 1), used[i]);
	cr_assert_eq(free_blocks(fs), 0);
	/* What a rewind gives back can be had again. */
	must(e2_txn_commit(txn));
	txn = begin(fs);
	must(e2_free_blocks(txn, used[0], 1));
	must(e2_txn_mark(txn, &mark));
	cr_assert_eq(alloc1(txn, 1), used[0]);
	e2_txn_rewind(txn, mark);
	cr_assert_eq(alloc1(txn, 1), used[0]);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(vol_alloc, freeing_across_groups_is_all_or_nothing)
{
	struct img img;
	enum { FIRST = 150, COUNT = 600 };

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256,
					     .inodes_per_group = 16,
					     .compat = E2_FEATURE_sparse_super2 });
	/* Groups 1 and 2 are moved out of the way: their bitmaps and tables go to group 3. */
	for (e2_grp group = 1; group < 3; group++) {
		struct e2_group d = img_group(&img, group);
		struct e2_group was = d;

		d.block_bitmap = 900 + 20 * group;
		d.inode_bitmap = d.block_bitmap + 1;
		d.inode_table = d.block_bitmap + 2;
		uint8_t *raw = calloc(1, img.g.block_size);
		img_read(&img, was.block_bitmap, 0, raw, img.g.block_size);
		img_write(&img, d.block_bitmap, 0, raw, img.g.block_size);
		img_read(&img, was.inode_bitmap, 0, raw, img.g.block_size);
		img_write(&img, d.inode_bitmap, 0, raw, img.g.block_size);
		free(raw);
		img_group_put(&img, group, &d);
		for (unsigned i = 0; i < 2 + img.g.inode_table_blocks; i++)
			img_mark_block(&img, d.block_bitmap + i, true);
	}
	for (unsigned i = 0; i < COUNT; i++)
		img_mark_block(&img, FIRST + i, true);
	img_sync(&img);
	struct e2_fs *fs = writing_open(&img);
	uint64_t left = free_blocks(fs);
	uint8_t *before = writing_bytes(fs, NULL);
	struct e2_txn *txn = begin(fs);
	must(e2_free_blocks(txn, FIRST + COUNT - 1, 1));
	uint8_t *with = writing_bytes(fs, NULL);
	fails(e2_free_blocks(txn, FIRST, COUNT), E2_ERR_CORRUPT, "cannot be freed: it is free");
	writing_same(fs, with, false);
	must(e2_free_blocks(txn, FIRST, COUNT - 1));
	cr_assert_eq(free_blocks(fs), left + COUNT);
	fails(e2_free_blocks(txn, 940, 10), E2_ERR_CORRUPT, "group 2's block bitmap");
	must(e2_free_blocks(txn, 1, 0));
	fails(e2_free_blocks(txn, 990, 11), E2_ERR_CORRUPT, "lie outside the volume");
	e2_txn_abort(txn);
	writing_same(fs, before, false);
	free(before);
	free(with);
	must(e2_close(fs));
	img_free(&img);
}

/* ---- damage ------------------------------------------------------------------------------- */

/* A damaged descriptor and superblock of a volume of one group; what says so when blocks are
 * taken and freed: NULL: nothing. */
struct damage {
	e2_blk block_bitmap;		/* 0: as it is; 1: what the inode table is */
	uint32_t group_free, super_free;
	bool clear_head;		/* the layout's own blocks are called free */
	const char *takes, *frees;
};

static void apply(struct img *img, const struct damage *d)
{
	struct e2_group desc = img_group(img, 0);
	uint8_t raw[E2_SUPER_BYTES];

	if (d->clear_head) {
		memset(raw, 0, 16);
		img_write(img, desc.block_bitmap, 0, raw, 16);
	}
	if (d->block_bitmap)
		desc.block_bitmap = (uint32_t)d->block_bitmap;
	if (d->group_free)
		desc.free_blocks_count = (uint16_t)d->group_free;
	img_group_put(img, 0, &desc);
	if (d->super_free)
		img->super.free_blocks_count = d->super_free;
	e2_super_encode(&img->super, raw);
	img_write(img, 1, 0, raw, sizeof(raw));
}

E2_TEST(vol_alloc, what_cannot_be_is_refused_and_nothing_changes)
{
	static const struct damage rows[] = {
		{ .block_bitmap = 5000, .takes = "block bitmap at block 5000 lies outside",
		  .frees = "block bitmap at block 5000 lies outside" },
		{ .block_bitmap = 2, .takes = "block bitmap at block 2 is of group 0's group desc",
		  .frees = "block bitmap at block 2 is of group 0's group descriptors" },
		{ .group_free = 1, .takes = "group 0: free_blocks_count is 1, but the bitmap" },
		{ .group_free = 60000, .frees = "group 0: free_blocks_count is 60000, but" },
		{ .super_free = 2, .takes = "superblock: free_blocks_count is 2, but group 0" },
		{ .super_free = UINT32_MAX,
		  .frees = "superblock: free_blocks_count is 4294967295" },
		{ .clear_head = true, .takes = "it is of group 0's superblock",
		  .frees = "it is free already" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct damage *d = &rows[i];
		struct img img;
		uint64_t got;
		e2_blk blk;

		img_new(&img, &(struct img_options){ .blocks = 250 });
		e2_blk used = img_alloc(&img);
		img_sync(&img);
		apply(&img, d);
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		uint8_t *before = writing_bytes(fs, NULL);
		if (d->frees)
			fails(e2_free_blocks(txn, used, 1), E2_ERR_CORRUPT, d->frees);
		else
			must(e2_free_blocks(txn, used, 1));
		if (!d->frees) {
			e2_txn_abort(txn);
			txn = begin(fs);
		}
		writing_same(fs, before, false);
		if (d->takes) {
			fails(e2_alloc_blocks(txn, 1, 10, &blk, &got), E2_ERR_CORRUPT, d->takes);
			writing_same(fs, before, false);
		} else {
			must(e2_alloc_blocks(txn, 1, 10, &blk, &got));
		}
		free(before);
		e2_txn_abort(txn);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(vol_alloc, the_layouts_own_blocks_and_free_ones_are_not_freed)
{
	struct img img;
	enum e2_role role;
	e2_grp group;

	img_new(&img, &shapes[1]);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	uint8_t *before = writing_bytes(fs, NULL);
	for (e2_blk blk = 0; blk < img.g.blocks; blk++) {
		bool used;

		must(e2_block_role(fs, blk, &role, &group));
		must(e2_block_used(fs, blk, &used));
		if (blk == 0)
			fails(e2_free_blocks(txn, blk, 1), E2_ERR_CORRUPT, "outside");
		else if (role != E2_ROLE_NONE)
			fails(e2_free_blocks(txn, blk, 1), E2_ERR_CORRUPT, e2_role_name(role));
		else if (!used)
			fails(e2_free_blocks(txn, blk, 1), E2_ERR_CORRUPT, "it is free already");
	}
	writing_same(fs, before, false);
	free(before);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

/* ---- inodes --------------------------------------------------------------------------------- */

E2_TEST(vol_alloc, every_free_inode_is_given_once_and_none_that_is_reserved)
{
	for (size_t i = 0; i < SHAPES; i++) {
		uint64_t seed = i;
		struct img img;
		e2_ino ino;

		img_new(&img, &shapes[i]);
		/* Reserved inodes whose bits are clear are reserved still. */
		img_mark_inode(&img, 5, false);
		struct e2_fs *fs = writing_open(&img);
		uint8_t *before = writing_bytes(fs, NULL);
		struct e2_bitset *taken, *dirs;
		struct e2_txn *txn = begin(fs);
		const struct e2_geometry *g = e2_geometry(fs);

		must(e2_bitset_new((uint64_t)g->inodes + 1, &taken));
		must(e2_bitset_new((uint64_t)g->inodes + 1, &dirs));
		for (uint64_t left = free_inodes(fs); left > 0; left--) {
			bool dir = random_next(&seed) % 3 == 0;
			e2_ino parent = (e2_ino)(random_next(&seed) % g->inodes + 1);

			must(e2_alloc_inode(txn, random_next(&seed) % 4 ? parent : E2_INO_ROOT, dir,
					    &ino));
			cr_assert(ino >= g->first_ino && ino <= g->inodes);
			cr_assert_eq(e2_bitset_test_and_set(taken, ino), false);
			if (dir)
				e2_bitset_set(dirs, ino);
			cr_assert_eq(free_inodes(fs), left - 1);
		}
		fails(e2_alloc_inode(txn, 2, false, &ino), E2_ERR_NOSPC,
		      "no inode is free: all ");
		fails(e2_alloc_inode(txn, 2, true, &ino), E2_ERR_NOSPC, "no inode is free");
		fails(e2_alloc_inode(txn, 0, true, &ino), E2_ERR_RANGE, "no inode 0");
		for (ino = 1; ino <= g->inodes; ino++)
			if (e2_bitset_test(taken, ino))
				must(e2_free_inode(txn, ino, e2_bitset_test(dirs, ino)));
		writing_same(fs, before, false);
		must(e2_alloc_inode(txn, 2, false, &ino));
		e2_txn_abort(txn);
		writing_same(fs, before, false);
		e2_bitset_free(taken);
		e2_bitset_free(dirs);
		free(before);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(vol_alloc, directories_of_the_root_spread_and_others_stay_near)
{
	struct img img;
	e2_ino dirs[8], ino;

	img_new(&img, &(struct img_options){ .blocks = 2048, .blocks_per_group = 256,
					     .inodes_per_group = 64 });
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	e2_grp seen = 0;
	for (unsigned i = 0; i < 7; i++) {
		must(e2_alloc_inode(txn, E2_INO_ROOT, true, &dirs[i]));
		seen |= 1u << e2_inode_group(&img.g, dirs[i]);
	}
	cr_assert_eq(seen & (seen - 1) ? 1 : 0, 1);
	unsigned groups = 0;
	for (; seen; seen &= seen - 1)
		groups++;
	cr_assert_geq(groups, 5);
	for (unsigned i = 0; i < 7; i++) {
		must(e2_alloc_inode(txn, dirs[i], true, &ino));
		cr_assert_eq(e2_inode_group(&img.g, ino), e2_inode_group(&img.g, dirs[i]));
		must(e2_alloc_inode(txn, dirs[i], false, &ino));
		cr_assert_eq(e2_inode_group(&img.g, ino), e2_inode_group(&img.g, dirs[i]));
		cr_assert_eq(e2_block_group(&img.g, e2_inode_goal(&img.g, ino)),
			     e2_inode_group(&img.g, ino));
	}
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(vol_alloc, inodes_that_cannot_be_taken_or_freed)
{
	static const struct {
		uint32_t inode_bitmap, free_inodes, used_dirs, super_free;
		const char *takes, *frees;
	} rows[] = {
		{ .inode_bitmap = 5000, .takes = "inode bitmap at block 5000 lies outside",
		  .frees = "inode bitmap at block 5000 lies outside" },
		{ .inode_bitmap = 2, .takes = "inode bitmap at block 2 is of group 0's group desc",
		  .frees = "inode bitmap at block 2 is of group 0's group descriptors" },
		{ .super_free = UINT32_MAX, .frees = "and 4294967295 in the superblock" },
		{ .free_inodes = 60000, .frees = "free_inodes_count is 60000" },
		{ .used_dirs = 60000, .takes = "used_dirs_count is 60000, but it has only" },
		{ .used_dirs = UINT32_MAX, .frees = "used_dirs_count is 0, but inode 11" },
		{ .super_free = 1, .takes = "in the superblock" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t raw[E2_SUPER_BYTES];
		struct img img;
		e2_ino ino;

		img_new(&img, &(struct img_options){ .blocks = 250 });
		img_mark_inode(&img, 11, true);
		img_sync(&img);
		struct e2_group desc = img_group(&img, 0);
		if (rows[i].inode_bitmap)
			desc.inode_bitmap = rows[i].inode_bitmap;
		if (rows[i].free_inodes)
			desc.free_inodes_count = (uint16_t)rows[i].free_inodes;
		if (rows[i].used_dirs)		/* UINT32_MAX: none */
			desc.used_dirs_count = (uint16_t)(rows[i].used_dirs + 1 ?
							  rows[i].used_dirs : 0);
		else
			desc.used_dirs_count = 2;
		img_group_put(&img, 0, &desc);
		if (rows[i].super_free)		/* 1: none */
			img.super.free_inodes_count = rows[i].super_free == 1 ? 0 :
						      rows[i].super_free;
		e2_super_encode(&img.super, raw);
		img_write(&img, 1, 0, raw, sizeof(raw));
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		uint8_t *before = writing_bytes(fs, NULL);
		if (rows[i].frees)
			fails(e2_free_inode(txn, 11, true), E2_ERR_CORRUPT, rows[i].frees);
		if (rows[i].takes)
			fails(e2_alloc_inode(txn, 2, true, &ino), E2_ERR_CORRUPT, rows[i].takes);
		fails(e2_free_inode(txn, 10, false), E2_ERR_CORRUPT, "it is reserved");
		fails(e2_free_inode(txn, img.g.inodes + 1, false), E2_ERR_RANGE, "no inode");
		if (!rows[i].inode_bitmap)
			fails(e2_free_inode(txn, 12, false), E2_ERR_CORRUPT, "it is free already");
		writing_same(fs, before, false);
		free(before);
		e2_txn_abort(txn);
		must(e2_close(fs));
		img_free(&img);
	}
}

/* Bitmaps without a free bit, and a superblock that counts free ones all the same. */
E2_TEST(vol_alloc, full_bitmaps_beside_counts_that_are_not_0)
{
	struct img img;
	uint64_t got;
	e2_blk blk;
	e2_ino ino;

	img_new(&img, &(struct img_options){ .blocks = 250 });
	for (ino = 11; ino <= img.g.inodes; ino++)
		img_mark_inode(&img, ino, true);
	for (blk = img.g.first_data_block; blk < img.g.blocks; blk++)
		img_mark_block(&img, blk, true);
	img_sync(&img);
	img.super.free_inodes_count = 3;
	img.super.free_blocks_count = 77;
	uint8_t raw[E2_SUPER_BYTES];
	e2_super_encode(&img.super, raw);
	img_write(&img, 1, 0, raw, sizeof(raw));
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	uint8_t *before = writing_bytes(fs, NULL);
	fails(e2_alloc_inode(txn, 2, false, &ino), E2_ERR_NOSPC,
	      "no inode is free, although the superblock counts 3 of ");
	fails(e2_alloc_inode(txn, 2, true, &ino), E2_ERR_NOSPC, "counts 3 of ");
	fails(e2_alloc_blocks(txn, 1, 1, &blk, &got), E2_ERR_NOSPC,
	      "no block is free, although the superblock counts 77 of 250 as free");
	writing_same(fs, before, false);
	free(before);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

/* ---- faults ------------------------------------------------------------------------------- */

/* Everything of this layer, once; the n-th allocation fails. */
static int all_operations(struct e2_txn *txn)
{
	e2_blk blk;
	uint64_t got;
	e2_ino ino;
	struct e2_group desc;
	enum e2_role role;
	e2_grp group;
	bool used;
	int err = e2_alloc_blocks(txn, 1, 30, &blk, &got);

	if (!err)
		err = e2_block_used(e2_txn_fs(txn), blk, &used);
	if (!err)
		err = e2_block_role(e2_txn_fs(txn), 999, &role, &group);
	if (!err)
		err = e2_inode_used(e2_txn_fs(txn), 20, &used);
	if (!err)
		err = e2_free_blocks(txn, blk, 10);
	if (!err)
		err = e2_alloc_blocks(txn, blk, 5, &blk, &got);
	if (!err)
		err = e2_alloc_inode(txn, 2, true, &ino);
	if (!err)
		err = e2_free_inode(txn, ino, true);
	if (!err)
		err = e2_super_add_feature(txn, E2_RO_COMPAT, E2_FEATURE_large_file);
	if (!err)
		err = e2_group_get(e2_txn_fs(txn), 1, &desc);
	if (!err)
		err = e2_group_put(txn, 1, &desc);
	if (!err)
		err = e2_free_blocks(txn, blk, 1);
	return err;
}

E2_TEST(vol_alloc, every_allocation_of_memory_may_fail)
{
	struct img img;
	int err = E2_ERR_NOMEM;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	for (uint64_t nth = 1; err; nth++) {
		struct e2_fs *fs = writing_open(&img);
		uint8_t *before = writing_bytes(fs, NULL);
		struct e2_txn *txn = NULL;

		alloc_fail(nth);
		err = e2_txn_begin(fs, false, &txn);
		if (!err)
			err = all_operations(txn);
		if (err)
			e2_txn_abort(txn);
		else
			err = e2_txn_commit(txn);
		alloc_fail(0);
		cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
		if (err)
			writing_same(fs, before, true);
		free(before);
		must(e2_close(fs));
	}
	img_free(&img);
}

/* The same for reads of the image, from a volume whose descriptors lead everywhere. */
E2_TEST(vol_alloc, every_read_may_fail)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	bool reached = true;
	struct img img;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	struct e2_group desc = img_group(&img, 2);
	e2_blk was = desc.inode_bitmap;
	uint8_t raw[1024];
	img_read(&img, was, 0, raw, sizeof(raw));
	desc.inode_bitmap = (uint32_t)img_put(&img, raw, sizeof(raw));	/* in group 0 */
	img_group_put(&img, 2, &desc);
	img_mark_block(&img, was, false);
	img_sync(&img);
	for (uint64_t nth = 1; reached; nth++) {
		struct e2_sim *sim;
		struct e2_txn *txn;
		struct e2_io *io;
		struct e2_fs *fs;

		img_to_sim(&img, &sim, "image");
		struct e2_env *env = e2_sim_env(sim);
		must(env->ops->open(env, "image", E2_IO_WRITE, &io));
		must(e2_open(io, &options, &fs));
		txn = begin(fs);
		e2_sim_fail(sim, E2_SIM_READ, nth, false, E2_ERR_IO);
		int err = all_operations(txn);
		reached = e2_sim_count(sim, E2_SIM_READ) >= nth;
		e2_sim_fail(sim, 0, 0, false, 0);
		cr_assert_eq(err, reached ? E2_ERR_IO : 0, "%d: %s", err, e2_err_detail());
		if (!err)
			must(e2_txn_commit(txn));
		must(e2_close(fs));
		e2_sim_free(sim);
	}
	img_free(&img);
}
