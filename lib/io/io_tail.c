/* SPDX-License-Identifier: MIT */
/*
 * An image as long as its volume should be: what is missing at its end reads as zeros, and is
 * made, as a hole, when room is reserved for the first write or something is written there.
 */
#include "io/io.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tail_io {
	struct e2_io io;
	struct e2_io *under;		/* borrowed */
	bool grown;			/* since the last change that was settled */
	uint64_t was;			/* its size before */
};

static struct tail_io *tail_of(struct e2_io *io)
{
	return (struct tail_io *)io;
}

/* Durable at once: a log that is written later says how long the image is. */
static int grow(struct tail_io *t)
{
	uint64_t was = t->under->size;
	struct e2_str why = E2_STR_INIT;
	int err;

	if (was >= t->io.size)
		return 0;
	err = e2_io_resize(t->under, t->io.size);
	if (err == 0) {
		t->grown = true;
		t->was = was;
		return e2_io_sync(t->under);
	}
	e2_str_add(&why, e2_err_detail());
	err = e2_fail(err, "%s; it ends before its volume, and cannot be made longer",
		      e2_str_text(&why));
	e2_str_free(&why);
	return err;
}

static int tail_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	struct e2_io *under = tail_of(io)->under;
	uint64_t there = offset < under->size ? under->size - offset : 0;
	size_t have = there < len ? (size_t)there : len;

	memset((uint8_t *)buf + have, 0, len - have);
	return have != 0 ? e2_io_read(under, offset, have, buf) : 0;
}

static int tail_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	int err = grow(tail_of(io));

	return err != 0 ? err : e2_io_write(tail_of(io)->under, offset, len, buf);
}

static int tail_sync(struct e2_io *io)
{
	return e2_io_sync(tail_of(io)->under);
}

static int tail_resize(struct e2_io *io, uint64_t size)
{
	return e2_fail(E2_ERR_INVAL, "%s: of %" PRIu64 " bytes cannot become %" PRIu64, io->name,
		       io->size, size);
}

static int tail_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int err = grow(tail_of(io));

	return err != 0 ? err : e2_io_zero(tail_of(io)->under, offset, len);
}

static int tail_reserve(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int err = grow(tail_of(io));

	return err != 0 ? err : e2_io_reserve(tail_of(io)->under, offset, len);
}

/* What is kept may have written nothing, where zeros at the end were all that was missing. */
static int tail_settle(struct e2_io *io, bool keep)
{
	struct tail_io *t = tail_of(io);
	int err = keep ? grow(t) : 0;
	bool grown = t->grown;

	t->grown = false;
	return grown && !keep ? e2_io_resize(t->under, t->was) : err;
}

static int tail_close(struct e2_io *io)
{
	free(tail_of(io));
	return 0;
}

static const struct e2_io_ops tail_ops = {
	.read = tail_read,
	.write = tail_write,
	.sync = tail_sync,
	.resize = tail_resize,
	.zero = tail_zero,
	.reserve = tail_reserve,
	.settle = tail_settle,
	.close = tail_close,
};

int e2_io_open_tail(struct e2_io *under, uint64_t size, struct e2_io **io)
{
	struct tail_io *t = calloc(1, sizeof(*t));

	if (!t)
		return e2_fail(E2_ERR_NOMEM, "no memory for the end of %s", under->name);
	t->io = (struct e2_io){ .ops = &tail_ops, .name = under->name, .size = size,
				.writable = under->writable };
	t->under = under;
	*io = &t->io;
	return 0;
}
