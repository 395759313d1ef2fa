/* SPDX-License-Identifier: MIT */
/* The walk over the tree, and the table of names that is made from it. */
#include "e2test.h"
#include "image_tree.h"
#include "tree/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a walk yields must be this: "path<inode>depth" and what is special about it. */
static void expect_walk(struct e2_fs *fs, e2_ino start, unsigned flags, const char *skip,
			const char *want)
{
	struct e2_str out = E2_STR_INIT;
	struct e2_walk_entry e;
	struct e2_walk *w;
	int r;

	cr_assert_eq(e2_walk_begin(fs, start, flags, &w), 0);
	while ((r = e2_walk_next(w, &e)) > 0) {
		cr_assert_eq(e.path_len, strlen(e.path));
		cr_assert_eq(memcmp(e.path + e.path_len - e.name_len, e.name, e.name_len), 0);
		e2_str_addf(&out, "%s<%u>%u%s%s%s ", e.path, e.ino, e.depth,
			    e.again ? "again" : "", e.after ? "after" : "", e.status ? "bad" : "");
		if (skip && strcmp(e.path, skip) == 0)
			e2_walk_skip(w);
	}
	cr_assert_eq(r, 0);
	cr_assert_str_eq(e2_str_text(&out), want);
	e2_str_free(&out);
	e2_walk_end(w);
}

/* /a (12) with /a/b (13) and /a/f (14); /f2 (14); /c (15) empty. */
static void make(struct img *img)
{
	struct e2_inode in = img_reg(0);

	img_new(img, &(struct img_options){ 0 });
	img_mkdir(img, 12, 2, "a");
	img_mkdir(img, 13, 12, "b");
	img_add(img, 12, "f", 14, &in);
	img_link(img, 2, "f2", 14, E2_FT_REG);
	img_mkdir(img, 15, 2, "c");
}

