/* SPDX-License-Identifier: MIT */
/* The changes of a transaction: what has changed is found and sorted, then told step by step. */
#include "tree/anatomy.h"
#include "tree/changes_priv.h"

#include "base/grow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what has changed ------------------------------------------------------------- */

static int add_block(struct e2_changes *c, e2_blk blk, enum e2_role role, e2_grp group)
{
	struct change_block *grown = e2_grow(c->block, &c->cap, c->blocks + 1, sizeof(*grown));

	if (!grown)
		return E2_ERR_NOMEM;
	c->block = grown;
	grown[c->blocks++] = (struct change_block){ blk, role, group };
	return 0;
}

static int sort_block(struct e2_changes *c, e2_blk blk)
{
	const struct e2_commit *how = e2_txn_how(c->txn);
	enum e2_role role;
	bool is_free = false;
	e2_grp group;
	int err = e2_block_role(c->fs, blk, &role, &group);

	if (err)
		return err;
	if (role != E2_ROLE_NONE)
		return add_block(c, blk, role, group);
	if (how->was_free)
		err = how->was_free(how->context, blk, &is_free);
	return err ? err : e2_ranges_set(is_free ? c->fresh : c->used, blk, 1, blk);
}

static int sort_blocks(struct e2_changes *c)
{
	struct e2_range run;
	e2_blk from = 0;
	int r;

	while ((r = e2_txn_changes(c->txn, from, &run)) > 0) {
		for (uint64_t i = 0; i < run.count; i++) {
			int err = sort_block(c, run.blk + i);

			if (err)
				return err;
		}
		from = run.blk + run.count;
	}
	return r;
}

/* What the commit adds at its end. */
static int seal(struct e2_changes *c)
{
	const struct e2_commit *how = e2_txn_how(c->txn);
	struct e2_range run;
	int r = e2_txn_changes(c->txn, 0, &run);

	if (r <= 0 || !how->seal)
		return r < 0 ? r : 0;
	r = e2_txn_mark(c->txn, &c->mark);
	if (r)
		return r;
	c->marked = true;
	return how->seal(how->context, c->txn);
}

static int make(struct e2_changes *c)
{
	uint32_t size = c->g->block_size;
	struct e2_inode none = { 0 };
	int err = e2_ranges_new(&c->fresh);

	if (!err)
		err = e2_ranges_new(&c->used);
	if (!err)
		err = e2_blocks_begin(c->fs, &none, &c->walk);
	if (err)
		return err;
	c->table[0] = malloc(size);
	c->table[1] = malloc(size);
	c->block_was = malloc(size);
	c->block_is = malloc(size);
	c->differs = malloc(size);
	if (!c->table[0] || !c->table[1] || !c->block_was || !c->block_is || !c->differs)
		return e2_fail(E2_ERR_NOMEM, "no memory for blocks");
	c->table_at = size;
	err = seal(c);
	return err ? err : sort_blocks(c);
}

int e2_changes_begin(struct e2_txn *txn, struct e2_changes **changes)
{
	struct e2_changes *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return e2_fail(E2_ERR_NOMEM, "no memory for changes");
	c->txn = txn;
	c->fs = e2_txn_fs(txn);
	c->g = e2_geometry(c->fs);
	c->now = e2_fs_now(c->fs);
	err = make(c);
	if (err) {
		e2_changes_end(c);
		return err;
	}
	*changes = c;
	return 0;
}

void e2_changes_end(struct e2_changes *c)
{
	if (!c)
		return;
	e2_blocks_end(c->walk);
	e2_scan_end(c->scan);
	if (c->marked)
		e2_txn_rewind(c->txn, c->mark);
	e2_ranges_free(c->fresh);
	e2_ranges_free(c->used);
	free(c->block);
	free(c->table[0]);
	free(c->table[1]);
	free(c->block_was);
	free(c->block_is);
	free(c->differs);
	free(c->queue);
	e2_str_free(&c->arena);
	free(c);
}

/* ---- steps: 1 when there may be more of the phase, 0 at its end ------------------------ */

static enum change_phase phase_of(const struct e2_changes *c, const struct change_block *b)
{
	switch (b->role) {
	case E2_ROLE_SUPER:
		return b->group == 0 ? CHANGES_SUPER : CHANGES_REST;
	case E2_ROLE_DESC:
		return e2_desc_is_primary(c->g, b->group, b->blk) ? CHANGES_GROUPS : CHANGES_REST;
	case E2_ROLE_BLOCK_BITMAP:
	case E2_ROLE_INODE_BITMAP:
		return CHANGES_BITMAPS;
	case E2_ROLE_INODE_TABLE:
		return CHANGES_INODES;
	default:
		return CHANGES_REST;
	}
}

