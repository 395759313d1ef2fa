/* SPDX-License-Identifier: MIT */
/*
 * Bits and bytes of a volume, changed alone.  What searches for free blocks have learnt is
 * forgotten, and what is freed is noted: an undo file has to know of it.
 */
#include "vol/alloc.h"

#include "base/checked.h"
#include "vol/bits.h"

#include <inttypes.h>
#include <string.h>

/* count bits of a bitmap at blk. */
static int mark(struct e2_txn *txn, e2_grp group, enum e2_role role, e2_blk blk, uint32_t bit,
		uint32_t count, bool used)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_wbuf *buf;
	int err = e2_bitmap_check(fs, group, role, blk);

	if (!err && bit + (uint64_t)count > (uint64_t)fs->g.block_size * 8)
		err = e2_fail(E2_ERR_CORRUPT, "group %" PRIu32 ": its %s has no bit %" PRIu64,
			      group, e2_role_name(role), bit + (uint64_t)count - 1);
	if (!err && role == E2_ROLE_BLOCK_BITMAP && !used)
		err = e2_note_freed(fs, group);
	if (!err)
		err = e2_txn_get(txn, blk, E2_FILL_READ, &buf);
	if (err)
		return err;
	if (used)
		e2_bits_set(buf->data, bit, count);
	else
		e2_bits_clear(buf->data, bit, count);
	e2_txn_put(txn, buf);
	return 0;
}

int e2_raw_mark_blocks(struct e2_txn *txn, e2_blk first, uint64_t count, bool used)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	int err = 0;

	if (count && !e2_run_valid(g, first, count))
		return e2_fail(E2_ERR_RANGE, "blocks %" PRIu64 "-%" PRIu64 ": bitmaps know %" PRIu64
			       " to %" PRIu64, first, first + count - 1, g->first_data_block,
			       g->blocks - 1);
	e2_hints_drop(txn);
	while (count && !err) {
		e2_grp group = e2_block_group(g, first);
		uint32_t bit = (uint32_t)(first - e2_group_first_block(g, group));
		uint32_t left = e2_group_blocks(g, group) - bit;
		uint32_t n = count < left ? (uint32_t)count : left;
		struct e2_group desc;

		err = e2_group_get(e2_txn_fs(txn), group, &desc);
		if (!err)
			err = mark(txn, group, E2_ROLE_BLOCK_BITMAP, desc.block_bitmap, bit, n,
				   used);
		first += n;
		count -= n;
	}
	return err;
}

int e2_raw_mark_inodes(struct e2_txn *txn, e2_ino first, uint32_t count, bool used)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	int err = 0;

	if (count && (!e2_inode_valid(g, first) || count - 1 > g->inodes - first))
		return e2_fail(E2_ERR_RANGE, "inodes %" PRIu32 "-%" PRIu64 ": the volume has %"
			       PRIu32, first, (uint64_t)first + count - 1, g->inodes);
	e2_hints_drop(txn);
	while (count && !err) {
		e2_grp group = e2_inode_group(g, first);
		uint32_t bit = (first - 1) % g->inodes_per_group;
		uint32_t left = g->inodes_per_group - bit, n = count < left ? count : left;
		struct e2_group desc;

		err = e2_group_get(e2_txn_fs(txn), group, &desc);
		if (!err)
			err = mark(txn, group, E2_ROLE_INODE_BITMAP, desc.inode_bitmap, bit, n,
				   used);
		first += n;
		count -= n;
	}
	return err;
}

/* Bytes of a block bitmap may free blocks. */
static int note_bitmap(struct e2_fs *fs, e2_blk blk)
{
	enum e2_role role;
	e2_grp group;
	int err = e2_block_valid(&fs->g, blk) ? e2_block_role(fs, blk, &role, &group) : 0;

	if (err || !e2_block_valid(&fs->g, blk) || role != E2_ROLE_BLOCK_BITMAP)
		return err;
	return e2_note_freed(fs, group);
}

int e2_raw_write(struct e2_txn *txn, uint64_t at, size_t len, const void *data)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint64_t end = fs->g.blocks << fs->g.block_bits;
	const uint8_t *from = data;
	int err = 0;

	if (at > end || len > end - at)
		return e2_fail(E2_ERR_RANGE, "bytes %" PRIu64 "-%" PRIu64 ": the volume has %"
			       PRIu64, at, at + len - 1, end);
	e2_hints_drop(txn);
	while (len && !err) {
		e2_blk blk = at >> fs->g.block_bits;
		size_t offset = at & (fs->g.block_size - 1), n = fs->g.block_size - offset;
		struct e2_wbuf *buf;

		n = n < len ? n : len;
		err = note_bitmap(fs, blk);
		if (!err)
			err = e2_txn_get(txn, blk, E2_FILL_READ, &buf);
		if (err)
			break;
		memcpy(buf->data + offset, from, n);
		e2_txn_put(txn, buf);
		at += n;
		from += n;
		len -= n;
	}
	return err;
}
