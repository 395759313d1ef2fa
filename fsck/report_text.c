/* SPDX-License-Identifier: MIT */
/*
 * A report for people: what it is, what is wrong, what would be done; the numbers
 * line up over the whole list.
 */
#include "fsck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	CODE_COLUMN = 14,		/* where objects begin */
	OBJECT_MIN = 21, OBJECT_MAX = 44,	/* columns of objects that are aligned */
	SHOWN = 50,			/* of one problem without -v */
};

typedef void add_fn(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

/* The most columns an object takes, of those that are aligned. */
static size_t object_columns(struct e2_report *report)
{
	size_t most = OBJECT_MIN;
	struct e2_str s = E2_STR_INIT;

	for (size_t i = 0; i < e2_report_count(report); i++) {
		size_t columns;

		e2_str_truncate(&s, 0);
		e2_finding_object(report, e2_report_at(report, i), &s);
		columns = e2_str_columns(&s, 0);
		if (columns > most && columns <= OBJECT_MAX)
			most = columns;
	}
	e2_str_free(&s);
	return most;
}

static void print_line(struct e2_report *report, const struct e2_finding *f, add_fn *add)
{
	struct e2_str s = E2_STR_INIT;

	add(report, f, &s);
	if (s.len != 0)
		printf("    %s\n", e2_str_text(&s));
	e2_str_free(&s);
}

static void pad(struct e2_str *s, size_t column)
{
	for (size_t n = e2_str_columns(s, 0); n < column; n++)
		e2_str_add(s, " ");
}

static void print_finding(struct e2_report *report, const struct e2_finding *f, size_t columns)
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
	puts(e2_str_text(&s));
	e2_str_free(&s);
	print_line(report, f, e2_finding_text);
	print_line(report, f, e2_finding_will);
}

static void print_more(uint64_t more)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, "    and ");
	e2_str_add_count(&s, more);
	e2_str_add(&s, " more like this");
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

static void print_findings(struct e2_report *report, bool all)
{
	size_t columns = object_columns(report), count = e2_report_count(report);

	for (size_t i = 0; i < count;) {
		enum e2_problem_id id = e2_report_at(report, i)->id;
		uint64_t found = e2_report_found(report, id), shown = 0;

		for (; i < count && e2_report_at(report, i)->id == id; i++)
			if (all || shown < SHOWN) {
				print_finding(report, e2_report_at(report, i), columns);
				shown++;
			}
		if (shown < found)
			print_more(found - shown);
	}
}

static void print_totals(const char *shown, struct e2_report *report,
			 const struct fsck_options *options)
{
	const struct e2_geometry *g = e2_geometry(e2_report_fs(report));
	struct e2_check_totals t;

	e2_report_totals(report, &t);
	printf("%s: %s%" PRIu64 "/%" PRIu32 " inodes, %" PRIu64 "/%" PRIu64 " blocks\n", shown,
	       e2_report_errors(report) == 0 ? "consistent, " : "", t.inodes_used, g->inodes,
	       t.blocks_used, g->blocks);
	if (options->verbose)
		printf("  %" PRIu64 " files, %" PRIu64 " directories, %" PRIu64 " symlinks, %"
		       PRIu64 " others; %" PRIu64 " in more than one piece\n",
		       t.files, t.dirs, t.symlinks, t.others, t.fragmented);
}

static void print_count(const char *shown, uint64_t errors, uint64_t notes)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_addf(&s, "%s: ", shown);
	if (errors != 0) {
		e2_str_add_count(&s, errors);
		e2_str_add(&s, errors == 1 ? " problem" : " problems");
	}
	if (notes != 0) {
		e2_str_add(&s, errors != 0 ? ", " : "");
		e2_str_add_count(&s, notes);
		e2_str_add(&s, notes == 1 ? " note" : " notes");
	}
	printf("%s\n\n", e2_str_text(&s));
	e2_str_free(&s);
}

bool fsck_report_text(const char *shown, struct e2_report *report,
		      const struct fsck_options *options)
{
	uint64_t errors = e2_report_errors(report), notes = e2_report_notes(report);

	if (errors + notes != 0) {
		print_count(shown, errors, notes);
		print_findings(report, options->verbose);
		putchar('\n');
		if (errors != 0)
			puts("Nothing was changed (-n).");
	}
	if (errors == 0 || options->verbose)
		print_totals(shown, report, options);
	return fflush(stdout) == 0 && !ferror(stdout);
}

bool fsck_say_clean(const char *shown, const struct e2_fs *fs, const struct fsck_options *options)
{
	const struct e2_geometry *g = e2_geometry(fs);
	const struct e2_super *s = e2_super(fs);

	if (!options->quiet)
		printf("%s: clean, %" PRIu32 "/%" PRIu32 " inodes, %" PRIu64 "/%" PRIu64
		       " blocks (not checked; -f checks)\n", shown,
		       g->inodes - s->free_inodes_count, g->inodes,
		       g->blocks - s->free_blocks_count, g->blocks);
	return fflush(stdout) == 0 && !ferror(stdout);
}
