/* SPDX-License-Identifier: MIT */
/*
 * File data out to the host: large reads and writes, holes stay holes.
 *
 * Runs of blocks are collected in a buffer and written when it is full or a hole
 * comes.  A file without pointer blocks of pointer blocks is mapped from front to
 * back; a larger one is read along its pointers, which enters each pointer block
 * once, so that a cycle costs no more than the blocks it is made of.  In a
 * damaged file, what can be read is where it belongs, and the rest is a hole.
 */
#include "host/extract_parts.h"

#include "base/checked.h"

#include <errno.h>
#include <unistd.h>

struct copy {
	struct e2_extractor *x;
	const struct e2_inode *in;
	uint64_t size;			/* of the file */
	uint64_t end;			/* of what was written so far */
	uint64_t at;			/* where the buffer's bytes belong */
	size_t held;			/* bytes in the buffer */
	uint32_t block_size;
	int fd;
	bool damage;
};

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
			return r == E2_ERR_NOSPC || r == E2_ERR_FBIG ? r : E2_ERR_HOST;
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

static int flush(struct copy *c)
{
	size_t len = c->held;

	c->held = 0;
	if (len == E2_EXTRACT_BUFFER && e2_extract_stopped(c->x))
		return E2_ERR_CANCELLED;
	if (c->size - c->at < len)
		len = (size_t)(c->size - c->at);
	return len ? write_all(c, c->at, c->x->buffer, len) : 0;
}

/* Puts count blocks that begin at byte offset of the file into the buffer; they fit in it. */
static int collect(struct copy *c, e2_blk blk, uint64_t count, uint64_t offset)
{
	size_t len = (size_t)count * c->block_size;
	int r = 0;

	if (c->held && (c->at + c->held != offset || len > E2_EXTRACT_BUFFER - c->held))
		r = flush(c);
	if (r)
		return r;
	r = e2_ahead_read(&c->x->ahead, blk, count, c->x->buffer + c->held);
	if (r == E2_ERR_IO && count == 1) {
		c->damage = true;
		return 0;
	}
	if (r)
		return r;
	if (c->held == 0)
		c->at = offset;
	c->held += len;
	return 0;
}

/* A run of blocks; a part that cannot be read as a whole is tried block by block. */
static int copy_run(struct copy *c, e2_lblk lblk, e2_blk blk, uint64_t count)
{
	uint64_t most = E2_EXTRACT_BUFFER / c->block_size, n;
	int r;

	for (; count > 0; lblk += n, blk += n, count -= n) {
		n = count < most ? count : most;
		r = collect(c, blk, n, lblk * c->block_size);
		if (r != E2_ERR_IO) {
			if (r)
				return r;
			continue;
		}
		for (uint64_t i = 0; i < n; i++) {
			r = collect(c, blk + i, 1, (lblk + i) * c->block_size);
			if (r)
				return r;
		}
	}
	return 0;
}

static int copy_along_pointers(struct copy *c, e2_lblk blocks)
{
	struct e2_blocks *walk;
	struct e2_walk_block b;
	int r;

	r = e2_blocks_begin(c->x->fs, c->in, &walk);
	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		if (b.status)
			c->damage = true;
		if (b.status || b.level != 0 || b.lblk >= blocks)
			continue;
		r = copy_run(c, b.lblk, b.blk,
			     b.count < blocks - b.lblk ? b.count : blocks - b.lblk);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	return r;
}

static int copy_by_map(struct copy *c, e2_lblk blocks)
{
	struct e2_run run;
	uint64_t skip, count;
	int r;

	for (e2_lblk lblk = 0; lblk < blocks; lblk += count) {
		count = 1;
		r = e2_map(c->x->fs, c->in, lblk, &run);
		if (r == E2_ERR_CORRUPT || r == E2_ERR_IO) {
			c->damage = true;
			continue;
		}
		if (r)
			return r;
		skip = lblk - run.lblk;
		count = run.count - skip < blocks - lblk ? run.count - skip : blocks - lblk;
		r = run.blk ? copy_run(c, lblk, run.blk + skip, count) : 0;
		if (r)
			return r;
	}
	return 0;
}

int e2_extract_data(struct e2_extractor *x, const struct e2_inode *in, int fd, bool *damage)
{
	const struct e2_geometry *g = e2_geometry(x->fs);
	struct copy c = { .x = x, .in = in, .size = e2_inode_size(in),
			  .block_size = g->block_size, .fd = fd };
	e2_lblk blocks = e2_div_up(c.size, g->block_size);
	int r;

	if (c.size == 0)
		return 0;
	if (c.size > x->file_limit)
		return e2_fail(E2_ERR_FBIG, "the file has %llu bytes, the host allows %llu",
			       (unsigned long long)c.size, (unsigned long long)x->file_limit);
	if (!e2_inode_has_blocks(x->fs, in))
		return e2_fail(E2_ERR_UNSUPPORTED, "data is stored as extents or inline");
	if (blocks <= (uint64_t)E2_DIRECT + g->pointers)
		r = copy_by_map(&c, blocks);
	else
		r = copy_along_pointers(&c, blocks);
	if (r == 0)
		r = flush(&c);
	if (r)
		return r;
	if (c.end < c.size && ftruncate(fd, (off_t)c.size) < 0)
		return e2_fail_errno(errno, "setting the length to %llu bytes",
				     (unsigned long long)c.size);
	*damage = c.damage;
	return 0;
}
