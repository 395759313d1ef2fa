/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t sizes[] = { 1024, 2048, 4096, 65536 };

enum { EDGES = 8 };

/* The first and last block of a file that each kind of pointer reaches. */
static void edges_of(const struct e2_geometry *g, e2_lblk edges[EDGES])
{
	uint64_t p = g->pointers;

	edges[0] = 0;
	edges[1] = 11;
	edges[2] = 12;
	edges[3] = 12 + p - 1;
	edges[4] = 12 + p;
	edges[5] = 12 + p + p * p - 1;
	edges[6] = 12 + p + p * p;
	edges[7] = 12 + p + p * p + p * p * p - 1;
}

static void assert_says(const char *what)
{
	cr_assert_not_null(strstr(e2_err_detail(), what), "%s", e2_err_detail());
}

E2_TEST(node_map, edges_of_all_levels_and_the_holes_between)
{
	for (size_t i = 0; i < 4; i++) {
		struct e2_inode in = img_reg(0);
		e2_lblk edges[EDGES];
		e2_blk blks[EDGES];
		struct e2_run run;
		struct img img;

		img_new(&img, &(struct img_options){ .block_size = sizes[i], .blocks = 64 });
		edges_of(&img.g, edges);
		for (unsigned k = 0; k < EDGES; k++) {
			blks[k] = img_alloc(&img);
			img_map(&img, &in, edges[k], blks[k]);
		}
		struct e2_fs *fs = img_open(&img, NULL);
		e2_lblk lblk = 0;
		unsigned k = 0, runs = 0;
		while (k < EDGES) {
			cr_assert_eq(e2_map(fs, &in, lblk, &run), 0, "%s", e2_err_detail());
			cr_assert_eq(run.lblk, lblk);
			if (lblk == edges[k]) {
				cr_assert_eq(run.blk, blks[k]);
				cr_assert_eq(run.count, 1);
				k++;
			} else {
				cr_assert_eq(run.blk, 0);
				cr_assert(run.count > 0 && lblk + run.count <= edges[k]);
				/* From the middle of a hole, the rest of it. */
				if (run.count > 2) {
					struct e2_run rest;

					cr_assert_eq(e2_map(fs, &in, lblk + 2, &rest), 0);
					cr_assert_eq(rest.blk, 0);
					cr_assert_eq(rest.count, run.count - 2);
				}
			}
			lblk += run.count;
			cr_assert_lt(++runs, 40, "holes are stepped over in large pieces");
		}
		cr_assert_eq(e2_map(fs, &in, lblk, &run), E2_ERR_FBIG);
		assert_says("pointers reach");
		cr_assert_eq(e2_map(fs, &in, UINT64_MAX, &run), E2_ERR_FBIG);
		e2_close(fs);
		img_free(&img);
	}
}

E2_TEST(node_map, neighbours_are_one_run_up_to_the_end_of_their_pointers)
{
	struct e2_inode in = img_reg(0);
	struct e2_run run;
	struct img img;
	e2_blk first;

	img_new(&img, &(struct img_options){ .block_size = 1024, .blocks = 1000 });
	first = 500;
	for (e2_lblk i = 0; i < 12 + 256 + 3; i++)
		img_map(&img, &in, i, first + i);
	struct e2_fs *fs = img_open(&img, NULL);
	static const struct { e2_lblk at; uint64_t count; } cases[] = {
		{ 0, 12 }, { 5, 7 }, { 11, 1 }, { 12, 256 }, { 100, 168 }, { 267, 1 }, { 268, 3 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(e2_map(fs, &in, cases[i].at, &run), 0);
		cr_assert_eq(run.blk, first + cases[i].at);
		cr_assert_eq(run.count, cases[i].count, "at %ju: %ju", (uintmax_t)cases[i].at,
			     (uintmax_t)run.count);
	}
	cr_assert_eq(e2_map(fs, &in, 271, &run), 0);
	cr_assert_eq(run.blk, 0);
	cr_assert_eq(run.count, 253);			/* to the end of the single block */
	cr_assert_eq(e2_map(fs, &in, 271 + 253, &run), 0);
	cr_assert_eq(run.count, 255 * 256);		/* to the end of the double one */
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_map, pointers_outside_the_volume_are_damage)
{
	struct e2_run run;
	struct img img;

	for (unsigned level = 0; level <= 3; level++) {
		struct e2_inode in = img_reg(0);
		e2_lblk lblk = level == 0 ? 3 : level == 1 ? 20 : level == 2 ? 600 : 70000;

		img_new(&img, &(struct img_options){ .block_size = 1024 });
		img_map(&img, &in, lblk, 256);			/* data, one past the end */
		struct e2_fs *fs = img_open(&img, NULL);
		cr_assert_eq(e2_map(fs, &in, lblk, &run), E2_ERR_CORRUPT);
		assert_says("data at block 256 lies outside the volume, which has 256 blocks");
		if (level > 0) {
			in.block[11 + level] = 0xffffffff;	/* the pointer block */
			cr_assert_eq(e2_map(fs, &in, lblk, &run), E2_ERR_CORRUPT);
			assert_says("indirect block at block 4294967295");
		}
		e2_close(fs);
		img_free(&img);
	}
	/* A run ends at the end of the volume; what follows is damage. */
	struct e2_inode in = img_reg(0);
	img_new(&img, &(struct img_options){ .block_size = 1024 });
	for (e2_lblk i = 0; i < 4; i++)
		img_map(&img, &in, i, 254 + i);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_map(fs, &in, 0, &run), 0);
	cr_assert_eq(run.count, 2);
	cr_assert_eq(e2_map(fs, &in, 2, &run), E2_ERR_CORRUPT);
	/* Block 0 of a 1 KiB volume is nobody's; a hole is meant. */
	cr_assert_eq(e2_map(fs, &in, 4, &run), 0);
	cr_assert_eq(run.blk, 0);
	e2_close(fs);
	img_free(&img);
}

