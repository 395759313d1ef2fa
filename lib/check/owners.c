/* SPDX-License-Identifier: MIT */
/*
 * Whose the blocks are that more than one pointer leads to.
 *
 * Only where pass_inodes has marked a block twice.  All files are walked again, without
 * entering a pointer block that may be another's: what lies below it is nobody's claim until
 * it is settled whose it is.  A pointer block that only its own content claims again is
 * settled by that.  Of each contested block the best claim is kept, and every other one is a
 * finding; those below wait for the next round.
 */
#include "check/owners.h"

#include <stdlib.h>

enum {
	CONTESTS = 1 << 16,
	SETTLINGS = 4,
	FEW = 8,	/* claims on a block that are weighed once there are too many of them */
};

struct best {			/* the best claim on a block so far */
	e2_ino ino;
	uint32_t parent, index;
	int16_t score;
	uint8_t level;
	uint8_t weighed;		/* claims; FEW: that many or more */
	bool settled, several;
};

struct owners {
	struct ck *ck;
	struct e2_map *contests;	/* block -> index + 1 in best */
	struct best *best;
	struct e2_bitset *entered;	/* pointer blocks that are settled */
	const struct e2_inode *in;
	e2_ino ino;
	int score;			/* of ino; INT16_MIN: not yet known */
	uint64_t weighed;		/* claims, in this walk */
	bool telling;			/* findings are to be added */
	struct e2_finding run;		/* of the pair seen last */
	bool pending;			/* run is still to be told */
};

/* ---- what an inode holds ------------------------------------------------------------- */

struct viewer {
	struct ck *ck;
	struct ck_view *view;
};

static bool is_shared(const struct ck *ck, e2_blk blk)
{
	return ck->shared != NULL && e2_bitset_test(ck->shared, blk);
}

static int view_step(void *context, const struct ck_step *s)
{
	struct viewer *v = context;

	if (s->status == CK_STEP_JUNK)
		v->view->blocks--;	/* it was counted as a pointer block */
	if (s->status != CK_STEP_OK) {
		v->view->partial = v->view->partial || s->status == CK_STEP_UNREADABLE;
		return 0;
	}
	for (uint64_t i = 0; i < s->count; i++) {
		v->view->blocks += !e2_bitset_test(v->ck->metadata, s->blk + i);
		v->view->shares = v->view->shares || is_shared(v->ck, s->blk + i);
	}
	if (s->level == 0 || e2_bitset_test(v->ck->metadata, s->blk))
		return 0;
	v->view->partial = v->view->partial || is_shared(v->ck, s->blk);
	return !is_shared(v->ck, s->blk);
}

int ck_view_file(struct ck *ck, const struct e2_inode *in, bool pointers, struct ck_view *view)
{
	struct viewer v = { ck, view };
	int r;

	*view = (struct ck_view){ .stored = in->blocks % ck->sectors == 0 ?
				  in->blocks / ck->sectors : UINT64_MAX };
	r = pointers ? ck_walk(ck, in, view_step, &v) : 0;
	ck->looks += view->blocks / 64;
	if (in->file_acl != 0 && e2_block_valid(ck->g, in->file_acl) &&
	    !e2_bitset_test(ck->metadata, in->file_acl)) {
		view->blocks++;
		view->shares = view->shares || is_shared(ck, in->file_acl);
	}
	return r;
}

/* ---- claims ------------------------------------------------------------------------------ */

static void tell_run(struct owners *o)
{
	if (o->pending)
		e2_findings_add(o->ck->found, &o->run);
	o->pending = false;
}

static bool is_claim_of(const struct best *b, const struct ck_place *p)
{
	if (p->parent == 0 && p->index == CK_ACL)	/* inodes may share their attributes */
		return b->parent == 0 && b->index == CK_ACL;
	return b->ino == p->ino && b->parent == p->parent && b->index == p->index;
}

/* A claim that is not the best. */
static void tell(struct owners *o, const struct best *b, const struct ck_place *p, e2_blk blk)
{
	struct e2_finding *run = &o->run;
	const char *why = p->index == CK_ACL && p->parent == 0 ? "as attributes" :
			  p->level != 0 ? "as a pointer block" : "as data";

	if (o->pending && run->ino == p->ino && run->other == b->ino && p->level == 0 &&
	    run->level == 0 && run->parent == p->parent && run->limit + 1 == blk &&
	    run->index + (blk - run->blk) == p->index && run->why == why) {
		run->limit = blk;
		return;
	}
	tell_run(o);
	*run = (struct e2_finding){
		.id = b->ino == p->ino ? E2_PROBLEM_BLOCK_TWICE : E2_PROBLEM_BLOCK_SHARED,
		.ino = p->ino, .other = b->ino, .blk = blk, .limit = blk, .why = why,
		.parent = p->parent, .index = p->index, .lblk = p->lblk,
		.level = (uint8_t)p->level, .mode = p->in->mode,
	};
	o->pending = true;
}

static void weigh(struct owners *o, struct best *b, const struct ck_place *p, e2_blk blk)
{
	int score;

	if (b->settled)
		return;
	/* Damage makes no more claims than this, though who makes an image can. */
	if (b->weighed == FEW && o->weighed > CONTESTS + 2 * o->ck->g->blocks)
		return;
	o->weighed++;
	if (o->score == INT16_MIN)
		o->score = ck_score_inode(o->ck, p);
	score = o->score + ck_score(o->ck, p, blk);
	if (b->weighed < FEW)
		b->weighed++;
	if (b->ino != 0) {
		b->several = true;
		if (score <= b->score)
			return;
	}
	*b = (struct best){ .ino = p->ino, .parent = (uint32_t)p->parent, .index = p->index,
			    .score = (int16_t)score, .level = (uint8_t)p->level,
			    .weighed = b->weighed, .several = b->several };
}

