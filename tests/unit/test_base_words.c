/* SPDX-License-Identifier: MIT */
/* Near words, and dates from text. */
#include "e2test.h"
#include "random.h"

#include "base/nearest.h"
#include "base/units.h"

static const char *nearest(const char *word)
{
	static const char *const names[] = { "size", "links_count", "blocks", "block", "mode" };
	struct e2_nearest n;

	e2_nearest_begin(&n, word);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		e2_nearest_offer(&n, names[i]);
	return n.best ? n.best : "";
}

E2_TEST(base_nearest, the_nearest_name_or_none)
{
	char longest[80];

	cr_assert_str_eq(nearest("sise"), "size");
	cr_assert_str_eq(nearest("siz"), "size");
	cr_assert_str_eq(nearest("sizes"), "size");
	cr_assert_str_eq(nearest("blok"), "block");
	cr_assert_str_eq(nearest("blockss"), "blocks");
	cr_assert_str_eq(nearest("link_count"), "links_count");
	cr_assert_str_eq(nearest("xyzzy"), "");
	cr_assert_str_eq(nearest(""), "");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_str_eq(nearest(longest), "");
}

E2_TEST(base_nearest, a_letter_more_less_or_other_counts_one)
{
	static const struct {
		const char *word;
		unsigned distance;
	} rows[] = { { "mode", 0 }, { "mde", 1 }, { "modes", 1 }, { "made", 1 }, { "moed", 2 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct e2_nearest n;

		e2_nearest_begin(&n, rows[i].word);
		e2_nearest_offer(&n, "mode");
		cr_assert_neq(n.best, NULL);
		cr_assert_eq(n.distance, rows[i].distance, "%s", rows[i].word);
	}
}

E2_TEST(base_nearest, long_names_are_passed_over)
{
	struct e2_nearest n;
	char name[65];

	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	e2_nearest_begin(&n, name + 1);
	e2_nearest_offer(&n, name);
	cr_assert_eq(n.best, NULL);
	e2_nearest_offer(&n, name + 1);
	cr_assert_eq(n.best, name + 1);
	cr_assert_eq(n.distance, 0);
}

E2_TEST(base_parse_time, rows)
{
	static const struct {
		const char *text;
		int err;
		int64_t sec;
	} rows[] = {
		{ "@0", E2_OK, 0 }, { "@-1", E2_OK, -1 }, { "@1795165964", E2_OK, 1795165964 },
		{ "2026-11-20 09:12:44", E2_OK, 1795165964 },
		{ "2026-11-20T09:12:44Z", E2_OK, 1795165964 },
		{ "2026-11-20 09:12:44 +0000", E2_OK, 1795165964 },
		{ "2026-11-20 10:12:44 +0100", E2_OK, 1795165964 },
		{ "2026-11-20 03:42:44-05:30", E2_OK, 1795165964 },
		{ "20261120091244", E2_OK, 1795165964 },
		{ "2026-11-20 09:12", E2_OK, 1795165920 }, { "2026-11-20", E2_OK, 1795132800 },
		{ "20261120", E2_OK, 1795132800 }, { "1970-01-01", E2_OK, 0 },
		{ "1901-12-13 20:45:52", E2_OK, -2147483648 },
		{ "2000-02-29", E2_OK, 951782400 }, { "2024-02-29", E2_OK, 1709164800 },
		{ "2023-02-29", E2_ERR_INVAL, 0 }, { "2100-02-29", E2_ERR_INVAL, 0 },
		{ "2023-04-31", E2_ERR_INVAL, 0 }, { "2023-06-31", E2_ERR_INVAL, 0 },
		{ "2023-09-31", E2_ERR_INVAL, 0 }, { "2023-11-31", E2_ERR_INVAL, 0 },
		{ "2023-12-31", E2_OK, 1703980800 }, { "2023-13-01", E2_ERR_INVAL, 0 },
		{ "2023-00-01", E2_ERR_INVAL, 0 }, { "2023-01-00", E2_ERR_INVAL, 0 },
		{ "0000-01-01", E2_ERR_INVAL, 0 }, { "2023-01-01 24:00", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:60", E2_ERR_INVAL, 0 }, { "2023-01-01 00:00:60", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00:6", E2_ERR_INVAL, 0 }, { "2023-01-01 00", E2_ERR_INVAL, 0 },
		{ "2023-01-01 x", E2_ERR_INVAL, 0 }, { "2023-01-01x", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00x", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 +1", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 +0160", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 +2500", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 +01", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 +01000", E2_ERR_INVAL, 0 },
		{ "2023-01-01 00:00 Zx", E2_ERR_INVAL, 0 }, { "2023-1-1", E2_ERR_INVAL, 0 },
		{ "2023:01-01", E2_ERR_INVAL, 0 }, { "2023-01:01", E2_ERR_INVAL, 0 },
		{ "2023-0a-01", E2_ERR_INVAL, 0 }, { "2023-01-a1", E2_ERR_INVAL, 0 },
		{ "2023010a", E2_ERR_INVAL, 0 }, { "20230a01", E2_ERR_INVAL, 0 },
		{ "2023010112000a", E2_ERR_INVAL, 0 }, { "20230101120a00", E2_ERR_INVAL, 0 },
		{ "202301011a0000", E2_ERR_INVAL, 0 }, { "abcd0101", E2_ERR_INVAL, 0 },
		{ "1795165964", E2_ERR_INVAL, 0 },
		{ "", E2_ERR_INVAL, 0 }, { "@", E2_ERR_INVAL, 0 },
		{ "@x", E2_ERR_INVAL, 0 }, { "@--1", E2_ERR_INVAL, 0 },
		{ "@9223372036854775808", E2_ERR_RANGE, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t sec = 4711;

		cr_assert_eq(e2_parse_time(rows[i].text, &sec), rows[i].err, "%s", rows[i].text);
		cr_assert_eq(sec, rows[i].err ? 4711 : rows[i].sec, "%s", rows[i].text);
	}
	cr_assert_eq(e2_parse_time("soon\n", &(int64_t){ 0 }), E2_ERR_INVAL);
	cr_assert_str_eq(e2_err_detail(), "\"soon\\x0a\" is no date; dates look like "
			 "2026-11-20 09:12:44 or @1795165964");
}

/* Years 1 to 9999 in UTC: what e2_str_add_time shows reads back. */
E2_TEST(base_parse_time, is_the_inverse_of_showing)
{
	uint64_t seed = 8;

	for (int i = 0; i < 20000; i++) {
		int64_t sec = -62135596800 + (int64_t)(random_next(&seed) % 315537897600u);
		int64_t back = 0;
		struct e2_str s = E2_STR_INIT;

		e2_str_add_time(&s, sec, -1, E2_TIME_UTC);
		cr_assert_eq(e2_parse_time(e2_str_text(&s), &back), E2_OK, "%s", e2_str_text(&s));
		cr_assert_eq(back, sec, "%s", e2_str_text(&s));
		e2_str_free(&s);
	}
}
