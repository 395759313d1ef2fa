/* SPDX-License-Identifier: MIT */
/*
 * A growing string with a sticky failure: a sequence of additions is checked
 * once, at its end, with e2_str_status().
 *
 *	struct e2_str s = E2_STR_INIT;
 *	e2_str_addf(&s, "inode %u: ", ino);
 *	e2_str_add_name(&s, name, len);
 *	puts(e2_str_text(&s));
 *	e2_str_free(&s);
 */
#ifndef E2_BASE_STR_H
#define E2_BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct e2_str {
	char *text;		/* NUL-terminated when not NULL */
	size_t len;		/* bytes before the NUL */
	size_t cap;		/* bytes allocated */
	bool failed;		/* memory ran out: additions are ignored since */
};
#define E2_STR_INIT { NULL, 0, 0, false }

void e2_str_add(struct e2_str *s, const char *text);
void e2_str_add_bytes(struct e2_str *s, const void *data, size_t len);
void e2_str_addf(struct e2_str *s, const char *fmt, ...) E2_PRINTF(2, 3);

/*
 * Adds bytes that came from a volume or a host directory so that a terminal
 * shows them and obeys none: valid UTF-8 stays, control characters (C0, DEL,
 * C1), backslashes, double quotes and bytes that are no UTF-8 become \xNN, bidirectional
 * controls (U+061C, 200E/F, 202A-E, 2066-9) and line separators (U+2028/9) become \u{NNNN}.
 * The result contains no newline and can be typed back at the shell's prompt
 * inside double quotes.
 */
void e2_str_add_name(struct e2_str *s, const void *name, size_t len);

/* Columns a terminal uses for the text from byte `from` on (wide characters count 2). */
size_t e2_str_columns(const struct e2_str *s, size_t from);

/*
 * Puts a newline and `indent` blanks in place of the blanks before each word that would end behind
 * `columns`, in all lines from byte `from` on, which begins one.  A word that is too long stays
 * whole, and so do quoted ones; escape sequences for colours take no place.
 */
void e2_str_fold(struct e2_str *s, size_t from, size_t indent, size_t columns);

/* Cuts the string to its first len bytes (no effect when it is shorter). */
void e2_str_truncate(struct e2_str *s, size_t len);

/* The text so far; "" for an empty string, never NULL. */
const char *e2_str_text(const struct e2_str *s);

/* E2_OK, or E2_ERR_NOMEM when an addition was lost. */
int e2_str_status(const struct e2_str *s);

void e2_str_free(struct e2_str *s);

#endif
