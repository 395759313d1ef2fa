/* SPDX-License-Identifier: MIT */
#include "tree/damage.h"

#include "tree/change.h"
#include "tree/dir.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- inodes ---------------------------------------------------------------------- */

int e2_raw_clear_inode(struct e2_txn *txn, e2_ino ino)
{
	struct e2_wbuf *buf;
	uint8_t *raw;
	int err = e2_inode_edit(txn, ino, &buf, &raw);

	if (err)
		return err;
	memset(raw, 0, E2_INODE_BYTES);
	e2_txn_put(txn, buf);
	e2_dirs_forget(txn);
	return 0;
}

int e2_raw_copy_inode(struct e2_txn *txn, e2_ino from, e2_ino to)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint32_t size = e2_geometry(fs)->inode_size;
	uint8_t *bytes = malloc(size), *raw;
	struct e2_wbuf *buf;
	int err = bytes ? e2_inode_raw(fs, from, bytes) :
		e2_fail(E2_ERR_NOMEM, "no memory for an inode");

	if (!err)
		err = e2_inode_edit(txn, to, &buf, &raw);
	if (!err) {
		memcpy(raw, bytes, size);
		e2_txn_put(txn, buf);
		e2_dirs_forget(txn);
	}
	free(bytes);
	return err;
}

/* All blocks that the pointers of an inode reach. */
static int free_reached(struct e2_txn *txn, const struct e2_inode *in)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_walk_block b;
	struct e2_blocks *walk;
	int r;

	if (!e2_inode_has_blocks(fs, in))
		return 0;
	r = e2_blocks_begin(fs, in, &walk);
	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0) {
		r = b.status;
		if (r)
			r = e2_fail(r, "block %" PRIu64 ": cannot be given back", b.blk);
		else
			r = e2_free_blocks(txn, b.blk, b.count);
		if (r)
			break;
	}
	e2_blocks_end(walk);
	return r;
}

static int kill(struct e2_txn *txn, e2_ino ino)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_inode in, rest;
	int err = e2_inode_get(fs, ino, &in);

	if (err)
		return err;
	rest = in;
	err = free_reached(txn, &in);
	if (!err && in.file_acl)
		err = e2_xattr_drop_block(txn, &rest);
	if (!err)
		err = e2_free_inode(txn, ino, e2_is_dir(&in));
	if (err)
		return err;
	in.dtime = (uint32_t)e2_fs_now(fs).sec;
	return e2_inode_put(txn, ino, &in);
}

int e2_raw_kill(struct e2_txn *txn, e2_ino ino)
{
	unsigned mark;
	int err = e2_txn_mark(txn, &mark);

	if (err)
		return err;
	err = e2_txn_end(txn, mark, kill(txn, ino));
	e2_dirs_forget(txn);
	return err;
}

/* ---- entries --------------------------------------------------------------------- */

static int get_dir(struct e2_fs *fs, e2_ino dir, struct e2_inode *in)
{
	int err = e2_inode_get(fs, dir, in);

	if (!err && !e2_is_dir(in))
		err = e2_fail(E2_ERR_NOTDIR, "<%" PRIu32 "> is no directory", dir);
	return err;
}

/* Ends a change of a directory whose inode may have changed with it. */
static int put_dir(struct e2_txn *txn, e2_ino dir, const struct e2_inode *was,
		   const struct e2_inode *in, unsigned mark, int err)
{
	if (!err && memcmp(was, in, sizeof(*in)) != 0)
		err = e2_inode_put(txn, dir, in);
	err = e2_txn_end(txn, mark, err);
	e2_dirs_forget(txn);
	return err;
}

int e2_raw_link(struct e2_txn *txn, e2_ino dir, const void *name, size_t len, e2_ino ino,
		uint8_t file_type)
{
	struct e2_inode was, in;
	unsigned mark;
	int err;

	if (len == 0 || len > E2_NAME_MAX)
		return e2_fail(E2_ERR_NAMETOOLONG, "a name has 1 to %d bytes", E2_NAME_MAX);
	err = get_dir(e2_txn_fs(txn), dir, &was);
	if (!err)
		err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	in = was;
	err = e2_dir_insert(txn, dir, &in, name, len, ino, file_type);
	return put_dir(txn, dir, &was, &in, mark, err);
}

int e2_raw_unlink(struct e2_txn *txn, e2_ino dir, const void *name, size_t len)
{
	struct e2_slot slot;
	struct e2_inode in;
	unsigned mark;
	int err = get_dir(e2_txn_fs(txn), dir, &in);

	if (!err)
		err = e2_dir_find(e2_txn_fs(txn), dir, &in, name, len, &slot);
	if (!err)
		err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	err = e2_dir_remove(txn, dir, &in, name, len, &slot);
	return put_dir(txn, dir, &in, &in, mark, err);
}

int e2_raw_expand(struct e2_txn *txn, e2_ino dir)
{
	struct e2_inode was, in;
	unsigned mark;
	e2_lblk lblk;
	int err = get_dir(e2_txn_fs(txn), dir, &was);

	if (!err)
		err = e2_txn_mark(txn, &mark);
	if (err)
		return err;
	in = was;
	err = e2_dir_append(txn, dir, &in, &lblk);
	return put_dir(txn, dir, &was, &in, mark, err);
}

int e2_raw_locate(struct e2_fs *fs, e2_ino dir, const void *name, size_t len, uint64_t *at)
{
	struct e2_slot slot;
	struct e2_inode in;
	e2_blk blk;
	int err = get_dir(fs, dir, &in);

	if (!err)
		err = e2_dir_find(fs, dir, &in, name, len, &slot);
	if (!err)
		err = e2_dir_block(fs, dir, &in, slot.lblk, &blk);
	if (!err)
		*at = blk * e2_geometry(fs)->block_size + slot.offset;
	return err;
}
