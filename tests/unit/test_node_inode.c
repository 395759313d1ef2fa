/* SPDX-License-Identifier: MIT */
#include "e2test.h"
#include "image.h"

#include "io/sim.h"

#include <stdlib.h>
#include <string.h>

static void assert_says(const char *what)
{
	cr_assert_not_null(strstr(e2_err_detail(), what), "%s", e2_err_detail());
}

static bool same_inode(const struct e2_inode *a, const struct e2_inode *b)
{
	uint8_t raw_a[256] = { 0 }, raw_b[256] = { 0 };

	e2_inode_encode(a, raw_a, sizeof(raw_a));
	e2_inode_encode(b, raw_b, sizeof(raw_b));
	return memcmp(raw_a, raw_b, sizeof(raw_a)) == 0;
}

E2_TEST(node_inode, fields_and_bytes_come_from_the_table)
{
	static const struct img_options shapes[] = {
		{ .block_size = 1024 }, { .revision_0 = true },
		{ .block_size = 4096, .inode_size = 4096 },
		{ .blocks = 1000, .blocks_per_group = 256, .inode_size = 512 },
	};

	for (size_t i = 0; i < 4; i++) {
		struct e2_inode in, again;
		uint8_t *raw;
		uint32_t offset;
		struct img img;
		e2_blk blk;

		img_new(&img, &shapes[i]);
		for (e2_ino ino = 12; ino <= img.g.inodes; ino++) {
			in = img_reg(ino);
			in.uid = 0x10000 + ino;
			in.crtime = ino;
			img_inode(&img, ino, &in);
		}
		struct e2_fs *fs = img_open(&img, NULL);
		raw = malloc(img.g.inode_size);
		for (e2_ino ino = 12; ino <= img.g.inodes; ino++) {
			cr_assert_eq(e2_inode_get(fs, ino, &in), 0);
			cr_assert_eq(in.size, ino);
			cr_assert_eq(in.uid, 0x10000 + ino);
			cr_assert_eq(in.crtime, img.g.inode_size > 128 ? ino : 0);
			cr_assert_eq(e2_inode_raw(fs, ino, raw), 0);
			e2_inode_decode(&again, raw, img.g.inode_size);
			cr_assert(same_inode(&in, &again));
			cr_assert_eq(e2_inode_locate(fs, ino, &blk, &offset), 0);
			cr_assert_lt(offset, img.g.block_size);
		}
		cr_assert_eq(e2_inode_get(fs, 0, &in), E2_ERR_RANGE);
		cr_assert_eq(e2_inode_get(fs, img.g.inodes + 1, &in), E2_ERR_RANGE);
		assert_says("no inode");
		cr_assert_eq(e2_inode_raw(fs, 0, raw), E2_ERR_RANGE);
		free(raw);
		e2_close(fs);
		img_free(&img);
	}
}

