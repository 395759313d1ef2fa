/* SPDX-License-Identifier: MIT */
#include "alloc.h"
#include "e2test.h"
#include "image.h"

#include "io/sim.h"
#include "cache/cache.h"

#include <string.h>

static void zero_blocks(struct img *img, e2_blk first, e2_blk count)
{
	cr_assert_eq(e2_io_zero(img->io, first * img->g.block_size, count * img->g.block_size), 0);
}

/* Opens a copy; the error and its text. */
static int open_error(struct img *img, const struct e2_open_options *o)
{
	struct e2_fs *fs = NULL;
	int err = e2_open(img_copy(img), o, &fs);

	cr_assert_eq(err == 0, fs != NULL);
	e2_close(fs);
	return err;
}

static void assert_says(const char *what)
{
	cr_assert_not_null(strstr(e2_err_detail(), what), "%s", e2_err_detail());
}

E2_TEST(vol_open, a_volume_opens_and_tells_about_itself)
{
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 4096, .blocks = 128 });
	struct e2_fs *fs = img_open(&img, NULL);
	cr_assert_eq(e2_geometry(fs)->blocks, 128);
	cr_assert_eq(e2_geometry(fs)->block_bits, 12);
	cr_assert_eq(e2_geometry(fs)->pointers, 1024);
	cr_assert_eq(e2_super(fs)->free_blocks_count, img.super.free_blocks_count);
	cr_assert_null(e2_fs_read_only(fs));
	cr_assert_not_null(e2_fs_name(fs));
	cr_assert_eq(e2_when(fs).bytes, 256);
	cr_assert_eq(e2_fs_io(fs)->size, 128 * 4096);
	e2_close(fs);
	e2_close(NULL);
	img_free(&img);
}

E2_TEST(vol_open, what_is_no_volume_is_refused)
{
	static const struct { uint64_t size; const char *says; } cases[] = {
		{ 0, "the image has 0 bytes" }, { 1024, "the image has 1024 bytes" },
		{ 2047, "the image has 2047 bytes" },
		{ 4096, "no superblock at byte 1024: magic is 0x0000, must be 0xef53" },
	};

	for (size_t i = 0; i < 4; i++) {
		struct e2_fs *fs;
		struct e2_io *io;

		cr_assert_eq(e2_io_open_mem(cases[i].size, &io), 0);
		cr_assert_eq(e2_open(io, NULL, &fs), E2_ERR_NOT_EXT2);
		assert_says(cases[i].says);
	}
}

E2_TEST(vol_open, unknown_incompat_features_are_refused_by_name)
{
	static const struct { uint32_t bits; const char *says; } cases[] = {
		{ E2_FEATURE_needs_recovery, "(needs_recovery)" },
		{ E2_FEATURE_extent | E2_FEATURE_64bit | E2_FEATURE_filetype, "extent 64bit" },
		{ 0x20000000, "0x20000000" },
		{ E2_FEATURE_needs_recovery | E2_FEATURE_extent, "needs_recovery extent" },
	};
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	for (size_t i = 0; i < 4; i++) {
		const struct e2_open_options any = { .flags = E2_OPEN_ANY_FEATURE };

		img.super.feature_incompat = cases[i].bits;
		img.super.desc_size = 64;
		img_sync(&img);
		cr_assert_eq(open_error(&img, NULL), E2_ERR_FEATURE);
		assert_says(cases[i].says);
		struct e2_fs *fs = img_open(&img, &any);
		cr_assert_not_null(e2_fs_read_only(fs));
		cr_assert_not_null(strstr(e2_fs_read_only(fs), "unknown incompat feature "));
		e2_close(fs);
	}
	img_free(&img);
}

E2_TEST(vol_open, a_commit_in_the_middle_is_no_unknown_feature)
{
	for (unsigned revision_0 = 0; revision_0 < 2; revision_0++) {
		const struct e2_open_options any = { .flags = E2_OPEN_ANY_FEATURE };
		struct img img;

		img_new(&img, &(struct img_options){ .revision_0 = revision_0 != 0 });
		img.super.feature_incompat |= E2_FEATURE_extant_commit;
		img_sync(&img);
		cr_assert_eq(open_error(&img, NULL), E2_ERR_LOG);
		assert_says("a change is being applied (extant_commit), and its log is not there");
		e2_close(img_open(&img, &any));
		img_free(&img);
	}
}

