/* SPDX-License-Identifier: MIT */
/* The report: findings, totals, and names read late, because most volumes need none. */
#include "check/report.h"

#include "base/grow.h"
#include "cache/txn.h"

#include <stdlib.h>
#include <string.h>

int e2_report_new(struct e2_report **report)
{
	struct e2_report *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return e2_fail(E2_ERR_NOMEM, "report of a check");
	*report = made;
	return 0;
}

/* The report owns the texts of its losses, and shows them read-only. */
static void free_text(const char *shown)
{
	union { const char *shown; char *owned; } text = { shown };

	free(text.owned);
}

static void free_texts(struct e2_loss *loss)
{
	free_text(loss->path);
	free_text(loss->was);
}

static bool copy_text(const char **text)
{
	if (*text != NULL)
		*text = strdup(*text);
	return *text != NULL;
}

int e2_report_add_loss(struct e2_report *report, const struct e2_loss *loss)
{
	struct e2_loss copy = *loss;
	struct e2_loss *grown = e2_grow(report->losses, &report->loss_cap, report->loss_count + 1,
					sizeof(*grown));

	if (grown == NULL)
		return E2_ERR_NOMEM;
	report->losses = grown;
	if ((!copy_text(&copy.path) && loss->path != NULL) ||
	    (!copy_text(&copy.was) && loss->was != NULL)) {
		if (copy.path != loss->path)
			free_text(copy.path);
		return e2_fail(E2_ERR_NOMEM, "list of losses");
	}
	report->losses[report->loss_count++] = copy;
	return 0;
}

void e2_report_drop_losses(struct e2_report *report, size_t n)
{
	while (report->loss_count > n)
		free_texts(&report->losses[--report->loss_count]);
}

void e2_report_free(struct e2_report *report)
{
	if (report == NULL)
		return;
	e2_names_close(report->names);
	e2_names_close(report->names_after);
	for (size_t i = 0; i < report->loss_count; i++)
		free_texts(&report->losses[i]);
	free(report->losses);
	free(report->by_cause);
	e2_txn_abort(report->txn);
	e2_findings_clear(&report->found);
	if (report->owns_fs)
		e2_close(report->fs);
	if (report->opening_free != NULL)
		report->opening_free(report->opening);
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

uint64_t e2_report_fixed(const struct e2_report *report)
{
	uint64_t n = report->found.fixed;

	for (size_t i = 0; i < report->found.count; i++)
		n += report->found.at[i].fixed;
	return n;
}

uint64_t e2_report_left(const struct e2_report *report)
{
	uint64_t n = 0;

	for (size_t i = 0; report->repaired && i < report->found.count; i++)
		n += !report->found.at[i].fixed &&
		     e2_problem(report->found.at[i].id)->severity == E2_SEV_ERROR;
	return n;
}

size_t e2_report_losses(const struct e2_report *report)
{
	return report->loss_count;
}

const struct e2_loss *e2_report_loss(const struct e2_report *report, size_t i)
{
	return &report->losses[i];
}

void e2_report_totals(const struct e2_report *report, struct e2_check_totals *totals)
{
	*totals = report->totals;
}

/* Names as they are now, for what had none before the repair. */
static bool have_names_after(struct e2_report *report)
{
	if (report->repaired && report->names_after == NULL && !report->names_after_failed &&
	    e2_names_open(report->fs, &report->names_after) != 0) {
		report->names_after = NULL;
		report->names_after_failed = true;
		e2_err_clear();
	}
	return report->names_after != NULL;
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

/* The names that know an inode: those before the repair, else those after. */
static struct e2_names *names_of(struct e2_report *report, e2_ino ino)
{
	if (ino == 0)
		return NULL;
	if (have_names(report) && e2_names_count(report->names, ino) != 0)
		return report->names;
	return have_names_after(report) ? report->names_after : NULL;
}

uint32_t e2_report_paths(struct e2_report *report, e2_ino ino)
{
	struct e2_names *names = names_of(report, ino);

	return names != NULL ? e2_names_count(names, ino) : 0;
}

bool e2_report_path_raw(struct e2_report *report, e2_ino ino, uint32_t index, struct e2_str *out)
{
	struct e2_names *names = names_of(report, ino);
	bool found = names != NULL && index < e2_names_count(names, ino) &&
		     e2_names_path(names, ino, index, out) == 0;

	if (!found)
		e2_err_clear();
	return found;
}

bool e2_report_path(struct e2_report *report, e2_ino ino, uint32_t index, struct e2_str *out)
{
	struct e2_str path = E2_STR_INIT;
	bool found = e2_report_path_raw(report, ino, index, &path);

	if (found)
		e2_str_add_name(out, e2_str_text(&path), path.len);
	e2_str_free(&path);
	return found;
}
