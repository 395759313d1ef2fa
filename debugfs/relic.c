/* SPDX-License-Identifier: MIT */
#include "relic.h"

#include "interrupt.h"
#include "tour.h"

#include <stdlib.h>
#include <string.h>

bool relic_is(const struct e2_inode *in)
{
	return in->links_count == 0 && e2_inode_file_type(in->mode) != E2_FT_UNKNOWN;
}

bool relic_shows(struct e2_fs *fs, const struct e2_inode *in)
{
	if (e2_inode_has_blocks(fs, in)) {
		for (unsigned i = 0; i < E2_POINTERS; i++)
			if (in->block[i])
				return true;
		return false;
	}
	return e2_is_symlink(in) && in->size > 0 && in->block[0];
}

static int note(struct relic *r, e2_lblk first, uint64_t count)
{
	if (r->missing_count && r->missing[r->missing_count - 1].first +
	    r->missing[r->missing_count - 1].count == first) {
		r->missing[r->missing_count - 1].count += count;
		return 0;
	}
	if (r->missing_count == r->missing_cap) {
		size_t cap = r->missing_cap ? r->missing_cap * 2 : 8;
		void *grown = realloc(r->missing, cap * sizeof(*r->missing));

		if (!grown)
			return e2_fail(E2_ERR_NOMEM, "no memory for %zu ranges", cap);
		r->missing = grown;
		r->missing_cap = cap;
	}
	r->missing[r->missing_count].first = first;
	r->missing[r->missing_count++].count = count;
	return 0;
}

/* One run, or pointer block: what of it is lost. */
static int weigh(struct e2_fs *fs, const struct e2_bitset *used, const struct e2_walk_block *b,
		 struct relic *r)
{
	uint64_t span = 1;
	int err = 0;

	r->blocks += b->count;
	if (b->level) {		/* all that a pointer block reaches goes with it */
		for (unsigned i = 0; i < b->level; i++)
			span *= e2_geometry(fs)->pointers;
		if (!b->status && !e2_bitset_test(used, b->blk))
			return 0;
		r->lost++;
		return note(r, b->lblk, span);
	}
	for (uint64_t i = 0; i < b->count && !err; i++) {
		enum e2_role role = E2_ROLE_NONE;
		e2_grp group;

		if (!b->status && !e2_bitset_test(used, b->blk + i) &&
		    !e2_block_role(fs, b->blk + i, &role, &group) && role == E2_ROLE_NONE)
			continue;
		r->lost++;
		err = note(r, b->lblk + i, 1);
	}
	return err;
}

int relic_look(struct e2_fs *fs, const struct e2_bitset *used, uint64_t *steps, struct relic *r)
{
	struct e2_walk_block b;
	struct e2_blocks *walk;
	int err;

	if (!e2_inode_has_blocks(fs, &r->in))
		return 0;
	err = e2_blocks_begin(fs, &r->in, &walk);
	if (err)
		return err;
	while (!err && (err = e2_blocks_next(walk, &b)) > 0) {
		uint64_t cost = b.status ? 1 : b.count;

		if (interrupt_asked() || *steps < cost) {
			err = interrupt_asked() ? e2_fail(E2_ERR_CANCELLED, "interrupted") :
				e2_fail(E2_ERR_CORRUPT, "removed files point to more blocks than "
					"the volume has; the rest is left out");
			break;
		}
		*steps -= cost;
		if (b.level && !b.status && e2_bitset_test(used, b.blk))
			e2_blocks_skip(walk);
		err = weigh(fs, used, &b, r);
	}
	e2_blocks_end(walk);
	e2_err_clear();
	return err;
}

void relic_free(struct relic *r)
{
	free(r->missing);
	r->missing = NULL;
}

int relic_used_blocks(struct e2_fs *fs, struct e2_bitset **used)
{
	const struct e2_geometry *g = e2_geometry(fs);
	struct e2_group desc;
	int err = e2_bitset_new(g->blocks, used);

	if (err)
		return err;
	e2_bitset_set_run(*used, 0, g->first_data_block);
	for (e2_grp group = 0; group < g->groups && !err; group++) {
		const struct e2_buf *buf;

		err = e2_group_get(fs, group, &desc);
		if (!err && !e2_block_valid(g, desc.block_bitmap))
			err = e2_fail(E2_ERR_CORRUPT, "group %u: its block bitmap is block %u, "
				      "outside the volume", group, desc.block_bitmap);
		if (!err)
			err = e2_buf_get(fs, desc.block_bitmap, &buf);
		if (err)
			break;
		e2_bitset_import(*used, e2_group_first_block(g, group), e2_group_blocks(g, group),
				 buf->data);
		e2_buf_put(fs, buf);
	}
	if (err) {
		e2_bitset_free(*used);
		*used = NULL;
	}
	return err;
}

static int take_claim(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	(void)in;
	e2_bitset_set_run(context, claim->blk, claim->count);
	return 0;
}

int relic_claimed_blocks(struct e2_fs *fs, struct e2_bitset **claimed)
{
	struct e2_claims c = { .fs = fs, .claim = take_claim, .stop = interrupt_asked };
	int err = e2_bitset_new(e2_geometry(fs)->blocks, claimed);

	c.context = *claimed;
	if (!err)
		err = e2_claims_visit(&c);
	if (err) {
		e2_bitset_free(*claimed);
		*claimed = NULL;
	}
	return err;
}

/* ---- names ---------------------------------------------------------------------- */

int relic_names(struct shell *sh, relic_name_fn *fn, void *context)
{
	struct arg root = { .text = "/", .ino = E2_INO_ROOT,
			    .object = { .kind = OBJECT_PATH, .path = "/" } };
	struct e2_removed *removed;
	struct e2_walk_entry w;
	struct e2_entry e;
	struct tour t;
	int r = tour_begin(sh, &root, &t), one;

	while (!r && (r = tour_next(&t, &w)) > 0) {
		r = 0;
		if (w.after || w.again || !e2_is_dir(&w.inode))
			continue;
		r = e2_removed_begin(sh->fs, w.ino, &removed);
		if (r)
			break;
		while (!r && (one = e2_removed_next(removed, &e)) != 0) {
			if (one > 0)
				r = fn(context, w.ino, t.path.text, &e);
			else if (one != E2_ERR_CORRUPT)
				break;		/* the tour tells of it */
		}
		e2_removed_end(removed);
	}
	return tour_end(&t, r);
}