E2_TEST(vol_open, what_must_not_be_written_says_why)
{
	static const struct { uint32_t compat, ro_compat; const char *why; } cases[] = {
		{ 0, E2_FEATURE_metadata_csum | E2_FEATURE_large_file,
		  "unknown ro_compat feature metadata_csum" },
		{ E2_FEATURE_has_journal, 0, "has a journal (has_journal)" },
		{ E2_FEATURE_has_journal, E2_FEATURE_quota,
		  "unknown ro_compat feature quota, a journal (has_journal)" },
		{ E2_FEATURE_imagic_inodes | 0x80000000, E2_FEATURE_sparse_super, NULL },
	};
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	for (size_t i = 0; i < 4; i++) {
		img.super.feature_compat = cases[i].compat;
		img.super.feature_ro_compat = cases[i].ro_compat;
		struct e2_fs *fs = img_open(&img, NULL);
		if (cases[i].why)
			cr_assert_str_eq(e2_fs_read_only(fs), cases[i].why);
		else
			cr_assert_null(e2_fs_read_only(fs));
		e2_close(fs);
	}
	img_free(&img);
}

E2_TEST(vol_open, a_cut_image_opens_on_request)
{
	const struct e2_open_options cut = { .flags = E2_OPEN_SHORT };
	const struct e2_buf *buf;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024 });
	cr_assert_eq(e2_io_resize(img.io, 100 * 1024 + 512), 0);
	cr_assert_eq(open_error(&img, NULL), E2_ERR_CORRUPT);
	assert_says("the image holds 100 blocks");
	struct e2_fs *fs;
	cr_assert_eq(e2_open(img_copy(&img), &cut, &fs), 0);
	cr_assert_eq(e2_buf_get(fs, 99, &buf), 0);
	e2_buf_put(fs, buf);
	cr_assert_eq(e2_buf_get(fs, 100, &buf), E2_ERR_IO);
	assert_says("block 100 lies past the end of the image");
	cr_assert_eq(e2_buf_get(fs, 256, &buf), E2_ERR_CORRUPT);
	assert_says("block 256 lies past the end of the volume");
	e2_close(fs);
	img_free(&img);
}

E2_TEST(vol_open, a_backup_brings_its_own_descriptors)
{
	static const struct img_options shapes[] = {
		{ .block_size = 1024, .blocks = 2000, .blocks_per_group = 256 },
		{ .block_size = 2048, .blocks = 2000, .blocks_per_group = 256,
		  .ro_compat = E2_FEATURE_sparse_super },
		{ .block_size = 1024, .blocks = 9000, .blocks_per_group = 256,
		  .incompat = E2_FEATURE_meta_bg, .ro_compat = E2_FEATURE_sparse_super },
	};

	for (size_t i = 0; i < 3; i++) {
		struct img img;
		struct e2_group desc;
		e2_blk blk, table;

		img_new(&img, &shapes[i]);
		e2_blk backup = e2_group_first_block(&img.g, 3);
		uint32_t wanted = img_group(&img, 2).inode_table;
		for (uint32_t n = 0; n < img.g.desc_blocks; n++)
			zero_blocks(&img, e2_desc_block(&img.g, 0, n), 1);
		cr_assert_eq(e2_io_zero(img.io, 1024, 1024), 0);
		cr_assert_eq(open_error(&img, NULL), E2_ERR_NOT_EXT2);

		const struct e2_open_options sized = {
			.superblock = backup, .block_size = img.g.block_size };
		const struct e2_open_options unsized = { .superblock = backup };
		for (unsigned k = 0; k < 2; k++) {
			struct e2_fs *fs;

			cr_assert_eq(e2_open(img_copy(&img), k ? &sized : &unsized, &fs), 0,
				     "%s", e2_err_detail());
			cr_assert_eq(e2_super(fs)->block_group_nr, 3);
			cr_assert_eq(e2_group_get(fs, 2, &desc), 0);
			cr_assert_eq(desc.inode_table, wanted);
			cr_assert_eq(e2_inode_table(fs, 2, &table), 0);
			e2_close(fs);
		}
		uint32_t block_size;
		cr_assert_eq(e2_find_backup(img.io, &blk, &block_size), 0, "%s", e2_err_detail());
		cr_assert_eq(blk, e2_group_first_block(&img.g, 1), "found %ju", (uintmax_t)blk);
		cr_assert_eq(block_size, img.g.block_size);
		img_free(&img);
	}
}

