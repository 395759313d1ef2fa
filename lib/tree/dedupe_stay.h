/* SPDX-License-Identifier: MIT */
/*
 * Of files that have the same content: which of them stay, which take the names of the others,
 * and what is another under those names than before.  For files of a volume (tree/dedupe.c), and
 * of a tree that is to become one (host/source_dedupe.c).
 */
#ifndef E2_TREE_DEDUPE_STAY_H
#define E2_TREE_DEDUPE_STAY_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct e2_same {
	uint32_t item;		/* who it is */
	uint32_t into;		/* the item that takes its names; itself: it stays */
	uint32_t names;		/* that it gives away if it goes */
	uint32_t links;		/* names it has in all */
	uint64_t data;		/* that is stored, in any unit */
	bool stays;		/* in any case */
};

/*
 * First of all stay those that must, then those of most names, of least data, of the lowest
 * number; and each that stays takes as many names as it may, of the last first.  Sets into of
 * each, in another order: what goes into one stands together.  Returns how many stay.
 */
size_t e2_same_choose(struct e2_same *v, size_t count, uint32_t max_links);

struct e2_same_meta {		/* what an inode says besides its content */
	uint32_t mode, uid, gid;
	int64_t mtime;
	uint32_t mtime_nsec;
};

struct e2_same_lost {		/* how many names lead to what says something else than before */
	uint64_t owner;		/* owner, group or mode */
	uint64_t set_id;	/* of them: set-user-id or set-group-id is gone */
	uint64_t attrs;		/* attributes, and flags of an inode */
	uint64_t times;		/* mtime */
};

void e2_same_lose(struct e2_same_lost *lost, const struct e2_same_meta *was,
		  const struct e2_same_meta *now, bool other_attrs, uint64_t names);

/*
 * "12 names have another owner or mode than before, 3 lose set-user-id; OPTION leaves such files
 * apart"; nothing when there are none.
 *
 * planned  they would have
 */
void e2_same_tell(const struct e2_same_lost *lost, bool planned, const char *option,
		  struct e2_str *text);

#endif
