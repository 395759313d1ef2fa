/* SPDX-License-Identifier: MIT */
/* Writing, cutting and holes, against a model that is an array of bytes. */
#include "e2test.h"
#include "random.h"
#include "writing.h"

#include "node/write.h"

#include <stdlib.h>
#include <string.h>

enum { FILES = 4 };

struct model {			/* a file as it should be */
	uint8_t *bytes;
	uint64_t size;
};

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

static struct e2_txn *begin(struct e2_fs *fs)
{
	struct e2_txn *txn;

	must(e2_txn_begin(fs, false, &txn));
	return txn;
}

static void compare(struct e2_fs *fs, e2_ino ino, const struct model *m)
{
	uint8_t *have = malloc(m->size + 1);
	struct e2_inode in;
	size_t got;

	must(e2_inode_get(fs, ino, &in));
	cr_assert_eq(e2_inode_size(&in), m->size);
	must(e2_read(fs, &in, 0, m->size + 1, have, &got));
	cr_assert_eq(got, m->size);
	for (uint64_t i = 0; i < m->size; i++)
		cr_assert_eq(have[i], m->bytes[i], "inode %u byte %ju of %ju: %u, not %u", ino,
			     (uintmax_t)i, (uintmax_t)m->size, have[i], m->bytes[i]);
	free(have);
}

/* One random change of a file and its model; E2_ERR_NOSPC is fine and changes nothing. */
static void change(struct e2_txn *txn, e2_ino ino, struct model *m, uint64_t max, uint64_t *seed)
{
	uint64_t offset = random_next(seed) % max;
	uint64_t len = random_next(seed) % (max - offset) + 1;
	uint8_t data[5000];
	struct e2_inode in, was;
	int err;

	if (random_next(seed) % 2)
		len = len % 100 + 1 < max - offset ? len % 100 + 1 : len;
	if (len > sizeof(data))
		len = sizeof(data);
	must(e2_inode_get(e2_txn_fs(txn), ino, &in));
	was = in;
	switch (random_next(seed) % 8) {
	case 0:
		err = e2_truncate(txn, ino, &in, offset);
		if (err)
			break;
		if (offset < m->size)
			memset(m->bytes + offset, 0, m->size - offset);
		m->size = offset;
		break;
	case 1:
	case 2:
		len = random_next(seed) % max;
		err = e2_punch(txn, ino, &in, offset, len);
		if (!err && offset < m->size)
			memset(m->bytes + offset, 0,
			       len < m->size - offset ? len : m->size - offset);
		break;
	default:
		random_fill(data, len, seed);
		err = e2_write(txn, ino, &in, offset, len, data);
		if (err)
			break;
		memcpy(m->bytes + offset, data, len);
		m->size = offset + len > m->size ? offset + len : m->size;
	}
	cr_assert(err == 0 || err == E2_ERR_NOSPC, "%d: %s", err, e2_err_detail());
	if (err)
		cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
	must(e2_inode_put(txn, ino, &in));
}

static void run_model(const struct img_options *options, uint64_t max, unsigned rounds,
		      uint64_t seed)
{
	struct model m[FILES] = { { NULL, 0 } };
	uint64_t blocks, inodes, blocks_after, inodes_after;
	struct e2_txn *txn;
	struct e2_inode in;
	struct img img;

	writing_files(&img, options, FILES);
	struct e2_fs *fs = writing_open(&img);
	img_free(&img);
	writing_sound(fs);
	must(e2_free_counts(fs, &blocks, &inodes));
	for (unsigned i = 0; i < FILES; i++)
		cr_assert_not_null(m[i].bytes = calloc(1, max + 5000));
	for (unsigned round = 0; round < rounds; round++) {
		txn = begin(fs);
		for (unsigned i = 0; i < 12; i++) {
			unsigned file = (unsigned)(random_next(&seed) % FILES);

			change(txn, WRITING_FIRST + file, &m[file], max, &seed);
		}
		for (unsigned i = 0; i < FILES; i++)
			compare(fs, WRITING_FIRST + i, &m[i]);
		must(e2_txn_commit(txn));
		writing_sound(fs);
		for (unsigned i = 0; i < FILES; i++)
			compare(fs, WRITING_FIRST + i, &m[i]);
	}
	txn = begin(fs);
	for (unsigned i = 0; i < FILES; i++) {
		must(e2_inode_get(fs, WRITING_FIRST + i, &in));
		must(e2_truncate(txn, WRITING_FIRST + i, &in, 0));
		cr_assert_eq(in.blocks, 0);
		must(e2_inode_put(txn, WRITING_FIRST + i, &in));
		free(m[i].bytes);
	}
	must(e2_txn_commit(txn));
	writing_sound(fs);
	must(e2_free_counts(fs, &blocks_after, &inodes_after));
	cr_assert_eq(blocks, blocks_after);
	cr_assert_eq(inodes, inodes_after);
	must(e2_close(fs));
}

