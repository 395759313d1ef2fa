/* SPDX-License-Identifier: MIT */
#include "raw.h"

#include "e2test.h"

#include <stdlib.h>
#include <string.h>

const char raw_path[] = "d/a.img";
const char raw_log_path[] = "d/a.img.e2log";
const char raw_undo_path[] = "d/a.undo";

int raw_was_free(void *context, e2_blk blk, bool *is_free)
{
	*is_free = blk % 3 == 0 || ((struct raw *)context)->all_free;
	return ((struct raw *)context)->was_free_err;
}

int raw_freed(void *context, struct e2_txn *txn, e2_blk from, struct e2_range *run)
{
	int err = ((struct raw *)context)->freed_err;

	(void)txn;
	if (err)
		return err;
	if (from > 100)
		return 0;
	*run = (struct e2_range){ .blk = from + 1, .count = 1 };
	return 1;
}

static void guard(uint8_t sector[E2_SECTOR])
{
	sector[0] = 0xee;
}

void raw_make(struct raw *raw)
{
	uint8_t *bytes = malloc(RAW_BYTES);
	struct e2_io *io;

	*raw = (struct raw){ .was_free_err = 0 };
	cr_assert(bytes != NULL);
	memset(bytes, 1, RAW_BYTES);
	cr_assert_eq(e2_sim_new(&raw->sim), 0);
	struct e2_env *env = e2_sim_env(raw->sim);
	cr_assert_eq(env->ops->create_excl(env, raw_path, 0600, &io), 0);
	cr_assert_eq(e2_io_resize(io, RAW_BYTES), 0);
	cr_assert_eq(e2_io_write(io, 0, RAW_BYTES, bytes), 0);
	cr_assert_eq(e2_io_close(io), 0);
	free(bytes);
}

void raw_open(struct raw *raw, bool undo)
{
	cr_assert_eq(e2_image_open(e2_sim_env(raw->sim), raw_path, E2_IMAGE_WRITE, &raw->image), 0);
	cr_assert_eq(e2_cache_open(e2_image_io(raw->image), RAW_BLOCK, 1 << 16, 0, &raw->cache), 0);
	raw->undo = NULL;
	if (undo)
		cr_assert_eq(e2_undo_open(raw->image, raw_undo_path, &raw->undo), 0, "%s",
			     e2_err_detail());
	raw->place = (struct e2_commit_place){
		.image = raw->image, .log_path = raw_log_path, .undo = raw->undo,
	};
	raw->how = (struct e2_commit){
		.context = raw, .place = &raw->place, .guard = guard, .guard_offset = RAW_BLOCK,
	};
}

void raw_close(struct raw *raw)
{
	e2_cache_close(raw->cache);
	cr_assert_eq(e2_undo_close(raw->undo), 0);
	cr_assert_eq(e2_image_close(raw->image), 0);
}

int raw_commit(struct raw *raw, e2_blk from, uint64_t count, uint8_t value)
{
	enum { PIECE = 100 };
	static uint8_t data[PIECE * RAW_BLOCK];
	struct e2_txn *txn;
	int err = e2_txn_open(raw->cache, &raw->how, &txn);

	if (err)
		return err;
	memset(data, value, sizeof(data));
	for (uint64_t end = count, n; !err && end > 0; end -= n) {	/* the last ones first */
		n = (end - 1) % PIECE + 1;
		err = e2_txn_write(txn, from + end - n, n, data);
	}
	if (!err)
		return e2_txn_commit(txn);
	e2_txn_abort(txn);
	return err;
}

void raw_must_hold(struct raw *raw, e2_blk from, uint64_t count, uint8_t value)
{
	const uint8_t *data;
	uint64_t size;

	cr_assert(e2_sim_file(raw->sim, raw_path, &data, &size));
	for (uint64_t b = 0; b < RAW_BLOCKS; b++)
		cr_assert_eq(data[b * RAW_BLOCK + 9], b >= from && b < from + count ? value : 1,
			     "block %d", (int)b);
}

int raw_take_back(struct raw *raw, uint64_t count)
{
	struct e2_txn *txn;
	int err = e2_txn_open(raw->cache, &raw->how, &txn);

	if (err)
		return err;
	err = e2_undo_apply(raw->undo, txn, count);
	if (err) {
		e2_txn_abort(txn);
		return err;
	}
	err = e2_txn_commit(txn);
	return err ? err : e2_undo_drop(raw->undo, count);
}