E2_TEST(node_inode, types_and_sizes)
{
	static const struct { uint32_t mode; enum e2_file_type type; bool wide; } cases[] = {
		{ E2_S_IFREG, E2_FT_REG, true }, { E2_S_IFDIR, E2_FT_DIR, false },
		{ E2_S_IFLNK, E2_FT_LNK, false }, { E2_S_IFCHR, E2_FT_CHR, false },
		{ E2_S_IFBLK, E2_FT_BLK, false }, { E2_S_IFIFO, E2_FT_FIFO, false },
		{ E2_S_IFSOCK, E2_FT_SOCK, false }, { 0, E2_FT_UNKNOWN, false },
		{ 0150000, E2_FT_UNKNOWN, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_inode in = {
			.mode = (uint16_t)(cases[i].mode | 0644), .size = UINT64_C(3) << 32 | 9,
		};

		cr_assert_eq(e2_inode_file_type(in.mode), cases[i].type);
		cr_assert_eq(e2_inode_size(&in), cases[i].wide ? UINT64_C(3) << 32 | 9 : 9);
		cr_assert_eq(e2_is_reg(&in), cases[i].type == E2_FT_REG);
		cr_assert_eq(e2_is_dir(&in), cases[i].type == E2_FT_DIR);
		cr_assert_eq(e2_is_symlink(&in), cases[i].type == E2_FT_LNK);
	}
}

E2_TEST(node_inode, device_numbers_old_and_new)
{
	static const struct { uint32_t old, new, major, minor; } cases[] = {
		{ 0x0103, 0, 1, 3 }, { 0xffff, 0, 255, 255 }, { 0, 0, 0, 0 },
		{ 0, 0x00010300, 259, 0 },		/* 0x103 << 8 */
		{ 0, 0xfffff7ff, 0xff7, 0xfffff },
		{ 0, 0x12345678, 0x456, 0x12378 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_inode in = { .block = { cases[i].old, cases[i].new } };
		uint32_t major, minor;

		e2_inode_device(&in, &major, &minor);
		cr_assert_eq(major, cases[i].major);
		cr_assert_eq(minor, cases[i].minor);
	}
}

E2_TEST(node_time, seconds_are_signed_and_go_on_after_2038)
{
	static const struct { uint32_t sec, extra; int64_t want; int32_t nsec; } cases[] = {
		{ 0, 0, 0, 0 }, { 0x7fffffff, 0, 2147483647, 0 }, { 0x80000000, 0, -2147483648, 0 },
		{ 0xffffffff, 0, -1, 0 }, { 0x80000000, 1, INT64_C(2147483648), 0 },
		{ 0xffffffff, 1, INT64_C(4294967295), 0 },
		{ 0x7fffffff, 3, INT64_C(15032385535), 0 },
		{ 5, 999999999u << 2, 5, 999999999 },
		{ 5, 0xffffffff, 5 + (INT64_C(3) << 32), 999999999 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_inode in = {
			.extra_isize = 32, .mtime = cases[i].sec, .mtime_extra = cases[i].extra,
		};
		struct e2_time t;

		cr_assert(e2_inode_time(&in, E2_MTIME, &t));
		cr_assert_eq(t.sec, cases[i].want, "case %zu: %jd", i, (intmax_t)t.sec);
		cr_assert_eq(t.nsec, cases[i].nsec);
	}
}

E2_TEST(node_time, each_field_exists_when_the_inode_reaches_it)
{
	struct e2_inode in = {
		.atime = 1, .ctime = 2, .mtime = 3, .crtime = 4, .dtime = 5, .atime_extra = 4,
		.ctime_extra = 8, .mtime_extra = 12, .crtime_extra = 16,
	};
	struct e2_time t;

	for (uint16_t extra = 0; extra <= 32; extra += 4) {
		in.extra_isize = extra;
		cr_assert_eq(e2_inode_has_nsec(&in), extra >= 16);
		cr_assert(e2_inode_time(&in, E2_ATIME, &t) && t.sec == 1);
		cr_assert_eq(t.nsec, extra >= 16 ? 1 : 0);
		cr_assert(e2_inode_time(&in, E2_CTIME, &t) && t.sec == 2);
		cr_assert_eq(t.nsec, extra >= 8 ? 2 : 0);
		cr_assert(e2_inode_time(&in, E2_MTIME, &t) && t.sec == 3);
		cr_assert_eq(t.nsec, extra >= 12 ? 3 : 0);
		cr_assert(e2_inode_time(&in, E2_DTIME, &t) && t.sec == 5 && t.nsec == 0);
		cr_assert_eq(e2_inode_time(&in, E2_CRTIME, &t), extra >= 20);
		if (extra >= 20) {
			cr_assert_eq(t.sec, 4);
			cr_assert_eq(t.nsec, extra >= 24 ? 4 : 0);
		}
	}
}

/* ---- the scan ---------------------------------------------------------------- */

E2_TEST(node_scan, yields_what_get_yields)
{
	static const struct img_options shapes[] = {
		{ .blocks = 3000, .blocks_per_group = 512, .inodes_per_group = 160 },
		{ .blocks = 3000, .blocks_per_group = 512, .inodes_per_group = 163,
		  .inode_size = 128 },
		{ .revision_0 = true, .blocks = 3000 },
		{ .block_size = 65536, .blocks = 40, .inodes_per_group = 700, .inode_size = 512 },
		{ .blocks = 8000, .inodes_per_group = 8192, .inode_size = 512 },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (unsigned flags = 0; flags <= E2_SCAN_USED_ONLY; flags++) {
			struct e2_inode in, want;
			struct e2_scan *scan;
			const uint8_t *raw;
			e2_ino ino, last = 0;
			struct img img;
			int r;

			img_new(&img, &shapes[i]);
			for (e2_ino k = 12; k <= img.g.inodes; k += k % 7 + (k % 3 ? 1 : 90)) {
				in = img_reg(k);
				img_inode(&img, k, &in);
			}
			struct e2_fs *fs = img_open(&img, NULL);
			cr_assert_eq(e2_scan_begin(fs, flags, &scan), 0);
			while ((r = e2_scan_next(scan, &ino, &in, &raw)) > 0) {
				bool used;

				cr_assert_eq(e2_inode_get(fs, ino, &want), 0);
				cr_assert(same_inode(&in, &want));
				for (e2_ino skipped = last + 1; skipped < ino; skipped++) {
					cr_assert_eq(e2_inode_used(fs, skipped, &used), 0);
					cr_assert_not(used);
				}
				if (flags)
					cr_assert(e2_inode_used(fs, ino, &used) == 0 && used);
				else
					cr_assert_eq(ino, last + 1);
				last = ino;
			}
			cr_assert_eq(r, 0);
			cr_assert_eq(e2_scan_next(scan, &ino, &in, &raw), 0);
			if (!flags)
				cr_assert_eq(last, img.g.inodes);
			cr_assert_eq(e2_scan_bad_groups(scan), 0);
			e2_scan_end(scan);
			e2_scan_end(NULL);
			e2_close(fs);
			img_free(&img);
		}
	}
}

static void scan_count(struct e2_fs *fs, unsigned flags, uint32_t *inodes, uint32_t *bad)
{
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;
	int r;

	*inodes = 0;
	cr_assert_eq(e2_scan_begin(fs, flags, &scan), 0);
	while ((r = e2_scan_next(scan, &ino, &in, NULL)) > 0)
		++*inodes;
	cr_assert_eq(r, 0);
	*bad = e2_scan_bad_groups(scan);
	e2_scan_end(scan);
}

E2_TEST(node_scan, bad_groups_are_counted_and_passed_over)
{
	const struct e2_open_options cut = { .flags = E2_OPEN_SHORT };
	uint32_t inodes, bad, per_group;
	struct e2_group desc;
	struct e2_fs *fs;
	struct img img;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256,
		.inodes_per_group = 32 });
	per_group = img.g.inodes_per_group;
	desc = img_group(&img, 1);
	desc.inode_table = 999;
	img_group_put(&img, 1, &desc);
	desc = img_group(&img, 2);
	desc.inode_bitmap = 5000;		/* hides nothing */
	img_group_put(&img, 2, &desc);
	/* The image ends in the table of the last group: four inodes of it are left. */
	desc = img_group(&img, 3);
	cr_assert_eq(e2_io_resize(img.io, (desc.inode_table + 1) * UINT64_C(1024)), 0);
	cr_assert_eq(e2_open(img_copy(&img), &cut, &fs), 0);
	scan_count(fs, 0, &inodes, &bad);
	cr_assert_eq(inodes, 2 * per_group + 4);
	cr_assert_eq(bad, 2);
	scan_count(fs, E2_SCAN_USED_ONLY, &inodes, &bad);
	cr_assert_eq(inodes, 10 + per_group);	/* nothing is used in group 3 */
	cr_assert_eq(bad, 1);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_scan, tables_are_read_in_large_pieces_and_unused_parts_are_not)
{
	struct e2_cache_stats st;
	uint32_t inodes, bad;
	struct img img;

	img_new(&img, &(struct img_options){ .blocks = 8000, .inodes_per_group = 8192 });
	img_mark_inode(&img, 8000, true);
	struct e2_fs *fs = img_open(&img, &(struct e2_open_options){ .threads = 0 });
	scan_count(fs, 0, &inodes, &bad);
	e2_cache_stats(e2_fs_cache(fs), &st);
	cr_assert_eq(st.reads, 1 + 2048 / 256, "%ju", (uintmax_t)st.reads);
	cr_assert_eq(inodes, 8192);
	e2_close(fs);
	fs = img_open(&img, &(struct e2_open_options){ .threads = 0 });
	scan_count(fs, E2_SCAN_USED_ONLY, &inodes, &bad);
	e2_cache_stats(e2_fs_cache(fs), &st);
	cr_assert_eq(st.read_bytes, (1 + 1 + 3 + 1) * 1024);
	cr_assert_eq(inodes, 11);
	e2_close(fs);
	img_free(&img);
}

/* ---- chosen inodes ------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	const e2_ino *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A list of numbers, some twice, none and too large ones among them. */
E2_TEST(node_pick, yields_what_get_yields)
{
	static const struct img_options shapes[] = {
		{ .blocks = 3000, .blocks_per_group = 512, .inodes_per_group = 160 },
		{ .blocks = 3000, .blocks_per_group = 512, .inodes_per_group = 163,
		  .inode_size = 128 },
		{ .revision_0 = true, .blocks = 3000 },
		{ .block_size = 65536, .blocks = 40, .inodes_per_group = 700, .inode_size = 512 },
		{ .blocks = 8000, .inodes_per_group = 8192, .inode_size = 512 },
		{ .block_size = 4096, .inode_size = 4096 },
	};
	enum { MOST = 600 };
	uint64_t seed = 3;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (unsigned spread = 1; spread < 400; spread *= 3) {
			struct e2_inode in, want;
			e2_ino inos[MOST], from = 0;
			struct e2_pick *pick;
			struct img img;
			size_t count, index;
			int r;

			img_new(&img, &shapes[i]);
			for (e2_ino k = 12; k <= img.g.inodes; k += 1 + k % 5) {
				in = img_reg(k);
				img_inode(&img, k, &in);
			}
			for (count = 0; count < MOST && from <= img.g.inodes + 1; count++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				inos[count] = from;
				from += (e2_ino)((seed >> 33) % (spread + 1));
			}
			qsort(inos, count, sizeof(inos[0]), by_number);
			struct e2_fs *fs = img_open(&img, NULL);
			cr_assert_eq(e2_pick_begin(fs, inos, count, &pick), 0);
			for (size_t k = 0; k < count; k++) {
				r = e2_pick_next(pick, &index, &in);
				cr_assert_neq(r, 0);
				cr_assert_eq(index, k);
				cr_assert_eq(e2_inode_get(fs, inos[k], &want), r > 0 ? 0 : r);
				cr_assert(r < 0 || same_inode(&in, &want), "inode %u", inos[k]);
			}
			cr_assert_eq(e2_pick_next(pick, &index, &in), 0);
			e2_pick_end(pick);
			e2_pick_end(NULL);
			e2_close(fs);
			img_free(&img);
		}
	}
}

