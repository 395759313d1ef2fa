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
	w->at = l->at;
	w->quoted = first == '"' || first == '\'' || first == '\\';
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
	w->end = l->at;
	*l->to++ = '\0';
	return 0;
}

/* ---- output, and the host ------------------------------------------------- */

static void skip_spaces(struct lexer *l)
{
	while (l->at < l->len && is_space(l->line[l->at]))
		l->at++;
}

/* Behind > or >>: the file, and nothing else. */
static int lex_file(struct lexer *l, size_t start, struct words *w)
{
	int err;

	skip_spaces(l);
	if (l->at >= l->len || strchr(";>|", l->line[l->at]))
		return fail_at(start, "> is followed by a file of the host; in names it is quoted");
	err = lex_word(l, &w->target);
	if (err)
		return err;
	skip_spaces(l);
	if (l->at < l->len && l->line[l->at] != ';' && l->line[l->at] != '#')
		return fail_at(l->at, "nothing but ; follows the file that the output goes to");
	return 0;
}

/* A command of the host, as it stands there: up to a ; outside of its quotes, or to the end. */
static int lex_host(struct lexer *l, size_t start, bool rest, struct words *w)
{
	size_t from, end;

	skip_spaces(l);
	from = l->at;
	for (char quote = '\0'; l->at < l->len; l->at++) {
		char c = l->line[l->at];

		if (c == '\\' && quote != '\'' && l->at + 1 < l->len)
			l->at++;
		else if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == ';' && !rest)
			break;
	}
	for (end = l->at; end > from && is_space(l->line[end - 1]); )
		end--;
	if (end == from)
		return fail_at(start, rest ? "! is followed by a command of the host" :
			       "| is followed by a command of the host; in names it is quoted");
	w->target = (struct word){ .text = l->to, .at = from, .end = end };
	memcpy(l->to, l->line + from, end - from);
	l->to += end - from;
	*l->to++ = '\0';
	return 0;
}

static int lex_way(struct lexer *l, struct words *w)
{
	size_t start = l->at;
	char c = l->line[l->at++];

	w->way = c == '|' ? WAY_PIPE : c == '!' ? WAY_HOST : WAY_FILE;
	if (c == '>' && l->at < l->len && l->line[l->at] == '>') {
		w->way = WAY_APPEND;
		l->at++;
	}
	if (c != '!' && w->count == 0)
		return fail_at(start, c == '>' ? "a command stands before >" :
			       "a command stands before |");
	return c == '>' ? lex_file(l, start, w) : lex_host(l, start, c == '!', w);
}

/* Words up to the end of the command. */
static int lex_command(struct lexer *l, struct words *w)
{
	int err = 0;

	while (!err) {
		char c;

		skip_spaces(l);
		if (l->at < l->len && l->line[l->at] == '#')
			l->at = l->len;
		if (l->at >= l->len)
			break;
		c = l->line[l->at];
		if (c == ';') {
			l->at++;
			w->ended = true;
			break;
		}
		if (c == '>' || c == '|' || (c == '!' && w->count == 0)) {
			err = lex_way(l, w);
			continue;
		}
		err = lex_word(l, &w->word[w->count]);
		w->count += !err;
	}
	return err;
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
	err = lex_command(&l, &w);
	if (err)
		goto out;
	*used = l.at;
	*words = w;
	return 0;
out:
	words_free(&w);
	return err;
}

/* The line with an end behind it that closes what is open. */
static int lex_closed(const char *line, size_t len, const char *end, size_t *start,
		      struct words *words)
{
	size_t whole = len + strlen(end), used, at = 0;
	char *text = malloc(whole + 1);
	int err = text ? 0 : e2_fail(E2_ERR_NOMEM, "no memory for a line of %zu bytes", len);

	if (err)
		return err;
	memcpy(text, line, len);
	memcpy(text + len, end, strlen(end) + 1);
	for (; !(err = lex(text + at, whole - at, &used, words)); at += used) {
		*start = at;
		if (!words->ended)
			break;
		words_free(words);
	}
	free(text);
	return err;
}

int lex_open(const char *line, size_t len, size_t *start, char *quote, struct words *words)
{
	static const char *const ends[] = { "", "\"", "'" };
	int err = 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		err = lex_closed(line, len, ends[i], start, words);
		*quote = *ends[i];
		if (err != E2_ERR_INVAL)
			break;
	}
	return err;
}

void words_free(struct words *words)
{
	free(words->word);
	free(words->arena);
	*words = (struct words){ 0 };
}
