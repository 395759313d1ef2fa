/* SPDX-License-Identifier: MIT */
/*
 * What an archive's files contain, in a temporary file without a name.
 *
 * The data of a file lies in one piece, what its extents leave out left out; blocks of zeros
 * are holes of the temporary file, so that it needs no more than there is to be said.
 */
#include "host/source_priv.h"

#include "base/zero.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ZERO_BYTES = 4096 };

int e2_spool_new(struct e2_spool **spool)
{
	struct e2_spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return e2_fail(E2_ERR_NOMEM, "a store for data");
	s->fd = -1;
	*spool = s;
	return 0;
}

void e2_spool_free(struct e2_spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		(void)close(spool->fd);		/* it has no name: gone */
	free(spool->at);
	free(spool);
}

static int write_all(const struct e2_spool *s, const uint8_t *data, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(s->fd, data, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return e2_fail_errno(errno, "temporary file");
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int e2_spool_add(struct e2_spool *s, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t n, end;
	int err = 0;

	if (s->fd < 0) {
		s->fd = e2_io_scratch_fd();
		if (s->fd < 0)
			return e2_fail_errno(errno, "making a temporary file");
	}
	while (len > 0 && err == 0) {	/* as much as is zero, or is not */
		n = len < ZERO_BYTES ? len : ZERO_BYTES;
		if (!e2_all_zero(from, n)) {
			for (end = n; end < len; end += n) {
				n = len - end < ZERO_BYTES ? len - end : ZERO_BYTES;
				if (e2_all_zero(from + end, n))
					break;
			}
			n = end;
			err = write_all(s, from, n, s->len);
		}
		from += n;
		len -= n;
		s->len += n;
	}
	return err;
}

/* Data that was added; behind the last that was written all is zero. */
static int read_data(struct e2_source_file *f, uint64_t at, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = pread(f->source->spool->fd, to, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return e2_source_fail_errno(f->source, f->obj, errno);
		if (n == 0) {
			memset(to, 0, len);
			break;
		}
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int e2_spool_read(struct e2_source_file *f, uint64_t offset, size_t len, void *buf)
{
	const struct e2_source *s = f->source;
	uint64_t base = s->spool->at[f->obj], end = offset + len;
	uint8_t *to = buf;
	uint32_t count;
	const struct e2_extent *e = e2_source_extents(s, f->obj, &count);
	int err = 0;

	if (e == NULL)
		return read_data(f, base + offset, to, len);
	memset(to, 0, len);
	if (f->extent > 0 && (f->extent >= count || offset < e[f->extent - 1].end))
		f->extent = 0, f->before = 0;
	while (f->extent < count && err == 0) {
		const struct e2_extent *x = &e[f->extent];
		uint64_t from = x->start > offset ? x->start : offset;
		uint64_t until = x->end < end ? x->end : end;

		if (from < until)
			err = read_data(f, base + f->before + (from - x->start),
					to + (from - offset), (size_t)(until - from));
		if (x->end >= end)
			break;
		f->before += x->end - x->start;
		f->extent++;
	}
	return err;
}
