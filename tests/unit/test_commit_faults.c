/* SPDX-License-Identifier: MIT */
/* Commits and undo files whose host fails or says odd things, step by step; undo files of
 * other volumes. */
#include "e2test.h"

#include "alloc.h"
#include "base/crc.h"
#include "base/endian.h"
#include "cache/private.h"
#include "cache/redo.h"
#include "raw.h"

#include <string.h>

enum file { FRESH, UNNAMED, EMPTY, CUT_OFF, FILES };	/* what the undo file is before */

static void make_file(struct raw *raw, enum file file)
{
	struct e2_env *env = e2_sim_env(raw->sim);
	struct e2_io *io;

	if (file == FRESH || file == UNNAMED)
		return;
	cr_assert_eq(env->ops->create_excl(env, raw_undo_path, 0600, &io), 0);
	cr_assert_eq(e2_io_close(io), 0);
	if (file == EMPTY)
		return;
	cr_assert_eq(e2_undo_open(raw->image, raw_undo_path, &raw->undo), 0);
	cr_assert_eq(e2_undo_close(raw->undo), 0);
	raw->undo = NULL;
	cr_assert_eq(env->ops->open(env, raw_undo_path, E2_IO_WRITE, &io), 0);
	cr_assert_eq(e2_io_resize(io, 3 * E2_SECTOR), 0);
	cr_assert_eq(e2_io_close(io), 0);
}

static int begin_undo(struct raw *raw, enum file file)
{
	int err = e2_undo_open(raw->image, file == UNNAMED ? NULL : raw_undo_path, &raw->undo);

	raw->place.undo = raw->undo;
	return err;
}

static void fail_nth(struct raw *raw, unsigned kinds, uint64_t nth)
{
	if (kinds)
		e2_sim_fail(raw->sim, kinds, nth, false, E2_ERR_IO);
	else
		alloc_fail(nth);
}

static bool end_failing(struct raw *raw, unsigned kinds, uint64_t nth)
{
	bool reached = (kinds ? e2_sim_count(raw->sim, kinds) : alloc_count()) >= nth;

	alloc_fail(0);
	e2_sim_fail(raw->sim, 0, 0, false, 0);
	return reached;
}

/* A commit whose nth call, or allocation, fails; what failed can be tried again.  Whether it
 * came to that. */
static bool fail_first(enum file file, uint64_t count, unsigned kinds, uint64_t nth)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	raw.how.was_free = count < 100 ? raw_was_free : NULL;
	raw.how.freed = raw_freed;
	make_file(&raw, file);
	fail_nth(&raw, kinds, nth);
	int err = begin_undo(&raw, file);
	if (!err)
		err = raw_commit(&raw, 7, count, 9);
	bool reached = end_failing(&raw, kinds, nth);
	cr_assert(err == 0 || reached, "%d: %s", (int)nth, e2_err_detail());
	if (err == E2_ERR_DOUBT) {
		raw_close(&raw);
		raw_open(&raw, false);
		cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
	}
	if (!raw.undo && err != E2_ERR_DOUBT && file != EMPTY)
		cr_assert_eq(begin_undo(&raw, file), 0, "%s", e2_err_detail());
	cr_assert_eq(raw_commit(&raw, 7, count, 9), 0, "%d: %s", (int)nth, e2_err_detail());
	raw_must_hold(&raw, 7, count, 9);
	raw_close(&raw);
	e2_sim_free(raw.sim);
	return reached;
}

E2_TEST(cache_commit_faults, first_commits_of_an_undo_file_fail)
{
	for (unsigned i = 0; i < 2 * FILES; i++) {
		for (uint64_t nth = 1; fail_first(i / 2, 5, i % 2 ? E2_SIM_ALL : 0, nth); nth++)
			cr_assert_lt(nth, 200);
	}
}

/* So long that each part of a record is written in several pieces. */
E2_TEST(cache_commit_faults, writes_of_long_records_fail)
{
	static const uint64_t counts[] = { 1007, 1023, 1024 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t nth = 1;

		while (fail_first(i ? UNNAMED : FRESH, counts[i], E2_SIM_WRITE, nth))
			cr_assert_lt(nth++, 100);
	}
}

static bool fail_take_back(enum file file, unsigned kinds, uint64_t nth)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	cr_assert_eq(begin_undo(&raw, file), 0);
	cr_assert_eq(raw_commit(&raw, 7, 5, 9), 0);
	fail_nth(&raw, kinds, nth);
	int err = raw_take_back(&raw, 1);
	bool reached = end_failing(&raw, kinds, nth);
	cr_assert(err == 0 || reached, "%d: %s", (int)nth, e2_err_detail());
	raw_close(&raw);
	raw_open(&raw, false);
	cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
	if (err == 0)
		raw_must_hold(&raw, 0, 0, 0);
	raw_close(&raw);
	e2_sim_free(raw.sim);
	return reached;
}

