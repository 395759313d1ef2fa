/* SPDX-License-Identifier: MIT */
/* Writing files whose pointers lie, and writing when memory or the image fails. */
#include "alloc.h"
#include "e2test.h"
#include "writing.h"

#include "node/write.h"

#include <stdlib.h>
#include <string.h>

static void must(int err)
{
	cr_assert_eq(err, 0, "%d: %s", err, e2_err_detail());
}

static void fails(int err, int want, const char *says)
{
	cr_assert_eq(err, want, "%d: %s", err, e2_err_detail());
	cr_assert_not_null(strstr(e2_err_detail(), says), "%s", e2_err_detail());
}

static struct e2_txn *begin(struct e2_fs *fs)
{
	struct e2_txn *txn;

	must(e2_txn_begin(fs, false, &txn));
	return txn;
}

/* ---- pointers ---------------------------------------------------------------------------- */

/* A file of blocks 0, 12, 300, 301 and 1000 with one wrong pointer. */
struct lie {
	const char *what;
	uint32_t leads;			/* where it leads; SELF: to the block it is in */
	enum { IN_INODE, IN_INDIRECT, IN_DOUBLE, IN_LEAF, IN_COUNT } in;
	uint32_t index;
	e2_lblk lblk;			/* written, if writing notices */
	const char *writes, *cuts;	/* what says so; NULL: nothing notices */
};
enum { SELF = 1, TWIN = 2, BITMAP = 3, OUTSIDE = 9999 };

static const struct lie lies[] = {
	{ "data outside", OUTSIDE, IN_INODE, 0, 0, "data at block 9999 lies outside",
	  "data at block 9999 lies outside" },
	{ "data is the superblock", SELF, IN_INODE, 0, 0, "block 1 is of group 0's superblock",
	  "block 1 cannot be freed: it is of group 0's superblock" },
	{ "indirect outside", OUTSIDE, IN_INODE, 12, 12, "indirect block at block 9999 lies",
	  "indirect block at block 9999 lies" },
	{ "indirect is a bitmap", BITMAP, IN_INODE, 12, 12, "is of group 0's block bitmap",
	  "is of group 0's block bitmap" },
	{ "indirect leads to itself", SELF, IN_INDIRECT, 1, 13, NULL, "it is free already" },
	{ "double leads to itself", SELF, IN_DOUBLE, 2, 1000, NULL, "it is free already" },
	{ "double leads to one leaf twice", TWIN, IN_DOUBLE, 1, 600, NULL, "it is free already" },
	{ "data outside, in a leaf", OUTSIDE, IN_LEAF, 32, 300, "data at block 9999 lies outside",
	  "data at block 9999 lies outside" },
	{ "indirect outside, in a double", OUTSIDE, IN_DOUBLE, 2, 1000,
	  "indirect block at block 9999 lies", "indirect block at block 9999 lies" },
	{ "block count too small", 2, IN_COUNT, 0, 0, NULL, "whose block count is only 0" },
};
enum { LIES = sizeof(lies) / sizeof(lies[0]) };

static uint32_t pointer(struct img *img, e2_blk blk, uint32_t index)
{
	uint8_t raw[4];

	img_read(img, blk, 4 * index, raw, 4);
	return e2_get32(raw);
}

static void tell(struct img *img, struct e2_inode *in, const struct lie *lie)
{
	uint32_t at = in->block[lie->in == IN_INDIRECT ? 12 : 13];
	uint32_t leads = lie->leads;
	uint8_t raw[4];

	if (lie->in == IN_COUNT) {
		in->blocks = lie->leads;
		return;
	}
	if (leads == BITMAP)
		leads = img_group(img, 0).block_bitmap;
	if (lie->in == IN_INODE) {
		in->block[lie->index] = leads;
		return;
	}
	if (leads == SELF)
		leads = at;
	else if (leads == TWIN)
		leads = pointer(img, at, 0);
	if (lie->in == IN_LEAF)
		at = pointer(img, at, 0);
	e2_put32(raw, leads);
	img_write(img, at, 4 * lie->index, raw, 4);
}

static void make_file(struct img *img, struct e2_inode *in)
{
	static const e2_lblk at[] = { 0, 12, 300, 301, 1000 };

	*in = img_reg(0);
	writing_files(img, &(struct img_options){ .blocks = 500 }, 1);
	for (unsigned i = 0; i < 5; i++) {
		img_map(img, in, at[i], img_alloc(img));
		in->size = (at[i] + 1) * 1024;
	}
	img_inode(img, WRITING_FIRST, in);
	img_sync(img);
}

E2_TEST(node_damage, pointers_that_lie_end_in_an_error_and_nothing_changes)
{
	for (unsigned which = 0; which < LIES; which++) {
		struct e2_inode in, was;
		struct img img;

		make_file(&img, &in);
		tell(&img, &in, &lies[which]);
		img_inode(&img, WRITING_FIRST, &in);
		was = in;
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn = begin(fs);
		uint8_t *before = writing_bytes(fs, NULL);
		if (lies[which].writes)
			fails(e2_write(txn, WRITING_FIRST, &in, lies[which].lblk * 1024, 4, "0123"),
			      E2_ERR_CORRUPT, lies[which].writes);
		fails(e2_truncate(txn, WRITING_FIRST, &in, 0), E2_ERR_CORRUPT, lies[which].cuts);
		fails(e2_map_punch(txn, WRITING_FIRST, &in, 0, UINT64_MAX), E2_ERR_CORRUPT,
		      lies[which].cuts);
		fails(e2_inode_delete(txn, WRITING_FIRST), E2_ERR_CORRUPT, lies[which].cuts);
		cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
		writing_same(fs, before, false);
		free(before);
		e2_txn_abort(txn);
		must(e2_close(fs));
		img_free(&img);
	}
}

