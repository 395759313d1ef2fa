/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdlib.h>

enum { LINES = 1000, BYTES = 1 << 20, WIDEST = 48 };

static void end_cell(struct rows *r, size_t at)
{
	if (r->now.count == ROWS_COLUMNS)
		return;
	r->now.at[r->now.count] = at;
	r->now.end[r->now.count++] = r->arena.len;
}

void rows_name(struct rows *r, const char *prefix, const void *name, size_t len)
{
	size_t at = r->arena.len;

	e2_str_add(&r->arena, prefix);
	e2_str_add_name(&r->arena, name, len);
	end_cell(r, at);
}

void rows_text(struct rows *r, const char *text)
{
	size_t at = r->arena.len;

	e2_str_add(&r->arena, text);
	end_cell(r, at);
}

void rows_end_line(struct rows *r)
{
	struct cells *l = r->failed ? NULL : e2_grow(r->line, &r->cap, r->lines + 1, sizeof(*l));

	if (l) {
		r->line = l;
		l[r->lines++] = r->now;
	} else {
		r->failed = true;
	}
	r->now.count = 0;
	if (r->lines >= LINES || r->arena.len >= BYTES)
		(void)rows_show(r);	/* no memory: it stays so, and is said at the end */
}

/* A cell that is wider than most does not push the others aside. */
static void measure(const struct rows *r, size_t *width)
{
	for (size_t i = 0; i < r->lines; i++)
		for (unsigned c = 0; c + 1 < r->line[i].count; c++) {
			struct e2_str cell = { .text = r->arena.text,
					       .len = r->line[i].end[c] };
			size_t w = e2_str_columns(&cell, r->line[i].at[c]);

			if (w > width[c] && w <= WIDEST)
				width[c] = w;
		}
}

int rows_show(struct rows *r)
{
	size_t width[ROWS_COLUMNS] = { 0 };
	struct out *o = r->out;

	if (r->failed || e2_str_status(&r->arena)) {
		r->failed = true;
		return e2_fail(E2_ERR_NOMEM, "no memory for lines");
	}
	measure(r, width);
	for (size_t i = 0; i < r->lines && !out_failed(o); i++) {
		const struct cells *l = &r->line[i];

		out_add(o, "%s", r->indent ? r->indent : "");
		for (unsigned c = 0; c < l->count; c++) {
			size_t mark = out_mark(o);
			bool last = c + 1 == l->count;

			if (last && r->red)
				out_style(o, STYLE_RED);
			out_raw(o, r->arena.text + l->at[c], l->end[c] - l->at[c]);
			if (last && r->red)
				out_plain(o);
			if (!last)
				out_pad(o, mark, width[c]);
			if (!last)
				out_add(o, "%*s", (int)r->gap, "");
		}
		out_line(o);
	}
	r->lines = 0;
	e2_str_truncate(&r->arena, 0);
	return 0;
}

void rows_free(struct rows *r)
{
	e2_str_free(&r->arena);
	free(r->line);
}
