/* SPDX-License-Identifier: MIT */
/*
 * Uses of blocks: the layout's runs, and one pass over all inodes for their claims.
 *
 * Pointers are compared where they lie; a file's pointer blocks are read because any block
 * may stand in them.
 */
#include "tree/use.h"

#include "base/bitset.h"
#include "base/search.h"
#include "disk/access.h"

#include <stdlib.h>
#include <string.h>

const char *e2_use_key(enum e2_use use)
{
	static const char *const keys[] = {
#define USE(id, key, name) key,
		E2_USES(USE)
#undef USE
	};

	return keys[use];
}

const char *e2_use_name(enum e2_use use)
{
	static const char *const names[] = {
#define USE(id, key, name) name,
		E2_USES(USE)
#undef USE
	};

	return names[use];
}

enum e2_use e2_use_of_role(enum e2_role role)
{
	static const enum e2_use uses[] = {
		[E2_ROLE_NONE] = E2_USE_FREE, [E2_ROLE_BOOT] = E2_USE_BOOT,
		[E2_ROLE_SUPER] = E2_USE_SUPER, [E2_ROLE_DESC] = E2_USE_DESC,
		[E2_ROLE_RESERVED_DESC] = E2_USE_GROWTH,
		[E2_ROLE_BLOCK_BITMAP] = E2_USE_BLOCK_BITMAP,
		[E2_ROLE_INODE_BITMAP] = E2_USE_INODE_BITMAP,
		[E2_ROLE_INODE_TABLE] = E2_USE_INODE_TABLE,
	};

	return uses[role];
}

/* ---- the layout ------------------------------------------------------------- */

struct visit {
	const struct e2_geometry *g;
	e2_layout_fn *fn;
	void *context;
	e2_grp group;
};

static int tell_run(const struct visit *v, enum e2_use use, e2_blk blk, uint64_t count)
{
	struct e2_layout_run run = { use, v->group, blk, count };

	return count == 0 ? 0 : v->fn(v->context, &run);
}

/* What a descriptor names: only what lies in the volume. */
static int tell_named(const struct visit *v, enum e2_use use, e2_blk blk, uint64_t count)
{
	if (!e2_block_valid(v->g, blk) || blk == 0)
		return 0;
	return tell_run(v, use, blk, count < v->g->blocks - blk ? count : v->g->blocks - blk);
}

static int visit_head(const struct visit *v)
{
	const struct e2_geometry *g = v->g;
	e2_blk first = e2_group_first_block(g, v->group), desc_at;
	uint32_t super = e2_group_has_super(g, v->group), head = e2_group_head_blocks(g, v->group);
	uint32_t descs = e2_group_desc_blocks(g, v->group, &desc_at);
	int r = 0;

	if (v->group == 0)
		r = tell_run(v, E2_USE_BOOT, 0, g->first_data_block);
	if (r == 0)
		r = tell_run(v, E2_USE_SUPER, first, super);
	if (r == 0)
		r = tell_run(v, E2_USE_DESC, first + super, descs);
	if (r == 0 && head > super + descs)
		r = tell_run(v, E2_USE_GROWTH, first + super + descs, head - super - descs);
	return r;
}

int e2_layout_visit(struct e2_fs *fs, e2_layout_fn *fn, void *context)
{
	struct visit v = { .g = e2_geometry(fs), .fn = fn, .context = context };
	int r = 0;

	for (; v.group < v.g->groups && r == 0; v.group++) {
		struct e2_group desc;

		r = visit_head(&v);
		if (r != 0 || e2_group_get(fs, v.group, &desc) != 0)
			continue;	/* a descriptor that cannot be read names nothing */
		r = tell_named(&v, E2_USE_BLOCK_BITMAP, desc.block_bitmap, 1);
		if (r == 0)
			r = tell_named(&v, E2_USE_INODE_BITMAP, desc.inode_bitmap, 1);
		if (r == 0)
			r = tell_named(&v, E2_USE_INODE_TABLE, desc.inode_table,
				       v.g->inode_table_blocks);
	}
	return r;
}

/* ---- claims of inodes --------------------------------------------------------- */

enum { ASK_EVERY = 4096 };	/* inodes, or pointer blocks */

