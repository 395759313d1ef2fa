/* SPDX-License-Identifier: MIT */
/*
 * Pointers that are possible, and yet not what they were: i_blocks and the bitmaps remember.
 *
 * A pointer that is 0 where i_blocks counts a block more, and the block is there, without an
 * owner; one that leads somewhere where i_blocks counts a block less; and one to a block that
 * is marked free while its own lies without an owner between its neighbours.  Files that no
 * finding is about are not looked at.
 */
#include "check/owners.h"

#include "base/endian.h"

enum { MOVED = 64 };		/* blocks in use but marked free, at most, to look for their own */

struct seeker {
	struct ck *ck;
	struct ck_place at;		/* of the array being scanned */
	uint64_t blocks;		/* that the inode lacks, or has too many */
	uint64_t counted;
	uint32_t extra;			/* pointers to them */
	uint32_t found[CK_MATCH_BETWEEN + 1];
	struct ck_place place[CK_MATCH_BETWEEN + 1];
	e2_blk blk[CK_MATCH_BETWEEN + 1];
	bool telling;
	e2_ino moved_ino;
};

/* ---- a pointer that is 0 ----------------------------------------------------------------- */

/* Blocks below a pointer block that can be followed, itself included. */
static uint64_t count_below(struct ck *ck, e2_blk blk, unsigned level)
{
	const struct e2_buf *buf;
	uint64_t blocks = 1;

	if (level == 0)
		return 1;
	if (e2_buf_get(ck->fs, blk, &buf) != 0) {
		e2_err_clear();
		return 1;
	}
	for (uint32_t i = 0; i < ck->g->pointers; i++) {
		uint32_t next = e2_get32(buf->data + 4 * (size_t)i);

		/* Each block is looked at from one place, or the sum is of no use anyway. */
		if (next == 0 || !e2_block_valid(ck->g, next) || blocks > ck->g->blocks)
			continue;
		blocks += level == 1 || next == blk ? 1 : count_below(ck, next, level - 1);
	}
	e2_buf_put(ck->fs, buf);
	return blocks;
}

static void note(struct seeker *s, enum ck_match match, const struct ck_place *p, e2_blk blk)
{
	if (s->found[match]++ != 0)
		return;
	s->place[match] = *p;
	s->blk[match] = blk;
}

/* `run` data pointers that are 0, from p on. */
static void seek_run(struct seeker *s, const struct ck_place *p, uint64_t run)
{
	enum ck_match match;
	e2_blk blk;

	if (run != s->blocks && !e2_is_dir(p->in))
		return;
	if (run == 1) {
		match = ck_find(s->ck, p, &blk);
	} else {
		match = ck_find_run(s->ck, p, run, &blk);
	}
	if (match != CK_MATCH_NONE)
		note(s, match, p, blk);
}

/* Whether the last block that a pointer block reaches is the last of the file. */
static bool reaches_end(struct ck *ck, const struct ck_place *p, e2_blk blk)
{
	uint64_t blocks = (e2_inode_size(p->in) + ck->g->block_size - 1) / ck->g->block_size;
	e2_lblk lblk = p->lblk;

	for (unsigned level = p->level; level > 0; level--) {
		const struct e2_buf *buf;
		uint32_t i = ck->g->pointers, next = 0;

		if (e2_buf_get(ck->fs, blk, &buf) != 0) {
			e2_err_clear();
			return false;
		}
		while (i > 0 && next == 0)
			next = e2_get32(buf->data + 4 * (size_t)--i);
		e2_buf_put(ck->fs, buf);
		if (!e2_block_valid(ck->g, next))
			return false;
		lblk += i * ck_span(ck->g, level - 1);
		blk = next;
	}
	return lblk + 1 == blocks;
}

static void seek_tree(struct seeker *s, const struct ck_place *p)
{
	e2_blk blk;
	enum ck_match match = ck_find(s->ck, p, &blk);

	if (match == CK_MATCH_NONE || count_below(s->ck, blk, p->level) != s->blocks)
		return;
	/* In a file with holes the same pointers could stand in several places. */
	note(s, reaches_end(s->ck, p, blk) ? CK_MATCH_BETWEEN : match, p, blk);
}

