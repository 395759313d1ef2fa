/* SPDX-License-Identifier: MIT */
/* Commits, logs and undo files of a volume without a file system: large ones, hooks that fail or
 * are not there, memory that runs out, undo files that lie. */
#include "e2test.h"

#include "alloc.h"
#include "base/crc.h"
#include "base/endian.h"
#include "cache/redo.h"
#include "cache/still.h"
#include "raw.h"

#include <stdlib.h>
#include <string.h>

/* More than is read and written at once, with and without what the volume could say. */
E2_TEST(cache_commit_edges, large_ones)
{
	for (unsigned hooks = 0; hooks < 4; hooks++) {
		struct raw raw;

		raw_make(&raw);
		raw_open(&raw, true);
		raw.how.was_free = hooks & 1 ? raw_was_free : NULL;
		raw.how.freed = hooks & 2 ? raw_freed : NULL;
		cr_assert_eq(raw_commit(&raw, 3, 3500, 7), 0, "%s", e2_err_detail());
		raw_must_hold(&raw, 3, 3500, 7);
		cr_assert_eq(raw_commit(&raw, 3, 3500, 8), 0, "%s", e2_err_detail());
		raw_must_hold(&raw, 3, 3500, 8);
		/* What the first did not keep was free before it. */
		if (!(hooks & 1)) {
			cr_assert_eq(raw_take_back(&raw, 2), 0, "%s", e2_err_detail());
			raw_must_hold(&raw, 0, 0, 0);
		}
		raw_close(&raw);
		e2_sim_free(raw.sim);
	}
}

/* Runs of free blocks whose content lies in several pieces of memory. */
E2_TEST(cache_commit_edges, all_was_free)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	raw.how.was_free = raw_was_free;
	raw.all_free = true;
	cr_assert_eq(raw_commit(&raw, 3, 3500, 7), 0, "%s", e2_err_detail());
	raw_must_hold(&raw, 3, 3500, 7);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

/* A large log is completed by who comes next. */
E2_TEST(cache_commit_edges, a_large_log_is_completed)
{
	struct e2_io *still, *second;
	uint8_t bytes[RAW_BLOCK];
	bool pending;
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	e2_sim_fail(raw.sim, E2_SIM_SYNC, 2, false, E2_ERR_IO);	/* of the guarded sector */
	cr_assert_eq(raw_commit(&raw, 3, 3500, 7), E2_ERR_DOUBT);
	e2_sim_fail(raw.sim, 0, 0, false, 0);
	raw_close(&raw);
	cr_assert_eq(e2_still_open(e2_sim_env(raw.sim), raw_path, raw_log_path, &still,
				   &pending), 0);
	cr_assert(pending);
	cr_assert_eq(e2_still_open(e2_sim_env(raw.sim), raw_path, NULL, &second, NULL), 0);
	cr_assert_eq(e2_io_read(still, 3000 * RAW_BLOCK, RAW_BLOCK, bytes), 0);
	cr_assert_eq(bytes[9], 7);
	cr_assert_eq(e2_io_close(second), 0);
	cr_assert_eq(e2_io_close(still), 0);
	raw_open(&raw, false);
	cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
	raw_must_hold(&raw, 3, 3500, 7);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

E2_TEST(cache_commit_edges, a_volume_without_a_guard)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	raw.how.guard = NULL;
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), 0);
	cr_assert_eq(raw_commit(&raw, 5, 2, 7), 0, "changes nothing");
	raw_must_hold(&raw, 5, 2, 7);
	e2_sim_fail(raw.sim, E2_SIM_SYNC, 2, false, E2_ERR_IO);	/* of the blocks at home */
	cr_assert_eq(raw_commit(&raw, 5, 2, 9), E2_ERR_DOUBT);
	e2_sim_fail(raw.sim, 0, 0, false, 0);
	raw_close(&raw);
	raw_open(&raw, false);
	cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
	raw_must_hold(&raw, 5, 2, 9);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

E2_TEST(cache_commit_edges, hooks_that_fail)
{
	struct raw raw;

	raw_make(&raw);
	raw_open(&raw, false);
	raw.how.was_free = raw_was_free;
	raw.was_free_err = E2_ERR_CORRUPT;
	cr_assert_eq(raw_commit(&raw, 5, 3, 7), E2_ERR_CORRUPT);
	raw.was_free_err = 0;
	raw_close(&raw);
	raw_open(&raw, true);	/* keeps all, and does not ask what was free */
	raw.how.freed = raw_freed;
	raw.freed_err = E2_ERR_IO;
	cr_assert_eq(raw_commit(&raw, 7, 2, 7), E2_ERR_IO);
	raw.freed_err = 0;
	cr_assert_eq(e2_undo_count(raw.undo), 0);
	raw_must_hold(&raw, 0, 0, 0);
	cr_assert_eq(raw_commit(&raw, 7, 2, 7), 0);
	/* An undo file is of one volume, but a change of the UUID can be taken back. */
	raw.how.identity[0] = 1;
	cr_assert_eq(raw_commit(&raw, 7, 2, 8), E2_ERR_EXIST);
	cr_assert_eq(raw_take_back(&raw, 1), 0);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}

