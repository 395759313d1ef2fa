/* SPDX-License-Identifier: MIT */
/*
 * Who uses which block.
 *
 * The first look only marks blocks, in runs, which is all that a healthy volume needs.  Where
 * a block is marked a second time, pass_shared looks again at every file, in the
 * same order, and names the owners.
 */
#include "check/state.h"

struct claimer {
	struct ck *ck;
	e2_ino ino;
	bool directory;
	struct ck_extent *extent;
	e2_blk next;		/* where a block would lie together with those before */
};

static void report_pointer(const struct claimer *c, const struct ck_step *s, uint64_t offset)
{
	const struct e2_geometry *g = c->ck->g;
	struct e2_finding f = {
		.id = E2_PROBLEM_BLOCK_METADATA, .ino = c->ino, .blk = s->parent,
		.index = s->index + (uint32_t)offset, .lblk = s->lblk + offset,
		.have = s->blk + offset, .limit = g->blocks - 1,
	};

	if (s->status == CK_STEP_RANGE)
		f.id = E2_PROBLEM_BLOCK_RANGE;
	e2_findings_add(c->ck->found, &f);
}

static void report_metadata(const struct claimer *c, const struct ck_step *s)
{
	for (uint64_t i = 0; i < s->count; i++)
		if (e2_bitset_test(c->ck->metadata, s->blk + i))
			report_pointer(c, s, i);
}

static int claim_data(struct claimer *c, const struct ck_step *s)
{
	struct ck_extent *e = c->extent;
	uint64_t taken;
	int r = ck_claim(c->ck, s->blk, s->count, &taken);

	if (r != 0)
		return r;
	if (taken != 0)
		report_metadata(c, s);
	e->blocks += s->count;
	e->end = s->lblk + s->count;
	e->pieces += s->blk != c->next;
	c->next = s->blk + s->count;
	return c->directory ? ck_add_dir_blocks(c->ck, s->lblk, s->blk, s->count) : 0;
}

static int claim_pointers(struct claimer *c, const struct ck_step *s)
{
	uint64_t taken;
	int r = ck_claim(c->ck, s->blk, 1, &taken);

	if (r != 0)
		return r;
	c->extent->blocks++;
	if (s->blk == c->next)
		c->next++;	/* a pointer block between data does not part them */
	if (taken == 0) {
		e2_bitset_set(c->ck->entered, s->blk);
		return 1;
	}
	c->extent->damaged = true;
	report_metadata(c, s);
	return 0;
}

static int claim_step(void *context, const struct ck_step *s)
{
	struct claimer *c = context;

	if (s->status == CK_STEP_OK)
		return s->level == 0 ? claim_data(c, s) : claim_pointers(c, s);
	if (s->level != 0)
		c->extent->damaged = true;
	switch (s->status) {
	case CK_STEP_OK:
		break;
	case CK_STEP_RANGE:
		report_pointer(c, s, 0);
		break;
	case CK_STEP_JUNK:
		FOUND(c->ck->found, BLOCK_POINTERS, .ino = c->ino, .blk = s->blk, .have = s->bad,
		      .limit = c->ck->g->pointers);
		break;
	case CK_STEP_UNREADABLE:
		FOUND(c->ck->found, READ_ERROR, .blk = s->blk, .why = "pointer block");
		break;
	}
	return 0;
}

int ck_claim_file(struct ck *ck, e2_ino ino, const struct e2_inode *in, bool directory,
		  struct ck_extent *extent)
{
	struct claimer c = { .ck = ck, .ino = ino, .directory = directory, .extent = extent };

	return ck_walk(ck, in, claim_step, &c);
}

/* ---- the owners of shared blocks ----------------------------------------- */

struct owners {
	struct ck *ck;
	struct e2_map *first;		/* block -> the inode that claimed it first */
	struct e2_map *attributes;	/* attribute blocks met */
	struct e2_bitset *entered;	/* of ck->entered: those still to be entered */
	e2_ino ino;
	struct e2_finding run;		/* of the pair seen last */
	bool pending;			/* run is still to be told */
};

static void tell_owner_run(struct owners *o)
{
	if (o->pending)
		e2_findings_add(o->ck->found, &o->run);
	o->pending = false;
}

static int own(struct owners *o, e2_blk blk, const char *why)
{
	struct e2_finding *run = &o->run;
	uint64_t *owner;
	int r;

	if (!e2_bitset_test(o->ck->shared, blk))
		return 0;
	r = e2_map_ref(o->first, blk, &owner);
	if (r != 0)
		return r;
	if (*owner == 0) {
		*owner = o->ino;
		return 0;
	}
	if (o->pending && run->ino == o->ino && run->other == *owner &&
	    run->limit + 1 == blk && run->why == why) {
		run->limit = blk;
		return 0;
	}
	tell_owner_run(o);
	*run = (struct e2_finding){
		.id = *owner == o->ino ? E2_PROBLEM_BLOCK_TWICE : E2_PROBLEM_BLOCK_SHARED,
		.ino = o->ino, .other = (e2_ino)*owner,
		.blk = blk, .limit = blk, .why = why,
	};
	o->pending = true;
	return 0;
}

static int own_step(void *context, const struct ck_step *s)
{
	struct owners *o = context;
	int r = 0;

	if (s->status != CK_STEP_OK)
		return 0;
	if (s->level != 0) {
		r = own(o, s->blk, "as a pointer block");
		if (r != 0 || !e2_bitset_test(o->entered, s->blk))
			return r;
		e2_bitset_clear(o->entered, s->blk);
		return 1;
	}
	for (uint64_t i = 0; i < s->count && r == 0; i++)
		r = own(o, s->blk + i, "as data");
	return r;
}

static int own_inode(struct owners *o, e2_ino ino)
{
	struct e2_inode in;
	uint64_t *seen;
	int r = 0;

	/* What cannot be read was a finding before. */
	if (e2_inode_get(o->ck->fs, ino, &in) != 0) {
		e2_err_clear();
		return 0;
	}
	o->ino = ino;
	if (ino == E2_INO_RESIZE || ino == E2_INO_BAD_BLOCKS || ck_has_pointers(o->ck, &in))
		r = ck_walk(o->ck, &in, own_step, o);
	/* Inodes may share an attribute block: it is claimed by the first of them. */
	if (r == 0 && in.file_acl != 0) {
		r = e2_map_ref(o->attributes, in.file_acl, &seen);
		if (r == 0 && ++*seen == 1)
			r = own(o, in.file_acl, "as attributes");
	}
	tell_owner_run(o);
	return r;
}

int pass_shared(struct ck *ck)
{
	struct owners o = { .ck = ck };
	int r;

	if (ck->shared == NULL)
		return 0;
	r = e2_map_new(&o.first);
	if (r == 0)
		r = e2_map_new(&o.attributes);
	if (r == 0)
		r = e2_bitset_new(ck->g->blocks, &o.entered);
	for (e2_blk b = 0; r == 0 && b < ck->g->blocks; b++) {
		b = e2_bitset_next_set(ck->entered, b);
		e2_bitset_set(o.entered, b);
	}
	for (e2_ino ino = 1; ino <= ck->g->inodes && r == 0; ino++)
		if (ck->inodes[ino].type != 0)
			r = own_inode(&o, ino);
	e2_map_free(o.first);
	e2_map_free(o.attributes);
	e2_bitset_free(o.entered);
	return r;
}
