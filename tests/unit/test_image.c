/* SPDX-License-Identifier: MIT */
/* The builder of test volumes: what it makes opens and reads back, in every shape. */
#include "e2test.h"
#include "image.h"

E2_TEST(vol_image, every_shape_opens_and_reads_back)
{
	static const struct img_options shapes[] = {
		{ .block_size = 1024 }, { .block_size = 2048 }, { .block_size = 4096 },
		{ .block_size = 8192, .blocks = 64 }, { .block_size = 65536, .blocks = 32 },
		{ .revision_0 = true }, { .inode_size = 128 }, { .inode_size = 1024 },
		{ .blocks = 2000, .blocks_per_group = 256 },
		{ .blocks = 2000, .blocks_per_group = 256, .ro_compat = E2_FEATURE_sparse_super,
		  .reserved_gdt_blocks = 3 },
		{ .blocks = 9000, .blocks_per_group = 256, .incompat = E2_FEATURE_meta_bg,
		  .ro_compat = E2_FEATURE_sparse_super },
		{ .blocks = 2000, .blocks_per_group = 256, .compat = E2_FEATURE_sparse_super2,
		  .backup_bgs = { 1, 7 } },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct img img;
		struct e2_inode in;
		size_t got;
		char text[16];

		img_new(&img, &shapes[i]);
		in = img_reg(5);
		img_map(&img, &in, 0, img_put(&img, "hello", 5));
		img_inode(&img, 12, &in);
		img_link(&img, E2_INO_ROOT, "greeting", 12, E2_FT_REG);
		struct e2_fs *fs = img_open(&img, NULL);
		cr_assert_eq(e2_inode_get(fs, 12, &in), 0);
		cr_assert_eq(e2_read(fs, &in, 0, sizeof(text), text, &got), 0);
		cr_assert_eq(got, 5);
		cr_assert_arr_eq(text, "hello", 5);
		e2_close(fs);
		img_free(&img);
	}
}
