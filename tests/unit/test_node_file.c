/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_says(const char *what)
{
	cr_assert_not_null(strstr(e2_err_detail(), what), "%s", e2_err_detail());
}

static uint64_t step(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/*
 * A file over all of the first `blocks` blocks: some holes, some runs, some
 * scattered; model holds the bytes.
 */
static struct e2_inode make_file(struct img *img, uint32_t blocks, uint64_t size, uint8_t *model)
{
	struct e2_inode in = img_reg(size);
	uint32_t bs = img->g.block_size;
	uint8_t *block = malloc(bs);
	uint64_t seed = 42;

	memset(model, 0, size);
	for (e2_lblk lblk = 0; lblk < blocks; lblk++) {
		if (lblk % 16 > 11 || (lblk > 40 && lblk < 90))
			continue;			/* a hole */
		if (lblk % 5 == 0)
			img_alloc(img);			/* a gap: the run ends */
		for (uint32_t i = 0; i < bs; i++)
			block[i] = (uint8_t)step(&seed);
		img_map(img, &in, lblk, img_put(img, block, bs));
		if (lblk * bs < size)
			memcpy(model + lblk * bs, block,
			       size - lblk * bs < bs ? size - lblk * bs : bs);
	}
	free(block);
	return in;
}

E2_TEST(node_read, any_stretch_of_a_file_is_what_was_written)
{
	static const uint32_t sizes[] = { 1024, 2048, 4096 };

	for (size_t i = 0; i < 3; i++) {
		uint64_t size = 400 * (uint64_t)sizes[i] - 77, seed = i;
		uint8_t *model = malloc(size), *got_bytes = malloc(size + 100);
		struct img img;
		size_t got;

		img_new(&img, &(struct img_options){ .block_size = sizes[i], .blocks = 800 });
		struct e2_inode in = make_file(&img, 400, size, model);
		struct e2_fs *fs = img_open(&img, NULL);
		cr_assert_eq(e2_read(fs, &in, 0, size + 100, got_bytes, &got), 0);
		cr_assert_eq(got, size);
		cr_assert_eq(memcmp(got_bytes, model, size), 0);
		cr_assert_eq(e2_read(fs, &in, size - 10, 11, got_bytes, &got), 0);
		cr_assert_eq(got, 10);
		for (unsigned n = 0; n < 2000; n++) {
			uint64_t offset = step(&seed) % (size + 10);
			size_t len = step(&seed) % (n % 2 ? 300 : 9 * sizes[i]);
			uint64_t left = offset < size ? size - offset : 0;
			size_t want = left < len ? left : len;

			got_bytes[want] = 0xa5;
			cr_assert_eq(e2_read(fs, &in, offset, len, got_bytes, &got), 0);
			cr_assert_eq(got, want);
			cr_assert_eq(memcmp(got_bytes, model + (want ? offset : 0), want), 0);
			cr_assert_eq(got_bytes[want], 0xa5, "written past the end");
		}
		e2_close(fs);
		img_free(&img);
		free(model);
		free(got_bytes);
	}
}

E2_TEST(node_read, runs_are_read_in_one_piece)
{
	struct e2_inode in = img_reg(12 * 1024);
	uint8_t bytes[12 * 1024];
	struct e2_cache_stats st;
	struct img img;
	size_t got;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	for (e2_lblk i = 0; i < 12; i++)
		img_map(&img, &in, i, 100 + i);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_read(fs, &in, 0, sizeof(bytes), bytes, &got), 0);
	e2_cache_stats(e2_fs_cache(fs), &st);
	cr_assert_eq(st.reads, 1);
	cr_assert_eq(st.read_bytes, sizeof(bytes));
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_read, what_has_no_data_or_damage_is_an_error)
{
	struct e2_inode in = img_symlink("target");
	struct img img;
	uint64_t start, end;
	uint8_t bytes[10];
	size_t got = 77;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_read(fs, &in, 0, 10, bytes, &got), E2_ERR_INVAL);
	assert_says("an inode of mode 0120777 has no data blocks");
	cr_assert_eq(e2_data_next(fs, &in, 0, &start, &end), E2_ERR_INVAL);
	in = img_reg(UINT64_MAX);
	in.block[1] = 256;
	cr_assert_eq(e2_read(fs, &in, 1020, 10, bytes, &got), E2_ERR_CORRUPT);
	cr_assert_eq(e2_read(fs, &in, UINT64_MAX - 10, 10, bytes, &got), E2_ERR_FBIG);
	cr_assert_eq(e2_data_next(fs, &in, 0, &start, &end), E2_ERR_CORRUPT);
	cr_assert_eq(e2_data_next(fs, &in, 2048, &start, &end), 0);
	cr_assert_eq(got, 77);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_read, extents_and_inline_data_are_not_taken_for_pointers)
{
	const struct e2_open_options any = { .flags = E2_OPEN_ANY_FEATURE };
	struct e2_inode in = img_reg(100);
	uint8_t bytes[10];
	struct e2_str text = E2_STR_INIT;
	struct img img;
	size_t got;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	in.block[0] = 200;
	in.flags = E2_FL_EXTENTS;
	/* Without the feature the flag is an accident. */
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_read(fs, &in, 0, 10, bytes, &got), 0);
	e2_close(fs);
	img.super.feature_incompat = E2_FEATURE_extent | E2_FEATURE_inline_data;
	fs = img_open(&img, &any);
	cr_assert_eq(e2_read(fs, &in, 0, 10, bytes, &got), E2_ERR_UNSUPPORTED);
	in.flags = E2_FL_INLINE_DATA;
	cr_assert_eq(e2_read(fs, &in, 0, 10, bytes, &got), E2_ERR_UNSUPPORTED);
	in.mode = E2_S_IFLNK | 0777;
	in.blocks = 2;
	cr_assert_eq(e2_symlink_read(fs, &in, &text), E2_ERR_UNSUPPORTED);
	e2_close(fs);
	img_free(&img);
}

