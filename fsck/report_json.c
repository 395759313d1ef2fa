/* SPDX-License-Identifier: MIT */
/* A report for programs, as docs/fsck-json.md: one object a line. */
#include "returned.h"

#include <stdio.h>
#include <string.h>

void fsck_json_begin(struct e2_json *j, struct e2_str *s, const char *type)
{
	e2_str_truncate(s, 0);
	e2_json_begin(j, s);
	e2_json_object(j, NULL);
	e2_json_string(j, "format", "extant-fsck/1");
	e2_json_string(j, "type", type);
}

bool fsck_json_put(struct e2_json *j, struct e2_str *s)
{
	e2_json_end(j);
	puts(e2_str_text(s));
	return e2_str_status(s) == 0 && !ferror(stdout);
}

static void add_sums(struct e2_json *j, const struct fsck_losses *l)
{
	e2_json_object(j, "lost");
	e2_json_u64(j, "files", l->files);
	e2_json_u64(j, "directories", l->dirs);
	e2_json_u64(j, "file_bytes", l->file_bytes);
	e2_json_u64(j, "bytes", l->bytes);
	e2_json_u64(j, "bytes_files", l->bytes_files);
	e2_json_u64(j, "names", l->names);
	e2_json_u64(j, "xattr_files", l->xattr_files);
	e2_json_u64(j, "doubt_bytes", l->doubt_bytes);
	e2_json_u64(j, "doubt_files", l->doubt_files);
	e2_json_u64(j, "new_names", l->new_files + l->new_dirs);
	e2_json_end(j);
}

bool fsck_json_plan(const char *image, struct e2_report *report, const struct fsck_losses *losses,
		    const struct fsck_outcome *outcome)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_json j;
	bool good;

	(void)report;
	fsck_json_begin(&j, &s, "plan");
	e2_json_name(&j, "image", image, strlen(image));
	e2_json_u64(&j, "problems", outcome->errors);
	e2_json_u64(&j, "notes", outcome->notes);
	e2_json_u64(&j, "repairable", outcome->repaired_errors + outcome->repaired_notes);
	add_sums(&j, losses);
	good = fsck_json_put(&j, &s) && fflush(stdout) == 0;
	e2_str_free(&s);
	return good;
}

static bool put_loss(const struct e2_loss *l, struct e2_str *s)
{
	struct e2_json j;

	fsck_json_begin(&j, s, "loss");
	e2_json_string(&j, "kind", e2_loss_kind_name(l->kind));
	e2_json_string(&j, "code", e2_problem(l->id)->code);
	e2_json_u64(&j, "ino", l->ino);
	if (l->path != NULL)
		e2_json_name(&j, "path", l->path, strlen(l->path));
	if (l->was != NULL)
		e2_json_name(&j, "was", l->was, strlen(l->was));
	e2_json_u64(&j, "mode", l->mode);
	e2_json_u64(&j, "offset", l->offset);
	e2_json_u64(&j, "bytes", l->bytes);
	e2_json_u64(&j, "size", l->size);
	e2_json_string(&j, "why", l->why != NULL ? l->why : "");
	return fsck_json_put(&j, s);
}

bool fsck_json_done(const char *image, struct e2_report *report, const struct fsck_losses *losses,
		    const struct fsck_outcome *outcome)
{
	const struct e2_geometry *g = e2_geometry(e2_report_fs(report));
	struct e2_str s = E2_STR_INIT;
	struct fsck_returned returned = { .count = 0 };
	struct e2_check_totals t;
	struct e2_json j;
	bool good = true;

	for (size_t i = 0; i < e2_report_count(report) && good; i++) {
		e2_str_truncate(&s, 0);
		e2_finding_json(report, e2_report_at(report, i), &s);
		puts(e2_str_text(&s));
		good = e2_str_status(&s) == 0 && !ferror(stdout);
	}
	for (size_t i = 0; i < losses->count && good; i++)
		good = put_loss(&losses->at[i], &s);
	if (outcome->committed) {
		if (fsck_returned_collect(report, losses, &returned) == 0)
			fsck_returned_print_json(&returned);
		fsck_returned_free(&returned);
		e2_err_clear();
	}
	e2_report_totals(report, &t);
	fsck_json_begin(&j, &s, "summary");
	e2_json_name(&j, "image", image, strlen(image));
	e2_json_u64(&j, "problems", outcome->errors);
	e2_json_u64(&j, "notes", outcome->notes);
	e2_json_u64(&j, "listed", e2_report_count(report));
	e2_json_u64(&j, "repairable", outcome->repaired_errors + outcome->repaired_notes);
	e2_json_bool(&j, "committed", outcome->committed);
	e2_json_u64(&j, "left", outcome->left);
	e2_json_u64(&j, "names_back", returned.names);
	e2_json_u64(&j, "names_gone", returned.gone);
	add_sums(&j, losses);
	e2_json_u64(&j, "status", (uint64_t)outcome->status);
	e2_json_u64(&j, "inodes", g->inodes);
	e2_json_u64(&j, "inodes_used", t.inodes_used);
	e2_json_u64(&j, "blocks", g->blocks);
	e2_json_u64(&j, "blocks_used", t.blocks_used);
	e2_json_u64(&j, "files", t.files);
	e2_json_u64(&j, "directories", t.dirs);
	e2_json_u64(&j, "symlinks", t.symlinks);
	e2_json_u64(&j, "others", t.others);
	if (outcome->optimize) {
		e2_json_u64(&j, "dirs_rewritten", outcome->optimized.rewritten);
		e2_json_u64(&j, "blocks_freed", outcome->optimized.freed);
		e2_json_u64(&j, "blocks_taken", outcome->optimized.taken);
	}
	good = good && fsck_json_put(&j, &s);
	e2_str_free(&s);
	return good && fflush(stdout) == 0 && !ferror(stdout);
}