E2_TEST(vol_open, a_backup_must_lie_where_it_says)
{
	struct img img;
	uint8_t raw[1024];

	img_new(&img, &(struct img_options){ .blocks = 2000, .blocks_per_group = 256 });
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .block_size = 3000 }),
		     E2_ERR_INVAL);
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 258,
			.block_size = 1024 }), E2_ERR_NOT_EXT2);
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 258 }),
		     E2_ERR_NOT_EXT2);
	assert_says("no superblock at block 258 for any block size");
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = UINT64_MAX / 2,
			.block_size = 65536 }), E2_ERR_NOT_EXT2);
	/* Half the block number at twice the block size: the right bytes, the wrong size. */
	img_read(&img, 257, 0, raw, sizeof(raw));
	img_write(&img, 300, 0, raw, sizeof(raw));
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 150,
			.block_size = 2048 }), E2_ERR_CORRUPT);
	assert_says("says that blocks have 1024 bytes");
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 300,
			.block_size = 1024 }), E2_ERR_CORRUPT);
	assert_says("no group begins there");
	/* Without a block size, what is wrong with the only superblock there is told. */
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 300 }),
		     E2_ERR_CORRUPT);
	assert_says("no group begins there");
	img.super.feature_incompat |= E2_FEATURE_casefold;
	e2_super_encode(&img.super, raw);
	img_write(&img, 257, 0, raw, sizeof(raw));
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 257 }),
		     E2_ERR_FEATURE);
	assert_says("casefold");
	/* The primary by its number. */
	cr_assert_eq(open_error(&img, &(struct e2_open_options){ .superblock = 1,
			.block_size = 1024 }), 0);
	img_free(&img);
}

E2_TEST(vol_find_backup, standard_groups_of_every_size)
{
	for (uint32_t block_size = 1024; block_size <= 8192; block_size *= 2) {
		uint32_t per_group = block_size * 8 < 65528 ? block_size * 8 : 65528;
		uint32_t found_size;
		struct img img;
		e2_blk found;

		img_new(&img, &(struct img_options){
			.block_size = block_size, .blocks = per_group + 200,
			.ro_compat = E2_FEATURE_sparse_super });
		cr_assert_eq(e2_io_zero(img.io, 0, 4096), 0);
		cr_assert_eq(e2_find_backup(img.io, &found, &found_size), 0);
		cr_assert_eq(found, e2_group_first_block(&img.g, 1));
		cr_assert_eq(found_size, block_size);
		img_free(&img);
	}
}

E2_TEST(vol_find_backup, copies_that_do_not_agree_with_their_place_are_passed_over)
{
	uint32_t size;
	struct img img;
	e2_blk blk;
	uint8_t raw[E2_SUPER_BYTES];

	img_new(&img, &(struct img_options){
		.blocks = 9000, .ro_compat = E2_FEATURE_sparse_super });
	/* An image in a file: its primary lies 1 KiB behind a block boundary, as group 0. */
	e2_super_encode(&img.super, raw);
	img_write(&img, 1 + 8 * 40, 0, raw, sizeof(raw));
	zero_blocks(&img, 1, 1);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0);
	cr_assert_eq(blk, 8193);
	/* The wrong group's number, then no copy at all. */
	img.super.block_group_nr = 3;
	e2_super_encode(&img.super, raw);
	img_write(&img, 8193, 0, raw, sizeof(raw));
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), E2_ERR_NOT_EXT2);
	assert_says("no backup superblock was found");
	img_free(&img);
}

