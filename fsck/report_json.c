/* SPDX-License-Identifier: MIT */
/* A report for programs: one line a finding, and one at the end that sums up. */
#include "fsck.h"

#include <stdio.h>
#include <string.h>

bool fsck_report_json(const char *image, struct e2_report *report, int status)
{
	struct e2_str s = E2_STR_INIT;
	const struct e2_geometry *g = e2_geometry(e2_report_fs(report));
	struct e2_check_totals t;
	struct e2_json j;
	bool good;

	for (size_t i = 0; i < e2_report_count(report); i++) {
		e2_str_truncate(&s, 0);
		e2_finding_json(report, e2_report_at(report, i), &s);
		puts(e2_str_text(&s));
	}
	e2_report_totals(report, &t);
	e2_str_truncate(&s, 0);
	e2_json_begin(&j, &s);
	e2_json_object(&j, NULL);
	e2_json_string(&j, "format", "extant-fsck/1");
	e2_json_string(&j, "type", "summary");
	e2_json_name(&j, "image", image, strlen(image));
	e2_json_u64(&j, "problems", e2_report_errors(report));
	e2_json_u64(&j, "notes", e2_report_notes(report));
	e2_json_u64(&j, "status", (uint64_t)status);
	e2_json_u64(&j, "inodes", g->inodes);
	e2_json_u64(&j, "inodes_used", t.inodes_used);
	e2_json_u64(&j, "blocks", g->blocks);
	e2_json_u64(&j, "blocks_used", t.blocks_used);
	e2_json_u64(&j, "files", t.files);
	e2_json_u64(&j, "directories", t.dirs);
	e2_json_u64(&j, "symlinks", t.symlinks);
	e2_json_u64(&j, "others", t.others);
	e2_json_end(&j);
	good = e2_str_status(&s) == 0;
	puts(e2_str_text(&s));
	e2_str_free(&s);
	return good && fflush(stdout) == 0 && !ferror(stdout);
}
