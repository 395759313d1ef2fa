/* SPDX-License-Identifier: MIT */
/* Every block of a volume with one use: for sums and pictures. */
#ifndef E2_TREE_USES_H
#define E2_TREE_USES_H

#include "tree/use.h"

/*
 * A visit of all blocks, each once: with the use that the layout has for it, else that of the
 * first inode that claims it, else E2_USE_FREE, or E2_USE_LOST where the bitmap calls it used.
 * Of those whose bitmap cannot be read it says free.  Inodes that are free by their bitmap are
 * not asked.
 */
struct e2_uses {
	struct e2_fs *fs;
	/* Called for each run; claim (NULL: none) is what makes it of that use.  Not 0 stops. */
	int (*run)(void *context, enum e2_use use, const struct e2_range *run,
		   const struct e2_claim *claim);
	/* As in struct e2_claims; may be NULL. */
	int (*inode)(void *context, e2_ino ino, const struct e2_inode *in);
	bool (*stop)(void);
	void *context;
	uint64_t unread;	/* out: bitmaps and tables that could not be read, wrong pointers */
	int status;		/* out: the first of their failures */
};
E2_NODISCARD int e2_uses_visit(struct e2_uses *u);

#endif
