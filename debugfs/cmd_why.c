/* SPDX-License-Identifier: MIT */
/*
 * why: what a block or a byte is, whose it is, and whether that is consistent.
 *
 * Objects become questions, a block each and perhaps a byte of it; questions are answered
 * in batches and said in the order in which they were asked.
 */
#include "why_say.h"

#include "interrupt.h"
#include "stretch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct asking {
	struct shell *sh;
	struct why_question *q;		/* as many as a batch has */
	struct why *w;
	size_t count, batch;
	struct why_table table;
	bool said;			/* something stands above */
};

static int compare(const void *pa, const void *pb)
{
	const struct why *a = pa, *b = pb;

	return a->blk < b->blk ? -1 : a->blk > b->blk;
}

/* The blocks of all questions, each once, in order. */
static size_t blocks_of(struct asking *a)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++) {
		a->w[i].blk = a->q[i].blk;
		sorted = sorted && (i == 0 || a->q[i - 1].blk <= a->q[i].blk);
	}
	if (!sorted)
		qsort(a->w, a->count, sizeof(*a->w), compare);
	for (size_t i = 0; i < a->count; i++) {
		if (n == 0 || a->w[n - 1].blk != a->w[i].blk)
			a->w[n++].blk = a->w[i].blk;
	}
	return n;
}

static int say_one(struct asking *a, const struct why *w, const struct why_question *q)
{
	struct out *o = &a->sh->out;

	if (o->mode == OUT_TEXT && q->table) {
		if (a->said && a->table.count == 0 && a->table.rows == 0)
			out_line(o);
		why_table_add(a->sh, &a->table, w);
		a->said = true;
		return 0;
	}
	if (o->mode == OUT_TEXT && a->said)
		out_line(o);
	a->said = true;
	return why_say(a->sh, w, q);
}

static void end_table(struct asking *a)
{
	why_table_end(a->sh, &a->table);
	a->table.rows = 0;
}

/* The inode that a byte of an inode table is in; 0: in none. */
static e2_ino inode_of(struct shell *sh, const struct why *w, const struct why_question *q)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint64_t at = (w->blk - w->layout_first) * g->block_size + q->offset % g->block_size;

	if (!q->byte || w->layout != E2_USE_INODE_TABLE)
		return 0;
	at /= g->inode_size;
	return at < g->inodes_per_group ? (e2_ino)(w->group * g->inodes_per_group + 1 + at) : 0;
}

/* Of owners, and of inodes that bytes are in. */
static int find_names(struct asking *a, size_t blocks)
{
	bool text = a->sh->out.mode == OUT_TEXT;
	e2_ino *inos = calloc(a->count + WHY_CLAIMS, sizeof(*inos));
	int err;

	if (!inos)
		return e2_fail(E2_ERR_NOMEM, "no memory for names");
	for (size_t i = 0; i < a->count && text; i++)
		inos[i] = inode_of(a->sh, why_find(a->w, blocks, a->q[i].blk), &a->q[i]);
	for (size_t i = 0; i < WHY_CLAIMS && a->table.count; i++)	/* a line that waits */
		inos[a->count + i] = a->table.first.claim[i].ino;
	err = why_names_begin(a->sh, a->w, blocks, inos, a->count + WHY_CLAIMS);
	free(inos);
	return err;
}

static int answer(struct asking *a, bool last)
{
	size_t n = blocks_of(a);
	int err = n ? why_blocks(a->sh, a->w, n) : 0;

	if (!err)
		err = find_names(a, n);
	for (size_t i = 0; i < a->count && !err && !out_failed(&a->sh->out); i++) {
		const struct why_question *q = &a->q[i];

		if (!q->table)
			end_table(a);
		err = say_one(a, why_find(a->w, n, q->blk), q);
		if (!err && interrupt_asked())
			err = e2_fail(E2_ERR_CANCELLED, "interrupted");
	}
	if (last)
		end_table(a);
	why_names_end(a->sh);
	a->count = 0;
	return err;
}

static int ask(struct asking *a, const struct stretch *st)
{
	int err = 0;

	for (uint64_t i = 0; i < st->count && !err && !out_failed(&a->sh->out); i++) {
		a->q[a->count++] = (struct why_question){
			.blk = st->blk + i, .byte = st->bytes, .table = st->count > 1,
			.offset = st->offset,
		};
		if (a->count == a->batch)
			err = answer(a, false);
	}
	return err;
}

/* A small volume is asked about in small batches: memory is in proportion. */
static size_t batch_size(struct shell *sh)
{
	uint64_t batch = WHY_BATCH / 8 + e2_geometry(sh->fs)->blocks / 64;

	return batch < WHY_BATCH ? (size_t)batch : WHY_BATCH;
}

int cmd_why(struct shell *sh, const struct args *args)
{
	struct asking a = { .sh = sh, .batch = batch_size(sh) };
	int err = 0;

	a.q = malloc(a.batch * sizeof(*a.q));
	a.w = malloc(a.batch * sizeof(*a.w));

	if (!a.q || !a.w)
		err = e2_fail(E2_ERR_NOMEM, "no memory to look at blocks");
	for (size_t i = 0; i < args->count && !err; i++) {
		struct stretch st;
		int one = object_stretch(sh, &args->arg[i].object, &st);

		if (one)
			shell_warn(sh, one);
		else
			err = ask(&a, &st);
	}
	if (!err)
		err = answer(&a, true);
	free(a.q);
	free(a.w);
	return err;
}