E2_TEST(vol_find_backup, of_two_volumes_remains_the_primarys_are_taken)
{
	uint32_t size;
	struct img img, old;
	e2_blk blk;
	uint8_t raw[E2_SUPER_BYTES];

	img_new(&img, &(struct img_options){ .block_size = 2048, .blocks = 20000,
		.ro_compat = E2_FEATURE_sparse_super });
	/* An older volume with 1 KiB blocks has left a copy in what is free space. */
	img_new(&old, &(struct img_options){ .block_size = 1024, .blocks = 40000,
		.ro_compat = E2_FEATURE_sparse_super });
	old.super.block_group_nr = 1;
	old.super.uuid[0] = 'x';
	old.super.mkfs_time++;		/* its clock was wrong */
	e2_super_encode(&old.super, raw);
	cr_assert_eq(e2_io_write(img.io, 8193 * 1024, sizeof(raw), raw), 0);
	/* The primary's magic is lost, its UUID can be read. */
	cr_assert_eq(e2_io_zero(img.io, 1024 + 0x38, 2), 0);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0);
	cr_assert_eq(size, 2048);
	cr_assert_eq(blk, 16384);
	/* All of it is lost: the newer one. */
	cr_assert_eq(e2_io_zero(img.io, 1024, 1024), 0);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0);
	cr_assert_eq(size, 1024);
	img_free(&old);
	img_free(&img);
}

/* Puts a superblock as the copy of group 1 of a volume with such blocks. */
static void put_copy(struct img *img, struct e2_super super, uint64_t at)
{
	uint8_t raw[E2_SUPER_BYTES];

	super.block_group_nr = 1;
	e2_super_encode(&super, raw);
	cr_assert_eq(e2_io_write(img->io, at, sizeof(raw), raw), 0);
}

/* Without the primary's UUID: made last, then written last, then more copies, then first. */
E2_TEST(vol_find_backup, of_equal_volumes_the_one_written_last_is_taken)
{
	enum { SMALL = 8193 * 1024, LARGE = 16384 * 2048 };
	static const struct {
		int made, written;	/* the 1 KiB volume's, less those of the other */
		uint32_t size;
	} rows[] = {
		{ 1, -1, 1024 }, { -1, 1, 2048 }, { 0, 1, 1024 }, { 0, -1, 2048 }, { 0, 0, 1024 },
	};
	struct img img, small;
	uint32_t size;
	e2_blk blk;

	img_new(&img, &(struct img_options){ .block_size = 2048, .blocks = 20000,
		.ro_compat = E2_FEATURE_sparse_super });
	img_new(&small, &(struct img_options){ .block_size = 1024, .blocks = 40000,
		.ro_compat = E2_FEATURE_sparse_super });
	cr_assert_eq(e2_io_zero(img.io, 1024, 1024), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct e2_super super = small.super, other = img.super;

		super.uuid[0] = 'x';
		other.uuid[0] = 'y';
		super.mkfs_time = (uint32_t)(1000 + rows[i].made);
		super.wtime = (uint32_t)(1000 + rows[i].written);
		other.mkfs_time = other.wtime = 1000;
		put_copy(&img, super, SMALL);
		put_copy(&img, other, LARGE);
		cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0, "%s", e2_err_detail());
		cr_assert_eq(size, rows[i].size, "row %zu: %u", i, size);
		cr_assert_eq(blk, size == 1024 ? 8193 : 16384);
	}
	/* A second copy decides where the times do not. */
	uint8_t raw[E2_SUPER_BYTES];
	img_free(&img);
	img_new(&img, &(struct img_options){ .block_size = 2048, .blocks = 60000,
		.ro_compat = E2_FEATURE_sparse_super });
	struct e2_super twice = img.super;
	twice.mkfs_time = twice.wtime = 1000;
	twice.uuid[0] = 'y';
	cr_assert_eq(e2_io_zero(img.io, 1024, 1024), 0);
	put_copy(&img, twice, LARGE);
	twice.block_group_nr = 3;
	e2_super_encode(&twice, raw);
	cr_assert_eq(e2_io_write(img.io, UINT64_C(3) * LARGE, sizeof(raw), raw), 0);
	small.super.mkfs_time = small.super.wtime = 1000;
	small.super.uuid[0] = 'x';
	put_copy(&img, small.super, SMALL);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0);
	cr_assert_eq(size, 2048);
	cr_assert_eq(blk, 16384);
	img_free(&small);
	img_free(&img);
}

/* Neither is there memory to look, nor an image to look in. */
E2_TEST(vol_find_backup, exhausted_memory_and_tiny_images)
{
	uint32_t size;
	struct img img;
	e2_blk blk;

	img_new(&img, &(struct img_options){ .blocks = 9000,
		.ro_compat = E2_FEATURE_sparse_super });
	alloc_fail(1);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), E2_ERR_NOMEM);
	alloc_fail(0);
	cr_assert_eq(e2_find_backup(img.io, &blk, &size), 0);
	uint64_t whole = img.io->size;
	for (img.io->size = 0; img.io->size <= 4096; img.io->size += 512)
		cr_assert_eq(e2_find_backup(img.io, &blk, &size), E2_ERR_NOT_EXT2);
	img.io->size = whole;
	img_free(&img);
}

