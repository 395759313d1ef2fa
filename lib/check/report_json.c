/* SPDX-License-Identifier: MIT */
/* A finding as a JSON object: the numbers a program needs, and the texts people read. */
#include "check/report.h"

#include "base/search.h"

#include <stdlib.h>

enum { PATHS_MAX = 64 };	/* shown of one inode; the count beside them is exact */

static void add_paths(struct e2_report *report, e2_ino ino, struct e2_json *j)
{
	uint32_t count = e2_report_paths(report, ino);

	e2_json_array(j, "paths");
	for (uint32_t i = 0; i < count && i < PATHS_MAX; i++) {
		struct e2_str path = E2_STR_INIT;

		if (e2_report_path_raw(report, ino, i, &path))
			e2_json_name(j, NULL, e2_str_text(&path), path.len);
		e2_str_free(&path);
	}
	e2_json_end(j);
	e2_json_u64(j, "path_count", count);
}

typedef void add_fn(struct e2_report *report, const struct e2_finding *f, struct e2_str *out);

static void add_text(struct e2_report *report, const struct e2_finding *f, const char *key,
		     add_fn *add, struct e2_json *j)
{
	struct e2_str text = E2_STR_INIT;

	add(report, f, &text);
	e2_json_string(j, key, e2_str_text(&text));
	e2_str_free(&text);
}

/* ---- what its repair costs -------------------------------------------------------- */

static int compare_cause(enum e2_problem_id id, e2_ino ino, const struct e2_loss *loss)
{
	if (id != loss->id)
		return id < loss->id ? -1 : 1;
	return (ino > loss->ino) - (ino < loss->ino);
}

static int by_cause(const void *left, const void *right)
{
	const struct e2_loss *const *a = left, *const *b = right;
	int r = compare_cause((*a)->id, (*a)->ino, *b);

	return r != 0 ? r : (*a > *b) - (*a < *b);
}

/* All losses by what caused them; NULL without memory, or when there are none. */
static const struct e2_loss **losses_by_cause(struct e2_report *report)
{
	if (report->by_cause == NULL && report->loss_count != 0) {
		report->by_cause = malloc(report->loss_count * sizeof(*report->by_cause));
		if (report->by_cause == NULL)
			return NULL;
		for (size_t i = 0; i < report->loss_count; i++)
			report->by_cause[i] = &report->losses[i];
		qsort(report->by_cause, report->loss_count, sizeof(*report->by_cause), by_cause);
	}
	return report->by_cause;
}

const char *e2_loss_kind_name(enum e2_loss_kind kind)
{
	static const char *const names[] = {
		[E2_LOSS_FILE] = "file", [E2_LOSS_BYTES] = "bytes", [E2_LOSS_DOUBT] = "doubt",
		[E2_LOSS_NAME] = "name", [E2_LOSS_XATTR] = "xattr",
		[E2_LOSS_NEW_NAME] = "new-name",
	};

	return names[kind];
}

/* Those of its inode that its own repair caused. */
static void add_losses(struct e2_report *report, const struct e2_finding *f, struct e2_json *j)
{
	const struct e2_loss **at = losses_by_cause(report);
	size_t low, end = at != NULL ? report->loss_count : 0;

	E2_SEARCH(low, end, i, compare_cause(f->id, f->ino, at[i]) > 0);
	e2_json_array(j, "lost");
	for (; f->fixed && low < end && compare_cause(f->id, f->ino, at[low]) == 0; low++) {
		if (at[low]->kind == E2_LOSS_NEW_NAME)
			continue;
		e2_json_object(j, NULL);
		e2_json_string(j, "kind", e2_loss_kind_name(at[low]->kind));
		e2_json_u64(j, "offset", at[low]->offset);
		e2_json_u64(j, "bytes", at[low]->bytes);
		e2_json_end(j);
	}
	e2_json_end(j);
}

void e2_finding_json(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	const struct e2_problem *p = e2_problem(f->id);
	struct e2_json j;

	e2_json_begin(&j, out);
	e2_json_object(&j, NULL);
	e2_json_string(&j, "format", "extant-fsck/1");
	e2_json_string(&j, "type", "finding");
	e2_json_string(&j, "code", p->code);
	e2_json_u64(&j, "number", p->number);
	e2_json_string(&j, "severity", p->severity == E2_SEV_ERROR ? "error" : "note");
	if (f->ino != 0) {
		e2_json_u64(&j, "ino", f->ino);
		add_paths(report, f->ino, &j);
	}
	if (f->dir != 0)
		e2_json_u64(&j, "dir", f->dir);
	if (f->other != 0)
		e2_json_u64(&j, "other", f->other);
	if (f->name != NULL)
		e2_json_name(&j, "name", f->name, f->name_len);
	add_text(report, f, "object", e2_finding_object, &j);
	add_text(report, f, "field", e2_finding_field, &j);
	e2_json_u64(&j, "group", f->group);
	e2_json_u64(&j, "block", f->blk);
	e2_json_u64(&j, "found", f->have);
	e2_json_u64(&j, "want", f->want);
	e2_json_u64(&j, "limit", f->limit);
	add_text(report, f, "text", e2_finding_text, &j);
	add_text(report, f, "will", e2_finding_will, &j);
	e2_json_string(&j, "repair", e2_problem_repair(f->id));
	e2_json_string(&j, "verb", e2_problem_verb(f->id));
	e2_json_bool(&j, "repairable", f->fixed);
	e2_json_bool(&j, "repaired", f->fixed && report->committed);
	add_losses(report, f, &j);
	e2_json_end(&j);
}