E2_TEST(node_write, a_file_is_an_array_of_bytes)
{
	static const struct {
		struct img_options options;
		uint64_t max;
		unsigned rounds;
	} rows[] = {
		{ { .blocks = 2000, .blocks_per_group = 512 }, 400000, 40 },
		{ { .blocks = 300, .blocks_per_group = 96 }, 100000, 40 },
		{ { .block_size = 2048, .blocks = 300, .revision_0 = true }, 90000, 30 },
		{ { .block_size = 4096, .blocks = 200, .blocks_per_group = 64 }, 150000, 30 },
		{ { .block_size = 65536, .blocks = 64 }, 1500000, 6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_model(&rows[i].options, rows[i].max, rows[i].rounds, 1000 + i);
}

/* ---- places ------------------------------------------------------------------------ */

static void fails(int err, int want, const char *says)
{
	cr_assert_eq(err, want, "%d: %s", err, e2_err_detail());
	cr_assert_not_null(strstr(e2_err_detail(), says), "%s", e2_err_detail());
}

/* Blocks that a file holds, pointer blocks included, and where the first and last lie. */
static uint64_t count_blocks(struct e2_fs *fs, const struct e2_inode *in, e2_blk *first,
			     e2_blk *last)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	uint64_t count = 0;

	*first = UINT64_MAX;
	*last = 0;
	must(e2_blocks_begin(fs, in, &walk));
	while (e2_blocks_next(walk, &b) > 0) {
		must(b.status);
		count += b.count;
		*first = b.blk < *first ? b.blk : *first;
		*last = b.blk + b.count - 1 > *last ? b.blk + b.count - 1 : *last;
	}
	e2_blocks_end(walk);
	return count;
}

static void counted(struct e2_fs *fs, const struct e2_inode *in)
{
	e2_blk first, last;
	uint64_t blocks = count_blocks(fs, in, &first, &last);
	uint64_t sectors = blocks * (e2_geometry(fs)->block_size / 512);

	cr_assert_eq(in->blocks, sectors, "%u sectors, not %ju", in->blocks, (uintmax_t)sectors);
}

enum { EDGES = 8 };

static void edges_of(const struct e2_geometry *g, e2_lblk edges[EDGES])
{
	uint64_t p = g->pointers;
	const e2_lblk of[EDGES] = { 0, 11, 12, 12 + p - 1, 12 + p, 12 + p + p * p - 1,
				    12 + p + p * p, 12 + p + p * p + p * p * p - 1 };

	memcpy(edges, of, sizeof(of));
}

E2_TEST(node_write, at_the_edges_of_all_levels)
{
	static const uint32_t sizes[] = { 1024, 2048, 4096, 65536 };

	for (unsigned i = 0; i < 8; i++) {
		uint32_t size = sizes[i / 2];
		struct img_options options = { .block_size = size, .blocks = 128,
					       .revision_0 = i % 2 == 1 };
		e2_lblk edges[EDGES], reached = 0;
		struct e2_super super;
		struct e2_inode in;
		struct img img;
		uint8_t byte;
		size_t got;

		writing_files(&img, &options, 1);
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		uint64_t max = e2_file_size_max(&img.g);
		edges_of(&img.g, edges);
		must(e2_inode_get(fs, WRITING_FIRST, &in));
		for (unsigned k = 0; k < EDGES; k++) {
			uint64_t at = edges[k] * size + k;

			byte = (uint8_t)(k + 1);
			if (at >= max) {
				fails(e2_write(txn, WRITING_FIRST, &in, at, 1, &byte), E2_ERR_FBIG,
				      "are too many");
				continue;
			}
			must(e2_write(txn, WRITING_FIRST, &in, at, 1, &byte));
			reached = k;
			counted(fs, &in);
			must(e2_super_get(fs, &super));
			cr_assert_eq(e2_has_large_file(&super), at >= INT32_MAX);
		}
		cr_assert_geq(reached, 4);
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		must(e2_txn_commit(txn));
		writing_sound(fs);
		txn = begin(fs);
		for (e2_lblk k = reached + 1; k-- > 0;) {
			must(e2_read(fs, &in, edges[k] * size + k, 1, &byte, &got));
			cr_assert(got == 1 && byte == k + 1);
			if (k % 2 == 0)
				must(e2_truncate(txn, WRITING_FIRST, &in, edges[k] * size));
			else
				must(e2_punch(txn, WRITING_FIRST, &in, edges[k] * size,
					      UINT64_MAX));
			counted(fs, &in);
		}
		cr_assert_eq(in.blocks, 0);
		for (unsigned k = 0; k < E2_POINTERS; k++)
			cr_assert_eq(in.block[k], 0);
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		must(e2_txn_commit(txn));
		writing_sound(fs);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(node_write, pointer_blocks_lie_between_the_data_they_map)
{
	for (unsigned i = 0; i < 2; i++) {
		struct img_options options = { .blocks = 8000 };
		const size_t piece = i == 0 ? 1 << 20 : 5000, total = i == 0 ? 2 << 20 : 700000;
		uint8_t *data = calloc(1, piece);
		struct e2_inode in;
		struct img img;
		e2_blk first, last;

		cr_assert_not_null(data);
		writing_files(&img, &options, 1);
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		must(e2_inode_get(fs, WRITING_FIRST, &in));
		for (size_t at = 0; at < total; at += piece)
			must(e2_write(txn, WRITING_FIRST, &in, at, piece, data));
		uint64_t count = count_blocks(fs, &in, &first, &last);
		cr_assert_eq(count, last - first + 1, "%ju of %ju-%ju", (uintmax_t)count,
			     (uintmax_t)first, (uintmax_t)last);
		cr_assert_eq(in.block[E2_DIRECT], in.block[E2_DIRECT - 1] + 1);
		must(e2_map_punch(txn, WRITING_FIRST, &in, 100, 1));
		counted(fs, &in);
		e2_txn_abort(txn);
		free(data);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(node_write, the_longest_file_and_one_byte_more)
{
	struct img_options options = { .blocks = 200 };
	struct e2_inode in, was;
	struct e2_run run;
	struct img img;
	bool fresh;

	writing_files(&img, &options, 1);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	uint64_t max = e2_file_size_max(&img.g);
	must(e2_inode_get(fs, WRITING_FIRST, &in));
	must(e2_truncate(txn, WRITING_FIRST, &in, max));
	must(e2_write(txn, WRITING_FIRST, &in, max - 1, 1, "x"));
	was = in;
	uint8_t *before = writing_bytes(fs, NULL);
	fails(e2_write(txn, WRITING_FIRST, &in, max, 1, "x"), E2_ERR_FBIG, "are too many");
	fails(e2_write(txn, WRITING_FIRST, &in, max - 1, 2, "xy"), E2_ERR_FBIG, "are too many");
	fails(e2_write(txn, WRITING_FIRST, &in, UINT64_MAX, 2, "xy"), E2_ERR_FBIG, "are too many");
	fails(e2_truncate(txn, WRITING_FIRST, &in, max + 1), E2_ERR_FBIG, "are too many");
	fails(e2_map_alloc(txn, WRITING_FIRST, &in, UINT64_MAX / 2, 1, 0, &run, &fresh),
	      E2_ERR_FBIG, "pointers reach");
	must(e2_map_punch(txn, WRITING_FIRST, &in, UINT64_MAX / 2, 1));
	cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
	/* Sectors beyond what i_blocks counts. */
	in.blocks = UINT32_MAX - 1;
	was = in;
	fails(e2_write(txn, WRITING_FIRST, &in, 0, 1, "x"), E2_ERR_FBIG, "more than its block");
	fails(e2_write(txn, WRITING_FIRST, &in, 20 << 10, 1, "x"), E2_ERR_FBIG, "more than its");
	cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
	writing_same(fs, before, false);
	/* Directories have 31 bits. */
	must(e2_inode_get(fs, E2_INO_ROOT, &in));
	fails(e2_truncate(txn, E2_INO_ROOT, &in, UINT64_C(1) << 31), E2_ERR_FBIG, "are too many");
	must(e2_write(txn, E2_INO_ROOT, &in, 0, 0, NULL));
	in = img_symlink("target");
	fails(e2_write(txn, WRITING_FIRST, &in, 0, 1, "x"), E2_ERR_INVAL, "has no data blocks");
	fails(e2_punch(txn, WRITING_FIRST, &in, 0, 1), E2_ERR_INVAL, "has no data blocks");
	free(before);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(node_write, a_full_volume_changes_nothing)
{
	static const struct img_options rows[] = {
		{ .blocks = 600, .blocks_per_group = 256 }, { .block_size = 4096, .blocks = 100 },
	};

	for (size_t i = 0; i < 2; i++) {
		uint8_t *data = calloc(1, 1 << 20);
		struct e2_inode in, was;
		uint64_t blocks, inodes;
		struct img img;

		cr_assert_not_null(data);
		memset(data, 'x', 1 << 20);
		writing_files(&img, &rows[i], 1);
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		must(e2_inode_get(fs, WRITING_FIRST, &in));
		must(e2_write(txn, WRITING_FIRST, &in, 3000, 5000, data));
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		uint8_t *before = writing_bytes(fs, NULL);
		was = in;
		fails(e2_write(txn, WRITING_FIRST, &in, 1, 1 << 20, data), E2_ERR_NOSPC,
		      "no block is free");
		cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
		writing_same(fs, before, false);
		/* Byte by byte to the last block. */
		uint64_t at = 1 << 20;
		while (e2_write(txn, WRITING_FIRST, &in, at, 1, data) == 0)
			at += img.g.block_size;
		must(e2_free_counts(fs, &blocks, &inodes));
		cr_assert_leq(blocks, 3, "%ju are not for pointer blocks", (uintmax_t)blocks);
		must(e2_inode_put(txn, WRITING_FIRST, &in));
		must(e2_txn_commit(txn));
		writing_sound(fs);
		free(before);
		free(data);
		must(e2_close(fs));
		img_free(&img);
	}
}

/* ---- bytes past the end ------------------------------------------------------------- */

E2_TEST(node_write, what_lay_past_the_end_does_not_come_back)
{
	for (unsigned how = 0; how < 3; how++) {
		struct e2_inode in = img_reg(100);
		uint8_t bytes[1024], back[3000];
		struct img img;
		size_t got;

		memset(bytes, 'x', sizeof(bytes));
		writing_files(&img, &(struct img_options){ .blocks = 200 }, 1);
		img_map(&img, &in, 0, img_put(&img, bytes, sizeof(bytes)));
		img_inode(&img, WRITING_FIRST, &in);
		img_sync(&img);
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		if (how == 0)
			must(e2_truncate(txn, WRITING_FIRST, &in, 3000));
		else if (how == 1)
			must(e2_write(txn, WRITING_FIRST, &in, 2999, 1, "\0"));
		else
			must(e2_truncate(txn, WRITING_FIRST, &in, 50));
		must(e2_cache_read(e2_fs_cache(fs), in.block[0], 1, bytes));
		for (unsigned i = how == 2 ? 50 : 100; i < sizeof(bytes); i++)
			cr_assert_eq(bytes[i], 0, "byte %u", i);
		must(e2_truncate(txn, WRITING_FIRST, &in, 3000));
		must(e2_read(fs, &in, 0, 3000, back, &got));
		for (unsigned i = 0; i < 3000; i++)
			cr_assert_eq(back[i], i < (how == 2 ? 50 : 100) ? 'x' : 0, "byte %u", i);
		e2_txn_abort(txn);
		must(e2_close(fs));
		img_free(&img);
	}
}

/* ---- inodes --------------------------------------------------------------------------- */

E2_TEST(node_write, inodes_are_made_and_given_back)
{
	for (unsigned i = 0; i < 3; i++) {
		const struct e2_time at = { .sec = 1700000000, .nsec = 123456789 };
		struct img_options options = { .blocks = 300,
					       .inode_size = i == 0 ? 128 : i == 1 ? 256 : 512 };
		struct e2_inode in, back;
		struct e2_time t;
		struct img img;
		uint8_t raw[512], *bytes;
		struct e2_wbuf *buf;
		bool used;
		e2_ino ino, dir;

		writing_files(&img, &options, 0);
		img.super.want_extra_isize = i == 2 ? 64 : 33;
		img_sync(&img);
		struct e2_fs *fs = writing_open(&img);
		uint8_t *before = writing_bytes(fs, NULL);
		struct e2_txn *txn = begin(fs);
		e2_fs_set_clock(fs, &at);
		must(e2_inode_new(txn, E2_INO_ROOT, E2_S_IFREG | 0640, &ino, &in));
		must(e2_inode_get(fs, ino, &back));
		cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&back, sizeof(in));
		cr_assert_eq(in.mode, E2_S_IFREG | 0640);
		cr_assert_eq(in.links_count, 0);
		cr_assert_eq(in.extra_isize, i == 0 ? 0 : i == 1 ? 32 : 64);
		for (unsigned k = E2_ATIME; k <= E2_CRTIME; k++) {
			if (k == E2_CRTIME && i == 0)
				continue;
			cr_assert(e2_inode_time(&in, k, &t));
			cr_assert(t.sec == at.sec && t.nsec == (i == 0 ? 0 : at.nsec));
		}
		must(e2_inode_raw(fs, ino, raw));
		for (uint32_t k = 128 + in.extra_isize; k < img.g.inode_size; k++)
			cr_assert_eq(raw[k], 0);
		must(e2_write(txn, ino, &in, 100000, 5000, before));
		must(e2_inode_put(txn, ino, &in));
		must(e2_inode_edit(txn, ino, &buf, &bytes));
		bytes[0x64] = 7;
		e2_txn_put(txn, buf);
		must(e2_inode_get(fs, ino, &in));
		cr_assert_eq(in.generation, 7);
		must(e2_inode_new(txn, E2_INO_ROOT, E2_S_IFDIR | 0755, &dir, &back));
		must(e2_inode_delete(txn, dir));
		struct e2_inode was = in;
		must(e2_inode_delete(txn, ino));
		must(e2_inode_get(fs, ino, &in));
		cr_assert(in.links_count == 0 && in.size == was.size);
		cr_assert_arr_eq(in.block, was.block, sizeof(in.block));
		cr_assert_eq(in.dtime, at.sec);
		must(e2_inode_used(fs, ino, &used));
		cr_assert_eq(used, false);
		fails(e2_inode_delete(txn, ino), E2_ERR_CORRUPT, "it is free already");
		in.file_acl = 50;
		must(e2_inode_put(txn, ino, &in));
		fails(e2_inode_delete(txn, ino), E2_ERR_INVAL, "still holds attribute block 50");
		in.file_acl = 0;
		must(e2_inode_put(txn, ino, &in));
		fails(e2_inode_delete(txn, img.g.inodes + 1), E2_ERR_RANGE, "no inode");
		/* A clock that stands at 1970 makes no link of the list of orphans. */
		e2_fs_set_clock(fs, &(struct e2_time){ .sec = 0 });
		must(e2_inode_new(txn, E2_INO_ROOT, E2_S_IFIFO | 0600, &ino, &in));
		must(e2_inode_delete(txn, ino));
		must(e2_inode_get(fs, ino, &in));
		cr_assert_eq(in.dtime, img.g.inodes);
		e2_fs_set_clock(fs, NULL);
		cr_assert_gt(e2_fs_now(fs).sec, 1700000000);
		must(e2_txn_commit(txn));
		writing_sound(fs);
		free(before);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(node_write, times_devices_and_sizes_are_stored_as_they_are_read)
{
	static const struct { int64_t sec; int32_t nsec; int64_t large, small; } rows[] = {
		{ 0, 0, 0, 0 }, { -1, 999999999, -1, -1 }, { INT32_MAX, 5, INT32_MAX, INT32_MAX },
		{ (int64_t)INT32_MAX + 1, 5, (int64_t)INT32_MAX + 1, INT32_MAX },
		{ INT32_MIN, 7, INT32_MIN, INT32_MIN }, { INT64_MIN, 7, INT32_MIN, INT32_MIN },
		{ INT64_C(15032385535), 9, INT64_C(15032385535), INT32_MAX },
		{ INT64_C(15032385536), 9, INT64_C(15032385535), INT32_MAX },
	};
	static const uint32_t numbers[][2] = { { 1, 3 }, { 255, 255 }, { 256, 0 }, { 8, 256 },
					       { 4095, 0xfffff } };
	struct e2_inode in = { .extra_isize = 32 }, small = { .extra_isize = 0 };
	struct e2_time t;
	uint32_t major, minor;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct e2_time at = { rows[i].sec, rows[i].nsec };

		for (unsigned k = E2_ATIME; k <= E2_CRTIME; k++) {
			e2_inode_set_time(&in, k, at);
			cr_assert(e2_inode_time(&in, k, &t));
			cr_assert_eq(t.sec, rows[i].large, "%ju", (uintmax_t)t.sec);
			cr_assert_eq(t.nsec, rows[i].sec == rows[i].large ? rows[i].nsec : 0);
			e2_inode_set_time(&small, k, at);
			cr_assert_eq(e2_inode_time(&small, k, &t), k != E2_CRTIME);
			cr_assert(k == E2_CRTIME || (t.sec == rows[i].small && t.nsec == 0));
		}
	}
	e2_inode_set_time(&in, E2_DTIME, (struct e2_time){ .sec = 1234 });
	cr_assert_eq(in.dtime, 1234);
	in.extra_isize = 20;		/* crtime without its extra bits */
	e2_inode_set_time(&in, E2_CRTIME, (struct e2_time){ .sec = 77, .nsec = 5 });
	cr_assert(e2_inode_time(&in, E2_CRTIME, &t));
	cr_assert(t.sec == 77 && t.nsec == 0);
	for (size_t i = 0; i < 5; i++) {
		e2_inode_set_device(&in, numbers[i][0], numbers[i][1]);
		e2_inode_device(&in, &major, &minor);
		cr_assert(major == numbers[i][0] && minor == numbers[i][1]);
	}
	in.mode = E2_S_IFDIR;
	in.size = UINT64_C(0x700000000);
	e2_inode_set_size(&in, 5);
	cr_assert_eq(in.size, UINT64_C(0x700000005));
	in.mode = E2_S_IFREG;
	e2_inode_set_size(&in, 5);
	cr_assert_eq(in.size, 5);
}

E2_TEST(node_write, symbolic_links)
{
	static const uint32_t sizes[] = { 1024, 4096, 65536 };
	static char text[5000];

	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < 3; i++) {
		size_t max = sizes[i] - 1 < 4095 ? sizes[i] - 1 : 4095;
		const size_t lengths[] = { 1, 59, 60, max };
		struct e2_str back = E2_STR_INIT;
		struct e2_inode in, was;
		struct img img;
		e2_ino ino;

		img_new(&img, &(struct img_options){ .block_size = sizes[i], .blocks = 64 });
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		for (unsigned k = 0; k < 4; k++) {
			must(e2_inode_new(txn, E2_INO_ROOT, E2_S_IFLNK | 0777, &ino, &in));
			must(e2_symlink_write(txn, ino, &in, text, lengths[k]));
			must(e2_inode_put(txn, ino, &in));
			cr_assert_eq(in.size, lengths[k]);
			cr_assert_eq(e2_symlink_is_fast(fs, &in), lengths[k] < 60);
			cr_assert_eq(in.blocks, lengths[k] < 60 ? 0 : sizes[i] / 512);
			e2_str_truncate(&back, 0);
			must(e2_symlink_read(fs, &in, &back));
			cr_assert_eq(back.len, lengths[k]);
			cr_assert_eq(memcmp(back.text, text, lengths[k]), 0);
			was = in;
			fails(e2_symlink_write(txn, ino, &in, "x", 1), E2_ERR_INVAL, "is no new");
			must(e2_inode_delete(txn, ino));
		}
		must(e2_inode_new(txn, E2_INO_ROOT, E2_S_IFLNK | 0777, &ino, &in));
		was = in;
		fails(e2_symlink_write(txn, ino, &in, text, max + 1), E2_ERR_NAMETOOLONG,
		      "can have");
		fails(e2_symlink_write(txn, ino, &in, text, 0), E2_ERR_INVAL, "is empty or holds");
		fails(e2_symlink_write(txn, ino, &in, "a\0b", 3), E2_ERR_INVAL, "or holds a NUL");
		cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
		e2_str_free(&back);
		e2_txn_abort(txn);
		must(e2_close(fs));
		img_free(&img);
	}
}