struct claimer {
	struct e2_claims *c;
	struct e2_fs *fs;
	const struct e2_geometry *g;
	const struct e2_range *wanted;
	size_t count;
	e2_blk low, high;		/* all that is wanted lies in low .. high - 1 */
	bool all;
	e2_ino journal;			/* 0: none */
	struct e2_blocks *walk;		/* made for the first inode that needs one */
	struct reach {
		struct e2_bitset *entered;	/* pointer blocks */
		uint64_t again;		/* how many of them may be entered another time */
	} used, removed, *reach;	/* of inodes in use, of removed ones, of the one at hand */
	uint32_t asked;
	const struct e2_inode *in;
	struct e2_claim claim;
};

static int begin(struct claimer *k, struct e2_claims *c, const struct e2_range *wanted,
		 size_t count)
{
	const struct e2_super *s = e2_super(c->fs);

	*k = (struct claimer){
		.c = c, .fs = c->fs, .g = e2_geometry(c->fs), .wanted = wanted, .count = count,
		.all = count == 0, .journal = e2_has_has_journal(s) ? s->journal_inum : 0,
	};
	if (count > 0) {
		k->low = wanted[0].blk;
		k->high = wanted[count - 1].blk + wanted[count - 1].count;
	}
	k->used.again = k->removed.again = k->g->blocks;
	c->bad_groups = 0;
	return 0;
}

static void end(struct claimer *k)
{
	e2_blocks_end(k->walk);
	e2_bitset_free(k->used.entered);
	e2_bitset_free(k->removed.entered);
}

static bool stops(struct claimer *k)
{
	return ++k->asked % ASK_EVERY == 0 && k->c->stop && k->c->stop();
}

/* The first wanted range that ends behind blk. */
static size_t first_wanted(const struct claimer *k, e2_blk blk)
{
	size_t low;

	E2_SEARCH(low, k->count, i, k->wanted[i].blk + k->wanted[i].count <= blk);
	return low;
}

/* Tells the parts of a run that are wanted. */
static int tell(struct claimer *k, const struct e2_claim *run)
{
	bool was = k->reach == &k->removed && !k->c->removed;
	int (*fn)(void *, const struct e2_inode *, const struct e2_claim *) =
		was ? k->c->was : k->c->claim;
	e2_blk end_blk = run->blk + run->count;
	int r = 0;

	if (k->all)
		return fn(k->c->context, k->in, run);
	if (run->blk >= k->high || end_blk <= k->low)
		return 0;
	for (size_t i = first_wanted(k, run->blk); r == 0 && i < k->count; i++) {
		const struct e2_range *w = &k->wanted[i];
		struct e2_claim part = *run;
		e2_blk to = w->blk + w->count < end_blk ? w->blk + w->count : end_blk;

		if (w->blk >= end_blk)
			break;
		if (w->blk > part.blk) {
			part.lblk += w->blk - part.blk;
			part.index += (unsigned)(w->blk - part.blk);
			part.blk = w->blk;
		}
		part.count = to - part.blk;
		r = fn(k->c->context, k->in, &part);
	}
	return r;
}

static enum e2_use use_of(const struct claimer *k, e2_ino ino, const struct e2_inode *in)
{
	if (ino == E2_INO_RESIZE)
		return E2_USE_GROWTH;
	if (ino == E2_INO_BAD_BLOCKS)
		return E2_USE_BAD;
	if (ino == k->journal)
		return E2_USE_JOURNAL;
	return e2_is_dir(in) ? E2_USE_DIR : e2_is_symlink(in) ? E2_USE_SYMLINK : E2_USE_DATA;
}

/* The resize inode's single indirect blocks are themselves what is kept for growth. */
static enum e2_use use_of_level(enum e2_use data, unsigned level)
{
	if (level == 0 || (data == E2_USE_GROWTH && level == 1))
		return data;
	return (enum e2_use)(E2_USE_SINGLE + (int)level - 1);
}

