/* SPDX-License-Identifier: MIT */
/* The bytes of a file. */
#include "node/private.h"

#include <inttypes.h>
#include <string.h>

int e2_file_check_kind(struct e2_fs *fs, const struct e2_inode *in)
{
	if (e2_inode_has_blocks(fs, in) || (in->mode & E2_S_IFMT) == 0)
		return 0;
	if (e2_is_reg(in) || e2_is_dir(in))
		return e2_fail(E2_ERR_UNSUPPORTED, "data is stored as extents or inline");
	return e2_fail(E2_ERR_INVAL, "an inode of mode 0%06o has no data blocks",
		       (unsigned)in->mode);
}

/* Part of one block, through the cache. */
static int read_part(struct e2_fs *fs, e2_blk blk, size_t from, size_t len, uint8_t *to)
{
	const struct e2_buf *buf;
	int err = e2_buf_get(fs, blk, &buf);

	if (err)
		return err;
	memcpy(to, buf->data + from, len);
	e2_buf_put(fs, buf);
	return 0;
}

/* len bytes of a run, beginning `from` bytes into it: whole blocks in one read. */
static int read_run(struct e2_fs *fs, e2_blk blk, uint64_t from, size_t len, uint8_t *to)
{
	const struct e2_geometry *g = e2_geometry(fs);
	size_t head = (size_t)(from & (g->block_size - 1));
	int err;

	blk += from >> g->block_bits;
	if (head != 0) {
		size_t n = g->block_size - head < len ? g->block_size - head : len;

		err = read_part(fs, blk, head, n, to);
		if (err)
			return err;
		blk++;
		to += n;
		len -= n;
	}
	size_t whole = len >> g->block_bits;
	if (whole > 0) {
		err = e2_cache_read(e2_fs_cache(fs), blk, whole, to);
		if (err)
			return err;
		blk += whole;
		to += whole << g->block_bits;
		len -= whole << g->block_bits;
	}
	return len > 0 ? read_part(fs, blk, 0, len, to) : 0;
}

int e2_read(struct e2_fs *fs, const struct e2_inode *in, uint64_t offset, size_t len, void *buf,
	    size_t *got)
{
	uint32_t bits = e2_geometry(fs)->block_bits;
	uint64_t size = e2_inode_size(in);
	uint8_t *to = buf;
	int err = e2_file_check_kind(fs, in);

	if (err)
		return err;
	if (offset >= size) {
		*got = 0;
		return 0;
	}
	if (len > size - offset)
		len = (size_t)(size - offset);
	size_t done = 0;
	while (done < len) {
		struct e2_run run;
		uint64_t at = offset + done;

		err = e2_map(fs, in, at >> bits, &run);
		if (err)
			return err;
		uint64_t from = at - (run.lblk << bits);
		uint64_t there = (run.count << bits) - from;
		size_t n = there < len - done ? (size_t)there : len - done;
		if (run.blk == 0)
			memset(to + done, 0, n);
		else
			err = read_run(fs, run.blk, from, n, to + done);
		if (err)
			return err;
		done += n;
	}
	*got = done;
	return 0;
}

int e2_data_next(struct e2_fs *fs, const struct e2_inode *in, uint64_t offset, uint64_t *start,
		 uint64_t *end)
{
	const struct e2_geometry *g = e2_geometry(fs);
	uint64_t size = e2_inode_size(in);
	uint64_t pointer_blocks = 0;
	int err = e2_file_check_kind(fs, in);

	if (err)
		return err;
	while (offset < size) {
		struct e2_run run;
		e2_lblk lblk = offset >> g->block_bits;

		if (lblk >= e2_map_reach(g))
			return 0;
		err = e2_map_counted(fs, in, lblk, &run, &pointer_blocks);
		if (err)
			return err;
		uint64_t past = (run.lblk + run.count) << g->block_bits;
		if (run.blk != 0) {
			*start = offset;
			*end = past < size ? past : size;
			return 1;
		}
		/* Each mapping ends in a pointer block that holds no data, or in the
		 * hole behind one, and goes through at most three of them: a sound
		 * file, which has fewer than the volume has blocks, is long through. */
		if (pointer_blocks / 6 > g->blocks)
			return e2_fail(E2_ERR_CORRUPT, "file block %" PRIu64
				       ": indirect blocks form a cycle", lblk);
		offset = past;
	}
	return 0;
}
