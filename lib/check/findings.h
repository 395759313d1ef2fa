/* SPDX-License-Identifier: MIT */
/* A growing list of findings; what passes write to. */
#ifndef E2_CHECK_FINDINGS_H
#define E2_CHECK_FINDINGS_H

#include "check/check.h"

struct e2_findings {
	struct e2_finding *at;
	size_t count, cap;
	uint64_t found[E2_PROBLEMS];	/* kept or not */
	uint64_t fixed;			/* of those that are not kept: repaired */
	bool failed;			/* memory ran out: a finding was lost */
};

/*
 * Adds a copy of f, and of its name.  Of each problem the first E2_FINDINGS_KEPT are kept
 * and the rest counted, so that no image can make the list larger than that.
 */
void e2_findings_add(struct e2_findings *list, const struct e2_finding *f);

/* Puts the list into its one order: problem number, then inode, directory, group, place, name. */
void e2_findings_sort(struct e2_findings *list);

/* The order of the list: negative, 0 (the same finding), positive. */
int e2_findings_compare(const struct e2_finding *a, const struct e2_finding *b);

/* The first finding of a problem about an inode in a list that is sorted; NULL: there is none. */
const struct e2_finding *e2_findings_about(const struct e2_findings *list, enum e2_problem_id id,
					   e2_ino ino);

/* Moves a finding of `from` to the end of `list`, with its texts.  Of repaired ones no more are
 * kept than e2_findings_add() keeps. */
void e2_findings_move(struct e2_findings *list, struct e2_findings *from, size_t i);

/* Takes out all findings for which keep() says no. */
void e2_findings_filter(struct e2_findings *list,
			bool (*keep)(void *context, const struct e2_finding *f), void *context);

void e2_findings_clear(struct e2_findings *list);

#define FOUND(list, problem, ...) \
	e2_findings_add((list), &(struct e2_finding){ .id = E2_PROBLEM_##problem, __VA_ARGS__ })

#endif
