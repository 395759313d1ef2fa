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

void e2_str_add_time(struct e2_str *s, int64_t sec, int32_t nsec, unsigned flags)
{
	struct moment m;
	unsigned minutes;

	if ((flags & E2_TIME_UTC) || !local_moment(sec, &m))
		utc_moment(sec, &m);
	e2_str_addf(s, "%04" PRId64 "-%02u-%02u %02u:%02u", m.year, m.month, m.day, m.hour,
		    m.minute);
	if (flags & E2_TIME_BRIEF)
		return;
	e2_str_addf(s, ":%02u", m.second);
	if (nsec >= 0)
		e2_str_addf(s, ".%09" PRId32, nsec);
	minutes = (unsigned)((m.offset < 0 ? -m.offset : m.offset) / 60);
	e2_str_addf(s, " %c%02u%02u", m.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}
