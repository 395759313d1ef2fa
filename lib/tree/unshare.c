/* SPDX-License-Identifier: MIT */
/* Names of one inode become files of their own: each but one is taken away and copied back. */
#include "base/map.h"
#include "tree/copy.h"
#include "tree/dedupe.h"
#include "tree/ops.h"

struct unshare {
	struct e2_txn *txn;
	struct e2_fs *fs;
	e2_dedupe_fn *told;
	void *context;
	struct e2_below below;
	struct e2_map *kept;		/* inodes of which one name has the inode already */
	struct e2_dedupe_counts counts;
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

static int part(struct unshare *u, struct e2_dedupe_name *name)
{
	struct e2_copy_counts counts;
	int r = e2_unlink(u->txn, name->dir, name->name, name->len);

	if (!r)
		r = e2_copy(u->txn, name->was, name->dir, name->name, name->len, E2_COPY_ATTRS,
			    &counts);
	if (!r)
		r = e2_dir_lookup(u->fs, name->dir, name->name, name->len, &name->now);
	if (!r)
		r = take_flags(u, name->was, name->now);
	u->counts.changed++;
	return r || !u->told ? r : u->told(u->context, name);
}

/* Whether a name is the first of an inode that has all its names below: that one keeps it. */
static int keeps(struct unshare *u, const struct e2_below_inode *in, bool *kept)
{
	uint64_t seen;

	*kept = in->names == 1 && in->links == 1;
	if (*kept || in->links > in->names || e2_map_get(u->kept, in->ino, &seen))
		return 0;
	*kept = true;
	return e2_map_set(u->kept, in->ino, 1);
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
		bool kept;

		r = keeps(u, in, &kept);
		if (!r && !kept)
			r = part(u, &name);
	}
	return r;
}

/* The last name would take the inode with it while others are still there. */
static int check_counts(const struct unshare *u)
{
	for (size_t i = 0; i < u->below.inode_count; i++) {
		const struct e2_below_inode *in = &u->below.inodes[i];

		if (in->names > in->links)
			return e2_fail(E2_ERR_CORRUPT, "inode %u: has %u names, but counts %u",
				       in->ino, in->names, in->links);
	}
	return 0;
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
	u->counts.inodes = u->counts.names;
	return 0;
}

int e2_unshare(struct e2_txn *txn, const struct e2_start *starts, size_t count,
	       e2_dedupe_fn *told, void *context, struct e2_dedupe_counts *counts)
{
	struct unshare u = { .txn = txn, .fs = e2_txn_fs(txn), .told = told, .context = context };
	unsigned mark;
	int r = e2_below_make(u.fs, starts, count, is_shared_kind, &u.below);

	u.counts.names = u.below.names;
	u.counts.was = u.below.inode_count;
	if (!r)
		r = check_counts(&u);
	if (!r)
		r = e2_map_new(&u.kept);
	if (!r)
		r = e2_txn_mark(txn, &mark);
	if (!r)
		r = e2_txn_end(txn, mark, part_all(&u));
	if (!r)
		*counts = u.counts;
	e2_map_free(u.kept);
	e2_below_end(&u.below);
	return r;
}