/* ---- data and holes ------------------------------------------------------------ */

E2_TEST(node_data, pieces_cover_the_data_and_nothing_else)
{
	uint64_t size = 400 * 1024 - 77, at = 0, start, end, covered = 0, data = 0;
	uint8_t *model = malloc(size);
	struct img img;
	int r;

	img_new(&img, &(struct img_options){ .block_size = 1024, .blocks = 800 });
	struct e2_inode in = make_file(&img, 400, size, model);
	for (e2_lblk lblk = 0; lblk < 400; lblk++) {
		if (lblk % 16 <= 11 && (lblk <= 40 || lblk >= 90))
			data += lblk == 399 ? 1024 - 77 : 1024;
	}
	struct e2_fs *fs = img_open(&img, NULL);
	while ((r = e2_data_next(fs, &in, at, &start, &end)) > 0) {
		cr_assert(start >= at && end > start && end <= size);
		for (uint64_t i = at; i < start; i++)
			cr_assert_eq(model[i], 0);
		covered += end - start;
		at = end;
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(covered, data);
	/* From the middle of a piece, the rest of it. */
	cr_assert_eq(e2_data_next(fs, &in, 1500, &start, &end), 1);
	cr_assert_eq(start, 1500);
	cr_assert_eq(e2_data_next(fs, &in, 12 * 1024 + 5, &start, &end), 1);
	cr_assert_eq(start, 16 * 1024);
	cr_assert_eq(e2_data_next(fs, &in, size, &start, &end), 0);
	e2_close(fs);
	img_free(&img);
	free(model);
}

E2_TEST(node_data, holes_of_terabytes_are_stepped_over)
{
	static const uint32_t sizes[] = { 1024, 4096, 65536 };

	for (size_t i = 0; i < 3; i++) {
		uint64_t start, end, last;
		struct e2_cache_stats st;
		struct e2_inode in;
		struct img img;

		img_new(&img, &(struct img_options){ .block_size = sizes[i], .blocks = 64 });
		last = e2_file_size_max(&img.g) / img.g.block_size - 1;
		in = img_reg((last + 1) * img.g.block_size - 5);
		img_map(&img, &in, last, img_alloc(&img));
		struct e2_fs *fs = img_open(&img, NULL);
		cr_assert_eq(e2_data_next(fs, &in, 0, &start, &end), 1);
		cr_assert_eq(start, last * img.g.block_size);
		cr_assert_eq(end, in.size);
		cr_assert_eq(e2_data_next(fs, &in, end, &start, &end), 0);
		e2_cache_stats(e2_fs_cache(fs), &st);
		cr_assert_lt(st.gets, 20, "%ju", (uintmax_t)st.gets);
		e2_close(fs);
		img_free(&img);
	}
}

E2_TEST(node_data, pointer_blocks_that_repeat_without_data_end_the_search)
{
	uint64_t start, end;
	struct e2_inode in = img_reg(UINT64_C(1) << 46);
	uint8_t *block = malloc(65536);
	struct img img;

	/* 16,384 times the same double block of 16,384 times the same, empty, single block. */
	img_new(&img, &(struct img_options){ .block_size = 65536, .blocks = 32 });
	e2_blk single = img_put(&img, NULL, 0);
	for (uint32_t i = 0; i < 16384; i++)
		e2_put32(block + 4 * i, (uint32_t)single);
	e2_blk twice = img_put(&img, block, 65536);
	for (uint32_t i = 0; i < 16384; i++)
		e2_put32(block + 4 * i, (uint32_t)twice);
	in.block[14] = (uint32_t)img_put(&img, block, 65536);
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_data_next(fs, &in, 0, &start, &end), E2_ERR_CORRUPT);
	assert_says("form a cycle");
	e2_close(fs);
	img_free(&img);
	free(block);
}

