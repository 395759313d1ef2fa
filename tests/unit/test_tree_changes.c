/* SPDX-License-Identifier: MIT */
/*
 * What is said of a transaction before its commit, against the bytes that differ after it, for
 * every operation that changes a volume.
 */
#include "alloc.h"
#include "change_ops.h"
#include "e2test.h"
#include "random.h"

#include "tree/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct e2_fs *open_copy(struct img *img)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	const struct e2_time now = change_ops_now();
	struct e2_fs *fs;

	cr_assert_eq(e2_open(img_copy(img), &options, &fs), 0, "%s", e2_err_detail());
	e2_fs_set_clock(fs, &now);
	return fs;
}

/* Marks the bytes that records name; how many records there are. */
static unsigned named(struct e2_txn *txn, uint8_t *map, uint64_t size)
{
	struct e2_changes *it;
	struct e2_change c;
	unsigned records = 0;
	int r;

	cr_assert_eq(e2_changes_begin(txn, &it), 0, "%s", e2_err_detail());
	while ((r = e2_changes_next(it, &c)) > 0) {
		cr_assert_not_null(c.object);
		for (unsigned i = 0; i < c.places; i++) {
			cr_assert(c.place[i].at + c.place[i].len <= size, "%s", c.object);
			memset(map + c.place[i].at, 1, c.place[i].len);
		}
		records++;
	}
	cr_assert_eq(r, 0, "%s", e2_err_detail());
	e2_changes_end(it);
	return records;
}

E2_TEST(tree_changes, name_every_byte)
{
	struct img img;
	uint64_t size;

	change_ops_image(&img);
	size = img.io->size;
	uint8_t *map = malloc(size), *before = malloc(size), *after = malloc(size);
	cr_assert(map && before && after);
	cr_assert_eq(e2_io_read(img.io, 0, size, before), 0);
	for (size_t i = 0; change_op_at(i); i++) {
		const struct change_op *op = change_op_at(i);
		struct e2_fs *fs = open_copy(&img);
		struct e2_txn *txn;
		int err;

		memset(map, 0, size);
		cr_assert_eq(e2_txn_begin(fs, false, &txn), 0);
		cr_assert_eq(named(txn, map, size), 0);
		err = op->run(txn);
		cr_assert_eq(err, 0, "%s: %s", op->name, e2_err_detail());
		cr_assert_gt(named(txn, map, size), 1, "%s", op->name);
		cr_assert_eq(e2_txn_commit(txn), 0, "%s: %s", op->name, e2_err_detail());
		cr_assert_eq(e2_io_read(e2_fs_io(fs), 0, size, after), 0);
		for (uint64_t at = 0; at < size; at++)
			cr_assert(map[at] || before[at] == after[at],
				  "%s: byte %u of block %u", op->name, (unsigned)(at % 1024),
				  (unsigned)(at / 1024));
		cr_assert_eq(e2_close(fs), 0);
	}
	free(map);
	free(before);
	free(after);
	img_free(&img);
}

/* Changes some bytes of a block, near its beginning as often as anywhere. */
static void scribble(struct e2_txn *txn, e2_blk blk, uint64_t *seed)
{
	struct e2_wbuf *buf;

	cr_assert_eq(e2_txn_get(txn, blk, E2_FILL_READ, &buf), 0, "%s", e2_err_detail());
	for (uint64_t n = random_next(seed) % 8 + 1; n > 0; n--) {
		uint64_t at = random_next(seed) % (random_next(seed) % 2 ? 64 : 1024);

		buf->data[at] = random_next(seed) % 4 ? (uint8_t)random_next(seed) : 0;
	}
	e2_txn_put(txn, buf);
}

/* Damage is told as what it is: records that make no sense lose no byte. */
E2_TEST(tree_changes, name_every_byte_of_damage)
{
	struct img img;
	uint64_t seed = 12, size;

	change_ops_image(&img);
	size = img.io->size;
	uint8_t *map = malloc(size), *before = malloc(size);
	cr_assert(map && before);
	cr_assert_eq(e2_io_read(img.io, 0, size, before), 0);
	for (unsigned round = 0; round < 250; round++) {
		struct e2_fs *fs = open_copy(&img);
		struct e2_txn *txn;
		bool used;

		memset(map, 0, size);
		cr_assert_eq(e2_txn_begin(fs, true, &txn), 0);
		for (unsigned left = round % 3 + 1; left > 0;) {
			e2_blk blk = random_next(&seed) % (img.g.blocks - 3) + 3;

			cr_assert_eq(e2_block_used(fs, blk, &used), 0);
			if (!used)
				continue;
			scribble(txn, blk, &seed);
			left--;
		}
		(void)named(txn, map, size);
		for (e2_blk blk = 3; blk < img.g.blocks; blk++) {
			const struct e2_buf *buf;

			cr_assert_eq(e2_buf_get(fs, blk, &buf), 0);
			for (uint64_t i = 0; i < 1024; i++)
				cr_assert(map[blk * 1024 + i] ||
					  before[blk * 1024 + i] == buf->data[i],
					  "round %u: byte %u of block %u", round, (unsigned)i,
					  (unsigned)blk);
			e2_buf_put(fs, buf);
		}
		e2_txn_abort(txn);
		cr_assert_eq(e2_close(fs), 0);
	}
	free(map);
	free(before);
	img_free(&img);
}

