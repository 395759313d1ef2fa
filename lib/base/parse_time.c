/* SPDX-License-Identifier: MIT */
/* Dates in words to seconds since 1970, the inverse of time.c. */
#include "base/units.h"

#include <string.h>

/* Reads exactly `digits` digits. */
static bool take(const char **p, unsigned digits, unsigned *value)
{
	unsigned n = 0;

	for (unsigned i = 0; i < digits; i++) {
		if ((*p)[i] < '0' || (*p)[i] > '9')
			return false;
		n = n * 10 + (unsigned)((*p)[i] - '0');
	}
	*p += digits;
	*value = n;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

struct date {
	unsigned year, month, day, hour, minute, second;
};

static unsigned days_of_month(const struct date *d)
{
	bool leap = d->year % 4 == 0 && (d->year % 100 != 0 || d->year % 400 == 0);

	if (d->month == 2)
		return leap ? 29 : 28;
	return d->month == 4 || d->month == 6 || d->month == 9 || d->month == 11 ? 30 : 31;
}

static bool is_date(const struct date *d)
{
	return d->year > 0 && d->month > 0 && d->month <= 12 && d->day > 0 &&
		d->day <= days_of_month(d) && d->hour < 24 && d->minute < 60 && d->second < 60;
}

/* Seconds since 1970; years begin in March here, so that the leap day is the last of a year. */
static int64_t seconds_of(const struct date *d)
{
	int64_t year = (int64_t)d->year - (d->month <= 2);
	int64_t month = (d->month + 9) % 12;
	int64_t days = year * 365 + year / 4 - year / 100 + year / 400 +
		(153 * month + 2) / 5 + d->day - 1 - 719468;

	return days * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
}

/* "20261120", or "20261120091244" */
static bool take_compact(const char *p, struct date *d)
{
	size_t len = strlen(p);

	if (len != 8 && len != 14)
		return false;
	if (!take(&p, 4, &d->year) || !take(&p, 2, &d->month) || !take(&p, 2, &d->day))
		return false;
	return len == 8 || (take(&p, 2, &d->hour) && take(&p, 2, &d->minute) &&
			    take(&p, 2, &d->second));
}

/* " +0100", "+01:00", "Z" or nothing, to the end of the text. */
static bool take_zone(const char *p, int64_t *offset)
{
	unsigned hours, minutes;
	bool west;

	*offset = 0;
	(void)take_char(&p, ' ');
	if (take_char(&p, 'Z') || *p == '\0')
		return *p == '\0';
	west = *p == '-';
	if (!west && *p != '+')
		return false;
	p++;
	if (!take(&p, 2, &hours))
		return false;
	(void)take_char(&p, ':');
	if (!take(&p, 2, &minutes) || *p != '\0' || hours > 24 || minutes > 59)
		return false;
	*offset = ((int64_t)hours * 3600 + (int64_t)minutes * 60) * (west ? -1 : 1);
	return true;
}

static bool take_spaced(const char *p, struct date *d, int64_t *offset)
{
	if (!take(&p, 4, &d->year) || !take_char(&p, '-') || !take(&p, 2, &d->month) ||
	    !take_char(&p, '-') || !take(&p, 2, &d->day))
		return false;
	if (*p == '\0')
		return true;
	if (!take_char(&p, ' ') && !take_char(&p, 'T'))
		return false;
	if (!take(&p, 2, &d->hour) || !take_char(&p, ':') || !take(&p, 2, &d->minute))
		return false;
	if (take_char(&p, ':') && !take(&p, 2, &d->second))
		return false;
	return take_zone(p, offset);
}

int e2_parse_time(const char *text, int64_t *sec)
{
	struct date d = { 0, 0, 0, 0, 0, 0 };
	int64_t offset = 0;

	if (*text == '@') {
		bool minus = text[1] == '-';
		uint64_t n;
		int err = e2_parse_u64(text + 1 + minus, 0, INT64_MAX, &n);

		if (!err)
			*sec = minus ? -(int64_t)n : (int64_t)n;
		return err;
	}
	if ((!take_compact(text, &d) && !take_spaced(text, &d, &offset)) || !is_date(&d)) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, text, strlen(text));
		(void)e2_fail(E2_ERR_INVAL, "\"%s\" is no date; dates look like "
			      "2026-11-20 09:12:44 or @1795165964", e2_str_text(&s));
		e2_str_free(&s);
		return E2_ERR_INVAL;
	}
	*sec = seconds_of(&d) - offset;
	return E2_OK;
}
