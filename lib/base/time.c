/* SPDX-License-Identifier: MIT */
/*
 * Times in words.  UTC is computed here for every second an int64_t can name; a
 * local time comes from the C library and falls back to UTC where that gives up.
 */
#include "base/units.h"

#include <inttypes.h>
#include <time.h>

struct moment {
	int64_t year;
	unsigned month, day, hour, minute, second;
	long offset;		/* of the zone from UTC, in seconds */
};

/* The civil date of a day counted from 1970-01-01 (Gregorian, also before 1582). */
static void date_of_day(int64_t day, struct moment *m)
{
	/* Years begin in March here, so that the leap day is the last of a year. */
	int64_t shifted = day + 719468;		/* from 0000-03-01 */
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned doe = (unsigned)(shifted - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned month = (5 * doy + 2) / 153;

	m->day = doy - (153 * month + 2) / 5 + 1;
	m->month = month < 10 ? month + 3 : month - 9;
	m->year = (int64_t)yoe + era * 400 + (m->month <= 2);
}

static void utc_moment(int64_t sec, struct moment *m)
{
	int64_t day = sec / 86400 - (sec % 86400 < 0);
	unsigned rest = (unsigned)((sec % 86400 + 86400) % 86400);

	date_of_day(day, m);
	m->hour = rest / 3600;
	m->minute = rest / 60 % 60;
	m->second = rest % 60;
	m->offset = 0;
}

static bool local_moment(int64_t sec, struct moment *m)
{
	time_t t = (time_t)sec;
	struct tm tm;

	if (t != sec || !localtime_r(&t, &tm))
		return false;
	m->year = (int64_t)tm.tm_year + 1900;
	m->month = (unsigned)tm.tm_mon + 1;
	m->day = (unsigned)tm.tm_mday;
	m->hour = (unsigned)tm.tm_hour;
	m->minute = (unsigned)tm.tm_min;
	m->second = (unsigned)tm.tm_sec;
	m->offset = tm.tm_gmtoff;
	return true;
}

/*
 * What the zone of a moment is from UTC, looked up once a day: a day that begins and ends with
 * the same offset is taken to have no other in between.
 */
static bool zone_offset(struct e2_zone *zone, int64_t sec, long *offset)
{
	int64_t day = sec / 86400 - (sec % 86400 < 0);
	struct moment first, last;

	if (zone->state == E2_ZONE_UNKNOWN || day != zone->day) {
		/* far from where the arithmetic ends */
		bool same = sec < INT64_MAX / 2 && sec > INT64_MIN / 2 &&
			    local_moment(day * 86400, &first) &&
			    local_moment(day * 86400 + 86399, &last) && first.offset == last.offset;

		zone->day = day;
		zone->state = same ? E2_ZONE_SAME : E2_ZONE_CHANGES;
		zone->offset = same ? first.offset : 0;
	}
	*offset = zone->offset;
	return zone->state == E2_ZONE_SAME;
}

static void find_moment(struct e2_zone *zone, int64_t sec, unsigned flags, struct moment *m)
{
	long offset;

	if (!(flags & E2_TIME_UTC) && zone && zone_offset(zone, sec, &offset)) {
		utc_moment(sec + offset, m);
		m->offset = offset;
	} else if ((flags & E2_TIME_UTC) || !local_moment(sec, m)) {
		utc_moment(sec, m);
	}
}

/* Puts a number of so many digits, and what stands behind it, at *at. */
static void put(char **at, unsigned n, unsigned digits, char behind)
{
	for (unsigned i = digits; i-- > 0; n /= 10)
		(*at)[i] = (char)('0' + n % 10);
	*at += digits;
	*(*at)++ = behind;
}

void e2_str_add_time_in(struct e2_str *s, struct e2_zone *zone, int64_t sec, int32_t nsec,
			unsigned flags)
{
	char text[64], *at = text;
	struct moment m;
	unsigned minutes;

	find_moment(zone, sec, flags, &m);
	if (m.year < 0 || m.year > 9999)
		e2_str_addf(s, "%04" PRId64 "-", m.year);
	else
		put(&at, (unsigned)m.year, 4, '-');
	put(&at, m.month, 2, '-');
	put(&at, m.day, 2, ' ');
	put(&at, m.hour, 2, ':');
	if (flags & E2_TIME_BRIEF) {
		put(&at, m.minute, 2, ' ');
		e2_str_add_bytes(s, text, (size_t)(at - text) - 1);
		return;
	}
	put(&at, m.minute, 2, ':');
	put(&at, m.second, 2, nsec >= 0 ? '.' : ' ');
	if (nsec >= 0)
		put(&at, (unsigned)nsec, 9, ' ');
	*at++ = m.offset < 0 ? '-' : '+';
	minutes = (unsigned)((m.offset < 0 ? -m.offset : m.offset) / 60);
	put(&at, minutes / 60 * 100 + minutes % 60, 4, ' ');
	e2_str_add_bytes(s, text, (size_t)(at - text) - 1);
}

void e2_str_add_time(struct e2_str *s, int64_t sec, int32_t nsec, unsigned flags)
{
	e2_str_add_time_in(s, NULL, sec, nsec, flags);
}