/* One block of a claim: 1 when it is a pointer block to be entered. */
static int claim(struct owners *o, const struct ck_place *p, e2_blk blk)
{
	size_t contests = e2_map_count(o->contests);
	uint64_t *at, known;
	struct best *b;
	int r;

	if (e2_bitset_test(o->ck->metadata, blk))
		return 0;
	if (!e2_bitset_test(o->ck->shared, blk))
		return p->level != 0;
	if (!e2_map_get(o->contests, blk, &known) && (contests == CONTESTS || o->telling))
		return 0;	/* more than a round can settle */
	r = e2_map_ref(o->contests, blk, &at);
	if (r != 0)
		return r;
	if (*at == 0)
		*at = contests + 1;
	b = &o->best[*at - 1];
	if (!o->telling)
		weigh(o, b, p, blk);
	else if (!is_claim_of(b, p))
		tell(o, b, p, blk);
	return p->level != 0 && b->settled && is_claim_of(b, p);
}

static int claim_step(void *context, const struct ck_step *s)
{
	struct owners *o = context;
	struct ck_place p = { .ino = o->ino, .in = o->in, .parent = s->parent,
			      .index = s->index, .level = s->level, .lblk = s->lblk };
	int r = 0;

	if (s->status != CK_STEP_OK)
		return 0;
	for (uint64_t i = 0; i < s->count && r == 0; i++, p.index++, p.lblk++)
		r = claim(o, &p, s->blk + i);
	if (r > 0)
		e2_bitset_set(o->entered, s->blk);
	return r;
}

/* ---- all files ----------------------------------------------------------------------------- */

static bool follows(struct ck *ck, e2_ino ino, const struct e2_inode *in)
{
	return ino == E2_INO_RESIZE || ino == E2_INO_BAD_BLOCKS || ck_has_pointers(ck, in);
}

static int claim_inode(struct owners *o, e2_ino ino, const struct e2_inode *in)
{
	struct ck_place acl = { .ino = ino, .in = in, .index = CK_ACL };
	int r = 0;

	o->ino = ino;
	o->in = in;
	o->score = INT16_MIN;
	if (follows(o->ck, ino, in))
		r = ck_walk(o->ck, in, claim_step, o);
	/* Inodes may share an attribute block: for the weighing they are one. */
	if (r == 0 && in->file_acl != 0 && e2_block_valid(o->ck->g, in->file_acl))
		r = claim(o, &acl, in->file_acl);
	tell_run(o);
	return r;
}

static int walk_all(struct owners *o)
{
	int r = 0;

	o->weighed = 0;
	for (e2_ino ino = 1; ino <= o->ck->g->inodes && r == 0; ino++) {
		struct e2_inode in;

		if (o->ck->inodes[ino].type == 0)
			continue;
		/* What cannot be read was a finding before. */
		if (e2_inode_get(o->ck->fs, ino, &in) != 0) {
			e2_err_clear();
			continue;
		}
		r = claim_inode(o, ino, &in);
	}
	return r;
}

/* Pointer blocks with one claim but for those that stand in themselves; true: there are more. */
static bool settle(struct owners *o)
{
	bool more = false;

	for (size_t i = 0; i < e2_map_count(o->contests); i++) {
		struct best *b = &o->best[i];

		if (!b->settled && b->level != 0 && !b->several)
			b->settled = more = true;
	}
	for (size_t i = 0; more && i < e2_map_count(o->contests); i++)
		if (!o->best[i].settled)
			o->best[i] = (struct best){ .ino = 0 };
	return more;
}

/* Of what stands in a pointer block that may be another's, nothing is known. */
static bool keep(void *context, const struct e2_finding *f)
{
	const struct owners *o = context;
	e2_blk parent = 0;

	switch (f->id) {
	case E2_PROBLEM_BLOCK_EXTRA:
	case E2_PROBLEM_BLOCK_RANGE:
	case E2_PROBLEM_BLOCK_METADATA:
		parent = f->blk;
		break;
	case E2_PROBLEM_BLOCK_POINTERS:
	case E2_PROBLEM_POINTERS_UNREADABLE:
		if (e2_bitset_test(o->ck->shared, f->blk))
			return false;
		parent = f->parent;
		break;
	default:
		return true;
	}
	return parent == 0 || f->ino == E2_INO_RESIZE || e2_bitset_test(o->entered, parent);
}

static int find_owners(struct owners *o)
{
	int r = 0;

	for (int i = 0; i < SETTLINGS && r == 0; i++) {
		r = walk_all(o);
		if (r != 0 || i == SETTLINGS - 1 || !settle(o))
			break;
	}
	o->telling = true;
	if (r == 0)
		r = walk_all(o);
	if (r == 0)
		e2_findings_filter(o->ck->found, keep, o);
	return r;
}

int pass_owners(struct ck *ck)
{
	struct owners o = { .ck = ck };
	int r;

	if (ck->shared == NULL)
		return ck_seek_missing(ck);
	r = e2_map_new(&o.contests);
	if (r == 0)
		r = e2_bitset_new(ck->g->blocks, &o.entered);
	if (r == 0) {
		o.best = calloc(CONTESTS, sizeof(*o.best));
		if (o.best == NULL)
			r = e2_fail(E2_ERR_NOMEM, "owners of shared blocks");
	}
	if (r == 0)
		r = find_owners(&o);
	if (r == 0)
		r = ck_seek_missing(ck);
	e2_map_free(o.contests);
	e2_bitset_free(o.entered);
	free(o.best);
	return r;
}