/* The next block of the layout that belongs to a phase; NULL at the end. */
static const struct change_block *next_block(struct e2_changes *c, enum change_phase phase)
{
	while (c->next < c->blocks)
		if (phase_of(c, &c->block[c->next++]) == phase)
			return &c->block[c->next - 1];
	return NULL;
}

static int step_layout(struct e2_changes *c)
{
	const struct change_block *b = next_block(c, c->phase);
	int err;

	if (!b)
		return 0;
	switch (b->role) {
	case E2_ROLE_SUPER:
		err = e2_tell_super(c, b);
		break;
	case E2_ROLE_DESC:
		err = e2_tell_groups(c, b);
		break;
	case E2_ROLE_BLOCK_BITMAP:
	case E2_ROLE_INODE_BITMAP:
		err = e2_tell_bitmap(c, b);
		break;
	default:
		err = e2_tell_unowned(c, b->blk, 1, false);
		break;
	}
	return err ? err : 1;
}

/* Whether some content has no owner yet. */
static bool any_content(const struct e2_changes *c)
{
	return e2_ranges_count(c->fresh) + e2_ranges_count(c->used) > 0;
}

/* The first part of blocks blk..blk+count-1 that has changed and is nobody's; it is taken.
 * 1, 0 when there is none. */
static int take_content(struct e2_changes *c, e2_blk blk, uint64_t count, struct e2_range *part,
			bool *fresh)
{
	struct e2_span f, u;
	bool has_f = e2_ranges_next(c->fresh, blk, &f), has_u = e2_ranges_next(c->used, blk, &u);
	struct e2_span *s = has_f && (!has_u || f.key < u.key) ? &f : &u;
	int err;

	if ((!has_f && !has_u) || s->key - blk >= count)
		return 0;
	*part = (struct e2_range){ s->key, s->count };
	if (part->count > count - (s->key - blk))
		part->count = count - (s->key - blk);
	*fresh = s == &f;
	err = e2_ranges_remove(*fresh ? c->fresh : c->used, part->blk, part->count);
	return err ? err : 1;
}

/* An inode that is as before, but for what it reaches: its times may have been set. */
static void tell_owner(struct e2_changes *c)
{
	uint32_t size = c->g->inode_size, at = c->table_at - size;
	char object[16];

	(void)snprintf(object, sizeof(object), "<%" PRIu32 ">", c->ino);
	e2_tell_compare(c, c->table_base + at, c->table[0] + at, c->table[1] + at, size);
	e2_tell_times(c, object);
	c->owns = true;
}

/* One piece of what the inode at hand reaches. */
static int step_walk(struct e2_changes *c)
{
	struct e2_walk_block *b = &c->reached, part;
	struct e2_range range;
	bool fresh;
	int r;

	if (b->count == 0) {
		r = any_content(c) ? e2_blocks_next(c->walk, b) : 0;
		if (r <= 0) {
			c->walking = false;
			b->count = 0;
			return r < 0 ? r : 1;
		}
		if (b->status || !e2_run_valid(c->g, b->blk, b->count)) {
			b->count = 0;
			return 1;
		}
	}
	r = take_content(c, b->blk, b->count, &range, &fresh);
	if (r <= 0) {
		b->count = 0;
		return r < 0 ? r : 1;
	}
	/* A directory's blocks have many records each: one at a time. */
	part = *b;
	part.lblk += range.blk - b->blk;
	part.blk = range.blk;
	part.count = range.count;
	if (e2_is_dir(&c->in) && b->level == 0 && part.count > 1) {
		struct e2_ranges *back = fresh ? c->fresh : c->used;

		r = e2_ranges_set(back, part.blk + 1, part.count - 1, part.blk + 1);
		if (r)
			return r;
		part.count = 1;
	}
	b->lblk = part.lblk + part.count;
	b->count -= part.blk - b->blk + part.count;
	b->blk = part.blk + part.count;
	if (!c->owns)
		tell_owner(c);
	r = e2_tell_content(c, &part, fresh);
	return r ? r : 1;
}

