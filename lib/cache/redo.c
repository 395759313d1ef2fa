/* SPDX-License-Identifier: MIT */
/*
 * Completing a change that was interrupted after its commit point.  Nothing is written before
 * every sector to be replaced has been found to be as before the change or as after it; then
 * all of it is written again, so it does not matter how far it had come.
 */
#include "cache/redo_file.h"

#include "base/crc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5000 };	/* how long readers may keep a recovery waiting */

/* ---- proof ------------------------------------------------------------------ */

struct proof {
	struct e2_io *io;		/* the image */
	struct e2_redo_log *log;
	uint8_t *is, *will;		/* what the image holds, what the log says */
	uint32_t *before;
};

/* Whether a sector of the image is one that the change may have left. */
static bool sector_fits(const struct proof *p, uint64_t offset, const uint8_t *is,
			const uint8_t *will, uint32_t before)
{
	const struct e2_redo_head *head = &p->log->head;

	if (e2_crc32(0, is, E2_SECTOR) == before || memcmp(is, will, E2_SECTOR) == 0)
		return true;
	return head->guards && offset == head->guard_offset &&
	       memcmp(is, head->guarded, E2_SECTOR) == 0;
}

static int prove_run(struct proof *p, uint64_t i, uint64_t count)
{
	uint32_t size = p->log->head.block_size;
	size_t sectors = (size_t)count * (size / E2_SECTOR);
	uint64_t offset = p->log->blk[i] * size;
	int err = e2_redo_read(p->log, i, count, p->will);

	if (!err)
		err = e2_redo_before(p->log, i, count, p->before);
	if (!err)
		err = e2_io_read(p->io, offset, (size_t)count * size, p->is);
	for (size_t s = 0; !err && s < sectors; s++) {
		uint64_t at = s * E2_SECTOR;

		if (!sector_fits(p, offset + at, p->is + at, p->will + at, p->before[s]))
			err = e2_fail(E2_ERR_LOG, "%s: block %" PRIu64 " is neither as before the "
				      "unfinished change in %s nor as after it: the image was "
				      "changed since; --discard-log gives that change up",
				      p->io->name, (offset + at) / size, p->log->io->name);
	}
	return err;
}

static int prove(struct e2_io *io, struct e2_redo_log *log)
{
	uint32_t size = log->head.block_size;
	uint64_t piece = e2_redo_piece(size);
	struct proof p = { .io = io, .log = log };
	int err = 0;

	if (piece > log->head.count)
		piece = log->head.count;
	p.is = malloc((size_t)piece * size);
	p.will = malloc((size_t)piece * size);
	p.before = malloc((size_t)piece * (size / E2_SECTOR) * sizeof(p.before[0]));
	if (!p.is || !p.will || !p.before)
		err = e2_fail(E2_ERR_NOMEM, "no memory to compare %s with its log", io->name);
	for (uint64_t i = 0; !err && i < log->head.count;) {
		uint64_t n = e2_redo_run(log, i, piece);

		err = prove_run(&p, i, n);
		i += n;
	}
	free(p.is);
	free(p.will);
	free(p.before);
	return err;
}

/* Whether a complete log may be believed: where it comes from, and what it is about. */
static int check_origin(struct e2_image *image, const struct e2_redo_log *log, const char *path)
{
	struct e2_io *io = e2_image_io(image);
	int trusts = e2_image_trusts(image, path, log->io);

	if (trusts < 0)
		return trusts;
	if (trusts == 0)
		return e2_fail(E2_ERR_LOG, "%s: the log %s is not to be trusted: it must be a "
			       "regular file with one name that belongs to you or to the owner of "
			       "the image; --discard-log removes it", io->name, log->io->name);
	if (log->head.offset != e2_image_offset(image))
		return e2_fail(E2_ERR_LOG, "%s: the log %s belongs to a volume at byte %" PRIu64
			       " of its file, this one begins at %" PRIu64, io->name,
			       log->io->name, log->head.offset, e2_image_offset(image));
	if (log->head.size > io->size)
		return e2_fail(E2_ERR_LOG, "%s: has %" PRIu64 " bytes, but %" PRIu64 " when the "
			       "log %s was written; --discard-log gives the unfinished change up",
			       io->name, io->size, log->head.size, log->io->name);
	return 0;
}

int e2_redo_load_fitting(struct e2_image *image, const char *path, unsigned flags,
			 enum e2_redo_kind *kind, struct e2_redo_log **log)
{
	int err = e2_redo_load(e2_image_env(image), path, flags, kind, log);

	if (err || *kind != E2_REDO_COMPLETE)
		return err;
	err = check_origin(image, *log, path);
	if (!err)
		err = prove(e2_image_io(image), *log);
	if (err) {
		e2_redo_free(*log);
		*log = NULL;
	}
	return err;
}

int e2_redo_find(struct e2_image *image, const char *log_path, enum e2_redo_state *state)
{
	enum e2_redo_kind kind;
	struct e2_redo_log *log = NULL;
	int err = e2_redo_load_fitting(image, log_path, 0, &kind, &log);

	if (err)
		return err;
	*state = kind == E2_REDO_COMPLETE ? E2_REDO_PENDING : E2_REDO_NONE;
	e2_redo_free(log);
	return 0;
}

