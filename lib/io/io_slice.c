/* SPDX-License-Identifier: MIT */
/* A window of another io: a partition, or a volume behind a header. */
#include "io/io.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdlib.h>

struct slice_io {
	struct e2_io io;
	struct e2_io *whole;
	uint64_t start;
	struct e2_str name;
};

static struct slice_io *slice_of(struct e2_io *io)
{
	return (struct slice_io *)io;
}

static int slice_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	return e2_io_read(slice_of(io)->whole, slice_of(io)->start + offset, len, buf);
}

static int slice_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	return e2_io_write(slice_of(io)->whole, slice_of(io)->start + offset, len, buf);
}

static int slice_sync(struct e2_io *io)
{
	return e2_io_sync(slice_of(io)->whole);
}

static int slice_resize(struct e2_io *io, uint64_t size)
{
	return e2_fail(E2_ERR_INVAL, "%s: a slice of %" PRIu64 " bytes cannot become %" PRIu64,
		       io->name, io->size, size);
}

static int slice_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	return e2_io_zero(slice_of(io)->whole, slice_of(io)->start + offset, len);
}

static int slice_reserve(struct e2_io *io, uint64_t offset, uint64_t len)
{
	return e2_io_reserve(slice_of(io)->whole, slice_of(io)->start + offset, len);
}

static int slice_close(struct e2_io *io)
{
	int r = e2_io_close(slice_of(io)->whole);

	e2_str_free(&slice_of(io)->name);
	free(slice_of(io));
	return r;
}

static const struct e2_io_ops slice_ops = {
	.read = slice_read,
	.write = slice_write,
	.sync = slice_sync,
	.resize = slice_resize,
	.zero = slice_zero,
	.reserve = slice_reserve,
	.close = slice_close,
};

int e2_io_open_slice(struct e2_io *owned, uint64_t offset, uint64_t len, struct e2_io **io)
{
	struct slice_io *s = NULL;
	int r = E2_OK;

	if (offset > owned->size || len > owned->size - offset) {
		r = e2_fail(E2_ERR_RANGE, "%s: a slice of %" PRIu64 " bytes at %" PRIu64
			    " passes its end at %" PRIu64, owned->name, len, offset, owned->size);
		goto fail;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		r = e2_fail(E2_ERR_NOMEM, "%s: no memory for a slice", owned->name);
		goto fail;
	}
	e2_str_addf(&s->name, "%s@%" PRIu64 "+%" PRIu64, owned->name, offset, len);
	r = e2_str_status(&s->name);
	if (r)
		goto fail;
	s->io = (struct e2_io){
		.ops = &slice_ops,
		.name = e2_str_text(&s->name),
		.size = len,
		.writable = owned->writable,
	};
	s->whole = owned;
	s->start = offset;
	*io = &s->io;
	return E2_OK;
fail:
	if (s)
		e2_str_free(&s->name);
	free(s);
	(void)e2_io_close(owned);	/* the first failure is the one to tell */
	return r;
}
