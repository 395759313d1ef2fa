/* SPDX-License-Identifier: MIT */
/*
 * Counts that were wrong before any repair.
 *
 * Counts follow from other things: one that was right before a repair is wrong after it by the
 * repair alone, and no finding of its own.
 */
#ifndef E2_CHECK_COUNTS_H
#define E2_CHECK_COUNTS_H

#include "check/findings.h"

struct ck_counts;

/* Whether a finding is about something that only counts, or copies, something else. */
bool ck_is_count(const struct e2_finding *f);

/* Those among findings.  E2_ERR_NOMEM. */
int ck_counts_new(const struct e2_findings *findings, struct ck_counts **counts);
void ck_counts_free(struct ck_counts *counts);

/* Whether the same count, or a run of them that has some in common, was wrong then. */
bool ck_counts_have(const struct ck_counts *counts, const struct e2_finding *f);

#endif
