/* SPDX-License-Identifier: MIT */
/*
 * Undo files: opened, compared with the image, applied.
 *
 * A commit writes its record before the commit point, and taking one back drops the record
 * afterwards; so after a crash the file may have records that are not in force.  Which are is
 * found by comparison: state n is what the n-th record left and what the next one found.
 */
#include "cache/private.h"
#include "cache/undo_file.h"

#include "base/crc.h"
#include "base/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 512 };		/* read at once */

/* ---- which records are in force --------------------------------------------------- */

/* 1 when the image holds everywhere what a record says it held after (before) the commit, else 0
 * and the first block that differs. */
static int holds(struct e2_undo *undo, const struct e2_undo_record *r, bool after, e2_blk *other)
{
	struct e2_io *io = e2_image_io(undo->image);
	struct e2_undo_entry *entry = malloc(ENTRIES * sizeof(*entry));
	uint8_t *data = malloc(undo->block_size);
	int result = entry && data ? 1 : e2_fail(E2_ERR_NOMEM, "no memory for the undo file");

	for (uint64_t i = 0; result > 0 && i < r->blocks; i += ENTRIES) {
		size_t n = r->blocks - i < ENTRIES ? (size_t)(r->blocks - i) : ENTRIES;
		int err = e2_undo_entries(undo, r, i, n, entry);

		for (size_t k = 0; !err && result > 0 && k < n; k++) {
			err = e2_io_read(io, entry[k].blk * undo->block_size, undo->block_size,
					 data);
			if (err)
				break;
			*other = entry[k].blk;
			result = e2_crc32(0, data, undo->block_size) ==
				 (after ? entry[k].after : entry[k].before);
		}
		if (err)
			result = err;
	}
	free(entry);
	free(data);
	return result;
}

/* Whether the image is in the state after the first n records. */
static int is_state(struct e2_undo *undo, size_t n, e2_blk *other)
{
	int r = n > 0 ? holds(undo, &undo->record[n - 1], true, other) : 1;

	if (r > 0 && n < undo->count)
		r = holds(undo, &undo->record[n], false, other);
	return r;
}

/* Forgets the records that are not in force. */
static int settle(struct e2_undo *undo)
{
	e2_blk other = 0, first_other = 0;

	for (size_t n = undo->count;; n--) {
		int r = is_state(undo, n, &other);

		if (r < 0)
			return r;
		if (n == undo->count)
			first_other = other;
		if (r > 0) {
			undo->count = n;
			return 0;
		}
		if (n == 0)
			break;
	}
	return e2_fail(E2_ERR_EXIST, "%s: does not fit %s any more: block %" PRIu64 " was changed "
		       "since by somebody else", undo->io->name, e2_image_io(undo->image)->name,
		       first_other);
}

/* ---- opening ------------------------------------------------------------------------ */

/* A file that has its header before it has its name. */
static int make_named(struct e2_undo *undo, const char *path)
{
	struct e2_env *env = undo->env;
	int err = env->ops->create_temp(env, path, 0600, &undo->io);

	if (err == E2_ERR_UNSUPPORTED) {
		err = env->ops->create_excl(env, path, 0600, &undo->io);
		if (!err)
			err = e2_undo_begin(undo);
		if (!err)
			err = e2_io_sync(undo->io);
		return err ? err : env->ops->sync_dir(env, path);
	}
	if (err)
		return err;
	e2_str_add(&undo->name, path);
	return e2_str_status(&undo->name) ?
	       e2_fail(E2_ERR_NOMEM, "no memory for the undo file") : e2_undo_begin(undo);
}

static int open_named(struct e2_undo *undo, const char *path)
{
	int err = undo->env->ops->open(undo->env, path, E2_IO_WRITE, &undo->io);

	undo->named = true;
	if (err == E2_ERR_NOENT)
		return make_named(undo, path);
	if (err)
		return err;
	if (undo->io->size == 0) {
		err = e2_undo_begin(undo);
		return err ? err : e2_io_sync(undo->io);
	}
	err = e2_undo_load(undo);
	return err ? err : settle(undo);
}

static int open_unnamed(struct e2_undo *undo)
{
	int err = undo->env->ops->scratch(undo->env, &undo->io);

	return err ? err : e2_undo_begin(undo);
}

