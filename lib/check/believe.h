/* SPDX-License-Identifier: MIT */
/*
 * Which superblock to believe: the primary, its copies and the layout vote, and the least
 * change that explains the image wins.
 */
#ifndef E2_CHECK_BELIEVE_H
#define E2_CHECK_BELIEVE_H

#include "check/check.h"
#include "check/findings.h"

enum { BELIEVE_COPIES = 8 };

struct believe_copy {
	e2_blk blk;			/* by its own block size */
	struct e2_super super;
};

/* Everything that is known of an image's superblock; also the context of believe_super(). */
struct belief {
	const struct e2_check_options *options;
	struct e2_io *io;		/* while it is made up */
	bool readable;			/* the primary */
	struct e2_super primary;	/* as it stands */
	struct believe_copy copies[BELIEVE_COPIES];
	unsigned copy_count;
	unsigned best;			/* of the copies: the one most others agree with */
	struct e2_super super;		/* what is believed */
	e2_blk from;			/* copy that replaces the primary; 0: the primary, mended */
	struct e2_str why;		/* what is wrong with the primary, when `from` is set */
	bool unreadable;		/* something of it could not be read */
	bool forced;			/* the caller named the copy */
};

/* As e2_open_options.believe; the context is a struct belief with options set. */
int believe_super(void *context, struct e2_io *io, struct e2_super *super);

/* What was changed against the primary; findings refer to b. */
void believe_findings(const struct belief *b, struct e2_findings *found);

void believe_end(struct belief *b);

/* ---- between believe.c and judge.c ---- */

/*
 * How many things in the image speak against a superblock; JUDGE_IMPOSSIBLE when no volume is
 * like that.  Fields that follow from others are put right first.  E2_ERR_NOMEM.
 */
#define JUDGE_IMPOSSIBLE UINT32_MAX
int judge_super(const struct belief *b, const struct e2_super *super, uint32_t *cost);

/* The superblock nearest to `from` that the image speaks least against. */
int judge_mend(const struct belief *b, const struct e2_super *from, struct e2_super *mended,
	       uint32_t *cost);

/* Puts the fields right that follow from others; false when that cannot be. */
bool judge_derive(struct e2_super *super);

/* Feature bits that we cannot work with, of a word. */
uint32_t judge_strange(const struct e2_super *super, enum e2_feature_word word);

#endif
