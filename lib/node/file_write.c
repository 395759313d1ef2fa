/* SPDX-License-Identifier: MIT */
/*
 * Changing the bytes of a file.
 *
 * Bytes of the last block past the end of the file are zero whenever the file grows over them:
 * what is added without being written reads as zeros.
 */
#include "node/private.h"

#include "base/checked.h"
#include "base/zero.h"

#include <inttypes.h>
#include <string.h>

enum { LARGE_FILE = INT32_MAX };	/* longer ones need the feature */

/* The longest that a file of this kind can be. */
static int check_size(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, uint64_t size)
{
	uint64_t max = e2_is_reg(in) ? e2_file_size_max(e2_geometry(fs)) : INT32_MAX;

	if (size <= max)
		return 0;
	return e2_fail(E2_ERR_FBIG, "inode %" PRIu32 ": %" PRIu64 " bytes are too many, it can "
		       "have %" PRIu64, ino, size, max);
}

/* Makes bytes from .. to-1 of one block of the file zero, if it has that block. */
static int zero_part(struct e2_txn *txn, const struct e2_inode *in, uint64_t from, uint64_t to)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	const struct e2_geometry *g = e2_geometry(fs);
	size_t at = (size_t)(from & (g->block_size - 1)), len = (size_t)(to - from);
	const struct e2_buf *buf;
	struct e2_wbuf *wbuf;
	struct e2_run run;

	if (len == 0)
		return 0;
	int err = e2_map(fs, in, from >> g->block_bits, &run);
	if (err || run.blk == 0)
		return err;
	err = e2_map_check_run(fs, run.lblk, run.blk, 1);
	if (!err)
		err = e2_buf_get(fs, run.blk, &buf);
	if (err)
		return err;
	bool zero = e2_all_zero(buf->data + at, len);
	e2_buf_put(fs, buf);
	if (zero)
		return 0;
	err = e2_txn_get(txn, run.blk, E2_FILL_READ, &wbuf);
	if (err)
		return err;
	memset(wbuf->data + at, 0, len);
	e2_txn_put(txn, wbuf);
	return 0;
}

/* Zeroes from `from` to the end of its block. */
static int zero_rest(struct e2_txn *txn, const struct e2_inode *in, uint64_t from)
{
	uint32_t block_size = e2_geometry(e2_txn_fs(txn))->block_size;

	if (from % block_size == 0)
		return 0;
	return zero_part(txn, in, from, from - from % block_size + block_size);
}

/* Lets a file grow to size; what is between reads as zeros. */
static int grow(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t size)
{
	int err = check_size(e2_txn_fs(txn), ino, in, size);

	if (!err && size > LARGE_FILE && e2_is_reg(in))
		err = e2_super_add_feature(txn, E2_RO_COMPAT, E2_FEATURE_large_file);
	if (!err)
		e2_inode_set_size(in, size);
	return err;
}

/* ---- writing ---------------------------------------------------------------------- */

/* Part of one block; what a fresh one holds besides is zeros. */
static int write_part(struct e2_txn *txn, e2_blk blk, bool fresh, size_t at, size_t len,
		      const uint8_t *data)
{
	struct e2_wbuf *buf;
	int err = e2_txn_get(txn, blk, fresh ? E2_FILL_ZERO : E2_FILL_READ, &buf);

	if (err)
		return err;
	memcpy(buf->data + at, data, len);
	e2_txn_put(txn, buf);
	return 0;
}

/* len bytes into a run, beginning `at` bytes into its first block. */
static int write_run(struct e2_txn *txn, e2_blk blk, bool fresh, size_t at, size_t len,
		     const uint8_t *data)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	int err = 0;

	if (at != 0 || len < g->block_size) {
		size_t n = g->block_size - at < len ? g->block_size - at : len;

		err = write_part(txn, blk, fresh, at, n, data);
		blk++;
		data += n;
		len -= n;
	}
	uint64_t whole = len >> g->block_bits;
	if (!err && whole > 0) {
		err = e2_txn_write(txn, blk, whole, data);
		blk += whole;
		data += whole << g->block_bits;
		len -= (size_t)(whole << g->block_bits);
	}
	if (!err && len > 0)
		err = write_part(txn, blk, fresh, 0, len, data);
	return err;
}

