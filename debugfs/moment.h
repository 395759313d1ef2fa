/* SPDX-License-Identifier: MIT */
/* Moments and amounts as people give them. */
#ifndef DEBUGFS_MOMENT_H
#define DEBUGFS_MOMENT_H

#include "e2.h"

/*
 * "now", or what e2_parse_time() takes, with up to 9 digits of a fraction behind the seconds
 * ("2026-11-20 09:12:44.919158764 +0000", "@1795165964.5").  E2_ERR_INVAL, E2_ERR_RANGE.
 */
int moment_parse(const char *text, struct e2_time now, struct e2_time *t);

/* "64K" is that; "+64K" and "-64K" count from old.  E2_ERR_INVAL, E2_ERR_RANGE. */
int amount_change(const char *text, uint64_t old, uint64_t *amount);

#endif
