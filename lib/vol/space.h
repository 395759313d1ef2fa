/* SPDX-License-Identifier: MIT */
/*
 * The volume in the order of its blocks: stretches that are alike by the layout and by the
 * bitmaps.
 */
#ifndef E2_VOL_SPACE_H
#define E2_VOL_SPACE_H

#include "vol/vol.h"

struct e2_stretch {
	e2_blk blk;
	uint64_t count;
	e2_grp group;		/* that they lie in */
	enum e2_role role;	/* by the layout; where parts overlap, of one of them */
	bool known;		/* the bitmap could be read */
	bool used;		/* and what it says; the boot block is in use */
};

/*
 * Steps through all blocks of the groups first .. first+count-1, each once, in order; no
 * stretch goes on in another group.  A bitmap that lies outside the volume or cannot be read
 * makes its group unknown and is counted.
 *	while ((r = e2_space_next(space, &s)) > 0)
 */
struct e2_space;
int e2_space_begin(struct e2_fs *fs, e2_grp first, e2_grp count, struct e2_space **space);
int e2_space_next(struct e2_space *space, struct e2_stretch *s);	/* 1, 0 at the end */
/* Groups of unknown bitmaps so far; the failure of the first is *err. */
uint32_t e2_space_unread(const struct e2_space *space, int *err);
void e2_space_end(struct e2_space *space);

#endif