enum deed { COMMIT, OPEN_UNDO, RECOVER, READ_THROUGH, HOLD_STILL, DISCARD, DEEDS };

static int do_deed(struct raw *raw, enum deed deed, uint64_t count)
{
	struct e2_undo *undo = NULL;
	struct e2_io *io = NULL;
	int err = 0;

	switch (deed) {
	case COMMIT:
		return raw_commit(raw, 7, count, 9);
	case OPEN_UNDO:
		err = e2_undo_open(raw->image, raw_undo_path, &undo);
		break;
	case RECOVER:
		return e2_redo_recover(raw->image, raw_log_path);
	case READ_THROUGH:
		err = e2_redo_open_through(raw->image, raw_log_path, &io);
		break;
	case HOLD_STILL:
		err = e2_still_open(e2_sim_env(raw->sim), raw_path, NULL, &io, NULL);
		break;
	case DISCARD:
	case DEEDS:
		return e2_redo_discard(raw->image, raw_log_path);
	}
	if (!err && io) {
		uint8_t data[3 * RAW_BLOCK];

		err = e2_io_read(io, 6 * RAW_BLOCK, sizeof(data), data);
	}
	if (io)
		(void)e2_io_close(io);
	int closed = e2_undo_close(undo);
	return err ? err : closed;
}

/* Lets the nth allocation, or call of the host, fail under a deed; whether it came to that.  What
 * there is can be opened and completed afterwards. */
static bool fail_deed(enum deed deed, bool host, uint64_t nth, uint64_t count)
{
	struct raw raw;
	bool failed;
	int err;

	raw_make(&raw);
	raw_open(&raw, true);
	raw.how.freed = raw_freed;
	cr_assert_eq(raw_commit(&raw, 7, count, 7), 0);
	if (deed > OPEN_UNDO) {
		e2_sim_fail(raw.sim, E2_SIM_SYNC, 3, false, E2_ERR_IO);
		cr_assert_eq(raw_commit(&raw, 7, count, 8), E2_ERR_DOUBT);
		e2_sim_fail(raw.sim, 0, 0, false, 0);
	}
	raw_close(&raw);
	raw_open(&raw, deed == COMMIT);
	raw.how.freed = raw_freed;
	if (host)
		e2_sim_fail(raw.sim, E2_SIM_ALL, nth, false, E2_ERR_IO);
	else
		alloc_fail(nth);
	err = do_deed(&raw, deed, count);
	failed = host ? e2_sim_count(raw.sim, E2_SIM_ALL) >= nth : alloc_count() >= nth;
	alloc_fail(0);
	e2_sim_fail(raw.sim, 0, 0, false, 0);
	cr_assert(err == 0 || failed, "%d, %d: %d %s", (int)deed, (int)nth, err, e2_err_detail());
	cr_assert_eq(e2_redo_recover(raw.image, raw_log_path), 0, "%s", e2_err_detail());
	raw_close(&raw);
	e2_sim_free(raw.sim);
	return failed;
}

E2_TEST(cache_commit_edges, memory_runs_out)
{
	for (unsigned deed = 0; deed < DEEDS; deed++) {
		uint64_t nth = 1;

		while (fail_deed(deed, false, nth, 5))
			cr_assert_lt(nth++, 1000);
	}
}

E2_TEST(cache_commit_edges, the_host_fails)
{
	for (unsigned deed = 0; deed < DEEDS; deed++) {
		for (uint64_t count = 5; count < 2000; count += 1495) {
			uint64_t nth = 1;

			while (fail_deed(deed, true, nth, count))
				nth += nth < 50 ? 1 : 500;
		}
	}
}

