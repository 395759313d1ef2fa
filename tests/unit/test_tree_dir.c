/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image_tree.h"
#include "tree/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of a directory, "|" for each error on the way. */
static void list(struct e2_fs *fs, e2_ino ino, char *out, size_t size)
{
	struct e2_entry e;
	struct e2_dir *dir;
	size_t at = 0;
	int r;

	cr_assert_eq(e2_dir_begin(fs, ino, &dir), 0);
	out[0] = '\0';
	while ((r = e2_dir_next(dir, &e)) != 0 && at < size)
		at += (size_t)(r < 0 ? snprintf(out + at, size - at, "| ") :
			       snprintf(out + at, size - at, "%.*s ", e.name_len,
					(const char *)e.name));
	e2_dir_end(dir);
}

/* Directory 12 of five blocks, one name each; the inode for changes. */
static struct e2_inode five_blocks(struct img *img)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct e2_inode in = img_dir(img, 5);
	uint8_t *block = malloc(img->g.block_size);

	for (uint32_t i = 0; i < 5; i++) {
		img_dir_block(block, img->g.block_size,
			      (struct img_name[]){ { 20 + i, names[i], 0 }, { 0, "x", 0 } }, 2);
		img_map(img, &in, i, img_put(img, block, img->g.block_size));
	}
	free(block);
	img_inode(img, 12, &in);
	return in;
}

static void expect_list(struct img *img, const char *wanted)
{
	struct e2_fs *fs = img_open(img, NULL);
	char text[300];

	list(fs, 12, text, sizeof(text));
	cr_assert_str_eq(text, wanted);
	e2_close(fs);
}

E2_TEST(tree_dir, block_sizes)
{
	for (uint32_t size = 1024; size <= 65536; size *= 2) {
		struct img img;

		img_new(&img, &(struct img_options){ .block_size = size });
		five_blocks(&img);
		expect_list(&img, "a b c d e ");
		struct e2_fs *fs = img_open(&img, NULL);
		char text[100];
		list(fs, 2, text, sizeof(text));
		cr_assert_str_eq(text, ". .. ");
		e2_close(fs);
		img_free(&img);
	}
}

E2_TEST(tree_dir, damage_costs_one_block)
{
	struct img img;

	img_new(&img, &(struct img_options){ 0 });
	struct e2_inode in = five_blocks(&img), bad = in;
	/* The second entry of the third block. */
	img_write(&img, in.block[2], 12 + 4, "\3\0", 2);
	expect_list(&img, "a b c | d e ");
	img_write(&img, in.block[2], 4, "\3\0", 2);
	expect_list(&img, "a b | d e ");
	/* What lies together and cannot be read is told once. */
	bad.block[3] = 0;
	img_inode(&img, 12, &bad);
	expect_list(&img, "a b | | e ");
	bad.block[2] = 100000;
	img_inode(&img, 12, &bad);
	expect_list(&img, "a b | e ");
	bad.block[4] = bad.block[0] = 0;
	img_inode(&img, 12, &bad);
	expect_list(&img, "| b | ");
	img_free(&img);
}

E2_TEST(tree_dir, not_a_directory)
{
	struct img img;
	struct e2_dir *dir;
	struct e2_inode in = img_reg(0);
	e2_ino ino;

	img_new(&img, &(struct img_options){ 0 });
	img_inode(&img, 12, &in);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_dir_begin(fs, 12, &dir), E2_ERR_NOTDIR);
	cr_assert_eq(e2_dir_begin(fs, 0, &dir), E2_ERR_RANGE);
	cr_assert_eq(e2_dir_lookup(fs, 12, "a", 1, &ino), E2_ERR_NOTDIR);
	e2_close(fs);
	img_free(&img);
}

