/* SPDX-License-Identifier: MIT */
/*
 * Compressed images.  Random reads of a gzip stream would inflate it again and
 * again, so it is inflated once, into a file without a name whose zero blocks
 * are holes: an image of a large empty volume takes little room.
 */
#include "io/file.h"
#include "io/name.h"

#include "base/zero.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	GZ_IN = 256 * 1024,
	GZ_OUT = 256 * 1024,
	GZ_BLOCK = 4096,	/* granularity of holes */
	GZIP_WINDOW = 15 + 16,	/* largest window, gzip header required */
};

struct gz_copy {
	struct e2_io *in;
	struct e2_io *out;
	uint64_t in_offset;
	uint64_t out_offset;
	uint64_t limit;
	z_stream z;
	uint8_t *in_buf;
	uint8_t *out_buf;
};

/* The length of the run of blocks from p on that are all zero, or all not. */
static size_t run_length(const uint8_t *p, size_t len, bool *zero)
{
	size_t n = 0;

	*zero = e2_all_zero(p, len < GZ_BLOCK ? len : GZ_BLOCK);
	while (n < len) {
		size_t block = len - n < GZ_BLOCK ? len - n : GZ_BLOCK;

		if (e2_all_zero(p + n, block) != *zero)
			break;
		n += block;
	}
	return n;
}

/* Writes what was inflated, leaving zero blocks out. */
static int flush_out(struct gz_copy *c)
{
	size_t len = GZ_OUT - c->z.avail_out;
	size_t done = 0;
	int r;

	if (len > c->limit - c->out_offset)
		return e2_fail(E2_ERR_FBIG, "%s: inflates to more than %" PRIu64 " bytes",
			       c->in->name, c->limit);
	r = e2_io_resize(c->out, c->out_offset + len);
	while (r == E2_OK && done < len) {
		bool zero;
		size_t n = run_length(c->out_buf + done, len - done, &zero);

		if (!zero)
			r = e2_io_write(c->out, c->out_offset + done, n, c->out_buf + done);
		done += n;
	}
	c->out_offset += len;
	c->z.next_out = c->out_buf;
	c->z.avail_out = GZ_OUT;
	return r;
}

/* Reads more when the input buffer is empty; avail_in stays 0 at the end of the file. */
static int fill_in(struct gz_copy *c)
{
	uint64_t left = c->in->size - c->in_offset;
	size_t n = left < GZ_IN ? (size_t)left : GZ_IN;
	int r;

	if (c->z.avail_in > 0)
		return E2_OK;
	r = e2_io_read(c->in, c->in_offset, n, c->in_buf);
	if (r == E2_OK) {
		c->in_offset += n;
		c->z.next_in = c->in_buf;
		c->z.avail_in = (uInt)n;
	}
	return r;
}

static int fail_inflate(const struct gz_copy *c, int z)
{
	uint64_t at = c->in_offset - c->z.avail_in;

	if (z == Z_MEM_ERROR)
		return e2_fail(E2_ERR_NOMEM, "%s: no memory to inflate it", c->in->name);
	if (z == Z_BUF_ERROR)
		return e2_fail(E2_ERR_CORRUPT, "%s: is cut off after %" PRIu64 " bytes",
			       c->in->name, at);
	return e2_fail(E2_ERR_CORRUPT, "%s: no valid gzip data near byte %" PRIu64 " (%s)",
		       c->in->name, at, c->z.msg ? c->z.msg : "unknown");
}

/* One step; 1 while there is more, 0 at the end of the last member. */
static int step(struct gz_copy *c)
{
	int r = fill_in(c);
	int z;

	if (r)
		return r;
	z = inflate(&c->z, Z_NO_FLUSH);
	if (z != Z_OK && z != Z_STREAM_END)
		return fail_inflate(c, z);
	if (c->z.avail_out == 0 || z == Z_STREAM_END) {
		r = flush_out(c);
		if (r)
			return r;
	}
	if (z == Z_OK)
		return 1;
	r = fill_in(c);
	if (r || c->z.avail_in == 0)
		return r;
	return inflateReset(&c->z) == Z_OK ? 1 : fail_inflate(c, Z_STREAM_ERROR);
}

static int inflate_all(struct gz_copy *c)
{
	int r;

	c->in_buf = malloc(GZ_IN);
	c->out_buf = malloc(GZ_OUT);
	if (!c->in_buf || !c->out_buf || inflateInit2(&c->z, GZIP_WINDOW) != Z_OK) {
		r = e2_fail(E2_ERR_NOMEM, "%s: no memory to inflate it", c->in->name);
		goto out;
	}
	c->z.next_out = c->out_buf;
	c->z.avail_out = GZ_OUT;
	do {
		r = step(c);
	} while (r == 1);
	(void)inflateEnd(&c->z);	/* frees memory only */
out:
	free(c->in_buf);
	free(c->out_buf);
	return r;
}

int e2_io_inflate(struct e2_io *in, const char *path, uint64_t limit, struct e2_io **io)
{
	struct gz_copy c = { .in = in, .limit = limit };
	int fd = e2_io_scratch_fd();
	int r;

	if (fd < 0)
		return e2_io_fail_errno(errno, path,
					"making a temporary file to inflate it into");
	r = e2_io_from_fd(fd, path, true, &c.out);
	if (r == E2_OK)
		r = inflate_all(&c);
	if (r) {
		(void)e2_io_close(c.out);	/* has no name, is gone */
		return r;
	}
	c.out->writable = false;
	*io = c.out;
	return E2_OK;
}

int e2_io_open_gz(const char *path, uint64_t limit, struct e2_io **io)
{
	struct e2_io *in;
	int r = e2_io_open_file(path, 0, &in);

	if (r)
		return r;
	r = e2_io_inflate(in, path, limit, io);
	(void)e2_io_close(in);	/* was only read */
	return r;
}

/* A deflate gzip header, of which the first three bytes are fixed. */
int e2_io_is_gzip(struct e2_io *io, bool *gzip)
{
	uint8_t head[3];
	int r;

	*gzip = false;
	if (io->size < sizeof(head))
		return E2_OK;
	r = e2_io_read(io, 0, sizeof(head), head);
	if (r == E2_OK)
		*gzip = head[0] == 0x1f && head[1] == 0x8b && head[2] == 8;
	return r;
}