/* Whether a pointer block that was just yielded is to be entered: 1, 0, or no memory. */
static int may_enter(struct claimer *k, e2_blk blk)
{
	struct reach *reach = k->reach;

	if (!reach->entered) {
		int err = e2_bitset_new(k->g->blocks, &reach->entered);

		if (err)
			return err;
	}
	if (!e2_bitset_test_and_set(reach->entered, blk))
		return 1;
	if (reach->again == 0)
		return 0;
	reach->again--;
	return 1;
}

/* One step of the walk through an inode's pointers. */
static int step(struct claimer *k, e2_ino ino, enum e2_use data, const struct e2_walk_block *b)
{
	struct e2_claim claim = {
		.ino = ino, .use = use_of_level(data, b->level), .blk = b->blk, .count = b->count,
		.lblk = b->lblk, .level = b->level, .parent = b->parent, .index = b->index,
	};
	int r = 0;

	if (b->status && k->c->wrong)
		r = k->c->wrong(k->c->context, k->in, &claim, b->status);
	if (b->status)
		e2_err_clear();
	if (r == 0 && e2_run_valid(k->g, b->blk, b->count))
		r = tell(k, &claim);
	if (r != 0 || b->level == 0 || b->status)
		return r;
	if (stops(k))
		return E2_ERR_CANCELLED;
	r = may_enter(k, b->blk);
	if (r == 0)
		e2_blocks_skip(k->walk);
	return r < 0 ? r : 0;
}

static int walk_pointers(struct claimer *k, e2_ino ino, const struct e2_inode *in)
{
	enum e2_use data = use_of(k, ino, in);
	struct e2_walk_block b;
	int r = 0;

	if (k->walk)
		e2_blocks_restart(k->walk, in);
	else
		r = e2_blocks_begin(k->fs, in, &k->walk);
	while (r == 0) {
		r = e2_blocks_next(k->walk, &b);
		if (r <= 0)
			break;
		r = step(k, ino, data, &b);
	}
	return r;
}

static bool has_pointers(const uint8_t *raw)
{
	const uint8_t *at = e2_inode_at_block(raw);
	uint32_t any = 0;

	for (unsigned i = 0; i < E2_POINTERS; i++)
		any |= e2_get32(at + 4 * (size_t)i);
	return any != 0;
}

/* Whether one of the inode's own direct pointers is wanted, or it has pointer blocks. */
static bool may_matter(const struct claimer *k, const uint8_t *raw)
{
	const uint8_t *at = e2_inode_at_block(raw);
	bool any = k->all;

	if (!has_pointers(raw))
		return false;
	for (unsigned i = E2_DIRECT; i < E2_POINTERS; i++)
		any |= e2_get32(at + 4 * (size_t)i) != 0;
	for (unsigned i = 0; i < E2_DIRECT && !any; i++) {
		uint32_t blk = e2_get32(at + 4 * (size_t)i);

		any = blk >= k->low && blk < k->high;
	}
	return any;
}

/* Whether an inode is one that claims blocks, by the fields that say so. */
static bool in_use(const struct claimer *k, e2_ino ino, const uint8_t *raw)
{
	if (ino < k->g->first_ino && ino != E2_INO_ROOT)
		return true;
	return e2_inode_peek_links_count(raw) != 0 && e2_inode_peek_mode(raw) != 0;
}

static bool is_removed(const uint8_t *raw)
{
	return e2_inode_peek_links_count(raw) == 0 && e2_inode_peek_dtime(raw) != 0 &&
	       e2_inode_peek_mode(raw) != 0;
}

/* What is kept of inodes like this one; NULL: nobody asks for its claims. */
static struct reach *reach_of(struct claimer *k, e2_ino ino, const uint8_t *raw)
{
	if (!k->c->removed && in_use(k, ino, raw))
		return &k->used;
	return (k->c->removed || k->c->was) && is_removed(raw) ? &k->removed : NULL;
}