/* All pointers lead to one block, the size is 4 GiB: work stays that of the volume. */
E2_TEST(tree_dir, bomb)
{
	struct img img;
	struct e2_entry e;
	struct e2_dir *dir;
	uint8_t *block = malloc(1024);
	unsigned entries = 0, errors = 0;
	int r;

	img_new(&img, &(struct img_options){ .blocks = 400 });
	struct e2_inode in = img_dir(&img, 1);
	img_dir_block(block, 1024, (struct img_name[]){ { 20, "a", 0 } }, 1);
	e2_blk leaf = img_put(&img, block, 1024), pointers = img_alloc(&img);
	for (uint32_t i = 0; i < 256; i++)
		e2_put32(block + (size_t)i * 4, (uint32_t)leaf);
	e2_blk single = img_put(&img, block, 1024);
	for (uint32_t i = 0; i < 256; i++)
		e2_put32(block + (size_t)i * 4, (uint32_t)(i % 2 ? pointers : single));
	img_write(&img, pointers, 0, block, 1024);
	for (int i = 0; i < E2_DIRECT; i++)
		in.block[i] = (uint32_t)leaf;
	in.block[12] = (uint32_t)single;
	in.block[13] = in.block[14] = (uint32_t)pointers;
	in.size = 0xfffffc00;
	img_inode(&img, 12, &in);

	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_dir_begin(fs, 12, &dir), 0);
	while ((r = e2_dir_next(dir, &e)) != 0) {
		entries += r > 0;
		errors += r < 0;
	}
	cr_assert_eq(e2_dir_steps(dir), 0, "it stops by itself");
	e2_dir_end(dir);
	cr_assert_leq(entries, 400);
	cr_assert_geq(entries, 1);
	cr_assert_leq(errors, 400);
	e2_close(fs);
	img_free(&img);
	free(block);
}

E2_TEST(tree_dir, pause)
{
	struct img img;
	struct e2_entry e;
	struct e2_dir *dir;
	char seen[10] = "";

	img_new(&img, &(struct img_options){ 0 });
	five_blocks(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_dir_begin(fs, 12, &dir), 0);
	e2_dir_pause(dir);
	while (e2_dir_next(dir, &e) > 0) {
		strncat(seen, (const char *)e.name, 1);
		e2_dir_pause(dir);
		e2_dir_pause(dir);
	}
	cr_assert_str_eq(seen, "abcde");
	e2_dir_end(dir);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(tree_dir, lookup_linear)
{
	struct img img;
	e2_ino ino = 0;

	img_new(&img, &(struct img_options){ 0 });
	struct e2_inode in = five_blocks(&img);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_dir_lookup(fs, 12, "e", 1, &ino), 0);
	cr_assert_eq(ino, 24);
	cr_assert_eq(e2_dir_lookup(fs, 12, "f", 1, &ino), E2_ERR_NOENT);
	cr_assert_eq(e2_dir_lookup(fs, 12, "x", 1, &ino), E2_ERR_NOENT, "an unused entry");
	cr_assert_eq(e2_dir_lookup(fs, 12, "", 0, &ino), E2_ERR_NOENT);
	cr_assert_eq(e2_dir_lookup(fs, 2, "..", 2, &ino), 0);
	cr_assert_eq(ino, 2);
	e2_close(fs);
	/* Behind damage a name is found; without finding it, the damage is the answer. */
	img_write(&img, in.block[1], 4, "\1", 1);
	fs = img_open(&img, NULL);
	cr_assert_eq(e2_dir_lookup(fs, 12, "e", 1, &ino), 0);
	cr_assert_eq(e2_dir_lookup(fs, 12, "b", 1, &ino), E2_ERR_CORRUPT);
	e2_close(fs);
	img_free(&img);
}

