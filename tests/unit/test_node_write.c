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
