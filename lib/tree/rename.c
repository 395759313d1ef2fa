/* SPDX-License-Identifier: MIT */
/*
 * Names move.
 *
 * The new name stands before the old one goes: a directory is never without its name, and the
 * old entry is looked for again afterwards, since an index may have moved it.
 */
#include "tree/ops.h"

struct move {
	struct e2_op_dir from, other;
	struct e2_op_dir *to;		/* from itself, or other */
	struct e2_op_name old, target;	/* target: what bears the new name, if any */
	const void *new_name;
	size_t new_len;
	bool replaces;
	bool is_dir;			/* what moves */
};

/* ---- what is above what ------------------------------------------------ */

/*
 * Whether `above` is dir or a directory above it.  1, 0; E2_ERR_CORRUPT when the way up does not
 * lead to the root.
 */
static int is_above(struct e2_txn *txn, e2_ino above, e2_ino dir)
{
	struct e2_fs *fs = e2_txn_fs(txn);
	uint64_t steps = 0, next_mark = 1;
	e2_ino parent, seen = 0;
	int r;

	for (;;) {
		if (dir == above)
			return 1;
		if (dir == E2_INO_ROOT)
			return 0;
		/* Brent's way to see a circle: a mark that moves up ever less often. */
		if (dir == seen)
			return e2_fail(E2_ERR_CORRUPT, "directory %u: lies below itself", dir);
		if (++steps == next_mark) {
			seen = dir;
			next_mark *= 2;
		}
		r = e2_dir_lookup(fs, dir, "..", 2, &parent);
		if (r == E2_ERR_NOENT || r == E2_ERR_NOTDIR || r == E2_ERR_RANGE)
			return e2_fail(E2_ERR_CORRUPT, "directory %u: has no parent", dir);
		if (r != 0)
			return r;
		dir = parent;
	}
}

/* Nothing may come below itself, nor take the place of what it is in. */
static int check_above(struct e2_txn *txn, const struct move *m, unsigned flags)
{
	int r = 0;

	if (m->from.ino == m->to->ino)
		return 0;
	if (m->is_dir)
		r = is_above(txn, m->old.slot.ino, m->to->ino);
	if (r > 0)
		return e2_fail(E2_ERR_INVAL, "directory %u: would come below itself",
			       m->old.slot.ino);
	if (r == 0 && m->replaces && e2_is_dir(&m->target.in))
		r = is_above(txn, m->target.slot.ino, m->from.ino);
	if (r > 0)
		return e2_fail(flags & E2_RENAME_EXCHANGE ? E2_ERR_INVAL : E2_ERR_NOTEMPTY,
			       "directory %u: what is to take its place is in it",
			       m->target.slot.ino);
	return r;
}

/* ---- checks ------------------------------------------------------------ */

static int find_target(struct e2_txn *txn, struct move *m)
{
	int r = e2_op_new_name(m->new_name, m->new_len, E2_ERR_BUSY);

	if (r == 0)
		r = e2_op_name(txn, m->to, m->new_name, m->new_len, &m->target);
	m->replaces = r == 0;
	return r == E2_ERR_NOENT ? 0 : r;
}

static int check_replace(struct e2_txn *txn, const struct move *m)
{
	int r = e2_op_may_remove(m->to, &m->target, m->is_dir);

	return r == 0 && m->is_dir ? e2_op_empty(txn, &m->target) : r;
}

/* Where directories change places with other things, counts change. */
static int check_exchange(const struct move *m)
{
	bool target_dir = e2_is_dir(&m->target.in);
	int r = e2_op_may_remove(m->to, &m->target, target_dir);

	if (r != 0 || m->is_dir == target_dir || m->from.ino == m->to->ino)
		return r;
	return e2_op_may_hold_dir(m->is_dir ? m->to : &m->from);
}

static int check_rename(struct e2_txn *txn, const struct move *m, unsigned flags)
{
	int r = e2_op_may_remove(&m->from, &m->old, m->is_dir);

	if (r != 0)
		return r;
	if (flags & E2_RENAME_EXCHANGE)
		return check_exchange(m);
	if (m->replaces)
		return check_replace(txn, m);
	r = e2_op_may_add(m->to);
	if (r == 0 && m->is_dir && m->from.ino != m->to->ino)
		r = e2_op_may_hold_dir(m->to);
	return r;
}

/* Finds all that takes part: 1 when there is nothing to do. */
static int prepare(struct e2_txn *txn, struct move *m, unsigned flags)
{
	int r = e2_op_name(txn, &m->from, m->old.name, m->old.len, &m->old);

	if (r != 0)
		return r;
	m->is_dir = e2_is_dir(&m->old.in);
	r = find_target(txn, m);
	if (r == 0 && m->replaces && flags & E2_RENAME_NOREPLACE)
		return e2_fail(E2_ERR_EXIST, "directory %u: the name is inode %u", m->to->ino,
			       m->target.slot.ino);
	if (r == 0 && !m->replaces && flags & E2_RENAME_EXCHANGE)
		return e2_fail(E2_ERR_NOENT, "directory %u: has no such name", m->to->ino);
	if (r == 0)
		r = check_above(txn, m, flags);
	if (r == 0 && m->replaces && m->target.slot.ino == m->old.slot.ino)
		return 1;
	return r ? r : check_rename(txn, m, flags);
}

/* ---- doing it ---------------------------------------------------------- */