E2_TEST(tree_walk, order)
{
	struct img img;

	make(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	expect_walk(fs, 2, 0, NULL,
		    "<2>0 /a<12>1 /a/b<13>2 /a/f<14>2 /f2<14>1 /c<15>1 ");
	expect_walk(fs, 2, E2_WALK_POST, NULL,
		    "<2>0 /a<12>1 /a/b<13>2 /a/b<13>2after /a/f<14>2 /a<12>1after "
		    "/f2<14>1 /c<15>1 /c<15>1after <2>0after ");
	expect_walk(fs, 2, E2_WALK_POST, "/a",
		    "<2>0 /a<12>1 /f2<14>1 /c<15>1 /c<15>1after <2>0after ");
	expect_walk(fs, 12, 0, NULL,
		    "<12>0 /b<13>1 /f<14>1 ");
	expect_walk(fs, 14, E2_WALK_POST, NULL,
		    "<14>0 ");
	e2_close(fs);
	img_free(&img);
}

/* A directory that contains its own ancestor, a second name, bad inodes, "." as a name. */
E2_TEST(tree_walk, hostile)
{
	struct img img;

	make(&img);
	img_link(&img, 13, "up", 12, E2_FT_DIR);
	img_link(&img, 13, "root", 2, E2_FT_DIR);
	img_link(&img, 2, "b2", 13, E2_FT_DIR);
	img_link(&img, 2, "far", 99999, E2_FT_REG);
	img_link(&img, 15, ".", 14, E2_FT_REG);
	img_link(&img, 15, "x/y", 14, E2_FT_REG);
	struct e2_inode in = img_inode_get(&img, 15);
	struct e2_fs *fs = img_open(&img, NULL);
	expect_walk(fs, 2, 0, NULL,
		    "<2>0 /a<12>1 /a/b<13>2 /a/b/up<12>3again /a/b/root<2>3again "
		    "/a/f<14>2 /f2<14>1 /c<15>1 /c/x/y<14>2 /b2<13>1again "
		    "/far<99999>1bad ");
	e2_close(fs);
	/* A directory that cannot be read says so when it is left. */
	in.block[0] = 99999;
	img_inode(&img, 15, &in);
	fs = img_open(&img, NULL);
	expect_walk(fs, 15, E2_WALK_POST, NULL,
		    "<15>0 <15>0afterbad ");
	e2_close(fs);
	img_free(&img);
}

enum { DEPTH = 12000, FIRST = 20 };

/* One directory in another, 12,000 levels down. */
static struct e2_fs *deep_tree(void)
{
	struct img img;
	uint8_t block[1024];
	struct e2_fs *fs;

	img_new(&img, &(struct img_options){ .blocks = 24000, .inodes_per_group = 8192,
					     .inode_size = 128 });
	img_link(&img, 2, "d", FIRST, E2_FT_DIR);
	/* Not marked as used: a walk reads no bitmaps. */
	e2_blk blk = img_alloc(&img) + 100;
	for (e2_ino i = 0; i < DEPTH; i++) {
		struct e2_inode in = img_dir(&img, 1);
		uint8_t raw[128];
		e2_blk at;

		while (e2_block_group(&img.g, blk) != e2_block_group(&img.g, blk + 1) ||
		       blk < img_group(&img, e2_block_group(&img.g, blk)).inode_table + 1024u)
			blk++;
		in.block[0] = (uint32_t)blk;
		e2_inode_encode(&in, raw, sizeof(raw));
		at = img_group(&img, (FIRST + i - 1) / 8192).inode_table +
			((FIRST + i - 1) % 8192) / 8;
		img_write(&img, at, (FIRST + i - 1) % 8 * 128, raw, sizeof(raw));
		img_dir_block(block, sizeof(block), (struct img_name[]){
			{ FIRST + i, ".", 0 }, { i ? FIRST + i - 1 : 2, "..", 0 },
			{ i + 1 < DEPTH ? FIRST + i + 1 : 0, "d", 0 } }, 3);
		img_write(&img, blk++, 0, block, sizeof(block));
	}
	fs = img_open(&img, NULL);
	img_free(&img);
	return fs;
}

E2_TEST(tree_walk, depth)
{
	struct e2_fs *fs = deep_tree();
	struct e2_str path = E2_STR_INIT;
	struct e2_walk_entry e;
	struct e2_names *names;
	struct e2_walk *w;
	unsigned entries = 0, after = 0, deepest = 0;

	cr_assert_eq(e2_walk_begin(fs, 2, E2_WALK_POST, &w), 0);
	while (e2_walk_next(w, &e) > 0) {
		entries += !e.after;
		after += e.after;
		if (e.depth > deepest)
			deepest = e.depth;
		cr_assert_eq(e.status, 0);
	}
	e2_walk_end(w);
	cr_assert_eq(entries, DEPTH + 1);
	cr_assert_eq(after, DEPTH + 1);
	cr_assert_eq(deepest, DEPTH);
	cr_assert_eq(e2_names_open(fs, &names), 0);
	cr_assert_eq(e2_names_path(names, FIRST + DEPTH - 1, 0, &path), 0);
	cr_assert_eq(path.len, 2 * DEPTH);
	e2_str_free(&path);
	e2_names_close(names);
	e2_close(fs);
}

/* Directories in one another, all with the same 200 blocks besides their own. */
E2_TEST(tree_walk, shared_blocks)
{
	enum { CHAIN = 30, SHARED = 200, TOP = 12 };
	struct e2_cache_stats stats;
	struct e2_walk_entry e;
	struct e2_inode first;
	struct e2_walk *w;
	struct img img;
	char name[8];
	uint8_t empty[1024];

	img_new(&img, &(struct img_options){ .blocks = 512, .inodes_per_group = 64 });
	for (e2_ino i = 0; i < CHAIN; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		img_mkdir(&img, TOP + i, i ? TOP + i - 1 : 2, name);
	}
	img_dir_block(empty, sizeof(empty), NULL, 0);
	first = img_inode_get(&img, TOP);
	for (e2_lblk l = 0; l < SHARED; l++)
		img_map(&img, &first, E2_DIRECT + l, img_put(&img, empty, sizeof(empty)));
	for (e2_ino i = 0; i < CHAIN; i++) {
		struct e2_inode in = img_inode_get(&img, TOP + i);

		in.block[E2_DIRECT] = first.block[E2_DIRECT];
		in.size = (uint64_t)(E2_DIRECT + SHARED) * img.g.block_size;
		img_inode(&img, TOP + i, &in);
	}
	struct e2_fs *fs = img_open(&img, NULL);
	unsigned dirs = 0, bad = 0;
	cr_assert_eq(e2_walk_begin(fs, 2, E2_WALK_POST, &w), 0);
	while (e2_walk_next(w, &e) > 0) {
		dirs += e.after;
		bad += e.after && e.status;
	}
	e2_walk_end(w);
	e2_cache_stats(e2_fs_cache(fs), &stats);
	cr_assert_eq(dirs, CHAIN + 1);
	cr_assert_gt(bad, CHAIN / 2);
	cr_assert_lt(stats.gets, 4 * img.g.blocks, "%llu blocks looked at",
		     (unsigned long long)stats.gets);
	e2_close(fs);
	img_free(&img);
}

static void expect_path(const struct e2_names *names, e2_ino ino, uint32_t index, const char *want)
{
	struct e2_str path = E2_STR_INIT;

	cr_assert_eq(e2_names_path(names, ino, index, &path), 0);
	cr_assert_str_eq(e2_str_text(&path), want);
	e2_str_free(&path);
}

E2_TEST(tree_names, all)
{
	struct e2_str path = E2_STR_INIT;
	struct e2_names *names;
	struct img img;

	make(&img);
	img_link(&img, 15, "f3", 14, E2_FT_REG);
	img_link(&img, 15, "a2", 12, E2_FT_DIR);
	img_link(&img, 13, "root", 2, E2_FT_DIR);
	img_link(&img, 13, "far", 99999, E2_FT_REG);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_names_open(fs, &names), 0);
	static const uint32_t counts[][2] = {
		{ 2, 1 }, { 12, 1 }, { 13, 1 }, { 14, 3 }, { 15, 1 }, { 16, 0 }, { 1, 0 },
		{ 99999, 1 }, { UINT32_MAX, 0 }, { 0, 0 },
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		cr_assert_eq(e2_names_count(names, counts[i][0]), counts[i][1], "%u", counts[i][0]);
	expect_path(names, 2, 0, "/");
	expect_path(names, 12, 0, "/a");
	expect_path(names, 13, 0, "/a/b");
	expect_path(names, 14, 0, "/a/f");
	expect_path(names, 14, 1, "/f2");
	expect_path(names, 14, 2, "/c/f3");
	expect_path(names, 99999, 0, "/a/b/far");
	cr_assert_eq(e2_names_path(names, 14, 3, &path), E2_ERR_NOENT);
	cr_assert_eq(e2_names_path(names, 16, 0, &path), E2_ERR_NOENT);
	cr_assert_eq(path.len, 0);
	e2_names_close(names);
	e2_names_close(NULL);
	e2_close(fs);
	img_free(&img);
}
