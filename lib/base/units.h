/* SPDX-License-Identifier: MIT */
/* Sizes, counts and times as people write and read them. */
#ifndef E2_BASE_UNITS_H
#define E2_BASE_UNITS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct e2_time { int64_t sec; int32_t nsec; };	/* since 1970, UTC */

/*
 * Parses "4096", "64M", "1.5g", "10GiB", "3s" (sectors of 512 bytes) into bytes.
 * K, M, G, T (any case, with or without "iB") are powers of 1024.
 *
 * unit   bytes that a number without a letter counts
 *
 * A fraction has at most 6 digits and is rounded down to a byte ("0.1G"), but one of
 * less than a KiB must be exact.  E2_ERR_INVAL for anything else, E2_ERR_RANGE from 2^63 on.
 */
int e2_parse_size(const char *text, uint64_t unit, uint64_t *bytes);

/* Parses a whole number, decimal, 0x hexadecimal or 0 octal, within min..max. */
int e2_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);

void e2_str_add_size(struct e2_str *s, uint64_t bytes);	/* "44.6 MiB", "12 bytes", "64 MiB" */
void e2_str_add_count(struct e2_str *s, uint64_t n);		/* "1,204" */

/*
 * "2026-11-20 09:12:44 +0000", with ".919158764" after the seconds when nsec
 * is not negative.  The zone is TZ's, or UTC.  A date only ("2026-11-20 09:12")
 * when brief.
 */
enum { E2_TIME_UTC = 1, E2_TIME_BRIEF = 2 };
void e2_str_add_time(struct e2_str *s, int64_t sec, int32_t nsec, unsigned flags);

/* The same for who shows many times: *zone, zeroed at first, keeps what was learnt of TZ's zone. */
struct e2_zone {
	int64_t day;		/* since 1970 in UTC */
	long offset;		/* seconds from UTC on that day */
	enum { E2_ZONE_UNKNOWN, E2_ZONE_SAME, E2_ZONE_CHANGES } state;
};
void e2_str_add_time_in(struct e2_str *s, struct e2_zone *zone, int64_t sec, int32_t nsec,
			unsigned flags);

/*
 * Parses "@1795165964", "2026-11-20 09:12:44 +0100", "2026-11-20 09:12" or
 * "20261120091244" into seconds since 1970.  Without a zone the time is UTC; without
 * a time it is midnight.  E2_ERR_INVAL, E2_ERR_RANGE.
 */
int e2_parse_time(const char *text, int64_t *sec);

#endif
