/* SPDX-License-Identifier: MIT */
/*
 * The conditions of find: what they mean, and how they are joined, is what find(1) of GNU means.
 * They stand as they were written; what is in brackets is counted by a level.
 */
#ifndef DEBUGFS_FIND_TEST_H
#define DEBUGFS_FIND_TEST_H

#include "tour.h"

struct find_tests {
	struct find_test *at;
	size_t count;
	uint64_t min_depth, max_depth;
	bool zero, ls;
	bool acts;		/* there is a -print, or its like */
};

/* The options of find in their order.  E2_ERR_INVAL; E2_ERR_NOENT for a file named by one.  To be
 * released whatever it returns. */
int find_tests_parse(struct shell *sh, const struct args *args, struct find_tests *tests);
void find_tests_free(struct find_tests *tests);

/* 1: to be shown; 0; or why that cannot be known. */
int find_tests_meet(struct find_tests *tests, struct tour *t, const struct e2_walk_entry *e);

#endif
