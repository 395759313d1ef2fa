/* SPDX-License-Identifier: MIT */
/*
 * Three passes over one set of blocks that have a use: the layout, the inodes, and what is
 * left by the bitmaps.
 */
#include "tree/uses.h"

#include "base/bitset.h"
#include "vol/space.h"

struct pass {
	struct e2_uses *u;
	struct e2_bitset *seen;
};

/* Those of a run that have no use yet. */
static int give(struct pass *p, enum e2_use use, e2_blk blk, uint64_t count,
		const struct e2_claim *claim)
{
	e2_blk end = blk + count;
	struct e2_range run;
	int r = 0;

	while (r == 0 && (run.count = e2_bitset_gap(p->seen, blk, end, &run.blk)) > 0) {
		blk = run.blk + run.count;
		e2_bitset_set_run(p->seen, run.blk, run.count);
		r = p->u->run(p->u->context, use, &run, claim);
	}
	return r;
}

static int take_layout(void *context, const struct e2_layout_run *run)
{
	return give(context, run->use, run->blk, run->count, NULL);
}

static int take_inode(void *context, e2_ino ino, const struct e2_inode *in)
{
	const struct pass *p = context;

	return p->u->inode(p->u->context, ino, in);
}

static int take_claim(void *context, const struct e2_inode *in, const struct e2_claim *claim)
{
	(void)in;
	return give(context, claim->use, claim->blk, claim->count, claim);
}

static void count_unread(struct e2_uses *u, uint64_t more, int status)
{
	if (more && !u->unread)
		u->status = status;
	u->unread += more;
}

static int take_wrong(void *context, const struct e2_inode *in, const struct e2_claim *claim,
		      int status)
{
	struct pass *p = context;

	(void)in;
	(void)claim;
	count_unread(p->u, 1, status);
	return 0;
}

static int visit_claims(struct pass *p)
{
	struct e2_claims c = {
		.fs = p->u->fs, .marked_only = true, .inode = p->u->inode ? take_inode : NULL,
		.claim = take_claim, .wrong = take_wrong, .stop = p->u->stop, .context = p,
	};
	int err = e2_claims_visit(&c);

	count_unread(p->u, c.bad_groups, E2_ERR_CORRUPT);
	return err;
}

static int visit_rest(struct pass *p)
{
	struct e2_stretch s;
	struct e2_space *space;
	int status = 0, r = e2_space_begin(p->u->fs, 0, e2_geometry(p->u->fs)->groups, &space);
	uint32_t unread;

	if (r)
		return r;
	while ((r = e2_space_next(space, &s)) > 0) {
		r = give(p, s.known && s.used ? E2_USE_LOST : E2_USE_FREE, s.blk, s.count, NULL);
		if (r)
			break;
	}
	unread = e2_space_unread(space, &status);
	count_unread(p->u, unread, status);
	e2_space_end(space);
	return r;
}

int e2_uses_visit(struct e2_uses *u)
{
	struct pass p = { .u = u };
	int r = e2_bitset_new(e2_geometry(u->fs)->blocks, &p.seen);

	u->unread = 0;
	u->status = 0;
	if (r == 0)
		r = e2_layout_visit(u->fs, take_layout, &p);
	if (r == 0)
		r = visit_claims(&p);
	if (r == 0)
		r = visit_rest(&p);
	e2_bitset_free(p.seen);
	return r;
}