/* ---- completion ---------------------------------------------------------------- */

static int write_guard(struct e2_io *io, const struct e2_redo_log *log, const uint8_t *sector)
{
	int err = e2_io_write(io, log->head.guard_offset, E2_SECTOR, sector);

	return err ? err : e2_io_sync(io);
}

/* Puts the guarded version into a run of blocks that holds the guarded sector. */
static void patch_guard(const struct e2_redo_head *head, uint64_t offset, size_t len, uint8_t *data)
{
	if (head->guards && head->guard_offset >= offset && head->guard_offset - offset < len)
		memcpy(data + (head->guard_offset - offset), head->guarded, E2_SECTOR);
}

static int write_home(struct e2_io *io, struct e2_redo_log *log)
{
	uint32_t size = log->head.block_size;
	uint64_t piece = e2_redo_piece(size);
	uint8_t *buf;
	int err;

	if (piece > log->head.count)
		piece = log->head.count;
	buf = malloc((size_t)piece * size);
	err = buf ? 0 : e2_fail(E2_ERR_NOMEM, "no memory to bring a change into %s", io->name);
	for (uint64_t i = 0; !err && i < log->head.count;) {
		uint64_t n = e2_redo_run(log, i, piece), offset = log->blk[i] * size;

		err = e2_redo_read(log, i, n, buf);
		patch_guard(&log->head, offset, (size_t)n * size, buf);
		if (!err)
			err = e2_io_write(io, offset, (size_t)n * size, buf);
		i += n;
	}
	free(buf);
	return err ? err : e2_io_sync(io);
}

int e2_redo_apply(struct e2_image *image, struct e2_redo_log *log, const char *path)
{
	struct e2_env *env = e2_image_env(image);
	struct e2_io *io = e2_image_io(image);
	int err = log->head.guards ? write_guard(io, log, log->head.guarded) : 0;

	if (!err)
		err = write_home(io, log);
	if (!err && log->head.guards)
		err = write_guard(io, log, log->final);
	if (!err)
		err = env->ops->unlink(env, path);
	if (!err)
		err = env->ops->sync_dir(env, path);
	return err;
}

/* With the lock held. */
static int recover(struct e2_image *image, const char *path)
{
	struct e2_env *env = e2_image_env(image);
	struct e2_redo_log *log = NULL;
	enum e2_redo_kind kind;
	int err = e2_redo_load_fitting(image, path, E2_IO_WRITE, &kind, &log);

	if (err)
		return err;
	if (kind != E2_REDO_COMPLETE)
		return e2_redo_clear(env, path);
	/* Who wrote it may have been stopped before this. */
	err = e2_io_sync(log->io);
	if (!err)
		err = env->ops->sync_dir(env, path);
	if (!err)
		err = e2_redo_apply(image, log, path);
	if (!err)
		(void)e2_image_touch(image);	/* being written, it has another time already */
	e2_redo_free(log);
	return err;
}

/* Whether there is no file in the place of the log; what else it may be, loading it tells. */
static bool is_absent(struct e2_env *env, const char *path)
{
	struct e2_io *io;
	int err = env->ops->open(env, path, 0, &io);

	if (!err)
		(void)e2_io_close(io);	/* was not even read */
	else
		e2_err_clear();
	return err == E2_ERR_NOENT;
}

int e2_redo_recover(struct e2_image *image, const char *log_path)
{
	/* Nobody else makes one while we are the writer: no need to wait for readers. */
	if (is_absent(e2_image_env(image), log_path))
		return 0;
	int err = e2_image_lock(image, E2_EXCLUSIVE, WAIT_MS);

	if (err)
		return err;
	err = recover(image, log_path);
	(void)e2_image_lock(image, E2_UNLOCKED, 0);	/* giving back does not fail */
	return err;
}

/* With the lock held. */
static int discard(struct e2_env *env, const char *path)
{
	struct e2_redo_log *log = NULL;
	enum e2_redo_kind kind;
	int err = e2_redo_load(env, path, 0, &kind, &log);

	e2_redo_free(log);
	if (err)
		return err;
	if (kind == E2_REDO_ABSENT)
		return e2_fail(E2_ERR_NOENT, "there is no log to discard");
	if (kind != E2_REDO_COMPLETE)
		err = e2_redo_clear(env, path);
	else
		err = env->ops->unlink(env, path);
	return err ? err : env->ops->sync_dir(env, path);
}

int e2_redo_discard(struct e2_image *image, const char *log_path)
{
	int err = e2_image_lock(image, E2_EXCLUSIVE, WAIT_MS);

	if (err)
		return err;
	err = discard(e2_image_env(image), log_path);
	(void)e2_image_lock(image, E2_UNLOCKED, 0);	/* giving back does not fail */
	return err;
}

int e2_redo_forget(struct e2_env *env, const char *log_path)
{
	struct e2_redo_log *log = NULL;
	enum e2_redo_kind kind;
	int err = e2_redo_load(env, log_path, 0, &kind, &log);

	e2_redo_free(log);
	if (err || (kind != E2_REDO_COMPLETE && kind != E2_REDO_REMNANT))
		return err;
	err = env->ops->unlink(env, log_path);
	return err ? err : env->ops->sync_dir(env, log_path);
}