/* The pointers of block[], or of a pointer block, that are 0 and before the end of the file. */
static void seek_zeros(struct seeker *s, const struct ck_place *first, const uint8_t *words,
		       uint32_t count)
{
	struct ck_place p = *first, run = *first;
	uint64_t length = 0;

	for (uint32_t i = 0; i < count; i++, p.index++) {
		bool zero = (words != NULL ? e2_get32(words + 4 * (size_t)i) :
			     p.in->block[i]) == 0;

		if (words == NULL)
			p.level = i < E2_DIRECT ? 0 : i - E2_DIRECT + 1;
		zero = zero && ck_wanted(s->ck, &p) != 0;
		if (length != 0 && (!zero || p.level != 0)) {
			seek_run(s, &run, length);
			length = 0;
		}
		if (zero && p.level != 0)
			seek_tree(s, &p);
		else if (zero && length++ == 0)
			run = p;
		p.lblk += ck_span(s->ck->g, p.level);
	}
	if (length != 0)
		seek_run(s, &run, length);
}

static bool may_be_anothers(const struct ck *ck, e2_blk blk)
{
	return e2_bitset_test(ck->metadata, blk) ||
	       (ck->shared != NULL && e2_bitset_test(ck->shared, blk));
}

static int seek_step(void *context, const struct ck_step *step)
{
	struct seeker *s = context;
	struct ck_place first = s->at;
	const struct e2_buf *buf;

	if (step->status != CK_STEP_OK || step->level == 0 ||
	    may_be_anothers(s->ck, step->blk))
		return 0;
	if (e2_buf_get(s->ck->fs, step->blk, &buf) != 0) {
		e2_err_clear();
		return 0;
	}
	first.parent = step->blk;
	first.level = step->level - 1;
	first.lblk = step->lblk;
	seek_zeros(s, &first, buf->data, s->ck->g->pointers);
	e2_buf_put(s->ck->fs, buf);
	return 1;
}

static void tell(struct seeker *s, enum e2_problem_id id, const struct ck_place *p, e2_blk have,
		 e2_blk want, const char *why)
{
	e2_findings_add(s->ck->found, &(struct e2_finding){
		.id = id, .ino = p->ino, .blk = p->parent, .index = p->index,
		.level = (uint8_t)p->level, .lblk = p->lblk, .have = have, .want = want,
		.why = why, .mode = p->in->mode,
	});
}

static int seek_missing(struct seeker *s)
{
	int r, match = CK_MATCH_BETWEEN;
	uint64_t run;

	seek_zeros(s, &s->at, NULL, E2_POINTERS);
	r = ck_walk(s->ck, s->at.in, seek_step, s);
	while (match > CK_MATCH_NONE && s->found[match] == 0)
		match--;
	if (r != 0 || s->found[match] != 1)
		return r;
	run = s->place[match].level == 0 && !e2_is_dir(s->at.in) ? s->blocks : 1;
	for (uint64_t i = 0; i < run; i++) {
		struct ck_place *p = &s->place[match];

		tell(s, E2_PROBLEM_BLOCK_MISSING, p, 0, s->blk[match] + i,
		     ck_match_text(s->ck, (enum ck_match)match, s->blk[match] + i));
		p->index++;
		p->lblk++;
	}
	return 0;
}

/* ---- a pointer that should be 0 ------------------------------------------------------------- */

/* Blocks that nothing else speaks for: past the end of the file, or marked free. */
static int seek_extra_step(void *context, const struct ck_step *step)
{
	struct seeker *s = context;
	struct ck_place p = s->at;
	bool entered = false;

	if (step->status != CK_STEP_OK)
		return 0;
	p.parent = step->parent;
	p.level = step->level;
	for (uint64_t i = 0; i < step->count; i++) {
		bool outside;

		p.index = step->index + (uint32_t)i;
		p.lblk = step->lblk + i;
		outside = ck_wanted(s->ck, &p) == 0;
		entered = step->level != 0;
		if (may_be_anothers(s->ck, step->blk + i))
			return 0;
		if (!outside && ck_used(s->ck, step->blk + i))
			continue;
		entered = false;
		s->counted += count_below(s->ck, step->blk + i, step->level);
		s->extra++;
		if (s->telling)
			tell(s, E2_PROBLEM_BLOCK_EXTRA, &p, step->blk + i, 0, outside ?
			     "it lies past the end of the file, and i_blocks does not count it" :
			     "that is marked free, and i_blocks does not count it");
	}
	return entered;
}

