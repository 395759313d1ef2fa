/* SPDX-License-Identifier: MIT */
/* Names of one inode become files of their own: each but one is taken away and copied back. */
#include "base/map.h"
#include "tree/copy.h"
#include "tree/dedupe.h"
#include "tree/dedupe_priv.h"
#include "tree/ops.h"

struct unshare {
	struct e2_txn *txn;
	struct e2_fs *fs;
	const struct e2_dedupe_how *how;
	struct e2_below below;
	struct e2_map *seen;		/* inodes that have come: a value of enum state */
	struct e2_dedupe_counts counts;
};

enum state {
	PARTED = 1,	/* one name keeps it, if all are below; each other one gets its own */
	LEFT,		/* all its names are as they were */
};

static bool is_shared_kind(const struct e2_inode *in)
{
	return !e2_is_dir(in);
}

/* The copy is of now by its ctime alone; its flags are those of what it was copied from. */
static int take_flags(struct unshare *u, e2_ino from, e2_ino to)
{
	struct e2_inode old, in;
	struct e2_attr attr = { .mask = E2_SET_FLAGS };
	int r = e2_inode_get(u->fs, from, &old);

	if (!r)
		r = e2_inode_get(u->fs, to, &in);
	attr.flags = e2_flags_for(old.mode, old.flags);
	return r || attr.flags == in.flags ? r : e2_setattr(u->txn, to, &attr);
}

static int replace(struct unshare *u, struct e2_dedupe_name *name)
{
	struct e2_copy_counts counts;
	int r = e2_dir_lookup(u->fs, name->dir, name->name, name->len, &name->now);

	if (!r && name->now != name->was)
		r = e2_fail(E2_ERR_CORRUPT, "directory %u: has one name twice", name->dir);
	if (!r)
		r = e2_unlink(u->txn, name->dir, name->name, name->len);
	if (!r)
		r = e2_copy(u->txn, name->was, name->dir, name->name, name->len, E2_COPY_ATTRS,
			    &counts);
	if (!r)
		r = e2_dir_lookup(u->fs, name->dir, name->name, name->len, &name->now);
	return r ? r : take_flags(u, name->was, name->now);
}

/* 1: the inode cannot be copied, and the name is as it was. */
static int part(struct unshare *u, struct e2_dedupe_name *name)
{
	unsigned mark;
	int r = e2_fs_stopped(u->fs);

	if (!r)
		r = e2_txn_mark(u->txn, &mark);
	if (!r)
		r = e2_txn_end(u->txn, mark, replace(u, name));
	if (e2_dedupe_is_damage(r)) {
		e2_err_clear();
		return 1;
	}
	u->counts.changed += !r;
	return r || !u->how->told ? r : u->how->told(u->how->context, name);
}

/*
 * Pointers are looked at before anything is done: a copy would stop at the first that is bad,
 * and what cannot be copied keeps its names.  1: damaged.
 */
static int check_blocks(struct unshare *u, e2_ino ino)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	struct e2_inode in;
	int r = e2_inode_get(u->fs, ino, &in);

	if (!r)
		r = e2_blocks_begin(u->fs, &in, &walk);
	if (r)
		return r;
	while ((r = e2_blocks_next(walk, &b)) > 0)
		if (b.status)
			break;
	e2_blocks_end(walk);
	return r;
}

/* The last name of a count that lies would take the inode with it while others are there. */
static int begin_inode(struct unshare *u, const struct e2_below_inode *in, uint64_t *state)
{
	int r;

	*state = LEFT;
	if (in->fixed || in->flags & (uint32_t)(E2_FL_IMMUTABLE | E2_FL_APPEND))
		return e2_dedupe_leave(u->how, &u->counts, in->ino, E2_DEDUPE_FIXED);
	r = in->names > in->links || in->ino < e2_geometry(u->fs)->first_ino ? 1 :
	    check_blocks(u, in->ino);
	if (r > 0)
		return e2_dedupe_leave(u->how, &u->counts, in->ino, E2_DEDUPE_DAMAGED);
	*state = PARTED;
	return r;
}

static int part_name(struct unshare *u, const struct e2_below_inode *in,
		     struct e2_dedupe_name *name)
{
	uint64_t *state;
	bool first;
	int r;

	if (in->names == 1 && in->links == 1)
		return 0;
	r = e2_map_ref(u->seen, in->ino, &state);
	if (r)
		return r;
	first = *state == 0;
	if (first)
		r = begin_inode(u, in, state);
	if (r || *state == LEFT)
		return r;
	if (first && in->links > in->names)
		u->counts.outside++;
	else if (first)		/* it keeps the inode */
		return 0;
	r = part(u, name);
	if (r <= 0)
		return r;
	u->counts.outside -= first;
	*state = LEFT;
	return e2_dedupe_leave(u->how, &u->counts, in->ino, E2_DEDUPE_DAMAGED);
}

static int part_dir(struct unshare *u, const struct e2_below_dir *list)
{
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		const struct e2_below_inode *in = e2_below_find(&u->below, list->names[i].ino);
		struct e2_dedupe_name name = {
			.dir = list->dir, .name = list->text.text + list->names[i].at,
			.len = list->names[i].len, .was = in->ino,
		};

		r = part_name(u, in, &name);
	}
	return r;
}

static int part_all(struct unshare *u)
{
	uint64_t blocks, inodes, blocks_after, inodes_after;
	struct e2_below_dir list = { 0 };
	size_t cursor = 0;
	int r = e2_free_counts(u->fs, &blocks, &inodes);

	while (!r && (r = e2_below_next(&u->below, &cursor, &list)) > 0)
		r = part_dir(u, &list);
	e2_below_dir_end(&list);
	if (!r)
		r = e2_free_counts(u->fs, &blocks_after, &inodes_after);
	if (r)
		return r;
	u->counts.blocks = (int64_t)(blocks_after - blocks);
	u->counts.inodes = u->counts.was + (inodes - inodes_after);
	return 0;
}

int e2_unshare(struct e2_txn *txn, const struct e2_start *starts, size_t count,
	       const struct e2_dedupe_how *how, struct e2_dedupe_counts *counts)
{
	struct unshare u = { .txn = txn, .fs = e2_txn_fs(txn), .how = how };
	unsigned mark;
	int r = e2_below_make(u.fs, starts, count, is_shared_kind, &u.below);

	u.counts.names = u.below.names;
	u.counts.was = u.below.inode_count;
	if (!r)
		r = e2_map_new(&u.seen);
	if (!r)
		r = e2_txn_mark(txn, &mark);
	if (!r)
		r = e2_txn_end(txn, mark, part_all(&u));
	if (!r)
		*counts = u.counts;
	e2_map_free(u.seen);
	e2_below_end(&u.below);
	return r;
}
