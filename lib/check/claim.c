/* SPDX-License-Identifier: MIT */
/*
 * Which blocks are used.
 *
 * The first look only marks blocks, in runs, which is all that a healthy volume needs, and
 * enters no pointer block twice.  Where a block is marked a second time, pass_owners looks
 * again at every file and weighs whose it is.
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
		.level = (uint8_t)s->level, .have = s->blk + offset, .limit = g->blocks - 1,
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
	if (taken == 0)
		return 1;
	c->extent->damaged = true;
	report_metadata(c, s);
	return 0;
}

/* Whether a directory would be larger than any can be. */
static bool is_beyond(const struct claimer *c, const struct ck_step *s)
{
	return c->directory && (s->lblk + s->count) * c->ck->g->block_size > UINT32_MAX;
}

static void report_beyond(const struct claimer *c, const struct ck_step *s)
{
	for (uint64_t i = 0; i < s->count; i++)
		FOUND(c->ck->found, BLOCK_EXTRA, .ino = c->ino, .blk = s->parent,
		      .index = s->index + (uint32_t)i, .lblk = s->lblk + i,
		      .level = (uint8_t)s->level, .have = s->blk + i,
		      .why = "no directory can be that large");
}

static int claim_step(void *context, const struct ck_step *s)
{
	struct claimer *c = context;

	if (s->status == CK_STEP_OK && is_beyond(c, s)) {
		report_beyond(c, s);
		return 0;
	}
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
		      .limit = c->ck->g->pointers, .parent = s->parent, .index = s->index,
		      .lblk = s->lblk, .level = (uint8_t)s->level);
		break;
	case CK_STEP_UNREADABLE:
		FOUND(c->ck->found, POINTERS_UNREADABLE, .ino = c->ino, .blk = s->blk,
		      .parent = s->parent, .index = s->index, .lblk = s->lblk,
		      .level = (uint8_t)s->level);
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
