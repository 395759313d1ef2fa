/* SPDX-License-Identifier: MIT */
/*
 * A report for people: what it is, what is wrong, what would be done; the numbers
 * line up over the whole list.
 */
#include "returned.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	SHOWN = 50,			/* of one kind of loss, without -v */
	SHOWN_UNSAFE = 6,
	BYTES_MAX = 960 << 10,		/* of findings and losses, without -v */
};

struct page {			/* where findings and losses go */
	bool all;		/* -v: without limit */
	uint64_t written;	/* bytes */
	uint64_t dropped;	/* findings or losses that had no room */
};

/* ---- findings ---------------------------------------------------------------------- */

static void print_block(struct page *page, const struct e2_str *s)
{
	if (!page->all && page->written + s->len > BYTES_MAX) {
		page->dropped++;
		return;
	}
	page->written += s->len + 1;
	puts(e2_str_text(s));
}

static void print_more(uint64_t more, const char *what)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, what);
	e2_str_add_count(&s, more);
	e2_str_add(&s, " more like this (-v shows them)");
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

/* What did not fit into the output as a whole. */
static void print_dropped(struct page *page)
{
	struct e2_str s = E2_STR_INIT;

	if (page->dropped == 0)
		return;
	e2_str_add(&s, "and ");
	e2_str_add_count(&s, page->dropped);
	e2_str_add(&s, " more (-v shows them)");
	puts(e2_str_text(&s));
	e2_str_free(&s);
	page->dropped = 0;
}

static int print_finding(void *context, const struct e2_str *text)
{
	print_block(context, text);
	return 0;
}

static void print_findings(struct page *page, struct e2_report *report)
{
	/* Without memory, what there is of it has been printed. */
	(void)e2_report_lines(report, NULL, page->all, false, print_finding, page);
	print_dropped(page);
}

/* ---- losses ---------------------------------------------------------------------------- */

static void print_losses(struct page *page, struct e2_report *report,
			 const struct fsck_losses *losses)
{
	struct e2_str s = E2_STR_INIT;

	for (size_t i = 0; i < losses->count;) {
		enum e2_loss_kind kind = losses->at[i].kind;
		uint64_t shown = 0, skipped = 0;

		for (; i < losses->count && losses->at[i].kind == kind; i++) {
			if (!page->all && shown == SHOWN) {
				skipped++;
				continue;
			}
			e2_str_truncate(&s, 0);
			fsck_losses_add_one(losses, report, i, &s);
			print_block(page, &s);
			shown++;
		}
		if (skipped != 0)
			print_more(skipped, "  and ");
	}
	print_dropped(page);
	e2_str_free(&s);
}

/* "1 file would get a new name" */
static void add_new_names(const struct fsck_losses *l, const char *verb, struct e2_str *s)
{
	uint64_t all = l->new_files + l->new_dirs;

	if (l->new_files != 0) {
		e2_str_add_count(s, l->new_files);
		e2_str_add(s, l->new_files == 1 ? " file" : " files");
	}
	if (l->new_dirs != 0) {
		e2_str_add(s, l->new_files != 0 ? " and " : "");
		e2_str_add_count(s, l->new_dirs);
		e2_str_add(s, l->new_dirs == 1 ? " directory" : " directories");
	}
	e2_str_addf(s, " %s %s", verb, all == 1 ? "a new name" : "new names");
}

static void add_doubt(const struct fsck_losses *l, struct e2_str *s)
{
	e2_str_addf(s, "%" PRIu64 " byte%s of ", l->doubt_bytes, l->doubt_bytes == 1 ? "" : "s");
	e2_str_add_count(s, l->doubt_files);
	e2_str_add(s, l->doubt_files == 1 ? " file" : " files");
}

/* ---- counts ----------------------------------------------------------------------------- */

void fsck_outcome_count(const struct e2_report *report, struct fsck_outcome *outcome)
{
	uint64_t fixed = e2_report_fixed(report);

	*outcome = (struct fsck_outcome){
		.errors = e2_report_errors(report), .notes = e2_report_notes(report),
		.left = e2_report_left(report),
	};
	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);

		outcome->repaired_errors += f->fixed &&
					    e2_problem(f->id)->severity == E2_SEV_ERROR;
	}
	outcome->repaired_notes = fixed - outcome->repaired_errors;
}

