/* SPDX-License-Identifier: MIT */
/* Fields from text, the inverse of format.c.  A value is complete before raw changes. */
#include "base/nearest.h"
#include "base/units.h"
#include "disk/features.h"

#include <inttypes.h>
#include <stdio.h>

/* What is being set, for messages. */
struct target {
	const struct e2_field *f;
	unsigned index;
	char label[E2_LABEL_MAX];
};

enum { TOKEN_MAX = 64 };

/* Fails with the field, the text and what is wrong with it. */
static int refuse(const struct target *t, int err, const char *text, const char *why,
		  const char *nearest)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, text, strlen(text));
	(void)e2_fail(err, "%s: \"%s\" %s%s%s", t->label, e2_str_text(&s), why,
		      nearest ? "; nearest is " : "", nearest ? nearest : "");
	e2_str_free(&s);
	return err;
}

static int refuse_range(const struct target *t, const char *text, int64_t min, uint64_t max)
{
	char why[80];

	(void)snprintf(why, sizeof(why), "is not within %" PRId64 " to %" PRIu64, min, max);
	return refuse(t, E2_ERR_RANGE, text, why, NULL);
}

static uint64_t max_of(const struct e2_field *f)
{
	return UINT64_MAX >> (64 - e2_field_bits(f));
}

static int parse_unsigned(const struct target *t, const char *text, uint64_t *value)
{
	int err = e2_parse_u64(text, 0, max_of(t->f), value);

	if (err == E2_ERR_RANGE)
		return refuse_range(t, text, 0, max_of(t->f));
	return err ? refuse(t, err, text, "is no number", NULL) : E2_OK;
}

static int parse_signed16(const struct target *t, const char *text, uint64_t *value)
{
	bool minus = *text == '-';
	int err = e2_parse_u64(text + minus, 0, minus ? 0x8000 : 0x7fff, value);

	if (err == E2_ERR_RANGE)
		return refuse_range(t, text, INT16_MIN, INT16_MAX);
	if (err)
		return refuse(t, err, text, "is no number", NULL);
	if (minus)
		*value = (0x10000 - *value) & 0xffff;
	return E2_OK;
}

/* ---- times ------------------------------------------------------------- */

static int parse_date(const struct target *t, const char *text, uint64_t *value)
{
	bool is_signed = t->f->fmt == E2_FMT_time;
	int64_t min = is_signed ? INT32_MIN : 0, max = is_signed ? INT32_MAX : UINT32_MAX, sec;
	struct e2_str why = E2_STR_INIT;
	int err;

	if (!is_signed && strcmp(text, "never") == 0) {
		*value = 0;
		return E2_OK;
	}
	err = e2_parse_time(text, &sec);
	if (err == E2_ERR_INVAL)
		return refuse(t, err, text, "is no date; dates look like 2026-11-20 09:12:44 "
			      "or @1795165964", NULL);
	if (!err && sec >= min && sec <= max) {
		*value = (uint64_t)sec & UINT32_MAX;
		return E2_OK;
	}
	e2_str_add(&why, "is not within ");
	e2_str_add_time(&why, min, -1, E2_TIME_UTC);
	e2_str_add(&why, " to ");
	e2_str_add_time(&why, max, -1, E2_TIME_UTC);
	(void)refuse(t, E2_ERR_RANGE, text, e2_str_text(&why), NULL);
	e2_str_free(&why);
	return E2_ERR_RANGE;
}

/* ---- words ------------------------------------------------------------- */

/* Unknown features are shown with their word, "incompat:0x40": the text after that. */
static const char *after_word_name(enum e2_fmt fmt, const char *text)
{
	static const char prefix[] = "flags_";
	const char *name = e2_fmt_name(fmt) + sizeof(prefix) - 1;
	size_t len = strcspn(text, ":");

	if (text[len] != ':' || e2_fmt_style(fmt) != E2_STYLE_flags)
		return text;
	return strlen(name) == len && memcmp(text, name, len) == 0 ? text + len + 1 : text;
}

static int parse_word(const struct target *t, const char *text, uint64_t *value)
{
	struct e2_nearest n;
	struct e2_word w;
	int err;

	text = after_word_name(t->f->fmt, text);
	e2_nearest_begin(&n, text);
	for (size_t cursor = 0; e2_word_next(t->f->fmt, &cursor, &w);) {
		if (strcmp(w.name, text) == 0) {
			*value = w.value;
			return E2_OK;
		}
		e2_nearest_offer(&n, w.name);
	}
	err = parse_unsigned(t, text, value);
	return err == E2_ERR_INVAL ? refuse(t, err, text, "is none of its words", n.best) : err;
}

/* The next token of a list separated by spaces and commas; 1, or 0 at the end. */
static int next_token(const char **p, char *token)
{
	size_t len;

	*p += strspn(*p, " ,");
	len = strcspn(*p, " ,");
	if (len == 0)
		return 0;
	/* No word is as long as a token can be: one that is cut is none either. */
	(void)snprintf(token, TOKEN_MAX, "%.*s", (int)(len < TOKEN_MAX ? len : TOKEN_MAX), *p);
	*p += len;
	return 1;
}

