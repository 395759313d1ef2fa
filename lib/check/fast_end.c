/* SPDX-License-Identifier: MIT */
/*
 * The end of the quick look: what needs all inodes and all names.  One thread is enough.
 */
#include "check/fast.h"

#include <stdlib.h>
#include <string.h>

/* ---- attribute blocks ---------------------------------------------------- */

static int compare_acls(const void *pa, const void *pb)
{
	const struct fast_acl *a = pa, *b = pb;

	if (a->blk != b->blk)
		return a->blk < b->blk ? -1 : 1;
	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

/* By the pass's own rules, over a list of claims that is private to it. */
static int look_at_acls(struct fast *f, struct ck *view)
{
	int r = 0;

	for (unsigned i = 0; i < f->threads; i++) {
		struct fast_worker *w = &f->workers[i];

		if (w->acl_count != 0)
			qsort(w->acls, w->acl_count, sizeof(*w->acls), compare_acls);
		for (size_t n = 0; n < w->acl_count && r == 0; n++) {
			const struct e2_inode in = { .file_acl = w->acls[n].blk };
			struct ck_extent extent = { .blocks = 0 };

			r = ck_xattr_block(view, w->acls[n].ino, &in, &extent);
			if (r == 0 && view->found->count != 0)
				r = CK_NOT_SURE;
			if (r == 0)
				r = ck_progress(f->ck, 1, f->units_done, f->units_all);
		}
	}
	return r != 0 ? r : ck_xattr_refcounts(view);
}

static int claim_acls(struct fast *f, const struct ck *view)
{
	size_t cursor = 0;
	uint64_t blk, value;
	int r = 0;

	while (r == 0 && e2_map_next(view->xattr_users, &cursor, &blk, &value))
		r = fast_claim(f, blk, 1);
	return r;
}

int fast_acls(struct fast *f)
{
	struct e2_findings found = { .count = 0 };
	struct ck view = *f->ck;
	size_t count = 0;
	int r;

	for (unsigned i = 0; i < f->threads; i++)
		count += f->workers[i].acl_count;
	if (count == 0)
		return 0;
	view.found = &found;
	view.claimed = NULL;
	view.xattr_users = NULL;
	view.shared = NULL;
	r = e2_bitset_new(f->g->blocks, &view.claimed);
	if (r == 0)
		r = e2_map_new(&view.xattr_users);
	if (r == 0)
		r = look_at_acls(f, &view);
	if (r == 0)
		r = claim_acls(f, &view);
	if (r >= 0 && found.failed)
		r = e2_fail(E2_ERR_NOMEM, "findings of the check");
	else if (r == 0 && found.count != 0)
		r = CK_NOT_SURE;
	e2_findings_clear(&found);
	e2_bitset_free(view.claimed);
	e2_bitset_free(view.shared);
	e2_map_free(view.xattr_users);
	return r;
}

/* ---- the tree of directories --------------------------------------------- */

static void set_mark(struct fast *f, e2_ino ino, unsigned mark)
{
	atomic_store_explicit(&f->marks[ino], (uint8_t)mark, memory_order_relaxed);
}

static e2_ino up(const struct fast *f, e2_ino ino)
{
	return atomic_load_explicit(&f->up[ino], memory_order_relaxed);
}

/* Climbs to what the root is known to lead to, and marks the way. */
static int climb(struct fast *f, e2_ino ino)
{
	e2_ino at;

	for (at = ino; (fast_mark(f, at) & FAST_REACHED) == 0; at = up(f, at)) {
		unsigned mark = fast_mark(f, at);

		if ((mark & FAST_TYPE) != E2_FT_DIR || (mark & FAST_NAMED) == 0 ||
		    (mark & FAST_ON_PATH) != 0)
			return CK_NOT_SURE;
		set_mark(f, at, mark | FAST_ON_PATH);
	}
	for (at = ino; (fast_mark(f, at) & FAST_REACHED) == 0; at = up(f, at))
		set_mark(f, at, fast_mark(f, at) | FAST_REACHED);
	return 0;
}

static int look_at_tree(struct fast *f)
{
	int r = 0;

	set_mark(f, E2_INO_ROOT, fast_mark(f, E2_INO_ROOT) | FAST_REACHED);
	for (unsigned i = 0; i < f->threads; i++) {
		const struct fast_worker *w = &f->workers[i];

		for (size_t n = 0; n < w->single_count && r == 0; n++)
			r = climb(f, w->singles[n].ino);
		for (size_t n = 0; n < w->dir_count && r == 0; n++)
			r = climb(f, w->dirs[n].ino);
	}
	return r;
}

/* ---- bitmaps and counts -------------------------------------------------- */

enum { UNINIT = 3 };		/* flags of groups that were never written */

struct map {
	const struct e2_claims *members;
	e2_blk blk;			/* where it lies */
	uint64_t first;
	uint32_t bits;
};

/* Compares a bitmap, whose bits past the end are set, with what is in use; counts those free. */
static int look_at_map(struct fast *f, const struct map *m, uint8_t *have, uint8_t *want,
		       uint64_t *unused)
{
	uint32_t size = f->g->block_size, bytes = m->bits / 8;

	memset(want, 0xff, size);
	*unused = m->bits - e2_claims_export(m->members, m->first, m->bits, want);
	if (m->bits % 8 != 0)
		want[bytes] = (uint8_t)(want[bytes] | 0xff << m->bits % 8);
	return memcmp(have, want, size) == 0 ? 0 : CK_NOT_SURE;
}

static int look_at_group(struct fast *f, e2_grp group, uint8_t *room, uint64_t free_counts[2])
{
	const struct ck_group *state = &f->ck->groups[group];
	const struct map maps[2] = {
		{ f->blocks, state->block_bitmap, e2_group_first_block(f->g, group),
		  e2_group_blocks(f->g, group) },
		{ f->inodes, state->inode_bitmap,
		  (uint64_t)group * f->g->inodes_per_group + 1, f->g->inodes_per_group },
	};
	bool together = maps[1].blk == maps[0].blk + 1;
	uint32_t size = f->g->block_size;
	int r = maps[0].blk != 0 && maps[1].blk != 0 ?
		fast_read(f, maps[0].blk, together ? 2 : 1, room) : CK_NOT_SURE;

	if (r == 0 && !together)
		r = fast_read(f, maps[1].blk, 1, room + size);
	for (int i = 0; i < 2 && r == 0; i++)
		r = look_at_map(f, &maps[i], room + (size_t)i * size, room + 2 * (size_t)size,
				&free_counts[i]);
	if (r != 0)
		return r;
	return state->free_blocks == free_counts[0] && state->free_inodes == free_counts[1] &&
	       state->used_dirs == atomic_load(&f->group_dirs[group]) &&
	       state->unused == 0 && (state->flags & UNINIT) == 0 ? 0 : CK_NOT_SURE;
}

static int look_at_groups(struct fast *f, uint64_t totals[2])
{
	uint8_t *room = malloc(3 * (size_t)f->g->block_size);
	int r = 0;

	if (room == NULL)
		return e2_fail(E2_ERR_NOMEM, "bitmaps");
	for (e2_grp group = 0; group < f->g->groups && r == 0; group++) {
		uint64_t counts[2];

		r = look_at_group(f, group, room, counts);
		if (r == 0) {
			totals[0] += counts[0];
			totals[1] += counts[1];
			r = ck_progress(f->ck, 1, f->units_done, f->units_all);
		}
	}
	free(room);
	return r;
}

static void add_totals(struct e2_check_totals *to, const struct e2_check_totals *from)
{
	to->dirs += from->dirs;
	to->files += from->files;
	to->symlinks += from->symlinks;
	to->others += from->others;
	to->fragmented += from->fragmented;
}

int fast_summary(struct fast *f)
{
	struct e2_check_totals totals = { .dirs = 0 };
	uint64_t links = 0, names = 0, free_counts[2] = { 0, 0 };
	int r = look_at_tree(f);

	for (unsigned i = 0; i < f->threads; i++) {
		links += f->workers[i].links;
		names += f->workers[i].names;
		add_totals(&totals, &f->workers[i].totals);
	}
	/* No inode has more names than links, so equal sums are equal counts everywhere. */
	if (r == 0 && links != names)
		r = CK_NOT_SURE;
	if (r == 0)
		r = look_at_groups(f, free_counts);
	if (r == 0 && (f->ck->super->free_blocks_count != free_counts[0] ||
		       f->ck->super->free_inodes_count != free_counts[1]))
		r = CK_NOT_SURE;
	if (r != 0)
		return r;
	totals.blocks_used = f->g->blocks - free_counts[0];
	totals.inodes_used = f->g->inodes - free_counts[1];
	f->ck->totals = totals;
	return 0;
}