/* ---- groups, bitmaps, roles --------------------------------------------------- */

E2_TEST(vol_group, tables_and_bitmaps_outside_the_volume_are_refused)
{
	struct img img;
	struct e2_group desc;
	e2_blk table;
	bool used;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	desc = img_group(&img, 1);
	desc.inode_table = 1000 - img.g.inode_table_blocks + 1;
	desc.block_bitmap = 1000;
	desc.inode_bitmap = 0;
	img_group_put(&img, 1, &desc);
	struct e2_fs *fs;
	cr_assert_eq(e2_open(img_copy(&img), NULL, &fs), 0);
	cr_assert_eq(e2_inode_table(fs, 0, &table), 0);
	cr_assert_eq(e2_inode_table(fs, 1, &table), E2_ERR_CORRUPT);
	assert_says("group 1: inode table");
	cr_assert_eq(e2_block_used(fs, 300, &used), E2_ERR_CORRUPT);
	assert_says("group 1: block bitmap at block 1000");
	cr_assert_eq(e2_inode_used(fs, img.g.inodes_per_group + 1, &used), E2_ERR_CORRUPT);
	assert_says("group 1: inode bitmap at block 0");
	cr_assert_eq(e2_group_get(fs, 4, &desc), E2_ERR_RANGE);
	cr_assert_eq(e2_block_used(fs, 1000, &used), E2_ERR_RANGE);
	cr_assert_eq(e2_inode_used(fs, 0, &used), E2_ERR_RANGE);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(vol_bitmap, bits_are_those_of_blocks_and_inodes)
{
	struct img img;
	bool used;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	img_mark_block(&img, 999, true);
	img_mark_inode(&img, 20, true);
	struct e2_fs *fs = img_open(&img, NULL);
	for (e2_blk blk = 900; blk < 1000; blk++) {
		cr_assert_eq(e2_block_used(fs, blk, &used), 0);
		cr_assert_eq(used, blk == 999, "block %ju", (uintmax_t)blk);
	}
	cr_assert_eq(e2_block_used(fs, 0, &used), 0);
	cr_assert(used, "the boot block");
	for (e2_ino ino = 11; ino <= img.g.inodes; ino++) {
		cr_assert_eq(e2_inode_used(fs, ino, &used), 0);
		cr_assert_eq(used, ino == 20, "inode %u", ino);
	}
	e2_close(fs);
	img_free(&img);
}

E2_TEST(vol_role, every_block_of_the_layout_has_its_role)
{
	struct img img;
	enum e2_role role;
	e2_grp group;

	for (unsigned moved = 0; moved < 2; moved++) {
		img_new(&img, &(struct img_options){
			.blocks = 1000, .blocks_per_group = 256, .reserved_gdt_blocks = 3,
			.compat = E2_FEATURE_resize_inode, .ro_compat = E2_FEATURE_sparse_super });
		struct e2_group desc = img_group(&img, 1);
		if (moved) {	/* group 1's inode bitmap lies in group 2 */
			desc.inode_bitmap = 700;
			img_group_put(&img, 1, &desc);
		}
		struct e2_fs *fs;
		cr_assert_eq(e2_open(img_copy(&img), NULL, &fs), 0);
		const struct { e2_blk blk; enum e2_role role; e2_grp group; } places[] = {
			{ 0, E2_ROLE_BOOT, 0 }, { 1, E2_ROLE_SUPER, 0 }, { 2, E2_ROLE_DESC, 0 },
			{ 3, E2_ROLE_RESERVED_DESC, 0 }, { 5, E2_ROLE_RESERVED_DESC, 0 },
			{ 6, E2_ROLE_BLOCK_BITMAP, 0 }, { 7, E2_ROLE_INODE_BITMAP, 0 },
			{ 8, E2_ROLE_INODE_TABLE, 0 }, { 100, E2_ROLE_NONE, 0 },
			{ 257, E2_ROLE_SUPER, 1 }, { 258, E2_ROLE_DESC, 1 },
			{ desc.block_bitmap, E2_ROLE_BLOCK_BITMAP, 1 },
			{ desc.inode_bitmap, E2_ROLE_INODE_BITMAP, 1 },
			{ desc.inode_table + img.g.inode_table_blocks - 1, E2_ROLE_INODE_TABLE, 1 },
			{ 513, E2_ROLE_BLOCK_BITMAP, 2 }, { 999, E2_ROLE_NONE, 3 },
		};
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			cr_assert_eq(e2_block_role(fs, places[i].blk, &role, &group), 0);
			cr_assert_eq(role, places[i].role, "block %ju", (uintmax_t)places[i].blk);
			cr_assert_eq(group, places[i].group, "block %ju", (uintmax_t)places[i].blk);
		}
		cr_assert_eq(e2_block_role(fs, 1000, &role, &group), E2_ERR_RANGE);
		e2_close(fs);
		img_free(&img);
	}
}