/* Adds what a record says: "<12>.mtime", "<2>:0 new", with before and after. */
static void add_record(struct e2_str *s, const struct e2_change *c)
{
	e2_str_addf(s, "%s %s", e2_change_kind_name(c->kind), c->object);
	if (c->name)
		e2_str_addf(s, " \"%.*s\"", (int)c->name_len, c->name);
	if (c->field)
		e2_str_addf(s, " %s", c->field);
	e2_str_addf(s, ": %s -> %s\n", c->before ? c->before : "", c->after ? c->after : "");
}

static void describe(struct e2_txn *txn, struct e2_str *s)
{
	struct e2_changes *it;
	struct e2_change c;

	cr_assert_eq(e2_changes_begin(txn, &it), 0);
	while (e2_changes_next(it, &c) > 0)
		add_record(s, &c);
	e2_changes_end(it);
}

static const struct change_op *op_named(const char *name)
{
	size_t i = 0;

	while (strcmp(change_op_at(i)->name, name) != 0)
		i++;
	return change_op_at(i);
}

/* A line that begins with "!" must not be there. */
static void check_says(const char *op, const char *const *lines)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_txn *txn;
	struct img img;

	change_ops_image(&img);
	struct e2_fs *fs = open_copy(&img);
	cr_assert_eq(e2_txn_begin(fs, true, &txn), 0);
	cr_assert_eq(op_named(op)->run(txn), 0);
	describe(txn, &s);
	for (; *lines; lines++) {
		bool absent = **lines == '!';

		cr_assert_eq(strstr(e2_str_text(&s), *lines + absent) == NULL, absent,
			     "%s: \"%s\" of\n%s", op, *lines, e2_str_text(&s));
	}
	e2_str_free(&s);
	e2_txn_abort(txn);
	cr_assert_eq(e2_close(fs), 0);
	img_free(&img);
}

#define SAYS(op, ...) check_says(op, (const char *const[]){ __VA_ARGS__, NULL })

E2_TEST(tree_changes, words)
{
	SAYS("set_mode", "field sb wtime: ", "field <15> mode: 0100644 -> 0104711\n",
	     "field <15> ctime: ");
	SAYS("make_directory", "field ^0 used_dirs_count: ", "bits ^0/ib 11: free -> in use\n",
	     "bits ^0/bb ", "entry <12>:0 \"new\": none -> <11> directory\n",
	     "new <11>:0 entries:  -> new in block ", "entry <11>:0 \"..\": none -> <12> directory",
	     "field <12> links_count: 3 -> 4\n");
	SAYS("rename_over_file", "entry <2>:0 \"plain\": <30> file -> none\n",
	     "entry <2>:0 \"small\" inode: 15 -> 30\n", "field <15> dtime: never -> 2027-01-15");
	SAYS("make_fast_symlink", "text <11>:  -> \"../small\"\n", "!block[");
	SAYS("make_slow_symlink", "text <11>:  -> \"ssss", "new <11> text:  -> new in block ");
	SAYS("replace_attribute", "attribute <26> \"user.tag\": \"value\" -> \"else\"\n");
	SAYS("set_attribute_of_sharer", " refcount: 2 -> 1\n",
	     "\"user.other\": none -> 300 bytes\n");
	SAYS("overwrite", "data <15> bytes 100-1099:  -> in blocks ");
	SAYS("write_in_hole", "pointers block ", "new <16> bytes 40960-43007:  -> new in blocks ");
}

/* Only what can be taken back was added to the transaction. */
E2_TEST(tree_changes, leave_the_transaction_alone)
{
	struct e2_super super;
	struct e2_changes *it;
	struct e2_change c;
	struct e2_txn *txn;
	struct img img;

	change_ops_image(&img);
	struct e2_fs *fs = open_copy(&img);
	cr_assert_eq(e2_txn_begin(fs, true, &txn), 0);
	cr_assert_eq(change_op_at(0)->run(txn), 0);
	cr_assert_eq(e2_changes_begin(txn, &it), 0);
	cr_assert_eq(e2_changes_next(it, &c), 1);
	e2_changes_end(it);
	cr_assert_eq(e2_super_get(fs, &super), 0);
	cr_assert_neq(super.wtime, 1800000000u);
	e2_txn_abort(txn);
	cr_assert_eq(e2_close(fs), 0);
	img_free(&img);
}

E2_TEST(tree_changes, every_allocation_may_fail)
{
	struct e2_txn *txn;
	struct img img;
	int r = E2_ERR_NOMEM;

	change_ops_image(&img);
	struct e2_fs *fs = open_copy(&img);
	cr_assert_eq(e2_txn_begin(fs, true, &txn), 0);
	cr_assert_eq(op_named("much_in_one")->run(txn), 0);
	for (uint64_t nth = 1; r != 0; nth++) {
		struct e2_changes *it = NULL;
		struct e2_change c;

		alloc_fail(nth);
		r = e2_changes_begin(txn, &it);
		if (r == 0)
			while ((r = e2_changes_next(it, &c)) > 0)
				;
		alloc_fail(0);
		if (it)
			e2_changes_end(it);
		cr_assert(r == 0 || r == E2_ERR_NOMEM, "%d: %s", r, e2_err_detail());
	}
	e2_txn_abort(txn);
	cr_assert_eq(e2_close(fs), 0);
	img_free(&img);
}
