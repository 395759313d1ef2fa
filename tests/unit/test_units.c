/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

E2_TEST(base_units, sizes_are_parsed)
{
	static const struct { const char *text; uint64_t unit, bytes; } good[] = {
		{ "0", 1, 0 },
		{ "4096", 1, 4096 },
		{ "4096", 1024, 4194304 },
		{ "64M", 1024, 67108864 },
		{ "64m", 1, 67108864 },
		{ "1.5g", 1, 1610612736 },
		{ "10GiB", 1, 10737418240 },
		{ "10gib", 1, 10737418240 },
		{ "3s", 1024, 1536 },
		{ "8S", 1, 4096 },
		{ "1k", 1, 1024 },
		{ "2T", 1, 2199023255552 },
		{ "0.5k", 1, 512 },
		{ "1.5", 1024, 1536 },
		{ "1.5s", 1, 768 },
		{ "0.1G", 1, 107374182 },
		{ "0.000001T", 1, 1099511 },
		{ "007", 1, 7 },
		{ "9223372036854775807", 1, 9223372036854775807 },
		{ "8388607T", 1, 9223370937343148032 },
		{ "1.0", 1, 1 },
	};
	static const char *const invalid[] = {
		"", " 1", "1 ", "-1", "+1", "k", "1kb", "1kib ", "1ki", "1x", "0x10", "1..5", "1.",
		".5", "1.5.5", "1e3", "1,5", "1.5", "1.0000001k", "1ss", "\x1b[m", "1P",
	};
	static const char *const large[] = {
		"9223372036854775808",      "18446744073709551616", "8388608T",
		"99999999999999999999999T", "18014398509481984k",
	};
	uint64_t bytes = 1;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert_eq(e2_parse_size(good[i].text, good[i].unit, &bytes), E2_OK, "%s: %s",
			     good[i].text, e2_err_detail());
		cr_assert_eq(bytes, good[i].bytes, "%s is %llu", good[i].text,
			     (unsigned long long)bytes);
	}
	bytes = 5;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		cr_assert_eq(e2_parse_size(invalid[i], 1, &bytes), E2_ERR_INVAL, "%s", invalid[i]);
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		cr_assert_eq(e2_parse_size(large[i], 1, &bytes), E2_ERR_RANGE, "%s", large[i]);
	cr_assert_eq(bytes, 5, "written although there was no size");
}

E2_TEST(base_units, numbers_are_parsed_within_their_range)
{
	static const struct { const char *text; uint64_t value; } good[] = {
		{ "0", 0 },
		{ "42", 42 },
		{ "0x2A", 42 },
		{ "0X2a", 42 },
		{ "052", 42 },
		{ "00", 0 },
		{ "18446744073709551615", UINT64_MAX },
		{ "0xffffffffffffffff", UINT64_MAX },
	};
	static const char *const invalid[] = { "",   "0x", "08",  "12x", "-1",
					       " 1", "1 ", "0xg", "1.5", "\x1b" };
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert_eq(e2_parse_u64(good[i].text, 0, UINT64_MAX, &value), E2_OK, "%s",
			     good[i].text);
		cr_assert_eq(value, good[i].value, "%s", good[i].text);
	}
	value = 5;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		cr_assert_eq(e2_parse_u64(invalid[i], 0, 100, &value), E2_ERR_INVAL, "%s",
			     invalid[i]);
	cr_assert_eq(e2_parse_u64("9", 10, 20, &value), E2_ERR_RANGE);
	cr_assert_str_eq(e2_err_detail(), "\"9\" is not within 10 to 20");
	cr_assert_eq(e2_parse_u64("21", 10, 20, &value), E2_ERR_RANGE);
	cr_assert_eq(e2_parse_u64("18446744073709551616", 0, UINT64_MAX, &value), E2_ERR_RANGE);
	cr_assert_eq(e2_parse_u64("\x1b[31m", 0, 1, &value), E2_ERR_INVAL);
	cr_assert_str_eq(e2_err_detail(), "\"\\x1b[31m\" is no number");
	cr_assert_eq(value, 5);
}

E2_TEST(base_units, sizes_and_counts_are_shown)
{
	static const struct { uint64_t n; const char *size, *count; } cases[] = {
		{ 0, "0 bytes", "0" },
		{ 1, "1 byte", "1" },
		{ 12, "12 bytes", "12" },
		{ 1023, "1023 bytes", "1,023" },
		{ 1024, "1 KiB", "1,024" },
		{ 1204, "1.2 KiB", "1,204" },
		{ 67108864, "64 MiB", "67,108,864" },
		{ 46801920, "44.6 MiB", "46,801,920" },
		{ 1048575, "1.0 MiB", "1,048,575" },
		{ 1047000, "1022.5 KiB", "1,047,000" },
		{ 1099511627776, "1 TiB", "1,099,511,627,776" },
		{ 999999, "976.6 KiB", "999,999" },
		{ UINT64_MAX, "16.0 EiB", "18,446,744,073,709,551,615" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_size(&s, cases[i].n);
		cr_assert_str_eq(e2_str_text(&s), cases[i].size);
		e2_str_truncate(&s, 0);
		e2_str_add_count(&s, cases[i].n);
		cr_assert_str_eq(e2_str_text(&s), cases[i].count);
		e2_str_free(&s);
	}
}

static void expect_time(int64_t sec, int32_t nsec, unsigned flags, const char *expected)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_time(&s, sec, nsec, flags);
	cr_assert_str_eq(e2_str_text(&s), expected);
	e2_str_free(&s);
}

