/* SPDX-License-Identifier: MIT */
/*
 * Opening what a user names: the image with its locks, the log of a change that was not
 * completed, then the volume.
 *
 * Who writes keeps the lock WRITER and completes a pending change.  Who reads takes the lock
 * COMMIT, shared, while he loads and during each command; a pending change he reads through.
 * Between his commands the image may change: its stamp tells, and everything is loaded again.
 */
#include "vol/fs.h"

#include "cache/redo.h"

#include <inttypes.h>
#include <string.h>

enum { WAIT_MS = 10000 };	/* for a commit to end, or for readers to let one begin */

static bool writes(const struct e2_fs *fs)
{
	return (fs->options.flags & E2_OPEN_WRITE) != 0;
}

/* Where the log lies; a log_path of length 0 afterwards: the image has none. */
static int find_log_path(struct e2_fs *fs)
{
	if (fs->log_path.len > 0)
		return 0;
	int err = e2_image_log_path(fs->image, &fs->log_path);

	if (err == E2_ERR_UNSUPPORTED && !writes(fs)) {
		e2_err_clear();
		e2_str_free(&fs->log_path);
		fs->log_path = (struct e2_str)E2_STR_INIT;
		return 0;
	}
	return err;
}

static int refuse_pending(const struct e2_fs *fs)
{
	return e2_fail(E2_ERR_LOG, "a change that was not completed waits in %s; without "
		       "--no-recover it is completed", e2_str_text(&fs->log_path));
}

/* Completes or discards what a writer left behind. */
static int recover(struct e2_fs *fs)
{
	const char *log_path = e2_str_text(&fs->log_path);
	enum e2_redo_state state;

	if (fs->options.flags & E2_OPEN_DISCARD_LOG) {
		int err = e2_redo_discard(fs->image, log_path);

		if (err != E2_ERR_NOENT)
			return err;
		e2_err_clear();
		return 0;
	}
	int err = e2_redo_find(fs->image, log_path, &state);
	if (err)
		return err;
	if (state == E2_REDO_PENDING && fs->options.flags & E2_OPEN_NO_RECOVER)
		return refuse_pending(fs);
	fs->pending = state == E2_REDO_PENDING;
	return e2_redo_recover(fs->image, log_path);
}

/* What to read from: the image, or a pending change over it, which the caller owns. */
static int choose_io(struct e2_fs *fs, struct e2_io **io)
{
	enum e2_redo_state state = E2_REDO_NONE;
	int err = 0;

	*io = e2_image_io(fs->image);
	if (writes(fs) || fs->log_path.len == 0)
		return 0;
	err = e2_redo_find(fs->image, e2_str_text(&fs->log_path), &state);
	fs->pending = !err && state == E2_REDO_PENDING;
	if (err || state == E2_REDO_NONE)
		return err;
	if (fs->options.flags & E2_OPEN_NO_RECOVER)
		return refuse_pending(fs);
	return e2_redo_open_through(fs->image, e2_str_text(&fs->log_path), io);
}

/* Loads everything; who reads holds the lock COMMIT. */
static int load(struct e2_fs *fs)
{
	struct e2_io *image_io = e2_image_io(fs->image), *old = fs->io, *io;
	struct e2_stamp stamp;
	int err = e2_image_stamp(fs->image, &stamp);

	if (!err)
		err = choose_io(fs, &io);
	if (err)
		return err;
	err = e2_fs_load(fs, io);
	if (err) {
		if (io != image_io)
			(void)e2_io_close(io);	/* read only: nothing can be lost */
		return err;
	}
	fs->io = io;
	fs->stamp = stamp;
	if (old && old != image_io)
		(void)e2_io_close(old);		/* the same */
	return 0;
}

int e2_open_image(struct e2_env *env, const char *spec, const struct e2_open_options *options,
		  struct e2_fs **fs)
{
	struct e2_fs *f;
	int err = e2_fs_new(options, &f);

	if (err)
		return err;
	err = e2_image_open(env ? env : e2_env_host(), spec, writes(f) ? E2_IMAGE_WRITE : 0,
			    &f->image);
	if (err)
		goto out;
	f->io = e2_image_io(f->image);
	err = find_log_path(f);
	if (err)
		goto out;
	if (writes(f))
		err = recover(f);
	else
		err = e2_image_lock(f->image, E2_SHARED, WAIT_MS);
	if (err)
		goto out;
	err = load(f);
	if (!writes(f)) {
		int unlocked = e2_image_lock(f->image, E2_UNLOCKED, 0);
		err = err ? err : unlocked;
	}
	f->place = (struct e2_commit_place){
		.image = f->image, .log_path = e2_str_text(&f->log_path), .wait_ms = WAIT_MS,
		.stamp = &f->stamp,
	};
out:
	if (err)
		(void)e2_close(f);	/* the first failure is the one to tell */
	else
		*fs = f;
	return err;
}

bool e2_fs_pending(const struct e2_fs *fs)
{
	return fs->pending;
}

struct e2_image *e2_fs_image(const struct e2_fs *fs)
{
	return fs->image;
}

/* ---- commands that read ------------------------------------------------------------ */

static bool same_stamp(const struct e2_stamp *a, const struct e2_stamp *b)
{
	return a->size == b->size && a->mtime == b->mtime && a->ctime == b->ctime &&
	       a->dev == b->dev && a->ino == b->ino;
}

int e2_reading_begin(struct e2_fs *fs, bool *changed)
{
	struct e2_stamp stamp;

	*changed = false;
	if (!fs->image || fs->reading || fs->txn)
		return 0;
	/* No commit can begin while we are the writer. */
	int err = writes(fs) ? 0 : e2_image_lock(fs->image, E2_SHARED, WAIT_MS);
	if (err)
		return err;
	err = e2_image_stamp(fs->image, &stamp);
	if (!err && !same_stamp(&stamp, &fs->stamp)) {
		err = load(fs);
		*changed = err == 0;
	}
	fs->reading = !writes(fs);
	if (err)
		e2_reading_end(fs);	/* the first failure counts */
	return err;
}

void e2_reading_end(struct e2_fs *fs)
{
	if (!fs->reading)
		return;
	fs->reading = false;
	(void)e2_image_lock(fs->image, E2_UNLOCKED, 0);	/* at the latest, closing lets go */
}

/* ---- undo --------------------------------------------------------------------------- */

int e2_fs_undo(struct e2_fs *fs, struct e2_undo **undo)
{
	if (fs->image && !fs->undo) {
		int err = e2_undo_open(fs->image, fs->options.undo_path, &fs->undo);

		if (err)
			return err;
		fs->place.undo = fs->undo;
	}
	*undo = fs->undo;
	return 0;
}
