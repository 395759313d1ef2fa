/* SPDX-License-Identifier: MIT */
/* Names go, and with the last name what they led to. */
#include "tree/ops.h"

#include "base/grow.h"

#include <stdlib.h>

/* The entry of a name that may go, and the inode's count. */
static int take_name(struct e2_txn *txn, struct e2_op_dir *dir, const struct e2_op_name *n)
{
	return e2_dir_remove(txn, dir->ino, &dir->in, n->name, n->len, &n->slot);
}

static int unlink_name(struct e2_txn *txn, struct e2_op_dir *dir, struct e2_op_name *n)
{
	int r = take_name(txn, dir, n);

	if (r == 0)
		r = e2_op_put_dir(txn, dir);
	return r ? r : e2_op_unlinked(txn, n->slot.ino, &n->in, NULL);
}

int e2_unlink(struct e2_txn *txn, e2_ino dir, const void *name, size_t len)
{
	struct e2_op_dir d;
	struct e2_op_name n;
	unsigned mark;
	int r = e2_op_dir(txn, dir, &d);

	if (r == 0)
		r = e2_op_old_name(name, len, E2_ERR_ISDIR, E2_ERR_ISDIR);
	if (r == 0)
		r = e2_op_name(txn, &d, name, len, &n);
	if (r == 0)
		r = e2_op_may_remove(&d, &n, false);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	return e2_txn_end(txn, mark, unlink_name(txn, &d, &n));
}

static int rmdir_name(struct e2_txn *txn, struct e2_op_dir *dir, struct e2_op_name *n)
{
	int r = take_name(txn, dir, n);

	if (r != 0)
		return r;
	e2_op_count_dir(&dir->in, -1);
	r = e2_op_put_dir(txn, dir);
	return r ? r : e2_op_delete_dir(txn, n->slot.ino, &n->in);
}

int e2_rmdir(struct e2_txn *txn, e2_ino dir, const void *name, size_t len)
{
	struct e2_op_dir d;
	struct e2_op_name n;
	unsigned mark;
	int r = e2_op_dir(txn, dir, &d);

	if (r == 0)
		r = e2_op_old_name(name, len, E2_ERR_INVAL, E2_ERR_NOTEMPTY);
	if (r == 0)
		r = e2_op_name(txn, &d, name, len, &n);
	if (r == 0)
		r = e2_op_may_remove(&d, &n, true);
	if (r == 0)
		r = e2_op_empty(txn, &n);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	return e2_txn_end(txn, mark, rmdir_name(txn, &d, &n));
}

/* ---- whole trees ------------------------------------------------------- */

/*
 * A tree is looked at first, which changes nothing and finds all that forbids removing it:
 * damage, flags, a directory with a second name or another parent.  What is to go is noted in the
 * order in which it can, and then goes; directories go as a whole, without taking their names
 * out one by one.
 */
struct doomed {
	e2_ino ino;
	bool is_dir;
};

struct doom {
	struct doomed *all;
	size_t count, cap;
};

static int note(struct doom *doom, e2_ino ino, bool is_dir)
{
	struct doomed *more = e2_grow(doom->all, &doom->cap, doom->count + 1, sizeof(*more));

	if (!more)
		return E2_ERR_NOMEM;
	doom->all = more;
	doom->all[doom->count++] = (struct doomed){ ino, is_dir };
	return 0;
}

static int check_flags(const struct e2_walk_entry *e)
{
	uint32_t fixed = e->inode.flags & (E2_FL_IMMUTABLE | E2_FL_APPEND);

	if (!fixed)
		return 0;
	return e2_fail(E2_ERR_PERM, "inode %u: is %s", e->ino,
		       fixed & E2_FL_IMMUTABLE ? "immutable" : "append-only");
}

/* A directory whose ".." leads elsewhere has another name, or is damaged. */
static int check_parent(struct e2_txn *txn, e2_ino dir, e2_ino parent)
{
	e2_ino above;
	int r = e2_dir_lookup(e2_txn_fs(txn), dir, "..", 2, &above);

	if (r == E2_ERR_NOENT)
		return e2_fail(E2_ERR_CORRUPT, "directory %u: has no \"..\"", dir);
	if (r != 0 || above == parent)
		return r;
	return e2_fail(E2_ERR_CORRUPT, "directory %u: \"..\" is inode %u, not its parent %u", dir,
		       above, parent);
}