E2_TEST(cache_commit_faults, taking_back_fails)
{
	for (unsigned i = 0; i < 4; i++) {
		for (uint64_t nth = 1; fail_take_back(i / 2, i % 2 ? E2_SIM_ALL : 0, nth); nth++)
			cr_assert_lt(nth, 200);
	}
}

/* Content that is in the scratch file by then cannot be read any more. */
E2_TEST(cache_commit_faults, scratch_files_fail)
{
	for (uint64_t nth = 1;; nth++) {
		uint8_t data[RAW_BLOCK];
		struct e2_txn *txn;
		struct raw raw;

		raw_make(&raw);
		raw_open(&raw, false);
		raw.how.was_free = raw_was_free;
		cr_assert_eq(e2_txn_open_within(raw.cache, &raw.how, e2_sim_env(raw.sim),
						2 * RAW_BLOCK, &txn), 0);
		memset(data, 9, sizeof(data));
		for (uint64_t blk = 300; blk > 7; blk--)
			cr_assert_eq(e2_txn_write(txn, blk, 1, data), 0);
		e2_sim_fail(raw.sim, E2_SIM_READ, nth, false, E2_ERR_IO);
		int err = e2_txn_commit(txn);
		bool reached = end_failing(&raw, E2_SIM_READ, nth);
		cr_assert(err == 0 || reached, "%d: %s", (int)nth, e2_err_detail());
		raw_close(&raw);
		raw_open(&raw, false);
		cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
		if (!err)
			raw_must_hold(&raw, 8, 293, 9);
		raw_close(&raw);
		e2_sim_free(raw.sim);
		if (!reached)
			break;
		nth += nth > 20 ? 15 : 0;
	}
}

/* A log that is complete, and neither durable nor to be wiped: its name must be gone for sure. */
E2_TEST(cache_commit_faults, logs_that_cannot_be_wiped)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		unsigned kinds = E2_SIM_SYNC | (dir ? E2_SIM_SYNC_DIR : 0);
		struct raw raw;

		raw_make(&raw);
		raw_open(&raw, false);
		e2_sim_fail(raw.sim, kinds, 1, true, E2_ERR_IO);
		cr_assert_eq(raw_commit(&raw, 5, 2, 7), dir ? E2_ERR_DOUBT : E2_ERR_IO);
		e2_sim_fail(raw.sim, 0, 0, false, 0);
		raw_must_hold(&raw, 0, 0, 0);
		raw_close(&raw);
		e2_sim_free(raw.sim);
	}
}

static int in_use(struct e2_env *env, const char *name, struct e2_str *why)
{
	(void)env, (void)name;
	e2_str_add(why, "is mounted");
	return 1;
}

static int no_stamp(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp)
{
	(void)env, (void)io, (void)stamp;
	return e2_fail(E2_ERR_IO, "no stamp");
}

static int fixed_stamp(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp)
{
	(void)env, (void)io;
	*stamp = (struct e2_stamp){ .size = 5, .mtime = 5 };
	return 0;
}

/* Succeeds once. */
static int one_stamp(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp)
{
	static unsigned calls;

	return calls++ == 0 ? fixed_stamp(env, io, stamp) : no_stamp(env, io, stamp);
}

static int no_temp(struct e2_env *env, const char *name, unsigned mode, struct e2_io **io)
{
	(void)env, (void)name, (void)mode, (void)io;
	return e2_fail(E2_ERR_UNSUPPORTED, "no files without a name");
}

static int no_trust(struct e2_env *env, const char *name, struct e2_io *file, struct e2_io *image)
{
	(void)env, (void)name, (void)file, (void)image;
	return e2_fail(E2_ERR_IO, "whose file it is cannot be found out");
}

E2_TEST(cache_commit_faults, what_the_host_says_of_the_image)
{
	struct e2_stamp stamp = { .size = 5, .mtime = 5 };
	struct raw raw;

	raw_make(&raw);
	struct e2_env_ops odd = *e2_sim_env(raw.sim)->ops;
	const struct e2_env_ops *even = e2_sim_env(raw.sim)->ops;
	raw_open(&raw, false);
	e2_sim_env(raw.sim)->ops = &odd;
	odd.in_use = in_use;
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), E2_ERR_BUSY);
	cr_assert_neq(strstr(e2_err_detail(), "is mounted"), NULL, "%s", e2_err_detail());
	odd.in_use = even->in_use;
	raw.place.stamp = &stamp;
	odd.stamp = no_stamp;
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), E2_ERR_IO);
	odd.stamp = fixed_stamp;
	stamp.mtime = 4;
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), E2_ERR_CHANGED);
	stamp = (struct e2_stamp){ .size = 4, .mtime = 5 };
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), E2_ERR_CHANGED);
	raw_must_hold(&raw, 0, 0, 0);
	/* What cannot be found out once it is written is no failure. */
	stamp.size = 5;
	odd.stamp = one_stamp;
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), 0, "%s", e2_err_detail());
	raw_must_hold(&raw, 5, 2, 7);
	e2_sim_env(raw.sim)->ops = even;
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

