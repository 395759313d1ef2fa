/* SPDX-License-Identifier: MIT */
/* What a check has found, and the names that its texts need. */
#ifndef E2_CHECK_REPORT_H
#define E2_CHECK_REPORT_H

#include "check/check.h"
#include "check/findings.h"

struct e2_report {
	struct e2_fs *fs;		/* NULL: no names */
	bool owns_fs;
	struct e2_txn *txn;		/* of a repair by e2_repair_image(); owned */
	struct opening *opening;	/* of it too; released by opening_free */
	void (*opening_free)(struct opening *opening);
	bool declined;			/* the superblock may not be repaired: no commit */
	struct e2_findings found;	/* of a repair: repaired ones too */
	bool repaired;			/* made by e2_repair() */
	bool committed;			/* what was repaired is in the image */
	struct e2_loss *losses;		/* their texts are owned */
	size_t loss_count, loss_cap;
	const struct e2_loss **by_cause;	/* for JSON: sorted by problem and inode */
	struct e2_check_totals totals;
	struct e2_names *names;		/* read when a text first needs them, or before a repair */
	struct e2_names *names_after;	/* of a repair: where names has none */
	bool names_after_failed;
	bool names_failed;
};

int e2_report_new(struct e2_report **report);

/* Adds the index-th path of an inode; false, and nothing added, when it has none. */
bool e2_report_path(struct e2_report *report, e2_ino ino, uint32_t index, struct e2_str *out);
/* The same as bytes, not escaped. */
bool e2_report_path_raw(struct e2_report *report, e2_ino ino, uint32_t index, struct e2_str *out);
uint32_t e2_report_paths(struct e2_report *report, e2_ino ino);

/* Adds a row's text with its slots filled; false when a slot or its form is unknown. */
bool e2_problem_render(struct e2_report *report, const struct e2_finding *f,
		       const char *template, struct e2_str *out);

/* Copies a loss and its texts into the report.  E2_ERR_NOMEM. */
int e2_report_add_loss(struct e2_report *report, const struct e2_loss *loss);

/* Takes back all losses from the n-th on: their repair was not done. */
void e2_report_drop_losses(struct e2_report *report, size_t n);

/* Runs the passes with ck, prepared but for ck_begin; findings and totals go to the report. */
struct ck;
int e2_check_run(struct e2_report *report, struct ck *ck);

#endif
