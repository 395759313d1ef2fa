/* SPDX-License-Identifier: MIT */
/* How the answers of why are said: screens, a table of runs, records. */
#ifndef DEBUGFS_WHY_SAY_H
#define DEBUGFS_WHY_SAY_H

#include "why.h"

struct why_question {
	e2_blk blk;
	bool byte;		/* about one byte */
	bool table;		/* one of many blocks: a line for those that are alike */
	uint64_t offset;	/* of it, in the image */
};

/* As a record (why_record.c). */
int why_record(struct shell *sh, const struct why *w, const struct why_question *q);

/* A screen, or a record. */
int why_say(struct shell *sh, const struct why *w, const struct why_question *q);

/* Lines of a table: runs of blocks that are alike.  End with why_table_end(). */
struct why_table {
	struct why first;
	uint64_t count;
	size_t rows;
};
void why_table_add(struct shell *sh, struct why_table *t, const struct why *w);
void why_table_end(struct shell *sh, struct why_table *t);

/* "/docs/plan.odt <8295>"; "<7>, the resize inode"; with more names how many more. */
void add_owner_of(struct shell *sh, struct e2_str *s, e2_ino ino);

#endif