E2_TEST(base_units, times_are_shown)
{
	expect_time(0, -1, E2_TIME_UTC, "1970-01-01 00:00:00 +0000");
	expect_time(1795166004, -1, E2_TIME_UTC, "2026-11-20 09:13:24 +0000");
	expect_time(1795166004, 919158764, E2_TIME_UTC, "2026-11-20 09:13:24.919158764 +0000");
	expect_time(1795166004, 5, E2_TIME_UTC, "2026-11-20 09:13:24.000000005 +0000");
	expect_time(1795166004, 5, E2_TIME_UTC | E2_TIME_BRIEF, "2026-11-20 09:13");
	expect_time(-1, -1, E2_TIME_UTC, "1969-12-31 23:59:59 +0000");
	expect_time(INT32_MIN, -1, E2_TIME_UTC, "1901-12-13 20:45:52 +0000");
	expect_time(INT32_MAX, -1, E2_TIME_UTC, "2038-01-19 03:14:07 +0000");
	expect_time(15032385535, -1, E2_TIME_UTC, "2446-05-10 22:38:55 +0000");
	expect_time(951782400, -1, E2_TIME_UTC, "2000-02-29 00:00:00 +0000");
	expect_time(4107542400, -1, E2_TIME_UTC, "2100-03-01 00:00:00 +0000");
	expect_time(INT64_MAX, -1, E2_TIME_UTC, "292277026596-12-04 15:30:07 +0000");
	expect_time(INT64_MIN, -1, E2_TIME_UTC, "-292277022657-01-27 08:29:52 +0000");
}

E2_TEST(base_units, utc_agrees_with_the_c_library)
{
	for (int64_t sec = -70000000000; sec < 70000000000; sec += 86399 * 97) {
		time_t t = (time_t)sec;
		struct tm tm;
		char text[64];

		cr_assert_neq(gmtime_r(&t, &tm), NULL);
		if (tm.tm_year < -1900)
			continue;
		snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d +0000",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec);
		expect_time(sec, -1, E2_TIME_UTC, text);
	}
}

/* What is kept of the zone changes nothing: around changes of the clock, and far away. */
E2_TEST(base_units, a_kept_zone_shows_the_same_times)
{
	static const int64_t around[] = {
		0, -1, 1774746000, 1792890000, 951782400, INT32_MIN, INT32_MAX, INT64_MAX,
		INT64_MIN, 67768036191676799, -67768040609740800,
	};
	static const char *const zones[] = { "CET-1CEST,M3.5.0,M10.5.0/3", "XYZ3:30", "UTC0" };

	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		struct e2_str one = E2_STR_INIT, other = E2_STR_INIT;
		struct e2_zone zone = { 0 };

		setenv("TZ", zones[z], 1);
		tzset();
		for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
			for (int64_t step = -200; step <= 200; step++) {
				int64_t sec;

				if (__builtin_add_overflow(around[i], step * 1799, &sec))
					continue;
				e2_str_add_time(&one, sec, 7, 0);
				e2_str_add_time_in(&other, &zone, sec, 7, 0);
				e2_str_add_time_in(&other, &zone, sec, -1, E2_TIME_BRIEF);
				e2_str_add_time(&one, sec, -1, E2_TIME_BRIEF);
				cr_assert_str_eq(e2_str_text(&other), e2_str_text(&one));
				e2_str_truncate(&one, 0);
				e2_str_truncate(&other, 0);
			}
		}
		e2_str_free(&one);
		e2_str_free(&other);
	}
}

E2_TEST(base_units, the_zone_is_that_of_tz)
{
	setenv("TZ", "XYZ-5:30", 1);
	tzset();
	expect_time(0, -1, 0, "1970-01-01 05:30:00 +0530");
	expect_time(0, -1, E2_TIME_UTC, "1970-01-01 00:00:00 +0000");
	setenv("TZ", "XYZ3:30", 1);
	tzset();
	expect_time(0, 7, 0, "1969-12-31 20:30:00.000000007 -0330");
	expect_time(INT64_MAX, -1, 0, "292277026596-12-04 15:30:07 +0000");
}