static int claims_of(struct claimer *k, e2_ino ino, const uint8_t *raw)
{
	uint32_t acl = e2_inode_peek_file_acl(raw);
	struct e2_inode in;
	bool pointers;
	int r = 0;

	k->reach = reach_of(k, ino, raw);
	if (!k->reach)
		return 0;
	if (k->c->inode) {
		e2_inode_decode(&in, raw, k->g->inode_size);
		r = k->c->inode(k->c->context, ino, &in);
		if (r)
			return r;
	}
	pointers = may_matter(k, raw);
	if (acl && !k->all && (acl < k->low || acl >= k->high))
		acl = 0;
	if (!pointers && !acl)
		return 0;
	e2_inode_decode(&in, raw, k->g->inode_size);
	k->in = &in;
	if (pointers)
		r = walk_pointers(k, ino, &in);
	if (r == 0 && acl && e2_block_valid(k->g, acl))
		r = tell(k, &(struct e2_claim){
			.ino = ino, .use = E2_USE_XATTR, .blk = acl, .count = 1,
			.index = E2_CLAIM_ACL,
		});
	k->in = NULL;
	return r;
}

/* Inodes side by side; most of a large volume claim nothing. */
static int claims_of_run(struct claimer *k, e2_ino ino, const uint8_t *raw, uint32_t count)
{
	size_t size = k->g->inode_size;
	int r = 0;

	if (k->c->stop && k->c->stop())
		return E2_ERR_CANCELLED;
	for (uint32_t i = 0; i < count && r == 0; i++, raw += size)
		if (k->c->inode || has_pointers(raw) || e2_inode_peek_file_acl(raw))
			r = claims_of(k, ino + i, raw);
	return r;
}

static int claims_of_all(struct claimer *k)
{
	struct e2_scan *scan;
	const uint8_t *raw;
	uint32_t count;
	e2_ino ino;
	unsigned marked = k->c->marked_only ? E2_SCAN_USED_ONLY : 0;
	int r = e2_scan_begin(k->fs, E2_SCAN_RAW | marked, &scan);

	if (r)
		return r;
	while ((r = e2_scan_next_run(scan, &ino, &raw, &count)) > 0) {
		r = claims_of_run(k, ino, raw, count);
		if (r)
			break;
	}
	k->c->bad_groups = e2_scan_bad_groups(scan);
	e2_scan_end(scan);
	return r;
}

int e2_claims_find(struct e2_claims *c, const struct e2_range *wanted, size_t count)
{
	struct claimer k;
	int r = begin(&k, c, wanted, count);

	if (r == 0)
		r = claims_of_all(&k);
	end(&k);
	return r;
}

int e2_claims_visit(struct e2_claims *c)
{
	return e2_claims_find(c, NULL, 0);
}

int e2_claims_of(struct e2_claims *c, e2_ino ino, const struct e2_range *wanted, size_t count)
{
	uint8_t *raw = malloc(e2_geometry(c->fs)->inode_size);
	struct claimer k;
	int r;

	if (!raw)
		return e2_fail(E2_ERR_NOMEM, "no memory for an inode");
	r = begin(&k, c, wanted, count);
	if (r == 0)
		r = e2_inode_raw(c->fs, ino, raw);
	if (r == 0)
		r = claims_of(&k, ino, raw);
	end(&k);
	free(raw);
	return r;
}

/* ---- what a block reads as --------------------------------------------------------- */

static bool is_directory(const struct e2_geometry *g, const uint8_t *block)
{
	struct e2_entry e;
	uint32_t named = 0;
	int r;

	for (uint32_t at = 0; (r = e2_entry_at(g, block, at, &e)) > 0; at += e.rec_len) {
		if (e.ino > g->inodes || (e.ino != 0 && e.name_len == 0))
			return false;
		named += e.ino != 0;
	}
	e2_err_clear();
	return r == 0 && named > 0;
}

enum e2_use e2_block_looks(const struct e2_geometry *g, const uint8_t *block)
{
	uint32_t pointers = 0, others = 0;

	for (uint32_t i = 0; i < g->pointers; i++) {
		uint32_t to = e2_get32(block + 4 * (size_t)i);

		pointers += to != 0 && e2_block_valid(g, to);
		others += to != 0 && !e2_block_valid(g, to);
	}
	if (pointers + others == 0)
		return E2_USE_FREE;
	if (e2_get32(block) == (uint32_t)E2_XATTR_MAGIC)
		return E2_USE_XATTR;
	if (is_directory(g, block))
		return E2_USE_DIR;
	return others == 0 ? E2_USE_SINGLE : E2_USE_DATA;
}