static void add_counts(struct e2_str *s, uint64_t errors, uint64_t notes)
{
	if (errors != 0 || notes == 0) {
		e2_str_add_count(s, errors);
		e2_str_add(s, errors == 1 ? " problem" : " problems");
	}
	if (notes != 0) {
		e2_str_add(s, errors != 0 ? ", " : "");
		e2_str_add_count(s, notes);
		e2_str_add(s, notes == 1 ? " note" : " notes");
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

static bool written(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

/* ---- the parts of a report ------------------------------------------------------------------ */

/* What -y would do, as the end of a line. */
static void add_would(const struct fsck_losses *l, const struct fsck_outcome *outcome,
		      struct e2_str *s)
{
	e2_str_add(s, " With -y: ");
	if (outcome->repaired_errors + outcome->repaired_notes == 0) {
		e2_str_add(s, "the same, since it cannot be repaired.");
		return;
	}
	if (outcome->left != 0) {
		e2_str_add_count(s, outcome->repaired_errors);
		e2_str_add(s, " repaired, ");
		e2_str_add_count(s, outcome->left);
		e2_str_add(s, " left; ");
	}
	if (fsck_losses_any(l)) {
		fsck_losses_add_sum(l, s);
		e2_str_add(s, " would be lost");
	} else {
		e2_str_add(s, "nothing would be lost");
	}
	if (l->doubt_files != 0) {
		e2_str_add(s, ", ");
		add_doubt(l, s);
		e2_str_add(s, " in doubt");
	}
	if (l->new_files + l->new_dirs != 0) {
		e2_str_add(s, ", ");
		add_new_names(l, "would get", s);
	}
	e2_str_add(s, ".");
}

/* What the repair is about to cost, before it is written. */
static void announce(const struct fsck_losses *losses)
{
	struct e2_str s = E2_STR_INIT;

	if (!fsck_losses_any(losses))
		return;
	e2_str_add(&s, "The repair loses ");
	fsck_losses_add_sum(losses, &s);
	e2_str_add(&s, ".");
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

bool fsck_report_plan(const char *shown, struct e2_report *report, const struct fsck_losses *losses,
		      const struct fsck_outcome *outcome, const struct fsck_options *options)
{
	struct page page = { .all = options->verbose };
	bool reads = outcome->mode == FSCK_CHECK || outcome->mode == FSCK_UNASKED;
	struct e2_str s = E2_STR_INIT;

	if (outcome->errors + outcome->notes != 0) {
		e2_str_addf(&s, "%s: ", shown);
		add_counts(&s, outcome->errors, outcome->notes);
		printf("%s\n\n", e2_str_text(&s));
		print_findings(&page, report);
		putchar('\n');
		if (reads || outcome->mode == FSCK_ASK) {
			print_losses(&page, report, losses);
			if (losses->count != 0)
				putchar('\n');
		} else {
			announce(losses);
		}
		e2_str_truncate(&s, 0);
		if (reads && outcome->errors != 0) {
			e2_str_addf(&s, "Nothing was changed (%s).", options->plan != NULL ?
				    "--plan" : outcome->mode == FSCK_CHECK ? "-n" :
				    "no terminal to ask at");
			add_would(losses, outcome, &s);
			puts(e2_str_text(&s));
		}
	}
	if (reads ? outcome->errors == 0 || options->verbose :
		    outcome->errors + outcome->notes == 0)
		print_totals(shown, report, options);
	e2_str_free(&s);
	return written();
}

void fsck_report_cost(struct e2_report *report, const struct fsck_losses *losses)
{
	struct page page = { .all = false };

	announce(losses);
	print_losses(&page, report, losses);
}

static void print_lost(const struct fsck_losses *losses)
{
	struct e2_str s = E2_STR_INIT;

	if (fsck_losses_any(losses)) {
		e2_str_add(&s, "Lost: ");
		fsck_losses_add_sum(losses, &s);
		e2_str_add(&s, losses->names == 0 ? ". No name lost." : ".");
	} else {
		e2_str_add(&s, "Nothing lost.");
	}
	if (losses->doubt_files != 0) {
		e2_str_add(&s, " In doubt: ");
		add_doubt(losses, &s);
		e2_str_add(&s, ".");
	}
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

/* Without memory for it, the losses alone have been told. */
static void print_returned(struct e2_report *report, const struct fsck_losses *losses)
{
	struct fsck_returned returned;

	if (fsck_returned_collect(report, losses, &returned) == 0)
		fsck_returned_print(&returned);
	fsck_returned_free(&returned);
	e2_err_clear();
}

bool fsck_report_done(const char *shown, struct e2_report *report, const struct fsck_losses *losses,
		      const struct fsck_outcome *outcome, const struct fsck_options *options)
{
	struct page page = { .all = options->verbose };
	struct e2_str s = E2_STR_INIT;

	if (outcome->committed && outcome->repaired_errors + outcome->repaired_notes == 0) {
		printf("%s: written; checked again, nothing found\n", shown);
	} else if (outcome->committed) {
		e2_str_addf(&s, "%s: ", shown);
		add_counts(&s, outcome->repaired_errors, outcome->repaired_notes);
		e2_str_add(&s, " repaired, ");
		e2_str_add_count(&s, outcome->left);
		e2_str_add(&s, outcome->left == 0 ? " left; checked again, nothing found" :
			   " left; checked again, nothing else found");
		puts(e2_str_text(&s));
		print_lost(losses);
		print_losses(&page, report, losses);
		print_returned(report, losses);
		if (options->verbose)
			print_totals(shown, report, options);
	} else if (outcome->mode == FSCK_ASK && outcome->errors + outcome->notes != 0) {
		puts("Nothing was changed.");
	} else if (outcome->mode == FSCK_YES && outcome->errors != 0 &&
		   outcome->repaired_errors + outcome->repaired_notes == 0) {
		printf("%s: nothing of it can be repaired; nothing was changed\n", shown);
	}
	e2_str_free(&s);
	return written();
}

/* ---- preen -------------------------------------------------------------------------------- */

bool fsck_report_unsafe(const char *shown, struct e2_report *report,
			const struct fsck_losses *losses, const struct fsck_options *options)
{
	struct e2_str s = E2_STR_INIT;
	uint64_t count = 0;

	for (size_t i = 0; i < e2_report_count(report); i++) {
		const struct e2_finding *f = e2_report_at(report, i);
		const struct e2_problem *p = e2_problem(f->id);

		if (f->fixed ? p->policy == E2_POLICY_PREEN : p->severity != E2_SEV_ERROR)
			continue;
		if (count++ >= SHOWN_UNSAFE && !options->verbose)
			continue;
		e2_str_truncate(&s, 0);
		e2_str_addf(&s, "%s: %s: ", shown, p->code);
		e2_finding_object(report, f, &s);
		e2_str_add(&s, " ");
		e2_finding_field(report, f, &s);
		e2_str_add(&s, " ");
		e2_finding_text(report, f, &s);
		if (!options->quiet)
			puts(e2_str_text(&s));
	}
	e2_str_truncate(&s, 0);
	if (count > SHOWN_UNSAFE && !options->verbose)
		print_more(count - SHOWN_UNSAFE, "    and ");
	e2_str_addf(&s, "%s: not all of it is safe to repair without asking", shown);
	if (fsck_losses_any(losses)) {
		e2_str_add(&s, " (");
		fsck_losses_add_sum(losses, &s);
		e2_str_add(&s, " would be lost)");
	}
	e2_str_add(&s, "; nothing was changed\n  try: -n, which lists it, then -y");
	if (!options->quiet)
		puts(e2_str_text(&s));
	e2_str_free(&s);
	return written();
}

bool fsck_report_preen(const char *shown, struct e2_report *report,
		       const struct fsck_losses *losses, const struct fsck_outcome *outcome,
		       const struct fsck_options *options)
{
	struct page page = { .all = options->verbose };
	struct e2_str s = E2_STR_INIT;

	if (outcome->committed) {
		e2_str_addf(&s, "%s: ", shown);
		add_counts(&s, outcome->repaired_errors, outcome->repaired_notes);
		e2_str_add(&s, " repaired, nothing lost");
		puts(e2_str_text(&s));
		print_losses(&page, report, losses);
		print_returned(report, losses);
	}
	if (outcome->committed || outcome->errors == 0)
		print_totals(shown, report, options);
	e2_str_free(&s);
	return written();
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
	return written();
}
