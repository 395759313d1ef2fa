/* SPDX-License-Identifier: MIT */
/*
 * The checker: passes look and add findings, and change nothing.
 *
 * Passes are rows of pass.def, problems rows of problem.def.  A finding is data;
 * text and JSON are made from the problem's row.
 */
#ifndef E2_CHECK_CHECK_H
#define E2_CHECK_CHECK_H

#include "tree/tree.h"

enum e2_severity { E2_SEV_WARN, E2_SEV_ERROR, E2_SEV_FATAL };
enum e2_policy { E2_POLICY_PREEN, E2_POLICY_ASK, E2_POLICY_NEVER };

#define P(id, number, code, severity, policy, object, text, will) E2_PROBLEM_##id,
enum e2_problem_id {
#include "check/problem.def"
	E2_PROBLEMS
};
#undef P

struct e2_problem {		/* a row of problem.def */
	const char *code;	/* permanent name: "link-count"; printed, logged, in JSON */
	uint16_t number;	/* permanent number */
	uint8_t severity, policy;
	const char *text;	/* what is, with {slots}: "is {have}, but it has {want} names" */
	const char *will;	/* what a repair would do: "will be {want}" */
	const char *object;	/* the object line: "{inode}", "group {group}", "block {blk}" */
};
const struct e2_problem *e2_problem(enum e2_problem_id id);

struct e2_finding {
	enum e2_problem_id id;
	e2_ino ino;		/* the inode it is about; 0: none */
	e2_ino dir;		/* the directory of an entry */
	e2_ino other;		/* another inode involved */
	e2_blk blk;
	e2_grp group;
	e2_lblk lblk;
	uint64_t have, want;
	char *name;		/* bytes of an entry's name, escaped; owned; may be NULL */
	char *field;		/* "block[2]", "links_count"; owned; may be NULL */
};

struct e2_report;		/* findings in order, and totals */

struct e2_check_options {
	/* Progress: pass 1..5 as e2fsck counts them, done of all.  Not 0 cancels.  May be NULL. */
	int (*progress)(void *context, unsigned pass, uint64_t done, uint64_t all);
	void *context;
};

/*
 * Runs all passes over a volume.  Findings are no error: the result is negative
 * only when the check itself could not be done (E2_ERR_NOMEM, E2_ERR_CANCELLED,
 * E2_ERR_IO on the descriptors).
 */
int e2_check(struct e2_fs *fs, const struct e2_check_options *options, struct e2_report **report);
void e2_report_free(struct e2_report *report);

size_t e2_report_count(const struct e2_report *report);
const struct e2_finding *e2_report_at(const struct e2_report *report, size_t i);

struct e2_check_totals {
	uint64_t inodes_used, blocks_used, dirs, files, symlinks, others;
	uint64_t fragmented;		/* files in more than one piece */
};
void e2_report_totals(const struct e2_report *report, struct e2_check_totals *totals);

/* All paths of a finding's inode, for its object line: "/a <12>". */
void e2_finding_object(const struct e2_report *report, const struct e2_finding *f,
		       struct e2_str *out);
void e2_finding_text(const struct e2_report *report, const struct e2_finding *f,
		     struct e2_str *out);
void e2_finding_will(const struct e2_report *report, const struct e2_finding *f,
		     struct e2_str *out);
void e2_finding_json(const struct e2_report *report, const struct e2_finding *f,
		     struct e2_str *out);	/* one object, no newline */

#endif