static int seek_extra(struct seeker *s)
{
	int r = ck_walk(s->ck, s->at.in, seek_extra_step, s);

	if (r != 0 || s->counted != s->blocks || s->extra > MOVED)
		return r;
	s->telling = true;
	return ck_walk(s->ck, s->at.in, seek_extra_step, s);
}

static int seek_inode(struct ck *ck, const struct e2_finding *f)
{
	struct e2_inode in;
	struct seeker s = { .ck = ck, .at = { .ino = f->ino, .in = &in } };
	bool by_count = f->id == E2_PROBLEM_BLOCK_COUNT, lacks = !by_count || f->have > f->want;
	uint64_t sectors = !by_count ? ck->sectors :
			   lacks ? f->have - f->want : f->want - f->have;

	if (sectors % ck->sectors != 0 || (f->ino < ck->g->first_ino && f->ino != E2_INO_ROOT))
		return 0;
	if (e2_inode_get(ck->fs, f->ino, &in) != 0) {
		e2_err_clear();
		return 0;
	}
	s.blocks = sectors / ck->sectors;
	if (!ck_has_pointers(ck, &in) || (lacks && by_count && e2_is_dir(&in)))
		return 0;	/* what a directory lacks are holes, findings of their own */
	return lacks ? seek_missing(&s) : seek_extra(&s);
}

/* ---- a pointer to a block that is free -------------------------------------------------- */

static int seek_moved_step(void *context, const struct ck_step *step)
{
	struct seeker *s = context;
	struct ck_place p = s->at;

	if (step->status != CK_STEP_OK || may_be_anothers(s->ck, step->blk))
		return 0;
	p.parent = step->parent;
	p.level = step->level;
	for (uint64_t i = 0; i < step->count; i++) {
		enum ck_match match;
		e2_blk blk;

		if (ck_used(s->ck, step->blk + i))
			continue;
		p.index = step->index + (uint32_t)i;
		p.lblk = step->lblk + i;
		match = ck_wanted(s->ck, &p) != 0 ? ck_find(s->ck, &p, &blk) : CK_MATCH_NONE;
		if (match == CK_MATCH_NONE ||
		    (match == CK_MATCH_ONLY && (s->blocks != 1 || s->ck->stray_count != 1)))
			continue;
		tell(s, E2_PROBLEM_BLOCK_MOVED, &p, step->blk + i, blk,
		     ck_match_text(s->ck, match, blk));
	}
	return step->level != 0;
}

/* Only where few blocks in use are marked free: else it is the bitmap that is wrong. */
static int seek_moved(struct ck *ck, uint64_t marked_free)
{
	int r = 0;

	for (e2_ino ino = ck->g->first_ino; ino <= ck->g->inodes && r == 0; ino++) {
		struct e2_inode in;
		struct seeker s = { .ck = ck, .blocks = marked_free,
				    .at = { .ino = ino, .in = &in } };

		if (ck->inodes[ino].type == 0)
			continue;
		if (e2_inode_get(ck->fs, ino, &in) != 0)
			e2_err_clear();
		else if (ck_has_pointers(ck, &in))
			r = ck_walk(ck, &in, seek_moved_step, &s);
	}
	return r;
}

int ck_seek_missing(struct ck *ck)
{
	uint64_t marked_free = 0;
	size_t count = ck->found->count;
	e2_ino hole = 0;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const struct e2_finding f = ck->found->at[i];

		if (f.id == E2_PROBLEM_BLOCK_FREE)
			marked_free += f.limit - f.blk + 1;
		if (f.id == E2_PROBLEM_BLOCK_COUNT || f.id == E2_PROBLEM_DIR_NO_BLOCK ||
		    (f.id == E2_PROBLEM_DIR_HOLE && f.ino != hole))
			r = seek_inode(ck, &f);
		if (f.id == E2_PROBLEM_DIR_HOLE)
			hole = f.ino;	/* one look finds all of them */
	}
	if (r == 0 && marked_free != 0 && marked_free <= MOVED && ck_is_any_stray(ck))
		r = seek_moved(ck, marked_free);
	return r;
}
