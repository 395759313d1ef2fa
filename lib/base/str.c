/* SPDX-License-Identifier: MIT */
/* The growing string.  Room is doubled, so n additions cost O(n). */
#include "base/str.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What reserve() does when there is not room enough. */
static bool enlarge(struct e2_str *s, size_t more)
{
	size_t need, cap;
	char *text;

	if (s->failed)
		return false;
	if (more >= SIZE_MAX / 2 - s->len) {
		s->failed = true;
		return false;
	}
	need = s->len + more + 1;
	if (need <= s->cap)
		return true;
	cap = s->cap < 32 ? 64 : s->cap * 2;
	if (cap < need)
		cap = need;
	text = realloc(s->text, cap);
	if (!text) {
		s->failed = true;
		return false;
	}
	s->text = text;
	s->cap = cap;
	return true;
}

/* Makes room for more bytes and the NUL; false, and sticky, when there is none. */
static inline bool reserve(struct e2_str *s, size_t more)
{
	return (!s->failed && s->cap > s->len && more < s->cap - s->len) || enlarge(s, more);
}

void e2_str_add_bytes(struct e2_str *s, const void *data, size_t len)
{
	if (!reserve(s, len))
		return;
	if (len > 0)
		memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void e2_str_add(struct e2_str *s, const char *text)
{
	e2_str_add_bytes(s, text, strlen(text));
}

void e2_str_addf(struct e2_str *s, const char *fmt, ...)
{
	char small[128];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (len < 0) {
		s->failed = true;
		return;
	}
	if ((size_t)len < sizeof(small)) {
		e2_str_add_bytes(s, small, (size_t)len);
		return;
	}
	if (!reserve(s, (size_t)len))
		return;
	va_start(args, fmt);
	(void)vsnprintf(s->text + s->len, (size_t)len + 1, fmt, args);
	va_end(args);
	s->len += (size_t)len;
}

static void add_escaped_bytes(struct e2_str *s, const uint8_t *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		char text[4] = { '\\', 'x', digit[p[i] >> 4], digit[p[i] & 15] };

		e2_str_add_bytes(s, text, sizeof(text));
	}
}

/* ASCII that may stand for itself in a name. */
static bool is_plain_ascii(uint32_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

/* Whether the bytes of a character may stand for themselves in a name. */
static bool is_plain(uint32_t c)
{
	return c < 0x80 ? is_plain_ascii(c) : !e2_char_is_control(c);
}

/* How many bytes at the start of a name are ASCII that stands for itself: 8 at a time. */
static size_t plain_bytes(const uint8_t *p, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t n = 0;

	for (; len - n >= 8; n += 8) {
		uint64_t word, quote, slash;

		memcpy(&word, p + n, 8);
		quote = word ^ ones * '"';
		slash = word ^ ones * '\\';
		/* A byte below 0x20, one from 0x7f on, a quote, a backslash: each sets the
		 * highest bit of a byte here, and nothing else does before the first of them. */
		if (((word - ones * 0x20) | (word + ones) | word | (quote - ones) |
		     (slash - ones)) & high)
			break;
	}
	while (n < len && is_plain_ascii(p[n]))
		n++;
	return n;
}

void e2_str_add_name(struct e2_str *s, const void *name, size_t len)
{
	size_t plain = plain_bytes(name, len);	/* bytes before p that are not added yet */
	const uint8_t *p = (const uint8_t *)name + plain;

	len -= plain;
	while (len > 0) {
		uint32_t c = *p;
		size_t n = c < 0x80 ? 1 : e2_utf8_decode(p, len, &c);	/* ASCII is the rule */

		if (n > 0 && is_plain(c)) {
			plain += n;
		} else {
			if (n == 0)
				n = 1, c = 0;
			e2_str_add_bytes(s, p - plain, plain);
			plain = 0;
			if (c < 0x100)
				add_escaped_bytes(s, p, n);
			else
				e2_str_addf(s, "\\u{%04x}", (unsigned)c);
		}
		p += n;
		len -= n;
	}
	e2_str_add_bytes(s, p - plain, plain);
}

size_t e2_str_columns(const struct e2_str *s, size_t from)
{
	size_t columns = 0;

	while (from < s->len) {
		uint32_t c = (uint8_t)s->text[from];
		size_t n;

		if (c >= 0x20 && c < 0x7f) {
			columns++;
			from++;
			continue;
		}
		n = e2_utf8_decode(s->text + from, s->len - from, &c);
		columns += n > 0 ? e2_char_columns(c) : 1;
		from += n > 0 ? n : 1;
	}
	return columns;
}

/* Bytes and columns of a word, from byte `at` on: up to a blank outside quotes, or a newline. */
static size_t word_bytes(const struct e2_str *s, size_t at, size_t *columns)
{
	bool quoted = false;
	size_t i = at;

	*columns = 0;
	while (i < s->len && s->text[i] != '\n' && (quoted || s->text[i] != ' ')) {
		uint32_t c = (uint8_t)s->text[i];
		size_t n = e2_utf8_decode(s->text + i, s->len - i, &c);

		if (c == 0x1b) {
			while (i < s->len && s->text[i] != 'm' && s->text[i] != '\n')
				i++;
			i += i < s->len && s->text[i] == 'm';
			continue;
		}
		if (c == '"')
			quoted = !quoted && memchr(s->text + i + 1, '"',
						   strcspn(s->text + i + 1, "\n")) != NULL;
		*columns += n > 0 ? e2_char_columns(c) : 1;
		i += n > 0 ? n : 1;
	}
	return i - at;
}

void e2_str_fold(struct e2_str *s, size_t from, size_t indent, size_t columns)
{
	struct e2_str out = E2_STR_INIT;
	size_t at = from, used = 0, width;
	bool any = false;	/* there is a word in this line of the result */

	while (at < s->len && !out.failed) {
		size_t blanks = strspn(s->text + at, " ");
		size_t len = word_bytes(s, at + blanks, &width);

		if (any && len && used + blanks + width > columns) {
			e2_str_addf(&out, "\n%*s", (int)indent, "");
			used = indent;
		} else {
			e2_str_add_bytes(&out, s->text + at, blanks);
			used += blanks;
		}
		e2_str_add_bytes(&out, s->text + at + blanks, len);
		used += width;
		any = any || len;
		at += blanks + len;
		if (at < s->len && s->text[at] == '\n') {
			e2_str_add(&out, "\n");
			at++;
			used = 0;
			any = false;
		}
	}
	if (out.failed)
		s->failed = true;
	else if (from < s->len) {
		e2_str_truncate(s, from);
		e2_str_add_bytes(s, e2_str_text(&out), out.len);
	}
	e2_str_free(&out);
}

void e2_str_truncate(struct e2_str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->text[len] = '\0';
}

const char *e2_str_text(const struct e2_str *s)
{
	return s->text ? s->text : "";
}

int e2_str_status(const struct e2_str *s)
{
	return s->failed ? e2_fail(E2_ERR_NOMEM, "no memory for a text of %zu bytes", s->len)
			 : E2_OK;
}

void e2_str_free(struct e2_str *s)
{
	if (!s)
		return;
	free(s->text);
	*s = (struct e2_str)E2_STR_INIT;
}
