/* SPDX-License-Identifier: MIT */
/* Questions: the only place that reads from the terminal.  What cannot be read means no. */
#include "fsck.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_SHOWN = 200, LABEL_COLUMNS = 30 };

/* The first letter of a line, small; 0 for an empty one, -1 at the end. */
static int read_answer(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	int c = -1;

	fflush(stdout);
	len = getline(&line, &cap, stdin);
	for (ssize_t i = 0; i < len && c == -1; i++)
		if (!isspace((unsigned char)line[i]))
			c = tolower((unsigned char)line[i]);
	if (len > 0 && c == -1)
		c = 0;
	if (len <= 0)
		putchar('\n');	/* the question's line has no end yet */
	free(line);
	return c;
}

/* ---- fields ------------------------------------------------------------------------- */

static void print_field(const struct e2_change *c)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, "  ");
	e2_change_add_label(c, &s);
	e2_str_add(&s, "  ");
	while (e2_str_columns(&s, 0) < LABEL_COLUMNS)
		e2_str_add(&s, " ");
	if (c->before != NULL)
		e2_str_addf(&s, "%s -> ", c->before);
	if (c->after != NULL)
		e2_str_add(&s, c->after);
	else
		e2_str_add(&s, c->before != NULL ? "none" : "changed");
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

int fsck_print_fields(struct e2_txn *txn)
{
	struct e2_changes *it;
	struct e2_change c;
	uint64_t count = 0;
	int r = e2_changes_begin(txn, &it);

	if (r != 0)
		return r;
	while ((r = e2_changes_next(it, &c)) > 0)
		if (count++ < FIELDS_SHOWN)
			print_field(&c);
	e2_changes_end(it);
	if (count > FIELDS_SHOWN)
		printf("  and %" PRIu64 " more\n", count - FIELDS_SHOWN);
	return r;
}

/* ---- the question about everything ----------------------------------------------------- */

static void explain_all(void)
{
	puts("  y  write all of these repairs\n"
	     "  n  change nothing\n"
	     "  e  ask for each of them\n"
	     "  f  list the fields that would change, then ask again");
}

enum fsck_answer fsck_ask_all(struct e2_report *report, uint64_t repairable, uint64_t all)
{
	for (;;) {
		int err = 0;

		if (all == 1)
			printf("Repair this? ");
		else if (repairable == all)
			printf("Repair these %" PRIu64 "? ", all);
		else
			printf("Repair %" PRIu64 " of these %" PRIu64 "? ", repairable, all);
		printf("[y]es, [n]o, [e]ach, [f]ields, [?]: ");
		switch (read_answer()) {
		case 'y': return FSCK_ANSWER_YES;
		case 'e': return FSCK_ANSWER_EACH;
		case 'f': err = fsck_print_fields(e2_report_txn(report)); break;
		case '?': explain_all(); break;
		default: return FSCK_ANSWER_NO;
		}
		if (err < 0)
			printf("  the fields cannot be listed: %s\n", e2_err_detail());
	}
}

/* ---- one by one --------------------------------------------------------------------------- */

static void explain_one(const struct e2_finding *f)
{
	printf("  y  repair it\n"
	       "  n  leave it\n"
	       "  a  repair all that are %s\n"
	       "  q  leave this and all that follow\n", e2_problem(f->id)->code);
}

static void print_question(struct e2_report *report, const struct e2_finding *f)
{
	struct e2_str s = E2_STR_INIT;
	const char *verb = e2_problem_verb(f->id);

	e2_finding_lines(report, f, E2_FINDING_COLUMNS, true, &s);
	printf("%s\n%c%s? [y]es, [n]o, [a]ll like this, [q]uit, [?]: ", e2_str_text(&s),
	       toupper((unsigned char)verb[0]), verb + 1);
	e2_str_free(&s);
}

int fsck_ask_one(void *context, struct e2_report *report, const struct e2_finding *f)
{
	struct fsck_each *each = context;

	while (!each->stopped && !each->always[f->id]) {
		print_question(report, f);
		switch (read_answer()) {
		case 'y': return 1;
		case 'a': each->always[f->id] = true; break;
		case -1: each->ended = each->stopped = true; break;
		case 'q': each->stopped = true; break;
		case '?': explain_one(f); break;
		default: return 0;
		}
	}
	return !each->stopped;
}

bool fsck_ask_write(uint64_t repaired)
{
	if (repaired == 1)
		printf("Write this? [y]es, [n]o: ");
	else
		printf("Write these %" PRIu64 "? [y]es, [n]o: ", repaired);
	return read_answer() == 'y';
}