/* Read-ahead never changes what is read: 300 blocks that lie together, some of them damaged. */
E2_TEST(tree_dir, workers_change_nothing)
{
	enum { BLOCKS = 300 };
	static const unsigned workers[] = { 0, 1, 8 };
	struct e2_str first = E2_STR_INIT;
	struct e2_cache_stats stats;
	struct img img;
	uint8_t block[1024];
	char name[16];

	img_new(&img, &(struct img_options){ .blocks = 1024 });
	struct e2_inode in = img_dir(&img, BLOCKS);
	in.blocks = 0;
	for (unsigned i = 0; i < BLOCKS; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		img_dir_block(block, sizeof(block), &(struct img_name){ 14, name, 0 }, 1);
		if (i % 100 == 50)
			e2_put16(block + 4, 6);
		img_map(&img, &in, i, img_put(&img, block, sizeof(block)));
	}
	img_inode(&img, 12, &in);
	for (size_t k = 0; k < 3; k++) {
		struct e2_open_options o = { .threads = workers[k] };
		struct e2_fs *fs = img_open(&img, &o);
		struct e2_str out = E2_STR_INIT;
		struct e2_entry e;
		struct e2_dir *dir;
		int r;

		cr_assert_eq(e2_dir_begin(fs, 12, &dir), 0);
		while ((r = e2_dir_next(dir, &e)) != 0) {
			if (r > 0)
				e2_str_add_bytes(&out, e.name, e.name_len);
			e2_str_addf(&out, " %d %s\n", r, r < 0 ? e2_err_detail() : "");
		}
		e2_dir_end(dir);
		e2_cache_stats(e2_fs_cache(fs), &stats);
		cr_assert_eq(stats.hints > 0, workers[k] > 0);
		if (k == 0)
			e2_str_add_bytes(&first, out.text, out.len);
		cr_assert_str_eq(e2_str_text(&out), e2_str_text(&first), "%u workers", workers[k]);
		cr_assert_gt(out.len, 1000);
		e2_str_free(&out);
		e2_close(fs);
	}
	e2_str_free(&first);
	img_free(&img);
}

/* A name that stands a thousand times costs what one costs, and is found as long as it is there. */
E2_TEST(tree_dir, one_name_a_thousand_times)
{
	enum { BLOCKS = 20, NAMES = 50 };
	struct img_name names[NAMES];
	uint8_t *block = malloc(1024);
	struct e2_dir_memo *memo;
	struct e2_slot slot;
	struct img img;
	size_t cursor = 0, asked = 0;
	e2_lblk lblk;

	img_new(&img, &(struct img_options){ .blocks = 400 });
	struct e2_inode in = img_dir(&img, BLOCKS);
	for (unsigned b = 0; b < BLOCKS; b++) {
		for (unsigned i = 0; i < NAMES; i++)
			names[i] = (struct img_name){ 20, b + 1 == BLOCKS && i == 7 ? "other" :
						      "same", 0 };
		img_dir_block(block, 1024, names, NAMES);
		img_map(&img, &in, b, img_put(&img, block, 1024));
	}
	img_inode(&img, 12, &in);

	struct e2_fs *fs = img_open(&img, NULL);
	struct e2_txn *txn = e2_dir_remember(fs);
	cr_assert_not_null(txn);
	cr_assert_eq(e2_inode_get(fs, 12, &in), 0);
	memo = e2_dir_memo_make(fs, 12, &in);
	cr_assert_not_null(memo);
	while (e2_dir_memo_next(memo, "same", 4, &cursor, &lblk))
		asked++;
	cr_assert_leq(asked, 32, "%zu places are remembered", asked);
	cr_assert(e2_dir_memo_crowded(memo, "same", 4));
	cr_assert_not(e2_dir_memo_crowded(memo, "other", 5));
	cr_assert_eq(e2_dir_find(fs, 12, &in, "other", 5, &slot), 0);
	cr_assert_eq(slot.lblk, BLOCKS - 1);
	/* All of the places that are remembered go: the memo does not know whether it was all. */
	for (unsigned i = 0; i < 2 * NAMES; i++)
		e2_dir_memo_remove(txn, 12, "same", 4, 0);
	cr_assert_eq(e2_dir_find(fs, 12, &in, "same", 4, &slot), 0);
	cr_assert_eq(e2_dir_find(fs, 12, &in, "none", 4, &slot), E2_ERR_NOENT);
	e2_txn_abort(txn);
	e2_close(fs);
	img_free(&img);
	free(block);
}
