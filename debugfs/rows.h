/* SPDX-License-Identifier: MIT */
/*
 * Lines whose columns line up: cells are gathered, and shown when there are many or at the end.
 *
 *	rows_name(&r, path, len); rows_text(&r, why); rows_end_line(&r);
 */
#ifndef DEBUGFS_ROWS_H
#define DEBUGFS_ROWS_H

#include "out.h"

enum { ROWS_COLUMNS = 4 };

struct rows {
	struct out *out;
	unsigned gap;		/* blanks between columns */
	bool red;		/* the last column, which may be told from afar */
	const char *indent;
	struct e2_str arena;
	struct cells {
		size_t at[ROWS_COLUMNS], end[ROWS_COLUMNS];
		unsigned count;
	} now, *line;
	size_t lines, cap;
	bool failed;		/* no memory: rows_show() says so */
};

void rows_name(struct rows *r, const char *prefix, const void *name, size_t len);
void rows_text(struct rows *r, const char *text);
void rows_end_line(struct rows *r);

/* Shows what was gathered.  E2_ERR_NOMEM. */
int rows_show(struct rows *r);
void rows_free(struct rows *r);

#endif