static int write_in(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t offset,
		    size_t len, const uint8_t *data)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	uint64_t size = e2_inode_size(in), end = offset + len;
	e2_blk goal = 0;
	int err = offset > size ? zero_rest(txn, in, size) : 0;

	if (!err && end > size)
		err = grow(txn, ino, in, end);
	while (len > 0 && !err) {
		struct e2_run run;
		bool fresh;
		size_t at = (size_t)(offset & (g->block_size - 1));

		err = e2_map_alloc_in(txn, ino, in, offset >> g->block_bits,
				      e2_div_up(at + (uint64_t)len, g->block_size), goal, &run,
				      &fresh);
		if (err)
			break;
		uint64_t there = (run.count << g->block_bits) - at;
		size_t n = there < len ? (size_t)there : len;

		err = write_run(txn, run.blk, fresh, at, n, data);
		goal = run.blk + run.count;
		offset += n;
		data += n;
		len -= n;
	}
	return err;
}

/* Whether a file can have bytes at offset .. offset+len-1. */
static int check_range(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, uint64_t offset,
		       uint64_t len)
{
	uint64_t end;
	int err = e2_file_check_kind(fs, in);

	if (err)
		return err;
	return check_size(fs, ino, in, e2_add64(offset, len, &end) ? end : UINT64_MAX);
}

int e2_write(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t offset, size_t len,
	     const void *data)
{
	struct e2_inode saved = *in;
	unsigned mark;
	int err = check_range(e2_txn_fs(txn), ino, in, offset, len);

	if (err || len == 0)
		return err;
	err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_txn_end(txn, mark, write_in(txn, ino, in, offset, len, data));
	if (err)
		*in = saved;
	return err;
}

/* ---- cutting ------------------------------------------------------------------------ */

static int truncate_in(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t size)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	uint64_t old = e2_inode_size(in);
	int err;

	if (size >= old) {
		err = zero_rest(txn, in, old);
		return err ? err : grow(txn, ino, in, size);
	}
	err = e2_map_punch_in(txn, in, e2_div_up(size, g->block_size), UINT64_MAX);
	if (!err)
		err = zero_rest(txn, in, size);
	if (!err)
		e2_inode_set_size(in, size);
	return err;
}

int e2_truncate(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t size)
{
	struct e2_inode saved = *in;
	unsigned mark;
	int err = check_range(e2_txn_fs(txn), ino, in, size, 0);

	if (!err)
		err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_txn_end(txn, mark, truncate_in(txn, ino, in, size));
	if (err)
		*in = saved;
	return err;
}

static int punch_in(struct e2_txn *txn, struct e2_inode *in, uint64_t offset, uint64_t end)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	uint64_t first = e2_div_up(offset, g->block_size);
	uint64_t past = end >> g->block_bits;
	int err;

	if (end == e2_inode_size(in))		/* nothing is kept of the last block */
		past = e2_div_up(end, g->block_size);
	if (first > past)			/* all within one block */
		return zero_part(txn, in, offset, end);
	err = e2_map_punch_in(txn, in, first, past - first);
	if (!err)
		err = zero_rest(txn, in, offset);
	if (!err && end > past << g->block_bits)
		err = zero_part(txn, in, past << g->block_bits, end);
	return err;
}

int e2_punch(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, uint64_t offset, uint64_t len)
{
	struct e2_inode saved = *in;
	uint64_t size = e2_inode_size(in);
	unsigned mark;
	int err = e2_file_check_kind(e2_txn_fs(txn), in);

	(void)ino;
	if (err || offset >= size || len == 0)
		return err;
	uint64_t end = len < size - offset ? offset + len : size;
	err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_txn_end(txn, mark, punch_in(txn, in, offset, end));
	if (err)
		*in = saved;
	return err;
}
