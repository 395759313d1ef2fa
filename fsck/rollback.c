/* SPDX-License-Identifier: MIT */
/* Changes that are taken back, or given up before they were completed. */
#include "fsck.h"

#include <inttypes.h>
#include <stdio.h>

/* Undo files are made by who needs one: this one must be there. */
static int open_undo(struct e2_fs *fs, const char *path, struct e2_undo **undo)
{
	struct e2_env *env = e2_env_host();
	struct e2_io *io;
	int err = env->ops->open(env, path, 0, &io);

	if (err == 0)
		err = e2_io_close(io);
	return err != 0 ? err : e2_undo_open(e2_fs_image(fs), path, undo);
}

/* Takes all records back in one commit. */
static int take_back(struct e2_fs *fs, struct e2_undo *undo, uint64_t count)
{
	struct e2_txn *txn;
	int err = e2_txn_begin(fs, false, &txn);

	if (err != 0)
		return err;
	err = e2_undo_apply(undo, txn, count);
	if (err != 0) {
		e2_txn_abort(txn);
		return err;
	}
	err = e2_txn_commit(txn);
	return err != 0 ? err : e2_undo_drop(undo, count);
}

static int roll_back(struct e2_fs *fs, const char *path, uint64_t *count)
{
	struct e2_undo *undo;
	int err = open_undo(fs, path, &undo), closed;

	if (err != 0)
		return err;
	*count = e2_undo_count(undo);
	if (*count != 0)
		err = take_back(fs, undo, *count);
	closed = e2_undo_close(undo);
	return err != 0 ? err : closed;
}

/* Says what was done; false when it could not be written. */
static bool say(const char *shown, uint64_t count)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_count(&s, count);
	if (count == 0)
		printf("%s: the undo file holds no change\n", shown);
	else
		printf("%s: %s change%s taken back\n", shown, e2_str_text(&s),
		       count == 1 ? "" : "s");
	e2_str_free(&s);
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* Also when what is to be taken back has ruined the superblock. */
static int open_volume(const char *image, const struct e2_open_options *options,
		       struct e2_fs **fs)
{
	int err = e2_open_image(NULL, image, options, fs), closed;

	if (err == 0 && e2_fs_read_only(*fs) != NULL) {
		closed = e2_close(*fs);
		err = closed != 0 ? closed : E2_ERR_FEATURE;
	}
	if (err != E2_ERR_NOT_EXT2 && err != E2_ERR_CORRUPT && err != E2_ERR_FEATURE)
		return err;
	e2_err_clear();
	return e2_open_damaged(NULL, image, options, fs);
}

int fsck_rollback(const char *image, const char *shown, const struct fsck_options *o)
{
	const struct e2_open_options options = {
		.flags = E2_OPEN_WRITE | (o->no_recover ? E2_OPEN_NO_RECOVER : 0u) |
			 (o->discard_log ? E2_OPEN_DISCARD_LOG : 0u),
		.log_path = o->log, .undo_path = o->undo,
	};
	uint64_t count = 0;
	struct e2_fs *fs;
	int err = open_volume(image, &options, &fs), closed;

	if (err != 0)
		return fsck_fail(shown, err);
	err = roll_back(fs, o->rollback, &count);
	closed = e2_close(fs);
	if (err != 0 || closed != 0)
		return fsck_fail(shown, err != 0 ? err : closed);
	if (!o->quiet && !say(shown, count)) {
		fprintf(stderr, "extant-fsck: standard output could not be written\n");
		return FSCK_FAILED;
	}
	return FSCK_OK;
}

static int discard(const char *image, const char *log)
{
	struct e2_str path = E2_STR_INIT;
	struct e2_image *i;
	int err = e2_image_open(e2_env_host(), image, E2_IMAGE_WRITE, &i), closed;

	if (err != 0)
		return err;
	if (log != NULL)
		e2_str_add(&path, log);
	else
		err = e2_image_log_path(i, &path);
	if (err == 0)
		err = e2_str_status(&path);
	if (err == 0)
		err = e2_redo_discard(i, e2_str_text(&path));
	if (err == E2_ERR_NOENT) {	/* then there is nothing to give up */
		e2_err_clear();
		err = 0;
	}
	e2_str_free(&path);
	closed = e2_image_close(i);
	return err != 0 ? err : closed;
}

int fsck_discard_log(const char *image, const char *shown, const struct fsck_options *o)
{
	int err = discard(image, o->log);

	return err != 0 ? fsck_fail(shown, err) : FSCK_OK;
}

static bool say_applied(const char *shown, uint64_t blocks)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_count(&s, blocks);
	printf("%s: the plan is done: %s block%s changed\n", shown, e2_str_text(&s),
	       blocks == 1 ? "" : "s");
	e2_str_free(&s);
	return fflush(stdout) == 0 && !ferror(stdout);
}

int fsck_apply(const char *image, const char *shown, const struct fsck_options *o)
{
	const struct e2_open_options options = {
		.flags = (o->no_recover ? E2_OPEN_NO_RECOVER : 0u) |
			 (o->discard_log ? E2_OPEN_DISCARD_LOG : 0u),
		.log_path = o->log, .undo_path = o->undo,
	};
	uint64_t blocks = 0;
	int status = FSCK_FIXED, err;

	fsck_interrupt_defer(o->interrupt);
	err = e2_repair_plan_apply(NULL, image, &options, o->apply, &blocks);
	if (err != 0)
		status = fsck_fail_write(shown, err);
	else if (!o->quiet && !say_applied(shown, blocks))
		status |= fsck_fail_output();
	return status | (fsck_interrupt_resume(o->interrupt) ? FSCK_CANCELLED : 0);
}