E2_TEST(node_damage, an_inode_table_outside_is_no_place_to_write)
{
	struct e2_group desc;
	struct e2_inode in;
	struct e2_wbuf *buf;
	struct img img;
	uint8_t *raw;
	e2_ino ino;

	writing_files(&img, &(struct img_options){ .blocks = 500 }, 1);
	desc = img_group(&img, 0);
	desc.inode_table = 5000;
	img_group_put(&img, 0, &desc);
	struct e2_fs *fs = writing_open(&img);
	struct e2_txn *txn = begin(fs);
	uint8_t *before = writing_bytes(fs, NULL);
	in = img_reg(0);
	fails(e2_inode_put(txn, WRITING_FIRST, &in), E2_ERR_CORRUPT, "leaves the volume");
	fails(e2_inode_put(txn, 0, &in), E2_ERR_RANGE, "no inode 0");
	fails(e2_inode_edit(txn, 0, &buf, &raw), E2_ERR_RANGE, "no inode 0");
	fails(e2_inode_new(txn, 2, E2_S_IFREG, &ino, &in), E2_ERR_CORRUPT, "leaves the volume");
	fails(e2_inode_delete(txn, WRITING_FIRST), E2_ERR_CORRUPT, "leaves the volume");
	writing_same(fs, before, false);
	free(before);
	e2_txn_abort(txn);
	must(e2_close(fs));
	img_free(&img);
}

/* ---- faults -------------------------------------------------------------------------------- */

enum { OPERATIONS = 9 };

/* One operation on a file that has blocks on two levels. */
static int operate(struct e2_txn *txn, unsigned which, struct e2_inode *in)
{
	static uint8_t data[40000];
	char text[100];
	struct e2_run run;
	e2_ino ino = WRITING_FIRST;
	struct e2_inode other;
	bool fresh;
	int err;

	switch (which) {
	case 0:
		return e2_write(txn, ino, in, 100, sizeof(data), data);
	case 1:
		return e2_write(txn, ino, in, 5 << 20, sizeof(data), data);
	case 2:
		return e2_truncate(txn, ino, in, 700);
	case 3:
		return e2_punch(txn, ino, in, 500, 400000);
	case 4:
		return e2_map_alloc(txn, ino, in, 70000, 5, 0, &run, &fresh);
	case 5:
		return e2_inode_delete(txn, ino);
	case 6:
		return e2_inode_new(txn, E2_INO_ROOT, E2_S_IFDIR, &ino, &other);
	case 7:
		memset(text, 'x', sizeof(text));
		other = img_symlink("");
		err = e2_symlink_write(txn, 12, &other, text, sizeof(text));
		return err;
	default:
		return e2_truncate(txn, ino, in, UINT64_C(3) << 30);
	}
}

/* Lets the n-th allocation of each operation fail: nothing has changed then. */
E2_TEST(node_damage, every_allocation_of_memory_may_fail)
{
	for (unsigned which = 0; which < OPERATIONS; which++) {
		struct e2_inode in, was;
		struct img img;
		int err = E2_ERR_NOMEM;

		make_file(&img, &in);
		was = in;
		for (uint64_t nth = 1; err; nth++) {
			struct e2_fs *fs = writing_open(&img);
			struct e2_txn *txn = begin(fs);
			uint8_t *before = writing_bytes(fs, NULL);

			alloc_fail(nth);
			err = operate(txn, which, &in);
			alloc_fail(0);
			cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
			if (err) {
				writing_same(fs, before, false);
				cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
			}
			free(before);
			e2_txn_abort(txn);
			must(e2_close(fs));
		}
		img_free(&img);
	}
}

/* The same for reads of the image. */
E2_TEST(node_damage, every_read_may_fail)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE };
	uint64_t faults = 0;

	for (unsigned which = 0; which < OPERATIONS; which++) {
		struct e2_inode in, was;
		struct img img;
		bool reached = true;

		make_file(&img, &in);
		was = in;
		for (uint64_t nth = 1; reached; nth++) {
			struct e2_sim *sim;
			struct e2_io *io;
			struct e2_fs *fs;

			in = was;
			img_to_sim(&img, &sim, "image");
			struct e2_env *env = e2_sim_env(sim);
			must(env->ops->open(env, "image", E2_IO_WRITE, &io));
			must(e2_open(io, &options, &fs));
			struct e2_txn *txn = begin(fs);
			e2_sim_fail(sim, E2_SIM_READ, nth, false, E2_ERR_IO);
			int err = operate(txn, which, &in);
			reached = e2_sim_count(sim, E2_SIM_READ) >= nth;
			e2_sim_fail(sim, E2_SIM_READ, 0, false, 0);
			faults += reached;
			cr_assert_eq(err, reached ? E2_ERR_IO : 0, "%d: %s", err, e2_err_detail());
			if (err) {
				cr_assert_arr_eq((uint8_t *)&in, (uint8_t *)&was, sizeof(in));
				uint8_t *now = writing_bytes(fs, NULL);
				e2_txn_abort(txn);
				writing_same(fs, now, false);
				free(now);
			} else {
				e2_txn_abort(txn);
			}
			must(e2_close(fs));
			e2_sim_free(sim);
		}
		img_free(&img);
	}
	cr_assert_gt(faults, OPERATIONS * 3);
}