static int take_attr_block(struct e2_changes *c, e2_blk blk)
{
	struct e2_range part;
	bool fresh;
	int r = blk ? take_content(c, blk, 1, &part, &fresh) : 0;

	return r > 0 ? e2_tell_attr_block(c, blk, fresh) : r;
}

/* The next inode of the table's block at hand. */
static int step_inode(struct e2_changes *c)
{
	uint32_t size = c->g->inode_size, at = c->table_at;
	const uint8_t *was = c->table[0] + at, *is = c->table[1] + at;
	bool differs = memcmp(was, is, size) != 0;
	struct e2_inode before;
	int err;

	c->ino = c->table_ino++;
	c->table_at += size;
	if (differs != (c->phase == CHANGES_INODES))
		return 1;
	e2_inode_decode(&before, was, size);
	e2_inode_decode(&c->in, is, size);
	if (differs) {
		e2_tell_compare(c, c->table_base + at, was, is, size);
		e2_tell_inode(c, c->ino);
	}
	err = take_attr_block(c, before.file_acl);
	if (!err)
		err = take_attr_block(c, c->in.file_acl);
	if (err)
		return err;
	c->owns = differs;
	c->walking = any_content(c) && c->in.links_count > 0;
	if (c->walking)
		e2_blocks_restart(c->walk, &c->in);
	return 1;
}

/* Loads the next changed block of an inode table. */
static int step_table(struct e2_changes *c)
{
	const struct change_block *b;
	uint32_t per_block = c->g->block_size / c->g->inode_size;
	e2_blk first;
	int err;

	if (c->phase == CHANGES_NEIGHBOURS && !any_content(c))
		return 0;
	b = next_block(c, CHANGES_INODES);
	if (!b)
		return 0;
	err = e2_inode_table(c->fs, b->group, &first);
	if (!err)
		err = e2_tell_read(c, b->blk, c->table[0], c->table[1]);
	if (err)
		return err;
	c->table_base = b->blk * c->g->block_size;
	c->table_at = 0;
	c->table_ino = b->group * c->g->inodes_per_group +
		(uint32_t)(b->blk - first) * per_block + 1;
	return 1;
}

static int step_inodes(struct e2_changes *c)
{
	if (c->walking)
		return step_walk(c);
	if (c->table_at + c->g->inode_size <= c->g->block_size)
		return step_inode(c);
	return step_table(c);
}

/* The next directory of the volume, for entries that were changed and nothing else. */
static int step_dirs(struct e2_changes *c)
{
	int r = 0;

	if (c->walking)
		return step_walk(c);
	if (!any_content(c))
		return 0;
	if (!c->scan)
		r = e2_scan_begin(c->fs, E2_SCAN_USED_ONLY, &c->scan);
	if (!r)
		r = e2_scan_next(c->scan, &c->ino, &c->in, NULL);
	if (r <= 0)
		return r;
	c->walking = e2_is_dir(&c->in) && c->in.links_count > 0;
	c->owns = true;
	if (c->walking)
		e2_blocks_restart(c->walk, &c->in);
	return 1;
}

static int step_rest(struct e2_changes *c)
{
	struct e2_range part;
	bool fresh;
	int r = step_layout(c);

	if (r)
		return r;
	r = take_content(c, 0, c->g->blocks, &part, &fresh);
	if (r <= 0)
		return r;
	r = e2_tell_unowned(c, part.blk, part.count, fresh);
	return r ? r : 1;
}

static int step(struct e2_changes *c)
{
	switch (c->phase) {
	case CHANGES_INODES:
	case CHANGES_NEIGHBOURS:
		return step_inodes(c);
	case CHANGES_DIRS:
		return step_dirs(c);
	case CHANGES_REST:
		return step_rest(c);
	default:
		return step_layout(c);
	}
}

/* ---- all of them ---------------------------------------------------------------------- */

int e2_changes_next(struct e2_changes *c, struct e2_change *change)
{
	while (c->taken == c->queued && c->phase != CHANGES_DONE) {
		int r;

		c->taken = c->queued = 0;
		e2_str_truncate(&c->arena, 0);
		r = step(c);
		if (r >= 0 && c->status)
			r = c->status;
		if (r >= 0 && e2_str_status(&c->arena))
			r = e2_fail(E2_ERR_NOMEM, "no memory for changes");
		if (r < 0)
			return r;
		if (r == 0) {
			c->phase++;
			c->next = 0;
		}
	}
	if (c->taken == c->queued)
		return 0;
	e2_tell_hand_out(c, change);
	c->taken++;
	return 1;
}
