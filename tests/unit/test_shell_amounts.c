/* SPDX-License-Identifier: MIT */
/* Modes, moments and sizes as people give them. */
#include "e2test.h"

#include "debugfs/mode.h"
#include "debugfs/moment.h"

#include <string.h>

E2_TEST(shell_amounts, modes_are_those_of_chmod)
{
	static const struct {
		const char *text;
		unsigned old;
		bool directory;
		unsigned want;
	} cases[] = {
		{ "644", 0777, false, 0644 }, { "0", 0777, false, 0 }, { "7777", 0, false, 07777 },
		{ "00755", 06711, true, 0755 }, { "755", 06711, true, 0755 },
		{ "755", 06711, false, 0755 }, { "4755", 02711, true, 04755 },
		{ "u+x", 0644, false, 0744 }, { "go-r", 0644, false, 0600 },
		{ "a=r", 0777, false, 0444 }, { "=r", 0777, false, 0444 },
		{ "+w", 0444, false, 0644 }, { "a+w", 0444, false, 0666 },
		{ "-w", 0666, false, 0466 }, { "=", 0777, false, 0 },
		{ "=rwx", 0, false, 0755 },
		{ "u=rwX,go=rX", 0600, false, 0644 }, { "u=rwX,go=rX", 0600, true, 0755 },
		{ "u=rwX,go=rX", 0700, false, 0755 },
		{ "g=u", 0740, false, 0770 }, { "o=g", 0750, false, 0755 },
		{ "u+s", 0755, false, 04755 }, { "g+s", 0755, false, 02755 },
		{ "+s", 0755, false, 06755 }, { "o+s", 0755, false, 0755 },
		{ "u-s,g-s", 06755, false, 0755 },
		{ "+t", 0777, true, 01777 }, { "o+t", 0777, true, 01777 },
		{ "u+t", 0777, true, 0777 }, { "a-t", 01777, true, 0777 },
		{ "u=rwx", 04711, true, 04711 }, { "u=rwx", 04711, false, 0711 },
		{ "u=rwxs", 0711, true, 04711 }, { "g=rx", 02770, true, 02750 },
		{ "u+r-w", 0300, false, 0500 }, { "u=r+x", 0700, false, 0500 },
		{ "ugo=rwx", 0, false, 0777 }, { "u+x,u-x", 0644, false, 0644 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned type = cases[i].directory ? 040000 : 0100000;
		uint32_t got;

		cr_assert_eq(mode_change(cases[i].text, type | cases[i].old, cases[i].directory,
					 &got), 0, "%s", cases[i].text);
		cr_assert_eq(got, type | cases[i].want, "%s of %o: %o, not %o", cases[i].text,
			     cases[i].old, got & 07777, cases[i].want);
	}
}

E2_TEST(shell_amounts, what_is_no_mode_is_refused)
{
	static const char *const bad[] = {
		"", "8", "9", "07778", "10000", "77777777777777777777", "x", "u", "u+q", "u+x,",
		",u+x", "u+x g", "+x-", "-1", "0x1ff", "644 ", "u=rwx,", "rw", "z=r",
	};
	uint32_t got;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (!strcmp(bad[i], "+x-"))
			continue;		/* "-" with nothing behind it changes nothing */
		cr_assert_eq(mode_change(bad[i], 0100644, false, &got), E2_ERR_INVAL, "%s", bad[i]);
	}
}

E2_TEST(shell_amounts, moments_have_fractions)
{
	static const struct { const char *text; int64_t sec; int32_t nsec; } cases[] = {
		{ "@1795165964", 1795165964, 0 }, { "@1795165964.5", 1795165964, 500000000 },
		{ "@0.000000001", 0, 1 }, { "@12.123456789", 12, 123456789 },
		{ "2026-11-20 09:12:44.919158764 +0000", 1795165964, 919158764 },
		{ "2026-11-20 10:12:44.25 +0100", 1795165964, 250000000 },
		{ "2026-11-20 09:12:44", 1795165964, 0 }, { "now", 77, 5 },
	};
	static const char *const bad[] = {
		"", "x", "@", "@.5", "@1.", "@1.1234567890", "2026-11-20.5x", "now.5", "2026-13-01",
		".", "@1.5.5",
	};
	struct e2_time now = { 77, 5 }, t;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(moment_parse(cases[i].text, now, &t), 0, "%s: %s", cases[i].text,
			     e2_err_detail());
		cr_assert_eq(t.sec, cases[i].sec, "%s: %lld", cases[i].text, (long long)t.sec);
		cr_assert_eq(t.nsec, cases[i].nsec, "%s: %d", cases[i].text, t.nsec);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_neq(moment_parse(bad[i], now, &t), 0, "%s", bad[i]);
}

E2_TEST(shell_amounts, sizes_may_count_from_the_old_one)
{
	static const struct { const char *text; uint64_t old, want; } cases[] = {
		{ "100", 7, 100 }, { "64K", 7, 65536 }, { "+1", 7, 8 }, { "-3", 7, 4 },
		{ "-1M", 7, 0 }, { "+1G", 1, 1073741825 }, { "0", 7, 0 },
	};
	uint64_t got;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_assert_eq(amount_change(cases[i].text, cases[i].old, &got), 0);
		cr_assert_eq(got, cases[i].want, "%s: %llu", cases[i].text,
			     (unsigned long long)got);
	}
	cr_assert_eq(amount_change("x", 0, &got), E2_ERR_INVAL);
	cr_assert_eq(amount_change("+", 0, &got), E2_ERR_INVAL);
	cr_assert_eq(amount_change("--1", 0, &got), E2_ERR_INVAL);
	cr_assert_eq(amount_change("+8000000T", UINT64_MAX - 5, &got), E2_ERR_RANGE);
}
