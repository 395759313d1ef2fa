/* SPDX-License-Identifier: MIT */
#include "tree/ops.h"

#include <string.h>

static bool is_dots(const void *name, size_t len)
{
	return (len == 1 || len == 2) && memcmp(name, "..", len) == 0;
}

/* ---- what is there ----------------------------------------------------- */

int e2_op_dir(struct e2_txn *txn, e2_ino ino, struct e2_op_dir *dir)
{
	int r = e2_inode_get(e2_txn_fs(txn), ino, &dir->in);

	if (r != 0)
		return r;
	if (!e2_is_dir(&dir->in))
		return e2_fail(E2_ERR_NOTDIR, "inode %u: is not a directory", ino);
	if (dir->in.links_count == 0)
		return e2_fail(E2_ERR_NOENT, "directory %u: is removed", ino);
	dir->ino = ino;
	return 0;
}

/* Longer ones no directory holds; the kernel says so when it looks a name up. */
static int check_length(size_t len)
{
	if (len <= E2_NAME_MAX)
		return 0;
	return e2_fail(E2_ERR_NAMETOOLONG, "the name has %zu bytes, the most is %d", len,
		       E2_NAME_MAX);
}

int e2_op_old_name(const void *name, size_t len, int dot, int dotdot)
{
	if (len == 0)
		return e2_fail(E2_ERR_NOENT, "the name is empty");
	if (is_dots(name, len))
		return e2_fail(len == 1 ? dot : dotdot, "the name is \"%s\"",
			       len == 1 ? "." : "..");
	return 0;
}

int e2_op_new_name(const void *name, size_t len, int dots)
{
	int r = e2_op_old_name(name, len, dots, dots);

	if (r == 0)
		r = check_length(len);
	if (r == 0 && (memchr(name, '/', len) || memchr(name, '\0', len)))
		r = e2_fail(E2_ERR_INVAL, "the name holds a slash or a NUL");
	return r;
}

int e2_op_absent(struct e2_txn *txn, const struct e2_op_dir *dir, const void *name, size_t len)
{
	struct e2_slot slot;
	int r = e2_dir_find(e2_txn_fs(txn), dir->ino, &dir->in, name, len, &slot);

	if (r == 0)
		return e2_fail(E2_ERR_EXIST, "directory %u: the name is inode %u", dir->ino,
			       slot.ino);
	return r == E2_ERR_NOENT ? 0 : r;
}

int e2_op_inode(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)
{
	const struct e2_geometry *g = e2_geometry(e2_txn_fs(txn));

	if (e2_inode_valid(g, ino) && ino < g->first_ino && ino != E2_INO_ROOT)
		return e2_fail(E2_ERR_CORRUPT, "inode %u: is kept for the format's own use", ino);
	return e2_inode_get(e2_txn_fs(txn), ino, in);
}

int e2_op_name(struct e2_txn *txn, const struct e2_op_dir *dir, const void *name, size_t len,
	       struct e2_op_name *n)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	int r = check_length(len);

	n->name = name;
	n->len = len;
	if (r == 0)
		r = e2_dir_find(fs, dir->ino, &dir->in, name, len, &n->slot);
	if (r != 0)
		return r;
	if (!e2_inode_valid(e2_geometry(fs), n->slot.ino))
		return e2_fail(E2_ERR_CORRUPT, "directory %u: the name leads to inode %u",
			       dir->ino, n->slot.ino);
	return e2_op_inode(txn, n->slot.ino, &n->in);
}

/* ---- what is allowed --------------------------------------------------- */

static int refuse(e2_ino ino, uint32_t flags)
{
	return e2_fail(E2_ERR_PERM, "inode %u: is %s", ino,
		       flags & E2_FL_IMMUTABLE ? "immutable" : "append-only");
}

int e2_op_may_add(const struct e2_op_dir *dir)
{
	return dir->in.flags & E2_FL_IMMUTABLE ? refuse(dir->ino, dir->in.flags) : 0;
}

int e2_op_may_remove(const struct e2_op_dir *dir, const struct e2_op_name *n, bool want_dir)
{
	const uint32_t fixed = E2_FL_IMMUTABLE | E2_FL_APPEND;

	if (dir->in.flags & fixed)
		return refuse(dir->ino, dir->in.flags);
	if (n->in.flags & fixed)
		return refuse(n->slot.ino, n->in.flags);
	if (want_dir && !e2_is_dir(&n->in))
		return e2_fail(E2_ERR_NOTDIR, "inode %u: is not a directory", n->slot.ino);
	if (want_dir && n->slot.ino == E2_INO_ROOT)
		return e2_fail(E2_ERR_BUSY, "inode %u: is the root", n->slot.ino);
	if (!want_dir && e2_is_dir(&n->in))
		return e2_fail(E2_ERR_ISDIR, "inode %u: is a directory", n->slot.ino);
	return 0;
}

int e2_op_empty(struct e2_txn *txn, const struct e2_op_name *n)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	struct e2_dir *dir;
	struct e2_entry e;
	int r = e2_dir_begin_inode(fs, n->slot.ino, &n->in, e2_geometry(fs)->blocks, &dir);

	if (r != 0)
		return r;
	while ((r = e2_dir_next(dir, &e)) > 0)
		if (!is_dots(e.name, e.name_len))
			break;
	e2_dir_end(dir);
	if (r > 0)
		return e2_fail(E2_ERR_NOTEMPTY, "directory %u: is not empty", n->slot.ino);
	return r;
}

int e2_op_may_hold_dir(const struct e2_op_dir *dir)
{
	if (dir->in.links_count < E2_LINK_MAX)
		return 0;
	return e2_fail(E2_ERR_LINK_MAX, "directory %u: has %u links, the most is %d", dir->ino,
		       dir->in.links_count, E2_LINK_MAX);
}

/* ---- what follows ------------------------------------------------------ */

void e2_op_count_dir(struct e2_inode *in, int by)
{
	if (by > 0)
		in->links_count++;
	else if (by < 0 && in->links_count > 2)
		in->links_count--;
}

int e2_op_put_dir(struct e2_txn *txn, struct e2_op_dir *dir)
{
	if (!e2_has_dir_index(e2_super(e2_txn_fs(txn))))
		dir->in.flags &= ~(uint32_t)E2_FL_INDEX;
	e2_inode_touch(txn, &dir->in, true);
	return e2_inode_put(txn, dir->ino, &dir->in);
}

/* Without names: all that the inode holds is given back. */
static int delete_inode(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)
{
	int r = e2_xattr_drop_block(txn, in);

	if (r == 0)
		r = e2_inode_put(txn, ino, in);
	return r ? r : e2_inode_delete(txn, ino);
}

int e2_op_unlinked(struct e2_txn *txn, e2_ino ino, struct e2_inode *in, bool *freed)
{
	bool last = in->links_count == 1;

	if (freed)
		*freed = last;
	if (in->links_count == 0)
		return 0;
	in->links_count--;
	e2_inode_touch(txn, in, false);
	return last ? delete_inode(txn, ino, in) : e2_inode_put(txn, ino, in);
}

int e2_op_delete_dir(struct e2_txn *txn, e2_ino ino, struct e2_inode *in)
{
	in->links_count = 0;
	e2_inode_touch(txn, in, false);
	e2_dir_memo_drop(txn, ino);
	return delete_inode(txn, ino, in);
}