E2_TEST(cache_commit_faults, logs_whose_owner_is_unknown)
{
	struct raw raw;

	raw_make(&raw);
	struct e2_env_ops odd = *e2_sim_env(raw.sim)->ops;
	raw_open(&raw, false);
	e2_sim_fail(raw.sim, E2_SIM_SYNC, 2, false, E2_ERR_IO);
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), E2_ERR_DOUBT);
	e2_sim_fail(raw.sim, 0, 0, false, 0);
	odd.trusted = no_trust;
	e2_sim_env(raw.sim)->ops = &odd;
	cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), E2_ERR_IO);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

/* Where files cannot be made without a name, the undo file has one from the beginning. */
E2_TEST(cache_commit_faults, undo_files_without_unnamed_ones)
{
	for (uint64_t nth = 1;; nth++) {
		struct raw raw;

		raw_make(&raw);
		struct e2_env_ops odd = *e2_sim_env(raw.sim)->ops;
		odd.create_temp = no_temp;
		e2_sim_env(raw.sim)->ops = &odd;
		raw_open(&raw, false);
		fail_nth(&raw, E2_SIM_ALL, nth);
		int err = begin_undo(&raw, FRESH);
		bool reached = end_failing(&raw, E2_SIM_ALL, nth);
		cr_assert(err == 0 || reached, "%d", (int)nth);
		if (!err) {
			cr_assert_eq(raw_commit(&raw, 5, 2, 7), 0);
			cr_assert_eq(raw_take_back(&raw, 1), 0);
			raw_must_hold(&raw, 0, 0, 0);
		}
		raw_close(&raw);
		e2_sim_free(raw.sim);
		if (!reached)
			break;
	}
}

/* Somebody writes a block between our reading and our commit. */
E2_TEST(cache_commit_faults, a_block_that_others_change)
{
	struct e2_wbuf *buf;
	struct e2_txn *txn;
	struct e2_io *io;
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	cr_assert_eq(e2_txn_open(raw.cache, &raw.how, &txn), 0);
	cr_assert_eq(e2_txn_get(txn, 7, E2_FILL_READ, &buf), 0);
	buf->data[9] = 9;
	e2_txn_put(txn, buf);
	struct e2_env *env = e2_sim_env(raw.sim);
	cr_assert_eq(env->ops->open(env, raw_path, E2_IO_WRITE, &io), 0);
	cr_assert_eq(e2_io_write(io, 7 * RAW_BLOCK + 700, 1, "x"), 0);
	cr_assert_eq(e2_io_close(io), 0);
	cr_assert_eq(e2_txn_commit(txn), E2_ERR_CHANGED);
	cr_assert_neq(strstr(e2_err_detail(), "block 7 "), NULL, "%s", e2_err_detail());
	raw_must_hold(&raw, 0, 0, 0);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

/* A second record must be of the volume of the first; one that is not means nothing. */
E2_TEST(cache_commit_faults, records_of_two_volumes)
{
	for (unsigned at = 40; at <= 44; at += 4) {
		uint8_t sector[E2_SECTOR];
		struct e2_io *io;
		struct raw raw;

		raw_make(&raw);
		raw_open(&raw, true);
		cr_assert_eq(raw_commit(&raw, 7, 2, 7), 0, "knows nothing of freed blocks");
		raw_close(&raw);
		raw_open(&raw, true);
		raw.how.freed = raw_freed;
		struct e2_env *env = e2_sim_env(raw.sim);
		cr_assert_eq(env->ops->open(env, raw_undo_path, E2_IO_WRITE, &io), 0);
		uint64_t second = io->size;
		cr_assert_eq(raw_commit(&raw, 7, 2, 8), 0);
		raw_close(&raw);
		cr_assert_eq(e2_io_close(io), 0);
		raw_open(&raw, true);
		cr_assert_eq(e2_undo_count(raw.undo), 2);
		raw_close(&raw);
		cr_assert_eq(env->ops->open(env, raw_undo_path, E2_IO_WRITE, &io), 0);
		cr_assert_eq(e2_io_read(io, second, E2_SECTOR, sector), 0);
		e2_put32(sector + at, 2048);
		e2_put32(sector + 508, e2_crc32(0, sector, 508));
		cr_assert_eq(e2_io_write(io, second, E2_SECTOR, sector), 0);
		cr_assert_eq(e2_io_close(io), 0);
		raw_open(&raw, false);
		cr_assert_eq(begin_undo(&raw, FRESH), E2_ERR_EXIST);
		raw_close(&raw);
		e2_sim_free(raw.sim);
	}
}

E2_TEST(cache_commit_faults, an_undo_file_of_other_blocks)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, true);
	cr_assert_eq(raw_commit(&raw, 7, 2, 7), 0);
	e2_cache_close(raw.cache);
	cr_assert_eq(e2_cache_open(e2_image_io(raw.image), RAW_BLOCK / 2, 1 << 16, 0,
				   &raw.cache), 0);
	cr_assert_eq(raw_commit(&raw, 7, 2, 8), E2_ERR_EXIST);
	cr_assert_eq(raw_take_back(&raw, 1), E2_ERR_CHANGED);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}
