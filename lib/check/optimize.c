/* SPDX-License-Identifier: MIT */
/*
 * Optimises directories: those that need no more blocks than they have first, then indexes that
 * do.  So whether there is room for one does not depend on which run it is.
 */
#include "check/optimize.h"

#include "base/grow.h"
#include "check/compact.h"

#include <stdlib.h>

/* What an offset in a directory that is read at once can say, and memory should hold. */
static const uint64_t MOST_BYTES = (uint64_t)256 << 20;

struct dir {
	e2_ino ino;
	bool changed;
	bool waits;		/* for room: an index of more blocks than it has */
	bool skipped;
};

struct optimizer {
	struct e2_txn *txn;
	struct e2_fs *fs;
	struct e2_optimized *done;
	struct dir *dirs;
	size_t count, cap;
	e2_ino lost;		/* lost+found; 0: there is none */
};

static int gather(struct optimizer *o)
{
	struct e2_scan *scan;
	struct e2_inode in;
	e2_ino ino;
	int n, err = e2_scan_begin(o->fs, E2_SCAN_USED_ONLY, &scan);

	if (err != 0)
		return err;
	while (err == 0 && (n = e2_scan_next(scan, &ino, &in, NULL)) != 0) {
		struct dir *grown;

		if (n < 0)
			err = n;
		if (n < 0 || !e2_is_dir(&in) || in.links_count == 0)
			continue;
		o->done->dirs++;
		if (ino == o->lost)
			continue;
		grown = e2_grow(o->dirs, &o->cap, o->count + 1, sizeof(*o->dirs));
		if (grown == NULL) {
			err = E2_ERR_NOMEM;
			continue;
		}
		o->dirs = grown;
		o->dirs[o->count++] = (struct dir){ .ino = ino };
	}
	e2_scan_end(scan);
	return err;
}

/* The best plan.  1, 0 to leave the directory, or negative. */
static int plan(struct compact *c, struct dir *d)
{
	bool indexed = c->in.flags & E2_FL_INDEX;
	int n = compact_plan_linear(c);

	if (n <= 0 || !e2_has_dir_index(c->super) || compact_blocks(c) <= 2)
		return n;
	n = compact_plan_index(c, false);
	if (n < 0)
		return n;
	if (n == 0)
		return compact_plan_linear(c);
	if (compact_blocks(c) <= c->blocks || d->waits)
		return 1;
	/* Names by hash can fill blocks worse than those of an index that has grown. */
	if (indexed)
		return 0;
	d->waits = true;
	return compact_plan_linear(c);
}

static void count_blocks(struct optimizer *o, uint32_t before, uint32_t after)
{
	uint32_t sectors = e2_geometry(o->fs)->block_size / 512;

	if (after < before)
		o->done->freed += (before - after) / sectors;
	else
		o->done->taken += (after - before) / sectors;
}

static int optimize(struct optimizer *o, struct dir *d)
{
	struct compact c = { .txn = o->txn, .g = e2_geometry(o->fs), .super = e2_super(o->fs),
			     .dir = d->ino, .most = MOST_BYTES };
	int n = e2_inode_get(o->fs, d->ino, &c.in);
	uint32_t sectors = c.in.blocks;

	if (n != 0)
		return n;
	n = compact_read(&c);
	d->skipped = n == 0;
	if (n > 0)
		n = plan(&c, d);
	if (n > 0)
		n = compact_write(&c);
	if (n == E2_ERR_NOSPC) {
		e2_err_clear();
		d->skipped = true;
		n = 0;
	}
	if (n == 0) {
		d->changed = d->changed || c.changed;
		count_blocks(o, sectors, c.in.blocks);
	}
	compact_end(&c);
	return n;
}

static int optimize_all(struct optimizer *o)
{
	int err = gather(o);

	for (size_t i = 0; i < o->count && err == 0; i++)
		err = optimize(o, &o->dirs[i]);
	for (size_t i = 0; i < o->count && err == 0; i++)
		if (o->dirs[i].waits)
			err = optimize(o, &o->dirs[i]);
	for (size_t i = 0; i < o->count; i++) {
		o->done->rewritten += o->dirs[i].changed;
		o->done->skipped += o->dirs[i].skipped;
	}
	return err;
}

int e2_optimize_dirs(struct e2_txn *txn, struct e2_optimized *done)
{
	struct optimizer o = { .txn = txn, .fs = e2_txn_fs(txn), .done = done };
	int err = e2_dir_lookup(o.fs, E2_INO_ROOT, "lost+found", 10, &o.lost);

	*done = (struct e2_optimized){ 0 };
	if (err == E2_ERR_NOENT) {
		e2_err_clear();
		err = 0;
	}
	if (err == 0)
		err = optimize_all(&o);
	free(o.dirs);
	return err;
}
