/* SPDX-License-Identifier: MIT */
/* The walk over the tree, and the table of names that is made from it. */
#include "alloc.h"
#include "e2test.h"
#include "image_tree.h"
#include "io/sim.h"
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
		{ 2, 2 }, { 12, 2 }, { 13, 1 }, { 14, 3 }, { 15, 1 }, { 16, 0 }, { 1, 0 },
		{ 99999, 1 }, { UINT32_MAX, 0 }, { 0, 0 },
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		cr_assert_eq(e2_names_count(names, counts[i][0]), counts[i][1], "%u", counts[i][0]);
	expect_path(names, 2, 0, "/");
	expect_path(names, 2, 1, "/a/b/root");
	expect_path(names, 12, 0, "/a");
	expect_path(names, 12, 1, "/c/a2");
	expect_path(names, 13, 0, "/a/b");
	expect_path(names, 14, 0, "/f2");
	expect_path(names, 14, 1, "/a/f");
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

static char *all_paths(struct e2_names *names)
{
	struct e2_names_cursor cursor = { 0 };
	struct e2_str path = E2_STR_INIT, all = E2_STR_INIT;
	e2_ino ino;
	int r;

	while ((r = e2_names_next(names, &cursor, &ino, &path)) > 0)
		e2_str_addf(&all, "%u %s\n", ino, e2_str_text(&path));
	cr_assert_eq(r, 0);
	e2_str_free(&path);
	return all.text;
}

/* Some inodes have the names that they have among all, by e2_names_path() and one by one. */
static void compare_ways(struct e2_fs *fs)
{
	const uint32_t inodes = e2_geometry(fs)->inodes;
	struct e2_str all = E2_STR_INIT, some = E2_STR_INIT;
	struct e2_names *names;
	char *listed;

	cr_assert_eq(e2_names_open(fs, &names), 0);
	listed = all_paths(names);
	for (e2_ino ino = 1; ino <= inodes; ino++) {
		struct e2_names_how how = { .inos = &ino, .count = 1 };
		struct e2_names *one;

		cr_assert_eq(e2_names_open_with(fs, &how, &one), 0);
		cr_assert_eq(e2_names_count(one, ino), e2_names_count(names, ino));
		for (uint32_t i = 0; i < e2_names_count(names, ino); i++) {
			e2_str_addf(&all, "%u ", ino);
			e2_str_addf(&some, "%u ", ino);
			cr_assert_eq(e2_names_path(names, ino, i, &all), 0);
			cr_assert_eq(e2_names_path(one, ino, i, &some), 0);
			e2_str_add(&all, "\n");
			e2_str_add(&some, "\n");
		}
		e2_names_close(one);
	}
	cr_assert_str_eq(e2_str_text(&some), e2_str_text(&all));
	cr_assert_str_eq(listed, e2_str_text(&all));
	e2_names_close(names);
	e2_str_free(&all);
	e2_str_free(&some);
	free(listed);
}

/* Names of one inode in many directories, on several levels. */
static void make_many(struct img *img, bool types)
{
	struct e2_inode in = img_reg(0);
	char name[32];

	img_new(img, &(struct img_options){ .blocks = 2000, .inodes_per_group = 256,
					    .incompat = types ? E2_FEATURE_filetype : 0 });
	img_add(img, 2, "file", 100, &in);
	for (e2_ino dir = 12; dir < 60; dir++) {
		snprintf(name, sizeof(name), "d%u", dir * 31 % 7 + dir);
		img_mkdir(img, dir, dir < 20 ? 2 : dir - 8, name);
		for (e2_ino k = 0; k < 5; k++) {
			snprintf(name, sizeof(name), "n%u", k * 3 % 5);
			img_link(img, dir, name, k % 2 ? 100 : 100 + dir, E2_FT_REG);
		}
	}
	img_link(img, 50, "again", 13, E2_FT_DIR);
}

E2_TEST(tree_names, ways_to_ask_agree)
{
	for (int types = 0; types < 2; types++) {
		struct e2_fs *fs;
		struct img img;

		make_many(&img, types);
		fs = img_open(&img, NULL);
		compare_ways(fs);
		e2_close(fs);
		img_free(&img);
	}
}

