/* SPDX-License-Identifier: MIT */
/*
 * Where a name of a directory stands.
 *
 * What the open transaction remembers is asked first, then the index, which is believed only
 * when it has found the name.  Otherwise all of the directory is read, once a transaction for
 * a large one.
 */
#include "tree/dir.h"

#include <string.h>

enum { FEW_BLOCKS = 4 };		/* read one after the other, without more ado */

static bool is_dot_or_dotdot(const void *name, size_t len)
{
	return len <= 2 && memcmp(name, "..", len) == 0;
}

int e2_dir_block(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
		 e2_blk *blk)
{
	struct e2_run run;
	int r = e2_map(fs, in, lblk, &run);

	if (r != 0)
		return r;
	if (run.blk == 0)
		return e2_fail(E2_ERR_CORRUPT, "directory %u: block %llu is a hole", dir,
			       (unsigned long long)lblk);
	*blk = run.blk + (lblk - run.lblk);
	return 0;
}

int e2_dir_read(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
		const struct e2_buf **buf)
{
	e2_blk blk = 0;
	int r = e2_dir_block(fs, dir, in, lblk, &blk);

	return r ? r : e2_buf_get(fs, blk, buf);
}

static bool is_named(const struct e2_entry *e, const void *name, size_t len)
{
	const uint8_t *bytes = name;

	/* Names of one length differ in their last byte more often than in the first. */
	return e->ino != 0 && e->name_len == len && len > 0 && e->name[len - 1] == bytes[len - 1] &&
	       memcmp(e->name, name, len) == 0;
}

static struct e2_slot slot_of(const struct e2_entry *e)
{
	return (struct e2_slot){ e->lblk, e->offset, e->ino, e->file_type };
}

int e2_dir_find_in(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, e2_lblk lblk,
		   const void *name, size_t len, struct e2_slot *slot)
{
	const struct e2_buf *buf;
	struct e2_entry e;
	int r = e2_dir_read(fs, dir, in, lblk, &buf);

	if (r != 0)
		return r;
	for (uint32_t at = 0; (r = e2_entry_step(e2_geometry(fs), buf->data, at, &e)) > 0;
	     at += e.rec_len) {
		if (is_named(&e, name, len)) {
			e.lblk = lblk;
			*slot = slot_of(&e);
			break;
		}
	}
	e2_buf_put(fs, buf);
	return r;
}

/* Reads all of the directory until the name is found; damage is passed by, and is the
 * answer only when nothing is found. */
static int find_linear(struct e2_fs *fs, e2_ino ino, const struct e2_inode *in, const void *name,
		       size_t len, struct e2_slot *slot)
{
	struct e2_dir *dir = NULL;
	struct e2_entry e;
	int damage = 0, r;

	r = e2_dir_begin_inode(fs, ino, in, e2_geometry(fs)->blocks, &dir);
	if (r)
		return r;
	while ((r = e2_dir_next(dir, &e)) != 0) {
		if (r < 0) {
			damage = r;
			if (r == E2_ERR_NOMEM)
				break;
			continue;
		}
		if (is_named(&e, name, len)) {
			*slot = slot_of(&e);
			break;
		}
	}
	e2_dir_end(dir);
	if (r > 0)
		return 0;
	return damage ? damage : e2_fail(E2_ERR_NOENT, "directory %u: has no such name", ino);
}

/* The same for a directory of few blocks: 1, 0, or negative when something cannot be read. */
static int find_in_few(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, const void *name,
		       size_t len, struct e2_slot *slot)
{
	e2_lblk blocks = e2_dir_blocks(fs, in);
	int r = blocks <= FEW_BLOCKS ? 0 : -1;

	for (e2_lblk lblk = 0; lblk < blocks && r == 0; lblk++)
		r = e2_dir_find_in(fs, dir, in, lblk, name, len, slot);
	return r;
}

/* 1, 0 when it is not there for certain, negative when the memo cannot tell. */
static int find_remembered(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in,
			   const struct e2_dir_memo *memo, const void *name, size_t len,
			   struct e2_slot *slot)
{
	size_t cursor = 0;
	e2_lblk lblk;
	int r;

	while (e2_dir_memo_next(memo, name, len, &cursor, &lblk)) {
		r = e2_dir_find_in(fs, dir, in, lblk, name, len, slot);
		if (r != 0)
			return r;
	}
	if (e2_dir_memo_crowded(memo, name, len)) {
		e2_dir_memo_drop(e2_fs_txn(fs), dir);
		return E2_ERR_CORRUPT;
	}
	return e2_dir_memo_damaged(memo) ? E2_ERR_CORRUPT : 0;
}

int e2_dir_find(struct e2_fs *fs, e2_ino dir, const struct e2_inode *in, const void *name,
		size_t len, struct e2_slot *slot)
{
	const struct e2_dir_memo *memo = NULL;
	int r = -1;

	/* The index does not hold the first two entries. */
	if (!is_dot_or_dotdot(name, len)) {
		memo = e2_dir_memo(fs, dir, in);
		if (!memo && e2_htree_find(fs, in, name, len, slot) > 0)
			return 0;
		if (!memo)
			memo = e2_dir_memo_make(fs, dir, in);
	}
	if (memo)
		r = find_remembered(fs, dir, in, memo, name, len, slot);
	else
		r = find_in_few(fs, dir, in, name, len, slot);
	if (r == 0)
		return e2_fail(E2_ERR_NOENT, "directory %u: has no such name", dir);
	return r > 0 ? 0 : find_linear(fs, dir, in, name, len, slot);
}

int e2_dir_lookup(struct e2_fs *fs, e2_ino dir, const void *name, size_t len, e2_ino *ino)
{
	struct e2_slot slot;
	struct e2_inode in;
	int r = e2_inode_get(fs, dir, &in);

	if (r)
		return r;
	if (!e2_is_dir(&in))
		return e2_fail(E2_ERR_NOTDIR, "inode %u: is not a directory", dir);
	if (len == 0 || len > E2_NAME_MAX)
		return e2_fail(E2_ERR_NOENT, "directory %u: has no such name", dir);
	r = e2_dir_find(fs, dir, &in, name, len, &slot);
	if (r == 0)
		*ino = slot.ino;
	return r;
}
