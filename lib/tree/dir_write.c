/* SPDX-License-Identifier: MIT */
/*
 * Names come into directories and go out of them.
 *
 * Without an index a name goes into the first gap that takes it.  With one it goes where its
 * hash belongs; an index that cannot be kept true is given up by clearing the directory's
 * flag: its blocks read as unused records then.
 */
#include "tree/dir.h"

#include "node/write.h"

/* The kernel's directories end below 2 GiB. */
static const uint64_t SIZE_MAX_BYTES = (uint64_t)1 << 31;

int e2_dir_edit(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
		struct e2_wbuf **buf)
{
	e2_blk blk;
	int r = e2_dir_block(e2_txn_fs(txn), dir, in, lblk, &blk);

	return r ? r : e2_txn_get(txn, blk, E2_FILL_READ, buf);
}

int e2_dir_append(struct e2_txn *txn, e2_ino dir, struct e2_inode *in, e2_lblk *lblk)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	uint64_t size = e2_inode_size(in);
	e2_lblk next = size >> g->block_bits;
	struct e2_wbuf *buf;
	struct e2_run run;
	bool fresh;
	int r;

	if (size % g->block_size != 0)
		return e2_fail(E2_ERR_CORRUPT, "directory %u: size %llu is no multiple of %u", dir,
			       (unsigned long long)size, g->block_size);
	if (size + g->block_size > SIZE_MAX_BYTES)
		return e2_fail(E2_ERR_NOSPC, "directory %u: has reached 2 GiB", dir);
	r = e2_map_alloc(txn, dir, in, next, 1, 0, &run, &fresh);
	if (r == 0 && !fresh)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has block %llu past its end", dir,
			    (unsigned long long)next);
	if (r == 0)
		r = e2_txn_get(txn, run.blk, E2_FILL_ZERO, &buf);
	if (r != 0)
		return r;
	e2_block_clear(g, buf->data);
	e2_txn_put(txn, buf);
	e2_inode_set_size(in, size + g->block_size);
	e2_dir_memo_room(txn, dir, next, g->block_size);
	*lblk = next;
	return 0;
}

/* Says what room a block has got. */
static int tell_room(struct e2_txn *txn, e2_ino dir, e2_lblk lblk, const uint8_t *block)
{
	uint32_t room;
	int r = e2_block_room(e2_geometry(e2_txn_fs(txn)), block, &room);

	if (r == 0)
		e2_dir_memo_room(txn, dir, lblk, room);
	return r;
}

/* Puts an entry into a block that has room for it. */
static int insert_in(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
		     const struct e2_entry *what)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	struct e2_wbuf *buf;
	uint32_t room;
	int r = e2_dir_edit(txn, dir, in, lblk, &buf);

	if (r != 0)
		return r;
	r = e2_block_insert(g, buf->data, what, &room);
	if (r == 0)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: block %llu has no room", dir,
			    (unsigned long long)lblk);
	e2_txn_put(txn, buf);
	if (r < 0)
		return r;
	e2_dir_memo_room(txn, dir, lblk, room);
	e2_dir_memo_add(txn, dir, what->name, what->name_len, lblk);
	return 0;
}

/* The first block with a gap: 1, or 0 when there is none. */
static int find_gap(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, uint32_t need,
		    e2_lblk *lblk)
{
	const struct e2_geometry *g = e2_geometry(fs);
	const struct e2_dir_memo *memo = e2_dir_memo(fs, dir, in);
	const struct e2_buf *buf;
	uint32_t room;
	int r;

	if (memo)
		return e2_dir_memo_gap(memo, need, lblk);
	for (e2_lblk at = 0; at < e2_dir_blocks(fs, in); at++) {
		r = e2_dir_read(fs, dir, in, at, &buf);
		if (r != 0)
			return r;
		r = e2_block_room(g, buf->data, &room);
		e2_buf_put(fs, buf);
		if (r != 0)
			return r;
		if (room >= need) {
			*lblk = at;
			return 1;
		}
	}
	return 0;
}

static int insert_linear(struct e2_txn *txn, e2_ino dir, struct e2_inode *in,
			 const struct e2_entry *what, bool may_index)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	e2_lblk lblk;
	int r = find_gap(fs, dir, in, e2_entry_bytes(what->name_len), &lblk);

	if (r > 0)
		return insert_in(txn, dir, in, lblk, what);
	if (r < 0)
		return r;
	if (may_index && e2_has_dir_index(e2_super(fs)) && e2_dir_blocks(fs, in) == 1) {
		r = e2_index_build(txn, dir, in, what);
		if (r > 0)
			return e2_dir_insert(txn, dir, in, what->name, what->name_len, what->ino,
					     what->file_type);
		if (r < 0)
			return r;
	}
	r = e2_dir_append(txn, dir, in, &lblk);
	return r ? r : insert_in(txn, dir, in, lblk, what);
}

int e2_dir_insert(struct e2_txn *txn, e2_ino dir, struct e2_inode *in, const void *name,
		  size_t len, e2_ino ino, uint8_t file_type)
{
	bool indexed = in->flags & E2_FL_INDEX;
	struct e2_entry what = { .ino = ino, .file_type = file_type, .name = name,
				 .name_len = (uint16_t)len };
	int r;

	if (indexed) {
		r = e2_index_insert(txn, dir, in, &what);
		if (r != 0)
			return r > 0 ? 0 : r;
		in->flags &= ~(uint32_t)E2_FL_INDEX;
	}
	return insert_linear(txn, dir, in, &what, !indexed);
}

int e2_dir_remove(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in, const void *name,
		  size_t len, const struct e2_slot *slot)
{
	struct e2_wbuf *buf;
	int r = e2_dir_edit(txn, dir, in, slot->lblk, &buf);

	if (r != 0)
		return r;
	r = e2_block_remove(e2_geometry(e2_txn_fs(txn)), buf->data, slot->offset);
	if (r == 0)
		r = tell_room(txn, dir, slot->lblk, buf->data);
	e2_txn_put(txn, buf);
	if (r == 0)
		e2_dir_memo_remove(txn, dir, name, len, slot->lblk);
	return r;
}

int e2_dir_retarget(struct e2_txn *txn, e2_ino dir, const struct e2_inode *in,
		    const struct e2_slot *slot, e2_ino ino, uint8_t file_type)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));
	struct e2_wbuf *buf;
	int r = e2_dir_edit(txn, dir, in, slot->lblk, &buf);

	if (r != 0)
		return r;
	r = e2_block_retarget(g, buf->data, slot->offset, ino, file_type);
	e2_txn_put(txn, buf);
	return r;
}
