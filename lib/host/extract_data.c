/* SPDX-License-Identifier: MIT */
/*
 * File data out to the host: large reads and writes, holes stay holes.
 *
 * Small files, and large ones whose pointers are sound, are read piece by piece.  A
 * file with pointer blocks of pointer blocks is read along its pointers instead, which
 * enters each of them once: so a cycle costs no more than the blocks it is
 * made of.  In a damaged file, what can be read is where it belongs, and the
 * rest is a hole.
 */
#include "host/extract_parts.h"

#include <errno.h>
#include <unistd.h>

struct copy {
	struct e2_extractor *x;
	const struct e2_inode *in;
	uint64_t size, end;		/* end: of what was written so far */
	uint32_t block_size;
	int fd;
	bool damage;
};

static bool is_damage(int err)
{
	return err == E2_ERR_CORRUPT || err == E2_ERR_IO || err == E2_ERR_RANGE;
}

static int write_all(struct copy *c, uint64_t offset, const uint8_t *data, size_t len)
{
	struct e2_extractor *x = c->x;
	ssize_t n;
	int r;

	if (len > x->bytes_left) {
		x->exhausted = true;
		return e2_fail(E2_ERR_FBIG, "more data than %s", x->options.max_bytes ?
			       "was allowed" : "the image holds: blocks belong to several files");
	}
	while (len > 0) {
		n = pwrite(c->fd, data, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = e2_fail_errno(errno, "writing");
			return is_damage(r) ? E2_ERR_HOST : r;	/* not the image's */
		}
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
		x->bytes_left -= (uint64_t)n;
		x->stats.bytes += (uint64_t)n;
	}
	if (offset > c->end)
		c->end = offset;
	return 0;
}

/* Copies data between two offsets; fails at what cannot be read. */
static int copy_range(struct copy *c, uint64_t offset, uint64_t end, size_t piece)
{
	size_t want, got;
	int r;

	while (offset < end) {
		want = end - offset < piece ? (size_t)(end - offset) : piece;
		r = e2_read(c->x->fs, c->in, offset, want, c->x->buffer, &got);
		if (r)
			return r;
		if (got == 0)
			break;
		r = write_all(c, offset, c->x->buffer, got);
		if (r)
			return r;
		offset += got;
	}
	return 0;
}

/* A run that cannot be read as a whole is tried block by block. */
static int copy_run(struct copy *c, uint64_t offset, uint64_t end)
{
	uint64_t stop;
	int r;

	for (; offset < end; offset = stop) {
		stop = offset + E2_EXTRACT_BUFFER < end ? offset + E2_EXTRACT_BUFFER : end;
		r = copy_range(c, offset, stop, E2_EXTRACT_BUFFER);
		if (!is_damage(r)) {
			if (r)
				return r;
			continue;
		}
		c->damage = true;
		for (uint64_t at = offset; at < stop; at += c->block_size) {
			r = copy_range(c, at, stop - at < c->block_size ? stop : at + c->block_size,
				       c->block_size);
			if (r && !is_damage(r))
				return r;
		}
	}
	return 0;
}

static int copy_along_pointers(struct copy *c)
{
	struct e2_blocks *walk;
	struct e2_walk_block b;
	uint64_t start, end;
	int r;

	r = e2_blocks_begin(c->x->fs, c->in, &walk);
	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		if (b.status) {
			c->damage = true;
			continue;
		}
		if (b.level != 0 || b.lblk >= c->size / c->block_size + 1)
			continue;
		start = b.lblk * c->block_size;
		end = b.count >= (c->size - start) / c->block_size + 1 ? c->size :
			start + b.count * c->block_size;
		r = copy_run(c, start, end < c->size ? end : c->size);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	return r;
}

static int copy_pieces(struct copy *c)
{
	uint64_t start, end = 0;
	int r;

	while ((r = e2_data_next(c->x->fs, c->in, end, &start, &end)) > 0) {
		r = copy_range(c, start, end, E2_EXTRACT_BUFFER);
		if (r)
			break;
	}
	return r;
}

int e2_extract_data(struct e2_extractor *x, const struct e2_inode *in, int fd, bool *damage)
{
	const struct e2_geometry *g = e2_geometry(x->fs);
	struct copy c = { .x = x, .in = in, .size = e2_inode_size(in),
			  .block_size = g->block_size, .fd = fd };
	int r;

	if (c.size == 0)
		return 0;
	if (c.size > x->file_limit || c.size > INT64_MAX)
		return e2_fail(E2_ERR_FBIG, "the file has %llu bytes, the host allows %llu",
			       (unsigned long long)c.size, (unsigned long long)x->file_limit);
	r = E2_ERR_CORRUPT;
	if (c.size / c.block_size < (uint64_t)E2_DIRECT + g->pointers)
		r = copy_pieces(&c);
	if (is_damage(r))
		r = copy_along_pointers(&c);
	if (r)
		return r;
	if (c.end < c.size && ftruncate(fd, (off_t)c.size) < 0)
		return e2_fail_errno(errno, "setting the length to %llu bytes",
				     (unsigned long long)c.size);
	*damage = c.damage;
	return 0;
}