/* ---- the walk --------------------------------------------------------------- */

E2_TEST(node_blocks, everything_is_yielded_once_in_order_with_its_place)
{
	for (size_t i = 0; i < 4; i++) {
		struct e2_inode in = img_reg(0);
		e2_lblk edges[EDGES];
		e2_blk blks[EDGES];
		struct e2_walk_block b;
		struct e2_blocks *walk;
		struct img img;

		img_new(&img, &(struct img_options){ .block_size = sizes[i], .blocks = 64 });
		edges_of(&img.g, edges);
		for (unsigned k = 0; k < EDGES; k++) {
			blks[k] = img_alloc(&img);
			img_map(&img, &in, edges[k], blks[k]);
		}
		struct e2_fs *fs = img_open(&img, NULL);
		/* 8 of data; 1 single; 1 double over 2; 1 triple over 2 over 2. */
		for (unsigned again = 0; again < 2; again++) {
			unsigned data = 0, pointer_blocks[4] = { 0 };
			e2_lblk last = 0;
			int r;

			if (again)
				e2_blocks_restart(walk, &in);
			else
				cr_assert_eq(e2_blocks_begin(fs, &in, &walk), 0);
			while ((r = e2_blocks_next(walk, &b)) > 0) {
				cr_assert_eq(b.status, 0);
				cr_assert(b.lblk >= last);
				last = b.lblk;
				cr_assert_eq(b.count, 1);
				if (b.level == 0) {
					cr_assert_eq(b.lblk, edges[data]);
					cr_assert_eq(b.blk, blks[data]);
					data++;
				} else {
					pointer_blocks[b.level]++;
				}
				uint8_t raw[4];
				if (b.parent) {
					img_read(&img, b.parent, 4 * b.index, raw, 4);
					cr_assert_eq(e2_get32(raw), b.blk);
				} else {
					cr_assert_eq(in.block[b.index], b.blk);
				}
			}
			cr_assert_eq(r, 0);
			cr_assert_eq(data, EDGES);
			cr_assert_eq(pointer_blocks[1], 1 + 2 + 2);
			cr_assert_eq(pointer_blocks[2], 1 + 2);
			cr_assert_eq(pointer_blocks[3], 1);
			cr_assert_eq(e2_blocks_next(walk, &b), 0, "the end stays the end");
		}
		e2_blocks_end(walk);
		e2_close(fs);
		img_free(&img);
	}
}

/* Counts what a walk yields, by status. */
struct counts { unsigned good, corrupt, io; };

static struct counts walk_all(struct e2_fs *fs, const struct e2_inode *in)
{
	struct counts c = { 0, 0, 0 };
	struct e2_walk_block b;
	struct e2_blocks *walk;

	cr_assert_eq(e2_blocks_begin(fs, in, &walk), 0);
	while (e2_blocks_next(walk, &b) > 0) {
		c.good += b.status == 0;
		c.corrupt += b.status == E2_ERR_CORRUPT;
		c.io += b.status == E2_ERR_IO;
		cr_assert(c.good + c.corrupt + c.io < 1000);
	}
	e2_blocks_end(walk);
	return c;
}

