/* SPDX-License-Identifier: MIT */
/* What can be kept of a damaged attribute area. */
#ifndef E2_CHECK_XATTR_SALVAGE_H
#define E2_CHECK_XATTR_SALVAGE_H

#include "check/state.h"
#include "tree/xattr_area.h"

struct ck_salvage {
	const uint8_t *bytes;		/* offsets of values count from here */
	uint32_t size, first;		/* of the area; where its first entry is */
	bool in_inode;
	uint64_t budget;		/* words that may still be hashed */
	struct e2_xattr_item *items;	/* sorted; they point into bytes */
	size_t count;
	uint32_t right;			/* of these: by their hash */
	uint32_t dropped;		/* entries that are not kept */
};

/* bytes must last as long as the items are needed.  E2_ERR_NOMEM. */
int ck_salvage_begin(struct ck_salvage *s, const uint8_t *bytes, uint32_t size, uint32_t first,
		     bool in_inode);
void ck_salvage_end(struct ck_salvage *s);

#endif
