/* SPDX-License-Identifier: MIT */
/*
 * What is known of blocks: by the layout, by the pointers of inodes, by the bitmap.
 *
 * Questions are answered in batches: one pass over the inodes for all blocks of a batch.  From
 * the second batch of a session on an index of owners is kept, until the volume changes.
 */
#ifndef DEBUGFS_WHY_H
#define DEBUGFS_WHY_H

#include "shell.h"

enum { WHY_CLAIMS = 4, WHY_BATCH = 8192, WHY_PATHS = 100 };

struct why {
	e2_blk blk;
	enum e2_use layout;		/* E2_USE_FREE: the layout has no use for it */
	e2_grp group;			/* whose part of the layout it is */
	e2_blk layout_first;		/* of the run: the table, the descriptors */
	unsigned layouts;		/* runs of the layout that it is in */
	bool has_bit, used;		/* a bitmap knows it, and calls it used */
	e2_blk bitmap;
	uint32_t bit;
	struct e2_claim claim[WHY_CLAIMS];	/* the first of them */
	uint64_t claims;
	e2_ino removed;			/* of a block without an owner: a removed inode's, or 0 */
	struct e2_claim was;		/* the claim of that one */
};

/*
 * Names of the owners of these blocks, and of inodes (may be NULL), until the end: searched for
 * together, once a batch.  Without, why_names() is NULL.
 */
int why_names_begin(struct shell *sh, const struct why *blocks, size_t count, const e2_ino *inos,
		    size_t more);
void why_names_end(struct shell *sh);
const struct e2_names *why_names(struct shell *sh);

/* "the resize inode"; NULL for an inode that has names. */
const char *why_reserved(struct shell *sh, e2_ino ino);

enum why_verdict { WHY_OK, WHY_FREE, WHY_LOST, WHY_MARKED_FREE, WHY_CONFLICT };

struct whys;				/* what a session keeps: shell.h */
void whys_free(struct whys *whys);

/*
 * Answers for at most WHY_BATCH blocks; blk of each is set, ascending, all of them in the volume.
 * E2_ERR_NOMEM, E2_ERR_CANCELLED.
 */
int why_blocks(struct shell *sh, struct why *blocks, size_t count);

/* The same by layout and bitmaps alone, without a look at inodes. */
int why_layout(struct shell *sh, struct why *blocks, size_t count);

const struct why *why_find(const struct why *blocks, size_t count, e2_blk blk);

enum why_verdict why_verdict(const struct why *w);
const char *why_verdict_key(enum why_verdict verdict);
const char *why_verdict_text(const struct why *w);	/* "in use, but nothing points here" */
enum e2_use why_use(const struct why *w);		/* the one use it has, or the first */
uint64_t why_owners(const struct why *w);

/* What an anatomy needs.  data is the caller's; *in is filled where there is an owner. */
void why_view(struct shell *sh, const struct why *w, const uint8_t *data, struct e2_inode *in,
	      struct e2_block_view *view);

/* For a lost block: a damaged pointer that fsck would let lead here, what is wrong with it, and
 * what speaks for this block; nothing when there is none.
 * A whole check is made once and kept. */
void why_perhaps(struct shell *sh, e2_blk blk, struct e2_str *where, struct e2_str *because,
		 struct e2_str *evidence);

/* The way from the inode to a claimed block: pointer blocks, and which slot of each. */
struct why_chain {
	unsigned steps;			/* slots; one more than pointer blocks */
	unsigned slot[4];
	e2_blk blk[4];			/* blk[i] is what slot[i] leads to */
};
void why_chain(struct shell *sh, const struct e2_claim *c, struct why_chain *chain);

#endif
