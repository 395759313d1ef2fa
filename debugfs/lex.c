/* SPDX-License-Identifier: MIT */
#include "lex.h"

#include "e2.h"

#include <stdlib.h>
#include <string.h>

struct lexer {
	const char *line;
	size_t len, at;
	char *to;		/* next byte of the arena */
};

static int fail_at(size_t at, const char *what)
{
	return e2_fail(E2_ERR_INVAL, "column %zu: %s", at + 1, what);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void put_utf8(struct lexer *l, unsigned long c)
{
	if (c < 0x80) {
		*l->to++ = (char)c;
		return;
	}
	if (c < 0x800) {
		*l->to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*l->to++ = (char)(0xe0 | c >> 12);
		} else {
			*l->to++ = (char)(0xf0 | c >> 18);
			*l->to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*l->to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*l->to++ = (char)(0x80 | (c & 0x3f));
}

/* \u{NNNN}; at stands behind the u. */
static int lex_unicode(struct lexer *l, size_t start)
{
	unsigned long c = 0;
	size_t digits = 0;

	if (l->at >= l->len || l->line[l->at++] != '{')
		return fail_at(start, "\\u must be followed by {, digits and }");
	for (; l->at < l->len && hex_digit(l->line[l->at]) >= 0 && digits < 6; digits++)
		c = c * 16 + (unsigned long)hex_digit(l->line[l->at++]);
	if (digits == 0 || l->at >= l->len || l->line[l->at++] != '}')
		return fail_at(start, "\\u must be followed by {, digits and }");
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return fail_at(start, "\\u names no character");
	put_utf8(l, c);
	return 0;
}

/* at stands behind the backslash. */
static int lex_escape(struct lexer *l)
{
	size_t start = l->at - 1;
	char c;

	if (l->at >= l->len)
		return fail_at(start, "nothing follows the backslash");
	c = l->line[l->at++];
	if (c == 'x') {
		int high = l->at < l->len ? hex_digit(l->line[l->at]) : -1;
		int low = l->at + 1 < l->len ? hex_digit(l->line[l->at + 1]) : -1;

		if (high < 0 || low < 0)
			return fail_at(start, "\\x must be followed by two hexadecimal digits");
		if (high == 0 && low == 0)
			return fail_at(start, "no name or word contains a NUL");
		*l->to++ = (char)(high << 4 | low);
		l->at += 2;
		return 0;
	}
	if (c == 'u')
		return lex_unicode(l, start);
	*l->to++ = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
	return 0;
}

static int lex_quoted(struct lexer *l, char quote)
{
	size_t start = l->at - 1;

	while (l->at < l->len) {
		char c = l->line[l->at++];

		if (c == quote)
			return 0;
		if (c == '\\' && quote == '"') {
			int err = lex_escape(l);

			if (err)
				return err;
		} else {
			*l->to++ = c;
		}
	}
	return fail_at(start, "the quote is not closed");
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int lex_word(struct lexer *l, struct word *w)
{
	char first = l->line[l->at];

	w->text = l->to;
	w->quoted = first == '"' || first == '\'' || first == '\\';
	if (first == '>' || first == '|')
		return fail_at(l->at, "no redirection here; quote > and | in names");
	while (l->at < l->len) {
		char c = l->line[l->at];
		int err = 0;

		if (is_space(c) || c == ';')
			break;
		l->at++;
		if (c == '"' || c == '\'')
			err = lex_quoted(l, c);
		else if (c == '\\')
			err = lex_escape(l);
		else
			*l->to++ = c;
		if (err)
			return err;
	}
	*l->to++ = '\0';
	return 0;
}

int lex(const char *line, size_t len, size_t *used, struct words *words)
{
	struct lexer l = { .line = line, .len = len };
	struct words w = { 0 };
	int err = 0;

	if (len && memchr(line, '\0', len))
		return e2_fail(E2_ERR_INVAL, "the line contains a NUL");
	/* No escape is longer than what it stands for, and a separator or the end
	 * of the line makes room for each word's NUL. */
	w.arena = malloc(len + 1);
	w.word = calloc(len / 2 + 1, sizeof(*w.word));
	if (!w.arena || !w.word) {
		err = e2_fail(E2_ERR_NOMEM, "no memory for a line of %zu bytes", len);
		goto out;
	}
	l.to = w.arena;
	for (;;) {
		while (l.at < len && is_space(line[l.at]))
			l.at++;
		if (l.at < len && line[l.at] == '#')
			l.at = len;
		if (l.at >= len)
			break;
		if (line[l.at] == ';') {
			l.at++;
			break;
		}
		err = lex_word(&l, &w.word[w.count]);
		if (err)
			goto out;
		w.count++;
	}
	*used = l.at;
	*words = w;
	return 0;
out:
	words_free(&w);
	return err;
}

void words_free(struct words *words)
{
	free(words->word);
	free(words->arena);
	*words = (struct words){ 0 };
}