/* One table leaves the volume, and the image ends in another: the others are read. */
E2_TEST(node_pick, what_cannot_be_read_is_told_of_each)
{
	const struct e2_open_options cut = { .flags = E2_OPEN_SHORT };
	e2_ino inos[128], good = 0;
	struct e2_pick *pick;
	struct e2_group desc;
	struct e2_inode in;
	struct e2_fs *fs;
	struct img img;
	size_t index;
	int r;

	img_new(&img, &(struct img_options){ .blocks = 1000, .blocks_per_group = 256,
		.inodes_per_group = 32 });
	cr_assert_eq(img.g.inodes, 128);
	desc = img_group(&img, 1);
	desc.inode_table = 999;
	img_group_put(&img, 1, &desc);
	desc = img_group(&img, 3);
	cr_assert_eq(e2_io_resize(img.io, (desc.inode_table + 1) * UINT64_C(1024)), 0);
	cr_assert_eq(e2_open(img_copy(&img), &cut, &fs), 0);
	for (e2_ino i = 0; i < 128; i++)
		inos[i] = i + 1;
	cr_assert_eq(e2_pick_begin(fs, inos, 128, &pick), 0);
	while ((r = e2_pick_next(pick, &index, &in)) != 0) {
		if (inos[index] > 32 && inos[index] <= 64)
			cr_assert_eq(r, E2_ERR_CORRUPT);
		else if (inos[index] > 96 + 4)
			cr_assert_eq(r, E2_ERR_IO);
		else
			cr_assert_eq(r, 1);
		good += r > 0;
	}
	cr_assert_eq(good, 68);
	e2_pick_end(pick);
	e2_close(fs);
	img_free(&img);
}