int e2_undo_open(struct e2_image *image, const char *path, struct e2_undo **undo)
{
	struct e2_undo *u = calloc(1, sizeof(*u));
	int err = u ? e2_ranges_new(&u->freed) : e2_fail(E2_ERR_NOMEM, "no memory for undo");

	if (!err) {
		u->env = e2_image_env(image);
		u->image = image;
		u->knows_freed = true;
		err = path ? open_named(u, path) : open_unnamed(u);
	}
	if (err) {
		(void)e2_undo_close(u);	/* the first failure is the one to tell */
		return err;
	}
	*undo = u;
	return 0;
}

int e2_undo_close(struct e2_undo *undo)
{
	int err;

	if (!undo)
		return 0;
	err = e2_io_close(undo->io);
	e2_ranges_free(undo->freed);
	e2_str_free(&undo->name);
	free(undo->record);
	free(undo);
	return err;
}

uint64_t e2_undo_count(const struct e2_undo *undo)
{
	return undo->count;
}

/* ---- taking back ----------------------------------------------------------------------- */

struct taking {
	struct e2_undo *undo;
	struct e2_txn *txn;
	struct e2_map *seen;		/* blocks of the records so far */
	uint8_t *data;			/* a block */
};

/* Takes one block back to what it was before a commit, of which those after it are taken back. */
static int take_block(struct taking *t, const struct e2_undo_record *r, uint64_t i,
		      const struct e2_undo_entry *entry)
{
	uint32_t size = t->undo->block_size;
	uint64_t unused;
	int err = 0;

	if (!e2_map_get(t->seen, entry->blk, &unused)) {
		err = e2_cache_read_before(e2_txn_cache(t->txn), entry->blk, 1, t->data);
		if (!err && e2_crc32(0, t->data, size) != entry->after)
			err = e2_fail(E2_ERR_CHANGED, "block %" PRIu64 " is not what the change "
				      "to be taken back left there", entry->blk);
		if (!err)
			err = e2_map_set(t->seen, entry->blk, 0);
	}
	if (!err)
		err = e2_undo_before(t->undo, r, i, t->data);
	return err ? err : e2_txn_write(t->txn, entry->blk, 1, t->data);
}

static int take_record(struct taking *t, const struct e2_undo_record *r)
{
	struct e2_undo_entry *entry = malloc(ENTRIES * sizeof(*entry));
	int err = entry ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to take a change back");

	for (uint64_t i = 0; !err && i < r->blocks; i += ENTRIES) {
		size_t n = r->blocks - i < ENTRIES ? (size_t)(r->blocks - i) : ENTRIES;

		err = e2_undo_entries(t->undo, r, i, n, entry);
		for (size_t k = 0; !err && k < n; k++)
			err = take_block(t, r, i + k, &entry[k]);
	}
	free(entry);
	return err;
}

static int check_volume(const struct e2_undo *undo, const struct e2_txn *txn, uint64_t count)
{
	if (count > undo->count)
		return e2_fail(E2_ERR_NOENT, "%" PRIu64 " changes cannot be taken back, only %zu",
			       count, undo->count);
	/* Of which volume, each block tells: the UUID may be what was changed. */
	if (count != 0 && undo->block_size != e2_txn_cache(txn)->block_size)
		return e2_fail(E2_ERR_CHANGED, "%s: is an undo file of another volume",
			       undo->io->name);
	return 0;
}

int e2_undo_apply(struct e2_undo *undo, struct e2_txn *txn, uint64_t count)
{
	struct taking t = { .undo = undo, .txn = txn };
	int err = check_volume(undo, txn, count);

	if (err)
		return err;
	err = e2_map_new(&t.seen);
	t.data = malloc(undo->block_size + 1);
	if (!err && !t.data)
		err = e2_fail(E2_ERR_NOMEM, "no memory to take a change back");
	for (uint64_t i = 0; !err && i < count; i++)
		err = take_record(&t, &undo->record[undo->count - 1 - i]);
	if (!err)
		txn->restores = undo;
	e2_map_free(t.seen);
	free(t.data);
	return err;
}

int e2_undo_drop(struct e2_undo *undo, uint64_t count)
{
	int err;

	if (count > undo->count)
		return e2_fail(E2_ERR_NOENT, "an undo file of %zu changes", undo->count);
	undo->count -= count;
	err = e2_io_resize(undo->io, e2_undo_end(undo));
	return err || !undo->named ? err : e2_io_sync(undo->io);
}