/* A directory that an entry calls a file is found, for the descriptors count one more. */
E2_TEST(tree_names, a_wrong_type_hides_nothing)
{
	struct e2_names *names;
	struct e2_group desc;
	struct img img;
	struct e2_inode in = img_reg(0);
	uint8_t block[1024];
	struct e2_fs *fs;
	e2_ino first;

	img_new(&img, &(struct img_options){ .incompat = E2_FEATURE_filetype });
	img_mkdir(&img, 12, 2, "d");
	img_mkdir(&img, 13, 12, "e");
	img_add(&img, 13, "file", 14, &in);
	in = img_inode_get(&img, 2);
	img_read(&img, in.block[0], 0, block, sizeof(block));
	/* length, type and name of an entry */
	for (uint32_t at = 0; at < sizeof(block) - 9; at++)
		if (!memcmp(block + at, "\1\2d", 3))
			img_write(&img, in.block[0], at + 1, "\1", 1);
	desc = img_group(&img, 0);
	desc.used_dirs_count = 3;
	img_group_put(&img, 0, &desc);
	fs = img_open(&img, NULL);
	cr_assert_eq(e2_names_open(fs, &names), 0);
	expect_path(names, 14, 0, "/d/e/file");
	cr_assert_eq(e2_names_damaged(names, &first), 0);
	e2_names_close(names);
	e2_close(fs);
	img_free(&img);
}

/* Directories in part: outside the volume, a hole, one block twice, records that do not fit. */
E2_TEST(tree_names, damage_is_told)
{
	struct e2_names *names;
	struct e2_inode in;
	struct e2_fs *fs;
	struct img img;
	uint16_t zero = 0;
	e2_ino first;

	make(&img);
	in = img_inode_get(&img, 12);
	in.size += 3 * 1024;
	in.block[1] = 99999;
	in.block[3] = in.block[0];
	img_inode(&img, 12, &in);
	in = img_inode_get(&img, 13);
	img_write(&img, in.block[0], 4, &zero, sizeof(zero));
	fs = img_open(&img, NULL);
	cr_assert_eq(e2_names_open(fs, &names), 0);
	cr_assert_eq(e2_names_damaged(names, &first), 2);
	cr_assert(first == 12 || first == 13);
	cr_assert_eq(e2_names_count(names, 13), 1);	/* of the block that is there twice */
	e2_names_close(names);
	e2_close(fs);
	img_free(&img);
}

static int no_more(void *context)
{
	return ++*(int *)context > 1 ? E2_ERR_CANCELLED : 0;
}

E2_TEST(tree_names, can_be_ended)
{
	struct e2_names *names = NULL;
	int asked = 0;
	struct e2_names_how how = { .poll = no_more, .context = &asked };
	struct img img;

	make(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_names_open_with(fs, &how, &names), E2_ERR_CANCELLED);
	cr_assert_null(names);
	e2_close(fs);
	img_free(&img);
}

/* Whatever allocation fails: all the names, or no memory. */
E2_TEST(tree_names, no_memory_is_told)
{
	unsigned failures = 0;
	char *want = NULL;
	struct img img;

	make_many(&img, false);
	for (uint64_t nth = 0; nth < 1000; nth++) {
		struct e2_names *names = NULL;
		struct e2_fs *fs = img_open(&img, NULL);
		bool over;
		int err;

		alloc_fail(nth);
		err = e2_names_open(fs, &names);
		over = nth && alloc_count() < nth;
		alloc_fail(0);
		cr_assert(err == 0 || err == E2_ERR_NOMEM, "%ju: %d", (uintmax_t)nth, err);
		failures += err != 0;
		if (!err) {
			char *got = all_paths(names);

			want = want ? want : strdup(got);
			cr_assert_str_eq(got, want);
			free(got);
			e2_names_close(names);
		}
		e2_close(fs);
		if (over)
			break;
	}
	cr_assert_gt(failures, 30);
	free(want);
	img_free(&img);
}

/* Whatever read fails: all the names, or a failure, or word that some may be missing. */
E2_TEST(tree_names, what_cannot_be_read_is_told)
{
	unsigned told = 0;
	char *want = NULL;
	struct e2_sim *sim;
	struct img img;

	make_many(&img, true);
	img_to_sim(&img, &sim, "a.img");
	struct e2_env *env = e2_sim_env(sim);
	for (unsigned n = 0; n < 500; n++) {
		struct e2_names *names;
		struct e2_io *io;
		struct e2_fs *fs;
		e2_ino first;

		cr_assert_eq(env->ops->open(env, "a.img", 0, &io), 0);
		cr_assert_eq(e2_open(io, &(struct e2_open_options){ .threads = 0 }, &fs), 0);
		e2_sim_fail(sim, E2_SIM_READ, n, false, E2_ERR_IO);
		int err = e2_names_open(fs, &names);
		bool over = n && e2_sim_count(sim, E2_SIM_READ) < n;
		if (err) {
			cr_assert_eq(err, E2_ERR_IO);
			told++;
		} else if (e2_names_damaged(names, &first)) {
			told++;
		} else {
			char *got = all_paths(names);

			want = want ? want : strdup(got);
			cr_assert_str_eq(got, want, "%u", n);
			free(got);
		}
		if (!err)
			e2_names_close(names);
		e2_close(fs);
		if (over)
			break;
	}
	cr_assert_gt(told, 0);
	free(want);
	e2_sim_free(sim);
	img_free(&img);
}
