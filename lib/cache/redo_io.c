/* SPDX-License-Identifier: MIT */
/* An image as it will be once its pending log is applied: a read-only io over both. */
#include "cache/redo_file.h"

#include <stdlib.h>
#include <string.h>

struct through_io {
	struct e2_io io;
	struct e2_io *image;		/* borrowed */
	struct e2_redo_log *log;
};

static struct through_io *through_of(struct e2_io *io)
{
	return (struct through_io *)io;
}

/* Puts what one block of the log holds of the range over what the image holds. */
static int overlay(struct through_io *t, uint64_t i, uint64_t offset, size_t len, uint8_t *buf)
{
	const struct e2_redo_head *head = &t->log->head;
	uint64_t begin = t->log->blk[i] * head->block_size, end = begin + head->block_size;
	uint64_t from = begin > offset ? begin : offset;
	uint64_t to = end < offset + len ? end : offset + len;

	return e2_io_read(t->log->io, e2_redo_payload(head) + i * head->block_size + (from - begin),
			  (size_t)(to - from), buf + (from - offset));
}

static int through_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct through_io *t = through_of(io);
	uint32_t size = t->log->head.block_size;
	int err = e2_io_read(t->image, offset, len, buf);

	for (uint64_t i = e2_redo_seek(t->log, offset / size);
	     !err && i < t->log->head.count && t->log->blk[i] * size < offset + len; i++)
		err = overlay(t, i, offset, len, buf);
	return err;
}

static int through_close(struct e2_io *io)
{
	e2_redo_free(through_of(io)->log);
	free(io);
	return 0;
}

/* It is not writable, so the rest is never called (io.c). */
static const struct e2_io_ops through_ops = {
	.read = through_read,
	.close = through_close,
};

int e2_redo_open_through(struct e2_image *image, const char *log_path, struct e2_io **io)
{
	struct e2_io *under = e2_image_io(image);
	struct e2_redo_log *log = NULL;
	enum e2_redo_kind kind;
	struct through_io *t;
	int err = e2_redo_load_fitting(image, log_path, 0, &kind, &log);

	if (err)
		return err;
	if (kind != E2_REDO_COMPLETE)
		return e2_fail(E2_ERR_NOENT, "%s: has no pending log", under->name);
	t = calloc(1, sizeof(*t));
	if (!t) {
		e2_redo_free(log);
		return e2_fail(E2_ERR_NOMEM, "no memory to read %s through its log", under->name);
	}
	t->io = (struct e2_io){ .ops = &through_ops, .name = under->name, .size = under->size };
	t->image = under;
	t->log = log;
	*io = &t->io;
	return 0;
}