E2_TEST(node_pick, neighbours_are_read_together)
{
	const e2_ino inos[] = { 1, 9, 60, 61, 2000, 2001, 8192 };
	struct e2_cache_stats st;
	struct e2_pick *pick;
	struct e2_inode in;
	struct img img;
	size_t index;

	img_new(&img, &(struct img_options){ .blocks = 8000, .inodes_per_group = 8192 });
	struct e2_fs *fs = img_open(&img, &(struct e2_open_options){ .threads = 0 });
	cr_assert_eq(e2_pick_begin(fs, inos, sizeof(inos) / sizeof(inos[0]), &pick), 0);
	while (e2_pick_next(pick, &index, &in) > 0)
		;
	e2_pick_end(pick);
	e2_cache_stats(e2_fs_cache(fs), &st);
	/* the descriptor; 16 blocks for the first four, 2 and 1 for the places after those */
	cr_assert_eq(st.reads, 1 + 3, "%ju", (uintmax_t)st.reads);
	cr_assert_eq(st.read_bytes, (1 + 16 + 2 + 1) * 1024, "%ju", (uintmax_t)st.read_bytes);
	e2_close(fs);
	img_free(&img);
}

/* ---- failing reads, hints -------------------------------------------------------- */

/* Reads everything there is in every way; sums up what was seen. */
static int use_all(struct e2_fs *fs, uint64_t *sum)
{
	struct e2_walk_block b;
	struct e2_blocks *walk = NULL;
	static const e2_ino some[] = { 2, 12, 13 };
	struct e2_scan *scan = NULL;
	struct e2_pick *pick = NULL;
	uint8_t bytes[3000];
	uint64_t start, end;
	struct e2_inode in;
	e2_ino ino;
	size_t got;
	int err = e2_scan_begin(fs, E2_SCAN_USED_ONLY, &scan);

	*sum = 0;
	while (!err && (err = e2_scan_next(scan, &ino, &in, NULL)) > 0) {
		*sum = *sum * 31 + ino;
		err = 0;
	}
	if (!err && e2_scan_bad_groups(scan))
		err = E2_ERR_IO;
	if (!err)
		err = e2_pick_begin(fs, some, sizeof(some) / sizeof(some[0]), &pick);
	while (!err && (err = e2_pick_next(pick, &got, &in)) > 0) {
		*sum = *sum * 31 + in.size;
		err = 0;
	}
	if (!err)
		err = e2_inode_get(fs, 12, &in);
	if (!err)
		err = e2_blocks_begin(fs, &in, &walk);
	while (!err && (err = e2_blocks_next(walk, &b)) > 0) {
		*sum = *sum * 31 + b.blk + b.count;
		err = b.status;
	}
	start = end = 0;
	while (!err && (err = e2_data_next(fs, &in, end, &start, &end)) > 0) {
		err = 0;
		for (uint64_t at = start; !err && at < end; at += sizeof(bytes)) {
			err = e2_read(fs, &in, at, sizeof(bytes), bytes, &got);
			for (size_t i = 0; !err && i < got; i++)
				*sum = *sum * 31 + bytes[i];
		}
	}
	e2_blocks_end(walk);
	e2_scan_end(scan);
	e2_pick_end(pick);
	return err;
}

