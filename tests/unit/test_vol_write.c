/* SPDX-License-Identifier: MIT */
/* Transactions on a volume, and opening what a program names. */
#include "alloc.h"
#include "e2test.h"
#include "writing.h"

#include "io/sim.h"
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

/* Changes the root's generation: a small transaction. */
static int set_generation(struct e2_fs *fs, uint32_t generation)
{
	struct e2_inode in;
	struct e2_txn *txn;
	int err = e2_txn_begin(fs, false, &txn);

	if (err)
		return err;
	err = e2_inode_get(fs, E2_INO_ROOT, &in);
	in.generation = generation;
	if (!err)
		err = e2_inode_put(txn, E2_INO_ROOT, &in);
	if (!err)
		return e2_txn_commit(txn);
	e2_txn_abort(txn);
	return err;
}

static uint32_t generation(struct e2_fs *fs)
{
	struct e2_inode in;

	must(e2_inode_get(fs, E2_INO_ROOT, &in));
	return in.generation;
}

/* ---- e2_txn_begin ------------------------------------------------------------------------- */

E2_TEST(vol_write, what_may_not_be_changed_says_why)
{
	struct e2_open_options options = { .flags = 0 };
	struct e2_txn *txn, *second;
	struct img img;
	struct e2_fs *fs;

	img_new(&img, &(struct img_options){ .blocks = 400, .blocks_per_group = 128 });
	fs = img_open(&img, &options);
	fails(e2_txn_begin(fs, false, &txn), E2_ERR_ROFS, "is open read-only");
	must(e2_txn_begin(fs, true, &txn));		/* a dry one may */
	cr_assert_eq(e2_fs_txn(fs), txn);
	cr_assert_eq(e2_txn_fs(txn), fs);
	fails(e2_txn_begin(fs, true, &second), E2_ERR_BUSY, "a transaction is open");
	must(e2_close(fs));				/* aborts */

	options = (struct e2_open_options){ .flags = E2_OPEN_WRITE, .superblock = 129,
					    .block_size = 1024 };
	fs = img_open(&img, &options);
	fails(e2_txn_begin(fs, false, &txn), E2_ERR_ROFS, "by the superblock at block 129");
	must(e2_close(fs));

	img.super.feature_ro_compat |= E2_FEATURE_quota;
	options = (struct e2_open_options){ .flags = E2_OPEN_WRITE };
	fs = img_open(&img, &options);
	fails(e2_txn_begin(fs, false, &txn), E2_ERR_ROFS, "unknown ro_compat feature quota");
	fails(e2_txn_begin(fs, true, &txn), E2_ERR_ROFS, "unknown ro_compat feature quota");
	must(e2_close(fs));

	img.super.feature_ro_compat = 0;
	img_sync(&img);
	struct e2_io *io = img_copy(&img);
	must(e2_io_resize(io, 300 << 10));
	options = (struct e2_open_options){ .flags = E2_OPEN_WRITE | E2_OPEN_SHORT };
	must(e2_open(io, &options, &fs));
	fails(e2_txn_begin(fs, false, &txn), E2_ERR_ROFS, "it holds 300 of 400 blocks");
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(vol_write, a_commit_sets_the_time_and_refreshes_the_superblock)
{
	const struct e2_time at = { .sec = INT64_C(0x123456789), .nsec = 5 };
	struct e2_super super;
	struct e2_undo *undo;
	struct e2_txn *txn;
	struct img img;

	img_new(&img, &(struct img_options){ .block_size = 2048 });
	struct e2_fs *fs = writing_open(&img);
	cr_assert_null(e2_fs_image(fs));
	must(e2_fs_undo(fs, &undo));
	cr_assert_null(undo);
	e2_fs_set_clock(fs, &at);
	must(set_generation(fs, 7));
	cr_assert_eq(e2_super(fs)->wtime, 0x23456789);
	cr_assert_eq(e2_super(fs)->wtime_hi, 1);
	must(e2_txn_begin(fs, false, &txn));
	must(e2_super_get(fs, &super));
	super.mnt_count = 77;
	must(e2_super_put(txn, &super));
	cr_assert_neq(e2_super(fs)->mnt_count, 77);
	must(e2_super_add_feature(txn, E2_COMPAT, E2_FEATURE_ext_attr));
	must(e2_super_add_feature(txn, E2_COMPAT, E2_FEATURE_ext_attr));
	fails(e2_super_add_feature(txn, E2_INCOMPAT, E2_FEATURE_extent), E2_ERR_FEATURE,
	      "cannot turn on extent");
	must(e2_txn_commit(txn));
	cr_assert_eq(e2_super(fs)->mnt_count, 77);
	cr_assert(e2_has_ext_attr(e2_super(fs)));
	must(e2_txn_begin(fs, false, &txn));
	must(e2_super_get(fs, &super));
	super.mnt_count = 78;
	must(e2_super_put(txn, &super));
	e2_txn_abort(txn);
	cr_assert_eq(e2_super(fs)->mnt_count, 77);
	cr_assert_eq(generation(fs), 7);
	must(e2_close(fs));
	img_free(&img);
}

E2_TEST(vol_write, revision_0_is_upgraded_where_that_is_possible)
{
	for (unsigned strange = 0; strange < 2; strange++) {
		struct e2_super super;
		struct e2_txn *txn;
		struct img img;

		img_new(&img, &(struct img_options){ .revision_0 = true });
		img.super.reserved_gdt_blocks = strange ? 5 : 0;
		img_sync(&img);
		struct e2_fs *fs = writing_open(&img);
		must(e2_txn_begin(fs, false, &txn));
		int err = e2_super_add_feature(txn, E2_RO_COMPAT, E2_FEATURE_large_file);
		if (strange)
			fails(err, E2_ERR_FEATURE, "cannot turn on large_file: rev_level is 0");
		else
			must(err);
		must(e2_super_get(fs, &super));
		cr_assert_eq(super.rev_level, !strange);
		if (!strange) {
			cr_assert_eq(super.feature_ro_compat, E2_FEATURE_large_file);
			cr_assert(super.first_ino == 11 && super.inode_size == 128);
		}
		must(e2_txn_commit(txn));
		must(e2_close(fs));
		img_free(&img);
	}
}

/* ---- e2_open_image --------------------------------------------------------------------------- */

struct host {
	struct e2_sim *sim;
	struct e2_env *env;
};

static struct host host_new(void)
{
	struct host h;
	struct img img;

	img_new(&img, &(struct img_options){ .blocks = 300, .blocks_per_group = 128 });
	img_to_sim(&img, &h.sim, "dir/image");
	h.env = e2_sim_env(h.sim);
	img_free(&img);
	return h;
}

static int host_open(struct host *h, unsigned flags, struct e2_fs **fs)
{
	return e2_open_image(h->env, "dir/image", &(struct e2_open_options){ .flags = flags }, fs);
}

E2_TEST(vol_write, one_writer_and_readers_who_notice)
{
	struct host h = host_new();
	struct e2_fs *reader, *writer, *second;
	bool changed;

	must(host_open(&h, 0, &reader));
	cr_assert_not_null(e2_fs_image(reader));
	cr_assert_eq(generation(reader), 0);
	must(host_open(&h, E2_OPEN_WRITE, &writer));
	fails(host_open(&h, E2_OPEN_WRITE, &second), E2_ERR_BUSY, "locked");
	must(e2_reading_begin(reader, &changed));
	cr_assert_eq(changed, false);
	must(e2_reading_begin(reader, &changed));	/* once is enough */
	fails(set_generation(writer, 5), E2_ERR_BUSY, "");
	e2_reading_end(reader);
	e2_reading_end(reader);
	must(e2_reading_begin(writer, &changed));	/* nothing to do */
	e2_reading_end(writer);
	must(set_generation(writer, 5));
	cr_assert_eq(generation(reader), 0, "what it has read stays until it asks");
	must(e2_reading_begin(reader, &changed));
	cr_assert_eq(changed, true);
	cr_assert_eq(generation(reader), 5);
	e2_reading_end(reader);
	must(e2_reading_begin(reader, &changed));
	cr_assert_eq(changed, false);
	must(e2_close(reader));				/* ends the reading */
	must(set_generation(writer, 6));
	must(e2_close(writer));
	must(host_open(&h, E2_OPEN_WRITE, &writer));
	cr_assert_eq(generation(writer), 6);
	must(e2_close(writer));
	must(host_open(&h, 0, &reader));
	must(e2_reading_begin(reader, &changed));
	must(host_open(&h, E2_OPEN_WRITE, &writer));	/* waits for nobody */
	must(e2_close(writer));
	must(e2_close(reader));
	e2_sim_free(h.sim);
}

/* The files of a host, as one string of bytes. */
static uint8_t *all_files(struct host *h, size_t *len)
{
	uint8_t *all = NULL;

	*len = 0;
	for (size_t i = 0; i < e2_sim_names(h->sim); i++) {
		const uint8_t *data;
		uint64_t size;

		cr_assert(e2_sim_file(h->sim, e2_sim_name(h->sim, i), &data, &size));
		cr_assert_not_null(all = realloc(all, *len + size));
		memcpy(all + *len, data, size);
		*len += size;
	}
	return all;
}

/* Somebody who knows nothing of locks writes a byte of the image. */
static void be_stranger(struct host *h, uint64_t offset)
{
	struct e2_io *io;

	must(h->env->ops->open(h->env, "dir/image", E2_IO_WRITE, &io));
	must(e2_io_write(io, offset, 1, "x"));
	must(e2_io_close(io));
}

/* Block 299 is free, of group 2, and nothing a commit would look at. */
E2_TEST(vol_write, a_stranger_anywhere_in_the_image_is_noticed)
{
	struct host h = host_new();
	struct e2_fs *fs;
	struct e2_txn *txn;
	bool changed;

	must(host_open(&h, E2_OPEN_WRITE, &fs));
	for (uint32_t i = 1; i < 4; i++) {
		uint8_t *before, *after;
		size_t len, len_after;

		must(set_generation(fs, i));
		must(set_generation(fs, 10 * i));	/* our own commits are no strangers */
		be_stranger(&h, 299 * 1024 + i);
		before = all_files(&h, &len);
		fails(set_generation(fs, 99), E2_ERR_CHANGED, "was changed by somebody else");
		fails(set_generation(fs, 99), E2_ERR_CHANGED, "nothing was written");
		after = all_files(&h, &len_after);
		cr_assert(len == len_after && memcmp(before, after, len) == 0);
		free(before);
		free(after);
		must(e2_txn_begin(fs, false, &txn));
		must(e2_reading_begin(fs, &changed));
		cr_assert_eq(changed, false, "not within a transaction");
		e2_txn_abort(txn);
		must(e2_reading_begin(fs, &changed));
		cr_assert_eq(changed, true);
		e2_reading_end(fs);
		cr_assert_eq(generation(fs), 10 * i);
	}
	must(set_generation(fs, 7));
	must(e2_close(fs));
	e2_sim_free(h.sim);
}

/* Blocks that were free have been written already when the log cannot be made. */
E2_TEST(vol_write, a_commit_that_failed_is_no_stranger)
{
	struct host h = host_new();
	struct e2_stamp before, after;
	uint8_t data[1024];
	struct e2_txn *txn;
	struct e2_fs *fs;

	memset(data, 'y', sizeof(data));
	must(host_open(&h, E2_OPEN_WRITE, &fs));
	must(e2_image_stamp(e2_fs_image(fs), &before));
	must(e2_txn_begin(fs, false, &txn));
	must(e2_txn_write(txn, 299, 1, data));
	e2_sim_fail(h.sim, E2_SIM_CREATE, 1, false, E2_ERR_NOSPC);
	fails(e2_txn_commit(txn), E2_ERR_NOSPC, "simulated");
	must(e2_image_stamp(e2_fs_image(fs), &after));
	cr_assert_neq(before.mtime, after.mtime, "nothing was written");
	must(set_generation(fs, 4));
	cr_assert_eq(generation(fs), 4);
	must(e2_close(fs));
	e2_sim_free(h.sim);
}

/* The host after a power loss, at every point of a commit. */
static int crashed(const struct host *h, size_t cut, uint64_t choice, struct host *after)
{
	if (cut > e2_sim_events(h->sim))
		return 0;
	must(e2_sim_crash(h->sim, cut, choice, 0, false, &after->sim, NULL));
	after->env = e2_sim_env(after->sim);
	return 1;
}

/* Without the log an image in the middle of a commit is refused, else it is as before. */
static bool discarded(const struct host *h, size_t cut, uint64_t choice)
{
	struct host after;
	struct e2_fs *fs;

	cr_assert(crashed(h, cut, choice, &after));
	int err = host_open(&after, E2_OPEN_WRITE | E2_OPEN_DISCARD_LOG, &fs);
	if (err) {
		fails(err, E2_ERR_LOG, "its log is not there");
		fails(host_open(&after, 0, &fs), E2_ERR_LOG, "its log is not there");
	} else {
		must(e2_close(fs));
	}
	e2_sim_free(after.sim);
	return err != 0;
}

E2_TEST(vol_write, a_pending_change_is_completed_read_through_or_refused)
{
	struct host h = host_new(), after;
	unsigned pending = 0, guarded = 0;
	struct e2_fs *fs;
	size_t len, len_after;

	must(host_open(&h, E2_OPEN_WRITE, &fs));
	must(e2_sim_settle(h.sim));
	must(set_generation(fs, 9));
	must(e2_close(fs));
	for (size_t i = 0; crashed(&h, i / 2, i % 2 ? UINT64_MAX : 0, &after); i++) {
		uint8_t *before = all_files(&after, &len);

		must(host_open(&after, 0, &fs));
		uint32_t through = generation(fs);
		must(e2_close(fs));
		int err = host_open(&after, E2_OPEN_NO_RECOVER, &fs);
		if (err)
			fails(err, E2_ERR_LOG, "waits in dir/image.e2log");
		else
			must(e2_close(fs));
		uint8_t *now = all_files(&after, &len_after);
		cr_assert(len == len_after && memcmp(before, now, len) == 0, "readers wrote");
		free(before);
		free(now);
		if (err) {
			pending++;
			cr_assert_eq(through, 9);
			fails(host_open(&after, E2_OPEN_NO_RECOVER | E2_OPEN_WRITE, &fs),
			      E2_ERR_LOG, "waits in dir/image.e2log");
			guarded += discarded(&h, i / 2, i % 2 ? UINT64_MAX : 0);
		}
		must(host_open(&after, E2_OPEN_WRITE, &fs));
		cr_assert_eq(generation(fs), through);
		must(e2_close(fs));
		cr_assert_eq(e2_sim_names(after.sim), 1);
		e2_sim_free(after.sim);
	}
	cr_assert(pending > 3 && guarded > 1, "%u, %u", pending, guarded);
	e2_sim_free(h.sim);
}

E2_TEST(vol_write, paths_of_log_and_undo_file_are_kept)
{
	struct host h = host_new();
	struct e2_undo *undo;
	struct e2_fs *fs;
	char log[] = "dir/mylog", keep[] = "dir/keep";

	struct e2_open_options options = { .flags = E2_OPEN_WRITE, .log_path = log,
					   .undo_path = keep };
	must(e2_open_image(h.env, "dir/image", &options, &fs));
	log[0] = keep[0] = 'x';
	must(set_generation(fs, 1));
	must(set_generation(fs, 2));
	must(e2_fs_undo(fs, &undo));
	cr_assert_eq(e2_undo_count(undo), 2);
	must(e2_close(fs));
	const uint8_t *data;
	uint64_t size;
	cr_assert(e2_sim_file(h.sim, "dir/keep", &data, &size));
	cr_assert_gt(size, 0);
	e2_sim_free(h.sim);
}

E2_TEST(vol_write, every_allocation_of_opening_may_fail)
{
	struct host h = host_new();
	struct e2_fs *fs = NULL;

	for (unsigned flags = 0; flags <= E2_OPEN_WRITE; flags += E2_OPEN_WRITE) {
		const struct e2_open_options options = { .flags = flags, .log_path = "dir/log",
							 .undo_path = "dir/undo" };
		int err = E2_ERR_NOMEM;

		for (uint64_t nth = 1; err; nth++) {
			alloc_fail(nth);
			err = e2_open_image(h.env, "dir/image", &options, &fs);
			alloc_fail(0);
			cr_assert(err == 0 || err == E2_ERR_NOMEM, "%d: %s", err, e2_err_detail());
		}
		must(e2_close(fs));
	}
	e2_sim_free(h.sim);
}

/* Everything of a session: read, look again, change with an undo file, undo, close. */
static int session(struct host *h, uint32_t next)
{
	const struct e2_open_options options = { .flags = E2_OPEN_WRITE, .undo_path = "dir/undo" };
	struct e2_fs *reader = NULL, *writer = NULL;
	struct e2_inode in;
	bool changed;

	int err = host_open(h, 0, &reader);
	if (!err)
		err = e2_open_image(h->env, "dir/image", &options, &writer);
	if (!err)
		err = set_generation(writer, next);
	if (!err)
		err = e2_reading_begin(reader, &changed);
	if (!err)
		err = e2_inode_get(reader, E2_INO_ROOT, &in);
	e2_close(reader);
	int closed = e2_close(writer);
	return err ? err : closed;
}

/* Fails each operation of the host in turn, once and for ever: the image is as before or as
 * after, and what was promised holds. */
E2_TEST(vol_write, every_operation_of_the_host_may_fail)
{
	for (unsigned for_ever = 0; for_ever < 2; for_ever++) {
		bool reached = true;

		for (uint64_t nth = 1; reached; nth++) {
			struct host h = host_new(), after;
			struct e2_fs *fs;
			size_t cut;

			/* It begins with a change that is pending. */
			must(host_open(&h, E2_OPEN_WRITE, &fs));
			must(e2_sim_settle(h.sim));
			must(set_generation(fs, 1));
			must(e2_close(fs));
			for (cut = 1;; cut++) {
				cr_assert(crashed(&h, cut, 0, &after));
				int err = host_open(&after, E2_OPEN_NO_RECOVER, &fs);

				if (err == E2_ERR_LOG)
					break;
				must(err);
				must(e2_close(fs));
				e2_sim_free(after.sim);
			}
			e2_sim_fail(after.sim, E2_SIM_ALL, nth, for_ever, E2_ERR_IO);
			int err = session(&after, 2);
			reached = e2_sim_count(after.sim, E2_SIM_ALL) >= nth;
			e2_sim_fail(after.sim, 0, 0, false, 0);
			must(host_open(&after, E2_OPEN_WRITE, &fs));
			uint32_t now = generation(fs);
			cr_assert(now == 1 || now == 2);
			cr_assert(err != 0 || now == 2, "success was claimed");
			must(e2_close(fs));
			e2_sim_free(after.sim);
			e2_sim_free(h.sim);
		}
	}
}

/* ---- damaged bitmaps ------------------------------------------------------------------------- */

/* Bitmaps that call everything free, or are none: nothing is taken for new data then. */
static void mislead(struct img *img, unsigned how)
{
	struct e2_group desc = img_group(img, 0);
	uint8_t zeros[64] = { 0 };

	if (how == 0)
		img_write(img, desc.block_bitmap, 0, zeros, sizeof(zeros));
	else if (how == 1)
		desc.block_bitmap = 9999;
	else
		desc.block_bitmap = desc.inode_table + 1;
	img_group_put(img, 0, &desc);
}

static bool image_is(const struct e2_sim *sim, const uint8_t *bytes)
{
	const uint8_t *data;
	uint64_t size;

	cr_assert(e2_sim_file(sim, "dir/image", &data, &size));
	return memcmp(data, bytes, size) == 0;
}

static uint8_t *copy_image(const struct e2_sim *sim)
{
	const uint8_t *data;
	uint64_t size;

	cr_assert(e2_sim_file(sim, "dir/image", &data, &size));
	uint8_t *copy = malloc(size);
	cr_assert_not_null(copy);
	return memcpy(copy, data, size);
}

E2_TEST(vol_write, what_has_a_place_in_the_layout_is_logged_whatever_its_bit_says)
{
	for (unsigned how = 0; how < 3; how++) {
		struct host h, after;
		struct e2_fs *fs;
		struct img img;

		img_new(&img, &(struct img_options){ .blocks = 300, .blocks_per_group = 128 });
		mislead(&img, how);
		img_to_sim(&img, &h.sim, "dir/image");
		h.env = e2_sim_env(h.sim);
		uint8_t *before = copy_image(h.sim);
		must(host_open(&h, E2_OPEN_WRITE, &fs));
		must(e2_sim_settle(h.sim));
		must(set_generation(fs, 3));
		must(e2_close(fs));
		uint8_t *done = copy_image(h.sim);
		for (size_t i = 0; crashed(&h, i / 2, i % 2 ? UINT64_MAX : 0, &after); i++) {
			must(host_open(&after, E2_OPEN_WRITE, &fs));
			must(e2_close(fs));
			cr_assert(image_is(after.sim, before) || image_is(after.sim, done),
				  "damage %u, state %zu", how, i);
			e2_sim_free(after.sim);
		}
		free(before);
		free(done);
		e2_sim_free(h.sim);
		img_free(&img);
	}
}