static int parse_flags(const struct target *t, const char *text, uint64_t *value)
{
	char token[TOKEN_MAX];
	bool any = false;
	uint64_t bits;

	text += strspn(text, " ,");
	bits = *text == '+' || *text == '^' ? *value : 0;
	while (next_token(&text, token)) {
		const char *word = token + (*token == '+' || *token == '^');
		uint64_t bit = 0;
		int err;

		any = true;
		err = strcmp(word, "none") == 0 ? E2_OK : parse_word(t, word, &bit);
		if (err)
			return err;
		bits = *token == '^' ? bits & ~bit : bits | bit;
	}
	if (!any)
		return refuse(t, E2_ERR_INVAL, text, "names no word; \"none\" clears all", NULL);
	*value = bits;
	return E2_OK;
}

/* ---- bytes ------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

/* Reads digits of hexadecimal, at most max of them; how many there were. */
static size_t take_hex(const char *p, size_t max, uint32_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < max && hex_digit(p[n]) >= 0)
		*value = *value << 4 | (uint32_t)hex_digit(p[n++]);
	return n;
}

/* Two digits a byte; hyphens between bytes are passed over.  "0" is all zero. */
static int parse_hex(const struct target *t, const char *text, struct e2_str *to)
{
	const char *p = text;

	if (strcmp(text, "0") == 0) {
		for (unsigned i = 0; i < t->f->arg; i++)
			e2_str_add_bytes(to, "", 1);
		return E2_OK;
	}
	while (*p) {
		uint32_t value;
		uint8_t byte;

		if (*p == '-' && p > text) {
			p++;
			continue;
		}
		if (take_hex(p, 2, &value) != 2)
			return refuse(t, E2_ERR_INVAL, text, "is not made of pairs of hexadecimal "
				      "digits", NULL);
		byte = (uint8_t)value;
		e2_str_add_bytes(to, &byte, 1);
		p += 2;
	}
	return E2_OK;
}

static void add_utf8(struct e2_str *to, uint32_t c)
{
	uint8_t b[4];

	if (c < 0x80) {
		b[0] = (uint8_t)c;
		e2_str_add_bytes(to, b, 1);
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xc0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 0x3f));
		e2_str_add_bytes(to, b, 2);
	} else {
		b[0] = (uint8_t)(0xe0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[2] = (uint8_t)(0x80 | (c & 0x3f));
		e2_str_add_bytes(to, b, 3);
	}
}

/* One escape of e2_str_add_name, \xNN or \u{NNNN}; its length, 0 when it is none. */
static size_t take_escape(const char *p, struct e2_str *to)
{
	uint32_t value;
	size_t digits;

	if (p[1] == 'x' && take_hex(p + 2, 2, &value) == 2) {
		uint8_t byte = (uint8_t)value;

		e2_str_add_bytes(to, &byte, 1);
		return 4;
	}
	if (p[1] != 'u' || p[2] != '{')
		return 0;
	digits = take_hex(p + 3, 4, &value);
	if (digits == 0 || p[3 + digits] != '}')
		return 0;
	add_utf8(to, value);
	return digits + 4;
}

static int parse_text(const struct target *t, const char *text, struct e2_str *to)
{
	for (const char *p = text; *p;) {
		size_t len = 1;

		if (*p != '\\')
			e2_str_add_bytes(to, p, 1);
		else
			len = take_escape(p, to);
		if (len == 0)
			return refuse(t, E2_ERR_INVAL, text, "has a backslash that begins neither "
				      "\\xNN nor \\u{NNNN}", NULL);
		p += len;
	}
	return E2_OK;
}

static int parse_bytes(const struct target *t, uint8_t *raw, const char *text)
{
	const struct e2_field *f = t->f;
	struct e2_str to = E2_STR_INIT;
	char why[80];
	bool fits;
	int err;

	if (f->kind == E2_KIND_text)
		err = parse_text(t, text, &to);
	else
		err = parse_hex(t, text, &to);
	if (!err)
		err = e2_str_status(&to);
	fits = f->kind == E2_KIND_text ? to.len <= f->arg : to.len == f->arg;
	if (!err && !fits) {
		(void)snprintf(why, sizeof(why), "has %zu bytes; the field has %u", to.len, f->arg);
		err = refuse(t, E2_ERR_RANGE, text, why, NULL);
	}
	if (!err) {
		memset(raw + f->at, 0, f->arg);
		memcpy(raw + f->at, e2_str_text(&to), to.len);
	}
	e2_str_free(&to);
	return err;
}

/* ---- all of them ------------------------------------------------------- */

static int parse_number(const struct target *t, const char *text, uint64_t *value)
{
	enum e2_fmt fmt = t->f->fmt;

	if (e2_fmt_style(fmt) == E2_STYLE_flags)
		return parse_flags(t, text, value);
	if (e2_fmt_style(fmt) == E2_STYLE_choice)
		return parse_word(t, text, value);
	if (fmt == E2_FMT_sdec)
		return parse_signed16(t, text, value);
	if (fmt == E2_FMT_time || fmt == E2_FMT_event)
		return parse_date(t, text, value);
	return parse_unsigned(t, text, value);
}

int e2_field_parse(const struct e2_field *f, uint8_t *raw, unsigned index, const char *text)
{
	struct target t = { f, index, "" };
	uint64_t value;
	int err;

	(void)e2_field_label(f, index, t.label);
	if (e2_field_bits(f) == 0)
		return parse_bytes(&t, raw, text);
	err = e2_field_get(f, raw, index, &value);
	if (!err)
		err = parse_number(&t, text, &value);
	return err ? err : e2_field_set(f, raw, index, value);
}
