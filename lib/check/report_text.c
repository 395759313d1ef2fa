/* SPDX-License-Identifier: MIT */
/*
 * Findings as people read them: what it is, what is wrong, what would be done; the columns line
 * up over the whole list.
 */
#include "check/report.h"

enum {
	CODE_COLUMN = 14,		/* where objects begin */
	OBJECT_MAX = 44,		/* columns of objects that are aligned */
	SHOWN = 50,			/* of one problem, unless all are wanted */
};

typedef void add_fn(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

static void pad(struct e2_str *s, size_t column)
{
	for (size_t n = e2_str_columns(s, 0); n < column; n++)
		e2_str_add(s, " ");
}

static void add_line(struct e2_report *report, const struct e2_finding *f, add_fn *add,
		     struct e2_str *out)
{
	size_t begun = out->len, text;

	e2_str_add(out, "\n    ");
	text = out->len;
	add(report, f, out);
	if (out->len == text)
		e2_str_truncate(out, begun);
}

void e2_finding_lines(struct e2_report *report, const struct e2_finding *f, size_t columns,
		      bool asked, struct e2_str *out)
{
	struct e2_str s = E2_STR_INIT;
	size_t before;

	e2_str_add(&s, e2_problem(f->id)->code);
	if (s.len >= CODE_COLUMN)
		e2_str_add(&s, "  ");
	pad(&s, CODE_COLUMN);
	before = s.len;
	e2_finding_object(report, f, &s);
	before = e2_str_columns(&s, before);
	if (before > columns)
		e2_str_add(&s, "   ");
	pad(&s, CODE_COLUMN + columns + 3);
	e2_finding_field(report, f, &s);
	while (s.len != 0 && s.text[s.len - 1] == ' ')
		e2_str_truncate(&s, s.len - 1);
	e2_str_add(out, e2_str_text(&s));
	e2_str_free(&s);
	add_line(report, f, e2_finding_text, out);
	if (f->fixed || asked)
		add_line(report, f, e2_finding_will, out);
	else if (e2_problem(f->id)->severity == E2_SEV_ERROR)
		e2_str_add(out, "\n    cannot be repaired");
}

/* ---- all of them --------------------------------------------------------------------- */

static bool is_wanted(const bool *wanted, size_t i)
{
	return wanted == NULL || wanted[i];
}

/* The most columns an object takes, of those that are aligned. */
static size_t object_columns(struct e2_report *report, const bool *wanted)
{
	uint64_t seen[E2_PROBLEMS] = { 0 };
	struct e2_str s = E2_STR_INIT;
	size_t most = E2_FINDING_COLUMNS;

	for (size_t i = 0; i < e2_report_count(report); i++) {
		size_t columns;

		if (!is_wanted(wanted, i) || seen[e2_report_at(report, i)->id]++ >= SHOWN)
			continue;
		e2_str_truncate(&s, 0);
		e2_finding_object(report, e2_report_at(report, i), &s);
		columns = e2_str_columns(&s, 0);
		if (columns > most && columns <= OBJECT_MAX)
			most = columns;
	}
	e2_str_free(&s);
	return most;
}

static int tell_more(uint64_t more, e2_report_line_fn *line, void *context)
{
	struct e2_str s = E2_STR_INIT;
	int r;

	e2_str_add(&s, "    and ");
	e2_str_add_count(&s, more);
	e2_str_add(&s, " more like this (-v shows them)");
	r = e2_str_status(&s);
	if (r == 0)
		r = line(context, &s);
	e2_str_free(&s);
	return r;
}

int e2_report_lines(struct e2_report *report, const bool *wanted, bool all, bool asked,
		    e2_report_line_fn *line, void *context)
{
	size_t columns = object_columns(report, wanted), count = e2_report_count(report);
	struct e2_str s = E2_STR_INIT;
	int r = 0;

	for (size_t i = 0; i < count && r == 0;) {
		enum e2_problem_id id = e2_report_at(report, i)->id;
		uint64_t found = 0, shown = 0;

		for (; i < count && e2_report_at(report, i)->id == id && r == 0; i++) {
			if (!is_wanted(wanted, i))
				continue;
			found++;
			if (!all && shown >= SHOWN)
				continue;
			e2_str_truncate(&s, 0);
			e2_finding_lines(report, e2_report_at(report, i), columns, asked, &s);
			r = e2_str_status(&s);
			if (r == 0)
				r = line(context, &s);
			shown++;
		}
		if (wanted == NULL)
			found = e2_report_found(report, id);	/* not all are listed */
		if (r == 0 && shown < found)
			r = tell_more(found - shown, line, context);
	}
	e2_str_free(&s);
	return r;
}