/* ---- symbolic links --------------------------------------------------------------- */

static int link_text(struct e2_fs *fs, const struct e2_inode *in, const char *want, size_t len)
{
	struct e2_str text = E2_STR_INIT;
	int err = e2_symlink_read(fs, in, &text);

	if (!err) {
		cr_assert_eq(text.len, len);
		cr_assert_eq(memcmp(text.text, want, len), 0);
	}
	e2_str_free(&text);
	return err;
}

E2_TEST(node_symlink, text_in_the_inode_and_in_a_block)
{
	static const size_t lengths[] = { 1, 59, 60, 61, 1023, 1024, 4095 };
	char text[4096];

	memset(text, 'x', sizeof(text));
	for (uint32_t block_size = 1024; block_size <= 4096; block_size *= 4) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			for (unsigned attributes = 0; attributes < 2; attributes++) {
				size_t len = lengths[i];
				struct e2_inode in;
				struct img img;
				char target[64];

				if (len > block_size)
					continue;
				img_new(&img, &(struct img_options){ .block_size = block_size });
				text[len] = 0;
				snprintf(target, sizeof(target), "%.59s", text);
				in = img_symlink(target);
				if (len > E2_FAST_SYMLINK_MAX) {
					memset(in.block, 0, sizeof(in.block));
					img_map(&img, &in, 0, img_put(&img, text, len));
					in.size = len;
				}
				if (attributes) {
					in.file_acl = (uint32_t)img_alloc(&img);
					in.blocks += block_size / 512;
				}
				struct e2_fs *fs = img_open(&img, NULL);
				cr_assert_eq(e2_symlink_is_fast(fs, &in),
					     len <= E2_FAST_SYMLINK_MAX);
				cr_assert_eq(e2_inode_has_blocks(fs, &in),
					     len > E2_FAST_SYMLINK_MAX);
				cr_assert_eq(link_text(fs, &in, text, len), 0);
				e2_close(fs);
				img_free(&img);
				text[len] = 'x';
			}
		}
	}
}

E2_TEST(node_symlink, size_and_storage_that_disagree_are_damage)
{
	struct e2_inode in;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	struct e2_fs *fs = img_open(&img, NULL);
	in = img_reg(10);
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_INVAL);
	in = img_symlink("target");
	in.size = 60;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("size is 60, but without a block it holds at most 59 bytes");
	in.size = 7;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("size is 7, but the text ends after 6 bytes");
	in.size = 0;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	in.size = UINT64_C(1) << 32 | 6;	/* the high half is no size of a link */
	cr_assert_eq(link_text(fs, &in, "target", 6), 0);
	in.blocks = 2;				/* as slow: "targ" is no block of this volume */
	in.size = 6;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("lies outside the volume");
	in.block[0] = 200;			/* a block of zeros */
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("ends after 0 bytes");
	in.block[0] = 0;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	in.block[0] = 200;
	in.size = 1025;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("must be 1 to 1024");
	e2_close(fs);
	img_free(&img);
	/* The text never outgrows a path. */
	img_new(&img, &(struct img_options){ .block_size = 8192, .blocks = 64 });
	fs = img_open(&img, NULL);
	in.block[0] = 40;
	in.blocks = 16;
	in.size = 4096;
	cr_assert_eq(link_text(fs, &in, "", 0), E2_ERR_CORRUPT);
	assert_says("must be 1 to 4095");
	e2_close(fs);
	img_free(&img);
}