static void make_busy_image(struct img *img)
{
	struct e2_inode in = img_reg(70010 * 1024);
	char text[1024];

	img_new(img, &(struct img_options){ .blocks = 2000, .blocks_per_group = 512 });
	for (unsigned i = 0; i < 40; i++) {
		memset(text, 'a' + (int)i % 26, sizeof(text));
		img_map(img, &in, i * 7 + (i > 30 ? 600 : 0), img_put(img, text, sizeof(text)));
	}
	img_map(img, &in, 70000, img_put(img, "end", 3));
	img_inode(img, 12, &in);
	img_sync(img);
}

E2_TEST(node_fault, each_failing_read_is_reported_and_leaks_nothing)
{
	struct e2_sim *sim;
	uint64_t sum, want;
	struct img img;
	unsigned n, failures = 0;

	make_busy_image(&img);
	struct e2_fs *whole = img_open(&img, NULL);
	cr_assert_eq(use_all(whole, &want), 0);
	e2_close(whole);
	img_to_sim(&img, &sim, "a.img");
	struct e2_env *env = e2_sim_env(sim);
	for (n = 1; n < 500; n++) {
		struct e2_io *io;
		struct e2_fs *fs;

		cr_assert_eq(env->ops->open(env, "a.img", 0, &io), 0);
		/* The superblock's read is the test of opening's. */
		cr_assert_eq(e2_open(io, &(struct e2_open_options){ .threads = 0 }, &fs), 0);
		e2_sim_fail(sim, E2_SIM_READ, n, false, E2_ERR_IO);
		int err = use_all(fs, &sum);
		bool over = e2_sim_count(sim, E2_SIM_READ) < n;
		if (err)
			cr_assert_eq(err, E2_ERR_IO);
		failures += err != 0;
		e2_close(fs);		/* asserts that nothing is pinned */
		if (over)
			break;
	}
	cr_assert_lt(n, 500);
	cr_assert_eq(sum, want);
	cr_assert(failures > 40, "%u of %u", failures, n);
	e2_sim_free(sim);
	img_free(&img);
}

E2_TEST(node_hint, results_are_the_same_for_any_number_of_workers)
{
	static const unsigned workers[] = { 0, 1, 8, E2_THREADS_AUTO };
	struct img img;
	uint64_t want = 0;

	make_busy_image(&img);
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned cache = 1; cache <= 1 << 20; cache <<= 10) {
			uint64_t sum;
			struct e2_fs *fs = img_open(&img, &(struct e2_open_options){
				.threads = workers[i], .cache_bytes = cache });

			cr_assert_eq(use_all(fs, &sum), 0);
			if (want == 0)
				want = sum;
			cr_assert_eq(sum, want);
			e2_close(fs);
		}
	}
	img_free(&img);
}
