/* SPDX-License-Identifier: MIT */
/*
 * Whose a block is: what speaks for one that claims it, and where the block is that a wrong
 * pointer has lost.
 *
 * A stray is a block that its bitmap calls used and nobody claims.  It belongs to a pointer
 * when it lies between the blocks that the pointer's neighbours name, or when it reads as
 * what the pointer must lead to and is the only one that does.
 */
#ifndef E2_CHECK_OWNERS_H
#define E2_CHECK_OWNERS_H

#include "check/state.h"
#include "node/node.h"

enum { CK_ACL = 15 };		/* index of the pointer to an inode's attribute block */

struct ck_place {		/* a pointer's */
	e2_ino ino;
	const struct e2_inode *in;
	e2_blk parent;		/* the pointer block that holds it; 0: block[] */
	uint32_t index;
	unsigned level;		/* it leads to data (0), to pointers (1 to 3) */
	e2_lblk lblk;		/* the first file block it reaches */
};

/* File blocks that a pointer of a level reaches. */
e2_lblk ck_span(const struct e2_geometry *g, unsigned level);

/* Of the file blocks that a pointer reaches, those below the file's end. */
e2_lblk ck_wanted(const struct ck *ck, const struct ck_place *p);

bool ck_used(const struct ck *ck, e2_blk blk);		/* by its bitmap */
bool ck_is_stray(struct ck *ck, e2_blk blk);
bool ck_is_any_stray(struct ck *ck);

/* A block is taken by a repair: claimed from then on. */
void ck_take(struct ck *ck, e2_blk blk);
/* ... or the pointer that claimed it will lead there no more. */
void ck_let_go(struct ck *ck, e2_blk blk);

/* Whether a round has looked at as many blocks as it may: then evidence is no longer sought. */
bool ck_is_spent(const struct ck *ck);

/* What an inode holds; pointer blocks that another may own are not entered. */
struct ck_view {
	uint64_t blocks;	/* data, pointer and attribute blocks */
	uint64_t stored;	/* what i_blocks says they are; UINT64_MAX: nothing that can be */
	bool partial;		/* a pointer block was not entered: blocks is too small */
	bool shares;		/* some may be another's too */
};
int ck_view_file(struct ck *ck, const struct e2_inode *in, bool pointers, struct ck_view *view);

/* Whether a block can be what a pointer leads to: 0 no, 1 perhaps, 2 it reads as nothing else. */
int ck_suits(struct ck *ck, const struct ck_place *p, e2_blk blk);

/* Whether a block that is another's may be what a pointer must lead to as well. */
bool ck_reads_as(struct ck *ck, const struct ck_place *p, e2_blk blk);

/* The stray that belongs to a pointer, and how sure that is. */
enum ck_match {
	CK_MATCH_NONE,
	CK_MATCH_ONLY,		/* the only stray that can be it */
	CK_MATCH_LOOKS,		/* the only stray that reads as it */
	CK_MATCH_BESIDE,		/* next to the block before or after it */
	CK_MATCH_BETWEEN,		/* between these two, and nothing else is */
};
enum ck_match ck_find(struct ck *ck, const struct ck_place *p, e2_blk *blk);
/* The same for count data pointers side by side: their blocks follow the one before them. */
enum ck_match ck_find_run(struct ck *ck, const struct ck_place *p, uint64_t count, e2_blk *first);
/* What speaks for it, as text; static.  A block that a repair took from another is not said to
 * have been nobody's. */
const char *ck_whose_text(const struct ck *ck, e2_blk blk);
const char *ck_match_text(const struct ck *ck, enum ck_match fit, e2_blk blk);

/* What speaks for and against a claim, as a sum: for its inode, and for the one block. */
int ck_score_inode(struct ck *ck, const struct ck_place *p);
int ck_score(struct ck *ck, const struct ck_place *p, e2_blk blk);

/* Adds findings about pointers that i_blocks or the bitmaps contradict. */
int ck_seek_missing(struct ck *ck);

#endif
