/* SPDX-License-Identifier: MIT */
/*
 * A line of the shell, cut into words.
 *
 *   'text'      as it is
 *   "text"      with escapes: \\ \" \n \t \xNN \u{NNNN}
 *   \           the same escapes outside quotes; before any other character: that character
 *   #           at the start of a word: the rest is a comment
 *   ;           ends a command, another may follow
 *   > FILE      at the start of a word, and so are these: the output goes to a file of the host
 *   >> FILE     ... is added to it
 *   | COMMAND   ... goes to a command of the host, which ends at a ; that stands in no quotes
 *   !COMMAND    at the start of a line: a command of the host, the whole rest of the line
 */
#ifndef DEBUGFS_LEX_H
#define DEBUGFS_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *text;
	bool quoted;		/* begins with a quote or an escape: no object, no option */
	size_t at, end;		/* where it stands on the line */
};

enum lex_way { WAY_OUT, WAY_FILE, WAY_APPEND, WAY_PIPE, WAY_HOST };	/* in the order above */

struct words {
	struct word *word;
	size_t count;
	char *arena;		/* the bytes of all words */
	enum lex_way way;	/* where the output goes; WAY_HOST: it is no command of ours */
	bool ended;		/* by a ; */
	struct word target;	/* the file, or the command of the host as it was written */
};

/*
 * Cuts the first command of a line.
 *
 * used   how much of the line was looked at; another command may follow when
 *        it is less than len
 * words  to be released with words_free(); no words for an empty line
 *
 * E2_ERR_INVAL with the column in the detail for an open quote, an escape that
 * means nothing, a NUL, a > without a file, a | or ! without a command; E2_ERR_NOMEM.
 */
int lex(const char *line, size_t len, size_t *used, struct words *words);

/*
 * The same for a line that is being typed: of its last command what there is, as if an open
 * quote were closed behind it.  A last word that ends where the line does is not finished.
 *
 * start  where that command begins on the line
 * quote  the quote that is open; '\0': none
 */
int lex_open(const char *line, size_t len, size_t *start, char *quote, struct words *words);

void words_free(struct words *words);

#endif
