/* SPDX-License-Identifier: MIT */
/* Sizes and counts in words; times are in time.c. */
#include "base/units.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

/* Fails with a text that contains what the user gave, which may hold anything. */
static int refuse(int err, const char *text, const char *why)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, text, strlen(text));
	(void)e2_fail(err, "\"%s\" %s", e2_str_text(&s), why);
	e2_str_free(&s);
	return err;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The bytes that the letters after a number stand for; 0 when they mean nothing. */
static uint64_t suffix_bytes(const char *p, uint64_t unit)
{
	static const char letters[] = "kmgt";
	char letter = lower(*p);
	const char *at;

	if (letter == '\0')
		return unit;
	if (letter == 's' && p[1] == '\0')
		return 512;
	at = strchr(letters, letter);
	if (!at)
		return 0;
	if (p[1] != '\0' && !(lower(p[1]) == 'i' && lower(p[2]) == 'b' && p[3] == '\0'))
		return 0;
	return (uint64_t)1 << 10 * (at - letters + 1);
}

/* The digits at *p as a number; false when it does not fit. */
static bool take_digits(const char **p, uint64_t *number)
{
	uint64_t n = 0;

	for (; is_digit(**p); (*p)++) {
		if (!e2_mul64(n, 10, &n) || !e2_add64(n, (uint64_t)(**p - '0'), &n))
			return false;
	}
	*number = n;
	return true;
}

int e2_parse_size(const char *text, uint64_t unit, uint64_t *bytes)
{
	static const char form[] = "is no size; sizes look like 4096, 64M, 1.5G or 8s";
	uint64_t whole = 0, fraction = 0, power = 1, multiple, total;
	const char *p = text;

	if (!is_digit(*p))
		return refuse(E2_ERR_INVAL, text, form);
	if (!take_digits(&p, &whole))
		return refuse(E2_ERR_RANGE, text, "is too large for a size");
	if (*p == '.') {
		const char *digits = ++p;

		if (!is_digit(*p))
			return refuse(E2_ERR_INVAL, text, form);
		if (strspn(p, "0123456789") > 6)
			return refuse(E2_ERR_INVAL, text, "has more than 6 digits after the point");
		(void)take_digits(&p, &fraction);
		for (; digits < p; digits++)
			power *= 10;
	}
	multiple = suffix_bytes(p, unit);
	if (multiple == 0 && !(*p == '\0' && unit == 0))
		return refuse(E2_ERR_INVAL, text, form);
	/* A fraction of less than 10^6 times a multiple below 2^43 fits. */
	if (fraction > 0 && (multiple > (uint64_t)1 << 43 ||
			     (multiple < 1024 && fraction * multiple % power != 0)))
		return refuse(E2_ERR_INVAL, text, "is no whole number of bytes");
	if (!e2_mul64(whole, multiple, &total) ||
	    !e2_add64(total, fraction * multiple / power, &total) || total > INT64_MAX)
		return refuse(E2_ERR_RANGE, text, "is too large for a size");
	*bytes = total;
	return E2_OK;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

int e2_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *p = text;
	unsigned base = 10;
	bool fits = true;
	uint64_t n = 0;

	if (p[0] == '0' && lower(p[1]) == 'x') {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && p[1] != '\0') {
		base = 8;
		p++;
	}
	if (*p == '\0')
		return refuse(E2_ERR_INVAL, text, "is no number");
	for (; *p != '\0'; p++) {
		unsigned d = (unsigned)digit_value(*p);

		if (d >= base)
			return refuse(E2_ERR_INVAL, text, "is no number");
		fits = fits && e2_mul64(n, base, &n) && e2_add64(n, d, &n);
	}
	if (!fits || n < min || n > max) {
		struct e2_str why = E2_STR_INIT;

		e2_str_addf(&why, "is not within %" PRIu64 " to %" PRIu64, min, max);
		(void)refuse(E2_ERR_RANGE, text, e2_str_text(&why));
		e2_str_free(&why);
		return E2_ERR_RANGE;
	}
	*value = n;
	return E2_OK;
}

void e2_str_add_size(struct e2_str *s, uint64_t bytes)
{
	static const char letters[] = "KMGTPE";
	uint64_t unit = 1024, tenths;
	size_t i = 0;

	if (bytes < 1024) {
		e2_str_addf(s, "%u byte%s", (unsigned)bytes, bytes == 1 ? "" : "s");
		return;
	}
	while (i < 5 && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
	if (tenths >= 10240 && i < 5) {	/* 1023.96 KiB is called 1.0 MiB */
		unit *= 1024;
		i++;
		tenths = 10;
	}
	if (bytes % unit == 0)
		e2_str_addf(s, "%" PRIu64 " %ciB", bytes / unit, letters[i]);
	else
		e2_str_addf(s, "%" PRIu64 ".%u %ciB", tenths / 10, (unsigned)(tenths % 10),
			    letters[i]);
}

void e2_str_add_count(struct e2_str *s, uint64_t n)
{
	char digits[24];
	int len = 0;

	for (uint64_t rest = n; rest > 0 || len == 0; rest /= 10)
		digits[len++] = (char)('0' + rest % 10);
	while (len > 0) {
		e2_str_add_bytes(s, &digits[--len], 1);
		if (len > 0 && len % 3 == 0)
			e2_str_add(s, ",");
	}
}