E2_TEST(node_blocks, cycles_and_bad_pointers_are_yielded_and_not_followed)
{
	struct e2_inode in = img_reg(0);
	struct counts c;
	struct img img;
	uint8_t raw[4];

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	img_map(&img, &in, 70000, img_alloc(&img));		/* triple, double, single, data */
	e2_blk top = in.block[14];
	e2_put32(raw, (uint32_t)top);
	img_write(&img, top, 100, raw, 4);			/* points to itself */
	e2_put32(raw, 256);
	img_write(&img, top, 200, raw, 4);			/* out of the volume */
	img_write(&img, top, 204, raw, 4);
	in.block[13] = in.block[14];				/* the same as a double one */
	struct e2_fs *fs = img_open(&img, NULL);
	c = walk_all(fs, &in);
	/*
	 * As a double block first: itself, its child as single block with one good
	 * pointer, two bad ones; the self reference is a cycle.  Then once more as
	 * triple block: refused.
	 */
	cr_assert_eq(c.good, 3);
	cr_assert_eq(c.corrupt, 4);
	in.block[13] = 0;
	c = walk_all(fs, &in);
	cr_assert_eq(c.good, 4);
	cr_assert_eq(c.corrupt, 3);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_blocks, many_pointer_blocks_are_remembered)
{
	struct e2_inode in = img_reg(0);
	struct img img;
	uint8_t raw[4];

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	for (unsigned i = 0; i < 30; i++)
		img_map(&img, &in, 12 + 256 + i * 256, 200);
	for (unsigned i = 0; i < 30; i++) {	/* all of them again, in another order */
		img_read(&img, in.block[13], 4 * (29 - i), raw, 4);
		img_write(&img, in.block[13], 400 + 4 * i, raw, 4);
	}
	struct e2_fs *fs = img_open(&img, NULL);
	struct counts c = walk_all(fs, &in);
	cr_assert_eq(c.good, 1 + 30 + 30);
	cr_assert_eq(c.corrupt, 30);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_blocks, a_pointer_block_can_be_skipped)
{
	struct e2_inode in = img_reg(0);
	struct e2_walk_block b;
	struct e2_blocks *walk;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	img_map(&img, &in, 0, 200);
	img_map(&img, &in, 12, 201);
	img_map(&img, &in, 12 + 256, 202);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_blocks_begin(fs, &in, &walk), 0);
	e2_blocks_skip(walk);					/* nothing to skip yet */
	cr_assert_eq(e2_blocks_next(walk, &b), 1);
	e2_blocks_skip(walk);					/* data has nothing below it */
	cr_assert_eq(e2_blocks_next(walk, &b), 1);
	cr_assert_eq(b.blk, in.block[12]);
	e2_blocks_skip(walk);
	e2_blocks_skip(walk);
	cr_assert_eq(e2_blocks_next(walk, &b), 1);
	cr_assert_eq(b.blk, in.block[13]);
	cr_assert_eq(b.level, 2);
	cr_assert_eq(b.lblk, 12 + 256);
	e2_blocks_end(walk);		/* in the middle: nothing stays pinned */
	e2_blocks_end(NULL);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_blocks, a_pointer_block_that_cannot_be_read_says_so)
{
	const struct e2_open_options cut = { .flags = E2_OPEN_SHORT };
	struct e2_inode in = img_reg(0);
	struct e2_fs *fs;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	in.block[12] = 220;
	in.block[13] = 250;		/* behind the end of the image */
	cr_assert_eq(e2_io_resize(img.io, 240 * 1024), 0);
	cr_assert_eq(e2_open(img_copy(&img), &cut, &fs), 0);
	struct counts c = walk_all(fs, &in);
	cr_assert_eq(c.good, 1);
	cr_assert_eq(c.io, 1);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_blocks, inodes_without_pointers_yield_nothing)
{
	struct e2_inode in;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	struct e2_fs *fs = img_open(&img, NULL);
	in = img_symlink("a target that looks like pointers");
	cr_assert_eq(walk_all(fs, &in).good + walk_all(fs, &in).corrupt, 0);
	in = img_reg(0);
	in.block[0] = 200;
	cr_assert_eq(walk_all(fs, &in).good, 1);
	in.mode = 0;			/* the bad block inode has no type */
	cr_assert_eq(walk_all(fs, &in).good, 1);
	in.mode = E2_S_IFCHR | 0600;
	cr_assert_eq(walk_all(fs, &in).good, 0);
	e2_close(fs);
	img_free(&img);
}
