/* SPDX-License-Identifier: MIT */
/*
 * The pointers of one inode, as they stand.
 *
 * Depth is bounded by the format (three levels, a frame each); work by the visitor,
 * who enters no block twice.
 */
#include "check/owners.h"

#include "base/endian.h"

struct walker {
	struct ck *ck;
	ck_visit_fn *visit;
	void *context;
	struct ck_step run;	/* data blocks seen last, not yet told; count 0: none */
};

static int tell_run(struct walker *w)
{
	int r = w->run.count != 0 ? w->visit(w->context, &w->run) : 0;

	w->run.count = 0;
	return r < 0 ? r : 0;
}

static int tell(struct walker *w, const struct ck_step *step)
{
	int r = tell_run(w);

	return r != 0 ? r : w->visit(w->context, step);
}

/* A data pointer: goes to the run before it where it can. */
static int data(struct walker *w, const struct ck_step *step)
{
	struct ck_step *run = &w->run;
	int r;

	if (!e2_block_valid(w->ck->g, step->blk)) {
		struct ck_step bad = *step;

		bad.status = CK_STEP_RANGE;
		r = tell(w, &bad);
		return r < 0 ? r : 0;
	}
	if (run->count != 0 && run->blk + run->count == step->blk &&
	    run->lblk + run->count == step->lblk && run->parent == step->parent) {
		run->count++;
		return 0;
	}
	r = tell_run(w);
	*run = *step;
	return r;
}

void ck_count_pointers(const struct ck *ck, e2_blk self, const uint8_t *block, uint32_t *used,
		       uint32_t *bad)
{
	uint32_t before = 0;

	*used = *bad = 0;
	for (uint32_t i = 0; i < ck->g->pointers; i++) {
		uint32_t blk = e2_get32(block + 4 * (size_t)i);

		if (blk != 0) {
			++*used;
			*bad += blk == before || blk == self || !e2_block_valid(ck->g, blk);
		}
		before = blk;
	}
}

/*
 * Decides about a pointer block: 1 and the pinned buffer when it is to be entered,
 * 0 when not.
 */
static int enter(struct walker *w, const struct ck_step *step, const struct e2_buf **buf)
{
	struct ck_step told = *step;
	uint32_t used;
	int r;

	if (!e2_block_valid(w->ck->g, step->blk)) {
		told.status = CK_STEP_RANGE;
		r = tell(w, &told);
		return r < 0 ? r : 0;
	}
	r = tell(w, &told);
	if (r <= 0)
		return r;
	if (e2_buf_get(w->ck->fs, step->blk, buf) != 0) {
		e2_err_clear();
		told.status = CK_STEP_UNREADABLE;
		r = tell(w, &told);
		return r < 0 ? r : 0;
	}
	ck_count_pointers(w->ck, step->blk, (*buf)->data, &used, &told.bad);
	/* A few bad pointers are bad pointers; many are something else read as pointers. */
	if (told.bad > 12 && told.bad > used / 4) {
		e2_buf_put(w->ck->fs, *buf);
		told.status = CK_STEP_JUNK;
		r = tell(w, &told);
		return r < 0 ? r : 0;
	}
	return 1;
}

struct frame {
	const struct e2_buf *buf;
	uint32_t next;		/* pointer to look at */
	unsigned level;		/* of the block */
	e2_lblk lblk;		/* reached by pointer `next` */
};

static int tree(struct walker *w, uint32_t root, unsigned level, e2_lblk lblk)
{
	struct ck_step step = { .level = level, .lblk = lblk, .blk = root, .count = 1,
				.index = E2_DIRECT + level - 1 };
	const struct e2_buf *root_buf;
	struct frame frame[3];
	int depth = 0;
	int r = root != 0 ? enter(w, &step, &root_buf) : 0;

	if (r <= 0)
		return r;
	frame[depth++] = (struct frame){ root_buf, 0, level, lblk };
	while (depth > 0) {
		struct frame *f = &frame[depth - 1];

		if (f->next == w->ck->g->pointers) {
			e2_buf_put(w->ck->fs, f->buf);
			depth--;
			continue;
		}
		step = (struct ck_step){
			.level = f->level - 1, .lblk = f->lblk, .count = 1,
			.blk = e2_get32(f->buf->data + 4 * (size_t)f->next),
			.parent = f->buf->blk, .index = f->next,
		};
		f->next++;
		f->lblk += ck_span(w->ck->g, step.level);
		if (step.blk == 0)
			continue;
		if (step.level == 0) {
			r = data(w, &step);
		} else {
			const struct e2_buf *buf;

			r = enter(w, &step, &buf);
			if (r > 0)
				frame[depth++] = (struct frame){ buf, 0, step.level, step.lblk };
		}
		if (r < 0)
			break;
	}
	while (depth > 0)
		e2_buf_put(w->ck->fs, frame[--depth].buf);
	return r < 0 ? r : 0;
}

int ck_walk(struct ck *ck, const struct e2_inode *in, ck_visit_fn *visit, void *context)
{
	struct walker w = { .ck = ck, .visit = visit, .context = context };
	e2_lblk lblk = E2_DIRECT, reach = ck->g->pointers;
	int r = 0;

	for (uint32_t i = 0; i < E2_DIRECT && r == 0; i++) {
		struct ck_step step = { .lblk = i, .blk = in->block[i], .count = 1, .index = i };

		if (step.blk != 0)
			r = data(&w, &step);
	}
	for (unsigned level = 1; level <= 3 && r == 0; level++) {
		r = tree(&w, in->block[E2_DIRECT + level - 1], level, lblk);
		lblk += reach;
		reach *= ck->g->pointers;
	}
	return r == 0 ? tell_run(&w) : r;
}
