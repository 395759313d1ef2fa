/* SPDX-License-Identifier: MIT */
#include "cache/still.h"

#include "cache/redo.h"

#include <stdlib.h>

enum { WAIT_MS = 10000 };	/* for a commit to end */

struct still_io {
	struct e2_io io;
	struct e2_image *image;
	struct e2_io *bytes;	/* the image's, or the pending change over it */
};

static struct still_io *still_of(struct e2_io *io)
{
	return (struct still_io *)io;
}

static int still_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	return e2_io_read(still_of(io)->bytes, offset, len, buf);
}

static int still_close(struct e2_io *io)
{
	struct still_io *s = still_of(io);

	if (s->bytes != e2_image_io(s->image))
		(void)e2_io_close(s->bytes);	/* was only read, as all of it */
	(void)e2_image_close(s->image);		/* ends the lock too */
	free(s);
	return 0;
}

static const struct e2_io_ops still_ops = { .read = still_read, .close = still_close };

/* Finds a pending change to read through; the image is locked. */
static int look_for_log(struct still_io *s, const char *log_path)
{
	struct e2_str path = E2_STR_INIT;
	enum e2_redo_state state = E2_REDO_NONE;
	int err = 0;

	if (log_path)
		e2_str_add(&path, log_path);
	else
		err = e2_image_log_path(s->image, &path);
	if (!err)
		err = e2_str_status(&path);
	if (!err)
		err = e2_redo_find(s->image, e2_str_text(&path), &state);
	if (!err && state == E2_REDO_PENDING)
		err = e2_redo_open_through(s->image, e2_str_text(&path), &s->bytes);
	if (err == E2_ERR_UNSUPPORTED && !log_path) {	/* it has no log */
		e2_err_clear();
		err = 0;
	}
	e2_str_free(&path);
	return err;
}

int e2_still_open(struct e2_env *env, const char *spec, const char *log_path, struct e2_io **io,
		  bool *pending)
{
	struct still_io *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return e2_fail(E2_ERR_NOMEM, "no memory to open an image");
	err = e2_image_open(env ? env : e2_env_host(), spec, 0, &s->image);
	if (err) {
		free(s);
		return err;
	}
	s->bytes = e2_image_io(s->image);
	err = e2_image_lock(s->image, E2_SHARED, WAIT_MS);
	if (!err)
		err = look_for_log(s, log_path);
	if (err) {
		(void)still_close(&s->io);	/* the first failure is the one to tell */
		return err;
	}
	s->io = (struct e2_io){
		.ops = &still_ops, .name = e2_image_io(s->image)->name, .size = s->bytes->size,
	};
	if (pending)
		*pending = s->bytes != e2_image_io(s->image);
	*io = &s->io;
	return 0;
}