/* Lets a directory that comes into another one know it. */
static int set_parent(struct e2_txn *txn, const struct e2_op_name *n, e2_ino from, e2_ino to)
{
	struct e2_slot slot;
	int r;

	if (from == to || !e2_is_dir(&n->in))
		return 0;
	r = e2_dir_find_in(e2_txn_fs(txn), n->slot.ino, &n->in, 0, "..", 2, &slot);
	if (r < 0)
		return r;
	if (r == 0 || slot.ino != from)
		return e2_fail(E2_ERR_CORRUPT, "directory %u: \"..\" is not its parent %u",
			       n->slot.ino, from);
	return e2_dir_retarget(txn, n->slot.ino, &n->in, &slot, to, E2_FT_DIR);
}

static uint8_t type_of(const struct e2_op_name *n)
{
	return (uint8_t)e2_inode_file_type(n->in.mode);
}

/* An inode has moved: that changes it, and nothing in it. */
static int put_moved(struct e2_txn *txn, struct e2_op_name *n)
{
	e2_inode_touch(txn, &n->in, false);
	return e2_inode_put(txn, n->slot.ino, &n->in);
}

static int put_dirs(struct e2_txn *txn, struct move *m)
{
	int r = e2_op_put_dir(txn, m->to);

	return r || m->to == &m->from ? r : e2_op_put_dir(txn, &m->from);
}

static int give_new_name(struct e2_txn *txn, struct move *m)
{
	if (m->replaces)
		return e2_dir_retarget(txn, m->to->ino, &m->to->in, &m->target.slot,
				       m->old.slot.ino, type_of(&m->old));
	return e2_dir_insert(txn, m->to->ino, &m->to->in, m->new_name, m->new_len,
			     m->old.slot.ino, type_of(&m->old));
}

static int take_old_name(struct e2_txn *txn, struct move *m)
{
	struct e2_slot slot;
	int r = e2_dir_find(e2_txn_fs(txn), m->from.ino, &m->from.in, m->old.name, m->old.len,
			    &slot);

	if (r == 0 && slot.ino != m->old.slot.ino)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has one name twice", m->from.ino);
	return r ? r : e2_dir_remove(txn, m->from.ino, &m->from.in, m->old.name, m->old.len,
				     &slot);
}

/* What bore the new name is gone. */
static int drop_target(struct e2_txn *txn, struct move *m)
{
	if (!m->replaces)
		return 0;
	return m->is_dir ? e2_op_delete_dir(txn, m->target.slot.ino, &m->target.in) :
			   e2_op_unlinked(txn, m->target.slot.ino, &m->target.in, NULL);
}

static int do_rename(struct e2_txn *txn, struct move *m)
{
	int r = give_new_name(txn, m);

	if (r == 0)
		r = take_old_name(txn, m);
	if (r == 0)
		r = set_parent(txn, &m->old, m->from.ino, m->to->ino);
	if (r != 0)
		return r;
	if (m->is_dir) {
		e2_op_count_dir(&m->from.in, -1);
		e2_op_count_dir(&m->to->in, m->replaces ? 0 : 1);
	}
	r = put_dirs(txn, m);
	if (r == 0)
		r = put_moved(txn, &m->old);
	return r ? r : drop_target(txn, m);
}

static int do_exchange(struct e2_txn *txn, struct move *m)
{
	int by = (int)m->is_dir - (int)e2_is_dir(&m->target.in);
	int r = e2_dir_retarget(txn, m->to->ino, &m->to->in, &m->target.slot, m->old.slot.ino,
				type_of(&m->old));

	if (r == 0)
		r = e2_dir_retarget(txn, m->from.ino, &m->from.in, &m->old.slot,
				    m->target.slot.ino, type_of(&m->target));
	if (r == 0)
		r = set_parent(txn, &m->old, m->from.ino, m->to->ino);
	if (r == 0)
		r = set_parent(txn, &m->target, m->to->ino, m->from.ino);
	if (r != 0)
		return r;
	if (m->to != &m->from) {
		e2_op_count_dir(&m->to->in, by);
		e2_op_count_dir(&m->from.in, -by);
	}
	r = put_dirs(txn, m);
	if (r == 0)
		r = put_moved(txn, &m->old);
	return r ? r : put_moved(txn, &m->target);
}

static int check_names(const struct move *m, unsigned flags)
{
	int dots = flags & E2_RENAME_NOREPLACE ? E2_ERR_EXIST : E2_ERR_BUSY;
	int r = e2_op_old_name(m->old.name, m->old.len, E2_ERR_BUSY, E2_ERR_BUSY);

	return r ? r : e2_op_old_name(m->new_name, m->new_len, dots, dots);
}

int e2_rename(struct e2_txn *txn, e2_ino from, const void *name, size_t len, e2_ino to,
	      const void *new_name, size_t new_len, unsigned flags)
{
	struct move m = { .old = { .name = name, .len = len }, .new_name = new_name,
			  .new_len = new_len };
	unsigned mark;
	int r;

	if (flags & E2_RENAME_NOREPLACE && flags & E2_RENAME_EXCHANGE)
		return e2_fail(E2_ERR_INVAL, "no replacing and exchanging exclude each other");
	r = e2_op_dir(txn, from, &m.from);
	m.to = from == to ? &m.from : &m.other;
	if (r == 0 && from != to)
		r = e2_op_dir(txn, to, &m.other);
	if (r == 0)
		r = check_names(&m, flags);
	if (r == 0)
		r = prepare(txn, &m, flags);
	if (r > 0)
		return 0;
	if (r == 0)
		r = e2_txn_mark(txn, &mark);
	if (r != 0)
		return r;
	r = flags & E2_RENAME_EXCHANGE ? do_exchange(txn, &m) : do_rename(txn, &m);
	return e2_txn_end(txn, mark, r);
}
