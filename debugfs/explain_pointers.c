/* SPDX-License-Identifier: MIT */
/*
 * stat --explain: what each pointer of an inode is for.  The rows are made first
 * and shown afterwards, for their second half begins behind the widest first one.
 */
#include "stat.h"

#include <inttypes.h>

enum {
	RUNS_SHOWN = 6, LEVELS = 3,
	RIGHT_COLUMN = 43,			/* where the second half begins, or further */
	ROWS = 2 * RUNS_SHOWN + 2 * LEVELS + 1	/* runs, levels and holes, "and more" */
};

struct rows {
	struct row { struct e2_str left, right; } at[ROWS];
	size_t count;
};

/* "  block[0]..[11]   direct    " and what is added to left; the right half is empty. */
static struct row *row_add(struct rows *rows, const char *field, const char *kind)
{
	struct row *r = &rows->at[rows->count++];

	*r = (struct row){ E2_STR_INIT, E2_STR_INIT };
	e2_str_addf(&r->left, "  %-16s %-9s ", field, kind);
	return r;
}

static void rows_show(struct rows *rows, struct out *o)
{
	size_t column = RIGHT_COLUMN;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->at[i].right.len && rows->at[i].left.len + 2 > column)
			column = rows->at[i].left.len + 2;
	for (size_t i = 0; i < rows->count; i++) {
		struct row *r = &rows->at[i];
		size_t mark = out_mark(o);

		out_add(o, "%s", e2_str_text(&r->left));
		if (r->right.len)
			out_pad(o, mark, column);
		out_add(o, "%s", e2_str_text(&r->right));
		out_fold(o, mark, column, out_terminal_width(o));
		out_line(o);
		e2_str_free(&r->left);
		e2_str_free(&r->right);
	}
}

static void add_file_blocks(struct e2_str *s, uint64_t first, uint64_t count)
{
	e2_str_add(s, count > 1 ? "file blocks " : "file block ");
	add_range(s, first, count);
}

/* block[0]..[11], a row for each run of blocks that lie together. */
static void direct_rows(const struct e2_inode *in, struct rows *rows)
{
	unsigned runs = 0;

	for (unsigned i = 0, n; i < E2_DIRECT; i += n) {
		n = 1;
		if (!in->block[i])
			continue;
		while (i + n < E2_DIRECT && in->block[i + n] == in->block[i] + n)
			n++;
		if (runs++ < RUNS_SHOWN) {
			struct e2_str field = E2_STR_INIT;
			struct row *r;

			e2_str_addf(&field, n > 1 ? "block[%u]..[%u]" : "block[%u]", i, i + n - 1);
			r = row_add(rows, e2_str_text(&field), "direct");
			add_range(&r->left, in->block[i], n);
			add_file_blocks(&r->right, i, n);
			e2_str_free(&field);
		}
	}
	if (runs > RUNS_SHOWN) {
		struct row *r = row_add(rows, "", "");

		e2_str_addf(&r->left, "and %u more", runs - RUNS_SHOWN);
	}
}

/* The first runs a single indirect block points to, one a row. */
static void run_rows(const struct pieces *p, e2_blk parent, uint64_t runs, struct rows *rows)
{
	unsigned shown = 0;

	for (size_t i = 0; i < p->count && shown < RUNS_SHOWN; i++) {
		const struct e2_walk_block *b = &p->at[i];
		struct row *r;

		if (b->parent != parent)
			continue;
		r = row_add(rows, "", "");
		e2_str_addf(&r->left, "  [%u] ", b->index);
		add_range(&r->left, b->blk, b->count);
		add_file_blocks(&r->right, b->lblk, b->count);
		if (++shown == RUNS_SHOWN && runs > shown)
			e2_str_addf(&r->right, " and %" PRIu64 " more pieces", runs - shown);
	}
}

/* What a pointer block holds: how many pointers are used, and the first runs. */
static void indirect_rows(const struct sight *s, unsigned level, struct rows *rows)
{
	static const char *const kinds[] = { "", "single ->", "double ->", "triple ->" };
	unsigned index = E2_DIRECT + level - 1;
	e2_blk blk = s->in.block[index];
	struct e2_str field = E2_STR_INIT;
	uint64_t used = 0, runs = 0;
	struct row *r;

	for (size_t i = 0; i < s->pieces.count; i++) {
		if (s->pieces.at[i].parent == blk) {
			used += s->pieces.at[i].count;
			runs++;
		}
	}
	e2_str_addf(&field, "block[%u]", index);
	r = row_add(rows, e2_str_text(&field), kinds[level]);
	e2_str_addf(&r->left, "%" PRIu64, blk);
	e2_str_addf(&r->right, "a block of %u pointers, %" PRIu64 " of them used",
		    e2_geometry(s->sh->fs)->pointers, used);
	if (level == 1)
		run_rows(&s->pieces, blk, runs, rows);
	e2_str_free(&field);
}

/* A pointer that is 0 within the file: all that it would reach is a hole. */
static void hole_row(unsigned index, uint64_t first, uint64_t count, struct rows *rows)
{
	struct e2_str field = E2_STR_INIT;
	struct row *r;

	e2_str_addf(&field, "block[%u]", index);
	r = row_add(rows, e2_str_text(&field), "hole");
	add_file_blocks(&r->right, first, count);
	e2_str_free(&field);
}

/* The pointers for files that are larger: "needed above 268 KiB and 64.3 MiB". */
static void unused_row(const unsigned *index, const uint64_t *above, size_t count,
		       struct rows *rows)
{
	struct e2_str field = E2_STR_INIT;
	struct row *r;

	if (count == 0)
		return;
	e2_str_addf(&field, "block[%u]", index[0]);
	if (count == LEVELS)
		e2_str_addf(&field, "..[%u]", index[count - 1]);
	else if (count > 1)
		e2_str_addf(&field, ", [%u]", index[1]);
	r = row_add(rows, e2_str_text(&field), "unused");
	for (size_t i = 0; i < count; i++) {
		e2_str_add(&r->right, i == 0 ? "needed above " : i + 1 < count ? ", " : " and ");
		e2_str_add_size(&r->right, above[i]);
	}
	e2_str_free(&field);
}

void sight_explain_pointers(struct sight *s)
{
	const struct e2_geometry *g = e2_geometry(s->sh->fs);
	uint64_t length = e2_div_up(e2_inode_size(&s->in), g->block_size);
	uint64_t reach = E2_DIRECT, step = 1, above[LEVELS];
	unsigned index[LEVELS];
	struct rows rows = { .count = 0 };
	size_t unused = 0;

	direct_rows(&s->in, &rows);
	for (unsigned level = 1; level <= LEVELS; level++) {
		step *= g->pointers;
		if (s->in.block[E2_DIRECT + level - 1]) {
			indirect_rows(s, level, &rows);
		} else if (length > reach) {
			hole_row(E2_DIRECT + level - 1, reach,
				 length - reach < step ? length - reach : step, &rows);
		} else {
			index[unused] = E2_DIRECT + level - 1;
			above[unused++] = reach * g->block_size;
		}
		reach += step;
	}
	unused_row(index, above, unused, &rows);
	rows_show(&rows, &s->sh->out);
}