/* ---- failing reads ------------------------------------------------------------- */

static int use_all(struct e2_io *io)
{
	struct e2_group desc;
	struct e2_fs *fs;
	enum e2_role role;
	e2_grp group;
	e2_blk table;
	bool used;
	int err = e2_open(io, &(struct e2_open_options){ .threads = 0 }, &fs);

	if (err)
		return err;
	err = e2_group_get(fs, 0, &desc);
	if (!err)
		err = e2_inode_table(fs, 0, &table);
	if (!err)
		err = e2_block_used(fs, 100, &used);
	if (!err)
		err = e2_inode_used(fs, 12, &used);
	if (!err)
		err = e2_block_role(fs, 999, &role, &group);
	e2_close(fs);
	return err;
}

E2_TEST(vol_fault, each_failing_read_is_reported_and_leaks_nothing)
{
	struct e2_sim *sim;
	struct img img;
	unsigned n;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256 });
	img_to_sim(&img, &sim, "a.img");
	struct e2_env *env = e2_sim_env(sim);
	for (n = 1; n < 100; n++) {
		struct e2_io *io;

		cr_assert_eq(env->ops->open(env, "a.img", 0, &io), 0);
		e2_sim_fail(sim, E2_SIM_READ, n, false, E2_ERR_IO);
		int err = use_all(io);
		if (err == 0)
			break;
		cr_assert_eq(err, E2_ERR_IO);
	}
	cr_assert_eq(n, 5, "superblock, descriptors and two bitmaps are read; got %u", n);

	/* A search passes over what cannot be read. */
	uint32_t block_size;
	struct e2_io *io;
	e2_blk blk;
	cr_assert_eq(env->ops->open(env, "a.img", 0, &io), 0);
	e2_sim_fail(sim, E2_SIM_READ, 1, true, E2_ERR_IO);
	cr_assert_eq(e2_find_backup(io, &blk, &block_size), E2_ERR_NOT_EXT2);
	e2_sim_fail(sim, E2_SIM_READ, 1, false, E2_ERR_IO);
	cr_assert_eq(e2_find_backup(io, &blk, &block_size), 0);
	cr_assert_eq(e2_io_close(io), 0);
	e2_sim_free(sim);
	img_free(&img);
}

/* Blocks are looked at in turn, twice: those that stay are not read again. */
static uint64_t read_again(struct img *img, unsigned flags, e2_blk blocks)
{
	struct e2_fs *fs = img_open(img, &(struct e2_open_options){ .flags = flags });
	struct e2_cache_stats once, twice;

	for (unsigned time = 0; time < 2; time++) {
		if (time)
			e2_cache_stats(e2_fs_cache(fs), &once);
		for (e2_blk blk = 1; blk <= blocks; blk++) {
			const struct e2_buf *buf;

			cr_assert_eq(e2_buf_get(fs, blk, &buf), 0);
			e2_buf_put(fs, buf);
		}
	}
	e2_cache_stats(e2_fs_cache(fs), &twice);
	e2_close(fs);
	return twice.reads - once.reads;
}

E2_TEST(vol_open, who_only_looks_at_a_small_image_takes_little_memory)
{
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 1024, .blocks = 8192 });
	cr_assert_eq(read_again(&img, 0, 1024), 0);
	cr_assert_eq(read_again(&img, 0, 2048), 2048);	/* the first are gone when asked for */
	cr_assert_eq(read_again(&img, E2_OPEN_WRITE, 2048), 0);
	img_free(&img);
}
