/* SPDX-License-Identifier: MIT */
/*
 * A line of the shell, cut into words.
 *
 *   'text'      as it is
 *   "text"      with escapes: \\ \" \n \t \xNN \u{NNNN}
 *   \           the same escapes outside quotes; before any other character: that character
 *   #           at the start of a word: the rest is a comment
 *   ;           ends a command, another may follow
 */
#ifndef DEBUGFS_LEX_H
#define DEBUGFS_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *text;
	bool quoted;		/* begins with a quote or an escape: no object, no option */
};

struct words {
	struct word *word;
	size_t count;
	char *arena;		/* the bytes of all words */
};

/*
 * Cuts the first command of a line.
 *
 * used   how much of the line was looked at; another command may follow when
 *        it is less than len
 * words  to be released with words_free(); no words for an empty line
 *
 * E2_ERR_INVAL with the column in the detail for an open quote, an escape that
 * means nothing, a NUL, an unquoted > or | (no redirection here); E2_ERR_NOMEM.
 */
int lex(const char *line, size_t len, size_t *used, struct words *words);

void words_free(struct words *words);

#endif