static int look_at(struct e2_txn *txn, const struct e2_walk_entry *e, struct doom *doom)
{
	bool is_dir = e2_is_dir(&e->inode);
	struct e2_inode in;
	int r = e->status;

	if (r == 0 && e->again)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has more than one name", e->ino);
	if (r == 0)
		r = e2_op_inode(txn, e->ino, &in);
	if (r == 0)
		r = check_flags(e);
	if (r == 0 && is_dir && e->ino == E2_INO_ROOT)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has the root in it", e->parent);
	if (r == 0 && is_dir && !e->after && e->depth > 0)
		r = check_parent(txn, e->ino, e->parent);
	if (r == 0 && (!is_dir || e->after))
		r = note(doom, e->ino, is_dir);
	return r;
}

static int look_through(struct e2_txn *txn, e2_ino start, struct doom *doom)
{
	struct e2_walk_entry e;
	struct e2_walk *walk;
	int r = e2_walk_begin(e2_txn_fs(txn), start, E2_WALK_POST, &walk);

	if (r != 0)
		return r;
	while ((r = e2_walk_next(walk, &e)) > 0) {
		r = look_at(txn, &e, doom);
		if (r != 0)
			break;
	}
	e2_walk_end(walk);
	return r;
}

static int remove_noted(struct e2_txn *txn, const struct doom *doom, uint64_t *removed)
{
	struct e2_inode in;
	bool freed;
	int r = 0;

	for (size_t i = 0; r == 0 && i < doom->count; i++) {
		const struct doomed *d = &doom->all[i];

		freed = d->is_dir;
		r = e2_fs_stopped(e2_txn_fs(txn));
		if (r == 0)
			r = e2_inode_get(e2_txn_fs(txn), d->ino, &in);
		if (r == 0)
			r = d->is_dir ? e2_op_delete_dir(txn, d->ino, &in) :
					e2_op_unlinked(txn, d->ino, &in, &freed);
		*removed += freed;
	}
	return r;
}

static int remove_dir_tree(struct e2_txn *txn, struct e2_op_dir *dir, const struct e2_op_name *n,
			   const struct doom *doom, uint64_t *removed)
{
	int r = take_name(txn, dir, n);

	if (r != 0)
		return r;
	e2_op_count_dir(&dir->in, -1);
	r = e2_op_put_dir(txn, dir);
	return r ? r : remove_noted(txn, doom, removed);
}

static int remove_dir(struct e2_txn *txn, struct e2_op_dir *dir, const struct e2_op_name *n,
		      uint64_t *removed)
{
	struct doom doom = { 0 };
	uint64_t count = 0;
	unsigned mark;
	int r = e2_op_may_remove(dir, n, true);

	if (r == 0)
		r = check_parent(txn, n->slot.ino, dir->ino);
	if (r == 0)
		r = look_through(txn, n->slot.ino, &doom);
	for (size_t i = 0; r == 0 && i < doom.count; i++)
		if (doom.all[i].ino == dir->ino)
			r = e2_fail(E2_ERR_CORRUPT, "directory %u: lies below itself", dir->ino);
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r == 0)
		r = e2_txn_end(txn, mark, remove_dir_tree(txn, dir, n, &doom, &count));
	free(doom.all);
	if (r == 0)
		*removed = count;
	return r;
}

int e2_remove_tree(struct e2_txn *txn, e2_ino dir, const void *name, size_t len,
		   uint64_t *removed)
{
	struct e2_op_dir d;
	struct e2_op_name n;
	int r = e2_op_dir(txn, dir, &d);
	bool last;

	if (r == 0)
		r = e2_op_old_name(name, len, E2_ERR_INVAL, E2_ERR_NOTEMPTY);
	if (r == 0)
		r = e2_op_name(txn, &d, name, len, &n);
	if (r != 0)
		return r;
	if (e2_is_dir(&n.in))
		return remove_dir(txn, &d, &n, removed);
	last = n.in.links_count == 1;
	r = e2_unlink(txn, dir, name, len);
	if (r == 0)
		*removed = last;
	return r;
}
