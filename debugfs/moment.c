/* SPDX-License-Identifier: MIT */
#include "moment.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Cuts ".919158764" out of a time, which stands between two pieces of the rest. */
static bool take_fraction(const char *text, struct e2_str *rest, int32_t *nsec)
{
	const char *dot = strchr(text, '.');
	unsigned digits = 0;
	int32_t value = 0;

	*nsec = 0;
	if (!dot || dot == text || !is_digit(dot[-1]) || !is_digit(dot[1])) {
		e2_str_add(rest, text);
		return dot == NULL;
	}
	e2_str_add_bytes(rest, text, (size_t)(dot - text));
	for (dot++; is_digit(*dot); dot++, digits++)
		if (digits < 9)
			value = value * 10 + (*dot - '0');
	for (unsigned i = digits; i < 9; i++)
		value *= 10;
	*nsec = value;
	e2_str_add(rest, dot);
	return digits <= 9;
}

int moment_parse(const char *text, struct e2_time now, struct e2_time *t)
{
	struct e2_str rest = E2_STR_INIT, shown = E2_STR_INIT;
	struct e2_time result;
	bool good;
	int err;

	if (!strcmp(text, "now")) {
		*t = now;
		return 0;
	}
	good = take_fraction(text, &rest, &result.nsec);
	err = e2_str_status(&rest);
	if (!err && good)
		err = e2_parse_time(e2_str_text(&rest), &result.sec);
	if (!err && !good) {
		e2_str_add_name(&shown, text, strlen(text));
		err = e2_fail(E2_ERR_INVAL, "%s: a fraction has 1 to 9 digits and follows the "
			      "seconds", e2_str_text(&shown));
	}
	e2_str_free(&rest);
	e2_str_free(&shown);
	if (!err)
		*t = result;
	return err;
}

int amount_change(const char *text, uint64_t old, uint64_t *amount)
{
	bool more = *text == '+', less = *text == '-';
	uint64_t n;
	int err = e2_parse_size(text + (more || less), 1, &n);

	if (err)
		return err;
	if (less)
		n = n > old ? 0 : old - n;
	else if (more && !e2_add64(old, n, &n))
		return e2_fail(E2_ERR_RANGE, "%s: leads past 2^64 bytes", text);
	*amount = n;
	return 0;
}
