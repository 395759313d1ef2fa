/* SPDX-License-Identifier: MIT */
/* The report: findings, totals, and names read late, because most volumes need none. */
#include "check/report.h"

#include <stdlib.h>

int e2_report_new(struct e2_report **report)
{
	struct e2_report *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return e2_fail(E2_ERR_NOMEM, "report of a check");
	*report = made;
	return 0;
}

void e2_report_free(struct e2_report *report)
{
	if (report == NULL)
		return;
	e2_names_close(report->names);
	e2_findings_clear(&report->found);
	if (report->owns_fs)
		e2_close(report->fs);
	(void)e2_io_close(report->io);	/* read only: nothing can be lost */
	free(report);
}

struct e2_fs *e2_report_fs(const struct e2_report *report)
{
	return report->fs;
}

size_t e2_report_count(const struct e2_report *report)
{
	return report->found.count;
}

const struct e2_finding *e2_report_at(const struct e2_report *report, size_t i)
{
	return &report->found.at[i];
}

uint64_t e2_report_found(const struct e2_report *report, enum e2_problem_id id)
{
	return report->found.found[id];
}

static uint64_t count(const struct e2_report *report, enum e2_severity severity)
{
	uint64_t n = 0;

	for (int id = 0; id < E2_PROBLEMS; id++)
		if (e2_problem((enum e2_problem_id)id)->severity == severity)
			n += report->found.found[id];
	return n;
}

uint64_t e2_report_errors(const struct e2_report *report)
{
	return count(report, E2_SEV_ERROR);
}

uint64_t e2_report_notes(const struct e2_report *report)
{
	return count(report, E2_SEV_NOTE);
}

void e2_report_totals(const struct e2_report *report, struct e2_check_totals *totals)
{
	*totals = report->totals;
}

static bool have_names(struct e2_report *report)
{
	if (report->names == NULL && !report->names_failed && report->fs != NULL &&
	    e2_names_open(report->fs, &report->names) != 0) {
		/* Names only make texts better; without them inode numbers stand alone. */
		report->names = NULL;
		report->names_failed = true;
		e2_err_clear();
	}
	return report->names != NULL;
}

uint32_t e2_report_paths(struct e2_report *report, e2_ino ino)
{
	return ino != 0 && have_names(report) ? e2_names_count(report->names, ino) : 0;
}

bool e2_report_path(struct e2_report *report, e2_ino ino, uint32_t index, struct e2_str *out)
{
	struct e2_str path = E2_STR_INIT;
	bool found = index < e2_report_paths(report, ino) &&
		     e2_names_path(report->names, ino, index, &path) == 0;

	if (found)
		e2_str_add_name(out, e2_str_text(&path), path.len);
	else
		e2_err_clear();
	e2_str_free(&path);
	return found;
}