/* Numbers that cannot be, under good checksums. */
E2_TEST(cache_commit_edges, undo_files_that_lie)
{
	static const struct {
		size_t head, at, len;
		uint64_t value;
	} lies[] = {
		{ 0, 8, 4, 2 }, { 0, 12, 4, 1024 }, { 0, 16, 8, 512 }, { 0, 24, 8, RAW_BLOCK },
		{ 512, 8, 8, 2 }, { 512, 16, 8, UINT64_MAX }, { 512, 16, 8, 7 },
		{ 512, 24, 8, UINT64_MAX }, { 512, 24, 8, 50 }, { 512, 40, 4, 0 },
		{ 512, 40, 4, 1 << 20 }, { 512, 40, 4, 1025 },
	};
	struct raw raw;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t sector[E2_SECTOR];
		struct e2_io *io;

		raw_make(&raw);
		raw_open(&raw, true);
		cr_assert_eq(raw_commit(&raw, 7, 5, 7), 0);
		raw_close(&raw);
		struct e2_env *env = e2_sim_env(raw.sim);
		cr_assert_eq(env->ops->open(env, raw_undo_path, E2_IO_WRITE, &io), 0);
		cr_assert_eq(e2_io_read(io, lies[i].head, E2_SECTOR, sector), 0);
		if (lies[i].len == 4)
			e2_put32(sector + lies[i].at, (uint32_t)lies[i].value);
		else
			e2_put64(sector + lies[i].at, lies[i].value);
		e2_put32(sector + 508, e2_crc32(0, sector, 508));
		cr_assert_eq(e2_io_write(io, lies[i].head, E2_SECTOR, sector), 0);
		cr_assert_eq(e2_io_close(io), 0);
		raw_open(&raw, false);
		cr_assert_eq(e2_undo_open(raw.image, raw_undo_path, &raw.undo), E2_ERR_EXIST, "%d",
			     (int)i);
		raw.undo = NULL;
		raw_close(&raw);
		e2_sim_free(raw.sim);
	}
}

/* Blocks were freed past the end of the image, says a record whose checksums are right. */
E2_TEST(cache_commit_edges, undo_files_that_lie_of_freed_blocks)
{
	static const uint64_t lies[][2] = {
		{ UINT64_MAX - 1, 5 }, { RAW_BLOCKS, 1 }, { 1, RAW_BLOCKS }, { 0, UINT64_MAX },
	};
	struct raw raw;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const size_t record = E2_SECTOR, body = 2 * E2_SECTOR;
		const uint8_t *file;
		uint64_t size;
		uint8_t *data;
		struct e2_io *io;

		raw_make(&raw);
		raw_open(&raw, true);
		raw.how.freed = raw_freed;
		cr_assert_eq(raw_commit(&raw, 7, 5, 7), 0);
		raw_close(&raw);
		cr_assert(e2_sim_file(raw.sim, raw_undo_path, &file, &size));
		data = malloc((size_t)size);
		cr_assert(data != NULL);
		memcpy(data, file, (size_t)size);
		cr_assert_eq(e2_get64(data + record + 16), 6, "with the guarded one");
		e2_put64(data + body + 6 * (size_t)(RAW_BLOCK + 16), lies[i][0]);
		e2_put64(data + body + 6 * (size_t)(RAW_BLOCK + 16) + 8, lies[i][1]);
		e2_put32(data + record + 36, e2_crc32(0, data + body, (size_t)size - body));
		e2_put32(data + record + 508, e2_crc32(0, data + record, 508));
		struct e2_env *env = e2_sim_env(raw.sim);
		cr_assert_eq(env->ops->open(env, raw_undo_path, E2_IO_WRITE, &io), 0);
		cr_assert_eq(e2_io_write(io, 0, (size_t)size, data), 0);
		cr_assert_eq(e2_io_close(io), 0);
		free(data);
		raw_open(&raw, false);
		cr_assert_eq(e2_undo_open(raw.image, raw_undo_path, &raw.undo), E2_ERR_EXIST, "%d",
			     (int)i);
		raw.undo = NULL;
		raw_close(&raw);
		e2_sim_free(raw.sim);
	}
}

/* A full disk is noticed before the commit point. */
E2_TEST(cache_commit_edges, no_room_for_holes)
{
	enum { ROOMS = 2, LOG = 1 };	/* runs of blocks, and the file of the log */
	const uint8_t *data;
	struct raw raw;
	uint64_t size;

	raw_make(&raw);
	raw_open(&raw, false);
	for (unsigned nth = 1; nth <= ROOMS + LOG; nth++) {
		e2_sim_fail(raw.sim, E2_SIM_RESIZE, nth, false, E2_ERR_NOSPC);
		cr_assert_eq(raw_commit(&raw, 7, 5, 7), E2_ERR_NOSPC);
		e2_sim_fail(raw.sim, 0, 0, false, 0);
		cr_assert_not(e2_sim_file(raw.sim, raw_log_path, &data, &size));
		raw_must_hold(&raw, 0, 0, 0);
	}
	cr_assert_eq(raw_commit(&raw, 7, 5, 7), 0);
	raw_must_hold(&raw, 7, 5, 7);
	raw_close(&raw);
	e2_sim_free(raw.sim);
}
